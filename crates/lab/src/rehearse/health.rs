//! Health checks, DNS and the alarms at work.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::scale::ALARM_PERIOD;
use super::story::Story;
use crate::alarm::{Alarm, Change, Rule, Watch, timestamp};
use crate::route53::{Failover, Health, HealthCheck, Role, probe};

/// What all parts of a scenario share.
#[derive(Debug)]
pub struct Scene {
    /// What happens.
    pub story: Story,
    /// The Regions, the primary first.
    pub regions: Vec<String>,
    /// Whether the primary's own services run: its Lambda, and CloudWatch when it is us-east-1.
    pub primary_lives: watch::Sender<bool>,
    health: Mutex<Vec<Health>>,
}

impl Scene {
    /// A scene that begins now, all healthy.
    pub fn new(story: Story, regions: Vec<String>, check: &HealthCheck) -> Arc<Scene> {
        let health = Mutex::new(regions.iter().map(|_| Health::new(check.clone())).collect());
        Arc::new(Scene { story, regions, primary_lives: watch::Sender::new(true), health })
    }

    /// What Route 53 answers now: the place of a Region.
    pub fn dns(&self) -> usize {
        let health = self.health.lock().expect("health");
        let of = |region: usize| health.get(region).map(Health::is_healthy);
        match (Failover { primary: of(0), secondary: of(1) }).answer() {
            Role::Primary => 0,
            Role::Secondary => 1,
        }
    }

    fn take(&self, region: usize, checker: usize, passed: bool) -> (bool, Option<String>) {
        let mut health = self.health.lock().expect("health");
        let health = &mut health[region];
        let turn = health.take(checker, passed);
        let all = health.check().checkers;
        let turned = turn.map(|turn| {
            let now = if turn.healthy { "healthy" } else { "unhealthy" };
            format!("{now}: {} of {all} checkers find it well", turn.for_it)
        });
        (health.is_healthy(), turned)
    }
}

/// Checks one Region's site for ever, and has its alarm, which lives in us-east-1; `changed` hears of the alarm's changes.
///
/// # Errors
/// When the address is none.
pub async fn check(scene: Arc<Scene>, region: usize, url: String, changed: impl Fn(&Alarm, &Change)) -> Result<()> {
    let (sender, mut results) = mpsc::unbounded_channel();
    let scale = scene.story.clock.scale;
    let check = scene.health.lock().expect("health")[region].check().clone();
    let _checkers = probe::start(&check, &url, scale.0, &sender)?;
    let name = scene.regions[region].clone();
    let alarm = Alarm::unhealthy(&alarm_name(&name), &format!("check-{name}"));
    let mut watch = Watch::new(Rule::UNHEALTHY, scale.wall(ALARM_PERIOD), Instant::now());
    // Alarms on health checks are in us-east-1, whichever Region they are about.
    let alarms_die = scene.regions[0] == alarm.region;
    let mut before_ms = timestamp::now_ms();
    scene.story.track(&format!("check {name}"), "healthy");
    scene.story.track(&format!("alarm {name}"), watch.state().name());
    scene.story.track("dns", &scene.regions[scene.dns()]);
    loop {
        watch.set_reachable(!alarms_die || *scene.primary_lives.borrow());
        tokio::select! {
            Some(result) = results.recv() => {
                let (healthy, turned) = scene.take(region, result.checker, result.outcome.is_ok());
                watch.sample(f64::from(u8::from(healthy)));
                if let Some(turned) = turned {
                    let why = result.outcome.err().map(|why| format!(" (last: {why})")).unwrap_or_default();
                    scene.story.say(&format!("health check of {name}"), format!("{turned}{why}"));
                    scene.story.track(&format!("check {name}"), if healthy { "healthy" } else { "unhealthy" });
                    let answer = &scene.regions[scene.dns()];
                    if scene.story.track("dns", answer) {
                        scene.story.say("DNS", format!("answers {answer} from now on"));
                    }
                }
            }
            () = sleep_until(watch.next()) => {
                for turned in watch.advance(Instant::now()) {
                    let at_ms = timestamp::now_ms();
                    scene.story.track(&format!("alarm {name}"), turned.to.name());
                    scene.story.say(&format!("alarm of {name}"), format!("{} (was {})", turned.to.name(), turned.from.name()));
                    changed(&alarm, &Change { from: turned.from, to: turned.to, at_ms, before_ms, reason: turned.reason });
                    before_ms = at_ms;
                }
            }
        }
    }
}

/// The name of a Region's alarm.
pub fn alarm_name(region: &str) -> String {
    format!("wp-dynamodb-site-{region}")
}

/// The TTL here.
pub fn ttl(scene: &Scene) -> Duration {
    scene.story.clock.scale.wall(super::scale::DNS_TTL)
}
