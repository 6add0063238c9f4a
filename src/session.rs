//! The session module's callbacks: bytes in, bytes out. The rules they follow are in `core::session::lifecycle`; what PHP expects of each is
//! in `ext/session/session.c`.
//!
//! PHP calls them on its own thread, one at a time. Nothing of ours hangs on `mod_data`: the state is this thread's, so that a request that
//! ends by longjmp leaks nothing, and `post_deactivate` clears it.

use std::cell::RefCell;
#[cfg(not(php86))]
use std::ffi::CStr;
use std::ffi::c_void;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::ffi::{zend_result, zend_string};
use ext_php_rs::types::ZendStr;
use ext_php_rs::zend::{ExecutorGlobals, SapiGlobals};
use wp_dynamodb_core::session::{Items, Lifecycle, Superglobal, cookie};
use wp_dynamodb_core::{Engine, Error};

use crate::guard::callback;
use crate::sys::{FAILURE, PsModule, SUCCESS, SessionText, zend_long};
use crate::{engine, sys};

static MODULE: PsModule = PsModule {
    s_name: c"dynamodb".as_ptr(),
    s_open: open,
    s_close: close,
    s_read: read,
    s_write: write,
    s_destroy: destroy,
    s_gc: gc,
    s_create_sid: create_sid,
    s_validate_sid: validate_sid,
    s_update_timestamp: update_timestamp,
};

/// What `mod_data` points to while a session is open: PHP only asks whether it is NULL.
static OPEN: u8 = 0;

thread_local! {
    static STATE: RefCell<Lifecycle> = RefCell::default();
}

/// Registers `session.save_handler = dynamodb`; false when PHP has no room for one more handler.
pub fn register() -> bool {
    sys::register_session_module(&MODULE)
}

/// A request begins: when its cookie holds an id, and PHP will ask us for sessions, their read begins now.
pub fn prefetch() {
    let globals = SapiGlobals::get();
    let Some(cookies) = globals.request_info().cookie_data() else { return };
    let is_on = |name| sys::ini_value(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "on" | "yes" | "true"));
    // With auto_start PHP has read it by now.
    if sys::ini_value(c"session.save_handler").is_none_or(|handler| handler != "dynamodb")
        || !is_on(c"session.use_cookies")
        || is_on(c"session.auto_start")
    {
        return;
    }
    let Some(name) = sys::ini_value(c"session.name") else { return };
    if let Some(id) = cookie::session_id(cookies, &name)
        && let Ok(engine) = engine::current()
    {
        engine.prefetch(&name, id);
    }
}

/// The request has ended.
pub fn reset() {
    STATE.with_borrow_mut(|state| *state = Lifecycle::default());
}

/// The bytes of a PHP string.
///
/// # Safety
/// `string` must be NULL or a live `zend_string`, and stay so for as long as the bytes are used.
unsafe fn bytes<'a>(string: *const zend_string) -> &'a [u8] {
    // SAFETY: as the caller promises.
    unsafe { string.cast::<ZendStr>().as_ref() }.map(ZendStr::as_bytes).unwrap_or_default()
}

/// The bytes of the path or the name that a session is opened with.
///
/// # Safety
/// `text` must be what PHP has handed to `open`, and be used no longer than that call lasts.
unsafe fn text<'a>(text: SessionText) -> &'a [u8] {
    // SAFETY: PHP gives a C text that is never NULL.
    #[cfg(not(php86))]
    return unsafe { CStr::from_ptr(text) }.to_bytes();
    // SAFETY: as the caller promises.
    #[cfg(php86)]
    return unsafe { bytes(text) };
}

/// A session id as text. PHP hands on whatever the cookie held: what is no text is no id of ours.
///
/// # Safety
/// As for [`bytes`].
unsafe fn id<'a>(key: *const zend_string) -> Result<&'a str, String> {
    // SAFETY: as the caller promises.
    std::str::from_utf8(unsafe { bytes(key) }).map_err(|_| "wp_dynamodb: the session id is not text".to_owned())
}

/// Runs `body` with this request's state and this process's engine.
fn with_state<T>(body: impl FnOnce(&mut Lifecycle, &Engine) -> Result<T, String>) -> Result<T, String> {
    let engine = engine::current().map_err(|error| format!("wp_dynamodb: {error}"))?;
    STATE.with_borrow_mut(|state| body(state, &engine))
}

fn not_read(error: &Error) -> String {
    format!("wp_dynamodb: the session cannot be read: {error}; the stored session is left as it is")
}

/// Of a write or a deletion: `done` says what it is that has failed.
fn not_done(done: &str, error: &Error) -> String {
    if error.may_be_done() {
        format!("wp_dynamodb: it is not certain that the session is {done}: {error}")
    } else {
        format!("wp_dynamodb: the session is not {done}: {error}")
    }
}

unsafe extern "C" fn open(mod_data: *mut *mut c_void, _save_path: SessionText, name: SessionText) -> zend_result {
    callback("open", FAILURE, || {
        // SAFETY: PHP gives the session's name, which is valid for the call.
        let name = String::from_utf8_lossy(unsafe { text(name) });
        with_state(|state, _| {
            state.open(&name, reads_and_closes());
            Ok(())
        })?;
        // SAFETY: PHP gives a place to write to. Never NULL from here on, or PHP would never write or close.
        unsafe { *mod_data = (&raw const OPEN).cast_mut().cast() };
        Ok(SUCCESS)
    })
}

unsafe extern "C" fn close(mod_data: *mut *mut c_void) -> zend_result {
    callback("close", SUCCESS, || {
        // SAFETY: PHP gives a place to write to.
        unsafe { *mod_data = std::ptr::null_mut() };
        STATE.with_borrow_mut(Lifecycle::close);
        if let Some(engine) = engine::running() {
            engine.release();
        }
        Ok(SUCCESS)
    })
}

unsafe extern "C" fn read(
    _mod_data: *mut *mut c_void,
    key: *mut zend_string,
    val: *mut *mut zend_string,
    _maxlifetime: zend_long,
) -> zend_result {
    callback("read", FAILURE, || {
        // SAFETY: PHP holds the key during the call.
        let id = unsafe { id(key) }?;
        let data = with_state(|state, engine| state.read(engine, id).map_err(|e| not_read(&e)))?;
        let data: ZBox<ZendStr> = ZendStr::new(&data, false);
        // SAFETY: PHP gives a place to write to, and frees the string.
        unsafe { *val = ZBox::into_raw(data) };
        Ok(SUCCESS)
    })
}

unsafe extern "C" fn write(
    _mod_data: *mut *mut c_void,
    key: *mut zend_string,
    val: *mut zend_string,
    maxlifetime: zend_long,
) -> zend_result {
    callback("write", FAILURE, || {
        // SAFETY: PHP holds key and value during the call.
        let (id, data) = unsafe { (id(key)?, bytes(val)) };
        if encoding_threw() {
            return Ok(FAILURE);
        }
        with_state(|state, engine| state.write(engine, id, data, maxlifetime, superglobal).map_err(|e| not_done("stored", &e)))?;
        Ok(SUCCESS)
    })
}

unsafe extern "C" fn update_timestamp(
    _mod_data: *mut *mut c_void,
    key: *mut zend_string,
    val: *mut zend_string,
    maxlifetime: zend_long,
) -> zend_result {
    callback("update_timestamp", FAILURE, || {
        // SAFETY: PHP holds key and value during the call.
        let (id, data) = unsafe { (id(key)?, bytes(val)) };
        if encoding_threw() {
            return Ok(FAILURE);
        }
        with_state(|state, engine| state.touch(engine, id, data, maxlifetime).map_err(|e| not_done("stored", &e)))?;
        Ok(SUCCESS)
    })
}

unsafe extern "C" fn destroy(_mod_data: *mut *mut c_void, key: *mut zend_string) -> zend_result {
    callback("destroy", FAILURE, || {
        // SAFETY: PHP holds the key during the call.
        let id = unsafe { id(key) }?;
        with_state(|state, engine| state.destroy(engine, id).map_err(|e| not_done("deleted", &e)))?;
        Ok(SUCCESS)
    })
}

/// DynamoDB's TTL deletes what has expired. PHP starts with -1, which would make `session_gc()` false.
unsafe extern "C" fn gc(_mod_data: *mut *mut c_void, _maxlifetime: zend_long, nrdels: *mut zend_long) -> zend_long {
    // SAFETY: PHP gives a place to write to.
    unsafe { *nrdels = 0 };
    0
}

/// PHP's own id. Never asks the store: NULL would be a fatal error, and an outage must not be one.
unsafe extern "C" fn create_sid(mod_data: *mut *mut c_void) -> *mut zend_string {
    // SAFETY: PHP gave it to us.
    let key = unsafe { sys::create_id(mod_data) };
    callback("create_sid", key, || {
        // SAFETY: a string PHP has just made, or NULL.
        if let Ok(id) = unsafe { id(key) } {
            STATE.with_borrow_mut(|state| state.created(id));
        }
        Ok(key)
    })
}

unsafe extern "C" fn validate_sid(_mod_data: *mut *mut c_void, key: *mut zend_string) -> zend_result {
    // Should this fail, the id is kept: FAILURE would make PHP replace the visitor's cookie.
    callback("validate_sid", SUCCESS, || {
        // SAFETY: PHP holds the key during the call. What is no text was never an id: a new one is right.
        let Ok(id) = (unsafe { id(key) }) else { return Ok(FAILURE) };
        let valid = with_state(|state, engine| Ok(state.validate(engine, id)))?;
        Ok(if valid { SUCCESS } else { FAILURE })
    })
}

/// Whether the page has called `session_start(['read_and_close' => true])`. PHP tells its handler nothing of that; the call's argument does.
fn reads_and_closes() -> bool {
    let globals = ExecutorGlobals::get();
    // SAFETY: PHP's frame of the function that runs, or NULL. It outlives this callback, which PHP calls from within it.
    let Some(frame) = (unsafe { globals.current_execute_data.as_ref() }) else { return false };
    // SAFETY: the count of a frame's arguments is set whenever a function runs.
    let has_options = unsafe { frame.This.u2.num_args } > 0;
    // SAFETY: a live frame's function, and its name, which lives as long as the function does.
    let name = frame.function().and_then(|function| unsafe { function.common.function_name.cast::<ZendStr>().as_ref() });
    if !has_options || name.is_none_or(|name| name.as_bytes() != b"session_start") {
        return false;
    }
    // SAFETY: there is a first argument, and PHP holds it for as long as the function runs.
    let options = unsafe { frame.zend_call_arg(0) };
    let wanted = options.and_then(|options| options.array()).and_then(|options| options.get("read_and_close"));
    wanted.is_some_and(|value| {
        value.is_true() || value.long().is_some_and(|n| n != 0) || value.str().is_some_and(|text| !matches!(text, "" | "0"))
    })
}

/// An exception is on its way: what PHP hands over is what it had encoded when a value threw, and would not decode again. The exception
/// itself tells the page.
fn encoding_threw() -> bool {
    ExecutorGlobals::has_exception()
}

/// What `$_SESSION` holds, since its encoding does not tell. After a fatal error PHP has an empty one, whatever the session held.
fn superglobal() -> Superglobal {
    let globals = ExecutorGlobals::get();
    let Some(mut session) = globals.symbol_table.get("_SESSION") else { return Superglobal::Unset };
    if let Some(inner) = session.indirect() {
        session = inner;
    }
    if let Some(inner) = session.reference() {
        session = inner;
    }
    match session.array() {
        Some(array) if array.is_empty() && sys::unclean_shutdown() => Superglobal::Unset,
        Some(array) if array.is_empty() => Superglobal::Empty,
        Some(_) => Superglobal::Filled,
        None => Superglobal::Unset,
    }
}
