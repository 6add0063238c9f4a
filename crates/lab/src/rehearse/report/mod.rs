//! The report of a rehearsal: one set of data, written as table, JSON and HTML.

pub mod html;
pub mod plot;
pub mod text;

use serde::Serialize;

use super::controller::Run;
use super::figures::Figures;
use super::scale::{Interval, Scale};
use super::scenario::Scenario;
use super::story::Told;
use crate::trial::check::Check;

/// A rehearsal.
#[derive(Debug, Serialize)]
pub struct Report {
    /// When it ended, in seconds since 1970.
    pub made_at: u64,
    /// The command that made it.
    pub command: String,
    /// Processors.
    pub cpus: usize,
    /// How many real seconds a second stands for.
    pub scale: Scale,
    /// Whether there was WordPress.
    pub wordpress: bool,
    /// Whether all limits were met.
    pub met: bool,
    /// Why it broke off before the last scenario.
    pub broke_off: Option<String>,
    /// The Regions, the primary first.
    pub regions: Vec<String>,
    /// Intervals, real and compressed.
    pub intervals: Vec<Interval>,
    /// The scenarios.
    pub scenarios: Vec<ScenarioReport>,
}

/// One scenario.
#[derive(Debug, Serialize)]
pub struct ScenarioReport {
    /// What was lost, who answered, when.
    pub scenario: Scenario,
    /// For people.
    pub title: String,
    /// Whether it met its limits.
    pub met: bool,
    /// Why it could not be played.
    pub error: Option<String>,
    /// What came of it.
    pub result: Option<Outcome>,
}

/// What came of a scenario.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The limits.
    pub checks: Vec<Check>,
    /// The figures.
    pub figures: Figures,
    /// Requests by time: each slice of five real seconds.
    pub slices: Vec<Slice>,
    /// What happened.
    pub told: Told,
    /// What the controllers did, but for ticks that found nothing.
    pub runs: Vec<Run>,
}

/// Requests that were sent within five real seconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Slice {
    /// When it begins.
    pub at_s: f64,
    /// Good requests, by Region.
    pub good: Vec<u64>,
    /// All that were not good.
    pub bad: u64,
}

/// `12 s`, or what stands for never.
pub fn seconds(time: Option<f64>) -> String {
    time.map_or_else(|| "never".into(), |s| format!("{s:.0} s"))
}

/// The columns in which designs are compared.
pub const COMPARED: [&str; 7] = [
    "DNS answers the standby",
    "visitors moved",
    "standby's parameter",
    "failed requests",
    "last failure",
    "succeed in its last minute",
    "limits",
];

/// A scenario's row of them.
pub fn compared(report: &ScenarioReport) -> [String; 7] {
    let Some(Outcome { figures, checks, .. }) = &report.result else {
        return std::array::from_fn(|at| if at == 0 { "not played".to_owned() } else { String::new() });
    };
    let share = figures.failed as f64 / figures.requests.max(1) as f64 * 100.0;
    let limits = match (checks.is_empty(), report.met) {
        (true, _) => "none promised",
        (_, true) => "met",
        (_, false) => "MISSED",
    };
    let last = match figures.outage_s {
        Some(_) if figures.good_at_the_end < 0.05 => "until the Region returned".to_owned(),
        Some(s) => format!("after {s:.0} s"),
        None => "none".to_owned(),
    };
    [
        seconds(figures.dns_s),
        seconds(figures.visitors_moved_s),
        seconds(figures.parameter_s),
        format!("{} of {} ({share:.1} %)", figures.failed, figures.requests),
        last,
        format!("{:.0} %", figures.good_at_the_end * 100.0),
        limits.into(),
    ]
}
