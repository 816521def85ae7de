//! Numbers, compared by mathematical value.

use core::cmp::Ordering;

/// A numeric constant or input: an integer or a double.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A 64-bit integer.
    Integer(i64),
    /// A double.
    Float(f64),
}

impl Number {
    /// Compares by value, exactly: no rounding on the way. `None` where either is NaN.
    #[inline]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Integer(a), Self::Float(b)) => compare_mixed(a, b),
            (Self::Float(a), Self::Integer(b)) => compare_mixed(b, a).map(Ordering::reverse),
        }
    }

    /// A total order for tables: by value, integers before equal floats, NaN last by its bits.
    pub fn total_order(self, other: Self) -> Ordering {
        match self.compare(other) {
            Some(Ordering::Equal) | None => self.rank().cmp(&other.rank()),
            Some(ordering) => ordering,
        }
    }

    fn rank(self) -> (bool, bool, u64) {
        match self {
            Self::Integer(_) => (false, false, 0),
            Self::Float(value) => (value.is_nan(), true, value.to_bits()),
        }
    }
}

/// An integer against a double, exactly.
#[inline]
fn compare_mixed(integer: i64, float: f64) -> Option<Ordering> {
    // 2^63 as a double is exact. Outside of [-2^63, 2^63) the float decides alone.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= LIMIT {
        return Some(Ordering::Less);
    }
    if float < -LIMIT {
        return Some(Ordering::Greater);
    }
    let truncated = float as i64;
    Some(match integer.cmp(&truncated) {
        // Truncation went towards zero: what was cut off decides.
        Ordering::Equal => {
            let cut = float - truncated as f64;
            if cut > 0.0 {
                Ordering::Less
            } else if cut < 0.0 {
                Ordering::Greater
            } else {
                Ordering::Equal
            }
        }
        ordering => ordering,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_compare_without_rounding() {
        let cases = [
            (9_007_199_254_740_993, 9_007_199_254_740_992.0, Ordering::Greater),
            (9_007_199_254_740_992, 9_007_199_254_740_992.0, Ordering::Equal),
            (i64::MAX, 9_223_372_036_854_775_808.0, Ordering::Less),
            (i64::MIN, -9_223_372_036_854_775_808.0, Ordering::Equal),
            (i64::MIN, -9_223_372_036_854_777_856.0, Ordering::Greater),
            (0, -0.5, Ordering::Greater),
            (0, 0.5, Ordering::Less),
            (-3, -3.5, Ordering::Greater),
            (0, -0.0, Ordering::Equal),
            (1, f64::INFINITY, Ordering::Less),
            (1, f64::NEG_INFINITY, Ordering::Greater),
        ];
        for (integer, float, expected) in cases {
            let (a, b) = (Number::Integer(integer), Number::Float(float));
            assert_eq!(a.compare(b), Some(expected), "{integer} and {float}");
            assert_eq!(b.compare(a), Some(expected.reverse()), "{float} and {integer}");
        }
        assert_eq!(Number::Integer(1).compare(Number::Float(f64::NAN)), None);
    }
}
