//! moto_server, the SSM emulator: a child process.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::child::{die_with_us, kill_group};

/// How long moto may take to answer. Its first start imports half of Python.
const START_LIMIT: Duration = Duration::from_secs(90);

/// moto's state, for status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The process runs.
    Running,
    /// The process ended by itself, and how.
    Ended(String),
}

/// A running moto_server. Killed when dropped, and by the kernel when the lab is killed.
#[derive(Debug)]
pub struct Moto {
    /// Its port on loopback.
    pub port: u16,
    /// Its process id.
    pub pid: u32,
    state: watch::Receiver<State>,
    stop: Mutex<Option<tokio::sync::oneshot::Sender<()>>>,
}

/// The path of moto_server: as given, else `$WPD_MOTO`, else found on `$PATH`.
pub fn find(given: Option<&Path>) -> Result<PathBuf> {
    let from_environment = std::env::var_os("WPD_MOTO").filter(|path| !path.is_empty());
    let (path, source) = match (given, from_environment) {
        (Some(path), _) => (path.to_owned(), "--moto"),
        (None, Some(path)) => (PathBuf::from(path), "WPD_MOTO"),
        (None, None) => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let found = std::env::split_paths(&path).map(|folder| folder.join("moto_server")).find(|file| file.is_file());
            return found.context(
                "moto_server is not on the PATH; install it (pip install 'moto[server,ssm]'), name it with --moto or WPD_MOTO, or run with --no-ssm",
            );
        }
    };
    if !path.is_file() {
        bail!("{source} names {}, which is not a file", path.display());
    }
    Ok(path)
}

impl Moto {
    /// Starts moto_server and waits until it listens. The port must be [free](free_port).
    ///
    /// Call it from a thread that lives as long as the lab: the kernel kills the child when the *thread* that made it ends.
    pub async fn start(program: &Path, port: u16, run_dir: Option<&Path>) -> Result<Moto> {
        let log = run_dir.map(|folder| folder.join("moto.log"));
        let mut child = spawn(program, port, log.as_deref())?;
        let pid = child.id().context("moto_server ended at once")?;
        let (ended, state) = watch::channel(State::Running);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            tokio::select! {
                status = child.wait() => {
                    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                    eprintln!("lab: moto_server (pid {pid}) ended: {how}; SSM answers 500 in all Regions until the lab is restarted");
                    ended.send_replace(State::Ended(how));
                }
                _ = stopped => {
                    // Its whole group: moto_server may be a wrapper that started the real one.
                    kill_group(pid);
                    let _ = child.wait().await;
                    ended.send_replace(State::Ended("stopped".into()));
                }
            }
        });
        let moto = Moto { port, pid, state, stop: Mutex::new(Some(stop)) };
        moto.wait_until_it_listens(log.as_deref()).await?;
        Ok(moto)
    }

    async fn wait_until_it_listens(&self, log: Option<&Path>) -> Result<()> {
        let start = Instant::now();
        let mut told = 0;
        loop {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return Ok(());
            }
            let waited = start.elapsed();
            if let State::Ended(how) = self.state() {
                bail!("moto_server ended while starting: {how}{}", last_lines(log));
            }
            if waited > START_LIMIT {
                bail!("moto_server does not listen on port {} after {} s{}", self.port, waited.as_secs(), last_lines(log));
            }
            if waited.as_secs() >= told + 2 {
                told = waited.as_secs();
                eprintln!("lab: waiting for moto_server (SSM), {told} s");
            }
            // Nothing announces a child's listen(); its start takes seconds, so a poll costs nothing.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether it runs.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Ends the process and waits for its end.
    pub async fn stop(&self) {
        let stop = self.stop.lock().expect("stop").take();
        if let Some(stop) = stop {
            let _ = stop.send(());
        }
        let mut state = self.state.clone();
        let _ = state.wait_for(|state| *state != State::Running).await;
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        if self.state() == State::Running {
            kill_group(self.pid);
        }
    }
}

fn spawn(program: &Path, port: u16, log: Option<&Path>) -> Result<Child> {
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).env("PYTHONUNBUFFERED", "1").stdin(Stdio::null());
    die_with_us(&mut command);
    match log {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            command.stdout(file.try_clone()?).stderr(file);
        }
        None => {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
    }
    command.spawn().with_context(|| format!("cannot start {}", program.display()))
}

/// A free port (0: chosen by the system). Checked before moto is started, so that the lab never talks to somebody else's moto.
pub fn free_port(port: u16) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .with_context(|| format!("cannot listen on 127.0.0.1:{port} (moto); stop what uses port {port}, or choose another --port"))?;
    Ok(listener.local_addr()?.port())
}

fn last_lines(log: Option<&Path>) -> String {
    let Some(text) = log.and_then(|path| std::fs::read_to_string(path).ok()) else {
        return String::new();
    };
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(10)..];
    format!("; its last lines:\n{}", last.join("\n"))
}
