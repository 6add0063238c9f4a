//! The last hour of a Region, minute by minute, in shared memory: written by the worker that holds the lease, read by anybody.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

use serde::Serialize;

use crate::metrics::{BUCKETS, RegionMetrics, quantile_ms};

/// So many minutes are kept.
const MINUTES: usize = 60;

/// The minutes of one Region.
#[repr(C)]
pub struct History {
    minutes: [Cell; MINUTES],
    /// What had been counted when the minute began that is not over yet.
    since: Since,
}

/// One minute. Each word is whole by itself; a reader may see two of different minutes, once in an hour, for a moment.
#[repr(C)]
struct Cell {
    /// Minutes since 1970; 0: none yet.
    minute: AtomicU64,
    /// Calls << 32 | errors.
    counts: AtomicU64,
    /// Median << 32 | 99th percentile, in microseconds; 0: no call was answered.
    times: AtomicU64,
}

#[repr(C)]
struct Since {
    minute: AtomicU64,
    calls: AtomicU64,
    errors: AtomicU64,
    latency: [AtomicU64; BUCKETS],
}

/// What happened in a minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Minute {
    /// When it began, in seconds since 1970.
    pub at: u64,
    /// Calls to AWS.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
    /// Median latency of the answered DynamoDB calls.
    pub p50_ms: Option<f64>,
    /// Their 99th percentile.
    pub p99_ms: Option<f64>,
}

impl History {
    /// Closes the minute that is over, if one is. `minute`: minutes since 1970. Called by the worker that holds the lease.
    pub fn turn(&self, metrics: &RegionMetrics, minute: u64) {
        let began = self.since.minute.load(Acquire);
        if began == minute {
            return;
        }
        if began != 0 {
            let over = self.open(metrics, began);
            let cell = &self.minutes[usize::try_from(began).unwrap_or_default() % MINUTES];
            let halves = |high: u64, low: u64| high.min(u64::from(u32::MAX)) << 32 | low.min(u64::from(u32::MAX));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a call as microseconds")]
            let micros = |ms: Option<f64>| ms.map_or(0, |ms| (ms * 1000.0) as u64);
            cell.minute.store(0, Release);
            cell.counts.store(halves(over.calls, over.errors), Release);
            cell.times.store(halves(micros(over.p50_ms), micros(over.p99_ms)), Release);
            cell.minute.store(began, Release);
        }
        self.since.calls.store(metrics.all_calls(), Release);
        self.since.errors.store(metrics.all_errors(), Release);
        for (held, now) in self.since.latency.iter().zip(metrics.latencies()) {
            held.store(now, Release);
        }
        self.since.minute.store(minute, Release);
    }

    /// The minute that is not over yet.
    fn open(&self, metrics: &RegionMetrics, began: u64) -> Minute {
        let now = metrics.latencies();
        let counts: Vec<u64> = now.iter().zip(&self.since.latency).map(|(now, held)| now.saturating_sub(held.load(Acquire))).collect();
        Minute {
            at: began * 60,
            calls: metrics.all_calls().saturating_sub(self.since.calls.load(Acquire)),
            errors: metrics.all_errors().saturating_sub(self.since.errors.load(Acquire)),
            p50_ms: quantile_ms(&counts, 0.5),
            p99_ms: quantile_ms(&counts, 0.99),
        }
    }

    /// The last hour, oldest first; the last one is not over yet. Minutes in which nobody looked are missing.
    #[must_use]
    pub fn read(&self, metrics: &RegionMetrics, minute: u64) -> Vec<Minute> {
        let oldest = minute.saturating_sub(MINUTES as u64);
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a call")]
        let ms = |micros: u64| (micros != 0).then_some(micros as f64 / 1000.0);
        let mut read: Vec<Minute> = self
            .minutes
            .iter()
            .filter_map(|cell| {
                let (at, counts, times) = (cell.minute.load(Acquire), cell.counts.load(Acquire), cell.times.load(Acquire));
                let minute = Minute {
                    at: at * 60,
                    calls: counts >> 32,
                    errors: counts & u64::from(u32::MAX),
                    p50_ms: ms(times >> 32),
                    p99_ms: ms(times & u64::from(u32::MAX)),
                };
                (at > oldest).then_some(minute)
            })
            .collect();
        read.sort_by_key(|minute| minute.at);
        match self.since.minute.load(Acquire) {
            began if began > oldest => read.push(self.open(metrics, began)),
            _ => {}
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::Kind;
    use crate::metrics::Operation;
    use crate::region::shared::private;

    #[test]
    fn each_minute_has_what_happened_in_it() {
        let cell = private().region(0);
        let call = |ms, error| cell.metrics.record(Operation::GetItem, Duration::from_millis(ms), error);
        call(5, None);
        cell.history.turn(&cell.metrics, 1000);
        assert_eq!(cell.history.read(&cell.metrics, 1000).len(), 1, "what was before is nobody's minute");
        for _ in 0..3 {
            call(40, None);
        }
        call(700, Some(Kind::Timeout));
        cell.history.turn(&cell.metrics, 1001);
        call(5, None);
        let read = cell.history.read(&cell.metrics, 1001);
        assert_eq!(read.iter().map(|m| (m.at, m.calls, m.errors)).collect::<Vec<_>>(), [(60_000, 4, 1), (60_060, 1, 0)]);
        assert!(read[0].p50_ms.is_some_and(|ms| (40.0..50.0).contains(&ms)) && read[1].p50_ms.is_some_and(|ms| ms < 7.0), "{read:?}");
    }

    #[test]
    fn an_hour_is_kept() {
        let cell = private().region(0);
        for minute in 1000..1200 {
            cell.history.turn(&cell.metrics, minute);
        }
        let read = cell.history.read(&cell.metrics, 1199);
        assert_eq!((read.len(), read[0].at / 60, read[59].at / 60), (60, 1140, 1199));
        assert!(read[0].p50_ms.is_none());
        assert!(cell.history.read(&cell.metrics, 1300).is_empty(), "nobody has looked for an hour");
    }
}
