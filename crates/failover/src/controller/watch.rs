//! Ticks and alarms: looks, until there is nothing more to learn.

use std::time::Duration;

use serde_json::json;
use wp_dynamodb_core::region::parameter::shown;

use super::{Controller, Outcome};
use crate::answer::{Answer, Level};
use crate::decide::target::wants_lag;
use crate::decide::{Decision, Verdict, decide};
use crate::event::AlarmChange;
use crate::memory::{Alarm, Memory, Order, Way};
use crate::signal::Look;
use crate::world::{Held, Kept, World};

/// So often an invocation starts again because another one was faster.
const OVERTAKEN: u32 = 5;

/// An alarm may be dated so far ahead of this clock.
const AHEAD_MS: u64 = 300_000;

/// One look and what it led to.
pub(super) struct Pass {
    /// What is remembered, with its version.
    pub memory: Memory,
    pub version: u64,
    pub held: Held,
    pub look: Look,
    pub verdict: Verdict,
}

impl<W: World> Controller<'_, W> {
    pub(super) async fn watch(&self, alarms: &[AlarmChange]) -> Result<Outcome, String> {
        if let Some(unknown) = alarms.iter().find(|a| !self.settings.alarms.contains_key(&a.arn)) {
            return Err(format!("the alarm {} is not one of WP_DYNAMODB_ALARMS; nothing was done", shown(&unknown.arn)));
        }
        let started_ms = self.world.now_ms();
        // A word from the future would count for ever, and shut out every later one.
        if let Some(early) = alarms.iter().find(|a| a.at_ms > started_ms + AHEAD_MS) {
            return Err(format!(
                "the alarm {} is dated {} s ahead of this clock; nothing was done",
                shown(&early.arn),
                (early.at_ms - started_ms) / 1000
            ));
        }
        let (mut looks, mut overtaken) = (0, 0);
        loop {
            looks += 1;
            let pass = self.look(alarms).await?;
            let (again, why) = (pass.verdict.again, pass.verdict.why.clone());
            let acted = self.act(pass).await?;
            let spent = Duration::from_millis(self.world.now_ms().saturating_sub(started_ms));
            let Some(mut outcome) = acted else {
                overtaken += 1;
                if overtaken > OVERTAKEN || spent > self.settings.look_for {
                    return Err(format!("other invocations in {} were faster {overtaken} times in a row", self.home()));
                }
                continue;
            };
            outcome.answer.looks = looks;
            self.say_look(&outcome.answer);
            // An alarm is one look: the ticks do the waiting, and another alarm may stand behind this one.
            let waits = again && alarms.is_empty() && outcome.failure.is_none();
            if !waits || spent + self.settings.look_every > self.settings.look_for {
                return Ok(outcome);
            }
            self.say(Level::Warn, format!("looking again in {:?}: {why}", self.settings.look_every), json!({}));
            self.world.pause(self.settings.look_every).await;
        }
    }

    /// Remembers, looks and decides.
    pub(super) async fn look(&self, alarms: &[AlarmChange]) -> Result<Pass, String> {
        let policy = &self.settings.policy;
        let held = self.world.recall().await?;
        let mut memory = held.memory.clone();
        // An alarm that is not set any more could never take its word back.
        for (region, watch) in &mut memory.regions {
            watch.alarms.retain(|arn, _| self.settings.alarms.get(arn) == Some(region));
        }
        for alarm in alarms {
            if let Some(region) = self.settings.alarms.get(&alarm.arn) {
                memory.hear(region, &alarm.arn, Alarm { state: alarm.state, at_ms: alarm.at_ms });
            }
        }
        let mut look = self.world.look().await;
        look.elsewhere.clone_from(&held.elsewhere);
        let newest = look.newest(&policy.regions).map(|n| n.active.clone());
        if let Some(active) = newest.filter(|active| wants_lag(&memory, policy, active, self.world.now_ms())) {
            look.lag_ms = self.world.lag(&active, Duration::from_millis(policy.max_lag_ms)).await;
        }
        let (memory, verdict) = decide(&memory, &look, policy, self.way(held.mode.as_ref()), self.world.now_ms());
        Ok(Pass { memory, version: held.version, held, look, verdict })
    }

    /// Does what was decided. `None`: another invocation was faster, so look again.
    async fn act(&self, mut pass: Pass) -> Result<Option<Outcome>, String> {
        let word = match &pass.verdict.decision {
            Decision::Stay => "stay",
            Decision::Look => "look",
            Decision::Refuse => "refuse",
            Decision::Repair { .. } => "repair",
            Decision::Switch { .. } => "switch",
            Decision::Failback { .. } => "failback",
        };
        let mut answer = self.answer(word, &pass.verdict, &pass.memory, pass.held.mode.clone(), &pass.look);
        answer.warnings.extend(pass.held.warnings.iter().cloned());
        let failure = match pass.verdict.decision.clone() {
            Decision::Switch { from, to } | Decision::Failback { from, to } => {
                let back = word == "failback";
                let by = format!("controller in {}", self.home());
                let order = self.intend(&mut pass.memory, from, to, back, &by, &pass.verdict.why);
                if !self.keep(&pass.memory, &mut pass.version).await? {
                    return Ok(None);
                }
                if let Some(why) = self.overruled(&pass).await {
                    return self.give_up(&order, pass, answer, why).await.map(Some);
                }
                self.carry_out(&order, &mut answer).await?;
                self.finish(&order, &mut pass, &mut answer).await.err()
            }
            decision => {
                if !self.keep(&pass.memory, &mut pass.version).await? {
                    return Ok(None);
                }
                let failure = self.tidy(&mut pass, &mut answer).await.err();
                if let Decision::Repair { value, regions } = decision {
                    self.repair(&value, &regions, &mut answer).await;
                }
                failure
            }
        };
        Ok(Some(Outcome { answer, look: pass.look, failure, under_way: pass.memory.pending.is_some() }))
    }

    /// Whether a person, or another controller, has spoken since the look. A switch is the newest write, and would overrule it.
    async fn overruled(&self, pass: &Pass) -> Option<String> {
        let (mode, parameters) = futures_util::future::join(self.world.mode(), self.world.parameters()).await;
        match mode {
            Ok(mode) if self.way(mode.as_ref()) != Way::Auto => return Some("somebody has just taken over".to_owned()),
            Ok(_) => {}
            Err(why) => return Some(why),
        }
        let now = Look { parameters, ..Look::default() };
        let regions = &self.settings.policy.regions;
        let value = |look: &Look| look.newest(regions).map(|n| (n.value.to_owned(), n.modified_ms));
        let (before, after) = (value(&pass.look), value(&now));
        // Silence is no order: the Region that is lost may have answered in the look and not now.
        let newer = after.as_ref().is_some_and(|(value, ms)| before.as_ref().is_none_or(|(was, when)| value != was && ms > when));
        newer.then(|| format!("the parameter has just been changed to \"{}\"", after.map(|a| a.0).unwrap_or_default()))
    }

    /// Takes an intention back of which nothing was written.
    async fn give_up(&self, order: &Order, mut pass: Pass, mut answer: Answer, why: String) -> Result<Outcome, String> {
        pass.memory.switches.retain(|s| s.at_ms != order.at_ms);
        pass.memory.pending = None;
        self.keep(&pass.memory, &mut pass.version).await?;
        let entry = self.entry("abandoned", &order.id, &order.by, &why);
        self.record(entry, &mut answer.warnings).await;
        answer.decision = "stay".to_owned();
        answer.why = format!("not moved to {}: {why}", order.to);
        Ok(Outcome { answer, look: pass.look, failure: None, under_way: false })
    }

    /// Keeps the memory. False: another invocation was faster.
    pub(super) async fn keep(&self, memory: &Memory, version: &mut u64) -> Result<bool, String> {
        match self.world.keep(memory, *version).await? {
            Kept::As(kept) => {
                *version = kept;
                Ok(true)
            }
            Kept::Overtaken => Ok(false),
        }
    }

    fn say_look(&self, answer: &Answer) {
        let level = match answer.decision.as_str() {
            "stay" => Level::Info,
            "refuse" => Level::Error,
            _ => Level::Warn,
        };
        self.say(level, format!("{}: {}", answer.decision, answer.why), serde_json::to_value(answer).unwrap_or_default());
    }
}
