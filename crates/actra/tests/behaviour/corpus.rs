//! The conformance cases, through the facade: every door gives what they say.

use super::slots::{NO_SLOTS, fill};
use super::support::value;
use actra::{CompileError, Policy, UnknownFields, diagnostic};
use actra_testkit::Value;
use actra_testkit::corpus::{
    self, Check, Compiled, Documents, Expectation, Input, Outcome, Said, Text,
};
use actra_testkit::reference::{Code, Decision, InputError};
use std::path::{Path, PathBuf};

fn effect(effect: actra::Effect) -> actra_compiler::model::Effect {
    match effect {
        actra::Effect::Allow => actra_compiler::model::Effect::Allow,
        actra::Effect::RequireApproval => actra_compiler::model::Effect::RequireApproval,
        actra::Effect::Block => actra_compiler::model::Effect::Block,
    }
}

fn decision(decision: actra::Decision) -> Decision {
    Decision {
        effect: effect(decision.effect),
        matched_rule: decision.matched_rule,
        matched_rules: decision.matched_rules,
        message: decision.message,
        required_actions: decision.required_actions.iter().map(ToString::to_string).collect(),
        missing: decision.missing,
        shadow: decision.shadow.map(|shadow| (effect(shadow.effect), Some(shadow.matched_rule))),
    }
}

fn error(error: actra::InputError) -> InputError {
    InputError {
        code: Code::parse(error.code.as_str()).expect("a code of the language page"),
        field: error.field,
    }
}

/// The policy of a case: from memory, or from a directory where it has more than memory takes.
pub(super) fn policy(documents: &Documents) -> Result<Policy, CompileError> {
    if documents.policies.is_empty() {
        let governance = documents.governance.as_ref().map(Text::expand);
        return Policy::from_strings(
            &documents.schema.expand(),
            &documents.policy.expand(),
            governance.as_deref(),
        );
    }
    let directory = directory(documents);
    let policy = Policy::from_directory(&directory);
    std::fs::remove_dir_all(&directory).unwrap();
    policy
}

fn directory(documents: &Documents) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(directory.join("policies")).unwrap();
    for (name, text) in documents.files() {
        std::fs::write(directory.join(name), text.expand()).unwrap();
    }
    directory
}

fn said(diagnostics: &[diagnostic::Diagnostic], sources: &diagnostic::Sources) -> Vec<Said> {
    let one = |diagnostic: &diagnostic::Diagnostic| {
        let source = diagnostic.span.and_then(|span| sources.source(span.source));
        let name = source.map_or("", |source| source.name.as_str());
        // Files of a directory go by their paths.
        let parts: Vec<&str> = name.split('/').collect();
        let document = match parts.as_slice() {
            [.., "policies", name] => format!("policies/{name}"),
            [.., name] => (*name).to_owned(),
            [] => String::new(),
        };
        Said {
            code: diagnostic.code.as_str().to_owned(),
            document,
            line: diagnostic.span.map_or(0, |span| sources.place(span).line),
            text: diagnostic::render(diagnostic, sources, diagnostic::Style::Plain),
        }
    };
    diagnostics.iter().map(one).collect()
}

fn compile(documents: &Documents) -> Result<Compiled<Policy>, Vec<Said>> {
    match policy(documents) {
        Ok(policy) => Ok(Compiled {
            hash: actra::hex(&policy.policy_hash()),
            warnings: said(policy.warnings(), policy.sources()),
            program: policy,
        }),
        Err(error) => Err(said(error.diagnostics(), error.sources())
            .into_iter()
            .zip(error.diagnostics())
            .filter(|(_, diagnostic)| diagnostic.severity == diagnostic::Severity::Error)
            .map(|(said, _)| said)
            .collect()),
    }
}

/// An input through every door that can take it.
fn evaluate(policy: &Policy, check: &Check) -> Vec<Outcome> {
    let unknown_fields =
        if check.options.refuse_unknown { UnknownFields::Refuse } else { UnknownFields::Ignore };
    let mut evaluator = policy.evaluator(unknown_fields);
    let mut outcomes = Vec::new();
    let mut push = |door, result: Result<actra::Decision, actra::InputError>| {
        outcomes.push(Outcome { door, result: result.map(decision).map_err(error) });
    };
    let tree = match &check.input {
        Input::Tree(tree) => {
            if let Some(text) = tree.to_json_text() {
                push("json", evaluator.evaluate_json(text.as_bytes()));
            }
            Some(tree.clone())
        }
        Input::Json(text) => {
            push("json", evaluator.evaluate_json(text.expand().as_bytes()));
            check.input.to_tree().ok().flatten()
        }
        Input::Bytes(bytes) => {
            push("json", evaluator.evaluate_json(bytes));
            push("yaml", evaluator.evaluate_yaml(bytes));
            None
        }
        Input::Yaml(text) => {
            push("yaml", evaluator.evaluate_yaml(text.expand().as_bytes()));
            None
        }
    };
    if let Some(tree) = &tree {
        push("value", evaluator.evaluate_value(&value(tree)));
        push("yaml", evaluator.evaluate_yaml(tree.to_yaml_text().as_bytes()));
        if let Some(result) = through_slots(policy, check, tree) {
            push("slots", result);
        }
    }
    outcomes
}

/// `None` where slots cannot say what the input is.
fn through_slots(
    policy: &Policy,
    check: &Check,
    tree: &Value,
) -> Option<Result<actra::Decision, actra::InputError>> {
    let is_of_text = matches!(&check.expect, Expectation::Error { code, .. } if NO_SLOTS.contains(&code.as_str()));
    if check.options.refuse_unknown || is_of_text {
        return None;
    }
    let mut frame = policy.frame();
    if !fill(&mut frame, policy, tree) {
        return None;
    }
    Some(match Policy::decide(&mut frame) {
        Ok(outcome) => Ok(Policy::decision(&frame, &outcome)),
        Err(error) => Err(Policy::input_error(&frame, &error)),
    })
}

#[test]
fn every_conformance_case_holds_through_every_door() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let files = corpus::load(&cases).expect("the corpus reads");
    let report = corpus::run(&files, compile, evaluate);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    let least = [
        ("json", 1_500),
        ("yaml", 1_500),
        ("slots", 1_300),
        ("value", 1_500),
        ("compile", 450),
        ("hash", 150),
    ];
    for (door, least) in least {
        assert!(report.counts[door] >= least, "{:?}", report.counts);
    }
}
