//! The Lambda in one Region, with its schedule and its queue; and the usual recipe's.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::health::{Scene, alarm_name};
use super::scale::{COOLDOWN, FAILBACK_AFTER, LOOK_EVERY, LOOK_FOR, MAX_LAG, RETRY_WAIT, SIGNAL_TIMEOUT, Scale, TICK};
use crate::alarm::Alarm;
use crate::drill::lab::Lab;
use crate::lambda::deployment::{CONCURRENCY, EVENT_AGE_S, RETRIES, TIMEOUT_S};
use crate::lambda::function::{Config, Function, Invocation, Outcome};
use crate::lambda::queue::{DeadLetter, Policy, Queue, Waiting};

/// Nothing is due: somebody will say when that changes.
const IDLE: Duration = Duration::from_secs(3600);

/// One invocation of a controller.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// The controller's Region.
    pub region: String,
    /// When it ended, in real seconds.
    pub at_s: f64,
    /// What it was for.
    pub event: String,
    /// What became of it. Its times are not compressed: they are of this machine.
    pub invocation: Invocation,
}

/// The controller of one Region.
#[derive(Debug)]
pub struct Controller {
    /// Its Region.
    pub region: String,
    function: Function,
    queue: Mutex<Queue>,
    woken: Notify,
    lives: AtomicBool,
    runs: Mutex<Vec<Run>>,
}

impl Controller {
    /// A controller with the contract's environment; `environment` is what the lab adds to it.
    pub fn new(region: &str, bootstrap: &Path, environment: BTreeMap<String, String>, scale: Scale) -> Self {
        let config = Config {
            name: "wp-dynamodb-failover".into(),
            region: region.into(),
            bootstrap: bootstrap.to_owned(),
            environment,
            timeout: scale.wall(TIMEOUT_S),
            concurrency: CONCURRENCY,
        };
        let policy = Policy { retries: vec![scale.wall(RETRY_WAIT); RETRIES], age: scale.wall(EVENT_AGE_S) };
        Controller {
            region: region.into(),
            function: Function::new(config),
            queue: Mutex::new(Queue::new(policy)),
            woken: Notify::new(),
            lives: AtomicBool::new(true),
            runs: Mutex::default(),
        }
    }

    /// Sends an event; lost when the Region is.
    pub fn send(&self, event: Value) {
        if self.lives.load(Ordering::Acquire) {
            self.queue.lock().expect("queue").push(event, Instant::now());
            self.woken.notify_one();
        }
    }

    /// Gives an order as a person does: waits for the answer, and gives it again when it was not carried out. Nobody else repeats it.
    pub async fn order(&self, scene: &Scene, event: &Value, again: Duration) {
        loop {
            let invocation = self.function.invoke(event).await;
            self.tell(scene, event, &invocation);
            if invocation.outcome.is_answered() {
                return;
            }
            tokio::time::sleep(again).await;
        }
    }

    /// The Region is lost, with the controller in the middle of what it does; or it is back.
    pub fn set_alive(&self, alive: bool) {
        self.lives.store(alive, Ordering::Release);
        if !alive {
            self.function.kill();
        }
        self.woken.notify_one();
    }

    /// Ticks for ever: EventBridge Scheduler, at a moment of the minute that nobody chooses.
    pub async fn tick(&self, scale: Scale) {
        tokio::time::sleep(scale.wall(TICK * fastrand::f64())).await;
        let mut ticks = tokio::time::interval(scale.wall(TICK));
        loop {
            ticks.tick().await;
            self.send(json!({"action": "tick"}));
        }
    }

    /// Serves the queue for ever: as many invocations at a time as the function may have.
    pub async fn serve(self: Arc<Self>, scene: Arc<Scene>) {
        let mut under_way = JoinSet::new();
        loop {
            let now = Instant::now();
            let serves = self.lives.load(Ordering::Acquire) && under_way.len() < CONCURRENCY;
            if let Some(waiting) = serves.then(|| self.queue.lock().expect("queue").next(now)).flatten() {
                under_way.spawn(self.clone().invoke(scene.clone(), waiting));
                continue;
            }
            let due = serves.then(|| self.queue.lock().expect("queue").due()).flatten();
            tokio::select! {
                () = sleep_until(due.unwrap_or(now + IDLE)) => {}
                () = self.woken.notified() => {}
                Some(ended) = under_way.join_next() => ended.expect("an invocation does not panic"),
            }
        }
    }

    async fn invoke(self: Arc<Self>, scene: Arc<Scene>, waiting: Waiting) {
        let invocation = self.function.invoke(&waiting.event).await;
        self.tell(&scene, &waiting.event, &invocation);
        if !invocation.outcome.is_answered() && self.lives.load(Ordering::Acquire) {
            let cause = json!(invocation.outcome).to_string();
            self.queue.lock().expect("queue").failed(waiting, &cause, Instant::now());
            self.woken.notify_one();
        }
    }

    /// What it did, and what did not work at all.
    pub async fn end(&self) -> (Vec<Run>, Vec<DeadLetter>) {
        self.function.stop().await;
        let runs = std::mem::take(&mut *self.runs.lock().expect("runs"));
        (runs, std::mem::take(&mut self.queue.lock().expect("queue").dead))
    }

    fn tell(&self, scene: &Scene, event: &Value, invocation: &Invocation) {
        let who = format!("controller in {}", self.region);
        let story = &scene.story;
        for line in self.function.log.take() {
            let at_s = story.clock.of_epoch(line.at_ms as f64);
            let Ok(said) = serde_json::from_str::<Value>(&line.text) else {
                story.say_at(at_s, &who, line.text);
                continue;
            };
            for region in &scene.regions {
                if let Some(seen) = said["signals"][region].as_object() {
                    let failed = |name: &str| seen[name].as_str().is_some_and(|seen| seen.starts_with("failed"));
                    let canary = if failed("site") || failed("dynamodb") { "failed" } else { "ok" };
                    story.track_at(at_s, &format!("canary of {region} from {}", self.region), canary);
                }
            }
            let quiet = said["decision"] == "stay" || said.get("_aws").is_some();
            if let (false, Some(message)) = (quiet, said["message"].as_str()) {
                story.say_at(at_s, &who, message);
            }
        }
        if !invocation.outcome.is_answered() {
            story.say(&who, format!("the invocation failed: {}", json!(invocation.outcome)));
        }
        let event = match event["action"].as_str() {
            Some(action) => action.to_owned(),
            None => format!("alarm {}", event["detail"]["state"]["value"].as_str().unwrap_or("?")),
        };
        let run = Run { region: self.region.clone(), at_s: story.clock.now(), event, invocation: invocation.clone() };
        self.runs.lock().expect("runs").push(run);
    }
}

/// The contract's settings of a controller, compressed. `health_urls`: each Region's public health check.
pub fn settings(scale: Scale, regions: &[String], health_urls: &[String], control_table: &str) -> BTreeMap<String, String> {
    let each = |of: &dyn Fn(usize, &String) -> String| {
        regions.iter().enumerate().map(|(at, region)| format!("{region}={}", of(at, region))).collect::<Vec<_>>().join(",")
    };
    let settings = [
        ("WP_DYNAMODB_REGIONS", regions.join(",")),
        ("WP_DYNAMODB_CONTROL_TABLE", control_table.to_owned()),
        ("WP_DYNAMODB_HEALTH_URLS", each(&|at, _| health_urls[at].clone())),
        ("WP_DYNAMODB_ALARMS", each(&|_, region| Alarm::unhealthy(&alarm_name(region), "").arn())),
        ("WP_DYNAMODB_MODE", "auto".into()),
        ("WP_DYNAMODB_QUORUM", "2".into()),
        ("WP_DYNAMODB_FAILURES", "3".into()),
        ("WP_DYNAMODB_TICK", scale.seconds(TICK)),
        ("WP_DYNAMODB_LOOK_EVERY", scale.seconds(LOOK_EVERY)),
        ("WP_DYNAMODB_LOOK_FOR", scale.seconds(LOOK_FOR)),
        ("WP_DYNAMODB_SIGNAL_TIMEOUT", scale.seconds(SIGNAL_TIMEOUT)),
        ("WP_DYNAMODB_COOLDOWN", scale.seconds(COOLDOWN)),
        ("WP_DYNAMODB_FAILBACK", "manual".into()),
        ("WP_DYNAMODB_FAILBACK_AFTER", scale.seconds(FAILBACK_AFTER)),
        ("WP_DYNAMODB_MAX_LAG", scale.seconds(MAX_LAG)),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The usual recipe's Lambda: in the primary, called by the alarm, writes its own Region's parameter.
pub async fn recipe(scene: &Scene, lab: &Lab, event: &Value) {
    let (primary, standby) = (&scene.regions[0], &scene.regions[1]);
    if event["alarmData"]["state"]["value"] != "ALARM" || !*scene.primary_lives.borrow() {
        return;
    }
    let written = lab.parameter(standby, Some(std::slice::from_ref(primary))).await;
    let what = match written {
        Ok(()) => format!("the parameter in {primary} names {standby}"),
        Err(error) => format!("the parameter could not be written: {error:#}"),
    };
    scene.story.say(&format!("the recipe's Lambda in {primary}"), what);
}

/// Whether an invocation moved the active Region.
pub fn moved(run: &Run, how: &str) -> bool {
    matches!(&run.invocation.outcome, Outcome::Answered(answer) if answer["decision"] == how)
}
