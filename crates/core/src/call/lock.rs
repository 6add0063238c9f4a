//! Taking an item's lock, which reads it.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::attempt::Course;
use super::{Caller, Failures, now_ms};
use crate::error::{Error, Kind};
use crate::metrics::Operation;
use crate::region::mask::Mask;
use crate::store::copies::Found;
use crate::store::{Change, Key, LOCK, LOCK_UNTIL, Lock, Update};

/// The first pause of one that waits for another host's lock; doubles, with jitter.
const PAUSE: Duration = Duration::from_millis(10);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// A lock that was got.
#[derive(Debug, Clone)]
pub struct Held {
    /// The Region whose item is locked.
    pub region: usize,
    /// With this token.
    pub token: String,
}

impl Held {
    /// What takes the lock off.
    #[must_use]
    pub fn release(&self) -> Update {
        let changes = [LOCK, LOCK_UNTIL].map(|name| (name.to_owned(), Change::Remove));
        Update { changes: changes.into(), holds: Some(self.token.clone()), ..Update::default() }
    }

    /// What lets it last until then.
    #[must_use]
    pub fn renewal(&self, until_ms: i64) -> Update {
        let changes = [(LOCK_UNTIL.to_owned(), Change::Set(crate::store::Attribute::N(until_ms)))];
        Update { changes: changes.into(), holds: Some(self.token.clone()), ..Update::default() }
    }
}

impl Caller {
    /// Takes the item's lock in the Region in use, or in the next one should that fail, and reads it. While another host has it, tries again
    /// until `deadline`. A lock is one Region's: hosts that use different ones do not see each other's.
    ///
    /// # Errors
    /// [`Kind::Locked`] when somebody else has it until then; as a read, else.
    pub async fn lock(&self, key: &Key, token: &str, dead: Option<String>, deadline: Instant) -> Result<(Held, Found), Error> {
        let (began, settings) = (Instant::now(), &self.host.settings);
        let backoff = ExponentialBuilder::default().with_min_delay(PAUSE).with_max_delay(LONGEST_PAUSE).with_jitter();
        let mut pauses = backoff.without_max_times().build();
        let mut failures = Failures::default();
        loop {
            let view = self.host.view();
            let region = if failures.regions.is_empty() { Some(view.route().region) } else { view.next(failures.regions) };
            let Some(region) = region else { return Err(failures.into_error(began)) };
            let course = Course::until(Instant::now() + settings.request_timeout);
            let patience = self.patience(&view, false, &course);
            let now = now_ms();
            let lock = Lock {
                token: token.to_owned(),
                now_ms: now,
                until_ms: now.saturating_add(millis(settings.lock_ttl)),
                dead: dead.clone(),
                expires: (settings.expires_attribute.clone(), now / 1000 + millis(settings.lock_ttl) / 1000 + 60),
            };
            let name = self.host.name(region);
            match self.attempt(Operation::UpdateItem, region, patience, || self.store.lock(name, key, &lock)).await {
                Ok(item) => {
                    let beside = self.host.beside(region, &view);
                    let others = beside.iter().map(|other| async move {
                        let course = Course::until(Instant::now() + settings.request_timeout);
                        let patience = self.patience(&view, true, &course);
                        (other, self.get(other, key, patience).await)
                    });
                    let mut answers = vec![(region, Some(item))];
                    answers.extend(join_all(others).await.into_iter().filter_map(|(other, answer)| Some((other, answer.ok()?))));
                    let wanted = beside.with(view.route().preferred);
                    let mut found = Found::newest(answers, wanted, settings, now_ms());
                    found.seen.failed = failures.regions;
                    return Ok((Held { region, token: token.to_owned() }, found));
                }
                Err(error) if error.kind == Kind::Condition => {
                    let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                    if Instant::now() + pause >= deadline {
                        return Err(locked(error));
                    }
                    tokio::time::sleep(pause).await;
                }
                Err(error) if self.moves_on(&error, &view) => failures.add(region, error),
                Err(error) => return Err(error.after(began.elapsed())),
            }
            if Mask::first(view.regions).minus(failures.regions).is_empty() {
                return Err(failures.into_error(began));
            }
        }
    }
}

impl Caller {
    /// Lets a lock last for another `session_lock_ttl`.
    ///
    /// # Errors
    /// [`Kind::Condition`] when it is another one's by now.
    pub async fn renew(&self, key: &Key, held: &Held) -> Result<(), Error> {
        let until = now_ms().saturating_add(millis(self.host.settings.lock_ttl));
        self.change_lock(key, held, &held.renewal(until)).await
    }

    /// Gives a lock back. One that is another one's by now stays that.
    ///
    /// # Errors
    /// When it is not certain that it is free; it ends by itself.
    pub async fn release(&self, key: &Key, held: &Held) -> Result<(), Error> {
        match self.change_lock(key, held, &held.release()).await {
            Err(error) if error.kind == Kind::Condition => Ok(()),
            answer => answer,
        }
    }

    async fn change_lock(&self, key: &Key, held: &Held, update: &Update) -> Result<(), Error> {
        let course = Course::until(Instant::now() + self.host.settings.request_timeout);
        let patience = self.patience(&self.host.view(), false, &course);
        let name = self.host.name(held.region);
        self.attempt(Operation::UpdateItem, held.region, patience, || self.store.update(name, key, update)).await
    }
}

/// The lock was not got in time.
fn locked(error: Error) -> Error {
    let cause = "another request has the session's lock, and did not give it back within wp_dynamodb.session_lock_wait";
    Error { kind: Kind::Locked, cause: cause.into(), ..error }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
