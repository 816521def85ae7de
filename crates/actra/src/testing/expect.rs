//! What a test expects, and how it compares with what came out.

use crate::decision::{Decision, Effect};
use crate::error::{InputCode, InputError};
use serde_json::{Map, Value as Json};

/// What a test expects: fields of a decision, or an input error. What is not named may be
/// anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    fields: Vec<Expected>,
}

/// A field that a test expects, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The field of the decision; for an input error `error` (its code) or `field`.
    pub field: &'static str,
    /// The value as JSON; null: there is none.
    pub value: Json,
}

/// A field in which an answer is not what the test expects.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// As in [`Expected::field`].
    pub field: &'static str,
    /// What the test expects.
    pub expected: Json,
    /// What came out; null: nothing.
    pub actual: Json,
}

impl Expectation {
    pub(super) fn new(fields: Vec<Expected>) -> Self {
        Self { fields }
    }

    pub(super) fn of_effect(effect: Effect) -> Self {
        Self::new(vec![Expected { field: "effect", value: effect.as_str().into() }])
    }

    /// The fields, in the order of a decision's.
    pub fn fields(&self) -> &[Expected] {
        &self.fields
    }

    /// The fields as one JSON object.
    pub fn to_json(&self) -> Json {
        let fields = self.fields.iter();
        fields
            .map(|expected| (expected.field.to_owned(), expected.value.clone()))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Whether it is an input error that is expected.
    pub fn is_error(&self) -> bool {
        self.fields.iter().any(|expected| expected.field == "error")
    }

    /// Whether it is this input error.
    pub(super) fn is_code(&self, code: InputCode) -> bool {
        self.fields
            .iter()
            .any(|expected| expected.field == "error" && expected.value == code.as_str())
    }

    /// Where the answer is another one.
    pub(super) fn differences(&self, answer: &Result<Decision, InputError>) -> Vec<Difference> {
        let actual = match (answer, self.is_error()) {
            (Ok(decision), false) => of_decision(decision),
            (Err(error), true) => of_error(error),
            (Ok(decision), true) => {
                let wanted = self.fields.iter().find(|expected| expected.field == "error");
                return vec![
                    Difference {
                        field: "error",
                        expected: wanted.map_or(Json::Null, |wanted| wanted.value.clone()),
                        actual: Json::Null,
                    },
                    Difference {
                        field: "effect",
                        expected: Json::Null,
                        actual: decision.effect.as_str().into(),
                    },
                ];
            }
            (Err(error), false) => {
                let field = |expected: &Expected| Difference {
                    field: expected.field,
                    expected: expected.value.clone(),
                    actual: Json::Null,
                };
                let error = Difference {
                    field: "error",
                    expected: Json::Null,
                    actual: error.code.as_str().into(),
                };
                return self.fields.iter().map(field).chain([error]).collect();
            }
        };
        let differs = |expected: &&Expected| {
            let found = actual.get(expected.field).unwrap_or(&Json::Null);
            !meets(&expected.value, found)
        };
        let difference = |expected: &Expected| Difference {
            field: expected.field,
            expected: expected.value.clone(),
            actual: actual.get(expected.field).cloned().unwrap_or_default(),
        };
        self.fields.iter().filter(differs).map(difference).collect()
    }
}

/// Whether a value is what is expected. Of `shadow`, only what is named counts.
fn meets(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            expected.iter().all(|(key, value)| actual.get(key) == Some(value))
        }
        _ => expected == actual,
    }
}

/// Every field of a decision, those that are not set included.
fn of_decision(decision: &Decision) -> Map<String, Json> {
    let shadow = decision.shadow.as_ref().map(|shadow| {
        serde_json::json!({
            "effect": shadow.effect.as_str(),
            "matched_rule": shadow.matched_rule,
        })
    });
    [
        ("effect", decision.effect.as_str().into()),
        ("matched_rule", decision.matched_rule.clone().into()),
        ("matched_rules", decision.matched_rules.clone().into()),
        ("message", decision.message.clone().into()),
        ("required_actions", decision.required_actions.clone().into()),
        ("missing", decision.missing.clone().into()),
        ("shadow", shadow.unwrap_or_default()),
    ]
    .into_iter()
    .map(|(field, value): (&str, Json)| (field.to_owned(), value))
    .collect()
}

fn of_error(error: &InputError) -> Map<String, Json> {
    let code: Json = error.code.as_str().into();
    Map::from_iter([("error".to_owned(), code), ("field".to_owned(), error.field.clone().into())])
}
