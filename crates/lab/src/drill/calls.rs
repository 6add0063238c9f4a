//! The lab's counters, once a second.

use std::cell::RefCell;
use std::time::Duration;

use serde::Serialize;
use tokio::time::MissedTickBehavior;

use super::lab::{Lab, Totals};
use super::timeline::Clock;

const EVERY: Duration = Duration::from_secs(1);

/// The counters at a time.
#[derive(Debug, Clone)]
pub struct Count {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// Calls since the lab's start.
    pub totals: Totals,
}

/// Calls that arrived in one Region.
#[derive(Debug, Clone, Serialize)]
pub struct Calls {
    /// The Region.
    pub region: String,
    /// DynamoDB calls in the whole drill.
    pub dynamodb: u64,
    /// SSM calls in the whole drill.
    pub ssm: u64,
    /// DynamoDB calls a second: the time in milliseconds and the rate of the second before.
    pub dynamodb_per_s: Vec<(u64, f64)>,
}

/// Counts for ever.
pub async fn count(lab: &Lab, clock: Clock, counts: &RefCell<Vec<Count>>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        // A second that is missed is made up for by the next.
        if let Ok(totals) = lab.calls().await {
            counts.borrow_mut().push(Count { at_ms: clock.now_ms(), totals });
        }
    }
}

/// Calls per Region, from counts.
pub fn by_region(regions: &[String], counts: &[Count]) -> Vec<Calls> {
    let of = |count: &Count, region: &str, service: &str| {
        count.totals.get(region).and_then(|services| services.get(service)).copied().unwrap_or(0)
    };
    let whole = |region: &str, service: &str| match counts {
        [first, .., last] => of(last, region, service).saturating_sub(of(first, region, service)),
        _ => 0,
    };
    let rate = |region: &str, pair: &[Count]| {
        let calls = of(&pair[1], region, "dynamodb").saturating_sub(of(&pair[0], region, "dynamodb"));
        let ms = pair[1].at_ms.saturating_sub(pair[0].at_ms).max(1);
        (pair[1].at_ms, (calls as f64 * 10_000.0 / ms as f64).round() / 10.0)
    };
    let calls = regions.iter().map(|region| Calls {
        region: region.clone(),
        dynamodb: whole(region, "dynamodb"),
        ssm: whole(region, "ssm"),
        dynamodb_per_s: counts.windows(2).map(|pair| rate(region, pair)).collect(),
    });
    calls.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_over_time() {
        let count = |at_ms, calls| Count { at_ms, totals: [("x".to_owned(), [("dynamodb".to_owned(), calls)].into())].into() };
        let calls = by_region(&["x".into(), "y".into()], &[count(0, 100), count(1000, 300), count(3000, 400)]);
        assert_eq!(calls[0].dynamodb, 300);
        assert_eq!(calls[0].dynamodb_per_s, [(1000, 200.0), (3000, 50.0)]);
        assert_eq!((calls[1].dynamodb, calls[1].ssm), (0, 0));
    }
}
