//! Numbers: exact in version 2, IEEE doubles in version 1.

use crate::Value;
use actra_compiler::model::{LanguageVersion, Literal};
use std::cmp::Ordering;

/// A number. Version 1 knows doubles only.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// An integer, wider than inputs can be: sums are exact.
    Integer(i128),
    /// A double.
    Double(f64),
}

impl Number {
    /// The number that an input value is, if it is one.
    ///
    /// "NaN and infinities are not values", nor are integers outside 64 bits; in version 1
    /// "numbers are IEEE doubles (integers convert by rounding; NaN and infinities are values)".
    pub fn of_value(version: LanguageVersion, value: &Value) -> Option<Self> {
        match (version, value) {
            (LanguageVersion::V2, Value::Int(value)) => Some(Self::Integer(i128::from(*value))),
            (LanguageVersion::V2, Value::Float(value)) if value.is_finite() => {
                Some(Self::Double(*value))
            }
            (LanguageVersion::V1, Value::Int(value)) => Some(Self::Double(*value as f64)),
            (LanguageVersion::V1, Value::BigInt(digits)) => {
                Some(Self::Double(double_of_digits(digits)))
            }
            (LanguageVersion::V1, Value::Float(value)) => Some(Self::Double(*value)),
            _ => None,
        }
    }

    /// The number that a literal is, if it is one.
    pub fn of_literal(literal: &Literal) -> Option<Self> {
        match literal {
            Literal::Integer(value) => Some(Self::Integer(i128::from(*value))),
            Literal::Float(value) => Some(Self::Double(*value)),
            _ => None,
        }
    }

    /// The integer that this is, where it is one inside 64 bits: "an integral float inside 64
    /// bits (`5.0`) is a fine `integer`".
    pub fn as_integer(self) -> Option<i128> {
        let wide = match self {
            Self::Integer(value) => value,
            Self::Double(value) if value.is_finite() && value.fract() == 0.0 => {
                // 2^100 is far outside 64 bits and far inside 128.
                if value.abs() >= 2f64.powi(100) {
                    return None;
                }
                value as i128
            }
            Self::Double(_) => return None,
        };
        i64::try_from(wide).is_ok().then_some(wide)
    }

    /// "Numbers compare by mathematical value: integer and float exactly, with no rounding."
    /// `None` where one of two doubles is NaN: it is neither equal to, below nor above anything.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(&b),
            (Self::Integer(a), Self::Double(b)) => compare_exactly(a, b),
            (Self::Double(a), Self::Integer(b)) => compare_exactly(b, a).map(Ordering::reverse),
        }
    }

    /// Whether the two are one number.
    pub fn equals(self, other: Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }
}

fn compare_exactly(integer: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Integers here are inputs, literals or sums of two: far below 2^100.
    if double >= 2f64.powi(100) {
        return Some(Ordering::Less);
    }
    if double <= -2f64.powi(100) {
        return Some(Ordering::Greater);
    }
    let floor = double.floor();
    Some(match integer.cmp(&(floor as i128)) {
        Ordering::Equal if double > floor => Ordering::Less,
        order => order,
    })
}

/// Digits as the nearest double; an infinity where they are too many.
pub fn double_of_digits(digits: &str) -> f64 {
    digits.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_doubles_compare_without_rounding() {
        let int = |value: i64| Number::Integer(i128::from(value));
        let cases = [
            (
                int(9_007_199_254_740_993),
                Number::Double(9_007_199_254_740_992.0),
                Ordering::Greater,
            ),
            (int(i64::MAX), Number::Double(9_223_372_036_854_775_808.0), Ordering::Less),
            (int(i64::MIN), Number::Double(-9_223_372_036_854_775_808.0), Ordering::Equal),
            (int(5), Number::Double(5.5), Ordering::Less),
            (int(-5), Number::Double(-5.5), Ordering::Greater),
            (int(0), Number::Double(-0.0), Ordering::Equal),
            (int(1), Number::Double(1e300), Ordering::Less),
            (int(1), Number::Double(-1e300), Ordering::Greater),
            (int(0), Number::Double(5e-324), Ordering::Less),
        ];
        for (a, b, order) in cases {
            assert_eq!(a.compare(b), Some(order), "{a:?} {b:?}");
            assert_eq!(b.compare(a), Some(order.reverse()), "{b:?} {a:?}");
        }
        assert_eq!(Number::Double(f64::NAN).compare(Number::Double(f64::NAN)), None);
    }

    #[test]
    fn version_1_rounds_integers_to_doubles() {
        let number = |value| Number::of_value(LanguageVersion::V1, &value).unwrap();
        assert!(
            number(Value::Int(9_007_199_254_740_993))
                .equals(Number::Double(9_007_199_254_740_992.0))
        );
        assert!(
            number(Value::BigInt("18446744073709551616".into()))
                .equals(Number::Double(2f64.powi(64)))
        );
        assert!(double_of_digits(&"9".repeat(400)).is_infinite());
    }

    #[test]
    fn an_integer_is_integral_and_inside_64_bits() {
        assert_eq!(Number::Double(5.0).as_integer(), Some(5));
        assert_eq!(Number::Double(5.5).as_integer(), None);
        assert_eq!(Number::Double(1e300).as_integer(), None);
        assert_eq!(Number::Double(2f64.powi(63)).as_integer(), None);
        assert_eq!(Number::Double(-(2f64.powi(63))).as_integer(), Some(i128::from(i64::MIN)));
    }
}
