//! Everything this host decides about Regions, as pure functions of what it held, what it saw and the time.
//!
//! ```text
//! (here)    which value of the parameter is followed, and which Region is active
//! breaker   when a Region counts as lost, and when it is trusted again
//! route     where calls go: active Region, breakers, routing
//! window    which Regions may know more than the route, after a switch or a bridge
//! ```
//!
//! All of it together is held against a model in `model_tests.rs`: any order of faults, switches, stale parameters, clock jumps and
//! dead workers.

pub mod breaker;
pub mod route;
pub mod window;

use serde::Serialize;

use crate::region::Region;
use crate::region::mask::Mask;

/// A value of the parameter that this host follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted {
    /// Index of the Region it names, in `regions`.
    pub region: usize,
    /// The Regions that it tells the hosts in them to leave (`drain=`).
    pub drained: Mask,
    /// When the parameter was written (its `LastModifiedDate`), in milliseconds since 1970.
    pub modified_ms: u64,
    /// Seen in SSM since this host started, not only in the state file.
    pub confirmed: bool,
}

/// What one Region's SSM answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A good value.
    Value {
        /// Index of the Region it names, in `regions`.
        region: usize,
        /// The Regions it drains.
        drained: Mask,
        /// Its `LastModifiedDate`, in milliseconds since 1970.
        modified_ms: u64,
    },
    /// There is no such parameter.
    Missing,
    /// A value that names no Region of ours.
    Bad,
    /// No answer.
    Failed,
}

/// What the host knows about the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// The value it follows.
    pub adopted: Option<Adopted>,
    /// When it last asked; the host's monotonic milliseconds, 0 = never.
    pub attempted_ms: u64,
    /// When an SSM last answered; likewise.
    pub checked_ms: u64,
}

/// Takes one round of readings, one for each Region's SSM.
///
/// The newest good value wins. What the host follows is replaced only by a newer value: silence, missing and bad values change nothing,
/// and a Region that comes back with an old parameter is not believed. Values of the same millisecond: the Region that stands first
/// in `regions`, and of those the one that drains less, so that all hosts choose alike.
#[must_use]
pub fn decide(state: State, readings: &[Reading], now_ms: u64) -> State {
    let mut next = State { attempted_ms: now_ms, ..state };
    if readings.iter().any(|r| *r != Reading::Failed) {
        next.checked_ms = now_ms;
    }
    for reading in readings {
        if let Reading::Value { region, drained, modified_ms } = *reading {
            let seen = Adopted { region, drained, modified_ms, confirmed: true };
            if next.adopted.is_none_or(|held| newer(&seen, &held)) {
                next.adopted = Some(seen);
            }
        }
    }
    next
}

/// Whether `seen` replaces `held`.
#[must_use]
pub fn newer(seen: &Adopted, held: &Adopted) -> bool {
    let rank = |a: &Adopted| (a.modified_ms, std::cmp::Reverse((a.region, a.drained)), a.confirmed);
    rank(seen) > rank(held)
}

/// Where the active Region was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `wp_dynamodb.region`.
    Pin,
    /// The SSM parameter.
    Parameter,
    /// The state file, written when the parameter could last be read.
    LastGood,
    /// `AWS_REGION` or `AWS_DEFAULT_REGION`.
    Environment,
    /// The instance's or task's metadata.
    Metadata,
    /// The first of `wp_dynamodb.regions`.
    First,
}

impl Source {
    /// Why the host uses this Region, for people.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Source::Pin => "pinned by wp_dynamodb.region",
            Source::Parameter => "named by the newest parameter",
            Source::LastGood => "the last good parameter, from wp_dynamodb.state_file; SSM has not confirmed it to this host yet",
            Source::Environment => "no parameter yet; named by AWS_REGION or AWS_DEFAULT_REGION",
            Source::Metadata => "no parameter yet; the Region of this instance or task",
            Source::First => "no parameter yet; the first of wp_dynamodb.regions",
        }
    }
}

/// Everything that can name the active Region; each an index into `regions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources {
    /// `wp_dynamodb.region`.
    pub pin: Option<usize>,
    /// The parameter, or the last good value of it.
    pub adopted: Option<Adopted>,
    /// `AWS_REGION` or `AWS_DEFAULT_REGION`, when in `regions`.
    pub environment: Option<usize>,
    /// The instance's or task's Region, when in `regions`.
    pub metadata: Option<usize>,
}

/// The active Region as this host sees it: an index into `regions`, and where it is from.
#[must_use]
pub fn active(sources: &Sources) -> (usize, Source) {
    let adopted = |confirmed| sources.adopted.filter(|a| a.confirmed == confirmed).map(|a| a.region);
    [
        (sources.pin, Source::Pin),
        (adopted(true), Source::Parameter),
        (adopted(false), Source::LastGood),
        (sources.environment, Source::Environment),
        (sources.metadata, Source::Metadata),
    ]
    .into_iter()
    .find_map(|(region, source)| region.map(|region| (region, source)))
    .unwrap_or((0, Source::First))
}

/// The index of `region` in `regions`.
#[must_use]
pub fn index_of(region: Option<&Region>, regions: &[Region]) -> Option<usize> {
    region.and_then(|region| regions.iter().position(|r| r == region))
}

#[cfg(test)]
mod model_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(region: usize, modified_ms: u64) -> Reading {
        Reading::Value { region, drained: Mask::default(), modified_ms }
    }

    #[test]
    fn the_newest_parameter_wins_whatever_the_order() {
        let a = decide(State::default(), &[value(0, 10), value(1, 20)], 5);
        let b = decide(State::default(), &[value(1, 20), value(0, 10)], 5);
        assert_eq!(a, b);
        assert_eq!(a.adopted.map(|a| a.region), Some(1));
    }

    #[test]
    fn a_returning_region_with_its_old_value_is_not_followed() {
        let held = decide(State::default(), &[Reading::Failed, value(1, 20)], 5);
        let later = decide(held, &[value(0, 10), Reading::Failed], 6);
        assert_eq!(later.adopted, held.adopted);
    }

    #[test]
    fn silence_and_noise_change_nothing_but_the_clock() {
        let held = decide(State::default(), &[value(1, 20)], 5);
        let silent = decide(held, &[Reading::Failed, Reading::Failed], 9);
        assert_eq!((silent.adopted, silent.attempted_ms, silent.checked_ms), (held.adopted, 9, 5));
        let noisy = decide(held, &[Reading::Bad, Reading::Missing], 9);
        assert_eq!((noisy.adopted, noisy.checked_ms), (held.adopted, 9));
    }

    #[test]
    fn sources_have_an_order() {
        let adopted = Adopted { region: 1, drained: Mask::default(), modified_ms: 1, confirmed: true };
        let all = Sources { pin: Some(2), adopted: Some(adopted), environment: Some(3), metadata: Some(4) };
        assert_eq!(active(&all), (2, Source::Pin));
        assert_eq!(active(&Sources { pin: None, ..all }), (1, Source::Parameter));
        let last_good = Some(Adopted { confirmed: false, ..adopted });
        assert_eq!(active(&Sources { pin: None, adopted: last_good, ..all }), (1, Source::LastGood));
        let unread = Sources { pin: None, adopted: None, ..all };
        assert_eq!(active(&unread), (3, Source::Environment));
        assert_eq!(active(&Sources { environment: None, ..unread }), (4, Source::Metadata));
        assert_eq!(active(&Sources::default()), (0, Source::First));
    }

    fn reading() -> impl Strategy<Value = Reading> {
        prop_oneof![(0usize..3, 0u64..50).prop_map(|(r, m)| value(r, m)), Just(Reading::Missing), Just(Reading::Bad), Just(Reading::Failed),]
    }

    proptest! {
        /// Whatever arrives in whatever order: the host ends on the newest value it has ever seen, and never goes back.
        #[test]
        fn never_goes_back(rounds in prop::collection::vec(prop::collection::vec(reading(), 1..4), 0..30)) {
            let mut state = State::default();
            let mut newest: Option<u64> = None;
            for (now, round) in rounds.iter().enumerate() {
                let next = decide(state, round, now as u64 + 1);
                for r in round {
                    if let Reading::Value { modified_ms, .. } = r {
                        newest = newest.max(Some(*modified_ms));
                    }
                }
                prop_assert_eq!(next.adopted.map(|a| a.modified_ms), newest);
                if let (Some(before), Some(after)) = (state.adopted, next.adopted) {
                    prop_assert!(after == before || newer(&after, &before));
                }
                state = next;
            }
        }

        /// Hosts that saw the same readings in another order follow the same Region.
        #[test]
        fn all_hosts_agree(mut readings in prop::collection::vec(reading(), 0..20)) {
            let one = decide(State::default(), &readings, 1);
            readings.reverse();
            let other = readings.iter().fold(State::default(), |s, r| decide(s, &[*r], 1));
            prop_assert_eq!(one.adopted, other.adopted);
        }
    }
}
