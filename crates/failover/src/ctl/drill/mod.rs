//! `drill switch`: a planned switch there and back, measured while it happens.
//!
//! ```text
//! plan     what it will do, in words; pure
//! probe    asks the sites and writes numbered markers, four times a second
//! tape     what the probes have seen, and what that comes to; pure
//! ask      questions to the person, and Ctrl-C
//! report   the table
//! ```
//!
//! Whatever happens after the order was given, the way back is offered: after the measurement, after an error, after Ctrl-C.

mod ask;
mod plan;
mod probe;
mod report;
mod tape;

use std::time::{Duration, Instant};

use wp_dynamodb_core::Region;

use super::args::{Common, Drill};
use super::{End, Usage, follow, place};
use crate::aws::Aws;
use crate::controller::Controller;
use crate::event::{Action, Event, Order};
use crate::settings::Settings;
use ask::{Answer, Asker};
use plan::Plan;
use probe::Probe;
use tape::{Measured, Report};

/// The probes run so long before the order and after it.
const AROUND: Duration = Duration::from_secs(3);

/// So long the way back is tried.
const PERSISTS: Duration = Duration::from_secs(60);

/// Ill: markers are missing, a site failed, or a Region did not take the order.
pub(crate) async fn switch(common: &Common, flags: &Drill) -> anyhow::Result<End> {
    if common.json && !flags.yes {
        return Err(Usage("--json asks nothing, so it needs --yes".to_owned()).into());
    }
    let plan = plan(common, flags).await?;
    say(common, &plan.words());
    let mut asker = Asker::new(flags.yes);
    match asker.name(&format!("Type {} to begin, anything else to leave: ", plan.to), plan.to.as_str()).await {
        Answer::Yes => {}
        _ => anyhow::bail!("nothing was done"),
    }
    let settings = place::settings(common, plan.to.as_str())?;
    let aws = Aws::new(&settings, place::silent).await;
    let probe = Probe::new(&aws, &settings, &plan.from);
    let conductor = Conductor { common, flags, plan: &plan, settings: &settings, probe: &probe };
    let report = tokio::select! {
        report = conductor.there_and_back(&mut asker) => report?,
        never = probe.run() => match never {},
    };
    if common.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report::tell(&report);
    }
    Ok(if report.well() { End::Well } else { End::Ill })
}

/// Looks whether it can be done, and what is to be done.
async fn plan(common: &Common, flags: &Drill) -> anyhow::Result<Plan> {
    let settings = place::find(common, flags.to.as_deref()).await?;
    let aws = Aws::new(&settings, place::silent).await;
    let status = Controller { world: &aws, settings: &settings }.handle(Event::Order(Order::of(Action::Status))).await;
    let status = status.map_err(anyhow::Error::msg)?;
    let regions = &settings.policy.regions;
    let newest = status.look.newest(regions).ok_or_else(|| anyhow::anyhow!("no Region has a good parameter: wp-dynamodb-ctl doctor"))?;
    let from = newest.active.clone();
    let to = match &flags.to {
        Some(name) => regions.iter().find(|r| r.as_str() == name).cloned(),
        None => regions.iter().find(|r| **r != from).cloned(),
    };
    let to = to.ok_or_else(|| Usage(format!("--to {} is not one of --regions", flags.to.as_deref().unwrap_or_default())))?;
    if to == from {
        return Err(Usage(format!("{to} is active already: name another Region, --to")).into());
    }
    if !status.answer.stragglers.is_empty() {
        let names: Vec<&str> = status.answer.stragglers.keys().map(Region::as_str).collect();
        anyhow::bail!("{} does not hold the newest order: a drill begins when all is well (wp-dynamodb-ctl status)", names.join(", "));
    }
    for region in [&from, &to] {
        let signals = status.look.signals.get(region);
        if let Some(why) = signals.and_then(|s| [&s.dynamodb, &s.site].into_iter().find(|s| s.is_failed())) {
            anyhow::bail!("{region} is not well ({why}): a drill begins when all is well (wp-dynamodb-ctl status)");
        }
    }
    let sites = settings.health_urls.keys().cloned().collect();
    let hold = flags.yes.then_some(flags.hold);
    Ok(Plan { from, to, parameter: settings.parameter.clone(), table: settings.table.name.clone(), sites, hold })
}

/// Leads through it.
struct Conductor<'a> {
    common: &'a Common,
    flags: &'a Drill,
    plan: &'a Plan,
    settings: &'a Settings,
    probe: &'a Probe<'a>,
}

impl Conductor<'_> {
    async fn there_and_back(&self, asker: &mut Asker) -> anyhow::Result<Report> {
        let (from, to) = (&self.plan.from, &self.plan.to);
        // Until the order is given there is nothing to go back from.
        tokio::select! {
            () = tokio::time::sleep(AROUND) => {}
            () = ask::interrupted() => anyhow::bail!("nothing was done"),
        }
        let there = self.measured(from, to, &self.settings.policy.home).await.map_err(|why| {
            anyhow::anyhow!("{why}\nwhether anything was written: wp-dynamodb-ctl status; the way back: {}", self.plan.back())
        })?;
        let mut report = Report { drill: "switch", there, back: None, active: to.clone(), way_back: Some(self.plan.back()), problem: None };
        if !self.common.json {
            report::tell_one("there", &report.there);
        }
        if self.flags.yes {
            self.say(&format!("going back after {} s; Ctrl-C goes back at once", self.flags.hold.as_secs()));
            tokio::select! {
                () = tokio::time::sleep(self.flags.hold) => {}
                () = ask::interrupted() => self.say("going back now"),
            }
        } else if asker.name(&format!("Type {from} to go back, anything else to stay in {to}: "), from.as_str()).await != Answer::Yes {
            self.say(&format!("{to} stays active; the way back: {}", self.plan.back()));
            return Ok(report);
        }
        match self.back().await {
            Ok(back) => (report.back, report.active, report.way_back) = (Some(back), from.clone(), None),
            Err(why) => report.problem = Some(format!("the way back was refused: {why:#}")),
        }
        Ok(report)
    }

    /// What hinders the way back, such as replication that is behind, may pass.
    async fn back(&self) -> anyhow::Result<Measured> {
        let (from, to) = (&self.plan.from, &self.plan.to);
        let started = Instant::now();
        loop {
            match self.measured(to, from, from).await {
                Err(why) if started.elapsed() < PERSISTS => self.say(&format!("not yet: {why:#}; trying again, Ctrl-C leaves it")),
                done => return done,
            }
            tokio::select! {
                () = tokio::time::sleep(AROUND) => {}
                () = ask::interrupted() => anyhow::bail!("interrupted"),
            }
        }
    }

    /// One switch with all that was seen of it. `home`: the Region whose control table is used, the one to go to.
    async fn measured(&self, from: &Region, to: &Region, home: &Region) -> anyhow::Result<Measured> {
        let settings = place::settings(self.common, home.as_str())?;
        let aws = Aws::new(&settings, place::silent).await;
        let begun = self.probe.mark();
        let ordered = Instant::now();
        let order = Order {
            to: Some(to.to_string()),
            by: Some(self.flags.by.clone()),
            why: Some(format!("drill: {}", self.flags.why)),
            alone: true,
            ..Order::of(Action::Switch)
        };
        // Not to be interrupted: half an order is what the controllers repair, but nothing to leave behind.
        let outcome = Controller { world: &aws, settings: &settings }.handle(Event::Order(order)).await.map_err(anyhow::Error::msg)?;
        let active_after = ordered.elapsed();
        self.probe.follow(to);
        let behind = follow::until_all_hold(&aws, &settings, &outcome.answer.value).await;
        let agreed_after = ordered.elapsed();
        tokio::time::sleep(AROUND).await;
        let markers = self.probe.arrived(&begun, to).await;
        Ok(Measured::of(from, to, active_after, agreed_after, behind, markers, self.probe.sites(&begun)))
    }

    fn say(&self, words: &str) {
        say(self.common, words);
    }
}

/// With `--json` standard output is the report's alone.
fn say(common: &Common, words: &str) {
    if common.json {
        eprintln!("{words}");
    } else {
        println!("{words}");
    }
}
