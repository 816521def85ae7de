//! `actra explain`.

use super::support::{ALLOW, APPROVAL, BAD, BLOCK, Room};
use serde_json::Value;

const ARGS: [&str; 4] = ["explain", "policy", "--input", "-"];

#[test]
fn an_explanation_reads_so() {
    let room = Room::new("explain_text");
    let input = r#"{"action": {"type": "refund", "amount": 200, "nota": "hi"}, "actor": {}}"#;
    let run = room.feed(&ARGS, input).succeeds();
    assert_eq!(
        run.stdout,
        "\
require_approval by large
  required action  {\"role\":\"lead\",\"type\":\"human_approval\"}

input
  action.type    refund
  action.amount  200
  action.nota    ignored: the schema does not name it here (did you mean `action.note`?)

fired
  require_approval large: decided  policy.yaml:9
    ✓ action.amount > 100  200
  allow small: fires, but `large` decides before it  policy.yaml:14
    ✓ action.amount <= 1000  200

did not fire, nearest first
  block huge: lacks 1 test  policy.yaml:3
    ✗ action.amount > 1000  200
  block stranger (shadow): lacks 1 test  policy.yaml:18
    ? actor.role == stranger  missing  counts as true
    ✗ actor.role exists       missing
"
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn an_artifact_explains_as_its_directory_does() {
    let room = Room::compiled("explain_artifact");
    for input in [ALLOW, APPROVAL, BLOCK] {
        let directory = room.feed(&ARGS, input).succeeds().stdout;
        let artifact = room.feed(&["explain", "policy.actra", "--input", "-"], input).succeeds();
        assert_eq!(artifact.stdout, directory);
    }
}

#[test]
fn the_decision_in_an_explanation_is_that_of_eval() {
    let room = Room::new("explain_eval");
    for input in [ALLOW, APPROVAL, BLOCK, BAD] {
        let explained = room.feed(&[&ARGS as &[_], &["--format", "json"]].concat(), input);
        let explained: Value = serde_json::from_str(&explained.stdout).unwrap();
        let args = ["eval", "policy", "--input", "-", "--format", "json"];
        let decided: Value = serde_json::from_str(&room.feed(&args, input).stdout).unwrap();
        if decided.get("error").is_some() {
            assert_eq!(explained["error"], decided["error"]);
            assert_eq!(explained["decision"], Value::Null);
            assert_eq!(explained["rules"], serde_json::json!([]));
        } else {
            assert_eq!(explained["decision"], decided);
            assert_eq!(explained["error"], Value::Null);
        }
    }
}

#[test]
fn an_explanation_as_json_has_the_documented_shape() {
    let room = Room::new("explain_json");
    let input = r#"{"action": {"type": "refund", "amount": 200}}"#;
    let run = room.feed(&[&ARGS as &[_], &["--format", "json", "--rule", "large"]].concat(), input);
    let found: Value = serde_json::from_str(&run.succeeds().stdout).unwrap();
    let expected = serde_json::json!({
        "decision": {
            "effect": "require_approval",
            "matched_rule": "large",
            "required_actions": [{"role": "lead", "type": "human_approval"}],
        },
        "error": null,
        "settings": {
            "version": 2,
            "combine": "most_restrictive",
            "default": "block",
            "missing": "fail_closed",
            "inputs": "checked",
        },
        "input": {"action.type": "refund", "action.amount": 200},
        "ignored": [],
        "rules": [{
            "id": "large",
            "effect": "require_approval",
            "shadow": false,
            "standing": "decided",
            "condition": "true",
            "visited": true,
            "skipped_by": null,
            "lacks": 0,
            "place": {"file": "policy.yaml", "line": 9, "column": 5},
            "when": {
                "test": "action.amount > 100",
                "truth": "true",
                "holds": true,
                "lacking": false,
                "fields": [{"field": "action.amount", "state": "given", "value": 200}],
                "place": {"file": "policy.yaml", "line": 11, "column": 11},
            },
        }],
        "other_rules": 0,
    });
    assert_eq!(found, expected);
}

#[test]
fn a_stream_is_explained_line_by_line_and_errors_fail_the_run() {
    let room = Room::new("explain_stream");
    let lines = format!("{ALLOW}\n{{\n{BAD}\n");
    let run = room.feed(&[&ARGS as &[_], &["--input-format", "jsonl"]].concat(), &lines);
    assert_eq!(run.status, 1, "{run:?}");
    let heads: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("line ")).collect();
    assert_eq!(heads, ["line 1", "line 2", "line 3"]);
    assert!(run.stdout.contains("\ninput error[malformed]: "), "{run:?}");
    assert!(run.stdout.contains("\ninput error[wrong_type]: `action.amount` is a string"));
    // What was read is shown beside what is wrong with it.
    assert!(run.stdout.contains("  action.amount  '20'\n"), "{run:?}");
}

#[test]
fn a_rule_that_is_told_alone_says_nothing_of_the_others() {
    let room = Room::new("explain_alone");
    let run = room.feed(&[&ARGS as &[_], &["--rule", "huge"]].concat(), ALLOW).succeeds();
    assert!(run.stdout.contains("block huge: lacks 1 test"), "{run:?}");
    assert!(!run.stdout.contains("no rule fired"), "{run:?}");
    room.policy(
        "two",
        "version: 1\nactions: {a: {fields: {}}, b: {fields: {}}}\n",
        "version: 2\nrules: [{id: of_b, scope: {action: b}, effect: allow}]\n",
    );
    let args = ["explain", "two", "--input", "-", "--rule", "of_b"];
    let run = room.feed(&args, r#"{"action": {"type": "a"}}"#).succeeds();
    assert!(run.stdout.ends_with("\n`of_b` is about other actions\n"), "{run:?}");
}

#[test]
fn a_named_pipe_is_no_policy_and_nobody_waits_for_it() {
    let room = Room::new("explain_pipe");
    let made = std::process::Command::new("mkfifo").arg(room.path("pipe")).status();
    if cfg!(unix) {
        assert!(made.unwrap().success());
        let run = room.feed(&["explain", "pipe", "--input", "-"], ALLOW);
        run.fails(&["error[unreadable_file]", "not a regular file"]);
    }
}

#[test]
fn a_rule_that_is_not_there_is_a_problem_with_a_near_name() {
    let room = Room::new("explain_rule");
    let run = room.feed(&[&ARGS as &[_], &["--rule", "lage"]].concat(), ALLOW);
    assert_eq!(run.status, 1);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("error[unknown_rule]: the policy has no rule `lage`"));
    assert!(run.stderr.contains("did you mean `large`?"), "{run:?}");
}
