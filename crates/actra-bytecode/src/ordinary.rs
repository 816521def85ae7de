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
    /// Whether the field may be missing, wherever it stands.
    pub optional: bool,
    /// Strings are among these.
    pub among: Option<SymbolSet>,
    /// Strings are no longer than so many bytes.
    pub most_bytes: usize,
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
    /// Strings.
    String,
    /// Integers.
    Integer,
    /// Integers and doubles.
    Number,
    /// Booleans.
    Boolean,
    /// Instants.
    Instant,
}

/// Symbols that are close together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What is ordinary in a slot, whatever the action: all fields that stand there agree on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Integers lie between these, both included.
    pub integers: (i64, i64),
    /// Doubles lie between these, both included.
    pub floats: (f64, f64),
    /// Strings have fewer bytes.
    pub text_end: u32,
    /// Booleans are.
    pub booleans: bool,
    /// Instants are.
    pub instants: bool,
}

impl Look {
    /// Nothing is ordinary.
    pub const NOTHING: Self = Self {
        integers: NO_INTEGERS,
        floats: NO_FLOATS,
        text_end: 0,
        booleans: false,
        instants: false,
    };

    /// Strings of any length that inputs may have.
    pub(crate) const TEXT: Self =
        Self { text_end: MAX_INPUT_STRING_BYTES as u32 + 1, ..Self::NOTHING };

    /// Types, bounds and lengths of what is ordinary. Symbols are not looked at.
    pub(crate) const fn of(ordinary: &Ordinary) -> Self {
        let nothing = Self::NOTHING;
        match ordinary.kind {
            OrdinaryKind::Nothing => nothing,
            OrdinaryKind::String => Self { text_end: ordinary.most_bytes as u32 + 1, ..nothing },
            OrdinaryKind::Integer => Self { integers: ordinary.integers, ..nothing },
            OrdinaryKind::Number => {
                Self { integers: ordinary.integers, floats: ordinary.floats, ..nothing }
            }
            OrdinaryKind::Boolean => Self { booleans: true, ..nothing },
            OrdinaryKind::Instant => Self { instants: true, ..nothing },
        }
    }
}

impl Ordinary {
    /// What is ordinary for a field of that type. `allowed` are the constraint's symbols.
    pub(crate) fn of(
        settings: Settings,
        ty: FieldType,
        may_be_missing: bool,
        constraint: Option<&Constraint>,
        allowed: &[u32],
    ) -> Self {
        let mut ordinary = Self {
            kind: match ty {
                FieldType::String => OrdinaryKind::String,
                FieldType::Number => OrdinaryKind::Number,
                FieldType::Integer => OrdinaryKind::Integer,
                FieldType::Boolean => OrdinaryKind::Boolean,
                FieldType::Timestamp => OrdinaryKind::Instant,
                _ => OrdinaryKind::Nothing,
            },
            optional: may_be_missing,
            among: None,
            most_bytes: MAX_INPUT_STRING_BYTES,
            // Where numbers are doubles, integers have to become some first.
            integers: if settings.numbers_are_doubles() {
                NO_INTEGERS
            } else {
                (i64::MIN, i64::MAX)
            },
            floats: (f64::MIN, f64::MAX),
        };
        // Constraints bind where inputs are checked.
        if let Some(constraint) = constraint.filter(|_| settings.checks_inputs) {
            ordinary.keep_to(constraint, allowed);
        }
        ordinary
    }

    fn keep_to(&mut self, constraint: &Constraint, allowed: &[u32]) {
        if constraint.allowed.is_some() {
            self.among = SymbolSet::of(allowed);
            if self.kind != OrdinaryKind::String || self.among.is_none() {
                self.kind = OrdinaryKind::Nothing;
            }
        }
        if let Some(most) = constraint.max_length {
            // No string has more code points than bytes.
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            self.most_bytes = most.min(MAX_INPUT_STRING_BYTES);
        }
        if let Some(min) = constraint.min {
            let (integer, float) = inner_bounds(min, 1).unwrap_or((i64::MAX, f64::MAX));
            (self.integers.0, self.floats.0) = (integer.max(self.integers.0), float);
        }
        if let Some(max) = constraint.max {
            let (integer, float) = inner_bounds(max, -1).unwrap_or((i64::MIN, f64::MIN));
            (self.integers.1, self.floats.1) = (integer.min(self.integers.1), float);
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
        let ordinary = Ordinary::of(SETTINGS, FieldType::Number, true, Some(&constraint), &[]);
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
            Ordinary::of(settings, FieldType::String, true, Some(&constraint), &[]).most_bytes
        };
        assert_eq!((of(true), of(false)), (3, MAX_INPUT_STRING_BYTES));
    }

    #[test]
    fn integers_are_not_ordinary_where_numbers_are_doubles() {
        let settings = Settings { language: 1, ..SETTINGS };
        let constraint = Constraint { min: Some(Number::Float(-5.0)), ..FREE };
        let (low, high) =
            Ordinary::of(settings, FieldType::Number, true, Some(&constraint), &[]).integers;
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
        let kind = |ty, allowed| Ordinary::of(SETTINGS, ty, true, Some(&constraint), allowed).kind;
        assert_eq!(kind(FieldType::String, &[1, 2]), OrdinaryKind::String);
        assert_eq!(kind(FieldType::String, &[1, 200]), OrdinaryKind::Nothing);
        assert_eq!(kind(FieldType::Integer, &[1, 2]), OrdinaryKind::Nothing);
    }
}
