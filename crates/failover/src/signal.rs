//! What one look at the Regions has seen.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use wp_dynamodb_core::Region;

use crate::memory::Switched;

/// What one source says of a Region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Signal {
    /// It works.
    Ok,
    /// It does not: a cause of one line.
    Failed(String),
    /// Nothing was learnt: not set up, throttled, or a fault of this side. Neither well nor lost.
    #[default]
    Unknown,
    /// As [`Signal::Unknown`], with what hindered it: rights, a missing table.
    Hindered(String),
}

impl Signal {
    /// Whether it is a vote for the Region's loss.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Signal::Failed(_))
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::Ok => f.write_str("ok"),
            Signal::Failed(why) => write!(f, "failed: {why}"),
            Signal::Unknown => f.write_str("unknown"),
            Signal::Hindered(why) => write!(f, "unknown: {why}"),
        }
    }
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an alarm on a Region's health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmState {
    /// `ALARM`: the health check has failed.
    Alarm,
    /// `OK`.
    Ok,
    /// `INSUFFICIENT_DATA`.
    Unknown,
}

/// What this look saw of one Region itself. (The alarm is remembered: it comes when it comes.)
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Signals {
    /// Its public `/healthz`.
    pub site: Signal,
    /// A write and a read of the canary in its session table.
    pub dynamodb: Signal,
}

/// A Region's parameter, as this look found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Its value and its `LastModifiedDate`, in milliseconds since 1970.
    Value {
        /// The Region it names.
        active: Region,
        /// The whole value, with what is drained.
        value: String,
        /// When it was written.
        modified_ms: u64,
    },
    /// There is none.
    Missing,
    /// Its value names no Region of ours: what is wrong with it.
    Bad(String),
    /// No answer: the cause.
    Failed(String),
}

/// One look at all Regions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// What was seen of each Region.
    pub signals: BTreeMap<Region, Signals>,
    /// Each Region's parameter.
    pub parameters: BTreeMap<Region, Reading>,
    /// How long a write in the active Region took to arrive here, in milliseconds; `None`: not looked for, or it did not arrive.
    pub lag_ms: Option<u64>,
    /// Automatic switches of the last hour that other Regions' controllers have written down, as far as they have arrived here.
    pub elsewhere: Vec<Switched>,
}

impl Look {
    /// The newest good value: what the hosts follow. Equal moments: the Region that stands first in `regions`.
    #[must_use]
    pub fn newest(&self, regions: &[Region]) -> Option<Newest<'_>> {
        let mut newest: Option<Newest<'_>> = None;
        for region in regions {
            if let Some(Reading::Value { active, value, modified_ms }) = self.parameters.get(region) {
                let seen = Newest { active, value, modified_ms: *modified_ms };
                let replaces = newest.is_none_or(|held| {
                    let rank = |n: &Newest<'_>| {
                        let place = regions.iter().position(|r| r == n.active);
                        (n.modified_ms, std::cmp::Reverse((place, n.value.to_owned())))
                    };
                    rank(&seen) > rank(&held)
                });
                if replaces {
                    newest = Some(seen);
                }
            }
        }
        newest
    }

    /// Regions that answer but hold an older order than `newest`, or none. A bad value is left to the person who wrote it.
    ///
    /// None while a Region does not answer: it may hold a newer order than all that is seen, and a repair would be newer still. Hosts
    /// read all Regions, so a straggler harms nobody meanwhile.
    #[must_use]
    pub fn stragglers(&self, newest: &Newest<'_>, regions: &[Region]) -> Vec<Region> {
        if regions.iter().any(|r| matches!(self.parameters.get(r), Some(Reading::Failed(_)) | None)) {
            return Vec::new();
        }
        let behind = |region: &&Region| match self.parameters.get(*region) {
            Some(Reading::Value { value, .. }) => value != newest.value,
            Some(Reading::Missing) => true,
            _ => false,
        };
        regions.iter().filter(behind).cloned().collect()
    }
}

impl Look {
    /// The parameters that hold the newest order. A try of writing one of them can at worst repeat that order; a straggler's old one could
    /// become the newest.
    #[must_use]
    pub fn holders(&self, regions: &[Region]) -> BTreeMap<Region, String> {
        let Some(newest) = self.newest(regions) else { return BTreeMap::new() };
        let holds = |reading: &Reading| matches!(reading, Reading::Value { value, .. } if value == newest.value);
        self.parameters.iter().filter(|(_, reading)| holds(reading)).map(|(r, _)| (r.clone(), newest.value.to_owned())).collect()
    }
}

/// The newest good value of the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest<'a> {
    /// The Region it names.
    pub active: &'a Region,
    /// The whole value.
    pub value: &'a str,
    /// When it was written, in milliseconds since 1970.
    pub modified_ms: u64,
}
