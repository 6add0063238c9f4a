//! `drill`: the drills, listed or run.

use std::process::ExitCode;

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use super::trial::{self, TrialArgs};
use crate::drill::catalog::{self, DRILLS, Drill};
use crate::drill::limits::Limits;
use crate::drill::run::{self, Options};

/// Options of `drill`.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// The drills to run.
    #[arg(required_unless_present_any = ["all", "list"], value_parser = known)]
    names: Vec<&'static str>,
    /// Run all drills, unless some are named.
    #[arg(long)]
    all: bool,
    /// List the drills and their limits.
    #[arg(long)]
    list: bool,
    /// Short phases at half the rate with few sessions: shows that everything works, proves little.
    #[arg(long)]
    quick: bool,
    /// Requests a second, of all hosts together (default: 200; with --quick 100).
    #[arg(long, value_parser = positive)]
    rate: Option<f64>,
    /// Visitors, each with a session of its own (default: 3000; with --quick 600).
    #[arg(long, value_parser = clap::value_parser!(u32).range(20..))]
    sessions: Option<u32>,
    #[command(flatten)]
    trial: TrialArgs,
}

fn known(name: &str) -> Result<&'static str, String> {
    catalog::find(name).map(|drill| drill.name).ok_or_else(|| "no such drill; `drill --list` lists them".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0).ok_or_else(|| "not a number above 0".to_owned())
}

/// Lists or runs drills: 0 all limits met, 1 some missed or the run broke off, 2 it was asked for in a wrong way, 3 the stack could not be
/// started.
pub fn run(port: Option<u16>, as_json: bool, args: DrillArgs) -> ExitCode {
    if args.list {
        println!("{}", if as_json { list_json() } else { list() });
        return ExitCode::SUCCESS;
    }
    if let Err(problem) = args.trial.check_reports() {
        return trial::refuse("drill", &problem);
    }
    let drills: Vec<&Drill> = DRILLS.iter().filter(|drill| args.names.is_empty() || args.names.contains(&drill.name)).collect();
    let options = Options {
        drills,
        quick: args.quick,
        rate: args.rate.unwrap_or(if args.quick { 100.0 } else { 200.0 }),
        sessions: args.sessions.unwrap_or(if args.quick { 600 } else { 3000 }),
        stack: args.trial.stack(port),
        reports: args.trial.reports(as_json),
    };
    trial::run("drill", run::run(&options))
}

fn list() -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["drill", "what happens"].into_iter().chain(Limits::COLUMNS));
    for drill in DRILLS {
        table.add_row([drill.name.to_owned(), drill.what.to_owned()].into_iter().chain(drill.limits.columns()));
    }
    table.to_string()
}

fn list_json() -> String {
    let drills = DRILLS.iter().map(|drill| {
        let limits: serde_json::Map<_, _> =
            Limits::COLUMNS.iter().zip(drill.limits.columns()).map(|(name, limit)| ((*name).to_owned(), limit.into())).collect();
        json!({"name": drill.name, "what": drill.what, "limits": limits})
    });
    serde_json::Value::Array(drills.collect()).to_string()
}
