//! Strings as views: short ones in themselves, others somewhere in several buffers.

use super::arena::Arena;
use super::fault::{Why, malformed};
use super::memory::{BitRun, elements};
use super::node::Node;
use actra::Value;
use actra::columns::text_of;
use std::ops::Range;

/// Bytes that a view has in itself, at most.
const INLINE: usize = 12;

pub(super) struct Views<'a> {
    views: &'a [[u8; 16]],
    data: Vec<&'a [u8]>,
}

impl<'a> Views<'a> {
    pub(super) fn new(
        node: Node<'a>,
        window: (usize, usize),
        arena: &'a Arena,
    ) -> Result<Self, Why> {
        let views = elements(node, 1, window, arena)?;
        // Behind validity and views stand the data, and last how long they are.
        let last = node.buffers() - 1;
        let lens: &[i64] = elements(node, last, (0, last - 2), arena)?;
        let buffer = |(at, len): (usize, &i64)| match usize::try_from(*len) {
            Ok(len) => elements(node, at + 2, (0, len), arena),
            Err(_) => malformed("has a buffer of a negative length"),
        };
        let data = lens.iter().enumerate().map(buffer).collect::<Result<_, _>>()?;
        Ok(Self { views, data })
    }

    /// The strings of some rows.
    pub(super) fn part(
        &self,
        rows: &Range<usize>,
        valid: Option<BitRun<'_>>,
    ) -> Result<Vec<Value<'a>>, Why> {
        let value = |row: usize| {
            if valid.is_some_and(|valid| !valid.get(row)) {
                return Ok(Value::Missing);
            }
            match self.bytes(row) {
                Some(bytes) => Ok(text_of(bytes)),
                None => malformed(format!("has a view in row {row} that leads nowhere")),
            }
        };
        rows.clone().map(value).collect()
    }

    fn bytes(&self, row: usize) -> Option<&'a [u8]> {
        let view = self.views.get(row)?;
        let number = |at: usize| -> Option<usize> {
            let bytes = view.get(at..)?.first_chunk::<4>()?;
            usize::try_from(i32::from_ne_bytes(*bytes)).ok()
        };
        let len = number(0)?;
        if len <= INLINE {
            return view.get(4..4 + len);
        }
        let (buffer, start) = (number(8)?, number(12)?);
        self.data.get(buffer)?.get(start..start.checked_add(len)?)
    }
}
