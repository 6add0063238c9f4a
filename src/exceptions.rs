//! `WpDynamoDb\Exception` and its kinds.

use ext_php_rs::prelude::*;
use wp_dynamodb_core::{Error, Kind};

use crate::sys;

/// Base of all exceptions of this extension.
#[php_class]
#[php(name = "WpDynamoDb\\Exception")]
#[php(extends(ce = sys::runtime_exception, stub = "\\RuntimeException"))]
#[derive(Default)]
pub struct Exception;

/// A setting, credential, argument or schema is wrong.
#[php_class]
#[php(name = "WpDynamoDb\\ConfigException")]
#[php(extends(Exception))]
#[derive(Default)]
pub struct ConfigException;

/// The deadline passed.
#[php_class]
#[php(name = "WpDynamoDb\\TimeoutException")]
#[php(extends(Exception))]
#[derive(Default)]
pub struct TimeoutException;

/// The Region cannot be reached, or answers 5xx.
#[php_class]
#[php(name = "WpDynamoDb\\UnavailableException")]
#[php(extends(Exception))]
#[derive(Default)]
pub struct UnavailableException;

/// The Region asks for fewer calls.
#[php_class]
#[php(name = "WpDynamoDb\\ThrottledException")]
#[php(extends(Exception))]
#[derive(Default)]
pub struct ThrottledException;

/// The credentials may not do this.
#[php_class]
#[php(name = "WpDynamoDb\\AccessException")]
#[php(extends(Exception))]
#[derive(Default)]
pub struct AccessException;

/// Registers the classes, parents first.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .class::<Exception>()
        .class::<ConfigException>()
        .class::<TimeoutException>()
        .class::<UnavailableException>()
        .class::<ThrottledException>()
        .class::<AccessException>()
}

/// The exception for an error of the core.
pub fn from(error: &Error) -> PhpException {
    let message = format!("wp_dynamodb: {error}");
    match error.kind {
        Kind::Config | Kind::NotFound | Kind::Invalid => PhpException::from_class::<ConfigException>(message),
        Kind::Timeout => PhpException::from_class::<TimeoutException>(message),
        Kind::Unavailable => PhpException::from_class::<UnavailableException>(message),
        Kind::Throttled => PhpException::from_class::<ThrottledException>(message),
        Kind::Access => PhpException::from_class::<AccessException>(message),
        Kind::Condition | Kind::Corrupt | Kind::TooLarge | Kind::Internal => PhpException::from_class::<Exception>(message),
    }
}
