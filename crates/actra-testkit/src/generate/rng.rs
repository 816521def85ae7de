//! A small deterministic generator of numbers: one `u64` reproduces a case.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator that always gives the same numbers for one seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound` (0 for a bound of 0). The bias is too small to matter to tests.
    pub const fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    /// True so many times in a hundred.
    pub const fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    #[expect(clippy::indexing_slicing, reason = "callers pass lists with items in them")]
    pub const fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Some of the items, at least one, in their order.
    pub fn some_of<T: Clone>(&mut self, items: &[T], percent: usize) -> Vec<T> {
        let mut out: Vec<T> = items.iter().filter(|_| self.percent(percent)).cloned().collect();
        if out.is_empty() {
            out.push(self.pick(items).clone());
        }
        out
    }
}
