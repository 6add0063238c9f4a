//! From data points to the state of an alarm.
//!
//! Source: "Configuring how CloudWatch alarms treat missing data" with its two tables, which are the tests.

use serde::Serialize;

/// CloudWatch looks at more points than it needs, so that points which came late or not at all can be left out.
const MORE_THAN_NEEDED: usize = 2;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Within the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// Nobody knows.
    InsufficientData,
}

impl State {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Alarm => "ALARM",
            State::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// When a point breaches. There is no operator for equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Comparison {
    GreaterThanThreshold,
    GreaterThanOrEqualToThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

/// `TreatMissingData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Missing {
    /// As a point that breaches.
    Breaching,
    /// As a point that does not.
    NotBreaching,
    /// The state stays.
    Ignore,
    /// INSUFFICIENT_DATA when there is nothing else.
    Missing,
}

/// What an alarm goes by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rule {
    /// The operator.
    pub comparison: Comparison,
    /// The threshold.
    pub threshold: f64,
    /// `EvaluationPeriods`: N.
    pub periods: usize,
    /// `DatapointsToAlarm`: M of N.
    pub datapoints: usize,
    /// What missing points are taken for.
    pub missing: Missing,
}

impl Rule {
    /// Unhealthy: `HealthCheckStatus` below 1, in one period; no data is as bad.
    pub const UNHEALTHY: Rule =
        Rule { comparison: Comparison::LessThanThreshold, threshold: 1.0, periods: 1, datapoints: 1, missing: Missing::Breaching };

    /// How many of the newest points are looked at.
    pub fn range(&self) -> usize {
        self.periods + MORE_THAN_NEEDED
    }

    /// Whether a value breaches.
    pub fn breaches(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::GreaterThanThreshold => value > self.threshold,
            Comparison::GreaterThanOrEqualToThreshold => value >= self.threshold,
            Comparison::LessThanThreshold => value < self.threshold,
            Comparison::LessThanOrEqualToThreshold => value <= self.threshold,
        }
    }

    /// The state after these points, one per period, the newest last; older ones than [`range`](Rule::range) are not looked at.
    pub fn evaluate(&self, points: &[Option<f64>], current: State) -> State {
        let looked_at = &points[points.len().saturating_sub(self.range())..];
        let there: Vec<bool> = looked_at.iter().flatten().map(|value| self.breaches(*value)).collect();
        let newest = &there[there.len().saturating_sub(self.periods)..];
        let breaching = newest.iter().filter(|breaches| **breaches).count();
        let absent = self.periods - newest.len();
        if absent == 0 {
            // Enough real points: what is missing among them is as if it had never been due.
            return if breaching >= self.datapoints { State::Alarm } else { State::Ok };
        }
        let filled = match self.missing {
            Missing::Breaching => breaching + absent,
            Missing::NotBreaching => breaching,
            Missing::Ignore | Missing::Missing if breaching >= self.datapoints => return State::Alarm,
            Missing::Ignore | Missing::Missing if newest.len() > breaching => return State::Ok,
            Missing::Ignore => return current,
            Missing::Missing if newest.is_empty() => return State::InsufficientData,
            // All that is there breaches. A breach that is old enough to have been followed by others fires; one that has only just
            // come waits for them.
            Missing::Missing => {
                let age = looked_at.iter().rev().take_while(|point| point.is_none()).count() + newest.len();
                return if age >= self.datapoints { State::Alarm } else { current };
            }
        };
        if filled >= self.datapoints { State::Alarm } else { State::Ok }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0 - X`: does not breach, missing, breaches; the newest last.
    fn points(text: &str) -> Vec<Option<f64>> {
        text.split(' ').map(|point| (point != "-").then(|| f64::from(u8::from(point == "X")))).collect()
    }

    fn rule(datapoints: usize, missing: Missing) -> Rule {
        Rule { comparison: Comparison::GreaterThanOrEqualToThreshold, threshold: 1.0, periods: 3, datapoints, missing }
    }

    /// The columns of the guide's tables: missing, ignore, breaching, notBreaching. `None`: the state stays.
    fn table(datapoints: usize, rows: &[(&str, [Option<State>; 4])]) {
        for (row, expected) in rows {
            let ways = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
            for (missing, expected) in ways.into_iter().zip(expected) {
                for current in [State::Ok, State::Alarm, State::InsufficientData] {
                    let state = rule(datapoints, missing).evaluate(&points(row), current);
                    assert_eq!(state, expected.unwrap_or(current), "{row} with {missing:?}, {datapoints} of 3, from {current:?}");
                }
            }
        }
    }

    const OK: Option<State> = Some(State::Ok);
    const ALARM: Option<State> = Some(State::Alarm);
    const NO_DATA: Option<State> = Some(State::InsufficientData);

    #[test]
    fn the_guides_table_for_3_of_3() {
        table(
            3,
            &[
                ("0 - X - X", [OK, OK, OK, OK]),
                ("- - - - 0", [OK, OK, OK, OK]),
                ("- - - - -", [NO_DATA, None, ALARM, OK]),
                ("0 X X - X", [ALARM, ALARM, ALARM, ALARM]),
                ("- - X - -", [ALARM, None, ALARM, OK]),
            ],
        );
    }

    #[test]
    fn the_guides_table_for_2_of_3() {
        table(
            2,
            &[
                ("0 - X - X", [ALARM, ALARM, ALARM, ALARM]),
                ("0 0 X 0 X", [ALARM, ALARM, ALARM, ALARM]),
                ("0 - X - -", [OK, OK, ALARM, OK]),
                ("- - - - 0", [OK, OK, ALARM, OK]),
                ("- - - X -", [ALARM, None, ALARM, OK]),
            ],
        );
    }

    #[test]
    fn all_four_operators() {
        use Comparison::*;
        let cases = [
            (GreaterThanThreshold, [false, false, true]),
            (GreaterThanOrEqualToThreshold, [false, true, true]),
            (LessThanThreshold, [true, false, false]),
            (LessThanOrEqualToThreshold, [true, true, false]),
        ];
        for (comparison, expected) in cases {
            let rule = Rule { comparison, ..Rule::UNHEALTHY };
            assert_eq!([0.0, 1.0, 2.0].map(|value| rule.breaches(value)), expected, "{comparison:?}");
        }
    }

    #[test]
    fn health_check_status_is_1_when_healthy() {
        let of = |rule: Rule, value: f64| rule.evaluate(&[Some(value)], State::Ok);
        assert_eq!((of(Rule::UNHEALTHY, 1.0), of(Rule::UNHEALTHY, 0.0)), (State::Ok, State::Alarm));
        let recipe = Rule { comparison: Comparison::GreaterThanThreshold, threshold: 0.0, ..Rule::UNHEALTHY };
        assert_eq!((of(recipe, 1.0), of(recipe, 0.0)), (State::Alarm, State::Ok), "the usual recipe's alarm fires while all is well");
    }

    #[test]
    fn only_the_newest_points_count() {
        let rule = Rule::UNHEALTHY;
        assert_eq!(rule.evaluate(&[Some(0.0), Some(1.0)], State::Alarm), State::Ok);
        assert_eq!(rule.evaluate(&[Some(1.0), None, None], State::Ok), State::Ok, "still within the range");
        assert_eq!(rule.evaluate(&[Some(1.0), None, None, None], State::Ok), State::Alarm, "missing is breaching");
        assert_eq!(rule.evaluate(&[], State::InsufficientData), State::Alarm);
    }
}
