//! Which Region is active, and which one this host uses.
//!
//! ```text
//! parameter   what an operator may have written into the SSM parameter
//! source      asking SSM for it, per Region
//! decide/     (state, observation, now) → state, breaker, route, window; pure
//! state_file  the last good value on disk
//! shared      what all workers of the host know, in shared memory (breaker_cell, failure, health_cell, hedges, history, host_locks, in_flight, items_cell, notices, text: its parts)
//! host        this host among its Regions: home, route, switch window
//! breakers    notes what calls meet, opens and closes the breakers, says so once
//! poller      one worker of the host asks SSM and probes lost Regions, the others read
//! mask        a set of Regions
//! ```

pub mod breaker_cell;
pub mod breakers;
pub mod decide;
pub mod failure;
pub mod health_cell;
pub mod hedges;
pub mod history;
pub mod host;
pub mod host_locks;
pub mod in_flight;
pub mod items_cell;
pub mod locate;
pub mod mask;
pub mod notices;
pub mod parameter;
pub mod poller;
pub mod shared;
pub mod source;
pub mod state_file;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of an AWS Region, checked for its form: `us-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Region(String);

impl TryFrom<String> for Region {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Region::parse(&text)
    }
}

impl Region {
    /// Takes a Region's name.
    ///
    /// # Errors
    /// When the text does not have the form of a Region's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('-').collect();
        let words = parts.len().saturating_sub(1);
        let well_formed = text.len() <= 32
            && parts.len() >= 3
            && parts[..words].iter().all(|p| p.len() >= 2 && p.bytes().all(|b| b.is_ascii_lowercase()))
            && (1..=2).contains(&parts[words].len())
            && parts[words].bytes().all(|b| b.is_ascii_digit());
        if well_formed {
            Ok(Region(text.to_owned()))
        } else {
            Err(format!("\"{}\" does not have the form of an AWS Region", parameter::shown(text)))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_form_of_a_region() {
        for good in ["us-east-1", "ap-southeast-5", "us-gov-west-1", "cn-north-1", "mx-central-1", "eu-isoe-west-1"] {
            assert!(Region::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "us-east", "us-east-", "us-east-1a", "US-EAST-1", "us east 1", "us-east-1\n", "-us-1", "us--1", "us-east-123"] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }
}
