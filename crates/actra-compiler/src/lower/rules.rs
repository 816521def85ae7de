//! Rules: decision order, code, groups of candidates.

use super::code::{Coder, Holds, Part, Unknowns, conjuncts};
use super::index::{KeyAtom, Planner};
use super::schema::Slots;
use super::tables::Tables;
use crate::model::{
    CheckedPolicy, Combine, Condition, Domain, Effect, Field, FieldRef, FieldType, Literal,
    MissingMode, Mode, Rule, ScalarKind,
};
use actra_bytecode::parts::{NONE, Parts, RulePart};
use std::collections::HashMap;

pub(super) fn lower_rules(
    policy: &CheckedPolicy,
    slots: &mut Slots,
    tables: &mut Tables<'_>,
    parts: &mut Parts,
) {
    let ordered = decision_order(policy);
    let actors: Vec<Option<Condition>> =
        ordered.iter().map(|(_, rule)| rule.actor_condition()).collect();
    let conjunctions: Vec<Vec<Part<'_>>> = ordered
        .iter()
        .zip(&actors)
        .map(|((_, rule), actor)| {
            let mut parts = Vec::new();
            for condition in actor.iter().chain(&rule.condition) {
                conjuncts(condition, false, &mut parts);
            }
            parts
        })
        .collect();
    let types = Types::new(policy);
    let planner = Planner::new(&ordered, &conjunctions, &types);
    for (index, ((position, rule), mut conjunction)) in ordered.iter().zip(conjunctions).enumerate()
    {
        // The test that an index stands for goes first; the rest keeps its order.
        if let Some(key) = planner.key(index) {
            let at = key.conjunct;
            if let Some(first) = conjunction.get_mut(..=at) {
                first.rotate_right(1);
            }
        }
        lower_rule(policy, &types, slots, tables, parts, (*position, rule), &conjunction);
    }
    planner.write(policy, &ordered, slots, tables, parts);
}

fn lower_rule(
    policy: &CheckedPolicy,
    types: &Types<'_>,
    slots: &mut Slots,
    tables: &mut Tables<'_>,
    parts: &mut Parts,
    (position, rule): (usize, &Rule),
    conjunction: &[Part<'_>],
) {
    let entry = tables.ops.len() as u32;
    let unknowns = Unknowns {
        fires: rule.effect != Effect::Allow,
        missing_is_unknown: policy.settings.missing == MissingMode::FailClosed,
    };
    let holds = |place: &FieldRef| types.of(rule, place);
    Coder::new(tables, slots, unknowns, &holds).rule(conjunction);
    parts.rules.push(RulePart {
        id: tables.string(&rule.id),
        effect: super::effect(rule.effect),
        shadow: u8::from(rule.mode == Mode::Shadow),
        position: position as u32,
        message: rule.message.as_ref().map_or(NONE, |message| tables.string(message)),
        required_actions: if rule.required_actions.is_empty() {
            NONE
        } else {
            tables.string_sequence(&rule.required_actions)
        },
        entry,
    });
}

/// Rules with their places in file order, in the order in which they decide.
fn decision_order(policy: &CheckedPolicy) -> Vec<(usize, &Rule)> {
    let mut ordered: Vec<(usize, &Rule)> = policy.rules.iter().enumerate().collect();
    match policy.settings.combine {
        Combine::MostRestrictive => ordered.sort_by_key(|(_, rule)| match rule.effect {
            Effect::Block => 0,
            Effect::RequireApproval => 1,
            Effect::Allow => 2,
        }),
        Combine::FirstMatch => {
            ordered.sort_by_key(|(_, rule)| match (&rule.scope.actions, &rule.scope.actors) {
                (Some(_), _) => 0,
                (None, Some(_)) => 1,
                (None, None) => 2,
            });
        }
    }
    ordered
}

/// Types of places, as the rules that read them see them.
pub(super) struct Types<'p> {
    shared: HashMap<FieldRef, Holds>,
    actions: HashMap<&'p str, HashMap<FieldRef, Holds>>,
}

impl<'p> Types<'p> {
    fn new(policy: &'p CheckedPolicy) -> Self {
        let schema = &policy.schema;
        let mut shared = HashMap::new();
        for built_in in [FieldRef::action_type(), FieldRef::actor_type()] {
            shared.insert(built_in, Holds::Scalar(ScalarKind::String));
        }
        for (domain, fields) in [
            (Domain::Action, &schema.common),
            (Domain::Actor, &schema.actor),
            (Domain::Snapshot, &schema.snapshot),
        ] {
            add(domain, &mut Vec::new(), fields, &mut shared);
        }
        let actions = schema
            .actions
            .iter()
            .map(|action| {
                let mut types = HashMap::new();
                add(Domain::Action, &mut Vec::new(), &action.fields, &mut types);
                (action.name.as_str(), types)
            })
            .collect();
        Self { shared, actions }
    }

    /// What the place holds for the rule. The checker has seen that it holds the same under each
    /// action of the rule's scope; were it to hold nothing, the verifier would refuse the program.
    pub(super) fn of(&self, rule: &Rule, place: &FieldRef) -> Holds {
        let place =
            if place.key.is_some() { &FieldRef { key: None, ..place.clone() } } else { place };
        let own = || {
            let action = rule.scope.actions.as_ref()?.first()?;
            self.actions.get(action.as_str())?.get(place)
        };
        self.shared.get(place).or_else(own).copied().unwrap_or(Holds::Scalar(ScalarKind::String))
    }
}

fn add(
    domain: Domain,
    path: &mut Vec<String>,
    fields: &[Field],
    types: &mut HashMap<FieldRef, Holds>,
) {
    for field in fields {
        path.push(field.name.clone());
        let holds = match &field.ty {
            FieldType::Scalar(scalar) => Some(Holds::Scalar(scalar.kind)),
            FieldType::List(list) => Some(Holds::List(list.items.kind)),
            FieldType::Map(values) => Some(Holds::Scalar(*values)),
            FieldType::Object(members) => {
                add(domain, path, members, types);
                None
            }
        };
        if let Some(holds) = holds {
            types.insert(FieldRef { domain, path: path.clone(), key: None }, holds);
        }
        path.pop();
    }
}

/// What the planner needs of a conjunct: an equality or membership test that an index can stand
/// for.
pub(super) fn key_atom<'c>(conjunct: usize, part: &Part<'c>) -> Option<KeyAtom<'c>> {
    use crate::model::{Operand, Operator};
    let Condition::Atom(atom) = part.condition else { return None };
    if part.negated || atom.quantifier.is_some() {
        return None;
    }
    let literals = match (&atom.operand, atom.operator) {
        (Operand::Literal(literal), Operator::Equals) => std::slice::from_ref(literal),
        (Operand::Literals(literals), Operator::In) => literals.as_slice(),
        _ => return None,
    };
    // NaN equals nothing: a test that no value passes has no key to be found by.
    let is_nan = |literal: &Literal| matches!(literal, Literal::Float(value) if value.is_nan());
    if literals.iter().all(is_nan) {
        return None;
    }
    Some(KeyAtom { conjunct, place: &atom.subject, literals })
}
