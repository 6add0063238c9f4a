//! Writes that no page waits for (`session_write = behind`), in shared memory: the next request of the same session on this host, in
//! whichever worker, must not read what is just being replaced.
//!
//! ```text
//! entries[512]   open addressing, eight places for each key
//! ├─ key         hash of table and partition key; means nothing while the owner is 0
//! ├─ owner       until (monotonic ms) << 24 | pid; 0: free
//! └─ orphans     writes whose worker had been killed, not yet told of
//! ```
//!
//! Any worker may be killed between two instructions. An entry whose owner is dead, or whose time is over, is free: what a dead worker had
//! not sent is lost, and nobody waits for it; but it is counted, by whoever frees its place.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use crate::region::shared::alive;

const ENTRIES: usize = 512;
const PLACES: usize = 8;
const PID_BITS: u32 = 24;

/// The table.
#[repr(C)]
pub struct InFlight {
    entries: [Entry; ENTRIES],
    orphans: AtomicU64,
}

#[repr(C)]
struct Entry {
    key: AtomicU64,
    owner: AtomicU64,
}

/// A write in flight; free again when dropped.
pub struct Claim {
    entry: &'static Entry,
    owner: u64,
}

impl InFlight {
    /// Notes that `pid` begins to write what `key` stands for, and will have ended before `until_ms`. `None`: no place is free, so the
    /// page has to wait for its write.
    #[must_use]
    pub fn claim(&'static self, key: u64, pid: u32, now_ms: u64, until_ms: u64) -> Option<Claim> {
        let owner = until_ms << PID_BITS | u64::from(pid);
        self.places(key).find_map(|entry| {
            let held = entry.owner.load(Acquire);
            if is_held(held, now_ms) || entry.owner.compare_exchange(held, owner, AcqRel, Acquire).is_err() {
                return None;
            }
            self.count_orphan(held);
            // Who reads the old key beside the new owner waits in vain for a moment; who has to see the new one begins after the page.
            entry.key.store(key, Release);
            Some(Claim { entry, owner })
        })
    }

    /// Whether somebody on this host is writing what `key` stands for.
    #[must_use]
    pub fn has(&self, key: u64, now_ms: u64) -> bool {
        self.places(key).any(|entry| entry.key.load(Acquire) == key && is_held(entry.owner.load(Acquire), now_ms))
    }

    /// Frees the places of writes whose worker was killed. How many there have been since the last time: each may be lost.
    pub fn bury(&self) -> u64 {
        for entry in &self.entries {
            let held = entry.owner.load(Acquire);
            if is_orphan(held) && entry.owner.compare_exchange(held, 0, AcqRel, Acquire).is_ok() {
                self.count_orphan(held);
            }
        }
        self.orphans.swap(0, AcqRel)
    }

    /// To be called by the one who has just replaced `held`: each is counted once.
    fn count_orphan(&self, held: u64) {
        if is_orphan(held) {
            self.orphans.fetch_add(1, AcqRel);
        }
    }

    fn places(&self, key: u64) -> impl Iterator<Item = &Entry> {
        let first = usize::try_from(key % ENTRIES as u64).unwrap_or_default();
        (0..PLACES).map(move |n| &self.entries[(first + n) % ENTRIES])
    }
}

fn is_held(owner: u64, now_ms: u64) -> bool {
    owner != 0 && now_ms < owner >> PID_BITS && alive(pid_of(owner))
}

/// A worker that ends in good order frees its places; one whose process is gone did not.
fn is_orphan(owner: u64) -> bool {
    owner != 0 && !alive(pid_of(owner))
}

fn pid_of(owner: u64) -> u32 {
    u32::try_from(owner & ((1 << PID_BITS) - 1)).unwrap_or_default()
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Should it have run out and be another one's by now, it stays.
        let _ = self.entry.owner.compare_exchange(self.owner, 0, AcqRel, Acquire);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::shared::private;

    #[test]
    fn is_there_until_its_write_has_ended() {
        let table = &private().in_flight;
        let me = std::process::id();
        let claim = table.claim(7, me, 100, 200).expect("a place");
        assert!(table.has(7, 199) && !table.has(8, 199));
        assert!(!table.has(7, 200), "its time is over");
        drop(claim);
        assert!(!table.has(7, 150));
    }

    #[test]
    fn the_writes_of_the_dead_are_counted_although_nobody_needs_their_places() {
        let table = &private().in_flight;
        let dead = (1 << 22) - 3;
        for key in [1, 1, 2] {
            std::mem::forget(table.claim(key, dead, 100, 200));
        }
        let _mine = table.claim(3, std::process::id(), 100, 200);
        // Two of the same: the second took the place of the first, whose owner was dead already.
        assert_eq!((table.bury(), table.bury()), (3, 0));
        assert!(!table.has(1, 150) && table.has(3, 150));
    }

    #[test]
    fn two_workers_may_write_the_same() {
        let table = &private().in_flight;
        let claims = [1, 2].map(|_| table.claim(7, std::process::id(), 100, 200).expect("a place"));
        let [first, second] = claims;
        drop(first);
        assert!(table.has(7, 150));
        drop(second);
        assert!(!table.has(7, 150));
    }

    #[test]
    fn nobody_waits_for_the_dead_and_their_places_are_taken() {
        let table = &private().in_flight;
        let dead = (1 << 22) - 3;
        let claims: Vec<_> = (0..PLACES as u64).filter_map(|n| table.claim(n * ENTRIES as u64, dead, 100, 200)).collect();
        assert_eq!(claims.len(), PLACES);
        assert!(!table.has(0, 150));
        let alive: Vec<_> = (0..=PLACES as u64).map(|n| table.claim(n * ENTRIES as u64, std::process::id(), 100, 200)).collect();
        assert!(alive[..PLACES].iter().all(Option::is_some) && alive[PLACES].is_none(), "all places are taken");
        drop(claims);
        assert!(table.has(0, 150), "the dead one's end frees nobody else's place");
        assert_eq!(table.bury(), PLACES as u64, "each of the dead one's writes is counted once");
        assert!(table.has(0, 150) && table.bury() == 0, "the living keep theirs");
    }
}
