//! Atoms: a field, an operator and what it is held against.

use super::field::{Held, Input, Kind, Scalar};
use super::number::Number;
use super::{Truth, host, network, path};
use actra_compiler::model::{
    Addend, Atom, FieldRef, Operand, Operator, OperatorShape, Quantifier, Sign,
};
use std::cmp::Ordering;

/// What comes of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AtomOutcome {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It is unknown because a field is missing, or of a kind that is as good as missing.
    UnknownByMissing,
    /// It is unknown because a value is malformed.
    UnknownByMalformed,
}

/// What is wrong with a field for an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// It is not there, or no value.
    Missing,
    /// The operator does not take its kind here.
    Unfit,
    /// It is a string that is no host, address or path, or a list with such an item.
    Malformed,
}

/// An atom's outcome, and which of its fields are flawed.
#[derive(Clone, Debug)]
pub(super) struct Evaluated {
    pub(super) outcome: AtomOutcome,
    pub(super) left: Option<Flaw>,
    pub(super) right: Option<Flaw>,
    /// Flawed fields. Empty for `exists` and `not_exists`.
    pub(super) flawed: Vec<FieldRef>,
}

/// A right side once it is read.
enum Right {
    None,
    /// One literal, field or sum.
    One(Scalar),
    /// A literal list, or a list field.
    Many(Vec<Scalar>),
}

pub(super) fn evaluate(input: &Input<'_>, atom: &Atom) -> Evaluated {
    let left = input.read(&atom.subject);
    if atom.operator.shape() == OperatorShape::Presence {
        // "there / missing": never unknown.
        let holds = left.is_some() == (atom.operator == Operator::Exists);
        let outcome = if holds { AtomOutcome::True } else { AtomOutcome::False };
        return Evaluated { outcome, left: None, right: None, flawed: Vec::new() };
    }

    // "Every operand counts": each side is looked at, whatever the other is.
    let mut left_flaw = None;
    match &left {
        None => left_flaw = Some(Flaw::Missing),
        Some(held) if !takes_left(atom, held) => left_flaw = Some(Flaw::Unfit),
        Some(held) if is_malformed_left(atom, held) => left_flaw = Some(Flaw::Malformed),
        Some(_) => {}
    }
    let mut right_flaws: Vec<(FieldRef, Flaw)> = Vec::new();
    let right = read_right(input, atom, &mut right_flaws);

    // A kind that each side's operator takes may still not go with the other's.
    let is_usable = |flaw: Option<Flaw>| !matches!(flaw, Some(Flaw::Missing | Flaw::Unfit));
    if let (Some(held), Some(right)) = (&left, &right)
        && is_usable(left_flaw)
        && !go_together(atom, held, right)
    {
        left_flaw = Some(Flaw::Unfit);
        for field in right_fields(&atom.operand) {
            right_flaws.push((field, Flaw::Unfit));
        }
    }

    let mut flaws: Vec<Flaw> = right_flaws.iter().map(|(_, flaw)| *flaw).collect();
    // A malformed item leaves a quantified atom open; it is judged with its items below.
    if atom.quantifier.is_none() || left_flaw != Some(Flaw::Malformed) {
        flaws.extend(left_flaw);
    }
    let outcome = if flaws.contains(&Flaw::Malformed) {
        AtomOutcome::UnknownByMalformed
    } else if !flaws.is_empty() {
        AtomOutcome::UnknownByMissing
    } else {
        match (&left, &right) {
            (Some(left), Some(right)) => match test(atom, left, right) {
                Truth::True => AtomOutcome::True,
                Truth::False => AtomOutcome::False,
                Truth::Unknown => AtomOutcome::UnknownByMalformed,
            },
            _ => AtomOutcome::UnknownByMissing,
        }
    };
    let mut flawed: Vec<FieldRef> = right_flaws.iter().map(|(field, _)| field.clone()).collect();
    if left_flaw.is_some() {
        flawed.push(atom.subject.clone());
    }
    let right = right_flaws.iter().map(|(_, flaw)| *flaw).max();
    Evaluated { outcome, left: left_flaw, right, flawed }
}

/// Fields that a right side reads.
fn right_fields(operand: &Operand) -> Vec<FieldRef> {
    match operand {
        Operand::None | Operand::Literal(_) | Operand::Literals(_) => Vec::new(),
        Operand::Field(field) => vec![field.clone()],
        Operand::Sum { field, addend, .. } => match addend {
            Addend::Field(other) => vec![field.clone(), other.clone()],
            Addend::Integer(_) | Addend::Duration(_) => vec![field.clone()],
        },
    }
}

/// Reads the right side. `None` where a field of it is missing or unfit; a malformed one is read
/// and noted.
fn read_right(input: &Input<'_>, atom: &Atom, flaws: &mut Vec<(FieldRef, Flaw)>) -> Option<Right> {
    match &atom.operand {
        Operand::None => Some(Right::None),
        Operand::Literal(literal) => Some(Right::One(Scalar::of_literal(literal))),
        Operand::Literals(literals) => {
            Some(Right::Many(literals.iter().map(Scalar::of_literal).collect()))
        }
        Operand::Field(field) => {
            let Some(held) = input.read(field) else {
                flaws.push((field.clone(), Flaw::Missing));
                return None;
            };
            if !takes_right(atom.operator, &held) {
                flaws.push((field.clone(), Flaw::Unfit));
                return None;
            }
            // "One malformed entry of a list on the right does, whatever the others say."
            if is_malformed_right(atom.operator, &held) {
                flaws.push((field.clone(), Flaw::Malformed));
            }
            Some(match held {
                Held::Scalar(scalar) => Right::One(scalar),
                Held::List(items) => Right::Many(items),
            })
        }
        Operand::Sum { field, sign, addend } => {
            let base = summand(input, field, addend, flaws);
            let sum = match addend {
                Addend::Integer(value) => base.map(|base| (base, i128::from(*value))),
                Addend::Duration(micros) => base.map(|base| (base, i128::from(*micros))),
                Addend::Field(other) => base.zip(summand(input, other, addend, flaws)),
            };
            // "Sums are for integers (exact, wider than 64 bits) ... and for a timestamp with a
            // duration."
            let sum = sum.map(|(base, added)| match sign {
                Sign::Plus => base + added,
                Sign::Minus => base - added,
            })?;
            Some(Right::One(match addend {
                Addend::Duration(_) => Scalar::Timestamp(sum),
                Addend::Integer(_) | Addend::Field(_) => Scalar::Number(Number::Integer(sum)),
            }))
        }
    }
}

/// An operand of a sum. "To an operator ... a fraction, NaN or infinity in a sum" is "as good as
/// missing"; so is an integer outside 64 bits.
fn summand(
    input: &Input<'_>,
    field: &FieldRef,
    addend: &Addend,
    flaws: &mut Vec<(FieldRef, Flaw)>,
) -> Option<i128> {
    let value = match (input.read(field), addend) {
        (None, _) => {
            flaws.push((field.clone(), Flaw::Missing));
            return None;
        }
        (Some(Held::Scalar(Scalar::Timestamp(instant))), Addend::Duration(_)) => Some(instant),
        (Some(Held::Scalar(Scalar::Number(number))), Addend::Integer(_) | Addend::Field(_)) => {
            number.as_integer()
        }
        _ => None,
    };
    if value.is_none() {
        flaws.push((field.clone(), Flaw::Unfit));
    }
    value
}

/// The table's column "left", for kinds at run time.
fn takes_left(atom: &Atom, held: &Held) -> bool {
    match (atom.quantifier, held) {
        // A quantifier takes a list whose items the operator takes.
        (Some(_), Held::List(items)) => {
            items.iter().all(|item| takes_scalar_left(atom.operator, item.kind()))
        }
        (Some(_), Held::Scalar(_)) => false,
        (None, Held::Scalar(scalar)) => takes_scalar_left(atom.operator, scalar.kind()),
        (None, Held::List(_)) => matches!(
            atom.operator.shape(),
            OperatorShape::Contains
                | OperatorShape::NotContains
                | OperatorShape::ListSet
                | OperatorShape::Length
        ),
    }
}

fn takes_scalar_left(operator: Operator, kind: Kind) -> bool {
    match operator.shape() {
        OperatorShape::Equality | OperatorShape::Membership => true,
        OperatorShape::Ordering => matches!(kind, Kind::Numeric | Kind::Timestamp),
        OperatorShape::NotContains | OperatorShape::ListSet => false,
        OperatorShape::Contains
        | OperatorShape::Affix
        | OperatorShape::Pattern
        | OperatorShape::HostDomain
        | OperatorShape::Network
        | OperatorShape::Path
        | OperatorShape::Length => kind == Kind::String,
        OperatorShape::Presence => true,
    }
}

/// The table's column "right", for fields and their kinds at run time.
fn takes_right(operator: Operator, held: &Held) -> bool {
    let is_strings = |items: &[Scalar]| items.iter().all(|item| item.kind() == Kind::String);
    match (operator.shape(), held) {
        (OperatorShape::Equality, Held::Scalar(_)) => true,
        (OperatorShape::Ordering, Held::Scalar(scalar)) => {
            matches!(scalar.kind(), Kind::Numeric | Kind::Timestamp)
        }
        (OperatorShape::Membership | OperatorShape::ListSet, Held::List(_)) => true,
        (OperatorShape::Contains | OperatorShape::NotContains, Held::Scalar(_)) => true,
        (OperatorShape::Affix, Held::Scalar(scalar)) => scalar.kind() == Kind::String,
        (OperatorShape::HostDomain, Held::List(items)) => is_strings(items),
        (OperatorShape::Path, Held::List(items)) => is_strings(items),
        (OperatorShape::Path, Held::Scalar(scalar)) => scalar.kind() == Kind::String,
        _ => false,
    }
}

/// Whether what each side takes goes with the other: "the same kind", "its item type". "An empty
/// list has no members" and fits all.
fn go_together(atom: &Atom, left: &Held, right: &Right) -> bool {
    match (atom.quantifier, left) {
        (Some(_), Held::List(items)) => match items.first() {
            Some(first) => scalar_goes_with(atom.operator, first.kind(), right),
            None => true,
        },
        (_, Held::Scalar(scalar)) => scalar_goes_with(atom.operator, scalar.kind(), right),
        (None, Held::List(items)) => {
            let kind = items.first().map(Scalar::kind);
            match (atom.operator.shape(), right) {
                (OperatorShape::Length, _) => true,
                (OperatorShape::ListSet, Right::Many(others)) => {
                    let other = others.first().map(Scalar::kind);
                    kind.is_none() || other.is_none() || kind == other
                }
                (OperatorShape::Contains | OperatorShape::NotContains, Right::One(item)) => {
                    kind.is_none() || kind == Some(item.kind())
                }
                // A literal list beside `contains` is for strings.
                _ => false,
            }
        }
    }
}

fn scalar_goes_with(operator: Operator, left: Kind, right: &Right) -> bool {
    match (operator.shape(), right) {
        (OperatorShape::Length, _) => true,
        (_, Right::One(scalar)) => scalar.kind() == left,
        (_, Right::Many(items)) => items.iter().all(|item| item.kind() == left),
        (_, Right::None) => true,
    }
}

/// "Malformed values make an atom unknown, never false."
fn is_malformed_left(atom: &Atom, held: &Held) -> bool {
    let is_malformed = |scalar: &Scalar| match (atom.operator.shape(), scalar) {
        (OperatorShape::HostDomain | OperatorShape::Network, Scalar::String(text)) => {
            host::parse(text).is_none()
        }
        (OperatorShape::Path, Scalar::String(text)) => path::segments(text).is_none(),
        _ => false,
    };
    match held {
        Held::Scalar(scalar) => is_malformed(scalar),
        Held::List(items) => items.iter().any(is_malformed),
    }
}

fn is_malformed_right(operator: Operator, held: &Held) -> bool {
    let is_malformed = |scalar: &Scalar| match (operator.shape(), scalar) {
        (OperatorShape::HostDomain, Scalar::String(text)) => host::parse_domain(text).is_none(),
        (OperatorShape::Path, Scalar::String(text)) => path::segments(text).is_none(),
        _ => false,
    };
    match held {
        Held::Scalar(scalar) => is_malformed(scalar),
        Held::List(items) => items.iter().any(is_malformed),
    }
}

/// The test itself, of sides that fit.
fn test(atom: &Atom, left: &Held, right: &Right) -> Truth {
    match (atom.quantifier, left) {
        (None, Held::Scalar(scalar)) => test_scalar(atom.operator, scalar, right),
        (None, Held::List(items)) => test_list(atom.operator, items, right).into(),
        // "`every` holds for an empty list, `some` does not; items combine as `all` / `any` would."
        (Some(quantifier), Held::List(items)) => {
            let truths: Vec<Truth> =
                items.iter().map(|item| test_scalar(atom.operator, item, right)).collect();
            match quantifier {
                Quantifier::Every => Truth::all(&truths),
                Quantifier::Some => Truth::any(&truths),
            }
        }
        (Some(_), Held::Scalar(_)) => Truth::Unknown,
    }
}

fn equal(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::String(a), Scalar::String(b)) => a == b,
        (Scalar::Number(a), Scalar::Number(b)) => a.equals(*b),
        (Scalar::Boolean(a), Scalar::Boolean(b)) => a == b,
        (Scalar::Timestamp(a), Scalar::Timestamp(b)) => a == b,
        // "Nothing is coerced between kinds."
        _ => false,
    }
}

fn order(a: &Scalar, b: &Scalar) -> Option<Ordering> {
    match (a, b) {
        (Scalar::Number(a), Scalar::Number(b)) => a.compare(*b),
        (Scalar::Timestamp(a), Scalar::Timestamp(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn has(items: &[Scalar], item: &Scalar) -> bool {
    items.iter().any(|other| equal(other, item))
}

/// The right side as text: one string, or a literal list or list field of strings.
fn texts(right: &Right) -> Vec<&str> {
    let scalars = match right {
        Right::None => &[],
        Right::One(scalar) => std::slice::from_ref(scalar),
        Right::Many(scalars) => scalars.as_slice(),
    };
    scalars
        .iter()
        .filter_map(|scalar| match scalar {
            Scalar::String(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn test_scalar(operator: Operator, left: &Scalar, right: &Right) -> Truth {
    match (operator, right) {
        (Operator::Equals, Right::One(right)) => equal(left, right).into(),
        // As IEEE says of doubles: NaN differs from everything.
        (Operator::NotEquals, Right::One(right)) => (!equal(left, right)).into(),
        (Operator::GreaterThan, Right::One(right)) => {
            (order(left, right) == Some(Ordering::Greater)).into()
        }
        (Operator::GreaterThanOrEqual, Right::One(right)) => {
            matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)).into()
        }
        (Operator::LessThan, Right::One(right)) => {
            (order(left, right) == Some(Ordering::Less)).into()
        }
        (Operator::LessThanOrEqual, Right::One(right)) => {
            matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)).into()
        }
        (Operator::In, Right::Many(items)) => has(items, left).into(),
        (Operator::NotIn, Right::Many(items)) => (!has(items, left)).into(),
        _ => match left {
            Scalar::String(text) => test_text(operator, text, right),
            // Kinds that do not fit have been sorted out.
            _ => Truth::Unknown,
        },
    }
}

fn test_text(operator: Operator, text: &str, right: &Right) -> Truth {
    let rights = texts(right);
    match operator {
        // "literal, literal list (any of them) or string field".
        Operator::StartsWith => rights.iter().any(|right| text.starts_with(right)).into(),
        Operator::EndsWith => rights.iter().any(|right| text.ends_with(right)).into(),
        Operator::Contains => rights.iter().any(|right| text.contains(right)).into(),
        Operator::Matches => rights.first().map_or(Truth::Unknown, |p| matches_whole(p, text)),
        Operator::InDomain => {
            let Some(host) = host::parse(text) else { return Truth::Unknown };
            any_of(&rights, |right| {
                host::parse_domain(right).map(|domain| host::is_in_domain(&host, &domain))
            })
        }
        Operator::InNetwork => {
            let Some(host) = host::parse(text) else { return Truth::Unknown };
            any_of(&rights, |right| network::is_in_network(&host, right))
        }
        Operator::WithinPath => any_of(&rights, |right| path::is_within(text, right)),
        Operator::LengthGreaterThan | Operator::LengthLessThan => {
            test_length(operator, text.chars().count(), right).into()
        }
        _ => Truth::Unknown,
    }
}

/// Any of the rights, where none of them is malformed.
fn any_of(rights: &[&str], holds: impl Fn(&str) -> Option<bool>) -> Truth {
    let mut any = false;
    for right in rights {
        match holds(right) {
            Some(holds) => any = any || holds,
            None => return Truth::Unknown,
        }
    }
    any.into()
}

/// "The whole string matches: the `regex` crate's syntax, Unicode on."
fn matches_whole(pattern: &str, text: &str) -> Truth {
    match regex::Regex::new(&format!(r"\A(?:{pattern})\z")) {
        Ok(regex) => regex.is_match(text).into(),
        Err(_) => Truth::Unknown,
    }
}

fn test_length(operator: Operator, length: usize, right: &Right) -> bool {
    let length = Scalar::Number(Number::Integer(length as i128));
    let Right::One(limit) = right else { return false };
    let expected = match operator {
        Operator::LengthGreaterThan => Ordering::Greater,
        _ => Ordering::Less,
    };
    order(&length, limit) == Some(expected)
}

fn test_list(operator: Operator, left: &[Scalar], right: &Right) -> bool {
    match (operator, right) {
        (Operator::Contains, Right::One(item)) => has(left, item),
        (Operator::NotContains, Right::One(item)) => !has(left, item),
        (Operator::ContainsAny, Right::Many(items)) => items.iter().any(|item| has(left, item)),
        (Operator::ContainsAll, Right::Many(items)) => items.iter().all(|item| has(left, item)),
        (Operator::LengthGreaterThan | Operator::LengthLessThan, _) => {
            test_length(operator, left.len(), right)
        }
        _ => false,
    }
}
