//! From values to cells: fitted to the declared type where inputs are checked, taken as they are
//! where they are not.

use super::Fault;
use super::unknown::broken_limit;
use crate::error::{Found, InputCode};
use crate::frame::Frame;
use crate::value::{Cell, ItemKind, NO_SYMBOL, Range, SORTED_ABOVE, Value};
use actra_bytecode::format::timestamp;
use actra_bytecode::program::{FieldType, Settings};
use actra_bytecode::{Number, Program};
use core::cmp::Ordering;

/// Whether strings of a field are looked up: only where something compares with them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbols {
    Find,
    Leave,
}

/// Where inputs are checked: the value as a cell of the type; `None` for null.
#[inline]
pub(super) fn typed<'v>(
    frame: &mut Frame<'_, 'v>,
    ty: FieldType,
    symbols: Symbols,
    value: &Value<'v>,
    settings: Settings,
) -> Result<Option<Cell<'v>>, Fault> {
    let wrong = || (InputCode::WrongType, super::found(value));
    Ok(Some(match (ty, *value) {
        (_, Value::Missing | Value::Null) => return Ok(None),
        (FieldType::String, Value::String(text)) => {
            Cell::String(text, symbol(frame, symbols, text))
        }
        (FieldType::String, Value::Text(range)) => {
            Cell::Text(range, symbol(frame, symbols, frame.text(range)))
        }
        (FieldType::Number | FieldType::Integer, _) => {
            numeric(value, ty == FieldType::Integer, settings)?
        }
        (FieldType::Boolean, Value::Boolean(value)) => Cell::Boolean(value),
        (FieldType::Timestamp, Value::Instant(micros)) if timestamp::is_instant(micros) => {
            Cell::Instant(micros)
        }
        (FieldType::Timestamp, Value::String(_) | Value::Text(_)) => {
            let text = frame.value_text(value).unwrap_or("");
            Cell::Instant(timestamp::parse(text).ok_or((InputCode::WrongType, Found::NoTimestamp))?)
        }
        // So long a string is no timestamp: the type comes first.
        (FieldType::String, Value::TooLarge) => {
            return Err((InputCode::TooLarge, Found::String));
        }
        (FieldType::String, Value::NotUtf8) => {
            return Err((InputCode::NotUtf8, Found::String));
        }
        (
            FieldType::StringList | FieldType::NumberList | FieldType::IntegerList,
            Value::List(range),
        ) => typed_list(frame, ty, symbols, range, settings)?,
        (
            FieldType::StringList | FieldType::NumberList | FieldType::IntegerList,
            Value::LongList(range),
        ) => {
            // The type comes first, over the limit, too.
            typed_list(frame, ty, symbols, range, settings)?;
            return Err((InputCode::TooLarge, Found::List));
        }
        // Objects and maps hold values and are none: ops never read their cells.
        (FieldType::Object, Value::Object(_)) => Cell::Missing,
        (ty, Value::Object(_)) if ty.values().is_some() => Cell::Missing,
        _ => return Err(wrong()),
    }))
}

/// A number as the version holds it, where inputs are checked.
#[inline]
fn numeric<'v>(value: &Value<'v>, is_integer: bool, settings: Settings) -> Result<Cell<'v>, Fault> {
    match *value {
        Value::Integer(value) if settings.numbers_are_doubles() => Ok(Cell::Float(value as f64)),
        Value::Integer(value) => Ok(Cell::Integer(value)),
        Value::BigInteger(_) => Err((InputCode::OutOfRange, Found::BigInteger)),
        Value::Float(value) if value.is_nan() => Err((InputCode::NotFinite, Found::NotANumber)),
        Value::Float(value) if value.is_infinite() => Err((InputCode::NotFinite, Found::Infinity)),
        Value::Float(value) if !is_integer => Ok(Cell::Float(value)),
        Value::Float(value) => {
            let integer = value as i64;
            if value != libm_trunc(value) {
                Err((InputCode::WrongType, Found::Fraction))
            } else if Number::Float(value).compare(Number::Integer(integer))
                != Some(Ordering::Equal)
            {
                Err((InputCode::OutOfRange, Found::BigInteger))
            } else if settings.numbers_are_doubles() {
                Ok(Cell::Float(value))
            } else {
                Ok(Cell::Integer(integer))
            }
        }
        ref other => Err((InputCode::WrongType, super::found(other))),
    }
}

/// Truncation without the standard library: every double from 2^52 up is integral.
fn libm_trunc(value: f64) -> f64 {
    const INTEGRAL_FROM: f64 = 4_503_599_627_370_496.0;
    if (-INTEGRAL_FROM..INTEGRAL_FROM).contains(&value) { value as i64 as f64 } else { value }
}

/// A list whose every item is of the type. Of several faults a wrong type leads.
fn typed_list<'v>(
    frame: &mut Frame<'_, 'v>,
    ty: FieldType,
    symbols: Symbols,
    range: Range,
    settings: Settings,
) -> Result<Cell<'v>, Fault> {
    let item_type = ty.items().unwrap_or(ty);
    let mut first: Option<Fault> = None;
    for at in range.bounds() {
        let item = frame.items.get(at).copied().unwrap_or_default();
        match typed(frame, item_type, symbols, &item, settings) {
            Ok(Some(cell)) => {
                if let Some(place) = frame.item_cells.get_mut(at) {
                    *place = cell;
                }
            }
            Ok(None) | Err((InputCode::WrongType, _)) => {
                return Err((InputCode::WrongType, Found::BadItem));
            }
            Err(fault) => {
                let rank = |fault: &Fault| list_rank(fault.0);
                if first.as_ref().is_none_or(|first| rank(&fault) < rank(first)) {
                    first = Some(fault);
                }
            }
        }
    }
    if let Some(fault) = first {
        return Err(fault);
    }
    let kind = match (range.len, item_type) {
        (0, _) => ItemKind::Empty,
        (_, FieldType::String) => ItemKind::String,
        _ => ItemKind::Number,
    };
    sort_long(frame, range);
    Ok(Cell::List(kind, range))
}

/// Which of two items' faults leads.
fn list_rank(code: InputCode) -> u8 {
    match code {
        InputCode::WrongType => 0,
        InputCode::NotFinite => 1,
        InputCode::OutOfRange => 2,
        _ => 3,
    }
}

/// Where inputs are unchecked: the value as a cell of its own kind. Version 1 still refuses what
/// its numbers and scalars cannot be, and limits bind everywhere.
pub(super) fn untyped<'v>(
    frame: &mut Frame<'_, 'v>,
    ty: FieldType,
    symbols: Symbols,
    value: &Value<'v>,
    settings: Settings,
) -> Result<Cell<'v>, Fault> {
    let doubles = settings.numbers_are_doubles();
    let is_container = ty == FieldType::Object || ty.values().is_some();
    Ok(match *value {
        Value::Missing | Value::Null | Value::Object(_) => Cell::Missing,
        Value::Boolean(value) => Cell::Boolean(value),
        // As a string that is no timestamp.
        Value::Instant(micros) if !timestamp::is_instant(micros) => Cell::Missing,
        Value::Instant(micros) => Cell::Instant(micros),
        Value::String(_) | Value::Text(_) if ty == FieldType::Timestamp => {
            let text = frame.value_text(value).unwrap_or("");
            timestamp::parse(text).map_or(Cell::Missing, Cell::Instant)
        }
        Value::String(text) => Cell::String(text, symbol(frame, symbols, text)),
        Value::Text(range) => Cell::Text(range, symbol(frame, symbols, frame.text(range))),
        // Objects and maps hold values and are none; limits bind what stands in their places.
        Value::Integer(_) | Value::Float(_) | Value::BigInteger(_) if is_container => Cell::Missing,
        Value::List(range) if is_container => {
            let items = frame.items.get(range.bounds()).unwrap_or(&[]);
            match items.iter().find_map(broken_limit) {
                Some(code) => return Err((code, Found::BadItem)),
                None => Cell::Missing,
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::BigInteger(_) => {
            untyped_number(value, doubles)?
        }
        Value::List(range) => untyped_list(frame, symbols, range, doubles)?,
        Value::TooLarge => return Err((InputCode::TooLarge, Found::String)),
        Value::LongList(_) => return Err((InputCode::TooLarge, Found::List)),
        Value::NotUtf8 => return Err((InputCode::NotUtf8, Found::String)),
    })
}

/// In version 1 every number is a double; in version 2 NaN, infinities and integers outside 64
/// bits are no values.
pub(super) fn untyped_number<'v>(value: &Value<'v>, doubles: bool) -> Result<Cell<'v>, Fault> {
    Ok(match *value {
        Value::Integer(value) if doubles => Cell::Float(value as f64),
        Value::Integer(value) => Cell::Integer(value),
        Value::BigInteger(value) if doubles && value.is_infinite() => {
            return Err((InputCode::OutOfRange, Found::BigInteger));
        }
        Value::BigInteger(value) if doubles => Cell::Float(value),
        Value::Float(value) if doubles || value.is_finite() => Cell::Float(value),
        _ => Cell::Missing,
    })
}

/// A list is a value if its items are scalars of one kind.
fn untyped_list<'v>(
    frame: &mut Frame<'_, 'v>,
    symbols: Symbols,
    range: Range,
    doubles: bool,
) -> Result<Cell<'v>, Fault> {
    let mut common = ItemKind::Empty;
    let mut is_value = true;
    for at in range.bounds() {
        let item = frame.items.get(at).copied().unwrap_or_default();
        let (kind, cell) = match item {
            Value::Boolean(value) => (ItemKind::Boolean, Cell::Boolean(value)),
            Value::String(text) => {
                (ItemKind::String, Cell::String(text, symbol(frame, symbols, text)))
            }
            Value::Text(range) => {
                (ItemKind::String, Cell::Text(range, symbol(frame, symbols, frame.text(range))))
            }
            Value::Integer(_) | Value::Float(_) | Value::BigInteger(_) => {
                (ItemKind::Number, untyped_number(&item, doubles)?)
            }
            Value::TooLarge | Value::LongList(_) => {
                return Err((InputCode::TooLarge, Found::BadItem));
            }
            Value::NotUtf8 => return Err((InputCode::NotUtf8, Found::BadItem)),
            _ => (ItemKind::Empty, Cell::Missing),
        };
        is_value &= !matches!(cell, Cell::Missing) && (common == ItemKind::Empty || common == kind);
        common = kind;
        if let Some(place) = frame.item_cells.get_mut(at) {
            *place = cell;
        }
    }
    if !is_value {
        return Ok(Cell::Missing);
    }
    sort_long(frame, range);
    Ok(Cell::List(common, range))
}

#[inline]
fn symbol(frame: &Frame<'_, '_>, symbols: Symbols, text: &str) -> u32 {
    match symbols {
        Symbols::Find => frame.program.symbol_number(text),
        Symbols::Leave => NO_SYMBOL,
    }
}

fn sort_long(frame: &mut Frame<'_, '_>, range: Range) {
    if range.len as usize > SORTED_ABOVE {
        sort(frame, range);
    }
}

/// Sorts a list's cells: strings by code point, numbers by value. Nothing that an operator says
/// of a list depends on its order.
pub(super) fn sort(frame: &mut Frame<'_, '_>, range: Range) {
    let (text, program) = (&frame.text, frame.program);
    let Some(cells) = frame.item_cells.get_mut(range.bounds()) else { return };
    cells.sort_unstable_by(|a, b| order(text, program, a, b));
}

/// The order of [`sort`].
fn order(text: &str, program: &Program, a: &Cell<'_>, b: &Cell<'_>) -> Ordering {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => a.total_order(b),
        _ => cell_str(text, program, a).cmp(cell_str(text, program, b)),
    }
}

fn cell_str<'a>(buffer: &'a str, program: &'a Program, cell: &Cell<'a>) -> &'a str {
    match *cell {
        Cell::String(text, _) => text,
        Cell::Text(range, _) => buffer.get(range.bounds()).unwrap_or(""),
        Cell::Constant(string) => program.text(string),
        _ => "",
    }
}
