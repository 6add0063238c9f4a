//! Items that another item points to: written before it, read after it.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use super::Caller;
use super::attempt::{Course, Patience};
use crate::error::{Error, Kind};
use crate::metrics::Operation;
use crate::store::copies::Seen;
use crate::store::{Item, Key, Update, Writing};

/// A part that is not there yet is looked for again after so long: it may be on its way from another Region.
const PAUSE: Duration = Duration::from_millis(50);

impl Caller {
    /// Writes an item, its parts first: all of them, or the item stays as it was. What is known of its copies now.
    ///
    /// # Errors
    /// When it is not certain that any Region has it.
    pub async fn put(&self, key: &Key, writing: &Writing, seen: &Seen, deadline: Instant) -> Result<Seen, Error> {
        if writing.parts.is_empty() {
            return self.write(key, writing, seen, deadline).await;
        }
        // Nobody has seen these: each has a key of its own.
        let fresh = Seen::default();
        let put = |(key, part): &(Key, Update)| {
            let (key, part) = (key.clone(), Writing::from(part.clone()));
            let fresh = &fresh;
            async move { self.write(&key, &part, fresh, deadline).await }
        };
        try_join_all(writing.parts.iter().map(put)).await?;
        self.write(key, writing, seen, deadline).await
    }

    /// Reads the parts of an item that was read in `region`, there.
    ///
    /// # Errors
    /// When one cannot be had in time.
    pub async fn parts(&self, region: usize, keys: &[Key], deadline: Instant) -> Result<Vec<Item>, Error> {
        try_join_all(keys.iter().map(|key| self.part(region, key, deadline))).await
    }

    async fn part(&self, region: usize, key: &Key, deadline: Instant) -> Result<Item, Error> {
        let began = Instant::now();
        let course = Course::until(deadline);
        let patience = Patience { alone: true, beside: false, course: &course };
        let consistent = self.host.settings.consistent_read;
        let mut was_missing = false;
        loop {
            let name = self.host.name(region);
            let missing = match self.attempt(Operation::GetItem, region, patience, || self.store.get(name, key, consistent)).await {
                Ok(Some(item)) => return Ok(item),
                Ok(None) => Instant::now() + PAUSE >= deadline,
                // The last look began too late for its answer: what the one before found is what is wrong.
                Err(error) if was_missing && error.kind == Kind::Timeout => true,
                Err(error) => return Err(error),
            };
            was_missing = true;
            if missing {
                let error = Error::new(
                    Kind::Corrupt,
                    "a part of the session is not there: it is still on its way from another Region, or was deleted",
                );
                return Err(error.at(Operation::GetItem.name(), name, format!("table {}", key.table)).after(began.elapsed()));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
