//! What happened to each request.

use std::collections::BTreeMap;

use serde::Serialize;

use super::session::{Finding, Instead};

/// A request over this is slow.
pub const SLOW_MS: f32 = 1000.0;

/// How a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The right session, the change stored.
    Good,
    /// No session, an error, or the change was not stored.
    Failed,
    /// An older session.
    Stale,
    /// No session any more, or a wrong one.
    Lost,
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When it was to start, in milliseconds.
    pub scheduled_ms: u64,
    /// From then until its answer, in milliseconds.
    pub latency_ms: f32,
    /// The host it was sent to.
    pub host: usize,
    /// How it went.
    pub outcome: Outcome,
    /// Whether it stored a change.
    pub stored: bool,
}

impl Sample {
    /// When the answer was there, in milliseconds.
    pub fn ended_ms(&self) -> u64 {
        self.scheduled_ms + self.latency_ms as u64
    }
}

/// A session that was found lost or stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// The visitor's number, never the session's id.
    pub visitor: u32,
    /// Lost, else stale.
    pub lost: bool,
    /// When it was found first, in milliseconds.
    pub at_ms: u64,
    /// The host that found it.
    pub host: usize,
    /// The last stored change.
    pub expected: u64,
    /// What was found instead.
    pub found: Instead,
    /// When the missing change was stored, in milliseconds.
    pub stored_ms: u64,
    /// The host that stored it.
    pub stored_by: usize,
    /// How many requests found the same.
    pub times: u64,
    /// Still so in the final check.
    pub at_the_end: bool,
}

/// All requests of a drill.
#[derive(Debug, Default)]
pub struct Record {
    /// In the order of their answers.
    pub samples: Vec<Sample>,
    /// In the order in which they were found.
    pub incidents: Vec<Incident>,
    /// Why requests failed, and how many.
    pub causes: BTreeMap<String, u64>,
}

impl Record {
    /// Notes why a request failed. Times are taken out of the words, so that the same cause is counted together.
    pub fn cause(&mut self, cause: &str) {
        *self.causes.entry(without_times(cause)).or_default() += 1;
    }

    /// Adds what the final check found. A session that was known to miss the same change is one incident, not two.
    pub fn add_final(&mut self, incident: Incident) {
        let same =
            |known: &&mut Incident| (known.visitor, known.expected, known.lost) == (incident.visitor, incident.expected, incident.lost);
        match self.incidents.iter_mut().find(same) {
            Some(known) => {
                known.at_the_end = true;
                known.times += 1;
            }
            None => self.incidents.push(Incident { at_the_end: true, ..incident }),
        }
    }

    /// Notes how a session was found, and gives the outcome.
    pub fn finding(&mut self, visitor: u32, finding: Finding, at_ms: u64, host: usize) -> Outcome {
        let (lost, missing) = match finding {
            Finding::Right => return Outcome::Good,
            Finding::Stale(missing) => (false, missing),
            Finding::Lost(missing) => (true, missing),
        };
        let same = |known: &&mut Incident| known.visitor == visitor && known.expected == missing.expected && known.lost == lost;
        match self.incidents.iter_mut().rev().find(same) {
            Some(known) => known.times += 1,
            None => self.incidents.push(Incident {
                visitor,
                lost,
                at_ms,
                host,
                expected: missing.expected,
                found: missing.found,
                stored_ms: missing.stored_ms,
                stored_by: missing.stored_by,
                times: 1,
                at_the_end: false,
            }),
        }
        if lost { Outcome::Lost } else { Outcome::Stale }
    }
}

/// A percentile (nearest rank); 0 of nothing. Sorts.
pub fn percentile(latencies: &mut [f32], share: f64) -> f32 {
    latencies.sort_by(f32::total_cmp);
    let rank = (share * latencies.len() as f64).ceil() as usize;
    latencies.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

/// "after 702 ms" becomes "after … ms".
fn without_times(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let kept = words.iter().enumerate().map(|(at, word)| {
        let unit = words.get(at + 1).is_some_and(|next| next.trim_matches(|c: char| !c.is_alphabetic()) == "ms");
        if unit && is_number(word) { "…" } else { word }
    });
    kept.collect::<Vec<&str>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::session::Missing;

    #[test]
    fn causes_are_counted_without_their_times() {
        let mut record = Record::default();
        record.cause("no answer (GetItem after 702 ms): 3 attempts");
        record.cause("no answer (GetItem after 1690 ms): 3 attempts");
        assert_eq!(record.causes, [("no answer (GetItem after … ms): 3 attempts".to_owned(), 2)].into());
    }

    #[test]
    fn the_same_missing_change_is_one_incident() {
        let mut record = Record::default();
        let stale = || Finding::Stale(Missing { expected: 5, found: Instead::Change(4), stored_ms: 10, stored_by: 0 });
        for at in [100, 200] {
            assert_eq!(record.finding(7, stale(), at, 1), Outcome::Stale);
        }
        record.finding(8, stale(), 300, 1);
        let times: Vec<(u32, u64, u64)> = record.incidents.iter().map(|i| (i.visitor, i.at_ms, i.times)).collect();
        assert_eq!(times, [(7, 100, 2), (8, 300, 1)]);
        record.add_final(record.incidents[0].clone());
        assert_eq!(record.incidents.len(), 2);
        assert!(record.incidents[0].at_the_end && !record.incidents[1].at_the_end);
    }

    #[test]
    fn percentiles_by_nearest_rank() {
        let mut latencies: Vec<f32> = (1..=100).map(|n| n as f32).rev().collect();
        assert_eq!(percentile(&mut latencies, 0.5), 50.0);
        assert_eq!(percentile(&mut latencies, 0.99), 99.0);
        assert_eq!(percentile(&mut latencies, 1.0), 100.0);
        assert_eq!(percentile(&mut [], 0.5), 0.0);
    }
}
