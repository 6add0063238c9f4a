//! `WpDynamoDb\Exception` and its kinds: plain PHP classes under `RuntimeException`, so that file, line and trace are PHP's own.

use std::cell::Cell;

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::prelude::*;
use ext_php_rs::zend::{ClassEntry, ce};
use wp_dynamodb_core::{Error, Kind};

use crate::sys;

const BASE: &str = "WpDynamoDb\\Exception";

thread_local! {
    /// The base class while its kinds are being registered, on the thread that runs MINIT.
    static BASE_CLASS: Cell<Option<&'static ClassEntry>> = const { Cell::new(None) };
}

/// The class for a kind of error.
fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Config | Kind::NotFound | Kind::Invalid => "WpDynamoDb\\ConfigException",
        Kind::Timeout => "WpDynamoDb\\TimeoutException",
        Kind::Unavailable => "WpDynamoDb\\UnavailableException",
        Kind::Throttled => "WpDynamoDb\\ThrottledException",
        Kind::Access => "WpDynamoDb\\AccessException",
        Kind::Condition => "WpDynamoDb\\ConditionException",
        Kind::Corrupt | Kind::TooLarge | Kind::Locked | Kind::Internal => BASE,
    }
}

/// Registers the classes (MINIT).
///
/// # Errors
/// In words, when another extension has taken one of the names.
pub fn register() -> Result<(), String> {
    let failed = |name: &str, error: ext_php_rs::error::Error| format!("wp_dynamodb: class {name} cannot be registered: {error}");
    ClassBuilder::new(BASE)
        .extends((sys::runtime_exception, "\\RuntimeException"))
        .registration(|class, _| BASE_CLASS.set(Some(class)))
        .register()
        .map_err(|error| failed(BASE, error))?;
    let mut kinds: Vec<&str> = Kind::ALL.into_iter().map(class).filter(|name| *name != BASE).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for name in kinds {
        let parent: fn() -> &'static ClassEntry = || BASE_CLASS.get().unwrap_or_else(|| ce::exception());
        ClassBuilder::new(name)
            .extends((parent, "\\WpDynamoDb\\Exception"))
            .registration(|_, _| {})
            .register()
            .map_err(|error| failed(name, error))?;
    }
    Ok(())
}

/// The exception for an error of the core.
pub fn from(error: &Error) -> PhpException {
    let class = ClassEntry::try_find(class(error.kind)).unwrap_or_else(|| ce::exception());
    PhpException::new(format!("wp_dynamodb: {error}"), 0, class)
}
