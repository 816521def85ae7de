//! From an array to columns of some of its rows.

use super::arena::Arena;
use super::decimal::decimals;
use super::fault::{Why, malformed};
use super::format::{Float, Format, Integer, Offsets, Unit};
use super::keys::{Codes, codes};
use super::memory::{BitRun, elements, validity};
use super::node::Node;
use super::views::Views;
use actra::Value;
use actra::columns::{Column, Ends, Texts, Values};
use std::borrow::Cow;
use std::ops::Range;

/// How numbers are taken that are no doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Not at all.
    Never,
    /// To the nearest double: numbers are doubles, in version 1.
    Nearest,
}

/// What a field's array holds, ready to be handed on in parts.
pub(super) struct Array<'a> {
    kind: Kind<'a>,
    valid: Option<BitRun<'a>>,
    len: usize,
}

/// Numbers of any width.
#[derive(Clone, Copy)]
enum Numbers<'a> {
    I8(&'a [i8]),
    U8(&'a [u8]),
    I16(&'a [i16]),
    U16(&'a [u16]),
    I32(&'a [i32]),
    U32(&'a [u32]),
    I64(&'a [i64]),
    /// Doubles of half the width of a `f32`.
    F16(&'a [u16]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

enum Kind<'a> {
    /// There is none anywhere.
    Nothing,
    Boolean(BitRun<'a>),
    Number(Numbers<'a>),
    Instant(&'a [i64], Unit),
    Scalars(Vec<Value<'a>>),
    Text(Ends<'a>, &'a [u8]),
    Views(Views<'a>),
    List(Ends<'a>, Column<'a>),
    /// From which item on, and how many each.
    FixedList(usize, usize, Column<'a>),
    Dictionary(Codes<'a>, Column<'a>),
    Object,
}

impl<'a> Array<'a> {
    /// `len` elements from `at` on; those that `above` says are not there are not.
    pub(super) fn new(
        node: Node<'a>,
        (at, len): (usize, usize),
        above: Option<BitRun<'a>>,
        rounding: Rounding,
        arena: &'a Arena,
    ) -> Result<Self, Why> {
        let window = (node.offset + at, len);
        if let Some(values) = node.dictionary()? {
            let valid = validity(node, window, above, arena)?;
            if values.format == Format::Null {
                return Ok(Self { kind: Kind::Nothing, valid, len });
            }
            let codes = codes(node, window, valid, values.len, arena)?;
            let values = scalars(values, rounding, arena)?;
            return Ok(Self { kind: Kind::Dictionary(codes, values), valid, len });
        }
        if node.format == Format::Null {
            return Ok(Self { kind: Kind::Nothing, valid: above, len });
        }
        if let Format::Other(_) = node.format {
            return node.format.refuse(node.text);
        }
        let valid = validity(node, window, above, arena)?;
        let kind = match node.format {
            Format::Struct => Kind::Object,
            Format::List(offsets) => {
                let (ends, used) = ends(node, window, offsets, arena)?;
                let items = node.items()?;
                if used > items.len {
                    return malformed("has lists that end past their items");
                }
                Kind::List(ends, items_of(items, used, rounding, arena)?)
            }
            Format::FixedList(size) => {
                let items = node.items()?;
                let (first, last) =
                    (window.0.checked_mul(size), (window.0 + len).checked_mul(size));
                let (Some(first), Some(used)) = (first, last.filter(|last| *last <= items.len))
                else {
                    return malformed("has lists that end past their items");
                };
                Kind::FixedList(first, size, items_of(items, used, rounding, arena)?)
            }
            _ => scalar_kind(node, window, valid, rounding, arena)?,
        };
        Ok(Self { kind, valid, len })
    }

    /// Whether memory says how many rows there are: nobody has more than fit there.
    pub(super) const fn is_bounded(&self) -> bool {
        match self.kind {
            Kind::Nothing | Kind::Object | Kind::FixedList(_, 0, _) => self.valid.is_some(),
            _ => true,
        }
    }

    /// Values of its dictionary, which each part looks at anew.
    pub(super) fn dictionary_len(&self) -> usize {
        match &self.kind {
            Kind::Dictionary(_, values) => values.len(),
            _ => 0,
        }
    }

    /// Those rows; `None`: nothing is there in any. What has to be made for them is kept in `room`.
    pub(super) fn column<'c>(
        &'c self,
        rows: &Range<usize>,
        room: &'c Arena,
    ) -> Result<Option<Column<'c>>, Why>
    where
        'a: 'c,
    {
        let valid = match self.valid.map(|valid| valid.slice(rows)) {
            Some(None) => return malformed(SHORT),
            valid => valid.flatten(),
        };
        let values = match &self.kind {
            Kind::Nothing => return Ok(None),
            Kind::Boolean(bits) => bits.slice(rows).map(Values::Boolean),
            Kind::Number(numbers) => numbers.part(rows),
            Kind::Instant(values, unit) => {
                let part = values.get(rows.clone());
                part.map(|part| Values::Instant(instants(part, *unit)))
            }
            Kind::Scalars(values) => {
                values.get(rows.clone()).map(|part| Values::Scalars(part.to_vec()))
            }
            Kind::Text(ends, bytes) => {
                part_of(*ends, rows).map(|ends| Values::Text(Texts::new(ends, bytes)))
            }
            Kind::Views(views) => Some(Values::Scalars(views.part(rows, self.valid)?)),
            Kind::List(ends, items) => {
                part_of(*ends, rows).map(|ends| Values::List(ends, Box::new(items.clone())))
            }
            Kind::FixedList(first, size, items) => {
                let ends = (rows.start..=rows.end).map(|row| (first + row * size) as i64).collect();
                let ends = Ends::Large(room.keep(ends));
                Some(Values::List(ends, Box::new(items.clone())))
            }
            Kind::Dictionary(codes, values) => {
                codes.part(rows).map(|keys| Values::Dictionary(keys, Box::new(values.clone())))
            }
            Kind::Object => Some(Values::Object(rows.len())),
        };
        match values.and_then(|values| Column::new(values, valid)) {
            Some(column) if rows.end <= self.len => Ok(Some(column)),
            _ => malformed(SHORT),
        }
    }
}

/// What is never true of an array that was checked.
const SHORT: &str = "has fewer values than it has rows";

fn part_of<'a>(ends: Ends<'a>, rows: &Range<usize>) -> Option<Ends<'a>> {
    Some(match ends {
        Ends::Small(ends) => Ends::Small(ends.get(rows.start..=rows.end)?),
        Ends::Large(ends) => Ends::Large(ends.get(rows.start..=rows.end)?),
    })
}

impl<'a> Numbers<'a> {
    fn new(node: Node<'a>, window: (usize, usize), arena: &'a Arena) -> Result<Option<Self>, Why> {
        macro_rules! of {
            ($kind:ident) => {
                Self::$kind(elements(node, 1, window, arena)?)
            };
        }
        Ok(Some(match node.format {
            Format::Integer(Integer::I8) => of!(I8),
            Format::Integer(Integer::U8) => of!(U8),
            Format::Integer(Integer::I16) => of!(I16),
            Format::Integer(Integer::U16) => of!(U16),
            Format::Integer(Integer::I32) => of!(I32),
            Format::Integer(Integer::U32) => of!(U32),
            Format::Integer(Integer::I64) => of!(I64),
            Format::Float(Float::F16) => of!(F16),
            Format::Float(Float::F32) => of!(F32),
            Format::Float(Float::F64) => of!(F64),
            _ => return Ok(None),
        }))
    }

    fn part(&self, rows: &Range<usize>) -> Option<Values<'a>> {
        fn integers<'a, T: Copy + Into<i64>>(
            values: &[T],
            rows: &Range<usize>,
        ) -> Option<Values<'a>> {
            let part = values.get(rows.clone())?;
            Some(Values::Integer(part.iter().map(|value| (*value).into()).collect()))
        }
        match self {
            Self::I8(values) => integers(values, rows),
            Self::U8(values) => integers(values, rows),
            Self::I16(values) => integers(values, rows),
            Self::U16(values) => integers(values, rows),
            Self::I32(values) => integers(values, rows),
            Self::U32(values) => integers(values, rows),
            Self::I64(values) => {
                values.get(rows.clone()).map(|part| Values::Integer(Cow::Borrowed(part)))
            }
            Self::F16(values) => {
                let part = values.get(rows.clone())?;
                Some(Values::Float(part.iter().map(|half| double(*half)).collect()))
            }
            Self::F32(values) => {
                let part = values.get(rows.clone())?;
                Some(Values::Float(part.iter().map(|value| f64::from(*value)).collect()))
            }
            Self::F64(values) => {
                values.get(rows.clone()).map(|part| Values::Float(Cow::Borrowed(part)))
            }
        }
    }
}

/// Scalars; anything else is refused.
fn scalar_kind<'a>(
    node: Node<'a>,
    window: (usize, usize),
    valid: Option<BitRun<'a>>,
    rounding: Rounding,
    arena: &'a Arena,
) -> Result<Kind<'a>, Why> {
    if let Some(numbers) = Numbers::new(node, window, arena)? {
        return Ok(Kind::Number(numbers));
    }
    Ok(match node.format {
        Format::Boolean => match BitRun::of(node, 1, window, arena)? {
            Some(bits) => Kind::Boolean(bits),
            None => return malformed("has NULL as its buffer 1"),
        },
        Format::Integer(_) => {
            // Those that 64 bits with a sign do not hold are integers all the same.
            let value = |value: &u64| {
                i64::try_from(*value).map_or(Value::BigInteger(*value as f64), Value::Integer)
            };
            let values: &[u64] = elements(node, 1, window, arena)?;
            Kind::Scalars(values.iter().map(value).collect())
        }
        Format::Decimal(scale, bytes) => {
            Kind::Scalars(decimals(node, window, (scale, bytes), valid, rounding, arena)?)
        }
        Format::Instant(unit) => Kind::Instant(elements(node, 1, window, arena)?, unit),
        Format::Text(offsets) => {
            let (ends, used) = ends(node, window, offsets, arena)?;
            Kind::Text(ends, elements(node, 2, (0, used), arena)?)
        }
        Format::TextView => Kind::Views(Views::new(node, window, arena)?),
        format => return format.refuse(node.text),
    })
}

/// What a dictionary holds.
fn scalars<'a>(node: Node<'a>, rounding: Rounding, arena: &'a Arena) -> Result<Column<'a>, Why> {
    if node.dictionary()?.is_some() {
        return malformed("is a dictionary of dictionaries");
    }
    whole(node, node.len, rounding, arena)
}

/// What lists hold: scalars, or codes of them.
fn items_of<'a>(
    node: Node<'a>,
    used: usize,
    rounding: Rounding,
    arena: &'a Arena,
) -> Result<Column<'a>, Why> {
    if used == 0 {
        // Of what there is nothing of, the type does not matter.
        return column_of(Values::Scalars(Vec::new()), None);
    }
    let Some(values) = node.dictionary()? else { return whole(node, used, rounding, arena) };
    let window = (node.offset, used);
    let valid = validity(node, window, None, arena)?;
    let codes = codes(node, window, valid, values.len, arena)?;
    let Some(keys) = codes.part(&(0..used)) else { return malformed(SHORT) };
    let values = scalars(values, rounding, arena)?;
    let valid = valid.and_then(|valid| valid.slice(&(0..used)));
    column_of(Values::Dictionary(keys, Box::new(values)), valid)
}

/// The first elements of an array of scalars. Widened values are kept: parts of the batch refer to
/// them, and do not copy them.
fn whole<'a>(
    node: Node<'a>,
    len: usize,
    rounding: Rounding,
    arena: &'a Arena,
) -> Result<Column<'a>, Why> {
    let window = (node.offset, len);
    if matches!(node.format, Format::Null | Format::Other(_)) {
        return node.format.refuse(node.text);
    }
    let valid = validity(node, window, None, arena)?;
    let rows = 0..len;
    let bits = valid.and_then(|valid| valid.slice(&rows));
    let values = match scalar_kind(node, window, valid, rounding, arena)? {
        Kind::Boolean(values) => values.slice(&rows).map(Values::Boolean),
        Kind::Number(numbers) => numbers.part(&rows).map(|values| match values {
            Values::Integer(Cow::Owned(values)) => {
                Values::Integer(Cow::Borrowed(arena.keep(values)))
            }
            Values::Float(Cow::Owned(values)) => Values::Float(Cow::Borrowed(arena.keep(values))),
            values => values,
        }),
        Kind::Instant(values, unit) => Some(Values::Instant(match instants(values, unit) {
            Cow::Owned(values) => Cow::Borrowed(arena.keep(values)),
            borrowed @ Cow::Borrowed(_) => borrowed,
        })),
        Kind::Scalars(values) => Some(Values::Scalars(values)),
        Kind::Text(ends, bytes) => Some(Values::Text(Texts::new(ends, bytes))),
        Kind::Views(views) => Some(Values::Scalars(views.part(&rows, valid)?)),
        _ => None,
    };
    values.map_or_else(|| node.format.refuse(node.text), |values| column_of(values, bits))
}

fn column_of<'a>(
    values: Values<'a>,
    valid: Option<actra::columns::Bits<'a>>,
) -> Result<Column<'a>, Why> {
    Column::new(values, valid).map_or_else(|| malformed(SHORT), Ok)
}

/// Where runs end, and where the last one does. They ascend.
fn ends<'a>(
    node: Node<'a>,
    (at, len): (usize, usize),
    offsets: Offsets,
    arena: &'a Arena,
) -> Result<(Ends<'a>, usize), Why> {
    // An array without elements may be without offsets.
    if len == 0 {
        return Ok((Ends::Small(&[0]), 0));
    }
    let window = (at, len + 1);
    let (ends, first, last, ascend) = match offsets {
        Offsets::Small => {
            let ends: &[i32] = elements(node, 1, window, arena)?;
            let (first, last) = (ends.first().copied(), ends.last().copied());
            (Ends::Small(ends), first.map(i64::from), last.map(i64::from), ends.is_sorted())
        }
        Offsets::Large => {
            let ends: &[i64] = elements(node, 1, window, arena)?;
            (Ends::Large(ends), ends.first().copied(), ends.last().copied(), ends.is_sorted())
        }
    };
    let last = last.and_then(|last| usize::try_from(last).ok());
    match last.filter(|_| ascend && first >= Some(0)) {
        Some(last) => Ok((ends, last)),
        None => malformed("has offsets that descend or are negative"),
    }
}

/// Microseconds. Nanoseconds are cut, as they are of texts; what 64 bits do not hold is far outside
/// of the years that there are, and stays there.
fn instants(values: &[i64], unit: Unit) -> Cow<'_, [i64]> {
    let factor = match unit {
        Unit::Microseconds => return Cow::Borrowed(values),
        Unit::Nanoseconds => return values.iter().map(|value| value.div_euclid(1000)).collect(),
        Unit::Milliseconds => 1000,
        Unit::Seconds => 1_000_000,
    };
    values.iter().map(|value| value.saturating_mul(factor)).collect()
}

/// A double of 16 bits.
fn double(half: u16) -> f64 {
    let (exponent, fraction) = (i32::from(half >> 10 & 31), f64::from(half & 1023));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if half >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::double;

    #[test]
    fn halves_are_the_doubles_that_they_stand_for() {
        for (half, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(double(half).to_bits(), f64::to_bits(value), "{half:04x}");
        }
        assert!(double(0x7e01).is_nan());
        assert!(double(0x8000).is_sign_negative());
    }
}
