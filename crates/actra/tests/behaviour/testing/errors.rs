//! What is wrong with test documents, as data.
//!
//! A case in `tests/testing/errors.txt` begins with `# its name`; `--- test` is the document and
//! `--- expect` all that is said of it, as people see it. `UPDATE=1 cargo test` writes what is said
//! into the file, for a person to read.

use super::{Room, data};
use actra::diagnostic::{Severity, Style};
use std::collections::BTreeSet;
use std::fmt::Write as _;

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
        let has_errors =
            file.diagnostics().iter().any(|found| found.severity == Severity::Error);
        assert_eq!(file.is_broken, has_errors, "{name}");
        assert_eq!(file.runs.is_empty(), has_errors, "{name}");
        codes.extend(file.diagnostics().iter().map(|found| found.code.as_str()));
        let said = file.render(Style::Plain).replace(&format!("{}/", room.0.display()), "");
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
    for code in [
        "bad_expectation",
        "bad_input_path",
        "ignored_field",
        "repeated_test",
        "too_many_tests",
        "unknown_fixture",
        "unknown_rule",
    ] {
        assert!(codes.contains(code), "no case has `{code}`");
    }
}
