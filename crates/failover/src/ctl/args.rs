//! Commands and flags.

use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::memory::Way;

/// Moves and inspects the active Region of wp-dynamodb.
#[derive(Debug, Parser)]
#[command(name = "wp-dynamodb-ctl", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of all commands. Each has an environment variable of the same meaning as the Lambda's.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "these comments are the help, where a backtick is a backtick")]
pub(crate) struct Common {
    /// Regions, the preferred one first
    #[arg(long, global = true, env = "WP_DYNAMODB_REGIONS", default_value = "us-east-1,us-west-2")]
    pub regions: String,
    /// The Region whose control table is used [default: the first that answers]
    #[arg(long, global = true)]
    pub home: Option<String>,
    /// The SSM parameter that holds the active Region
    #[arg(long, global = true, env = "WP_DYNAMODB_REGION_PARAMETER", default_value = "/wordpress/dynamodb_region")]
    pub parameter: String,
    /// The session table
    #[arg(long, global = true, env = "WP_DYNAMODB_TABLE", default_value = "wordpress_sessions")]
    pub table: String,
    /// Its hash key
    #[arg(long, global = true, env = "WP_DYNAMODB_SESSION_HASH_KEY", default_value = "session_id")]
    pub hash_key: String,
    /// Its TTL attribute
    #[arg(long, global = true, env = "WP_DYNAMODB_SESSION_EXPIRES_ATTRIBUTE", default_value = "expires")]
    pub expires: String,
    /// The controllers' own table
    #[arg(long, global = true, env = "WP_DYNAMODB_CONTROL_TABLE", default_value = "wordpress_failover")]
    pub control_table: String,
    /// Public health checks: us-east-1=https://…/healthz?level=region,us-west-2=https://…
    #[arg(long, global = true, env = "WP_DYNAMODB_HEALTH_URLS", default_value = "", hide_default_value = true)]
    pub health_urls: String,
    /// Alarms on the health checks: us-east-1=arn:aws:cloudwatch:…
    #[arg(long, global = true, env = "WP_DYNAMODB_ALARMS", default_value = "", hide_default_value = true)]
    pub alarms: String,
    /// Endpoints of DynamoDB other than AWS's: us-east-1=http://…
    #[arg(long, global = true, env = "WP_DYNAMODB_ENDPOINTS", default_value = "", hide_default_value = true)]
    pub endpoints: String,
    /// Endpoints of SSM other than AWS's: us-east-1=http://…
    #[arg(long, global = true, env = "WP_DYNAMODB_SSM_ENDPOINTS", default_value = "", hide_default_value = true)]
    pub ssm_endpoints: String,
    /// Answers in JSON, on standard output; progress goes to standard error
    #[arg(long, global = true)]
    pub json: bool,
}

impl Common {
    /// Those of its flags that are not as they are by default, to be typed behind a command: another shell has another environment.
    pub(crate) fn typed(&self) -> String {
        let flags = [
            ("regions", &self.regions, "us-east-1,us-west-2"),
            ("parameter", &self.parameter, "/wordpress/dynamodb_region"),
            ("table", &self.table, "wordpress_sessions"),
            ("hash-key", &self.hash_key, "session_id"),
            ("expires", &self.expires, "expires"),
            ("control-table", &self.control_table, "wordpress_failover"),
            ("health-urls", &self.health_urls, ""),
            ("endpoints", &self.endpoints, ""),
            ("ssm-endpoints", &self.ssm_endpoints, ""),
        ];
        let other = flags.iter().filter(|(_, value, default)| value.as_str() != *default);
        other
            .map(
                |(name, value, _)| {
                    if value.contains(['?', '&', ' ']) { format!(" --{name} '{value}'") } else { format!(" --{name} {value}") }
                },
            )
            .collect()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Looks at all Regions: parameter, site, DynamoDB, who decides, and what a controller would do now
    Status,
    /// Moves the active Region
    Switch(Switch),
    /// Moves the active Region back to the preferred one, the first of --regions
    Failback(Order),
    /// No automatic change of anything until unpin
    Pin(Note),
    /// Ends a pin: what was set before it holds again
    Unpin(Note),
    /// Whether controllers may switch by themselves
    Mode(Mode),
    /// The audit trail: who moved what, when and why
    History(History),
    /// Looks at everything a failover needs, and says what puts right what is wrong
    Doctor,
    /// The tables in DynamoDB
    #[command(subcommand)]
    Table(Table),
    /// Sessions of another handler
    #[command(subcommand)]
    Sessions(Sessions),
    /// Rehearses on the real thing, measures, and goes back
    #[command(subcommand)]
    Drill(Drills),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Drills {
    /// A planned switch there and back
    Switch(Drill),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Drill {
    /// The Region to go to [default: the first that is not active]
    #[arg(long)]
    pub to: Option<String>,
    /// Asks nothing, and goes back after --hold seconds
    #[arg(long)]
    pub yes: bool,
    /// Seconds until it goes back
    #[arg(long, default_value = "60", value_parser = seconds)]
    pub hold: Duration,
    /// Who orders it
    #[arg(long, env = "USER", default_value = "somebody")]
    pub by: String,
    /// Why
    #[arg(long, default_value = "rehearsal")]
    pub why: String,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("wanted are seconds, up to a day".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// Copies the living sessions of the AWS SDK for PHP's session handler into the session table
    Import(Import),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// The handler's table
    #[arg(long, default_value = "sessions")]
    pub from_table: String,
    /// Its hash key
    #[arg(long, default_value = "id")]
    pub from_hash_key: String,
    /// Its attribute with the data
    #[arg(long, default_value = "data")]
    pub from_data: String,
    /// Its attribute with the expiry
    #[arg(long, default_value = "expires")]
    pub from_expires: String,
    /// The Region it is read in [default: the one that is written]
    #[arg(long)]
    pub from_region: Option<String>,
    /// The Region that is written [default: the active one]
    #[arg(long)]
    pub to_region: Option<String>,
    /// PHP's session.name; others are left
    #[arg(long, default_value = "PHPSESSID")]
    pub session_name: String,
    /// The layout to write: wp_dynamodb.session_format of the hosts
    #[arg(long, default_value = "sealed", value_parser = ["sealed", "aws-sdk"])]
    pub format: String,
    /// wp_dynamodb.session_data_attribute of the hosts
    #[arg(long = "data-attribute", default_value = "data")]
    pub data: String,
    /// wp_dynamodb.session_id_prefix of the hosts
    #[arg(long, default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// Only sessions that expire after this second of 1970: what an earlier run has taken along is left, as it says at its end
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub expires_after: i64,
    /// At most so many items a second, read and written
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Reads the table in so many segments
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    pub segments: i32,
    /// Begins with this one; what ended before its end says which
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..))]
    pub from_segment: i32,
    /// Reads and counts, and writes nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Table {
    /// Makes session and control table as global tables, or completes them: TTL, replicas in every Region, protection
    Create(Create),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Create {
    /// Also the WordPress plugin's table of login sessions
    #[arg(long, num_args = 0..=1, default_missing_value = "wordpress_logins", require_equals = true, value_name = "TABLE")]
    pub logins: Option<String>,
    /// No control table: the active Region is only ever moved by hand
    #[arg(long)]
    pub no_control: bool,
    /// Leaves deletion protection as it is: anybody with the right can delete the tables
    #[arg(long)]
    pub no_deletion_protection: bool,
    /// Leaves point-in-time recovery of the control table as it is; the others live for days and get none
    #[arg(long)]
    pub no_point_in_time_recovery: bool,
    /// Says what would be done, and does nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Who and why, for the audit trail.
#[derive(Debug, ClapArgs)]
pub(crate) struct Note {
    /// Who orders it
    #[arg(long, env = "USER", default_value = "somebody")]
    pub by: String,
    /// Why
    #[arg(long, default_value = "no reason given")]
    pub why: String,
    /// Says what would be written, and writes nothing (but the canaries that looking writes)
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Order {
    #[command(flatten)]
    pub note: Note,
    /// Also to a Region that is not well, against a pin, with replication behind, or without a control table
    #[arg(long)]
    pub force: bool,
    /// Also tells hosts that use their own Region's table (routing = local) to leave the old one
    #[arg(long)]
    pub drain: bool,
    /// Starts nothing after the switch: database and capacity stay as they are
    #[arg(long)]
    pub alone: bool,
    /// Does not wait until the Regions agree
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Switch {
    /// The Region to go to
    #[arg(long)]
    pub to: String,
    #[command(flatten)]
    pub order: Order,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Mode {
    /// auto: controllers switch by themselves; manual: they only say what they would do; default: as each controller is set (WP_DYNAMODB_MODE)
    #[arg(value_parser = ["auto", "manual", "default"])]
    pub mode: String,
    #[command(flatten)]
    pub note: Note,
}

impl Mode {
    pub(crate) fn way(&self) -> Way {
        match self.mode.as_str() {
            "manual" => Way::Manual,
            "default" => Way::Default,
            _ => Way::Auto,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct History {
    /// At most so many entries, the newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub last: i32,
}

#[cfg(test)]
mod typed_tests {
    use clap::Parser;

    use super::Args;

    #[test]
    fn what_is_to_be_typed_finds_the_same_site() {
        let typed = |flags: &[&str]| {
            let args = ["wp-dynamodb-ctl", "status"].iter().chain(flags).copied();
            Args::try_parse_from(args).expect("good flags").common.typed()
        };
        // Whoever runs the tests may have an environment of their own, so all of them are given.
        let all = ["--regions", "us-east-1,us-west-2", "--parameter", "/s/r", "--table", "wordpress_sessions", "--control-table", "c"];
        assert_eq!(typed(&all), " --parameter /s/r --control-table c");
        let urls = typed(&["--health-urls", "us-east-1=https://e.example/healthz?level=region"]);
        assert!(urls.contains(" --health-urls 'us-east-1=https://e.example/healthz?level=region'"), "{urls}");
    }
}
