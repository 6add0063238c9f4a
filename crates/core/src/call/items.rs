//! Calls for items of any table: the Region in use, the next one when it fails; in the switch window those beside it as well.
//!
//! What is written carries `updated_at` and `writer`. Where more than one Region is read, the copy that was written later counts, by the
//! clocks of the hosts that wrote. Whoever needs more than that (a session's data, say) makes items that never change, or only grow.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{join, join_all};
use tokio::time::Instant;

use super::attempt::Course;
use super::{Caller, Failures, now_ms};
use crate::error::{Error, Kind};
use crate::metrics::{Operation, RoutingEvent};
use crate::region::Region;
use crate::region::mask::Mask;
use crate::store::copies::{UPDATED_AT, WRITER};
use crate::store::items::{Condition, Items, Place, Query, attribute_name};
use crate::store::{Attribute, Change, Item, Reply};

/// Makes calls for items.
#[derive(Clone)]
pub struct ItemCaller {
    caller: Caller,
    store: Arc<dyn Items>,
}

impl ItemCaller {
    /// For this host.
    #[must_use]
    pub fn new(caller: Caller, store: Arc<dyn Items>) -> Self {
        ItemCaller { caller, store }
    }

    /// Reads an item; one that has expired is none.
    ///
    /// # Errors
    /// When no Region answered that may.
    pub async fn get(&self, place: &Place, consistent: bool, deadline: Instant) -> Result<Option<Item>, Error> {
        let call = |region| self.store.get_item(region, place, consistent);
        let answers = self.ask(Operation::GetItem, &place.table, deadline, call).await?;
        Ok(answers.into_iter().flatten().max_by_key(written).filter(|item| self.lives(item)))
    }

    /// Reads items of a partition, in the order of their sort keys, without those that have expired.
    ///
    /// # Errors
    /// As [`ItemCaller::get`].
    pub async fn query(&self, query: &Query, deadline: Instant) -> Result<Vec<Item>, Error> {
        let lives = |item: &Item| self.lives(item);
        let answers = self.ask(Operation::Query, &query.table, deadline, |region| self.store.query(region, query, &lives)).await?;
        let mut answers = answers.into_iter();
        let mut found = answers.next().unwrap_or_default();
        let key = |item: &Item| item.get(&query.sort.0).cloned();
        for item in answers.flatten() {
            match found.iter_mut().find(|held| key(held) == key(&item)) {
                Some(held) if written(held) < written(&item) => *held = item,
                Some(_) => {}
                None => found.push(item),
            }
        }
        found.sort_by(|one, other| text(one, &query.sort.0).cmp(text(other, &query.sort.0)));
        found.retain(|item| lives(item));
        found.truncate(query.limit);
        Ok(found)
    }

    /// Stores a whole item.
    ///
    /// # Errors
    /// [`Kind::Condition`]: it did not hold. Else when it is not certain that a Region has it.
    pub async fn put(&self, place: &Place, item: &Item, condition: &Condition, deadline: Instant) -> Result<(), Error> {
        item.keys().try_for_each(|name| may_be_set(name, place))?;
        let now = now_ms();
        let write = |region| {
            let mut item = item.clone();
            item.extend(stamps(region, now));
            self.store.put_item(region, place, item, condition)
        };
        self.ask(Operation::PutItem, &place.table, deadline, write).await.map(|_| ())
    }

    /// Changes attributes of an item, or makes it; what it is then.
    ///
    /// # Errors
    /// As [`ItemCaller::put`].
    pub async fn update(
        &self,
        place: &Place,
        changes: &BTreeMap<String, Change>,
        condition: &Condition,
        deadline: Instant,
    ) -> Result<Item, Error> {
        changes.keys().try_for_each(|name| may_be_set(name, place))?;
        let now = now_ms();
        let write = |region| {
            let mut changes = changes.clone();
            changes.extend(stamps(region, now).map(|(name, value)| (name, Change::Set(value))));
            self.store.update_item(region, place, changes, condition)
        };
        let answers = self.ask(Operation::UpdateItem, &place.table, deadline, write).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// Deletes an item; no error when there is none.
    ///
    /// # Errors
    /// As [`ItemCaller::put`].
    pub async fn delete(&self, place: &Place, condition: &Condition, deadline: Instant) -> Result<(), Error> {
        let call = |region| self.store.delete_item(region, place, condition);
        self.ask(Operation::DeleteItem, &place.table, deadline, call).await.map(|_| ())
    }

    /// The answers of all Regions that may know something, the one that counts first. (A write must succeed in that one; beside it it may.)
    async fn ask<'a, T>(
        &'a self,
        operation: Operation,
        table: &str,
        deadline: Instant,
        call: impl Fn(&'a Region) -> Reply<'a, T>,
    ) -> Result<Vec<T>, Error> {
        let call = &call;
        let view = self.caller.host.view();
        let beside = self.caller.host.beside(view.route().region, &view);
        let course = Course::on(table, deadline);
        let patience = self.caller.patience(&view, true, &course);
        let others = join_all(beside.iter().map(|region| {
            self.caller.host.slot.routing.record(RoutingEvent::Doubled);
            self.caller.attempt(operation, region, patience, move || call(self.caller.host.name(region)))
        }));
        let (first, others) = join(self.one_after_the_other(operation, &course, call), others).await;
        Ok(std::iter::once(first?).chain(others.into_iter().flatten()).collect())
    }

    async fn one_after_the_other<'a, T>(
        &'a self,
        operation: Operation,
        course: &Course,
        call: &impl Fn(&'a Region) -> Reply<'a, T>,
    ) -> Result<T, Error> {
        let host = &self.caller.host;
        let mut view = host.view();
        let route = view.route().region;
        let (mut failures, mut next) = (Failures::default(), Some(route));
        while let Some(region) = next {
            let patience = self.caller.patience(&view, false, course);
            match self.caller.attempt(operation, region, patience, || call(host.name(region))).await {
                Ok(answer) => return Ok(answer),
                Err(error) if !self.caller.moves_on(&error, &view) => {
                    failures.add(region, error);
                    break;
                }
                Err(error) => failures.add(region, error),
            }
            view.open = host.slot.open(view.regions);
            next = view.next(failures.regions).filter(|_| Instant::now() < course.deadline);
            if let Some(region) = next {
                host.slot.routing.record(RoutingEvent::Bridged);
                if !matches!(operation, Operation::GetItem | Operation::Query) {
                    // What is written there must be found there, also when the Region in use is back before it was replicated.
                    host.widen(Mask::default().with(region).with(route));
                }
            }
        }
        Err(failures.into_error(course.began))
    }

    fn lives(&self, item: &Item) -> bool {
        match item.get(&self.caller.host.settings.expires_attribute) {
            Some(Attribute::N(expires)) => *expires > now_ms() / 1000,
            _ => true,
        }
    }
}

fn stamps(region: &Region, now_ms: i64) -> [(String, Attribute); 2] {
    [(UPDATED_AT.to_owned(), Attribute::N(now_ms)), (WRITER.to_owned(), Attribute::S(region.to_string()))]
}

/// When an item was written; of two that were at once, one always wins.
fn written(item: &Item) -> (i64, String) {
    let at = match item.get(UPDATED_AT) {
        Some(Attribute::N(at)) => *at,
        _ => 0,
    };
    (at, text(item, WRITER).to_owned())
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(Attribute::S(text)) => text,
        _ => "",
    }
}

fn may_be_set(name: &str, place: &Place) -> Result<(), Error> {
    attribute_name(name)?;
    let taken = place.keys().any(|(key, _)| key == name) || [UPDATED_AT, WRITER].contains(&name);
    if taken {
        Err(Error::new(Kind::Invalid, format!("attribute {name} cannot be set: it belongs to the key, or is set by wp_dynamodb itself")))
    } else {
        Ok(())
    }
}
