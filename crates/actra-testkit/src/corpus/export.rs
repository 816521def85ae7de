//! The cases as JSON.

use super::text::{Piece, Text};
use super::{Case, CaseFile, Check, Diagnosis, Documents, Expectation, Input, Verdict};
use crate::Value;
use serde_json::{Map, Value as Json, json};

/// The cases as one JSON value, for bindings whose language has no YAML at hand: every shared
/// text, place and expectation is spelled out. Numbers that JSON cannot write are
/// `{"$number": "nan"}`, `"inf"`, `"-inf"` or digits.
pub fn to_json(files: &[CaseFile]) -> Json {
    let files: Map<String, Json> = files
        .iter()
        .map(|file| {
            (file.name.clone(), file.cases.iter().map(case_to_json).collect::<Vec<_>>().into())
        })
        .collect();
    files.into()
}

fn case_to_json(case: &Case) -> Json {
    let mut entries = documents_to_json(&case.documents);
    entries.insert("name".into(), case.name.clone().into());
    entries.insert("of".into(), case.of.clone().into());
    if let Some(verdict) = &case.compile {
        entries.insert("compile".into(), verdict_to_json(verdict));
    }
    if let Some(hash) = &case.hash {
        entries.insert("hash".into(), hash.clone().into());
    }
    for (key, documents) in [("same_hash", &case.same_hash), ("other_hash", &case.other_hash)] {
        if !documents.is_empty() {
            let documents = documents.iter().map(|one| Json::Object(documents_to_json(one)));
            entries.insert(key.into(), documents.collect::<Vec<_>>().into());
        }
    }
    entries.insert("checks".into(), case.checks.iter().map(check_to_json).collect());
    entries.into()
}

fn documents_to_json(documents: &Documents) -> Map<String, Json> {
    let mut entries = Map::new();
    entries.insert("schema".into(), text_to_json(&documents.schema));
    entries.insert("policy".into(), text_to_json(&documents.policy));
    if !documents.policies.is_empty() {
        let files = documents.policies.iter();
        let files: Map<String, Json> =
            files.map(|(name, text)| (name.clone(), text_to_json(text))).collect();
        entries.insert("policies".into(), files.into());
    }
    if let Some(governance) = &documents.governance {
        entries.insert("governance".into(), text_to_json(governance));
    }
    entries
}

fn text_to_json(text: &Text) -> Json {
    match text.pieces.as_slice() {
        [] => "".into(),
        [Piece::Plain(text)] => text.clone().into(),
        pieces => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text.clone().into(),
                Piece::Repeat { text, times } => json!({"repeat": text, "times": times}),
            })
            .collect(),
    }
}

fn verdict_to_json(verdict: &Verdict) -> Json {
    let list = |list: &[Diagnosis]| -> Json {
        list.iter()
            .map(|one| {
                let mut entries = Map::new();
                entries.insert("code".into(), one.code.clone().into());
                if let Some(document) = &one.document {
                    entries.insert("document".into(), document.clone().into());
                }
                if let Some(line) = one.line {
                    entries.insert("line".into(), line.into());
                }
                if !one.names.is_empty() {
                    entries.insert("names".into(), one.names.clone().into());
                }
                Json::Object(entries)
            })
            .collect()
    };
    json!({"errors": list(&verdict.errors), "warnings": list(&verdict.warnings)})
}

fn check_to_json(check: &Check) -> Json {
    let mut entries = Map::new();
    match &check.input {
        Input::Tree(tree) => entries.insert("input".into(), tree_to_json(tree)),
        Input::Json(text) => entries.insert("input_json".into(), text_to_json(text)),
        Input::Yaml(text) => entries.insert("input_yaml".into(), text_to_json(text)),
        Input::Bytes(bytes) => entries.insert("input_hex".into(), hex(bytes).into()),
    };
    entries.insert("refuse_unknown".into(), check.options.refuse_unknown.into());
    entries.insert("expect".into(), expectation_to_json(&check.expect));
    entries.into()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn expectation_to_json(expect: &Expectation) -> Json {
    match expect {
        Expectation::Error { code, field: None } => json!({"error": code.as_str()}),
        Expectation::Error { code, field } => json!({"error": code.as_str(), "field": field}),
        Expectation::Decision(decision) => {
            let required: Vec<Json> = decision
                .required_actions
                .iter()
                .map(|text| serde_json::from_str(text).unwrap_or_default())
                .collect();
            let shadow = decision
                .shadow
                .as_ref()
                .map(|(effect, rule)| json!({"effect": effect.as_str(), "matched_rule": rule}));
            json!({
                "effect": decision.effect.as_str(),
                "matched_rule": decision.matched_rule,
                "matched_rules": decision.matched_rules,
                "message": decision.message,
                "required_actions": required,
                "missing": decision.missing,
                "shadow": shadow,
            })
        }
    }
}

fn tree_to_json(tree: &Value) -> Json {
    match tree {
        Value::Float(value) if !value.is_finite() => {
            let name = match (value.is_nan(), *value > 0.0) {
                (true, _) => "nan",
                (false, true) => "inf",
                (false, false) => "-inf",
            };
            json!({"$number": name})
        }
        Value::BigInt(digits) => json!({"$number": digits}),
        Value::List(items) => items.iter().map(tree_to_json).collect(),
        Value::Object(entries) => Json::Object(
            entries.iter().map(|(key, value)| (key.clone(), tree_to_json(value))).collect(),
        ),
        scalar => scalar.to_json().unwrap_or_default(),
    }
}
