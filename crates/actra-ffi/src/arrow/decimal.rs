//! Decimal numbers. They are taken as the Python binding takes a `Decimal`: exactly, as an integer or
//! a double, or not at all; and to the nearest double where numbers are doubles.

use super::arena::Arena;
use super::fault::{Why, wrong_type};
use super::memory::{BitRun, Plain, elements};
use super::node::Node;
use super::values::Rounding;
use actra::Value;

/// Digits of 128 bits: no scale beyond them leaves anything of a number.
const MAX_SCALE: u32 = 38;
/// Bits of a double's fraction, the one that is not written included.
const FRACTION_BITS: u32 = 53;

pub(super) fn decimals<'a>(
    node: Node<'a>,
    window: (usize, usize),
    (scale, bytes): (i32, usize),
    valid: Option<BitRun<'a>>,
    rounding: Rounding,
    arena: &'a Arena,
) -> Result<Vec<Value<'a>>, Why> {
    match bytes {
        4 => of_bytes::<4>(node, window, scale, valid, rounding, arena),
        8 => of_bytes::<8>(node, window, scale, valid, rounding, arena),
        16 => of_bytes::<16>(node, window, scale, valid, rounding, arena),
        _ => of_bytes::<32>(node, window, scale, valid, rounding, arena),
    }
}

fn of_bytes<'a, const N: usize>(
    node: Node<'a>,
    window: (usize, usize),
    scale: i32,
    valid: Option<BitRun<'a>>,
    rounding: Rounding,
    arena: &'a Arena,
) -> Result<Vec<Value<'a>>, Why>
where
    [u8; N]: Plain,
{
    let numbers: &[[u8; N]] = elements(node, 1, window, arena)?;
    let value = |(row, bytes): (usize, &[u8; N])| {
        if valid.is_some_and(|valid| !valid.get(row)) {
            return Ok(Value::Missing);
        }
        let known = integer(bytes).and_then(|number| value_of(number, scale, rounding));
        known.map_or_else(
            || {
                wrong_type(format!(
                    "has a decimal in row {row} that is no integer and no double without rounding: \
                     cast it to doubles, or to an integer of the smallest unit"
                ))
            },
            Ok,
        )
    };
    numbers.iter().enumerate().map(value).collect()
}

/// The unscaled number; `None`: 128 bits do not hold it.
fn integer(bytes: &[u8]) -> Option<i128> {
    let byte_of = |at: usize| {
        let at =
            if cfg!(target_endian = "little") { at } else { bytes.len().checked_sub(at + 1)? };
        bytes.get(at).copied()
    };
    let sign = if byte_of(bytes.len().checked_sub(1)?)? > 127 { 255 } else { 0 };
    let mut wide = [sign; 16];
    for (at, byte) in wide.iter_mut().enumerate().take(bytes.len()) {
        *byte = byte_of(at)?;
    }
    let fits = (16..bytes.len()).all(|at| byte_of(at) == Some(sign));
    let number = i128::from_le_bytes(wide);
    (fits && (number < 0) == (sign == 255)).then_some(number)
}

/// The number with that many digits behind the point; `None`: it is not taken.
fn value_of<'v>(mut number: i128, scale: i32, rounding: Rounding) -> Option<Value<'v>> {
    if number == 0 {
        return Some(Value::Integer(0));
    }
    if let Ok(zeros) = u32::try_from(-i64::from(scale)) {
        number = number.checked_mul(10_i128.checked_pow(zeros)?)?;
    }
    let mut scale = scale.max(0) as u32;
    let text = format!("{number}e-{scale}");
    while scale > 0 && number % 10 == 0 {
        number /= 10;
        scale -= 1;
    }
    if let Some(value) = i64::try_from(number).ok().filter(|_| scale == 0) {
        return Some(Value::Integer(value));
    }
    let nearest: f64 = text.parse().ok()?;
    if rounding == Rounding::Nearest || is_double(number, scale) {
        return Some(Value::Float(nearest));
    }
    (scale == 0).then_some(Value::BigInteger(nearest))
}

/// Whether a number with digits behind its point is a double: no fives are left below the line, and
/// few bits above it.
fn is_double(number: i128, scale: u32) -> bool {
    if scale > MAX_SCALE {
        return false;
    }
    let fives = 5_i128.pow(scale);
    let above = (number / fives).unsigned_abs();
    number % fives == 0
        && u128::BITS - above.leading_zeros() - above.trailing_zeros() <= FRACTION_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: i128, scale: i32, rounding: Rounding) -> String {
        format!("{:?}", value_of(number, scale, rounding))
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let exact = |number, scale| shown(number, scale, Rounding::Never);
        assert_eq!(exact(1200, 2), "Some(Integer(12))");
        assert_eq!(exact(1250, 2), "Some(Float(12.5))");
        assert_eq!(exact(-25, 2), "Some(Float(-0.25))");
        assert_eq!(exact(1999, 2), "None");
        assert_eq!(exact(5, -2), "Some(Integer(500))");
        assert_eq!(exact(1_i128 << 64, 0), "Some(Float(1.8446744073709552e19))");
        assert_eq!(exact((1_i128 << 64) + 1, 0), "Some(BigInteger(1.8446744073709552e19))");
        assert_eq!(exact(0, 60), "Some(Integer(0))");
        // 2^53 + 1 halves have 54 bits.
        assert_eq!(exact(((1 << 53) + 1) * 5, 1), "None");
        assert_eq!(exact(((1 << 52) + 1) * 5, 1), "Some(Float(2251799813685248.5))");
        assert_eq!(exact(i128::MAX, -1), "None");
        assert_eq!(shown(1999, 2, Rounding::Nearest), "Some(Float(19.99))");
    }

    #[test]
    fn bytes_are_numbers_of_any_width() {
        assert_eq!(integer(&(-7_i32).to_ne_bytes()), Some(-7));
        assert_eq!(integer(&7_i64.to_ne_bytes()), Some(7));
        assert_eq!(integer(&i128::MIN.to_ne_bytes()), Some(i128::MIN));
        let mut wide = [255; 32];
        assert_eq!(integer(&wide), Some(-1));
        wide[16] = 0;
        assert_eq!(integer(&wide), None);
    }
}
