//! A read that begins before its page asks for it.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::region::decide::window::Window;
use crate::runtime::Answer;
use crate::store::Key;
use crate::store::copies::Found;

/// An answer older than this is not used: a page that starts its session late shall not work on what others have changed meanwhile.
const FRESH: Duration = Duration::from_secs(1);

/// Where a read goes: another place, another answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The route.
    pub region: usize,
    /// The Regions asked beside it.
    pub window: Window,
}

/// The read.
pub struct Ahead {
    key: Key,
    place: Place,
    began: Instant,
    limit: Duration,
    answer: Answer<Result<Found, Error>>,
}

impl Ahead {
    /// A read of `key` in `place` that has just begun, and will have its answer within `limit`.
    #[must_use]
    pub fn new(key: Key, place: Place, limit: Duration, answer: Answer<Result<Found, Error>>) -> Self {
        Ahead { key, place, began: Instant::now(), limit, answer }
    }

    /// Waits for the answer, when it is one to a read of `key` in `place` now. Its deadline is that of a read that began when it did.
    pub fn take(self, key: &Key, place: Place) -> Option<Result<Found, Error>> {
        let took = self.began.elapsed();
        if self.key != *key || self.place != place {
            return None;
        }
        match self.answer.poll() {
            // It may have come long ago.
            Some(answer) if took < FRESH => Some(answer.and_then(|answer| answer)),
            Some(_) => None,
            // It is only now on its way.
            None => Some(self.answer.wait(self.limit.saturating_sub(took)).and_then(|answer| answer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::mask::Mask;
    use crate::runtime::Process;

    const PLACE: Place = Place { region: 0, window: Window { until_ms: 0, regions: Mask::EMPTY } };

    fn key(value: &str) -> Key {
        Key { table: "t".into(), attribute: "k".into(), value: value.into() }
    }

    fn ahead(pause: Duration) -> Ahead {
        let answer = Process::current().expect("a runtime").start(async move {
            tokio::time::sleep(pause).await;
            Ok(Found::default())
        });
        Ahead::new(key("a"), PLACE, Duration::from_millis(500), answer)
    }

    #[test]
    fn answers_only_the_same_read_in_the_same_place() {
        assert!(ahead(Duration::ZERO).take(&key("a"), PLACE).is_some_and(|answer| answer.is_ok()));
        assert!(ahead(Duration::from_millis(30)).take(&key("a"), PLACE).is_some_and(|answer| answer.is_ok()), "waits");
        assert!(ahead(Duration::ZERO).take(&key("b"), PLACE).is_none());
        assert!(ahead(Duration::ZERO).take(&key("a"), Place { region: 1, ..PLACE }).is_none());
    }

    #[test]
    fn waits_no_longer_than_a_read() {
        let began = Instant::now();
        assert!(ahead(Duration::from_secs(60)).take(&key("a"), PLACE).is_some_and(|answer| answer.is_err()));
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_old_answer_is_none() {
        let mut old = ahead(Duration::ZERO);
        // Until it has come.
        std::thread::sleep(Duration::from_millis(50));
        old.began -= FRESH;
        assert!(old.take(&key("a"), PLACE).is_none());
    }
}
