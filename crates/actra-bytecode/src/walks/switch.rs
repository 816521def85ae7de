//! Switches: many rules that first ask how one number compares, and the first of them that an
//! integer concerns, found by bisection.

use crate::op::Comparison;
use alloc::vec;
use alloc::vec::Vec;

/// Which integers concern a rule, and where to go on for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) integers: Integers,
    pub(super) target: u32,
}

/// Those between two, both included, or all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integers {
    least: i64,
    most: i64,
    complement: bool,
}

impl Integers {
    /// Each.
    pub(super) const ALL: Self = Self { least: i64::MIN, most: i64::MAX, complement: false };

    /// Those that compare so with a constant, which is neither the least nor the greatest integer.
    pub(super) fn that_compare(comparison: Comparison, constant: i64) -> Self {
        let before = constant.saturating_sub(1);
        let behind = constant.saturating_add(1);
        let (least, most) = match comparison {
            Comparison::LESS => (i64::MIN, before),
            Comparison::LESS_OR_EQUAL => (i64::MIN, constant),
            Comparison::GREATER => (behind, i64::MAX),
            Comparison::GREATER_OR_EQUAL => (constant, i64::MAX),
            _ => (constant, constant),
        };
        Self { least, most, complement: false }
    }

    /// The others.
    pub(super) const fn complement(self) -> Self {
        Self { complement: !self.complement, ..self }
    }

    /// The intervals that they are, both ends included.
    fn intervals(self) -> impl Iterator<Item = (i64, i64)> {
        let parts = if self.complement {
            [
                self.least.checked_sub(1).map(|most| (i64::MIN, most)),
                self.most.checked_add(1).map(|least| (least, i64::MAX)),
            ]
        } else {
            [Some((self.least, self.most)), None]
        };
        parts.into_iter().flatten()
    }
}

/// Where to go on for each integer.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    /// The first integer of each interval, ascending from the least there is.
    starts: Vec<i64>,
    /// Where to go on for the integers of that interval.
    targets: Vec<u32>,
}

impl Switch {
    /// The first case that each integer is of; `behind` for those of none.
    pub(super) fn new(cases: &[Case], behind: u32) -> Self {
        let mut starts = vec![i64::MIN];
        for (least, most) in cases.iter().flat_map(|case| case.integers.intervals()) {
            starts.push(least);
            starts.extend(most.checked_add(1));
        }
        starts.sort_unstable();
        starts.dedup();
        let mut targets = vec![None; starts.len()];
        // The next interval that has no target yet, by way of those that are known to have one.
        let mut next: Vec<usize> = (0..=starts.len()).collect();
        for case in cases {
            for (least, most) in case.integers.intervals() {
                let mut at = starts.partition_point(|start| *start < least);
                loop {
                    at = root(&mut next, at);
                    if starts.get(at).is_none_or(|start| *start > most) {
                        break;
                    }
                    if let Some(target) = targets.get_mut(at) {
                        *target = Some(case.target);
                    }
                    if let Some(next) = next.get_mut(at) {
                        *next = at + 1;
                    }
                }
            }
        }
        let mut switch = Self::default();
        for (start, target) in starts.into_iter().zip(targets) {
            let target = target.unwrap_or(behind);
            if switch.targets.last() != Some(&target) {
                switch.starts.push(start);
                switch.targets.push(target);
            }
        }
        switch
    }

    /// Where to go on for that integer.
    #[inline]
    pub fn target(&self, value: i64) -> Option<u32> {
        let behind = self.starts.partition_point(|start| *start <= value);
        self.targets.get(behind.wrapping_sub(1)).copied()
    }
}

/// Follows the way to its end, and makes it shorter.
fn root(next: &mut [usize], mut at: usize) -> usize {
    loop {
        let Some(after) = next.get(at).copied() else { return at };
        if after == at {
            return at;
        }
        let further = next.get(after).copied().unwrap_or(after);
        if let Some(next) = next.get_mut(at) {
            *next = further;
        }
        at = further;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPARISONS: [Comparison; 5] = [
        Comparison::LESS,
        Comparison::LESS_OR_EQUAL,
        Comparison::EQUAL,
        Comparison::GREATER_OR_EQUAL,
        Comparison::GREATER,
    ];

    fn contains(integers: Integers, value: i64) -> bool {
        integers.intervals().any(|(least, most)| least <= value && value <= most)
    }

    #[test]
    fn comparisons_are_intervals() {
        for comparison in COMPARISONS {
            for value in [i64::MIN, -1, 6, 7, 8, i64::MAX] {
                let integers = Integers::that_compare(comparison, 7);
                let expected = comparison.admits(Some(value.cmp(&7)));
                assert_eq!(contains(integers, value), expected, "{value} {comparison} 7");
                assert_eq!(contains(integers.complement(), value), !expected);
            }
        }
        assert!(contains(Integers::ALL, 0) && contains(Integers::ALL, i64::MAX));
        assert!(!contains(Integers::ALL.complement(), 0));
    }

    #[test]
    fn the_first_case_of_an_integer_is_found() {
        let mut state = 9_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..300 {
            let count = random(12) as u32;
            let cases: Vec<Case> = (0..count)
                .map(|target| {
                    let comparison = COMPARISONS[random(5) as usize];
                    let integers = Integers::that_compare(comparison, random(20) as i64 - 10);
                    let integers = match random(8) {
                        0 => Integers::ALL,
                        1 | 2 => integers.complement(),
                        _ => integers,
                    };
                    Case { integers, target }
                })
                .collect();
            let switch = Switch::new(&cases, 99);
            for value in (-12..=12).chain([i64::MIN, i64::MAX]) {
                let first = cases.iter().find(|case| contains(case.integers, value));
                let expected = first.map_or(99, |case| case.target);
                assert_eq!(switch.target(value), Some(expected), "{value} in {cases:?}");
            }
        }
    }
}
