//! PHP's hooks, in the order in which they run, and what may happen in each.
//!
//! | hook | when | allowed |
//! |---|---|---|
//! | MINIT | once in a process, before php-fpm forks; twice under Apache | register, map shared memory, check settings. No thread, no network |
//! | RINIT | before each request, with its cookies | begin to read its session, define the constants of the active Region (with `wp_dynamodb.constants` a host that has just started waits for SSM). Else waits for nothing |
//! | post_deactivate | after a request, after the session's last write | wait for writes that the response waits for, clear the request's state, log what there is to say |
//! | MSHUTDOWN | the process ends | wait for writes under way, give the lease back, let the thread stand still |
//! | MINFO | phpinfo() | print what is known, ask nobody |
//!
//! Nothing here in RSHUTDOWN: it runs before the session module's, which writes the session.

use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{info_table_end, info_table_header, info_table_row, info_table_start};
use wp_dynamodb_core::config::LogLevel;
use wp_dynamodb_core::{Engine, region, runtime, status};

use crate::{constants, engine, exceptions, guard, ini, session, sys};

/// MINIT.
pub extern "C" fn startup(_kind: i32, module: i32) -> i32 {
    let warnings = guard::contain(|| {
        let mut warnings = Vec::new();
        ini::register(module);
        if let Err(error) = exceptions::register() {
            warnings.push(error);
        }
        if let Err(error) = region::shared::map() {
            warnings.push(format!("wp_dynamodb: no shared memory ({error}): each worker polls the parameter for itself"));
        }
        if !session::register() {
            warnings.push("wp_dynamodb: PHP has no room for one more session save handler: load fewer extensions that bring one".into());
        }
        if let Err(errors) = ini::settings() {
            warnings.extend(
                errors.into_iter().map(|error| format!("wp_dynamodb: {error}; no session is read or written until this is mended")),
            );
        }
        Ok(warnings)
    });
    let warnings = warnings.unwrap_or_else(|panic| vec![panic]);
    for warning in warnings {
        let message = guard::keep(warning);
        // SAFETY: points into the guard's own buffer until the next message. No request runs, so nothing longjmps.
        sys::startup_warning(unsafe { std::ffi::CStr::from_ptr(message) });
    }
    sys::SUCCESS
}

/// MSHUTDOWN.
pub extern "C" fn shutdown(_kind: i32, _module: i32) -> i32 {
    let _ = guard::contain(|| {
        engine::stop();
        runtime::stop();
        Ok(())
    });
    sys::SUCCESS
}

/// RINIT.
pub extern "C" fn request_startup(_kind: i32, _module: i32) -> i32 {
    let _ = guard::contain(|| {
        session::prefetch();
        constants::define();
        Ok(())
    });
    sys::SUCCESS
}

/// post_deactivate.
pub unsafe extern "C" fn post_deactivate() -> i32 {
    let _ = guard::contain(|| {
        session::reset();
        engine::request_ended();
        if let Some(engine) = engine::running() {
            log_notices(&engine);
        }
        Ok(())
    });
    sys::SUCCESS
}

/// Logs what the host has to say and nobody has logged yet.
pub fn log_notices(engine: &Engine) {
    if sys::ini_value(c"log_errors").is_none_or(|on| on == "0" || on.is_empty()) {
        return;
    }
    let least = engine.shared_settings().log_level;
    for notice in engine.slot().notices.take() {
        let level = match notice.split_once(": ") {
            Some(("error", _)) => LogLevel::Error,
            Some(("info", _)) => LogLevel::Info,
            _ => LogLevel::Warning,
        };
        if level <= least {
            let message = std::ffi::CString::new(format!("wp_dynamodb: {notice}")).unwrap_or_default();
            sys::log(&message);
        }
    }
}

/// MINFO.
pub extern "C" fn info(_module: *mut ModuleEntry) {
    let _ = guard::contain(|| {
        info_table_start!();
        info_table_row!("wp_dynamodb", "enabled");
        info_table_row!("Version", env!("CARGO_PKG_VERSION"));
        info_table_row!("Session save handler", "dynamodb");
        if let Some(engine) = engine::running() {
            let status = engine.status();
            info_table_row!("Active Region", status.active.as_str());
            info_table_row!("Why", status.reason);
            info_table_row!("Table", status.table.as_str());
            for (region, status) in &status.regions {
                info_table_row!(format!("Endpoint in {region}"), status.endpoint.as_str());
            }
        }
        info_table_end!();
        info_table_start!();
        info_table_header!("Setting", "Value", "Default", "From");
        for (name, setting) in status::settings(ini::value_and_source) {
            info_table_row!(name, setting.value.as_str(), setting.default, setting.source);
        }
        info_table_end!();
        Ok(())
    });
}
