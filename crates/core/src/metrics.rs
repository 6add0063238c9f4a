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
    /// SSM `GetParameter`.
    GetParameter,
}

impl Operation {
    /// Every operation, in the order of the counters.
    pub const ALL: [Operation; 4] = [Operation::GetItem, Operation::UpdateItem, Operation::DeleteItem, Operation::GetParameter];

    /// The name AWS gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::GetItem => "GetItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
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
}

impl SessionEvent {
    /// Every event, in the order of the counters.
    pub const ALL: [SessionEvent; 7] = [
        SessionEvent::Read,
        SessionEvent::Fresh,
        SessionEvent::Written,
        SessionEvent::Touched,
        SessionEvent::Unchanged,
        SessionEvent::Destroyed,
        SessionEvent::Failed,
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
    /// The host left its preferred Region.
    Left,
    /// It came back.
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
/// 2^4 µs to 2^26 µs, a little over a minute.
const BUCKETS: usize = 22 * PER_OCTAVE;

/// How long calls took, in buckets of a quarter octave.
#[repr(C)]
pub struct Histogram([AtomicU64; BUCKETS]);

impl Histogram {
    /// Takes one duration.
    pub fn record(&self, duration: Duration) {
        self.0[bucket(duration)].fetch_add(1, Relaxed);
    }

    /// The upper end of the bucket that holds the quantile `q` (0 to 1), in milliseconds; none before the first call.
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        let counts: Vec<u64> = self.0.iter().map(|b| b.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank among counted calls"
        )]
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
}

impl RegionMetrics {
    /// Counts one call.
    pub fn record(&self, operation: Operation, took: Duration, error: Option<Kind>) {
        self.calls[operation as usize].fetch_add(1, Relaxed);
        match error {
            Some(Kind::Condition) | None => {
                if operation != Operation::GetParameter {
                    self.latency.record(took);
                }
            }
            Some(kind) => {
                self.errors[kind as usize].fetch_add(1, Relaxed);
            }
        }
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
        }
    }
}

/// Counters of what became of sessions.
#[repr(C)]
pub struct SessionMetrics([AtomicU64; SessionEvent::ALL.len()]);

impl SessionMetrics {
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
    /// Of each Region's breaker: what it is now, and how often it has opened.
    #[serde(serialize_with = "breakers_as_map")]
    pub breakers: Vec<(Region, Phase, usize)>,
    /// The active Region.
    pub active: Region,
    /// The Region in use.
    pub route: Region,
    /// Milliseconds since an SSM last answered.
    pub parameter_checked_age_ms: Option<u64>,
}

fn as_map<S: serde::Serializer>(pairs: &[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

fn regions_as_map<S: serde::Serializer>(pairs: &[(Region, RegionReport)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(region, report)| (region.as_str(), report)))
}

fn breakers_as_map<S: serde::Serializer>(breakers: &[(Region, Phase, usize)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Breaker {
        state: Phase,
        opened: usize,
    }
    serializer.collect_map(breakers.iter().map(|(region, state, opened)| (region.as_str(), Breaker { state: *state, opened: *opened })))
}

/// The report in Prometheus's text format, version 0.0.4. No label value needs escaping: all are names of this program or of Regions.
#[must_use]
pub fn prometheus(report: &Report) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: Vec<(String, f64)>| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(out, "{name}{{{labels}}} {value}");
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "the format's numbers are floats")]
    let number = |n: u64| n as f64;
    let per_region = |of: &dyn Fn(&RegionReport) -> Vec<(&'static str, u64)>, label: &str| {
        report
            .regions
            .iter()
            .flat_map(|(region, r)| of(r).into_iter().map(move |(name, n)| (format!("region=\"{region}\",{label}=\"{name}\""), number(n))))
            .collect::<Vec<_>>()
    };
    family("wp_dynamodb_calls_total", "counter", "Calls to AWS.", per_region(&|r| r.calls.clone(), "operation"));
    family("wp_dynamodb_errors_total", "counter", "Failed calls to AWS.", per_region(&|r| r.errors.clone(), "kind"));
    let quantiles = report.regions.iter().flat_map(|(region, r)| {
        [("0.5", r.latency_ms.p50), ("0.99", r.latency_ms.p99)]
            .into_iter()
            .filter_map(move |(q, ms)| ms.map(|ms| (format!("region=\"{region}\",quantile=\"{q}\""), ms / 1000.0)))
    });
    family("wp_dynamodb_latency_seconds", "gauge", "Latency of answered DynamoDB calls.", quantiles.collect());
    let sessions = report.sessions.iter().map(|(event, n)| (format!("event=\"{event}\""), number(*n)));
    family("wp_dynamodb_sessions_total", "counter", "What became of sessions.", sessions.collect());
    let routing = report.routing.iter().map(|(event, n)| (format!("event=\"{event}\""), number(*n)));
    family("wp_dynamodb_routing_total", "counter", "What was done because Regions are not alike.", routing.collect());
    let one = |chosen: &Region| {
        report.regions.iter().map(|(region, _)| (format!("region=\"{region}\""), f64::from(u8::from(region == chosen)))).collect()
    };
    family("wp_dynamodb_active_region", "gauge", "1 for the active Region.", one(&report.active));
    family("wp_dynamodb_route_region", "gauge", "1 for the Region in use.", one(&report.route));
    let open =
        report.breakers.iter().map(|(region, phase, _)| (format!("region=\"{region}\""), f64::from(u8::from(*phase != Phase::Closed))));
    family("wp_dynamodb_breaker_open", "gauge", "1 while calls avoid the Region.", open.collect());
    let opened = report.breakers.iter().map(|(region, _, opened)| (format!("region=\"{region}\""), number(*opened as u64)));
    family("wp_dynamodb_breaker_opened_total", "counter", "Openings of the Region's breaker.", opened.collect());
    if let Some(age) = report.parameter_checked_age_ms {
        let _ = writeln!(
            out,
            "# HELP wp_dynamodb_parameter_age_seconds Time since an SSM last answered.\n# TYPE wp_dynamodb_parameter_age_seconds gauge\n\
             wp_dynamodb_parameter_age_seconds {}",
            number(age) / 1000.0
        );
    }
    out
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
                RegionReport { calls: vec![("GetItem", 3)], errors: vec![], latency_ms: Latency { p50: Some(1.5), p99: None } },
            )],
            sessions: vec![("read", 3)],
            routing: vec![("bridged", 2)],
            breakers: vec![(region.clone(), Phase::HalfOpen, 4)],
            active: region.clone(),
            route: region,
            parameter_checked_age_ms: Some(1500),
        };
        let text = prometheus(&report);
        assert!(text.contains("wp_dynamodb_calls_total{region=\"us-east-1\",operation=\"GetItem\"} 3\n"), "{text}");
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
