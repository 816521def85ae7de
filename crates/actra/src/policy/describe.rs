//! What a policy's schema and rules are, as data: for hosts that fill slots, and for pages that
//! show rules.

use super::Policy;
use actra_bytecode::ids::{ActionId, RuleId, SlotId};
use actra_bytecode::program::{Constant, Constraint, Field, Rule, SlotKind};
use actra_bytecode::{Number, Program};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

impl Policy {
    /// The schema as a JSON object:
    ///
    /// - `language`, and `evaluation` as policies spell it;
    /// - `action_type_slot`;
    /// - `slots`, by number: `name`, `domain`, `parent` (a slot or null), `key` (its name in the
    ///   parent), and `kind`: `field`, or `entry` of a map that some rule reads;
    /// - `actions`, by name, and `common`, `state`: arrays of fields. Those of `common` belong to
    ///   every action, those of `state` to the actor and the snapshot. A field has `slot`, `name`
    ///   and `type`, and where they are set `required`, `default`, `enum`, `min`, `max`,
    ///   `max_length`, `max_items` and `unique`. Instants are in microseconds.
    pub fn schema_json(&self) -> Value {
        let program = self.program();
        let fields = |fields: &[Field]| -> Value {
            fields.iter().map(|field| field_json(program, field)).collect()
        };
        let actions: Map<String, Value> = program
            .actions()
            .iter()
            .filter_map(|action| {
                let own = program.action_fields(program.action_of_symbol(action.name)?);
                Some((program.text(action.name).to_owned(), fields(own)))
            })
            .collect();
        let slots: Vec<Value> = (0..program.slots().len())
            .filter_map(|index| slot_json(program, SlotId(index as u16)))
            .collect();
        let settings = program.settings();
        let combine = if settings.collects_approvals { "most_restrictive" } else { "first_match" };
        json!({
            "language": settings.language,
            "evaluation": {
                "combine": combine,
                "default": settings.default.as_str(),
                "missing": if settings.missing_is_unknown { "fail_closed" } else { "no_match" },
                "inputs": if settings.checks_inputs { "checked" } else { "unchecked" },
            },
            "action_type_slot": program.action_type_slot().0,
            "slots": slots,
            "common": fields(program.common_fields()),
            "actions": actions,
            "state": fields(program.state_fields()),
        })
    }

    /// The rules as a JSON array, in the order in which they decide: `id`, `effect`, `mode`
    /// (`enforce` or `shadow`), `position` in the documents, `actions` that it is about (null: every
    /// action), and where they are set `message`, `required_actions`, `description`, `file`, `line`
    /// and `column`. An element's index is the rule's.
    pub fn rules_json(&self) -> Value {
        let scopes = action_scopes(self.program());
        let rules = self.program().rules().iter().enumerate();
        rules
            .map(|(index, rule)| {
                let scope = scopes.get(index).filter(|scope| !scope.is_empty());
                self.rule_json(RuleId(index as u32), rule, scope)
            })
            .collect()
    }

    /// The required actions of some rules together, in their order, each once: what a decision has
    /// that these rules made. Rules that are not there ask for nothing.
    pub fn required_actions(&self, rules: &[RuleId]) -> Vec<Value> {
        crate::decision::required_actions(self.program(), None, rules)
    }

    fn rule_json(&self, id: RuleId, rule: &Rule, scope: Option<&BTreeSet<&str>>) -> Value {
        let program = self.program();
        let mut json = Map::new();
        let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
        put("id", program.text(rule.id).into());
        put("effect", rule.effect.as_str().into());
        put("mode", if rule.shadow { "shadow" } else { "enforce" }.into());
        put("position", rule.position.into());
        put("actions", scope.map_or(Value::Null, |names| names.iter().copied().collect()));
        if let Some(message) = rule.message {
            put("message", program.text(message).into());
        }
        let actions = crate::decision::required_actions(program, Some(id), &[]);
        if !actions.is_empty() {
            put("required_actions", actions.into());
        }
        if let Some(known) = self.metadata().rule(id) {
            if !known.description.is_empty() {
                put("description", known.description.into());
            }
            if let Some(file) = known.source {
                put("file", file.into());
                put("line", known.line.into());
                put("column", known.column.into());
            }
        }
        Value::Object(json)
    }
}

/// By rule, the actions of its scope; none where it has no such scope.
fn action_scopes(program: &Program) -> Vec<BTreeSet<&str>> {
    let mut scopes = vec![BTreeSet::new(); program.rules().len()];
    for (index, action) in program.actions().iter().enumerate() {
        let Some(group) = program.action_group(ActionId(index as u32)) else { continue };
        let name = program.text(action.name);
        let of_indexes = program.indexes(group).iter().flat_map(|index| {
            let of_keys = program.keys(index).flat_map(|(_, rules)| rules);
            program.postings_of_missing(index).iter().chain(of_keys)
        });
        for rule in program.always(group).iter().chain(of_indexes) {
            if let Some(scope) = scopes.get_mut(*rule as usize) {
                scope.insert(name);
            }
        }
    }
    scopes
}

fn slot_json(program: &Program, id: SlotId) -> Option<Value> {
    let slot = program.slot(id)?;
    Some(json!({
        "name": program.text(slot.name),
        "domain": slot.domain.as_str(),
        "kind": match slot.kind {
            SlotKind::Field => "field",
            SlotKind::Entry => "entry",
        },
        "parent": slot.parent.map(|parent| parent.0),
        "key": program.text(slot.segment),
    }))
}

fn field_json(program: &Program, field: &Field) -> Value {
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    put("slot", field.slot.0.into());
    put("name", program.slot_name(field.slot).into());
    put("type", field.ty.as_str().into());
    if field.required {
        put("required", true.into());
    }
    match field.default {
        Some(Constant::String(text)) => put("default", program.text(text).into()),
        Some(Constant::Number(number)) => put("default", number_json(number)),
        Some(Constant::Boolean(value)) => put("default", value.into()),
        Some(Constant::Instant(micros)) => put("default", micros.into()),
        None => None,
    };
    if let Some(constraint) = field.constraint.and_then(|index| program.constraint(index)) {
        constraint_json(program, field, constraint, put);
    }
    Value::Object(json)
}

fn constraint_json(
    program: &Program,
    field: &Field,
    constraint: &Constraint,
    mut put: impl FnMut(&str, Value) -> Option<Value>,
) {
    if let Some(list) = constraint.allowed {
        let is_numeric = field.ty.items().unwrap_or(field.ty).is_numeric();
        let allowed: Value = if is_numeric {
            let numbers = program.list(list).iter();
            numbers
                .map(|id| number_json(program.number(actra_bytecode::ids::NumberId(*id))))
                .collect()
        } else {
            program.list_strings(list).collect()
        };
        put("enum", allowed);
    }
    if let Some(min) = constraint.min {
        put("min", number_json(min));
    }
    if let Some(max) = constraint.max {
        put("max", number_json(max));
    }
    if let Some(most) = constraint.max_length {
        put("max_length", most.into());
    }
    if let Some(most) = constraint.max_items {
        put("max_items", most.into());
    }
    if constraint.unique {
        put("unique", true.into());
    }
}

fn number_json(number: Number) -> Value {
    match number {
        Number::Integer(value) => value.into(),
        Number::Float(value) => value.into(),
    }
}
