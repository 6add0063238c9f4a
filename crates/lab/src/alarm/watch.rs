//! One alarm over time. It lives in us-east-1: while that is out of reach it hears nothing, sees nothing and does nothing.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::evaluate::{Rule, State};

/// A change of state, for who turns it into an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// Why, in CloudWatch's words.
    pub reason: String,
}

/// An alarm with its data.
#[derive(Debug)]
pub struct Watch {
    rule: Rule,
    period: Duration,
    state: State,
    /// The least value of each period that has ended, the newest last.
    points: VecDeque<Option<f64>>,
    /// The least value of the period that runs.
    now: Option<f64>,
    period_ends: Instant,
    reachable: bool,
}

impl Watch {
    /// An alarm that has been there for a while, and found nothing: the first period begins now, and says nothing when it is a good one.
    pub fn new(rule: Rule, period: Duration, now: Instant) -> Self {
        let points = VecDeque::new();
        Watch { rule, period, state: State::Ok, points, now: None, period_ends: now + period, reachable: true }
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// When the period that runs ends: time for [`advance`](Watch::advance).
    pub fn next(&self) -> Instant {
        self.period_ends
    }

    /// Whether us-east-1 can be reached.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
    }

    /// A value of the metric; lost while us-east-1 is.
    pub fn sample(&mut self, value: f64) {
        if self.reachable {
            self.now = Some(self.now.map_or(value, |least| least.min(value)));
        }
    }

    /// Ends all periods that are over; the changes of state, in their order.
    pub fn advance(&mut self, now: Instant) -> Vec<Turned> {
        let mut turned = Vec::new();
        while self.period_ends <= now {
            self.period_ends += self.period;
            self.points.push_back(self.now.take());
            if self.points.len() > self.rule.range() {
                self.points.pop_front();
            }
            if !self.reachable {
                continue;
            }
            let to = self.rule.evaluate(self.points.make_contiguous(), self.state);
            if to != self.state {
                turned.push(Turned { from: self.state, to, reason: self.reason(to) });
                self.state = to;
            }
        }
        turned
    }

    fn reason(&self, to: State) -> String {
        let newest = self.points.iter().rev().find_map(|point| *point);
        match newest {
            Some(value) => format!("Threshold Crossed: the newest datapoint is {value} and the state is {}", to.name()),
            None => format!("Threshold Crossed: no datapoints were received and the state is {}", to.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(60);

    struct Case {
        watch: Watch,
        now: Instant,
    }

    impl Case {
        fn new(rule: Rule) -> Self {
            let now = Instant::now();
            Case { watch: Watch::new(rule, PERIOD, now), now }
        }

        /// A period with these values; the states it turned to.
        fn period(&mut self, values: &[f64]) -> Vec<State> {
            values.iter().for_each(|value| self.watch.sample(*value));
            self.now += PERIOD;
            self.watch.advance(self.now).into_iter().map(|turned| turned.to).collect()
        }
    }

    #[test]
    fn one_unhealthy_minute_fires_once_and_one_healthy_minute_ends_it() {
        let mut case = Case::new(Rule::UNHEALTHY);
        assert_eq!(case.period(&[1.0, 1.0]), [], "a good first minute is no news");
        assert_eq!(case.period(&[1.0, 0.0, 1.0]), [State::Alarm], "the least value of the minute counts");
        assert_eq!(case.period(&[0.0]), []);
        assert_eq!(case.period(&[1.0]), [State::Ok]);
    }

    #[test]
    fn nothing_comes_from_a_dead_us_east_1() {
        let mut case = Case::new(Rule::UNHEALTHY);
        case.period(&[1.0]);
        case.watch.set_reachable(false);
        for _ in 0..10 {
            assert_eq!(case.period(&[0.0]), [], "no data and no action");
        }
        assert_eq!(case.watch.state(), State::Ok);
        case.watch.set_reachable(true);
        assert_eq!(case.period(&[]), [State::Alarm], "back, and nothing known of the minutes before: breaching");
        assert_eq!(case.period(&[1.0]), [State::Ok]);
    }

    #[test]
    fn two_of_three() {
        let mut case = Case::new(Rule { periods: 3, datapoints: 2, ..Rule::UNHEALTHY });
        let turned: Vec<_> = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0].iter().map(|value| case.period(&[*value])).collect();
        // The first minutes have too few points; what is missing breaches.
        assert_eq!(turned[..3], [vec![State::Alarm], vec![State::Ok], vec![]]);
        assert_eq!(turned[3..], [vec![], vec![], vec![State::Alarm], vec![State::Ok]]);
    }

    #[test]
    fn periods_that_were_slept_through_are_missing() {
        let mut case = Case::new(Rule::UNHEALTHY);
        case.period(&[1.0]);
        case.now += 3 * PERIOD;
        let turned = case.watch.advance(case.now);
        assert_eq!(turned.len(), 1);
        assert_eq!((turned[0].to, turned[0].from), (State::Alarm, State::Ok));
        assert!(turned[0].reason.contains("no datapoints"), "{}", turned[0].reason);
    }
}
