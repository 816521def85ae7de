//! Which documents are found, and which policies they are run against.

use super::{Room, runs, verdicts};
use actra::Policy;
use actra::testing::{self, Error, Options, Verdict};
use std::fs;

const TESTS: &str = "name: a
tests: [{name: payouts are blocked, input: {action: {type: payout}}, expect: block}]
";

/// The documents of a report, from where the room is.
fn names(room: &Room, report: &testing::Report) -> Vec<String> {
    let path =
        |file: &testing::FileReport| file.path.strip_prefix(&room.0).unwrap().display().to_string();
    report.files.iter().map(path).collect()
}

#[test]
fn directories_are_searched_to_the_bottom_in_order() {
    let room = Room::new("find");
    let policy = TESTS.replace("name: a\n", "name: a\npolicy: ..\n");
    room.write("policy_test.yaml", TESTS);
    for name in ["b/z_test.yaml", "b/a_test.yaml", "a/x_test.yaml"] {
        room.write(name, &policy);
    }
    for name in [
        ".hidden/x_test.yaml",
        "target/x_test.yaml",
        "b/node_modules/x_test.yaml",
        "b/test.yaml",
        "b/x_tests.yaml",
    ] {
        room.write(name, "nonsense");
    }
    let report = room.run().unwrap();
    let wanted = ["policy_test.yaml", "a/x_test.yaml", "b/a_test.yaml", "b/z_test.yaml"];
    assert_eq!(names(&room, &report), wanted);
    assert!(report.is_success(), "{report}");
    // Whoever names a directory wants it searched.
    room.write("target/x_test.yaml", &policy);
    let report = testing::run(&Options::new([room.0.join("target")])).unwrap();
    assert_eq!(names(&room, &report), ["target/x_test.yaml"]);
}

#[test]
fn a_document_is_run_once_however_often_it_is_named() {
    let room = Room::new("named_twice");
    let path = room.write("policy_test.yaml", TESTS);
    let again = room.0.join("./policy_test.yaml");
    let report = testing::run(&Options::new([&path, &room.0, &again])).unwrap();
    assert_eq!(report.counts().passed, 1);
    // A file that is named is run whatever it is called.
    let other = room.write("checks.yaml", TESTS);
    assert!(testing::run(&Options::new([other])).unwrap().is_success());
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_end() {
    let room = Room::new("links");
    room.write("inner/a_test.yaml", &TESTS.replace("name: a\n", "name: a\npolicy: ..\n"));
    std::os::unix::fs::symlink("..", room.0.join("inner/up")).unwrap();
    std::os::unix::fs::symlink("inner", room.0.join("same")).unwrap();
    std::os::unix::fs::symlink("nowhere", room.0.join("x_test.yaml")).unwrap();
    let report = room.run().unwrap();
    assert_eq!(names(&room, &report), ["x_test.yaml", "inner/a_test.yaml"]);
    assert_eq!((report.counts().passed, report.counts().errors), (1, 1));
    let text = report.to_string();
    assert!(text.contains("x_test.yaml` cannot be read"), "a link to nowhere is told: {text}");
}

#[test]
fn names_that_are_nearly_right_are_told() {
    let room = Room::new("misnamed");
    room.write("policy_test.yaml", TESTS);
    room.write("more_test.yml", TESTS);
    room.write("Other_Test.yaml", TESTS);
    let report = room.run().unwrap();
    assert_eq!((report.counts().passed, report.counts().errors), (1, 2));
    let text = report.to_string();
    assert!(text.contains("more_test.yml` would be left out"), "{text}");
    assert!(text.contains("Other_Test.yaml` would be left out"), "{text}");
}

#[test]
fn nothing_to_run_is_an_error() {
    let room = Room::new("nothing");
    assert!(matches!(room.run(), Err(Error::NoTests { .. })));
    let missing = Options::new([room.0.join("nowhere")]);
    assert!(matches!(testing::run(&missing), Err(Error::Missing { .. })));
    room.write("policy_test.yaml", TESTS);
    let mut options = room.options();
    options.filter = Some("refunds".to_owned());
    assert!(matches!(testing::run(&options), Err(Error::NoneMatches { .. })));
}

#[test]
fn a_filter_takes_runs_by_file_and_name() {
    let room = Room::new("filter");
    let tests = "name: a
tests:
  - {name: payouts, input: {action: {type: payout}}, expect: block, matrix: {action.amount: [1, 2]}}
  - {name: refunds, input: {action: {type: refund}}, expect: {error: missing_required}}
";
    room.write("a_test.yaml", tests);
    room.write("b_test.yaml", tests);
    let count = |filter: &str| {
        let mut options = room.options();
        options.filter = Some(filter.to_owned());
        let report = testing::run(&options).unwrap();
        (report.files.len(), report.counts().passed)
    };
    assert_eq!(count("payouts"), (2, 4));
    assert_eq!(count("action.amount: 2"), (2, 2));
    assert_eq!(count("b_test.yaml > refunds"), (1, 1));
    assert_eq!(count("b_test.yaml"), (1, 3));
}

#[test]
fn a_policy_may_be_a_directory_or_an_artifact() {
    let room = Room::new("policies");
    let artifact = Policy::from_directory(&room.0).unwrap().to_artifact();
    fs::write(room.0.join("policy.actra"), artifact).unwrap();
    for (name, policy) in [
        ("a", "policy: .\n"),
        ("b", ""),
        ("c", "policy: policy.actra\n"),
        ("d", "policy: ../policies\n"),
    ] {
        let text = TESTS.replace("name: a\n", &format!("name: a\n{policy}"));
        room.write(&format!("{name}_test.yaml"), &text);
    }
    let report = room.run().unwrap();
    assert!(report.is_success(), "{report}");
    assert_eq!(report.counts().passed, 4);
    fs::write(room.0.join("policy.actra"), "no policy").unwrap();
    let report = room.run().unwrap();
    assert_eq!((report.counts().passed, report.counts().errors), (3, 1));
    assert!(report.to_string().contains("policy.actra` cannot be used"), "{report}");
}

#[test]
fn a_policy_that_does_not_compile_is_told_once_and_its_tests_are_errors() {
    let room = Room::new("broken_policy");
    room.write(
        "policy.yaml",
        "version: 2\nrules: [{id: a, scope: {action: refnd}, effect: alow}]\n",
    );
    room.write("a_test.yaml", TESTS);
    room.write("b_test.yaml", &TESTS.replace("payouts are", "[nonsense]\n  #"));
    room.write("c_test.yaml", &TESTS.replace("expect: block", "expect: {matched_rule: whoever}"));
    let report = room.run().unwrap();
    assert_eq!(report.broken.len(), 1);
    assert_eq!(report.broken[0].error.diagnostics().len(), 2);
    assert!(runs(&report).all(|run| matches!(run.verdict, Verdict::NoPolicy)));
    // What only the policy could tell is not said, and all the rest is.
    assert_eq!(report.counts().errors, 3);
    assert!(report.files[1].is_broken && !report.files[2].is_broken, "{report}");
    assert_eq!(verdicts(&report), [("payouts are blocked", 'E'); 2]);
    assert!(!report.is_success());
}

#[cfg(unix)]
#[test]
fn a_broken_policy_is_told_in_full_by_whatever_path_it_is_reached() {
    let room = Room::new("broken_by_two_paths");
    room.write("policies/schema.yaml", &super::data("schema.yaml"));
    room.write("policies/policy.yaml", "version: 2\nrules: [{id: a, effect: alow}]\n");
    room.write("a_test.yaml", &format!("policy: policies\n{TESTS}"));
    room.write("policies/c_test.yaml", TESTS);
    std::os::unix::fs::symlink(room.0.join("policies"), room.0.join("linked")).unwrap();
    room.write("b_test.yaml", &format!("policy: linked\n{TESTS}"));
    let report = room.run().unwrap();
    assert_eq!(report.broken.len(), 1);
    let junit = testing::to_junit(&report);
    assert_eq!(junit.matches("unknown_effect").count(), runs(&report).count(), "{junit}");
}

#[test]
fn the_refund_example_passes_its_tests() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/refund");
    let report = testing::run(&Options::new([examples])).unwrap();
    assert!(report.is_success(), "{report}");
    assert!(report.counts().passed > 60, "{report}");
    assert_eq!(report.counts().skipped, 0);
    assert!(report.files.iter().all(|file| file.findings.diagnostics().is_empty()));
}
