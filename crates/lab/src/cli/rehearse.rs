//! `rehearse`: the loss of a Region, with all that answers it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::drill::{check_writable, command};
use crate::drill::run::Ending;
use crate::drill::stack;
use crate::rehearse::run::{self, Options};

/// Options of `rehearse`.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// How many real seconds one second of the rehearsal stands for: all intervals are divided by it (default: 5; with --quick 6).
    #[arg(long, value_parser = scale)]
    scale: Option<f64>,
    /// The whole story only, shorter and without WordPress: shows that everything works.
    #[arg(long, conflicts_with = "recipe")]
    quick: bool,
    /// Also the usual recipe against three losses, and this project against the same.
    #[arg(long)]
    recipe: bool,
    /// The controller's executable.
    #[arg(long, value_name = "PATH", default_value_os_t = bootstrap())]
    bootstrap: PathBuf,
    /// php-fpm workers of each host.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=200))]
    workers: u16,
    /// Leave WordPress out.
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
    let problem = [&args.json_file, &args.html].into_iter().flatten().try_for_each(|file| check_writable(file)).err();
    if let Some(problem) = problem.or_else(|| missing(&args.bootstrap)) {
        eprintln!("wp-dynamodb-lab: rehearse: {problem}");
        return ExitCode::from(2);
    }
    let options = Options {
        scale: args.scale.unwrap_or(if args.quick { 6.0 } else { 5.0 }),
        quick: args.quick,
        recipe: args.recipe,
        bootstrap: args.bootstrap,
        stack: stack::Options {
            program: args.stack.unwrap_or_else(stack::default_program),
            port,
            workers: args.workers.into(),
            wordpress: !args.no_wordpress && !args.quick,
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
            eprintln!("wp-dynamodb-lab: rehearse: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn missing(bootstrap: &Path) -> Option<String> {
    let is_there = bootstrap.is_file();
    (!is_there)
        .then(|| format!("{} is missing: cargo build -p wp-dynamodb-failover makes it, or name it with --bootstrap", bootstrap.display()))
}
