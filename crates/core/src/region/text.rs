//! A text in shared memory.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};

/// A text of up to `8 * N` bytes for people. One process writes at a time as a rule; should two, the worst is a garbled message.
#[repr(C)]
pub struct Text<const N: usize> {
    sequence: AtomicU32,
    length: AtomicU32,
    words: [AtomicU64; N],
}

impl<const N: usize> Text<N> {
    /// Replaces the text; what does not fit is cut at a character.
    pub fn write(&self, text: &str) {
        let mut end = text.len().min(8 * N);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // Odd while writing. A writer that was killed left it odd: `| 1` takes up from there.
        let before = self.sequence.load(Relaxed) | 1;
        self.sequence.store(before, Relaxed);
        fence(Release);
        self.length.store(u32::try_from(end).unwrap_or_default(), Relaxed);
        for (word, bytes) in self.words.iter().zip(text.as_bytes()[..end].chunks(8)) {
            let mut whole = [0; 8];
            whole[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_le_bytes(whole), Relaxed);
        }
        self.sequence.store(before.wrapping_add(1), Release);
    }

    /// `None` when it is being written, or its writer was killed.
    pub fn read(&self) -> Option<String> {
        let before = self.sequence.load(Acquire);
        let length = (self.length.load(Relaxed) as usize).min(8 * N);
        let mut bytes: Vec<u8> = self.words.iter().take(length.div_ceil(8)).flat_map(|w| w.load(Relaxed).to_le_bytes()).collect();
        fence(Acquire);
        if before % 2 == 1 || self.sequence.load(Relaxed) != before {
            return None;
        }
        bytes.truncate(length);
        String::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Text<64> {
        Text { sequence: AtomicU32::new(0), length: AtomicU32::new(0), words: [const { AtomicU64::new(0) }; 64] }
    }

    #[test]
    fn a_killed_writer_leaves_no_half_text_and_no_lock() {
        let text = text();
        text.write("whole");
        text.sequence.fetch_add(1, Release);
        assert_eq!(text.read(), None);
        text.write("again");
        assert_eq!(text.read().as_deref(), Some("again"));
    }

    #[test]
    fn texts_are_cut_at_a_character() {
        let text = text();
        text.write(&"é".repeat(1000));
        assert_eq!(text.read().map(|t| t.len()), Some(512));
    }
}
