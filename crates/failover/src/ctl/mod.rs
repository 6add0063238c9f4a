//! The command line: `wp-dynamodb-ctl`.
//!
//! ```text
//! args     commands and flags
//! place    settings from flags and environment; which Region's control table answers
//! orders   switch, failback, pin, unpin, mode
//! follow   waits until every Region's parameter agrees, and until sites answer
//! dry      a world in which nothing is written, for --dry-run
//! doctor/  everything a failover needs, with fixes
//! drill/   a switch there and back, measured
//! table/   table create
//! import/  sessions import
//! tables   the tables as they should be
//! show     tables for people
//! ```
//!
//! Exit codes: 0 done, and all is well; 1 it could not be done; 2 wrong usage; 3 it was looked at, and something is wrong;
//! 130 interrupted.

mod args;
mod doctor;
mod drill;
mod dry;
mod follow;
mod history;
mod import;
mod orders;
mod place;
mod show;
mod status;
mod table;
mod tables;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, Drills, Sessions, Table};

/// What a command came to.
pub(crate) enum End {
    /// Done, and all is well.
    Well,
    /// Looked at, and something is wrong.
    Ill,
}

/// A failure that is the caller's: exit code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Ctrl-C, and what it has left: exit code 130, as a shell gives it.
#[derive(Debug)]
pub(crate) struct Interrupted(pub String);

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "interrupted: {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// Runs the command of the process's arguments.
pub async fn run() -> ExitCode {
    let args = Args::parse();
    match Box::pin(command(&args)).await {
        Ok(End::Well) => ExitCode::SUCCESS,
        Ok(End::Ill) => ExitCode::from(3),
        Err(error) => {
            let code = match () {
                () if error.is::<Usage>() => 2,
                () if error.is::<Interrupted>() => 130,
                () => 1,
            };
            if args.common.json {
                println!("{}", serde_json::json!({"error": format!("{error:#}")}));
            }
            eprintln!("wp-dynamodb-ctl: {error:#}");
            ExitCode::from(code)
        }
    }
}

async fn command(args: &Args) -> anyhow::Result<End> {
    match &args.command {
        Command::Status => status::run(&args.common).await,
        Command::Switch(order) => orders::switch(&args.common, order).await,
        Command::Failback(order) => orders::failback(&args.common, order).await,
        Command::Pin(order) => orders::pin(&args.common, order).await,
        Command::Unpin(order) => orders::unpin(&args.common, order).await,
        Command::Mode(order) => orders::mode(&args.common, order).await,
        Command::History(history) => history::run(&args.common, history).await,
        Command::Doctor => doctor::run(&args.common).await,
        Command::Table(Table::Create(flags)) => table::create(&args.common, flags).await,
        Command::Drill(Drills::Switch(flags)) => drill::switch(&args.common, flags).await,
        Command::Sessions(Sessions::Import(flags)) => import::run(&args.common, flags).await,
    }
}
