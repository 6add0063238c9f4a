//! Where to go: which Region is well enough to take the site.

use wp_dynamodb_core::Region;

use crate::decide::policy::Policy;
use crate::decide::watch;
use crate::memory::{Memory, Watch};
use crate::signal::Look;

/// The first Region of the list, other than `active`, that is well in this look. A controller of a later one waits for its turn: the
/// ones before it may see what this one does not.
///
/// # Errors
/// When there is none: what is wrong with each.
pub fn target(memory: &Memory, look: &Look, policy: &Policy, active: &Region, now_ms: u64) -> Result<Region, String> {
    let lost_since = memory.regions.get(active).and_then(|w| w.lost_since_ms).unwrap_or(now_ms);
    let mut turn_ms = now_ms.saturating_sub(lost_since);
    let mut first = None;
    let mut ill = Vec::new();
    for region in policy.regions.iter().filter(|r| *r != active) {
        match well(memory, look, region, now_ms) {
            Ok(()) if *region == policy.home => return Ok(region.clone()),
            Ok(()) if turn_ms < policy.patience_ms => return Ok(first.unwrap_or_else(|| region.clone())),
            Ok(()) => {
                turn_ms -= policy.patience_ms;
                first.get_or_insert_with(|| region.clone());
            }
            Err(why) => ill.push(format!("{region} is not well ({why})")),
        }
    }
    if let Some(first) = first {
        return Ok(first);
    }
    if ill.is_empty() {
        ill.push("there is no other Region".to_owned());
    }
    Err(format!("nowhere to go: {}", ill.join(", ")))
}

/// Whether a Region is well in this look.
///
/// # Errors
/// What is wrong with it.
pub fn well(memory: &Memory, look: &Look, region: &Region, now_ms: u64) -> Result<(), String> {
    let none = Watch::default();
    let watch = memory.regions.get(region).unwrap_or(&none);
    if watch::is_well(watch, look, region, now_ms) {
        return Ok(());
    }
    let votes = watch::votes(watch, look, region, now_ms);
    if votes.is_empty() {
        let seen =
            look.signals.get(region).map_or_else(|| "not looked at".to_owned(), |s| format!("site {}, DynamoDB {}", s.site, s.dynamodb));
        return Err(seen);
    }
    Err(votes.join("; "))
}

/// Whether the preferred Region may take the site back.
///
/// # Errors
/// What is missing.
pub fn well_for_failback(memory: &Memory, look: &Look, policy: &Policy, active: &Region, now_ms: u64) -> Result<(), String> {
    let preferred = &policy.regions[0];
    well(memory, look, preferred, now_ms)?;
    let since = memory.regions.get(preferred).and_then(|w| w.well_since_ms).unwrap_or(now_ms);
    let well_ms = now_ms.saturating_sub(since);
    if well_ms < policy.failback_after_ms {
        return Err(format!("well for {} s of {} s", well_ms / 1000, policy.failback_after_ms / 1000));
    }
    match look.lag_ms {
        Some(lag) if lag <= policy.max_lag_ms => Ok(()),
        Some(lag) => Err(format!("replication from {active} takes {lag} ms, more than {} ms", policy.max_lag_ms)),
        None => Err(format!("a write in {active} did not arrive here within {} ms", policy.max_lag_ms)),
    }
}

/// Whether the next decision depends on the replication lag, so that it must be measured.
#[must_use]
pub fn wants_lag(memory: &Memory, policy: &Policy, active: &Region, now_ms: u64) -> bool {
    let preferred = &policy.regions[0];
    let since = memory.regions.get(preferred).and_then(|w| w.well_since_ms);
    policy.failback_auto
        && active != preferred
        && *preferred == policy.home
        && since.is_some_and(|s| now_ms.saturating_sub(s) >= policy.failback_after_ms)
}
