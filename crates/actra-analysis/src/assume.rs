//! What is assumed, as policies with `missing: no_match` are asked: there a test of a missing field is
//! false, and a missing field would be a way around a promise.

use crate::space::fields_of;
use actra_compiler::model::{
    Atom, CheckedPolicy, Condition, FieldRef, InputMode, Literal, MissingMode, Operand, Operator,
    OperatorShape, Quantifier,
};

/// A condition that is true or unknown where this one is, or would be if tests of missing fields were
/// unknown. `None`: it is itself, as the policy has it.
pub(crate) fn with_missing(policy: &CheckedPolicy, condition: &Condition) -> Option<Condition> {
    let is_needed = policy.settings.missing == MissingMode::NoMatch;
    let is_checked = policy.settings.inputs == InputMode::Checked;
    is_needed.then(|| widened(condition, is_checked, false))
}

fn widened(condition: &Condition, is_checked: bool, is_negated: bool) -> Condition {
    let all = |parts: &[Condition]| {
        parts.iter().map(|part| widened(part, is_checked, is_negated)).collect()
    };
    match condition {
        Condition::All(parts) => Condition::All(all(parts)),
        Condition::Any(parts) => Condition::Any(all(parts)),
        Condition::Not(part) => Condition::Not(Box::new(widened(part, is_checked, !is_negated))),
        // That it is not so is true already of what is missing.
        Condition::Atom(_) if is_negated => condition.clone(),
        Condition::Atom(atom) if atom.operator.shape() == OperatorShape::Presence => {
            condition.clone()
        }
        Condition::Atom(atom) => {
            let mut parts = vec![condition.clone()];
            parts.extend(
                fields_of(atom)
                    .into_iter()
                    .map(|field| of(atom, field, Operator::NotExists, Operand::None)),
            );
            if !is_checked {
                parts.extend(is_unfit(atom));
            }
            Condition::Any(parts)
        }
    }
}

fn of(atom: &Atom, subject: &FieldRef, operator: Operator, operand: Operand) -> Condition {
    let subject = subject.clone();
    Condition::Atom(Box::new(Atom { quantifier: None, subject, operator, operand, ..atom.clone() }))
}

/// A value is there and of a kind that the test is not for: then the opposite test is false, too.
fn is_unfit(atom: &Atom) -> Option<Condition> {
    let opposite = match atom.operator {
        Operator::Equals => Operator::NotEquals,
        Operator::NotEquals => Operator::Equals,
        Operator::GreaterThan => Operator::LessThanOrEqual,
        Operator::GreaterThanOrEqual => Operator::LessThan,
        Operator::LessThan => Operator::GreaterThanOrEqual,
        Operator::LessThanOrEqual => Operator::GreaterThan,
        Operator::In => Operator::NotIn,
        Operator::NotIn => Operator::In,
        Operator::NotContains => Operator::Contains,
        _ if atom.quantifier.is_some() => return None,
        // No text.
        _ => {
            let fields = fields_of(atom).into_iter().map(|field| {
                let empty = || Operand::Literal(Literal::String(String::new()));
                let is_text = [Operator::Equals, Operator::NotEquals];
                let is_text = is_text.map(|operator| of(atom, field, operator, empty()));
                Condition::Not(Box::new(Condition::Any(is_text.to_vec())))
            });
            return match atom.operator.shape() {
                OperatorShape::Affix
                | OperatorShape::Pattern
                | OperatorShape::HostDomain
                | OperatorShape::Network
                | OperatorShape::Path => Some(Condition::Any(fields.collect())),
                _ => None,
            };
        }
    };
    let mut other = atom.clone();
    other.operator = opposite;
    other.quantifier = atom.quantifier.map(|quantifier| match quantifier {
        Quantifier::Every => Quantifier::Some,
        Quantifier::Some => Quantifier::Every,
    });
    Some(Condition::Not(Box::new(Condition::Atom(Box::new(other)))))
}
