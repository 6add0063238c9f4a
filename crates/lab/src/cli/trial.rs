//! What `drill` and `rehearse` have in common: the stack they run on, where their reports go, how they end.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::drill::stack;
use crate::trial::{Ending, Reports};

/// Options of every trial.
#[derive(Debug, Args)]
pub struct TrialArgs {
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

impl TrialArgs {
    /// The stack that is asked for.
    pub fn stack(&self, port: Option<u16>) -> stack::Options {
        stack::Options {
            program: self.stack.clone().unwrap_or_else(stack::default_program),
            port,
            workers: self.workers.into(),
            wordpress: !self.no_wordpress,
            more: Vec::new(),
        }
    }

    /// Where its report goes.
    pub fn reports(self, print_json: bool) -> Reports {
        Reports { print_json, json: self.json_file, html: self.html, command: command() }
    }

    /// Nobody should hear after half an hour that the report cannot be written.
    pub fn check_reports(&self) -> Result<(), String> {
        [&self.json_file, &self.html].into_iter().flatten().try_for_each(|file| check_writable(file))
    }
}

fn check_writable(file: &Path) -> Result<(), String> {
    let was_there = file.symlink_metadata().is_ok();
    let opened = OpenOptions::new().create(true).append(true).open(file);
    if opened.is_ok() && !was_there {
        // A run that breaks off leaves no empty report.
        let _ = std::fs::remove_file(file);
    }
    opened.map(drop).map_err(|error| format!("the report cannot be written to {}: {error}; nothing was run", file.display()))
}

/// It was asked for in a wrong way.
pub fn refuse(name: &str, problem: &str) -> ExitCode {
    eprintln!("wp-dynamodb-lab: {name}: {problem}");
    ExitCode::from(2)
}

/// Runs a trial: 0 all limits met, 1 some missed or the run broke off, 3 the stack could not be started.
pub fn run(name: &str, trial: impl Future<Output = anyhow::Result<Ending>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Into::into);
    match runtime.and_then(|runtime| runtime.block_on(trial)) {
        Ok(Ending::Met) => ExitCode::SUCCESS,
        Ok(Ending::Missed | Ending::BrokeOff) => ExitCode::FAILURE,
        Ok(Ending::NotStarted) => ExitCode::from(3),
        Err(error) => {
            eprintln!("wp-dynamodb-lab: {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The command as it was given, without the folders of this machine.
fn command() -> String {
    let mut words = std::env::args();
    let program = words.next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(name).chain(words.map(|word| word.rsplit('/').next().unwrap_or_default().to_owned())).collect::<Vec<_>>().join(" ")
}
