//! The lock of the session that this process has open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::call::Caller;
use crate::call::lock::Held;
use crate::error::Kind;
use crate::region::host_locks::Turn;
use crate::region::shared::monotonic_ms;
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
        let (flag, item, lock, lease) = (Arc::clone(&lost), key.clone(), held.clone(), turn.lease());
        let ends = move || monotonic_ms() + u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX / 2);
        lease.extend(ends());
        let renewal = process.spawn(async move {
            loop {
                tokio::time::sleep(ttl / 3).await;
                // What cannot be renewed now is tried again; what is another one's is not ours any more.
                match caller.renew(&item, &lock).await {
                    Ok(()) => lease.extend(ends()),
                    Err(error) if error.kind == Kind::Condition => {
                        flag.store(true, Ordering::Release);
                        return;
                    }
                    Err(_) => {}
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
