//! Whether two policies are the same.

use crate::model::{Atom, CheckedPolicy, Condition, Literal, Operand, Rule};

/// Whether two checked policies are the same but for the places of their parts: every setting,
/// field, rule, message, tag and description.
pub fn same_meaning(one: &CheckedPolicy, other: &CheckedPolicy) -> bool {
    all_same(&one.rules, &other.rules, same_rule)
        && one.version == other.version
        && one.settings == other.settings
        && one.schema == other.schema
}

fn all_same<T>(one: &[T], other: &[T], same: fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}

fn same_rule(one: &Rule, other: &Rule) -> bool {
    let conditions = match (&one.condition, &other.condition) {
        (None, None) => true,
        (Some(one), Some(other)) => same_condition(one, other),
        _ => false,
    };
    let without = |rule: &Rule| Rule { condition: None, place: one.place, ..rule.clone() };
    conditions && without(one) == without(other)
}

fn same_condition(one: &Condition, other: &Condition) -> bool {
    match (one, other) {
        (Condition::All(one), Condition::All(other))
        | (Condition::Any(one), Condition::Any(other)) => all_same(one, other, same_condition),
        (Condition::Not(one), Condition::Not(other)) => same_condition(one, other),
        (Condition::Atom(one), Condition::Atom(other)) => same_atom(one, other),
        _ => false,
    }
}

fn same_atom(one: &Atom, other: &Atom) -> bool {
    one.quantifier == other.quantifier
        && one.subject == other.subject
        && one.operator == other.operator
        && match (&one.operand, &other.operand) {
            (Operand::Literal(one), Operand::Literal(other)) => same_literal(one, other),
            (Operand::Literals(one), Operand::Literals(other)) => {
                all_same(one, other, same_literal)
            }
            (one, other) => one == other,
        }
}

/// NaN, which version 1 knows, is the same literal as itself and equal to nothing.
fn same_literal(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::Float(one), Literal::Float(other)) => one.to_bits() == other.to_bits(),
        (one, other) => one == other,
    }
}
