//! The JSON Schemas against documents: what the checker takes validates, and what it refuses for
//! its shape does not.
//!
//! A JSON Schema sees one document and knows no names, types or kinds. What it misses by that is
//! listed: the codes in [`BEYOND`], and `json_schema_beyond.txt` for single lines with other codes.
//! `UPDATE=1 cargo test -p actra-cli --test cli` writes the file, for a person to read.

use super::support::Room;
use actra_testkit::corpus;
use actra_testkit::generate::{self, Style};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const KINDS: [&str; 5] = ["policy", "policies", "schema", "governance", "test"];

/// Codes of mistakes that no JSON Schema can see: in names that other documents or other parts of
/// the document declare, in kinds of fields and literals, in formats of text, in sizes.
const BEYOND: &[&str] = &[
    "bad_domain",
    "bad_expectation",
    "bad_literal",
    "bad_network",
    "bad_operand",
    "bad_path",
    "bad_pattern",
    "bad_timestamp",
    "circular_definition",
    "governance_not_supported",
    "governance_violated",
    "kind_mismatch",
    "literal_not_in_enum",
    "literal_out_of_range",
    "needs_version_2",
    "pattern_too_large",
    "quantifier_misuse",
    "repeated_governance_id",
    "repeated_rule_id",
    "repeated_test",
    "sum_misuse",
    "undeclared_action",
    "undeclared_field",
    "unknown_definition",
    "unknown_fixture",
    "unknown_rule",
    "version_mismatch",
];

struct Schemas(BTreeMap<&'static str, (Value, Validator)>);

impl Schemas {
    fn new(test: &str) -> Self {
        let room = Room::new(test);
        let load = |kind: &'static str| {
            let schema = room.run(&["schema", kind]).succeeds().json();
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            (kind, (schema, validator))
        };
        Self(KINDS.map(load).into())
    }

    /// What is wrong with a document of that kind, the first of it.
    fn fault(&self, kind: &str, document: &Value) -> Option<String> {
        let fault = self.0[kind].1.iter_errors(document).next()?;
        Some(format!("{} at {}", fault, fault.instance_path()))
    }

    /// Holds that a text that the checker takes validates.
    fn takes(&self, kind: &str, text: &str, whence: &str) {
        let value = json_of(text).unwrap_or_else(|| panic!("{whence}: it is no JSON"));
        if let Some(fault) = self.fault(kind, &value) {
            panic!("{whence} is refused: {fault}\n{text}");
        }
    }
}

/// A YAML document as editors see it. `None` where it is none, or more than JSON can hold.
fn json_of(yaml: &str) -> Option<Value> {
    json_value(serde_yaml::from_str(yaml).ok()?)
}

fn json_value(yaml: serde_yaml::Value) -> Option<Value> {
    use serde_yaml::Value as Yaml;
    Some(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => value.into(),
            (_, Some(value), _) => value.into(),
            // There is no NaN in JSON; that it is a number is what counts.
            (.., Some(value)) => if value.is_finite() { value } else { 0.5 }.into(),
            _ => return None,
        },
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(json_value).collect::<Option<_>>()?)
        }
        Yaml::Mapping(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = match json_value(key)? {
                        Value::String(text) => text,
                        Value::Array(_) | Value::Object(_) => return None,
                        scalar => scalar.to_string(),
                    };
                    Some((key, json_value(value)?))
                })
                .collect::<Option<_>>()?,
        ),
        Yaml::Tagged(_) => return None,
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn the_schemas_are_json_schemas_that_name_themselves() {
    let schemas = Schemas::new("json_schema_meta");
    for (kind, (schema, _)) in &schemas.0 {
        assert!(jsonschema::meta::is_valid(schema), "{kind}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("urn:actra:schema:{kind}"));
        for key in ["title", "description"] {
            assert!(schema[key].is_string(), "{kind} has no {key}");
        }
    }
}

fn patterns<'v>(schema: &'v Value, found: &mut Vec<&'v str>) {
    match schema {
        Value::Object(entries) => {
            found.extend(entries.get("pattern").and_then(Value::as_str));
            entries.values().for_each(|inner| patterns(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| patterns(inner, found)),
        _ => {}
    }
}

/// Validators are written in many languages: no pattern looks around, and escapes are those that
/// all of them have, JavaScript's Unicode mode included.
#[test]
fn patterns_are_such_as_every_language_reads() {
    let schemas = Schemas::new("json_schema_patterns");
    for (kind, (schema, _)) in &schemas.0 {
        let mut found = Vec::new();
        patterns(schema, &mut found);
        assert!(!found.is_empty(), "{kind}");
        for pattern in found {
            let groups = pattern.split("(?").skip(1);
            assert!(groups.into_iter().all(|rest| rest.starts_with(':')), "{pattern}");
            let mut characters = pattern.chars();
            while let Some(character) = characters.next() {
                let escaped = if character == '\\' { characters.next() } else { None };
                assert!(escaped.is_none_or(|c| ".[]trnsSu".contains(c)), "{pattern}");
            }
        }
    }
}

/// Follows `$ref`s and looks at every key of every document.
fn undescribed(schema: &Value, at: &str, found: &mut Vec<String>, root: &Value) {
    let Value::Object(entries) = schema else {
        if let Value::Array(items) = schema {
            for item in items {
                undescribed(item, at, found, root);
            }
        }
        return;
    };
    for (name, inner) in entries {
        undescribed(inner, &format!("{at}/{name}"), found, root);
    }
    // What restricts a key that is described elsewhere says nothing new.
    let describes = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let Some(properties) = schema.get("properties").filter(|_| describes) else { return };
    for (key, property) in properties.as_object().unwrap() {
        let target = property.get("$ref").and_then(Value::as_str).map(|path| &path[1..]);
        let target = target.and_then(|path| root.pointer(path));
        let described = [Some(property), target];
        if !described.into_iter().flatten().any(|one| one.get("description").is_some()) {
            found.push(format!("{at}/{key}"));
        }
    }
}

#[test]
fn every_key_has_a_description_for_people_who_point_at_it() {
    let schemas = Schemas::new("json_schema_descriptions");
    for (kind, (schema, _)) in &schemas.0 {
        let mut found = Vec::new();
        undescribed(schema, kind, &mut found, schema);
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn definitions_that_several_schemas_have_are_the_same_in_all() {
    let schemas = Schemas::new("json_schema_shared");
    let definitions = |kind: &str| schemas.0[kind].0["$defs"].as_object().unwrap().clone();
    let (policy, governance) = (definitions("policy"), definitions("governance"));
    assert_eq!(policy, definitions("policies"));
    let shared: Vec<_> = policy.keys().filter(|name| governance.contains_key(*name)).collect();
    assert!(shared.len() > 10, "{shared:?}");
    for name in shared.into_iter().filter(|name| *name != "rule") {
        assert_eq!(policy[name], governance[name], "{name}");
    }
}

#[test]
fn documents_that_compile_validate() {
    let schemas = Schemas::new("json_schema_takes");
    let mut directories: Vec<PathBuf> = ["examples", "crates/actra-cli/templates"]
        .iter()
        .flat_map(|path| std::fs::read_dir(root().join(path)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("policy.yaml").is_file())
        .collect();
    directories.sort();
    assert!(directories.len() >= 15);
    for directory in &directories {
        let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let mut seen = BTreeSet::new();
        for path in files {
            let kind = match path.file_name().unwrap().to_str().unwrap() {
                "schema.yaml" => "schema",
                "policy.yaml" => "policy",
                "governance.yaml" => "governance",
                name if name.ends_with("_test.yaml") => "test",
                _ => continue,
            };
            seen.insert(kind);
            let text = std::fs::read_to_string(&path).unwrap();
            schemas.takes(kind, &text, &path.display().to_string());
        }
        assert!(["schema", "policy", "test"].iter().all(|kind| seen.contains(kind)), "{seen:?}");
        for path in std::fs::read_dir(directory.join("policies")).into_iter().flatten() {
            let path = path.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            schemas.takes("policies", &text, &path.display().to_string());
        }
    }
    let files = corpus::load(&root().join("conformance/cases")).unwrap();
    let cases = files.iter().flat_map(|file| &file.cases);
    let compiling =
        cases.filter(|case| case.compile.as_ref().is_none_or(|verdict| verdict.errors.is_empty()));
    let mut count = 0;
    for case in compiling {
        let all = [&case.documents].into_iter().chain(&case.same_hash).chain(&case.other_hash);
        for (name, text) in all.flat_map(corpus::Documents::files) {
            let kind = match name.split_once('/') {
                Some(_) => "policies",
                None => name.trim_end_matches(".yaml"),
            };
            schemas.takes(kind, &text.expand(), &format!("{name} of {}", case.name));
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
}

#[test]
fn generated_documents_validate_in_every_style() {
    let schemas = Schemas::new("json_schema_generated");
    for seed in 0..400 {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::ALL[(seed % 3) as usize], seed);
        schemas.takes("schema", &documents.schema, &format!("schema of seed {seed}"));
        schemas.takes("policy", &documents.policy, &format!("policy of seed {seed}"));
        let governance = generate::governance(seed, &checked, checked.version);
        let text = generate::governance_text(&governance);
        schemas.takes("governance", &text, &format!("governance of seed {seed}"));
        let (documents, _) = generate::version_1_package_subset(seed);
        schemas.takes("policy", &documents.policy, &format!("package policy of seed {seed}"));
    }
}

/// A case with documents, and the codes of errors by document and line.
#[derive(Default)]
struct Case {
    name: String,
    documents: Vec<(&'static str, String, String)>,
    errors: BTreeMap<(String, usize), BTreeSet<String>>,
}

/// The cases of `actra-compiler/tests/check/*.txt` and `actra/tests/testing/errors.txt`.
fn cases(path: &str) -> Vec<Case> {
    let text = read(path);
    let mut cases: Vec<Case> = Vec::new();
    let mut section = "";
    let mut code = None;
    for line in text.lines() {
        let is_expectation = section == "expect";
        match line.strip_prefix("# ") {
            Some(name) if is_expectation || cases.is_empty() => {
                cases.push(Case { name: name.to_owned(), ..Case::default() });
                section = "";
                continue;
            }
            _ => {}
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("--- ") {
            section = name.trim();
            let further = case.documents.iter().filter(|(kind, ..)| *kind == "policies").count();
            let (kind, file) = match section {
                "schema" => ("schema", "schema.yaml".to_owned()),
                "policy" => ("policy", "policy.yaml".to_owned()),
                "more" => ("policies", format!("policies/{further}.yaml")),
                "governance" => ("governance", "governance.yaml".to_owned()),
                "test" => ("test", "policy_test.yaml".to_owned()),
                _ => continue,
            };
            case.documents.push((kind, file, String::new()));
        } else if !is_expectation {
            if let Some((.., text)) = case.documents.last_mut() {
                *text += line;
                text.push('\n');
            }
        } else if let Some(found) = line.strip_prefix("error") {
            let found = found.trim_start_matches(['[', ' ']);
            code = found.split([']', ':']).next().map(str::to_owned);
        } else if line.starts_with("warning") || line.starts_with("note") {
            code = None;
        } else if let Some(place) =
            line.trim_start().strip_prefix("at ").or(line.trim_start().strip_prefix("--> "))
        {
            let mut parts = place.split(':');
            let (file, line) = (parts.next().unwrap(), parts.next().unwrap());
            if let Some(code) = code.take() {
                case.errors
                    .entry((file.to_owned(), line.parse().unwrap()))
                    .or_default()
                    .insert(code);
            }
        }
    }
    cases
}

/// A part of a document that can be looked at by itself, and the codes of its errors.
struct Part {
    what: String,
    kind: &'static str,
    value: Option<Value>,
    codes: BTreeSet<String>,
}

/// A sound document of the same version with one item for all of its rules or tests.
fn with_item(kind: &str, whole: Option<&Value>, item: &Value) -> Option<Value> {
    let whole = whole?;
    // Items under a key that is none are not looked at by the checker either.
    let list = match kind {
        "policy" => "/rules",
        "governance" => "/governance/rules",
        _ => "/tests",
    };
    whole.pointer(list)?;
    let version = if whole.get("version") == Some(&json!(1)) { 1 } else { 2 };
    // Whether there is an `evaluation:` decides what version 1 takes.
    let evaluation = match whole.get("evaluation").and_then(Value::as_object) {
        Some(settings) if !settings.is_empty() => json!({"inputs": "checked"}),
        _ => json!({}),
    };
    Some(match kind {
        "policy" => json!({"version": version, "evaluation": evaluation, "rules": [item]}),
        "governance" => json!({"version": version, "governance": {"rules": [item]}}),
        "test" => json!({"name": "a", "tests": [item]}),
        _ => return None,
    })
}

/// The lines of each item of a list that is indented so far: the first line's number and the text.
fn items(text: &str, indent: usize) -> Vec<(usize, String)> {
    let dash = format!("{}- ", " ".repeat(indent));
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut is_inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with(&dash) {
            items.push((number, String::new()));
            is_inside = true;
        } else if !line.trim().is_empty() && line.len() - line.trim_start().len() <= indent {
            is_inside = false;
        }
        if let Some((_, item)) = items.last_mut().filter(|_| is_inside) {
            *item += line;
            item.push('\n');
        }
    }
    items
}

/// The whole document, and each rule, test and atom of it, so that one mistake does not hide
/// whether the next is seen.
fn parts(case: &Case) -> Vec<Part> {
    let mut parts = Vec::new();
    for (kind, file, text) in &case.documents {
        let codes_in = |lines: std::ops::Range<usize>| -> BTreeSet<String> {
            let here = case.errors.iter();
            let here = here.filter(|((name, line), _)| name == file && lines.contains(line));
            here.flat_map(|(_, codes)| codes.clone()).collect()
        };
        let whole = json_of(text);
        let at = format!("{}, {file}", case.name);
        let indent = if *kind == "governance" { 4 } else { 2 };
        let mut add = |(line, text): (usize, String), wrap: &dyn Fn(&Value) -> Value| {
            let Some(Value::Array(found)) = json_of(&text) else { return };
            let [item] = found.as_slice() else { return };
            parts.push(Part {
                what: format!("{at}:{line}: {}", text.lines().next().unwrap_or_default().trim()),
                kind,
                value: with_item(kind, whole.as_ref(), &wrap(item)),
                codes: codes_in(line..line + text.lines().count()),
            });
        };
        for item in items(text, indent) {
            add(item, &Value::clone);
        }
        if *kind == "policy" {
            for atom in items(text, 8) {
                add(
                    atom,
                    &|atom| json!({"id": "a", "scope": {"global": true}, "effect": "block", "when": atom}),
                );
            }
        }
        parts.push(Part { what: at, kind, value: whole, codes: codes_in(0..usize::MAX) });
    }
    parts
}

#[test]
fn what_the_checker_says_of_shapes_a_json_schema_says_too() {
    let schemas = Schemas::new("json_schema_refuses");
    let mut missed = String::new();
    let mut beyond: BTreeSet<&str> = BTreeSet::new();
    let (mut taken, mut refused) = (0, 0);
    let mut wrongly_refused = String::new();
    let check = "crates/actra-compiler/tests/check";
    let mut files: Vec<String> = std::fs::read_dir(root().join(check))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| format!("{check}/{}", path.file_name().unwrap().to_str().unwrap()))
        .collect();
    files.sort();
    assert!(files.len() >= 8);
    files.push("crates/actra/tests/testing/errors.txt".to_owned());
    for file in files {
        for part in cases(&file).iter().flat_map(parts) {
            // Not YAML, or not JSON: editors say so by themselves.
            let Some(value) = &part.value else { continue };
            let fault = schemas.fault(part.kind, value);
            if part.codes.is_empty() {
                match fault {
                    None => taken += 1,
                    Some(fault) => writeln!(wrongly_refused, "{}: {fault}", part.what).unwrap(),
                }
                continue;
            }
            let unseen: Vec<&str> = part.codes.iter().map(String::as_str).collect();
            match fault {
                Some(_) => refused += 1,
                None if unseen.iter().all(|code| BEYOND.contains(code)) => {
                    beyond.extend(BEYOND.iter().filter(|code| unseen.contains(code)));
                }
                None => {
                    let name = Path::new(&file).file_stem().unwrap().to_string_lossy();
                    let codes = unseen.join(", ");
                    writeln!(missed, "{name}: {}\n  {codes}", part.what).unwrap();
                }
            }
        }
    }
    assert_eq!(wrongly_refused, "", "what the checker takes is refused");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/json_schema_beyond.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &missed).unwrap();
    }
    assert_eq!(missed, std::fs::read_to_string(&golden).unwrap());
    let idle: Vec<_> = BEYOND.iter().filter(|code| !beyond.contains(*code)).collect();
    assert!(idle.is_empty(), "nothing is missed for {idle:?}");
    assert!(taken > 100 && refused > 200, "{taken} taken, {refused} refused");
}

#[test]
fn slips_of_the_pen_in_short_atoms_are_refused() {
    let schemas = Schemas::new("json_schema_atoms");
    let policy = |atom: &str| {
        json!({"version": 2, "rules": [
            {"id": "a", "scope": {"global": true}, "when": atom, "effect": "block"}
        ]})
    };
    for good in [
        "action.amount > 1000",
        " action.amount>1000 ",
        "actor.role in [lead,'it''s' ]".replace("''", "").as_str(),
        "actor.role not in @leads",
        "action.labels[\"app/name\"]exists",
        "action.labels['a] b'] == \"x\"",
        "every action.tags in [vip]",
        "action.at>snapshot.since + 30d",
        "action.n <= snapshot.a['k'] - snapshot.b",
        "action.type in['tools/call']",
        "actor.x == exists",
        "actor.x missing",
        "action.n == -1.5e+3",
        "action.customer.tier\n  starts_with [a, b]",
        "snapshot.s not_contains 5",
    ] {
        assert_eq!(schemas.fault("policy", &policy(good)), None, "{good}");
    }
    for bad in [
        "",
        "action.amount",
        "amount > 5",
        "action > 5",
        "actions.amount > 5",
        "action.amount = 5",
        "action.amount >",
        "action.amount > 05",
        "action.amount > 5 and actor.role == a",
        "action.amount > 5 && actor.role == a",
        "not actor.role == a",
        "actor.role in [a, b",
        "actor.role in []",
        "actor.role in a",
        "actor.role in [a,]",
        "actor.role in@leads",
        "actor.role == [a]",
        "actor.role == 'a",
        "actor.role equal a",
        "actor.role == null",
        "actor.role exists true",
        "actor.role matches",
        "action.n == snapshot.m+1",
        "action.n == 1 + snapshot.m",
        "action.at > 30d",
        "action.labels[app] == x",
        "action..x == y",
        "(action.x == y)",
    ] {
        assert!(schemas.fault("policy", &policy(bad)).is_some(), "{bad}");
    }
}
