//! One call of a request, over as many Regions as it takes, within one deadline.
//!
//! ```text
//! attempt   one Region: throttling is waited out, a quick failure gets a second try
//! read      the route; when it is late a second Region beside it; when it fails the next; in the switch window all that may know more
//! items     items of other tables: the route; when it fails the next; in the switch window all that may know more
//! lock      takes an item's lock, which reads it
//! parts     items that another one points to: written before it, read after it
//! write     the route; when it fails the next; in the switch window both
//! ```
//!
//! What must hold:
//!
//! - Of a Region that was asked in advance the answer counts only when the first one has failed: a copy may be old.
//! - Throttling and configuration errors never move a call to another Region.
//! - Nobody waits for a Region after its breaker has opened.

mod attempt;
pub mod items;
pub mod lock;
mod parts;
mod read;
mod write;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::error::{Error, Kind};
use crate::region::breakers::{Breakers, is_misconfigured};
use crate::region::host::Host;
use crate::region::mask::Mask;
use crate::store::Store;

/// A read asks a second Region when the first has not answered by then; a Region that is so late is suspected.
const LATE: Duration = Duration::from_millis(200);
/// How often a late call looks whether its Region's breaker has opened meanwhile.
const LOOK: Duration = Duration::from_millis(25);

/// Makes calls for the requests of a process.
#[derive(Clone)]
pub struct Caller {
    host: Host,
    store: Arc<dyn Store>,
    breakers: Breakers,
}

impl Caller {
    /// For this host.
    #[must_use]
    pub fn new(host: Host, store: Arc<dyn Store>, breakers: Breakers) -> Self {
        Caller { host, store, breakers }
    }

    /// When a call counts as late.
    fn late(&self) -> Duration {
        LATE.min(self.host.settings.attempt_timeout / 2)
    }

    /// A Region that is only asked beside another one cannot be used: people should hear of it before they need it.
    fn say_useless(&self, region: usize, error: &Error) {
        self.breakers.say_useless(region, error);
    }

    /// A Region in use answers, and refuses: nothing moves for that, so somebody has to hear of it.
    fn say_refused(&self, region: usize, error: &Error) {
        if is_misconfigured(error.kind) {
            let name = self.host.name(region);
            self.host.slot.notices.say_once(&format!("warning: {name} refuses calls: {error}; no other Region is used for that"));
        }
    }
}

/// Milliseconds since 1970 by this host's clock.
#[must_use]
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or_default()
}

/// The failures of a call's Regions, in the order in which they came.
#[derive(Default)]
struct Failures {
    regions: Mask,
    errors: Vec<Error>,
}

impl Failures {
    fn add(&mut self, region: usize, error: Error) {
        self.regions = self.regions.with(region);
        self.errors.push(error);
    }

    /// One error of all: the last one, and what came before it.
    fn into_error(mut self, began: Instant) -> Error {
        let uncertain = self.errors.iter().any(Error::may_be_done);
        let Some(mut last) = self.errors.pop() else { return Error::new(Kind::Timeout, "no answer in time") };
        let before = self.errors.iter().filter_map(|e| e.region.as_ref().map(|region| format!("{region}: {}", e.cause)));
        let before: Vec<String> = before.collect();
        if !before.is_empty() {
            last.cause = format!("{}; before that, {}", last.cause, before.join("; "));
        }
        Error { uncertain, ..last.after(began.elapsed()) }
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
