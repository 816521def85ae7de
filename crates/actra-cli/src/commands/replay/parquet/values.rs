//! Values of Parquet that need more than a look: decimals, and rows as people look at them.

use super::super::tally::MAX_SAMPLE_BYTES;
use super::rows::Columns;
use actra::Value;
use parquet::data_type::Decimal;
use parquet::record::Field;
use std::fmt::Write as _;

/// A decimal number: an integer where it has no fraction, or else the nearest double.
pub(super) fn decimal<'v>(value: &Decimal) -> Value<'v> {
    match decimal_text(value) {
        None => Value::Float(f64::NAN),
        Some(text) if text.contains('.') => Value::Float(text.parse().unwrap_or(f64::NAN)),
        Some(text) => match text.parse() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::BigInteger(text.parse().unwrap_or(f64::NAN)),
        },
    }
}

/// The digits; `None`: there are more than 128 bits hold.
fn decimal_text(value: &Decimal) -> Option<String> {
    let bytes = value.data();
    let is_negative = bytes.first().is_some_and(|byte| *byte > 127);
    let mut wide = [if is_negative { 255 } else { 0 }; 16];
    let start = wide.len().checked_sub(bytes.len())?;
    wide.get_mut(start..)?.copy_from_slice(bytes);
    let number = i128::from_be_bytes(wide);
    let scale = usize::try_from(value.scale()).ok()?;
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale.saturating_add(1));
    let (whole, fraction) = digits.split_at_checked(digits.len().checked_sub(scale)?)?;
    let sign = if number < 0 { "-" } else { "" };
    Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// The memory of a value, about.
pub(super) fn bytes(field: &Field) -> usize {
    size_of::<(String, Field)>()
        + match field {
            Field::Str(text) => text.len(),
            Field::Bytes(array) => array.len(),
            Field::Group(row) => row.get_column_iter().map(|(_, field)| bytes(field)).sum(),
            Field::ListInternal(list) => list.elements().iter().map(bytes).sum(),
            Field::MapInternal(map) => {
                map.entries().iter().map(|(key, value)| bytes(key) + bytes(value)).sum()
            }
            _ => 0,
        }
}

/// A row with the names of its columns.
pub(super) fn shown(row: &Columns) -> String {
    let mut text = String::new();
    for (name, field) in row {
        show(&mut text, name, field);
    }
    text
}

fn show(text: &mut String, name: &str, field: &Field) {
    if text.len() > MAX_SAMPLE_BYTES || matches!(field, Field::Null) {
        return;
    }
    if let Field::Group(row) = field {
        for (member, field) in row.get_column_iter() {
            show(text, &format!("{name}.{member}"), field);
        }
        return;
    }
    if !text.is_empty() {
        text.push_str(", ");
    }
    text.push_str(name);
    text.push('=');
    show_value(text, field);
}

fn show_value(text: &mut String, field: &Field) {
    if text.len() > MAX_SAMPLE_BYTES {
        return;
    }
    let list = |text: &mut String, ends: [char; 2], items: &mut dyn Iterator<Item = &Field>| {
        text.push(ends[0]);
        for (index, item) in items.enumerate() {
            text.push_str(if index > 0 { ", " } else { "" });
            show_value(text, item);
        }
        text.push(ends[1]);
    };
    // Writing to a string cannot fail.
    let _ = match field {
        Field::Null => write!(text, "null"),
        Field::Bool(value) => write!(text, "{value}"),
        Field::Byte(value) => write!(text, "{value}"),
        Field::Short(value) => write!(text, "{value}"),
        Field::Int(value) | Field::Date(value) | Field::TimeMillis(value) => {
            write!(text, "{value}")
        }
        Field::Long(value) | Field::TimeMicros(value) => write!(text, "{value}"),
        Field::UByte(value) => write!(text, "{value}"),
        Field::UShort(value) => write!(text, "{value}"),
        Field::UInt(value) => write!(text, "{value}"),
        Field::ULong(value) => write!(text, "{value}"),
        Field::Float16(value) => write!(text, "{value}"),
        Field::Float(value) => write!(text, "{value}"),
        Field::Double(value) => write!(text, "{value}"),
        Field::Decimal(value) => write!(text, "{}", decimal_text(value).unwrap_or_default()),
        Field::Str(value) => {
            text.extend(value.chars().take(MAX_SAMPLE_BYTES));
            Ok(())
        }
        Field::Bytes(bytes) => {
            let head = bytes.data().get(..MAX_SAMPLE_BYTES).unwrap_or(bytes.data());
            text.push_str(&String::from_utf8_lossy(head));
            Ok(())
        }
        Field::TimestampMillis(millis) => write!(text, "{}", instant(millis.checked_mul(1000))),
        Field::TimestampMicros(micros) => write!(text, "{}", instant(Some(*micros))),
        Field::Group(row) => {
            list(text, ['{', '}'], &mut row.get_column_iter().map(|(_, field)| field));
            Ok(())
        }
        Field::ListInternal(items) => {
            list(text, ['[', ']'], &mut items.elements().iter());
            Ok(())
        }
        Field::MapInternal(map) => {
            list(text, ['{', '}'], &mut map.entries().iter().flat_map(|(key, value)| [key, value]));
            Ok(())
        }
    };
}

/// An instant as text.
fn instant(micros: Option<i64>) -> String {
    let json = actra::InputValue::Instant(micros.unwrap_or(i64::MAX)).to_json();
    json.as_str().unwrap_or_default().to_owned()
}
