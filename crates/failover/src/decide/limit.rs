//! How often the active Region may be moved without a person.

use crate::decide::policy::{HOUR_MS, Policy};
use crate::memory::Memory;
use crate::signal::Look;

/// Whether an automatic switch may be made now.
///
/// # Errors
/// Which limit holds it back, and for how long.
pub fn may_switch(memory: &Memory, look: &Look, policy: &Policy, now_ms: u64) -> Result<(), String> {
    // Switches "of the future" (a clock that went back) are counted as of now: the limits rather hold too long.
    let ages = memory.switches.iter().chain(&look.elsewhere).map(|s| now_ms.saturating_sub(s.at_ms));
    if let Some(age) = ages.clone().min().filter(|age| *age < policy.cooldown_ms) {
        let left = (policy.cooldown_ms - age).div_ceil(1000);
        return Err(format!("the last automatic switch was {} s ago, the next one may be made in {left} s", age / 1000));
    }
    let within_the_hour = ages.filter(|age| *age < HOUR_MS).count();
    if within_the_hour >= policy.max_per_hour {
        return Err(format!("{within_the_hour} automatic switches within an hour, no more are allowed; a person has to look"));
    }
    Ok(())
}
