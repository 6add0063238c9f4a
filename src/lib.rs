//! The PHP extension `wp_dynamodb`: registration only.
//!
//! ```text
//! lifecycle  MINIT RINIT post_deactivate MSHUTDOWN MINFO
//! ini        the settings as PHP's INI entries
//! functions  wp_dynamodb_*
//! constants  those of the active Region, at a request's beginning
//! items      wp_dynamodb_get and its like: items of any table
//! exceptions WpDynamoDb\Exception and its kinds
//! session    the callbacks of the session module
//! engine     this process's engine, for the settings of the moment
//! value      core's answers as PHP values
//! guard      a panic becomes a warning and FAILURE
//! sys        every hand-written extern "C" and repr(C); php_abi.c holds it against PHP's headers
//! ```

#![allow(missing_docs, reason = "php_module generates a public function without any")]

mod constants;
mod engine;
mod exceptions;
mod functions;
mod guard;
mod ini;
mod items;
mod lifecycle;
mod session;
mod sys;
mod value;

use ext_php_rs::prelude::*;

/// Registers everything.
#[php_module]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    let module = module
        .name("wp_dynamodb")
        .startup_function(lifecycle::startup)
        .shutdown_function(lifecycle::shutdown)
        .request_startup_function(lifecycle::request_startup)
        .post_deactivate_function(lifecycle::post_deactivate)
        .info_function(lifecycle::info);
    items::register(functions::register(module))
}
