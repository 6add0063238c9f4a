//! The program that runs everything under the drill: lab, php-fpm, nginx, WordPress. Spoken to in JSON, one line each.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// WordPress's installation takes most of it.
const START: Duration = Duration::from_secs(240);
/// A reload waits for the requests that are being served.
const COMMAND: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(60);

/// How to start the stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program.
    pub program: PathBuf,
    /// Base port of the lab, when it is not to choose its own.
    pub port: Option<u16>,
    /// Workers of each host.
    pub workers: usize,
    /// With WordPress.
    pub wordpress: bool,
    /// More of its arguments, such as settings of the hosts.
    pub more: Vec<String>,
}

/// What the stack says of itself in its first line.
#[derive(Debug, Deserialize)]
pub struct Description {
    /// The lab's control interface.
    pub control: String,
    /// One host per Region, in the order of Regions.
    pub hosts: Vec<Host>,
}

/// One php-fpm host with its vhost.
#[derive(Debug, Clone, Deserialize)]
pub struct Host {
    /// Its Region.
    pub region: String,
    /// Workers that serve pages.
    pub workers: u64,
    /// Address of the session page.
    pub page: String,
    /// Address of `wp_dynamodb_status()` as JSON.
    pub status: String,
    /// Address of its health check.
    pub healthz: String,
    /// Address of the demo's cart in WordPress, the action's name to be added; none without WordPress.
    pub cart: Option<String>,
}

/// A stack that runs.
#[derive(Debug)]
pub struct Stack {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// The program when none is named: tests/drill/stack of `$WPD_ROOT` or of the current folder.
pub fn default_program() -> PathBuf {
    let root = std::env::var_os("WPD_ROOT").map_or_else(PathBuf::new, PathBuf::from);
    root.join("tests/drill/stack")
}

impl Stack {
    /// Starts the program and waits until everything runs.
    ///
    /// # Errors
    /// When it is not there, ends, or takes too long; the message says what to do.
    pub async fn start(options: &Options) -> Result<(Stack, Description)> {
        let program = options.program.canonicalize().with_context(|| missing(&options.program))?;
        let mut command = Command::new(program);
        command.arg("--workers").arg(options.workers.to_string());
        if options.wordpress {
            command.arg("--wordpress");
        }
        command.args(&options.more);
        if let Some(port) = options.port {
            command.env("WPD_PORT", port.to_string());
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be run", options.program.display()))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("the stack has no output")?).lines();
        let mut stack = Stack { child, input, output };
        let described = stack.line(START).await.context("the stack did not start; its last words are above");
        match described.and_then(|line| serde_json::from_value(line).context("the stack's first line does not say what it is")) {
            Ok(description) => Ok((stack, description)),
            Err(error) => {
                stack.stop().await;
                Err(error)
            }
        }
    }

    async fn line(&mut self, timeout: Duration) -> Result<Value> {
        let line = tokio::time::timeout(timeout, self.output.next_line());
        let line = line.await.with_context(|| format!("the stack said nothing for {} s", timeout.as_secs()))??;
        serde_json::from_str(&line.context("the stack has ended")?).context("the stack's line is not JSON")
    }

    /// Has the stack do something to the host of a Region.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn command(&mut self, what: &str, region: &str) -> Result<Value> {
        let line = format!("{}\n", json!({"do": what, "host": region}));
        self.input.as_mut().context("the stack has been stopped")?.write_all(line.as_bytes()).await?;
        let answer = self.line(COMMAND).await?;
        match answer["error"].as_str() {
            Some(error) => bail!("the stack: {error}"),
            None => Ok(answer),
        }
    }

    /// Stops everything. The end of its input is what the stack waits for; it also comes when this process dies.
    pub async fn stop(mut self) {
        self.input = None;
        if tokio::time::timeout(STOP, self.child.wait()).await.is_err() {
            eprintln!("drill: the stack does not stop; it is killed, and what it started may be left");
            let _ = self.child.kill().await;
        }
    }
}

fn missing(program: &Path) -> String {
    format!("{} is missing: run this in the repository, set $WPD_ROOT to it, or name the program with --stack", program.display())
}
