//! Changing and deleting an item.

use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::attempt::Course;
use super::{Caller, Failures, LOOK, now_ms};
use crate::error::{Error, Kind};
use crate::metrics::{Operation, RoutingEvent};
use crate::region::decide::route::View;
use crate::region::mask::Mask;
use crate::store::copies::{Seen, Write};
use crate::store::{Change, Key, LOCK, LOCK_UNTIL, Writing};

type Answer<'a> = std::pin::Pin<Box<dyn Future<Output = (usize, Result<(), Error>)> + Send + 'a>>;

impl Caller {
    /// Writes an item, newer than everything that was seen of its copies. What is known of them now.
    ///
    /// Where the copy is not known to be the newest, `whole` is written in the place of a change of a part, which would make what is left
    /// of an old copy look new. (Parts are [`Caller::put`]'s.)
    ///
    /// # Errors
    /// When it is not certain that any Region has it.
    pub async fn write(&self, key: &Key, writing: &Writing, seen: &Seen, deadline: Instant) -> Result<Seen, Error> {
        self.write_after(key, writing, seen, deadline, Failures::default()).await
    }

    async fn write_after(
        &self,
        key: &Key,
        writing: &Writing,
        seen: &Seen,
        deadline: Instant,
        mut failures: Failures,
    ) -> Result<Seen, Error> {
        let view = self.host.view();
        let route = view.route().region;
        // A Region that has just failed this request's read is not waited for again.
        let first = if seen.failed.has(route) { view.next(seen.failed).unwrap_or(route) } else { route };
        let beside = self.host.beside(first, &view).minus(seen.failed);
        let course = Course::until(deadline);
        // The last one there is gets one more chance.
        failures.regions = failures.regions.without(first);
        let mut race = Race {
            caller: self,
            key,
            writing,
            seen,
            view,
            course: &course,
            first,
            asked: Mask::default(),
            pending: FuturesUnordered::new(),
            over: if seen.takes_over(beside.with(first)) { beside.with(first) } else { Mask::default() },
            written: Mask::default(),
            goes: beside.with(first),
            beside,
            failures,
            now_ms: now_ms(),
        };
        if first != route {
            race.spill(first);
        }
        let mut call = race.call(first, false);
        if beside.is_empty() {
            // The way of an ordinary day: one call, one answer.
            tokio::select! {
                biased;
                (_, answer) = &mut call => {
                    race.answered(first, answer)?;
                    return race.run().await;
                }
                _ = course.late.wait() => {}
            }
        }
        race.pending.push(call);
        for region in beside.iter() {
            race.ask(region, true);
        }
        race.run().await
    }

    /// Deletes an item. Where copies may be left that this host cannot reach, or that another host still uses, `gone` is written instead;
    /// with its lock, when the item is locked.
    ///
    /// # Errors
    /// When it is not certain that it has gone.
    pub async fn delete(&self, key: &Key, gone: Writing, seen: &Seen, deadline: Instant) -> Result<(), Error> {
        let view = self.host.view();
        let route = view.route();
        let mut seen = seen.clone();
        let mut failures = Failures::default();
        // Regions that are lost now, or were a moment ago, may have a copy that would come back.
        let elsewhere = view.open.without(route.region).or(self.host.in_window(route.region)).or(seen.failed);
        // A lock in another Region than the one in use is checked by no delete here.
        let lock = gone.lock.as_ref();
        if route.region == route.preferred && elsewhere.is_empty() && lock.is_none_or(|(region, _)| *region == route.region) {
            let holds = lock.map(|(_, token)| token.as_str());
            let course = Course::until(deadline);
            let patience = self.patience(&view, false, &course);
            let name = self.host.name(route.region);
            match self.attempt(Operation::DeleteItem, route.region, patience, || self.store.delete(name, key, holds)).await {
                Err(error) if self.moves_on(&error, &view) && !patience.alone => {
                    seen.failed = seen.failed.with(route.region);
                    failures.add(route.region, error);
                }
                answer => return answer,
            }
        }
        self.write_after(key, &gone, &seen, deadline, failures).await.map(|_| ())
    }
}

/// A write to one Region, and to the next one should it fail; in the switch window to others beside it.
struct Race<'a> {
    caller: &'a Caller,
    key: &'a Key,
    writing: &'a Writing,
    seen: &'a Seen,
    view: View,
    course: &'a Course,
    /// The Region whose answer counts.
    first: usize,
    asked: Mask,
    pending: FuturesUnordered<Answer<'a>>,
    /// Where the write takes over.
    over: Mask,
    written: Mask,
    /// Where it goes.
    goes: Mask,
    /// Those that are written beside the first: they are not tried as hard as that.
    beside: Mask,
    failures: Failures,
    now_ms: i64,
}

impl<'a> Race<'a> {
    fn ask(&mut self, region: usize, beside: bool) {
        let call = self.call(region, beside);
        self.pending.push(call);
    }

    fn call(&mut self, region: usize, beside: bool) -> Answer<'a> {
        let (caller, key) = (self.caller, self.key);
        let host = &caller.host;
        let patience = caller.patience(&self.view, beside, self.course);
        if self.seen.takes_over(Mask::default().with(region)) {
            self.over = self.over.with(region);
        }
        self.goes = self.goes.with(region);
        let write = Write {
            writer: self.first,
            takes_over: self.over.has(region),
            leaves: self.seen.leaves(self.goes.minus(self.failures.regions)),
            now_ms: self.now_ms,
        };
        let Writing { update, whole, lock, .. } = self.writing;
        let part = update.must_exist && self.seen.may_touch(region);
        let change = if part { update } else { whole.as_ref().unwrap_or(update) };
        let mut update = self.seen.stamp(change, region, write, &host.settings);
        if let Some((locked, token)) = lock {
            // Copies of a locked item are locked, too.
            update.changes.extend([LOCK, LOCK_UNTIL].map(|name| (name.to_owned(), Change::Remove)));
            update.holds = (*locked == region).then(|| token.clone());
        }
        self.asked = self.asked.with(region);
        Box::pin(async move {
            let write = || caller.store.update(host.name(region), key, &update);
            (region, caller.attempt(Operation::UpdateItem, region, patience, write).await)
        })
    }

    /// Takes an answer. An error: the call ends with it.
    fn answered(&mut self, region: usize, answer: Result<(), Error>) -> Result<(), Error> {
        match answer {
            _ if self.failures.regions.has(region) => {}
            Ok(()) => self.written = self.written.with(region),
            Err(error) if region == self.first && !self.caller.moves_on(&error, &self.view) => {
                self.failures.add(region, error);
                // Another Region may have it, or be about to.
                let elsewhere = !self.asked.minus(self.failures.regions).is_empty();
                let error = std::mem::take(&mut self.failures).into_error(self.course.began);
                return Err(Error { uncertain: error.uncertain || elsewhere, ..error });
            }
            Err(error) => self.failed(region, error),
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.asked.minus(self.written).minus(self.failures.regions).is_empty()
    }

    async fn run(mut self) -> Result<Seen, Error> {
        if !self.is_settled() {
            self.wait().await?;
        }
        if self.written.has(self.first) {
            Ok(self.seen.written(self.written, self.over, self.now_ms))
        } else {
            Err(self.failures.into_error(self.course.began))
        }
    }

    /// Waits for the Regions that have been asked, and for those that have to be asked in their place.
    async fn wait(&mut self) -> Result<(), Error> {
        let mut late = pin!(tokio::time::sleep_until(self.course.began + self.caller.late()));
        let mut look = tokio::time::interval(LOOK);
        let mut is_late = false;
        while !self.is_settled() {
            tokio::select! {
                biased;
                Some((region, answer)) = self.pending.next() => self.answered(region, answer)?,
                () = &mut late, if !is_late => {
                    is_late = true;
                    if !self.written.has(self.first) && !self.course.throttled.load(Relaxed) {
                        self.caller.breakers.suspect(self.first, std::time::Duration::ZERO);
                    }
                }
                _ = look.tick(), if is_late => self.abandon(),
            }
        }
        Ok(())
    }

    /// A Region has failed. When it was the one that counts, the next one does, be it that it has been written beside it already.
    fn failed(&mut self, region: usize, error: Error) {
        if region != self.first {
            self.caller.say_useless(region, &error);
        }
        self.failures.add(region, error);
        if region != self.first {
            return;
        }
        self.view.open = self.caller.host.slot.open(self.view.regions);
        let failed = self.failures.regions.or(self.seen.failed);
        if let Some(next) = self.view.next(failed) {
            self.first = next;
            self.spill(next);
            if !self.asked.has(next) {
                self.ask(next, false);
            }
        } else if let Some(next) = self.view.next(failed.minus(self.beside.and(self.failures.regions))) {
            // A blip beside another Region must not use it up.
            self.first = next;
            self.spill(next);
            self.beside = self.beside.without(next);
            self.failures.regions = self.failures.regions.without(next);
            self.ask(next, false);
        } else if let Some(written) = self.written.iter().next() {
            self.first = written;
            self.spill(written);
        }
    }

    /// The write goes to another Region than the route: the next reads of this host look there, too.
    fn spill(&self, region: usize) {
        let host = &self.caller.host;
        host.slot.routing.record(RoutingEvent::Bridged);
        host.widen(Mask::default().with(region).with(self.view.route().region));
    }

    /// Stops waiting for Regions whose breaker has opened meanwhile.
    fn abandon(&mut self) {
        if !self.view.may_bridge() {
            return;
        }
        let host = &self.caller.host;
        let open = host.slot.open(self.view.regions);
        for region in self.asked.and(open).minus(self.failures.regions).minus(self.written).iter().collect::<Vec<_>>() {
            if open != Mask::first(self.view.regions) {
                let error = Error::new(Kind::Timeout, "no answer; its breaker has opened meanwhile");
                let table = format!("table {}", host.settings.table);
                self.failed(region, error.at(Operation::UpdateItem.name(), host.name(region), table));
            }
        }
    }
}
