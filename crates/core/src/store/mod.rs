//! The item store: what the sessions need of DynamoDB, and no more; what tells the copies of an item in several Regions apart; and items
//! of other tables.

pub mod copies;
pub mod dynamo;
mod dynamo_items;
pub mod dynamo_tables;
#[cfg(test)]
pub mod failing;
pub mod items;
#[cfg(test)]
pub mod memory;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use crate::error::Error;
use crate::region::Region;

/// The future of a store's answer.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// A string.
    S(String),
    /// A whole number.
    N(i64),
    /// Bytes.
    B(Vec<u8>),
    /// A type that nothing here uses.
    Other,
}

/// An item: attributes by name.
pub type Item = BTreeMap<String, Attribute>;

/// A partition key of type S in a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The table.
    pub table: String,
    /// Name of the key attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

/// What to do with one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Set it.
    Set(Attribute),
    /// Add to it, from 0 when it is missing.
    Add(i64),
    /// Remove it.
    Remove,
}

/// One UpdateItem.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// Changes by attribute.
    pub changes: BTreeMap<String, Change>,
    /// Fail with [`crate::Kind::Condition`] when there is no such item, instead of making one.
    pub must_exist: bool,
    /// Fail with [`crate::Kind::Condition`] unless the item is locked with this token, or an earlier try of this update has been carried out.
    pub holds: Option<String>,
}

/// Name of the attribute that says who has locked an item.
pub const LOCK: &str = "lock";
/// Name of the attribute that says until when, in milliseconds since 1970.
pub const LOCK_UNTIL: &str = "lock_until";

/// A lock to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Who takes it: random, and nobody else's.
    pub token: String,
    /// Now, in milliseconds since 1970: locks that ended before are free.
    pub now_ms: i64,
    /// When it ends by itself.
    pub until_ms: i64,
    /// A token whose owner is known to be dead.
    pub dead: Option<String>,
    /// The attribute with the expiry, and its value for an item that is made by this: TTL removes it.
    pub expires: (String, i64),
}

/// A write with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Writing {
    /// What is changed.
    pub update: Update,
    /// The whole item, when `update` changes a part of it: written where the copy is not known to be the newest.
    pub whole: Option<Update>,
    /// Items that it points to: stored before it.
    pub parts: Vec<(Key, Update)>,
    /// The item is locked in this Region with this token: the write holds only with it, and takes it off.
    pub lock: Option<(usize, String)>,
}

impl From<Update> for Writing {
    fn from(update: Update) -> Self {
        Writing { update, ..Writing::default() }
    }
}

/// Items in Regions.
pub trait Store: Send + Sync {
    /// Waits until calls can be made. [`crate::Kind::Config`]: something is missing on this host.
    fn ready(&self) -> Reply<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
    /// Reads an item; `None` when there is none.
    fn get<'a>(&'a self, region: &'a Region, key: &'a Key, consistent: bool) -> Reply<'a, Option<Item>>;
    /// Changes an item, or makes it.
    fn update<'a>(&'a self, region: &'a Region, key: &'a Key, update: &'a Update) -> Reply<'a, ()>;
    /// Takes the lock of an item, or makes an item that is only locked. The item; [`crate::Kind::Condition`]: somebody else has the lock.
    fn lock<'a>(&'a self, region: &'a Region, key: &'a Key, lock: &'a Lock) -> Reply<'a, Item>;
    /// Deletes an item; no error when there is none. `holds`: only while it is locked with this token ([`crate::Kind::Condition`]).
    fn delete<'a>(&'a self, region: &'a Region, key: &'a Key, holds: Option<&'a str>) -> Reply<'a, ()>;
}
