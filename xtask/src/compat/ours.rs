//! The same questions, put to this project: through JSON text, YAML text and the frame.

use super::package::Answer;
use actra::{Decision, Frame, InputCode, InputError, Policy};
use actra_testkit::Value;

/// What one door makes of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    /// `effect` and `matched_rule`.
    Decision(String, Option<String>),
    /// An input error and its field.
    InputError(InputCode, Option<String>),
}

impl Ours {
    /// Whether this is the package's decision.
    pub(super) fn is(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::Decision(effect, rule), Answer::Decision(their_effect, their_rule)) => {
                effect == their_effect && rule == their_rule
            }
            _ => false,
        }
    }
}

/// Puts an input through every door that can take it. JSON cannot write NaN and infinities, and a
/// frame has no place for a domain that is no object.
pub(super) fn ask(policy: &Policy, input: &Value) -> Vec<(&'static str, Ours)> {
    let mut answers = vec![("yaml", ours(policy.evaluate_yaml(input.to_yaml_text().as_bytes())))];
    if let Some(text) = input.to_json_text() {
        answers.push(("json", ours(policy.evaluate_json(text.as_bytes()))));
    }
    if let Some(answer) = ask_frame(policy, input) {
        answers.push(("frame", answer));
    }
    answers
}

fn ours(result: Result<Decision, InputError>) -> Ours {
    match result {
        Ok(decision) => Ours::Decision(decision.effect.as_str().to_owned(), decision.matched_rule),
        Err(error) => Ours::InputError(error.code, error.field),
    }
}

fn ask_frame(policy: &Policy, input: &Value) -> Option<Ours> {
    let mut frame = policy.frame();
    for domain in ["action", "actor", "snapshot"] {
        let entries = match input.entry(domain) {
            None => continue,
            Some(Value::Object(entries)) => entries,
            Some(_) => return None,
        };
        for (name, value) in entries {
            if let Some(slot) = policy.slot(&format!("{domain}.{name}")) {
                let value = frame_value(&mut frame, value)?;
                frame.set(slot, value);
            }
        }
    }
    Some(ours(match Policy::decide(&mut frame) {
        Ok(outcome) => Ok(Policy::decision(&frame, &outcome)),
        Err(error) => Err(Policy::input_error(&frame, &error)),
    }))
}

fn frame_value<'v>(frame: &mut Frame<'_, 'v>, value: &'v Value) -> Option<actra::Value<'v>> {
    Some(match value {
        Value::Null => actra::Value::Null,
        Value::Bool(value) => actra::Value::Boolean(*value),
        Value::Int(value) => actra::Value::Integer(*value),
        Value::BigInt(digits) => actra::Value::BigInteger(digits.parse().ok()?),
        Value::Float(value) => actra::Value::Float(*value),
        Value::String(text) => actra::Value::String(text),
        Value::Object(_) => frame.object_from(frame.entries_start()),
        Value::List(items) => {
            let start = frame.items_start();
            for item in items {
                let item = frame_value(frame, item)?;
                frame.push_item(item);
            }
            frame.list_from(start)
        }
    })
}
