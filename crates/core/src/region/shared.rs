//! What all workers of a host know, in shared memory.
//!
//! ```text
//! Segment   mapped once before php-fpm forks, inherited by every worker
//! ├─ magic, layout version
//! └─ slots[8]        one for each set of Regions and parameter (pools may differ); `key` 0 = free
//!    ├─ lease        who polls: until (monotonic ms) << 24 | pid
//!    ├─ adopted      the parameter's value: modified ms << 16 | drained << 8 | Region index << 4 | flags
//!    ├─ attempted, checked (monotonic ms), located (metadata Region)
//!    ├─ window       Regions that may know more than the route: until (monotonic ms) << 8 | Regions
//!    ├─ looked       when the Regions that are not used were last looked at
//!    ├─ hedges       tokens, and the reads they were earned with
//!    ├─ host_locks   who on this host has which session's lock
//!    ├─ in_flight    writes that no page waits for
//!    ├─ items        what calls for items of other tables met
//!    ├─ health[2]    the last answers of health checks
//!    ├─ regions[8]   state and last value of each Region's parameter; breaker; last failure; metrics and their last hour
//!    └─ notices      messages that one worker of the host shall log
//! ```
//!
//! No locks: a worker may be killed at any instruction. Every word is an atomic that is whole by itself; texts carry a sequence number
//! and are simply missing while (or after) somebody was killed writing them. Offsets only, no pointers. All zero is a valid empty segment.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::config::{MAX_REGIONS, Settings};
use crate::metrics::{RegionMetrics, RoutingMetrics, SessionMetrics};
use crate::region::breaker_cell::BreakerCell;
use crate::region::decide::window::Window;
use crate::region::decide::{Adopted, State};
use crate::region::failure::FailureCell;
use crate::region::health_cell::HealthCell;
use crate::region::hedges::Hedges;
use crate::region::history::History;
use crate::region::host_locks::HostLocks;
use crate::region::in_flight::InFlight;
use crate::region::items_cell::ItemsCell;
use crate::region::mask::Mask;
use crate::region::notices::Notices;
use crate::region::text::Text;

/// Changes with the layout: a reloaded extension never reads an old one's segment.
const MAGIC: u64 = 0x7770_6464_6200_0009;
const SLOTS: usize = 8;

/// The mapped memory.
#[repr(C)]
struct Segment {
    magic: AtomicU64,
    slots: [Slot; SLOTS],
}

/// What a Region's SSM said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ParameterState {
    /// Never asked.
    Unknown = 0,
    /// A good value.
    Ok = 1,
    /// No such parameter.
    Missing = 2,
    /// A value that was ignored.
    Bad = 3,
    /// No answer.
    Error = 4,
}

impl ParameterState {
    /// The name used in status.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ParameterState::Unknown => "unknown",
            ParameterState::Ok => "ok",
            ParameterState::Missing => "missing",
            ParameterState::Bad => "bad",
            ParameterState::Error => "error",
        }
    }
}

/// One Region in a slot.
#[repr(C)]
pub struct RegionCell {
    state: AtomicU32,
    value: Text<34>,
    detail: Text<40>,
    /// Whether the Region counts as lost.
    pub breaker: BreakerCell,
    /// What its calls met last.
    pub failure: FailureCell,
    /// Calls, errors, latency.
    pub metrics: RegionMetrics,
    /// The same, minute by minute.
    pub history: History,
}

impl RegionCell {
    /// Notes what SSM said; true when it differs from what it said before.
    pub fn note(&self, state: ParameterState, value: &str, detail: &str) -> bool {
        let changed = self.read() != (state, value.to_owned(), detail.to_owned());
        if changed {
            self.value.write(value);
            self.detail.write(detail);
        }
        self.state.store(state as u32, Release);
        changed
    }

    /// State, value and what is wrong with it.
    #[must_use]
    pub fn read(&self) -> (ParameterState, String, String) {
        let state = match self.state.load(Acquire) {
            1 => ParameterState::Ok,
            2 => ParameterState::Missing,
            3 => ParameterState::Bad,
            4 => ParameterState::Error,
            _ => ParameterState::Unknown,
        };
        (state, self.value.read().unwrap_or_default(), self.detail.read().unwrap_or_default())
    }
}

/// What the workers with the same Regions and parameter share.
#[repr(C)]
pub struct Slot {
    key: AtomicU64,
    lease: AtomicU64,
    adopted: AtomicU64,
    attempted_ms: AtomicU64,
    checked_ms: AtomicU64,
    /// Index + 1 of the Region that the metadata named; `LOCATED_NOWHERE`: asked in vain.
    located: AtomicU64,
    window: AtomicU64,
    /// Since when the next look at the Regions that are not used is waited for << 1 | there has been one; 0: nobody waits yet.
    looked: AtomicU64,
    /// How many reads may be hedged.
    pub hedges: Hedges,
    /// Who on this host has which session's lock.
    pub host_locks: HostLocks,
    /// Writes that no page waits for.
    pub in_flight: InFlight,
    /// What calls for items of other tables than the sessions' met.
    pub items: ItemsCell,
    /// The last answers of health checks: reading, and reading and writing.
    pub health: [HealthCell; 2],
    /// What bridging did.
    pub routing: RoutingMetrics,
    /// One cell for each of `regions`.
    regions: [RegionCell; MAX_REGIONS],
    /// What became of sessions.
    pub sessions: SessionMetrics,
    /// Messages that one worker of the host shall log.
    pub notices: Notices,
}

const LOCATED_NOWHERE: u64 = u64::MAX;
const PRESENT: u64 = 1;
const CONFIRMED: u64 = 2;
const PID_BITS: u32 = 24;

static SEGMENT: AtomicPtr<Segment> = AtomicPtr::new(std::ptr::null_mut());

/// Maps the segment, once in a process and before it forks (MINIT). Again: nothing happens.
///
/// # Errors
/// When the system has no memory to map; workers then know only for themselves.
pub fn map() -> std::io::Result<()> {
    if !SEGMENT.load(Acquire).is_null() {
        return Ok(());
    }
    // SAFETY: an anonymous mapping of a size we choose; no address is asked for, no file is involved.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size_of::<Segment>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error());
    }
    let segment = memory.cast::<Segment>();
    // SAFETY: the mapping is fresh, page aligned, as large as a Segment and all zero, which is a valid Segment (integers only).
    unsafe { &*segment }.magic.store(MAGIC, Release);
    SEGMENT.store(segment, Release);
    Ok(())
}

/// The slot for these settings: shared when the segment is mapped and has room, else this process's own.
#[must_use]
pub fn slot(settings: &Settings) -> &'static Slot {
    let key = key_of(settings);
    let segment = SEGMENT.load(Acquire);
    if !segment.is_null() {
        // SAFETY: set only by `map` to a live Segment, which is never unmapped; all access is through atomics.
        let segment = unsafe { &*segment };
        if segment.magic.load(Acquire) == MAGIC
            && let Some(slot) = segment.slots.iter().find(|s| match s.key.compare_exchange(0, key, AcqRel, Acquire) {
                Ok(_) => true,
                Err(held) => held == key,
            })
        {
            return slot;
        }
    }
    // Remembered: a worker that goes back and forth between settings must not take new memory each time.
    PRIVATE.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(private)
}

/// The slots of this process's own, by key.
static PRIVATE: LazyLock<Mutex<HashMap<u64, &'static Slot>>> = LazyLock::new(Mutex::default);

/// An empty slot of this process's own.
#[must_use]
pub fn private() -> &'static Slot {
    let slot = Box::<Slot>::new_zeroed();
    // SAFETY: all zero is a valid Slot (integers only). It lives as long as the process: clients hold it for ever.
    Box::leak(unsafe { slot.assume_init() })
}

fn key_of(s: &Settings) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&s.regions, &s.parameter, s.poll_interval, &s.endpoints, &s.ssm_endpoints, &s.table, &s.state_file).hash(&mut hasher);
    // Whose hosts are elsewhere, or may do less, has windows and breakers of its own.
    (&s.pin, s.failover, s.routing, s.switch_window, &s.profile).hash(&mut hasher);
    hasher.finish().max(1)
}

/// Milliseconds of a clock that all processes of the host share and nobody can set; never 0.
#[must_use]
pub fn monotonic_ms() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes into a timespec of ours; CLOCK_BOOTTIME exists on every Linux since 2.6.39.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut now) };
    (now.tv_sec.unsigned_abs() * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000).max(1)
}

/// Whether a process of this number exists.
pub(super) fn alive(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 only asks.
    let answer = unsafe { libc::kill(pid, 0) };
    answer == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

impl Slot {
    /// The cell of the Region with this index.
    #[must_use]
    pub fn region(&self, index: usize) -> &RegionCell {
        &self.regions[index.min(MAX_REGIONS - 1)]
    }

    /// Takes or renews the lease for `ttl_ms`: true when `pid` may poll.
    ///
    /// Free are a lease that has run out and one whose holder is dead.
    pub fn lease(&self, pid: u32, now_ms: u64, ttl_ms: u64) -> bool {
        let held = self.lease.load(Acquire);
        let (holder, until) = (u32::try_from(held & ((1 << PID_BITS) - 1)).unwrap_or_default(), held >> PID_BITS);
        let free = held == 0 || holder == pid || now_ms >= until || !alive(holder);
        let wanted = (now_ms + ttl_ms) << PID_BITS | u64::from(pid) & ((1 << PID_BITS) - 1);
        free && self.lease.compare_exchange(held, wanted, AcqRel, Acquire).is_ok()
    }

    /// Gives the lease back (a worker that ends in good order).
    pub fn release(&self, pid: u32) {
        let held = self.lease.load(Acquire);
        if held & ((1 << PID_BITS) - 1) == u64::from(pid) {
            let _ = self.lease.compare_exchange(held, 0, AcqRel, Acquire);
        }
    }

    /// The process that polls; `None`: nobody.
    #[must_use]
    pub fn poller(&self, now_ms: u64) -> Option<u32> {
        let held = self.lease.load(Acquire);
        let holder = u32::try_from(held & ((1 << PID_BITS) - 1)).ok().filter(|pid| *pid != 0)?;
        (held >> PID_BITS > now_ms && alive(holder)).then_some(holder)
    }

    /// What the host knows about the parameter.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            adopted: unpack(self.adopted.load(Acquire)),
            attempted_ms: self.attempted_ms.load(Acquire),
            checked_ms: self.checked_ms.load(Acquire),
        }
    }

    /// Makes `state` known; an older value never replaces a newer one, whoever is late. The value that was replaced, when it named others: there was none before).
    pub fn publish(&self, state: &State) -> Option<Option<Adopted>> {
        let replaced = state.adopted.and_then(|adopted| self.adopt(adopted));
        self.checked_ms.fetch_max(state.checked_ms, AcqRel);
        self.attempted_ms.fetch_max(state.attempted_ms, AcqRel);
        replaced
    }

    /// Takes a value when it is newer than the one held. What it replaced, when that named other Regions.
    pub fn adopt(&self, adopted: Adopted) -> Option<Option<Adopted>> {
        let packed = pack(adopted);
        let replaced = self.adopted.fetch_update(AcqRel, Acquire, |held| {
            unpack(held).is_none_or(|held| crate::region::decide::newer(&adopted, &held)).then_some(packed)
        });
        let before = unpack(replaced.ok()?);
        (before.map(|b| (b.region, b.drained)) != Some((adopted.region, adopted.drained))).then_some(before)
    }

    /// The Regions whose breaker is open, of the first `count`.
    #[must_use]
    pub fn open(&self, count: usize) -> Mask {
        (0..count).filter(|region| self.region(*region).breaker.is_open()).fold(Mask::default(), Mask::with)
    }

    /// Which Regions may know more than the route.
    #[must_use]
    pub fn window(&self) -> Window {
        let packed = self.window.load(Acquire);
        Window { until_ms: packed >> 8, regions: Mask::from_bits(packed.to_le_bytes()[0]) }
    }

    /// From now on `regions` may know more than the route, for `length_ms`.
    pub fn widen(&self, regions: Mask, now_ms: u64, length_ms: u64) {
        let _ = self.window.fetch_update(AcqRel, Acquire, |packed| {
            let held = Window { until_ms: packed >> 8, regions: Mask::from_bits(packed.to_le_bytes()[0]) };
            let next = held.widened(regions, now_ms, length_ms);
            (next != held).then(|| next.until_ms << 8 | u64::from(next.regions.bits()))
        });
    }

    /// Whether it is time to look at the Regions that are not used: for one worker, once in each `wait` (of the first look, of later ones).
    pub fn is_time_to_look(&self, now_ms: u64, wait: impl Fn(bool) -> u64) -> bool {
        let held = self.looked.load(Acquire);
        if held == 0 {
            let _ = self.looked.compare_exchange(0, now_ms << 1, AcqRel, Acquire);
            return false;
        }
        let due = now_ms >= (held >> 1) + wait(held & 1 == 0);
        due && self.looked.compare_exchange(held, now_ms << 1 | 1, AcqRel, Acquire).is_ok()
    }

    /// The Region the metadata named: `None` not asked yet, `Some(None)` asked in vain.
    #[must_use]
    pub fn located(&self) -> Option<Option<usize>> {
        match self.located.load(Acquire) {
            0 => None,
            LOCATED_NOWHERE => Some(None),
            n => Some(usize::try_from(n - 1).ok()),
        }
    }

    /// Notes what the metadata said.
    pub fn locate(&self, region: Option<usize>) {
        self.located.store(region.map_or(LOCATED_NOWHERE, |index| index as u64 + 1), Release);
    }
}

fn pack(adopted: Adopted) -> u64 {
    let flags = PRESENT | if adopted.confirmed { CONFIRMED } else { 0 };
    adopted.modified_ms.min((1 << 48) - 1) << 16 | u64::from(adopted.drained.bits()) << 8 | (adopted.region as u64 & 0xf) << 4 | flags
}

fn unpack(packed: u64) -> Option<Adopted> {
    (packed & PRESENT != 0).then(|| Adopted {
        region: usize::try_from(packed >> 4 & 0xf).unwrap_or_default(),
        drained: Mask::from_bits(packed.to_le_bytes()[1]),
        modified_ms: packed >> 16,
        confirmed: packed & CONFIRMED != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn adopted(region: usize, modified_ms: u64) -> Adopted {
        Adopted { region, drained: Mask::default(), modified_ms, confirmed: true }
    }

    #[test]
    fn one_holds_the_lease_until_it_runs_out_or_dies() {
        let slot = private();
        let me = std::process::id();
        assert!(slot.lease(me, 1000, 100));
        assert!(!slot.lease(me + 1, 1050, 100), "held by a live process");
        assert!(slot.lease(me, 1050, 100), "its holder renews it");
        assert_eq!(slot.poller(1060), Some(me));
        assert!(slot.lease(me + 1, 1150, 100), "it has run out");
        // A process that has certainly ended: a child we have waited for.
        let mut child = std::process::Command::new("true").spawn().expect("a child");
        let dead = child.id();
        child.wait().expect("it ends");
        let slot = private();
        assert!(slot.lease(dead, 1000, 60_000));
        assert!(slot.lease(me, 1001, 100), "its holder is dead");
        slot.release(me);
        assert_eq!(slot.poller(1002), None);
    }

    #[test]
    fn a_late_writer_does_not_bring_back_an_old_value() {
        let slot = private();
        assert_eq!(slot.adopt(adopted(1, 20)), Some(None));
        assert_eq!(slot.adopt(adopted(0, 10)), None);
        assert_eq!(slot.state().adopted, Some(adopted(1, 20)));
        assert_eq!(slot.adopt(adopted(1, 30)), None, "newer, but the same Region");
        assert_eq!(slot.state().adopted, Some(adopted(1, 30)));
    }

    #[test]
    fn workers_after_a_fork_share_what_is_mapped() {
        map().expect("mapped");
        let settings = Settings { table: "shared_test".into(), ..Settings::default() };
        let slot = slot(&settings);
        assert!(std::ptr::eq(slot, super::slot(&settings)));
        let other = Settings { table: "other_test".into(), ..Settings::default() };
        assert!(!std::ptr::eq(slot, super::slot(&other)));
        // SAFETY: the child only touches an atomic and leaves by _exit.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            slot.adopt(adopted(1, 99));
            // SAFETY: ends the child at once, without running the test harness's exit handlers.
            unsafe { libc::_exit(0) };
        }
        let mut status = 0;
        // SAFETY: waits for our own child.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert_eq!(slot.state().adopted, Some(adopted(1, 99)));
    }

    proptest! {
        #[test]
        fn packing_keeps_everything(region in 0usize..8, drained: u8, modified_ms in 0u64..1 << 48, confirmed: bool) {
            let value = Adopted { region, drained: Mask::from_bits(drained), modified_ms, confirmed };
            prop_assert_eq!(unpack(pack(value)), Some(value));
        }
    }
}
