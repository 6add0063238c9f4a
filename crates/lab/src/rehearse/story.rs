//! What happened, in real seconds since the scenario began.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;
use tokio::time::Instant;

use super::scale::Scale;
use crate::alarm::timestamp;

/// A scenario's clock: it begins when the scenario does and shows real time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    begun: Instant,
    begun_ms: u64,
    /// The scale.
    pub scale: Scale,
}

impl Clock {
    /// Begins now.
    pub fn start(scale: Scale) -> Self {
        Clock { begun: Instant::now(), begun_ms: timestamp::now_ms(), scale }
    }

    /// Real seconds.
    pub fn now(&self) -> f64 {
        self.at(Instant::now())
    }

    /// A moment in real seconds.
    pub fn at(&self, at: Instant) -> f64 {
        self.scale.real(at.saturating_duration_since(self.begun))
    }

    /// A moment of the machine's clock, in milliseconds since 1970, in real seconds.
    pub fn of_epoch(&self, ms: f64) -> f64 {
        (ms - self.begun_ms as f64) / 1000.0 * self.scale.0
    }

    /// When the clock will show this.
    pub fn when(&self, real_s: f64) -> Instant {
        self.begun + self.scale.wall(real_s)
    }
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When.
    pub at_s: f64,
    /// To whom, or by whom.
    pub who: String,
    /// What.
    pub what: String,
}

/// A value that changes now and then: from each time on it has that value.
pub type Track = Vec<(f64, String)>;

/// The story.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Told {
    /// What happened, in the order in which it was told.
    pub events: Vec<Event>,
    /// Values over time, by name.
    pub tracks: BTreeMap<String, Track>,
}

/// Where it is told.
#[derive(Debug)]
pub struct Story {
    /// Its clock.
    pub clock: Clock,
    told: Mutex<Told>,
}

impl Story {
    /// A story that begins now.
    pub fn start(scale: Scale) -> Self {
        Story { clock: Clock::start(scale), told: Mutex::default() }
    }

    /// Tells what happens now.
    pub fn say(&self, who: &str, what: impl Into<String>) {
        self.say_at(self.clock.now(), who, what);
    }

    /// Tells what happened at a time.
    pub fn say_at(&self, at_s: f64, who: &str, what: impl Into<String>) {
        self.told.lock().expect("story").events.push(Event { at_s, who: who.to_owned(), what: what.into() });
    }

    /// A value now; whether it is another one than before.
    pub fn track(&self, name: &str, value: &str) -> bool {
        self.track_at(self.clock.now(), name, value)
    }

    /// A value from a time on.
    pub fn track_at(&self, at_s: f64, name: &str, value: &str) -> bool {
        let mut told = self.told.lock().expect("story");
        let track = told.tracks.entry(name.to_owned()).or_default();
        let changed = track.last().is_none_or(|(_, last)| last != value);
        if changed {
            track.push((at_s, value.to_owned()));
        }
        changed
    }

    /// Whether a value is this one now.
    pub fn is_now(&self, name: &str, value: &str) -> bool {
        let told = self.told.lock().expect("story");
        told.tracks.get(name).and_then(|track| track.last()).is_some_and(|(_, held)| held == value)
    }

    /// What was told after the first `known` events, in the order in which it was told.
    pub fn since(&self, known: usize) -> Vec<Event> {
        self.told.lock().expect("story").events.get(known..).unwrap_or_default().to_vec()
    }

    /// All that was told, in the order of time.
    pub fn told(&self) -> Told {
        let mut told = self.told.lock().expect("story").clone();
        told.events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        told
    }
}

impl Told {
    /// When a value became `value`, not before `from_s`; `from_s` itself when it was so already.
    pub fn became(&self, name: &str, value: &str, from_s: f64) -> Option<f64> {
        let track = self.tracks.get(name)?;
        let before = track.iter().rev().find(|(at, _)| *at <= from_s);
        if before.is_some_and(|(_, held)| held == value) {
            return Some(from_s);
        }
        track.iter().find(|(at, held)| *at > from_s && held == value).map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_hold_changes_and_say_when() {
        let story = Story::start(Scale(5.0));
        for (at, value) in [(0.0, "a"), (10.0, "a"), (20.0, "b"), (30.0, "a")] {
            story.track_at(at, "x", value);
        }
        let told = story.told();
        assert_eq!(told.tracks["x"].len(), 3);
        assert_eq!(told.became("x", "b", 0.0), Some(20.0));
        assert_eq!(told.became("x", "a", 5.0), Some(5.0), "it was so already");
        assert_eq!(told.became("x", "a", 25.0), Some(30.0));
        assert_eq!(told.became("x", "b", 25.0), Some(25.0));
        assert_eq!(told.became("x", "b", 31.0), None);
        assert_eq!(told.became("y", "b", 0.0), None);
    }
}
