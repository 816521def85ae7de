//! Inputs with more than the schema names.

#![expect(clippy::indexing_slicing, reason = "places are those of what was counted")]

use super::input::Maker;
use super::rng::Rng;
use crate::Value;
use crate::reference::{MAX_LIST_ITEMS, MAX_STRING_BYTES};
use actra_compiler::model::{CheckedPolicy, Field};

/// Names that no schema has, some of them before and some after those that it has.
const NAMES: &[&str] = &["Aa", "amounts", "cent", "surprise", "type2", "zz", "äh"];
/// Names that a schema has, perhaps elsewhere.
const KNOWN: &[&str] = &["amount", "note", "level", "env"];

/// An input with nothing wrong in what the schema names for its action, and with up to four things
/// beyond that: fields of other actions, names of nobody, some of them over a limit.
pub fn input_beyond(seed: u64, policy: &CheckedPolicy) -> Value {
    let mut rng = Rng::new(seed);
    // In few inputs, since it takes much memory.
    let oversized = if rng.percent(10) { 70 } else { 0 };
    let schema = &policy.schema;
    let action = rng.below(schema.actions.len());
    let own = &schema.actions[action];
    let action_fields: Vec<&Field> = schema.common.iter().chain(&own.fields).collect();
    let mut entries = vec![("type".to_owned(), Value::string(&*own.name))];
    let mut maker = Maker::careful(&mut rng, policy);
    maker.fields(&action_fields, &mut Vec::new(), &mut entries);
    let mut domain = |fields: &[Field]| {
        let mut entries = Vec::new();
        maker.fields(&fields.iter().collect::<Vec<_>>(), &mut Vec::new(), &mut entries);
        Value::Object(entries)
    };
    let mut top = vec![
        ("action".to_owned(), Value::Null),
        ("actor".to_owned(), domain(&schema.actor)),
        ("snapshot".to_owned(), domain(&schema.snapshot)),
    ];

    for _ in 0..=rng.below(4) {
        let other = rng.pick(&schema.actions);
        if other.fields.is_empty() || rng.percent(30) {
            surprise(&mut rng, oversized, &mut entries);
            continue;
        }
        let field = rng.pick(&other.fields);
        let is_own = action_fields.iter().any(|own| own.name == field.name);
        if is_own || entries.iter().any(|(name, _)| *name == field.name) {
            continue;
        }
        let mut of_other = Vec::new();
        Maker::careful(&mut rng, policy).fields(&[field], &mut Vec::new(), &mut of_other);
        if let (true, Some((_, value))) = (rng.percent(oversized), of_other.first_mut()) {
            enlarge(&mut rng, value);
        }
        let at = rng.below(entries.len() + 1);
        entries.splice(at..at, of_other);
    }
    top[0].1 = Value::Object(entries);
    for _ in 0..rng.below(3) {
        let at = rng.below(top.len());
        match &mut top[at].1 {
            Value::Object(entries) if rng.percent(80) => surprise(&mut rng, oversized, entries),
            _ => surprise(&mut rng, oversized, &mut top),
        }
    }
    Value::Object(top)
}

/// Something that the schema does not name, here or in an object that is here.
fn surprise(rng: &mut Rng, oversized: usize, entries: &mut Vec<(String, Value)>) {
    let objects: Vec<usize> =
        (0..entries.len()).filter(|at| matches!(entries[*at].1, Value::Object(_))).collect();
    if !objects.is_empty()
        && rng.percent(60)
        && let Value::Object(inner) = &mut entries[*rng.pick(&objects)].1
    {
        return surprise(rng, oversized, inner);
    }
    let is_strange = rng.percent(70);
    let name = *rng.pick(if is_strange { NAMES } else { KNOWN });
    if entries.iter().all(|(other, _)| other != name) {
        let mut value = match rng.below(4) {
            0 => Value::Null,
            1 => Value::Int(1),
            2 => Value::List(vec![Value::string("a"), Value::string("b")]),
            _ => Value::object([("a", Value::Int(1)), ("tier", Value::string("a"))]),
        };
        if is_strange && rng.percent(oversized) {
            enlarge(rng, &mut value);
        }
        let at = rng.below(entries.len() + 1);
        entries.insert(at, (name.to_owned(), value));
    }
}

/// Puts something over a limit into a value, or in its place.
fn enlarge(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::List(items) if !items.is_empty() && rng.percent(70) => {
            let at = rng.below(items.len());
            enlarge(rng, &mut items[at]);
        }
        Value::Object(entries) if !entries.is_empty() => {
            let at = rng.below(entries.len());
            enlarge(rng, &mut entries[at].1);
        }
        Value::List(items) => *items = vec![Value::Int(0); MAX_LIST_ITEMS + 1],
        _ => *value = Value::String("x".repeat(MAX_STRING_BYTES + 1)),
    }
}
