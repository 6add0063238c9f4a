//! Reading an item.

use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::attempt::{Course, Patience};
use super::{Caller, Failures, LOOK, now_ms};
use crate::error::{Error, Kind};
use crate::metrics::{Operation, RoutingEvent};
use crate::region::breakers::{Health, health};
use crate::region::decide::route::{Route, View};
use crate::region::mask::Mask;
use crate::region::shared::Slot;
use crate::store::copies::Found;
use crate::store::{Item, Key};

impl Caller {
    /// Reads an item: the newest copy of the Regions that have to be asked.
    ///
    /// # Errors
    /// When no Region answered that may; the failures of all that were asked are in it.
    pub async fn read(&self, key: &Key, deadline: Instant) -> Result<Found, Error> {
        let view = self.host.view();
        let route = view.route();
        let beside = self.host.beside(route.region, &view);
        let course = Course::until(deadline);
        let mut first = Box::pin(self.get(route.region, key, self.patience(&view, false, &course)));
        if beside.is_empty() {
            // The way of an ordinary day: one call, one answer.
            tokio::select! {
                biased;
                answer = &mut first => match answer {
                    Ok(item) => return Ok(Found::newest(vec![(route.region, item)], Mask::default().with(route.preferred), &self.host.settings, now_ms())),
                    Err(error) if !self.moves_on(&error, &view) => return Err(error.after(course.began.elapsed())),
                    Err(error) => {
                        let mut race = Race::new(self, key, view, route, beside, &course);
                        race.failed(route.region, error);
                        return race.run().await;
                    }
                },
                _ = course.late.wait() => {}
            }
        }
        let race = Race::new(self, key, view, route, beside, &course);
        let region = route.region;
        race.pending.push(Box::pin(async move { (region, first.await) }));
        race.run().await
    }

    pub(super) async fn get(&self, region: usize, key: &Key, patience: Patience<'_>) -> Result<Option<Item>, Error> {
        let consistent = self.host.settings.consistent_read;
        self.attempt(Operation::GetItem, region, patience, || self.store.get(self.host.name(region), key, consistent)).await
    }

    pub(super) fn patience<'a>(&self, view: &View, beside: bool, course: &'a Course) -> Patience<'a> {
        let alone = view.next(Mask::default().with(view.route().region)).is_none();
        Patience { alone, beside, course }
    }

    /// Whether this failure is one that another Region may not have.
    pub(super) fn moves_on(&self, error: &Error, view: &View) -> bool {
        health(Some(error.kind)) == Health::Bad && view.may_bridge()
    }
}

type Answer<'a> = std::pin::Pin<Box<dyn Future<Output = (usize, Result<Option<Item>, Error>)> + Send + 'a>>;

/// A read that asks more than one Region, or waits for a late one.
struct Race<'a> {
    caller: &'a Caller,
    key: &'a Key,
    view: View,
    route: Route,
    course: &'a Course,
    /// The Region whose answer counts.
    first: usize,
    /// The Regions of the switch window.
    window: Mask,
    /// Those whose answer is waited for.
    wanted: Mask,
    /// Those that have been asked beside the first: they have not been tried as hard as that.
    beside: Mask,
    /// Those that have been asked.
    asked: Mask,
    pending: FuturesUnordered<Answer<'a>>,
    answers: Vec<(usize, Option<Item>)>,
    failures: Failures,
}

impl<'a> Race<'a> {
    fn new(caller: &'a Caller, key: &'a Key, view: View, route: Route, beside: Mask, course: &'a Course) -> Self {
        let mut race = Race {
            caller,
            key,
            view,
            route,
            course,
            first: route.region,
            window: beside,
            wanted: beside.with(route.region),
            beside: Mask::default(),
            asked: Mask::default().with(route.region),
            pending: FuturesUnordered::new(),
            answers: Vec::new(),
            failures: Failures::default(),
        };
        for region in beside.iter() {
            race.slot().routing.record(RoutingEvent::Doubled);
            race.ask(region, true);
        }
        race
    }

    fn slot(&self) -> &'static Slot {
        self.caller.host.slot
    }

    fn ask(&mut self, region: usize, beside: bool) {
        let (caller, key) = (self.caller, self.key);
        let patience = caller.patience(&self.view, beside, self.course);
        self.asked = self.asked.with(region);
        self.beside = if beside { self.beside.with(region) } else { self.beside.without(region) };
        self.pending.push(Box::pin(async move { (region, caller.get(region, key, patience).await) }));
    }

    /// Waits until the Regions that count have answered or failed.
    async fn run(mut self) -> Result<Found, Error> {
        let mut late = pin!(tokio::time::sleep_until(self.course.began + self.caller.late()));
        let mut end = pin!(tokio::time::sleep_until(self.course.deadline));
        let mut look = tokio::time::interval(LOOK);
        let mut is_late = false;
        while !self.is_complete() {
            if self.pending.is_empty() {
                return Err(self.failures.into_error(self.course.began));
            }
            tokio::select! {
                biased;
                Some((region, answer)) = self.pending.next() => match answer {
                    _ if self.failures.regions.has(region) => {}
                    Ok(item) => self.answers.push((region, item)),
                    Err(error) if region == self.first && !self.caller.moves_on(&error, &self.view) => {
                        self.failures.add(region, error);
                        return Err(self.failures.into_error(self.course.began));
                    }
                    Err(error) => self.failed(region, error),
                },
                () = &mut late, if !is_late => {
                    is_late = true;
                    self.hedge();
                }
                () = &mut end => self.give_up("no answer in time"),
                _ = look.tick(), if is_late => self.abandon(),
            }
        }
        Ok(self.choose())
    }

    fn has_answered(&self, region: usize) -> bool {
        self.answers.iter().any(|(answered, _)| *answered == region)
    }

    fn is_complete(&self) -> bool {
        self.has_answered(self.first) && self.wanted.minus(self.failures.regions).iter().all(|region| self.has_answered(region))
    }

    /// A Region has failed. When it was the one that counts, the next one does: one that has answered already, one that was asked
    /// already, one that is asked now.
    fn failed(&mut self, region: usize, error: Error) {
        if region != self.first {
            self.caller.say_useless(region, &error);
        }
        self.failures.add(region, error);
        if region != self.first {
            return;
        }
        let open = self.slot().open(self.view.regions);
        self.view.open = open;
        if let Some(next) = self.view.next(self.failures.regions) {
            self.first = next;
            if !self.asked.has(next) {
                self.ask(next, false);
            }
        } else if let Some(next) = self.view.next(self.failures.regions.minus(self.beside)) {
            // A blip beside another Region must not use it up.
            self.first = next;
            self.failures.regions = self.failures.regions.without(next);
            self.ask(next, false);
        } else if let Some((answered, _)) = self.answers.first() {
            self.first = *answered;
        }
    }

    /// The first Region is late: asks the next one beside it, if there is one and the share allows it. Its answer counts if the first
    /// one fails.
    fn hedge(&mut self) {
        if self.has_answered(self.first) || self.course.throttled.load(Relaxed) {
            return;
        }
        self.caller.breakers.suspect(self.first, std::time::Duration::ZERO);
        let Some(next) = self.view.next(self.asked) else { return };
        let reads = (0..self.view.regions).map(|region| self.slot().region(region).metrics.calls(Operation::GetItem)).sum();
        if self.slot().hedges.take(reads) {
            self.slot().routing.record(RoutingEvent::Hedged);
            self.ask(next, true);
        }
    }

    /// Stops waiting for Regions whose breaker has opened meanwhile.
    fn abandon(&mut self) {
        if !self.view.may_bridge() {
            return;
        }
        let open = self.slot().open(self.view.regions);
        for region in self.asked.and(open).minus(self.failures.regions).iter().collect::<Vec<_>>() {
            if !self.has_answered(region) && open != Mask::first(self.view.regions) {
                self.failed(region, self.gone(region, "no answer; its breaker has opened meanwhile"));
            }
        }
    }

    /// The deadline: what has not answered by now has failed.
    fn give_up(&mut self, why: &str) {
        for region in self.asked.minus(self.failures.regions).iter().collect::<Vec<_>>() {
            if !self.has_answered(region) {
                self.failures.add(region, self.gone(region, why));
            }
        }
        self.pending.clear();
        if let Some((answered, _)) = self.answers.first()
            && !self.has_answered(self.first)
        {
            self.first = *answered;
        }
    }

    fn gone(&self, region: usize, why: &str) -> Error {
        let host = &self.caller.host;
        Error::new(Kind::Timeout, why).at(Operation::GetItem.name(), host.name(region), format!("table {}", host.settings.table))
    }

    fn choose(mut self) -> Found {
        let first = self.first;
        self.answers.sort_by_key(|(region, _)| *region != first);
        let host = &self.caller.host;
        let slot = host.slot;
        let mut found = Found::newest(self.answers, self.window.with(self.route.preferred), &host.settings, now_ms());
        found.seen.failed = self.failures.regions;
        if first != self.route.region {
            slot.routing.record(RoutingEvent::Bridged);
        }
        if found.elsewhere {
            // It has not arrived here yet, so there may be more on the way.
            host.widen(Mask::default().with(found.region));
        }
        if let Some(lost) = found.superseded {
            slot.routing.record(RoutingEvent::Superseded);
            let (lost, kept) = (host.name(lost), host.name(found.region));
            slot.notices.say_once(&format!(
                "warning: a session was changed in {lost} and, before that was replicated, in {kept} as well; the change in {lost} is \
                 dropped (wp_dynamodb_metrics() counts such sessions as superseded)"
            ));
        }
        found
    }
}
