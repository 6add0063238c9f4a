//! What was measured in one pass of a drill.

use serde::Serialize;

use super::calls::Calls;
use super::record::{Incident, Outcome, Record, SLOW_MS, Sample, percentile};
use super::script::Played;
use super::timeline::{Phase, Timeline};
use super::watch::Seen;

/// A write may reach the Region a little before the page's answer is there, and the lab's clocks are not ours.
const LAG_SLACK_MS: u64 = 250;
/// Half-second slices for the plots.
pub const SLICE_MS: u64 = 500;

/// Requests of a phase, a host or a slice of time.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Requests {
    /// All of them.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that took over a second.
    pub slow: u64,
    /// Those that found a lost or stale session.
    pub wrong: u64,
    /// Median latency in milliseconds.
    pub p50_ms: f32,
    /// 99th percentile of the latency.
    pub p99_ms: f32,
    /// The longest.
    pub max_ms: f32,
}

/// One host.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HostFigures {
    /// Its Region.
    pub region: String,
    /// Its requests.
    #[serde(flatten)]
    pub requests: Requests,
    /// From the fault's beginning until its route had left the active Region.
    pub away_ms: Option<u64>,
    /// From the healing until its route was back for good.
    pub back_ms: Option<u64>,
    /// How often its route changed.
    pub route_changes: u64,
    /// The most changes of its route in any minute.
    pub changes_per_minute: u64,
    /// The Region it used at the end.
    pub route_at_end: String,
    /// The active Region as it knew it at the end.
    pub active_at_end: String,
}

/// A slice of time at one host.
#[derive(Debug, Clone, Serialize)]
pub struct Slice {
    /// When it begins, in milliseconds.
    pub at_ms: u64,
    /// The requests that began in it.
    #[serde(flatten)]
    pub requests: Requests,
}

/// What became of the sessions in the end.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FinalCheck {
    /// Sessions that were read once more.
    pub sessions: u64,
    /// Those that could not be read.
    pub failed: u64,
    /// Items that the Regions' tables do not agree on after replication.
    pub differing_items: u64,
}

/// The figures.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// All requests.
    #[serde(flatten)]
    pub requests: Requests,
    /// By phase.
    pub phases: Vec<(Phase, Requests)>,
    /// By host.
    pub hosts: Vec<HostFigures>,
    /// By host, over time.
    pub slices: Vec<Vec<Slice>>,
    /// From the fault's beginning until the last request that failed or was slow had ended.
    pub trouble_ms: Option<u64>,
    /// Why requests failed.
    pub causes: Vec<(String, u64)>,
    /// Sessions that were lost, each missing change once.
    pub lost: u64,
    /// Sessions that were stale, each missing change once.
    pub stale: u64,
    /// Changes stored within the replication lag before the fault.
    pub stored_within_lag: u64,
    /// Lost or stale sessions whose missing change was stored at another time.
    pub missing_outside_lag: u64,
    /// Workers that were killed while they served a request.
    pub killed_at_work: u64,
    /// Calls that arrived in each Region.
    pub calls: Vec<Calls>,
    /// Looks at the hosts' status that got no answer.
    pub status_unanswered: u64,
    /// The final check.
    pub final_check: FinalCheck,
}

/// What the figures are made of.
pub struct Measured<'a> {
    /// The phases.
    pub timeline: Timeline,
    /// The hosts' Regions; the first one is the active one.
    pub regions: &'a [String],
    /// The requests.
    pub record: &'a Record,
    /// What was done.
    pub played: &'a Played,
    /// What the hosts said of themselves.
    pub seen: &'a Seen,
    /// Calls by Region.
    pub calls: Vec<Calls>,
    /// The replication lag.
    pub lag_ms: u64,
    /// The final check.
    pub final_check: FinalCheck,
}

impl Measured<'_> {
    /// Adds everything up.
    pub fn figures(self) -> Figures {
        let samples = &self.record.samples;
        let phase_of = |sample: &Sample| self.timeline.phase(sample.scheduled_ms);
        let lag = self.played.begun_ms.saturating_sub(self.lag_ms + LAG_SLACK_MS)..=self.played.begun_ms + LAG_SLACK_MS;
        let incidents = &self.record.incidents;
        let count = |lost: bool| incidents.iter().filter(|incident| incident.lost == lost).count() as u64;
        let mut causes: Vec<(String, u64)> = self.record.causes.clone().into_iter().collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.1));
        let troubled =
            |sample: &&Sample| sample.scheduled_ms + 1000 > self.played.begun_ms && (sample.outcome == Outcome::Failed || is_slow(sample));
        Figures {
            requests: requests(samples.iter()),
            phases: Phase::ALL.map(|phase| (phase, requests(samples.iter().filter(|sample| phase_of(sample) == phase)))).to_vec(),
            hosts: (0..self.regions.len()).map(|host| self.host(host)).collect(),
            slices: (0..self.regions.len()).map(|host| self.slices(host)).collect(),
            trouble_ms: samples.iter().filter(troubled).map(|sample| sample.ended_ms().saturating_sub(self.played.begun_ms)).max(),
            causes,
            lost: count(true),
            stale: count(false),
            stored_within_lag: samples.iter().filter(|sample| sample.stored && lag.contains(&sample.ended_ms())).count() as u64,
            missing_outside_lag: incidents.iter().filter(|incident: &&Incident| !lag.contains(&incident.stored_ms)).count() as u64,
            killed_at_work: self.played.killed_at_work,
            calls: self.calls,
            status_unanswered: self.seen.unanswered,
            final_check: self.final_check,
        }
    }

    fn host(&self, host: usize) -> HostFigures {
        let states: Vec<(u64, &str)> = {
            let of_host = self.seen.changes.iter().filter(|change| change.host == host);
            let mut states: Vec<(u64, &str)> = of_host.map(|change| (change.at_ms, change.state.route.as_str())).collect();
            states.dedup_by_key(|state| state.1);
            states
        };
        let active = self.regions[0].as_str();
        let since = |at: u64, from: u64| at.saturating_sub(from);
        let away = states.iter().find(|(at, route)| *at >= self.played.begun_ms && *route != active);
        let back = states.last().filter(|(at, route)| *route == active && away.is_some_and(|away| at > &away.0));
        let moves: Vec<u64> = states.iter().skip(1).map(|state| state.0).collect();
        let in_minute = |from: &u64| moves.iter().filter(|at| (*from..*from + 60_000).contains(*at)).count() as u64;
        let last = self.seen.now(host);
        HostFigures {
            region: self.regions[host].clone(),
            requests: requests(self.record.samples.iter().filter(|sample| sample.host == host)),
            away_ms: away.map(|(at, _)| since(*at, self.played.begun_ms)),
            back_ms: back.map(|(at, _)| since(*at, self.played.healed_ms)),
            route_changes: moves.len() as u64,
            changes_per_minute: moves.iter().map(in_minute).max().unwrap_or(0),
            route_at_end: last.map(|state| state.route.clone()).unwrap_or_default(),
            active_at_end: last.map(|state| state.active.clone()).unwrap_or_default(),
        }
    }

    fn slices(&self, host: usize) -> Vec<Slice> {
        let slice = |at_ms| {
            let in_slice = |sample: &&Sample| sample.host == host && (at_ms..at_ms + SLICE_MS).contains(&sample.scheduled_ms);
            Slice { at_ms, requests: requests(self.record.samples.iter().filter(in_slice)) }
        };
        (0..self.timeline.ends_ms()).step_by(SLICE_MS as usize).map(slice).collect()
    }
}

fn is_slow(sample: &Sample) -> bool {
    sample.latency_ms > SLOW_MS
}

fn requests<'a>(samples: impl Iterator<Item = &'a Sample>) -> Requests {
    let mut of = Requests::default();
    let mut latencies = Vec::new();
    for sample in samples {
        of.requests += 1;
        of.failed += u64::from(sample.outcome == Outcome::Failed);
        of.slow += u64::from(is_slow(sample));
        of.wrong += u64::from(matches!(sample.outcome, Outcome::Lost | Outcome::Stale));
        latencies.push(sample.latency_ms);
    }
    let tenth = |ms: f32| (ms * 10.0).round() / 10.0;
    of.p50_ms = tenth(percentile(&mut latencies, 0.5));
    of.p99_ms = tenth(percentile(&mut latencies, 0.99));
    of.max_ms = tenth(percentile(&mut latencies, 1.0));
    of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::session::Instead;
    use crate::drill::watch::{Change, State};

    const REGIONS: [&str; 2] = ["east", "west"];

    /// A host's route at some times; the host itself is in the Region of its number.
    fn seen(routes: &[(u64, usize, &str)]) -> Seen {
        let state = |route: &str| State {
            route: route.into(),
            active: "east".into(),
            reason: String::new(),
            breakers: Default::default(),
            window: Vec::new(),
        };
        let changes = routes.iter().map(|(at_ms, host, route)| Change { at_ms: *at_ms, host: *host, state: state(route) });
        Seen { changes: changes.collect(), unanswered: 0 }
    }

    /// Fault from 10 to 30 s, drill until 50 s, lag 1 s.
    fn figures(record: &Record, seen: &Seen) -> Figures {
        let played = Played { begun_ms: 10_000, healed_ms: 30_000, ..Played::default() };
        let regions = REGIONS.map(str::to_owned);
        let timeline = Timeline::of(10, 20, 20);
        let final_check = FinalCheck::default();
        Measured { timeline, regions: &regions, record, played: &played, seen, calls: Vec::new(), lag_ms: 1000, final_check }.figures()
    }

    fn sample(scheduled_ms: u64, latency_ms: f32, outcome: Outcome) -> Sample {
        Sample { scheduled_ms, latency_ms, host: 0, outcome, stored: true }
    }

    #[test]
    fn the_bridge_and_the_way_back() {
        let seen =
            seen(&[(0, 0, "east"), (10_600, 0, "west"), (31_000, 0, "east"), (32_000, 0, "west"), (36_000, 0, "east"), (0, 1, "east")]);
        let figures = figures(&Record::default(), &seen);
        let [east, west] = &figures.hosts[..] else { panic!("two hosts") };
        assert_eq!((east.away_ms, east.back_ms, east.route_changes), (Some(600), Some(6_000), 4));
        assert_eq!((west.away_ms, west.back_ms, west.route_changes), (None, None, 0));
        assert_eq!((east.changes_per_minute, east.route_at_end.as_str()), (4, "east"));
    }

    #[test]
    fn a_host_that_does_not_return_has_no_way_back() {
        let figures = figures(&Record::default(), &seen(&[(0, 0, "east"), (11_000, 0, "west")]));
        assert_eq!((figures.hosts[0].away_ms, figures.hosts[0].back_ms), (Some(1_000), None));
    }

    #[test]
    fn requests_are_counted_by_phase_and_outcome() {
        let samples = vec![
            sample(1_000, 5.0, Outcome::Good),
            sample(10_100, 1_500.0, Outcome::Good),
            sample(10_200, 2_000.0, Outcome::Failed),
            sample(40_000, 5.0, Outcome::Stale),
        ];
        let figures = figures(&Record { samples, ..Record::default() }, &Seen::default());
        assert_eq!((figures.requests.requests, figures.requests.failed, figures.requests.slow, figures.requests.wrong), (4, 1, 2, 1));
        let by_phase: Vec<u64> = figures.phases.iter().map(|(_, requests)| requests.requests).collect();
        assert_eq!(by_phase, [1, 2, 1]);
        assert_eq!(figures.trouble_ms, Some(2_200));
        assert_eq!(figures.slices[0][20].requests.failed, 1);
    }

    #[test]
    fn what_was_stored_within_the_lag_may_be_missing() {
        let samples = vec![sample(8_000, 10.0, Outcome::Good), sample(9_500, 10.0, Outcome::Good), sample(12_000, 10.0, Outcome::Good)];
        let incident = |stored_ms| Incident {
            visitor: 1,
            lost: false,
            at_ms: 13_000,
            host: 1,
            expected: 2,
            found: Instead::Change(1),
            stored_ms,
            stored_by: 0,
            times: 1,
            at_the_end: false,
        };
        let record = Record { samples, incidents: vec![incident(9_510), incident(8_010)], ..Record::default() };
        let figures = figures(&record, &Seen::default());
        assert_eq!((figures.stored_within_lag, figures.stale, figures.lost, figures.missing_outside_lag), (1, 2, 0, 1));
    }
}
