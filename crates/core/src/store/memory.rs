//! A store in memory: one table in each Region, without replication.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::error::{Error, Kind};
use crate::region::Region;
use crate::store::{Attribute, Change, Item, Key, Reply, Store, Update};

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

    fn delete<'a>(&'a self, region: &'a Region, key: &'a Key) -> Reply<'a, ()> {
        self.0.lock().expect("unpoisoned").remove(&(region.clone(), key.clone()));
        Box::pin(async { Ok(()) })
    }
}
