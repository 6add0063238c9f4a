//! `rehearse`: the loss of a Region, with all that answers it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::trial::{self, TrialArgs};
use crate::drill::stack;
use crate::rehearse::run::{self, Options};

/// Options of `rehearse`.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// How many real seconds one second of the rehearsal stands for: all intervals are divided by it (default: 5; with --quick 6).
    #[arg(long, value_parser = scale)]
    scale: Option<f64>,
    /// The whole story only, shorter and without WordPress: shows that everything works. With --recipe: the loss of DynamoDB only.
    #[arg(long)]
    quick: bool,
    /// Also the usual recipe against three losses, and this project against the same.
    #[arg(long)]
    recipe: bool,
    /// The controller's executable.
    #[arg(long, value_name = "PATH", default_value_os_t = bootstrap())]
    bootstrap: PathBuf,
    #[command(flatten)]
    trial: TrialArgs,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "not a number")?;
    if (1.0..=20.0).contains(&scale) { Ok(scale) } else { Err("1 to 20: below a second, nothing can be told apart".into()) }
}

/// Beside this program: both are built to the same folder.
fn bootstrap() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("bootstrap")));
    beside.unwrap_or_else(|| PathBuf::from("target/debug/bootstrap"))
}

/// Rehearses: 0 all limits met, 1 some missed or the run broke off, 2 it was asked for in a wrong way, 3 the stack could not be started.
pub fn run(port: Option<u16>, as_json: bool, args: RehearseArgs) -> ExitCode {
    if let Some(problem) = args.trial.check_reports().err().or_else(|| missing(&args.bootstrap)) {
        return trial::refuse("rehearse", &problem);
    }
    let stack = args.trial.stack(port);
    let options = Options {
        scale: args.scale.unwrap_or(if args.quick { 6.0 } else { 5.0 }),
        quick: args.quick,
        recipe: args.recipe,
        bootstrap: args.bootstrap,
        stack: stack::Options { wordpress: stack.wordpress && !args.quick, ..stack },
        reports: args.trial.reports(as_json),
    };
    trial::run("rehearse", run::run(&options))
}

fn missing(bootstrap: &Path) -> Option<String> {
    let is_there = bootstrap.is_file();
    (!is_there)
        .then(|| format!("{} is missing: cargo build -p wp-dynamodb-failover makes it, or name it with --bootstrap", bootstrap.display()))
}
