//! The rules of PHP's session contract, for one request.
//!
//! What must hold:
//! - a failed read is an error, never an empty session: PHP then does not start the session and writes nothing;
//! - a failing store never makes an id invalid: PHP would burn the visitor's cookie;
//! - a session that nobody stored and that is still empty is not written;
//! - an unchanged session costs no call beside its read, until a set part of its lifetime has passed;
//! - in strict mode the read that validates the id is the read of the session.

use std::collections::HashSet;

use crate::config::Settings;
use crate::error::{Error, Kind};
use crate::metrics::SessionEvent;
use crate::region::Region;
use crate::session::item::{self, Stored};
use crate::session::parts;
use crate::store::copies::{Found, Seen};
use crate::store::{Attribute, Item, Key, Update, Writing};

/// The items as a request sees them: each call waits for its answer, whichever Regions that takes.
///
/// What a read has seen of an item's copies goes with the writes that follow it, so that they are newer than all of them.
pub trait Items {
    /// Settings of the moment.
    fn settings(&self) -> &Settings;
    /// The Region of the moment, for messages.
    fn region(&self) -> Region;
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// Reads an item.
    ///
    /// # Errors
    /// When there is no answer; an item that is not there is no error.
    fn get(&self, key: &Key) -> Result<Found, Error>;
    /// Takes an item's lock, or keeps it when it is held already, and reads the item.
    ///
    /// # Errors
    /// [`Kind::Locked`] when another request has it; as [`Items::get`], else.
    fn take(&self, key: &Key) -> Result<Found, Error>;
    /// Gives the lock back, if one is held. Waits for nothing.
    fn release(&self);
    /// Reads the parts that an item of this Region points to, in their order.
    ///
    /// # Errors
    /// When one cannot be had.
    fn get_parts(&self, region: usize, keys: Vec<Key>) -> Result<Vec<Item>, Error>;
    /// Changes an item, its parts first. What is known of its copies now.
    ///
    /// # Errors
    /// When it is not certain that the change has been made, or will be (`session_write`: a page need not wait for it).
    fn update(&self, key: &Key, writing: Writing, seen: &Seen) -> Result<Seen, Error>;
    /// Deletes an item; where that may leave copies, `gone` takes its place.
    ///
    /// # Errors
    /// When it is not certain that the item has gone.
    fn delete(&self, key: &Key, gone: &Update, seen: &Seen) -> Result<(), Error>;
    /// Counts what became of a session.
    fn count(&self, event: SessionEvent);
}

/// What `$_SESSION` holds when its encoding is empty: PHP encodes nothing and what it cannot encode alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Superglobal {
    /// An empty array: the session was emptied on purpose, or nothing was ever put in.
    Empty,
    /// Something: it could not be encoded.
    Filled,
    /// It was unset: nobody can tell.
    Unset,
}

/// What is known of the session that was read last.
struct Current {
    id: String,
    /// Expiry and emptiness of the stored item; `None`: it is not stored.
    stored: Option<(i64, bool)>,
    /// PHP made the id in this request and nobody has stored it: only then is it certain that there is nothing to delete. That a read
    /// found nothing proves little: another request, or replication, may have stored it since.
    made: bool,
    /// Its data lies in parts, which expire with it.
    in_parts: bool,
    /// What is known of its copies.
    seen: Seen,
}

/// What a look for a session found.
type Loaded = (Option<Stored>, bool, Seen);

/// The sessions of one request.
#[derive(Default)]
pub struct Lifecycle {
    name: String,
    /// Ids that were this request's session: they are good although they may not be stored yet.
    used: HashSet<String>,
    /// The id made last and not read yet: random, so nobody else can have stored it.
    created: Option<String>,
    /// The answer that validated an id, kept for its read.
    validated: Option<(String, Result<Loaded, Error>)>,
    current: Option<Current>,
    /// The id whose read has not succeeded. PHP's session counts as active already during the read, so a user's error handler that runs
    /// on our warning can ask for a write.
    unread: Option<String>,
    /// The page closes the session as soon as it is read: it changes nothing, and needs no lock.
    reads_only: bool,
}

impl Lifecycle {
    /// A session of this name begins; also after an `open` without `close` (`session_reset`).
    /// `reads_only`: it will be read and closed.
    pub fn open(&mut self, name: &str, reads_only: bool) {
        self.reads_only = reads_only;
        name.clone_into(&mut self.name);
        self.created = None;
        self.validated = None;
        self.current = None;
        self.unread = None;
    }

    /// PHP closes the session; what this request knows of its ids stays.
    pub fn close(&mut self) {
        self.created = None;
        self.validated = None;
        self.current = None;
        self.unread = None;
    }

    /// PHP made this id.
    pub fn created(&mut self, id: &str) {
        self.created = Some(id.to_owned());
    }

    /// Whether the id may be used (strict mode asks).
    pub fn validate(&mut self, items: &impl Items, id: &str) -> bool {
        if self.created.as_deref() == Some(id) {
            // PHP asks whether a new id collides: "not valid" means it is free.
            return false;
        }
        let answer = match self.load(items, id) {
            Err(error) if error.kind == Kind::Invalid => return false,
            answer => answer,
        };
        // An error keeps the id: the read will say what is wrong, and the cookie survives the outage.
        let valid = !matches!(answer, Ok((None, ..))) || self.used.contains(id);
        if !valid {
            items.release();
        }
        self.validated = Some((id.to_owned(), answer));
        valid
    }

    /// The session's data; empty when there is none.
    ///
    /// # Errors
    /// When it is not known whether there is one, or when it failed its check.
    pub fn read(&mut self, items: &impl Items, id: &str) -> Result<Vec<u8>, Error> {
        let created = self.created.take().is_some_and(|created| created == id);
        let validated = self.validated.take().filter(|(validated, _)| validated == id);
        self.current = None;
        self.unread = Some(id.to_owned());
        let answer = match validated {
            Some((_, answer)) => answer,
            None if created => Ok((None, false, Seen::default())),
            None => self.load(items, id),
        };
        let (stored, in_parts, seen) = answer.inspect_err(|_| items.count(SessionEvent::Failed))?;
        items.count(if stored.is_some() { SessionEvent::Read } else { SessionEvent::Fresh });
        self.used.insert(id.to_owned());
        self.unread = None;
        let held = stored.as_ref().map(|s| (s.expires, s.data.is_empty()));
        self.current = Some(Current { id: id.to_owned(), stored: held, made: created, in_parts, seen });
        Ok(stored.map(|s| s.data).unwrap_or_default())
    }

    fn load(&self, items: &impl Items, id: &str) -> Result<Loaded, Error> {
        let settings = items.settings();
        let key = item::key(settings, &self.name, id)?;
        let found = if settings.locking && !self.reads_only { items.take(&key)? } else { items.get(&key)? };
        let placed = |e: Error| e.at("GetItem", &settings.regions[found.region], format!("table {}", settings.table));
        let (mut stored, mut in_parts) = (None, false);
        if let Some(mut item) = found.item {
            // TTL deletes days late: an item past its expiry is gone for us, and its parts perhaps for everybody.
            if let Some(keys) = parts::keys(&key, &item).map_err(placed)?.filter(|_| item::is_alive(settings, &item, items.now_ms())) {
                let sealed = parts::join(settings, items.get_parts(found.region, keys)?).map_err(placed)?;
                item.insert(settings.data_attribute.clone(), Attribute::B(sealed));
                in_parts = true;
            }
            if item::is_alive(settings, &item, items.now_ms()) {
                stored = item::decode(settings, &self.name, id, &item).map_err(placed)?;
            }
        }
        Ok((stored, in_parts, found.seen))
    }

    fn in_table(&self, operation: &'static str, items: &impl Items, error: Error) -> Error {
        error.at(operation, &items.region(), format!("table {}", items.settings().table))
    }

    /// Stores the session. `lifetime`: `session.gc_maxlifetime` in seconds. `held`: what `$_SESSION` holds, asked only when the data is empty.
    ///
    /// # Errors
    /// When it is not certain that it is stored, when it was never read, and when empty data would wipe a session that only failed to be encoded.
    pub fn write(
        &mut self,
        items: &impl Items,
        id: &str,
        data: &[u8],
        lifetime: i64,
        held: impl FnOnce() -> Superglobal,
    ) -> Result<(), Error> {
        self.was_read("UpdateItem", items, id)?;
        if data.is_empty() {
            let encoded = match (self.stored(id), held()) {
                // Nothing stored, nothing to store.
                (Some(None), Superglobal::Empty | Superglobal::Unset) => return Ok(()),
                (_, Superglobal::Empty) => true,
                // Empty before as after.
                (Some(Some((_, true))), Superglobal::Unset) => true,
                _ => false,
            };
            if !encoded {
                let cause = "PHP could not encode $_SESSION (a key with \"|\", a value that cannot be serialised, or it was unset); \
                             the stored session is kept as it was";
                return Err(self.failed("UpdateItem", items, Error::new(Kind::Invalid, cause)));
            }
        }
        self.store(items, id, data, lifetime)
    }

    /// A session whose read failed is never written over, whatever has become of the store since.
    fn was_read(&self, operation: &'static str, items: &impl Items, id: &str) -> Result<(), Error> {
        if self.unread.as_deref() == Some(id) {
            let cause = "the session could not be read, so it is not written; the stored session is kept as it was";
            return Err(self.failed(operation, items, Error::new(Kind::Invalid, cause)));
        }
        Ok(())
    }

    fn failed(&self, operation: &'static str, items: &impl Items, error: Error) -> Error {
        items.count(SessionEvent::Failed);
        self.in_table(operation, items, error)
    }

    /// Stores the data, whatever was there.
    fn store(&mut self, items: &impl Items, id: &str, data: &[u8], lifetime: i64) -> Result<(), Error> {
        let expires = expiry(items, lifetime);
        let mut in_parts = false;
        let result = item::key(items.settings(), &self.name, id).and_then(|key| {
            let writing =
                item::encode(items.settings(), &self.name, id, data, expires).map_err(|e| self.in_table("UpdateItem", items, e))?;
            in_parts = !writing.parts.is_empty();
            items.update(&key, writing, &self.seen(id))
        });
        items.count(if result.is_ok() { SessionEvent::Written } else { SessionEvent::Failed });
        self.current = Some(Current { id: id.to_owned(), stored: Some((expires, data.is_empty())), made: false, in_parts, seen: result? });
        Ok(())
    }

    /// The session is unchanged: moves its expiry when it is due. Stores it again when it has gone.
    ///
    /// # Errors
    /// When it is not certain that the expiry has been moved.
    pub fn touch(&mut self, items: &impl Items, id: &str, data: &[u8], lifetime: i64) -> Result<(), Error> {
        self.was_read("UpdateItem", items, id)?;
        let stored = self.stored(id);
        if data.is_empty() && stored == Some(None) {
            return Ok(());
        }
        // It still has a whole lifetime before it: items are given `session_touch_after` percent more than that.
        if let Some(Some((expires, _))) = stored
            && expires >= (items.now_ms() / 1000).saturating_add(lifetime.max(1))
        {
            items.count(SessionEvent::Unchanged);
            return Ok(());
        }
        if self.current.as_ref().is_some_and(|current| current.id == id && current.in_parts) {
            return self.store(items, id, data, lifetime);
        }
        let expires = expiry(items, lifetime);
        let update = item::touch(items.settings(), expires);
        let result = item::key(items.settings(), &self.name, id).and_then(|key| {
            let whole = item::encode(items.settings(), &self.name, id, data, expires).map_err(|e| self.in_table("UpdateItem", items, e))?;
            items.update(&key, Writing { update, whole: Some(whole.update), parts: whole.parts, ..Writing::default() }, &self.seen(id))
        });
        match result {
            Ok(seen) => {
                items.count(SessionEvent::Touched);
                self.current =
                    Some(Current { id: id.to_owned(), stored: Some((expires, data.is_empty())), made: false, in_parts: false, seen });
                Ok(())
            }
            Err(error) if error.kind == Kind::Condition => self.store(items, id, data, lifetime),
            Err(error) => {
                items.count(SessionEvent::Failed);
                Err(error)
            }
        }
    }

    /// Deletes the session; nothing to delete is no error.
    ///
    /// # Errors
    /// When it is not certain that it has gone.
    pub fn destroy(&mut self, items: &impl Items, id: &str) -> Result<(), Error> {
        if !self.current.as_ref().is_some_and(|c| c.id == id && c.made) {
            let gone = item::gone(items.settings(), items.now_ms() / 1000);
            let result = item::key(items.settings(), &self.name, id).and_then(|key| items.delete(&key, &gone, &self.seen(id)));
            items.count(if result.is_ok() { SessionEvent::Destroyed } else { SessionEvent::Failed });
            result?;
        }
        self.used.remove(id);
        self.current = None;
        Ok(())
    }

    /// What is known of this id's copies.
    fn seen(&self, id: &str) -> Seen {
        self.current.as_ref().filter(|c| c.id == id).map(|c| c.seen.clone()).unwrap_or_default()
    }

    /// What the last read or write of this id found: outer `None`, nothing is known.
    fn stored(&self, id: &str) -> Option<Option<(i64, bool)>> {
        self.current.as_ref().filter(|c| c.id == id).map(|c| c.stored)
    }
}

/// Now, the lifetime, and the part of it during which an unchanged session is left alone.
fn expiry(items: &impl Items, lifetime: i64) -> i64 {
    let lifetime = lifetime.max(1);
    let spare = lifetime.saturating_mul(i64::from(items.settings().touch_after)) / 100;
    (items.now_ms() / 1000).saturating_add(lifetime).saturating_add(spare)
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;
