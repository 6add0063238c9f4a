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
//! Whatever happens after the order was given, the way back is offered: after the measurement, after an error, after Ctrl-C. An order that
//! is being carried out is never cut: half of one is what the controllers repair, but nothing to leave behind.

mod ask;
mod plan;
mod probe;
mod report;
mod tape;

use std::pin::pin;
use std::time::{Duration, Instant};

use wp_dynamodb_core::Region;

use super::args::{Common, Drill};
use super::{End, Interrupted, Usage, follow, place};
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
    let asker = Asker::new(flags.yes);
    let plan = tokio::select! {
        plan = plan(common, flags) => plan?,
        () = asker.interrupted() => return Err(nothing_done()),
    };
    say(common, &plan.words());
    match asker.name(&format!("Type {} to begin, anything else to leave: ", plan.to), plan.to.as_str()).await {
        Answer::Yes => {}
        Answer::No => anyhow::bail!("nothing was done"),
        Answer::Interrupted => return Err(nothing_done()),
    }
    let settings = place::settings(common, plan.to.as_str())?;
    let aws = Aws::new(&settings, place::silent).await;
    let probe = Probe::new(&aws, &settings, &plan.from);
    let conductor = Conductor { common, flags, plan: &plan, settings: &settings, probe: &probe, asker: &asker };
    let report = tokio::select! {
        report = conductor.there_and_back() => report?,
        never = probe.run() => match never {},
    };
    if common.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report::tell(&report);
    }
    Ok(if report.well() { End::Well } else { End::Ill })
}

fn nothing_done() -> anyhow::Error {
    Interrupted("nothing was done".to_owned()).into()
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
    Ok(Plan { from, to, parameter: settings.parameter.clone(), table: settings.table.name.clone(), sites, hold, flags: common.typed() })
}

/// Leads through it.
struct Conductor<'a> {
    common: &'a Common,
    flags: &'a Drill,
    plan: &'a Plan,
    settings: &'a Settings,
    probe: &'a Probe<'a>,
    asker: &'a Asker,
}

/// What came of one switch.
enum Moved {
    /// It was made and measured.
    Measured(Measured),
    /// It was made, and Ctrl-C ended what was to be seen of it.
    Unseen,
}

impl Conductor<'_> {
    async fn there_and_back(&self) -> anyhow::Result<Report> {
        let (from, to) = (&self.plan.from, &self.plan.to);
        // Until the order is given there is nothing to go back from.
        tokio::select! {
            () = tokio::time::sleep(AROUND) => {}
            () = self.asker.interrupted() => return Err(nothing_done()),
        }
        let there = self.moved(from, to, &self.settings.policy.home).await.map_err(|why| match why.is::<Interrupted>() {
            true => why,
            false => self.unclear(&why),
        })?;
        let Moved::Measured(there) = there else { return Err(self.after_ctrl_c().await) };
        let mut report = Report { drill: "switch", there, back: None, active: to.clone(), way_back: Some(self.plan.back()), problem: None };
        if !self.common.json {
            report::tell_one("there", &report.there);
        }
        if self.flags.yes {
            self.say(&format!("going back after {} s; Ctrl-C goes back at once", self.flags.hold.as_secs()));
            tokio::select! {
                () = tokio::time::sleep(self.flags.hold) => {}
                () = self.asker.interrupted() => self.say("going back now"),
            }
        } else {
            match self.wants_back().await {
                Answer::Yes => {}
                Answer::No => {
                    self.say(&format!("{to} stays active; the way back: {}", self.plan.back()));
                    return Ok(report);
                }
                Answer::Interrupted => return Err(self.left_there()),
            }
        }
        match self.back().await {
            Ok(Moved::Measured(back)) => (report.back, report.active, report.way_back) = (Some(back), from.clone(), None),
            Ok(Moved::Unseen) => return Err(self.left_back()),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(why) => report.problem = Some(format!("the way back was refused: {why:#}")),
        }
        Ok(report)
    }

    /// The site has been moved, and somebody wants the drill to end: the way back, as at the drill's end, but nothing more to see.
    async fn after_ctrl_c(&self) -> anyhow::Error {
        if self.wants_back().await != Answer::Yes {
            return self.left_there();
        }
        self.say("going back now");
        match self.back().await {
            Ok(_) => self.left_back(),
            Err(error) if error.is::<Interrupted>() => error,
            Err(why) => Interrupted(format!("the way back was refused: {why:#}\nthe way back: {}", self.plan.back())).into(),
        }
    }

    fn unclear(&self, why: &anyhow::Error) -> anyhow::Error {
        anyhow::anyhow!("{why:#}\nwhether anything was written: wp-dynamodb-ctl status; the way back: {}", self.plan.back())
    }

    async fn wants_back(&self) -> Answer {
        let (from, to) = (&self.plan.from, &self.plan.to);
        self.asker.name(&format!("Type {from} to go back, anything else to stay in {to}: "), from.as_str()).await
    }

    fn left_there(&self) -> anyhow::Error {
        Interrupted(format!("{} is active; the way back: {}", self.plan.to, self.plan.back())).into()
    }

    fn left_back(&self) -> anyhow::Error {
        Interrupted(format!("{} is active again; not all was measured", self.plan.from)).into()
    }

    /// What hinders the way back, such as replication that is behind, may pass.
    async fn back(&self) -> anyhow::Result<Moved> {
        let (from, to) = (&self.plan.from, &self.plan.to);
        let started = Instant::now();
        loop {
            match self.moved(to, from, from).await {
                Err(why) if started.elapsed() < PERSISTS && !why.is::<Interrupted>() => {
                    self.say(&format!("not yet: {why:#}; trying again, Ctrl-C leaves it"))
                }
                done => return done,
            }
            tokio::select! {
                () = tokio::time::sleep(AROUND) => {}
                () = self.asker.interrupted() => return Err(self.left_there()),
            }
        }
    }

    /// One switch with all that was seen of it. `home`: the Region whose control table is used, the one to go to.
    async fn moved(&self, from: &Region, to: &Region, home: &Region) -> anyhow::Result<Moved> {
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
        let controller = Controller { world: &aws, settings: &settings };
        let mut carried_out = pin!(controller.handle(Event::Order(order)));
        let mut cut = false;
        let outcome = loop {
            tokio::select! {
                outcome = &mut carried_out => break outcome.map_err(anyhow::Error::msg),
                () = self.asker.interrupted() => {
                    cut = true;
                    self.say("the order is being carried out, which is not cut; then the drill ends");
                }
            }
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(why) if cut => return Err(Interrupted(self.unclear(&why).to_string()).into()),
            Err(why) => return Err(why),
        };
        let active_after = ordered.elapsed();
        self.probe.follow(to);
        if cut {
            return Ok(Moved::Unseen);
        }
        let measured = async {
            let behind = follow::until_all_hold(&aws, &settings, &outcome.answer.value).await;
            let agreed_after = ordered.elapsed();
            tokio::time::sleep(AROUND).await;
            let markers = self.probe.arrived(&begun, to).await;
            Measured::of(from, to, active_after, agreed_after, behind, markers, self.probe.sites(&begun))
        };
        tokio::select! {
            measured = measured => Ok(Moved::Measured(measured)),
            () = self.asker.interrupted() => Ok(Moved::Unseen),
        }
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
