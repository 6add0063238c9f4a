//! A function's log: what its processes print.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde::Serialize;
use tokio::net::unix::pipe;

use crate::alarm::timestamp;

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

    fn push(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line).into_owned();
        self.0.lock().expect("log").push(Line { at_ms: timestamp::now_ms(), text });
    }
}

/// The end of a pipe that one process prints to.
///
/// It is read as lines come, and once more when the process has answered: what it printed before lies in the pipe then, but nobody knows
/// whether who follows it has had its turn yet.
#[derive(Debug)]
pub struct Output {
    pipe: pipe::Receiver,
    /// The same pipe for who cannot wait until the runtime has heard that something is there.
    at_once: File,
    /// The beginning of a line. Its lock is held from the reading of a line until it is in the log.
    begun: Mutex<Vec<u8>>,
    log: Log,
}

impl Output {
    /// The reader of a pipe, whose lines go to a log.
    ///
    /// # Errors
    /// When it is no pipe.
    pub fn new(reader: PipeReader, log: Log) -> Result<Self> {
        let at_once = File::from(OwnedFd::from(reader.try_clone()?));
        // Makes both of them answer at once.
        let pipe = pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok(Output { pipe, at_once, begun: Mutex::default(), log })
    }

    /// Reads until all who print have ended.
    pub async fn follow(self: Arc<Self>) {
        while self.pipe.readable().await.is_ok() {
            if !self.take(|buffer| self.pipe.try_read(buffer)) {
                return;
            }
        }
    }

    /// Reads all that is there.
    pub fn read(&self) {
        self.take(|buffer| (&self.at_once).read(buffer));
    }

    /// Takes all that is there; false: nothing more will come.
    fn take(&self, read: impl Fn(&mut [u8]) -> std::io::Result<usize>) -> bool {
        let mut begun = self.begun.lock().expect("output");
        let mut buffer = [0; 4096];
        loop {
            match read(&mut buffer) {
                Ok(0) => {
                    if !begun.is_empty() {
                        self.log.push(&std::mem::take(&mut *begun));
                    }
                    return false;
                }
                Ok(count) => begun.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
            while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = begun.drain(..=end).collect();
                self.log.push(&line[..end]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[tokio::test]
    async fn all_that_was_printed_is_there_when_it_is_asked_for() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let (log, texts) = (Log::default(), |log: &Log| log.take().into_iter().map(|line| line.text).collect::<Vec<_>>());
        let output = Arc::new(Output::new(reader, log.clone()).unwrap());
        // Nobody follows yet, as when the one who does has not had its turn.
        writer.write_all(b"one\ntwo\nth").unwrap();
        output.read();
        assert_eq!(texts(&log), ["one", "two"]);
        let follows = tokio::spawn(output.follow());
        writer.write_all(b"ree\nand no end").unwrap();
        drop(writer);
        follows.await.unwrap();
        assert_eq!(texts(&log), ["three", "and no end"]);
    }
}
