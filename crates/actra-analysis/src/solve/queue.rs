//! Variables by when they last took part in a conflict, the latest first (Ryan, Siege, 2004).

#![expect(clippy::indexing_slicing, reason = "numbers of variables are the queue's own")]

/// A list of variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// By variable: the one before it and the one after it, or [`NONE`].
    links: Vec<(u32, u32)>,
    /// By variable: when it was moved to the end; of those that never were, the negated number.
    stamps: Vec<i64>,
    first: u32,
    last: u32,
    /// All after it are assigned, or not asked about.
    search: u32,
    now: i64,
}

const NONE: u32 = u32::MAX;

impl Queue {
    /// One variable more, which comes before all others: those of lower numbers are decided first.
    pub(super) fn grow(&mut self) {
        let variable = self.links.len() as u32;
        self.stamps.push(-i64::from(variable));
        if variable == 0 {
            self.links.push((NONE, NONE));
            (self.first, self.last, self.search) = (0, 0, 0);
            return;
        }
        self.links.push((NONE, self.first));
        self.links[self.first as usize].0 = variable;
        self.first = variable;
    }

    fn append(&mut self, variable: u32) {
        self.links[variable as usize] = (self.last, NONE);
        self.links[self.last as usize].1 = variable;
        self.last = variable;
        self.now += 1;
        self.stamps[variable as usize] = self.now;
    }

    /// When it was moved to the end.
    pub(super) fn stamp(&self, variable: usize) -> i64 {
        self.stamps[variable]
    }

    /// Moves a variable to the end.
    pub(super) fn bump(&mut self, variable: usize) {
        let number = variable as u32;
        let (before, after) = self.links[variable];
        if after == NONE {
            return;
        }
        if before == NONE {
            self.first = after;
        } else {
            self.links[before as usize].1 = after;
        }
        self.links[after as usize].0 = before;
        if self.search == number {
            self.search = after;
        }
        self.append(number);
        self.free(variable);
    }

    /// All are looked at again.
    pub(super) fn rewind(&mut self) {
        self.search = self.last;
    }

    /// A variable may be open again.
    pub(super) fn free(&mut self, variable: usize) {
        if self.search == NONE || self.stamps[variable] > self.stamps[self.search as usize] {
            self.search = variable as u32;
        }
    }

    /// The latest variable that is open.
    pub(super) fn next(&mut self, is_open: impl Fn(usize) -> bool) -> Option<usize> {
        while self.search != NONE {
            let variable = self.search as usize;
            if is_open(variable) {
                return Some(variable);
            }
            self.search = self.links[variable].0;
        }
        None
    }
}
