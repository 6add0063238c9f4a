//! One scenario, from a whole lab to its story.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};

use super::controller::{self, Controller, Run};
use super::figures::ORDERED;
use super::gate::Gate;
use super::health::{self, Scene};
use super::scale::{REPLICATION_LAG, Scale};
use super::scenario::{Design, Loss, Scenario};
use super::story::{Event, Story, Told};
use super::visitors::{Crowd, Visit};
use super::watch;
use crate::drill::http::Http;
use crate::drill::lab::Lab;
use crate::drill::load::Site;
use crate::drill::page::Page;
use crate::drill::pass::{calm, make_sessions};
use crate::drill::progress::Progress;
use crate::drill::session::Session;
use crate::drill::stack::{Host, Stack};
use crate::lambda::environment;
use crate::lambda::queue::DeadLetter;
use crate::route53::HealthCheck;

/// Between two looks at the alarm, or at what has happened.
const LOOK: std::time::Duration = std::time::Duration::from_millis(100);
/// So long a person waits for it, in real seconds.
const PATIENCE_OF_A_PERSON_S: f64 = 90.0;
/// So long a person needs to read why an order was not carried out, and to give it again; in real seconds.
const AGAIN_S: f64 = 10.0;
const LAB: std::time::Duration = std::time::Duration::from_secs(20);

/// What a scenario is played on.
pub struct Stage<'a> {
    /// What is played.
    pub scenario: Scenario,
    /// How fast.
    pub scale: Scale,
    /// HTTP.
    pub http: &'a Http,
    /// The lab.
    pub lab: &'a Lab,
    /// Its control interface.
    pub control: &'a str,
    /// The programs.
    pub stack: &'a mut Stack,
    /// The hosts, as the stack describes them.
    pub hosts: &'a [Host],
    /// Their public addresses.
    pub gates: &'a [Gate],
    /// The controller.
    pub bootstrap: &'a Path,
    /// The visitors: page, how many, requests a second.
    pub crowds: &'a [(Page, u32, f64)],
    /// With WordPress.
    pub wordpress: bool,
    /// Where it is told how it goes.
    pub progress: Progress,
}

/// What was played.
#[derive(Debug)]
pub struct Played {
    /// How fast it was played.
    pub scale: f64,
    /// What happened.
    pub told: Told,
    /// What visitors met.
    pub visits: Vec<Visit>,
    /// What the controllers did.
    pub runs: Vec<Run>,
    /// Events that a controller could not deal with, by its Region.
    pub dead: BTreeMap<String, Vec<DeadLetter>>,
    /// Items that the Regions do not agree on at the end.
    pub differing_items: u64,
}

impl Stage<'_> {
    /// Plays it.
    ///
    /// # Errors
    /// When it cannot be played.
    pub async fn play(mut self) -> Result<Played> {
        let crowds = self.prepare().await?;
        let Scenario { design, plan, .. } = self.scenario;
        let check = HealthCheck::ok_every_30_s();
        check.validate().map_err(anyhow::Error::msg)?;
        let scene = Scene::new(Story::start(self.scale), self.lab.regions.clone(), &check);
        let controllers = self.controllers().await?;
        let mut tasks: JoinSet<Result<()>> = JoinSet::new();
        let (alarms, heard) = mpsc::unbounded_channel();
        for at in 0..self.gates.len() {
            let url = self.health_url(at);
            let (controllers, alarms, recipe) = (controllers.clone(), alarms.clone(), design == Design::Recipe && at == 0);
            let changed = move |alarm: &crate::alarm::Alarm, change: &crate::alarm::Change| {
                // A rule in us-east-1 sends it to the buses of all Regions; the recipe's alarm calls its Lambda itself.
                controllers.iter().for_each(|controller| controller.send(alarm.eventbridge(change)));
                if recipe {
                    let _ = alarms.send(alarm.direct(change));
                }
            };
            tasks.spawn(health::check(scene.clone(), at, url, changed));
        }
        tasks.spawn(recipe(scene.clone(), self.lab.clone(), heard));
        for controller in &controllers {
            let (controller, scene, scale) = (controller.clone(), scene.clone(), self.scale);
            tasks.spawn(async move {
                tokio::join!(controller.clone().serve(scene), controller.tick(scale));
                Ok(())
            });
        }
        tasks.spawn(watch::parameters(scene.clone(), self.http.clone(), self.control.to_owned()));
        for host in self.hosts {
            tasks.spawn(watch::host(scene.clone(), self.http.clone(), host.clone()));
        }
        tasks.spawn(tell(scene.clone(), self.progress));
        let mut visiting = JoinSet::new();
        for crowd in crowds {
            visiting.spawn(crowd.visit(scene.clone(), plan.ends_s));
        }
        let visits = tokio::select! {
            script = self.script(&scene, &controllers) => {
                script?;
                visiting.join_all().await.concat()
            }
            Some(ended) = tasks.join_next() => {
                ended??;
                bail!("a part of the rehearsal has ended by itself")
            }
        };
        tasks.shutdown().await;
        let (mut runs, mut dead) = (Vec::new(), BTreeMap::new());
        for controller in controllers.iter() {
            let (ran, given_up) = controller.end().await;
            runs.extend(ran);
            dead.insert(controller.region.clone(), given_up);
        }
        runs.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        self.lab.replication(&json!({"settle": true})).await?;
        Ok(Played { scale: self.scale.0, told: scene.story.told(), visits, runs, dead, differing_items: self.lab.differing_items().await? })
    }

    /// An ordinary day: nothing is wrong, hosts remember nothing, every visitor has a session.
    async fn prepare(&mut self) -> Result<Vec<Crowd>> {
        self.gates.iter().for_each(|gate| gate.set(true));
        let site = |page| Site { http: self.http.clone(), hosts: self.hosts.to_vec(), page };
        calm(self.lab, self.stack, &site(Page::Session)).await?;
        let mut crowds = Vec::new();
        for &(page, visitors, rate) in self.crowds {
            let mut sessions: Vec<Session> = (1..=visitors).map(Session::new).collect();
            make_sessions(self.lab, &site(page), &mut sessions).await?;
            let hosts = self.hosts.iter().zip(self.gates).map(|(host, gate)| public(host, gate)).collect();
            crowds.push(Crowd { http: self.http.clone(), hosts, page, sessions, rate });
        }
        for at in 0..self.gates.len() {
            let url = self.health_url(at);
            let answer = self.http.get(&url, None, LAB).await.with_context(|| format!("{url} does not answer"))?;
            // A rehearsal that begins with a check that fails shows nothing but that.
            if answer.status != 200 {
                bail!("before the rehearsal {url} answers {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
            }
        }
        self.lab.replication(&json!({"lag_ms": self.scale.wall(REPLICATION_LAG).as_millis() as u64})).await?;
        Ok(crowds)
    }

    /// What Route 53 and the controllers ask of a Region.
    fn health_url(&self, region: usize) -> String {
        format!("{}/healthz?level={}", self.gates[region].url, self.scenario.design.health_level(self.wordpress))
    }

    /// The controllers, each with the same table that only this scenario uses. The recipe has none.
    async fn controllers(&self) -> Result<Vec<Arc<Controller>>> {
        if self.scenario.design == Design::Recipe {
            return Ok(Vec::new());
        }
        let table = format!("wordpress_failover_{}", self.scenario.id());
        let create = json!({"table": table, "hash_key": "pk", "range_key": "sk", "ttl_attribute": "expires"});
        self.http.post(&format!("{}/table", self.control), &create, LAB).await?;
        let status = self.http.json(&format!("{}/status", self.control), LAB).await?;
        let urls: Vec<String> = (0..self.gates.len()).map(|at| self.health_url(at)).collect();
        let regions = &self.lab.regions;
        regions
            .iter()
            .map(|region| {
                let mut environment = environment::of_lab(&status, region)?;
                environment.extend(controller::settings(self.scale, regions, &urls, &table));
                Ok(Arc::new(Controller::new(region, self.bootstrap, environment, self.scale)))
            })
            .collect()
    }

    /// What is done to it all.
    async fn script(&self, scene: &Scene, controllers: &[Arc<Controller>]) -> Result<()> {
        let Scenario { loss, plan, .. } = self.scenario;
        let primary = &self.lab.regions[0];
        let story = &scene.story;
        sleep_until(story.clock.when(plan.lost_s)).await;
        story.say("rehearsal", format!("{} in {primary} is lost", loss.name()));
        self.set_lost(scene, controllers, true).await?;
        sleep_until(story.clock.when(plan.returns_s)).await;
        self.set_lost(scene, controllers, false).await?;
        story.say("rehearsal", format!("{} in {primary} is back", loss.name()));
        if let (Some(at_s), Some(controller)) = (plan.failback_s, controllers.first()) {
            sleep_until(story.clock.when(at_s)).await;
            self.until_alarm_is_ok(scene).await;
            story.say("rehearsal", format!("{ORDERED} to {primary}"));
            let order = json!({"action": "failback", "by": "rehearsal", "why": format!("{primary} is well again")});
            let ends = story.clock.when(plan.ends_s);
            // One that is never carried out is seen in the figures.
            let _ = timeout_at(ends, controller.order(scene, &order, self.scale.wall(AGAIN_S))).await;
        }
        sleep_until(story.clock.when(plan.ends_s)).await;
        Ok(())
    }

    /// A person looks at the status first: an alarm that stands is a reason to wait.
    async fn until_alarm_is_ok(&self, scene: &Scene) {
        let alarm = format!("alarm {}", scene.regions[0]);
        let late = scene.story.clock.when(self.scenario.plan.failback_s.unwrap_or(0.0) + PATIENCE_OF_A_PERSON_S);
        while !scene.story.is_now(&alarm, "OK") && tokio::time::Instant::now() < late {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn set_lost(&self, scene: &Scene, controllers: &[Arc<Controller>], lost: bool) -> Result<()> {
        let loss = self.scenario.loss;
        let primary = &self.lab.regions[0];
        let services = match loss {
            Loss::Region => Some("all"),
            Loss::Dynamodb => Some("dynamodb"),
            Loss::Site => None,
        };
        if loss != Loss::Dynamodb {
            self.gates[0].set(!lost);
        }
        if let Some(service) = services {
            let kind = if lost { "blackhole" } else { "none" };
            self.lab.fault(&json!({"region": primary, "service": service, "kind": kind})).await?;
            self.lab.replication(&json!({"state": if lost { "partition" } else { "run" }})).await?;
        }
        if loss == Loss::Region {
            scene.primary_lives.send_replace(!lost);
            controllers.first().inspect(|controller| controller.set_alive(!lost));
        }
        Ok(())
    }
}

async fn recipe(scene: Arc<Scene>, lab: Lab, mut heard: mpsc::UnboundedReceiver<serde_json::Value>) -> Result<()> {
    while let Some(event) = heard.recv().await {
        controller::recipe(&scene, &lab, &event).await;
    }
    // With our design nobody sends anything.
    std::future::pending().await
}

/// Tells what happens for ever, but for the controllers' many words: the report has them.
async fn tell(scene: Arc<Scene>, progress: Progress) -> Result<()> {
    let mut known = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        for Event { at_s, who, what } in scene.story.since(known) {
            known += 1;
            if !who.starts_with("controller") {
                progress.tell(&format!("  {at_s:>4.0} s  {who}: {what}"));
            }
        }
    }
}

/// A host by its Region's public address.
fn public(host: &Host, gate: &Gate) -> Host {
    let at_gate = |url: &str| {
        let rest = url.strip_prefix("http://").and_then(|url| url.find('/').map(|at| &url[at..]));
        format!("{}{}", gate.url, rest.unwrap_or(""))
    };
    Host { page: at_gate(&host.page), cart: host.cart.as_deref().map(at_gate), healthz: at_gate(&host.healthz), ..host.clone() }
}

/// `127.0.0.1:PORT` of an address.
///
/// # Errors
/// When it has none.
pub fn socket(url: &str) -> Result<std::net::SocketAddr> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split('/').next().unwrap_or("").parse().with_context(|| format!("{url} has no address and port"))
}
