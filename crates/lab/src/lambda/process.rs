//! The child process of a function: its environment is the function's, what it prints is the function's log.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::api::Api;
use crate::alarm::timestamp;
use crate::child::{die_with_us, kill_group};

/// One line of a function's log.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// When it was read, in milliseconds since 1970.
    pub at_ms: u64,
    /// The line.
    pub text: String,
}

/// A function's log. Clones are the same log.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Line>>>);

impl Log {
    /// The lines since the last call.
    pub fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lock().expect("log"))
    }

    async fn follow(self, output: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(text)) = lines.next_line().await {
            self.0.lock().expect("log").push(Line { at_ms: timestamp::now_ms(), text });
        }
    }
}

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
    readers: tokio::task::JoinSet<()>,
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
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        die_with_us(&mut command);
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("it ended at once")?;
        let mut readers = tokio::task::JoinSet::new();
        if let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) {
            readers.spawn(log.clone().follow(output));
            readers.spawn(log.clone().follow(errors));
        }
        Ok(Process { api, pid, started, child, readers })
    }

    /// Returns when it has ended and all it said is in the log.
    pub async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        while self.readers.join_next().await.is_some() {}
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
