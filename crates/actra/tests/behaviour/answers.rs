//! Answers about inputs that no search finds: where it cannot look at all of them, none is proved.

use actra::{Policy, UnknownFields};
use serde_json::Value;

/// A policy of one rule that allows, on a required field of text.
fn policy(tests: &[&str]) -> Policy {
    let tests: Vec<String> = tests.iter().map(|test| format!("{test:?}")).collect();
    let when = match &*tests {
        [test] => test.clone(),
        _ => format!("{{all: [{}]}}", tests.join(", ")),
    };
    let text = format!(
        "version: 2\nrules:\n  - {{id: r, scope: {{action: go}}, when: {when}, effect: allow}}\n"
    );
    let schema = "version: 1\nactions: {go: {fields: {a: {type: string, required: true}}}}\n";
    Policy::from_strings(schema, &text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is said of `never allow`, and of `always allow`; `None`: undecided.
fn answers(policy: &Policy) -> [Option<bool>; 2] {
    ["never allow", "always allow"].map(|question| {
        let answer = policy.ask_json(&format!("{{\"question\": \"{question}\"}}"), None).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["vacuous"], Value::Bool(false), "{answer}");
        answer["holds"].as_bool()
    })
}

fn is_allowed(policy: &Policy, text: &str) -> bool {
    let input = serde_json::json!({"action": {"type": "go", "a": text}}).to_string();
    let decision = policy.evaluator(UnknownFields::Ignore).evaluate_json(input.as_bytes()).unwrap();
    decision.effect == actra::Effect::Allow
}

/// Of so many kinds of strings that the search for one of each gives up, and finds none at all.
#[test]
fn where_no_value_was_found_nothing_is_proved() {
    let policy = policy(&["action.a in_network ['private']", "action.a length_less_than 400"]);
    assert_eq!(answers(&policy), [None, None]);
    assert!(is_allowed(&policy, "10.0.0.1") && !is_allowed(&policy, "1.2.3.4"));
}

#[test]
fn text_may_be_as_long_as_the_limit() {
    let text = "a".repeat(1 << 20);
    let limit = policy(&["action.a length_less_than 1048576"]);
    let above = policy(&["action.a length_less_than 1048577"]);
    assert_eq!(answers(&limit)[1], None);
    assert_eq!(answers(&above)[1], Some(true));
    assert!(!is_allowed(&limit, &text) && is_allowed(&above, &text));
}

/// A host's name has 253 bytes, and a URL more.
#[test]
fn a_long_end_of_a_url_is_no_long_name() {
    for letters in [249, 250, 251, 252, 300] {
        let end = format!("{}.co", "a".repeat(letters));
        let policy = policy(&["action.a in_domain ['co']", &format!("action.a ends_with '{end}'")]);
        assert_eq!(answers(&policy)[0], Some(false), "{letters}");
        assert_eq!(is_allowed(&policy, &end), letters <= 250, "{letters}");
        assert!(is_allowed(&policy, &format!("h://co/{end}")), "{letters}");
    }
    let long = policy(&["action.a in_domain ['a.co']", "action.a length_greater_than 253"]);
    assert_eq!(answers(&long)[0], Some(false));
    let dot = policy(&["action.a in_domain ['co']", "action.a matches '[a.]{251}co.'"]);
    assert_eq!(answers(&dot)[0], Some(false), "the last dot does not count");
}
