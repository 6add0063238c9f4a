//! What all checkers together make of an endpoint: pure, fed with results.

use serde::Serialize;

use super::check::HealthCheck;

/// Of a hundred checkers, more than these must find an endpoint healthy.
pub const SHARE: usize = 18;

/// One checker's mind. A check that is new is taken for healthy until there is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checker {
    healthy: bool,
    /// Results in a row that say otherwise.
    against: u32,
}

/// A health check with its checkers.
#[derive(Debug, Clone)]
pub struct Health {
    check: HealthCheck,
    checkers: Vec<Checker>,
}

/// A change of the whole check's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The new status.
    pub healthy: bool,
    /// Checkers that find the endpoint healthy.
    pub for_it: usize,
}

impl Health {
    /// A new check.
    pub fn new(check: HealthCheck) -> Self {
        let checkers = vec![Checker { healthy: true, against: 0 }; check.checkers];
        Health { check, checkers }
    }

    /// Its configuration.
    pub fn check(&self) -> &HealthCheck {
        &self.check
    }

    /// Changes the configuration, as an operator would (`Disabled`, `Inverted`). What the checkers have seen stays.
    pub fn configure(&mut self, change: impl FnOnce(&mut HealthCheck)) {
        change(&mut self.check);
    }

    /// Takes a result of one checker; the turn, when the status of the whole changes by it.
    pub fn take(&mut self, checker: usize, passed: bool) -> Option<Turn> {
        let before = self.is_healthy();
        let threshold = self.check.threshold;
        let checker = &mut self.checkers[checker];
        if passed == checker.healthy {
            checker.against = 0;
        } else {
            checker.against += 1;
            if checker.against >= threshold {
                *checker = Checker { healthy: passed, against: 0 };
            }
        }
        let healthy = self.is_healthy();
        (healthy != before).then(|| Turn { healthy, for_it: self.for_it() })
    }

    /// Checkers that find the endpoint healthy.
    pub fn for_it(&self) -> usize {
        self.checkers.iter().filter(|checker| checker.healthy).count()
    }

    /// The status: what DNS goes by, and the value of the metric `HealthCheckStatus`.
    pub fn is_healthy(&self) -> bool {
        let found = self.check.disabled || self.for_it() * 100 > SHARE * self.checkers.len();
        found != self.check.inverted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn health(checkers: usize) -> Health {
        Health::new(HealthCheck { checkers, ..HealthCheck::ok_every_30_s() })
    }

    #[test]
    fn three_failures_in_a_row_change_a_checkers_mind_and_three_successes_change_it_back() {
        let mut health = health(1);
        let turns = |health: &mut Health, results: &[bool]| results.iter().map(|r| health.take(0, *r)).collect::<Vec<_>>();
        assert_eq!(turns(&mut health, &[false, false, true, false, false]), [None; 5], "not in a row");
        assert_eq!(health.take(0, false), Some(Turn { healthy: false, for_it: 0 }));
        assert_eq!(turns(&mut health, &[true, true, false, true, true]), [None; 5]);
        assert_eq!(health.take(0, true), Some(Turn { healthy: true, for_it: 1 }));
    }

    #[test]
    fn more_than_18_percent_of_the_checkers_make_it_healthy() {
        // The most checkers that still find it healthy when it is unhealthy: 18 % or fewer.
        for (checkers, most) in [(16, 2), (8, 1), (3, 0), (50, 9), (100, 18), (5, 0), (6, 1)] {
            let mut health = health(checkers);
            let mut turned_at = None;
            for checker in 0..checkers {
                for _ in 0..3 {
                    if let Some(turn) = health.take(checker, false) {
                        assert!(!turn.healthy);
                        turned_at = Some(health.for_it());
                    }
                }
            }
            assert_eq!(turned_at, Some(most), "{checkers} checkers");
        }
    }

    #[test]
    fn a_disabled_check_is_healthy_and_a_drill_inverts_it() {
        let mut health = health(16);
        for checker in 0..16 {
            (0..3).for_each(|_| {
                health.take(checker, false);
            });
        }
        assert!(!health.is_healthy());
        health.configure(|check| check.disabled = true);
        assert!(health.is_healthy(), "disabling a check of a dead endpoint sends traffic there");
        health.configure(|check| (check.disabled, check.inverted) = (false, true));
        assert!(health.is_healthy());
        let mut well = Health::new(HealthCheck::ok_every_30_s());
        assert!(well.is_healthy(), "new: healthy");
        well.configure(|check| check.inverted = true);
        assert!(!well.is_healthy(), "this is how to drill");
        well.configure(|check| check.disabled = true);
        assert!(!well.is_healthy(), "disabled and inverted: unhealthy");
    }

    proptest! {
        /// Against the words of the guide: a checker has the last value that came `threshold` times in a row.
        #[test]
        fn as_the_guide_says(
            checkers in 3usize..20, threshold in 1u32..=10, inverted: bool,
            results in prop::collection::vec((0usize..20, any::<bool>()), 0..300),
        ) {
            let mut health = Health::new(HealthCheck { checkers, threshold, inverted, ..HealthCheck::ok_every_30_s() });
            let mut heard: Vec<Vec<bool>> = vec![Vec::new(); checkers];
            let mut status = health.is_healthy();
            for (checker, passed) in results {
                let checker = checker % checkers;
                heard[checker].push(passed);
                let turn = health.take(checker, passed);
                let mind = |heard: &Vec<bool>| {
                    let mut runs = heard.windows(threshold as usize).filter(|run| run.iter().all(|r| r == &run[0]));
                    runs.next_back().is_none_or(|run| run[0])
                };
                let for_it = heard.iter().filter(|heard| mind(heard)).count();
                prop_assert_eq!(health.for_it(), for_it);
                prop_assert_eq!(health.is_healthy(), (for_it as f64 / checkers as f64 > 0.18) != inverted);
                prop_assert_eq!(turn.is_some(), health.is_healthy() != status);
                status = health.is_healthy();
            }
        }
    }
}
