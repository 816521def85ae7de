//! Inputs at the boundaries of rules: tests for free.

use crate::input::{Input, Value};
use crate::probe::Source;
use crate::replay::{Engine, Verdict};
use crate::rules::Report;
use actra_bytecode::format::timestamp;
use actra_compiler::model::{Atom, Condition, FieldRef, Literal, Operand, OperatorShape, Rule};
use std::collections::{BTreeSet, HashSet};

/// Inputs that one rule gives at most.
const MOST_OF_A_RULE: usize = 200;

/// An input that shows something of a rule, and what the evaluator decides about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// The rule's number in the policy.
    pub rule: usize,
    /// What was changed in an input that the rule decides or fires for, and to what (`None`: it was
    /// taken out); nothing for that input itself.
    pub change: Option<(FieldRef, Option<Value>)>,
    /// The input.
    pub input: Box<Input>,
    /// What is decided.
    pub verdict: Verdict,
}

/// For every rule that can fire an input that shows it, and that input with each field that the
/// rule tests missing, at each constant that it is tested against, and just above and below. No
/// input comes twice.
pub fn boundaries(source: Source<'_>, report: &Report) -> Result<Vec<Boundary>, String> {
    let engine = Engine::new(source)?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for about in &report.rules {
        let (Some(rule), Some(example)) =
            (source.policy.rules.get(about.rule), about.example.as_ref())
        else {
            continue;
        };
        let mut changes = vec![None];
        changes.extend(changes_of(rule).into_iter().map(Some));
        let mut count = 0;
        for change in changes {
            let Some(input) = changed(&example.input, change.as_ref()) else { continue };
            if count >= MOST_OF_A_RULE || !seen.insert(input.to_text()) {
                continue;
            }
            count += 1;
            let verdict = engine.decide(&input);
            found.push(Boundary { rule: about.rule, change, input: Box::new(input), verdict });
        }
    }
    Ok(found)
}

/// The input with a field set or taken out; `None` where an object that the field is in is missing.
fn changed(input: &Input, change: Option<&(FieldRef, Option<Value>)>) -> Option<Input> {
    let mut input = input.clone();
    let Some((field, value)) = change else { return Some(input) };
    let above = field.path.len() - usize::from(field.key.is_none());
    for length in 1..=above {
        let object =
            FieldRef { domain: field.domain, path: field.path.get(..length)?.to_vec(), key: None };
        if !input.objects.contains(&object) {
            return None;
        }
    }
    let is_list = matches!(input.values.get(field), Some(Value::List(_)));
    match value {
        None => input.values.remove(field),
        // `contains` takes an item of a list, and a part of a text.
        Some(value) if is_list && !matches!(value, Value::List(_)) => {
            input.values.insert(field.clone(), Value::List(vec![value.clone()]))
        }
        Some(value) => input.values.insert(field.clone(), value.clone()),
    };
    Some(input)
}

/// What is worth changing for a rule, each field's missing first.
fn changes_of(rule: &Rule) -> Vec<(FieldRef, Option<Value>)> {
    let mut atoms = Vec::new();
    let mut open: Vec<&Condition> = rule.condition.iter().collect();
    while let Some(condition) = open.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => open.extend(parts.iter().rev()),
            Condition::Not(part) => open.push(part),
            Condition::Atom(atom) => atoms.push(&**atom),
        }
    }
    let mut named = BTreeSet::new();
    let mut changes = Vec::new();
    for atom in atoms {
        let mut fields = vec![&atom.subject];
        if let Operand::Field(field) | Operand::Sum { field, .. } = &atom.operand {
            fields.push(field);
        }
        for field in fields {
            if named.insert(field) {
                changes.push((field.clone(), None));
            }
        }
        changes
            .extend(values_of(atom).into_iter().map(|value| (atom.subject.clone(), Some(value))));
    }
    changes
}

/// Values around the constants of an atom.
fn values_of(atom: &Atom) -> Vec<Value> {
    let literals = match &atom.operand {
        Operand::Literal(literal) => std::slice::from_ref(literal),
        Operand::Literals(literals) => literals.as_slice(),
        Operand::None | Operand::Field(_) | Operand::Sum { .. } => &[],
    };
    let around = literals.iter().flat_map(around);
    let is_list = atom.quantifier.is_some();
    match atom.operator.shape() {
        // Patterns, networks and lengths are no values of the field.
        OperatorShape::Pattern
        | OperatorShape::Network
        | OperatorShape::Length
        | OperatorShape::Presence => Vec::new(),
        OperatorShape::ListSet | OperatorShape::NotContains => in_lists(around),
        _ if is_list => in_lists(around),
        _ => around.collect(),
    }
}

fn in_lists(values: impl Iterator<Item = Value>) -> Vec<Value> {
    values.map(|value| Value::List(vec![value])).chain([Value::List(Vec::new())]).collect()
}

/// A constant, and its neighbours where it has any.
fn around(literal: &Literal) -> Vec<Value> {
    match literal {
        Literal::Boolean(value) => vec![Value::Boolean(*value), Value::Boolean(!value)],
        Literal::Integer(value) => [value.checked_sub(1), Some(*value), value.checked_add(1)]
            .into_iter()
            .flatten()
            .map(Value::Integer)
            .collect(),
        Literal::Float(value) => [value.next_down(), *value, value.next_up()]
            .into_iter()
            .filter(|value| value.is_finite())
            .map(Value::Float)
            .collect(),
        Literal::Timestamp(micros) => {
            let (first, last) = timestamp::INSTANTS;
            [micros.checked_sub(1), Some(*micros), micros.checked_add(1)]
                .into_iter()
                .flatten()
                .filter(|micros| (first..=last).contains(micros))
                .map(Value::Instant)
                .collect()
        }
        Literal::String(text) => {
            vec![Value::Text(text.clone()), Value::Text(format!("{text}~"))]
        }
    }
}
