//! Writes that a page does not wait for where it closes its session: those of this process that are under way.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::runtime::Answer;
use crate::store::Key;
use crate::store::copies::Seen;

/// A process has at most so many under way; one more waits for the oldest.
const MOST: usize = 16;

/// One write.
pub struct Pending {
    /// What is written.
    pub key: Key,
    /// The response waits for it.
    pub before_the_response: bool,
    /// When it will have ended.
    pub deadline: Instant,
    /// What is known of its copies then; nothing: it changed nothing of that.
    pub answer: Answer<Result<Option<Seen>, Error>>,
}

impl Pending {
    fn wait(self) -> Result<Option<Seen>, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.answer.wait(left).and_then(|answer| answer)
    }
}

/// The writes of this process that are under way. Each tells of its own failure; what is waited for here has told already.
#[derive(Default)]
pub struct Later(RefCell<Vec<Pending>>);

impl Later {
    /// Takes one more.
    pub fn add(&self, pending: Pending) {
        self.reap();
        if self.0.borrow().len() >= MOST {
            let oldest = self.0.borrow_mut().remove(0);
            let _ = oldest.wait();
        }
        self.0.borrow_mut().push(pending);
    }

    /// Waits for the writes of `key`: what the last one has made known of its copies.
    pub fn settle(&self, key: &Key) -> Option<Seen> {
        self.take(|pending| pending.key == *key).into_iter().filter_map(|pending| pending.wait().ok().flatten()).last()
    }

    /// The request ends: waits for those that the response waits for.
    pub fn before_the_response(&self) {
        for pending in self.take(|pending| pending.before_the_response) {
            let _ = pending.wait();
        }
        self.reap();
    }

    /// The process ends: waits for all.
    pub fn flush(&self) {
        for pending in self.take(|_| true) {
            let _ = pending.wait();
        }
    }

    /// Forgets those that have ended.
    fn reap(&self) {
        self.0.borrow_mut().retain(|pending| pending.answer.poll().is_none());
    }

    fn take(&self, wanted: impl Fn(&Pending) -> bool) -> Vec<Pending> {
        let mut held = self.0.borrow_mut();
        let (taken, kept) = std::mem::take(&mut *held).into_iter().partition(|pending| wanted(pending));
        *held = kept;
        taken
    }
}

/// How much longer than its deadline a write's end may take to be noticed.
pub const GRACE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::runtime::Process;

    fn key(value: usize) -> Key {
        Key { table: "t".into(), attribute: "k".into(), value: value.to_string() }
    }

    /// A write that ends after a while, and counts itself then.
    fn pending(number: usize, ended: &Arc<AtomicUsize>, before_the_response: bool) -> Pending {
        let ended = Arc::clone(ended);
        let answer = Process::current().expect("a runtime").start(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            ended.fetch_add(1, Ordering::SeqCst);
            Ok(Some(Seen::default()))
        });
        Pending { key: key(number), before_the_response, deadline: Instant::now() + Duration::from_secs(5), answer }
    }

    #[test]
    fn a_key_is_settled_alone_and_the_end_of_a_request_waits_for_what_it_must() {
        let (later, ended) = (Later::default(), Arc::new(AtomicUsize::new(0)));
        later.add(pending(1, &ended, true));
        assert!(later.settle(&key(2)).is_none() && ended.load(Ordering::SeqCst) == 0, "not this one's");
        assert!(later.settle(&key(1)).is_some() && ended.load(Ordering::SeqCst) == 1);
        later.add(pending(3, &ended, true));
        later.before_the_response();
        assert_eq!(ended.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_queue_is_bounded_and_flushed() {
        let (later, ended) = (Later::default(), Arc::new(AtomicUsize::new(0)));
        for number in 0..=MOST {
            later.add(pending(number, &ended, false));
        }
        assert!(ended.load(Ordering::SeqCst) >= 1, "the last one waited for the first");
        later.flush();
        assert_eq!(ended.load(Ordering::SeqCst), MOST + 1);
    }

    #[test]
    fn one_that_never_ends_is_given_up() {
        let later = Later::default();
        let answer = Process::current().expect("a runtime").start(std::future::pending());
        later.add(Pending { key: key(1), before_the_response: true, deadline: Instant::now() + Duration::from_millis(20), answer });
        later.before_the_response();
        assert!(later.settle(&key(1)).is_none());
    }
}
