//! An event's way: remember, look, decide, act, write down.
//!
//! ```text
//! (here)   which way an event takes
//! watch    ticks and alarms: looks, until there is nothing more to learn
//! orders   what people want
//! act      switches, repairs, what follows them
//! rights   what this controller may do, tried when nothing else is to be done
//! ```
//!
//! What must hold: the intention is kept before the first parameter is written, so that an invocation that is killed anywhere is taken up
//! by the next one; and nothing is written that an order made in the meantime would be overruled by.

mod act;
mod orders;
mod rights;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wp_dynamodb_core::Region;

use crate::answer::{Answer, Entry, Level, Line, Seen, reading};
use crate::decide::Verdict;
use crate::decide::policy::ALARM_FRESH_MS;
use crate::event::Event;
use crate::memory::{Memory, Mode, Way};
use crate::settings::Settings;
use crate::signal::{AlarmState, Look, Reading};
use crate::world::World;

/// A controller in its Region.
#[derive(Debug, Clone, Copy)]
pub struct Controller<'a, W> {
    /// Where it acts.
    pub world: &'a W,
    /// What is set.
    pub settings: &'a Settings,
}

/// What came of an event, and the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// For the caller.
    pub answer: Answer,
    /// For the metrics.
    pub look: Look,
    /// The switch was made, and something after it failed: to be raised, once the metrics are told.
    pub failure: Option<String>,
    /// Whether an order is still pending.
    pub under_way: bool,
}

impl<W: World> Controller<'_, W> {
    /// Does what the event asks for.
    ///
    /// # Errors
    /// When it cannot, or may not: a sentence that names what and where. The caller raises it, so that AWS tries again and fills the
    /// dead-letter queue.
    pub async fn handle(&self, event: Event) -> Result<Outcome, String> {
        match event {
            Event::Tick => self.watch(&[]).await,
            Event::Alarms(alarms) => self.watch(&alarms).await,
            Event::Order(order) => self.order(&order).await,
        }
    }

    fn home(&self) -> &Region {
        &self.settings.policy.home
    }

    fn way(&self, mode: Option<&Mode>) -> Way {
        mode.map(|m| m.way).filter(|way| *way != Way::Default).unwrap_or(self.settings.way)
    }

    fn answer(&self, decision: &str, verdict: &Verdict, memory: &Memory, mode: Option<Mode>, look: &Look) -> Answer {
        let now_ms = self.world.now_ms();
        let seen = |region: &Region| {
            let signals = look.signals.get(region).cloned().unwrap_or_default();
            let watch = memory.regions.get(region).cloned().unwrap_or_default();
            Seen {
                site: signals.site,
                dynamodb: signals.dynamodb,
                alarm: watch.alarm(now_ms, ALARM_FRESH_MS).unwrap_or(AlarmState::Unknown),
                parameter: reading(look.parameters.get(region)),
                lost_looks: watch.lost_looks,
                well_since_ms: watch.well_since_ms,
            }
        };
        Answer {
            decision: decision.to_owned(),
            why: verdict.why.clone(),
            active: verdict.active.to_string(),
            from: None,
            to: None,
            value: String::new(),
            written: Vec::new(),
            stragglers: self.stragglers(look),
            signals: self.settings.policy.regions.iter().map(|r| (r.clone(), seen(r))).collect(),
            mode,
            looks: 1,
            not_told: BTreeMap::new(),
            rights: BTreeMap::new(),
            refused: verdict.refused,
            warnings: Vec::new(),
        }
    }

    /// Regions whose parameter is not the newest, or not known to be.
    fn stragglers(&self, look: &Look) -> BTreeMap<Region, String> {
        let regions = &self.settings.policy.regions;
        let Some(newest) = look.newest(regions) else {
            return regions.iter().map(|r| (r.clone(), reading(look.parameters.get(r)))).collect();
        };
        let behind =
            |region: &&Region| !matches!(look.parameters.get(*region), Some(Reading::Value { value, .. }) if value == newest.value);
        regions.iter().filter(behind).map(|r| (r.clone(), reading(look.parameters.get(r)))).collect()
    }

    fn entry(&self, what: &str, id: &str, by: &str, why: &str) -> Entry {
        Entry {
            id: id.to_owned(),
            at_ms: self.world.now_ms(),
            what: what.to_owned(),
            by: by.to_owned(),
            why: why.to_owned(),
            automatic: false,
            home: self.home().to_string(),
            from: None,
            to: None,
            written: Vec::new(),
            stragglers: BTreeMap::new(),
        }
    }

    /// Writes an entry of the audit trail; that it could not be written must not hold anything up, but is said.
    async fn record(&self, entry: Entry, warnings: &mut Vec<String>) {
        let fields = serde_json::to_value(&entry).unwrap_or_default();
        self.say(Level::Info, format!("{}: {}", entry.what, entry.why), fields);
        if let Err(why) = self.world.record(&entry).await {
            let message = format!("\"{}\" is not in the audit trail: {why}", entry.what);
            self.say(Level::Error, message.clone(), serde_json::Value::Null);
            warnings.push(message);
        }
    }

    fn say(&self, level: Level, message: String, fields: serde_json::Value) {
        self.world.say(&Line { level, message, fields });
    }
}
