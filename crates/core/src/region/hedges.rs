//! How many reads may ask a second Region while the first is late: a share of the reads, so that a Region which is slow for everybody
//! is not answered with twice the load.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

/// So many reads earn one hedge.
pub const READS_PER_HEDGE: u64 = 10;
/// Hedges that can be saved up: what a host of some workers needs in the moment a Region falls silent.
pub const MOST: u64 = 32;

/// The hedges that are left: spent << 48 | reads at the last one. All zero: all are left.
#[repr(C)]
pub struct Hedges(AtomicU64);

impl Hedges {
    /// Takes one, if there is one. `reads`: all reads of this host so far. Costs nothing while no read is late: what was earned since
    /// is reckoned only here.
    pub fn take(&self, reads: u64) -> bool {
        self.0.fetch_update(AcqRel, Acquire, |packed| spend(packed, reads)).is_ok()
    }
}

fn spend(packed: u64, reads: u64) -> Option<u64> {
    const READS: u64 = (1 << 48) - 1;
    let (spent, since) = (packed >> 48, packed & READS);
    let earned = reads.saturating_sub(since) / READS_PER_HEDGE;
    let spent = spent.saturating_sub(earned);
    // Reads that did not make a whole hedge are kept for the next one.
    let since = if spent == 0 { reads } else { since + earned * READS_PER_HEDGE };
    (spent < MOST).then_some((spent + 1) << 48 | since & READS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn are_saved_up_spent_and_earned() {
        let hedges = Hedges(AtomicU64::new(0));
        assert_eq!((0..100).filter(|_| hedges.take(7)).count() as u64, MOST);
        assert!(!hedges.take(7 + READS_PER_HEDGE - 1));
        assert!(hedges.take(7 + READS_PER_HEDGE), "ten more reads earned one");
        assert!(!hedges.take(7 + READS_PER_HEDGE));
    }

    proptest! {
        #[test]
        fn never_more_than_their_share(steps in prop::collection::vec(0u64..30, 1..200)) {
            let hedges = Hedges(AtomicU64::new(0));
            let (mut reads, mut taken) = (0, 0);
            for step in steps {
                reads += step;
                taken += u64::from(hedges.take(reads));
                prop_assert!(taken <= MOST + reads / READS_PER_HEDGE);
            }
        }
    }
}
