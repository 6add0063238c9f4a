//! What people want.

use std::time::Duration;

use wp_dynamodb_core::Region;
use wp_dynamodb_core::region::parameter::{line, shown};

use super::watch::Pass;
use super::{Controller, Outcome};
use crate::decide::{Verdict, target, watch};
use crate::event::{Action, Order};
use crate::memory::{self, Memory, Mode, Way};
use crate::signal::{Look, Reading, Signal};
use crate::world::{Held, World};

/// Longest name and reason that are kept.
const LONGEST: usize = 500;

impl<W: World> Controller<'_, W> {
    pub(super) async fn order(&self, order: &Order) -> Result<Outcome, String> {
        match order.action {
            Action::Tick => self.watch(&[]).await,
            Action::Status => self.status().await,
            Action::Check => self.check().await,
            Action::Switch => {
                let to = order.to.as_deref().ok_or("\"to\" is missing: the Region to go to")?;
                let known = &self.settings.policy.regions;
                let to = known.iter().find(|r| r.as_str() == to).ok_or_else(|| {
                    let names = known.iter().map(Region::as_str).collect::<Vec<_>>().join(", ");
                    format!("\"{}\" is not one of the Regions ({names})", shown(to))
                })?;
                self.switch(order, to).await
            }
            Action::Failback => self.switch(order, &self.settings.policy.regions[0]).await,
            Action::Pin => self.set(order, Way::Pinned).await,
            Action::Unpin => self.unpin(order).await,
            Action::Mode => match order.mode {
                Some(way @ (Way::Auto | Way::Manual | Way::Default)) => self.set(order, way).await,
                _ => Err("\"mode\" is missing: \"auto\", \"manual\" or \"default\"".to_owned()),
            },
        }
    }

    /// Looks and says what would be done; nothing is kept.
    pub(super) async fn status(&self) -> Result<Outcome, String> {
        let mut warnings = Vec::new();
        let pass = match self.look(&[]).await {
            Ok(pass) => pass,
            // Parameters and sites are wanted most when the control table is away.
            Err(why) => {
                warnings.push(format!("{why}; who decides and what was seen before are not known"));
                let (held, look) = (Held::default(), self.world.look().await);
                let (memory, verdict) = self.judge(&held, &look);
                Pass { memory, version: 0, held, look, verdict }
            }
        };
        let word =
            serde_json::to_value(&pass.verdict.decision).ok().and_then(|v| v["decision"].as_str().map(str::to_owned)).unwrap_or_default();
        let mut answer = self.answer(&word, &pass.verdict, &pass.memory, pass.held.mode.clone(), &pass.look);
        answer.warnings = warnings;
        Ok(Outcome { answer, look: pass.look, failure: None, under_way: pass.memory.pending.is_some() })
    }

    async fn switch(&self, order: &Order, to: &Region) -> Result<Outcome, String> {
        let back = order.action == Action::Failback;
        let mut warnings = Vec::new();
        let home = self.home();
        if to != home {
            let why =
                format!("what follows a switch, and the lag of replication, are the business of {to}'s controller, and this is {home}'s");
            if !order.force {
                return Err(format!("{why}; give the order there, or use force"));
            }
            warnings.push(format!("{why}: nothing follows this switch"));
        }
        let mut known = true;
        let held = match self.world.recall().await {
            Ok(held) => held,
            // In the outage this is for, the control table may be away as well.
            Err(why) if order.force => {
                warnings.push(format!("{why}; pins and earlier switches are not known"));
                known = false;
                Held::default()
            }
            Err(why) => return Err(format!("{why}; with force the active Region is moved all the same")),
        };
        let look = self.world.look().await;
        let (memory, verdict) = self.judge(&held, &look);
        if let Some(mode) = held.mode.as_ref().filter(|m| m.way == Way::Pinned && !order.force) {
            return Err(format!("pinned by {}: {}; unpin first, or use force", shown(&mode.by), shown(&mode.why)));
        }
        let from = verdict.active.clone();
        let drained = if order.drain && from != *to { format!(" drain={from}") } else { String::new() };
        let value = format!("{to}{drained}");
        // Only what was read everywhere is known to be so: a Region that was not read may hold another, newer order.
        let holds = |r: &Reading| matches!(r, Reading::Value { value: held, .. } if *held == value);
        if look.parameters.values().all(holds) {
            let mut answer = self.answer("stay", &verdict, &memory, held.mode.clone(), &look);
            answer.why = format!("{to} is active already, and all Regions say so");
            answer.value = value;
            return Ok(Outcome { answer, look, failure: None, under_way: memory.pending.is_some() });
        }
        if look.signals.get(to).is_some_and(|s| s.site == Signal::Unknown) {
            warnings.push(format!("the site of {to} was not asked: no WP_DYNAMODB_HEALTH_URLS (--health-urls) for it"));
        }
        if !order.force {
            self.may_go(&memory, &look, &from, to).await?;
        }
        let mut pass = Pass { memory, version: held.version, held, look, verdict };
        let mut answer =
            self.answer(if back { "failback" } else { "switch" }, &pass.verdict, &pass.memory, pass.held.mode.clone(), &pass.look);
        if self.settings.person {
            // What a person's machine has seen is no look of the controller's: neither a count nor a sign of life.
            pass.memory = pass.held.memory.clone();
        }
        let force = order.force;
        // A person's switch does not use up what the controllers may do by themselves.
        let at_ms = self.world.now_ms();
        let order = memory::Order {
            id: format!("{to}-{at_ms}"),
            at_ms,
            value: value.clone(),
            automatic: false,
            from,
            to: to.clone(),
            back,
            alone: order.alone,
            by: by(order),
            why: why(order),
        };
        pass.memory.pending = Some(order.clone());
        // What could not be read must not be written over.
        let kept = if known { self.keep(&pass.memory, &mut pass.version).await } else { Err("what was there is not known".to_owned()) };
        match kept {
            Ok(true) => {}
            Ok(false) if !force => return Err("a controller was at work at this moment; look at the status, then try again".to_owned()),
            Ok(false) => warnings.push("a controller was at work at this moment".to_owned()),
            Err(why) => {
                warnings.push(format!("the intention could not be kept ({why}): what follows a switch is not started, do it by hand"))
            }
        }
        answer.why.clone_from(&order.why);
        answer.warnings = warnings;
        self.carry_out(&order, &mut answer).await?;
        // A person's machine does not know what follows: the controller of the new Region finds the order pending, and finishes it.
        let failure = if self.settings.person { None } else { self.finish(&order, &mut pass, &mut answer).await.err() };
        Ok(Outcome { answer, look: pass.look, failure, under_way: pass.memory.pending.is_some() })
    }

    /// Whether a person's switch is a good idea: the target is well, and what the old Region holds has arrived there.
    async fn may_go(&self, memory: &Memory, look: &Look, from: &Region, to: &Region) -> Result<(), String> {
        let now_ms = self.world.now_ms();
        target::well(memory, look, to, now_ms)
            .map_err(|why| format!("{to} is not well: {why}; use force if it is to be active all the same"))?;
        let old_answers = memory.regions.get(from).is_some_and(|w| watch::votes(w, look, from, now_ms).is_empty());
        if old_answers && from != to {
            let limit = Duration::from_millis(self.settings.policy.max_lag_ms);
            if self.world.lag(from, limit).await.is_none() {
                return Err(format!(
                    "a write in {from} did not arrive in {to} within {limit:?}: replication is behind; wait, or use force"
                ));
            }
        }
        Ok(())
    }

    fn judge(&self, held: &Held, look: &Look) -> (Memory, Verdict) {
        crate::decide::decide(&held.memory, look, &self.settings.policy, self.way(held.mode.as_ref()), self.world.now_ms())
    }

    /// Back to what was set before the pin.
    async fn unpin(&self, order: &Order) -> Result<Outcome, String> {
        let held = self.world.mode().await?;
        let before = held.filter(|m| m.way == Way::Pinned).map(|m| m.before.unwrap_or(Way::Default));
        match before {
            Some(before) => self.set(order, before).await,
            None => {
                let mut outcome = self.status().await?;
                outcome.answer.decision = "stay".to_owned();
                outcome.answer.why = "nothing is pinned".to_owned();
                Ok(outcome)
            }
        }
    }

    async fn set(&self, order: &Order, way: Way) -> Result<Outcome, String> {
        let before = if way == Way::Pinned {
            // What cannot be read is the controllers' own setting, which is the careful one if somebody chose it.
            let held = self.world.mode().await.ok().flatten();
            held.map(|m| if m.way == Way::Pinned { m.before.unwrap_or(Way::Default) } else { m.way })
        } else {
            None
        };
        let mode = Mode { way, by: by(order), why: why(order), at_ms: self.world.now_ms(), before };
        let not_told = self.world.set_mode(&mode).await?;
        let what = match way {
            Way::Pinned => "pinned",
            Way::Auto => "automatic",
            Way::Manual => "manual",
            Way::Default => "default",
        };
        let mut outcome = self.status().await?;
        let entry = self.entry(what, &format!("{what}-{}", mode.at_ms), &mode.by, &mode.why);
        self.record(entry, &mut outcome.answer.warnings).await;
        outcome.answer.not_told = not_told;
        outcome.answer.decision = what.to_owned();
        outcome.answer.mode = Some(mode);
        Ok(outcome)
    }
}

fn by(order: &Order) -> String {
    line(order.by.as_deref().unwrap_or("somebody"), LONGEST)
}

fn why(order: &Order) -> String {
    line(order.why.as_deref().unwrap_or("no reason given"), LONGEST)
}
