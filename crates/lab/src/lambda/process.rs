//! The child process of a function: its environment is the function's, what it prints is the function's log.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::api::Api;
use super::log::{Log, Output};
use crate::child::{die_with_us, kill_group};

/// A process that runs, with the API it speaks to.
#[derive(Debug)]
pub struct Process {
    /// Its API.
    pub api: Api,
    /// Its id.
    pub pid: u32,
    /// When it was started.
    pub started: Instant,
    child: Child,
    output: Arc<Output>,
    reader: tokio::task::JoinSet<()>,
}

impl Process {
    /// Starts the program. It gets the given environment and nothing of ours.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn start(program: &Path, environment: &BTreeMap<String, String>, log: &Log) -> Result<Process> {
        let api = Api::open().await?;
        let mut command = Command::new(program);
        command.env_clear().envs(environment).env("AWS_LAMBDA_RUNTIME_API", &api.address);
        // One pipe for both: lines stay in the order in which they were printed.
        let (pipe, writer) = std::io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        die_with_us(&mut command);
        let output = Arc::new(Output::new(pipe, log.clone())?);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("it ended at once")?;
        let mut reader = tokio::task::JoinSet::new();
        reader.spawn(output.clone().follow());
        Ok(Process { api, pid, started, child, output, reader })
    }

    /// Puts all that it has printed so far into the log.
    pub fn read(&self) {
        self.output.read();
    }

    /// Returns when it has ended and all it said is in the log.
    pub async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        while self.reader.join_next().await.is_some() {}
        status.map_or_else(|error| error.to_string(), |status: ExitStatus| status.to_string())
    }

    /// Whether it is there to be given an invocation.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// `kill -9`, and waits for the end.
    pub async fn kill(mut self) {
        if self.child.id().is_some() {
            kill_group(self.pid);
        }
        self.ended().await;
    }
}
