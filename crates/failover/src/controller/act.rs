//! Switches, repairs, and what follows them.

use futures_util::future::join_all;
use wp_dynamodb_core::Region;

use super::Controller;
use super::watch::Pass;
use crate::answer::{Answer, Level};
use crate::decide::policy::HOUR_MS;
use crate::memory::{Memory, Order, Way};
use crate::signal::{Look, Reading};
use crate::world::World;

/// What follows a switch is started within this time of the order, or not at all: a database is moved when people expect it.
pub(super) const FOLLOWED_FOR_MS: u64 = HOUR_MS;

impl<W: World> Controller<'_, W> {
    /// Notes the intention to switch; one that an invocation before this one was killed over is taken up. A person's is not: it would go
    /// uncounted, and what follows would take it for a planned one.
    pub(super) fn intend(&self, memory: &mut Memory, from: Region, to: Region, back: bool, by: &str, why: &str) -> Order {
        if let Some(order) = memory.pending.as_ref().filter(|o| o.automatic && o.from == from && o.to == to) {
            return order.clone();
        }
        let at_ms = self.world.now_ms();
        let (id, value) = (format!("{to}-{at_ms}"), to.to_string());
        let order = Order { id, at_ms, from, to, value, back, automatic: true, alone: false, by: by.to_owned(), why: why.to_owned() };
        memory.note(&order);
        memory.pending = Some(order.clone());
        order
    }

    /// Writes the parameter: first where the hosts are to go, then everywhere else at once. One Region that took it is enough: hosts
    /// follow the newest.
    pub(super) async fn carry_out(&self, order: &Order, answer: &mut Answer) -> Result<(), String> {
        let mut begun = self.entry("begun", &order.id, &order.by, &order.why);
        (begun.automatic, begun.from, begun.to) = (order.automatic, Some(order.from.clone()), Some(order.to.clone()));
        // The trail's first entry is written beside the parameter, not before it: it may take seconds, and visitors wait.
        let record = self.record(begun, &mut answer.warnings);
        let ((), first) = futures_util::future::join(record, self.world.order(&order.to, &order.value)).await;
        let others = self.settings.policy.regions.iter().filter(|r| **r != order.to);
        let rest = join_all(others.map(|r| async move { (r.clone(), self.world.order(r, &order.value).await) })).await;
        answer.stragglers.clear();
        for (region, result) in std::iter::once((order.to.clone(), first)).chain(rest) {
            match result {
                Ok(()) => {
                    if let Some(seen) = answer.signals.get_mut(&region) {
                        seen.parameter.clone_from(&order.value);
                    }
                    answer.written.push(region);
                }
                Err(why) => {
                    answer.stragglers.insert(region, why);
                }
            }
        }
        answer.value.clone_from(&order.value);
        (answer.from, answer.to) = (Some(order.from.clone()), Some(order.to.clone()));
        let mut entry = self.entry("switched", &order.id, &order.by, &order.why);
        (entry.automatic, entry.from, entry.to) = (order.automatic, answer.from.clone(), answer.to.clone());
        (entry.written, entry.stragglers) = (answer.written.clone(), answer.stragglers.clone());
        if answer.written.is_empty() {
            entry.what = "failed".to_owned();
            self.record(entry, &mut answer.warnings).await;
            let causes: Vec<String> = answer.stragglers.iter().map(|(r, why)| format!("{r}: {why}")).collect();
            let name = &self.settings.parameter;
            return Err(format!(
                "not known to be moved from {}: no Region has taken the parameter {name} ({})",
                order.from,
                causes.join("; ")
            ));
        }
        answer.active = order.to.to_string();
        self.record(entry, &mut answer.warnings).await;
        Ok(())
    }

    /// Starts what follows a switch, and forgets that it was pending.
    pub(super) async fn finish(&self, order: &Order, pass: &mut Pass, answer: &mut Answer) -> Result<(), String> {
        // What follows is this Region's own, and would refuse for another one.
        let starts = self.settings.after_switch.is_some() && !order.alone && order.to == *self.home();
        let age_ms = self.world.now_ms().saturating_sub(order.at_ms);
        if starts && age_ms > FOLLOWED_FOR_MS {
            // Whoever needed it has done it by hand, or lives without: hours later it would come out of the blue.
            let why = format!("what follows {} is not started: the order is {} min old", order.id, age_ms / 60_000);
            self.say(Level::Warn, why.clone(), serde_json::Value::Null);
            let entry = self.entry("not followed", &order.id, &order.by, &why);
            self.record(entry, &mut answer.warnings).await;
            answer.warnings.push(format!("{why}; start the state machine by hand if it is still wanted"));
        } else if starts {
            if let Some(why) = self.held_back(order).await? {
                answer.warnings.push(format!("{why}: what follows {} waits, for an hour after the order at most", order.id));
                return Ok(());
            }
            let followed = self.world.follow_up(order).await;
            let name = followed.map_err(|why| format!("{} is active, but what follows a switch could not be started: {why}", order.to))?;
            if let Some(name) = name {
                let entry = self.entry("followed", &order.id, &order.by, &name);
                self.record(entry, &mut answer.warnings).await;
            }
        }
        pass.memory.pending = None;
        if !self.keep(&pass.memory, &mut pass.version).await? {
            // The next tick finds the order still pending, and that all of it is done.
            self.say(Level::Info, format!("{}: another invocation was faster; the next one tidies up", order.id), serde_json::Value::Null);
        }
        Ok(())
    }

    /// Whether somebody wants nothing to follow now: a pin stops everything, manual mode what nobody has ordered.
    async fn held_back(&self, order: &Order) -> Result<Option<String>, String> {
        let mode = self.world.mode().await.map_err(|why| format!("{why}: what follows {} waits", order.id))?;
        Ok(match self.way(mode.as_ref()) {
            Way::Pinned => Some("pinned".to_owned()),
            Way::Manual if order.automatic => Some("manual mode".to_owned()),
            _ => None,
        })
    }

    /// An order that a killed invocation has left: its rest is done, or it is given up.
    pub(super) async fn tidy(&self, pass: &mut Pass, answer: &mut Answer) -> Result<(), String> {
        let left = pass.held.memory.pending.clone();
        let Some(order) = left else { return Ok(()) };
        if pass.memory.pending.is_none() {
            let entry =
                self.entry("abandoned", &order.id, &order.by, &format!("{} is not lost any more, or another order was given", order.from));
            self.record(entry, &mut answer.warnings).await;
        } else if pass.verdict.active == order.to {
            self.finish(&order, pass, answer).await?;
        }
        Ok(())
    }

    /// Writes the newest order where an older one is left, unless somebody has given another order meanwhile.
    pub(super) async fn repair(&self, value: &str, regions: &[Region], answer: &mut Answer) {
        // A repair is the newest write of its Region: of an order that was given since the look, it would take the place.
        let now = Look { parameters: self.world.parameters().await, ..Look::default() };
        let newest = now.newest(&self.settings.policy.regions);
        if newest.is_none_or(|n| n.value != value) {
            answer.warnings.push(format!("not repaired: the order is not \"{value}\" any more"));
            return;
        }
        let behind: Vec<Region> = regions
            .iter()
            .filter(|r| !matches!(now.parameters.get(*r), Some(Reading::Value { value: v, .. }) if v == value))
            .cloned()
            .collect();
        let results = join_all(behind.iter().map(|r| self.world.order(r, value))).await;
        for (region, result) in behind.iter().zip(results) {
            match result {
                Ok(()) => {
                    answer.stragglers.remove(region);
                    answer.written.push(region.clone());
                }
                Err(why) => {
                    answer.stragglers.insert(region.clone(), why);
                }
            }
        }
        if !answer.written.is_empty() {
            let by = format!("controller in {}", self.home());
            let at_ms = self.world.now_ms();
            let mut entry = self.entry("repaired", &format!("repair-{}-{at_ms}", self.home()), &by, &format!("the order is \"{value}\""));
            (entry.automatic, entry.written, entry.stragglers) = (true, answer.written.clone(), answer.stragglers.clone());
            self.record(entry, &mut answer.warnings).await;
        }
    }
}
