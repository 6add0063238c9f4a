//! What a controller remembers from one look to the next. One item of the control table, in the controller's own Region only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wp_dynamodb_core::Region;

use crate::signal::AlarmState;

/// How many switches are kept, the newest last.
const KEPT: usize = 32;

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// What is known of each Region.
    pub regions: BTreeMap<Region, Watch>,
    /// Switches that this controller made by itself.
    pub switches: Vec<Switched>,
    /// A switch that has begun, until what follows it is done, too.
    pub pending: Option<Order>,
    /// When it last looked; milliseconds since 1970, as all times here.
    pub looked_ms: u64,
}

/// What is known of one Region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// In so many looks in a row it was found lost.
    pub lost_looks: u32,
    /// Since when.
    pub lost_since_ms: Option<u64>,
    /// Since when every look has found it well, without a gap between the looks.
    pub well_since_ms: Option<u64>,
    /// What its alarms last said, by the alarm's ARN.
    pub alarms: BTreeMap<String, Alarm>,
}

/// What one alarm last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its state.
    pub state: AlarmState,
    /// When it took that state, by CloudWatch's clock.
    pub at_ms: u64,
}

/// A switch that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// When.
    pub at_ms: u64,
    /// From which Region.
    pub from: Region,
    /// To which.
    pub to: Region,
}

/// A switch that shall be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its name: letters, digits and dashes; unique.
    pub id: String,
    /// When it was decided.
    pub at_ms: u64,
    /// The Region to leave.
    pub from: Region,
    /// The Region to go to.
    pub to: Region,
    /// The parameter's whole value: the Region, and what is drained.
    pub value: String,
    /// Whether it is a failback.
    pub back: bool,
    /// Whether no person was asked.
    #[serde(default)]
    pub automatic: bool,
    /// Whether nothing is to follow it: a drill moves sessions, and leaves database and capacity alone.
    #[serde(default)]
    pub alone: bool,
    /// Who: `controller in us-west-2`, or a person's name.
    pub by: String,
    /// Why.
    pub why: String,
}

impl Memory {
    /// Notes a switch; the oldest ones are forgotten.
    pub fn note(&mut self, order: &Order) {
        self.switches.push(Switched { at_ms: order.at_ms, from: order.from.clone(), to: order.to.clone() });
        let surplus = self.switches.len().saturating_sub(KEPT);
        self.switches.drain(..surplus);
    }

    /// Takes an alarm's word, unless a later one is known: events are repeated and come in any order. Whether it was taken.
    pub fn hear(&mut self, region: &Region, arn: &str, alarm: Alarm) -> bool {
        let alarms = &mut self.regions.entry(region.clone()).or_default().alarms;
        let newer = alarms.get(arn).is_none_or(|held| held.at_ms < alarm.at_ms);
        if newer {
            alarms.insert(arn.to_owned(), alarm);
        }
        newer
    }
}

impl Watch {
    /// What its alarms say together: one in alarm is enough; `None` when none has spoken within `fresh_ms`.
    #[must_use]
    pub fn alarm(&self, now_ms: u64, fresh_ms: u64) -> Option<AlarmState> {
        let fresh = self.alarms.values().filter(|a| now_ms.saturating_sub(a.at_ms) <= fresh_ms).map(|a| a.state);
        let states: Vec<AlarmState> = fresh.collect();
        [AlarmState::Alarm, AlarmState::Ok].into_iter().find(|s| states.contains(s))
    }
}

/// Who decides, as people have set it. One item of the control table, in all Regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mode {
    /// What the controllers may do.
    pub way: Way,
    /// Who has set it.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at_ms: u64,
    /// What was set before a pin: `unpin` goes back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Way>,
}

/// What the controllers may do by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Switch, and fail back if that is set.
    Auto,
    /// Say what they would do. Stragglers are repaired.
    Manual,
    /// Nothing at all, stragglers included: somebody is at work.
    Pinned,
    /// What each controller's own setting says (`WP_DYNAMODB_MODE`): people have nothing against it.
    Default,
}
