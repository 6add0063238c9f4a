//! The breakers of this host's Regions: notes what calls meet, checks suspicions, probes lost Regions, and says once for the host what
//! has come of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::metrics::{Operation, RoutingEvent};
use crate::region::breaker_cell::Sort;
use crate::region::decide::breaker::{CALLS, CONSECUTIVE, Rule};
use crate::region::decide::route::{Route, View, Why};
use crate::region::host::Host;
use crate::region::mask::Mask;
use crate::region::shared::monotonic_ms;
use crate::store::{Attribute, Change, Key, Store, Update};

/// Key of the item that health checks write, and how long it lives.
const MARK: &str = "wp-dynamodb/canary";
const MARK_SECONDS: i64 = 86_400;

/// A Region that failed at once is looked at again only after so long: what is over by then was a blip.
const BLIP: Duration = Duration::from_millis(250);
/// Probes of a lost Region are at least so far apart, for the whole host.
const PROBE_EVERY_MS: u64 = 500;
/// How long a suspicion is left alone after its check.
const CHECKED_MS: u64 = 1_000;
/// A host looks at the Regions that could stand in first after this time, when its own business has settled...
const FIRST_LOOK_MS: u64 = 60_000;
/// ...and then so often: half a read unit each.
const LOOK_EVERY_MS: u64 = 300_000;

/// What a call's result says of its Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Good,
    /// It counts towards the breaker.
    Bad,
    /// It answers, but this says nothing of whether it works.
    Neutral,
}

/// What a failure says of its Region.
#[must_use]
pub fn health(error: Option<Kind>) -> Health {
    match error {
        None | Some(Kind::Condition) => Health::Good,
        Some(Kind::Timeout | Kind::Unavailable) => Health::Bad,
        Some(_) => Health::Neutral,
    }
}

/// Whether the Region answers, and will answer the same until somebody puts rights, table or settings right.
#[must_use]
pub fn is_misconfigured(kind: Kind) -> bool {
    matches!(kind, Kind::Access | Kind::NotFound | Kind::Config)
}

/// The breakers of this host.
#[derive(Clone)]
pub struct Breakers {
    host: Host,
    store: Arc<dyn Store>,
}

impl Breakers {
    /// For this host; probes go to `store`.
    #[must_use]
    pub fn new(host: Host, store: Arc<dyn Store>) -> Self {
        Breakers { host, store }
    }

    /// Counts a call of a request and notes what it says of its Region. Runs on the runtime: a first failure starts a check.
    pub fn record(&self, operation: Operation, region: usize, took: Duration, error: Option<&Error>) {
        self.count(operation, region, took, error);
        // Late failures have taken long enough to be no blip.
        let pause = if error.is_some_and(|e| e.kind == Kind::Timeout) { Duration::ZERO } else { BLIP };
        if health(error.map(|e| e.kind)) == Health::Bad {
            self.suspect(region, pause);
        }
    }

    fn count(&self, operation: Operation, region: usize, took: Duration, error: Option<&Error>) {
        let cell = self.host.slot.region(region);
        cell.metrics.record(operation, took, error.map(|e| e.kind));
        if let Some(error) = error.filter(|e| e.kind != Kind::Condition) {
            let place = || format!("table {}", self.host.settings.table);
            let error = error.clone();
            let placed = if error.resource.is_some() { error } else { error.at(operation.name(), self.host.name(region), place()) };
            cell.failure.note(placed.kind, &placed, monotonic_ms());
        }
        self.note_items(health(error.map(|e| e.kind)));
        let sort = if matches!(operation, Operation::GetItem | Operation::Query) { Sort::Read } else { Sort::Write };
        let failed = match health(error.map(|e| e.kind)) {
            // A pinned host goes nowhere else and probes nothing.
            _ if self.host.settings.pin.is_some() => return,
            Health::Good => false,
            Health::Bad => true,
            Health::Neutral => return,
        };
        if let (Some(opened), Some(error)) = (cell.breaker.record(sort, failed, monotonic_ms()), error) {
            let rule = match opened.rule {
                Rule::Consecutive => format!("{CONSECUTIVE} failures in a row"),
                Rule::Share => format!("more than half of {CALLS} calls failed"),
            };
            cell.breaker.note(&error.cause);
            self.say_opened(region, &format!("{rule}, the last: {}", error.cause), opened.breaker.hold_ms());
        }
    }

    /// What any call says of an outage that calls for items of other tables have met.
    fn note_items(&self, health: Health) {
        match health {
            Health::Good => self.host.slot.items.region_answered(monotonic_ms()),
            Health::Bad if self.none_is_left() => self.host.slot.items.no_region_answers(monotonic_ms()),
            Health::Bad | Health::Neutral => {}
        }
    }

    /// Looks after a Region that is late or has failed, with two calls of its own: however little is going on, the breaker soon knows. One
    /// check at a time for the host, beside the requests.
    pub fn suspect(&self, region: usize, pause: Duration) {
        let cell = &self.host.slot.region(region).breaker;
        let longest = self.host.settings.attempt_timeout + pause;
        let until = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).saturating_add(CHECKED_MS);
        if cell.is_open() || !self.host.view().may_bridge() || !cell.suspect(monotonic_ms(), until) {
            return;
        }
        for _ in 1..CONSECUTIVE {
            let breakers = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                // What it met has been counted.
                let _ = breakers.ask(region).await;
            });
        }
    }

    /// Probes the lost Regions whose hold-down is over. Called by the worker that holds the lease.
    pub fn probe(&self) {
        let now = monotonic_ms();
        for region in 0..self.host.settings.regions.len() {
            let cell = &self.host.slot.region(region).breaker;
            let breaker = cell.read();
            if (breaker.is_due(now) || breaker.open && self.none_is_left()) && cell.suspect(now, PROBE_EVERY_MS) {
                let breakers = self.clone();
                tokio::spawn(async move {
                    let asked = breakers.ask(region).await;
                    breakers.probed(region, &asked, monotonic_ms());
                });
            }
        }
    }

    /// Looks, every few minutes, whether the Regions that are not used could be: what they lack shall not be found out in an outage.
    /// Called by the worker that holds the lease.
    pub fn look_around(&self, now_ms: u64) {
        let view = self.host.view();
        if !view.may_bridge() {
            return;
        }
        let route = view.route().region;
        let wait = |first| if first { FIRST_LOOK_MS } else { LOOK_EVERY_MS };
        if self.host.slot.is_time_to_look(now_ms, wait) {
            for region in (0..view.regions).filter(|region| *region != route && !view.open.has(*region)) {
                let breakers = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = breakers.ask(region).await {
                        if health(Some(error.kind)) == Health::Bad {
                            breakers.suspect(region, Duration::ZERO);
                        }
                        let place = format!("table {}", breakers.host.settings.table);
                        breakers.say_useless(region, &error.at(Operation::GetItem.name(), breakers.host.name(region), place));
                    }
                });
            }
        }
    }

    /// Says once that a Region could not stand in, were it needed.
    pub fn say_useless(&self, region: usize, error: &Error) {
        if is_misconfigured(error.kind) {
            // How long it took differs each time; the message must not.
            let error = Error { elapsed: None, ..error.clone() };
            self.host.slot.notices.say_once(&format!("warning: {} cannot stand in for other Regions: {error}", self.host.name(region)));
        }
    }

    /// Takes the answer to a probe.
    pub(crate) fn probed(&self, region: usize, answer: &Result<(), Error>, now_ms: u64) {
        // Throttled is an answer. Denied, or without its table, a Region is of no use: the host stays where it is.
        let good = answer.as_ref().map_or_else(|e| e.kind == Kind::Throttled, |()| true);
        let cell = &self.host.slot.region(region).breaker;
        if let Err(error) = answer
            && !good
        {
            cell.note(&error.cause);
        }
        let before = self.host.route();
        let breaker = cell.read();
        let lost_for = now_ms.saturating_sub(breaker.since_ms);
        // A hold-down keeps a host from going back and forth. With no Region left there is nowhere to go, and the first that answers is wanted.
        let now_ms = if self.none_is_left() { now_ms.max(breaker.since_ms + breaker.hold_ms()) } else { now_ms };
        if good {
            // What was written elsewhere meanwhile may not have arrived there yet, nor the other way round what was written there last. Before
            // it closes: a page that uses the Region before the window is open would read an old copy there.
            self.host.widen(Mask::default().with(before.region).with(region));
        }
        if cell.probed(good, now_ms) {
            self.say_closed(region, before, lost_for);
        }
    }

    /// Every breaker is open.
    fn none_is_left(&self) -> bool {
        let regions = self.host.settings.regions.len();
        self.host.slot.open(regions) == Mask::first(regions)
    }

    /// Reads an item that nobody has stored, for whoever wants to know whether a Region works.
    ///
    /// # Errors
    /// As any read, without another try.
    pub async fn look(&self, region: usize) -> Result<(), Error> {
        let (took, answer) = self.read_nothing(region).await;
        self.record(Operation::GetItem, region, took, answer.as_ref().err());
        answer
    }

    /// Writes the item of health checks there: a Region may answer reads and refuse writes.
    ///
    /// # Errors
    /// As any write, without another try.
    pub async fn leave_mark(&self, region: usize) -> Result<(), Error> {
        let settings = &self.host.settings;
        let key = Key { table: settings.table.clone(), attribute: settings.hash_key.clone(), value: MARK.into() };
        let expires = crate::call::now_ms() / 1000 + MARK_SECONDS;
        let changes = BTreeMap::from([(settings.expires_attribute.clone(), Change::Set(Attribute::N(expires)))]);
        let update = Update { changes, ..Update::default() };
        let began = tokio::time::Instant::now();
        let answer = tokio::time::timeout(settings.attempt_timeout, self.store.update(self.host.name(region), &key, &update)).await;
        let answer = answer.unwrap_or_else(|_| Err(Error::new(Kind::Timeout, "no answer in time")));
        let place = format!("table {}", settings.table);
        let answer = answer.map_err(|error| error.at(Operation::UpdateItem.name(), self.host.name(region), place));
        self.record(Operation::UpdateItem, region, began.elapsed(), answer.as_ref().err());
        answer
    }

    async fn ask(&self, region: usize) -> Result<(), Error> {
        let (took, answer) = self.read_nothing(region).await;
        self.count(Operation::GetItem, region, took, answer.as_ref().err());
        answer
    }

    async fn read_nothing(&self, region: usize) -> (Duration, Result<(), Error>) {
        let settings = &self.host.settings;
        let key = Key { table: settings.table.clone(), attribute: settings.hash_key.clone(), value: "wp-dynamodb/health".into() };
        let ready = self.store.ready().await;
        let began = tokio::time::Instant::now();
        let answer = match ready {
            Ok(()) => tokio::time::timeout(settings.attempt_timeout, self.store.get(self.host.name(region), &key, false)).await,
            Err(error) => Ok(Err(error)),
        };
        (began.elapsed(), answer.unwrap_or_else(|_| Err(Error::new(Kind::Timeout, "no answer in time"))).map(|_| ()))
    }

    fn say_opened(&self, region: usize, why: &str, hold_ms: u64) {
        let view = self.host.view();
        let before = View { open: view.open.without(region), ..view }.route().region;
        let (slot, name, after) = (self.host.slot, self.host.name(region), view.route());
        if region == after.preferred && view.may_bridge() {
            slot.routing.record(RoutingEvent::Left);
        }
        let message = if after.why == Why::NoneHealthy {
            format!("error: {name} is lost ({why}), and no other Region of wp_dynamodb.regions answers; sessions fail until one is back")
        } else if after.region != before {
            let next = self.host.name(after.region);
            format!("warning: {name} is lost ({why}); this host uses {next} and probes {name} after {} s", hold_ms / 1000)
        } else if region != after.region {
            format!("warning: {name} is lost ({why}); this host does not use it, and cannot bridge to it until it is back")
        } else {
            format!("warning: {name} is lost ({why}); wp_dynamodb.failover is follow, so this host stays until the parameter moves it")
        };
        slot.notices.note(&message);
    }

    fn say_closed(&self, region: usize, before: Route, lost_for_ms: u64) {
        let (slot, name, view) = (self.host.slot, self.host.name(region), self.host.view());
        let (after, used) = (view.route(), self.host.name(before.region));
        let (seconds, preferred) = (lost_for_ms / 1000, self.host.name(after.preferred));
        let now = if region == after.preferred && view.may_bridge() {
            slot.routing.record(RoutingEvent::Returned);
            if before.region == region { "uses it again".to_owned() } else { format!("is back there from {used}") }
        } else if after.region == before.region {
            format!("goes on using {used}")
        } else {
            // No Region had answered, and this is the first that does.
            format!("uses {} until {preferred} is back", self.host.name(after.region))
        };
        slot.notices.note(&format!("warning: {name} answers again after {seconds} s; this host {now}"));
    }
}
