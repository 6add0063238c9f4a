//! A store in memory: one table in each Region, without replication.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::error::{Error, Kind};
use crate::region::Region;
use crate::store::copies::{UPDATED_AT, WRITER};
use crate::store::{Attribute, Change, Item, Key, LOCK, LOCK_UNTIL, Lock, Reply, Store, Update};

/// The items of all Regions.
#[derive(Default)]
pub struct Memory(pub Mutex<HashMap<(Region, Key), Item>>);

impl Store for Memory {
    fn get<'a>(&'a self, region: &'a Region, key: &'a Key, _consistent: bool) -> Reply<'a, Option<Item>> {
        let item = self.0.lock().expect("unpoisoned").get(&(region.clone(), key.clone())).cloned();
        Box::pin(async move { Ok(item) })
    }

    fn update<'a>(&'a self, region: &'a Region, key: &'a Key, update: &'a Update) -> Reply<'a, ()> {
        let mut items = self.0.lock().expect("unpoisoned");
        let at = (region.clone(), key.clone());
        if update.must_exist && !items.contains_key(&at) {
            return Box::pin(async { Err(Error::new(Kind::Condition, "the item has gone")) });
        }
        let held = |item: Option<&Item>| match item.and_then(|item| item.get(LOCK)) {
            Some(Attribute::S(token)) => Some(token.clone()),
            _ => None,
        };
        let done = |item: &Item| {
            let same = |name: &str| matches!(update.changes.get(name), Some(Change::Set(value)) if item.get(name) == Some(value));
            !item.contains_key(LOCK) && same(UPDATED_AT) && same(WRITER)
        };
        if update.holds.is_some() && held(items.get(&at)) != update.holds && !items.get(&at).is_some_and(done) {
            return Box::pin(async { Err(Error::new(Kind::Condition, "the lock is another one's")) });
        }
        let item = items.entry(at).or_default();
        item.insert(key.attribute.clone(), Attribute::S(key.value.clone()));
        for (name, change) in &update.changes {
            match change {
                Change::Set(value) => {
                    item.insert(name.clone(), value.clone());
                }
                Change::Add(n) => {
                    let held = match item.get(name) {
                        Some(Attribute::N(held)) => *held,
                        _ => 0,
                    };
                    item.insert(name.clone(), Attribute::N(held + n));
                }
                Change::Remove => {
                    item.remove(name);
                }
            }
        }
        Box::pin(async { Ok(()) })
    }

    fn lock<'a>(&'a self, region: &'a Region, key: &'a Key, lock: &'a Lock) -> Reply<'a, Item> {
        let mut items = self.0.lock().expect("unpoisoned");
        let item = items.entry((region.clone(), key.clone())).or_default();
        let free = match (item.get(LOCK), item.get(LOCK_UNTIL)) {
            (Some(Attribute::S(token)), Some(Attribute::N(until))) => {
                *token == lock.token || lock.dead.as_ref() == Some(token) || *until < lock.now_ms
            }
            _ => true,
        };
        if !free {
            return Box::pin(async { Err(Error::new(Kind::Condition, "somebody else has the lock")) });
        }
        item.insert(key.attribute.clone(), Attribute::S(key.value.clone()));
        item.insert(LOCK.into(), Attribute::S(lock.token.clone()));
        item.insert(LOCK_UNTIL.into(), Attribute::N(lock.until_ms));
        item.entry(lock.expires.0.clone()).or_insert(Attribute::N(lock.expires.1));
        let item = item.clone();
        Box::pin(async move { Ok(item) })
    }

    fn delete<'a>(&'a self, region: &'a Region, key: &'a Key, holds: Option<&'a str>) -> Reply<'a, ()> {
        let mut items = self.0.lock().expect("unpoisoned");
        let at = (region.clone(), key.clone());
        let held = items.get(&at).map(|item| item.get(LOCK).cloned());
        if holds.is_some_and(|token| held.is_some_and(|held| held != Some(Attribute::S(token.into())))) {
            return Box::pin(async { Err(Error::new(Kind::Condition, "the lock is another one's")) });
        }
        items.remove(&at);
        Box::pin(async { Ok(()) })
    }
}
