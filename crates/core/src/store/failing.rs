//! A store that fails when told to: for faults at a moment that nothing outside can hit.

use std::sync::Mutex;

use crate::error::{Error, Kind};
use crate::region::Region;
use crate::store::{Item, Key, Lock, Reply, Store, Update};

/// Passes calls on to `inner` unless `fault` is set; counts them.
pub struct Failing<S> {
    /// The store behind it.
    pub inner: S,
    /// How every call fails.
    pub fault: Mutex<Option<Kind>>,
    /// So many calls are still good; the next ones fail. `None`: all are.
    pub good: Mutex<Option<usize>>,
    /// The calls so far, by name.
    pub calls: Mutex<Vec<&'static str>>,
}

impl<S: Store> Failing<S> {
    /// Wraps `inner`, failing nothing yet.
    pub fn new(inner: S) -> Self {
        Failing { inner, fault: Mutex::new(None), good: Mutex::new(None), calls: Mutex::default() }
    }

    fn check(&self, call: &'static str, region: &Region, key: &Key) -> Result<(), Error> {
        self.calls.lock().expect("unpoisoned").push(call);
        if let Some(left) = self.good.lock().expect("unpoisoned").as_mut() {
            if *left == 0 {
                return Err(Error::new(Kind::Unavailable, "told to fail").at(call, region, format!("table {}", key.table)));
            }
            *left -= 1;
        }
        match *self.fault.lock().expect("unpoisoned") {
            Some(kind) => Err(Error::new(kind, "told to fail").at(call, region, format!("table {}", key.table))),
            None => Ok(()),
        }
    }
}

impl<S: Store> Store for Failing<S> {
    fn get<'a>(&'a self, region: &'a Region, key: &'a Key, consistent: bool) -> Reply<'a, Option<Item>> {
        match self.check("GetItem", region, key) {
            Ok(()) => self.inner.get(region, key, consistent),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn update<'a>(&'a self, region: &'a Region, key: &'a Key, update: &'a Update) -> Reply<'a, ()> {
        match self.check("UpdateItem", region, key) {
            Ok(()) => self.inner.update(region, key, update),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn lock<'a>(&'a self, region: &'a Region, key: &'a Key, lock: &'a Lock) -> Reply<'a, Item> {
        match self.check("UpdateItem", region, key) {
            Ok(()) => self.inner.lock(region, key, lock),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn delete<'a>(&'a self, region: &'a Region, key: &'a Key, holds: Option<&'a str>) -> Reply<'a, ()> {
        match self.check("DeleteItem", region, key) {
            Ok(()) => self.inner.delete(region, key, holds),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }
}
