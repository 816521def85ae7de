//! Tests over the rows of a chunk: a word of 64 rows at a time where many rows ask, row by row
//! where few do. Each remembers the words that it has been through.

use super::column::{Bits, Column, Keys, Values};
use super::mask::{Mask, ROWS, WORDS, each_bit, word_of, word_of_bit};
use alloc::vec;
use alloc::vec::Vec;

/// With fewer rows than this in a word, each is asked by itself.
const FEW: usize = 10;

/// How close together the rows of an action lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Density {
    /// A word has so few that each is asked by itself.
    Few,
    /// All rows of a word are asked at once, whosever they are.
    Many,
}

impl Density {
    pub(super) fn of(rows: &Mask, chunk: Chunk) -> Self {
        if rows.count() < chunk.rows.div_ceil(64) * FEW { Self::Few } else { Self::Many }
    }
}

/// The rows that are being decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    /// What tells it from other chunks.
    pub(super) number: usize,
    pub(super) start: usize,
    pub(super) rows: usize,
}

impl Chunk {
    /// Up to 64 of a column's values: those of a word.
    #[inline]
    fn word<'v, T>(&self, values: &'v [T], word: usize) -> &'v [T] {
        let start = self.start + word * 64;
        let end = (start + 64).min(self.start + self.rows);
        values.get(start..end).unwrap_or(&[])
    }
}

/// A test, and what it said of the chunk so far.
#[derive(Debug)]
pub(super) struct Atom<'a> {
    pub(super) test: Test<'a>,
    /// The chunk that `done` and `holds` are about.
    chunk: usize,
    /// Which words are known: a bit for each.
    done: u64,
    holds: Mask,
}

const _: () = assert!(WORDS <= 64);

/// What is tested.
#[derive(Debug)]
pub(super) enum Test<'a> {
    /// Nothing: it is the same for every row.
    Constant(bool),
    /// A bit of the codes of a dictionary's values.
    Coded { group: usize, bit: u8 },
    /// A boolean, given what its values come to.
    Boolean {
        values: Bits<'a>,
        valid: Option<Bits<'a>>,
        on_false: bool,
        on_true: bool,
        on_null: bool,
    },
    /// An integer or an instant, between two others.
    Integer {
        values: &'a [i64],
        valid: Option<Bits<'a>>,
        within: (i64, i64),
        negate: bool,
        on_null: bool,
        /// The column's integers in 32 bits.
        narrow: usize,
    },
    /// A double.
    Float {
        values: &'a [f64],
        valid: Option<Bits<'a>>,
        test: FloatTest,
        negate: bool,
        on_null: bool,
    },
    /// Something that each row is asked for by itself, by the machine.
    Each,
}

/// How a double compares. NaN is in no comparison.
#[derive(Clone, Copy, Debug)]
pub(super) enum FloatTest {
    Less(f64),
    LessOrEqual(f64),
    Equal(f64),
    Greater(f64),
    GreaterOrEqual(f64),
    Within(f64, f64),
}

impl FloatTest {
    #[inline]
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Less(than) => value < than,
            Self::LessOrEqual(than) => value <= than,
            Self::Equal(to) => value == to,
            Self::Greater(than) => value > than,
            Self::GreaterOrEqual(than) => value >= than,
            Self::Within(low, high) => low <= value && value <= high,
        }
    }

    /// What it says of up to 64 values. The test is chosen once, not for each.
    fn word(self, values: &[f64]) -> u64 {
        match self {
            Self::Less(than) => word_of(values, |value| value < than),
            Self::LessOrEqual(than) => word_of(values, |value| value <= than),
            Self::Equal(to) => word_of(values, |value| value == to),
            Self::Greater(than) => word_of(values, |value| value > than),
            Self::GreaterOrEqual(than) => word_of(values, |value| value >= than),
            Self::Within(low, high) => word_of(values, |value| low <= value && value <= high),
        }
    }
}

/// Codes of a dictionary's values: what eight tests say of each, a bit for each test.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) keys: Keys<'a>,
    pub(super) column: &'a Column<'a>,
    /// By place in the dictionary.
    pub(super) table: Vec<u8>,
    /// Of a missing value.
    pub(super) null: u8,
    /// How many tests there are.
    pub(super) tests: u8,
    chunk: usize,
    codes: Vec<u8>,
    /// The bits that every row of the chunk has.
    common: u8,
}

impl<'a> Group<'a> {
    pub(super) fn new(column: &'a Column<'a>, keys: Keys<'a>, values: usize) -> Self {
        Self {
            keys,
            column,
            table: vec![0; values],
            null: 0,
            tests: 0,
            chunk: usize::MAX,
            codes: vec![0; ROWS],
            common: 0,
        }
    }

    /// The table has changed: what was looked up in it is worth nothing.
    pub(super) fn forget(&mut self) {
        self.chunk = usize::MAX;
    }

    /// Looks up the chunk's codes, once. A key past the dictionary's end has no bit: as the first
    /// test of a field is whether its value is in order, its row is looked at closely.
    #[inline]
    fn code(&mut self, chunk: Chunk) {
        if self.chunk != chunk.number {
            self.chunk = chunk.number;
            self.code_anew(chunk);
        }
    }

    fn code_anew(&mut self, chunk: Chunk) {
        let rows = chunk.start..chunk.start + chunk.rows;
        let (table, codes) = (self.table.as_slice(), self.codes.as_mut_slice());
        self.common = match self.keys {
            Keys::U8(keys) => look_up(keys.get(rows), table, codes),
            Keys::U16(keys) => look_up(keys.get(rows), table, codes),
            Keys::U32(keys) => look_up(keys.get(rows), table, codes),
            Keys::U64(keys) => look_up(keys.get(rows), table, codes),
        };
        if self.column.valid.is_none() {
            return;
        }
        // The keys of missing values mean nothing, and have spoilt what the rows have in common.
        let mut common = u8::MAX;
        for (word, codes) in self.codes.chunks_mut(64).enumerate().take(chunk.rows.div_ceil(64)) {
            let missing = !self.column.valid_word(chunk.start + word * 64);
            each_bit(missing, |bit| {
                if let Some(code) = codes.get_mut(bit) {
                    *code = self.null;
                }
            });
            common = codes.iter().fold(common, |common, code| common & code);
        }
        self.common = common;
    }
}

/// A column's integers in 32 bits, where they fit: four of them are compared at once, and most
/// columns are asked more than once.
#[derive(Debug)]
pub(super) struct Narrowed<'a> {
    /// Whose they are.
    pub(super) values: &'a [i64],
    chunk: usize,
    /// Which words have been looked at, and which of them fit.
    done: u64,
    fits: u64,
    narrow: Vec<i32>,
}

impl<'a> Narrowed<'a> {
    pub(super) fn new(values: &'a [i64]) -> Self {
        Self { values, chunk: usize::MAX, done: 0, fits: 0, narrow: vec![0; ROWS] }
    }

    /// A word's values; `None` where some do not fit.
    #[inline]
    fn word(&mut self, chunk: Chunk, word: usize, values: &[i64]) -> Option<&[i32]> {
        if self.chunk != chunk.number {
            self.chunk = chunk.number;
            self.done = 0;
        }
        let narrow = self.narrow.get_mut(word * 64..word * 64 + 64)?.get_mut(..values.len())?;
        if self.done >> word & 1 == 0 {
            self.done |= 1 << word;
            let mut over = 0;
            for (narrow, value) in narrow.iter_mut().zip(values) {
                *narrow = *value as i32;
                over |= (value.wrapping_add(1 << 31) as u64) >> 32;
            }
            self.fits = self.fits & !(1 << word) | u64::from(over == 0) << word;
        }
        (self.fits >> word & 1 == 1).then_some(narrow)
    }
}

/// The lower bound and the width of a range, for integers of 32 bits; `None` where none of them is
/// inside.
fn narrow_bounds(low: i64, high: i64) -> Option<(i32, u32)> {
    let low = low.max(i64::from(i32::MIN));
    let high = high.min(i64::from(i32::MAX));
    (low <= high).then(|| (low as i32, high.wrapping_sub(low) as u32))
}

/// The codes of keys; the bits that all of them have.
pub(super) fn look_up<K: Copy + TryInto<usize>>(
    keys: Option<&[K]>,
    table: &[u8],
    codes: &mut [u8],
) -> u8 {
    let mut common = u8::MAX;
    for (code, key) in codes.iter_mut().zip(keys.unwrap_or(&[])) {
        let at = (*key).try_into().unwrap_or(usize::MAX);
        *code = table.get(at).copied().unwrap_or(0);
        common &= *code;
    }
    common
}

impl<'a> Atom<'a> {
    pub(super) const fn new(test: Test<'a>) -> Self {
        Self { test, chunk: usize::MAX, done: 0, holds: Mask::NONE }
    }

    /// Which of the rows it holds for; nothing is said of others. `each` asks a row by itself.
    #[inline]
    pub(super) fn holds(
        &mut self,
        groups: &mut [Group<'a>],
        narrowed: &mut [Narrowed<'a>],
        (chunk, density): (Chunk, Density),
        rows: &Mask,
        mut each: impl FnMut(usize) -> bool,
    ) -> Mask {
        match self.test {
            Test::Constant(true) => Mask::ALL,
            Test::Constant(false) => Mask::NONE,
            Test::Coded { group, bit } => {
                let Some(group) = groups.get_mut(group) else { return Mask::NONE };
                group.code(chunk);
                if group.common >> bit & 1 == 1 {
                    return Mask::ALL;
                }
                let codes = group.codes.as_slice();
                self.through(
                    (chunk, density),
                    rows,
                    |word| word_of_bit(codes.get(word * 64..word * 64 + 64).unwrap_or(&[]), bit),
                    |row| codes.get(row).is_some_and(|code| code >> bit & 1 == 1),
                )
            }
            Test::Boolean { values, valid, on_false, on_true, on_null } => {
                let all = |holds| if holds { u64::MAX } else { 0 };
                let mut mask = Mask::NONE;
                for (at, (word, rows)) in mask.0.iter_mut().zip(&rows.0).enumerate() {
                    if *rows != 0 {
                        let row = chunk.start + at * 64;
                        let bits = values.word(row);
                        let there = valid.map_or(u64::MAX, |valid| valid.word(row));
                        let said = bits & all(on_true) | !bits & all(on_false);
                        *word = there & said | !there & all(on_null);
                    }
                }
                mask
            }
            Test::Integer { values, valid, within: (low, high), negate, on_null, narrow } => {
                let width = high.wrapping_sub(low) as u64;
                let test = |value: i64| (value.wrapping_sub(low) as u64 <= width) != negate;
                let flip = if negate { u64::MAX } else { 0 };
                let small = narrow_bounds(low, high);
                let mut narrowed = narrowed.get_mut(narrow);
                let at = (chunk, density);
                self.through_nullable(at, rows, valid, on_null, values, test, |word, values| {
                    let narrow = narrowed.as_mut().and_then(|all| all.word(chunk, word, values));
                    match (narrow, small) {
                        (Some(narrow), Some((low, width))) => {
                            word_of(narrow, |value| value.wrapping_sub(low) as u32 <= width) ^ flip
                        }
                        _ => word_of(values, test),
                    }
                })
            }
            Test::Float { values, valid, test, negate, on_null } => {
                let flip = if negate { u64::MAX } else { 0 };
                let single = |value| test.holds(value) != negate;
                let at = (chunk, density);
                self.through_nullable(at, rows, valid, on_null, values, single, |_, values| {
                    test.word(values) ^ flip
                })
            }
            Test::Each => {
                let mut mask = Mask::NONE;
                rows.each(|row| {
                    if each(row) {
                        mask.insert(row);
                    }
                });
                mask
            }
        }
    }

    /// Goes through the words that have rows.
    #[inline]
    fn through(
        &mut self,
        (chunk, density): (Chunk, Density),
        rows: &Mask,
        mut dense: impl FnMut(usize) -> u64,
        single: impl Fn(usize) -> bool,
    ) -> Mask {
        if self.chunk != chunk.number {
            self.chunk = chunk.number;
            self.done = 0;
        }
        let mut mask = Mask::NONE;
        let words = mask.0.iter_mut().zip(&mut self.holds.0).zip(&rows.0);
        for (at, ((word, known), rows)) in words.enumerate() {
            if *rows == 0 {
                continue;
            }
            if self.done >> at & 1 == 0 {
                if density == Density::Few {
                    each_bit(*rows, |bit| *word |= u64::from(single(at * 64 + bit)) << bit);
                    continue;
                }
                *known = dense(at);
                self.done |= 1 << at;
            }
            *word = *known;
        }
        mask
    }

    #[expect(clippy::too_many_arguments, reason = "one place for what both kinds of numbers do")]
    #[inline]
    fn through_nullable<T: Copy>(
        &mut self,
        (chunk, density): (Chunk, Density),
        rows: &Mask,
        valid: Option<Bits<'_>>,
        on_null: bool,
        values: &[T],
        test: impl Fn(T) -> bool,
        mut dense: impl FnMut(usize, &[T]) -> u64,
    ) -> Mask {
        let of_null = if on_null { u64::MAX } else { 0 };
        self.through(
            (chunk, density),
            rows,
            |word| {
                let said = dense(word, chunk.word(values, word));
                match valid {
                    None => said,
                    Some(valid) => {
                        let there = valid.word(chunk.start + word * 64);
                        there & said | !there & of_null
                    }
                }
            },
            |within| {
                let row = chunk.start + within;
                if valid.is_none_or(|valid| valid.get(row)) {
                    values.get(row).is_some_and(|value| test(*value))
                } else {
                    on_null
                }
            },
        )
    }
}

/// The keys of a dictionary-encoded column.
pub(super) fn keys<'a>(column: &'a Column<'a>) -> Option<(Keys<'a>, &'a Column<'a>)> {
    match &column.values {
        Values::Dictionary(keys, values) => Some((*keys, values)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected = fn(f64) -> bool;

    #[test]
    fn doubles_are_compared_alike_one_by_one_and_by_the_word() {
        let values = [
            f64::NEG_INFINITY,
            -2.0,
            -0.0,
            0.0,
            1.0_f64.next_down(),
            1.0,
            1.0_f64.next_up(),
            2.0,
            f64::INFINITY,
            f64::NAN,
        ];
        let tests = [
            (FloatTest::Less(1.0), (|value| value < 1.0) as Expected),
            (FloatTest::LessOrEqual(1.0), |value| value <= 1.0),
            (FloatTest::Equal(1.0), |value| value == 1.0),
            (FloatTest::Greater(1.0), |value| value > 1.0),
            (FloatTest::GreaterOrEqual(1.0), |value| value >= 1.0),
            (FloatTest::Within(-2.0, 1.0), |value| (-2.0..=1.0).contains(&value)),
        ];
        for (test, expected) in tests {
            let word = test.word(&values);
            for (at, value) in values.iter().enumerate() {
                assert_eq!(test.holds(*value), expected(*value), "{test:?} of {value}");
                assert_eq!(word >> at & 1 == 1, expected(*value), "{test:?} of {value}");
            }
        }
    }

    #[test]
    fn integers_are_narrowed_word_by_word_where_all_fit() {
        const EDGE: i64 = 1 << 31;
        for (odd, fits) in
            [(0, true), (EDGE - 1, true), (EDGE, false), (-EDGE, true), (-EDGE - 1, false)]
        {
            let mut values: Vec<i64> = (0..300).map(|value| value - 150).collect();
            values[130] = odd;
            let mut narrowed = Narrowed::new(&values);
            // The second chunk is of other values at the same places; each word is asked twice, in
            // any order.
            for (number, start, rows) in [(0, 0, 200), (1, 100, 200)] {
                let chunk = Chunk { number, start, rows };
                for word in [1, 0, 3, 2, 2, 3, 0, 1] {
                    let own = chunk.word(&values, word);
                    let wide: Option<Vec<i64>> = narrowed
                        .word(chunk, word, own)
                        .map(|narrow| narrow.iter().map(|value| i64::from(*value)).collect());
                    let expected = (fits || !own.contains(&odd)).then(|| own.to_vec());
                    assert_eq!(wide, expected, "{odd} in word {word} of chunk {number}");
                }
            }
        }
        assert_eq!(narrow_bounds(i64::MIN, -EDGE), Some((i32::MIN, 0)));
        assert_eq!(narrow_bounds(EDGE - 1, i64::MAX), Some((i32::MAX, 0)));
        assert_eq!(narrow_bounds(EDGE, i64::MAX), None);
        assert_eq!(narrow_bounds(i64::MIN, i64::MAX), Some((i32::MIN, u32::MAX)));
    }
}
