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
use super::verdict::Check;
use super::watch::Change;

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

/// Seconds with one decimal, or a dash.
pub fn seconds(ms: Option<u64>) -> String {
    ms.map_or_else(|| "–".into(), |ms| format!("{:.1} s", ms as f64 / 1000.0))
}

/// The longest of some times; none when one of them did not happen.
pub fn longest(times: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    times.into_iter().collect::<Option<Vec<u64>>>()?.into_iter().max()
}
