//! Questions to the person, and Ctrl-C; the end of a terminal counts as one.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, oneshot};

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// What was to be typed was typed.
    Yes,
    /// Something else was, or nothing.
    No,
    /// Ctrl-C.
    Interrupted,
}

/// Asks; or not, when everything was agreed to beforehand.
pub(super) struct Asker {
    agreed: bool,
    interrupts: Interrupts,
}

impl Asker {
    pub(super) fn new(agreed: bool) -> Self {
        Asker { agreed, interrupts: Interrupts::listen() }
    }

    /// A name has to be typed: that is not done by mistake.
    pub(super) async fn name(&self, question: &str, name: &str) -> Answer {
        if self.agreed {
            return Answer::Yes;
        }
        eprint!("{question}");
        let _ = std::io::stderr().flush();
        tokio::select! {
            line = line() => if line.trim() == name { Answer::Yes } else { Answer::No },
            () = self.interrupted() => {
                eprintln!();
                Answer::Interrupted
            }
        }
    }

    /// A Ctrl-C that nothing has heard yet: one from before counts.
    pub(super) async fn interrupted(&self) {
        self.interrupts.0.notified().await;
    }
}

/// Ctrl-C, from the beginning to the end: once it is listened to it does not end the process any more, so it must never be missed.
struct Interrupts(Arc<Notify>);

impl Interrupts {
    fn listen() -> Self {
        let heard = Arc::new(Notify::new());
        let tells = &heard;
        // Of one that is gone nobody can tell any more that it was a terminal.
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        for kind in [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()] {
            let Ok(mut signals) = signal(kind) else { continue };
            let tells = tells.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if kind == SignalKind::hangup() {
                        silence(out, err);
                    }
                    // Kept for whoever waits next, if nobody does.
                    tells.notify_one();
                }
            });
        }
        Interrupts(heard)
    }
}

/// What is said to a terminal that is gone goes nowhere: as a failed write it would end the process before the way back is made.
fn silence(out: bool, err: bool) {
    let Ok(nowhere) = File::options().write(true).open("/dev/null") else { return };
    if out {
        let _ = nix::unistd::dup2_stdout(&nowhere);
    }
    if err {
        let _ = nix::unistd::dup2_stderr(&nowhere);
    }
}

/// One line of standard input; empty at its end. On a thread of its own: the runtime would wait for one of its own at the end.
async fn line() -> String {
    let (send, receive) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        let _ = send.send(line);
    });
    receive.await.unwrap_or_default()
}
