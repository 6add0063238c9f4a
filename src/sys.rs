//! Every hand-written `extern "C"` and `repr(C)`: what ext-php-rs does not bind. `php_abi.c` holds all of it against the headers of the PHP that
//! the extension is built for, and a difference fails the build. From PHP 8.2 to 8.5 it is the same; PHP 8.6 (`php86`, which build.rs sets) hands
//! [`SessionText`] over in another form.

#![allow(non_camel_case_types)]

use std::ffi::{CStr, c_char, c_int, c_void};

use ext_php_rs::ffi::{zend_class_entry, zend_result, zend_string};
use ext_php_rs::zend::ClassEntry;

/// `zend_long`.
pub type zend_long = i64;

/// What opening a session is given as path and as name.
#[cfg(not(php86))]
pub type SessionText = *const c_char;
/// What opening a session is given as path and as name.
#[cfg(php86)]
pub type SessionText = *mut zend_string;

/// `ps_module` of `ext/session/php_session.h`: a session save handler.
#[repr(C)]
pub struct PsModule {
    pub s_name: *const c_char,
    pub s_open: unsafe extern "C" fn(*mut *mut c_void, SessionText, SessionText) -> zend_result,
    pub s_close: unsafe extern "C" fn(*mut *mut c_void) -> zend_result,
    pub s_read: unsafe extern "C" fn(*mut *mut c_void, *mut zend_string, *mut *mut zend_string, zend_long) -> zend_result,
    pub s_write: unsafe extern "C" fn(*mut *mut c_void, *mut zend_string, *mut zend_string, zend_long) -> zend_result,
    pub s_destroy: unsafe extern "C" fn(*mut *mut c_void, *mut zend_string) -> zend_result,
    pub s_gc: unsafe extern "C" fn(*mut *mut c_void, zend_long, *mut zend_long) -> zend_long,
    pub s_create_sid: unsafe extern "C" fn(*mut *mut c_void) -> *mut zend_string,
    pub s_validate_sid: unsafe extern "C" fn(*mut *mut c_void, *mut zend_string) -> zend_result,
    pub s_update_timestamp: unsafe extern "C" fn(*mut *mut c_void, *mut zend_string, *mut zend_string, zend_long) -> zend_result,
}

// SAFETY: a table of a static name and functions; nobody writes to it.
unsafe impl Sync for PsModule {}

/// `SUCCESS`.
pub const SUCCESS: zend_result = 0;
/// `FAILURE`.
pub const FAILURE: zend_result = -1;
/// `E_WARNING`.
pub const E_WARNING: c_int = 2;
/// `E_CORE_WARNING`: at start-up.
pub const E_CORE_WARNING: c_int = 32;
/// `LOG_NOTICE` of syslog.
const LOG_NOTICE: c_int = 5;

unsafe extern "C" {
    static spl_ce_RuntimeException: *mut zend_class_entry;
    fn php_session_register_module(module: *const PsModule) -> zend_result;
    fn php_session_create_id(mod_data: *mut *mut c_void) -> *mut zend_string;
    fn php_error_docref(docref: *const c_char, kind: c_int, format: *const c_char, ...);
    fn zend_error(kind: c_int, format: *const c_char, ...);
    fn php_log_err_with_severity(message: *const c_char, severity: c_int);
    // `orig` is a bool from PHP 8.6 on: 0 is handed over in the same way.
    fn zend_ini_string_ex(name: *const c_char, length: usize, orig: c_int, exists: *mut bool) -> *const c_char;
    fn zend_register_stringl_constant(name: *const c_char, name_len: usize, value: *const c_char, len: usize, flags: c_int, module: c_int);
    fn cfg_get_entry(name: *const c_char, length: usize) -> *mut c_void;
}

/// Registers the session module; false when PHP has no room for one more.
pub fn register_session_module(module: &'static PsModule) -> bool {
    // SAFETY: the table lives as long as the process, as PHP keeps the pointer.
    unsafe { php_session_register_module(module) == SUCCESS }
}

/// PHP's own new session id; null when the system gives no random numbers.
///
/// # Safety
/// `mod_data` must be what PHP handed to the callback.
pub unsafe fn create_id(mod_data: *mut *mut c_void) -> *mut zend_string {
    // SAFETY: as the caller promises.
    unsafe { php_session_create_id(mod_data) }
}

/// A warning in the name of the PHP function that runs. May not return (a user's error handler can end the request by longjmp):
/// the caller must hold nothing that needs to be dropped.
pub fn warning(message: &CStr) {
    // SAFETY: the format takes one string, which outlives the call.
    unsafe { php_error_docref(std::ptr::null(), E_WARNING, c"%s".as_ptr(), message.as_ptr()) }
}

/// A warning at start-up, when no PHP function runs. Same rule as for [`warning`].
pub fn startup_warning(message: &CStr) {
    // SAFETY: the format takes one string, which outlives the call.
    unsafe { zend_error(E_CORE_WARNING, c"%s".as_ptr(), message.as_ptr()) }
}

/// A line in PHP's error log.
pub fn log(message: &CStr) {
    // SAFETY: a string that outlives the call.
    unsafe { php_log_err_with_severity(message.as_ptr(), LOG_NOTICE) }
}

/// The value of an INI entry at this moment.
pub fn ini_value(name: &CStr) -> Option<String> {
    let mut exists = false;
    // SAFETY: the name outlives the call; the answer is PHP's and is copied before anything can change it.
    unsafe {
        let value = zend_ini_string_ex(name.as_ptr(), name.count_bytes(), 0, &raw mut exists);
        (exists && !value.is_null()).then(|| CStr::from_ptr(value).to_string_lossy().into_owned())
    }
}

/// Whether an ini file or `-d` sets this entry.
pub fn ini_is_configured(name: &CStr) -> bool {
    // SAFETY: the name outlives the call; the answer is only compared.
    unsafe { !cfg_get_entry(name.as_ptr(), name.count_bytes()).is_null() }
}

/// Defines a constant for this request; where there is one of that name, PHP warns and keeps it.
pub fn define(name: &str, value: &str) {
    // `PHP_USER_CONSTANT` as module and no flags, as define() has it: gone at the end of the request.
    // SAFETY: both texts are copied. (The function returns whether it worked, or the constant, depending on PHP's version: not looked at.)
    unsafe { zend_register_stringl_constant(name.as_ptr().cast(), name.len(), value.as_ptr().cast(), value.len(), 0, 0x7f_ffff) }
}

/// PHP's `RuntimeException`.
pub fn runtime_exception() -> &'static ClassEntry {
    // SAFETY: set when SPL starts, which is compiled into every PHP and starts before any loaded extension; never changed after.
    unsafe { &*spl_ce_RuntimeException }
}

/// PHP ends this request because of a fatal error.
pub fn unclean_shutdown() -> bool {
    // SAFETY: PHP's own globals of this thread; a flag is read.
    unsafe { ext_php_rs::ffi::ext_php_rs_compiler_globals().as_ref() }.is_some_and(|globals| globals.unclean_shutdown)
}
