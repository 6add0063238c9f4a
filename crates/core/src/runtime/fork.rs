//! Who forks, or ends the process, finds the network thread standing still.
//!
//! A child gets every lock as it is at that moment, without the thread that would give it back. The libraries the thread is in have locks
//! for the whole process. A child that is forked while the thread makes a random number does its work, and then waits for ever at its end,
//! where aws-lc takes every thread's lock to wipe its memory; one forked while the generator is seeded waits with its first random number;
//! and one forked while a name is looked up waits with its own first look-up, since the C library does not reset that lock. No deadline of
//! ours is in there. So whoever forks (`pthread_atfork(3)`) asks the thread to stand still between two tasks, outside of all libraries, and
//! holds back look-ups; afterwards they go on. At the end of a process the thread stands still for good: aws-lc aborts one whose thread
//! makes its first random number while the generator is taken away.
//!
//! Nothing is asked of a process that has no runtime (php-fpm's master), nor by `posix_spawn`, which copies no memory.

use std::cell::RefCell;
use std::mem::forget;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::time::Duration;

use tokio::runtime::Handle;

use super::{CURRENT, Process};

/// So long a fork waits for the thread, and an end; then they go on all the same. The longest step it takes is the seeding of the random
/// number generator: some 20 ms of CPU.
const PATIENCE: Duration = Duration::from_secs(1);
/// So long a fork waits for look-ups of names. One that waits for the network takes longer, but holds the lock for a fraction of that.
const LOOK_UP: Duration = Duration::from_millis(50);

/// The thread, standing still until this is dropped.
struct Standing(#[expect(dead_code, reason = "its end is what is waited for")] mpsc::Sender<()>);

impl Standing {
    /// `None`: it did not come to it in time.
    fn ask(process: &Process) -> Option<Self> {
        let (stands, standing) = mpsc::sync_channel(1);
        let (goes_on, end) = mpsc::channel::<()>();
        process.spawn(async move {
            // Nobody waits any more where that fails, and then `goes_on` is gone, too.
            let _ = stands.send(());
            while end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {}
        });
        standing.recv_timeout(PATIENCE).ok()?;
        Some(Standing(goes_on))
    }
}

/// The look-ups of names of this process.
struct LookUps {
    under_way: usize,
    /// A fork waits for them, and new ones wait for the fork.
    fork: bool,
}

static LOOK_UPS: Mutex<LookUps> = Mutex::new(LookUps { under_way: 0, fork: false });
static CHANGED: Condvar = Condvar::new();

/// The look-ups, when nothing waits for `hinders` any more; after `limit` all the same.
fn look_ups(limit: Duration, hinders: impl Fn(&LookUps) -> bool) -> MutexGuard<'static, LookUps> {
    let held = LOOK_UPS.lock().unwrap_or_else(PoisonError::into_inner);
    CHANGED.wait_timeout_while(held, limit, |held| hinders(held)).unwrap_or_else(PoisonError::into_inner).0
}

/// Looks a name up, which waits while the process forks.
pub fn look_up<T>(ask: impl FnOnce() -> T) -> T {
    struct UnderWay;
    impl Drop for UnderWay {
        fn drop(&mut self) {
            let mut held = look_ups(Duration::ZERO, |_| false);
            held.under_way = held.under_way.saturating_sub(1);
            CHANGED.notify_all();
        }
    }
    look_ups(PATIENCE, |held| held.fork).under_way += 1;
    let _under_way = UnderWay;
    ask()
}

/// A fork that is under way: the child must not get these locked by a thread that it does not have.
struct Fork {
    _current: MutexGuard<'static, Option<&'static Process>>,
    look_ups: MutexGuard<'static, LookUps>,
    standing: Option<Standing>,
}

impl Drop for Fork {
    fn drop(&mut self) {
        self.look_ups.fork = false;
        CHANGED.notify_all();
    }
}

thread_local! {
    static FORK: RefCell<Option<Fork>> = const { RefCell::new(None) };
}

extern "C" fn prepare() {
    let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    // A task that forks cannot wait for its own thread.
    let asks = Handle::try_current().is_err();
    let process = current.filter(|process| asks && process.is_at_work());
    let standing = process.and_then(Standing::ask);
    look_ups(Duration::ZERO, |_| false).fork = true;
    let look_ups = look_ups(LOOK_UP, |held| held.under_way > 0);
    let _ = FORK.try_with(|fork| fork.replace(Some(Fork { _current: current, look_ups, standing })));
}

extern "C" fn in_parent() {
    drop(FORK.try_with(RefCell::take));
}

extern "C" fn in_child() {
    if let Ok(Some(mut fork)) = FORK.try_with(RefCell::take) {
        // It would wake a thread that is not there, by a lock which that one may hold.
        forget(fork.standing.take());
        fork.look_ups.under_way = 0;
    }
}

/// From now on forks of this process, and of its children, are prepared for.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: three functions that live as long as this library, which takes them back when it is unloaded; none of them unwinds. Should
        // the system have no memory for them (its answer), forks are as they were.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    });
}

/// The process ends: its thread does no more. What is under way stays as it is, as if the process had been killed. Should the process go on
/// after all (Apache's reload), it makes another runtime when it needs one.
///
/// Apache calls this from a signal handler, in the middle of anything: its own thread may be the one that holds the lock. (Those of the
/// allocator and of the runtime's queue it may hold as well: then Apache ends it.)
pub fn stop() {
    let ends = match CURRENT.try_lock() {
        Ok(current) => *current,
        Err(TryLockError::Poisoned(current)) => *current.into_inner(),
        Err(TryLockError::WouldBlock) => None,
    };
    if let Some(process) = ends.filter(|process| process.is_at_work()) {
        forget(Standing::ask(process));
        process.stopped.store(true, Ordering::Relaxed);
    }
}
