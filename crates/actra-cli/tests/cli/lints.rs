//! `--deny` and `--allow`, and comments that silence.

use crate::support::Room;
use serde_json::json;

const SCHEMA: &str = "version: 1\nactions: {refund: {fields: {amount: number}}}\n";

/// Two warnings: `single_part` and `unused_definition`.
const LOOSE: &str = "\
version: 2
define: {lists: {old: [a]}}
rules:
  - {id: a, scope: {action: refund}, when: {all: [action.amount < 5]}, effect: allow}
";

fn room(test: &str) -> Room {
    let room = Room::new(test);
    room.policy("loose", SCHEMA, LOOSE);
    room
}

fn codes(report: &serde_json::Value) -> Vec<(String, String)> {
    let list = report["diagnostics"].as_array().unwrap().iter();
    let text = |found: &serde_json::Value, key: &str| found[key].as_str().unwrap().to_owned();
    list.map(|found| (text(found, "severity"), text(found, "code"))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect()
}

#[test]
fn denied_warnings_are_errors_and_the_others_stay() {
    let room = room("lints_denied");
    let run = room.run(&["check", "loose"]).succeeds();
    assert!(run.stdout.ends_with(", 2 warnings\n"), "{run:?}");
    room.run(&["check", "loose", "--deny", "single_part"]).fails(&[
        "error[single_part]: ",
        "warning[unused_definition]: ",
        "error: the policy does not compile: 1 error and 1 warning in 1 file\n",
    ]);
    let deny = ["check", "loose", "--format", "json", "--deny", "single_part,unused_definition"];
    let run = room.run(&deny);
    assert_eq!(run.status, 1);
    let report = run.json();
    assert_eq!((&report["ok"], &report["errors"]), (&json!(false), &json!(2)));
    let both = [("error", "unused_definition"), ("error", "single_part")];
    assert_eq!(codes(&report), pairs(&both));
    let one_by_one = ["check", "loose", "--deny", "single_part", "--deny", "unused_definition"];
    room.run(&one_by_one).fails(&["2 errors in 1 file\n"]);
    room.run(&["check", "loose", "--deny", "all"]).fails(&["2 errors in 1 file\n"]);
    room.run(&["check", "policy", "--deny", "all"]).succeeds();
}

#[test]
fn allowed_warnings_are_not_said() {
    let room = room("lints_allowed");
    let run = room.run(&["check", "loose", "--allow", "single_part,unused_definition"]).succeeds();
    assert_eq!((run.stderr.as_str(), run.stdout.ends_with(", no warnings\n")), ("", true));
    let deny = ["check", "loose", "--format", "json", "--deny", "all", "--allow", "single_part"];
    let report = room.run(&deny).json();
    assert_eq!(codes(&report), pairs(&[("error", "unused_definition")]));
    // Warnings beside errors, too.
    room.policy(
        "wrong",
        SCHEMA,
        &LOOSE.replace("effect: allow", "effect: requires_approval, x: y"),
    );
    let spelling = ["check", "wrong", "--allow", "requires_approval_spelling"];
    room.run(&spelling).fails(&["does not compile: 1 error in 1 file\n"]);
    room.run(&["check", "wrong"]).fails(&["does not compile: 1 error and 1 warning in 1 file\n"]);
}

#[test]
fn nothing_is_written_where_a_warning_is_denied() {
    let room = room("lints_compile");
    let compile = ["compile", "loose", "-o", "loose.actra"];
    room.run(&[&compile as &[_], &["--deny", "all"]].concat()).fails(&["error[single_part]: "]);
    assert!(!room.files().contains(&"loose.actra".to_owned()));
    let allow = ["--deny", "all", "--allow", "single_part", "--allow", "unused_definition"];
    let run = room.run(&[&compile as &[_], &allow].concat()).succeeds();
    assert_eq!(run.stderr, "");
    // Levels are no part of a policy.
    let strict = room.read("loose.actra");
    room.run(&compile).succeeds();
    assert_eq!(room.read("loose.actra"), strict);
    // What is compiled has no warnings.
    room.run(&["check", "loose.actra", "--deny", "all"]).succeeds();
}

#[test]
fn codes_that_are_no_warnings_are_wrong_usage() {
    let room = room("lints_usage");
    room.run(&["check", "nowhere", "--deny", "singel_part"]).fails(&[
        "error[usage]: there is no warning `singel_part`",
        "help: did you mean `single_part`?",
    ]);
    room.run(&["compile", "loose", "-o", "x.actra", "--allow", "bad_atom"])
        .fails(&["error[usage]: `bad_atom` is an error already"]);
    room.run(&["check", "loose", "--deny", "single_part", "--allow", "single_part"])
        .fails(&["error[usage]: `single_part` is both denied and allowed"]);
    room.run(&["check", "loose", "--allow", "all"]).fails(&["error[usage]: "]);
    let run = room.run(&["check", "loose", "--deny", "nonsense", "--format", "json"]);
    let problem: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((run.status, &problem["error"]["code"]), (1, &json!("usage")));
}

#[test]
fn a_silence_with_a_reason_is_counted_and_holds_against_deny() {
    let room = room("lints_silenced");
    let silenced = LOOSE
        .replace("define:", "# actra: allow unused_definition -- comes back in May\ndefine:")
        .replace("  - {id", "  # actra: allow single_part -- more follow\n  - {id");
    room.policy("silenced", SCHEMA, &silenced);
    let report = room.run(&["check", "silenced", "--format", "json"]).json();
    assert_eq!((&report["silenced"], codes(&report)), (&json!(2), Vec::new()));
    let run = room.run(&["check", "silenced"]).succeeds();
    assert!(run.stdout.ends_with(", no warnings, 2 silenced\n"), "{run:?}");
    room.run(&["check", "silenced", "--deny", "all"]).succeeds();
    let bare = silenced.replace(" -- more follow", "");
    room.policy("bare", SCHEMA, &bare);
    room.run(&["check", "bare", "--deny", "all"])
        .fails(&["error[silence_without_reason]: ", "error[single_part]: "]);
    let run = room.run(&["check", "bare", "--deny", "all", "--format", "json"]);
    assert_eq!((run.status, &run.json()["silenced"]), (1, &json!(1)));
}
