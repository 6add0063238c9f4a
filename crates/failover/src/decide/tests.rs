//! The decision against a second, plainer telling of the same rules, over every combination; and single stories.

use wp_dynamodb_core::Region;

use super::policy::Policy;
use super::{Decision, decide};
use crate::memory::{Alarm, Memory, Switched, Watch, Way};
use crate::signal::{AlarmState, Look, Reading, Signal, Signals};

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).expect("a Region")
}

pub(crate) fn policy(home: &str) -> Policy {
    Policy {
        regions: vec![region("us-east-1"), region("us-west-2")],
        home: region(home),
        quorum: 2,
        failures: 3,
        cooldown_ms: 600_000,
        max_per_hour: 2,
        patience_ms: 180_000,
        failback_auto: false,
        failback_after_ms: 1_800_000,
        max_lag_ms: 5_000,
        gap_ms: 150_000,
        apart_ms: 5_000,
    }
}

const NOW: u64 = 1_795_608_000_000;

fn failed() -> Signal {
    Signal::Failed("no answer".into())
}

/// A look: both parameters name `active`; the signals of the two Regions.
fn look(active: &str, east: Signals, west: Signals) -> Look {
    let value = |modified_ms| Reading::Value { active: region(active), value: active.to_owned(), modified_ms };
    Look {
        signals: [(region("us-east-1"), east), (region("us-west-2"), west)].into(),
        parameters: [(region("us-east-1"), value(1)), (region("us-west-2"), value(2))].into(),
        ..Look::default()
    }
}

fn well() -> Signals {
    Signals { site: Signal::Ok, dynamodb: Signal::Ok }
}

fn dead() -> Signals {
    Signals { site: failed(), dynamodb: failed() }
}

/// Looks `times` times, ten seconds apart, and gives the last decision.
fn looks(memory: &mut Memory, look: &Look, policy: &Policy, way: Way, times: u64) -> (Decision, String) {
    let mut last = (Decision::Stay, String::new());
    for _ in 0..times {
        let now = memory.looked_ms.max(NOW) + 10_000;
        let (next, verdict) = decide(memory, look, policy, way, now);
        *memory = next;
        last = (verdict.decision, verdict.why);
    }
    last
}

#[test]
fn every_combination_of_signals() {
    let signals = [Signal::Ok, failed(), Signal::Unknown];
    let alarms = [None, Some(AlarmState::Alarm), Some(AlarmState::Ok)];
    let mut kinds = Vec::new();
    for site in &signals {
        for dynamodb in &signals {
            for alarm in alarms {
                kinds.push((Signals { site: site.clone(), dynamodb: dynamodb.clone() }, alarm));
            }
        }
    }
    let mut switches = 0;
    for (east, east_alarm) in &kinds {
        for (west, west_alarm) in &kinds {
            for active in ["us-east-1", "us-west-2"] {
                for home in ["us-east-1", "us-west-2"] {
                    for way in [Way::Auto, Way::Manual, Way::Pinned, Way::Default] {
                        for before in [0, 1, 2, 5] {
                            let policy = policy(home);
                            let mut memory = Memory { looked_ms: NOW - 10_000, ..Memory::default() };
                            for (name, alarm) in [("us-east-1", east_alarm), ("us-west-2", west_alarm)] {
                                let mut watch = Watch { lost_looks: before, ..Watch::default() };
                                if let Some(state) = alarm {
                                    watch.alarms.insert("arn".into(), Alarm { state: *state, at_ms: NOW - 60_000 });
                                }
                                memory.regions.insert(region(name), watch);
                            }
                            let look = look(active, east.clone(), west.clone());
                            let (_, verdict) = decide(&memory, &look, &policy, way, NOW);

                            let (mine, others) = if active == "us-east-1" {
                                ((east, east_alarm), (west, west_alarm))
                            } else {
                                ((west, west_alarm), (east, east_alarm))
                            };
                            let votes = [mine.0.site == failed(), mine.0.dynamodb == failed(), *mine.1 == Some(AlarmState::Alarm)];
                            let lost = votes.iter().filter(|v| **v).count() >= 2;
                            let no_alarm = *others.1 != Some(AlarmState::Alarm);
                            let site_well = others.0.site == Signal::Ok || (others.0.site == Signal::Unknown && no_alarm);
                            let other_well = others.0.dynamodb == Signal::Ok && site_well;
                            let wanted = match way {
                                Way::Pinned => "stay",
                                _ if !lost => "stay",
                                _ if before + 1 < 3 => "look",
                                _ if !other_well => "refuse",
                                _ if home == active => "stay",
                                Way::Manual | Way::Default => "refuse",
                                Way::Auto => "switch",
                            };
                            let got =
                                serde_json::to_value(&verdict.decision).expect("JSON")["decision"].as_str().unwrap_or_default().to_owned();
                            assert_eq!(
                                got, wanted,
                                "active {active}, home {home}, {way:?}, {before} before, {mine:?}, {others:?}: {}",
                                verdict.why
                            );
                            if let Decision::Switch { from, to } = verdict.decision {
                                switches += 1;
                                assert_eq!((from.as_str(), to.as_str()), (active, home));
                                assert_ne!(active, home);
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(switches > 100, "{switches}");
}

#[test]
fn three_looks_of_a_dead_region_and_the_standby_takes_over() {
    let policy = policy("us-west-2");
    let dark = look("us-east-1", dead(), well());
    let mut memory = Memory::default();
    assert_eq!(looks(&mut memory, &dark, &policy, Way::Auto, 2).0, Decision::Look);
    let (decision, why) = looks(&mut memory, &dark, &policy, Way::Auto, 1);
    assert_eq!(decision, Decision::Switch { from: region("us-east-1"), to: region("us-west-2") });
    assert!(why.contains("us-east-1 is lost: site: no answer; DynamoDB: no answer"), "{why}");
}

#[test]
fn one_good_look_begins_the_count_again() {
    let policy = policy("us-west-2");
    let mut memory = Memory::default();
    looks(&mut memory, &look("us-east-1", dead(), well()), &policy, Way::Auto, 2);
    looks(&mut memory, &look("us-east-1", well(), well()), &policy, Way::Auto, 1);
    assert_eq!(looks(&mut memory, &look("us-east-1", dead(), well()), &policy, Way::Auto, 2).0, Decision::Look);
}

#[test]
fn a_gap_between_looks_or_a_clock_that_goes_back_begins_the_count_again() {
    let policy = policy("us-west-2");
    let dark = look("us-east-1", dead(), well());
    for next in [NOW + 10_000 + 150_001, NOW - 3_600_000] {
        let mut memory = Memory { looked_ms: NOW, ..Memory::default() };
        looks(&mut memory, &dark, &policy, Way::Auto, 2);
        let next = if next > NOW { memory.looked_ms + 150_001 } else { next };
        let (memory, verdict) = decide(&memory, &dark, &policy, Way::Auto, next);
        assert_eq!((verdict.decision, memory.regions[&region("us-east-1")].lost_looks), (Decision::Look, 1));
    }
}

#[test]
fn two_invocations_at_a_time_are_not_twice_as_sure() {
    let policy = policy("us-west-2");
    let dark = look("us-east-1", dead(), well());
    let mut memory = Memory::default();
    for ms in [0, 100, 200, 300, 400] {
        let (next, verdict) = decide(&memory, &dark, &policy, Way::Auto, NOW + ms);
        assert_eq!(verdict.decision, Decision::Look);
        memory = next;
    }
    assert_eq!(memory.regions[&region("us-east-1")].lost_looks, 1);
    // Looks that come too often do not put the count off either: every second one of these counts.
    let mut looks = 0;
    while memory.regions[&region("us-east-1")].lost_looks < 3 {
        looks += 1;
        memory = decide(&memory, &dark, &policy, Way::Auto, NOW + looks * 3_000).0;
        assert!(looks < 10);
    }
    assert_eq!(looks, 4);
}

#[test]
fn the_cool_down_and_the_hour_hold_switches_back() {
    let policy = policy("us-west-2");
    let dark = look("us-east-1", dead(), well());
    let switch = |ago_s: u64| Switched { at_ms: NOW + 30_000 - ago_s * 1000, from: region("us-east-1"), to: region("us-west-2") };
    for (ago, elsewhere, wanted) in [
        (vec![599], vec![], "in 1 s"),
        (vec![], vec![10], "in 590 s"),
        (vec![700, 1500], vec![], "2 automatic switches within an hour"),
        (vec![700], vec![3000], "2 automatic switches within an hour"),
    ] {
        let mut memory = Memory { switches: ago.iter().map(|a| switch(*a)).collect(), ..Memory::default() };
        let look = Look { elsewhere: elsewhere.iter().map(|a| switch(*a)).collect(), ..dark.clone() };
        let (decision, why) = looks(&mut memory, &look, &policy, Way::Auto, 3);
        assert_eq!(decision, Decision::Refuse, "{ago:?} {elsewhere:?}");
        assert!(why.contains(wanted), "{why}");
    }
    let mut memory = Memory { switches: vec![switch(3600), switch(601)], ..Memory::default() };
    assert!(matches!(looks(&mut memory, &dark, &policy, Way::Auto, 3).0, Decision::Switch { .. }));
    // A switch "of the future": the clock went back. The limits rather hold too long.
    let mut memory = Memory { switches: vec![Switched { at_ms: NOW + 9_000_000, ..switch(0) }], ..Memory::default() };
    assert_eq!(looks(&mut memory, &dark, &policy, Way::Auto, 3).0, Decision::Refuse);
}

#[test]
fn a_switch_that_was_begun_is_not_held_back_by_itself() {
    let policy = policy("us-west-2");
    let dark = look("us-east-1", dead(), well());
    let mut memory = Memory::default();
    looks(&mut memory, &dark, &policy, Way::Auto, 3);
    let order = crate::memory::Order {
        id: "us-west-2-1".into(),
        at_ms: memory.looked_ms,
        from: region("us-east-1"),
        to: region("us-west-2"),
        value: "us-west-2".into(),
        back: false,
        automatic: true,
        alone: false,
        by: "controller".into(),
        why: "lost".into(),
    };
    memory.note(&order);
    memory.pending = Some(order);
    assert!(matches!(looks(&mut memory.clone(), &dark, &policy, Way::Auto, 1).0, Decision::Switch { .. }));
    // The Region came back before anything was written: the order and its count are dropped.
    let mut never = memory.clone();
    looks(&mut never, &look("us-east-1", well(), well()), &policy, Way::Auto, 1);
    assert_eq!((never.pending, never.switches), (None, Vec::new()));
    // It was written, and a person has overruled it: the count stays.
    let mut overruled = look("us-east-1", well(), well());
    let value = Reading::Value { active: region("us-east-1"), value: "us-east-1".into(), modified_ms: memory.looked_ms + 1 };
    overruled.parameters.insert(region("us-west-2"), value);
    looks(&mut memory, &overruled, &policy, Way::Auto, 1);
    assert_eq!((memory.pending, memory.switches.len()), (None, 1));
}

#[test]
fn the_returned_regions_old_parameter_is_repaired_and_not_followed() {
    let policy = policy("us-west-2");
    let mut look = look("us-west-2", well(), well());
    look.parameters.insert(region("us-east-1"), Reading::Value { active: region("us-east-1"), value: "us-east-1".into(), modified_ms: 1 });
    let mut memory = Memory::default();
    let (decision, _) = looks(&mut memory, &look, &policy, Way::Auto, 1);
    assert_eq!(decision, Decision::Repair { value: "us-west-2".into(), regions: vec![region("us-east-1")] });
    assert_eq!(looks(&mut memory, &look, &policy, Way::Pinned, 1).0, Decision::Stay, "somebody is at work");
    // A bad value is left to whoever wrote it, silence to the next look.
    for reading in [Reading::Bad("x".into()), Reading::Failed("x".into())] {
        look.parameters.insert(region("us-east-1"), reading);
        assert_eq!(looks(&mut memory, &look, &policy, Way::Auto, 1).0, Decision::Stay);
    }
}

#[test]
fn failback_waits_for_health_and_for_replication() {
    let policy = Policy { failback_auto: true, ..policy("us-east-1") };
    let mut memory = Memory::default();
    let mut look = look("us-west-2", well(), well());
    look.lag_ms = Some(900);
    let mut seconds = 0;
    let decision = loop {
        let (decision, why) = looks(&mut memory, &look, &policy, Way::Auto, 1);
        if decision != Decision::Stay {
            break decision;
        }
        assert!(why.contains("no failback to us-east-1 yet: well for"), "{why}");
        seconds += 10;
    };
    assert_eq!((decision, seconds), (Decision::Failback { from: region("us-west-2"), to: region("us-east-1") }, 1800));
    for (lag, wanted) in [(Some(5001), "takes 5001 ms"), (None, "did not arrive")] {
        look.lag_ms = lag;
        let (decision, why) = looks(&mut memory, &look, &policy, Way::Auto, 1);
        assert_eq!(decision, Decision::Stay);
        assert!(why.contains(wanted), "{why}");
    }
    look.lag_ms = Some(900);
    assert_eq!(looks(&mut memory.clone(), &look, &policy, Way::Manual, 1).0, Decision::Stay);
    let elsewhere = Policy { home: region("us-west-2"), ..policy.clone() };
    assert_eq!(looks(&mut memory.clone(), &look, &elsewhere, Way::Auto, 1).0, Decision::Stay);
    // One look at which the preferred Region is not well begins its half hour again.
    look.signals.insert(region("us-east-1"), Signals { site: failed(), dynamodb: Signal::Ok });
    looks(&mut memory, &look, &policy, Way::Auto, 1);
    look.signals.insert(region("us-east-1"), well());
    assert_eq!(looks(&mut memory, &look, &policy, Way::Auto, 1).0, Decision::Stay);
}

#[test]
fn with_three_regions_the_first_healthy_one_takes_over() {
    let regions = vec![region("us-east-1"), region("us-west-2"), region("eu-west-1")];
    for (west, home, wanted) in
        [(well(), "us-west-2", true), (well(), "eu-west-1", false), (dead(), "eu-west-1", true), (dead(), "us-west-2", false)]
    {
        let policy = Policy { regions: regions.clone(), ..policy(home) };
        let first_is_well = west == well();
        let mut look = look("us-east-1", dead(), west);
        look.signals.insert(region("eu-west-1"), well());
        look.parameters
            .insert(region("eu-west-1"), Reading::Value { active: region("us-east-1"), value: "us-east-1".into(), modified_ms: 1 });
        let mut memory = Memory::default();
        let decision = looks(&mut memory, &look, &policy, Way::Auto, 3).0;
        assert_eq!(matches!(decision, Decision::Switch { .. }), wanted, "{home}: {decision:?}");
        // The first one has not acted for three minutes: it may see what the second one does not.
        if home == "eu-west-1" && first_is_well {
            let mut seconds = 30;
            while !matches!(looks(&mut memory, &look, &policy, Way::Auto, 1).0, Decision::Switch { .. }) {
                seconds += 10;
                assert!(seconds < 300);
            }
            assert_eq!(seconds, 180);
        }
    }
}

#[test]
fn an_alarm_does_not_veto_a_site_that_answers() {
    let policy = policy("us-west-2");
    let mut memory = Memory::default();
    // us-east-1 is half dead: it knows nothing of either Region, and both alarms are in ALARM for want of data.
    for name in ["us-east-1", "us-west-2"] {
        memory.hear(&region(name), name, Alarm { state: AlarmState::Alarm, at_ms: NOW });
    }
    let decision = looks(&mut memory, &look("us-east-1", dead(), well()), &policy, Way::Auto, 3).0;
    assert!(matches!(decision, Decision::Switch { .. }), "{decision:?}");
}

#[test]
fn a_failure_with_one_witness_is_looked_at_again() {
    let policy = policy("us-west-2");
    let one = Signals { site: Signal::Ok, dynamodb: failed() };
    let (_, verdict) = decide(&Memory::default(), &look("us-east-1", one, well()), &policy, Way::Auto, NOW);
    assert_eq!((verdict.decision, verdict.again), (Decision::Stay, true));
    let (_, verdict) = decide(&Memory::default(), &look("us-east-1", well(), well()), &policy, Way::Auto, NOW);
    assert!(!verdict.again);
}

#[test]
fn what_is_refused_stays_refused_beside_a_repair() {
    let policy = policy("us-west-2");
    let mut look = look("us-east-1", dead(), dead());
    look.parameters.insert(region("us-west-2"), Reading::Missing);
    let mut memory = Memory::default();
    looks(&mut memory, &look, &policy, Way::Auto, 2);
    let (_, verdict) = decide(&memory, &look, &policy, Way::Auto, memory.looked_ms + 10_000);
    assert!(verdict.refused && matches!(verdict.decision, Decision::Repair { .. }), "{:?}", verdict.decision);
}

#[test]
fn nothing_is_repaired_while_a_region_may_hold_a_newer_order() {
    let regions = vec![region("us-east-1"), region("us-west-2"), region("eu-west-1")];
    let policy = Policy { regions, ..policy("us-west-2") };
    let mut look = look("us-west-2", well(), well());
    look.signals.insert(region("eu-west-1"), well());
    look.parameters.insert(region("us-east-1"), Reading::Value { active: region("us-east-1"), value: "us-east-1".into(), modified_ms: 0 });
    look.parameters.insert(region("eu-west-1"), Reading::Failed("no answer".into()));
    assert_eq!(looks(&mut Memory::default(), &look, &policy, Way::Auto, 1).0, Decision::Stay);
}

#[test]
fn alarms_are_heard_in_any_order_and_once() {
    let mut memory = Memory::default();
    let east = region("us-east-1");
    let at = |at_ms, state| Alarm { state, at_ms };
    assert!(memory.hear(&east, "a", at(20, AlarmState::Ok)));
    assert!(!memory.hear(&east, "a", at(10, AlarmState::Alarm)), "it came late");
    assert!(!memory.hear(&east, "a", at(20, AlarmState::Alarm)), "twice the same moment");
    assert_eq!(memory.regions[&east].alarm(30, 100), Some(AlarmState::Ok));
    assert!(memory.hear(&east, "b", at(25, AlarmState::Alarm)));
    assert_eq!(memory.regions[&east].alarm(30, 100), Some(AlarmState::Alarm), "one of two is enough");
    assert_eq!(memory.regions[&east].alarm(30 + 200, 100), None, "too old to be believed");
}
