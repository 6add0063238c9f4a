//! One tokio runtime per process, safe across fork.
//!
//! php-fpm forks its workers after the extension has started, and `pcntl_fork` forks whenever it likes. Threads do not survive a fork,
//! so a runtime made before one hangs in the child. Therefore: made when first needed, remembered with the process id; a child that finds
//! its parent's leaves it alone (dropping it would wait for threads that are not there) and makes its own. While a process forks, and while
//! it ends, its thread stands still (`fork`).

mod fork;

use std::future::Future;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow};
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::error::{Error, Kind};

pub use fork::{look_up, stop};

/// The runtime of one process.
pub struct Process {
    pid: u32,
    runtime: Runtime,
    /// Its thread does no more.
    stopped: AtomicBool,
}

/// The newest one; in a child that has made none yet, its parent's. Whoever forks holds it meanwhile.
static CURRENT: Mutex<Option<&'static Process>> = Mutex::new(None);

impl Process {
    /// This process's runtime.
    ///
    /// # Errors
    /// When the system gives no thread or file descriptor for it.
    pub fn current() -> Result<&'static Process, Error> {
        let pid = std::process::id();
        let mut held = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = held.filter(|process| process.is_at_work()) {
            return Ok(process);
        }
        let build = || {
            Builder::new_multi_thread()
                .worker_threads(1)
                // Name look-ups cannot be cancelled: those of a Region whose names hang must not hold up the others'.
                .max_blocking_threads(64)
                .thread_name("wp_dynamodb")
                .thread_keep_alive(Duration::from_secs(2))
                .enable_all()
                .build()
        };
        // tokio panics when the system has no thread to give.
        let runtime = with_signals_blocked(|| catch_unwind(build))
            .unwrap_or_else(|_| Err(std::io::Error::other("out of processes or threads")))
            .map_err(|e| Error::new(Kind::Internal, format!("the system gives no thread for network calls: {e}")))?;
        fork::watch();
        let process: &'static Process = Box::leak(Box::new(Process { pid, runtime, stopped: AtomicBool::new(false) }));
        *held = Some(process);
        Ok(process)
    }

    /// Neither a parent's nor stopped.
    fn is_at_work(&self) -> bool {
        self.pid == std::process::id() && !self.stopped.load(Ordering::Relaxed)
    }

    /// The process this runtime belongs to.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Starts something that runs beside the requests.
    pub fn spawn<F>(&self, future: F) -> tokio::task::AbortHandle
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.runtime.spawn(future).abort_handle()
    }

    /// Starts `future` on the runtime's thread.
    pub fn start<T, F>(&self, future: F) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        let task = self.runtime.spawn(async move {
            let _ = answer.send(future.await);
        });
        Answer { answered, task: task.abort_handle() }
    }

    /// Runs `future` on the runtime's thread and waits for it, at most for `deadline`; then it is given up.
    ///
    /// # Errors
    /// [`Kind::Timeout`] when the deadline has passed, [`Kind::Internal`] when the future panicked.
    pub fn wait<T, F>(&self, deadline: Duration, future: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.start(future).wait(deadline)
    }
}

/// The answer of something that was started. Dropped unread, what was started goes on to its own end.
pub struct Answer<T> {
    answered: mpsc::Receiver<T>,
    task: AbortHandle,
}

impl<T> Answer<T> {
    /// Waits for it, at most for `deadline`; then it is given up.
    ///
    /// The wait itself needs nothing of the runtime: whatever happens in there, the caller goes on.
    ///
    /// # Errors
    /// As [`Process::wait`].
    pub fn wait(self, deadline: Duration) -> Result<T, Error> {
        self.answered.recv_timeout(deadline).map_err(|why| {
            self.task.abort();
            match why {
                RecvTimeoutError::Timeout => Error::new(Kind::Timeout, "no answer in time"),
                RecvTimeoutError::Disconnected => broke_off(),
            }
        })
    }

    /// The answer, if it is there. Asked again after that, it says that the call broke off.
    #[must_use]
    pub fn poll(&self) -> Option<Result<T, Error>> {
        match self.answered.try_recv() {
            Ok(answer) => Some(Ok(answer)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(broke_off())),
        }
    }
}

fn broke_off() -> Error {
    Error::new(Kind::Internal, "the call broke off: please report it with what stands in the error log")
}

/// Threads inherit the mask: PHP's timers and shutdown signals must reach PHP's own thread, never one of ours.
fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK);
    // `start` catches its panics: the mask is always put back.
    let result = start();
    if let Ok(before) = before {
        // Can only fail for a wrong `how`.
        let _ = before.thread_set_mask();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_start_gives_the_signals_back() {
        let before = SigSet::thread_get_mask().expect("a mask");
        let failed = with_signals_blocked(|| catch_unwind(|| panic!("no thread to give")));
        assert!(failed.is_err());
        assert!(SigSet::thread_get_mask().expect("a mask") == before);
    }

    #[test]
    fn waits_no_longer_than_the_deadline() {
        let process = Process::current().expect("a runtime");
        assert_eq!(process.wait(Duration::from_secs(5), async { 42 }).ok(), Some(42));
        let never = process.wait(Duration::from_millis(20), std::future::pending::<()>());
        assert_eq!(never.unwrap_err().kind, Kind::Timeout);
        let broken = process.wait(Duration::from_secs(5), async { panic!("told to") });
        assert_eq!(broken.map(|()| 0).unwrap_err().kind, Kind::Internal);
        assert_eq!(process.pid(), std::process::id());
    }
}
