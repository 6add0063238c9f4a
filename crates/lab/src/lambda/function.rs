//! A function with its reserved concurrency: so many processes, each with one invocation at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout};

use super::api::{Offer, Said};
use super::log::Log;
use super::process::Process;
use crate::child::kill_group;

/// How a function is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Its Region.
    pub region: String,
    /// The executable.
    pub bootstrap: PathBuf,
    /// Its environment, beside what Lambda itself sets.
    pub environment: BTreeMap<String, String>,
    /// An invocation that takes longer ends with its process.
    pub timeout: Duration,
    /// So many invocations at a time.
    pub concurrency: usize,
}

/// What became of an invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The function's answer.
    Answered(Value),
    /// The function said that it failed.
    Failed {
        /// The error's type.
        kind: String,
        /// What it said.
        error: Value,
    },
    /// It could not be started, or said so itself.
    NotStarted(String),
    /// It ended in the middle: how.
    Exited(String),
    /// It took too long and was killed.
    TimedOut,
}

impl Outcome {
    /// Whether it counts as a success: otherwise an asynchronous invocation is tried again.
    pub fn is_answered(&self) -> bool {
        matches!(self, Outcome::Answered(_))
    }
}

/// An invocation that has ended.
#[derive(Debug, Clone, Serialize)]
pub struct Invocation {
    /// Its id.
    pub request_id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// From the start of the process until it asked for the event; none when a process was there.
    pub cold_start_ms: Option<f64>,
    /// The invocation without the cold start.
    pub duration_ms: f64,
}

/// A function.
#[derive(Debug)]
pub struct Function {
    /// How it is set up.
    pub config: Config,
    /// What it prints.
    pub log: Log,
    room: Semaphore,
    /// Processes that wait for an invocation; the one that was used last is used next.
    idle: Mutex<Vec<Process>>,
    /// The processes that live, for [`Function::kill`].
    pids: Mutex<Vec<u32>>,
    number: AtomicU32,
}

impl Function {
    /// A function without a process: the first invocation is a cold one.
    pub fn new(config: Config) -> Self {
        Function {
            room: Semaphore::new(config.concurrency),
            config,
            log: Log::default(),
            idle: Mutex::default(),
            pids: Mutex::default(),
            number: AtomicU32::new(0),
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:111122223333:function:{}", self.config.region, self.config.name)
    }

    /// `kill -9` of its processes, in the middle of whatever they do. False: there are none.
    pub fn kill(&self) -> bool {
        let pids = std::mem::take(&mut *self.pids.lock().expect("pids"));
        pids.iter().for_each(|pid| kill_group(*pid));
        !pids.is_empty()
    }

    /// The processes that are there.
    pub fn pids(&self) -> Vec<u32> {
        self.pids.lock().expect("pids").clone()
    }

    /// Ends the processes that wait, as Lambda does some time after the last invocation.
    pub async fn stop(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().expect("idle"));
        for process in idle {
            self.end(process).await;
        }
    }

    /// Invokes it; waits while as many invocations run as it may have.
    pub async fn invoke(&self, event: &Value) -> Invocation {
        let _room = self.room.acquire().await.expect("it is never closed");
        let request_id = self.request_id();
        let ended = |outcome| Invocation { request_id: request_id.clone(), outcome, cold_start_ms: None, duration_ms: 0.0 };
        let kept = self.warm().await;
        let is_cold = kept.is_none();
        let mut process = match kept {
            Some(process) => process,
            None => match Process::start(&self.config.bootstrap, &self.environment(), &self.log).await {
                Ok(process) => process,
                Err(error) => return ended(Outcome::NotStarted(format!("{error:#}"))),
            },
        };
        if is_cold {
            self.pids.lock().expect("pids").push(process.pid);
        }
        let (said, mut answer) = oneshot::channel();
        let offer = Offer {
            request_id: request_id.clone(),
            event: Bytes::from(event.to_string()),
            deadline: SystemTime::now() + self.config.timeout,
            arn: self.arn(),
            said,
        };
        let desk = process.api.desk.clone();
        desk.offer(offer);
        // The start is not of the invocation's time, but has the same limit here.
        let start = async {
            desk.asked().await;
            Instant::now()
        };
        let (cold, begun) = tokio::select! {
            // In this order: a process that asks and answers at once has started, and what it says is no failure to start.
            biased;
            asked = start => (is_cold.then(|| asked - process.started), asked),
            () = tokio::time::sleep(self.config.timeout) => (None, Instant::now()),
            said = &mut answer => {
                let outcome = said.map_or_else(|_| Outcome::Exited("it let go of the invocation".into()), outcome);
                self.end(process).await;
                return ended(outcome);
            }
            how = process.ended() => {
                self.forget(process.pid);
                return ended(Outcome::NotStarted(how));
            }
        };
        let outcome = tokio::select! {
            said = timeout(self.config.timeout, answer) => match said {
                Ok(Ok(said)) => outcome(said),
                Ok(Err(_)) => Outcome::Exited("it let go of the invocation".into()),
                Err(_) => Outcome::TimedOut,
            },
            how = process.ended() => Outcome::Exited(how),
        };
        let duration_ms = millis(begun.elapsed());
        match &outcome {
            Outcome::Answered(_) | Outcome::Failed { .. } => {
                process.read();
                self.idle.lock().expect("idle").push(process);
            }
            _ => self.end(process).await,
        }
        Invocation { request_id, outcome, cold_start_ms: cold.map(millis), duration_ms }
    }

    /// A process that waits for an invocation. One that was killed meanwhile is not given the next one.
    async fn warm(&self) -> Option<Process> {
        loop {
            let mut process = self.idle.lock().expect("idle").pop()?;
            // A signal that was sent may not have arrived.
            if self.pids().contains(&process.pid) && process.lives() {
                return Some(process);
            }
            self.end(process).await;
        }
    }

    async fn end(&self, process: Process) {
        self.forget(process.pid);
        process.kill().await;
    }

    /// Its id may soon be another's.
    fn forget(&self, pid: u32) {
        self.pids.lock().expect("pids").retain(|known| *known != pid);
    }

    fn request_id(&self) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-0000-4000-8000-{:012x}", crc32fast::hash(self.arn().as_bytes()), number)
    }

    /// What Lambda sets, and the function's own.
    fn environment(&self) -> BTreeMap<String, String> {
        let Config { name, region, .. } = &self.config;
        let lambda = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", "/nonexistent"),
            ("LANG", "C.UTF-8"),
            ("TZ", ":UTC"),
            ("RUST_BACKTRACE", "1"),
            ("_HANDLER", "bootstrap"),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_ACCESS_KEY_ID", "lab"),
            ("AWS_SECRET_ACCESS_KEY", "lab"),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/lab"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "lab"),
        ];
        let own = self.config.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        lambda.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).chain(own).collect()
    }
}

fn outcome(said: Said) -> Outcome {
    let json = |body: &[u8]| serde_json::from_slice(body).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body)));
    match said {
        Said::Response(body) => Outcome::Answered(json(&body)),
        Said::Error { kind, body } => Outcome::Failed { kind, error: json(&body) },
        Said::InitError(body) => Outcome::NotStarted(String::from_utf8_lossy(&body).into_owned()),
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
