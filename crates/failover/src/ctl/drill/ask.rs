//! Questions to the person, and Ctrl-C.

use std::io::Write;

use tokio::sync::oneshot;

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
}

impl Asker {
    pub(super) fn new(agreed: bool) -> Self {
        Asker { agreed }
    }

    /// A name has to be typed: that is not done by mistake.
    pub(super) async fn name(&mut self, question: &str, name: &str) -> Answer {
        if self.agreed {
            return Answer::Yes;
        }
        eprint!("{question}");
        let _ = std::io::stderr().flush();
        tokio::select! {
            line = line() => if line.trim() == name { Answer::Yes } else { Answer::No },
            () = interrupted() => {
                eprintln!();
                Answer::Interrupted
            }
        }
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

/// Ctrl-C. From the first time on that this is waited for it does not end the process any more.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
