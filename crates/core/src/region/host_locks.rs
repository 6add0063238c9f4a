//! Which worker of this host has which session's lock, in shared memory: those that wait for it need not ask DynamoDB.
//!
//! ```text
//! places[4096]   one for each hash; two sessions that share a place do without
//! ├─ owner       the upper 40 bits of the hash of table and partition key, and the pid below them; 0: free
//! ├─ token       the owner's, as in the item
//! └─ until       the turn ends then (monotonic ms), as the lock in the item does: an owner that stands still, or another process with
//!                the number of a dead one, holds up nobody for longer
//! ```
//!
//! The lock that counts is the item's. This one only says whom to wait for, and whose lock in the item is a dead worker's.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use crate::region::shared::alive;

const PLACES: usize = 4096;
/// The bits of an owner that are its process id.
const PID: u64 = (1 << 24) - 1;

/// The table.
#[repr(C)]
pub struct HostLocks {
    places: [Place; PLACES],
}

#[repr(C)]
struct Place {
    owner: AtomicU64,
    token: AtomicU64,
    until: AtomicU64,
}

/// What moves the end of a turn.
#[derive(Clone, Copy)]
pub struct Lease {
    place: Option<&'static Place>,
    owner: u64,
}

impl Lease {
    /// The turn lasts until then, if it is still its owner's.
    pub fn extend(&self, until_ms: u64) {
        if let Some(place) = self.place.filter(|place| place.owner.load(Acquire) == self.owner) {
            place.until.store(until_ms, Release);
        }
    }
}

/// This worker's turn; over when dropped.
pub struct Turn {
    place: Option<&'static Place>,
    owner: u64,
    /// The token of a worker that died with the lock.
    pub dead: Option<u64>,
}

impl HostLocks {
    /// Takes the turn for `key`, until `until_ms` unless it is extended. `None`: a live worker of this host has it.
    #[must_use]
    pub fn take(&'static self, key: u64, pid: u32, token: u64, now_ms: u64, until_ms: u64) -> Option<Turn> {
        let place = &self.places[usize::try_from(key % PLACES as u64).unwrap_or_default()];
        let owner = key & !PID | u64::from(pid) & PID;
        let held = place.owner.load(Acquire);
        // One word: nobody sees an owner without what it owns.
        let same = held & !PID == owner & !PID;
        if held != 0 && alive(u32::try_from(held & PID).unwrap_or_default()) {
            // Another session's, or one whose time is over: the item's lock decides.
            let free = !same || now_ms >= place.until.load(Acquire);
            return free.then_some(Turn { place: None, owner, dead: None });
        }
        if place.owner.compare_exchange(held, owner, AcqRel, Acquire).is_err() {
            return None;
        }
        // Should the dead one not have come to note its token, this is an older one, which no item has.
        let dead = (held != 0 && same).then(|| place.token.load(Acquire));
        place.token.store(token, Release);
        place.until.store(until_ms, Release);
        Some(Turn { place: Some(place), owner, dead })
    }
}

impl Turn {
    /// What moves its end.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { place: self.place, owner: self.owner }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let _ = place.owner.compare_exchange(self.owner, 0, AcqRel, Acquire);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::region::shared::private;

    const DEAD: u32 = (1 << 22) - 3;

    #[test]
    fn one_has_the_turn_until_it_ends() {
        let locks = &private().host_locks;
        let me = std::process::id();
        let turn = locks.take(7, me, 1, 100, 200).expect("free");
        assert!(locks.take(7, me, 2, 199, 300).is_none(), "also for the same process");
        assert!(locks.take(7, me, 2, 200, 300).is_some_and(|late| late.place.is_none()), "its time is over: the item's lock decides");
        turn.lease().extend(250);
        assert!(locks.take(7, me, 2, 249, 300).is_none(), "it has been extended");
        assert!(locks.take(7 + (1 << 30), me, 3, 100, 200).is_some_and(|other| other.place.is_none()), "another session does without");
        drop(turn);
        assert!(locks.take(7, me, 2, 100, 200).is_some_and(|turn| turn.dead.is_none()));
    }

    #[test]
    fn a_dead_workers_turn_is_over_and_its_token_known() {
        let locks = &private().host_locks;
        let turn = locks.take(7, DEAD, 42, 100, 200).expect("free");
        let next = locks.take(7, std::process::id(), 43, 100, 200).expect("its owner is dead");
        assert_eq!(next.dead, Some(42));
        drop(turn);
        assert!(locks.take(7, std::process::id(), 44, 100, 200).is_none(), "the dead one's end ends nobody else's turn");
    }
}
