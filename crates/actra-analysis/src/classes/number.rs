//! Numbers and instants: points where something changes, and what lies between them.

use crate::input::Value;
use actra_bytecode::Number;
use std::cmp::Ordering;

/// Which numbers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Integers of 64 bits.
    Integers,
    /// These, and finite doubles.
    Numbers,
    /// Doubles, as version 1 has them; without NaN and infinities.
    Doubles,
}

/// The points that are such numbers, and of each gap between two of them `per_gap` numbers, or all
/// where there are less. `points` need not be sorted.
pub(super) fn numbers(kind: Kind, points: &[Number], per_gap: usize) -> Vec<Value> {
    let mut points: Vec<Number> =
        points.iter().copied().filter(|point| point.compare(*point).is_some()).collect();
    // Of equal numbers the first: integers come before equal floats.
    points.sort_by(|a, b| a.total_order(*b));
    points.dedup_by(|a, b| a.compare(*b) == Some(Ordering::Equal));
    let mut found = Vec::new();
    let mut low = None;
    for high in points.iter().map(|point| Some(*point)).chain([None]) {
        found.extend(between(kind, low, high, per_gap));
        if let Some(point) = high.and_then(|point| fitted(kind, point)) {
            found.push(point);
        }
        low = high;
    }
    found.into_iter().map(value).collect()
}

fn value(number: Number) -> Value {
    match number {
        Number::Integer(value) => Value::Integer(value),
        Number::Float(value) => Value::Float(value),
    }
}

/// The point as such a number, where it is one.
fn fitted(kind: Kind, point: Number) -> Option<Number> {
    match (kind, point) {
        (Kind::Integers, Number::Float(value)) => {
            let whole = value as i64;
            let is_whole = Number::Integer(whole).compare(point) == Some(Ordering::Equal);
            is_whole.then_some(Number::Integer(whole))
        }
        (_, Number::Float(value)) => value.is_finite().then_some(point),
        (Kind::Doubles, Number::Integer(value)) => {
            let double = Number::Float(value as f64);
            (double.compare(point) == Some(Ordering::Equal)).then_some(double)
        }
        (Kind::Integers | Kind::Numbers, Number::Integer(_)) => Some(point),
    }
}

/// Up to so many numbers above `low` and below `high`; all of them, where there are not more.
///
/// Integers are taken first: `count` integers, if there are so many, can be ordered among each
/// other as any `count` numbers can. Where there are less, doubles are taken between them as well.
fn between(kind: Kind, low: Option<Number>, high: Option<Number>, count: usize) -> Vec<Number> {
    if kind == Kind::Doubles {
        return doubles(low, high, count);
    }
    let first = match low {
        None => Some(i64::MIN),
        Some(Number::Integer(value)) => value.checked_add(1),
        Some(point @ Number::Float(value)) => next_integer(point, value.floor(), value.ceil()),
    };
    let last = match high {
        None => Some(i64::MAX),
        Some(Number::Integer(value)) => value.checked_sub(1),
        Some(point @ Number::Float(value)) => last_integer(point, value.ceil(), value.floor()),
    };
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) if first <= last => (first, last),
        _ => {
            return if kind == Kind::Integers { Vec::new() } else { doubles(low, high, count) };
        }
    };
    let there_are = i128::from(last) - i128::from(first) + 1;
    let taken = (count as i128).min(there_are);
    // Next to where something changes; without a point below, next to the one above.
    let start = match (low, high) {
        (None, None) => 0,
        (None, Some(_)) => i128::from(last) - taken + 1,
        (Some(_), _) => i128::from(first),
    };
    let integers: Vec<Number> =
        (start..start + taken).map(|value| Number::Integer(value as i64)).collect();
    if kind == Kind::Integers || taken == count as i128 {
        return integers;
    }
    let mut found = Vec::new();
    let mut below = low;
    for above in integers.iter().map(|integer| Some(*integer)).chain([high]) {
        found.extend(doubles(below, above, count));
        // The last one is `high` itself, which goes again below.
        found.extend(above);
        below = above;
    }
    found.sort_by(|a, b| a.total_order(*b));
    found.dedup_by(|a, b| a.compare(*b) == Some(Ordering::Equal));
    found.retain(|number| is_between(*number, low, high));
    found
}

fn is_between(number: Number, low: Option<Number>, high: Option<Number>) -> bool {
    low.is_none_or(|low| number.compare(low) == Some(Ordering::Greater))
        && high.is_none_or(|high| number.compare(high) == Some(Ordering::Less))
}

/// The least integer above a double.
fn next_integer(point: Number, floor: f64, ceil: f64) -> Option<i64> {
    let near = if floor == ceil { floor + 1.0 } else { ceil };
    integer_beside(point, near, Ordering::Greater)
}

/// The greatest integer below a double.
fn last_integer(point: Number, ceil: f64, floor: f64) -> Option<i64> {
    let near = if floor == ceil { ceil - 1.0 } else { floor };
    integer_beside(point, near, Ordering::Less)
}

/// The integer of 64 bits next to a point on a side, which is near a double.
fn integer_beside(point: Number, near: f64, side: Ordering) -> Option<i64> {
    // What is outside of 64 bits saturates.
    let mut found = near as i64;
    let step = if side == Ordering::Greater { 1 } else { -1 };
    if Number::Integer(found).compare(point) != Some(side) {
        found = found.checked_add(step)?;
    }
    // Large doubles are integers with gaps: go back to the point itself.
    while let Some(closer) = found.checked_sub(step)
        && Number::Integer(closer).compare(point) == Some(side)
    {
        found = closer;
    }
    (Number::Integer(found).compare(point) == Some(side)).then_some(found)
}

/// Up to so many doubles above `low` and below `high`; all of them, where there are not more.
fn doubles(low: Option<Number>, high: Option<Number>, count: usize) -> Vec<Number> {
    let first = match low {
        None => f64::MIN,
        Some(point) => neighbour(point, f64::next_up, Ordering::Greater),
    };
    let last = match high {
        None => f64::MAX,
        Some(point) => neighbour(point, f64::next_down, Ordering::Less),
    };
    if !(first.is_finite() && last.is_finite() && first <= last) {
        return Vec::new();
    }
    let mut found: Vec<f64> = Vec::new();
    let mut take = |value: f64| {
        if found.len() < count && first <= value && value <= last && !found.contains(&value) {
            // Zero has two spellings and one value.
            found.push(value + 0.0);
        }
    };
    // Plain numbers first, then halves, then whatever there is.
    let start = if low.is_some() {
        first
    } else if high.is_some() {
        last
    } else {
        0.0
    };
    let step = if low.is_none() && high.is_some() { -1.0 } else { 1.0 };
    for number in 0..=count {
        take(if step > 0.0 { start.ceil() } else { start.floor() } + step * number as f64);
    }
    for part in 1..=count {
        take(first + (last / 2.0 - first / 2.0) * 2.0 * (part as f64 / (count + 1) as f64));
    }
    let (mut up, mut down) = (first, last);
    for _ in 0..=count {
        take(up);
        take(down);
        (up, down) = (up.next_up(), down.next_down());
    }
    found.sort_by(f64::total_cmp);
    found.into_iter().map(Number::Float).collect()
}

/// The double next to a point on a side.
fn neighbour(point: Number, step: fn(f64) -> f64, side: Ordering) -> f64 {
    let mut near = match point {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    };
    // Rounding may have gone either way, by less than one step.
    let back: fn(f64) -> f64 =
        if side == Ordering::Greater { f64::next_down } else { f64::next_up };
    if Number::Float(near).compare(point) == Some(side)
        && Number::Float(back(near)).compare(point) == Some(side)
    {
        near = back(near);
    }
    if Number::Float(near).compare(point) == Some(side) { near } else { step(near) }
}

/// The instants among the points, and of each gap `per_gap`.
pub(super) fn instants(points: &[i64], per_gap: usize) -> Vec<Value> {
    let (least, most) = actra_bytecode::format::timestamp::INSTANTS;
    let mut points: Vec<i64> =
        points.iter().copied().filter(|point| (least..=most).contains(point)).collect();
    points.sort_unstable();
    points.dedup();
    let mut found = Vec::new();
    let mut low = least;
    let mut has_point = false;
    for high in points.iter().copied().map(Some).chain([None]) {
        let end = high.map_or(most, |high| high - 1);
        if low <= end {
            let taken = (per_gap as i64).min((end - low).saturating_add(1));
            let start = match (has_point, high) {
                (false, Some(_)) => end - taken + 1,
                (false, None) => 0,
                (true, _) => low,
            };
            found.extend((start..start + taken).map(Value::Instant));
        }
        found.extend(high.map(Value::Instant));
        low = high.map_or(low, |high| high.saturating_add(1));
        has_point = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(value: &Value) -> Number {
        match value {
            Value::Integer(value) => Number::Integer(*value),
            Value::Float(value) => Number::Float(*value),
            _ => unreachable!(),
        }
    }

    fn integers(points: &[Number], per_gap: usize) -> Vec<i64> {
        numbers(Kind::Integers, points, per_gap)
            .iter()
            .map(|value| match value {
                Value::Integer(value) => *value,
                _ => unreachable!(),
            })
            .collect()
    }

    #[test]
    fn no_gap_where_there_is_no_number() {
        use Number::{Float, Integer};
        assert_eq!(integers(&[Integer(1000), Integer(1001)], 1), [999, 1000, 1001, 1002]);
        assert_eq!(integers(&[Float(1.5), Float(1.75)], 1), [1, 2]);
        assert_eq!(
            integers(&[Integer(i64::MIN), Integer(i64::MAX)], 1),
            [i64::MIN, i64::MIN + 1, i64::MAX]
        );
        let found = numbers(Kind::Numbers, &[Float(1.0), Float(1.0_f64.next_up())], 3);
        assert_eq!(
            found
                .iter()
                .filter(|v| number(v).compare(Float(1.0)) == Some(Ordering::Greater)
                    && number(v).compare(Float(1.0_f64.next_up())) == Some(Ordering::Less))
                .count(),
            0
        );
        // Between these two doubles there are integers, and no doubles.
        let wide = 2_f64.powi(60);
        let found = numbers(Kind::Numbers, &[Float(wide), Float(wide.next_up())], 1);
        assert!(found.contains(&Value::Integer((1 << 60) + 1)), "{found:?}");
        assert_eq!(instants(&[0, 1, 5], 2), [-2, -1, 0, 1, 2, 3, 5, 6, 7].map(Value::Instant));
    }

    fn any_number() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::Integer),
            (-5..5_i64).prop_map(Number::Integer),
            (-20..20_i64).prop_map(|value| Number::Float(value as f64 / 4.0)),
            any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(Number::Float),
            Just(Number::Integer(i64::MAX)),
            Just(Number::Float(2_f64.powi(63))),
            (0..3_i64).prop_map(|add| Number::Integer((1 << 60) + add)),
            Just(Number::Float(2_f64.powi(60).next_up())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        /// Whatever number there is: one that no point tells from it has been taken.
        #[test]
        fn every_number_has_one_like_it(
            points in prop::collection::vec(any_number(), 0..5),
            other in any_number(),
            per_gap in 1..4_usize,
        ) {
            for kind in [Kind::Integers, Kind::Numbers, Kind::Doubles] {
                let Some(other) = fitted(kind, other) else { continue };
                let found = numbers(kind, &points, per_gap);
                for value in &found {
                    prop_assert!(fitted(kind, number(value)).is_some());
                }
                let place = |number: Number| -> Vec<Option<Ordering>> {
                    points.iter().map(|point| number.compare(*point)).collect()
                };
                prop_assert!(
                    found.iter().any(|value| place(number(value)) == place(other)),
                    "{kind:?} {points:?} {other:?} {found:?}"
                );
            }
        }

        /// Two numbers in one gap: their order among each other can be had, too.
        #[test]
        fn every_pair_has_one_like_it(
            points in prop::collection::vec(any_number(), 0..4),
            a in any_number(),
            b in any_number(),
        ) {
            for (kind_a, kind_b) in [
                (Kind::Integers, Kind::Integers),
                (Kind::Integers, Kind::Numbers),
                (Kind::Numbers, Kind::Numbers),
                (Kind::Doubles, Kind::Doubles),
            ] {
                let (Some(a), Some(b)) = (fitted(kind_a, a), fitted(kind_b, b)) else { continue };
                let place = |number: Number| -> Vec<Option<Ordering>> {
                    points.iter().map(|point| number.compare(*point)).collect()
                };
                let found_a = numbers(kind_a, &points, 2);
                let found_b = numbers(kind_b, &points, 2);
                let is_there = found_a.iter().any(|x| found_b.iter().any(|y| {
                    let (x, y) = (number(x), number(y));
                    place(x) == place(a) && place(y) == place(b) && x.compare(y) == a.compare(b)
                }));
                prop_assert!(is_there, "{kind_a:?} {kind_b:?} {points:?} {a:?} {b:?}");
            }
        }
    }
}
