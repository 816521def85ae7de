//! Every code is shown by a case, and the case is what its explanation says.
//!
//! A code with examples is shown by them. One that no text of a reasonable size shows has its
//! situation made below. What is said is kept in `tests/explanations/CODE.txt`; `UPDATE=1` writes
//! the files, for a person to read. The documentation is made from them.

use actra::codes::AnyCode;
use actra::diagnostic::{Code, Severity, Style, Verdict};
use actra::{CompileError, InputCode, InputError, Policy};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explanations")
}

/// A code's case as it is told.
fn told(code: AnyCode) -> String {
    if let Some(text) = code.demonstrate(Verdict::Wrong, Style::Plain) {
        return text;
    }
    match code {
        AnyCode::Document(code) => document_situation(code),
        AnyCode::Input(code) => {
            let InputError { code: given, message, .. } = input_situation(code);
            format!("input error[{given}]: {message}\n")
        }
    }
}

#[test]
fn every_code_is_given_by_its_case_and_told_as_kept() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = String::new();
    for code in AnyCode::all() {
        let path = folder().join(format!("{code}.txt"));
        let told = told(code);
        let head = format!("{}[{code}]: ", code.severity());
        let own = told.matches(&head).count();
        // What begins a diagnostic, whichever it is.
        let all = told.lines().filter(|line| is_title(line)).count();
        if own == 0 || own != all {
            writeln!(failures, "{code}: {own} of {all} are its own\n{told}").unwrap();
        }
        if update {
            std::fs::write(&path, &told).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != told {
            writeln!(failures, "{code} is not told as in {}:\n{told}", path.display()).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn is_title(line: &str) -> bool {
    ["error[", "warning[", "input error["].iter().any(|title| line.starts_with(title))
}

#[test]
fn right_examples_have_no_error_and_not_the_warning() {
    for code in AnyCode::all() {
        if let Some(told) = code.demonstrate(Verdict::Right, Style::Plain) {
            assert_eq!(told, "", "{code}");
        }
    }
}

#[test]
fn what_has_a_wrong_example_has_a_right_one() {
    for code in AnyCode::all() {
        let has = |verdict| code.explanation().examples(verdict).next().is_some();
        assert_eq!(has(Verdict::Wrong), has(Verdict::Right), "{code}");
    }
}

#[test]
fn files_of_codes_that_are_gone_are_gone() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(AnyCode::parse(name).is_some(), "{} is of no code", path.display());
    }
}

const SCHEMA: &str = "version: 1\nactions: {refund: {fields: {labels: {type: map, values: string}}}}\n\
                      actor: {fields: {role: string, level: integer}}\n";

fn one_rule(when: &str) -> String {
    format!(
        "version: 2\nrules:\n  - id: a\n    scope: {{action: refund}}\n    effect: block\n    when: \
         {when}\n"
    )
}

/// A rule over fields that are compared in a circle, each with each other's neighbour: more
/// combinations than are looked into.
fn circle() -> (String, String) {
    let mut schema = "version: 1\nactions:\n  refund:\n    fields:\n".to_owned();
    let mut policy =
        "version: 2\nrules:\n  - id: circle\n    scope: {action: refund}\n    effect: \
                      allow\n    when:\n      all:\n"
            .to_owned();
    for n in 0..8 {
        writeln!(schema, "      part_{n}: number").unwrap();
        writeln!(policy, "        - action.part_{n} < action.part_{}", (n + 1) % 8).unwrap();
    }
    (schema, policy)
}

/// The situation of a code that no short text shows.
fn document_situation(code: Code) -> String {
    let told = |schema: &str, policy: &str| {
        let error = Policy::from_strings(schema, policy, None).err()?;
        let found = error.diagnostics().iter().filter(|found| found.severity == Severity::Error);
        let found: Vec<_> = found.cloned().collect();
        Some(actra::render_all(&found, error.sources(), Style::Plain))
    };
    let policy = |policy: &str| told(SCHEMA, policy);
    let governed = |governance: &str| {
        let policy = one_rule("actor.role == x");
        let error = Policy::from_strings(SCHEMA, &policy, Some(governance)).err()?;
        Some(error.render(Style::Plain))
    };
    match code {
        Code::MissingFile => directory("missing", &[("schema.yaml", SCHEMA.as_bytes())]),
        Code::UnreadableFile => directory(
            "unreadable",
            &[("schema.yaml", SCHEMA.as_bytes()), ("policy.yaml", b"version: 2 # \xe9\n")],
        ),
        Code::DocumentTooLarge => {
            policy(&format!("version: 2\nrules: []\n# {}\n", "x".repeat(16 << 20)))
        }
        Code::PolicyTooLarge => {
            let atoms: Vec<String> =
                (0..60_001).map(|n| format!("'action.labels[\"k{n}\"] exists'")).collect();
            policy(&one_rule(&format!("{{any: [{}]}}", atoms.join(", "))))
        }
        Code::TooManyAliases => {
            let mut text = "version: 2\nnames:\n  - &n0 [lead, agent]\n".to_owned();
            for n in 1..24 {
                let before = n - 1;
                writeln!(text, "  - &n{n} [*n{before}, *n{before}]").unwrap();
            }
            policy(&text)
        }
        Code::NestingTooDeep => {
            policy(&one_rule(&format!("{}{}", "[".repeat(200), "]".repeat(200))))
        }
        Code::BadCharacter => policy(&one_rule("\"actor.role == 'lead\u{2028}'\"")),
        Code::TooManyFields => {
            let mut schema = "version: 1\nactions: {}\nsnapshot:\n  fields:\n".to_owned();
            for n in 0..=4_096 {
                writeln!(schema, "    field_{n}: string").unwrap();
            }
            told(&schema, "version: 2\nrules: [{id: a, scope: {global: true}, effect: block}]\n")
        }
        Code::TooManyRules => {
            let mut text = "version: 2\nrules:\n".to_owned();
            for n in 0..=100_000 {
                writeln!(text, "  - {{id: r{n}, scope: {{global: true}}, effect: block}}").unwrap();
            }
            policy(&text)
        }
        Code::ConditionTooDeep => {
            policy(&one_rule(&format!("{}actor.role == x{}", "{not: ".repeat(33), "}".repeat(33))))
        }
        Code::ConditionTooLarge => {
            let mut text =
                "version: 2\ndefine:\n  conditions:\n    c0: actor.role == x\n".to_owned();
            for n in 1..=20 {
                let twice = format!("[{{condition: c{}}}, {{condition: c{}}}]", n - 1, n - 1);
                writeln!(text, "    c{n}: {{all: {twice}}}").unwrap();
            }
            let rules = one_rule("{condition: c20}").replacen("version: 2\n", "", 1);
            policy(&(text + &rules))
        }
        Code::GovernanceTooLarge => {
            let governance = format!(
                "version: 2\ngovernance:\n  rules:\n    - id: a\n      select: {{where: {{effect: \
                 allow}}}}\n      must: {{forbid: true}}\n      error: {}\n",
                "no ".repeat(2_000)
            );
            governed(&governance)
        }
        Code::LiteralTooLong => policy(&one_rule(&format!("actor.role == {}", "x".repeat(65_537)))),
        Code::TooManyLiterals => {
            let list: Vec<String> = (0..=65_536).map(|n| n.to_string()).collect();
            policy(&one_rule(&format!("'actor.level in [{}]'", list.join(", "))))
        }
        Code::GovernanceUndecided => {
            let (schema, policy) = circle();
            let promise = "version: 2\ngovernance:\n  rules:\n    - id: nothing_is_allowed\n      must: \
                           {never: allow}\n      error: Nothing is allowed.\n";
            let error = Policy::from_strings(&schema, &policy, Some(promise)).err();
            error.map(|error| error.render(Style::Plain))
        }
        Code::AnalysisUndecided => {
            let (schema, policy) = circle();
            let policy = Policy::from_strings(&schema, &policy, None).unwrap();
            let mut analysis = policy.analyze().unwrap();
            analysis.diagnostics.retain(|found| found.code == code);
            Some(analysis.render(Style::Plain))
        }
        other => panic!("{other} has neither an example nor a situation here"),
    }
    .unwrap_or_else(|| panic!("the situation of {code} is no error"))
}

/// What is said about a directory with these files, without where the directory is.
fn directory(name: &str, files: &[(&str, &[u8])]) -> Option<String> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explanations");
    let path = root.join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    for (name, bytes) in files {
        std::fs::write(path.join(name), bytes).unwrap();
    }
    let error: CompileError = Policy::from_directory(&path).err()?;
    assert!(error.diagnostics().iter().all(|found| found.severity == Severity::Error));
    Some(error.render(Style::Plain).replace(path.to_str()?, "refund"))
}

fn input_situation(code: InputCode) -> InputError {
    let schema = "version: 1\nactions: {refund: {fields: {note: string}}}\n";
    let policy = Policy::from_strings(schema, &one_rule("action.note == x"), None).unwrap();
    let error = match code {
        InputCode::NotUtf8 => {
            policy.evaluate_json(b"{\"action\": {\"type\": \"refund\", \"note\": \"\xe9\"}}")
        }
        InputCode::TooDeep => {
            let text = format!("{}{}", "[".repeat(100), "]".repeat(100));
            policy.evaluate_json(
                format!("{{\"action\": {{\"type\": \"refund\", \"x\": {text}}}}}").as_bytes(),
            )
        }
        InputCode::TooLarge => policy.evaluate_json(
            format!(
                "{{\"action\": {{\"type\": \"refund\", \"note\": \"{}\"}}}}",
                "x".repeat((1 << 20) + 1)
            )
            .as_bytes(),
        ),
        other => panic!("{other} has neither an example nor a situation here"),
    };
    error.unwrap_err()
}
