//! What each visitor's session must hold.
//!
//! Every change has a number that is never used again. A change whose request did not succeed may or may not have been stored: both are
//! right afterwards, until one of them is seen.

use serde::Serialize;

/// What a page found in a session, and what became of the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The visitor that the session says it belongs to.
    pub owner: Option<u32>,
    /// The newest changes the session held before this request, oldest first.
    pub changes: Vec<u64>,
    /// A new session cookie, when the visitor was given one.
    pub cookie: Option<String>,
    /// Whether the change was stored.
    pub saved: bool,
}

/// How a session was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should be.
    Right,
    /// Older than the last stored change.
    Stale(Missing),
    /// Gone, empty, or another's.
    Lost(Missing),
}

/// What is missing in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The number of the last stored change.
    pub expected: u64,
    /// What was found instead.
    pub found: Instead,
    /// When the missing change was stored, in milliseconds.
    pub stored_ms: u64,
    /// The host that stored it.
    pub stored_by: usize,
}

/// What is found instead of the last stored change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// An older change.
    Change(u64),
    /// Nothing: an empty session with the visitor's cookie.
    Empty,
    /// Nothing: the visitor was given a new cookie.
    NewSession,
    /// Contents that are not this visitor's, or never were in this order.
    Foreign,
}

/// A change that is known to be stored.
#[derive(Debug, Clone, Copy)]
struct Stored {
    change: u64,
    at_ms: u64,
    by: usize,
}

/// A visitor with a session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The visitor's number: 1, 2, 3.
    pub number: u32,
    /// The session cookie.
    pub cookie: Option<String>,
    /// The host that served it last.
    pub last_host: usize,
    stored: Option<Stored>,
    /// Changes of which nobody knows whether they were stored.
    uncertain: Vec<u64>,
    last_change: u64,
}

impl Session {
    /// A visitor without a session.
    pub fn new(number: u32) -> Self {
        Session { number, cookie: None, last_host: 0, stored: None, uncertain: Vec::new(), last_change: 0 }
    }

    /// Whether the session was stored at least once and has not been found lost since.
    pub fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// A new drill with a new clock begins: what is stored was stored before it.
    pub fn begin(&mut self) {
        if let Some(stored) = &mut self.stored {
            stored.at_ms = 0;
        }
    }

    /// What was found when everything had settled is what the visitor has from now on; what is missing has been counted.
    pub fn settle_for(&mut self, found: u64) {
        if let Some(stored) = &mut self.stored {
            stored.change = found;
        }
        self.uncertain.clear();
    }

    /// The number of the visitor's next change.
    pub fn next_change(&mut self) -> u64 {
        self.last_change += 1;
        self.last_change
    }

    /// A request with this change got no answer, or one that does not say what became of it.
    pub fn unanswered(&mut self, change: Option<u64>) {
        self.uncertain.extend(change);
    }

    /// A request was answered: how was the session found? `change` is what it was to store.
    pub fn answered(&mut self, seen: &Seen, change: Option<u64>, at_ms: u64, by: usize) -> Finding {
        let finding = self.compare(seen);
        if let Some(cookie) = &seen.cookie {
            self.cookie = Some(cookie.clone());
        }
        if matches!(finding, Finding::Lost(_)) {
            self.stored = None;
            self.uncertain.clear();
        }
        match change {
            Some(change) if seen.saved => {
                self.stored = Some(Stored { change, at_ms, by });
                self.uncertain.clear();
            }
            change => self.uncertain.extend(change),
        }
        finding
    }

    fn compare(&mut self, seen: &Seen) -> Finding {
        let Some(stored) = self.stored else {
            // Nothing is known to be stored, so nothing can be missing.
            return Finding::Right;
        };
        let missing = |found| Missing { expected: stored.change, found, stored_ms: stored.at_ms, stored_by: stored.by };
        if seen.cookie.is_some() {
            return Finding::Lost(missing(Instead::NewSession));
        }
        let Some(&found) = seen.changes.last() else {
            return Finding::Lost(missing(Instead::Empty));
        };
        let in_order = seen.changes.is_sorted_by(|a, b| a < b);
        if seen.owner != Some(self.number) || !in_order || found > self.last_change {
            return Finding::Lost(missing(Instead::Foreign));
        }
        if found == stored.change {
            return Finding::Right;
        }
        if self.uncertain.contains(&found) {
            self.stored = Some(Stored { change: found, ..stored });
            self.uncertain.retain(|&change| change > found);
            return Finding::Right;
        }
        Finding::Stale(missing(Instead::Change(found)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(owner: u32, changes: &[u64]) -> Seen {
        Seen { owner: Some(owner), changes: changes.to_vec(), cookie: None, saved: true }
    }

    /// Visitor 7 whose changes 1 and 2 are stored.
    fn visitor() -> Session {
        let mut session = Session::new(7);
        for known in [vec![], vec![1]] {
            let change = session.next_change();
            assert_eq!(session.answered(&seen(7, &known), Some(change), 100, 1), Finding::Right);
        }
        session
    }

    fn missing(expected: u64, found: Instead) -> Missing {
        Missing { expected, found, stored_ms: 100, stored_by: 1 }
    }

    #[test]
    fn the_last_stored_change_is_right() {
        assert_eq!(visitor().answered(&seen(7, &[1, 2]), None, 200, 0), Finding::Right);
    }

    #[test]
    fn an_older_change_is_stale_until_the_newer_one_is_seen() {
        let mut session = visitor();
        let stale = Finding::Stale(missing(2, Instead::Change(1)));
        assert_eq!(session.answered(&seen(7, &[1]), None, 200, 0), stale);
        assert_eq!(session.answered(&seen(7, &[1]), None, 300, 0), stale);
        assert_eq!(session.answered(&seen(7, &[1, 2]), None, 400, 0), Finding::Right);
    }

    #[test]
    fn a_change_on_top_of_a_stale_session_is_the_new_truth() {
        let mut session = visitor();
        let change = session.next_change();
        assert!(matches!(session.answered(&seen(7, &[1]), Some(change), 200, 0), Finding::Stale(_)));
        assert_eq!(session.answered(&seen(7, &[1, 3]), None, 300, 0), Finding::Right);
        assert!(matches!(session.answered(&seen(7, &[1, 2]), None, 400, 0), Finding::Stale(_)));
    }

    #[test]
    fn a_drill_does_not_inherit_what_is_missing() {
        let mut session = visitor();
        assert!(matches!(session.answered(&seen(7, &[1]), None, 200, 0), Finding::Stale(_)));
        session.settle_for(1);
        assert_eq!(session.answered(&seen(7, &[1]), None, 300, 0), Finding::Right);
    }

    #[test]
    fn an_empty_session_a_new_cookie_and_strange_contents_are_lost() {
        let empty = Seen { owner: None, ..seen(7, &[]) };
        assert_eq!(visitor().answered(&empty, None, 200, 0), Finding::Lost(missing(2, Instead::Empty)));
        let renewed = Seen { cookie: Some("PHPSESSID=new".into()), ..empty };
        let mut session = visitor();
        assert_eq!(session.answered(&renewed, None, 200, 0), Finding::Lost(missing(2, Instead::NewSession)));
        assert_eq!(session.cookie.as_deref(), Some("PHPSESSID=new"));
        assert!(!session.is_stored());
        for strange in [seen(8, &[1, 2]), seen(7, &[2, 1]), seen(7, &[1, 9])] {
            assert_eq!(visitor().answered(&strange, None, 200, 0), Finding::Lost(missing(2, Instead::Foreign)), "{strange:?}");
        }
    }

    #[test]
    fn an_uncertain_change_may_have_been_stored_or_not() {
        for (after, kept) in [(vec![1, 2], 2), (vec![1, 2, 3], 3)] {
            let mut session = visitor();
            let change = session.next_change();
            session.unanswered(Some(change));
            assert_eq!(session.answered(&seen(7, &after), None, 200, 0), Finding::Right);
            assert_eq!(session.stored.unwrap().change, kept);
        }
        let mut session = visitor();
        let change = session.next_change();
        let unsaved = Seen { saved: false, ..seen(7, &[1, 2]) };
        assert_eq!(session.answered(&unsaved, Some(change), 200, 0), Finding::Right);
        assert_eq!(session.answered(&seen(7, &[1, 2, 3]), None, 300, 0), Finding::Right);
        assert!(matches!(session.answered(&seen(7, &[1, 2]), None, 400, 0), Finding::Stale(_)), "once seen, it must stay");
    }

    #[test]
    fn a_stored_change_ends_the_doubt() {
        let mut session = visitor();
        let (third, fourth) = (session.next_change(), session.next_change());
        session.unanswered(Some(third));
        assert_eq!(session.answered(&seen(7, &[1, 2]), Some(fourth), 200, 0), Finding::Right);
        assert!(matches!(session.answered(&seen(7, &[1, 2, 3]), None, 300, 0), Finding::Stale(_)));
    }
}
