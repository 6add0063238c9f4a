//! The built program, as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;

/// A base port whose neighbours are free as well, below the ports which the system hands out. Each is given once.
pub fn base_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(fastrand::u16(..)));
    loop {
        let base = 20_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 120 * 100;
        let free = [0, 1, 10, 11, 12, 13, 20, 21, 22, 23].into_iter().all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok());
        if free {
            return base;
        }
    }
}

pub fn command(port: u16, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wp-dynamodb-lab"));
    command
        .args(line.split_whitespace())
        .args(["--port", &port.to_string()])
        .env_remove("WPD_PORT")
        .env_remove("WPD_RUN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A client command: exit code, standard output, standard error.
pub fn run(port: u16, line: &str) -> (i32, String, String) {
    finish(command(port, line).output().unwrap())
}

/// A client command with standard input.
pub fn run_with(port: u16, line: &str, input: &str) -> (i32, String, String) {
    let mut child = command(port, line).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    finish(child.wait_with_output().unwrap())
}

fn finish(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A running `serve`. What it says on standard error is shown when its test fails.
pub struct Served {
    pub port: u16,
    child: Child,
    said: Option<JoinHandle<String>>,
}

impl Served {
    /// Starts `serve` and waits for its `ready`.
    pub fn start(line: &str) -> Served {
        Served::start_on(base_port(), line)
    }

    pub fn start_on(port: u16, line: &str) -> Served {
        let mut child = command(port, &format!("serve {line}")).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            let _ = stderr.read_to_string(&mut said);
            said
        });
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let served = Served { port, child, said: Some(said) };
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        assert_eq!(first, "ready\n");
        served
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn run(&self, line: &str) -> (i32, String, String) {
        run(self.port, line)
    }

    /// The JSON of a client command that must succeed.
    pub fn json(&self, line: &str) -> Value {
        let (code, out, error) = self.run(&format!("{line} --json"));
        assert_eq!((code, error.as_str()), (0, ""), "{line}");
        serde_json::from_str(&out).unwrap()
    }

    pub fn kill(&mut self, signal: i32) -> ExitStatus {
        // SAFETY: a signal to a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(self.pid().cast_signed(), signal) }, 0);
        self.child.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(Ok(said)) = self.said.take().map(JoinHandle::join) {
            eprint!("{said}");
        }
    }
}

/// Starts `serve` where it must fail; its exit code and standard error.
pub fn fails_to_serve(port: u16, line: &str) -> (i32, String) {
    let mut child = command(port, &format!("serve {line}")).spawn().unwrap();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    (child.wait().unwrap().code().unwrap(), error)
}

/// Asks again and again, for what nothing announces.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
