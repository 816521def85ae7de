//! The JSON Schemas of `actra schema`, held by a validator against everything that compiles and
//! everything that does not.

use crate::support::Room;
use actra_compiler::check::{PolicyDocuments, check};
use actra_compiler::diagnostic::{Diagnostic, Report, Severity, SourceId, Sources};
use actra_compiler::yaml::{self, Document, Node, Scalar, Value as Yaml};
use actra_testkit::{corpus, generate};
use jsonschema::Validator;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const KINDS: [&str; 4] = ["policy", "schema", "governance", "test"];

/// Errors that a JSON Schema cannot see: a code, a part of the message (all of the code's errors
/// where it is empty), and what it takes to see them. All other errors in the documents of the
/// tests a JSON Schema finds, each at its place.
const BEYOND: &[(&str, &str, &str)] = &[
    ("bad_constraint", "less than", "compares values"),
    ("bad_constraint", "greater than", "compares values"),
    ("bad_default", "not in the field's `enum`", "compares values"),
    ("bad_default", "less than", "compares values"),
    ("bad_default", "longer than", "compares values"),
    ("bad_default", "timestamp", "reads a timestamp"),
    ("bad_domain", "", "reads a host"),
    ("bad_duration", "longer than any timestamp", "computes"),
    ("bad_expectation", "", "knows the policy's rules"),
    ("bad_literal", "", "knows the field's type"),
    ("bad_name", "is null", "tells the key `null` from the text"),
    ("bad_name", "no text", "tells the key `null` from the text"),
    ("bad_network", "", "reads a network"),
    ("bad_operand", "", "knows the types of both sides"),
    ("bad_path", "", "reads a path"),
    ("bad_pattern", "", "reads a pattern"),
    ("bad_timestamp", "", "reads a timestamp"),
    ("circular_definition", "", "follows names"),
    ("complex_key", "", "sees keys that JSON has not"),
    ("conflicting_keys", "would undo what the matrix sets", "compares paths"),
    ("governance_not_supported", "", "knows the compiler's release"),
    ("kind_mismatch", "", "knows the types of both sides"),
    ("literal_not_in_enum", "", "knows the field's enum"),
    ("literal_out_of_range", "", "has 64 bits"),
    ("needs_version_2", "", "knows the version deep inside"),
    ("null_value", "`null` is not a value", "reads bare words of short atoms"),
    ("pattern_too_large", "", "builds an automaton"),
    ("quantifier_misuse", "is for lists", "knows the field's type"),
    ("quantifier_misuse", "compares with literals only", "reads short atoms from right to left"),
    ("repeated_key", "", "sees keys that JSON readers have merged"),
    ("repeated_rule_id", "", "compares rules"),
    ("repeated_test", "", "compares tests"),
    ("sum_misuse", "", "knows the types of both sides"),
    ("too_many_tests", "", "multiplies"),
    ("undeclared_action", "", "knows the schema"),
    ("undeclared_field", "", "knows the schema"),
    ("unknown_definition", "", "follows names"),
    ("unknown_fixture", "", "follows names"),
    ("unknown_rule", "", "knows the policy's rules"),
    ("bad_constraint", "does not fit 64 bits", "has 64 bits"),
    ("bad_constraint", "longer than `max_length`", "compares values"),
    ("bad_default", "greater than", "compares values"),
    ("bad_name", "bytes", "counts bytes"),
    ("bad_name", "holds a dot", "knows the policy's version"),
    ("condition_too_deep", "", "counts levels"),
    ("conflicting_keys", "no policy can meet both", "compares values"),
    ("foreign_tag", "", "sees tags"),
    ("governance_violated", "", "knows the policy"),
    ("literal_too_long", "", "counts bytes"),
    ("merge_key", "", "sees YAML's merge keys"),
    ("repeated_field", "", "compares two sections"),
    ("repeated_governance_id", "", "compares rules"),
    ("too_many_literals", "", "counts inside short atoms"),
    ("unknown_key", "of a document of further rules", "knows that the file is in `policies/`"),
    ("unknown_version", ".0`", "tells `2.0` from `2`"),
    ("wrong_shape", "`1e3`", "tells `1e3` from `1000`"),
    // A document of `policies/` has no section of its own that turns the whole language on.
    ("version_1_ignored", "", "knows the document beside"),
    ("version_mismatch", "", "knows the document beside"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text_of(kind: &str) -> Value {
    let room = Room::new(&format!(
        "json_schema_{kind}_{}",
        std::thread::current().name().unwrap().replace("::", "_")
    ));
    room.run(&["schema", kind]).succeeds().json()
}

fn validator(kind: &str) -> Validator {
    jsonschema::draft202012::new(&text_of(kind)).unwrap()
}

/// A document as an editor sees it.
fn to_json(document: &Document, node: &Node) -> Value {
    match &node.value {
        Yaml::Scalar(Scalar::Null) => Value::Null,
        Yaml::Scalar(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Scalar(Scalar::Integer(value)) => {
            match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => value.into(),
                (_, Ok(value)) => value.into(),
                _ => (*value as f64).into(),
            }
        }
        // JSON has no infinities; editors hold them for numbers of their own.
        Yaml::Scalar(Scalar::Float(value)) => serde_json::Number::from_f64(*value)
            .map_or_else(|| document.text(node).unwrap().into(), Value::Number),
        Yaml::Scalar(Scalar::String(text)) => text.clone().into(),
        Yaml::Sequence(items) => items.iter().map(|item| to_json(document, item)).collect(),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|entry| {
                    let key = document.text(&entry.key).unwrap_or("null").to_owned();
                    (key, to_json(document, &entry.value))
                })
                .collect(),
        ),
    }
}

/// The keys and indexes that lead to the innermost node at a byte.
fn path_to(document: &Document, node: &Node, at: u32) -> Vec<String> {
    let holds = |node: &Node| {
        let span = document.span(node);
        span.start <= at && at < span.end.max(span.start + 1)
    };
    let mut path = Vec::new();
    match &node.value {
        Yaml::Scalar(_) => {}
        Yaml::Sequence(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| holds(item)) {
                path = vec![index.to_string()];
                path.extend(path_to(document, item, at));
            }
        }
        Yaml::Mapping(entries) => {
            for entry in entries {
                let key = document.text(&entry.key).unwrap_or("null").to_owned();
                if holds(&entry.value) {
                    path = vec![key];
                    path.extend(path_to(document, &entry.value, at));
                } else if holds(&entry.key) {
                    path = vec![key];
                }
            }
        }
    }
    path
}

fn read(text: &str) -> Option<Document> {
    let mut sources = Sources::default();
    let id = sources.add("document", text);
    yaml::read(&sources, id, &mut Report::default())
}

/// What the validator says, or nothing.
fn faults(validator: &Validator, text: &str) -> Vec<(Vec<String>, String)> {
    let document = read(text).expect("it is YAML");
    let value = to_json(&document, &document.root);
    validator
        .iter_errors(&value)
        .map(|error| {
            let path = error.instance_path.to_string();
            let path = path.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
            (path.collect(), error.to_string())
        })
        .collect()
}

fn accepts(validator: &Validator, text: &str, what: &str) {
    let faults = faults(validator, text);
    assert!(faults.is_empty(), "{what}: {faults:#?}\n{text}");
}

#[test]
fn the_schemas_are_schemas_of_2020_12_with_names_of_their_own() {
    let mut ids = BTreeSet::new();
    for kind in KINDS {
        let schema = text_of(kind);
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let id = schema["$id"].as_str().unwrap();
        assert_eq!(id, format!("urn:actra:schema:{kind}:1"));
        assert!(ids.insert(id.to_owned()));
    }
}

/// Everything below a `properties`, with its place.
fn keys<'s>(schema: &'s Value, place: &str, found: &mut Vec<(String, &'s Value)>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                let place = format!("{place}/{key}");
                let is_example = matches!(key.as_str(), "examples" | "enum" | "const" | "default");
                if key == "properties" && !place.contains("/if/") && !place.contains("/then/") {
                    for (name, schema) in value.as_object().unwrap() {
                        found.push((format!("{place}/{name}"), schema));
                    }
                }
                if !is_example {
                    keys(value, &place, found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                keys(item, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_key_has_a_description_to_show_and_unknown_keys_are_refused() {
    for kind in KINDS {
        let schema = text_of(kind);
        let mut found = Vec::new();
        keys(&schema, "", &mut found);
        assert!(found.len() > 15, "{kind}");
        for (place, key) in found {
            // Narrowing: `default: false`, or a tighter type where another branch describes the key.
            if key == &Value::Bool(false) || place.contains("allOf") {
                continue;
            }
            let resolved = match key["$ref"].as_str() {
                Some(name) => &schema["$defs"][name.trim_start_matches("#/$defs/")],
                None => key,
            };
            let text = key["description"].as_str().or_else(|| resolved["description"].as_str());
            let text = text.unwrap_or_else(|| panic!("{kind}{place} has no description"));
            assert!(text.len() <= 240 && text.ends_with('.'), "{kind}{place}: {text}");
        }
    }
}

#[test]
fn examples_inside_the_schemas_are_examples() {
    fn walk(root: &Value, schema: &Value, place: &str, count: &mut usize) {
        match schema {
            Value::Object(map) => {
                if let Some(examples) = map.get("examples").and_then(Value::as_array) {
                    let mut alone = schema.clone();
                    alone["$defs"] = root["$defs"].clone();
                    let validator = jsonschema::draft202012::new(&alone).unwrap();
                    for example in examples {
                        *count += 1;
                        assert!(validator.is_valid(example), "{place}: {example}");
                    }
                }
                for (key, value) in map {
                    walk(root, value, &format!("{place}/{key}"), count);
                }
            }
            Value::Array(items) => {
                for item in items {
                    walk(root, item, place, count);
                }
            }
            _ => {}
        }
    }
    for kind in KINDS {
        let schema = text_of(kind);
        let mut count = 0;
        walk(&schema, &schema, kind, &mut count);
        assert!(count >= 5, "{kind} has {count} examples");
    }
}

/// Policy directories of examples and templates.
fn directories() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open =
        vec![root().join("examples"), Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            }
        }
        if directory.join("schema.yaml").exists() {
            found.push(directory);
        }
    }
    found.sort();
    found
}

#[test]
fn examples_and_templates_validate() {
    let validators: BTreeMap<&str, Validator> =
        KINDS.into_iter().map(|kind| (kind, validator(kind))).collect();
    let directories = directories();
    assert!(directories.len() >= 5);
    let mut count = BTreeMap::new();
    for directory in directories {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        if let Ok(more) = fs::read_dir(directory.join("policies")) {
            files.extend(more.map(|entry| entry.unwrap().path()));
        }
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap();
            let kind = match name {
                "schema.yaml" => "schema",
                "governance.yaml" => "governance",
                _ if name.ends_with("_test.yaml") => "test",
                _ if file.extension().is_some_and(|extension| extension == "yaml") => "policy",
                _ => continue,
            };
            *count.entry(kind).or_insert(0) += 1;
            let text = fs::read_to_string(&file).unwrap();
            accepts(&validators[kind], &text, &file.display().to_string());
        }
    }
    for kind in ["policy", "schema", "test"] {
        assert!(count[kind] >= 5, "{count:?}");
    }
}

#[test]
fn conformance_documents_validate() {
    let validators: BTreeMap<&str, Validator> =
        KINDS.into_iter().map(|kind| (kind, validator(kind))).collect();
    let mut count = BTreeMap::new();
    for fixture in conformance_fixtures().iter().filter(|fixture| fixture.alone) {
        if fixture.errors.is_empty() {
            accepts(&validators[fixture.kind], &fixture.text, &fixture.what);
            *count.entry(fixture.kind).or_insert(0) += 1;
        }
    }
    assert!(
        count["schema"] > 300 && count["policy"] > 300 && count["governance"] > 10,
        "{count:?}"
    );
}

#[test]
fn generated_documents_validate() {
    let (policy, schema) = (validator("policy"), validator("schema"));
    for seed in 1..=200 {
        let checked = generate::policy(seed);
        for style in generate::Style::ALL {
            let documents = generate::documents(&checked, style, seed);
            accepts(&schema, &documents.schema, &format!("seed {seed}"));
            accepts(&policy, &documents.policy, &format!("seed {seed}"));
        }
    }
}

/// A document of a test, and the errors in it.
struct Fixture {
    what: String,
    kind: &'static str,
    text: String,
    errors: Vec<Diagnostic>,
    /// Whether a document beside it has errors, for which this one may not have been looked at.
    alone: bool,
}

/// The cases of the compiler's tests: `tests/check/*.txt`.
fn compiler_fixtures() -> Vec<Fixture> {
    let folder = root().join("crates/actra-compiler/tests/check");
    let common = fs::read_to_string(folder.join("schema.yaml")).unwrap();
    let mut found = Vec::new();
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "txt")) {
        let text = fs::read_to_string(file).unwrap();
        for case in format!("\n{text}").split("\n# ").skip(1) {
            let (name, body) = case.split_once('\n').unwrap();
            let what = format!("{}: {name}", file.file_name().unwrap().display());
            found.extend(compile_case(&what, body, &common));
        }
    }
    found
}

fn compile_case(what: &str, body: &str, common: &str) -> Vec<Fixture> {
    let mut files: Vec<(String, String)> = Vec::new();
    let sections = format!("\n{body}");
    for section in sections.split("\n--- ").skip(1) {
        let (name, text) = section.split_once('\n').unwrap_or((section, ""));
        let file = match name.trim() {
            "more" => format!("policies/{}.yaml", files.len()),
            "expect" => break,
            name => format!("{name}.yaml"),
        };
        files.push((file, format!("{text}\n")));
    }
    if files.iter().all(|(name, _)| name != "schema.yaml") {
        files.push(("schema.yaml".to_owned(), common.to_owned()));
    }
    compile(what, &files)
}

/// Documents with the errors that the compiler finds in each.
fn compile(what: &str, files: &[(String, String)]) -> Vec<Fixture> {
    let mut sources = Sources::default();
    let ids: BTreeMap<&str, SourceId> = files
        .iter()
        .map(|(name, text)| (name.as_str(), sources.add(name.as_str(), text.as_str())))
        .collect();
    let more = ids.iter().filter(|(name, _)| name.starts_with("policies/")).map(|(_, id)| *id);
    let documents = PolicyDocuments {
        schema: ids["schema.yaml"],
        policy: ids["policy.yaml"],
        more_policies: more.collect(),
        governance: ids.get("governance.yaml").copied(),
    };
    let mut report = Report::default();
    check(&sources, &documents, &mut report);
    let errors: Vec<Diagnostic> = report
        .into_sorted()
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    let fixture = |(name, text): &(String, String)| {
        let id = ids[name.as_str()];
        let is_here = |found: &&Diagnostic| found.span.is_some_and(|span| span.source == id);
        let own: Vec<Diagnostic> = errors.iter().filter(is_here).cloned().collect();
        Fixture {
            what: format!("{what}: {name}"),
            kind: match name.as_str() {
                "schema.yaml" => "schema",
                "governance.yaml" => "governance",
                _ => "policy",
            },
            text: text.clone(),
            alone: own.len() == errors.len(),
            errors: own,
        }
    };
    files.iter().map(fixture).collect()
}

/// A text that is longer holds nothing but a limit.
const LONGEST: usize = 200_000;

/// The documents of the conformance cases.
fn conformance_fixtures() -> Vec<Fixture> {
    let mut found = Vec::new();
    let mut too_long = 0;
    for file in corpus::load(&root().join("conformance/cases")).unwrap() {
        for case in file.cases {
            let documents = case.same_hash.iter().chain(&case.other_hash).chain([&case.documents]);
            for documents in documents {
                let files: Vec<(String, String)> = documents
                    .files()
                    .into_iter()
                    .map(|(name, text)| (name, text.expand()))
                    .collect();
                if files.iter().any(|(_, text)| text.len() > LONGEST) {
                    too_long += 1;
                    continue;
                }
                found.extend(compile(&format!("{}: {}", file.name, case.name), &files));
            }
        }
    }
    assert!(too_long < 60, "{too_long} cases are passed over");
    found
}

/// The cases of the test runner's tests: `tests/testing/errors.txt`.
fn test_fixtures() -> Vec<Fixture> {
    let folder = root().join("crates/actra/tests/testing");
    let text = fs::read_to_string(folder.join("errors.txt")).unwrap();
    let data = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let policy =
        actra::Policy::from_strings(&data("schema.yaml"), &data("policy.yaml"), None).unwrap();
    let mut found = Vec::new();
    for case in format!("\n{text}").split("\n# ").skip(1) {
        let (head, _) = case.split_once("--- expect").unwrap();
        let (name, document) = head.split_once("\n--- test\n").unwrap();
        let file = actra::testing::check_document("policy_test.yaml", document, Some(&policy));
        let errors = file
            .diagnostics()
            .iter()
            .filter(|found| found.severity == Severity::Error && found.span.is_some())
            .cloned();
        found.push(Fixture {
            what: format!("errors.txt: {name}"),
            kind: "test",
            text: document.to_owned(),
            errors: errors.collect(),
            alone: true,
        });
    }
    found
}

#[test]
fn what_is_refused_by_the_compiler_is_refused_here_but_for_what_no_schema_can_see() {
    let validators: BTreeMap<&str, Validator> =
        KINDS.into_iter().map(|kind| (kind, validator(kind))).collect();
    let mut needed = vec![false; BEYOND.len()];
    let mut unexpected = String::new();
    let mut found_here = 0;
    let fixtures =
        compiler_fixtures().into_iter().chain(test_fixtures()).chain(conformance_fixtures());
    for fixture in fixtures {
        let Some(document) = read(&fixture.text) else {
            // What is no YAML is refused by whoever reads YAML.
            continue;
        };
        let faults = faults(&validators[fixture.kind], &fixture.text);
        if fixture.errors.is_empty() {
            if fixture.alone {
                assert!(faults.is_empty(), "{}: {faults:#?}\n{}", fixture.what, fixture.text);
            }
            continue;
        }
        for error in &fixture.errors {
            let code = error.code.as_str();
            let at = error.span.unwrap().start;
            let path = path_to(&document, &document.root, at);
            let found = faults.iter().any(|(fault, _)| {
                let whole = fault.is_empty() && path.len() <= 1;
                whole
                    || (!fault.is_empty() && (path.starts_with(fault) || fault.starts_with(&path)))
            });
            if found {
                found_here += 1;
                continue;
            }
            let known = BEYOND.iter().position(|(beyond, part, why)| {
                assert!(!why.is_empty());
                *beyond == code && error.message.contains(part)
            });
            if let Some(index) = known {
                needed[index] = true;
            } else {
                let path = path.join("/");
                writeln!(unexpected, "{code}: {} /{path}: {}", fixture.what, error.message)
                    .unwrap();
            }
        }
    }
    assert!(unexpected.is_empty(), "the schemas should find these:\n{unexpected}");
    assert!(found_here > 200, "{found_here} errors found");
    let needless: Vec<_> =
        BEYOND.iter().zip(needed).filter(|(_, needed)| !needed).map(|(row, _)| row).collect();
    assert!(needless.is_empty(), "the schemas find all of these: {needless:?}");
}
