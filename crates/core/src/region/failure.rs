//! The last failure of a Region's calls, in shared memory.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

use crate::error::{Error, Kind};
use crate::region::text::Text;

/// What a call met last that was not answered, or was refused; the whole host's.
#[repr(C)]
pub struct FailureCell {
    /// Kind + 1 in the low byte, the host's monotonic milliseconds above it; 0: none yet.
    at: AtomicU64,
    message: Text<48>,
}

/// A failure, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which sort.
    pub kind: Kind,
    /// What happened, and what to do.
    pub message: String,
    /// When, in the host's monotonic milliseconds.
    pub at_ms: u64,
}

impl FailureCell {
    /// Notes a failure. Errors hold no session id, key or data.
    pub fn note(&self, kind: Kind, error: &Error, now_ms: u64) {
        self.message.write(&error.to_string());
        self.at.store(now_ms << 8 | (kind as u64 + 1), Release);
    }

    /// The last one; none yet, or its message is just being written.
    #[must_use]
    pub fn read(&self) -> Option<Failure> {
        let at = self.at.load(Acquire);
        let kind = *Kind::ALL.get(usize::from(at.to_le_bytes()[0]).checked_sub(1)?)?;
        Some(Failure { kind, message: self.message.read()?, at_ms: at >> 8 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::shared::private;

    #[test]
    fn the_last_failure_stands() {
        let cell = &private().region(0).failure;
        assert_eq!(cell.read(), None);
        cell.note(Kind::Timeout, &Error::new(Kind::Timeout, "no answer in time"), 5);
        cell.note(Kind::Throttled, &Error::new(Kind::Throttled, "too much"), 7);
        assert_eq!(cell.read(), Some(Failure { kind: Kind::Throttled, message: "too much".into(), at_ms: 7 }));
    }
}
