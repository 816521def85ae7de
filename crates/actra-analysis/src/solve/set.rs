//! Sets of classes: one bit for each.

/// A set of the numbers below some size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Set {
    words: Box<[u64]>,
}

impl Set {
    /// Nothing, of a size.
    pub(crate) fn none(size: usize) -> Self {
        Self { words: vec![0; size.div_ceil(64)].into_boxed_slice() }
    }

    /// Everything below the size.
    pub(crate) fn all(size: usize) -> Self {
        let mut set = Self::none(size);
        for (word, at) in set.words.iter_mut().zip((0..).step_by(64)) {
            let left = size.saturating_sub(at);
            *word = if left >= 64 { u64::MAX } else { (1 << left) - 1 };
        }
        set
    }

    pub(crate) fn insert(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// One bit for each number.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    #[cfg(test)]
    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().zip((0..).step_by(64)).flat_map(|(word, at)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    at + bit
                })
            })
        })
    }

    /// What is in this and in the other (`keep`), or in this and not in the other.
    pub(super) fn restricted(&self, other: &[u64], keep: bool) -> Self {
        let flip = if keep { 0 } else { u64::MAX };
        let pairs = self.words.iter().zip(other);
        Self { words: pairs.map(|(a, b)| a & (b ^ flip)).collect() }
    }

    /// How many are in this and in the other (`keep`), or in this and not in the other.
    pub(super) fn count_restricted(&self, other: &[u64], keep: bool) -> usize {
        let flip = if keep { 0 } else { u64::MAX };
        let pairs = self.words.iter().zip(other);
        pairs.map(|(a, b)| (a & (b ^ flip)).count_ones() as usize).sum()
    }

    /// What is not in it, below the size.
    pub(crate) fn complement(&self, size: usize) -> Self {
        Self::all(size).restricted(&self.words, false)
    }
}

/// The least number in a set of words.
pub(super) fn first(words: &[u64]) -> Option<usize> {
    let (at, word) = words.iter().enumerate().find(|(_, word)| **word != 0)?;
    Some(at * 64 + word.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn sets_of_any_size() {
        for size in [0, 1, 63, 64, 65, 130] {
            let all = Set::all(size);
            assert_eq!(all.count(), size);
            assert!(all.iter().eq(0..size));
            assert!(Set::none(size).is_empty() && all.complement(size).is_empty());
            let mut odd = Set::none(size);
            (1..size).step_by(2).for_each(|number| odd.insert(number));
            let even = odd.complement(size);
            assert_eq!(super::first(odd.words()), (size > 1).then_some(1));
            assert_eq!(super::first(even.words()), (size > 0).then_some(0));
            assert_eq!(odd.count() + even.count(), size);
            assert_eq!(all.restricted(odd.words(), true), odd);
            assert_eq!(all.restricted(odd.words(), false), even);
            assert_eq!(all.count_restricted(odd.words(), false), even.count());
            assert!((0..size).all(|number| odd.has(number) == (number % 2 == 1)));
        }
    }
}
