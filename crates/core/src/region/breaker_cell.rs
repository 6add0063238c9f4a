//! A Region's breaker in shared memory: [`decide::breaker`](super::decide::breaker) on atomics.
//!
//! Any worker may be killed between two instructions. Calls and breaker are one word each, changed by compare and exchange, so each is
//! always whole. The times of the last calls stand beside them: should a killed worker leave an old one, twenty calls look further
//! apart than they were, and the rule of three in a row still holds.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, AtomicUsize};

use super::decide::breaker::{Breaker, CALLS, Calls, Rule};
use super::text::Text;

/// The last calls of one sort. Reads and writes are looked at apart: a Region that still reads and no longer writes is of no use.
#[repr(C)]
struct Row {
    /// Their outcomes: failed | known << 24 | number of the last call << 32.
    calls: AtomicU64,
    /// When each of them ended, by its number.
    ended: [AtomicU64; CALLS as usize],
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// It read.
    Read,
    /// It wrote or deleted.
    Write,
}

/// One Region's breaker.
#[repr(C)]
pub struct BreakerCell {
    rows: [Row; 2],
    /// since ms << 16 | flaps << 8 | probes << 1 | open.
    breaker: AtomicU64,
    /// How often it has opened.
    opened: AtomicUsize,
    /// Until when somebody is checking a suspicion.
    suspected: AtomicU64,
    cause: Text<24>,
}

/// A breaker that this worker has just opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The rule that did it.
    pub rule: Rule,
    /// The breaker now.
    pub breaker: Breaker,
}

impl BreakerCell {
    /// Whether calls go elsewhere.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker.load(Acquire) & 1 == 1
    }

    /// The breaker.
    #[must_use]
    pub fn read(&self) -> Breaker {
        unpack(self.breaker.load(Acquire))
    }

    /// How often it has opened, and the failure that opened it last.
    #[must_use]
    pub fn history(&self) -> (usize, Option<String>) {
        (self.opened.load(Acquire), self.cause.read().filter(|cause| !cause.is_empty()))
    }

    /// Notes one call. `Some` when this one opened the breaker.
    pub fn record(&self, sort: Sort, failed: bool, now_ms: u64) -> Option<Opened> {
        if self.is_open() {
            // Calls that were under way when it opened say nothing new; probes decide from here on.
            return None;
        }
        let rule = self.rows[sort as usize].record(failed, now_ms)?;
        let opened = self.breaker.fetch_update(AcqRel, Acquire, |packed| {
            let held = unpack(packed);
            (!held.open).then(|| pack(held.opened(now_ms)))
        });
        let breaker = unpack(opened.ok()?).opened(now_ms);
        self.opened.fetch_add(1, AcqRel);
        self.forget();
        Some(Opened { rule, breaker })
    }

    /// Counting begins anew.
    fn forget(&self) {
        for row in &self.rows {
            row.calls.store(0, Release);
        }
    }

    /// Notes why it opened.
    pub fn note(&self, cause: &str) {
        self.cause.write(cause);
    }

    /// Notes a probe. True when it closed the breaker.
    pub fn probed(&self, good: bool, now_ms: u64) -> bool {
        let changed = self.breaker.fetch_update(AcqRel, Acquire, |packed| {
            let held = unpack(packed);
            let next = held.probed(good, now_ms);
            (next != held).then(|| pack(next))
        });
        let closed = changed.is_ok_and(|before| !unpack(before).probed(good, now_ms).open);
        if closed {
            self.forget();
        }
        closed
    }

    /// Whether this worker may check a suspicion: nobody else is at it. Lasts `for_ms`, should the worker be killed meanwhile.
    pub fn suspect(&self, now_ms: u64, for_ms: u64) -> bool {
        let until = self.suspected.load(Relaxed);
        now_ms >= until && self.suspected.compare_exchange(until, now_ms + for_ms, AcqRel, Relaxed).is_ok()
    }
}

impl Row {
    /// Notes one call. The rule by which the breaker is to open now.
    fn record(&self, failed: bool, now_ms: u64) -> Option<Rule> {
        let before = self.calls.fetch_update(AcqRel, Acquire, |packed| {
            let (calls, number) = unpack_calls(packed);
            Some(pack_calls(calls.and(failed), number.wrapping_add(1)))
        });
        let (before, number) = unpack_calls(before.unwrap_or_default());
        let place = number as usize % self.ended.len();
        self.ended[place].store(now_ms, Release);
        if !failed {
            return None;
        }
        // The ring holds the last twenty: the first of them stands behind the newest.
        let first = self.ended[(place + 1) % self.ended.len()].load(Acquire);
        before.and(failed).opens(now_ms.saturating_sub(first))
    }
}

fn pack_calls(calls: Calls, number: u32) -> u64 {
    u64::from(number) << 32 | u64::from(calls.known) << 24 | u64::from(calls.failed)
}

fn unpack_calls(packed: u64) -> (Calls, u32) {
    let [failed @ .., known, _, _, _, _] = packed.to_le_bytes();
    let failed = u32::from_le_bytes([failed[0], failed[1], failed[2], 0]);
    (Calls { failed, known: u32::from(known) }, u32::try_from(packed >> 32).unwrap_or_default())
}

fn pack(breaker: Breaker) -> u64 {
    breaker.since_ms << 16 | u64::from(breaker.flaps) << 8 | u64::from(breaker.probes) << 1 | u64::from(breaker.open)
}

fn unpack(packed: u64) -> Breaker {
    let [low, flaps, ..] = packed.to_le_bytes();
    Breaker { open: low & 1 == 1, probes: low >> 1, flaps, since_ms: packed >> 16 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::decide::breaker::{HOLD_MS, TOGETHER_MS};
    use crate::region::shared::private;
    use proptest::prelude::*;

    fn cell() -> &'static BreakerCell {
        &private().region(0).breaker
    }

    #[test]
    fn opens_once_and_closes_after_its_probes() {
        let cell = cell();
        assert_eq!(cell.record(Sort::Read, true, 100), None);
        assert_eq!(cell.record(Sort::Read, true, 200), None);
        assert_eq!(cell.record(Sort::Read, true, 300).map(|o| o.rule), Some(Rule::Consecutive));
        assert_eq!(cell.record(Sort::Read, true, 301), None, "only one worker is told");
        assert!(cell.is_open());
        assert!(!cell.probed(true, 300 + HOLD_MS) && cell.is_open());
        assert!(cell.probed(true, 301 + HOLD_MS) && !cell.is_open());
        assert_eq!(cell.record(Sort::Read, true, 302 + HOLD_MS), None, "counting begins anew");
        assert_eq!(cell.history().0, 1);
    }

    #[test]
    fn the_share_counts_only_calls_that_lie_together() {
        for (gap, opens) in [(TOGETHER_MS / 20, true), (TOGETHER_MS / 19 + 1, false)] {
            let cell = cell();
            let outcomes = [true, true, false].repeat(10);
            let opened = outcomes.iter().enumerate().find_map(|(n, failed)| cell.record(Sort::Read, *failed, 1 + n as u64 * gap));
            assert_eq!(opened.map(|o| o.rule), opens.then_some(Rule::Share), "a call every {gap} ms");
        }
    }

    #[test]
    fn a_region_that_reads_and_does_not_write_is_lost() {
        let cell = cell();
        let opened = (1..=5).find_map(|n| {
            assert_eq!(cell.record(Sort::Read, false, 100 * n), None);
            cell.record(Sort::Write, true, 100 * n + 50).map(|opened| (n, opened.rule))
        });
        assert_eq!(opened, Some((3, Rule::Consecutive)));
    }

    #[test]
    fn one_worker_checks_a_suspicion() {
        let cell = cell();
        assert!(cell.suspect(100, 50));
        assert!(!cell.suspect(149, 50));
        assert!(cell.suspect(150, 50), "its worker may have been killed");
    }

    proptest! {
        #[test]
        fn packing_keeps_everything(open: bool, probes in 0u8..2, flaps in 0u8..8, since_ms in 0u64..1 << 48, failed in 0u32..1 << 20, known in 0u32..=20, number: u32) {
            let breaker = Breaker { open, probes, flaps, since_ms };
            prop_assert_eq!(unpack(pack(breaker)), breaker);
            let calls = Calls { failed, known };
            prop_assert_eq!(unpack_calls(pack_calls(calls, number)), (calls, number));
        }
    }
}
