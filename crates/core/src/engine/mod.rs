//! Settings, runtime, store and Region put together: what the extension talks to, one per process.

mod ahead;
mod items;
mod later;
mod session_lock;

use std::cell::RefCell;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::aws::Aws;
use crate::call::items::ItemCaller;
use crate::call::{self, Caller};
use crate::config::{Settings, WriteMode};
use crate::error::{Error, Kind};
use crate::metrics::{Operation, SessionEvent};
use crate::region::breakers::Breakers;
use crate::region::decide::{self, Adopted, Source};
use crate::region::host::Host;
use crate::region::mask::Mask;
use crate::region::poller::Poller;
use crate::region::shared::{self, Slot, monotonic_ms};
use crate::region::source::Ssm;
use crate::region::{Region, locate, state_file};
use crate::runtime::{Answer, Process};
use crate::session::item;
use crate::session::lifecycle::Items;
use crate::store::copies::{Found, Seen};
use crate::store::dynamo::Dynamo;
use crate::store::dynamo_tables::Table;
use crate::store::{Item, Key, Store, Update, Writing};

use ahead::{Ahead, Place};
use items::QueryAhead;
use later::{GRACE, Later, Pending};
use session_lock::SessionLock;

/// A host that wakes from idle asks SSM before its first call, and waits at most so long.
const WAKE: Duration = Duration::from_millis(300);
/// A value older than so many intervals is asked for anew before the first call.
const STALE_INTERVALS: u64 = 3;
/// Deadline of `wp_dynamodb_refresh()`.
const REFRESH: Duration = Duration::from_secs(5);
/// How often a read looks whether an earlier write of its session has ended.
const LOOK: Duration = Duration::from_millis(1);

/// The engine of one process.
pub struct Engine {
    process: &'static Process,
    host: Host,
    breakers: Breakers,
    caller: Caller,
    poller: Poller,
    wake: Arc<Notify>,
    /// `attempted_ms` of the state this process has already waited for: one wait for each time the host was found asleep.
    waited: AtomicU64,
    tasks: Vec<AbortHandle>,
    /// The read that this request's page will probably want.
    ahead: RefCell<Option<Ahead>>,
    /// The writes that no page waited for.
    later: Later,
    /// The lock of the session that is open.
    lock: RefCell<Option<SessionLock>>,
    /// For what only DynamoDB itself can tell.
    dynamo: Arc<Dynamo>,
    /// Calls for items of other tables.
    item_caller: ItemCaller,
    /// Queries that this request will probably want.
    queries: RefCell<Vec<QueryAhead>>,
}

impl Engine {
    /// Starts the engine of this process: its thread, the polling, the credentials.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(settings: Arc<Settings>) -> Result<Self, Error> {
        let process = Process::current()?;
        let aws = Aws::new(Arc::clone(&settings));
        let slot = shared::slot(&settings);
        let wake = Arc::new(Notify::new());
        let source = Arc::new(Ssm::new(aws.clone(), settings.parameter.clone(), &settings.regions));
        let environment = decide::index_of(locate::environment().as_ref(), &settings.regions);
        let dynamo = Arc::new(Dynamo::new(aws.clone(), &settings.regions));
        let store: Arc<dyn Store> = Arc::<Dynamo>::clone(&dynamo);
        let host = Host { settings, slot, environment };
        let breakers = Breakers::new(host.clone(), Arc::clone(&store));
        let poller =
            Poller { host: host.clone(), source, breakers: breakers.clone(), wake: Arc::clone(&wake), locate: environment.is_none() };
        let caller = Caller::new(host.clone(), Arc::clone(&store), breakers.clone());
        let item_caller = ItemCaller::new(caller.clone(), Arc::<Dynamo>::clone(&dynamo));
        let waited = AtomicU64::new(u64::MAX);
        let mut engine = Engine {
            process,
            host,
            breakers,
            caller,
            poller,
            wake,
            waited,
            tasks: Vec::new(),
            ahead: RefCell::default(),
            later: Later::default(),
            lock: RefCell::default(),
            dynamo,
            item_caller,
            queries: RefCell::default(),
        };
        engine.load_last_good();
        engine.tasks.push(process.spawn(aws.keep_credentials()));
        // A pinned host follows nobody, so it asks nobody.
        if engine.host.settings.pin.is_none() {
            engine.tasks.push(process.spawn(engine.poller.clone().run()));
        }
        Ok(engine)
    }

    /// The process this engine belongs to: after a fork, the child needs one of its own.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What all workers of this host share.
    #[must_use]
    pub fn slot(&self) -> &'static Slot {
        self.host.slot
    }

    /// This host among its Regions.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The settings this engine was started with.
    #[must_use]
    pub fn shared_settings(&self) -> &Arc<Settings> {
        &self.host.settings
    }

    /// The active Region, and where it is from. Never waits.
    #[must_use]
    pub fn active(&self) -> (Region, Source) {
        let (index, source) = self.host.active();
        (self.host.name(index).clone(), source)
    }

    /// The Region this host is in, as far as it knows: the environment, the metadata, else the active one.
    #[must_use]
    pub fn home(&self) -> Region {
        self.host.name(self.home_index()).clone()
    }

    pub(crate) fn home_index(&self) -> usize {
        self.host.home().unwrap_or_else(|| self.host.active().0)
    }

    /// What one Region's DynamoDB says of a table.
    ///
    /// # Errors
    /// [`Kind::NotFound`]: there is none; [`Kind::Invalid`]: the Region is not in the settings; else as any call.
    pub fn describe(&self, table: &str, region: &Region) -> Result<Table, Error> {
        if !self.host.settings.regions.contains(region) {
            return Err(Error::new(Kind::Invalid, format!("{region} is not in wp_dynamodb.regions")));
        }
        let (dynamo, region, table) = (Arc::clone(&self.dynamo), region.clone(), table.to_owned());
        let call = async move { dynamo.describe(&region, &table).await };
        self.process.wait(self.host.settings.request_timeout, call).and_then(|answer| answer)
    }

    /// Asks SSM in all Regions now, whoever holds the lease; waits at most five seconds.
    ///
    /// # Errors
    /// The first failure when no Region's SSM answered; the Region in use stays.
    pub fn refresh(&self) -> Result<Region, Error> {
        if self.host.settings.pin.is_some() {
            return Ok(self.active().0);
        }
        let poller = self.poller.clone();
        let round = self.process.wait(REFRESH, async move { poller.round().await });
        let place = format!("parameter {}", self.host.settings.parameter);
        round
            .unwrap_or_else(|error| Err(error.at("GetParameter", &self.host.settings.regions[0], place)))
            .map(|()| self.active().0)
            .map_err(|mut error| {
                error.cause = format!("no Region's SSM answers, and the Region in use stays {}: {}", self.active().0, error.cause);
                error
            })
    }

    /// Reads one item of the session table in this host's own Region, whichever one is used; with `write` writes one, too.
    ///
    /// # Errors
    /// As any call; `deadline` bounds the wait. Being throttled is an error, too.
    pub fn probe(&self, deadline: Duration, write: bool) -> Result<(), Error> {
        let index = self.home_index();
        let (region, breakers, began) = (self.host.name(index).clone(), self.breakers.clone(), Instant::now());
        let answer = self.process.wait(deadline, async move {
            breakers.look(index).await?;
            if write { breakers.leave_mark(index).await } else { Ok(()) }
        });
        answer.and_then(|answer| answer).map_err(|error| {
            let error = if error.resource.is_some() { error } else { self.placed(error, Operation::GetItem, &region) };
            error.after(began.elapsed())
        })
    }

    /// Whether this host has to ask SSM before its first call.
    fn is_stale(&self) -> bool {
        let attempted = self.host.slot.state().attempted_ms;
        let old = attempted == 0 || monotonic_ms().saturating_sub(attempted) > STALE_INTERVALS * millis(self.host.settings.poll_interval);
        old && self.host.settings.pin.is_none() && self.waited.load(Ordering::Relaxed) != attempted
    }

    /// A host without a fresh value asks before its first call, once, for at most 300 ms.
    pub fn ensure_fresh(&self) {
        if !self.is_stale() {
            return;
        }
        let attempted = self.host.slot.state().attempted_ms;
        self.waited.store(attempted, Ordering::Relaxed);
        self.wake.notify_one();
        let slot = self.host.slot;
        // Another worker may be asking already: what counts is that somebody's round has ended.
        let _ = self.process.wait(WAKE, async move {
            while slot.state().attempted_ms == attempted {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
    }

    /// Takes the last good value from disk, when the shared memory has none.
    fn load_last_good(&self) {
        let Some(path) = self.host.settings.state_file.as_ref().filter(|_| self.host.slot.state().adopted.is_none()) else { return };
        match state_file::read(path, &self.host.settings.parameter) {
            Ok(Some((held, age))) => {
                if let Some(region) = self.host.settings.regions.iter().position(|r| r.as_str() == held.region) {
                    let known = |name: &String| self.host.settings.regions.iter().position(|r| r.as_str() == name);
                    let drained = held.drained.iter().filter_map(known).fold(Mask::default(), Mask::with);
                    let adopted = Adopted { region, drained, modified_ms: held.modified_ms, confirmed: false };
                    self.host.slot.adopt(adopted);
                    self.host.started_after(adopted);
                    // Confirmed a moment ago by another process of this host: no need to ask again at once.
                    let asked = monotonic_ms().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
                    if age < self.host.settings.poll_interval * 3 && asked > 0 {
                        let state = decide::State { adopted: None, attempted_ms: asked, checked_ms: asked };
                        let _ = self.host.slot.publish(&state);
                    }
                }
            }
            Ok(None) => {}
            Err(error) => self.host.slot.notices.note(&format!("warning: the last good Region is not known: {error}")),
        }
    }

    /// A request has come with this session id: begins to read its session. The page takes the answer, or does not want it.
    pub fn prefetch(&self, name: &str, id: &str) {
        let settings = &self.host.settings;
        // A host that has just started waits for SSM first, where a page asks for its session.
        // ...and a session that is locked is read with its lock, where the page asks for it.
        if !settings.prefetch || settings.locking || self.is_stale() {
            return;
        }
        if let Ok(key) = item::key(settings, name, id) {
            let read = Ahead::new(key.clone(), self.place(), settings.request_timeout + GRACE, self.start_read(key));
            *self.ahead.borrow_mut() = Some(read);
        }
    }

    /// The request has ended: waits for the writes that must be durable before the response ends.
    pub fn request_ended(&self) {
        if self.ahead.take().is_some() {
            self.count(SessionEvent::Wasted);
        }
        self.queries.borrow_mut().clear();
        self.release();
        self.later.before_the_response();
    }

    /// The process ends: waits for all writes that are still under way, each until its own deadline.
    pub fn flush(&self) {
        self.later.flush();
    }

    fn place(&self) -> Place {
        Place { region: self.host.route().region, window: self.host.slot.window() }
    }

    fn start_read(&self, key: Key) -> Answer<Result<Found, Error>> {
        let (caller, slot) = (self.caller.clone(), self.host.slot);
        let deadline = tokio::time::Instant::now() + self.host.settings.request_timeout;
        let place = format!("table {}", self.host.settings.table);
        let region = self.region();
        self.process.start(async move {
            // What is being replaced on this host is not read: the page would work on it and bring it back.
            let hash = hash_of(&key);
            while slot.in_flight.has(hash, monotonic_ms()) {
                if tokio::time::Instant::now() >= deadline {
                    let error = Error::new(Kind::Timeout, "an earlier change of this session is still being stored");
                    return Err(error.at(Operation::GetItem.name(), &region, place));
                }
                tokio::time::sleep(LOOK).await;
            }
            caller.read(&key, deadline).await
        })
    }

    /// Starts a write that the page does not wait for here; with `behind` nor anywhere else. Its failure is counted and logged.
    fn write_later(&self, key: &Key, writing: Writing, seen: &Seen, lock: Option<SessionLock>, behind: bool) {
        let (slot, limit, now) = (self.host.slot, self.host.settings.request_timeout, monotonic_ms());
        // With `overlap` too: a page may end its response before its end (fastcgi_finish_request()).
        let claim = slot.in_flight.claim(hash_of(key), self.pid(), now, now + millis(limit + 2 * GRACE));
        let behind = behind && claim.is_some();
        let (caller, deadline) = (self.caller.clone(), Instant::now() + limit);
        let (key, seen) = (key.clone(), seen.clone());
        let pending = key.clone();
        let answer = self.process.start(async move {
            let answer = put(&caller, &key, writing, &seen, lock, deadline).await;
            if let Err(error) = &answer {
                slot.sessions.record(SessionEvent::Failed);
                let sure = if error.may_be_done() { "it is not certain that a session is stored" } else { "a session is not stored" };
                slot.notices.note(&format!("error: {sure}, and its page could not be told (wp_dynamodb.session_write): {error}"));
            }
            // Only now may it be read again.
            drop(claim);
            answer.map(Some)
        });
        if behind {
            self.count(SessionEvent::Behind);
        }
        self.later.add(Pending { key: pending, before_the_response: !behind, deadline: deadline + GRACE, answer });
    }

    /// The lock of this item, when this process holds it: whoever takes it out of here gives it back.
    fn lock_of(&self, key: &Key) -> Option<SessionLock> {
        self.lock.borrow_mut().take_if(|lock| lock.key == *key)
    }

    /// Waits for a call that keeps its own deadline, given to `make`.
    fn call<T, F>(&self, operation: Operation, make: impl FnOnce(Caller, tokio::time::Instant) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (began, limit) = (Instant::now(), self.host.settings.request_timeout);
        let call = make(self.caller.clone(), (began + limit).into());
        self.process.wait(limit + GRACE, call).unwrap_or_else(|error| {
            let route = self.host.name(self.host.route().region);
            Err(self.placed(error, operation, route).after(began.elapsed()))
        })
    }

    fn placed(&self, error: Error, operation: Operation, region: &Region) -> Error {
        error.at(operation.name(), region, format!("table {}", self.host.settings.table))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Items for Engine {
    fn settings(&self) -> &Settings {
        &self.host.settings
    }

    fn region(&self) -> Region {
        self.host.name(self.host.route().region).clone()
    }

    fn now_ms(&self) -> i64 {
        call::now_ms()
    }

    fn get(&self, key: &Key) -> Result<Found, Error> {
        let ahead = self.ahead.take();
        let _ = self.later.settle(key);
        if let Some(ahead) = ahead {
            if let Some(answer) = ahead.take(key, self.place()) {
                self.count(SessionEvent::Prefetched);
                return answer;
            }
            self.count(SessionEvent::Wasted);
        }
        self.ensure_fresh();
        let limit = self.host.settings.request_timeout + GRACE;
        let region = self.region();
        self.start_read(key.clone()).wait(limit).unwrap_or_else(|error| Err(self.placed(error, Operation::GetItem, &region).after(limit)))
    }

    fn take(&self, key: &Key) -> Result<Found, Error> {
        if self.lock.borrow().as_ref().is_some_and(|lock| lock.key == *key && !lock.is_lost()) {
            // Started again in this request: it is ours.
            return self.get(key);
        }
        self.release();
        let _ = self.later.settle(key);
        self.ensure_fresh();
        let settings = &self.host.settings;
        let token = random()?;
        let (caller, slot, pid, wait) = (self.caller.clone(), self.host.slot, self.pid(), settings.lock_wait);
        let lease = settings.request_timeout + settings.lock_ttl;
        let (region, table, item) = (self.region(), format!("table {}", settings.table), key.clone());
        let taken = self.process.start(async move {
            let (hash, deadline) = (hash_of(&item), tokio::time::Instant::now() + wait);
            // Until the item is locked; from then on the lock's own renewal moves it.
            let turn_ends = monotonic_ms() + millis(wait + lease);
            let turn = loop {
                match slot.host_locks.take(hash, pid, token, monotonic_ms(), turn_ends).filter(|_| !slot.in_flight.has(hash, monotonic_ms())) {
                    Some(turn) => break turn,
                    None if tokio::time::Instant::now() >= deadline => {
                        let cause = "another request on this host has the session's lock, and did not give it back within wp_dynamodb.session_lock_wait";
                        return Err(Error::new(Kind::Locked, cause).at(Operation::UpdateItem.name(), &region, table));
                    }
                    None => tokio::time::sleep(LOOK).await,
                }
            };
            let (held, found) = caller.lock(&item, &hex(token), turn.dead.map(hex), deadline).await?;
            Ok((held, turn, found))
        });
        let limit = wait + settings.request_timeout + GRACE;
        let (held, turn, found) =
            taken.wait(limit).unwrap_or_else(|error| Err(self.placed(error, Operation::UpdateItem, &self.region()).after(limit)))?;
        let lock = SessionLock::keep(self.process, self.caller.clone(), key.clone(), held, turn, settings.lock_ttl);
        *self.lock.borrow_mut() = Some(lock);
        Ok(found)
    }

    fn release(&self) {
        let Some(lock) = self.lock.take() else { return };
        let (key, caller, limit) = (lock.key.clone(), self.caller.clone(), self.host.settings.request_timeout);
        let (held, turn) = lock.let_go();
        let item = key.clone();
        let answer = self.process.start(async move {
            // Should it fail, the lock ends by itself.
            let _ = caller.release(&item, &held).await;
            drop(turn);
            Ok(None)
        });
        let before_the_response = self.host.settings.write != WriteMode::Behind;
        self.later.add(Pending { key, before_the_response, deadline: Instant::now() + limit + GRACE, answer });
    }

    fn get_parts(&self, region: usize, keys: Vec<Key>) -> Result<Vec<Item>, Error> {
        self.call(Operation::GetItem, |caller, deadline| async move { caller.parts(region, &keys, deadline).await })
    }

    fn update(&self, key: &Key, writing: Writing, seen: &Seen) -> Result<Seen, Error> {
        self.ensure_fresh();
        let seen = self.later.settle(key).unwrap_or_else(|| seen.clone());
        let lock = self.lock_of(key);
        match self.host.settings.write {
            WriteMode::Sync => {
                let key = key.clone();
                self.call(Operation::UpdateItem, |caller, deadline| async move {
                    put(&caller, &key, writing, &seen, lock, deadline.into_std()).await
                })
            }
            mode => {
                self.write_later(key, writing, &seen, lock, mode == WriteMode::Behind);
                Ok(seen)
            }
        }
    }

    fn delete(&self, key: &Key, gone: &Update, seen: &Seen) -> Result<(), Error> {
        self.ensure_fresh();
        let seen = self.later.settle(key).unwrap_or_else(|| seen.clone());
        let lock = self.lock_of(key).map(SessionLock::let_go);
        let (key, mut gone) = (key.clone(), Writing::from(gone.clone()));
        gone.lock = lock.as_ref().map(|(held, _)| (held.region, held.token.clone()));
        self.call(Operation::DeleteItem, |caller, deadline| async move {
            let answer = caller.delete(&key, gone, &seen, deadline).await;
            let late = lock.is_some() && answer.as_ref().is_err_and(|error| error.kind == Kind::Condition);
            // The next one's turn.
            drop(lock);
            answer.map_err(|error| if late { lock_ended(error, "the session is not destroyed") } else { error })
        })
    }

    fn count(&self, event: SessionEvent) {
        self.host.slot.sessions.record(event);
    }
}

/// Writes an item with its parts, with the lock if there is one, which ends with it.
async fn put(
    caller: &Caller,
    key: &Key,
    mut writing: Writing,
    seen: &Seen,
    lock: Option<SessionLock>,
    deadline: Instant,
) -> Result<Seen, Error> {
    let lock = lock.map(SessionLock::let_go);
    writing.lock = lock.as_ref().map(|(held, _)| (held.region, held.token.clone()));
    let mut answer = caller.put(key, &writing, seen, deadline.into()).await;
    let refused = answer.as_ref().is_err_and(|error| error.kind == Kind::Condition);
    if let (true, Some(whole), None) = (refused, writing.whole.take(), &lock) {
        // It was to be moved, and has gone: stored again.
        answer = caller.write(key, &whole.into(), seen, deadline.into()).await;
    }
    match (&lock, answer) {
        (Some(_), Err(error)) if refused => Err(lock_ended(error, "what it changed is not stored")),
        (Some(_), Err(error)) => {
            // Not to keep the next one waiting for a lock that nobody needs; nor this one for that.
            let (caller, key) = (caller.clone(), key.clone());
            tokio::spawn(async move {
                if let Some((held, turn)) = lock {
                    let _ = caller.release(&key, &held).await;
                    drop(turn);
                }
            });
            Err(error)
        }
        (_, answer) => answer,
    }
}

/// A late owner's: `what` has not happened.
fn lock_ended(error: Error, what: &str) -> Error {
    let cause = format!("this request's lock had ended, and another one has the session now: {what}");
    Error { kind: Kind::Locked, cause, ..error }
}

fn random() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::new(Kind::Internal, "the system gives no random numbers"))?;
    Ok(u64::from_be_bytes(bytes))
}

/// A token as it stands in the item.
fn hex(token: u64) -> String {
    format!("{token:016x}")
}

/// What stands for a key among the writes in flight.
fn hash_of(key: &Key) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
