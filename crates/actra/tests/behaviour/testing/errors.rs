//! What is wrong with test documents, as data.
//!
//! A case in `tests/testing/errors.txt` begins with `# its name`; `--- test` is the document and
//! `--- expect` all that is said of it, as people see it. `UPDATE=1 cargo test` writes what is said
//! into the file, for a person to read.

use super::{Room, data};
use actra::Policy;
use actra::diagnostic::Style;
use actra::testing::check_document;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The codes that only test documents have.
const CODES: [&str; 7] = [
    "bad_expectation",
    "bad_input_path",
    "ignored_field",
    "repeated_test",
    "too_many_tests",
    "unknown_fixture",
    "unknown_rule",
];

#[test]
fn documents_are_refused_as_the_cases_say() {
    let update = std::env::var_os("UPDATE").is_some();
    let text = data("errors.txt");
    let (mut updated, mut failures, mut codes) = (String::new(), String::new(), BTreeSet::new());
    for (number, case) in format!("\n{text}").split("\n# ").skip(1).enumerate() {
        let (head, expected) = case.split_once("--- expect").unwrap();
        let (name, document) = head.split_once("\n--- test\n").unwrap();
        let room = Room::new(&format!("errors/{number}"));
        room.write("policy_test.yaml", document);
        let report = room.run().unwrap();
        let file = &report.files[0];
        let has_errors = file.findings.has_errors();
        assert_eq!(file.is_broken, has_errors, "{name}");
        assert_eq!(file.runs.is_empty(), has_errors, "{name}");
        codes.extend(file.findings.diagnostics().iter().map(|found| found.code.as_str()));
        let said =
            file.findings.render(Style::Plain).replace(&format!("{}/", room.0.display()), "");
        if said.trim() != expected.trim() {
            writeln!(failures, "{name}\n--- expected{expected}\n--- said\n{said}").unwrap();
        }
        write!(updated, "# {}\n--- expect\n{said}\n", head.trim_end()).unwrap();
    }
    if update {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testing/errors.txt");
        std::fs::write(path, updated.trim_end().to_owned() + "\n").unwrap();
    }
    assert!(update || failures.is_empty(), "{failures}");
    for code in CODES {
        assert!(codes.contains(code), "no case has `{code}`");
    }
}

#[test]
fn explanations_of_codes_show_what_they_say() {
    let schema = "version: 1
actions:
  refund:
    fields: {amount: number, amount_cents: integer, labels: {type: map, values: string}}
actor: {fields: {role: string, on_call: boolean}}
snapshot: {fields: {limit_cents: integer, spent_cents: integer, incident: string}}
";
    let policy = "version: 2
rules: [{id: refunds_wait, scope: {action: refund}, effect: require_approval}]
";
    let policy = Policy::from_strings(schema, policy, None).unwrap();
    let folder =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../actra-compiler/src/diagnostic/explanations");
    for code in CODES {
        let text = std::fs::read_to_string(format!("{folder}/{code}.md")).unwrap();
        let example = |verdict: &str| {
            let (_, after) =
                text.split_once(&format!("```yaml {verdict} policy_test.yaml\n")).unwrap();
            let document = after.split_once("```").unwrap().0;
            check_document("policy_test.yaml", document, Some(&policy))
        };
        let wrong: Vec<_> = example("wrong").diagnostics().iter().map(|found| found.code).collect();
        assert_eq!(wrong.iter().map(|code| code.as_str()).collect::<Vec<_>>(), [code]);
        assert_eq!(example("right").render(Style::Plain), "", "{code}");
    }
}

#[test]
fn what_was_meant_is_told_for_the_first_mistakes_only() {
    let policy = |rules: &str| {
        let schema = "version: 1\nactions: {refund: {fields: {amount: number}}}\n";
        Policy::from_strings(schema, &format!("version: 2\nrules:\n{rules}"), None).unwrap()
    };
    let policy = policy("  - {id: refunds_pass, scope: {action: refund}, effect: allow}\n");
    let one = |number: usize, input: &str, expect: &str| {
        format!("  - {{name: t{number}, input: {input}, expect: {expect}}}\n")
    };
    let refund = "{action: {type: refund}}";
    for (input, expect) in [
        (refund, "{matched_rule: refund_pass}"),
        (refund, "{missing: [action.amont]}"),
        (refund, "{error: wrong_type, field: action.amont}"),
        ("{action: {type: refund, amont: 1}}", "allow"),
        ("{action: refnd}", "allow"),
    ] {
        let tests: String = (0..300).map(|number| one(number, input, expect)).collect();
        let document = format!("name: a\nfixtures: {{refund: {{type: refund}}}}\ntests:\n{tests}");
        let found = check_document("policy_test.yaml", &document, Some(&policy));
        let helped = found.diagnostics().iter().filter(|found| found.help.is_some()).count();
        assert_eq!((found.diagnostics().len(), helped), (300, 200), "{input} {expect}");
    }
}
