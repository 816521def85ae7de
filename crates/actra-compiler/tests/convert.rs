//! Documents written by hand, and what becomes of them: `tests/convert/NAME.yaml`, and beside it
//! `NAME.short` and `NAME.long`, each with what stays as it is and why on top. `UPDATE=1 cargo test`
//! writes them, for a person to read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use actra_compiler::check::{PolicyDocuments, check};
use actra_compiler::convert::{Conversion, DocumentKind, Form, convert, same_meaning};
use actra_compiler::diagnostic::{Code, Report, Sources};
use std::fmt::Write as _;
use std::path::Path;

fn run(text: &str, kind: DocumentKind, form: Form) -> (Conversion, String) {
    let mut sources = Sources::default();
    let id = sources.add("policy.yaml", text);
    let mut report = Report::default();
    let converted = convert(&sources, id, kind, form, &mut report);
    let converted = converted.unwrap_or_else(|| panic!("{:?}", report.into_sorted()));
    let mut told = String::new();
    writeln!(
        told,
        "{} converted, {} already, {} kept",
        converted.converted,
        converted.already,
        converted.kept.len()
    )
    .unwrap();
    for kept in &converted.kept {
        let place = sources.place(kept.span);
        writeln!(told, "{}:{}: {}", place.line, place.column, kept.reason).unwrap();
    }
    (converted, told)
}

#[test]
fn documents_written_by_hand_become_what_the_goldens_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/convert");
    for (name, kind) in [
        ("commented", DocumentKind::Policy),
        ("odd", DocumentKind::Policy),
        ("governance", DocumentKind::Governance),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        for (form, extension) in [(Form::Short, "short"), (Form::Long, "long")] {
            let (converted, told) = run(&text, kind, form);
            let told = format!("{told}=====\n{}", converted.text);
            let golden = folder.join(format!("{name}.{extension}"));
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&golden, &told).unwrap();
            }
            assert_eq!(told, std::fs::read_to_string(&golden).unwrap(), "{name} {extension}");
            let (again, _) = run(&converted.text, kind, form);
            assert_eq!(again.text, converted.text, "{name}: the form is there already");
            assert_eq!(again.converted, 0, "{name}");
        }
    }
}

#[test]
fn a_policy_written_by_hand_means_the_same_in_both_forms() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let schema = std::fs::read_to_string(folder.join("check/schema.yaml")).unwrap();
    let read = |policy: &str| {
        let mut sources = Sources::default();
        let documents = PolicyDocuments {
            schema: sources.add("schema.yaml", &*schema),
            policy: sources.add("policy.yaml", policy),
            more_policies: Vec::new(),
            governance: None,
        };
        let mut report = Report::default();
        let checked = check(&sources, &documents, &mut report);
        checked.unwrap_or_else(|| panic!("{:?}", report.into_sorted())).policy
    };
    let text = std::fs::read_to_string(folder.join("convert/commented.yaml")).unwrap();
    let meant = read(&text);
    for form in [Form::Short, Form::Long] {
        let (converted, _) = run(&text, DocumentKind::Policy, form);
        assert!(same_meaning(&meant, &read(&converted.text)), "{form:?}");
    }
    // What is compared can differ.
    for (from, to) in [("1000", "1001"), ("effect: block", "effect: allow"), ("'many'", "more")] {
        assert!(!same_meaning(&meant, &read(&text.replacen(from, to, 1))), "{from}");
    }
}

#[test]
fn a_byte_order_mark_stays_where_it_is() {
    let text = "\u{feff}version: 2\nrules: [{id: a, when: {subject: {domain: actor, field: x}, operator: exists}}]\n";
    let (converted, _) = run(text, DocumentKind::Policy, Form::Short);
    assert_eq!(converted.text, "\u{feff}version: 2\nrules: [{id: a, when: actor.x exists}]\n");
}

#[test]
fn an_atom_that_cannot_be_read_is_reported_and_stays() {
    let text = "version: 2\nrules:\n- {id: a, when: actor.x ==}\n- {id: b, when: actor.y exists}\n";
    let mut sources = Sources::default();
    let id = sources.add("policy.yaml", text);
    let mut report = Report::default();
    let converted = convert(&sources, id, DocumentKind::Policy, Form::Long, &mut report).unwrap();
    assert_eq!((converted.converted, converted.kept.len()), (1, 0));
    assert!(converted.text.contains("when: actor.x ==}"), "{}", converted.text);
    let said = report.into_sorted();
    assert_eq!(said.iter().map(|found| found.code).collect::<Vec<_>>(), [Code::BadAtom]);
}
