//! The kinds of limits, and how they are written.

use std::fmt;

/// A limit on a number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many at most.
    AtMost(u64),
    /// One for each worker that was killed at work: its request dies with it.
    Killed,
    /// As many as were written within the replication lag before the fault, and none that was written at another time.
    WithinLag,
    /// Any number is right.
    Any,
}

/// What the hosts' route should do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Routes {
    /// Nothing.
    Stay,
    /// Leave the struck Region and come back when it is well.
    Bridge {
        /// The hosts that must leave.
        hosts: Hosts,
        /// Seconds from the fault until they have left.
        away_s: f64,
        /// Seconds from the healing until they are back.
        back_s: f64,
    },
    /// Leave the struck Region and, since the parameter moves meanwhile, stay away.
    Leave {
        /// Seconds from the fault until all hosts have left.
        away_s: f64,
    },
    /// Follow the parameter, which is moved where the fault would begin and back where it would end.
    Follow {
        /// Seconds from each change of the parameter until all hosts follow.
        within_s: f64,
    },
    /// Whatever it does is right.
    Any,
}

/// Some of the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// All.
    All,
    /// Those outside the active Region.
    Outside,
}

/// The limits of a drill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Requests without their session, with an error, or whose change was not stored.
    pub failed: Count,
    /// Requests over a second, for each worker.
    pub slow_per_worker: Option<u64>,
    /// What the route does.
    pub routes: Routes,
    /// Changes of a host's route in a minute.
    pub changes_per_minute: Option<f64>,
    /// Sessions that were gone, empty, or another's.
    pub lost: Count,
    /// Sessions older than their last stored change.
    pub stale: Count,
    /// What the warnings of failed requests must say.
    pub warning: Option<&'static str>,
}

impl Limits {
    /// Nothing may be noticed: no failed request, at most one slow one per worker, no session lost or stale, the route stays.
    pub const UNNOTICED: Limits = Limits {
        failed: Count::AtMost(0),
        slow_per_worker: Some(1),
        routes: Routes::Stay,
        changes_per_minute: None,
        lost: Count::AtMost(0),
        stale: Count::AtMost(0),
        warning: None,
    };

    /// The same, with a bridge over the outage.
    pub const BRIDGED: Limits = Limits { routes: Routes::Bridge { hosts: Hosts::All, away_s: 2.0, back_s: 20.0 }, ..Limits::UNNOTICED };
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Count::AtMost(n) => write!(f, "{n}"),
            Count::Killed => f.write_str("1 per killed worker"),
            Count::WithinLag => f.write_str("writes within the lag"),
            Count::Any => f.write_str("any"),
        }
    }
}

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Routes::Stay => f.write_str("stays"),
            Routes::Bridge { hosts, away_s, back_s } => {
                let who = if *hosts == Hosts::Outside { " (hosts outside)" } else { "" };
                write!(f, "away within {away_s} s{who}, back within {back_s} s")
            }
            Routes::Leave { away_s } => write!(f, "away within {away_s} s, never back"),
            Routes::Follow { within_s } => write!(f, "follows within {within_s} s"),
            Routes::Any => f.write_str("any"),
        }
    }
}

impl Limits {
    /// The limits in words: the columns of [`Limits::COLUMNS`].
    pub fn columns(&self) -> [String; 6] {
        let routes = match self.changes_per_minute {
            Some(most) => format!("{}; at most {most} changes a minute", self.routes),
            None => self.routes.to_string(),
        };
        [
            self.failed.to_string(),
            self.slow_per_worker.map_or_else(|| "any".into(), |most| format!("{most} per worker")),
            routes,
            self.lost.to_string(),
            self.stale.to_string(),
            self.warning.map_or_else(String::new, |text| format!("\"{text}\"")),
        ]
    }

    /// The names of the limits.
    pub const COLUMNS: [&'static str; 6] =
        ["failed requests", "slow requests", "route of each host", "lost sessions", "stale sessions", "warnings say"];
}
