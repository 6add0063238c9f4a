//! A fork finds the network thread standing still.
//!
//! A child gets every lock as it is at that moment, without the thread that would give it back. None of ours is ever held then; but the
//! libraries the thread is in have locks of their own for the whole process. A child that is forked while the thread makes a random number
//! does its work, and then waits for ever at its end, where aws-lc takes every thread's lock to wipe its memory; one forked while the
//! generator is seeded waits with its first random number. No deadline of ours is in there. So whoever forks asks the thread first to stand
//! still between two tasks, outside of all libraries, and lets it go on afterwards (`pthread_atfork(3)`).
//!
//! Nothing is asked of a process that has no runtime (php-fpm's master), nor by `posix_spawn`, which copies no memory.

use std::cell::RefCell;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{MutexGuard, Once};
use std::time::Duration;

use tokio::runtime::Handle;

use super::{Held, current};

/// So long a fork waits for the thread, far beyond the longest step it takes; then it forks all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// The thread, standing still until this is dropped.
struct Standing(#[expect(dead_code, reason = "its end is what is waited for")] mpsc::Sender<()>);

impl Standing {
    /// `None`: it did not come to it in time.
    fn ask(thread: &Handle) -> Option<Self> {
        let (stands, standing) = mpsc::sync_channel(1);
        let (goes_on, end) = mpsc::channel::<()>();
        thread.spawn(async move {
            // Nobody waits any more where that fails, and then `goes_on` is gone, too.
            let _ = stands.send(());
            while end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {}
        });
        standing.recv_timeout(PATIENCE).ok()?;
        Some(Standing(goes_on))
    }
}

/// A fork that is under way.
struct Fork {
    /// The child must not get it locked by a thread it does not have.
    current: MutexGuard<'static, Option<Held>>,
    standing: Option<Standing>,
}

thread_local! {
    static UNDER_WAY: RefCell<Option<Fork>> = const { RefCell::new(None) };
}

extern "C" fn prepare() {
    let current = current();
    // A task that forks cannot wait for its own thread.
    let asks = Handle::try_current().is_err();
    let process = current.as_ref().map(|held| held.process).filter(|process| asks && process.pid == std::process::id());
    let standing = process.and_then(|process| Standing::ask(&process.handle));
    let _ = UNDER_WAY.try_with(|under_way| under_way.replace(Some(Fork { current, standing })));
}

extern "C" fn in_parent() {
    drop(UNDER_WAY.try_with(RefCell::take));
}

extern "C" fn in_child() {
    if let Ok(Some(Fork { current, standing })) = UNDER_WAY.try_with(RefCell::take) {
        // It would wake a thread that is not there, by a lock which that one may hold.
        std::mem::forget(standing);
        drop(current);
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
