//! Buffers as slices.

use super::arena::Arena;
use super::fault::{Why, malformed};
use super::node::Node;
use actra::columns::Bits;
use std::ops::Range;

/// Elements of which any bytes are one.
///
/// # Safety
/// Any bytes are one.
pub(super) unsafe trait Plain: Copy + 'static {}

// SAFETY: any bytes are a number.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for i8 {}
// SAFETY: as above.
unsafe impl Plain for u16 {}
// SAFETY: as above.
unsafe impl Plain for i16 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for i64 {}
// SAFETY: as above.
unsafe impl Plain for f32 {}
// SAFETY: as above.
unsafe impl Plain for f64 {}
// SAFETY: as above.
unsafe impl<const N: usize> Plain for [u8; N] {}

/// `len` elements of a buffer from `at` on. What is not aligned is copied.
pub(super) fn elements<'a, T: Plain>(
    node: Node<'a>,
    buffer: usize,
    (at, len): (usize, usize),
    arena: &'a Arena,
) -> Result<&'a [T], Why> {
    if len == 0 {
        return Ok(&[]);
    }
    let pointer = node.buffer(buffer).cast::<T>();
    if pointer.is_null() {
        return malformed(format!("has NULL as its buffer {buffer}"));
    }
    let most = isize::MAX as usize / size_of::<T>();
    if at.checked_add(len).is_none_or(|end| end > most) {
        return malformed("is longer than memory");
    }
    // SAFETY: the buffer has so many elements, as the array's length, offset or offsets say, for
    // which the caller vouches.
    let start = unsafe { pointer.byte_add(at * size_of::<T>()) };
    if start.is_aligned() {
        // SAFETY: as above; it is neither NULL nor unaligned, no larger than an object can be, and
        // any bytes are an element.
        return Ok(unsafe { std::slice::from_raw_parts(start, len) });
    }
    // SAFETY: as above, and the read asks for no alignment.
    let read = |index: usize| unsafe { start.byte_add(index * size_of::<T>()).read_unaligned() };
    Ok(arena.keep((0..len).map(read).collect()))
}

/// Bits that are somewhere in bytes.
#[derive(Clone, Copy)]
pub(super) struct BitRun<'a> {
    bytes: &'a [u8],
    start: usize,
    len: usize,
}

impl<'a> BitRun<'a> {
    /// `len` bits of a buffer from bit `start` on; `None`: it is NULL.
    pub(super) fn of(
        node: Node<'a>,
        buffer: usize,
        (start, len): (usize, usize),
        arena: &'a Arena,
    ) -> Result<Option<Self>, Why> {
        if len == 0 {
            return Ok(Some(Self { bytes: &[], start: 0, len: 0 }));
        }
        if node.buffer(buffer).is_null() {
            return Ok(None);
        }
        let (first, start) = (start / 8, start % 8);
        let bytes = elements(node, buffer, (first, (start + len).div_ceil(8)), arena)?;
        Ok(Some(Self { bytes, start, len }))
    }

    /// Those of some rows.
    pub(super) fn slice(&self, rows: &Range<usize>) -> Option<Bits<'a>> {
        if rows.end > self.len {
            return None;
        }
        Bits::new(self.bytes, self.start + rows.start, rows.len())
    }

    pub(super) fn get(&self, at: usize) -> bool {
        let bit = self.start + at;
        at < self.len && self.bytes.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
    }

    /// Eight bits from `at` on.
    fn byte(&self, at: usize) -> u8 {
        let bit = self.start + at;
        let of = |index: usize| u16::from(self.bytes.get(index).copied().unwrap_or(0));
        ((of(bit / 8) | of(bit / 8 + 1) << 8) >> (bit % 8)) as u8
    }

    /// Those that are set in both.
    pub(super) fn and(self, other: Self, arena: &'a Arena) -> Self {
        let len = self.len.min(other.len);
        let both = |at: usize| self.byte(at * 8) & other.byte(at * 8);
        let bytes = arena.keep((0..len.div_ceil(8)).map(both).collect());
        Self { bytes, start: 0, len }
    }

    /// How many are set.
    pub(super) fn count(&self) -> usize {
        let whole: usize =
            (0..self.len / 8).map(|at| self.byte(at * 8).count_ones() as usize).sum();
        whole + (self.len / 8 * 8..self.len).filter(|at| self.get(*at)).count()
    }
}

/// Which of the elements of an array are there; `None`: all. Those that `above` says are not there
/// are not.
pub(super) fn validity<'a>(
    node: Node<'a>,
    (at, len): (usize, usize),
    above: Option<BitRun<'a>>,
    arena: &'a Arena,
) -> Result<Option<BitRun<'a>>, Why> {
    let own = BitRun::of(node, 0, (at, len), arena)?;
    if own.is_none() && node.null_count() > 0 {
        return malformed("has nulls, and does not say which");
    }
    Ok(match (own, above) {
        (Some(own), Some(above)) => Some(own.and(above, arena)),
        (own, above) => own.or(above),
    })
}
