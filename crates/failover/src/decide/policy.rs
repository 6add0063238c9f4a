//! What is set: how sure to be, how often, and whether to come back.

use wp_dynamodb_core::Region;

/// The policy of one controller. All durations in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// All Regions, the preferred one first. At least one.
    pub regions: Vec<Region>,
    /// The controller's own.
    pub home: Region,
    /// So many of a Region's signals (site, DynamoDB, alarm) must say "failed" in one look.
    pub quorum: usize,
    /// In so many looks in a row.
    pub failures: u32,
    /// At least so long between two automatic switches.
    pub cooldown_ms: u64,
    /// At most so many automatic switches in an hour.
    pub max_per_hour: usize,
    /// Whether to go back to the preferred Region without being told.
    pub failback_auto: bool,
    /// Only after it has been well for so long...
    pub failback_after_ms: u64,
    /// ...and a write in the active Region arrives there within this time.
    pub max_lag_ms: u64,
    /// A Region's controller acts only after so long when another Region's, which comes before it, could act.
    pub patience_ms: u64,
    /// Looks further apart than this do not count as "in a row".
    pub gap_ms: u64,
    /// Looks closer together than this count as one: two invocations at a time must not be twice as sure.
    pub apart_ms: u64,
}

/// An alarm's word counts for so long: the event that takes it back may be lost with the Region that sends it.
pub const ALARM_FRESH_MS: u64 = 3_600_000;
/// The hour of [`Policy::max_per_hour`].
pub const HOUR_MS: u64 = 3_600_000;
