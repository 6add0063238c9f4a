//! What came of a scenario. All times are real seconds; after the loss or the return unless another beginning is named.

use std::collections::BTreeMap;

use serde::Serialize;

use super::controller::moved;
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
    /// From the order of the failback until the primary's parameter named the primary, and until visitors went there again.
    pub failback_s: Option<f64>,
    /// See [`Figures::failback_s`].
    pub visitors_back_s: Option<f64>,
    /// Requests.
    pub requests: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Sessions found older than stored, or lost.
    pub wrong: u64,
    /// Of these, such that miss a change which was not stored in the last second before the loss: replication lag does not explain them.
    pub wrong_beyond_lag: u64,
    /// Failed while the primary was lost, and visitors had been moved, or needed not be.
    pub failed_after_move: u64,
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
/// How long visitors who were moved are given until all requests sent before have ended.
const SETTLE_S: f64 = 1.0;
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
    let failed_when = |from: f64, until: f64| {
        visits.iter().filter(|visit| visit.fate == Fate::Failed && (from..until).contains(&visit.at_s)).count() as u64
    };
    let outage = visits.iter().rev().find(|visit| visit.fate == Fate::Failed && while_lost(&visit.at_s));
    let within_lag = lost - 1.0..=lost + 1.0;
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
    let failed_back = ordered.filter(|_| parameter.is_some()).and_then(|at| told.became(&format!("parameter {primary}"), primary, at));
    let returned =
        visits.iter().rev().find(|visit| visit.region == 1).map(|visit| visit.at_s).filter(|at| (back..plan.ends_s - 5.0).contains(at));
    let warm = played.runs.iter().filter(|run| {
        let quiet = run.event == "tick" && run.at_s < lost;
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
        failed: failed_when(0.0, f64::MAX),
        wrong: visits.iter().filter(|visit| visit.fate == Fate::Wrong).count() as u64,
        wrong_beyond_lag: visits.iter().filter(|visit| visit.missing_since_s.is_some_and(|at| !within_lag.contains(&at))).count() as u64,
        failed_after_move: moved_at.map_or(0, |at| failed_when(at + SETTLE_S, back)),
        failed_after_return: failed_when(back, f64::MAX),
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
