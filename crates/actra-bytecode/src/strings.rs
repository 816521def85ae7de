//! The program's strings, and the table that finds an input string among them.

use crate::ids::StringId;
use crate::parts::NONE;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// All strings of a program, ascending by code point, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Joins text and ends. `None` where they do not partition each other at character boundaries
    /// or the strings do not ascend.
    pub(crate) fn new(text: String, ends: Vec<u32>) -> Option<Self> {
        let mut start = 0;
        let mut previous: Option<&str> = None;
        for end in &ends {
            let string = text.get(start as usize..*end as usize)?;
            if previous.is_some_and(|previous| previous >= string) {
                return None;
            }
            previous = Some(string);
            start = *end;
        }
        if start as usize != text.len() {
            return None;
        }
        Some(Self { text, ends })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The string; empty for a number that no verified program holds.
    #[inline]
    pub fn text(&self, id: StringId) -> &str {
        let index = id.index();
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The id of that string, by bisection.
    pub fn find(&self, text: &str) -> Option<StringId> {
        let (mut low, mut high) = (0_u32, self.ends.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.text(StringId(middle)).cmp(text) {
                core::cmp::Ordering::Equal => return Some(StringId(middle)),
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    pub(crate) fn parts(&self) -> (&str, &[u32]) {
        (&self.text, &self.ends)
    }
}

/// Finds the symbol of an input string: open addressing over the strings that rules, tables and
/// actions compare with.
///
/// Places are given by a string's length and its first and last eight bytes, so that the cost does
/// not grow with hostile inputs. A program's own strings can crowd a place in the table; where
/// they do, the table is given up and strings are found by bisection.
#[derive(Clone, Debug, Default)]
pub(crate) struct SymbolTable {
    /// A power of two of them, at least two.
    buckets: Vec<Bucket>,
    /// How far to shift a hash so that it is a place.
    shift: u32,
    /// Without buckets: which of the strings count.
    marked: Vec<bool>,
}

/// Most places that a string is away from its own: strings that differ enough stay far below, and
/// a table is built in time linear in their number.
const MAX_DISTANCE: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    outline: Outline,
    /// [`NONE`]: empty.
    string: u32,
}

/// No string has this outline.
const EMPTY: Bucket = Bucket { outline: Outline { head: 1, tail: 1, length: 0 }, string: NONE };

impl SymbolTable {
    /// A table of the strings that are marked.
    pub(crate) fn new(strings: &Strings, marked: &[bool]) -> Self {
        let count = marked.iter().filter(|marked| **marked).count();
        // Small tables have room to spare, so that most strings are where they are looked for.
        let room = if count <= 256 { 8 } else { 2 };
        let size = (count * room).next_power_of_two().max(2);
        let mut table = Self {
            buckets: vec![EMPTY; size],
            shift: u64::BITS - size.trailing_zeros(),
            marked: Vec::new(),
        };
        for (index, _) in marked.iter().enumerate().filter(|(_, marked)| **marked) {
            let string = index as u32;
            let outline = Outline::of(strings.text(StringId(string)).as_bytes());
            if !table.insert(Bucket { outline, string }) {
                return Self { marked: marked.to_vec(), ..Self::default() };
            }
        }
        table
    }

    /// Puts the string into the first free place; false where that is too far away.
    fn insert(&mut self, new: Bucket) -> bool {
        let place = new.outline.place(self.shift);
        for distance in 0..MAX_DISTANCE {
            let at = place.wrapping_add(distance) & self.buckets.len().wrapping_sub(1);
            if let Some(bucket) = self.buckets.get_mut(at)
                && bucket.string == NONE
            {
                *bucket = new;
                return true;
            }
        }
        false
    }

    /// The string's number, if rules compare anything with it; otherwise [`NONE`].
    #[expect(clippy::inline_always, reason = "every string that rules ask for comes here")]
    #[inline(always)]
    pub(crate) fn find(&self, strings: &Strings, text: &str) -> u32 {
        if text.len() > WHOLE {
            return self.find_long(strings, text);
        }
        let outline = Outline::of(text.as_bytes());
        let buckets = self.buckets.as_slice();
        let mut at = outline.place(self.shift);
        loop {
            let Some(bucket) = buckets.get(at) else { return self.bisect(strings, text) };
            if bucket.outline == outline || bucket.string == NONE {
                return bucket.string;
            }
            at = at.wrapping_add(1) & buckets.len().wrapping_sub(1);
        }
    }

    #[inline(never)]
    fn find_long(&self, strings: &Strings, text: &str) -> u32 {
        let outline = Outline::of(text.as_bytes());
        let mut at = outline.place(self.shift);
        loop {
            let Some(bucket) = self.buckets.get(at) else { return self.bisect(strings, text) };
            let is_it = bucket.outline == outline && strings.text(StringId(bucket.string)) == text;
            if is_it || bucket.string == NONE {
                return bucket.string;
            }
            at = at.wrapping_add(1) & self.buckets.len().wrapping_sub(1);
        }
    }

    #[cold]
    #[inline(never)]
    fn bisect(&self, strings: &Strings, text: &str) -> u32 {
        let marked = |id: &StringId| self.marked.get(id.index()) == Some(&true);
        strings.find(text).filter(marked).map_or(NONE, |id| id.0)
    }
}

#[inline]
fn half_word(chunk: Option<&[u8; 4]>) -> u64 {
    chunk.map_or(0, |chunk| u32::from_le_bytes(*chunk) as u64)
}

/// A string's length and its first and last eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outline {
    head: u64,
    tail: u64,
    length: u64,
}

/// The outline of a string of at most so many bytes is all there is to know of it.
const WHOLE: usize = 16;

impl Outline {
    #[inline]
    fn of(bytes: &[u8]) -> Self {
        let length = bytes.len();
        let (head, tail) = if length > WHOLE {
            let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |word| u64::from_le_bytes(*word));
            (word(bytes.first_chunk()), word(bytes.last_chunk()))
        } else if length >= 4 {
            // Two words from either end, which overlap or touch: no branch on the length, which
            // nobody could predict.
            let inwards = (length >> 3) << 2;
            let from_head = bytes.get(inwards..inwards + 4).and_then(<[u8]>::first_chunk);
            let from_tail = bytes.get(..length - inwards).and_then(<[u8]>::last_chunk);
            let pair = |a, b| half_word(a) << 32 | half_word(b);
            (pair(bytes.first_chunk(), from_head), pair(bytes.last_chunk(), from_tail))
        } else {
            // Of one to three bytes the first, the middle and the last one are all.
            let byte = |at: usize| bytes.get(at).map_or(0, |byte| *byte as u64);
            (byte(0) << 8 | byte(length / 2), byte(length.wrapping_sub(1)))
        };
        Self { head, tail, length: length as u64 }
    }

    /// A multiplicative hash: every bit has a say in its highest ones.
    #[inline]
    const fn place(&self, shift: u32) -> usize {
        let mixed = self.head ^ self.tail.rotate_left(29) ^ self.length;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (shift & 63)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn strings(list: &[&str]) -> Strings {
        let mut ends = Vec::new();
        let mut text = String::new();
        for string in list {
            text.push_str(string);
            ends.push(text.len() as u32);
        }
        Strings::new(text, ends).expect("ascending strings")
    }

    #[test]
    fn only_ascending_strings_are_taken() {
        assert!(Strings::new("ab".to_string(), vec![1, 2]).is_some());
        assert!(Strings::new("ba".to_string(), vec![1, 2]).is_none());
        assert!(Strings::new("aa".to_string(), vec![1, 2]).is_none());
        assert!(Strings::new("ab".to_string(), vec![1]).is_none(), "text left over");
        assert!(Strings::new("ab".to_string(), vec![3]).is_none(), "an end past the text");
        assert!(Strings::new("é".to_string(), vec![1, 2]).is_none(), "inside a character");
    }

    #[test]
    fn marked_strings_are_found_and_no_others() {
        let mut list: Vec<String> = (0..1000).map(|n| format!("role_{n:04}")).collect();
        list.insert(0, String::new());
        list.sort();
        let refs: Vec<&str> = list.iter().map(String::as_str).collect();
        let strings = strings(&refs);
        let marked: Vec<bool> = (0..strings.len()).map(|n| n % 2 == 0).collect();
        let table = SymbolTable::new(&strings, &marked);
        for (n, text) in list.iter().enumerate() {
            let expected = if n % 2 == 0 { n as u32 } else { NONE };
            assert_eq!(table.find(&strings, text), expected, "{text:?}");
            assert_eq!(strings.find(text), Some(StringId(n as u32)));
        }
        assert!(table.marked.is_empty());
        assert_eq!(table.find(&strings, "role_00001"), NONE);
        assert_eq!(table.find(&strings, "role_1000"), NONE);
        assert_eq!(strings.find("role"), None);
    }

    #[test]
    fn strings_of_every_length_are_told_apart() {
        let list: Vec<String> = (0..40).map(|n| "abcdefgh".repeat(5)[..n].to_string()).collect();
        let refs: Vec<&str> = list.iter().map(String::as_str).collect();
        let strings = strings(&refs);
        let table = SymbolTable::new(&strings, &vec![true; list.len()]);
        for (n, text) in list.iter().enumerate() {
            assert_eq!(table.find(&strings, text), n as u32, "{text:?}");
            for at in 0..n {
                let mut other = text.clone().into_bytes();
                other[at] ^= 1;
                let other = String::from_utf8(other).expect("ASCII");
                assert_eq!(table.find(&strings, &other), NONE, "{other:?}");
            }
        }
    }

    #[test]
    fn crowded_strings_are_found_too() {
        // The hash sees their length, heads and tails only.
        let list: Vec<String> = (0..400).map(|n| format!("https://{n:03}.example.com")).collect();
        let refs: Vec<&str> = list.iter().map(String::as_str).collect();
        let strings = strings(&refs);
        let marked: Vec<bool> = (0..strings.len()).map(|n| n % 2 == 0).collect();
        let table = SymbolTable::new(&strings, &marked);
        assert!(table.buckets.is_empty());
        for (n, text) in list.iter().enumerate() {
            let expected = if n % 2 == 0 { n as u32 } else { NONE };
            assert_eq!(table.find(&strings, text), expected, "{text:?}");
        }
        assert_eq!(table.find(&strings, "https://400.example.com"), NONE);
    }
}
