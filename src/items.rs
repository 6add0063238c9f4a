//! `wp_dynamodb_get()` and its like: PHP arrays → items of any table → PHP arrays. Documented for users in `php/wp_dynamodb.stub.php`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use ext_php_rs::boxed::ZBox;
use ext_php_rs::prelude::*;
use ext_php_rs::types::{ZendHashTable, ZendStr, Zval};
use wp_dynamodb_core::store::items::{Condition, Place, Query};
use wp_dynamodb_core::store::{Attribute, Change, Item};
use wp_dynamodb_core::{Error, Kind};

use crate::{engine, exceptions};

/// As many as a query brings without a limit, and at most.
const QUERY: (usize, usize) = (100, 1000);
/// The longest time to live: a hundred years.
const LONGEST_TTL: i64 = 100 * 366 * 86_400;

fn invalid(why: impl Into<String>) -> Error {
    Error::new(Kind::Invalid, why)
}

fn done<T>(answer: Result<T, Error>) -> PhpResult<T> {
    answer.map_err(|error| exceptions::from(&error))
}

/// Reads an item.
#[php_function]
#[php(name = "wp_dynamodb_get")]
pub fn get(table: &str, key: &ZendHashTable, options: Option<&ZendHashTable>) -> PhpResult<Option<ZBox<ZendHashTable>>> {
    done(Options::of(options, &["consistent"]).and_then(|options| {
        let item = engine::current()?.item(Place::new(table, pairs(key)?)?, options.consistent)?;
        item.map(|item| array(&item)).transpose()
    }))
}

/// Stores an item.
#[php_function]
#[php(name = "wp_dynamodb_put")]
pub fn put(table: &str, key: &ZendHashTable, attributes: &ZendHashTable, options: Option<&ZendHashTable>) -> PhpResult<()> {
    done(Options::of(options, &["if", "ttl"]).and_then(|options| {
        let engine = engine::current()?;
        let mut item: Item = pairs(attributes)?.into_iter().collect();
        if let Some(expires) = options.expires {
            item.insert(engine.shared_settings().expires_attribute.clone(), Attribute::N(expires));
        }
        engine.put_item(Place::new(table, pairs(key)?)?, item, options.condition)
    }))
}

/// Changes attributes of an item.
#[php_function]
#[php(name = "wp_dynamodb_update")]
pub fn update(
    table: &str,
    key: &ZendHashTable,
    changes: &ZendHashTable,
    options: Option<&ZendHashTable>,
) -> PhpResult<ZBox<ZendHashTable>> {
    done(Options::of(options, &["add", "if", "ttl"]).and_then(|options| {
        let engine = engine::current()?;
        let mut changes = changes_of(changes)?;
        changes.extend(options.add.into_iter().map(|(name, n)| (name, Change::Add(n))));
        if let Some(expires) = options.expires {
            changes.insert(engine.shared_settings().expires_attribute.clone(), Change::Set(Attribute::N(expires)));
        }
        array(&engine.update_item(Place::new(table, pairs(key)?)?, changes, options.condition)?)
    }))
}

/// Deletes an item.
#[php_function]
#[php(name = "wp_dynamodb_delete")]
pub fn delete(table: &str, key: &ZendHashTable, options: Option<&ZendHashTable>) -> PhpResult<()> {
    done(
        Options::of(options, &["if"])
            .and_then(|options| engine::current()?.delete_item(Place::new(table, pairs(key)?)?, options.condition)),
    )
}

/// Reads items of a partition.
#[php_function]
#[php(name = "wp_dynamodb_query")]
pub fn query(table: &str, key: &ZendHashTable, options: Option<&ZendHashTable>) -> PhpResult<ZBox<ZendHashTable>> {
    done(asked(table, key, options).and_then(|query| {
        let items = engine::current()?.query(query)?;
        let mut list: ZBox<ZendHashTable> = ZendHashTable::new();
        for item in items {
            list.push(array(&item)?).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        }
        Ok(list)
    }))
}

/// Begins to read items of a partition, for `wp_dynamodb_query()` of the same request.
#[php_function]
#[php(name = "wp_dynamodb_query_ahead")]
pub fn query_ahead(table: &str, key: &ZendHashTable, options: Option<&ZendHashTable>) -> PhpResult<()> {
    done(asked(table, key, options).and_then(|query| {
        engine::current()?.query_ahead(query);
        Ok(())
    }))
}

fn asked(table: &str, key: &ZendHashTable, options: Option<&ZendHashTable>) -> Result<Query, Error> {
    let options = Options::of(options, &["consistent", "limit"])?;
    Query::new(table, pairs(key)?, options.limit, options.consistent)
}

/// What the last argument of these functions may hold.
struct Options {
    consistent: bool,
    limit: usize,
    condition: Condition,
    /// Unix time.
    expires: Option<i64>,
    add: Vec<(String, i64)>,
}

impl Options {
    fn of(given: Option<&ZendHashTable>, known: &[&str]) -> Result<Self, Error> {
        let mut options = Options { consistent: false, limit: QUERY.0, condition: Condition::None, expires: None, add: Vec::new() };
        for (name, value) in given.map(entries).transpose()?.unwrap_or_default() {
            if !known.contains(&name.as_str()) {
                return Err(invalid(format!("there is no option \"{name}\"; there are {}", known.join(", "))));
            }
            let bad = |wanted: &str| invalid(format!("option \"{name}\" must be {wanted}"));
            match name.as_str() {
                "consistent" => options.consistent = value.bool().ok_or_else(|| bad("true or false"))?,
                "limit" => {
                    let limit = value.long().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=QUERY.1).contains(n));
                    options.limit = limit.ok_or_else(|| bad("1 to 1000"))?;
                }
                "ttl" => {
                    let ttl =
                        value.long().filter(|n| (1..=LONGEST_TTL).contains(n)).ok_or_else(|| bad("a number of seconds, at least 1"))?;
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
                    options.expires = Some(i64::try_from(now).unwrap_or_default() + ttl);
                }
                "add" => {
                    let numbers = value.array().ok_or_else(|| bad("an array of attributes and whole numbers"))?;
                    for (name, value) in pairs(numbers)? {
                        let Attribute::N(n) = value else { return Err(bad("an array of attributes and whole numbers")) };
                        options.add.push((name, n));
                    }
                }
                _ => {
                    options.condition = match (value.str(), value.array()) {
                        (Some("absent"), _) => Condition::Absent,
                        (Some("present"), _) => Condition::Present,
                        (_, Some(values)) if !values.is_empty() => Condition::Equals(pairs(values)?.into_iter().collect()),
                        _ => return Err(bad("\"absent\", \"present\" or an array of attributes and their values")),
                    };
                }
            }
        }
        Ok(options)
    }
}

/// Names and values of an array; each name must be a text of its own.
fn entries(array: &ZendHashTable) -> Result<Vec<(String, &Zval)>, Error> {
    let mut entries = Vec::with_capacity(array.len());
    let mut rest = array.iter();
    while let Some((name, value)) = rest.next_zval() {
        let name = name.str().ok_or_else(|| invalid("attributes and options are named by texts, in UTF-8"))?.to_owned();
        entries.push((name, value.dereference()));
    }
    Ok(entries)
}

fn pairs(array: &ZendHashTable) -> Result<Vec<(String, Attribute)>, Error> {
    entries(array)?.into_iter().map(|(name, value)| attribute(&name, value).map(|value| (name, value))).collect()
}

/// `null` removes an attribute, everything else is set.
fn changes_of(array: &ZendHashTable) -> Result<BTreeMap<String, Change>, Error> {
    let change = |(name, value): (String, &Zval)| {
        let change = if value.is_null() { Change::Remove } else { Change::Set(attribute(&name, value)?) };
        Ok((name, change))
    };
    entries(array)?.into_iter().map(change).collect()
}

fn attribute(name: &str, value: &Zval) -> Result<Attribute, Error> {
    if let Some(number) = value.long() {
        return Ok(Attribute::N(number));
    }
    if !value.is_string() {
        return Err(invalid(format!("attribute {name} is neither a text nor a whole number")));
    }
    let text = value.str().ok_or_else(|| invalid(format!("attribute {name} is not UTF-8: encode it, with base64_encode() for example")))?;
    Ok(Attribute::S(text.to_owned()))
}

/// A PHP array of an item. What no function here can store (lists, maps, fractions) is null.
fn array(item: &Item) -> Result<ZBox<ZendHashTable>, Error> {
    let mut array: ZBox<ZendHashTable> = ZendHashTable::new();
    for (name, attribute) in item {
        let mut value = Zval::new();
        match attribute {
            Attribute::S(text) => value.set_zend_string(ZendStr::new(text, false)),
            Attribute::B(bytes) => value.set_zend_string(ZendStr::new(bytes, false)),
            Attribute::N(number) => value.set_long(*number),
            Attribute::Other => value.set_null(),
        }
        array.insert(name.as_str(), value).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    }
    Ok(array)
}

/// Registers the functions.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(get))
        .function(wrap_function!(put))
        .function(wrap_function!(update))
        .function(wrap_function!(delete))
        .function(wrap_function!(query))
        .function(wrap_function!(query_ahead))
}
