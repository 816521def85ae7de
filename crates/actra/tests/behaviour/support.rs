//! One shape for the decisions of both evaluators.

use actra::{Evaluator, InputValue, Policy};
use actra_testkit::Value;
use actra_testkit::generate::Documents;
use actra_testkit::reference;

/// A decision or an input error, as both evaluators tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Decision {
        effect: String,
        matched_rule: Option<String>,
        matched_rules: Vec<String>,
        message: Option<String>,
        required_actions: Vec<String>,
        missing: Vec<String>,
        shadow: Option<(String, Option<String>)>,
    },
    Error {
        code: String,
        field: Option<String>,
    },
}

/// How many cases a property runs: `ACTRA_CASES`, or what fits a normal test run.
pub(crate) fn cases(normal: u64) -> u64 {
    std::env::var("ACTRA_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(normal)
}

/// Where a run starts: `ACTRA_SEED`, or 1. The same seeds give the same cases.
pub(crate) fn first_seed() -> u64 {
    std::env::var("ACTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

pub(crate) fn compile(documents: &Documents) -> Policy {
    match Policy::from_strings(&documents.schema, &documents.policy, None) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}\n{}\n{}", documents.schema, documents.policy),
    }
}

pub(crate) fn of_reference(result: Result<reference::Decision, reference::InputError>) -> Told {
    match result {
        Ok(decision) => Told::Decision {
            effect: decision.effect.as_str().to_owned(),
            matched_rule: decision.matched_rule,
            matched_rules: decision.matched_rules,
            message: decision.message,
            required_actions: decision.required_actions,
            missing: decision.missing,
            shadow: decision.shadow.map(|(effect, rule)| (effect.as_str().to_owned(), rule)),
        },
        Err(error) => Told::Error { code: error.code.as_str().to_owned(), field: error.field },
    }
}

pub(crate) fn of_actra(result: Result<actra::Decision, actra::InputError>) -> Told {
    match result {
        Ok(decision) => Told::Decision {
            effect: decision.effect.as_str().to_owned(),
            matched_rule: decision.matched_rule,
            matched_rules: decision.matched_rules,
            message: decision.message,
            required_actions: decision.required_actions.iter().map(ToString::to_string).collect(),
            missing: decision.missing,
            shadow: decision
                .shadow
                .map(|shadow| (shadow.effect.as_str().to_owned(), Some(shadow.matched_rule))),
        },
        Err(error) => Told::Error { code: error.code.as_str().to_owned(), field: error.field },
    }
}

/// Decides a tree by text: as JSON where JSON can write it, otherwise as YAML.
pub(crate) fn decide(evaluator: &mut Evaluator<'_>, input: &Value) -> Told {
    of_actra(match input.to_json_text() {
        Some(text) => evaluator.evaluate_json(text.as_bytes()),
        None => evaluator.evaluate_yaml(input.to_yaml_text().as_bytes()),
    })
}

/// A tree as a value of the host's.
pub(crate) fn value(tree: &Value) -> InputValue {
    match tree {
        Value::Null => InputValue::Null,
        Value::Bool(value) => InputValue::Boolean(*value),
        Value::Int(value) => InputValue::Integer(*value),
        Value::BigInt(digits) => InputValue::BigInteger(digits.parse().unwrap()),
        Value::Float(value) => InputValue::Float(*value),
        Value::String(text) => InputValue::String(text.clone()),
        Value::List(items) => InputValue::List(items.iter().map(value).collect()),
        Value::Object(members) => InputValue::Object(
            members.iter().map(|(key, member)| (key.clone(), value(member))).collect(),
        ),
    }
}
