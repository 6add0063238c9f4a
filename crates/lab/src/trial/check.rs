//! A limit with what was measured.

use serde::Serialize;

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is limited.
    pub what: String,
    /// The limit.
    pub limit: String,
    /// What was measured.
    pub measured: String,
    /// Whether it was met; nothing when the trial was too short to tell.
    pub met: Option<bool>,
}

impl Check {
    /// A limit that was missed.
    pub fn is_missed(&self) -> bool {
        self.met == Some(false)
    }
}

/// Limits are met when none is missed.
pub fn all_met(checks: &[Check]) -> bool {
    !checks.iter().any(Check::is_missed)
}
