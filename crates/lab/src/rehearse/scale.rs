//! Compressed time: every interval that can be set is divided by the scale.

use std::time::Duration;

use serde::Serialize;

use crate::lambda::deployment::{EVENT_AGE_S, TIMEOUT_S};

/// How many real seconds one second of the rehearsal stands for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scale(pub f64);

impl Scale {
    /// A real time in the rehearsal.
    pub fn wall(self, real_s: f64) -> Duration {
        Duration::from_secs_f64(real_s / self.0)
    }

    /// A real time in the rehearsal, in seconds, as settings take it.
    pub fn seconds(self, real_s: f64) -> String {
        format!("{}", (real_s / self.0 * 1000.0).round() / 1000.0)
    }

    /// The real time that a time of the rehearsal stands for, in seconds.
    pub fn real(self, wall: Duration) -> f64 {
        wall.as_secs_f64() * self.0
    }
}

/// One row of the table of intervals.
#[derive(Debug, Clone, Serialize)]
pub struct Interval {
    /// What it is.
    pub what: &'static str,
    /// Where it is set.
    pub set_by: &'static str,
    /// In production, in seconds.
    pub real_s: f64,
    /// In the rehearsal, in seconds.
    pub wall_s: f64,
}

/// Seconds between two ticks of the schedule.
pub const TICK: f64 = 60.0;
/// Seconds between two looks of an invocation.
pub const LOOK_EVERY: f64 = 10.0;
/// Seconds that an invocation looks.
pub const LOOK_FOR: f64 = 50.0;
/// Seconds after which a signal has failed.
pub const SIGNAL_TIMEOUT: f64 = 2.0;
/// Seconds between two automatic switches.
pub const COOLDOWN: f64 = 600.0;
/// Seconds of health before an automatic failback.
pub const FAILBACK_AFTER: f64 = 1800.0;
/// Seconds of replication lag that a failback allows.
pub const MAX_LAG: f64 = 5.0;
/// Seconds that Lambda waits before it tries a failed event again.
pub const RETRY_WAIT: f64 = 60.0;
/// Seconds until a write has arrived in the other Region: what AWS says of global tables.
pub const REPLICATION_LAG: f64 = 1.0;
/// Seconds of one data point of the alarm.
pub const ALARM_PERIOD: f64 = 60.0;
/// Seconds that a resolver holds an answer.
pub const DNS_TTL: f64 = 60.0;
/// Seconds between two looks of a host at the parameter.
pub const POLL: f64 = 5.0;
/// Seconds that a host uses both Regions after a switch.
pub const SWITCH_WINDOW: f64 = 30.0;
/// The same where nobody has time to wait for a window that the start itself opens.
const QUICK_WINDOW: f64 = 10.0;
/// Seconds that a visitor waits.
pub const PATIENCE: f64 = 10.0;
/// Milliseconds: a host's limits for a connection, an attempt, a call.
const HOST_TIMEOUTS_MS: [(&str, f64); 3] = [("connect_timeout_ms", 300.0), ("attempt_timeout_ms", 700.0), ("request_timeout_ms", 2000.0)];

/// The hosts' settings. How they follow the parameter is not compressed: the time limits of SSM's calls in it cannot be set, so it would
/// look slower than it is.
pub fn host_settings(scale: Scale, quick: bool) -> Vec<String> {
    let window = if quick { QUICK_WINDOW } else { SWITCH_WINDOW };
    let mut settings = vec![format!("wp_dynamodb.region_poll_interval={POLL}"), format!("wp_dynamodb.switch_window={window}")];
    settings.extend(HOST_TIMEOUTS_MS.map(|(name, ms)| format!("wp_dynamodb.{name}={}", (ms / scale.0).round().max(10.0))));
    settings
}

/// The table.
pub fn intervals(scale: Scale, quick: bool) -> Vec<Interval> {
    let row = |what, set_by, real_s: f64| Interval { what, set_by, real_s, wall_s: real_s / scale.0 };
    let window = if quick { QUICK_WINDOW } else { SWITCH_WINDOW };
    let kept = |what, set_by, real_s: f64| Interval { what, set_by, real_s, wall_s: real_s };
    vec![
        row("between two requests of a Route 53 checker", "RequestInterval", 30.0),
        row("Route 53: connection / answer, 4 s / 2 s; here the connection", "fixed by AWS", 4.0),
        row("DNS: TTL of an answer", "alias record", DNS_TTL),
        row("alarm: period, 1 of 1", "Period", ALARM_PERIOD),
        row("between two ticks of the controller", "EventBridge Scheduler, WP_DYNAMODB_TICK", TICK),
        row("between two looks", "WP_DYNAMODB_LOOK_EVERY", LOOK_EVERY),
        row("an invocation looks for", "WP_DYNAMODB_LOOK_FOR", LOOK_FOR),
        row("a signal fails after", "WP_DYNAMODB_SIGNAL_TIMEOUT", SIGNAL_TIMEOUT),
        row("between automatic switches", "WP_DYNAMODB_COOLDOWN", COOLDOWN),
        row("health before an automatic failback", "WP_DYNAMODB_FAILBACK_AFTER", FAILBACK_AFTER),
        row("replication lag for a failback, at most", "WP_DYNAMODB_MAX_LAG", MAX_LAG),
        row("a write arrives in the other Region after", "global table", REPLICATION_LAG),
        row("an invocation lasts at most", "Timeout", TIMEOUT_S),
        row("an event that failed is tried again after", "Lambda", RETRY_WAIT),
        row("an event is tried no later than", "MaximumEventAgeInSeconds", EVENT_AGE_S),
        kept("hosts read the parameter every (not compressed)", "wp_dynamodb.region_poll_interval", POLL),
        Interval {
            wall_s: window,
            ..kept("hosts use both Regions after a switch (not compressed)", "wp_dynamodb.switch_window", SWITCH_WINDOW)
        },
        row("hosts: connection", "wp_dynamodb.connect_timeout_ms", 0.3),
        row("hosts: attempt", "wp_dynamodb.attempt_timeout_ms", 0.7),
        row("hosts: whole call", "wp_dynamodb.request_timeout_ms", 2.0),
        row("a visitor waits for", "–", PATIENCE),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let scale = Scale(5.0);
        assert_eq!(scale.wall(60.0), Duration::from_secs(12));
        assert_eq!(scale.real(Duration::from_secs(12)), 60.0);
        assert_eq!(scale.seconds(2.0), "0.4");
        assert_eq!(scale.seconds(60.0), "12");
    }

    #[test]
    fn hosts_get_what_they_allow() {
        let settings = host_settings(Scale(5.0), false);
        assert!(settings.contains(&"wp_dynamodb.region_poll_interval=5".to_owned()), "{settings:?}");
        assert!(settings.contains(&"wp_dynamodb.attempt_timeout_ms=140".to_owned()), "{settings:?}");
        let slow = intervals(Scale(1.0), false);
        assert!(slow.iter().all(|row| row.real_s == row.wall_s));
        let kept = intervals(Scale(5.0), false).into_iter().filter(|row| row.real_s == row.wall_s).count();
        assert_eq!(kept, 2, "the parameter is followed as in production");
    }
}
