//! Tests that come out the same for every value that the field can have, alone or together.

use super::fields::{Declaration, declarations};
use super::values::Values;
use super::{Linter, Polarity, RuleAt, each_atom, is_within};
use crate::check::excerpt;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::{
    Atom, Condition, FieldRef, InputMode, LanguageVersion, Literal, Operand, Operator,
    OperatorShape, Quantifier, ScalarKind,
};

pub(super) fn look(linter: &mut Linter<'_>) {
    for at in linter.rules() {
        let Some(condition) = &at.rule.condition else { continue };
        each_atom(condition, &mut |atom, _| {
            if let Some((code, message, help)) =
                alone(linter, at, atom).or_else(|| empty_text(atom))
                && holds_for_empty(atom, code)
                && let Some(span) = linter.operand_of(atom)
            {
                linter.warn(code, span, message, help);
            }
        });
        if at.rule.scope.actors.is_some() {
            together(linter, at, &[condition], actor_scope(at).as_ref());
        }
        lists(linter, at, condition);
    }
}

/// Of an empty list `every` is true and `some` is false, whatever items are like.
fn holds_for_empty(atom: &Atom, code: Code) -> bool {
    match atom.quantifier {
        None => true,
        Some(Quantifier::Every) => code == Code::AlwaysTrue,
        Some(Quantifier::Some) => code == Code::NeverTrue,
    }
}

/// A test held against the field's own constraints, which bind where inputs are checked.
fn alone(linter: &Linter<'_>, at: RuleAt<'_>, atom: &Atom) -> Option<(Code, String, &'static str)> {
    if linter.policy.settings.inputs != InputMode::Checked {
        return None;
    }
    let can_be_constant = match atom.operator.shape() {
        OperatorShape::Length => true,
        OperatorShape::Equality | OperatorShape::Ordering | OperatorShape::Membership => {
            matches!(atom.operand, Operand::Literal(_) | Operand::Literals(_))
        }
        _ => false,
    };
    if !can_be_constant {
        return None;
    }
    let declared = declarations(&linter.policy.schema, at.rule, &atom.subject);
    if declared.is_empty() {
        return None;
    }
    if atom.operator.shape() == OperatorShape::Length {
        let most = |declared: &Declaration<'_>| match (declared.list(), atom.quantifier) {
            (Some(list), None) => list.max_length,
            (Some(list), Some(_)) => list.items.max_length,
            (None, _) => declared.scalar().and_then(|ty| ty.max_length),
        };
        let Operand::Literal(Literal::Integer(at)) = atom.operand else { return None };
        let above = |d| most(d).is_some_and(|most| u64::try_from(at).is_ok_and(|at| at >= most));
        let beyond = |d| most(d).is_some_and(|most| u64::try_from(at).is_ok_and(|at| at > most));
        return match atom.operator {
            Operator::LengthGreaterThan if declared.iter().all(above) => {
                Some(never(atom, "its `max_length` is not longer than that"))
            }
            Operator::LengthLessThan if declared.iter().all(beyond) => {
                Some(always(atom, "its `max_length` is shorter than that"))
            }
            _ => None,
        };
    }
    let left = |negated: bool| {
        declared.iter().all(|declaration| {
            let ty = match atom.quantifier {
                None => declaration.scalar(),
                Some(_) => declaration.list().map(|list| &list.items),
            };
            let Some(ty) = ty.filter(|ty| ty.kind == ScalarKind::Boolean || is_bounded(ty)) else {
                return false;
            };
            let mut values = Values::of_type(ty);
            values.meet_item(atom, negated) && values.is_empty(ty.kind)
        })
    };
    if left(false) {
        Some(never(atom, "the schema admits no such value"))
    } else if left(true) {
        Some(always(atom, "the schema admits no other value"))
    } else {
        None
    }
}

fn is_bounded(ty: &crate::model::ScalarType) -> bool {
    ty.allowed.is_some() || ty.min.is_some() || ty.max.is_some()
}

fn never(atom: &Atom, why: &str) -> (Code, String, &'static str) {
    let message = format!("this is true of no `{}`: {why}", excerpt(&atom.subject.to_string()));
    (Code::NeverTrue, message, "mend the value or the schema, or take the test out")
}

fn always(atom: &Atom, why: &str) -> (Code, String, &'static str) {
    let message = format!("this is true of every `{}`: {why}", excerpt(&atom.subject.to_string()));
    (Code::AlwaysTrue, message, "mend the value, or take the test out: `exists` tests for presence")
}

/// Every text begins with, ends with and contains the empty one; lengths are not negative.
fn empty_text(atom: &Atom) -> Option<(Code, String, &'static str)> {
    let is_empty = |literal: &Literal| matches!(literal, Literal::String(text) if text.is_empty());
    match (atom.operator, &atom.operand) {
        (Operator::StartsWith | Operator::EndsWith, Operand::Literal(literal))
            if is_empty(literal) =>
        {
            Some(always(atom, "the empty text is part of every text"))
        }
        (
            Operator::StartsWith | Operator::EndsWith | Operator::Contains,
            Operand::Literals(literals),
        ) if literals.iter().any(is_empty) => {
            Some(always(atom, "the empty text is part of every text"))
        }
        (Operator::LengthLessThan, Operand::Literal(Literal::Integer(..=0))) => {
            Some(never(atom, "nothing is shorter than empty"))
        }
        (Operator::LengthGreaterThan, Operand::Literal(Literal::Integer(..=-1))) => {
            Some(always(atom, "everything is longer than that"))
        }
        _ => None,
    }
}

/// The atom that an actor scope means.
fn actor_scope(at: RuleAt<'_>) -> Option<Atom> {
    match at.rule.actor_condition()? {
        Condition::Atom(atom) => Some(*atom),
        _ => None,
    }
}

/// Every `all` and `any` of the condition.
fn lists(linter: &mut Linter<'_>, at: RuleAt<'_>, condition: &Condition) {
    match condition {
        Condition::Atom(_) => {}
        Condition::Not(part) => lists(linter, at, part),
        Condition::All(parts) => {
            together(linter, at, &parts.iter().collect::<Vec<_>>(), None);
            for part in parts {
                lists(linter, at, part);
            }
        }
        Condition::Any(parts) => {
            either(linter, at, parts);
            for part in parts {
                lists(linter, at, part);
            }
        }
    }
}

/// Atoms that are joined by `all`, inner `all` included.
fn joined<'m>(parts: &[&'m Condition], found: &mut Vec<(&'m Atom, Polarity)>) {
    for part in parts {
        match part {
            Condition::All(inner) => joined(&inner.iter().collect::<Vec<_>>(), found),
            Condition::Atom(atom) => found.push((atom, Polarity::Straight)),
            Condition::Not(inner) => {
                if let Condition::Atom(atom) = &**inner {
                    found.push((atom, Polarity::Negated));
                }
            }
            Condition::Any(_) => {}
        }
    }
}

/// Tests of one field, all of which no value meets.
fn together(linter: &mut Linter<'_>, at: RuleAt<'_>, parts: &[&Condition], scope: Option<&Atom>) {
    let mut atoms: Vec<(&Atom, Polarity)> = Vec::new();
    atoms.extend(scope.map(|atom| (atom, Polarity::Straight)));
    joined(parts, &mut atoms);
    contradiction(
        linter,
        at,
        &atoms,
        |field| {
            format!(
                "no value of `{field}` meets both of these tests, so together they are never true"
            )
        },
        Code::NeverTrue,
        "join them by `any`, or mend the values",
        Polarity::Straight,
    );
}

/// Tests of one field, one of which every value meets.
fn either(linter: &mut Linter<'_>, at: RuleAt<'_>, parts: &[Condition]) {
    let mut atoms: Vec<(&Atom, Polarity)> = Vec::new();
    for part in parts {
        match part {
            Condition::Atom(atom) => atoms.push((atom, Polarity::Straight)),
            Condition::Not(inner) => {
                if let Condition::Atom(atom) = &**inner {
                    atoms.push((atom, Polarity::Negated));
                }
            }
            _ => {}
        }
    }
    // NaN is a value in version 1, and neither less nor not less.
    if linter.policy.version == LanguageVersion::V1 {
        atoms.retain(|(atom, _)| atom.operator.shape() != OperatorShape::Ordering);
    }
    contradiction(
        linter,
        at,
        &atoms,
        |field| {
            format!(
                "every value of `{field}` meets one of these tests, so one of them is always true"
            )
        },
        Code::AlwaysTrue,
        "join them by `all`, or mend the values",
        Polarity::Negated,
    );
}

/// Looks for a test that, with one before it, leaves no value. `sense`: whether tests count as
/// they are or the other way round.
fn contradiction(
    linter: &mut Linter<'_>,
    at: RuleAt<'_>,
    atoms: &[(&Atom, Polarity)],
    message: impl Fn(&str) -> String,
    code: Code,
    help: &str,
    sense: Polarity,
) {
    // Beyond so many tests in one list nobody reads them as contradicting each other.
    const MOST: usize = 64;
    let negated =
        |polarity: Polarity| (polarity == Polarity::Negated) != (sense == Polarity::Negated);
    for (index, (atom, polarity)) in atoms.iter().enumerate().take(MOST) {
        if !atoms.iter().take(index).any(|(other, _)| other.subject == atom.subject) {
            continue;
        }
        let Some(kind) = kind_of(linter, at, &atom.subject, atom) else { continue };
        let clash = atoms.iter().take(index).find(|(other, other_polarity)| {
            other.subject == atom.subject && {
                let mut values = Values::default();
                let presence = clash_of_presence(
                    (atom, negated(*polarity)),
                    (other, negated(*other_polarity)),
                );
                presence
                    || (values.meet(other, negated(*other_polarity))
                        && !values.is_empty(kind)
                        && values.meet(atom, negated(*polarity))
                        && values.is_empty(kind))
            }
        });
        let Some((other, _)) = clash else { continue };
        // A test that is constant alone has been told.
        if [*atom, *other].iter().any(|atom| is_constant(linter, atom)) {
            continue;
        }
        let Some(span) = atom.place.span() else { continue };
        let field = excerpt(&atom.subject.to_string());
        let mut warning = Diagnostic::warning(code, span, message(&field)).with_help(help);
        if let Some(other) = place_of(at, other) {
            warning = warning.with_related(other, "this one");
        }
        if at.rule.place.span().is_some_and(|rule| !is_within(span, rule)) {
            warning = warning.with_related(at.note.id, "in this rule");
        }
        linter.push(warning);
        return;
    }
}

fn is_constant(linter: &Linter<'_>, atom: &Atom) -> bool {
    let span = linter.operand_of(atom);
    span.is_some_and(|span| {
        let codes = [Code::NeverTrue, Code::AlwaysTrue];
        codes.iter().any(|code| linter.said.contains(&(*code, span)))
    })
}

/// An actor scope stands nowhere itself.
fn place_of(at: RuleAt<'_>, atom: &Atom) -> Option<Span> {
    if atom.place == at.rule.place { Some(at.note.id) } else { atom.place.span() }
}

/// `exists` and `missing` of one field.
fn clash_of_presence((one, one_negated): (&Atom, bool), (two, two_negated): (&Atom, bool)) -> bool {
    let presence = |atom: &Atom, negated: bool| match atom.operator {
        Operator::Exists => Some(!negated),
        Operator::NotExists => Some(negated),
        _ => None,
    };
    matches!((presence(one, one_negated), presence(two, two_negated)),
        (Some(one), Some(two)) if one != two)
}

/// What the field holds, as far as that is known; a list has none here but for presence.
fn kind_of(
    linter: &Linter<'_>,
    at: RuleAt<'_>,
    field: &FieldRef,
    atom: &Atom,
) -> Option<ScalarKind> {
    if atom.operator.shape() == OperatorShape::Presence {
        return Some(ScalarKind::String);
    }
    let declared = declarations(&linter.policy.schema, at.rule, field);
    let kind = declared.first()?.scalar().map(|ty| ty.kind);
    // Unchecked, a declared integer may be any number.
    match kind {
        Some(ScalarKind::Integer) if linter.policy.settings.inputs != InputMode::Checked => {
            Some(ScalarKind::Number)
        }
        Some(kind) => Some(kind),
        // The built-in `type`, or a value of a map.
        None => Some(ScalarKind::String),
    }
}
