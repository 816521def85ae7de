//! Entries of maps that one of two policies reads: the other one checks them, too.

use crate::space::fields_of;
use actra_compiler::model::{
    Atom, CheckedPolicy, Condition, Domain, Effect, Field, FieldRef, FieldType, Mode, Operand,
    Operator, Place, Rule, Scope,
};
use std::collections::BTreeSet;

/// Two policies that each read all entries of maps that the other one reads, where their schemas have
/// these maps: what is read has a slot, and is checked there. The rules that are added come last,
/// and decide nothing.
pub fn reading_alike(old: &CheckedPolicy, new: &CheckedPolicy) -> [CheckedPolicy; 2] {
    let (of_old, of_new) = (entries(old), entries(new));
    let with = |policy: &CheckedPolicy, more: BTreeSet<&FieldRef>| {
        let mut policy = policy.clone();
        let rules = more.into_iter().filter_map(|entry| reading(&policy, entry));
        let rules: Vec<Rule> = rules.collect();
        policy.rules.extend(rules);
        policy
    };
    [
        with(old, of_new.difference(&of_old).collect()),
        with(new, of_old.difference(&of_new).collect()),
    ]
}

fn entries(policy: &CheckedPolicy) -> BTreeSet<FieldRef> {
    let mut found = BTreeSet::new();
    for condition in policy.rules.iter().filter_map(|rule| rule.condition.as_ref()) {
        note(condition, &mut found);
    }
    found
}

fn note(condition: &Condition, found: &mut BTreeSet<FieldRef>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                note(part, found);
            }
        }
        Condition::Not(part) => note(part, found),
        Condition::Atom(atom) => {
            found.extend(fields_of(atom).into_iter().filter(|at| at.key.is_some()).cloned());
        }
    }
}

/// That an entry is there, as a condition.
pub(crate) fn is_there(entry: &FieldRef) -> Condition {
    Condition::Atom(Box::new(Atom {
        quantifier: None,
        subject: entry.clone(),
        operator: Operator::Exists,
        operand: Operand::None,
        place: Place::default(),
    }))
}

/// A rule that reads an entry and decides nothing; `None`: the schema has no such map.
fn reading(policy: &CheckedPolicy, entry: &FieldRef) -> Option<Rule> {
    let schema = &policy.schema;
    let of_some = |fields: &[Field]| has_map(fields, &entry.path);
    let actions = match entry.domain {
        Domain::Actor => of_some(&schema.actor).then_some(None)?,
        Domain::Snapshot => of_some(&schema.snapshot).then_some(None)?,
        Domain::Action if of_some(&schema.common) => None,
        Domain::Action => {
            let own = schema.actions.iter().filter(|action| of_some(&action.fields));
            let own: Vec<String> = own.map(|action| action.name.clone()).collect();
            (!own.is_empty()).then_some(Some(own))?
        }
    };
    Some(Rule {
        id: format!("reads {entry}"),
        scope: Scope { actions, actors: None },
        condition: Some(is_there(entry)),
        effect: Effect::Block,
        message: None,
        required_actions: Vec::new(),
        mode: Mode::Shadow,
        tags: Vec::new(),
        description: None,
        place: Place::default(),
    })
}

fn has_map(fields: &[Field], path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    match fields.iter().find(|field| field.name == *first).map(|field| &field.ty) {
        Some(FieldType::Map(_)) => rest.is_empty(),
        Some(FieldType::Object(inner)) => has_map(inner, rest),
        _ => false,
    }
}
