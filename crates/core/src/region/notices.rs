//! Messages that one worker of the host shall log, in shared memory.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use crate::region::text::Text;

/// So many are kept.
pub const NOTICES: usize = 8;

/// The newest messages.
#[repr(C)]
pub struct Notices {
    /// How many there have been.
    noted: AtomicU64,
    /// How many of them have been taken.
    logged: AtomicU64,
    kept: [Notice; NOTICES],
}

#[repr(C)]
struct Notice {
    /// Which one of all it is, counted from 1; set when the text is whole.
    number: AtomicU64,
    text: Text<64>,
}

impl Notices {
    /// Leaves a message.
    pub fn note(&self, message: &str) {
        let number = self.noted.fetch_add(1, AcqRel);
        let notice = self.at(number);
        notice.text.write(message);
        notice.number.store(number + 1, Release);
    }

    /// Leaves a message unless it is among the newest already.
    pub fn say_once(&self, message: &str) {
        // Long ones are kept cut.
        if !self.recent().iter().any(|said| message.starts_with(said.as_str())) {
            self.note(message);
        }
    }

    /// Takes the messages that nobody has taken yet; the newest eight at most.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        let (from, to) = (self.logged.load(Acquire), self.noted.load(Acquire));
        let first = from.max(to.saturating_sub(NOTICES as u64));
        // One that is just being written is left for the next taker; but one whose writer was killed must not hold up those after it.
        let end = (first..to).rev().find(|n| self.is_whole(*n)).map_or(first, |last| last + 1);
        if first >= end || self.logged.compare_exchange(from, end, AcqRel, Acquire).is_err() {
            return Vec::new();
        }
        self.read(first, end)
    }

    /// The newest messages, taken or not, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<String> {
        let to = self.noted.load(Acquire);
        self.read(to.saturating_sub(NOTICES as u64), to)
    }

    fn read(&self, from: u64, to: u64) -> Vec<String> {
        (from..to).filter(|n| self.is_whole(*n)).filter_map(|n| self.at(n).text.read()).filter(|text| !text.is_empty()).collect()
    }

    fn is_whole(&self, number: u64) -> bool {
        self.at(number).number.load(Acquire) == number + 1
    }

    fn at(&self, number: u64) -> &Notice {
        &self.kept[usize::try_from(number).unwrap_or_default() % NOTICES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::shared::private;

    #[test]
    fn are_taken_once() {
        let notices = &private().notices;
        for n in 0..20 {
            notices.note(&format!("notice {n}"));
        }
        let taken = notices.take();
        assert_eq!(taken.len(), NOTICES);
        assert_eq!(taken.last().map(String::as_str), Some("notice 19"));
        assert!(notices.take().is_empty());
        assert_eq!(notices.recent().len(), NOTICES);
    }

    #[test]
    fn one_that_is_being_written_is_taken_later_and_a_killed_writer_holds_up_nobody() {
        let notices = &private().notices;
        notices.note("first");
        // Counted, not written yet.
        let number = notices.noted.fetch_add(1, AcqRel);
        assert_eq!(notices.take(), ["first"]);
        assert!(notices.take().is_empty());
        notices.at(number).text.write("second");
        notices.at(number).number.store(number + 1, Release);
        assert_eq!(notices.take(), ["second"]);
        // Never written.
        notices.noted.fetch_add(1, AcqRel);
        notices.note("fourth");
        assert_eq!(notices.take(), ["fourth"]);
    }
}
