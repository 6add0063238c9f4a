//! What drills and rehearsals share: how they end, and what their reports are made of.
//!
//! | module | holds |
//! |---|---|
//! | [`check`] | a limit with what was measured |
//! | [`page`] | parts of a report as one HTML page |
//! | [`plot`] | parts of its plots |

pub mod check;
pub mod page;
pub mod plot;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All limits were met.
    Met,
    /// Some were not.
    Missed,
    /// It broke off.
    BrokeOff,
    /// The stack could not be started.
    NotStarted,
}

/// Where a trial's report goes.
#[derive(Debug)]
pub struct Reports {
    /// Print it as JSON instead of the table.
    pub print_json: bool,
    /// A file for it as JSON.
    pub json: Option<PathBuf>,
    /// A file for it as HTML.
    pub html: Option<PathBuf>,
    /// The command that makes it.
    pub command: String,
}

impl Reports {
    /// Gives the report wherever it is wanted.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn give<R: Serialize>(&self, report: &R, table: fn(&R) -> String, page: fn(&R) -> Result<String>) -> Result<()> {
        let json = serde_json::to_string(report)?;
        match self.print_json {
            true => println!("{json}"),
            false => print!("{}", table(report)),
        }
        let write = |file: &PathBuf, text: String| std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()));
        self.json.iter().try_for_each(|file| write(file, json.clone()))?;
        self.html.iter().try_for_each(|file| write(file, page(report)?))
    }
}

/// Ctrl-C ends the work; what was done before it stays.
///
/// # Errors
/// When it was interrupted, or failed.
pub async fn unless_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Interrupted.into()),
    }
}

/// Ctrl-C was pressed.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}
