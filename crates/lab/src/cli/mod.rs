//! The command line: `serve` is the lab, everything else is a client of its control interface.

mod alarm;
mod client;
mod drill;
mod lambda;
mod print;
mod rehearse;
mod serve;
mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::door::Door;
use crate::fault::Kind;

/// AWS Regions on one machine: DynamoDB and SSM per Region, replication and faults.
#[derive(Debug, Parser)]
#[command(name = "wp-dynamodb-lab", version, about, max_term_width = 120)]
pub struct Cli {
    /// Base port; the control interface listens on it (default: 18700; a drill's own lab: 20700).
    #[arg(long, global = true, env = "WPD_PORT")]
    port: Option<u16>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the lab until SIGTERM or SIGINT; prints `ready` when all parts answer.
    Serve(ServeArgs),
    /// Show Regions, faults, parameter values, replication and counters.
    Status,
    /// Wait until the lab is ready.
    Wait {
        /// Seconds.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Set a fault; `none` heals.
    Fault {
        /// The Region.
        region: String,
        /// The service.
        service: ServiceArg,
        /// none, latency, blackhole, refuse, reset, 5xx, throttle, hang, denied, missing, noconnect or dns.
        kind: Kind,
        /// The door that is struck: local (hosts of the Region) or remote (hosts of the others); default: both.
        #[arg(long)]
        from: Option<Door>,
        /// Added time of `latency`, in milliseconds.
        #[arg(long)]
        ms: Option<u64>,
        /// Share of calls that are struck, 0 to 1.
        #[arg(long)]
        rate: Option<f64>,
    },
    /// Make a Region the active one: write the parameter as an operator would.
    Region {
        /// The Region.
        region: String,
        /// Write in these Regions only (default: all whose SSM answers).
        #[arg(long = "in", value_delimiter = ',')]
        regions: Option<Vec<String>>,
    },
    /// Write any value to the parameter, or delete it.
    Parameter {
        /// The value.
        #[arg(required_unless_present = "delete", conflicts_with = "delete", allow_hyphen_values = true)]
        value: Option<String>,
        /// Delete the parameter.
        #[arg(long)]
        delete: bool,
        /// Write in these Regions only (default: all whose SSM answers).
        #[arg(long = "in", value_delimiter = ',')]
        regions: Option<Vec<String>>,
    },
    /// Control replication between the Regions.
    #[command(subcommand)]
    Replication(ReplicationCommand),
    /// Show calls per Region, service and operation.
    Counters {
        /// Start from zero again, after showing.
        #[arg(long)]
        reset: bool,
        /// This Region only.
        #[arg(long)]
        region: Option<String>,
        /// This service only.
        #[arg(long)]
        service: Option<ServiceArg>,
    },
    /// Print all items of a table, one JSON line each (DynamoDB JSON).
    Dump {
        /// The Region.
        region: String,
        /// The table (default: the session table).
        #[arg(long)]
        table: Option<String>,
    },
    /// Read, write or delete one item, past faults and counters.
    #[command(subcommand)]
    Item(ItemCommand),
    /// Create another replicated table, in all Regions.
    Table {
        /// The table.
        name: String,
        /// Its hash key (a string).
        #[arg(long, default_value = "session_id")]
        hash_key: String,
        /// Its range key (a string), if it shall have one.
        #[arg(long)]
        range_key: Option<String>,
        /// Its TTL attribute.
        #[arg(long, default_value = "expires")]
        ttl: String,
    },
    /// Delete expired items now, in all Regions.
    Sweep,
    /// Print the event of an alarm's change, in one of the shapes in which it reaches a Lambda.
    Alarm(alarm::AlarmArgs),
    /// Invoke a Lambda function's real `bootstrap` against a running lab, through the runtime API.
    Lambda(lambda::LambdaArgs),
    /// Run drills: faults under load through nginx and php-fpm, each held against its limits.
    Drill(drill::DrillArgs),
    /// Rehearse the loss of a Region in compressed time: health checks, DNS, alarm, the real Lambda, parameters, hosts, failback.
    Rehearse(rehearse::RehearseArgs),
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The Regions; the first one is active at the start.
    #[arg(long, value_delimiter = ',', default_value = "us-east-1,us-west-2")]
    regions: Vec<String>,
    /// moto_server (default: $WPD_MOTO, else from the PATH).
    #[arg(long)]
    moto: Option<PathBuf>,
    /// Run without SSM.
    #[arg(long, conflicts_with = "moto")]
    no_ssm: bool,
    /// The session table.
    #[arg(long, default_value = "wordpress_sessions")]
    table: String,
    /// Its hash key.
    #[arg(long, default_value = "session_id")]
    hash_key: String,
    /// Its TTL attribute.
    #[arg(long, default_value = "expires")]
    ttl: String,
    /// Seconds between deletions of expired items; 0: only on `sweep`.
    #[arg(long, default_value_t = 60)]
    ttl_sweep_secs: u64,
    /// The parameter that names the active Region.
    #[arg(long, default_value = "/wordpress/dynamodb_region")]
    parameter: String,
    /// Replication lag in milliseconds.
    #[arg(long, default_value_t = 50)]
    lag_ms: u64,
    /// Where moto's log and the hosts file go.
    #[arg(long, env = "WPD_RUN")]
    run_dir: Option<PathBuf>,
    /// The hosts file to keep, with a name for each door (default: `hosts` in the run folder, when there is one).
    #[arg(long)]
    hosts_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ServiceArg {
    Dynamodb,
    Ssm,
    All,
}

#[derive(Debug, Subcommand)]
enum ReplicationCommand {
    /// Set the time from a write to its copy.
    Lag {
        /// Milliseconds.
        ms: u64,
    },
    /// Hold all copies back.
    Pause,
    /// Let copies move again.
    Resume,
    /// Cut the Regions off from each other.
    Partition,
    /// Let the Regions reach each other again.
    Heal,
    /// Wait until no copy is under way.
    Settle,
}

#[derive(Debug, Subcommand)]
enum ItemCommand {
    /// Print an item (DynamoDB JSON).
    Get(ItemArgs),
    /// Write an item, read from standard input (DynamoDB JSON).
    Put {
        /// The Region.
        region: String,
        #[command(flatten)]
        options: ItemOptions,
    },
    /// Delete an item.
    Delete(ItemArgs),
}

#[derive(Debug, Args)]
struct ItemArgs {
    /// The Region.
    region: String,
    /// The key: a string for hash key session_id, or DynamoDB JSON like {"id":{"S":"x"}}.
    key: String,
    #[command(flatten)]
    options: ItemOptions,
}

#[derive(Debug, Args)]
struct ItemOptions {
    /// The table (default: the session table).
    #[arg(long)]
    table: Option<String>,
    /// Keep the write from the other Regions.
    #[arg(long)]
    local: bool,
}

impl ServiceArg {
    fn name(self) -> &'static str {
        match self {
            ServiceArg::Dynamodb => "dynamodb",
            ServiceArg::Ssm => "ssm",
            ServiceArg::All => "all",
        }
    }
}

/// The base port when none is named.
const PORT: u16 = 18700;

/// Runs the program: 0 done, 1 failed, 2 wrong usage, 3 a drill's stack could not be started.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let port = cli.port.unwrap_or(PORT);
    let done = match cli.command {
        Command::Drill(args) => return drill::run(cli.port, cli.json, args),
        Command::Rehearse(args) => return rehearse::run(cli.port, cli.json, args),
        Command::Serve(args) => serve::run(port, args),
        Command::Lambda(args) => lambda::run(port, cli.json, args),
        Command::Alarm(args) => {
            alarm::run(&args);
            Ok(())
        }
        command => client::run(port, cli.json, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wp-dynamodb-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usage_errors_are_found_before_anything_runs() {
        for line in [
            "lab fault us-east-1 dynamodb slow",
            "lab fault us-east-1 s3 none",
            "lab fault us-east-1 all none --from behind",
            "lab parameter",
            "lab parameter x --delete",
            "lab --port high status",
            "lab alarm --shape fax",
            "lab alarm --state ALARMED",
            "lab lambda --event -",
            "lab lambda --bootstrap b",
            "lab lambda --bootstrap b --event - --env X",
            "lab lambda --bootstrap b --event - --kill-after us-west-2",
            "lab rehearse --scale 0.5",
            "lab rehearse --scale 100",
            "lab drill",
            "lab drill earthquake",
            "lab drill --list --rate 0",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
        assert!(Cli::try_parse_from("lab fault us-east-1 all 5xx --from remote --rate 0.5 --json".split(' ')).is_ok());
    }
}
