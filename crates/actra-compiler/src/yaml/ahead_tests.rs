//! What is confirmed is what reading gives: tree, places and reports.

use super::{confirms, read, read_ahead};
use crate::diagnostic::{Report, Sources};
use proptest::prelude::*;

/// Whether a document is confirmed. If it is, both ways of reading it give the same.
fn is_confirmed(text: &str) -> bool {
    let mut sources = Sources::default();
    let id = sources.add("test.yaml", text);
    let confirmed = confirms(&sources, id);
    if confirmed {
        let mut reports = [Report::default(), Report::default()];
        let [ahead_report, report] = &mut reports;
        let ahead = read_ahead(&sources, id, ahead_report);
        assert!(ahead.is_some(), "{text}");
        assert_eq!(ahead, read(&sources, id, report), "{text}");
        let [ahead_report, report] = reports.map(Report::into_sorted);
        assert_eq!(ahead_report, report, "{text}");
    }
    confirmed
}

#[test]
fn scalars_are_what_they_mean() {
    for scalar in [
        "",
        "~",
        "null",
        "Null",
        "true",
        "FALSE",
        "yes",
        "no",
        "on",
        "5",
        "-5",
        "+5",
        "007",
        "-0",
        "0x1f",
        "0o17",
        "0b1",
        "-0x1",
        "+0o7",
        "1_000",
        "1e3",
        "1E+3",
        "1e400",
        ".5",
        "5.",
        "-.5",
        "1.5e",
        "1e",
        "e3",
        ".",
        "0x",
        "0xg",
        ".inf",
        "-.Inf",
        "+.INF",
        "inf",
        "nan",
        "infinity",
        "170141183460469231731687303715884105727",
        "170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105729",
        "0xffffffffffffffffffffffffffffffff",
        "<<",
        "2024-01-01",
        "12:30:45",
        "1.2.3",
        "=",
        "nullable",
        "trueish",
        "'5'",
        "\"true\"",
        "'it''s'",
    ] {
        assert!(is_confirmed(&format!("a: {scalar}\nb: [x, {{c: d}}]\n")), "{scalar}");
        is_confirmed(&format!("{scalar}: a\n"));
    }
    // It is not equal to itself.
    assert!(!is_confirmed("a: .nan\n"));
}

#[test]
fn wrong_keys_are_reported_alike() {
    for text in
        ["a: b\na: c\n", "5: b\n\"5\": c\n", "16: b\n0x10: c\n", "<<: {a: b}\n", "~: a\nnull: b\n"]
    {
        assert!(is_confirmed(text), "{text}");
    }
}

#[test]
fn what_is_not_simple_is_not_confirmed() {
    for text in
        ["", "a: &b c", "a: !!str b", "a: |\n  b\n", "a: b\n---\n", "a: [b", "a: \0", "a: \u{85}"]
    {
        assert!(!is_confirmed(text), "{text}");
    }
    assert!(is_confirmed("\u{feff}a: b\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_scalar_is_what_it_means(scalar in "[-+.0-9a-fxobEnultrINA~_]{0,8}") {
        is_confirmed(&format!("a: {scalar}\n"));
        is_confirmed(&format!("a: [{scalar}]\n"));
    }

    #[test]
    fn any_text_is_what_it_means(text in "[a-c1:\\- \n#'\"\\[\\]{},é.~?\\\\]{0,40}") {
        is_confirmed(&text);
    }
}
