//! One Region's answer, with the tries that make sense in it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::Instant;

use super::Caller;
use crate::error::{Error, Kind};
use crate::metrics::Operation;
use crate::store::Reply;

/// Tries of a call that has no other Region to go to.
const TRIES: usize = 3;
/// The first pause between tries; doubles, with jitter.
const PAUSE: Duration = Duration::from_millis(40);
/// The longest pause, before its jitter.
const LONGEST_PAUSE: Duration = Duration::from_millis(160);
/// A last try begins so long before the deadline.
const LAST: Duration = Duration::from_millis(50);

/// How much one Region is worth waiting for.
#[derive(Debug, Clone, Copy)]
pub struct Patience<'a> {
    /// The end of the whole call.
    pub deadline: Instant,
    /// There is no other Region to go to.
    pub alone: bool,
    /// It is asked beside the Region that counts: a blip is forgiven, no more.
    pub beside: bool,
    /// Set when the Region asks for fewer calls: it is there, however late it is.
    pub throttled: &'a AtomicBool,
}

impl Caller {
    /// Calls until there is an answer, another try makes no sense, or the deadline is near. Notes each try.
    pub(super) async fn attempt<'a, T>(
        &'a self,
        operation: Operation,
        region: usize,
        patience: Patience<'a>,
        call: impl Fn() -> Reply<'a, T>,
    ) -> Result<T, Error> {
        let mut pauses = None;
        let mut uncertain = false;
        for tried in 1.. {
            let began = Instant::now();
            let result = self.within(patience.deadline, call()).await;
            let took = began.elapsed();
            self.breakers.record(operation, region, took, result.as_ref().err());
            let error = match result {
                Ok(answer) => return Ok(answer),
                Err(error) => error.at(operation.name(), self.host.name(region), format!("table {}", self.host.settings.table)),
            };
            uncertain |= error.may_be_done();
            let pauses = pauses.get_or_insert_with(|| {
                let backoff = ExponentialBuilder::default().with_min_delay(PAUSE).with_max_delay(LONGEST_PAUSE).with_jitter();
                backoff.without_max_times().build()
            });
            let again = match error.kind {
                // A kept connection that the other side had closed, a single 5xx: no reason to leave a Region.
                Kind::Unavailable if tried == 1 && took < self.late() => Some(Duration::ZERO),
                _ if patience.beside && tried > 1 => None,
                Kind::Throttled if patience.beside => pauses.next(),
                // The Region is there and says when it can: until the deadline.
                Kind::Throttled => {
                    patience.throttled.store(true, Relaxed);
                    pauses.next()
                }
                Kind::Unavailable | Kind::Timeout if patience.alone && !patience.beside && tried < TRIES => pauses.next(),
                _ => None,
            };
            let left = patience.deadline.saturating_duration_since(Instant::now()).saturating_sub(LAST);
            match again.filter(|_| !left.is_zero()) {
                Some(pause) if pause.is_zero() => {}
                Some(pause) => tokio::time::sleep(pause.min(left)).await,
                None => {
                    if !patience.beside {
                        self.say_refused(region, &error);
                    }
                    return Err(Error { uncertain, ..error.after(took) });
                }
            }
        }
        unreachable!("tries are not counted to an end")
    }

    /// The client gives up on an attempt by itself; near the end of the call it has to give up earlier.
    async fn within<T>(&self, deadline: Instant, reply: Reply<'_, T>) -> Result<T, Error> {
        if deadline.saturating_duration_since(Instant::now()) > self.host.settings.attempt_timeout {
            return reply.await;
        }
        tokio::time::timeout_at(deadline, reply).await.unwrap_or_else(|_| Err(Error::new(Kind::Timeout, "no answer in time")))
    }
}
