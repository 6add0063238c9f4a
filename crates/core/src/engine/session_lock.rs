//! The lock of the session that this process has open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::call::Caller;
use crate::call::lock::Held;
use crate::error::Kind;
use crate::region::host_locks::Turn;
use crate::runtime::Process;
use crate::store::Key;

/// A lock that is held, and renewed for as long.
pub struct SessionLock {
    /// The item that is locked.
    pub key: Key,
    /// Where, and with which token.
    pub held: Held,
    /// The turn on this host; the next one's when dropped.
    pub turn: Turn,
    renewal: AbortHandle,
    lost: Arc<AtomicBool>,
}

impl SessionLock {
    /// Renews the lock from now on, three times in each `ttl`.
    #[must_use]
    pub fn keep(process: &Process, caller: Caller, key: Key, held: Held, turn: Turn, ttl: Duration) -> Self {
        let lost = Arc::new(AtomicBool::new(false));
        let (flag, item, lock) = (Arc::clone(&lost), key.clone(), held.clone());
        let renewal = process.spawn(async move {
            loop {
                tokio::time::sleep(ttl / 3).await;
                // What cannot be renewed now is tried again; what is another one's is not ours any more.
                if caller.renew(&item, &lock).await.is_err_and(|error| error.kind == Kind::Condition) {
                    flag.store(true, Ordering::Release);
                    return;
                }
            }
        });
        SessionLock { key, held, turn, renewal, lost }
    }

    /// Whether it is another one's by now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Renews it no more.
    #[must_use]
    pub fn let_go(self) -> (Held, Turn) {
        self.renewal.abort();
        (self.held, self.turn)
    }
}
