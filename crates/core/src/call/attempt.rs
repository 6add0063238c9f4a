//! One Region's answer, with the tries that make sense in it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::SetOnce;
use tokio::time::{Instant, sleep_until, timeout_at};

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
    /// There is no other Region to go to.
    pub alone: bool,
    /// It is asked beside the Region that counts: a blip is forgiven, no more.
    pub beside: bool,
    /// The call that it is a part of.
    pub course: &'a Course,
}

/// When a call began and has to end, and what its attempts let it know while they go on.
#[derive(Debug)]
pub struct Course {
    /// When it began.
    pub began: Instant,
    /// When it ends, whatever has come.
    pub deadline: Instant,
    /// The Region asks for fewer calls: it is there, however late it is.
    pub throttled: AtomicBool,
    /// An attempt had not ended when the call became late.
    pub late: SetOnce<()>,
    /// The table, when it is not that of the sessions.
    pub table: Option<String>,
}

impl Course {
    /// Of a call that begins now.
    pub fn until(deadline: Instant) -> Self {
        Course { began: Instant::now(), deadline, throttled: AtomicBool::new(false), late: SetOnce::new(), table: None }
    }

    /// Of a call on another table than that of the sessions.
    pub fn on(table: &str, deadline: Instant) -> Self {
        Course { table: Some(table.to_owned()), ..Course::until(deadline) }
    }
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
            // Credentials are this host's own trouble: the Region is not asked before there are some, and its attempt begins then.
            let ready = timeout_at(patience.course.deadline, self.store.ready()).await;
            let ready = ready.unwrap_or_else(|_| Err(Error::new(Kind::Config, "no AWS credentials in time")));
            let began = Instant::now();
            let result = match ready {
                Ok(()) => self.within(patience, began, call()).await,
                Err(error) => Err(error),
            };
            let took = began.elapsed();
            let place = || format!("table {}", patience.course.table.as_ref().unwrap_or(&self.host.settings.table));
            let result = result.map_err(|error| error.at(operation.name(), self.host.name(region), place()));
            self.breakers.record(operation, region, took, result.as_ref().err());
            let error = match result {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
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
                    patience.course.throttled.store(true, Relaxed);
                    pauses.next()
                }
                Kind::Unavailable | Kind::Timeout if patience.alone && !patience.beside && tried < TRIES => pauses.next(),
                _ => None,
            };
            let left = patience.course.deadline.saturating_duration_since(Instant::now()).saturating_sub(LAST);
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

    /// One timer for both that an attempt is late and that it has failed: on an ordinary day neither happens, and each timer is a system
    /// call.
    async fn within<T>(&self, patience: Patience<'_>, began: Instant, mut reply: Reply<'_, T>) -> Result<T, Error> {
        let end = patience.course.deadline.min(began + self.host.settings.attempt_timeout);
        let mut timer = pin!(sleep_until((patience.course.began + self.late()).min(end)));
        loop {
            tokio::select! {
                biased;
                answer = &mut reply => return answer,
                () = &mut timer => {}
            }
            if timer.deadline() >= end {
                return Err(Error::new(Kind::Timeout, "no answer in time"));
            }
            // Another attempt of the call may have said so before.
            let _ = patience.course.late.set(());
            timer.as_mut().reset(end);
        }
    }
}
