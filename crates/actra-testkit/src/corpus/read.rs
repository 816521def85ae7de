//! Reading the format of the cases.

use super::text::{Piece, Text};
use super::{Case, Check, Diagnosis, Documents, Expectation, Input, Verdict};
use crate::Value;
use crate::reference::{Code, Decision, Options};
use actra_compiler::model::Effect;
use serde_yaml::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Entries = BTreeMap<String, Yaml>;

/// What the cases of a file share.
#[derive(Default)]
struct Shared {
    documents: BTreeMap<String, Draft>,
    expectations: BTreeMap<String, Expectation>,
}

/// Documents whose places are still to be filled.
#[derive(Clone, Default)]
struct Draft {
    documents: Documents,
    fillings: BTreeMap<String, Text>,
    /// Names of fillings that the case itself gives: each has to have its place.
    given: Vec<String>,
}

/// Reads the cases of one file.
///
/// # Errors
/// What is wrong with it, as text.
pub fn parse(text: &str) -> Result<Vec<Case>, String> {
    let root: Yaml = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let mut root = entries(root, "the file", &["documents", "expectations", "cases"])?;
    let mut shared = Shared::default();
    if let Some(documents) = root.remove("documents") {
        for (name, one) in pairs(documents, "`documents`")? {
            let draft = draft_of(one, &shared).map_err(|error| format!("`{name}`: {error}"))?;
            shared.documents.insert(name, draft);
        }
    }
    if let Some(expectations) = root.remove("expectations") {
        for (name, one) in pairs(expectations, "`expectations`")? {
            let expectation = parse_expectation(one, &shared)?;
            shared.expectations.insert(name, expectation);
        }
    }
    let mut names = BTreeSet::new();
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

fn draft_of(documents: Yaml, shared: &Shared) -> Result<Draft, String> {
    let find = |name: &str| {
        let found = shared.documents.get(name).cloned();
        let found = found.ok_or_else(|| format!("there are no documents `{name}`"))?;
        Ok::<_, String>(Draft { given: Vec::new(), ..found })
    };
    if let Yaml::String(name) = &documents {
        return find(name);
    }
    let keys = ["use", "schema", "policy", "policies", "governance", "fill"];
    let mut given = entries(documents, "a case's documents", &keys)?;
    let mut draft = match given.remove("use") {
        Some(name) => find(&string(name, "`use`")?)?,
        None => Draft::default(),
    };
    for (key, text) in
        [("schema", &mut draft.documents.schema), ("policy", &mut draft.documents.policy)]
    {
        if let Some(yaml) = given.remove(key) {
            *text = text_of(yaml, key)?;
        } else if text.pieces.is_empty() {
            return Err(format!("there is no `{key}`"));
        }
    }
    if let Some(policies) = given.remove("policies") {
        draft.documents.policies = texts(policies, "`policies`")?.into_iter().collect();
    }
    if let Some(governance) = given.remove("governance") {
        draft.documents.governance = Some(text_of(governance, "`governance`")?);
    }
    if let Some(fill) = given.remove("fill") {
        let fill = texts(fill, "`fill`")?;
        draft.given = fill.keys().cloned().collect();
        draft.fillings.extend(fill);
    }
    Ok(draft)
}

fn texts(mapping: Yaml, what: &str) -> Result<BTreeMap<String, Text>, String> {
    pairs(mapping, what)?
        .into_iter()
        .map(|(name, text)| Ok((name.clone(), text_of(text, &name)?)))
        .collect()
}

fn text_of(text: Yaml, what: &str) -> Result<Text, String> {
    let Yaml::Sequence(pieces) = text else {
        return Ok(Text { pieces: vec![Piece::Plain(string(text, what)?)] });
    };
    let mut out = Vec::new();
    for piece in pieces {
        out.push(match piece {
            Yaml::Mapping(_) => {
                let mut piece = entries(piece, "a piece of text", &["repeat", "times"])?;
                let text = string(piece.remove("repeat").unwrap_or_default(), "`repeat`")?;
                let times = piece.remove("times").unwrap_or_default().as_u64();
                let times = times.ok_or("`times` is no count")? as usize;
                Piece::Repeat { text, times }
            }
            plain => Piece::Plain(string(plain, what)?),
        });
    }
    Ok(Text { pieces: out })
}

fn documents_of(yaml: Yaml, shared: &Shared) -> Result<Documents, String> {
    let Draft { documents, fillings, given } = draft_of(yaml, shared)?;
    let mut used = Vec::new();
    let mut fill = |text: &Text| text.fill(&fillings, &mut used);
    let filled = Documents {
        schema: fill(&documents.schema)?,
        policy: fill(&documents.policy)?,
        policies: documents
            .policies
            .iter()
            .map(|(name, text)| Ok((name.clone(), fill(text)?)))
            .collect::<Result<_, String>>()?,
        governance: documents.governance.as_ref().map(&mut fill).transpose()?,
    };
    match given.iter().find(|name| !used.contains(name)) {
        Some(name) => Err(format!("there is no place `<<{name}>>`")),
        None => Ok(filled),
    }
}

fn parse_case(case: Yaml, shared: &Shared) -> Result<Case, String> {
    let keys = ["name", "of", "documents", "compile", "hash", "same_hash", "other_hash", "checks"];
    let mut case = entries(case, "a case", &keys)?;
    let name = string(case.remove("name").unwrap_or_default(), "a case's name")?;
    let parsed = fill_case(&mut case, shared).map_err(|error| format!("`{name}`: {error}"))?;
    if parsed.is_empty() {
        return Err(format!("`{name}` checks nothing"));
    }
    Ok(Case { name, ..parsed })
}

fn fill_case(case: &mut Entries, shared: &Shared) -> Result<Case, String> {
    let documents = documents_of(case.remove("documents").unwrap_or_default(), shared)?;
    let of = match case.remove("of") {
        Some(Yaml::String(one)) => vec![one],
        of => strings(of, "`of`")?,
    };
    let compile = case.remove("compile").map(parse_verdict).transpose()?;
    let hash = case.remove("hash").map(|hash| string(hash, "`hash`")).transpose()?;
    let mut others = |key: &str| -> Result<Vec<Documents>, String> {
        let Some(documents) = case.remove(key) else { return Ok(Vec::new()) };
        list(documents, key)?.into_iter().map(|one| documents_of(one, shared)).collect()
    };
    let (same_hash, other_hash) = (others("same_hash")?, others("other_hash")?);
    let mut checks = Vec::new();
    if let Some(list_of) = case.remove("checks") {
        for check in list(list_of, "`checks`")? {
            checks.push(parse_check(check, shared)?);
        }
    }
    let fails = compile.as_ref().is_some_and(|verdict: &Verdict| !verdict.errors.is_empty());
    if fails && (hash.is_some() || !same_hash.is_empty() || !checks.is_empty()) {
        return Err("what does not compile has no hash and decides nothing".to_owned());
    }
    let name = String::new();
    Ok(Case { name, of, documents, compile, hash, same_hash, other_hash, checks })
}

fn parse_verdict(verdict: Yaml) -> Result<Verdict, String> {
    let mut verdict = entries(verdict, "`compile`", &["errors", "warnings"])?;
    let mut take = |key: &str| -> Result<Vec<Diagnosis>, String> {
        let Some(diagnoses) = verdict.remove(key) else { return Ok(Vec::new()) };
        list(diagnoses, key)?.into_iter().map(parse_diagnosis).collect()
    };
    Ok(Verdict { errors: take("errors")?, warnings: take("warnings")? })
}

fn parse_diagnosis(diagnosis: Yaml) -> Result<Diagnosis, String> {
    let diagnosis = match diagnosis {
        Yaml::String(code) => Diagnosis { code, ..Diagnosis::default() },
        entries_of => {
            let keys = ["code", "document", "line", "names"];
            let mut given = entries(entries_of, "an error", &keys)?;
            let line = given.remove("line").map(|line| line.as_u64().ok_or("a line is a count"));
            Diagnosis {
                code: string(given.remove("code").unwrap_or_default(), "`code`")?,
                document: optional(given.remove("document"))?,
                line: line.transpose()?.map(|line| line as u32),
                names: strings(given.remove("names"), "`names`")?,
            }
        }
    };
    Ok(diagnosis)
}

fn parse_check(check: Yaml, shared: &Shared) -> Result<Check, String> {
    let forms = ["input", "input_json", "input_yaml", "input_hex"];
    let keys = ["input", "input_json", "input_yaml", "input_hex", "refuse_unknown", "expect"];
    let mut check = entries(check, "a check", &keys)?;
    let mut inputs = Vec::new();
    for form in forms {
        let Some(given) = check.remove(form) else { continue };
        inputs.push(match form {
            "input" => Input::Tree(value(given)?),
            "input_json" => Input::Json(text_of(given, form)?),
            "input_yaml" => Input::Yaml(text_of(given, form)?),
            _ => Input::Bytes(bytes_of(&string(given, form)?)?),
        });
    }
    let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else {
        return Err(format!("a check has one of {forms:?}"));
    };
    let refuse_unknown = match check.remove("refuse_unknown") {
        None => false,
        Some(Yaml::Bool(flag)) => flag,
        Some(_) => return Err("`refuse_unknown` is true or false".to_owned()),
    };
    let expect = parse_expectation(check.remove("expect").unwrap_or_default(), shared)?;
    Ok(Check { input, options: Options { refuse_unknown }, expect })
}

fn bytes_of(digits: &str) -> Result<Vec<u8>, String> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).map_err(|error| error.to_string())?;
            u8::from_str_radix(pair, 16).map_err(|error| format!("`{pair}`: {error}"))
        })
        .collect()
}

fn parse_expectation(expect: Yaml, shared: &Shared) -> Result<Expectation, String> {
    if let Yaml::String(name) = &expect {
        let found = shared.expectations.get(name).cloned();
        return found.ok_or_else(|| format!("there is no expectation `{name}`"));
    }
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
        return match expect.keys().next() {
            None => Ok(Expectation::Error { code, field }),
            Some(key) => Err(format!("an input error has no `{key}`")),
        };
    }
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

pub(super) fn optional(text: Option<Yaml>) -> Result<Option<String>, String> {
    match text {
        None | Some(Yaml::Null) => Ok(None),
        Some(text) => string(text, "a name or message").map(Some),
    }
}

pub(super) fn string(text: Yaml, what: &str) -> Result<String, String> {
    match text {
        Yaml::String(text) => Ok(text),
        other => Err(format!("{what} is no string but {other:?}")),
    }
}

pub(super) fn strings(list_of: Option<Yaml>, what: &str) -> Result<Vec<String>, String> {
    let Some(list_of) = list_of else { return Ok(Vec::new()) };
    list(list_of, what)?.into_iter().map(|item| string(item, what)).collect()
}

pub(super) fn list(items: Yaml, what: &str) -> Result<Vec<Yaml>, String> {
    match items {
        Yaml::Sequence(items) => Ok(items),
        other => Err(format!("{what} is no list but {other:?}")),
    }
}

/// The entries of a mapping with any names, in their order.
fn pairs(mapping: Yaml, what: &str) -> Result<Vec<(String, Yaml)>, String> {
    let Yaml::Mapping(mapping) = mapping else { return Err(format!("{what} is no mapping")) };
    mapping.into_iter().map(|(key, value)| Ok((string(key, what)?, value))).collect()
}

/// The entries of a mapping that knows these keys only.
pub(super) fn entries(mapping: Yaml, what: &str, known: &[&str]) -> Result<Entries, String> {
    let mut out = Entries::new();
    for (key, value) in pairs(mapping, what)? {
        if !known.contains(&key.as_str()) {
            return Err(format!("{what} knows no `{key}`"));
        }
        out.insert(key, value);
    }
    Ok(out)
}

/// A tree of YAML as an input has it. Integers outside 64 bits need `input_json`.
pub(super) fn value(yaml: Yaml) -> Result<Value, String> {
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
    use super::super::{CaseFile, Compiled, Outcome, Said, run, to_json};
    use super::*;
    use crate::reference::InputError;

    const FILE: &str = r#"
documents:
  small: {schema: "s <<x>>", policy: "p", fill: {x: one}}
expectations:
  bad: {error: malformed}
cases:
  - name: one
    of: 1.a
    documents: small
    checks:
      - input: {action: {type: a, n: .nan, i: 5, f: 5.0}}
        expect: {effect: block, matched_rule: r, required_actions: [{type: x, a: 1}]}
      - input_json: ["{", {repeat: x, times: 3}]
        refuse_unknown: true
        expect: bad
  - name: two
    of: [1.a, 2.b]
    documents: {use: small, fill: {x: [two, {repeat: "!", times: 2}]}}
    compile: {errors: [{code: c, line: 5, names: [a]}, d]}
  - name: three
    documents: small
    hash: h
    same_hash: [small]
    other_hash: [{use: small, policy: q}]
"#;

    fn said(code: &str, line: u32) -> Said {
        Said { code: code.into(), document: String::new(), line, text: "about a".into() }
    }

    fn compile(documents: &Documents) -> Result<Compiled<()>, Vec<Said>> {
        if documents.schema.expand() == "s two!!" {
            return Err(vec![said("d", 1), said("c", 5)]);
        }
        let hash = if documents.policy.expand() == "p" { "h" } else { "i" };
        Ok(Compiled { program: (), hash: hash.into(), warnings: Vec::new() })
    }

    #[test]
    fn reads_cases_and_tells_failures() {
        let file = CaseFile { name: "f".into(), cases: parse(FILE).unwrap() };
        let case = &file.cases[0];
        assert_eq!((case.documents.schema.expand().as_str(), case.len()), ("s one", 2));
        let Expectation::Decision(expected) = case.checks[0].expect.clone() else { panic!() };
        assert_eq!(expected.required_actions, [r#"{"a":1,"type":"x"}"#]);
        let evaluate = |(): &(), check: &Check| {
            let result = check.input.to_tree().map(|_| expected.clone());
            vec![Outcome { door: "one", result }]
        };
        let files = [file.clone()];
        let report = run(&files, compile, evaluate);
        assert_eq!(report.failures, Vec::<String>::new());
        assert_eq!(report.counts, BTreeMap::from([("compile", 1), ("hash", 3), ("one", 2)]));

        let report = run(
            &files,
            |_| Err(vec![said("c", 4), said("d", 1)]),
            |(): &(), _| vec![Outcome { door: "one", result: Ok(expected.clone()) }],
        );
        assert_eq!(report.failures.len(), 3, "{:?}", report.failures);
        let refuse = |(): &(), _: &Check| {
            let result = Err(InputError::at(Code::Malformed, "action"));
            vec![Outcome { door: "one", result }]
        };
        let failures = run(&files, compile, refuse).failures;
        assert_eq!(failures.len(), 1);
        assert!(
            failures[0].starts_with("f: one: input 1 as one: expected Decision"),
            "{failures:?}"
        );

        let json = to_json(&files);
        assert_eq!(json["f"][0]["checks"][0]["input"]["action"]["n"]["$number"], "nan");
        assert_eq!(json["f"][0]["checks"][1]["expect"]["error"], "malformed");
        assert_eq!(json["f"][0]["checks"][1]["input_json"][1]["times"], 3);
        assert_eq!(json["f"][1]["compile"]["errors"][0]["line"], 5);
        assert_eq!(json["f"][2]["other_hash"][0]["policy"], "q");
    }

    #[test]
    fn refuses_what_the_format_does_not_know() {
        let documents = "documents: {schema: s, policy: p}";
        for (text, error) in [
            (
                "cases: [{name: a, documents: x, checks: []}]".into(),
                "`a`: there are no documents `x`",
            ),
            (format!("cases: [{{name: a, {documents}, checks: []}}]"), "`a` checks nothing"),
            ("extra: 1".into(), "the file knows no `extra`"),
            (
                format!(
                    "cases: [{{name: a, {documents}, checks: [{{input: {{}}, expect: {{error: x}}}}]}}]"
                ),
                "`a`: there is no code `x`",
            ),
            (
                format!("cases: [{{name: a, {documents}, checks: [{{input: {{}}, expect: x}}]}}]"),
                "`a`: there is no expectation `x`",
            ),
            (
                "cases: [{name: a, documents: {schema: s, policy: p, fill: {x: y}}, checks: []}]"
                    .into(),
                "`a`: there is no place `<<x>>`",
            ),
            (
                format!("cases: [{{name: a, {documents}, compile: {{errors: [x]}}, hash: h}}]"),
                "`a`: what does not compile has no hash and decides nothing",
            ),
        ] {
            assert_eq!(parse(&text).unwrap_err(), error);
        }
    }
}
