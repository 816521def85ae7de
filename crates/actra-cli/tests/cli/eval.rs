//! `actra eval` of one input.

use crate::support::{ALLOW, APPROVAL, BAD, BLOCK, Room};
use serde_json::json;

const YAML: &str = "# a refund\naction:\n  type: refund\n  amount: 200\n";

#[test]
fn a_decision_is_told_to_people() {
    let room = Room::new("eval_text");
    let run = room.feed(&["eval", "policy", "--input", "-"], APPROVAL).succeeds();
    assert_eq!(
        run.stdout,
        "require_approval by large\n  required action  {\"role\":\"lead\",\"type\":\"human_approval\"}\n"
    );
    assert_eq!(run.stderr, "");
    let run = room.feed(&["eval", "policy", "--input", "-"], BLOCK).succeeds();
    assert_eq!(run.stdout, "block by huge\n  message          Too much.\n");
    let run = room.feed(&["eval", "policy", "-i", "-"], r#"{"action": {"type": "refund"}}"#);
    assert_eq!(
        run.succeeds().stdout,
        "block by huge\n  message          Too much.\n  missing          action.amount\n"
    );
    let stranger = ALLOW.replace("}}", "}, \"actor\": {\"role\": \"stranger\"}}");
    let run = room.feed(&["eval", "policy", "-i", "-"], stranger).succeeds();
    assert_eq!(run.stdout, "allow by small\n  shadow           would be block by stranger\n");
    let run = room.feed(&["eval", "policy", "-i", "-"], BAD);
    assert_eq!(run.status, 1);
    assert!(run.stdout.starts_with("input error[wrong_type] on line 1: `action.amount` is"));
}

#[test]
fn where_no_rule_fires_the_default_decides() {
    let room = Room::new("eval_default");
    room.policy("policy", crate::support::SCHEMA, "version: 2\nrules: []\n");
    let run = room.feed(&["eval", "policy", "--input", "-"], ALLOW).succeeds();
    assert_eq!(run.stdout, "block by default: no rule fired\n");
    let run = room.feed(&["eval", "policy", "--input", "-", "--format", "json"], ALLOW).succeeds();
    assert_eq!(run.stdout, "{\"effect\":\"block\",\"matched_rule\":null}\n");
}

#[test]
fn a_file_decides_as_its_documents_do() {
    let room = Room::compiled("eval_same");
    for input in [ALLOW, APPROVAL, BLOCK, BAD, YAML, "", "{", "{}\n{}"] {
        for format in ["text", "json"] {
            let of = |policy| {
                let run = room.feed(&["eval", policy, "--input", "-", "--format", format], input);
                (run.stdout, run.stderr, run.status)
            };
            assert_eq!(of("policy"), of("policy.actra"), "{input}");
        }
    }
}

#[test]
fn a_decision_as_json_has_effect_and_rule() {
    let room = Room::new("eval_json");
    let args = ["eval", "policy", "--input", "-", "--format", "json"];
    let run = room.feed(&args, ALLOW).succeeds();
    assert_eq!(run.stdout, "{\"effect\":\"allow\",\"matched_rule\":\"small\"}\n");
    let run = room.feed(&args, BAD);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let answer = run.json();
    assert_eq!(answer["error"]["code"], "wrong_type");
    assert_eq!(answer["error"]["field"], "action.amount");
    assert!(answer["error"]["message"].is_string());
    assert_eq!(answer.as_object().unwrap().len(), 1);
    assert_eq!(room.feed(&args, "{").json()["error"]["field"], json!(null));
}

#[test]
fn the_status_tells_the_decision_when_asked() {
    let room = Room::compiled("eval_status");
    for (input, told) in [(ALLOW, 0), (BLOCK, 2), (APPROVAL, 3), (BAD, 4), ("", 4), ("{", 4)] {
        for policy in ["policy", "policy.actra"] {
            let run = room.feed(&["eval", policy, "--input", "-", "--exit-code"], input);
            assert_eq!(run.status, told, "{input}");
            let run = room.feed(&["eval", policy, "--input", "-"], input);
            assert_eq!(run.status, i32::from(told == 4), "{input}");
        }
    }
    room.run(&["eval", "nowhere", "--input", "-", "--exit-code"]).fails(&["missing_file"]);
    room.run(&["eval", "policy", "--input", "nowhere", "--exit-code"]).fails(&["missing_file"]);
    room.run(&["eval", "policy", "--input", ".", "--exit-code"]).fails(&["unreadable_file"]);
}

#[test]
fn the_extension_says_how_a_file_is_written() {
    let room = Room::new("eval_extension");
    for (name, text) in [
        ("a.json", APPROVAL.to_owned()),
        ("a.json", APPROVAL.replace(' ', "\n")),
        ("a.JSON", APPROVAL.to_owned()),
        ("a.jsonl", APPROVAL.to_owned()),
        ("a.ndjson", format!("\n{APPROVAL}\n\n")),
        ("a.yaml", YAML.to_owned()),
        ("a.yml", APPROVAL.to_owned()),
        ("a.txt", YAML.to_owned()),
        ("a", APPROVAL.to_owned()),
    ] {
        room.write(name, &text);
        let run = room.run(&["eval", "policy", "--input", name, "--exit-code"]);
        assert_eq!(run.status, 3, "{name}: {run:?}");
    }
    room.write("b.json", YAML);
    assert_eq!(room.run(&["eval", "policy", "--input", "b.json"]).status, 1);
    let run = room.run(&["eval", "policy", "--input", "b.json", "--input-format", "yaml"]);
    run.succeeds();
    room.write("lines.json", format!("{ALLOW}\n{ALLOW}\n"));
    let run = room.run(&["eval", "policy", "--input", "lines.json"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("--input-format jsonl"), "{run:?}");
}

#[test]
fn the_text_says_how_standard_input_is_written() {
    let room = Room::new("eval_sniff");
    for input in [
        APPROVAL.to_owned(),
        format!("\n\n  {APPROVAL}\r\n\n"),
        APPROVAL.replace(' ', "\n"),
        YAML.to_owned(),
        format!("---\n{YAML}"),
        "{action: {type: refund, amount: 200}}".to_owned(),
        "{action:\n  {type: refund, amount: 200}}\n".to_owned(),
    ] {
        let run = room.feed(&["eval", "policy", "--input", "-", "--exit-code"], &input);
        assert_eq!((run.status, run.stderr.as_str()), (3, ""), "{input}: {run:?}");
    }
    for input in ["{action: {type: refund}}\n---\n{}\n", "{\"action\": {\"type\": }}", "[1", "\t"] {
        let run = room.feed(&["eval", "policy", "--input", "-", "--exit-code"], input);
        assert_eq!(run.status, 4, "{input}: {run:?}");
        assert_eq!(run.stdout.lines().count(), 1);
    }
    let run = room.feed(&["eval", "policy", "--input", "-"], "{a: 1");
    assert!(run.stdout.contains("it is no JSON (") && run.stdout.contains("and no YAML ("));
    let run = room.feed(&["eval", "policy", "--input", "-"], format!("\u{feff}{ALLOW}"));
    assert!(run.stdout.contains("byte order mark"), "{run:?}");
    assert_eq!(run.status, 1);
}

#[test]
fn bad_texts_are_input_errors() {
    let room = Room::new("eval_bad");
    let mut latin = ALLOW.replace("20", "20, \"note\": \"?\"").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'?').unwrap();
    latin[at] = 0xe9;
    let deep = format!("{{\"action\": {{\"x\": {}{}}}}}", "[".repeat(500), "]".repeat(500));
    let large = format!("{{\"action\": \"{}\"}}", "a".repeat(17 * 1024 * 1024));
    for (input, code) in [
        (latin, "not_utf8"),
        (ALLOW.replace("\"amount\"", "\"type\"").into_bytes(), "duplicate_key"),
        (deep.clone().into_bytes(), "too_deep"),
        (deep.replace("\": ", "\":\n").into_bytes(), "too_deep"),
        (large.clone().into_bytes(), "too_large"),
        (large.replace("\": ", "\":\n").into_bytes(), "too_large"),
        (b"[1]".to_vec(), "malformed"),
        (b"null".to_vec(), "malformed"),
    ] {
        let run = room.feed(&["eval", "policy", "--input", "-", "--format", "json"], input);
        assert_eq!(run.status, 1);
        assert_eq!(run.json()["error"]["code"], code);
    }
}

#[test]
fn unknown_fields_are_refused_when_asked() {
    let room = Room::new("eval_unknown");
    let input = ALLOW.replace("}}", ", \"colour\": \"red\"}}");
    room.feed(&["eval", "policy", "--input", "-"], &input).succeeds();
    let args = ["eval", "policy", "--input", "-", "--reject-unknown", "--format", "json"];
    let run = room.feed(&args, &input);
    assert_eq!(run.status, 1);
    assert_eq!(run.json()["error"]["code"], "unknown_field");
    assert_eq!(run.json()["error"]["field"], "action.colour");
}

#[test]
fn colours_come_when_asked_and_never_into_json() {
    let room = Room::new("eval_color");
    let args = ["eval", "policy", "--input", "-"];
    assert!(!room.feed(&args, ALLOW).stdout.contains('\u{1b}'));
    let run = room.feed(&[&args as &[_], &["--color", "always"]].concat(), ALLOW);
    assert!(run.stdout.contains("\u{1b}[1;32mallow\u{1b}[0m"), "{run:?}");
    let run = room.feed(&[&args as &[_], &["--color=always", "--format=json"]].concat(), ALLOW);
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
}

#[test]
fn text_of_inputs_does_nothing_to_a_terminal() {
    let room = Room::new("eval_clean");
    let input = ALLOW.replace("}}", ", \"\\u001b[2J\": 1}}");
    let args = ["eval", "policy", "--input", "-", "--reject-unknown", "--color", "always"];
    let run = room.feed(&args, input);
    assert!(run.stdout.contains("[2J"), "{run:?}");
    assert!(!run.stdout.contains("\u{1b}[2J"), "{run:?}");
}
