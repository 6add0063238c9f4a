//! The time after a switch, a bridge or a spilled write in which one Region does not know everything: a pure function.
//!
//! While it lasts, reads ask the Regions in it as well and take the newest copy, and writes go to them, too: whatever replication is
//! doing, and whichever Region another host still uses, the newest session is found.

use crate::region::mask::Mask;

/// Which Regions may know more than the route, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// When it ends, in the host's monotonic milliseconds.
    pub until_ms: u64,
    /// The Regions.
    pub regions: Mask,
}

impl Window {
    /// The Regions that are asked beside `route` now.
    #[must_use]
    pub fn beside(self, route: usize, now_ms: u64) -> Mask {
        if now_ms < self.until_ms { self.regions.without(route) } else { Mask::default() }
    }

    /// The window once `regions` may know more than the route for `length_ms`. A length of 0 switches windows off.
    #[must_use]
    pub fn widened(self, regions: Mask, now_ms: u64, length_ms: u64) -> Self {
        if length_ms == 0 || regions.is_empty() {
            return self;
        }
        let held = if now_ms < self.until_ms { self.regions } else { Mask::default() };
        Window { until_ms: self.until_ms.max(now_ms + length_ms), regions: held.or(regions) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasts_its_time_and_forgets_old_regions() {
        let one = Window::default().widened(Mask::default().with(1), 100, 30);
        assert_eq!(one.beside(0, 129), Mask::default().with(1));
        assert_eq!(one.beside(1, 129), Mask::default(), "the route is asked anyway");
        assert_eq!(one.beside(0, 130), Mask::default());
        let both = one.widened(Mask::default().with(2), 120, 30);
        assert_eq!((both.beside(0, 149), both.beside(0, 150)), (Mask::from_bits(0b110), Mask::default()));
        assert_eq!(both.widened(Mask::default().with(3), 200, 30).regions, Mask::default().with(3));
        assert_eq!(one.widened(Mask::default().with(2), 110, 0), one, "switched off");
    }
}
