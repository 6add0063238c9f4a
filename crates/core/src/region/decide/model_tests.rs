//! The decisions together, against a model of a host and its Regions: every sequence of a few events, and many long ones at random.

use proptest::prelude::*;

use super::breaker::{Breaker, CALLS, Calls, HOLD_MS, LONGEST_HOLD_MS};
use super::route::View;
use super::{Adopted, Reading, Source, Sources, State, active, decide};
use crate::config::{Failover, Routing};
use crate::region::mask::Mask;

/// Time moves in steps of so long; in each a page makes one call, and the polling worker, if there is one, looks around.
const STEP_MS: u64 = 500;
const POLL_MS: u64 = 5_000;
/// A dead worker's lease is taken over after so long at most.
const LEASE_MS: u64 = 7_500;

#[derive(Debug, Clone, Copy)]
enum Event {
    /// The Region's DynamoDB fails, or works again.
    Dynamo(usize, bool),
    /// The Region's SSM falls silent, or answers again with what it held.
    Ssm(usize, bool),
    /// An operator writes the parameter: where SSM answers.
    Write(usize),
    /// The same, in one Region only: the others keep an old value.
    WriteIn(usize, usize),
    /// The worker that polls and probes is killed.
    Kill,
    /// Time passes under load.
    Pass(u64),
    /// The host sleeps: its clock jumps, and nothing happened meanwhile.
    Jump(u64),
}

#[derive(Clone)]
struct World {
    regions: usize,
    now: u64,
    works: Mask,
    ssm_works: Mask,
    ssm: [Option<(usize, u64)>; 3],
    written: u64,
    /// What the host has seen of the parameter at its newest.
    newest_read: Option<(u64, usize)>,
    state: State,
    breakers: [Breaker; 3],
    calls: [Calls; 3],
    polls_from: u64,
    polled: u64,
    /// When each breaker opened last, and with which hold-down.
    opened: [Option<(u64, u64)>; 3],
    probed: [u64; 3],
}

impl World {
    fn new(regions: usize) -> Self {
        World {
            regions,
            now: 1,
            works: Mask::first(regions),
            ssm_works: Mask::first(regions),
            ssm: [None; 3],
            written: 0,
            newest_read: None,
            state: State::default(),
            breakers: [Breaker::default(); 3],
            calls: [Calls::default(); 3],
            polls_from: 0,
            polled: 0,
            opened: [None; 3],
            probed: [0; 3],
        }
    }

    fn view(&self) -> View {
        let open = (0..self.regions).filter(|r| self.breakers[*r].open).fold(Mask::default(), Mask::with);
        let (active, _) = active(&Sources { adopted: self.state.adopted, ..Sources::default() });
        View {
            regions: self.regions,
            active,
            pinned: false,
            home: Some(0),
            drained: Mask::default(),
            open,
            routing: Routing::Active,
            failover: Failover::Auto,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Dynamo(region, works) => self.works = if works { self.works.with(region) } else { self.works.without(region) },
            Event::Ssm(region, works) => self.ssm_works = if works { self.ssm_works.with(region) } else { self.ssm_works.without(region) },
            Event::Write(named) => {
                self.written += 1;
                for region in self.ssm_works.iter() {
                    self.ssm[region] = Some((named, self.written));
                }
            }
            Event::WriteIn(named, region) => {
                self.written += 1;
                self.ssm[region] = Some((named, self.written));
            }
            Event::Kill => self.polls_from = self.now + LEASE_MS,
            Event::Pass(ms) => (0..ms / STEP_MS).for_each(|_| self.step()),
            Event::Jump(ms) => self.now += ms,
        }
        self.check();
    }

    fn step(&mut self) {
        self.now += STEP_MS;
        // A page's call: the route, then what is left.
        let mut tried = Mask::default();
        let mut view = self.view();
        let mut next = Some(view.route().region);
        while let Some(region) = next {
            self.record(region, !self.works.has(region));
            if self.works.has(region) {
                break;
            }
            tried = tried.with(region);
            view = self.view();
            next = view.next(tried);
        }
        if self.now >= self.polls_from {
            self.look_around();
        }
        self.check();
    }

    fn record(&mut self, region: usize, failed: bool) {
        if self.breakers[region].open {
            return;
        }
        self.calls[region] = self.calls[region].and(failed);
        if failed && self.calls[region].opens(u64::from(CALLS) * STEP_MS).is_some() {
            self.breakers[region] = self.breakers[region].opened(self.now);
            self.opened[region] = Some((self.now, self.breakers[region].hold_ms()));
        }
    }

    fn look_around(&mut self) {
        for region in 0..self.regions {
            if self.breakers[region].is_due(self.now) && self.now >= self.probed[region] + STEP_MS {
                self.probed[region] = self.now;
                self.breakers[region] = self.breakers[region].probed(self.works.has(region), self.now);
                if !self.breakers[region].open {
                    let (opened, hold) = self.opened[region].expect("it was open");
                    assert!(self.now - opened >= hold && hold >= HOLD_MS, "flaps faster than its hold-down");
                    self.calls[region] = Calls::default();
                }
            }
        }
        if self.polled == 0 || self.now >= self.polled + POLL_MS {
            self.polled = self.now;
            let readings: Vec<Reading> = (0..self.regions).map(|region| self.reading(region)).collect();
            let before = self.state.adopted;
            self.state = decide(self.state, &readings, self.now);
            for reading in &readings {
                if let Reading::Value { region, modified_ms, .. } = reading {
                    self.newest_read = self.newest_read.max(Some((*modified_ms, *region)));
                }
            }
            assert!(before.map(|a| a.modified_ms) <= self.state.adopted.map(|a| a.modified_ms), "a stale parameter won");
        }
    }

    fn reading(&self, region: usize) -> Reading {
        match self.ssm[region] {
            _ if !self.ssm_works.has(region) => Reading::Failed,
            Some((named, modified_ms)) => Reading::Value { region: named, drained: Mask::default(), modified_ms },
            None => Reading::Missing,
        }
    }

    fn check(&self) {
        let (view, followed) = (self.view(), self.state.adopted);
        let route = view.route();
        let all_open = view.open == Mask::first(self.regions);
        assert!(!view.open.has(route.region) || all_open, "routes to an open Region while a healthy one exists");
        assert!(view.open.has(view.active) || route.region == view.active, "left the active Region without need");
        assert_eq!(followed.map(|a| (a.modified_ms, a.region)), self.newest_read, "follows what is not the newest it has read");
    }

    /// Everything works again, and stays so.
    fn heal(&mut self) {
        self.works = Mask::first(self.regions);
        self.ssm_works = Mask::first(self.regions);
        self.happen(Event::Pass(LONGEST_HOLD_MS + LEASE_MS + POLL_MS));
        let newest = self.ssm.iter().flatten().map(|(named, modified)| (*modified, *named)).max();
        let active = newest.map_or(0, |(_, named)| named);
        assert_eq!(self.view().route().region, active, "is not back in the active Region");
    }
}

fn every(events: &[Event], depth: usize, world: &World, sequences: &mut usize) {
    for event in events {
        let mut next = world.clone();
        next.happen(*event);
        if depth > 1 {
            every(events, depth - 1, &next, sequences);
        } else {
            *sequences += 1;
            next.heal();
        }
    }
}

#[test]
fn every_sequence_of_a_few_events() {
    let mut world = World::new(2);
    world.happen(Event::Write(0));
    world.happen(Event::Pass(POLL_MS));
    let events = [
        Event::Dynamo(0, false),
        Event::Dynamo(0, true),
        Event::Dynamo(1, false),
        Event::Ssm(0, false),
        Event::Ssm(0, true),
        Event::Write(1),
        Event::Kill,
        Event::Pass(2_000),
        Event::Pass(12_000),
    ];
    let mut sequences = 0;
    every(&events, 4, &world, &mut sequences);
    assert_eq!(sequences, events.len().pow(4));
}

#[test]
fn a_region_that_dies_is_left_within_three_calls_and_used_again_after_its_return() {
    let mut world = World::new(2);
    world.happen(Event::Pass(POLL_MS));
    world.happen(Event::Dynamo(0, false));
    world.happen(Event::Pass(3 * STEP_MS));
    assert_eq!(world.view().route().region, 1);
    world.happen(Event::Dynamo(0, true));
    world.happen(Event::Pass(HOLD_MS + 3 * STEP_MS));
    assert_eq!(world.view().route().region, 0);
}

#[test]
fn a_flapping_region_is_left_less_and_less_often() {
    let mut world = World::new(2);
    let mut left = Vec::new();
    for _ in 0..10 {
        let before = world.opened[0];
        let mut count = 0;
        let mut last = before;
        for _ in 0..20 {
            for works in [false, true] {
                world.happen(Event::Dynamo(0, works));
                world.happen(Event::Pass(3_000));
                count += usize::from(world.opened[0] != last);
                last = world.opened[0];
            }
        }
        left.push(count);
    }
    // Two minutes each.
    assert!(left[0] <= 5 && left[4..].iter().all(|n| *n <= 1), "{left:?}");
}

fn event(regions: usize) -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..regions, any::<bool>()).prop_map(|(region, works)| Event::Dynamo(region, works)),
        (0..regions, any::<bool>()).prop_map(|(region, works)| Event::Ssm(region, works)),
        (0..regions).prop_map(Event::Write),
        (0..regions, 0..regions).prop_map(|(named, region)| Event::WriteIn(named, region)),
        Just(Event::Kill),
        (1u64..40).prop_map(|steps| Event::Pass(steps * STEP_MS)),
        (1u64..4_000_000).prop_map(Event::Jump),
    ]
}

proptest! {
    #[test]
    fn any_long_sequence(events in prop::collection::vec(event(3), 1..80)) {
        let mut world = World::new(3);
        for event in events {
            world.happen(event);
        }
        world.heal();
    }

    /// The order in which sources count does not depend on what breakers do.
    #[test]
    fn breakers_do_not_move_the_active_region(region in 0usize..3, modified_ms: u64) {
        let adopted = Adopted { region, drained: Mask::default(), modified_ms, confirmed: true };
        prop_assert_eq!(active(&Sources { adopted: Some(adopted), ..Sources::default() }), (region, Source::Parameter));
    }
}
