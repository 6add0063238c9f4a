//! The last answer of a health check, in shared memory: many load balancers ask at once, and DynamoDB is asked once a second.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::time::Duration;

use crate::error::Kind;
use crate::region::shared::alive;

/// An answer counts for so long.
pub const FRESH_MS: u64 = 1000;
const PID_BITS: u32 = 24;
/// Bits of the latency in an answer.
const AT: u32 = 40;

/// The cell. All zero is an empty one.
#[repr(C)]
pub struct HealthCell {
    /// Who asks now: until (monotonic ms) << 24 | pid; 0: nobody.
    asking: AtomicU64,
    /// Latency in steps of 10 µs << 24 | 1 for an answer, or 2 + the kind of the error; 0: none yet.
    answer: AtomicU64,
    /// When it came (monotonic ms).
    at_ms: AtomicU64,
}

/// What a health check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// When (monotonic ms).
    pub at_ms: u64,
    /// How long it took.
    pub took: Duration,
    /// What went wrong.
    pub error: Option<Kind>,
}

impl HealthCell {
    /// The last answer, if it is not older than a second.
    #[must_use]
    pub fn fresh(&self, now_ms: u64) -> Option<Answered> {
        let (answer, at_ms) = (self.answer.load(Acquire), self.at_ms.load(Acquire));
        if answer == 0 || now_ms.saturating_sub(at_ms) >= FRESH_MS {
            return None;
        }
        let kind = usize::try_from(answer & 0xff).unwrap_or_default();
        let took = Duration::from_micros((answer >> (64 - AT)) * 10);
        Some(Answered { at_ms, took, error: kind.checked_sub(2).and_then(|kind| Kind::ALL.get(kind).copied()) })
    }

    /// Whether this process shall ask; the others wait for its answer. A turn ends by itself, and with its process.
    pub fn takes_turn(&self, pid: u32, now_ms: u64, until_ms: u64) -> bool {
        let held = self.asking.load(Acquire);
        let holder = u32::try_from(held & ((1 << PID_BITS) - 1)).unwrap_or_default();
        let free = held == 0 || now_ms >= held >> PID_BITS || !alive(holder);
        free && self.asking.compare_exchange(held, until_ms << PID_BITS | u64::from(pid), AcqRel, Acquire).is_ok()
    }

    /// Ends the turn without an answer that others should take.
    pub fn give_up(&self) {
        self.asking.store(0, Release);
    }

    /// Keeps an answer and ends the turn.
    pub fn answered(&self, took: Duration, error: Option<Kind>, now_ms: u64) {
        let kind = 1 + error.map_or(0, |kind| 1 + Kind::ALL.iter().position(|k| *k == kind).unwrap_or_default() as u64);
        let tens = u64::try_from(took.as_micros() / 10).unwrap_or(u64::MAX).min((1 << AT) - 1);
        // The answer first: an old one must never be seen with the new time.
        self.answer.store(tens << (64 - AT) | kind, Release);
        self.at_ms.store(now_ms, Release);
        self.asking.store(0, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::shared::private;

    #[test]
    fn one_asks_and_the_answer_counts_for_a_second() {
        let cell = &private().health[0];
        let me = std::process::id();
        assert!(cell.fresh(5000).is_none() && cell.takes_turn(me, 5000, 6000) && !cell.takes_turn(me, 5001, 6000));
        cell.answered(Duration::from_micros(3120), None, 5010);
        let wanted = Answered { at_ms: 5010, took: Duration::from_micros(3120), error: None };
        assert_eq!((cell.fresh(5010), cell.fresh(6009), cell.fresh(6010)), (Some(wanted), Some(wanted), None));
        assert!(cell.takes_turn(me, 6010, 7000));
        for kind in Kind::ALL {
            cell.answered(Duration::ZERO, Some(kind), 6020);
            assert_eq!(cell.fresh(6020).and_then(|answer| answer.error), Some(kind));
        }
    }

    #[test]
    fn nobody_waits_for_the_dead_or_the_late() {
        let cell = &private().health[0];
        assert!(cell.takes_turn((1 << 22) - 3, 5000, 6000));
        let me = std::process::id();
        assert!(cell.takes_turn(me, 5001, 6000), "its process is gone");
        assert!(!cell.takes_turn(me, 5999, 7000) && cell.takes_turn(me, 6000, 7000));
    }
}
