//! What came of a scenario. All times are real seconds; after the loss or the return unless another beginning is named.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::controller::moved;
use super::scale::{REPLICATION_LAG, Scale};
use super::scenario::Scenario;
use super::stage::Played;
use super::visitors::{Fate, Visit, causes};

/// The figures.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// From the loss to the standby controller's first failed canary.
    pub canary_s: Option<f64>,
    /// From there until the standby's parameter named the standby.
    pub decision_s: Option<f64>,
    /// From the loss until the standby's parameter named the standby.
    pub parameter_s: Option<f64>,
    /// From the parameter until the standby's hosts knew of it; not compressed, in seconds of the rehearsal.
    pub workers_s: Option<f64>,
    /// From the loss until Route 53 answered the standby.
    pub dns_s: Option<f64>,
    /// From the loss until the last visitor was sent to the primary: DNS with its TTL.
    pub visitors_moved_s: Option<f64>,
    /// From the loss until the host that serves visitors used another Region than the lost one, by host.
    pub bridged_s: BTreeMap<String, Option<f64>>,
    /// From the return until all parameters agreed.
    pub repaired_s: Option<f64>,
    /// From the order of the failback until all parameters named the primary.
    pub failback_s: Option<f64>,
    /// From the return until the last visitor was sent to the standby.
    pub visitors_back_s: Option<f64>,
    /// Requests.
    pub requests: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Sessions found older than stored, or lost.
    pub wrong: u64,
    /// Of these, such that miss a change which was not stored right before the loss: replication lag does not explain them.
    pub wrong_beyond_lag: u64,
    /// Failed of those that were sent to the standby while the primary was lost.
    pub failed_in_standby: u64,
    /// Failed after the Region's return.
    pub failed_after_return: u64,
    /// From the loss until the last request failed, while the primary was lost.
    pub outage_s: Option<f64>,
    /// Share of requests in the last minute of the loss that did not fail, 0 to 1.
    pub good_at_the_end: f64,
    /// Why requests failed.
    pub causes: BTreeMap<String, u64>,
    /// Automatic switches.
    pub switches: usize,
    /// Cold starts of the real Lambda on this machine, in milliseconds, not compressed.
    pub cold_starts_ms: Vec<f64>,
    /// The longest warm invocation that decided nothing, likewise.
    pub warm_tick_ms: Option<f64>,
    /// Events that each controller could not deal with. Without its Region's DynamoDB a controller has no memory, and says so: those of the
    /// lost Region are dead letters by right.
    pub dead_letters: BTreeMap<String, usize>,
    /// Of these, the standby's.
    pub dead_letters_standby: usize,
    /// Items that the Regions did not agree on at the end.
    pub differing_items: u64,
}

/// How the story tells of the order of the failback.
pub const ORDERED: &str = "a person orders the failback";
/// Between a change's arrival in a store and its page's answer, and in the copying of it, programs compute; that is not compressed.
const COMPUTING: Duration = Duration::from_millis(200);
/// The last part of a loss.
const LAST_S: f64 = 60.0;

/// The figures of what was played.
pub fn figures(scenario: &Scenario, regions: &[String], played: &Played) -> Figures {
    let plan = scenario.plan;
    let (primary, standby) = (&regions[0], &regions[1]);
    let told = &played.told;
    let (lost, back) = (plan.lost_s, plan.returns_s);
    let while_lost = |at: &f64| (lost..back).contains(at);
    let since = |from: f64| move |at: f64| at - from;
    let became = |name: &str, value: &str, from: f64, until: f64| told.became(name, value, from).filter(|at| *at < until);

    let canary = became(&format!("canary of {primary} from {standby}"), "failed", lost, back);
    let parameter = became(&format!("parameter {standby}"), standby, lost, back);
    let workers = parameter.and_then(|at| became(&format!("host {standby} knows"), standby, at, plan.ends_s).map(since(at)));
    let dns = became("dns", standby, lost, back);
    let visits = &played.visits;
    let last_to_primary = visits.iter().rev().find(|visit| visit.region == 0 && while_lost(&visit.at_s)).map(|visit| visit.at_s);
    let moved_at = dns.and(last_to_primary).filter(|at| *at < back - LAST_S / 2.0);
    let failed = |which: &dyn Fn(&Visit) -> bool| visits.iter().filter(|visit| visit.fate == Fate::Failed && which(visit)).count() as u64;
    let outage = visits.iter().rev().find(|visit| visit.fate == Fate::Failed && while_lost(&visit.at_s));
    let computing = Scale(played.scale).real(COMPUTING);
    let within_lag = lost - REPLICATION_LAG - computing..=lost + computing;
    let last: Vec<&Visit> = visits.iter().filter(|visit| (back - LAST_S..back).contains(&visit.at_s)).collect();
    let good = last.iter().filter(|visit| visit.fate != Fate::Failed).count();
    let bridged = regions.iter().map(|region| {
        let away = became(&format!("host {region} uses"), standby, lost, back);
        (region.clone(), away.map(since(lost)))
    });
    let all_parameters = |value: &str, from: f64| {
        let each = regions.iter().map(|region| told.became(&format!("parameter {region}"), value, from));
        each.collect::<Option<Vec<f64>>>().map(|each| each.into_iter().fold(from, f64::max))
    };
    let ordered = plan.failback_s.and(told.events.iter().find(|event| event.what.starts_with(ORDERED))).map(|event| event.at_s);
    let failed_back = ordered.filter(|_| parameter.is_some()).and_then(|at| all_parameters(primary, at));
    let returned =
        visits.iter().rev().find(|visit| visit.region == 1).map(|visit| visit.at_s).filter(|at| (back..plan.ends_s - 5.0).contains(at));
    let warm = played.runs.iter().filter(|run| {
        let all_is_well = run.at_s < lost || run.at_s > back + LAST_S;
        let quiet = run.event == "tick" && all_is_well;
        quiet && run.invocation.cold_start_ms.is_none() && moved(run, "stay")
    });
    Figures {
        canary_s: canary.map(since(lost)),
        decision_s: canary.zip(parameter).map(|(canary, parameter)| parameter - canary),
        parameter_s: parameter.map(since(lost)),
        workers_s: workers.map(|s| s / played.scale),
        dns_s: dns.map(since(lost)),
        visitors_moved_s: moved_at.map(since(lost)),
        bridged_s: bridged.collect(),
        repaired_s: parameter.and_then(|_| all_parameters(standby, back)).map(since(back)),
        failback_s: ordered.zip(failed_back).map(|(ordered, done)| done - ordered),
        visitors_back_s: returned.map(since(back)),
        requests: visits.len() as u64,
        failed: failed(&|_| true),
        wrong: visits.iter().filter(|visit| visit.fate == Fate::Wrong).count() as u64,
        wrong_beyond_lag: visits.iter().filter(|visit| visit.missing_since_s.is_some_and(|at| !within_lag.contains(&at))).count() as u64,
        failed_in_standby: failed(&|visit| visit.region == 1 && while_lost(&visit.at_s)),
        failed_after_return: failed(&|visit| visit.at_s >= back),
        outage_s: outage.map(|visit| visit.ended_s - lost),
        good_at_the_end: if last.is_empty() { 0.0 } else { good as f64 / last.len() as f64 },
        causes: causes(visits),
        switches: played.runs.iter().filter(|run| moved(run, "switch")).count(),
        cold_starts_ms: played.runs.iter().filter_map(|run| run.invocation.cold_start_ms).collect(),
        warm_tick_ms: warm.map(|run| run.invocation.duration_ms).max_by(f64::total_cmp),
        dead_letters: played.dead.iter().map(|(region, dead)| (region.clone(), dead.len())).collect(),
        dead_letters_standby: played.dead.get(standby).map_or(0, Vec::len),
        differing_items: played.differing_items,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::{Design, Loss, Plan};
    use super::super::story::Story;
    use super::*;

    const PLAN: Plan = Plan { lost_s: 100.0, returns_s: 400.0, failback_s: Some(500.0), ends_s: 700.0 };

    /// A story in which each Region's parameter had these values from these times on.
    fn played(visits: Vec<Visit>, parameters: [&[(f64, &str)]; 2]) -> Figures {
        let regions = ["east", "west"].map(str::to_owned);
        let story = Story::start(Scale(5.0));
        story.say_at(510.0, "rehearsal", ORDERED);
        for (region, values) in regions.iter().zip(parameters) {
            for (at_s, value) in values {
                story.track_at(*at_s, &format!("parameter {region}"), value);
            }
        }
        let told = story.told();
        let played = Played { scale: 5.0, told, visits, runs: Vec::new(), dead: BTreeMap::new(), differing_items: 0 };
        figures(&Scenario { loss: Loss::Region, design: Design::Ours, plan: PLAN }, &regions, &played)
    }

    fn visit(at_s: f64, region: usize, fate: Fate) -> Visit {
        Visit { at_s, ended_s: at_s + 1.0, region, fate, cause: None, missing_since_s: None }
    }

    #[test]
    fn the_standby_answers_for_all_who_come_while_the_primary_is_lost() {
        let failed = [(110.0, 0), (190.0, 1), (210.0, 0), (211.0, 1), (399.0, 1), (401.0, 1)];
        let figures = played(failed.map(|(at_s, region)| visit(at_s, region, Fate::Failed)).to_vec(), [&[], &[]]);
        assert_eq!((figures.failed, figures.failed_in_standby, figures.failed_after_return), (6, 3, 1));
    }

    #[test]
    fn a_failback_is_done_when_all_parameters_agree() {
        let east = [(0.0, "east"), (405.0, "west"), (515.0, "east")];
        let done = |at_s| played(Vec::new(), [&east, &[(0.0, "east"), (140.0, "west"), (at_s, "east")]]).failback_s;
        assert_eq!((done(514.0), done(533.0)), (Some(5.0), Some(23.0)));
        assert_eq!(played(Vec::new(), [&east, &[(0.0, "east"), (140.0, "west")]]).failback_s, None);
    }

    #[test]
    fn what_is_missing_is_explained_by_the_lag_or_is_not() {
        // A second of lag, and 0.2 s of this machine, which are one of five.
        let stored = [50.0, 97.5, 98.5, 99.9, 100.5, 102.0];
        let visits = stored.map(|at_s| Visit { missing_since_s: Some(at_s), ..visit(250.0, 1, Fate::Wrong) });
        let figures = played(visits.to_vec(), [&[], &[]]);
        assert_eq!((figures.wrong, figures.wrong_beyond_lag), (6, 3));
    }
}
