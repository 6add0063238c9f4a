//! Whose turn it is. A session never has two requests in flight.
//!
//! One visitor in twenty is *hot*: in its turn it comes back again and again within 50 to 300 ms, each time through the other host. A
//! quarter of the requests are theirs. All others come back after seconds, through either host.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::catalog::Crowd;
use super::session::Session;

/// One visitor in so many is hot.
const HOT_ONE_IN: u32 = 20;
/// At lower rates nobody is hot: one visitor would take all requests, and one host after the other would see none.
const HOT_FROM_RATE: f64 = 3.0;
/// The share of requests that hot visitors make.
const HOT_SHARE: f64 = 0.25;
/// Requests a hot visitor makes before it is another one's turn.
const HOT_VISITS: u32 = 20;
/// Milliseconds after which a hot visitor comes back.
const HOT_PAUSE_MS: std::ops::Range<u64> = 50..300;

/// A hot visitor between two requests of its turn.
#[derive(Debug)]
struct Hot {
    session: usize,
    due: Instant,
}

/// The visitors of a drill.
#[derive(Debug)]
pub struct Roster {
    /// All of them.
    pub sessions: Vec<Session>,
    crowd: Crowd,
    hosts: usize,
    next_host: usize,
    cold: VecDeque<usize>,
    hot_waiting: VecDeque<usize>,
    hot_between: Vec<Hot>,
    /// Visits left of each hot visitor whose turn it is, by session.
    turns: HashMap<usize, u32>,
    hot_at_once: usize,
}

impl Roster {
    /// The visitors, in a random order.
    pub fn new(sessions: Vec<Session>, crowd: Crowd, hosts: usize, rate: f64) -> Self {
        let mut order: Vec<usize> = (0..sessions.len()).filter(|&i| sessions[i].is_stored()).collect();
        fastrand::shuffle(&mut order);
        let (hot, cold): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|&i| sessions[i].number.is_multiple_of(HOT_ONE_IN));
        let mean_pause_s = (HOT_PAUSE_MS.start + HOT_PAUSE_MS.end) as f64 / 2000.0;
        let hot_at_once = if rate < HOT_FROM_RATE { 0.0 } else { (rate * HOT_SHARE * mean_pause_s).ceil() };
        Roster {
            hot_at_once: (hot_at_once as usize).min(hot.len()),
            sessions,
            crowd,
            hosts,
            next_host: 0,
            cold: cold.into(),
            hot_waiting: hot.into(),
            hot_between: Vec::new(),
            turns: HashMap::new(),
        }
    }

    /// The next visitor and the host that serves it; none when all are waiting for answers.
    pub fn pick(&mut self, now: Instant) -> Option<(usize, usize)> {
        let hot = if fastrand::f64() < HOT_SHARE { self.pick_hot(now) } else { None };
        let is_hot = hot.is_some();
        let session = hot.or_else(|| self.pick_cold())?;
        let host = match (self.crowd, is_hot) {
            (Crowd::Sided, _) => self.sessions[session].number as usize % self.hosts,
            (Crowd::Bouncing, true) => (self.sessions[session].last_host + 1) % self.hosts,
            (Crowd::Bouncing, false) => {
                self.next_host = (self.next_host + 1) % self.hosts;
                self.next_host
            }
        };
        self.sessions[session].last_host = host;
        Some((session, host))
    }

    fn pick_hot(&mut self, now: Instant) -> Option<usize> {
        if let Some(at) = self.hot_between.iter().position(|hot| hot.due <= now) {
            return Some(self.hot_between.swap_remove(at).session);
        }
        if self.turns.len() < self.hot_at_once {
            let session = self.hot_waiting.pop_front()?;
            self.turns.insert(session, HOT_VISITS);
            return Some(session);
        }
        None
    }

    /// Those that have waited longest, in no strict order.
    fn pick_cold(&mut self) -> Option<usize> {
        let among = (self.cold.len() / 4).max(1);
        self.cold.swap_remove_front(fastrand::usize(..among))
    }

    /// The visitor has its answer and may come again.
    pub fn back(&mut self, session: usize, now: Instant) {
        match self.turns.get_mut(&session) {
            Some(0) => {
                self.turns.remove(&session);
                self.hot_waiting.push_back(session);
            }
            Some(left) => {
                *left -= 1;
                let due = now + Duration::from_millis(fastrand::u64(HOT_PAUSE_MS));
                self.hot_between.push(Hot { session, due });
            }
            None if self.sessions[session].number.is_multiple_of(HOT_ONE_IN) => self.hot_waiting.push_back(session),
            None => self.cold.push_back(session),
        }
    }

    /// The visitor got no answer: its request may still be under way, so it does not come again in this drill.
    pub fn gone(&mut self, session: usize) {
        self.turns.remove(&session);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::drill::session::Seen;

    fn roster(visitors: u32, crowd: Crowd) -> Roster {
        let stored = |number| {
            let mut session = Session::new(number);
            let change = session.next_change();
            session.answered(&Seen { owner: None, changes: vec![], cookie: None, saved: true }, Some(change), 0, 0);
            session
        };
        Roster::new((1..=visitors).map(stored).collect(), crowd, 2, 200.0)
    }

    #[test]
    fn nobody_is_picked_twice_before_being_back() {
        let mut roster = roster(100, Crowd::Bouncing);
        let now = Instant::now();
        let mut out = HashSet::new();
        while let Some((session, _)) = roster.pick(now) {
            assert!(out.insert(session), "{session} has two requests in flight");
        }
        assert!(out.len() >= 95, "{} of 100 came", out.len());
        for session in out {
            roster.back(session, now);
        }
        assert!(roster.pick(now).is_some());
    }

    #[test]
    fn hot_visitors_bounce_and_hosts_share_the_load() {
        let mut roster = roster(1000, Crowd::Bouncing);
        let mut now = Instant::now();
        let mut last = HashMap::new();
        let (mut of_hot, mut by_host) = (0, [0, 0]);
        for _ in 0..4000 {
            now += Duration::from_millis(5);
            let (session, host) = roster.pick(now).unwrap();
            by_host[host] += 1;
            if roster.sessions[session].number.is_multiple_of(HOT_ONE_IN) {
                of_hot += 1;
                if let Some(before) = last.insert(session, host) {
                    assert_ne!(before, host, "a hot visitor came twice through the same host");
                }
            }
            roster.back(session, now);
        }
        assert!((600..1400).contains(&of_hot), "{of_hot} of 4000 requests are of hot visitors");
        assert!(by_host.iter().all(|&n| n > 1800), "{by_host:?}");
    }

    #[test]
    fn sided_visitors_stay_on_their_side() {
        let mut roster = roster(200, Crowd::Sided);
        let now = Instant::now();
        while let Some((session, host)) = roster.pick(now) {
            assert_eq!(host, roster.sessions[session].number as usize % 2);
        }
    }
}
