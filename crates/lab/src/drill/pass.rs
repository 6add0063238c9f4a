//! One drill with one kind of page: from a whole lab to the final check.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::time::Instant;

use super::calls::{self, by_region};
use super::catalog::Drill;
use super::figures::{FinalCheck, Measured};
use super::lab::{LAG_MS, Lab};
use super::load::Site;
use super::page::Page;
use super::progress::Progress;
use super::record::{Outcome, Record};
use super::report::PassReport;
use super::roster::Roster;
use super::script::Script;
use super::session::{Instead, Session};
use super::stack::Stack;
use super::timeline::{Clock, Timeline};
use super::verdict::judge;
use super::watch::{self, Seen, is_calm, watch};
use crate::trial::check::all_met;

/// Hosts know of a new parameter after one poll interval (5 s), and use both Regions for the switch window (30 s) after it was written.
const CALM: Duration = Duration::from_secs(60);
/// Requests per host before the clock starts: a new worker's first page is slower.
const WARM_UP: usize = 60;
/// Hosts whose time limits are short miss some when the machine is busy.
const TRIES: usize = 6;

/// A pass, ready to run.
pub struct Pass<'a> {
    /// The drill.
    pub drill: &'static Drill,
    /// Its phases.
    pub timeline: Timeline,
    /// Requests a second, of all hosts together.
    pub rate: f64,
    /// The hosts and the page.
    pub site: &'a Site,
    /// The lab.
    pub lab: &'a Lab,
    /// The programs.
    pub stack: &'a mut Stack,
    /// The visitors.
    pub sessions: &'a mut Vec<Session>,
    /// Where it is told how it goes.
    pub progress: Progress,
}

impl Pass<'_> {
    /// Runs it.
    ///
    /// # Errors
    /// When it could not be carried out; missed limits are in the report.
    pub async fn run(mut self) -> Result<PassReport> {
        calm(self.lab, self.stack, self.site).await?;
        make_sessions(self.lab, self.site, self.sessions).await?;
        self.lab.replication(&json!({"lag_ms": self.drill.lag_ms})).await?;

        let clock = Clock::start();
        let regions: Vec<String> = self.site.hosts.iter().map(|host| host.region.clone()).collect();
        let (record, seen, counts) = (RefCell::new(Record::default()), RefCell::new(Seen::default()), RefCell::new(Vec::new()));
        let mut roster = Roster::new(std::mem::take(self.sessions), self.drill.crowd, regions.len(), self.rate);
        let script = Script { drill: self.drill, timeline: self.timeline, clock, lab: self.lab, stack: self.stack, site: self.site };
        let label = match self.site.page {
            Page::Session => self.drill.name.to_owned(),
            Page::Wordpress => format!("{} (WordPress)", self.drill.name),
        };
        let work = async { tokio::join!(script.play(), self.site.load(&mut roster, self.rate, clock, self.timeline.ends_ms(), &record)) };
        let played = tokio::select! {
            biased;
            (played, ()) = work => played,
            () = watch(&self.site.http, &self.site.hosts, clock, &seen) => bail!("nobody watches the hosts any more"),
            () = calls::count(self.lab, clock, &counts) => bail!("nobody counts the calls any more"),
            () = self.progress.show(&label, self.timeline, clock, &record, &seen, regions.len()) => bail!("nobody tells how it goes any more"),
        };
        *self.sessions = roster.sessions;
        let played = played.context("a step of the drill failed")?;

        let mut record = record.into_inner();
        let seen = seen.into_inner();
        let final_check = self.final_check(clock, &mut record).await?;
        let calls = by_region(&self.lab.regions, &counts.into_inner());
        let measured = Measured {
            timeline: self.timeline,
            regions: &regions,
            record: &record,
            played: &played,
            seen: &seen,
            calls,
            lag_ms: self.drill.lag_ms,
            final_check,
        };
        let figures = measured.figures();
        let workers = self.site.hosts.iter().map(|host| host.workers).sum();
        let checks = judge(self.drill, &figures, self.timeline, workers, self.site.page == Page::Session);
        Ok(PassReport {
            page: self.site.page,
            rate: self.rate,
            met: all_met(&checks),
            timeline: self.timeline,
            checks,
            figures,
            log: played.log,
            states: seen.changes,
            incidents: record.incidents,
        })
    }

    /// Every session once more, when all copies have arrived; and whether the Regions hold the same.
    async fn final_check(&mut self, clock: Clock, record: &mut Record) -> Result<FinalCheck> {
        self.lab.replication(&json!({"settle": true, "lag_ms": LAG_MS})).await?;
        let which: Vec<usize> = (0..self.sessions.len()).filter(|&at| self.sessions[at].is_stored()).collect();
        let mut round = self.site.round(self.sessions, &which, false, clock).await;
        for incident in std::mem::take(&mut round.incidents) {
            if let Instead::Change(found) = incident.found {
                // Visitors are numbered from 1, in the order of the sessions.
                self.sessions[incident.visitor as usize - 1].settle_for(found);
            }
            record.add_final(incident);
        }
        let failed = round.samples.iter().filter(|sample| sample.outcome == Outcome::Failed).count() as u64;
        for (cause, times) in round.causes {
            *record.causes.entry(format!("final check: {cause}")).or_default() += times;
        }
        self.lab.replication(&json!({"settle": true})).await?;
        Ok(FinalCheck { sessions: which.len() as u64, failed, differing_items: self.lab.differing_items().await? })
    }
}

/// Every visitor has a session, and every worker has served a few pages.
///
/// # Errors
/// When some could not be made, or read.
pub async fn make_sessions(lab: &Lab, site: &Site, sessions: &mut [Session]) -> Result<()> {
    let clock = Clock::start();
    let some: Vec<usize> = (0..sessions.len().min(WARM_UP * site.hosts.len())).collect();
    let mut trouble = None;
    for _ in 0..TRIES {
        let without: Vec<usize> = (0..sessions.len()).filter(|&at| !sessions[at].is_stored()).collect();
        let made = site.round(sessions, &without, true, clock).await;
        let left = sessions.iter().filter(|session| !session.is_stored()).count();
        if left > 0 {
            trouble = Some(format!("{left} of {} sessions could not be made: {:?}", sessions.len(), made.causes));
            continue;
        }
        let warm = site.round(sessions, &some, false, clock).await;
        let found = warm.samples.iter().find(|sample| sample.outcome != Outcome::Good);
        trouble = found.map(|sample| format!("before all began, a session was {:?}: {:?}", sample.outcome, warm.causes));
        if trouble.is_none() {
            break;
        }
    }
    if let Some(trouble) = trouble {
        bail!(trouble);
    }
    sessions.iter_mut().for_each(Session::begin);
    lab.replication(&json!({"settle": true})).await
}

/// A lab without faults, and hosts that know nothing of earlier ones: php-fpm is reloaded, so its shared memory is new.
///
/// The parameter is written only when a drill has moved it: for the length of the switch window after that the hosts would use both Regions,
/// and a drill is to begin like an ordinary day.
///
/// # Errors
/// When a host does not become so within a minute.
pub async fn calm(lab: &Lab, stack: &mut Stack, site: &Site) -> Result<()> {
    let active = &lab.regions[0];
    lab.replication(&json!({"state": "run", "lag_ms": LAG_MS})).await?;
    lab.heal().await?;
    for host in &site.hosts {
        if watch::look(&site.http, host).await?.active != *active {
            lab.parameter(active, None).await?;
            break;
        }
    }
    for host in &site.hosts {
        stack.command("reload", &host.region).await?;
    }
    // A host that nobody has asked yet does not poll: its switch window would begin only when its turn comes.
    for host in &site.hosts {
        let _ = watch::look(&site.http, host).await;
    }
    for host in &site.hosts {
        let deadline = Instant::now() + CALM;
        loop {
            let state = watch::look(&site.http, host).await;
            if state.as_ref().is_ok_and(|state| is_calm(state, active)) {
                break;
            }
            if Instant::now() > deadline {
                bail!(
                    "the host in {} is not as on an ordinary day {} s after everything was healed: {state:?}",
                    host.region,
                    CALM.as_secs()
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}
