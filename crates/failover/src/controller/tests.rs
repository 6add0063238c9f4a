//! Whole events in a world of two Regions that is kept in memory; invocations are killed at every point at which they touch it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use wp_dynamodb_core::Region;

use super::{Controller, Outcome};
use crate::answer::{Entry, Line};
use crate::decide::tests::region;
use crate::event::Event;
use crate::memory::{Memory, Mode, Order, Way};
use crate::rights::{EVERY_MS, Found, Pace, Right, Rights, Tried};
use crate::settings::Settings;
use crate::signal::{Look, Reading, Signal, Signals};
use crate::world::{Held, Kept, World};

const ALARM: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site";

#[derive(Default)]
struct Inner {
    now_ms: u64,
    dead: Vec<Region>,
    /// Regions whose SSM answers, whatever else does.
    parameters: BTreeMap<Region, (String, u64)>,
    refuses_writes: Vec<Region>,
    memory: Memory,
    version: u64,
    mode: Option<Mode>,
    trail: Vec<Entry>,
    followed: Vec<String>,
    follow_fails: bool,
    ledger_away: bool,
    lag: Option<u64>,
    overtakes: u32,
    /// So many touches of the world are still made; then the invocation is killed.
    lives: Option<u32>,
    /// What happens between a look and the write that it leads to.
    meanwhile: Option<fn(&mut Inner)>,
    writes: Vec<(Region, String)>,
    lines: Vec<String>,
    rights: Option<Rights>,
    /// The parameters' values, each time that rights were tried.
    tries: Vec<BTreeMap<Region, String>>,
    refused_rights: bool,
}

struct Lab {
    inner: Mutex<Inner>,
}

impl Lab {
    fn new() -> Lab {
        let both = |value: &str| [(region("us-east-1"), (value.to_owned(), 1)), (region("us-west-2"), (value.to_owned(), 2))].into();
        let inner = Inner { now_ms: 1_795_608_000_000, parameters: both("us-east-1"), lag: Some(700), ..Inner::default() };
        Lab { inner: Mutex::new(inner) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.lock().expect("no panic elsewhere"))
    }

    /// Every touch of the world passes here. A killed invocation never comes back from it.
    async fn touch(&self) {
        let killed = self.with(|i| match &mut i.lives {
            Some(0) => true,
            Some(n) => {
                *n -= 1;
                false
            }
            None => false,
        });
        if killed {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    fn value(&self, name: &str) -> String {
        self.with(|i| i.parameters[&region(name)].0.clone())
    }

    /// Handles an event; `None`: it was killed.
    async fn send(&self, settings: &Settings, event: serde_json::Value) -> Option<Result<Outcome, String>> {
        let event = Event::read(&event).expect("an event");
        let controller = Controller { world: self, settings };
        tokio::time::timeout(Duration::from_secs(3600), controller.handle(event)).await.ok()
    }

    async fn tick(&self, settings: &Settings) -> Outcome {
        self.send(settings, json!({"action": "tick"})).await.expect("not killed").expect("no error")
    }
}

impl World for Lab {
    fn now_ms(&self) -> u64 {
        self.with(|i| i.now_ms)
    }

    async fn pause(&self, time: Duration) {
        self.touch().await;
        self.with(|i| i.now_ms += u64::try_from(time.as_millis()).unwrap_or_default());
    }

    async fn look(&self) -> Look {
        self.touch().await;
        let parameters = self.parameters().await;
        self.with(|i| {
            let signal = |r: &Region| if i.dead.contains(r) { Signal::Failed("no answer".into()) } else { Signal::Ok };
            let seen = |name: &str| (region(name), Signals { site: signal(&region(name)), dynamodb: signal(&region(name)) });
            Look { signals: [seen("us-east-1"), seen("us-west-2")].into(), parameters, ..Look::default() }
        })
    }

    async fn parameters(&self) -> BTreeMap<Region, Reading> {
        self.touch().await;
        self.with(|i| {
            let read = |(region, (value, modified_ms)): (&Region, &(String, u64))| {
                let name = value.split(' ').next().unwrap_or_default();
                let good =
                    Reading::Value { active: Region::parse(name).expect("a Region"), value: value.clone(), modified_ms: *modified_ms };
                (region.clone(), if i.dead.contains(region) { Reading::Failed("no answer".into()) } else { good })
            };
            i.parameters.iter().map(read).collect()
        })
    }

    async fn lag(&self, _: &Region, _: Duration) -> Option<u64> {
        self.touch().await;
        self.with(|i| i.lag)
    }

    async fn recall(&self) -> Result<Held, String> {
        self.touch().await;
        self.with(|i| {
            if i.ledger_away {
                return Err("GetItem on table wordpress_failover in us-west-2: no answer".to_owned());
            }
            Ok(Held { memory: i.memory.clone(), version: i.version, mode: i.mode.clone(), elsewhere: Vec::new(), warnings: Vec::new() })
        })
    }

    async fn keep(&self, memory: &Memory, version: u64) -> Result<Kept, String> {
        self.touch().await;
        self.with(|i| {
            if i.ledger_away {
                return Err("PutItem on table wordpress_failover in us-west-2: no answer".to_owned());
            }
            if i.overtakes > 0 {
                i.overtakes -= 1;
                i.version += 1;
            }
            if i.version != version {
                return Ok(Kept::Overtaken);
            }
            i.version += 1;
            i.memory = memory.clone();
            Ok(Kept::As(i.version))
        })
    }

    async fn mode(&self) -> Result<Option<Mode>, String> {
        self.touch().await;
        self.with(|i| {
            if let Some(meanwhile) = i.meanwhile.take() {
                meanwhile(i);
            }
            Ok(i.mode.clone())
        })
    }

    async fn set_mode(&self, mode: &Mode) -> Result<BTreeMap<Region, String>, String> {
        self.touch().await;
        self.with(|i| i.mode = Some(mode.clone()));
        Ok(BTreeMap::new())
    }

    async fn record(&self, entry: &Entry) -> Result<(), String> {
        self.touch().await;
        self.with(|i| {
            i.trail.push(entry.clone());
            if i.ledger_away { Err("away".to_owned()) } else { Ok(()) }
        })
    }

    async fn order(&self, region: &Region, value: &str) -> Result<(), String> {
        self.touch().await;
        self.with(|i| {
            if i.dead.contains(region) || i.refuses_writes.contains(region) {
                return Err(format!("PutParameter in {region}: no answer"));
            }
            i.now_ms += 1;
            i.parameters.insert(region.clone(), (value.to_owned(), i.now_ms));
            i.writes.push((region.clone(), value.to_owned()));
            Ok(())
        })
    }

    async fn follow_up(&self, order: &Order) -> Result<Option<String>, String> {
        self.touch().await;
        self.with(|i| {
            if i.follow_fails {
                return Err("StartExecution: AccessDenied".to_owned());
            }
            if !i.followed.contains(&order.id) {
                i.followed.push(order.id.clone());
            }
            Ok(Some(order.id.clone()))
        })
    }

    async fn rights(&self) -> Result<Option<Rights>, String> {
        self.touch().await;
        self.with(|i| if i.ledger_away { Err("away".to_owned()) } else { Ok(i.rights.clone()) })
    }

    async fn try_rights(&self, values: &BTreeMap<Region, String>) -> Vec<Tried> {
        self.touch().await;
        self.with(|i| {
            i.tries.push(values.clone());
            let found = if i.refused_rights { Found::Missing("AccessDeniedException".to_owned()) } else { Found::Held };
            vec![Tried { right: Right::PutParameter, region: region("us-east-1"), on: "/p".to_owned(), found }]
        })
    }

    async fn keep_rights(&self, rights: &Rights) -> Result<(), String> {
        self.touch().await;
        self.with(|i| {
            if i.ledger_away {
                return Err("away".to_owned());
            }
            i.rights = Some(rights.clone());
            Ok(())
        })
    }

    fn say(&self, line: &Line) {
        self.with(|i| i.lines.push(line.json()));
    }
}

fn settings(home: &str) -> Settings {
    let given = BTreeMap::from([
        ("AWS_REGION", home.to_owned()),
        ("WP_DYNAMODB_HEALTH_URLS", "us-east-1=https://e.example/healthz,us-west-2=https://w.example/healthz".to_owned()),
        ("WP_DYNAMODB_ALARMS", format!("us-east-1={ALARM}")),
        ("WP_DYNAMODB_AFTER_SWITCH", format!("arn:aws:states:{home}:111122223333:stateMachine:after")),
    ]);
    Settings::read(|name| given.get(name).cloned()).expect("good settings")
}

fn alarm(state: &str, at: &str) -> serde_json::Value {
    json!({"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "resources": [ALARM], "time": at,
        "detail": {"alarmName": "site", "state": {"value": state, "timestamp": at}}})
}

#[tokio::test(start_paused = true)]
async fn a_quiet_tick_looks_once_and_writes_nothing() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    let outcome = lab.tick(&settings).await;
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.looks), ("stay", 1));
    assert!(lab.with(|i| i.writes.is_empty() && i.trail.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn one_tick_is_enough_for_the_decision() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.dead.push(region("us-east-1")));
    let started = lab.now_ms();
    let outcome = lab.tick(&settings).await;
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.looks), ("switch", 3));
    assert!(lab.now_ms() - started <= 60_000, "the decision falls within a minute of the first failed look");
    assert_eq!(outcome.answer.written, [region("us-west-2")]);
    assert!(outcome.answer.stragglers.contains_key(&region("us-east-1")));
    assert_eq!(lab.value("us-west-2"), "us-west-2");
    assert_eq!(lab.with(|i| i.trail.iter().map(|e| e.what.clone()).collect::<Vec<_>>()), ["begun", "switched", "followed"]);
    // The Region returns: its parameter still names itself, and is put right; nobody moves back.
    lab.with(|i| {
        i.dead.clear();
        i.now_ms += 60_000;
    });
    let outcome = lab.tick(&settings).await;
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.written), ("repair", vec![region("us-east-1")]));
    assert_eq!(lab.value("us-east-1"), "us-west-2");
    assert!(outcome.answer.stragglers.is_empty());
}

/// Counts how often an undisturbed switch touches the world, then kills it at each of these points.
#[tokio::test(start_paused = true)]
async fn killed_anywhere_the_next_ticks_make_it_whole() {
    let settings = settings("us-west-2");
    let mut completed = 0;
    for lives in 0..60 {
        let lab = Lab::new();
        // Only the site and DynamoDB are lost, so that both parameters can be written: the torn state is one of two.
        lab.with(|i| {
            i.dead.push(region("us-east-1"));
            i.lives = Some(lives);
        });
        let killed = lab.send(&settings, json!({"action": "tick"})).await.is_none();
        completed += u32::from(!killed);
        lab.with(|i| i.lives = None);
        for dead in [true, false] {
            lab.with(|i| {
                i.now_ms += 60_000;
                i.dead = if dead { vec![region("us-east-1")] } else { Vec::new() };
            });
            lab.tick(&settings).await;
        }
        assert_eq!(
            (lab.value("us-east-1"), lab.value("us-west-2")),
            ("us-west-2".into(), "us-west-2".into()),
            "killed after {lives} touches"
        );
        let (followed, pending, switches) = lab.with(|i| (i.followed.len(), i.memory.pending.clone(), i.memory.switches.len()));
        assert_eq!((followed, pending, switches), (1, None, 1), "killed after {lives} touches");
    }
    assert!(completed > 0 && completed < 60, "both sorts were seen: {completed}");
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_was_killed_before_it_wrote_is_given_up_when_the_region_is_back() {
    let settings = settings("us-west-2");
    for lives in 0..60 {
        let lab = Lab::new();
        lab.with(|i| {
            i.dead.push(region("us-east-1"));
            i.lives = Some(lives);
        });
        lab.send(&settings, json!({"action": "tick"})).await;
        let written = lab.with(|i| !i.writes.is_empty());
        lab.with(|i| {
            i.lives = None;
            i.now_ms += 60_000;
            i.dead.clear();
        });
        lab.tick(&settings).await;
        let wanted = if written { "us-west-2" } else { "us-east-1" };
        assert_eq!((lab.value("us-east-1").as_str(), lab.value("us-west-2").as_str()), (wanted, wanted), "killed after {lives} touches");
        let (switches, pending) = lab.with(|i| (i.memory.switches.len(), i.memory.pending.is_some()));
        assert_eq!((switches, pending), (usize::from(written), false), "an order that was given up is not counted");
    }
}

#[tokio::test(start_paused = true)]
async fn alarms_repeated_late_and_in_any_order() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.now_ms += 600_000);
    for (state, at) in [
        ("ALARM", "2026-11-25T12:00:00.000+0000"),
        ("ALARM", "2026-11-25T12:00:00.000+0000"),
        ("OK", "2026-11-25T12:05:00.000+0000"),
        ("ALARM", "2026-11-25T12:01:00.000+0000"),
        ("INSUFFICIENT_DATA", "2026-11-25T12:06:00.000+0000"),
    ] {
        let outcome = lab.send(&settings, alarm(state, at)).await.expect("alive").expect("taken");
        assert_eq!(outcome.answer.decision, "stay", "an alarm alone moves nothing");
    }
    assert!(lab.with(|i| i.writes.is_empty()));
    let seen = lab.tick(&settings).await.answer.signals[&region("us-east-1")].alarm;
    assert_eq!(seen, crate::signal::AlarmState::Unknown, "the latest word counts");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_is_one_look_and_the_tick_does_the_rest() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.dead.push(region("us-east-1")));
    let outcome = lab.send(&settings, alarm("ALARM", "2026-11-25T12:00:00.000+0000")).await.expect("alive").expect("taken");
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.looks), ("look", 1));
    lab.with(|i| i.now_ms += 10_000);
    let outcome = lab.tick(&settings).await;
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.looks), ("switch", 2));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_nobody_named_is_refused() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    let mut event = alarm("ALARM", "2026-11-25T12:00:00.000+0000");
    event["resources"][0] = json!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:other");
    let why = lab.send(&settings, event).await.expect("alive").expect_err("refused");
    assert!(why.contains("alarm:other is not one of WP_DYNAMODB_ALARMS"), "{why}");
    assert_eq!(lab.with(|i| (i.version, i.writes.len())), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn both_regions_ill_moves_nothing() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.dead = vec![region("us-east-1"), region("us-west-2")]);
    let outcome = lab.tick(&settings).await;
    assert_eq!(outcome.answer.decision, "refuse");
    assert!(outcome.answer.why.contains("nowhere to go: us-west-2 is not well"), "{}", outcome.answer.why);
    assert!(lab.with(|i| i.writes.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_pin_holds_until_it_is_taken_out() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.dead.push(region("us-east-1")));
    lab.send(&settings, json!({"action": "pin", "by": "ann", "why": "maintenance"})).await.expect("alive").expect("pinned");
    let outcome = lab.tick(&settings).await;
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.looks), ("stay", 1));
    assert_eq!(outcome.answer.mode.map(|m| (m.way, m.by)), Some((Way::Pinned, "ann".to_owned())));
    let why = lab.send(&settings, json!({"action": "switch", "to": "us-west-2"})).await.expect("alive").expect_err("refused");
    assert!(why.contains("pinned by ann: maintenance"), "{why}");
    assert!(lab.with(|i| i.writes.is_empty()));
    lab.send(&settings, json!({"action": "unpin", "by": "ann"})).await.expect("alive").expect("unpinned");
    lab.with(|i| i.now_ms += 60_000);
    assert_eq!(lab.tick(&settings).await.answer.decision, "switch");
}

#[tokio::test(start_paused = true)]
async fn manual_mode_says_what_it_would_do() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.dead.push(region("us-east-1")));
    lab.send(&settings, json!({"action": "mode", "mode": "manual"})).await.expect("alive").expect("set");
    let outcome = lab.tick(&settings).await;
    assert_eq!(outcome.answer.decision, "refuse");
    assert!(outcome.answer.why.contains("wp-dynamodb-ctl switch --to us-west-2"), "{}", outcome.answer.why);
    // The person follows it.
    lab.send(&settings, json!({"action": "switch", "to": "us-west-2", "by": "ann", "why": "the outage"}))
        .await
        .expect("alive")
        .expect("moved");
    assert_eq!(lab.value("us-west-2"), "us-west-2");
    assert_eq!(lab.with(|i| i.memory.switches.len()), 0, "it does not use up the controller's own");
}

#[tokio::test(start_paused = true)]
async fn a_persons_switch_asks_whether_it_is_a_good_idea() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.lag = None);
    let switch = json!({"action": "switch", "to": "us-west-2"});
    let why = lab.send(&settings, switch.clone()).await.expect("alive").expect_err("refused");
    assert!(why.contains("replication is behind"), "{why}");
    lab.with(|i| {
        i.lag = Some(800);
        i.dead = vec![region("us-west-2")];
    });
    let why = lab.send(&settings, switch.clone()).await.expect("alive").expect_err("refused");
    assert!(why.contains("us-west-2 is not well"), "{why}");
    lab.with(|i| i.dead.clear());
    let outcome = lab.send(&settings, switch.clone()).await.expect("alive").expect("moved");
    assert_eq!((outcome.answer.written.len(), outcome.answer.stragglers.len()), (2, 0));
    let outcome = lab.send(&settings, switch).await.expect("alive").expect("nothing to do");
    assert_eq!(
        (outcome.answer.decision.as_str(), outcome.answer.why.as_str()),
        ("stay", "us-west-2 is active already, and all Regions say so")
    );
    assert_eq!(outcome.answer.value, "us-west-2", "who waits for it knows what for");
    let failback = json!({"action": "failback", "by": "ann"});
    let why = lab.send(&settings, failback.clone()).await.expect("alive").expect_err("another Region's business");
    assert!(why.contains("are the business of us-east-1's controller"), "{why}");
    let outcome = lab.send(&self::settings("us-east-1"), failback).await.expect("alive").expect("moved back");
    assert_eq!((outcome.answer.decision.as_str(), outcome.answer.active.as_str()), ("failback", "us-east-1"));
    for (event, wanted) in [
        (json!({"action": "switch"}), "\"to\" is missing"),
        (json!({"action": "switch", "to": "mars"}), "not one of the Regions (us-east-1, us-west-2)"),
        (json!({"action": "mode"}), "\"mode\" is missing"),
        (json!({"action": "mode", "mode": "pinned"}), "\"mode\" is missing"),
    ] {
        let why = lab.send(&settings, event).await.expect("alive").expect_err("refused");
        assert!(why.contains(wanted), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_control_table_only_force_moves() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.ledger_away = true);
    assert!(lab.send(&settings, json!({"action": "tick"})).await.expect("alive").is_err(), "raised, so that AWS tries again");
    let switch = json!({"action": "switch", "to": "us-west-2"});
    let why = lab.send(&settings, switch).await.expect("alive").expect_err("refused");
    assert!(why.contains("with force"), "{why}");
    let forced = json!({"action": "switch", "to": "us-west-2", "force": true});
    let outcome = lab.send(&settings, forced).await.expect("alive").expect("moved");
    assert_eq!(lab.value("us-east-1"), "us-west-2");
    assert!(outcome.answer.warnings.iter().any(|w| w.contains("not in the audit trail")), "{:?}", outcome.answer.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_part_of_the_one_value() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.send(&settings, json!({"action": "switch", "to": "us-west-2", "drain": true})).await.expect("alive").expect("moved");
    assert_eq!((lab.value("us-east-1"), lab.value("us-west-2")), ("us-west-2 drain=us-east-1".into(), "us-west-2 drain=us-east-1".into()));
    assert_eq!(lab.tick(&settings).await.answer.decision, "stay", "the drain is no straggler");
}

#[tokio::test(start_paused = true)]
async fn no_parameter_written_is_an_error_and_taken_up_again() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| {
        i.dead.push(region("us-east-1"));
        i.refuses_writes.push(region("us-west-2"));
    });
    let why = lab.send(&settings, json!({"action": "tick"})).await.expect("alive").expect_err("raised");
    assert!(why.contains("no Region has taken the parameter") && why.contains("us-west-2: PutParameter"), "{why}");
    lab.with(|i| {
        i.refuses_writes.clear();
        i.now_ms += 20_000;
    });
    assert_eq!(lab.tick(&settings).await.answer.decision, "switch", "its own cool-down does not hold it back");
    assert_eq!(lab.with(|i| i.memory.switches.len()), 1);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_switch_is_tried_until_it_starts_and_started_once() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| {
        i.dead.push(region("us-east-1"));
        i.follow_fails = true;
    });
    for _ in 0..3 {
        let why = lab.tick(&settings).await.failure.expect("raised, once the metrics are told");
        assert!(why.contains("us-west-2 is active, but what follows"), "{why}");
        lab.with(|i| i.now_ms += 60_000);
    }
    assert_eq!(lab.with(|i| i.writes.len()), 1, "the parameter was written once");
    lab.with(|i| i.follow_fails = false);
    lab.tick(&settings).await;
    lab.tick(&settings).await;
    assert_eq!(lab.with(|i| i.followed.len()), 1);
}

fn left_to_follow(lab: &Lab, automatic: bool, at_ms: u64) {
    let order = Order {
        id: format!("us-west-2-{at_ms}"),
        at_ms,
        from: region("us-east-1"),
        to: region("us-west-2"),
        value: "us-west-2".into(),
        back: false,
        automatic,
        alone: false,
        by: "jo".into(),
        why: "work".into(),
    };
    lab.with(|i| {
        i.memory.pending = Some(order);
        for held in i.parameters.values_mut() {
            held.0 = "us-west-2".into();
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_pin_holds_back_what_follows_a_switch_until_it_is_taken_out() {
    for (way, automatic, follows) in
        [(Way::Pinned, true, false), (Way::Pinned, false, false), (Way::Manual, true, false), (Way::Manual, false, true)]
    {
        let (lab, settings) = (Lab::new(), settings("us-west-2"));
        let now_ms = lab.with(|i| i.now_ms);
        left_to_follow(&lab, automatic, now_ms);
        lab.with(|i| i.mode = Some(Mode { way, by: "jo".into(), why: "database by hand".into(), at_ms: now_ms, before: None }));
        let outcome = lab.tick(&settings).await;
        assert_eq!(lab.with(|i| i.followed.len()), usize::from(follows), "{way:?} {automatic}");
        assert_eq!(outcome.answer.warnings.iter().any(|w| w.contains("waits")), !follows, "{:?}", outcome.answer.warnings);
        lab.with(|i| i.mode = None);
        lab.tick(&settings).await;
        assert_eq!(lab.with(|i| i.followed.len()), 1, "{way:?} {automatic}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_follows_an_old_order_is_not_started_out_of_the_blue() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    let now_ms = lab.with(|i| i.now_ms);
    left_to_follow(&lab, false, now_ms - super::act::FOLLOWED_FOR_MS - 1);
    let outcome = lab.tick(&settings).await;
    assert!(outcome.answer.warnings.iter().any(|w| w.contains("is not started: the order is 60 min old")), "{:?}", outcome.answer.warnings);
    assert_eq!(lab.with(|i| (i.followed.len(), i.memory.pending.clone())), (0, None));
    assert!(lab.with(|i| i.trail.iter().any(|e| e.what == "not followed")));
}

#[tokio::test(start_paused = true)]
async fn overtaken_invocations_look_again_and_do_not_act_twice() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| {
        i.dead.push(region("us-east-1"));
        i.overtakes = 3;
    });
    assert_eq!(lab.tick(&settings).await.answer.decision, "switch");
    assert_eq!(lab.with(|i| i.writes.len()), 1);
    lab.with(|i| i.overtakes = 100);
    let why = lab.send(&settings, json!({"action": "tick"})).await.expect("alive").expect_err("gives up");
    assert!(why.contains("were faster"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_repair_gives_way_to_an_order_given_meanwhile() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| {
        i.parameters.insert(region("us-west-2"), ("us-west-2".into(), 50));
    });
    let controller = Controller { world: &lab, settings: &settings };
    let pass = controller.look(&[]).await.expect("a look");
    // Between the look and the repair a person orders something else.
    lab.with(|i| {
        i.parameters.insert(region("us-west-2"), ("us-east-1".into(), 60));
    });
    let mut answer = controller.answer("repair", &pass.verdict, &pass.memory, None, &pass.look);
    controller.repair("us-west-2", &[region("us-east-1")], &mut answer).await;
    assert!(answer.warnings.iter().any(|w| w.contains("not repaired")), "{:?}", answer.warnings);
    assert!(lab.with(|i| i.writes.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_switch_gives_way_to_what_was_ordered_since_the_look() {
    let settings = settings("us-west-2");
    let pin: fn(&mut Inner) = |i| i.mode = Some(Mode { way: Way::Pinned, by: "ann".into(), why: "at work".into(), at_ms: 1, before: None });
    let order: fn(&mut Inner) = |i| {
        let now_ms = i.now_ms;
        i.parameters.insert(region("us-west-2"), ("us-west-2 drain=us-east-1".to_owned(), now_ms));
    };
    for (meanwhile, wanted) in [(pin, "somebody has just taken over"), (order, "just been changed")] {
        let lab = Lab::new();
        lab.with(|i| {
            i.dead.push(region("us-east-1"));
            i.meanwhile = Some(meanwhile);
        });
        let outcome = lab.tick(&settings).await;
        assert_eq!(outcome.answer.decision, "stay");
        assert!(outcome.answer.why.contains(wanted), "{}", outcome.answer.why);
        let (writes, switches, pending) = lab.with(|i| (i.writes.len(), i.memory.switches.len(), i.memory.pending.is_some()));
        assert_eq!((writes, switches, pending), (0, 0, false), "nothing is written, and nothing counted");
    }
}

#[tokio::test(start_paused = true)]
async fn force_is_held_back_by_nothing() {
    let (lab, settings) = (Lab::new(), settings("us-east-1"));
    // Another invocation keeps something at every moment, and one Region is not read.
    lab.with(|i| {
        i.overtakes = 100;
        i.dead.push(region("us-west-2"));
        i.parameters.insert(region("us-west-2"), ("us-west-2".into(), 50));
    });
    let switch = json!({"action": "switch", "to": "us-east-1"});
    let why = lab.send(&settings, switch).await.expect("alive").expect_err("a controller is at work");
    assert!(why.contains("at work"), "{why}");
    let forced = json!({"action": "switch", "to": "us-east-1", "force": true});
    let outcome = lab.send(&settings, forced).await.expect("alive").expect("moved");
    assert_eq!(outcome.answer.written, [region("us-east-1")], "the Region that was not read may have held another order");
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_lifted_by_an_order_without_it() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.send(&settings, json!({"action": "switch", "to": "us-west-2", "drain": true})).await.expect("alive").expect("moved");
    lab.send(&settings, json!({"action": "switch", "to": "us-west-2"})).await.expect("alive").expect("written");
    assert_eq!((lab.value("us-east-1"), lab.value("us-west-2")), ("us-west-2".into(), "us-west-2".into()));
}

#[tokio::test(start_paused = true)]
async fn a_persons_switch_leaves_what_follows_to_the_controller() {
    let lab = Lab::new();
    let person = Settings { person: true, ..settings("us-west-2") };
    lab.send(&person, json!({"action": "switch", "to": "us-west-2"})).await.expect("alive").expect("moved");
    assert_eq!(lab.with(|i| i.followed.len()), 0);
    lab.tick(&settings("us-west-2")).await;
    assert_eq!(lab.with(|i| (i.followed.len(), i.memory.pending.clone())), (1, None));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_pin_is_what_was_before_it() {
    for (set, wanted) in [(None, Way::Default), (Some("manual"), Way::Manual), (Some("auto"), Way::Auto)] {
        let (lab, settings) = (Lab::new(), settings("us-west-2"));
        if let Some(mode) = set {
            lab.send(&settings, json!({"action": "mode", "mode": mode})).await.expect("alive").expect("set");
        }
        // A second pin on top of the first one does not hide what was before it.
        for action in ["pin", "pin", "unpin"] {
            lab.send(&settings, json!({"action": action})).await.expect("alive").expect("set");
        }
        assert_eq!(lab.with(|i| i.mode.clone().map(|m| m.way)), Some(wanted));
        let outcome = lab.send(&settings, json!({"action": "unpin"})).await.expect("alive").expect("nothing to do");
        assert_eq!(outcome.answer.why, "nothing is pinned");
    }
    // A controller that is set to manual stays so.
    let (lab, settings) = (Lab::new(), Settings { way: Way::Manual, ..settings("us-west-2") });
    lab.with(|i| i.dead.push(region("us-east-1")));
    for action in ["pin", "unpin"] {
        lab.send(&settings, json!({"action": action})).await.expect("alive").expect("set");
    }
    assert_eq!(lab.tick(&settings).await.answer.decision, "refuse");
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_an_order_that_shall_stand_alone_or_is_another_regions() {
    let west = settings("us-west-2");
    for order in
        [json!({"action": "switch", "to": "us-west-2", "alone": true}), json!({"action": "switch", "to": "us-west-2", "force": true})]
    {
        let lab = Lab::new();
        let home = if order["alone"] == true { west.clone() } else { settings("us-east-1") };
        let outcome = lab.send(&home, order).await.expect("alive").expect("moved");
        assert_eq!(outcome.answer.active, "us-west-2");
        lab.tick(&home).await;
        assert_eq!(lab.with(|i| (i.followed.len(), i.memory.pending.clone())), (0, None));
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_not_set_any_more_has_no_vote() {
    let (lab, before) = (Lab::new(), settings("us-west-2"));
    lab.send(&before, alarm("ALARM", "2026-11-25T12:00:00.000+0000")).await.expect("alive").expect("taken");
    let after = Settings { alarms: BTreeMap::new(), ..before.clone() };
    assert_eq!(lab.tick(&after).await.answer.signals[&region("us-east-1")].alarm, crate::signal::AlarmState::Unknown);
    assert!(lab.with(|i| i.memory.regions.values().all(|w| w.alarms.is_empty())));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_from_the_future_is_refused() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    let why = lab.send(&settings, alarm("ALARM", "2099-01-01T00:00:00.000+0000")).await.expect("alive").expect_err("refused");
    assert!(why.contains("ahead of this clock"), "{why}");
    assert_eq!(lab.with(|i| i.version), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tick_does_not_throw_away_a_persons_order_under_way() {
    let lab = Lab::new();
    let west = settings("us-west-2");
    let person = Settings { person: true, ..west.clone() };
    // The person's machine dies between the intention and the parameter...
    for lives in 0..30 {
        lab.with(|i| i.lives = Some(lives));
        let done = lab.send(&person, json!({"action": "switch", "to": "us-west-2"})).await.is_some();
        lab.with(|i| i.lives = None);
        if done || lab.with(|i| i.memory.pending.is_some() && i.writes.is_empty()) {
            break;
        }
    }
    lab.with(|i| i.now_ms += 10_000);
    lab.tick(&west).await;
    assert!(lab.with(|i| i.memory.pending.is_some()), "...or is only slow");
    lab.with(|i| i.now_ms += 200_000);
    lab.tick(&west).await;
    assert!(lab.with(|i| i.memory.pending.is_none()), "but not for ever");
}

#[tokio::test(start_paused = true)]
async fn status_needs_no_control_table() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.ledger_away = true);
    let outcome = lab.send(&settings, json!({"action": "status"})).await.expect("alive").expect("seen");
    assert_eq!(outcome.answer.active, "us-east-1");
    assert!(outcome.answer.warnings[0].contains("are not known"), "{:?}", outcome.answer.warnings);
}

#[tokio::test(start_paused = true)]
async fn what_would_be_done_is_counted_as_no_switch() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    let mut outcome = lab.tick(&settings).await;
    outcome.answer.decision = "switch".into();
    let counted = |outcome: &Outcome| crate::answer::metrics(&outcome.answer, &outcome.look, false, 0).join("\n");
    assert!(counted(&outcome).contains("\"Switches\":0"), "somebody has asked for the status");
    outcome.answer.written.push(region("us-west-2"));
    assert!(counted(&outcome).contains("\"Switches\":1"));
}

#[tokio::test(start_paused = true)]
async fn status_changes_nothing() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| {
        i.dead.push(region("us-east-1"));
        i.parameters.insert(region("us-west-2"), ("us-west-2".into(), 50));
    });
    let outcome = lab.send(&settings, json!({"action": "status"})).await.expect("alive").expect("seen");
    assert_eq!(outcome.answer.active, "us-west-2");
    assert_eq!(lab.with(|i| (i.version, i.writes.len(), i.trail.len())), (0, 0, 0));
}

/// A tick, and what the function does after it. How often rights have been tried.
async fn tended(lab: &Lab, settings: &Settings, pace: &Pace) -> usize {
    let outcome = lab.tick(settings).await;
    Controller { world: lab, settings }.tend(pace, &outcome).await;
    lab.with(|i| i.tries.len())
}

#[tokio::test(start_paused = true)]
async fn rights_are_tried_hourly_whatever_process_it_is() {
    let (lab, settings, pace) = (Lab::new(), settings("us-west-2"), Pace::default());
    assert_eq!(tended(&lab, &settings, &pace).await, 1, "the first look of all");
    let version = lab.with(|i| i.version);
    assert_eq!(lab.with(|i| i.rights.as_ref().map(|r| r.tried.len())), Some(1));
    assert_eq!(tended(&lab, &settings, &pace).await, 1);
    assert_eq!(tended(&lab, &settings, &Pace::default()).await, 1, "a cold start finds what another process has left");
    lab.with(|i| i.now_ms += EVERY_MS);
    let cold = Pace::default();
    assert_eq!(tended(&lab, &settings, &cold).await, 2, "unless it is older");
    assert_eq!(tended(&lab, &settings, &pace).await, 2, "one of several processes is enough");
    assert_eq!(lab.with(|i| i.version), version + 4, "the memory's version is the looks' alone");
    let both = ["us-east-1", "us-west-2"].map(|name| (region(name), "us-east-1".to_owned()));
    assert_eq!(lab.with(|i| i.tries[0].clone()), BTreeMap::from(both));
}

#[tokio::test(start_paused = true)]
async fn rights_are_not_tried_while_something_fails_or_is_to_be_done() {
    let (settings, pace) = (settings("us-west-2"), Pace::default());
    for ill in ["us-east-1", "us-west-2"] {
        let lab = Lab::new();
        lab.with(|i| i.dead.push(region(ill)));
        assert_eq!(tended(&lab, &settings, &pace).await, 0, "{ill} is ill");
    }
    let lab = Lab::new();
    lab.with(|i| i.mode = Some(Mode { way: Way::Pinned, by: "jo".into(), why: "work".into(), at_ms: 1, before: None }));
    lab.with(|i| i.dead.push(region("us-east-1")));
    assert_eq!(tended(&lab, &settings, &pace).await, 0, "an outage during a pin is one");
    let lab = Lab::new();
    lab.with(|i| {
        i.parameters.insert(region("us-east-1"), ("us-west-2".to_owned(), 9));
        i.refuses_writes.push(region("us-west-2"));
    });
    assert_eq!(tended(&lab, &settings, &pace).await, 0, "a straggler is to be repaired");
    // A person's switch of which nothing is written yet, and then it is.
    let lab = Lab::new();
    let person = Settings { person: true, ..settings.clone() };
    lab.send(&person, json!({"action": "switch", "to": "us-west-2"})).await.expect("alive").expect("done");
    let written = lab.with(|i| std::mem::replace(&mut i.parameters, Lab::new().with(|i| i.parameters.clone())));
    assert_eq!(tended(&lab, &settings, &pace).await, 0, "a switch is under way");
    lab.with(|i| {
        i.parameters = written;
        i.follow_fails = true;
    });
    assert_eq!(tended(&lab, &settings, &pace).await, 0, "what follows it has not begun");
    lab.with(|i| i.follow_fails = false);
    assert_eq!(tended(&lab, &settings, &pace).await, 1, "and then it is over");
}

#[tokio::test(start_paused = true)]
async fn a_stragglers_old_order_is_never_tried() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.parameters.insert(region("us-west-2"), ("us-west-2".to_owned(), 9)));
    let checked = lab.send(&settings, json!({"action": "check"})).await.expect("alive").expect("done");
    assert_eq!(lab.with(|i| i.tries[0].clone()), BTreeMap::from([(region("us-west-2"), "us-west-2".to_owned())]));
    assert!(lab.with(|i| i.writes.is_empty()), "a check repairs nothing");
    assert_eq!(checked.answer.decision, "check");
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_said_and_answered_and_is_no_error() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    lab.with(|i| i.refused_rights = true);
    assert_eq!(tended(&lab, &settings, &Pace::default()).await, 1);
    let line = lab.with(|i| i.lines.iter().find(|l| l.contains("is missing")).cloned()).expect("a line");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&line["level"], &line["right"], &line["region"]), (&json!("ERROR"), &json!("put-parameter"), &json!("us-east-1")));
    lab.with(|i| i.ledger_away = true);
    let checked = lab.send(&settings, json!({"action": "check"})).await.expect("alive").expect("done");
    assert!(checked.answer.why.contains("PutParameter in us-east-1: AccessDenied"), "{}", checked.answer.why);
    assert_eq!(checked.answer.rights[&region("us-west-2")].missing().count(), 1);
    assert_eq!(checked.answer.warnings.len(), 2, "without the control table it is tried all the same: {:?}", checked.answer.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_persons_order_is_no_look_of_the_controllers() {
    let (lab, settings) = (Lab::new(), settings("us-west-2"));
    let person = Settings { person: true, ..settings.clone() };
    lab.send(&person, json!({"action": "switch", "to": "us-west-2", "by": "ann"})).await.expect("alive").expect("done");
    let memory = lab.with(|i| i.memory.clone());
    assert_eq!((memory.looked_ms, memory.regions.len()), (0, 0));
    assert!(memory.pending.is_some(), "what follows is left to the controller");
    lab.tick(&settings).await;
    assert!(lab.with(|i| i.memory.looked_ms > 0 && i.memory.pending.is_none()));
}
