//! The conformance cases, through the facade: every door gives what they say.

use actra::{Policy, UnknownFields};
use actra_testkit::corpus::{self, Input};
use actra_testkit::reference::{Code, Decision, InputError};
use std::path::Path;

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

#[test]
fn every_conformance_case_holds() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let files = corpus::load(&cases).expect("the corpus reads");
    let checks: usize =
        files.iter().flat_map(|file| &file.cases).map(|case| case.checks.len()).sum();
    assert!(checks >= 60, "only {checks} checks");
    let failures = corpus::run(
        &files,
        |case| {
            Policy::from_strings(&case.schema, &case.policy, None)
                .map_err(|error| error.to_string())
        },
        |policy, check| {
            let unknown = if check.options.refuse_unknown {
                UnknownFields::Refuse
            } else {
                UnknownFields::Ignore
            };
            let mut evaluator = policy.evaluator(unknown);
            let result = match &check.input {
                Input::Json(text) => evaluator.evaluate_json(text.as_bytes()),
                Input::Tree(tree) => match tree.to_json_text() {
                    Some(text) => evaluator.evaluate_json(text.as_bytes()),
                    None => evaluator.evaluate_yaml(tree.to_yaml_text().as_bytes()),
                },
            };
            result.map(decision).map_err(|error| InputError {
                code: Code::parse(error.code.as_str()).expect("a code of the language page"),
                field: error.field,
            })
        },
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
