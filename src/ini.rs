//! The settings as PHP's INI entries. The table itself is `core::config::SETTINGS`: this file only registers and reads it.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicU32, Ordering};

use ext_php_rs::ffi::{zend_ini_entry, zend_string};
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};
use wp_dynamodb_core::config::{self, SETTINGS, Setting, Settings};

use crate::sys;

const ENTRIES: usize = SETTINGS.len() + 1;

static DEFS: IniEntryDefs<ENTRIES> = IniEntryDefs::new(defs());

/// Grows whenever PHP changes one of the entries: parsed settings of an older generation are not used any more.
static GENERATION: AtomicU32 = AtomicU32::new(0);

const fn defs() -> [IniEntryDef; ENTRIES] {
    let mut defs = [const { IniEntryDef::end() }; ENTRIES];
    let mut index = 0;
    while index < SETTINGS.len() {
        let setting = &SETTINGS[index];
        // Where sessions lie and how long they may take is the administrator's to say (php.ini, pool, vhost), not a script's.
        defs[index] = IniEntryDef::new(setting.name, setting.default, IniEntryPermission::System);
        defs[index].on_modify = Some(modified);
        index += 1;
    }
    defs
}

/// PHP is about to set an entry: at start, per pool, vhost or directory, and back at the end of a request.
unsafe extern "C" fn modified(
    _entry: *mut zend_ini_entry,
    _value: *mut zend_string,
    _arg1: *mut c_void,
    _arg2: *mut c_void,
    _arg3: *mut c_void,
    _stage: c_int,
) -> c_int {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    sys::SUCCESS
}

/// Registers the entries (MINIT).
pub fn register(module: i32) {
    IniEntryDef::register(DEFS.as_slice(), module);
}

/// The generation of the entries' values.
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Parses the entries as they are now.
pub fn settings() -> Result<Settings, Vec<String>> {
    config::parse(value)
}

/// The entry's value as text.
pub fn value(setting: &Setting) -> String {
    sys::ini_value(setting.name).unwrap_or_else(|| setting.default().to_owned())
}

/// The entry's value, and where it is from.
pub fn value_and_source(setting: &Setting) -> (String, &'static str) {
    let value = value(setting);
    let source = if sys::ini_is_configured(setting.name) {
        "ini"
    } else if value == setting.default() {
        "default"
    } else {
        "runtime"
    };
    (value, source)
}
