//! When a drill's phases begin: quiet, fault, healed. Times are milliseconds since the drill began.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The phases' lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// All is well.
    pub quiet_ms: u64,
    /// The fault.
    pub fault_ms: u64,
    /// All is well again.
    pub healed_ms: u64,
}

/// Which phase a time is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Before the fault.
    Quiet,
    /// While it lasts.
    Fault,
    /// After it.
    Healed,
}

impl Phase {
    /// All phases, in their order.
    pub const ALL: [Phase; 3] = [Phase::Quiet, Phase::Fault, Phase::Healed];

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Quiet => "quiet",
            Phase::Fault => "fault",
            Phase::Healed => "healed",
        }
    }
}

impl Timeline {
    /// Phases of so many seconds.
    pub const fn of(quiet: u64, fault: u64, healed: u64) -> Self {
        Timeline { quiet_ms: quiet * 1000, fault_ms: fault * 1000, healed_ms: healed * 1000 }
    }

    /// When the fault begins.
    pub fn begins_ms(&self) -> u64 {
        self.quiet_ms
    }

    /// When it is healed.
    pub fn heals_ms(&self) -> u64 {
        self.quiet_ms + self.fault_ms
    }

    /// When the drill ends.
    pub fn ends_ms(&self) -> u64 {
        self.heals_ms() + self.healed_ms
    }

    /// The phase of a time.
    pub fn phase(&self, at_ms: u64) -> Phase {
        match at_ms {
            at if at < self.begins_ms() => Phase::Quiet,
            at if at < self.heals_ms() => Phase::Fault,
            _ => Phase::Healed,
        }
    }
}

/// A drill's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that begins now.
    pub fn start() -> Self {
        Clock(Instant::now())
    }

    /// Milliseconds since the drill began.
    pub fn now_ms(&self) -> u64 {
        self.ms(Instant::now())
    }

    /// A moment in milliseconds since the drill began; 0 for what was before.
    pub fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.0).as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment that many milliseconds after the drill began.
    pub fn at(&self, ms: u64) -> Instant {
        self.0 + Duration::from_millis(ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other() {
        let timeline = Timeline::of(10, 20, 5);
        let phases: Vec<Phase> = [0, 9_999, 10_000, 29_999, 30_000, 99_000].into_iter().map(|at| timeline.phase(at)).collect();
        assert_eq!(phases, [Phase::Quiet, Phase::Quiet, Phase::Fault, Phase::Fault, Phase::Healed, Phase::Healed]);
        assert_eq!(timeline.ends_ms(), 35_000);
    }
}
