//! `drill`: the drills, listed or run.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use crate::drill::catalog::{self, DRILLS, Drill};
use crate::drill::limits::Limits;
use crate::drill::run::{self, Ending, Options};
use crate::drill::stack;

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
    /// php-fpm workers of each host.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=200))]
    workers: u16,
    /// Leave out the second pass, through WordPress pages.
    #[arg(long)]
    no_wordpress: bool,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    json_file: Option<PathBuf>,
    /// Write the report as one HTML page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The program that runs lab, php-fpm and nginx (default: tests/drill/stack of $WPD_ROOT or of the current folder).
    #[arg(long, value_name = "PROGRAM")]
    stack: Option<PathBuf>,
}

fn known(name: &str) -> Result<&'static str, String> {
    catalog::find(name).map(|drill| drill.name).ok_or_else(|| "no such drill; `drill --list` lists them".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0).ok_or_else(|| "not a number above 0".to_owned())
}

/// Nobody should hear after half an hour that the report cannot be written.
pub fn check_writable(file: &Path) -> Result<(), String> {
    let was_there = file.symlink_metadata().is_ok();
    let opened = OpenOptions::new().create(true).append(true).open(file);
    if opened.is_ok() && !was_there {
        // A run that breaks off leaves no empty report.
        let _ = std::fs::remove_file(file);
    }
    opened.map(drop).map_err(|error| format!("the report cannot be written to {}: {error}; nothing was run", file.display()))
}

/// Lists or runs drills: 0 all limits met, 1 some missed or the run broke off, 2 it was asked for in a wrong way, 3 the stack could not be
/// started.
pub fn run(port: Option<u16>, as_json: bool, args: DrillArgs) -> ExitCode {
    if args.list {
        println!("{}", if as_json { list_json() } else { list() });
        return ExitCode::SUCCESS;
    }
    if let Err(problem) = [&args.json_file, &args.html].into_iter().flatten().try_for_each(|file| check_writable(file)) {
        eprintln!("wp-dynamodb-lab: drill: {problem}");
        return ExitCode::from(2);
    }
    let drills: Vec<&Drill> = DRILLS.iter().filter(|drill| args.names.is_empty() || args.names.contains(&drill.name)).collect();
    let options = Options {
        drills,
        quick: args.quick,
        rate: args.rate.unwrap_or(if args.quick { 100.0 } else { 200.0 }),
        sessions: args.sessions.unwrap_or(if args.quick { 600 } else { 3000 }),
        stack: stack::Options {
            program: args.stack.unwrap_or_else(stack::default_program),
            port,
            workers: args.workers.into(),
            wordpress: !args.no_wordpress,
            more: Vec::new(),
        },
        print_json: as_json,
        json: args.json_file,
        html: args.html,
        command: command(),
    };
    let done = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Into::into);
    match done.and_then(|runtime| runtime.block_on(run::run(&options))) {
        Ok(Ending::Met) => ExitCode::SUCCESS,
        Ok(Ending::Missed) => ExitCode::FAILURE,
        Ok(Ending::NotStarted) => ExitCode::from(3),
        Err(error) => {
            eprintln!("wp-dynamodb-lab: drill: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The command as it was given, without the folders of this machine.
pub fn command() -> String {
    let mut words = std::env::args();
    let program = words.next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(name).chain(words.map(|word| word.rsplit('/').next().unwrap_or_default().to_owned())).collect::<Vec<_>>().join(" ")
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
