//! The table of drills: what happens, and the limits.
//!
//! The *active* Region is the lab's first one, the *other* one its second. `docs/drills.md` holds the same table; a test compares them.

use super::limits::{Count, Hosts, Limits, Routes};

/// One drill.
#[derive(Debug)]
pub struct Drill {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens, for people.
    pub what: &'static str,
    /// What is done, and when.
    pub steps: &'static [Step],
    /// How visitors move between the hosts.
    pub crowd: Crowd,
    /// Replication lag in milliseconds.
    pub lag_ms: u64,
    /// Requests a second, when the drill is about that.
    pub rate: Option<f64>,
    /// The fault's length in seconds, when it needs another one.
    pub fault_s: Option<u64>,
    /// What it must meet.
    pub limits: Limits,
}

/// How visitors move between the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// Any request may come through either host.
    Bouncing,
    /// Each visitor stays on one side.
    Sided,
}

/// Something done at a time.
#[derive(Debug)]
pub struct Step {
    /// When.
    pub at: At,
    /// What.
    pub action: Action,
}

/// A time in a drill, whatever its length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// In the fault: 0 is its beginning, 1 its end.
    Fault(f64),
    /// When all faults are healed.
    Healed,
}

/// A Region of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// The first.
    Active,
    /// The second.
    Other,
    /// All.
    All,
}

/// Which doors of a Region a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Both.
    Everywhere,
    /// The one that hosts of other Regions use.
    Remote,
}

/// Something done to the lab or to the hosts.
#[derive(Debug)]
pub enum Action {
    /// A fault, as the lab knows it.
    Fault {
        /// The Region that is struck.
        region: Where,
        /// `dynamodb`, `ssm` or `all`.
        service: &'static str,
        /// The kind, as the lab knows it.
        kind: &'static str,
        /// The share of calls that are struck.
        rate: f64,
        /// Who meets it.
        from: From,
    },
    /// DynamoDB of the active Region takes twenty times the median of its calls in the quiet phase, at least 50 ms.
    Slow,
    /// A black hole of so many milliseconds, as many without, and so on until the fault is healed.
    Flap(u64),
    /// Cuts the Regions off from each other (`partition`) or holds copies back (`pause`).
    Replication(&'static str),
    /// Writes the parameter.
    Parameter {
        /// The Region it names.
        to: Where,
        /// Where it is written: there only.
        only_in: Where,
    },
    /// Reloads php-fpm of all hosts.
    Reload,
    /// kill -9 of a worker at work, in each host.
    KillWorker,
}

const fn strikes(kind: &'static str) -> Action {
    Action::Fault { region: Where::Active, service: "dynamodb", kind, rate: 1.0, from: From::Everywhere }
}

const fn begin(action: Action) -> Step {
    Step { at: At::Fault(0.0), action }
}

const fn at(share: f64, action: Action) -> Step {
    Step { at: At::Fault(share), action }
}

const PLAIN: Drill = Drill {
    name: "",
    what: "",
    steps: &[],
    crowd: Crowd::Bouncing,
    lag_ms: super::lab::LAG_MS,
    rate: None,
    fault_s: None,
    limits: Limits::BRIDGED,
};

/// All drills.
pub static DRILLS: &[Drill] = &[
    Drill {
        name: "blackhole",
        what: "DynamoDB of the active Region accepts connections and never answers.",
        steps: &[begin(strikes("blackhole"))],
        ..PLAIN
    },
    Drill { name: "refuse", what: "DynamoDB of the active Region refuses connections.", steps: &[begin(strikes("refuse"))], ..PLAIN },
    Drill { name: "reset", what: "Connections to DynamoDB of the active Region are reset.", steps: &[begin(strikes("reset"))], ..PLAIN },
    Drill { name: "5xx", what: "DynamoDB of the active Region answers InternalServerError.", steps: &[begin(strikes("5xx"))], ..PLAIN },
    Drill {
        name: "hang",
        what: "DynamoDB of the active Region carries calls out, but its answers stop half-way.",
        steps: &[begin(strikes("hang"))],
        ..PLAIN
    },
    Drill { name: "dns", what: "The name of DynamoDB in the active Region no longer resolves.", steps: &[begin(strikes("dns"))], ..PLAIN },
    Drill {
        name: "quiet",
        what: "A black hole while each host has one request a second.",
        steps: &[begin(strikes("blackhole"))],
        rate: Some(2.0),
        ..PLAIN
    },
    Drill {
        name: "throttle",
        what: "DynamoDB of the active Region throttles three calls in ten.",
        steps: &[begin(Action::Fault { region: Where::Active, service: "dynamodb", kind: "throttle", rate: 0.3, from: From::Everywhere })],
        limits: Limits::UNNOTICED,
        ..PLAIN
    },
    Drill {
        name: "slow",
        what: "DynamoDB of the active Region becomes slow: each call takes twenty times the median of the healthy ones, at least 50 ms.",
        steps: &[begin(Action::Slow)],
        limits: Limits { routes: Routes::Any, ..Limits::UNNOTICED },
        ..PLAIN
    },
    Drill {
        name: "ssm-down",
        what: "SSM of all Regions is a black hole.",
        steps: &[begin(Action::Fault { region: Where::All, service: "ssm", kind: "blackhole", rate: 1.0, from: From::Everywhere })],
        limits: Limits::UNNOTICED,
        ..PLAIN
    },
    Drill {
        name: "ssm-returns",
        what: "DynamoDB and SSM of the active Region are black holes; the parameter is moved in the other Region only; the Region comes back with a parameter that names itself.",
        steps: &[
            begin(Action::Fault { region: Where::Active, service: "all", kind: "blackhole", rate: 1.0, from: From::Everywhere }),
            at(0.4, Action::Parameter { to: Where::Other, only_in: Where::Other }),
        ],
        limits: Limits { routes: Routes::Leave { away_s: 2.0 }, ..Limits::UNNOTICED },
        ..PLAIN
    },
    Drill {
        name: "switch",
        what: "A planned switch to the other Region and, where the fault would end, back; replication lags by a second.",
        steps: &[
            begin(Action::Parameter { to: Where::Other, only_in: Where::All }),
            Step { at: At::Healed, action: Action::Parameter { to: Where::Active, only_in: Where::All } },
        ],
        lag_ms: 1000,
        limits: Limits { routes: Routes::Follow { within_s: 10.0 }, ..Limits::UNNOTICED },
        ..PLAIN
    },
    Drill {
        name: "loss",
        what: "The active Region is lost: DynamoDB and SSM are black holes, and what it had not replicated (a lag of a second) stays with it until it returns.",
        steps: &[
            begin(Action::Replication("partition")),
            begin(Action::Fault { region: Where::Active, service: "all", kind: "blackhole", rate: 1.0, from: From::Everywhere }),
        ],
        lag_ms: 1000,
        limits: Limits { lost: Count::WithinLag, stale: Count::WithinLag, ..Limits::BRIDGED },
        ..PLAIN
    },
    Drill {
        name: "replication-paused",
        what: "Replication is paused; nothing else is wrong.",
        steps: &[begin(Action::Replication("pause"))],
        limits: Limits::UNNOTICED,
        ..PLAIN
    },
    Drill {
        name: "partition",
        what: "The Regions cannot reach each other: no replication, and hosts reach only their own Region. Each visitor stays on one side.",
        steps: &[
            begin(Action::Replication("partition")),
            begin(Action::Fault { region: Where::All, service: "all", kind: "blackhole", rate: 1.0, from: From::Remote }),
        ],
        crowd: Crowd::Sided,
        limits: Limits {
            routes: Routes::Bridge { hosts: Hosts::Outside, away_s: 2.0, back_s: 20.0 },
            stale: Count::WithinLag,
            ..Limits::BRIDGED
        },
        ..PLAIN
    },
    Drill {
        name: "worker-killed",
        what: "A black hole, and a worker of each host is killed (kill -9) at work: right after the fault's beginning, in its middle and towards its end.",
        steps: &[begin(strikes("blackhole")), at(0.02, Action::KillWorker), at(0.5, Action::KillWorker), at(0.9, Action::KillWorker)],
        limits: Limits { failed: Count::Killed, ..Limits::BRIDGED },
        ..PLAIN
    },
    Drill {
        name: "reload",
        what: "A black hole, and php-fpm of both hosts is reloaded in its middle: what the hosts knew is gone.",
        steps: &[begin(strikes("blackhole")), at(0.5, Action::Reload)],
        limits: Limits { slow_per_worker: Some(2), ..Limits::BRIDGED },
        ..PLAIN
    },
    Drill {
        name: "flapping",
        what: "DynamoDB of the active Region is a black hole for three seconds, well for three, and so on.",
        steps: &[begin(Action::Flap(3000))],
        fault_s: Some(42),
        limits: Limits {
            routes: Routes::Bridge { hosts: Hosts::All, away_s: 2.0, back_s: 60.0 },
            changes_per_minute: Some(6.0),
            slow_per_worker: Some(2),
            ..Limits::BRIDGED
        },
        ..PLAIN
    },
    Drill {
        name: "denied",
        what: "IAM of the active Region denies the calls. No other Region would help: requests fail, and say why.",
        steps: &[begin(strikes("denied"))],
        limits: Limits { failed: Count::Any, warning: Some("IAM policy"), ..Limits::UNNOTICED },
        ..PLAIN
    },
    Drill {
        name: "missing-table",
        what: "The table does not exist in the active Region. Requests fail, and say why.",
        steps: &[begin(strikes("missing"))],
        limits: Limits { failed: Count::Any, warning: Some("create table"), ..Limits::UNNOTICED },
        ..PLAIN
    },
];

/// A drill by its name.
pub fn find(name: &str) -> Option<&'static Drill> {
    DRILLS.iter().find(|drill| drill.name == name)
}

/// The Markdown table of all drills, as `docs/drills.md` has it.
pub fn markdown() -> String {
    let mut table = format!("| drill | {} |\n|---|{}\n", Limits::COLUMNS.join(" | "), "---|".repeat(Limits::COLUMNS.len()));
    for drill in DRILLS {
        table += &format!("| `{}` | {} |\n", drill.name, drill.limits.columns().join(" | "));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: HashSet<&str> = DRILLS.iter().map(|drill| drill.name).collect();
        assert_eq!(names.len(), DRILLS.len());
    }

    #[test]
    fn the_lab_knows_every_fault() {
        for drill in DRILLS {
            for step in drill.steps {
                if let Action::Fault { kind, .. } = &step.action {
                    assert!(kind.parse::<crate::Kind>().is_ok(), "{}: {kind}", drill.name);
                }
            }
        }
    }

    #[test]
    fn the_documents_table_is_this_one() {
        let document = include_str!("../../../../docs/drills.md");
        let table = markdown();
        assert!(document.contains(&table), "docs/drills.md does not hold this table:\n{table}");
        for drill in DRILLS {
            assert!(document.contains(drill.what), "docs/drills.md does not say of `{}`: {}", drill.name, drill.what);
        }
    }
}
