//! Settings, runtime, store and Region put together: what the extension talks to, one per process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::aws::Aws;
use crate::config::Settings;
use crate::error::Error;
use crate::metrics::{Operation, SessionEvent};
use crate::region::decide::{self, Adopted, Source, Sources};
use crate::region::poller::Poller;
use crate::region::shared::{self, Slot, monotonic_ms};
use crate::region::source::Ssm;
use crate::region::{Region, locate, state_file};
use crate::runtime::Process;
use crate::session::lifecycle::Items;
use crate::store::dynamo::Dynamo;
use crate::store::{Item, Key, Reply, Store, Update};

/// A host that wakes from idle asks SSM before its first call, and waits at most so long.
const WAKE: Duration = Duration::from_millis(300);
/// A value older than so many intervals is asked for anew before the first call.
const STALE_INTERVALS: u64 = 3;
/// Deadline of `wp_dynamodb_refresh()`.
const REFRESH: Duration = Duration::from_secs(5);

/// The engine of one process.
pub struct Engine {
    settings: Arc<Settings>,
    process: &'static Process,
    store: Arc<dyn Store>,
    poller: Poller,
    slot: &'static Slot,
    environment: Option<usize>,
    wake: Arc<Notify>,
    /// `attempted_ms` of the state this process has already waited for: one wait for each time the host was found asleep.
    waited: AtomicU64,
    tasks: Vec<AbortHandle>,
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
        let locate = environment.is_none();
        let poller = Poller { settings: Arc::clone(&settings), source, slot, wake: Arc::clone(&wake), locate };
        let mut engine = Engine {
            environment,
            store: Arc::new(Dynamo::new(aws.clone(), &settings.regions)),
            process,
            slot,
            wake,
            waited: AtomicU64::new(u64::MAX),
            tasks: Vec::new(),
            poller,
            settings,
        };
        engine.load_last_good();
        engine.tasks.push(process.spawn(aws.keep_credentials()));
        // A pinned host follows nobody, so it asks nobody.
        if engine.settings.pin.is_none() {
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
        self.slot
    }

    /// The settings this engine was started with.
    #[must_use]
    pub fn shared_settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// The active Region, and where it is from. Never waits.
    #[must_use]
    pub fn active(&self) -> (Region, Source) {
        let (index, source) = decide::active(&Sources {
            pin: decide::index_of(self.settings.pin.as_ref(), &self.settings.regions),
            adopted: self.slot.state().adopted.filter(|a| a.region < self.settings.regions.len()),
            environment: self.environment,
            metadata: self.slot.located().flatten(),
        });
        (self.settings.regions[index].clone(), source)
    }

    /// The Region this host is in, as far as it knows: the environment, the metadata, else the Region it uses.
    #[must_use]
    pub fn home(&self) -> Region {
        match self.environment.or_else(|| self.slot.located().flatten()) {
            Some(index) => self.settings.regions[index].clone(),
            None => self.active().0,
        }
    }

    /// Asks SSM in all Regions now, whoever holds the lease; waits at most five seconds.
    ///
    /// # Errors
    /// The first failure when no Region's SSM answered; the Region in use stays.
    pub fn refresh(&self) -> Result<Region, Error> {
        if self.settings.pin.is_some() {
            return Ok(self.active().0);
        }
        let poller = self.poller.clone();
        let round = self.process.wait(REFRESH, async move { poller.round().await });
        let place = format!("parameter {}", self.settings.parameter);
        round.unwrap_or_else(|error| Err(error.at("GetParameter", &self.settings.regions[0], place))).map(|()| self.active().0).map_err(
            |mut error| {
                error.cause = format!("no Region's SSM answers, and the Region in use stays {}: {}", self.active().0, error.cause);
                error
            },
        )
    }

    /// Reads one item of the session table in this host's own Region.
    ///
    /// # Errors
    /// As any read; `deadline` bounds the wait.
    pub fn probe(&self, deadline: Duration) -> (Region, Result<Duration, Error>) {
        let region = self.home();
        let key = Key { table: self.settings.table.clone(), attribute: self.settings.hash_key.clone(), value: "wp-dynamodb/health".into() };
        let began = Instant::now();
        let result = self.call(Operation::GetItem, &region, &key, deadline, |store, region, key| {
            Box::pin(async move { store.get(&region, &key, false).await.map(|_| ()) })
        });
        (region, result.map(|()| began.elapsed()))
    }

    /// A host without a fresh value asks before its first call, once, for at most 300 ms.
    pub fn ensure_fresh(&self) {
        if self.settings.pin.is_some() {
            return;
        }
        let attempted = self.slot.state().attempted_ms;
        let stale = attempted == 0 || monotonic_ms().saturating_sub(attempted) > STALE_INTERVALS * millis(self.settings.poll_interval);
        if !stale || self.waited.swap(attempted, Ordering::Relaxed) == attempted {
            return;
        }
        self.wake.notify_one();
        let slot = self.slot;
        // Another worker may be asking already: what counts is that somebody's round has ended.
        let _ = self.process.wait(WAKE, async move {
            while slot.state().attempted_ms == attempted {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
    }

    /// Takes the last good value from disk, when the shared memory has none.
    fn load_last_good(&self) {
        let Some(path) = self.settings.state_file.as_ref().filter(|_| self.slot.state().adopted.is_none()) else { return };
        match state_file::read(path, &self.settings.parameter) {
            Ok(Some((held, age))) => {
                if let Some(region) = self.settings.regions.iter().position(|r| r.as_str() == held.region) {
                    self.slot.adopt(Adopted { region, modified_ms: held.modified_ms, confirmed: false });
                    // Confirmed a moment ago by another process of this host: no need to ask again at once.
                    let asked = monotonic_ms().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
                    if age < self.settings.poll_interval * 3 && asked > 0 {
                        let state = decide::State { adopted: None, attempted_ms: asked, checked_ms: asked };
                        self.slot.publish(&state);
                    }
                }
            }
            Ok(None) => {}
            Err(error) => self.slot.notice(&format!("warning: the last good Region is not known: {error}")),
        }
    }

    /// One call to the store: waits for the answer within `deadline`, counts it, says how long it took.
    fn call<T, F>(&self, operation: Operation, region: &Region, key: &Key, deadline: Duration, make: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Store>, Region, Key) -> Reply<'static, T>,
    {
        let began = Instant::now();
        let future = make(Arc::clone(&self.store), region.clone(), key.clone());
        let place = |error: Error| error.at(operation.name(), region, format!("table {}", key.table));
        let result = self.process.wait(deadline, future).unwrap_or_else(|error| Err(place(error)));
        let took = began.elapsed();
        if let Some(index) = decide::index_of(Some(region), &self.settings.regions) {
            self.slot.region(index).metrics.record(operation, took, result.as_ref().err().map(|e| e.kind));
        }
        result.map_err(|error| error.after(took))
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
        &self.settings
    }

    fn region(&self) -> Region {
        self.ensure_fresh();
        self.active().0
    }

    fn now_ms(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or_default()
    }

    fn get(&self, key: &Key) -> Result<Option<Item>, Error> {
        let consistent = self.settings.consistent_read;
        self.call(Operation::GetItem, &self.region(), key, self.settings.request_timeout, |store, region, key| {
            Box::pin(async move { store.get(&region, &key, consistent).await })
        })
    }

    fn update(&self, region: &Region, key: &Key, update: &Update) -> Result<(), Error> {
        let update = update.clone();
        self.call(Operation::UpdateItem, region, key, self.settings.request_timeout, |store, region, key| {
            Box::pin(async move { store.update(&region, &key, &update).await })
        })
    }

    fn delete(&self, key: &Key) -> Result<(), Error> {
        self.call(Operation::DeleteItem, &self.region(), key, self.settings.request_timeout, |store, region, key| {
            Box::pin(async move { store.delete(&region, &key).await })
        })
    }

    fn count(&self, event: SessionEvent) {
        self.slot.sessions.record(event);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
