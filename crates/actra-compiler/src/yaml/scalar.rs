//! What a scalar is by the text that is written for it.

use super::Scalar;
use super::events::Style;

/// What a plain scalar is by YAML 1.2's core schema; `None`: text.
pub(super) fn core(written: &str) -> Option<Scalar> {
    // Most scalars are words.
    let is_word = |first: u8| !matches!(first, b'+' | b'-' | b'.' | b'0'..=b'9');
    match written {
        "" | "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        "true" | "True" | "TRUE" => Some(Scalar::Boolean(true)),
        "false" | "False" | "FALSE" => Some(Scalar::Boolean(false)),
        _ if written.bytes().next().is_some_and(is_word) => None,
        _ => number(written),
    }
}

fn number(written: &str) -> Option<Scalar> {
    let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
    let is_based = matches!(written.get(..2), Some("0x" | "0o"));
    if !is_based && !is_core_number(unsigned) && !unsigned.starts_with('.') {
        return None;
    }
    let float = || float(written).map(Scalar::Float);
    integer(written).map(Scalar::Integer).or_else(float)
}

/// Whether a scalar may have been written like this.
pub(super) fn agrees(scalar: &Scalar, written: &str, style: Style) -> bool {
    match scalar {
        Scalar::String(text) => text == written,
        _ if style == Style::Quoted => false,
        Scalar::Null => matches!(written, "" | "~" | "null" | "Null" | "NULL"),
        Scalar::Boolean(true) => matches!(written, "true" | "True" | "TRUE"),
        Scalar::Boolean(false) => matches!(written, "false" | "False" | "FALSE"),
        Scalar::Integer(value) => integer(written) == Some(*value),
        Scalar::Float(value) => float(written).is_some_and(|read| {
            read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan())
        }),
    }
}

/// What a plain scalar is by YAML 1.2's core schema (section 10.3.2), where the reader reads it
/// otherwise: it takes `007` and `1e400` for text, and `0b1` and signed `0x1` for numbers.
pub(super) fn core_schema(scalar: &Scalar, written: &str) -> Option<Scalar> {
    let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
    match scalar {
        Scalar::String(_) if is_core_number(unsigned) => match written.parse() {
            Ok(value) => Some(Scalar::Integer(value)),
            Err(_) => float(written).map(Scalar::Float),
        },
        Scalar::Integer(_) | Scalar::Float(_) => {
            let prefix = unsigned.get(..2).unwrap_or("");
            let is_foreign =
                prefix == "0b" || (matches!(prefix, "0x" | "0o") && unsigned.len() < written.len());
            is_foreign.then(|| Scalar::String(written.to_owned()))
        }
        _ => None,
    }
}

/// Decimal digits with an optional point and exponent.
fn is_core_number(unsigned: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_fits && exponent_fits
}

/// The integer that is written so.
fn integer(written: &str) -> Option<i128> {
    if let Ok(value) = written.parse() {
        return Some(value);
    }
    let (negative, digits) = match written.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, written.strip_prefix('+').unwrap_or(written)),
    };
    let magnitude = with_base(digits)?;
    if negative { 0_i128.checked_sub_unsigned(magnitude) } else { magnitude.try_into().ok() }
}

/// Digits behind a sign for their base.
fn with_base(digits: &str) -> Option<u128> {
    let base = match digits.get(..2)? {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return None,
    };
    let digits = digits.get(2..)?;
    let unsigned = !digits.starts_with(['+', '-']);
    unsigned.then(|| u128::from_str_radix(digits, base).ok()).flatten()
}

/// The float that is written so; integers outside 128 bits, too.
fn float(written: &str) -> Option<f64> {
    let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
    let magnitude = match unsigned {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        _ => match with_base(unsigned) {
            Some(value) => value as f64,
            None => unsigned.parse().ok()?,
        },
    };
    Some(if written.starts_with('-') { -magnitude } else { magnitude })
}
