//! The conformance cases: documents, inputs and what is to come of them, as data.
//!
//! `conformance/README.md` documents the format. The runner knows no evaluator: it is handed one
//! closure that compiles a case's documents and one that evaluates an input.

use crate::Value;
use crate::json;
use crate::reference::{Code, Decision, InputError, Options};
use actra_compiler::model::Effect;
use serde_yaml::Value as Yaml;
use std::collections::BTreeMap;
use std::path::Path;

/// The cases of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFile {
    /// The file's name without its ending.
    pub name: String,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

/// Documents with what they decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the case shows; unique in its file.
    pub name: String,
    /// The text of `schema.yaml`.
    pub schema: String,
    /// The text of `policy.yaml`.
    pub policy: String,
    /// Inputs with what is to come of them.
    pub checks: Vec<Check>,
}

/// An input with what is to come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The input.
    pub input: Input,
    /// What the caller asks for.
    pub options: Options,
    /// What is to come of it.
    pub expect: Expectation,
}

/// An input in one of two forms.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A tree.
    Tree(Value),
    /// JSON text, for what no tree can hold: the text has to be read by what is tested.
    Json(String),
}

impl Input {
    /// The tree, read from the text where it comes as one.
    ///
    /// # Errors
    /// The input error of a text that is not well formed.
    pub fn to_tree(&self) -> Result<Value, InputError> {
        match self {
            Self::Tree(value) => Ok(value.clone()),
            Self::Json(text) => json::parse(text),
        }
    }
}

/// What is to come of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// A decision, alike in every field.
    Decision(Decision),
    /// An input error.
    Error {
        /// Its code.
        code: Code,
        /// Its field; `None` where the case does not say.
        field: Option<String>,
    },
}

/// Reads every `*.yaml` of a directory, in order of file name.
///
/// # Errors
/// What is wrong with the directory or a file, as text.
pub fn load(directory: &Path) -> Result<Vec<CaseFile>, String> {
    let entries = std::fs::read_dir(directory).map_err(|error| error.to_string())?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let cases = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        files.push(CaseFile { name: name.unwrap_or_default(), cases });
    }
    Ok(files)
}

/// Runs cases: `compile` makes something of a case's documents, `evaluate` holds an input against
/// it. Returns what failed, as text; nothing means that every case holds.
pub fn run<P>(
    files: &[CaseFile],
    mut compile: impl FnMut(&Case) -> Result<P, String>,
    mut evaluate: impl FnMut(&P, &Check) -> Result<Decision, InputError>,
) -> Vec<String> {
    let mut failures = Vec::new();
    for file in files {
        for case in &file.cases {
            let place = format!("{}: {}", file.name, case.name);
            let program = match compile(case) {
                Ok(program) => program,
                Err(error) => {
                    failures.push(format!("{place}: does not compile: {error}"));
                    continue;
                }
            };
            for (index, check) in case.checks.iter().enumerate() {
                let outcome = evaluate(&program, check);
                if !holds(&check.expect, &outcome) {
                    failures.push(format!(
                        "{place}: input {}: expected {:?}, got {outcome:?}",
                        index + 1,
                        check.expect,
                    ));
                }
            }
        }
    }
    failures
}

fn holds(expect: &Expectation, outcome: &Result<Decision, InputError>) -> bool {
    match (expect, outcome) {
        (Expectation::Decision(expected), Ok(decision)) => expected == decision,
        (Expectation::Error { code, field }, Err(error)) => {
            *code == error.code && (field.is_none() || *field == error.field)
        }
        _ => false,
    }
}

/// The cases as one JSON value, for bindings whose language has no YAML at hand. Numbers that JSON
/// cannot write are `{"$number": "nan"}`, `"inf"`, `"-inf"` or digits.
pub fn to_json(files: &[CaseFile]) -> serde_json::Value {
    let check = |check: &Check| {
        let mut entries = serde_json::Map::new();
        match &check.input {
            Input::Tree(tree) => entries.insert("input".into(), tree_to_json(tree)),
            Input::Json(text) => entries.insert("input_json".into(), text.clone().into()),
        };
        entries.insert("refuse_unknown".into(), check.options.refuse_unknown.into());
        entries.insert("expect".into(), expectation_to_json(&check.expect));
        serde_json::Value::Object(entries)
    };
    let case = |case: &Case| {
        serde_json::json!({
            "name": case.name,
            "schema": case.schema,
            "policy": case.policy,
            "checks": case.checks.iter().map(check).collect::<Vec<_>>(),
        })
    };
    let files: serde_json::Map<String, serde_json::Value> = files
        .iter()
        .map(|file| (file.name.clone(), file.cases.iter().map(case).collect::<Vec<_>>().into()))
        .collect();
    files.into()
}

fn expectation_to_json(expect: &Expectation) -> serde_json::Value {
    match expect {
        Expectation::Error { code, field: None } => serde_json::json!({"error": code.as_str()}),
        Expectation::Error { code, field } => {
            serde_json::json!({"error": code.as_str(), "field": field})
        }
        Expectation::Decision(decision) => {
            let required: Vec<serde_json::Value> = decision
                .required_actions
                .iter()
                .map(|text| serde_json::from_str(text).unwrap_or_default())
                .collect();
            let shadow = decision.shadow.as_ref().map(|(effect, rule)| {
                serde_json::json!({"effect": effect.as_str(), "matched_rule": rule})
            });
            serde_json::json!({
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

fn tree_to_json(tree: &Value) -> serde_json::Value {
    match tree {
        Value::Float(value) if !value.is_finite() => {
            let name = match (value.is_nan(), *value > 0.0) {
                (true, _) => "nan",
                (false, true) => "inf",
                (false, false) => "-inf",
            };
            serde_json::json!({"$number": name})
        }
        Value::BigInt(digits) => serde_json::json!({"$number": digits}),
        Value::List(items) => items.iter().map(tree_to_json).collect::<Vec<_>>().into(),
        Value::Object(entries) => serde_json::Value::Object(
            entries.iter().map(|(key, value)| (key.clone(), tree_to_json(value))).collect(),
        ),
        scalar => scalar.to_json().unwrap_or_default(),
    }
}

// Reading.

type Entries = BTreeMap<String, Yaml>;

/// Reads the cases of one file.
///
/// # Errors
/// What is wrong with it, as text.
pub fn parse(text: &str) -> Result<Vec<Case>, String> {
    let root: Yaml = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let mut root = entries(root, "the file", &["documents", "cases"])?;
    let mut shared = BTreeMap::new();
    if let Some(documents) = root.remove("documents") {
        let Yaml::Mapping(documents) = documents else {
            return Err("`documents` is no mapping".to_owned());
        };
        for (name, pair) in documents {
            shared.insert(string(name, "a name")?, pair_of(pair)?);
        }
    }
    let mut names = std::collections::BTreeSet::new();
    let mut cases = Vec::new();
    for case in list(root.remove("cases").unwrap_or_default(), "`cases`")? {
        let case = parse_case(case, &shared)?;
        if !names.insert(case.name.clone()) {
            return Err(format!("two cases are named `{}`", case.name));
        }
        cases.push(case);
    }
    Ok(cases)
}

fn pair_of(documents: Yaml) -> Result<(String, String), String> {
    let mut documents = entries(documents, "a case's documents", &["schema", "policy"])?;
    let mut take = |key: &str| string(documents.remove(key).unwrap_or_default(), key);
    Ok((take("schema")?, take("policy")?))
}

fn parse_case(case: Yaml, shared: &BTreeMap<String, (String, String)>) -> Result<Case, String> {
    let mut case = entries(case, "a case", &["name", "documents", "checks"])?;
    let name = string(case.remove("name").unwrap_or_default(), "a case's name")?;
    let (schema, policy) = match case.remove("documents").unwrap_or_default() {
        Yaml::String(shared_name) => shared
            .get(&shared_name)
            .cloned()
            .ok_or_else(|| format!("`{name}`: there are no documents `{shared_name}`"))?,
        pair => pair_of(pair)?,
    };
    let mut checks = Vec::new();
    for check in list(case.remove("checks").unwrap_or_default(), "`checks`")? {
        checks.push(parse_check(check).map_err(|error| format!("`{name}`: {error}"))?);
    }
    if checks.is_empty() {
        return Err(format!("`{name}` checks nothing"));
    }
    Ok(Case { name, schema, policy, checks })
}

fn parse_check(check: Yaml) -> Result<Check, String> {
    let keys = ["input", "input_json", "refuse_unknown", "expect"];
    let mut check = entries(check, "a check", &keys)?;
    let input = match (check.remove("input"), check.remove("input_json")) {
        (Some(tree), None) => Input::Tree(value(tree)?),
        (None, Some(text)) => Input::Json(string(text, "`input_json`")?),
        _ => return Err("a check has one of `input` and `input_json`".to_owned()),
    };
    let refuse_unknown =
        check.remove("refuse_unknown").is_some_and(|flag| flag == Yaml::Bool(true));
    let expect = parse_expectation(check.remove("expect").unwrap_or_default())?;
    Ok(Check { input, options: Options { refuse_unknown }, expect })
}

fn parse_expectation(expect: Yaml) -> Result<Expectation, String> {
    let keys = [
        "error",
        "field",
        "effect",
        "matched_rule",
        "matched_rules",
        "message",
        "required_actions",
        "missing",
        "shadow",
    ];
    let mut expect = entries(expect, "`expect`", &keys)?;
    if let Some(code) = expect.remove("error") {
        let code = string(code, "`error`")?;
        let code = Code::parse(&code).ok_or_else(|| format!("there is no code `{code}`"))?;
        let field = expect.remove("field").map(|field| string(field, "`field`")).transpose()?;
        return Ok(Expectation::Error { code, field });
    }
    let strings = |list_of: Option<Yaml>, what: &str| -> Result<Vec<String>, String> {
        let Some(list_of) = list_of else { return Ok(Vec::new()) };
        list(list_of, what)?.into_iter().map(|item| string(item, what)).collect()
    };
    let mut required_actions = Vec::new();
    if let Some(actions) = expect.remove("required_actions") {
        for action in list(actions, "`required_actions`")? {
            required_actions.push(canonical(&value(action)?)?);
        }
    }
    let shadow = match expect.remove("shadow") {
        None => None,
        Some(shadow) => {
            let mut shadow = entries(shadow, "`shadow`", &["effect", "matched_rule"])?;
            Some((effect(shadow.remove("effect"))?, optional(shadow.remove("matched_rule"))?))
        }
    };
    Ok(Expectation::Decision(Decision {
        effect: effect(expect.remove("effect"))?,
        matched_rule: optional(expect.remove("matched_rule"))?,
        matched_rules: strings(expect.remove("matched_rules"), "`matched_rules`")?,
        message: optional(expect.remove("message"))?,
        required_actions,
        missing: strings(expect.remove("missing"), "`missing`")?,
        shadow,
    }))
}

fn effect(name: Option<Yaml>) -> Result<Effect, String> {
    let name = string(name.unwrap_or_default(), "`effect`")?;
    [Effect::Allow, Effect::RequireApproval, Effect::Block]
        .into_iter()
        .find(|effect| effect.as_str() == name)
        .ok_or_else(|| format!("there is no effect `{name}`"))
}

fn optional(text: Option<Yaml>) -> Result<Option<String>, String> {
    match text {
        None | Some(Yaml::Null) => Ok(None),
        Some(text) => string(text, "a name or message").map(Some),
    }
}

fn string(text: Yaml, what: &str) -> Result<String, String> {
    match text {
        Yaml::String(text) => Ok(text),
        other => Err(format!("{what} is no string but {other:?}")),
    }
}

fn list(items: Yaml, what: &str) -> Result<Vec<Yaml>, String> {
    match items {
        Yaml::Sequence(items) => Ok(items),
        other => Err(format!("{what} is no list but {other:?}")),
    }
}

/// The entries of a mapping that knows these keys only.
fn entries(mapping: Yaml, what: &str, known: &[&str]) -> Result<Entries, String> {
    let Yaml::Mapping(mapping) = mapping else { return Err(format!("{what} is no mapping")) };
    let mut out = Entries::new();
    for (key, value) in mapping {
        let key = string(key, what)?;
        if !known.contains(&key.as_str()) {
            return Err(format!("{what} knows no `{key}`"));
        }
        out.insert(key, value);
    }
    Ok(out)
}

/// A tree of YAML as an input has it. Integers outside 64 bits need `input_json`.
fn value(yaml: Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => Value::Int(value),
            (None, Some(value), _) => Value::BigInt(value.to_string()),
            (None, None, Some(value)) => Value::Float(value),
            _ => return Err(format!("{number} is no number")),
        },
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            Value::List(items.into_iter().map(value).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(mapping) => {
            let mut entries = Vec::new();
            for (key, inner) in mapping {
                entries.push((string(key, "a key")?, value(inner)?));
            }
            Value::Object(entries)
        }
        Yaml::Tagged(_) => return Err("an input has no tags".to_owned()),
    })
}

/// JSON text with sorted keys and no white space.
fn canonical(tree: &Value) -> Result<String, String> {
    let json = tree.to_json().ok_or("a required action is no JSON")?;
    Ok(json_with_sorted_keys(&json).to_string())
}

fn json_with_sorted_keys(json: &serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::Object(map) => {
            let sorted: BTreeMap<&String, serde_json::Value> =
                map.iter().map(|(key, value)| (key, json_with_sorted_keys(value))).collect();
            serde_json::Value::Object(
                sorted.into_iter().map(|(key, value)| (key.clone(), value)).collect(),
            )
        }
        serde_json::Value::Array(items) => items.iter().map(json_with_sorted_keys).collect(),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
documents:
  small: {schema: "s", policy: "p"}
cases:
  - name: one
    documents: small
    checks:
      - input: {action: {type: a, n: .nan, i: 5, f: 5.0}}
        expect: {effect: block, matched_rule: r, required_actions: [{type: x, a: 1}]}
      - input_json: "{"
        refuse_unknown: true
        expect: {error: malformed}
"#;

    #[test]
    fn reads_cases_and_tells_failures() {
        let file = CaseFile { name: "f".into(), cases: parse(FILE).unwrap() };
        let case = &file.cases[0];
        assert_eq!((case.schema.as_str(), case.policy.as_str()), ("s", "p"));
        let Expectation::Decision(expected) = case.checks[0].expect.clone() else { panic!() };
        assert_eq!(expected.required_actions, [r#"{"a":1,"type":"x"}"#]);
        let evaluate = |(): &(), check: &Check| {
            check.input.to_tree()?;
            Ok(expected.clone())
        };
        let files = [file.clone()];
        assert_eq!(run(&files, |_| Ok(()), evaluate), Vec::<String>::new());
        let failures =
            run(&files, |_| Ok(()), |(), _| Err(InputError::at(Code::Malformed, "action")));
        assert_eq!(failures.len(), 1);
        assert!(failures[0].starts_with("f: one: input 1: expected Decision"), "{failures:?}");
        let json = to_json(&files);
        assert_eq!(json["f"][0]["checks"][0]["input"]["action"]["n"]["$number"], "nan");
        assert_eq!(json["f"][0]["checks"][1]["expect"]["error"], "malformed");
    }

    #[test]
    fn refuses_what_the_format_does_not_know() {
        for (text, error) in [
            ("cases: [{name: a, documents: x, checks: []}]", "`a`: there are no documents `x`"),
            (
                "cases: [{name: a, documents: {schema: s, policy: p}, checks: []}]",
                "`a` checks nothing",
            ),
            ("extra: 1", "the file knows no `extra`"),
            (
                "cases: [{name: a, documents: {schema: s, policy: p}, checks: [{input: {}, expect: {error: x}}]}]",
                "`a`: there is no code `x`",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), error);
        }
    }
}
