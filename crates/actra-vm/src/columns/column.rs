//! Columns as callers have them: borrowed, laid out as Arrow lays them out, and nothing of Arrow's.

use crate::value::Value;
use actra_bytecode::limits::MAX_INPUT_STRING_BYTES;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bits, the lowest of a byte first: a column of booleans, or which values of a column are there.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    start: usize,
    len: usize,
}

impl<'a> Bits<'a> {
    /// `len` bits from bit `start` on; `None` where the bytes do not have them.
    pub fn new(bytes: &'a [u8], start: usize, len: usize) -> Option<Self> {
        let end = start.checked_add(len)?;
        (end.div_ceil(8) <= bytes.len()).then_some(Self { bytes, start, len })
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bit; unset past the end.
    #[inline]
    pub fn get(&self, at: usize) -> bool {
        let bit = self.start + at;
        at < self.len && self.bytes.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
    }

    /// 64 bits from `at` on; unset past the end.
    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        let Some(left) = self.len.checked_sub(at) else { return 0 };
        let bit = self.start + at;
        let (first, shift) = (bit / 8, bit % 8);
        let rest = self.bytes.get(first..).unwrap_or(&[]);
        let (low, high) = if let Some((word, behind)) = rest.split_first_chunk::<8>() {
            (u64::from_le_bytes(*word), behind.first().copied())
        } else {
            let byte = |(at, byte): (usize, &u8)| u64::from(*byte) << (at * 8);
            (rest.iter().enumerate().map(byte).fold(0, |word, byte| word | byte), None)
        };
        let mut word = low >> shift;
        if shift > 0 {
            word |= u64::from(high.unwrap_or(0)) << (64 - shift);
        }
        if left < 64 { word & ((1 << left) - 1) } else { word }
    }
}

/// Strings, one behind the other: where each starts, and where the last one ends.
#[derive(Clone, Debug)]
pub struct Texts<'a> {
    ends: Ends<'a>,
    bytes: &'a [u8],
}

/// Where runs start and end, one more than there are runs.
#[derive(Clone, Copy, Debug)]
pub enum Ends<'a> {
    /// In 32 bits.
    Small(&'a [i32]),
    /// In 64 bits.
    Large(&'a [i64]),
}

impl Ends<'_> {
    /// How many runs there are.
    pub const fn runs(&self) -> usize {
        match self {
            Self::Small(ends) => ends.len().saturating_sub(1),
            Self::Large(ends) => ends.len().saturating_sub(1),
        }
    }

    #[inline]
    fn at(&self, index: usize) -> Option<usize> {
        match self {
            Self::Small(ends) => usize::try_from(*ends.get(index)?).ok(),
            Self::Large(ends) => usize::try_from(*ends.get(index)?).ok(),
        }
    }

    /// The run's bounds; `None` where it ends before it starts or bounds are negative.
    #[inline]
    pub(super) fn bounds(&self, run: usize) -> Option<core::ops::Range<usize>> {
        let (start, end) = (self.at(run)?, self.at(run + 1)?);
        (start <= end).then_some(start..end)
    }
}

impl<'a> Texts<'a> {
    /// Strings in those bytes. Whether bounds fit and bytes are UTF-8 is seen string by string: one
    /// that does not is the fault of its row.
    pub const fn new(ends: Ends<'a>, bytes: &'a [u8]) -> Self {
        Self { ends, bytes }
    }

    fn get(&self, at: usize) -> Value<'a> {
        let bytes = self.ends.bounds(at).and_then(|bounds| self.bytes.get(bounds));
        match bytes {
            Some(bytes) => text_of(bytes),
            None => Value::NotUtf8,
        }
    }
}

/// A string of the host's that may be no text, or none that is taken.
pub fn text_of(bytes: &[u8]) -> Value<'_> {
    if bytes.len() > MAX_INPUT_STRING_BYTES {
        return Value::TooLarge;
    }
    core::str::from_utf8(bytes).map_or(Value::NotUtf8, Value::String)
}

/// Keys of a dictionary-encoded column: places in its dictionary. One past its end is the fault of
/// its row.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "named for their widths")]
pub enum Keys<'a> {
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
    U64(&'a [u64]),
}

impl Keys<'_> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::U8(keys) => keys.len(),
            Self::U16(keys) => keys.len(),
            Self::U32(keys) => keys.len(),
            Self::U64(keys) => keys.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<usize> {
        Some(match self {
            Self::U8(keys) => usize::from(*keys.get(at)?),
            Self::U16(keys) => usize::from(*keys.get(at)?),
            Self::U32(keys) => *keys.get(at)? as usize,
            Self::U64(keys) => usize::try_from(*keys.get(at)?).unwrap_or(usize::MAX),
        })
    }
}

/// What a column holds.
#[derive(Clone, Debug)]
pub enum Values<'a> {
    /// Booleans.
    Boolean(Bits<'a>),
    /// Integers.
    Integer(Cow<'a, [i64]>),
    /// Doubles.
    Float(Cow<'a, [f64]>),
    /// Instants in microseconds since 1970-01-01T00:00:00Z.
    Instant(Cow<'a, [i64]>),
    /// Strings.
    Text(Texts<'a>),
    /// Scalars of any kind, one by one: slower than the above.
    Scalars(Vec<Value<'a>>),
    /// Lists: runs of the items.
    List(Ends<'a>, Box<Column<'a>>),
    /// Scalars by their places in a dictionary.
    Dictionary(Keys<'a>, Box<Column<'a>>),
    /// As many objects, of which nothing is said but that they are there. What stands in them are
    /// columns of their own.
    Object(usize),
}

/// A column: values, and which of them are there. What is not there is missing, as an absent field
/// is.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    pub(super) values: Values<'a>,
    pub(super) valid: Option<Bits<'a>>,
    len: usize,
}

impl<'a> Column<'a> {
    /// Joins values with which of them are there (`None`: all). `None` where their numbers differ,
    /// or a dictionary or list holds what is no scalar.
    pub fn new(values: Values<'a>, valid: Option<Bits<'a>>) -> Option<Self> {
        let len = match &values {
            Values::Boolean(bits) => bits.len(),
            Values::Integer(values) | Values::Instant(values) => values.len(),
            Values::Float(values) => values.len(),
            Values::Text(texts) => texts.ends.runs(),
            Values::Scalars(values) => values.len(),
            Values::List(ends, _) => ends.runs(),
            Values::Dictionary(keys, _) => keys.len(),
            Values::Object(len) => *len,
        };
        let holds_scalars = match &values {
            Values::List(_, items) => !matches!(items.values, Values::List(..) | Values::Object(_)),
            Values::Dictionary(_, values) => !matches!(
                values.values,
                Values::List(..) | Values::Object(_) | Values::Dictionary(..)
            ),
            _ => true,
        };
        (holds_scalars && valid.is_none_or(|valid| valid.len() == len)).then_some(Self {
            values,
            valid,
            len,
        })
    }

    /// How many rows it has.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no rows.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the row's value is there.
    #[inline]
    pub(super) fn has(&self, row: usize) -> bool {
        self.valid.is_none_or(|valid| valid.get(row))
    }

    /// Which of 64 rows' values are there.
    #[inline]
    pub(super) fn valid_word(&self, row: usize) -> u64 {
        self.valid.map_or(u64::MAX, |valid| valid.word(row))
    }

    /// The scalar in a row: `None` where a key leads nowhere, or the column holds no scalars.
    pub(super) fn scalar(&self, row: usize) -> Option<Value<'a>> {
        if !self.has(row) {
            return Some(Value::Missing);
        }
        match &self.values {
            Values::Boolean(bits) => Some(Value::Boolean(bits.get(row))),
            Values::Integer(values) => values.get(row).copied().map(Value::Integer),
            Values::Float(values) => values.get(row).copied().map(Value::Float),
            Values::Instant(values) => values.get(row).copied().map(Value::Instant),
            Values::Text(texts) => Some(texts.get(row)),
            Values::Scalars(values) => values.get(row).copied(),
            // A dictionary holds no dictionaries: this goes one deep.
            Values::Dictionary(keys, values) => {
                let at = keys.get(row)?;
                if at < values.len() { values.scalar(at) } else { None }
            }
            Values::List(..) | Values::Object(_) => None,
        }
    }
}
