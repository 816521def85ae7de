//! What must hold of everything that the fuzz targets make, whichever made it.

use actra::diagnostic::Style;
use actra::explain::Detail;
use actra::{CompileError, Policy, UnknownFields};
use actra_compiler::model::CheckedPolicy;
use actra_testkit::{Value, reference};

/// Inputs of every kind that need no schema to make sense.
const INPUTS: [&str; 6] = [
    r#"{}"#,
    r#"{"action": {"type": "refund", "amount": 120, "currency": "EUR", "tags": ["a", "b"]}}"#,
    r#"{"action": {"type": "refund"}, "actor": {"role": "support"}, "snapshot": {"fraud_flag": true}}"#,
    r#"{"action": {"type": "a", "x": 1, "y": "z", "l": [1, 2], "o": {"n": 1.5}, "m": {"k": "v"}}}"#,
    r#"{"action": {"type": "b", "x": null, "y": 1e300, "l": [], "o": {}, "m": {"k": 3}}}"#,
    r#"{"action": {"type": "c", "url": "https://example.com/a", "at": "2026-01-01T00:00:00Z", "ip": "10.0.0.1"}}"#,
];

/// A policy that exists can be asked anything, and is the same after a detour through its file.
pub fn policy(policy: &Policy) {
    let file = policy.to_artifact();
    let again = Policy::from_artifact(&file).expect("what was written loads");
    assert_eq!(again.to_artifact(), file, "decoding and encoding give the same bytes");
    assert_eq!(again.program_digest(), policy.program_digest());
    assert_eq!(again.policy_hash(), policy.policy_hash());
    assert_eq!(again.schema_json(), policy.schema_json());
    assert_eq!(again.rules_json(), policy.rules_json());
    let _ = policy.program().disassemble().to_string();
    // One that decides all of them, one after the other and back, and one for each.
    let mut reused = policy.evaluator(UnknownFields::Ignore);
    for input in INPUTS.iter().chain(INPUTS.iter().rev()) {
        let fresh = policy.evaluator(UnknownFields::Ignore).evaluate_json(input.as_bytes());
        assert_eq!(reused.evaluate_json(input.as_bytes()), fresh, "after other inputs");
    }
    for input in INPUTS {
        evaluation(policy, UnknownFields::Ignore, input.as_bytes());
    }
}

/// Deciding does not panic, both loading ways decide alike, and an explanation tells the same
/// decision.
pub fn evaluation(policy: &Policy, unknown: UnknownFields, input: &[u8]) {
    let mut evaluator = policy.evaluator(unknown);
    let first = evaluator.evaluate_json(input);
    let second = evaluator.evaluate_json(input);
    assert_eq!(first, second, "an evaluator forgets its last input");
    let explained = policy.explain_json(input, unknown);
    assert_eq!(explained.decision.as_ref(), first.as_ref().ok(), "explained as decided");
    assert_eq!(explained.error.as_ref(), first.as_ref().err());
    let _ = explained.render(Style::Coloured, Detail::All);
    let _ = serde_json::to_string(&explained).expect("explanations serialise");
}

/// Documents that do not compile say why, somewhere inside of them, and it can be shown.
pub fn refusal(error: &CompileError) {
    assert!(!error.diagnostics().is_empty(), "a refusal has a reason");
    for diagnostic in error.diagnostics() {
        if let Some(span) = diagnostic.span {
            let source = error.sources().source(span.source).expect("a place in a document");
            assert!(span.start <= span.end && span.end as usize <= source.text.len());
        }
    }
    let _ = error.render(Style::Coloured);
    let _ = serde_json::to_string(&error.to_json()).expect("diagnostics serialise");
}

/// The virtual machine and the reference evaluator say the same of an input.
pub fn agreement(
    checked: &CheckedPolicy,
    policy: &Policy,
    text: &[u8],
    tree: &Result<Value, reference::InputError>,
) {
    for refuse_unknown in [false, true] {
        let unknown = if refuse_unknown { UnknownFields::Refuse } else { UnknownFields::Ignore };
        let found = policy.evaluator(unknown).evaluate_json(text);
        let options = reference::Options { refuse_unknown };
        let expected = tree.clone().and_then(|tree| reference::evaluate(checked, &tree, options));
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found.effect.as_str(), expected.effect.as_str());
                assert_eq!(found.matched_rule, expected.matched_rule);
                assert_eq!(found.matched_rules, expected.matched_rules);
                assert_eq!(found.missing, expected.missing);
                let shadow =
                    found.shadow.map(|shadow| (shadow.effect.as_str(), shadow.matched_rule));
                let expected = expected.shadow.map(|(effect, rule)| (effect.as_str(), rule));
                assert_eq!(shadow.map(|(effect, rule)| (effect, Some(rule))), expected);
            }
            // Of half a surrogate pair in a text that is cut there, either may be told.
            (Err(found), Err(_)) if tree.is_err() && is_of_text(found.code.as_str()) => {
                let code = tree.as_ref().map_or_else(|error| error.code.as_str(), |_| "");
                assert!(is_of_text(code), "{} and {code}", found.message);
            }
            (Err(found), Err(expected)) => {
                assert_eq!(found.code.as_str(), expected.code.as_str(), "{}", found.message);
                assert_eq!(found.field, expected.field);
            }
            (found, expected) => panic!("decided {found:?}, and the reference {expected:?}"),
        }
    }
}

fn is_of_text(code: &str) -> bool {
    code == "malformed" || code == "not_utf8"
}
