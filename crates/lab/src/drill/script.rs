//! Carries out a drill's steps, each at its time.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::catalog::{Action, At, Drill, From, Step, Where};
use super::lab::Lab;
use super::load::Site;
use super::stack::Stack;
use super::timeline::{Clock, Timeline};
use super::watch;

/// A slow Region takes so many times as long,
const SLOW_TIMES: f64 = 20.0;
/// and this at least: the lab's own calls take a millisecond or two.
const SLOW_AT_LEAST_MS: f64 = 50.0;

/// What was done, and when.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Played {
    /// When the fault began, in milliseconds.
    pub begun_ms: u64,
    /// When it was healed.
    pub healed_ms: u64,
    /// Workers that were killed while they served a request.
    pub killed_at_work: u64,
    /// What was done, in order.
    pub log: Vec<Done>,
}

/// One thing done.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// What.
    pub what: String,
}

/// The hands that carry out steps.
pub struct Script<'a> {
    /// The drill.
    pub drill: &'static Drill,
    /// Its phases.
    pub timeline: Timeline,
    /// Its clock.
    pub clock: Clock,
    /// The lab.
    pub lab: &'a Lab,
    /// The hosts.
    pub stack: &'a mut Stack,
    /// The web site.
    pub site: &'a Site,
}

impl Script<'_> {
    /// Carries out all steps; returns when the faults are healed.
    ///
    /// # Errors
    /// When the lab or the stack refuses a step.
    pub async fn play(mut self) -> Result<Played> {
        let mut played = Played::default();
        let begins = self.timeline.begins_ms();
        sleep_until(self.clock.at(begins)).await;
        played.begun_ms = self.clock.now_ms();
        let drill = self.drill;
        let mut steps: Vec<(u64, &Action)> = drill.steps.iter().filter_map(|step| Some((self.in_fault(step)?, &step.action))).collect();
        steps.sort_by_key(|(at, _)| *at);
        for (at, action) in steps {
            sleep_until(self.clock.at(at)).await;
            self.act(action, &mut played).await?;
        }
        sleep_until(self.clock.at(self.timeline.heals_ms())).await;
        played.healed_ms = self.clock.now_ms();
        self.lab.replication(&json!({"state": "run"})).await?;
        self.lab.heal().await?;
        self.note(&mut played, "all faults are healed".into());
        for step in drill.steps.iter().filter(|step| step.at == At::Healed) {
            self.act(&step.action, &mut played).await?;
        }
        Ok(played)
    }

    fn in_fault(&self, step: &Step) -> Option<u64> {
        match step.at {
            At::Fault(share) => Some(self.timeline.begins_ms() + (share * self.timeline.fault_ms as f64) as u64),
            At::Healed => None,
        }
    }

    fn note(&self, played: &mut Played, what: String) {
        played.log.push(Done { at_ms: self.clock.now_ms(), what });
    }

    async fn act(&mut self, action: &Action, played: &mut Played) -> Result<()> {
        let what = match action {
            Action::Fault { region, service, kind, rate, from } => {
                for region in self.regions(*region) {
                    let mut fault = json!({"region": region, "service": service, "kind": kind, "rate": rate});
                    if *from == From::Remote {
                        fault["from"] = json!("remote");
                    }
                    self.lab.fault(&fault).await?;
                }
                let share = if *rate < 1.0 { format!(" ({} % of calls)", rate * 100.0) } else { String::new() };
                let door = if *from == From::Remote { " as seen from the other Regions" } else { "" };
                format!("{service} of {}{door}: {kind}{share}", self.regions(*region).join(" and "))
            }
            Action::Slow => {
                // Its host has asked nobody else so far, and was reloaded before the drill: this is of the quiet phase.
                let healthy = watch::call_p50_ms(&self.site.http, &self.site.hosts[0], &self.lab.regions[0]).await?;
                let ms = (healthy * SLOW_TIMES).max(SLOW_AT_LEAST_MS) as u64;
                self.latency(ms).await?;
                format!("dynamodb of {}: {ms} ms slower", self.lab.regions[0])
            }
            Action::Flap(every_ms) => return self.flap(Duration::from_millis(*every_ms), played).await,
            Action::Replication(state) => {
                self.lab.replication(&json!({"state": state})).await?;
                format!("replication: {state}")
            }
            Action::Parameter { to, only_in } => {
                let to = self.regions(*to).remove(0);
                let places = self.regions(*only_in);
                self.lab.parameter(&to, Some(&places)).await?;
                format!("parameter in {}: {to}", places.join(" and "))
            }
            Action::Reload => {
                for region in &self.lab.regions {
                    self.stack.command("reload", region).await?;
                }
                "php-fpm reloaded".into()
            }
            Action::KillWorker => {
                for region in &self.lab.regions {
                    let killed = self.stack.command("kill_worker", region).await?;
                    played.killed_at_work += u64::from(killed["busy"].as_bool() == Some(true));
                }
                "a worker of each host killed".into()
            }
        };
        self.note(played, what);
        Ok(())
    }

    fn regions(&self, which: Where) -> Vec<String> {
        match which {
            Where::Active => vec![self.lab.regions[0].clone()],
            Where::Other => vec![self.lab.regions[1].clone()],
            Where::All => self.lab.regions.clone(),
        }
    }

    async fn latency(&self, ms: u64) -> Result<()> {
        self.lab.fault(&json!({"region": self.lab.regions[0], "service": "dynamodb", "kind": "latency", "ms": ms})).await
    }

    async fn flap(&self, every: Duration, played: &mut Played) -> Result<()> {
        let heals = self.clock.at(self.timeline.heals_ms());
        let mut struck = false;
        let mut next = Instant::now();
        while next < heals {
            sleep_until(next).await;
            struck = !struck;
            let kind = if struck { "blackhole" } else { "none" };
            self.lab.fault(&json!({"region": self.lab.regions[0], "service": "dynamodb", "kind": kind})).await?;
            self.note(played, format!("dynamodb of {}: {kind}", self.lab.regions[0]));
            next += every;
        }
        Ok(())
    }
}
