//! `wp_dynamodb_*`: arguments → core → result. Documented for users in `php/wp_dynamodb.stub.php`.

use std::time::Duration;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::prelude::*;
use ext_php_rs::types::{ZendHashTable, Zval};
use serde::Serialize;
use serde_json::Value;
use wp_dynamodb_core::{Error, Kind, Region, metrics, status};

use crate::{engine, exceptions, ini, value};

/// The longest anybody may wait for `wp_dynamodb_health()`.
const LONGEST_HEALTH_MS: i64 = 60_000;

fn thrown(error: Error) -> PhpException {
    exceptions::from(&error)
}

fn internal(error: impl ToString) -> PhpException {
    thrown(Error::new(Kind::Internal, error.to_string()))
}

fn array(answer: &impl Serialize) -> PhpResult<ZBox<ZendHashTable>> {
    match serde_json::to_value(answer).map_err(internal)? {
        Value::Object(values) => value::array(&values).map_err(internal),
        _ => Err(internal("an answer that is no array")),
    }
}

/// The active Region.
#[php_function]
#[php(name = "wp_dynamodb_active_region")]
pub fn active_region() -> PhpResult<String> {
    let engine = engine::current().map_err(thrown)?;
    engine.ensure_fresh();
    Ok(engine.active().0.to_string())
}

/// The DynamoDB endpoint of a Region, of the active one by default.
#[php_function]
#[php(name = "wp_dynamodb_endpoint")]
pub fn endpoint(region: Option<String>) -> PhpResult<String> {
    let engine = engine::current().map_err(thrown)?;
    let region = match region {
        Some(name) => Region::parse(&name).map_err(|reason| thrown(Error::new(Kind::Invalid, reason)))?,
        None => {
            engine.ensure_fresh();
            engine.active().0
        }
    };
    Ok(engine.endpoint(&region))
}

/// What this host knows of its Regions.
#[php_function]
#[php(name = "wp_dynamodb_status")]
pub fn status() -> PhpResult<ZBox<ZendHashTable>> {
    array(&engine::current().map_err(thrown)?.status())
}

/// Asks SSM now.
#[php_function]
#[php(name = "wp_dynamodb_refresh")]
pub fn refresh() -> PhpResult<String> {
    let region = engine::current().and_then(|engine| engine.refresh()).map_err(thrown)?;
    Ok(region.to_string())
}

/// Whether the session table in this host's own Region answers.
#[php_function]
#[php(name = "wp_dynamodb_health", defaults(timeout_ms = 1500, write = false))]
pub fn health(timeout_ms: i64, write: bool) -> PhpResult<ZBox<ZendHashTable>> {
    if !(1..=LONGEST_HEALTH_MS).contains(&timeout_ms) {
        let reason = format!("$timeout_ms is {timeout_ms}; allowed: 1 to {LONGEST_HEALTH_MS} (milliseconds)");
        return Err(thrown(Error::new(Kind::Invalid, reason)));
    }
    let engine = engine::current().map_err(thrown)?;
    array(&engine.health(Duration::from_millis(timeout_ms.unsigned_abs()), write))
}

/// What one Region's DynamoDB says of a table.
#[php_function]
#[php(name = "wp_dynamodb_describe")]
pub fn describe(table: &str, region: &str) -> PhpResult<ZBox<ZendHashTable>> {
    let region = Region::parse(region).map_err(|reason| thrown(Error::new(Kind::Invalid, reason)))?;
    array(&engine::current().and_then(|engine| engine.describe(table, &region)).map_err(thrown)?)
}

/// Every setting with its value, default and source.
#[php_function]
#[php(name = "wp_dynamodb_config")]
pub fn config() -> PhpResult<ZBox<ZendHashTable>> {
    array(&status::settings(ini::value_and_source))
}

/// The counters of this host.
#[php_function]
#[php(name = "wp_dynamodb_metrics", defaults(format = String::from("array")))]
pub fn metrics(format: String) -> PhpResult<Zval> {
    let report = engine::current().map_err(thrown)?.report();
    match format.as_str() {
        "array" => array(&report)?.into_zval(false).map_err(internal),
        "prometheus" => metrics::prometheus(&report).into_zval(false).map_err(internal),
        _ => Err(thrown(Error::new(Kind::Invalid, "$format is neither \"array\" nor \"prometheus\""))),
    }
}

/// Registers the functions.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(active_region))
        .function(wrap_function!(endpoint))
        .function(wrap_function!(status))
        .function(wrap_function!(refresh))
        .function(wrap_function!(health))
        .function(wrap_function!(describe))
        .function(wrap_function!(config))
        .function(wrap_function!(metrics))
}
