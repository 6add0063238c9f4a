//! What stands between PHP and Rust in every callback that PHP calls directly: a panic becomes a warning and FAILURE, and a warning is
//! raised last, when nothing is held: PHP may leave by longjmp, which skips Rust's destructors.

use std::cell::RefCell;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::sys;

thread_local! {
    /// The warning being raised: owned here and not by a frame that a longjmp may skip.
    static MESSAGE: RefCell<CString> = RefCell::default();
}

/// Runs the body of the callback `name`; its error, or its panic, is raised as a warning and answered with `failed`.
pub fn callback<T: Copy>(name: &str, failed: T, body: impl FnOnce() -> Result<T, String>) -> T {
    let guarded = || {
        panic_if_told(name);
        body()
    };
    match contain(guarded) {
        Ok(result) => result,
        Err(message) => {
            warn(message);
            failed
        }
    }
}

/// Test builds panic in the callback that the environment names, since nothing else makes them; release builds cannot.
fn panic_if_told(name: &str) {
    if cfg!(debug_assertions) && std::env::var("WP_DYNAMODB_TEST_PANIC").is_ok_and(|told| told == name) {
        panic!("told to panic in {name}");
    }
}

/// Runs `body`; a panic comes back as an error.
pub fn contain<T>(body: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("wp_dynamodb: internal error, please report it: {}", words.unwrap_or_default()))
    })
}

fn warn(message: String) {
    let message = keep(message);
    // SAFETY: points into MESSAGE, which only the next warning of this thread replaces.
    sys::warning(unsafe { std::ffi::CStr::from_ptr(message) });
}

/// Puts the message where it stays valid without being anybody's to drop.
pub fn keep(message: String) -> *const std::ffi::c_char {
    MESSAGE.with(|held| {
        *held.borrow_mut() = CString::new(message.replace('\0', "\u{fffd}")).unwrap_or_default();
        held.borrow().as_ptr()
    })
}
