//! Variables by how often they took part in conflicts, the most often first.

#![expect(clippy::indexing_slicing, reason = "numbers of variables and places are the heap's own")]

/// A binary heap of variables; ties go to the lower number.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    activities: Vec<f64>,
    entries: Vec<usize>,
    /// By variable: its place among the entries, or [`ABSENT`].
    places: Vec<usize>,
}

const ABSENT: usize = usize::MAX;

impl Heap {
    /// One variable more, not in the heap yet.
    pub(super) fn grow(&mut self) {
        self.activities.push(0.0);
        self.places.push(ABSENT);
    }

    fn is_before(&self, a: usize, b: usize) -> bool {
        (self.activities[a], b) > (self.activities[b], a)
    }

    fn put(&mut self, place: usize, variable: usize) {
        self.entries[place] = variable;
        self.places[variable] = place;
    }

    fn rise(&mut self, mut place: usize) {
        let variable = self.entries[place];
        while place > 0 {
            let above = (place - 1) / 2;
            if !self.is_before(variable, self.entries[above]) {
                break;
            }
            self.put(place, self.entries[above]);
            place = above;
        }
        self.put(place, variable);
    }

    fn sink(&mut self, mut place: usize) {
        let variable = self.entries[place];
        loop {
            let left = 2 * place + 1;
            let right = left + 1;
            if left >= self.entries.len() {
                break;
            }
            let below = if right < self.entries.len()
                && self.is_before(self.entries[right], self.entries[left])
            {
                right
            } else {
                left
            };
            if !self.is_before(self.entries[below], variable) {
                break;
            }
            self.put(place, self.entries[below]);
            place = below;
        }
        self.put(place, variable);
    }

    pub(super) fn insert(&mut self, variable: usize) {
        if self.places[variable] == ABSENT {
            self.entries.push(variable);
            self.places[variable] = self.entries.len() - 1;
            self.rise(self.entries.len() - 1);
        }
    }

    pub(super) fn pop(&mut self) -> Option<usize> {
        let first = *self.entries.first()?;
        let last = self.entries.pop()?;
        self.places[first] = ABSENT;
        if last != first {
            self.put(0, last);
            self.sink(0);
        }
        Some(first)
    }

    /// Raises a variable, and says how high it is now.
    pub(super) fn bump(&mut self, variable: usize, by: f64) -> f64 {
        self.activities[variable] += by;
        if self.places[variable] != ABSENT {
            self.rise(self.places[variable]);
        }
        self.activities[variable]
    }

    pub(super) fn rescale(&mut self, factor: f64) {
        for activity in &mut self.activities {
            *activity *= factor;
        }
    }
}
