//! What ordinary values of a field look like. Nearly all values are ordinary, and for them one
//! look is enough: type, constraints and limits have been folded together beforehand.

use crate::limits::MAX_INPUT_STRING_BYTES;
use crate::number::Number;
use crate::program::{Constraint, FieldType, Settings};

/// Which values are in order at one look. A value that is not ordinary may still be in order:
/// whoever meets one looks at the field's type and constraints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ordinary {
    /// What they are.
    pub kind: OrdinaryKind,
    /// What a missing value comes to.
    pub absent: Absent,
    /// Strings are no longer than so many bytes.
    pub most_bytes: u32,
    /// Symbols of [`OrdinaryKind::Member`] are among these.
    pub among: SymbolSet,
    /// Integers lie between these, both included.
    pub integers: (i64, i64),
    /// Doubles lie between these, both included.
    pub floats: (f64, f64),
}

/// Bounds that no integer is between.
const NO_INTEGERS: (i64, i64) = (i64::MAX, i64::MIN);

/// Bounds that no double is between.
const NO_FLOATS: (f64, f64) = (f64::MAX, f64::MIN);

/// What ordinary values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrdinaryKind {
    /// None is: each is looked at closely.
    Nothing,
    /// Strings that are not looked up among the program's.
    Text,
    /// Strings that are looked up where a rule asks for them.
    Symbol,
    /// Strings of an enum, which are looked up always.
    Member,
    /// Integers.
    Integer,
    /// Integers and doubles.
    Number,
    /// Booleans.
    Boolean,
    /// Instants.
    Instant,
}

/// What a missing value comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// A close look tells.
    Unclear,
    /// It is missing.
    Missing,
    /// It is false.
    False,
    /// It is true.
    True,
    /// It is the field's default.
    Default,
}

/// Symbols that are close together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SymbolSet {
    first: u32,
    members: u64,
}

impl SymbolSet {
    /// A set of ascending symbols; `None` where they lie too far apart.
    pub(crate) fn of(symbols: &[u32]) -> Option<Self> {
        let first = *symbols.first()?;
        let mut members = 0;
        for symbol in symbols {
            members |= 1_u64.checked_shl(symbol.checked_sub(first)?)?;
        }
        Some(Self { first, members })
    }

    /// The set of that first symbol and of the distances from it.
    pub(crate) const fn from_parts(first: u32, members: u64) -> Self {
        Self { first, members }
    }

    /// What [`Self::from_parts`] makes it from.
    pub(crate) const fn parts(self) -> (u32, u64) {
        (self.first, self.members)
    }

    /// Whether the symbol is one of them.
    #[inline]
    pub const fn contains(self, symbol: u32) -> bool {
        let distance = symbol.wrapping_sub(self.first);
        distance < u64::BITS && self.members & (1 << distance) != 0
    }
}

impl Ordinary {
    /// What is ordinary for a field of that type and symbolic or not. `allowed` are the
    /// constraint's symbols.
    pub(crate) fn of(
        settings: Settings,
        (ty, symbolic): (FieldType, bool),
        absent: Absent,
        constraint: Option<&Constraint>,
        allowed: &[u32],
    ) -> Self {
        let mut ordinary = Self {
            kind: match ty {
                FieldType::String if symbolic => OrdinaryKind::Symbol,
                FieldType::String => OrdinaryKind::Text,
                FieldType::Number => OrdinaryKind::Number,
                FieldType::Integer => OrdinaryKind::Integer,
                FieldType::Boolean => OrdinaryKind::Boolean,
                FieldType::Timestamp => OrdinaryKind::Instant,
                _ => OrdinaryKind::Nothing,
            },
            absent,
            most_bytes: MAX_INPUT_STRING_BYTES as u32,
            among: SymbolSet::default(),
            // Where numbers are doubles, integers have to become some first.
            integers: if settings.numbers_are_doubles() {
                NO_INTEGERS
            } else {
                (i64::MIN, i64::MAX)
            },
            // Integer fields have no doubles at one look.
            floats: if ty == FieldType::Number { (f64::MIN, f64::MAX) } else { NO_FLOATS },
        };
        // Constraints bind where inputs are checked.
        if let Some(constraint) = constraint.filter(|_| settings.checks_inputs) {
            ordinary.keep_to(constraint, allowed);
        }
        ordinary
    }

    fn keep_to(&mut self, constraint: &Constraint, allowed: &[u32]) {
        if constraint.allowed.is_some() {
            self.kind = match (self.kind, SymbolSet::of(allowed)) {
                (OrdinaryKind::Symbol, Some(among)) => {
                    self.among = among;
                    OrdinaryKind::Member
                }
                _ => OrdinaryKind::Nothing,
            };
        }
        if let Some(most) = constraint.max_length {
            // No string has more code points than bytes.
            self.most_bytes = most.min(MAX_INPUT_STRING_BYTES as u64) as u32;
        }
        if let Some(min) = constraint.min {
            let (integer, float) = inner_bounds(min, 1).unwrap_or((i64::MAX, f64::MAX));
            self.integers.0 = integer.max(self.integers.0);
            self.floats.0 = float.max(self.floats.0);
        }
        if let Some(max) = constraint.max {
            let (integer, float) = inner_bounds(max, -1).unwrap_or((i64::MIN, f64::MIN));
            self.integers.1 = integer.min(self.integers.1);
            self.floats.1 = float.min(self.floats.1);
        }
    }
}

/// A bound as an integer and as a double, moved inwards where it cannot be had exactly; `None`
/// where it is too large for that.
fn inner_bounds(bound: Number, inwards: i64) -> Option<(i64, f64)> {
    const EXACT: i64 = 1 << 53;
    match bound {
        Number::Integer(value) if (-EXACT..=EXACT).contains(&value) => Some((value, value as f64)),
        Number::Float(value) if value.abs() <= EXACT as f64 => {
            let integer = value as i64;
            Some((if integer as f64 == value { integer } else { integer + inwards }, value))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ListId;
    use crate::program::Effect;

    const SETTINGS: Settings = Settings {
        language: 2,
        collects_approvals: true,
        default: Effect::Block,
        missing_is_unknown: true,
        checks_inputs: true,
    };

    const TEXT: (FieldType, bool) = (FieldType::String, false);

    const FREE: Constraint = Constraint {
        allowed: None,
        min: None,
        max: None,
        max_length: None,
        max_items: None,
        unique: false,
    };

    fn bounds(min: Number, max: Number) -> ((i64, i64), (f64, f64)) {
        let constraint = Constraint { min: Some(min), max: Some(max), ..FREE };
        let ordinary = Ordinary::of(SETTINGS, (FieldType::Number, false), Absent::Missing, Some(&constraint), &[]);
        (ordinary.integers, ordinary.floats)
    }

    #[test]
    fn bounds_hold_for_integers_and_doubles() {
        assert_eq!(bounds(Number::Integer(-3), Number::Integer(9)), ((-3, 9), (-3.0, 9.0)));
        assert_eq!(bounds(Number::Float(-2.5), Number::Float(2.5)), ((-1, 1), (-2.5, 2.5)));
        assert_eq!(bounds(Number::Float(0.5), Number::Float(-0.5)), ((1, -1), (0.5, -0.5)));
        assert_eq!(bounds(Number::Float(4.0), Number::Float(5.0)), ((4, 5), (4.0, 5.0)));
    }

    #[test]
    fn bounds_that_round_admit_nothing_at_one_look() {
        for bound in [
            Number::Integer(i64::MAX),
            Number::Integer(i64::MIN),
            Number::Float(1e300),
            Number::Float(f64::NAN),
        ] {
            let ((low, high), (least, most)) = bounds(bound, bound);
            assert!(low > high && least > most, "{bound:?}");
        }
    }

    #[test]
    fn constraints_bind_checked_inputs_only() {
        let constraint = Constraint { max_length: Some(3), ..FREE };
        let of = |checks_inputs| {
            let settings = Settings { checks_inputs, ..SETTINGS };
            Ordinary::of(settings, TEXT, Absent::Missing, Some(&constraint), &[]).most_bytes
        };
        assert_eq!((of(true), of(false)), (3, MAX_INPUT_STRING_BYTES as u32));
    }

    #[test]
    fn integers_are_not_ordinary_where_numbers_are_doubles() {
        let settings = Settings { language: 1, ..SETTINGS };
        let constraint = Constraint { min: Some(Number::Float(-5.0)), ..FREE };
        let (low, high) =
            Ordinary::of(settings, (FieldType::Number, false), Absent::Missing, Some(&constraint), &[])
                .integers;
        assert!(low > high);
    }

    #[test]
    fn symbols_far_apart_are_no_set() {
        let set = SymbolSet::of(&[7, 9, 70]).unwrap();
        let members: alloc::vec::Vec<u32> = (0..200).filter(|n| set.contains(*n)).collect();
        assert_eq!(members, [7, 9, 70]);
        assert!(!set.contains(u32::MAX));
        assert_eq!(SymbolSet::of(&[7, 71]), None);
        let constraint = Constraint { allowed: Some(ListId(0)), ..FREE };
        let kind = |ty, allowed| {
            Ordinary::of(SETTINGS, ty, Absent::Missing, Some(&constraint), allowed).kind
        };
        assert_eq!(kind((FieldType::String, true), &[1, 2]), OrdinaryKind::Member);
        assert_eq!(kind((FieldType::String, true), &[1, 200]), OrdinaryKind::Nothing);
        assert_eq!(kind(TEXT, &[1, 2]), OrdinaryKind::Nothing);
        assert_eq!(kind((FieldType::Integer, false), &[1, 2]), OrdinaryKind::Nothing);
    }
}
