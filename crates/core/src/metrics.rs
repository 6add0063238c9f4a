//! Counters and latency, shared by all workers of a host: plain atomics that live in shared memory.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;

use crate::error::Kind;
use crate::region::Region;
use crate::region::decide::breaker::Phase;

/// The calls that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// DynamoDB `GetItem`.
    GetItem,
    /// DynamoDB `UpdateItem`.
    UpdateItem,
    /// DynamoDB `DeleteItem`.
    DeleteItem,
    /// DynamoDB `PutItem`.
    PutItem,
    /// DynamoDB `Query`.
    Query,
    /// SSM `GetParameter`.
    GetParameter,
}

impl Operation {
    /// Every operation, in the order of the counters.
    pub const ALL: [Operation; 6] =
        [Operation::GetItem, Operation::UpdateItem, Operation::DeleteItem, Operation::PutItem, Operation::Query, Operation::GetParameter];

    /// The name AWS gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::GetItem => "GetItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
            Operation::PutItem => "PutItem",
            Operation::Query => "Query",
            Operation::GetParameter => "GetParameter",
        }
    }
}

/// What became of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEvent {
    /// A stored session was read.
    Read,
    /// A session began that nobody has stored.
    Fresh,
    /// Data was written.
    Written,
    /// Only the expiry was moved.
    Touched,
    /// Nothing had to be written.
    Unchanged,
    /// A session was destroyed.
    Destroyed,
    /// A read, write or destroy failed and said so.
    Failed,
    /// A page took the answer of a read that was begun ahead of it.
    Prefetched,
    /// A read was begun ahead, and the page did not want it.
    Wasted,
    /// A page did not wait for its write.
    Behind,
    /// A worker was killed while it wrote what its page had not waited for: the change may be lost.
    Killed,
}

impl SessionEvent {
    /// Every event, in the order of the counters.
    pub const ALL: [SessionEvent; 11] = [
        SessionEvent::Read,
        SessionEvent::Fresh,
        SessionEvent::Written,
        SessionEvent::Touched,
        SessionEvent::Unchanged,
        SessionEvent::Destroyed,
        SessionEvent::Failed,
        SessionEvent::Prefetched,
        SessionEvent::Wasted,
        SessionEvent::Behind,
        SessionEvent::Killed,
    ];

    /// The name used in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SessionEvent::Read => "read",
            SessionEvent::Fresh => "fresh",
            SessionEvent::Written => "written",
            SessionEvent::Touched => "touched",
            SessionEvent::Unchanged => "unchanged",
            SessionEvent::Destroyed => "destroyed",
            SessionEvent::Failed => "failed",
            SessionEvent::Prefetched => "prefetched",
            SessionEvent::Wasted => "wasted",
            SessionEvent::Behind => "behind",
            SessionEvent::Killed => "killed",
        }
    }
}

/// What was done because Regions are not alike at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutingEvent {
    /// A call was answered by another Region than the route, because the route had failed it.
    Bridged,
    /// A read asked a second Region because the first was late.
    Hedged,
    /// A read asked the Regions of the switch window as well.
    Doubled,
    /// Of a session's copies one was dropped for a newer one that may have been written without knowing it.
    Superseded,
    /// The host lost its preferred Region.
    Left,
    /// That Region came back.
    Returned,
}

impl RoutingEvent {
    /// Every event, in the order of the counters.
    pub const ALL: [RoutingEvent; 6] = [
        RoutingEvent::Bridged,
        RoutingEvent::Hedged,
        RoutingEvent::Doubled,
        RoutingEvent::Superseded,
        RoutingEvent::Left,
        RoutingEvent::Returned,
    ];

    /// The name used in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RoutingEvent::Bridged => "bridged",
            RoutingEvent::Hedged => "hedged",
            RoutingEvent::Doubled => "doubled",
            RoutingEvent::Superseded => "superseded",
            RoutingEvent::Left => "left",
            RoutingEvent::Returned => "returned",
        }
    }
}

/// First bucket ends at 2^4 µs.
const LOWEST_OCTAVE: u32 = 4;
/// Buckets in each doubling: a percentile is at most a quarter (25 %) too high.
const PER_OCTAVE: usize = 4;
/// Buckets of a histogram: 2^4 µs to 2^26 µs, a little over a minute.
pub const BUCKETS: usize = 22 * PER_OCTAVE;

/// How long calls took, in buckets of a quarter octave.
#[repr(C)]
pub struct Histogram([AtomicU64; BUCKETS]);

impl Histogram {
    /// Takes one duration.
    pub fn record(&self, duration: Duration) {
        self.0[bucket(duration)].fetch_add(1, Relaxed);
    }

    /// How many it has taken.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|b| b.load(Relaxed)).sum()
    }

    /// The upper end of the bucket that holds the quantile `q` (0 to 1), in milliseconds; none before the first call.
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        quantile_ms(&self.counts(), q)
    }

    fn counts(&self) -> [u64; BUCKETS] {
        std::array::from_fn(|bucket| self.0[bucket].load(Relaxed))
    }
}

/// The quantile of a histogram's buckets, as [`Histogram::quantile_ms`].
#[must_use]
pub fn quantile_ms(counts: &[u64], q: f64) -> Option<f64> {
    let total: u64 = counts.iter().sum();
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank among counted calls")]
    let rank = ((total as f64 * q).ceil() as u64).max(1);
    let mut seen = 0;
    counts
        .iter()
        .position(|count| {
            seen += count;
            seen >= rank
        })
        .map(upper_end_ms)
}

fn bucket(duration: Duration) -> usize {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1 << LOWEST_OCTAVE);
    let octave = micros.ilog2();
    let within = usize::try_from((micros >> (octave - 2)) & 3).unwrap_or_default();
    ((octave - LOWEST_OCTAVE) as usize * PER_OCTAVE + within).min(BUCKETS - 1)
}

#[expect(clippy::cast_precision_loss, reason = "bucket numbers are small")]
fn upper_end_ms(index: usize) -> f64 {
    let octave = (index / PER_OCTAVE) as f64 + f64::from(LOWEST_OCTAVE);
    let within = (index % PER_OCTAVE) as f64 + 1.0;
    let micros = octave.exp2() * (1.0 + within / PER_OCTAVE as f64);
    micros.round() / 1000.0
}

/// Counters of one Region.
#[repr(C)]
pub struct RegionMetrics {
    calls: [AtomicU64; Operation::ALL.len()],
    errors: [AtomicU64; Kind::ALL.len()],
    /// Latency of the DynamoDB calls that were answered.
    latency: Histogram,
    /// Its sum, in microseconds.
    latency_sum: AtomicU64,
}

impl RegionMetrics {
    /// Counts one call.
    pub fn record(&self, operation: Operation, took: Duration, error: Option<Kind>) {
        self.calls[operation as usize].fetch_add(1, Relaxed);
        match error {
            Some(Kind::Condition) | None => {
                if operation != Operation::GetParameter {
                    self.latency.record(took);
                    self.latency_sum.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
                }
            }
            Some(kind) => {
                self.errors[kind as usize].fetch_add(1, Relaxed);
            }
        }
    }

    /// How many calls there have been.
    #[must_use]
    pub fn all_calls(&self) -> u64 {
        self.calls.iter().map(|n| n.load(Relaxed)).sum()
    }

    /// How many of them failed.
    #[must_use]
    pub fn all_errors(&self) -> u64 {
        self.errors.iter().map(|n| n.load(Relaxed)).sum()
    }

    /// The buckets of the latency of answered DynamoDB calls.
    #[must_use]
    pub fn latencies(&self) -> [u64; BUCKETS] {
        self.latency.counts()
    }

    /// How many calls of this operation there have been.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> u64 {
        self.calls[operation as usize].load(Relaxed)
    }

    /// What has been counted.
    #[must_use]
    pub fn read(&self) -> RegionReport {
        let named = |names: &[&'static str], values: &[AtomicU64]| {
            names.iter().zip(values).map(|(name, value)| (*name, value.load(Relaxed))).filter(|(_, n)| *n > 0).collect()
        };
        RegionReport {
            calls: named(&Operation::ALL.map(Operation::name), &self.calls),
            errors: named(&Kind::ALL.map(Kind::name), &self.errors),
            latency_ms: Latency { p50: self.latency.quantile_ms(0.5), p99: self.latency.quantile_ms(0.99) },
            answered: self.latency.count(),
            answered_ms: Duration::from_micros(self.latency_sum.load(Relaxed)).as_secs_f64() * 1000.0,
        }
    }
}

/// Counters of what became of sessions.
#[repr(C)]
pub struct SessionMetrics([AtomicU64; SessionEvent::ALL.len()]);

impl SessionMetrics {
    /// Whether this host has had anything to do with sessions yet.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.0.iter().any(|n| n.load(Relaxed) > 0)
    }

    /// Counts one event.
    pub fn record(&self, event: SessionEvent) {
        self.0[event as usize].fetch_add(1, Relaxed);
    }

    /// What has been counted.
    #[must_use]
    pub fn read(&self) -> Vec<(&'static str, u64)> {
        SessionEvent::ALL.iter().zip(&self.0).map(|(event, n)| (event.name(), n.load(Relaxed))).collect()
    }
}

/// Counters of what was done because Regions are not alike.
#[repr(C)]
pub struct RoutingMetrics([AtomicU64; RoutingEvent::ALL.len()]);

impl RoutingMetrics {
    /// Counts one event.
    pub fn record(&self, event: RoutingEvent) {
        self.0[event as usize].fetch_add(1, Relaxed);
    }

    /// What has been counted.
    #[must_use]
    pub fn read(&self) -> Vec<(&'static str, u64)> {
        RoutingEvent::ALL.iter().zip(&self.0).map(|(event, n)| (event.name(), n.load(Relaxed))).collect()
    }
}

/// Latency of a Region's DynamoDB calls in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// One Region's counters, read.
#[derive(Debug, Clone, Serialize)]
pub struct RegionReport {
    /// Calls by operation.
    #[serde(serialize_with = "as_map")]
    pub calls: Vec<(&'static str, u64)>,
    /// Failed calls by kind.
    #[serde(serialize_with = "as_map")]
    pub errors: Vec<(&'static str, u64)>,
    /// Latency of the answered DynamoDB calls.
    pub latency_ms: Latency,
    /// How many were answered.
    pub answered: u64,
    /// How long they took together.
    pub answered_ms: f64,
}

/// A breaker's figures.
#[derive(Debug, Clone, Serialize)]
pub struct BreakerReport {
    /// Of this Region.
    #[serde(skip)]
    pub region: Region,
    /// What it is now.
    pub state: Phase,
    /// How often it has opened.
    pub opened: usize,
    /// How long it stays open at least; while it is open.
    pub hold_ms: Option<u64>,
}

/// All counters of this host.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// By Region.
    #[serde(serialize_with = "regions_as_map")]
    pub regions: Vec<(Region, RegionReport)>,
    /// What became of sessions.
    #[serde(serialize_with = "as_map")]
    pub sessions: Vec<(&'static str, u64)>,
    /// What was done because Regions are not alike.
    #[serde(serialize_with = "as_map")]
    pub routing: Vec<(&'static str, u64)>,
    /// By Region.
    #[serde(serialize_with = "breakers_as_map")]
    pub breakers: Vec<BreakerReport>,
    /// The active Region.
    pub active: Region,
    /// The Region in use.
    pub route: Region,
    /// The preferred Region is lost: another one is used, or none answers.
    pub bridged: bool,
    /// The host follows `wp_dynamodb.region`, and nobody else.
    pub pinned: bool,
    /// Milliseconds until the switch window ends; 0: there is none.
    pub window_left_ms: u64,
    /// Milliseconds since an SSM last answered.
    pub parameter_checked_age_ms: Option<u64>,
}

fn as_map<S: serde::Serializer>(pairs: &[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

fn regions_as_map<S: serde::Serializer>(pairs: &[(Region, RegionReport)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(region, report)| (region.as_str(), report)))
}

fn breakers_as_map<S: serde::Serializer>(breakers: &[BreakerReport], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(breakers.iter().map(|breaker| (breaker.region.as_str(), breaker)))
}

/// Errors that are counted from 0 on, so that an alert on their increase sees the first one, too.
const EXPECTED: [Kind; 6] = [Kind::Timeout, Kind::Unavailable, Kind::Throttled, Kind::Access, Kind::NotFound, Kind::Config];

/// A family's samples: what follows its name (a suffix of it, labels), and the value.
type Samples = Vec<(String, f64)>;

/// The report in Prometheus's text format, version 0.0.4. No label value needs escaping: all are names of this program or of Regions.
#[must_use]
pub fn prometheus(report: &Report) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: Samples| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (rest, value) in samples {
            let _ = writeln!(out, "{name}{rest} {value}");
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "the format's numbers are floats")]
    let number = |n: u64| n as f64;
    let seconds = |ms: u64| number(ms) / 1000.0;
    let labelled = |label: &str, of: &[(&'static str, u64)]| -> Samples {
        of.iter().map(|(name, n)| (format!("{{{label}=\"{name}\"}}"), number(*n))).collect()
    };
    let per_region = |label: &str, of: &dyn Fn(&RegionReport) -> Vec<(&'static str, u64)>| -> Samples {
        let one = |(region, r): &(Region, RegionReport)| {
            of(r).into_iter().map(|(name, n)| (format!("{{region=\"{region}\",{label}=\"{name}\"}}"), number(n))).collect::<Samples>()
        };
        report.regions.iter().flat_map(one).collect()
    };
    family("wp_dynamodb_calls_total", "counter", "Calls to AWS.", per_region("operation", &|r| r.calls.clone()));
    family("wp_dynamodb_errors_total", "counter", "Failed calls to AWS.", per_region("kind", &with_expected));
    family("wp_dynamodb_latency_seconds", "summary", "Latency of answered DynamoDB calls.", latencies(report));
    family("wp_dynamodb_sessions_total", "counter", "What became of sessions.", labelled("event", &report.sessions));
    family("wp_dynamodb_routing_total", "counter", "What was done because Regions are not alike.", labelled("event", &report.routing));
    let region = |region: &Region, value: f64| (format!("{{region=\"{region}\"}}"), value);
    let truth = |is: bool| f64::from(u8::from(is));
    let one = |chosen: &Region| report.regions.iter().map(|(name, _)| region(name, truth(name == chosen))).collect();
    family("wp_dynamodb_active_region", "gauge", "1 for the active Region.", one(&report.active));
    family("wp_dynamodb_route_region", "gauge", "1 for the Region in use.", one(&report.route));
    family("wp_dynamodb_bridged", "gauge", "1 while the preferred Region is lost.", vec![(String::new(), truth(report.bridged))]);
    family("wp_dynamodb_pinned", "gauge", "1 while wp_dynamodb.region is set.", vec![(String::new(), truth(report.pinned))]);
    let breakers = |value: &dyn Fn(&BreakerReport) -> f64| report.breakers.iter().map(|b| region(&b.region, value(b))).collect();
    family("wp_dynamodb_breaker_open", "gauge", "1 while calls avoid the Region.", breakers(&|b| truth(b.state != Phase::Closed)));
    family("wp_dynamodb_breaker_opened_total", "counter", "Openings of the Region's breaker.", breakers(&|b| number(b.opened as u64)));
    let hold = breakers(&|b| seconds(b.hold_ms.unwrap_or_default()));
    family("wp_dynamodb_breaker_hold_seconds", "gauge", "How long the breaker stays open at least; 0 while closed.", hold);
    let left = vec![(String::new(), seconds(report.window_left_ms))];
    family("wp_dynamodb_window_seconds", "gauge", "Time until the switch window ends; 0 outside.", left);
    if let Some(age) = report.parameter_checked_age_ms {
        family("wp_dynamodb_parameter_age_seconds", "gauge", "Time since an SSM last answered.", vec![(String::new(), seconds(age))]);
    }
    out
}

fn with_expected(report: &RegionReport) -> Vec<(&'static str, u64)> {
    let missing = EXPECTED.iter().map(|kind| (kind.name(), 0)).filter(|(name, _)| !report.errors.iter().any(|(known, _)| known == name));
    report.errors.iter().copied().chain(missing).collect()
}

fn latencies(report: &Report) -> Samples {
    let one = |(region, r): &(Region, RegionReport)| {
        let quantile = |(q, ms): (&str, Option<f64>)| Some((format!("{{region=\"{region}\",quantile=\"{q}\"}}"), ms? / 1000.0));
        let quantiles = [("0.5", r.latency_ms.p50), ("0.99", r.latency_ms.p99)].into_iter().filter_map(quantile);
        #[expect(clippy::cast_precision_loss, reason = "the format's numbers are floats")]
        let whole = [
            (format!("_sum{{region=\"{region}\"}}"), r.answered_ms / 1000.0),
            (format!("_count{{region=\"{region}\"}}"), r.answered as f64),
        ];
        quantiles.chain(whole).collect::<Samples>()
    };
    report.regions.iter().flat_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn histogram() -> Histogram {
        Histogram(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    #[test]
    fn quantiles_are_close_and_never_too_low() {
        let h = histogram();
        assert_eq!(h.quantile_ms(0.5), None);
        for ms in 1..=100 {
            h.record(Duration::from_millis(ms));
        }
        let p50 = h.quantile_ms(0.5).expect("recorded");
        assert!((50.0..62.5).contains(&p50), "{p50}");
        let p99 = h.quantile_ms(0.99).expect("recorded");
        assert!((99.0..125.0).contains(&p99), "{p99}");
    }

    #[test]
    fn prometheus_text_has_help_type_and_samples() {
        let region = Region::parse("us-east-1").expect("a Region");
        let report = Report {
            regions: vec![(
                region.clone(),
                RegionReport {
                    calls: vec![("GetItem", 3)],
                    errors: vec![("timeout", 2)],
                    latency_ms: Latency { p50: Some(1.5), p99: None },
                    answered: 1,
                    answered_ms: 1.25,
                },
            )],
            sessions: vec![("read", 3)],
            routing: vec![("bridged", 2)],
            breakers: vec![BreakerReport { region: region.clone(), state: Phase::HalfOpen, opened: 4, hold_ms: Some(5000) }],
            active: region.clone(),
            route: region,
            bridged: true,
            pinned: false,
            window_left_ms: 2500,
            parameter_checked_age_ms: Some(1500),
        };
        let text = prometheus(&report);
        for line in [
            "wp_dynamodb_calls_total{region=\"us-east-1\",operation=\"GetItem\"} 3",
            "wp_dynamodb_errors_total{region=\"us-east-1\",kind=\"timeout\"} 2",
            "wp_dynamodb_errors_total{region=\"us-east-1\",kind=\"access\"} 0",
            "# TYPE wp_dynamodb_latency_seconds summary",
            "wp_dynamodb_latency_seconds_sum{region=\"us-east-1\"} 0.00125",
            "wp_dynamodb_latency_seconds_count{region=\"us-east-1\"} 1",
            "wp_dynamodb_bridged 1",
            "wp_dynamodb_pinned 0",
            "wp_dynamodb_breaker_hold_seconds{region=\"us-east-1\"} 5",
            "wp_dynamodb_window_seconds 2.5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        assert!(text.contains("wp_dynamodb_latency_seconds{region=\"us-east-1\",quantile=\"0.5\"} 0.0015\n"), "{text}");
        assert!(text.contains("wp_dynamodb_parameter_age_seconds 1.5\n"), "{text}");
        assert!(text.contains("wp_dynamodb_breaker_open{region=\"us-east-1\"} 1\n"), "{text}");
        assert!(text.contains("wp_dynamodb_breaker_opened_total{region=\"us-east-1\"} 4\n"), "{text}");
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            assert!(line.rsplit_once(' ').is_some_and(|(_, v)| v.parse::<f64>().is_ok()), "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_lies_below_the_end_of_its_bucket(micros in 16u64..60_000_000) {
            let index = bucket(Duration::from_micros(micros));
            prop_assert!(upper_end_ms(index) * 1000.0 >= micros as f64);
            prop_assert!(index == 0 || upper_end_ms(index - 1) * 1000.0 <= micros as f64 + 1.0);
        }
    }
}
