//! Questions and answers in JSON, for doors that pass text.

use super::question::{Question, QuestionError};
use super::{AnalysisError, DEFAULT_BUDGET, diff_with};
use crate::policy::Policy;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

/// A question in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    question: String,
    actions: Option<Vec<String>>,
    assume: Option<Value>,
    inputs: Option<Inputs>,
    budget: Option<u64>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Inputs {
    Partial,
    Complete,
}

pub(super) fn ask(
    policy: &Policy,
    question: &str,
    other: Option<&Policy>,
) -> Result<String, AnalysisError> {
    let asked: Asked = serde_json::from_str(question).map_err(|error| malformed(&error))?;
    let budget = asked.budget.unwrap_or(DEFAULT_BUDGET);
    let is_narrowed = asked.actions.is_some() || asked.assume.is_some() || asked.inputs.is_some();
    let refuse = |message: &str| Err(QuestionError::new(message).into());
    match (asked.question.as_str(), other) {
        ("analyze" | "diff", _) if is_narrowed => {
            refuse("`analyze` and `diff` take no `actions`, `assume` and `inputs`")
        }
        ("analyze", None) => answer(&policy.analyze_with(budget, &mut |_, _| {})?),
        ("diff", Some(new)) => answer(&diff_with(policy, new, budget, &mut |_, _| {})?),
        ("diff", None) => refuse("`diff` needs the policy to hold this one against"),
        (_, Some(_)) => refuse("only `diff` is about two policies"),
        (text, None) => {
            let mut question = Question::parse(text)?.with_budget(budget);
            if let Some(actions) = asked.actions {
                question = question.about(actions);
            }
            if let Some(assumed) = asked.assume {
                // JSON is YAML, too.
                question = question.assuming(as_yaml(&assumed));
            }
            if asked.inputs == Some(Inputs::Complete) {
                question = question.complete();
            }
            answer(&policy.ask(&question)?)
        }
    }
}

fn malformed(error: &serde_json::Error) -> QuestionError {
    // It quotes keys, however long they are.
    let error: String = error.to_string().chars().take(200).collect();
    QuestionError::new(format!("the question is malformed: {error}"))
}

/// JSON as YAML takes it: characters that only JSON has as they are can stand in its strings only, and
/// are escaped there.
fn as_yaml(value: &Value) -> String {
    let json = value.to_string();
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let code = u32::from(character);
        if matches!(code, 0x7f..0xa0 | 0x2028 | 0x2029 | 0xfeff | 0xfffe | 0xffff) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{code:04x}");
        } else {
            text.push(character);
        }
    }
    text
}

fn answer(value: &impl serde::Serialize) -> Result<String, AnalysisError> {
    serde_json::to_string(value).map_err(|error| AnalysisError::TooLarge(error.to_string()))
}
