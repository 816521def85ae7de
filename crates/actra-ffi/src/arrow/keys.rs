//! Codes of dictionaries.

use super::arena::Arena;
use super::fault::{Why, malformed, wrong_type};
use super::format::{Format, Integer};
use super::memory::{BitRun, Plain, elements};
use super::node::Node;
use actra::columns::Keys;
use std::ops::Range;

/// Codes that lead into the dictionary, wherever there are any.
#[derive(Clone, Copy)]
pub(super) struct Codes<'a>(Keys<'a>);

impl<'a> Codes<'a> {
    /// Those of some rows.
    pub(super) fn part(&self, rows: &Range<usize>) -> Option<Keys<'a>> {
        let rows = rows.clone();
        Some(match self.0 {
            Keys::U8(keys) => Keys::U8(keys.get(rows)?),
            Keys::U16(keys) => Keys::U16(keys.get(rows)?),
            Keys::U32(keys) => Keys::U32(keys.get(rows)?),
            Keys::U64(keys) => Keys::U64(keys.get(rows)?),
        })
    }
}

/// The codes of an array whose dictionary has so many values. Those with a sign are read as if they
/// had none: what is negative is larger then than any that is not.
pub(super) fn codes<'a>(
    node: Node<'a>,
    window: (usize, usize),
    valid: Option<BitRun<'a>>,
    values: usize,
    arena: &'a Arena,
) -> Result<Codes<'a>, Why> {
    let Format::Integer(width) = node.format else {
        return wrong_type("has codes that are no integers");
    };
    let values = values as u64;
    Ok(Codes(match width {
        Integer::I8 => Keys::U8(checked(node, window, valid, values.min(1 << 7), arena)?),
        Integer::U8 => Keys::U8(checked(node, window, valid, values, arena)?),
        Integer::I16 => Keys::U16(checked(node, window, valid, values.min(1 << 15), arena)?),
        Integer::U16 => Keys::U16(checked(node, window, valid, values, arena)?),
        Integer::I32 => Keys::U32(checked(node, window, valid, values.min(1 << 31), arena)?),
        Integer::U32 => Keys::U32(checked(node, window, valid, values, arena)?),
        Integer::I64 => Keys::U64(checked(node, window, valid, values.min(1 << 63), arena)?),
        Integer::U64 => Keys::U64(checked(node, window, valid, values, arena)?),
    }))
}

fn checked<'a, T: Plain + Ord + Into<u64>>(
    node: Node<'a>,
    window: (usize, usize),
    valid: Option<BitRun<'a>>,
    most: u64,
    arena: &'a Arena,
) -> Result<&'a [T], Why> {
    let keys: &[T] = elements(node, 1, window, arena)?;
    let is_bad = |key: T| key.into() >= most;
    if keys.iter().copied().max().is_some_and(is_bad) {
        let is_there = |row: usize| valid.is_none_or(|valid| valid.get(row));
        let found = keys.iter().enumerate().find(|(row, key)| is_bad(**key) && is_there(*row));
        if let Some((row, _)) = found {
            return malformed(format!("has a code in row {row} that is not in its dictionary"));
        }
    }
    Ok(keys)
}
