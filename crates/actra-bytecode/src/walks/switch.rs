//! Switches: many rules that first ask how one number compares with constants, and the first of them
//! that a number concerns, found by bisection.
//!
//! Constants cut the numbers into positions: of `n` constants in order, the position `2 * i + 1` is
//! the constant of number `i`, and `2 * i` is all that lies between it and the one before.

use crate::op::Comparison;
use alloc::vec;
use alloc::vec::Vec;

/// Constants of rules, ascending and each once. None is NaN.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts(Vec<f64>);

impl Cuts {
    pub(super) fn new(mut constants: Vec<f64>) -> Self {
        constants.sort_unstable_by(f64::total_cmp);
        // By value: either zero is the same constant.
        constants.dedup_by(|a, b| a == b);
        Self(constants)
    }

    /// All positions.
    pub(super) fn all(&self) -> Positions {
        Positions(vec![(0, 2 * self.0.len() as u32)])
    }

    /// Positions of the numbers that compare so with the constant, which is one of the cuts.
    fn that_compare(&self, comparison: Comparison, constant: f64) -> Positions {
        use core::cmp::Ordering::{Equal, Greater, Less};
        let at = 2 * self.0.partition_point(|cut| *cut < constant) as u32 + 1;
        let parts =
            [(Less, (0, at - 1)), (Equal, (at, at)), (Greater, (at + 1, 2 * self.0.len() as u32))];
        let mut positions = Positions::default();
        for (_, (from, to)) in parts.iter().filter(|(order, _)| comparison.admits(Some(*order))) {
            positions.push(*from, *to);
        }
        positions
    }

    /// Those positions of which numbers compare so with the constant, and those of which they do not.
    pub(super) fn split(
        &self,
        positions: &Positions,
        comparison: Comparison,
        constant: f64,
    ) -> (Positions, Positions) {
        let so = self.that_compare(comparison, constant);
        (positions.intersection(&so), positions.intersection(&so.complement(&self.all())))
    }
}

/// Some positions: runs in order, both ends included, that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Positions(Vec<(u32, u32)>);

impl Positions {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a run behind all others.
    fn push(&mut self, from: u32, to: u32) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == from => *last = to,
            _ => self.0.push((from, to)),
        }
    }

    fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for (from, to) in &self.0 {
            for (other_from, other_to) in &other.0 {
                let (from, to) = (*from.max(other_from), *to.min(other_to));
                if from <= to {
                    both.push(from, to);
                }
            }
        }
        both
    }

    fn complement(&self, all: &Self) -> Self {
        let mut others = Self::default();
        for (start, end) in &all.0 {
            let mut next = *start;
            for (from, to) in &self.0 {
                if next < *from {
                    others.push(next, *from - 1);
                }
                next = *to + 1;
            }
            if next <= *end {
                others.push(next, *end);
            }
        }
        others
    }
}

/// Which numbers concern a rule, and where to go on for them.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) positions: Positions,
    pub(super) target: u32,
}

/// Where to go on for each number.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    /// The constants, ascending.
    cuts: Vec<f64>,
    /// Where to go on for the numbers of each position: one more than twice the constants.
    targets: Vec<u32>,
}

impl Switch {
    /// The first case that each number is of; `behind` for those of none.
    pub(super) fn new(cuts: &Cuts, cases: &[Case], behind: u32) -> Self {
        let mut targets = vec![None; 2 * cuts.0.len() + 1];
        // The next position that has no target yet, by way of those that are known to have one.
        let mut next: Vec<usize> = (0..=targets.len()).collect();
        for case in cases {
            for (from, to) in &case.positions.0 {
                let mut at = *from as usize;
                loop {
                    at = root(&mut next, at);
                    if at > *to as usize {
                        break;
                    }
                    let (Some(target), Some(next)) = (targets.get_mut(at), next.get_mut(at)) else {
                        break;
                    };
                    (*target, *next) = (Some(case.target), at + 1);
                }
            }
        }
        let mut targets = targets.into_iter().map(|target| target.unwrap_or(behind));
        let mut switch = Self { cuts: Vec::new(), targets: targets.next().into_iter().collect() };
        for cut in &cuts.0 {
            let (Some(at), Some(above)) = (targets.next(), targets.next()) else { break };
            // A constant that makes no difference is none.
            if switch.targets.last() != Some(&at) || at != above {
                switch.cuts.push(*cut);
                switch.targets.extend([at, above]);
            }
        }
        switch
    }

    /// Where to go on for that number; `None` for NaN.
    #[inline]
    pub fn target(&self, value: f64) -> Option<u32> {
        if value.is_nan() {
            return None;
        }
        let below = self.cuts.partition_point(|cut| *cut < value);
        let is_cut = self.cuts.get(below).is_some_and(|cut| *cut <= value);
        self.targets.get(2 * below + usize::from(is_cut)).copied()
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

    fn contains(positions: &Positions, position: u32) -> bool {
        positions.0.iter().any(|(from, to)| (*from..=*to).contains(&position))
    }

    /// The position of a number.
    fn position(cuts: &Cuts, value: f64) -> u32 {
        let below = cuts.0.iter().filter(|cut| **cut < value).count() as u32;
        2 * below + u32::from(cuts.0.contains(&value))
    }

    const VALUES: [f64; 12] =
        [f64::NEG_INFINITY, -3.0, -2.5, -0.0, 0.0, 0.1, 1.0, 1.5, 7.0, 7.5, 1e300, f64::INFINITY];

    #[test]
    fn constants_are_kept_once_and_in_order() {
        assert_eq!(Cuts::new(vec![1.5, -0.0, 7.0, 0.0, 1.5]).0, [0.0, 1.5, 7.0]);
    }

    #[test]
    fn numbers_are_split_by_how_they_compare() {
        let cuts = Cuts::new(vec![-2.5, 0.0, 1.5, 7.0]);
        for comparison in COMPARISONS {
            for constant in cuts.0.clone() {
                let (so, others) = cuts.split(&cuts.all(), comparison, constant);
                for value in VALUES {
                    let position = position(&cuts, value);
                    let expected = comparison.admits(value.partial_cmp(&constant));
                    assert_eq!(
                        contains(&so, position),
                        expected,
                        "{value} {comparison} {constant}"
                    );
                    assert_eq!(contains(&others, position), !expected);
                }
                let (both, none) = cuts.split(&so, comparison, constant);
                assert_eq!(both, so);
                assert!(none.is_empty());
            }
        }
    }

    #[test]
    fn the_first_case_of_a_number_is_found() {
        let mut state = 9_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..300 {
            let constants: Vec<f64> = (0..12).map(|_| random(40) as f64 / 2.0 - 10.0).collect();
            let cuts = Cuts::new(constants.clone());
            // What each case asks, one after the other.
            let asked: Vec<Vec<(Comparison, f64, bool)>> = (0..random(12))
                .map(|_| {
                    let mut test = || {
                        let comparison = COMPARISONS[random(5) as usize];
                        (comparison, constants[random(12) as usize], random(2) == 0)
                    };
                    (0..2).map(|_| test()).collect()
                })
                .collect();
            let cases: Vec<Case> = asked
                .iter()
                .zip(0..)
                .map(|(tests, target)| {
                    let mut positions = cuts.all();
                    for (comparison, constant, holds) in tests {
                        let (so, others) = cuts.split(&positions, *comparison, *constant);
                        positions = if *holds { so } else { others };
                    }
                    Case { positions, target }
                })
                .collect();
            let switch = Switch::new(&cuts, &cases, 99);
            let values = (-50..50).map(|value| f64::from(value) / 4.0);
            for value in values.chain([-0.0, f64::NEG_INFINITY, f64::INFINITY]) {
                let concerns = |tests: &&Vec<(Comparison, f64, bool)>| {
                    tests.iter().all(|(comparison, constant, holds)| {
                        comparison.admits(value.partial_cmp(constant)) == *holds
                    })
                };
                let first = asked.iter().position(|tests| concerns(&tests));
                let expected = first.map_or(99, |case| case as u32);
                assert_eq!(switch.target(value), Some(expected), "{value} in {asked:?}");
            }
            assert_eq!(switch.target(f64::NAN), None);
        }
    }
}
