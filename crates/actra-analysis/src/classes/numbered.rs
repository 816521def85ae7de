//! States that are met while an automaton is run, by number.

#![expect(clippy::indexing_slicing, reason = "numbers are those that were given out here")]

use std::collections::HashMap;
use std::hash::Hash;

/// Things by number, each once.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    pub(super) fn number(&mut self, thing: T) -> u32 {
        if let Some(known) = self.numbers.get(&thing) {
            return *known;
        }
        let number = self.all.len() as u32;
        self.all.push(thing.clone());
        self.numbers.insert(thing, number);
        number
    }

    /// All of them, in the order of their numbers.
    pub(super) fn all(&self) -> &[T] {
        &self.all
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.all[number as usize]
    }
}
