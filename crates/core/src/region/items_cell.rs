//! What calls for items of other tables meet on this host, in shared memory. Whoever lets something else stand in for them decides by it
//! for how long.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use crate::error::Kind;
use crate::metrics::Operation;
use crate::region::breakers::is_misconfigured;

/// An outage is over when there was an answer and for so long no failure: one success among many failures ends nothing.
const CALM_MS: u64 = 10_000;
/// A table that was throttled until the deadline is asked again by one query after so long; all others are refused at once.
const BACK_OFF_MS: u64 = 2_000;

/// Failures of one sort, from the first one to the last one.
#[repr(C)]
struct Spell {
    /// Its first failure (monotonic ms); 0: there has been none yet.
    began: AtomicU64,
    /// Its last failure.
    failed: AtomicU64,
    /// The first answer after that.
    answered: AtomicU64,
}

impl Spell {
    fn fail(&self, now_ms: u64) {
        if self.since(now_ms).is_none() {
            self.began.store(now_ms, Release);
        }
        self.failed.fetch_max(now_ms, AcqRel);
    }

    /// It goes on, when it has begun.
    fn goes_on(&self, now_ms: u64) {
        if self.since(now_ms).is_some() {
            self.failed.fetch_max(now_ms, AcqRel);
        }
    }

    fn answer(&self, now_ms: u64) {
        let failed = self.failed.load(Acquire);
        // Read before it is written: an ordinary day changes nothing.
        if failed != 0 && self.answered.load(Acquire) <= failed {
            self.answered.store(now_ms.max(failed + 1), Release);
        }
    }

    fn since(&self, now_ms: u64) -> Option<u64> {
        let failed = self.failed.load(Acquire);
        let over = self.answered.load(Acquire) > failed && now_ms >= failed + CALM_MS;
        Some(self.began.load(Acquire)).filter(|began| *began != 0 && !over)
    }
}

/// The host's calls for items of other tables.
#[repr(C)]
pub struct ItemsCell {
    /// Since when none has been answered; 0: the last one was.
    failing: AtomicU64,
    /// No Region answered. Whatever a Region answers then is an end of it.
    lost: Spell,
    /// The table asked for fewer calls: what other tables answer says nothing of it.
    throttled: Spell,
    /// Rights, table or settings are wrong.
    refused: Spell,
    /// When a throttled table may be asked again << 16 | which table.
    back_off: AtomicU64,
}

impl ItemsCell {
    /// A call has failed.
    pub fn fail(&self, kind: Kind, now_ms: u64) {
        let _ = self.failing.compare_exchange(0, now_ms, AcqRel, Acquire);
        match kind {
            Kind::Throttled => self.throttled.fail(now_ms),
            kind if is_misconfigured(kind) => self.refused.fail(now_ms),
            _ => self.lost.fail(now_ms),
        }
    }

    /// A call has been answered. A write that succeeds does not say that a table can be read.
    pub fn answer(&self, operation: Operation, now_ms: u64) {
        self.lost.answer(now_ms);
        if matches!(operation, Operation::GetItem | Operation::Query) {
            self.throttled.answer(now_ms);
            self.refused.answer(now_ms);
        }
        if self.failing.load(Acquire) != 0 {
            self.failing.store(0, Release);
        }
    }

    /// A Region has answered any call of this host.
    pub fn region_answered(&self, now_ms: u64) {
        self.lost.answer(now_ms);
    }

    /// A call has failed, and no Region is left. Where calls for items fail anyway, nobody may ask for any more.
    pub fn no_region_answers(&self, now_ms: u64) {
        if self.failing.load(Acquire) == 0 {
            self.lost.goes_on(now_ms);
        } else {
            self.lost.fail(now_ms);
        }
    }

    /// Since when items cannot be used; `None`: they can, as far as is known.
    #[must_use]
    pub fn failing_since(&self, now_ms: u64) -> Option<u64> {
        let since = Some(self.failing.load(Acquire)).filter(|since| *since != 0)?;
        (self.outage_since(now_ms).is_some() || self.refused_since(now_ms).is_some()).then_some(since)
    }

    /// Since when there is an outage: no Region answers, or the table is throttled.
    #[must_use]
    pub fn outage_since(&self, now_ms: u64) -> Option<u64> {
        [&self.lost, &self.throttled].into_iter().filter_map(|spell| spell.since(now_ms)).min()
    }

    /// Since when calls are refused until somebody puts rights, table or settings right.
    #[must_use]
    pub fn refused_since(&self, now_ms: u64) -> Option<u64> {
        self.refused.since(now_ms)
    }

    /// Whether a table may be asked: always, but while it is throttled by one query at a time.
    pub fn may_ask(&self, table: &str, now_ms: u64) -> bool {
        let held = self.back_off.load(Acquire);
        let wanted = back_off(table, now_ms);
        held & TABLE != wanted & TABLE || now_ms >= held >> 16 && self.back_off.compare_exchange(held, wanted, AcqRel, Acquire).is_ok()
    }

    /// A table was throttled until the deadline.
    pub fn hold_off(&self, table: &str, now_ms: u64) {
        self.back_off.store(back_off(table, now_ms), Release);
    }

    /// A table has answered.
    pub fn go_on(&self, table: &str) {
        let held = self.back_off.load(Acquire);
        if held != 0 && held & TABLE == back_off(table, 0) & TABLE {
            self.back_off.store(0, Release);
        }
    }
}

/// The bits that tell tables apart; never all zero.
const TABLE: u64 = 0xffff;

fn back_off(table: &str, now_ms: u64) -> u64 {
    let name = table.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    (now_ms + BACK_OFF_MS) << 16 | (name & TABLE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::shared::private;

    #[test]
    fn an_outage_ends_with_an_answer_of_any_table_and_the_next_one_begins_anew() {
        let cell = &private().items;
        assert_eq!(cell.outage_since(5), None);
        cell.fail(Kind::Timeout, 1_000);
        cell.fail(Kind::Unavailable, 3_000);
        assert_eq!((cell.outage_since(90_000), cell.failing_since(90_000)), (Some(1_000), Some(1_000)), "nobody has answered");
        cell.region_answered(4_000);
        assert_eq!(cell.outage_since(12_999), Some(1_000));
        assert_eq!((cell.outage_since(13_000), cell.failing_since(13_000)), (None, None));
        cell.fail(Kind::Timeout, 50_000_000);
        assert_eq!(cell.outage_since(50_000_000), Some(50_000_000));
    }

    #[test]
    fn one_success_among_failures_ends_nothing() {
        let cell = &private().items;
        for now_ms in (1_000..60_000).step_by(3_000) {
            cell.fail(Kind::Throttled, now_ms);
            cell.answer(Operation::Query, now_ms + 1_000);
        }
        assert_eq!(cell.outage_since(60_000), Some(1_000));
        assert_eq!(cell.failing_since(60_000), None, "the last call was answered");
    }

    #[test]
    fn a_probe_that_is_answered_between_others_that_are_not_ends_nothing() {
        let cell = &private().items;
        cell.no_region_answers(500);
        assert_eq!(cell.outage_since(500), None, "nobody has asked for items");
        cell.fail(Kind::Timeout, 1_000);
        cell.no_region_answers(20_000);
        cell.region_answered(21_000);
        cell.no_region_answers(22_000);
        assert_eq!(cell.outage_since(60_000), Some(1_000));
    }

    #[test]
    fn another_table_that_answers_ends_no_throttling() {
        let cell = &private().items;
        cell.fail(Kind::Throttled, 1_000);
        cell.region_answered(2_000);
        assert_eq!(cell.outage_since(60_000), Some(1_000));
    }

    #[test]
    fn what_is_refused_is_no_outage() {
        let cell = &private().items;
        for kind in [Kind::Access, Kind::NotFound, Kind::Config] {
            cell.fail(kind, 1_000);
        }
        assert_eq!((cell.outage_since(2_000), cell.refused_since(2_000), cell.failing_since(2_000)), (None, Some(1_000), Some(1_000)));
        cell.region_answered(3_000);
        assert_eq!(cell.refused_since(60_000), Some(1_000));
        cell.answer(Operation::GetItem, 60_000);
        assert_eq!(cell.refused_since(60_000), None);
    }

    #[test]
    fn what_can_be_written_and_not_read_is_still_refused() {
        let cell = &private().items;
        for kind in [Kind::Access, Kind::Throttled, Kind::Timeout] {
            cell.fail(kind, 1_000);
        }
        cell.answer(Operation::PutItem, 2_000);
        assert_eq!((cell.refused_since(60_000), cell.outage_since(60_000)), (Some(1_000), Some(1_000)));
        cell.answer(Operation::Query, 60_000);
        assert_eq!((cell.refused_since(60_000), cell.outage_since(60_000)), (None, None));
    }

    #[test]
    fn an_outage_that_follows_a_refusal_begins_although_nobody_asks_for_items() {
        let cell = &private().items;
        cell.fail(Kind::Access, 1_000);
        cell.no_region_answers(5_000);
        cell.no_region_answers(6_000);
        assert_eq!((cell.refused_since(90_000), cell.outage_since(90_000)), (Some(1_000), Some(5_000)));
    }

    #[test]
    fn one_query_at_a_time_asks_a_throttled_table() {
        let cell = &private().items;
        assert!(cell.may_ask("logins", 1) && cell.may_ask("logins", 1));
        cell.hold_off("logins", 1_000);
        assert!(!cell.may_ask("logins", 2_999) && cell.may_ask("others", 2_999));
        assert!(cell.may_ask("logins", 3_000) && !cell.may_ask("logins", 3_000), "the first one asks for all");
        cell.go_on("others");
        assert!(!cell.may_ask("logins", 3_001));
        cell.go_on("logins");
        assert!(cell.may_ask("logins", 3_001));
    }
}
