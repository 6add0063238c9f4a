//! The constants of the active Region (`wp_dynamodb.constants`): for what must be there before wp-config.php, such as the database's host.

use crate::{engine, sys};

/// Defines them, at a request's beginning. A host that has just started waits for SSM first, as it does for a session (300 ms at most): the
/// database of another Region may be the wrong one to write to.
pub fn define() {
    // Without the setting a request that needs no session starts no engine.
    if sys::ini_value(c"wp_dynamodb.constants").is_none_or(|text| text.is_empty()) {
        return;
    }
    let Ok(engine) = engine::current() else { return };
    engine.ensure_fresh();
    let constants = engine.shared_settings().constants.get(&engine.active().0);
    for (name, value) in constants.into_iter().flatten() {
        sys::define(name, value);
    }
}
