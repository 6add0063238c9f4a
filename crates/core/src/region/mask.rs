//! A set of Regions, by their index in `regions`.

/// At most eight Regions, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Mask(u8);

impl Mask {
    /// None.
    pub const EMPTY: Mask = Mask(0);

    /// From its bits.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Mask(bits)
    }

    /// Its bits.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The first `count` Regions.
    #[must_use]
    pub fn first(count: usize) -> Self {
        (0..count).fold(Mask::default(), Mask::with)
    }

    /// Whether the Region is in it.
    #[must_use]
    pub fn has(self, region: usize) -> bool {
        region < 8 && self.0 >> region & 1 == 1
    }

    /// With this Region.
    #[must_use]
    pub fn with(self, region: usize) -> Self {
        if region < 8 { Mask(self.0 | 1 << region) } else { self }
    }

    /// Without this Region.
    #[must_use]
    pub fn without(self, region: usize) -> Self {
        if region < 8 { Mask(self.0 & !(1 << region)) } else { self }
    }

    /// The Regions in both.
    #[must_use]
    pub fn and(self, other: Mask) -> Self {
        Mask(self.0 & other.0)
    }

    /// The Regions in either.
    #[must_use]
    pub fn or(self, other: Mask) -> Self {
        Mask(self.0 | other.0)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn minus(self, other: Mask) -> Self {
        Mask(self.0 & !other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The Regions, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..8).filter(move |region| self.has(*region))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_set() {
        let mask = Mask::default().with(1).with(7).with(1);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [1, 7]);
        assert!(mask.has(7) && !mask.has(0) && !mask.has(8));
        assert_eq!(mask.without(1), Mask::from_bits(0b1000_0000));
        assert_eq!(mask.minus(Mask::first(2)), Mask::default().with(7));
        assert!(mask.and(Mask::first(1)).is_empty());
    }
}
