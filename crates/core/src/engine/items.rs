//! Items of any table, for the functions `wp_dynamodb_get()` and its like.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Instant;

use super::Engine;
use super::later::GRACE;
use crate::call::items::ItemCaller;
use crate::error::{Error, Kind};
use crate::metrics::Operation;
use crate::region::items_cell::ItemsCell;
use crate::region::shared::monotonic_ms;
use crate::runtime::Answer;
use crate::store::items::{Condition, Place, Query};
use crate::store::{Change, Item};

/// A request asks for so many queries ahead at most.
const AHEAD: usize = 4;

/// A query that was begun before the page asked.
pub(super) struct QueryAhead {
    query: Query,
    answer: Answer<Result<Vec<Item>, Error>>,
}

impl Engine {
    /// Reads an item; one that has expired is none.
    ///
    /// # Errors
    /// As any read: after `request_timeout_ms` at the latest.
    pub fn item(&self, place: Place, consistent: bool) -> Result<Option<Item>, Error> {
        let table = place.table.clone();
        self.items(Operation::GetItem, &table, move |items, deadline| async move { items.get(&place, consistent, deadline).await })
    }

    /// Reads items of a partition; takes the answer of the same query begun ahead.
    ///
    /// # Errors
    /// As any read.
    pub fn query(&self, query: Query) -> Result<Vec<Item>, Error> {
        let ahead = {
            let mut ahead = self.queries.borrow_mut();
            ahead.iter().position(|held| held.query == query).map(|at| ahead.remove(at))
        };
        if let Some(ahead) = ahead {
            let limit = self.host.settings.request_timeout + GRACE;
            return ahead.answer.wait(limit).unwrap_or_else(|error| {
                let answer = Err(self.at_table(error, Operation::Query, &query.table));
                note(&self.host.slot.items, Operation::Query, &query.table, &answer);
                answer
            });
        }
        let table = query.table.clone();
        if !self.host.slot.items.may_ask(&table, monotonic_ms()) {
            self.host.slot.items.fail(Kind::Throttled, monotonic_ms());
            let error = Error::new(Kind::Throttled, "it was throttled a moment ago, and is not asked again yet");
            return Err(self.at_table(error, Operation::Query, &table));
        }
        self.items(Operation::Query, &table, move |items, deadline| async move { items.query(&query, deadline).await })
    }

    /// Begins a query whose answer this request will want.
    pub fn query_ahead(&self, query: Query) {
        // A host that has just started waits for SSM first, where the page asks: another Region's copies may be old.
        if self.is_stale() {
            return;
        }
        let mut ahead = self.queries.borrow_mut();
        let is_new = ahead.len() < AHEAD && !ahead.iter().any(|held| held.query == query);
        if is_new && self.host.slot.items.may_ask(&query.table, monotonic_ms()) {
            let (items, wanted, slot) = (self.item_caller.clone(), query.clone(), self.host.slot);
            let deadline = tokio::time::Instant::now() + self.host.settings.request_timeout;
            let answer = self.process.start(async move {
                let answer = items.query(&wanted, deadline).await;
                // Here, for the page may never ask: a made-up cookie's read is the one that finds out, too.
                note(&slot.items, Operation::Query, &wanted.table, &answer);
                answer
            });
            ahead.push(QueryAhead { query, answer });
        }
    }

    /// Stores an item in the place of the one that was there.
    ///
    /// # Errors
    /// [`Kind::Condition`], or as any write.
    pub fn put_item(&self, place: Place, item: Item, condition: Condition) -> Result<(), Error> {
        let table = place.table.clone();
        self.items(Operation::PutItem, &table, move |items, deadline| async move { items.put(&place, &item, &condition, deadline).await })
    }

    /// Changes an item, or makes it; what it is then.
    ///
    /// # Errors
    /// As [`Engine::put_item`].
    pub fn update_item(&self, place: Place, changes: BTreeMap<String, Change>, condition: Condition) -> Result<Item, Error> {
        let table = place.table.clone();
        let call = move |items: ItemCaller, deadline| async move { items.update(&place, &changes, &condition, deadline).await };
        self.items(Operation::UpdateItem, &table, call)
    }

    /// Deletes an item.
    ///
    /// # Errors
    /// As [`Engine::put_item`].
    pub fn delete_item(&self, place: Place, condition: Condition) -> Result<(), Error> {
        let table = place.table.clone();
        self.items(Operation::DeleteItem, &table, move |items, deadline| async move { items.delete(&place, &condition, deadline).await })
    }

    fn items<T, F>(&self, operation: Operation, table: &str, make: impl FnOnce(ItemCaller, tokio::time::Instant) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.ensure_fresh();
        let (began, limit) = (Instant::now(), self.host.settings.request_timeout);
        let call = make(self.item_caller.clone(), (began + limit).into());
        let answer = self.process.wait(limit + GRACE, call);
        let answer = answer.unwrap_or_else(|error| Err(self.at_table(error, operation, table).after(began.elapsed())));
        note(&self.host.slot.items, operation, table, &answer);
        answer
    }

    fn at_table(&self, error: Error, operation: Operation, table: &str) -> Error {
        error.at(operation.name(), self.host.name(self.host.route().region), format!("table {table}"))
    }
}

/// What calls meet: what the caller may decide on in an outage.
fn note<T>(cell: &ItemsCell, operation: Operation, table: &str, answer: &Result<T, Error>) {
    match answer {
        Err(error) if error.kind == Kind::Invalid => {}
        Err(error) if error.kind != Kind::Condition => cell.fail(error.kind, monotonic_ms()),
        _ => cell.answer(operation, monotonic_ms()),
    }
    // A page that needs a throttled table would wait until its deadline, as would all others: one of them at a time finds out.
    match answer {
        _ if operation != Operation::Query => {}
        Err(error) if error.kind == Kind::Throttled => cell.hold_off(table, monotonic_ms()),
        Ok(_) => cell.go_on(table),
        Err(_) => {}
    }
}
