//! Which rows of a chunk: a bit for each, 64 to a word.

/// Rows that are decided together. Their columns' codes stay in the first cache.
pub(super) const ROWS: usize = 2048;
/// Words of a mask.
pub(super) const WORDS: usize = ROWS / 64;

/// A set of a chunk's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mask(pub(super) [u64; WORDS]);

impl Mask {
    pub(super) const NONE: Self = Self([0; WORDS]);
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);

    /// The first rows, so many.
    pub(super) fn first(rows: usize) -> Self {
        let mut mask = Self::NONE;
        for (at, word) in mask.0.iter_mut().enumerate() {
            *word = match rows.saturating_sub(at * 64) {
                left if left >= 64 => u64::MAX,
                left => (1 << left) - 1,
            };
        }
        mask
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    #[inline]
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    #[inline]
    #[must_use]
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
        self
    }

    #[inline]
    #[must_use]
    pub(super) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    #[inline]
    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    #[inline]
    pub(super) fn insert(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Goes through the rows, ascending.
    #[inline]
    pub(super) fn each(&self, mut visit: impl FnMut(usize)) {
        for (at, word) in self.0.iter().enumerate() {
            each_bit(*word, |bit| visit(at * 64 + bit));
        }
    }
}

/// Goes through the bits that are set, ascending.
#[inline]
pub(super) fn each_bit(mut word: u64, mut visit: impl FnMut(usize)) {
    while word != 0 {
        visit(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

/// The lowest bit of each of eight bytes, gathered: the multiplication moves that of byte `n` to
/// bit `56 + n`, and nothing else there.
#[inline]
const fn gather(eight: u64) -> u64 {
    (eight & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// What a test says of up to 64 values.
#[inline]
pub(super) fn word_of<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> u64 {
    let mut bytes = [0_u8; 64];
    for (byte, value) in bytes.iter_mut().zip(values) {
        *byte = u8::from(test(*value));
    }
    word_of_bit(&bytes, 0)
}

/// One bit of each of up to 64 codes.
#[inline]
pub(super) fn word_of_bit(codes: &[u8], bit: u8) -> u64 {
    let (eights, _) = codes.as_chunks::<8>();
    eights.iter().enumerate().take(8).fold(0, |word, (at, eight)| {
        word | gather(u64::from_le_bytes(*eight) >> (bit & 7)) << (at * 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn words_are_what_the_test_says_of_each_value() {
        let values: Vec<u64> =
            (0..64).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        for len in 0..=64 {
            let word = word_of(&values[..len], |value| value.is_multiple_of(3));
            for (at, value) in values.iter().enumerate() {
                let expected = at < len && value.is_multiple_of(3);
                assert_eq!(word >> at & 1 == 1, expected, "{at} of {len}");
            }
        }
    }

    #[test]
    fn bits_of_codes_are_gathered_in_order() {
        let codes: Vec<u8> = (0..64_u32).map(|n| (n * 37 + 11) as u8).collect();
        for bit in 0..8 {
            let word = word_of_bit(&codes, bit);
            for (at, code) in codes.iter().enumerate() {
                assert_eq!(word >> at & 1, u64::from(code >> bit & 1), "bit {bit} of {at}");
            }
        }
    }

    #[test]
    fn masks_are_sets_of_rows() {
        let mut mask = Mask::first(70);
        assert_eq!(mask.count(), 70);
        mask = mask.without(&Mask::first(67));
        mask.insert(ROWS - 1);
        let mut rows = Vec::new();
        mask.each(|row| rows.push(row));
        assert_eq!(rows, [67, 68, 69, ROWS - 1]);
        assert!(Mask::first(0).is_empty());
        assert_eq!(Mask::first(ROWS), Mask::ALL);
    }
}
