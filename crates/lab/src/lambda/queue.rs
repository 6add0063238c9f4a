//! Asynchronous invocation: an event that fails is tried again, later, until it has been tried often enough or is too old; then it goes to
//! the dead letters.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

/// How a queue deals with events.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The waits before the retries.
    pub retries: Vec<Duration>,
    /// An older event is not tried.
    pub age: Duration,
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The event.
    pub event: Value,
    /// How often it was tried.
    pub tried: usize,
    came: Instant,
    due: Instant,
    /// Why the last try failed.
    cause: Option<String>,
}

/// An event that is given up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetter {
    /// The event.
    pub event: Value,
    /// How often it was tried.
    pub tried: usize,
    /// Why the last try failed, or that there was none.
    pub cause: String,
}

/// The queue before a function.
#[derive(Debug)]
pub struct Queue {
    policy: Policy,
    waiting: VecDeque<Waiting>,
    /// What was given up.
    pub dead: Vec<DeadLetter>,
}

impl Queue {
    /// An empty queue.
    pub fn new(policy: Policy) -> Self {
        Queue { policy, waiting: VecDeque::new(), dead: Vec::new() }
    }

    /// Adds an event.
    pub fn push(&mut self, event: Value, now: Instant) {
        self.waiting.push_back(Waiting { event, tried: 0, came: now, due: now, cause: None });
    }

    /// When there will be something to do.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.due).min()
    }

    /// Takes the event that has been due the longest and is not too old.
    pub fn next(&mut self, now: Instant) -> Option<Waiting> {
        loop {
            let due = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.due <= now);
            let (index, _) = due.min_by_key(|(_, waiting)| waiting.due)?;
            let waiting = self.waiting.remove(index)?;
            if now.saturating_duration_since(waiting.came) <= self.policy.age {
                return Some(waiting);
            }
            let cause = waiting.cause.unwrap_or_else(|| "it was too old before it could be tried".to_owned());
            self.dead.push(DeadLetter { event: waiting.event, tried: waiting.tried, cause });
        }
    }

    /// The try of an event has failed.
    pub fn failed(&mut self, tried: Waiting, cause: &str, now: Instant) {
        let (before, tried) = (tried.tried, Waiting { tried: tried.tried + 1, cause: Some(cause.to_owned()), ..tried });
        match self.policy.retries.get(before) {
            Some(wait) => self.waiting.push_back(Waiting { due: now + *wait, ..tried }),
            None => self.dead.push(DeadLetter { event: tried.event, tried: tried.tried, cause: cause.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn queue() -> Queue {
        let s = Duration::from_secs;
        Queue::new(Policy { retries: vec![s(60), s(120)], age: s(200) })
    }

    #[test]
    fn three_tries_then_the_dead_letters() {
        let begin = Instant::now();
        let at = |s: u64| begin + Duration::from_secs(s);
        let mut queue = queue();
        queue.push(json!("bad"), at(0));
        for (now, tried) in [(0, 0), (60, 1), (180, 2)] {
            if now > 0 {
                assert_eq!(queue.next(at(now - 1)), None, "too early");
            }
            assert_eq!(queue.due(), Some(at(now)));
            let waiting = queue.next(at(now)).unwrap();
            assert_eq!(waiting.tried, tried);
            queue.failed(waiting, "why", at(now));
        }
        assert_eq!(queue.due(), None);
        assert_eq!(queue.dead, [DeadLetter { event: json!("bad"), tried: 3, cause: "why".into() }]);
    }

    #[test]
    fn what_is_too_old_is_not_tried() {
        let begin = Instant::now();
        let at = |s: u64| begin + Duration::from_secs(s);
        let mut queue = queue();
        queue.push(json!("failed"), at(0));
        let failed = queue.next(at(0)).unwrap();
        queue.failed(failed, "why", at(150));
        queue.push(json!("waited"), at(0));
        queue.push(json!("young"), at(1));
        assert_eq!(queue.next(at(201)).unwrap().event, "young");
        assert_eq!(queue.next(at(210)), None);
        let dead: Vec<_> = queue.dead.iter().map(|dead| (dead.event.as_str().unwrap(), dead.tried, dead.cause.as_str())).collect();
        assert_eq!(dead, [("waited", 0, "it was too old before it could be tried"), ("failed", 1, "why")]);
    }

    #[test]
    fn a_retry_holds_nothing_up() {
        let begin = Instant::now();
        let mut queue = queue();
        queue.push(json!(1), begin);
        queue.push(json!(2), begin);
        let first = queue.next(begin).unwrap();
        assert_eq!(first.event, 1);
        queue.failed(first, "why", begin);
        assert_eq!(queue.next(begin).unwrap().event, 2);
        assert_eq!(queue.next(begin), None);
        assert_eq!(queue.next(begin + Duration::from_secs(60)).unwrap().event, 1);
    }
}
