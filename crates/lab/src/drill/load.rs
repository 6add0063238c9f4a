//! The load: an open loop. Requests start at their times whatever became of the others, and latency counts from those times, so that
//! nothing is hidden when answers are late.

use std::cell::RefCell;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::http::Http;
use super::page::{Page, Reading};
use super::record::{Outcome, Record, Sample};
use super::roster::Roster;
use super::session::Session;
use super::stack::Host;
use super::timeline::Clock;

/// How long a visitor waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests at a time when sessions are made or looked over.
const ABREAST: usize = 12;

/// The web site, as visitors see it.
#[derive(Debug, Clone)]
pub struct Site {
    /// HTTP.
    pub http: Http,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The page.
    pub page: Page,
}

/// A request that is under way.
#[derive(Debug, Clone, Copy)]
struct Visit {
    session: usize,
    host: usize,
    change: Option<u64>,
    scheduled: Instant,
}

/// A request with its answer.
#[derive(Debug)]
struct Visited {
    visit: Visit,
    reading: Reading,
    ended: Instant,
}

impl Site {
    fn visit(&self, tasks: &mut JoinSet<Visited>, session: &Session, visit: Visit) {
        let url = self.page.url(&self.hosts[visit.host], session.number, visit.change).unwrap_or_default();
        let (http, page, cookie) = (self.http.clone(), self.page, session.cookie.clone());
        tasks.spawn(async move {
            let answer = http.get(&url, cookie.as_deref(), PATIENCE).await;
            Visited { visit, reading: page.read(answer, visit.change), ended: Instant::now() }
        });
    }

    /// Lets visitors come at a rate until the drill's clock says `until_ms`; returns when all have their answers.
    pub async fn load(&self, roster: &mut Roster, rate: f64, clock: Clock, until_ms: u64, record: &RefCell<Record>) {
        let every = Duration::from_secs_f64(1.0 / rate);
        let until = clock.at(until_ms);
        let mut tasks = JoinSet::new();
        let mut next = Instant::now();
        while next < until || !tasks.is_empty() {
            tokio::select! {
                Some(visited) = tasks.join_next() => {
                    let visited: Visited = visited.expect("a request does not panic");
                    let answered = visited.reading.seen.is_some() || !visited.reading.uncertain;
                    let session = visited.visit.session;
                    note(&mut roster.sessions[session], visited, clock, &mut record.borrow_mut());
                    if answered {
                        roster.back(session, Instant::now());
                    } else {
                        roster.gone(session);
                    }
                }
                () = sleep_until(next), if next < until => {
                    match roster.pick(Instant::now()) {
                        Some((session, host)) => {
                            let change = fastrand::bool().then(|| roster.sessions[session].next_change());
                            self.visit(&mut tasks, &roster.sessions[session], Visit { session, host, change, scheduled: next });
                        }
                        None => turned_away(clock.ms(next), &mut record.borrow_mut()),
                    }
                    next += every;
                }
            }
        }
    }

    /// Each of some sessions once, a few at a time, with a change or without; returns what it found.
    pub async fn round(&self, sessions: &mut [Session], which: &[usize], change: bool, clock: Clock) -> Record {
        let mut record = Record::default();
        let mut tasks = JoinSet::new();
        let mut waiting = which.iter().enumerate();
        loop {
            while tasks.len() < ABREAST
                && let Some((turn, &session)) = waiting.next()
            {
                let change = change.then(|| sessions[session].next_change());
                let visit = Visit { session, host: turn % self.hosts.len(), change, scheduled: Instant::now() };
                self.visit(&mut tasks, &sessions[session], visit);
            }
            let Some(visited) = tasks.join_next().await else {
                return record;
            };
            let visited = visited.expect("a request does not panic");
            note(&mut sessions[visited.visit.session], visited, clock, &mut record);
        }
    }
}

/// Compares an answer with what the session must hold.
fn note(session: &mut Session, visited: Visited, clock: Clock, record: &mut Record) {
    let Visited { visit, reading, ended } = visited;
    let mut stored = false;
    let found = match &reading.seen {
        Some(seen) => {
            stored = visit.change.is_some() && seen.saved;
            let finding = session.answered(seen, visit.change, clock.ms(ended), visit.host);
            record.finding(session.number, finding, clock.ms(ended), visit.host)
        }
        None => {
            session.unanswered(visit.change.filter(|_| reading.uncertain));
            Outcome::Failed
        }
    };
    if let Some(trouble) = &reading.trouble {
        record.cause(trouble);
    }
    let outcome = if found == Outcome::Good && reading.trouble.is_some() { Outcome::Failed } else { found };
    let latency_ms = ended.saturating_duration_since(visit.scheduled).as_secs_f32() * 1000.0;
    record.samples.push(Sample { scheduled_ms: clock.ms(visit.scheduled), latency_ms, host: visit.host, outcome, stored });
}

/// All visitors wait for answers: this one's request cannot be made, which is as bad as one that fails.
fn turned_away(scheduled_ms: u64, record: &mut Record) {
    record.cause("not sent: all sessions are waiting for answers");
    record.samples.push(Sample { scheduled_ms, latency_ms: 0.0, host: 0, outcome: Outcome::Failed, stored: false });
}
