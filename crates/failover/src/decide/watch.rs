//! What one look changes in what is known of a Region.

use wp_dynamodb_core::Region;

use crate::decide::policy::{ALARM_FRESH_MS, HOUR_MS, Policy};
use crate::memory::{Memory, Watch};
use crate::signal::{AlarmState, Look, Signal};

/// What is remembered after this look.
#[must_use]
pub fn after(memory: &Memory, look: &Look, policy: &Policy, now_ms: u64) -> Memory {
    let mut next = memory.clone();
    // A clock that went back makes a gap, too: what is not known to be in a row is not.
    let in_a_row = now_ms >= memory.looked_ms && now_ms - memory.looked_ms <= policy.gap_ms;
    let counts = !in_a_row || now_ms - memory.looked_ms >= policy.apart_ms;
    if counts {
        next.looked_ms = now_ms;
    }
    for region in &policy.regions {
        let watch = next.regions.entry(region.clone()).or_default();
        if !in_a_row {
            watch.lost_looks = 0;
            watch.lost_since_ms = None;
            watch.well_since_ms = None;
        }
        if votes(watch, look, region, now_ms).len() >= policy.quorum.max(1) {
            if counts || watch.lost_looks == 0 {
                watch.lost_looks = watch.lost_looks.saturating_add(1);
            }
            watch.lost_since_ms.get_or_insert(now_ms);
        } else {
            watch.lost_looks = 0;
            watch.lost_since_ms = None;
        }
        if is_well(watch, look, region, now_ms) {
            watch.well_since_ms.get_or_insert(now_ms);
        } else {
            watch.well_since_ms = None;
        }
    }
    drop_order_without_cause(&mut next, look, policy, now_ms);
    next
}

/// An order of which nothing was written yet (its controller was killed) holds only as long as its cause.
fn drop_order_without_cause(memory: &mut Memory, look: &Look, policy: &Policy, now_ms: u64) {
    let Some(order) = &memory.pending else { return };
    // Nobody can say what stands where no parameter answers: the order is kept.
    let begun = look.newest(&policy.regions).is_none_or(|n| n.active == &order.to);
    // A failback has no loss as its cause, and neither has a person's order, which may be under way this very moment.
    let age_ms = now_ms.saturating_sub(order.at_ms);
    let cause = match order {
        order if !order.automatic => age_ms < policy.gap_ms,
        order if order.back => age_ms < HOUR_MS,
        order => memory.regions.get(&order.from).is_some_and(|w| w.lost_looks > 0),
    };
    if !begun && !cause {
        let at_ms = order.at_ms;
        // Where nothing has been written since, it was never carried out, and does not count. Else a person may have overruled it.
        if look.newest(&policy.regions).is_some_and(|n| n.modified_ms < at_ms) {
            memory.switches.retain(|s| s.at_ms != at_ms);
        }
        memory.pending = None;
    }
}

/// What says that the Region is lost: each signal's name and cause.
#[must_use]
pub fn votes(watch: &Watch, look: &Look, region: &Region, now_ms: u64) -> Vec<String> {
    let mut votes = Vec::new();
    if let Some(signals) = look.signals.get(region) {
        for (name, signal) in [("site", &signals.site), ("DynamoDB", &signals.dynamodb)] {
            if let Signal::Failed(cause) = signal {
                votes.push(format!("{name}: {cause}"));
            }
        }
    }
    if watch.alarm(now_ms, ALARM_FRESH_MS) == Some(AlarmState::Alarm) {
        votes.push("alarm on its health check".to_owned());
    }
    votes
}

/// The votes against `region` in one line.
#[must_use]
pub fn causes(memory: &Memory, look: &Look, region: &Region, now_ms: u64) -> String {
    let watch = memory.regions.get(region).cloned().unwrap_or_default();
    votes(&watch, look, region, now_ms).join("; ")
}

/// Whether a Region could take the site: a canary that was written and read, and a site that answers. An alarm that says otherwise is
/// not believed over a site that answers: it comes from us-east-1, and what takes it back may be lost with that Region. It counts where
/// there is no site to ask.
#[must_use]
pub fn is_well(watch: &Watch, look: &Look, region: &Region, now_ms: u64) -> bool {
    look.signals.get(region).is_some_and(|signals| {
        let site = match signals.site {
            Signal::Ok => true,
            Signal::Unknown => watch.alarm(now_ms, ALARM_FRESH_MS) != Some(AlarmState::Alarm),
            _ => false,
        };
        site && signals.dynamodb == Signal::Ok
    })
}
