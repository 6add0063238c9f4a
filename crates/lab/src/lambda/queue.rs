//! Asynchronous invocation: an event that fails is tried twice more, a minute and two minutes later, and then goes to the dead letters.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

/// The waits before the retries.
pub const RETRIES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// An event that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The event.
    pub event: Value,
    /// How often it was tried.
    pub tried: usize,
    due: Instant,
}

/// An event that is given up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetter {
    /// The event.
    pub event: Value,
    /// How often it was tried.
    pub tried: usize,
    /// Why the last try failed.
    pub cause: String,
}

/// The queue before a function.
#[derive(Debug)]
pub struct Queue {
    retries: Vec<Duration>,
    waiting: VecDeque<Waiting>,
    /// What was given up.
    pub dead: Vec<DeadLetter>,
}

impl Queue {
    /// An empty queue with these waits before its retries.
    pub fn new(retries: Vec<Duration>) -> Self {
        Queue { retries, waiting: VecDeque::new(), dead: Vec::new() }
    }

    /// Adds an event.
    pub fn push(&mut self, event: Value, now: Instant) {
        self.waiting.push_back(Waiting { event, tried: 0, due: now });
    }

    /// When there will be something to do.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.due).min()
    }

    /// Takes the event that has been due the longest.
    pub fn next(&mut self, now: Instant) -> Option<Waiting> {
        let due = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.due <= now);
        let (index, _) = due.min_by_key(|(_, waiting)| waiting.due)?;
        self.waiting.remove(index)
    }

    /// The try of an event has failed.
    pub fn failed(&mut self, tried: Waiting, cause: &str, now: Instant) {
        let Waiting { event, tried, .. } = tried;
        match self.retries.get(tried) {
            Some(wait) => self.waiting.push_back(Waiting { event, tried: tried + 1, due: now + *wait }),
            None => self.dead.push(DeadLetter { event, tried: tried + 1, cause: cause.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn three_tries_then_the_dead_letters() {
        let begin = Instant::now();
        let at = |s: u64| begin + Duration::from_secs(s);
        let mut queue = Queue::new(RETRIES.to_vec());
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
    fn a_retry_holds_nothing_up() {
        let begin = Instant::now();
        let mut queue = Queue::new(RETRIES.to_vec());
        queue.push(json!(1), begin);
        queue.push(json!(2), begin);
        let first = queue.next(begin).unwrap();
        assert_eq!(first.event, 1);
        queue.failed(first, "why", begin);
        assert_eq!(queue.next(begin).unwrap().event, 2);
        assert_eq!(queue.next(begin), None);
        assert_eq!(queue.next(begin + RETRIES[0]).unwrap().event, 1);
    }
}
