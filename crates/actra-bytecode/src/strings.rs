//! The program's strings, and the table that finds an input string among them.

use crate::ids::StringId;
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
/// The hash reads a string's length and its first and last eight bytes, so its cost does not grow
/// with hostile inputs. A program's own strings can crowd a place in the table; where they do, the
/// table is given up and strings are found by bisection.
#[derive(Clone, Debug, Default)]
pub(crate) struct SymbolTable {
    buckets: Vec<Bucket>,
    mask: usize,
    /// Without buckets: which of the strings count.
    marked: Vec<bool>,
}

/// Most places that a string is away from its own: strings that differ enough stay far below, and
/// a table is built in time linear in their number.
const MAX_DISTANCE: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    hash: u32,
    /// [`crate::parts::NONE`]: empty.
    string: u32,
}

const EMPTY: Bucket = Bucket { hash: 0, string: crate::parts::NONE };

impl SymbolTable {
    /// A table of the strings that are marked.
    pub(crate) fn new(strings: &Strings, marked: &[bool]) -> Self {
        let count = marked.iter().filter(|marked| **marked).count();
        let size = (count * 2).next_power_of_two().max(2);
        let mut table = Self { buckets: vec![EMPTY; size], mask: size - 1, marked: Vec::new() };
        for (index, _) in marked.iter().enumerate().filter(|(_, marked)| **marked) {
            let string = index as u32;
            let hash = hash(strings.text(StringId(string)).as_bytes());
            if !table.insert(Bucket { hash, string }) {
                return Self { buckets: Vec::new(), mask: 0, marked: marked.to_vec() };
            }
        }
        table
    }

    /// Puts the string into the first free place; false where that is too far away.
    fn insert(&mut self, new: Bucket) -> bool {
        for distance in 0..MAX_DISTANCE {
            let at = (new.hash as usize).wrapping_add(distance) & self.mask;
            if let Some(bucket) = self.buckets.get_mut(at)
                && bucket.string == crate::parts::NONE
            {
                *bucket = new;
                return true;
            }
        }
        false
    }

    /// The string's symbol, if rules compare anything with it.
    #[inline]
    pub(crate) fn find(&self, strings: &Strings, text: &str) -> Option<StringId> {
        let hash = hash(text.as_bytes());
        let mut at = hash as usize & self.mask;
        loop {
            let Some(bucket) = self.buckets.get(at) else { return self.bisect(strings, text) };
            if bucket.string == crate::parts::NONE {
                return None;
            }
            if bucket.hash == hash && strings.text(StringId(bucket.string)) == text {
                return Some(StringId(bucket.string));
            }
            at = (at + 1) & self.mask;
        }
    }

    #[cold]
    fn bisect(&self, strings: &Strings, text: &str) -> Option<StringId> {
        strings.find(text).filter(|id| self.marked.get(id.index()) == Some(&true))
    }
}

/// A multiply-and-fold hash of length, head and tail.
#[inline]
fn hash(bytes: &[u8]) -> u32 {
    let (head, tail) = match bytes.len() {
        8.. => (word(bytes.first_chunk::<8>()), word(bytes.last_chunk::<8>())),
        4.. => (
            bytes.first_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk) as u64),
            bytes.last_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk) as u64),
        ),
        _ => (bytes.iter().fold(0, |word, byte| (word << 8) | *byte as u64), 0),
    };
    let mixed = (head ^ 0x9e37_79b9_7f4a_7c15) as u128
        * (tail.rotate_left(32) ^ (bytes.len() as u64) ^ 0xd1b5_4a32_d192_ed03) as u128;
    let folded = (mixed as u64) ^ ((mixed >> 64) as u64);
    (folded ^ (folded >> 32)) as u32
}

#[inline]
fn word(chunk: Option<&[u8; 8]>) -> u64 {
    chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk))
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
            let expected = (n % 2 == 0).then_some(StringId(n as u32));
            assert_eq!(table.find(&strings, text), expected, "{text:?}");
            assert_eq!(strings.find(text), Some(StringId(n as u32)));
        }
        assert!(table.marked.is_empty());
        assert_eq!(table.find(&strings, "role_00001"), None);
        assert_eq!(strings.find("role"), None);
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
            let expected = (n % 2 == 0).then_some(StringId(n as u32));
            assert_eq!(table.find(&strings, text), expected, "{text:?}");
        }
        assert_eq!(table.find(&strings, "https://400.example.com"), None);
    }
}
