//! Two controllers and two Regions that fail, return, are cut off from each other and are ordered about by people, in any order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wp_dynamodb_core::Region;

use super::tests::{policy, region};
use super::{Decision, decide, watch};
use crate::memory::{Memory, Order, Switched, Way};
use crate::signal::{Look, Reading, Signal, Signals};

#[derive(Debug, Clone)]
enum Step {
    /// A Region's site and DynamoDB work, or do not.
    Health(usize, bool, bool),
    /// The two Regions reach each other, or do not.
    Link(bool),
    /// A controller looks, `0` seconds later, and does as it decides; or is killed after its first write.
    Look(usize, u32, bool),
    /// A person writes the parameter in one Region or both.
    Person(usize, bool),
    /// A person sets the way.
    Way(Way),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2usize, any::<bool>(), any::<bool>()).prop_map(|(r, s, d)| Step::Health(r, s, d)),
        1 => any::<bool>().prop_map(Step::Link),
        12 => (0..2usize, prop_oneof![Just(10), Just(60), Just(400), Just(1)], any::<bool>()).prop_map(|(c, s, k)| Step::Look(c, s, k)),
        1 => (0..2usize, any::<bool>()).prop_map(|(r, b)| Step::Person(r, b)),
        1 => prop_oneof![4 => Just(Way::Auto), 1 => Just(Way::Manual), 1 => Just(Way::Pinned)].prop_map(Step::Way),
    ]
}

struct World {
    regions: Vec<Region>,
    now_ms: u64,
    health: [(bool, bool); 2],
    linked: bool,
    parameters: [(usize, u64); 2],
    way: Way,
    memories: [Memory; 2],
    trail: Vec<(usize, Switched)>,
    /// In how many looks in a row each controller saw a quorum of votes against each Region.
    lost: [[u32; 2]; 2],
}

impl World {
    fn new() -> World {
        World {
            regions: vec![region("us-east-1"), region("us-west-2")],
            now_ms: 1_795_608_000_000,
            health: [(true, true); 2],
            linked: true,
            parameters: [(0, 1), (0, 1)],
            way: Way::Auto,
            memories: [Memory::default(), Memory::default()],
            trail: Vec::new(),
            lost: [[0; 2]; 2],
        }
    }

    fn reaches(&self, controller: usize, region: usize) -> bool {
        controller == region || self.linked
    }

    fn look(&self, controller: usize) -> Look {
        let word = |works: bool, reached: bool| if works && reached { Signal::Ok } else { Signal::Failed("no answer".into()) };
        let mut look = Look { lag_ms: self.linked.then_some(1), ..Look::default() };
        for (i, region) in self.regions.iter().enumerate() {
            let reached = self.reaches(controller, i);
            look.signals
                .insert(region.clone(), Signals { site: word(self.health[i].0, reached), dynamodb: word(self.health[i].1, reached) });
            let (named, modified_ms) = self.parameters[i];
            let active = self.regions[named].clone();
            let reading = if reached && self.health[i].1 {
                Reading::Value { value: active.to_string(), active, modified_ms }
            } else {
                Reading::Failed("no answer".into())
            };
            look.parameters.insert(region.clone(), reading);
        }
        let others = self.trail.iter().filter(|(by, _)| *by != controller && self.linked).map(|(_, s)| s.clone());
        look.elsewhere = others.collect();
        look
    }

    fn write(&mut self, controller: usize, named: usize, killed: bool) {
        for i in [controller, 1 - controller] {
            if self.reaches(controller, i) && self.health[i].1 {
                self.parameters[i] = (named, self.now_ms);
                if killed {
                    return;
                }
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Health(i, site, dynamodb) => self.health[*i] = (*site, *dynamodb),
            Step::Link(linked) => self.linked = *linked,
            Step::Way(way) => self.way = *way,
            Step::Person(named, both) => {
                self.now_ms += 1;
                self.parameters[*named] = (*named, self.now_ms);
                if *both {
                    self.parameters[1 - named] = (*named, self.now_ms);
                }
            }
            Step::Look(controller, seconds, killed) => {
                self.now_ms += u64::from(*seconds) * 1000;
                self.take(*controller, *killed)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, c: usize, killed: bool) -> Result<(), TestCaseError> {
        let home = self.regions[c].clone();
        let policy = super::policy::Policy { failback_auto: true, ..policy(home.as_str()) };
        let look = self.look(c);
        let before = self.memories[c].clone();
        let (memory, verdict) = decide(&before, &look, &policy, self.way, self.now_ms);
        self.memories[c] = memory.clone();
        for (i, region) in self.regions.iter().enumerate() {
            let votes = watch::votes(&memory.regions[region], &look, region, self.now_ms);
            self.lost[c][i] = if votes.len() >= 2 { self.lost[c][i] + 1 } else { 0 };
        }
        let named = |region: &Region| self.regions.iter().position(|r| r == region).unwrap_or_default();
        match verdict.decision {
            Decision::Switch { from, to } => {
                prop_assert_eq!(self.way, Way::Auto);
                prop_assert_eq!(&to, &home, "only to its own Region");
                prop_assert_eq!(&from, &verdict.active);
                prop_assert!(self.health[c].0 && self.health[c].1, "the target is well");
                prop_assert!(self.lost[c][named(&from)] >= 3, "three looks in a row: {:?}", self.lost[c]);
                self.limits(c, &before, &from, &to)?;
                self.switched(c, from, to, false, killed, named(&home));
            }
            Decision::Failback { from, to } => {
                prop_assert_eq!(self.way, Way::Auto);
                prop_assert_eq!(&to, &self.regions[0]);
                prop_assert_eq!(&to, &home);
                prop_assert!(self.health[0].0 && self.health[0].1 && self.linked);
                self.limits(c, &before, &from, &to)?;
                self.switched(c, from, to, true, killed, named(&home));
            }
            Decision::Repair { value, regions } => {
                prop_assert_ne!(self.way, Way::Pinned);
                let newest = self.visible_newest(&look);
                prop_assert_eq!(Some(value.clone()), newest, "a repair spreads the newest order and no other");
                for region in regions {
                    let i = named(&region);
                    prop_assert!(self.parameters[i].0 != named(&Region::parse(&value).expect("a Region")));
                    self.parameters[i] = (1 - self.parameters[i].0, self.now_ms);
                }
            }
            Decision::Stay | Decision::Look | Decision::Refuse => {}
        }
        Ok(())
    }

    fn visible_newest(&self, look: &Look) -> Option<String> {
        let values: BTreeMap<u64, String> = look
            .parameters
            .values()
            .filter_map(|r| match r {
                Reading::Value { value, modified_ms, .. } => Some((*modified_ms, value.clone())),
                _ => None,
            })
            .collect();
        let newest = values.into_iter().next_back();
        newest.map(|(ms, value)| {
            // Of equal moments the first Region of the list counts.
            let tied = look
                .parameters
                .values()
                .any(|r| matches!(r, Reading::Value { value, modified_ms, .. } if *modified_ms == ms && value == "us-east-1"));
            if tied { "us-east-1".to_owned() } else { value }
        })
    }

    fn limits(&self, c: usize, before: &Memory, from: &Region, to: &Region) -> Result<(), TestCaseError> {
        if before.pending.as_ref().is_some_and(|o| o.from == *from && o.to == *to) {
            return Ok(());
        }
        let seen = self.trail.iter().filter(|(by, _)| *by == c || self.linked);
        let ages: Vec<u64> = seen.map(|(_, s)| self.now_ms - s.at_ms).collect();
        prop_assert!(ages.iter().all(|a| *a >= 600_000), "cool-down: {:?}", ages);
        prop_assert!(ages.iter().filter(|a| **a < 3_600_000).count() < 2, "two an hour: {:?}", ages);
        Ok(())
    }

    fn switched(&mut self, c: usize, from: Region, to: Region, back: bool, killed: bool, named: usize) {
        let at_ms = self.now_ms;
        let again = self.memories[c].pending.as_ref().is_some_and(|o| o.from == from && o.to == to);
        let order = Order {
            id: format!("{to}-{at_ms}"),
            at_ms,
            value: to.to_string(),
            from,
            to,
            back,
            automatic: true,
            alone: false,
            by: String::new(),
            why: String::new(),
        };
        if !again {
            self.memories[c].note(&order);
            self.trail.push((c, Switched { at_ms, from: order.from.clone(), to: order.to.clone() }));
        }
        self.memories[c].pending = killed.then_some(order);
        self.write(c, named, killed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_ever_done_that_must_not_be(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step)?;
        }
    }

    /// Whatever came before: once one Region is dead, the other well, nobody interferes and the limits have run out, the site moves
    /// within three looks of the living Region's controller; and once all is well, all parameters agree after one look.
    #[test]
    fn in_the_end_it_does_what_it_is_for(steps in proptest::collection::vec(step(), 0..60), dead in 0..2usize) {
        let mut world = World::new();
        for step in &steps {
            world.step(step)?;
        }
        let living = 1 - dead;
        world.linked = true;
        world.way = Way::Auto;
        world.now_ms += 4_000_000;
        world.health[living] = (true, true);
        world.health[dead] = (true, true);
        world.take(living, false)?;
        world.health[dead] = (false, false);
        for _ in 0..4 {
            world.now_ms += 10_000;
            world.take(living, false)?;
        }
        prop_assert_eq!(world.parameters[living].0, living);
        world.health[dead] = (true, true);
        world.now_ms += 10_000;
        world.take(living, false)?;
        prop_assert_eq!(world.parameters[dead].0, living, "the returned Region's parameter is repaired");
    }
}
