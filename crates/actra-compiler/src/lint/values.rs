//! Sets of values that a field may have, as far as tests against literals bound them.

use crate::check::{as_integer, compare};
use crate::model::{Atom, Literal, Operand, Operator, ScalarKind, ScalarType};
use std::cmp::Ordering;

/// The values that meet some tests.
#[derive(Clone, Debug, Default)]
pub(super) struct Values<'l> {
    /// Only these, if set.
    only: Option<Vec<&'l Literal>>,
    /// None of these.
    except: Vec<&'l Literal>,
    low: Option<Bound<'l>>,
    high: Option<Bound<'l>>,
}

#[derive(Clone, Copy, Debug)]
struct Bound<'l> {
    at: &'l Literal,
    inclusive: bool,
}

/// Lists longer than this are not looked into: that would take longer than it helps.
const MAX_LITERALS: usize = 256;

impl<'l> Values<'l> {
    /// The values that a declared field can have.
    pub(super) fn of_type(ty: &'l ScalarType) -> Self {
        let bound = |at: &'l Option<Literal>| at.as_ref().map(|at| Bound { at, inclusive: true });
        let only = ty.allowed.as_ref().filter(|values| values.len() <= MAX_LITERALS);
        Self {
            only: only.map(|values| values.iter().collect()),
            except: Vec::new(),
            low: bound(&ty.min),
            high: bound(&ty.max),
        }
    }

    /// Leaves those that the atom is true of (or, `negated`, false of). `false`: the atom is not
    /// one that bounds values.
    pub(super) fn meet(&mut self, atom: &'l Atom, negated: bool) -> bool {
        atom.quantifier.is_none() && self.meet_item(atom, negated)
    }

    /// The same for the items of a list, if the test is made of each.
    pub(super) fn meet_item(&mut self, atom: &'l Atom, negated: bool) -> bool {
        let operator = if negated { opposite(atom.operator) } else { Some(atom.operator) };
        match (operator, &atom.operand) {
            (Some(Operator::Equals), Operand::Literal(literal)) => self.keep(vec![literal]),
            (Some(Operator::NotEquals), Operand::Literal(literal)) => self.except.push(literal),
            (Some(operator @ (Operator::In | Operator::NotIn)), Operand::Literals(literals)) => {
                if literals.len() > MAX_LITERALS {
                    return false;
                }
                match operator {
                    Operator::In => self.keep(literals.iter().collect()),
                    _ => self.except.extend(literals),
                }
            }
            (Some(operator), Operand::Literal(at)) => {
                let (side, inclusive) = match operator {
                    Operator::GreaterThan => (&mut self.low, false),
                    Operator::GreaterThanOrEqual => (&mut self.low, true),
                    Operator::LessThan => (&mut self.high, false),
                    Operator::LessThanOrEqual => (&mut self.high, true),
                    _ => return false,
                };
                let tighter = match operator {
                    Operator::GreaterThan | Operator::GreaterThanOrEqual => Ordering::Greater,
                    _ => Ordering::Less,
                };
                let replaces = side.is_none_or(|bound| match order(at, bound.at) {
                    Some(Ordering::Equal) => bound.inclusive && !inclusive,
                    found => found == Some(tighter),
                });
                if replaces {
                    *side = Some(Bound { at, inclusive });
                }
            }
            _ => return false,
        }
        true
    }

    fn keep(&mut self, literals: Vec<&'l Literal>) {
        match &mut self.only {
            Some(only) => only.retain(|value| literals.contains(value)),
            None => self.only = Some(literals),
        }
    }

    /// Whether certainly no value of the kind is left.
    pub(super) fn is_empty(&self, kind: ScalarKind) -> bool {
        let admits = |value: &Literal| {
            !self.except.contains(&value)
                && self.low.is_none_or(|low| low.admits(value, Ordering::Greater))
                && self.high.is_none_or(|high| high.admits(value, Ordering::Less))
        };
        if let Some(only) = &self.only {
            return !only.iter().any(|value| admits(value));
        }
        if kind == ScalarKind::Boolean {
            return [true, false].iter().all(|value| !admits(&Literal::Boolean(*value)));
        }
        let (Some(low), Some(high)) = (self.low, self.high) else { return false };
        match order(low.at, high.at) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => !(low.inclusive && high.inclusive && admits(low.at)),
            Some(Ordering::Less) => kind == ScalarKind::Integer && holds_no_integer(low, high),
            None => false,
        }
    }
}

impl Bound<'_> {
    fn admits(self, value: &Literal, beyond: Ordering) -> bool {
        match order(value, self.at) {
            Some(Ordering::Equal) => self.inclusive,
            Some(found) => found == beyond,
            None => true,
        }
    }
}

/// Whether no integer stands between the bounds, the lower of which is less.
fn holds_no_integer(low: Bound<'_>, high: Bound<'_>) -> bool {
    let least = match as_integer(low.at) {
        Some(at) => i128::from(at) + i128::from(!low.inclusive),
        None => match low.at {
            Literal::Float(at) if at.abs() < 1e15 => at.ceil() as i128,
            _ => return false,
        },
    };
    let most = match as_integer(high.at) {
        Some(at) => i128::from(at) - i128::from(!high.inclusive),
        None => match high.at {
            Literal::Float(at) if at.abs() < 1e15 => at.floor() as i128,
            _ => return false,
        },
    };
    least > most
}

/// How two literals are ordered, if they are.
pub(super) fn order(left: &Literal, right: &Literal) -> Option<Ordering> {
    match (left, right) {
        (Literal::Timestamp(left), Literal::Timestamp(right)) => Some(left.cmp(right)),
        _ => compare(left, right),
    }
}

/// The operator that is true of exactly the other values.
pub(super) fn opposite(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Equals => Operator::NotEquals,
        Operator::NotEquals => Operator::Equals,
        Operator::In => Operator::NotIn,
        Operator::NotIn => Operator::In,
        Operator::GreaterThan => Operator::LessThanOrEqual,
        Operator::GreaterThanOrEqual => Operator::LessThan,
        Operator::LessThan => Operator::GreaterThanOrEqual,
        Operator::LessThanOrEqual => Operator::GreaterThan,
        _ => return None,
    })
}
