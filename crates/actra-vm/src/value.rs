//! Values as given, and cells as the ops read them.

use actra_bytecode::Number;
use actra_bytecode::ids::StringId;

/// A run of entries in one of the frame's buffers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Range {
    /// This run and the one that follows it.
    #[must_use]
    pub const fn joined(self, next: Self) -> Self {
        Self { start: self.start, len: self.len + next.len }
    }

    #[inline]
    pub(crate) fn bounds(self) -> core::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// A value of an input, as the host gave it.
#[derive(Clone, Copy, Debug, Default)]
pub enum Value<'v> {
    /// Not there.
    #[default]
    Missing,
    /// There, and null: missing all the same, but for version 1.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer inside 64 bits.
    Integer(i64),
    /// A double, NaN and infinities included.
    Float(f64),
    /// An integer outside 64 bits, rounded to the nearest double.
    BigInteger(f64),
    /// Text of the host's.
    String(&'v str),
    /// Text in the frame's buffer: see [`crate::Frame::push_text`].
    Text(Range),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Items in the frame's buffer: see [`crate::Frame::push_item`].
    List(Range),
    /// An object or a map, with entries in the frame's buffer where it may be a map: see
    /// [`crate::Frame::push_entry`].
    Object(Range),
    /// A string over its limit.
    TooLarge,
    /// A list over its limit, with the items up to it.
    LongList(Range),
    /// A string that is not UTF-8.
    NotUtf8,
}

/// What the items of a list have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// There are none.
    Empty,
    /// Strings.
    String,
    /// Numbers.
    Number,
    /// Booleans.
    Boolean,
}

/// A value as ops read it: fitted to its field, symbol found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Cell<'v> {
    /// Missing, or as good as missing.
    #[default]
    Missing,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// Text of the host's and its symbol ([`NO_SYMBOL`]: none).
    String(&'v str, u32),
    /// Text in the frame's buffer and its symbol.
    Text(Range, u32),
    /// Text of the program's: its own symbol.
    Constant(StringId),
    Instant(i64),
    /// Items in the frame's cell buffer. More than [`SORTED_ABOVE`] of them are sorted.
    List(ItemKind, Range),
}

pub(crate) use actra_bytecode::program::NO_SYMBOL;

/// Longer lists are sorted when they are checked, so that membership is a bisection: no input can
/// make two lists cost their product.
pub(crate) const SORTED_ABOVE: usize = 32;

impl Cell<'_> {
    #[inline]
    pub(crate) fn number(&self) -> Option<Number> {
        match *self {
            Self::Integer(value) => Some(Number::Integer(value)),
            Self::Float(value) => Some(Number::Float(value)),
            _ => None,
        }
    }

    /// The string's symbol; `None` where the cell is no string.
    #[inline]
    pub(crate) fn symbol(&self) -> Option<u32> {
        match *self {
            Self::String(_, symbol) | Self::Text(_, symbol) => Some(symbol),
            Self::Constant(string) => Some(string.0),
            _ => None,
        }
    }
}
