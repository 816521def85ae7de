//! Which rule decided which row of a chunk: a number for each verdict, kept bit by bit in masks until
//! the chunk is done. To say that a mask's rows have a verdict is then a few words' work, whichever
//! rows they are.

use super::NO_RULE;
use super::mask::{Mask, ROWS, WORDS};
use actra_bytecode::ids::RuleId;
use actra_bytecode::program::Effect;
use alloc::vec;
use alloc::vec::Vec;

/// Verdicts that are told apart.
const MOST: usize = 1 << 16;

/// Verdicts by their numbers, and the bits of those of a chunk's rows.
#[derive(Debug)]
pub(super) struct Verdicts {
    /// Effect and rule. Number 0 is no verdict.
    all: Vec<(u8, u32)>,
    /// By bit of the number: the rows that have it.
    planes: Vec<Mask>,
}

impl Verdicts {
    /// The number of the default.
    pub(super) const DEFAULT: u16 = 1;

    pub(super) fn new(default: Effect) -> Self {
        Self { all: vec![(0, NO_RULE), (default as u8, NO_RULE)], planes: vec![Mask::NONE] }
    }

    /// The number of a rule's verdict; `None` where there are too many.
    pub(super) fn number(&mut self, effect: Effect, rule: RuleId) -> Option<u16> {
        let known = self.all.iter().position(|(_, known)| *known == rule.0);
        if known.is_none() && self.all.len() >= MOST {
            return None;
        }
        let number = known.unwrap_or_else(|| {
            self.all.push((effect as u8, rule.0));
            self.all.len() - 1
        });
        while number >> self.planes.len() != 0 {
            self.planes.push(Mask::NONE);
        }
        Some(number as u16)
    }

    /// Forgets which rows have which.
    pub(super) fn forget(&mut self) {
        self.planes.fill(Mask::NONE);
    }

    /// Those rows, which had none, have this verdict.
    pub(super) fn decide(&mut self, rows: &Mask, number: u16) {
        for (bit, plane) in self.planes.iter_mut().enumerate() {
            if number >> bit & 1 == 1 {
                plane.add(rows);
            }
        }
    }

    /// Writes the chunk's effects and rules; 0 and [`NO_RULE`] for rows without a verdict.
    pub(super) fn write(&self, effects: &mut [u8], rules: &mut [u32]) {
        let mut codes = [[0_u8; ROWS]; 2];
        for (codes, planes) in codes.iter_mut().zip(self.planes.chunks(8)) {
            let (eights, _) = codes.as_chunks_mut::<8>();
            for (word, eights) in (0..WORDS).zip(eights.chunks_mut(8)) {
                let mut words = [0; 8];
                for (to, plane) in words.iter_mut().zip(planes) {
                    *to = plane.0.get(word).copied().unwrap_or(0);
                }
                let words = words.get(..planes.len()).unwrap_or(&[]);
                for (at, eight) in eights.iter_mut().enumerate() {
                    let codes = words.iter().enumerate().fold(0, |codes, (bit, word)| {
                        codes | scatter((word >> (at * 8)) as u8) << bit
                    });
                    *eight = codes.to_le_bytes();
                }
            }
        }
        let [low, high] = &codes;
        let outputs = effects.iter_mut().zip(rules);
        if self.planes.len() <= 8 {
            // One look-up in a table that covers every code.
            let mut table = [(0_u8, NO_RULE); 256];
            for (to, from) in table.iter_mut().zip(&self.all) {
                *to = *from;
            }
            for ((effect, rule), code) in outputs.zip(low) {
                if let Some(verdict) = table.get(usize::from(*code)) {
                    (*effect, *rule) = *verdict;
                }
            }
            return;
        }
        for ((effect, rule), (low, high)) in outputs.zip(low.iter().zip(high)) {
            let number = usize::from(u16::from_le_bytes([*low, *high]));
            if let Some(verdict) = self.all.get(number) {
                (*effect, *rule) = *verdict;
            }
        }
    }
}

/// The eight bits, each the lowest one of a byte of its own.
#[inline]
const fn scatter(bits: u8) -> u64 {
    // Bit `n` alone is left in byte `n`. Adding 127 to what is more than 0 sets the highest bit, which
    // nothing carries out of: 128 has it already, and is halved.
    let spread = (bits as u64).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    let halved = spread >> 1 & 0x4000_0000_0000_0000 | spread & 0x0040_2010_0804_0201;
    halved.wrapping_add(0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_scattered_in_order() {
        for bits in 0..=u8::MAX {
            let bytes = scatter(bits).to_le_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                assert_eq!(*byte, bits >> at & 1, "bit {at} of {bits:08b}");
            }
        }
    }

    #[test]
    fn every_row_has_the_verdict_that_it_was_given() {
        for rules in [1_u32, 40, 254, 700] {
            let mut verdicts = Verdicts::new(Effect::Block);
            let numbers: Vec<u16> = (0..rules)
                .map(|rule| verdicts.number(Effect::Allow, RuleId(rule)).unwrap())
                .collect();
            let mut expected = vec![(0, NO_RULE); ROWS];
            for (row, expected) in expected.iter_mut().enumerate().skip(3) {
                let mut mask = Mask::NONE;
                mask.insert(row);
                let rule = (row as u32 * 7) % (rules + 1);
                if rule == rules {
                    verdicts.decide(&mask, Verdicts::DEFAULT);
                    *expected = (Effect::Block as u8, NO_RULE);
                } else {
                    verdicts.decide(&mask, numbers[rule as usize]);
                    *expected = (Effect::Allow as u8, rule);
                }
            }
            let (mut effects, mut rules) = (vec![9; ROWS], vec![9; ROWS]);
            verdicts.write(&mut effects, &mut rules);
            let found: Vec<(u8, u32)> = effects.into_iter().zip(rules).collect();
            assert_eq!(found, expected);
            verdicts.forget();
            let (mut effects, mut rules) = ([9; 70], [9; 70]);
            verdicts.write(&mut effects, &mut rules);
            assert_eq!((effects, rules), ([0; 70], [NO_RULE; 70]));
        }
    }
}
