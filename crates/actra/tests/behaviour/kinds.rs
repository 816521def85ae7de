//! Values of other kinds than the declared ones: where inputs are unchecked, two values of different
//! kinds do not compare, and what does not compare is missing, neither true nor false.

use actra::{Policy, UnknownFields, Value};

const SCHEMA: &str = "\
version: 1
actions:
  pay:
    fields:
      name: string
      tags: {type: list, items: string}
      more: {type: list, items: string}
      due: timestamp
      count: integer
      flag: boolean
";

/// A policy with one rule that allows where the test holds, one that does where it does not hold,
/// and none where nobody knows.
fn policy(test: &str) -> Policy {
    let text = format!(
        "version: 2
evaluation: {{inputs: unchecked, missing: fail_closed, default: block}}
rules:
  - {{id: holds, scope: {{action: pay}}, when: \"{test}\", effect: allow}}
  - {{id: fails, scope: {{action: pay}}, when: {{not: \"{test}\"}}, effect: allow}}
"
    );
    Policy::from_strings(SCHEMA, &text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn decided(policy: &Policy, fields: &str) -> Option<String> {
    let input = format!("{{\"action\": {{\"type\": \"pay\", {fields}}}}}");
    let decision = policy.evaluator(UnknownFields::Ignore).evaluate_json(input.as_bytes());
    decision.unwrap_or_else(|error| panic!("{input}: {error}")).matched_rule
}

/// The rules that decide a test for each of the fields' values.
fn holds(test: &str, cases: &[(&str, Option<&str>)]) {
    let policy = policy(test);
    for (fields, expected) in cases {
        assert_eq!(decided(&policy, fields).as_deref(), *expected, "{test}: {fields}");
    }
}

#[test]
fn lists_of_two_kinds_do_not_compare() {
    let cases = [
        (r#""tags": ["a"], "more": ["a"]"#, Some("holds")),
        (r#""tags": ["a"], "more": ["b"]"#, Some("fails")),
        (r#""tags": ["a"], "more": [1]"#, None),
        (r#""tags": [1], "more": ["a"]"#, None),
        (r#""tags": [true], "more": ["a"]"#, None),
        (r#""tags": [1, 2], "more": [2, 1]"#, Some("holds")),
        (r#""tags": [1, 2], "more": [3]"#, Some("fails")),
        (r#""tags": ["a", 1], "more": ["a"]"#, None),
        (r#""tags": "a", "more": ["a"]"#, None),
    ];
    holds("action.tags contains_any action.more", &cases);
    holds("action.tags contains_all action.more", &cases);
    holds("every action.tags in action.more", &cases[..7]);
    holds("some action.tags in action.more", &cases[..7]);
    // Of an empty list nothing is of another kind.
    holds("every action.tags in action.more", &[(r#""tags": [], "more": [1]"#, Some("holds"))]);
    holds("some action.tags in action.more", &[(r#""tags": ["a"], "more": []"#, Some("fails"))]);
    holds("action.tags contains_any action.more", &[(r#""tags": [1], "more": []"#, Some("fails"))]);
}

#[test]
fn a_value_is_no_item_of_a_list_of_another_kind() {
    // From nine items on, lists are searched otherwise.
    for count in [1, 40] {
        let items = |item: &str| vec![item; count].join(", ");
        let cases = [
            (format!(r#""name": "a", "tags": [{}, "a"]"#, items(r#""b""#)), Some("holds")),
            (format!(r#""name": "a", "tags": [{}]"#, items(r#""b""#)), Some("fails")),
            (format!(r#""name": "a", "tags": [{}]"#, items("1")), None),
            (format!(r#""name": 1, "tags": [{}, 1]"#, items("2")), Some("holds")),
            (format!(r#""name": 1, "tags": [{}, 1.5]"#, items("2")), Some("fails")),
            (format!(r#""name": 1, "tags": [{}]"#, items("true")), None),
            (format!(r#""name": true, "tags": [{}, true]"#, items("false")), Some("holds")),
            (format!(r#""name": true, "tags": [{}]"#, items("false")), Some("fails")),
            (format!(r#""name": true, "tags": [{}]"#, items(r#""true""#)), None),
        ];
        for (fields, expected) in &cases {
            holds("action.name in action.tags", &[(fields, *expected)]);
            holds("action.tags contains action.name", &[(fields, *expected)]);
        }
    }
}

/// A host's instant: as an item it is in no list, and of a list without items that is plain.
#[test]
fn an_instant_is_an_item_of_no_list() {
    let policy = policy("action.name in action.tags");
    let slot = |name| policy.slot(name).unwrap();
    for (items, expected) in [(&["a"][..], None), (&[], Some("fails"))] {
        let mut frame = policy.frame();
        frame.set(slot("action.type"), Value::String("pay"));
        frame.set(slot("action.name"), Value::Instant(0));
        let start = frame.items_start();
        for item in items {
            frame.push_item(Value::String(item));
        }
        let list = frame.list_from(start);
        frame.set(slot("action.tags"), list);
        let outcome = Policy::decide(&mut frame).unwrap();
        let decision = Policy::decision(&frame, &outcome);
        assert_eq!(decision.matched_rule.as_deref(), expected, "{items:?}");
    }
}
