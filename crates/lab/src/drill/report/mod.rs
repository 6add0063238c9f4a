//! The report of a run: one set of data, written as table, JSON and HTML.

pub mod html;
pub mod plot;
pub mod text;

use serde::Serialize;

use super::figures::Figures;
use super::page::Page;
use super::record::Incident;
use super::script::Done;
use super::timeline::Timeline;
use super::watch::Change;
use crate::trial::check::Check;

/// A run of drills.
#[derive(Debug, Serialize)]
pub struct Report {
    /// When it ended, in seconds since 1970.
    pub made_at: u64,
    /// The command that made it.
    pub command: String,
    /// What it ran on.
    pub machine: Machine,
    /// Whether all drills met their limits.
    pub met: bool,
    /// Why it broke off before the last drill.
    pub broke_off: Option<String>,
    /// The hosts' Regions; the first is the active one.
    pub regions: Vec<String>,
    /// The drills.
    pub drills: Vec<DrillReport>,
}

/// What a run ran on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Processors.
    pub cpus: usize,
    /// php-fpm workers of each host.
    pub workers_per_host: usize,
}

/// One drill.
#[derive(Debug, Serialize)]
pub struct DrillReport {
    /// Its name.
    pub name: &'static str,
    /// What happens in it.
    pub what: &'static str,
    /// Whether it met its limits.
    pub met: bool,
    /// Why it could not be carried out.
    pub error: Option<String>,
    /// With the session page, and with WordPress.
    pub passes: Vec<PassReport>,
}

/// One drill with one kind of page. Hosts are numbers: their places in [`Report::regions`].
#[derive(Debug, Serialize)]
pub struct PassReport {
    /// The page.
    pub page: Page,
    /// Requests a second that were asked for.
    pub rate: f64,
    /// Whether it met its limits.
    pub met: bool,
    /// The phases.
    pub timeline: Timeline,
    /// The limits.
    pub checks: Vec<Check>,
    /// The figures.
    pub figures: Figures,
    /// What was done, and when.
    pub log: Vec<Done>,
    /// What the hosts said of themselves, as it changed.
    pub states: Vec<Change>,
    /// Each session that was found lost or stale.
    pub incidents: Vec<Incident>,
}

/// Each host's time in seconds, or a dash: `0.4 / 0.2 s`.
pub fn seconds(times: impl IntoIterator<Item = Option<u64>>) -> String {
    let times: Vec<Option<u64>> = times.into_iter().collect();
    if times.iter().all(Option::is_none) {
        return "–".into();
    }
    let each: Vec<String> = times.iter().map(|time| time.map_or_else(|| "–".into(), |ms| format!("{:.1}", ms as f64 / 1000.0))).collect();
    format!("{} s", each.join(" / "))
}
