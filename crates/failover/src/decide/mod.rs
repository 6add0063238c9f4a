//! What the controller decides, as a pure function of what it remembers, what it sees, what people have set, and the time.
//!
//! ```text
//! (here)   the order of the questions
//! policy   what is set: quorum, looks, cool-down, failback
//! watch    what one look changes in what is known of a Region
//! target   where to go: which Region is well enough
//! limit    how often the active Region may be moved
//! ```

pub mod limit;
pub mod policy;
pub mod target;
pub mod watch;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use wp_dynamodb_core::Region;

use crate::memory::{Memory, Way};
use crate::signal::Look;
use policy::Policy;

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Decision {
    /// Nothing.
    Stay,
    /// Nothing yet: look again soon.
    Look,
    /// Move the active Region to this controller's own.
    Switch {
        /// The Region that is lost.
        from: Region,
        /// This controller's Region.
        to: Region,
    },
    /// Move it back to the preferred Region, which is this controller's own.
    Failback {
        /// The Region that stood in.
        from: Region,
        /// The preferred Region.
        to: Region,
    },
    /// Write the newest value where an older one is left.
    Repair {
        /// The whole value.
        value: String,
        /// The Regions that are behind.
        regions: Vec<Region>,
    },
    /// The active Region is lost, and it shall not or cannot be moved.
    Refuse,
}

/// A decision and its reason, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What is to be done.
    pub decision: Decision,
    /// Why, in a sentence that names the Region.
    pub why: String,
    /// The Region that hosts follow; the first of the list when there is no parameter.
    pub active: Region,
    /// Whether the answer may be another one in a few seconds: the active Region has failed, and not often enough.
    pub again: bool,
    /// The active Region is lost, and it shall not or cannot be moved; also when there is something to repair.
    pub refused: bool,
}

/// Takes a look. `way`: what people have set; `now_ms`: this controller's clock, milliseconds since 1970.
///
/// What it never does: leave a Region that is not lost; go to one that is not well, or is another controller's; switch more often than
/// the policy allows; act against a pin.
#[must_use]
pub fn decide(memory: &Memory, look: &Look, policy: &Policy, way: Way, now_ms: u64) -> (Memory, Verdict) {
    let memory = watch::after(memory, look, policy, now_ms);
    let newest = look.newest(&policy.regions);
    let active = newest.map_or_else(|| policy.regions[0].clone(), |n| n.active.clone());
    let (decision, why) = choose(&memory, look, policy, way, &active, now_ms);
    let refused = decision == Decision::Refuse;
    // Whatever is chosen, an order that stands is made whole first, unless there is something more urgent.
    let (decision, why) = match (decision, newest) {
        (quiet @ (Decision::Stay | Decision::Look | Decision::Refuse), Some(newest)) if way != Way::Pinned => {
            let behind = look.stragglers(&newest, &policy.regions);
            if behind.is_empty() {
                (quiet, why)
            } else {
                let names = behind.iter().map(Region::as_str).collect::<Vec<_>>().join(", ");
                let why = format!("the parameter in {names} is older than the order \"{}\"; {why}", newest.value);
                (Decision::Repair { value: newest.value.to_owned(), regions: behind }, why)
            }
        }
        (other, _) => (other, why),
    };
    let lost_looks = memory.regions.get(&active).map_or(0, |w| w.lost_looks);
    // Any failure is reason enough to look again: its second witness may be a second late.
    let failed = look.signals.get(&active).is_some_and(|s| s.site.is_failed() || s.dynamodb.is_failed());
    let again = way != Way::Pinned && failed && lost_looks < policy.failures;
    (memory, Verdict { decision, why, active, again, refused })
}

fn choose(memory: &Memory, look: &Look, policy: &Policy, way: Way, active: &Region, now_ms: u64) -> (Decision, String) {
    if way == Way::Pinned {
        return (Decision::Stay, format!("pinned; {active} stays active whatever happens"));
    }
    let lost_looks = memory.regions.get(active).map_or(0, |w| w.lost_looks);
    if lost_looks == 0 {
        return failback(memory, look, policy, way, active, now_ms);
    }
    let causes = watch::causes(memory, look, active, now_ms);
    if lost_looks < policy.failures {
        return (Decision::Look, format!("{active} failed in {lost_looks} of {} looks: {causes}", policy.failures));
    }
    let lost = format!("{active} is lost: {causes}");
    let target = match target::target(memory, look, policy, active, now_ms) {
        Ok(target) => target,
        Err(why) => return (Decision::Refuse, format!("{lost}; {why}")),
    };
    if target != policy.home {
        return (Decision::Stay, format!("{lost}; {target}'s controller moves the active Region"));
    }
    // `Default` is resolved before; should it come here, it is the careful one.
    if matches!(way, Way::Manual | Way::Default) {
        let why = format!("{lost}; manual mode: `wp-dynamodb-ctl switch --to {target}` would move it");
        return (Decision::Refuse, why);
    }
    if !begun(memory, active, &target)
        && let Err(why) = limit::may_switch(memory, look, policy, now_ms)
    {
        return (Decision::Refuse, format!("{lost}; {why}"));
    }
    (Decision::Switch { from: active.clone(), to: target }, lost)
}

/// Whether this very switch was begun by an invocation that was killed: it has been counted already.
fn begun(memory: &Memory, from: &Region, to: &Region) -> bool {
    memory.pending.as_ref().is_some_and(|o| o.automatic && o.from == *from && o.to == *to)
}

/// The active Region is not lost: is it the one that should be?
fn failback(memory: &Memory, look: &Look, policy: &Policy, way: Way, active: &Region, now_ms: u64) -> (Decision, String) {
    let preferred = &policy.regions[0];
    let causes = watch::causes(memory, look, active, now_ms);
    let mut state = format!("{active} is active");
    if !causes.is_empty() {
        state.push_str(&format!("; too little for a loss (quorum {}): {causes}", policy.quorum));
    }
    if active == preferred {
        return (Decision::Stay, state);
    }
    let stay = |why: String| (Decision::Stay, format!("{state}; {why}"));
    if !policy.failback_auto || way != Way::Auto {
        return stay(format!("`wp-dynamodb-ctl failback` moves it back to {preferred}"));
    }
    if *preferred != policy.home {
        return stay(format!("{preferred}'s controller moves it back"));
    }
    if let Err(why) = target::well_for_failback(memory, look, policy, active, now_ms) {
        return stay(format!("no failback to {preferred} yet: {why}"));
    }
    if !begun(memory, active, preferred)
        && let Err(why) = limit::may_switch(memory, look, policy, now_ms)
    {
        return stay(format!("no failback to {preferred} yet: {why}"));
    }
    (Decision::Failback { from: active.clone(), to: preferred.clone() }, format!("{preferred} has been well long enough"))
}
