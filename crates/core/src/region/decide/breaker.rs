//! When this host takes a Region for lost, and when it trusts it again: pure functions of what its calls met and the time.
//!
//! ```text
//!             3 hard failures in a row, or 11 of 20 calls within 10 s
//!   closed ────────────────────────────────────────────────────────────▶ open
//!      ▲                                                                   │ the hold-down is over
//!      │            two good probes, one after the other                   ▼
//!      └─────────────────────────────────────────────────────────────── half open
//! ```
//!
//! Hard failures are those of which another Region knows nothing: no name, no connection, no answer in time, 5xx. Throttling and
//! configuration errors are answers and count neither way.

use serde::Serialize;

/// So many hard failures in a row open the breaker, however little is going on.
pub const CONSECUTIVE: u32 = 3;
/// The calls that are looked at together.
pub const CALLS: u32 = 20;
/// They count together when they lie within this time.
pub const TOGETHER_MS: u64 = 10_000;
/// Good probes in a row that close it again.
pub const PROBES: u8 = 2;
/// The first hold-down. Each opening before the Region has been calm doubles it.
pub const HOLD_MS: u64 = 5_000;
/// The longest hold-down.
pub const LONGEST_HOLD_MS: u64 = 300_000;
/// Closed for so long, and for four times the last hold-down, a Region counts as calm.
const CALM_MS: u64 = 60_000;
/// Doublings after which the hold-down is at its longest.
const MOST_FLAPS: u8 = 7;

/// The newest calls, the last one in the lowest bit; a set bit failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// One bit for each of the last [`CALLS`] calls.
    pub failed: u32,
    /// How many of the bits are calls.
    pub known: u32,
}

/// Which rule opened a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// [`CONSECUTIVE`] failures in a row.
    Consecutive,
    /// More than half of [`CALLS`] calls.
    Share,
}

impl Calls {
    /// These calls and one more.
    #[must_use]
    pub fn and(self, failed: bool) -> Self {
        Calls { failed: (self.failed << 1 | u32::from(failed)) & ((1 << CALLS) - 1), known: (self.known + 1).min(CALLS) }
    }

    /// Whether they open the breaker. `spread_ms`: the time from the first of the [`CALLS`] to the last.
    #[must_use]
    pub fn opens(self, spread_ms: u64) -> Option<Rule> {
        let row = (1 << CONSECUTIVE) - 1;
        if self.known >= CONSECUTIVE && self.failed & row == row {
            return Some(Rule::Consecutive);
        }
        (self.known == CALLS && spread_ms <= TOGETHER_MS && self.failed.count_ones() > CALLS / 2).then_some(Rule::Share)
    }
}

/// The breaker of one Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Calls go elsewhere.
    pub open: bool,
    /// Good probes in a row since it opened.
    pub probes: u8,
    /// Openings without a calm time between them; sets the hold-down.
    pub flaps: u8,
    /// When it last opened or closed, in the host's monotonic milliseconds; 0: never.
    pub since_ms: u64,
}

/// What people see of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Calls go to the Region.
    Closed,
    /// Calls go elsewhere until the hold-down is over.
    Open,
    /// Calls go elsewhere; probes ask whether the Region is back.
    HalfOpen,
}

impl Phase {
    /// The name used in status and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Closed => "closed",
            Phase::Open => "open",
            Phase::HalfOpen => "half_open",
        }
    }
}

impl Breaker {
    /// The breaker after its calls said so. An open one stays as it is.
    #[must_use]
    pub fn opened(self, now_ms: u64) -> Self {
        if self.open {
            return self;
        }
        let calm = self.flaps == 0 || now_ms.saturating_sub(self.since_ms) >= CALM_MS.max(4 * self.hold_ms());
        let flaps = if calm { 1 } else { (self.flaps + 1).min(MOST_FLAPS) };
        Breaker { open: true, probes: 0, flaps, since_ms: now_ms }
    }

    /// How long it stays open at least.
    #[must_use]
    pub fn hold_ms(self) -> u64 {
        (HOLD_MS << self.flaps.saturating_sub(1).min(MOST_FLAPS)).min(LONGEST_HOLD_MS)
    }

    /// Whether a probe may go out.
    #[must_use]
    pub fn is_due(self, now_ms: u64) -> bool {
        self.open && now_ms.saturating_sub(self.since_ms) >= self.hold_ms()
    }

    /// The breaker after a probe. One that was not due changes nothing.
    #[must_use]
    pub fn probed(self, good: bool, now_ms: u64) -> Self {
        match (self.is_due(now_ms), good) {
            (false, _) => self,
            (true, false) => Breaker { probes: 0, ..self },
            (true, true) if self.probes + 1 < PROBES => Breaker { probes: self.probes + 1, ..self },
            (true, true) => Breaker { open: false, probes: 0, since_ms: now_ms, ..self },
        }
    }

    /// What people see.
    #[must_use]
    pub fn phase(self, now_ms: u64) -> Phase {
        match (self.open, self.is_due(now_ms)) {
            (false, _) => Phase::Closed,
            (true, false) => Phase::Open,
            (true, true) => Phase::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(outcomes: &[bool]) -> Calls {
        outcomes.iter().fold(Calls::default(), |calls, failed| calls.and(*failed))
    }

    #[test]
    fn three_failures_in_a_row_open_it_however_far_apart() {
        assert_eq!(after(&[true, true]).opens(0), None);
        assert_eq!(after(&[true, true, true]).opens(u64::MAX), Some(Rule::Consecutive));
        assert_eq!(after(&[true, true, false, true, true]).opens(0), None);
    }

    #[test]
    fn more_than_half_of_twenty_calls_open_it_when_they_lie_together() {
        let mut outcomes = [true, true, false].repeat(6);
        outcomes.extend([false, false]);
        assert_eq!(after(&outcomes).opens(TOGETHER_MS), Some(Rule::Share), "12 of 20");
        assert_eq!(after(&outcomes).opens(TOGETHER_MS + 1), None, "too far apart");
        assert_eq!(after(&outcomes[..19]).opens(0), None, "only 19 calls");
        assert_eq!(after(&[true, false].repeat(10)).opens(0), None, "half is not more than half");
    }

    #[test]
    fn closes_after_the_hold_down_and_two_good_probes_in_a_row() {
        let open = Breaker::default().opened(1000);
        assert_eq!((open.open, open.hold_ms()), (true, HOLD_MS));
        assert_eq!(open.probed(true, 1000 + HOLD_MS - 1), open, "not due yet");
        let due = 1000 + HOLD_MS;
        assert_eq!(open.phase(due), Phase::HalfOpen);
        let one = open.probed(true, due);
        assert!(one.open && one.probed(false, due).open);
        assert!(one.probed(false, due).probed(true, due).open, "a bad probe begins anew");
        assert!(!one.probed(true, due).open);
    }

    #[test]
    fn the_hold_down_doubles_while_it_flaps_and_starts_anew_after_a_calm_time() {
        let mut breaker = Breaker::default();
        let mut now = 1;
        let mut holds = Vec::new();
        for _ in 0..9 {
            breaker = breaker.opened(now);
            holds.push(breaker.hold_ms() / 1000);
            now += breaker.hold_ms();
            breaker = breaker.probed(true, now).probed(true, now);
            now += 1000;
        }
        assert_eq!(holds, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(breaker.opened(now + 4 * LONGEST_HOLD_MS).hold_ms(), HOLD_MS);
        let young = Breaker::default().opened(1).probed(true, HOLD_MS + 1).probed(true, HOLD_MS + 1);
        assert_eq!(young.opened(HOLD_MS + 1 + CALM_MS).hold_ms(), HOLD_MS);
        assert_eq!(young.opened(HOLD_MS + CALM_MS).hold_ms(), 2 * HOLD_MS);
    }

    proptest! {
        #[test]
        fn no_run_of_successes_opens_it(before in prop::collection::vec(any::<bool>(), 0..40), good in 11usize..30) {
            let mut calls = after(&before);
            for _ in 0..good {
                calls = calls.and(false);
            }
            prop_assert_eq!(calls.opens(0), None);
        }
    }
}
