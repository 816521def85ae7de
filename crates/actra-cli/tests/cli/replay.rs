//! `actra replay` of JSON Lines, and what it tells.

use crate::support::{ALLOW, APPROVAL, BAD, BLOCK, Room, SCHEMA};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// As `policy`, but blocks from 100 and lets approvals go.
const STRICT: &str = "\
version: 2
rules:
  - id: huge
    scope: {action: refund}
    when: action.amount > 100
    effect: block
  - id: little
    scope: {action: refund}
    when: action.amount <= 100
    effect: allow
";

/// A room with an older policy in `old/`.
pub(crate) fn room(test: &str) -> Room {
    let room = Room::new(test);
    room.policy("old", SCHEMA, STRICT);
    room
}

/// The report of a replay, which is done with status 0.
pub(crate) fn report(room: &Room, args: &[&str]) -> Value {
    let all = [&["replay"], args, &["--format", "json"]].concat();
    let run = room.run(&all).succeeds();
    assert_eq!(run.stderr, "", "{run:?}");
    run.json()
}

/// Each outcome and its rows, without those that have none.
pub(crate) fn outcomes(report: &Value) -> Vec<(String, u64)> {
    let outcomes = report["outcomes"].as_array().unwrap().iter();
    outcomes
        .map(|it| (it["outcome"].as_str().unwrap().to_owned(), it["rows"].as_u64().unwrap()))
        .filter(|(_, rows)| *rows > 0)
        .collect()
}

fn lines(inputs: &[&str]) -> String {
    inputs.join("\n") + "\n"
}

#[test]
fn two_policies_are_compared_and_weakened_decisions_come_first() {
    let room = room("replay_against");
    room.write("log.jsonl", lines(&[ALLOW, APPROVAL, BLOCK, APPROVAL, BAD, ALLOW]));
    let args = ["replay", "log.jsonl", "--policy", "policy", "--against", "old"];
    let run = room.run(&args).succeeds();
    let expected = r#"6 rows by policy, compared with old
  log.jsonl: 6 rows, jsonl

changed: 2 of 6 compared (33.33 %), 2 weaker, 0 stricter, 0 as strict

weaker: block -> require_approval: 2 rows
          2  huge -> large
    log.jsonl:2  {"action": {"type": "refund", "amount": 200}}
    log.jsonl:4  {"action": {"type": "refund", "amount": 200}}

unchanged: 4 rows
          2  allow, 2 of them by another rule
          1  block
          1  error: wrong_type

by another rule: allow: 2 rows
          2  little -> small

errors: 1 row that cannot be decided, which is never an allow
          1  error: wrong_type
    log.jsonl:5  `action.amount` is a string, and the schema says number
      {"action": {"type": "refund", "amount": "20"}}

by rule
     before      after     change
          3          1         -2  huge
          0          2         +2  large
          0          2         +2  small
          2          0         -2  little
"#;
    assert_eq!(run.stdout, expected);
    assert_eq!(run.stderr, "");
    // The other way round it is stricter.
    let back = report(&room, &["log.jsonl", "--policy", "old", "--against", "policy"]);
    assert_eq!((&back["weaker"], &back["stricter"]), (&json!(0), &json!(2)));
    assert_eq!(back["transitions"][0]["direction"], "stricter");
}

#[test]
fn the_json_report_has_its_documented_shape() {
    let room = room("replay_json");
    room.write("log.jsonl", lines(&[APPROVAL, BAD]));
    let found = report(&room, &["log.jsonl", "--policy", "policy", "--against", "old"]);
    let hash = |name: &str| room.run(&["hash", name]).succeeds().stdout.trim().to_owned();
    let sample = |line: u64, row: &str, old: Value, new: Value, error: Value| {
        json!({"file": "log.jsonl", "line": line, "old_rule": old, "new_rule": new,
            "error": error, "row": row, "cut": false})
    };
    let wrong = json!("`action.amount` is a string, and the schema says number");
    assert_eq!(
        found,
        json!({
            "policy": {"path": "policy", "policy_hash": hash("policy")},
            "compared_with": "policy",
            "against": {"path": "old", "policy_hash": hash("old")},
            "files": [{"path": "log.jsonl", "format": "jsonl", "rows": 2, "log_lines": 0, "ignored_columns": []}],
            "rows": 2, "compared": 2, "not_compared": [],
            "changed": 1, "weaker": 1, "stricter": 0,
            "transitions": [{
                "old": "block", "new": "require_approval", "direction": "weaker", "rows": 1,
                "by_rule": [{"old_rule": "huge", "new_rule": "large", "rows": 1}],
                "samples": [sample(1, APPROVAL, json!("huge"), json!("large"), json!(null))],
            }],
            "unchanged": [
                {"outcome": "error: wrong_type", "rows": 1, "moved": 0, "moved_by_rule": []},
            ],
            "outcomes": [
                {"outcome": "allow", "rows": 0},
                {"outcome": "require_approval", "rows": 1},
                {"outcome": "block", "rows": 0},
                {"outcome": "error: wrong_type", "rows": 1},
            ],
            "errors": [{
                "outcome": "error: wrong_type", "rows": 1,
                "samples": [sample(2, BAD, json!(null), json!(null), wrong)],
            }],
            "rules": [
                {"rule": "huge", "old_rows": 1, "new_rows": 0},
                {"rule": "large", "old_rows": 0, "new_rows": 1},
            ],
        })
    );
}

#[test]
fn artifacts_replay_as_their_documents_do() {
    let room = room("replay_artifact");
    room.run(&["compile", "policy", "-o", "policy.actra"]).succeeds();
    room.run(&["compile", "old", "-o", "old.actra"]).succeeds();
    room.write("log.jsonl", lines(&[ALLOW, APPROVAL, BLOCK, BAD]));
    let of = |new: &str, old: &str| {
        let run = room.run(&["replay", "log.jsonl", "--policy", new, "--against", old]);
        run.succeeds().stdout.replace(".actra", "")
    };
    assert_eq!(of("policy", "old"), of("policy.actra", "old.actra"));
}

#[test]
fn recorded_decisions_are_compared_with_where_there_are_any() {
    let room = room("replay_recorded");
    let row = |input: &str, decision: &str| {
        format!(r#"{{"id": 1, "input": {input}, "decision": {decision}}}"#)
    };
    let log = [
        row(ALLOW, r#"{"effect": "allow", "matched_rule": "small"}"#),
        row(APPROVAL, r#"{"effect": "block", "matched_rule": "gone"}"#),
        row(BLOCK, r#"{"effect": "block"}"#),
        row(BAD, r#"{"error": {"code": "wrong_type"}}"#),
        row(ALLOW, r#"{"effect": "perhaps"}"#),
        row(ALLOW, "null"),
        "{\"input\": {\"action\": {\"type\": \"refund\", \"amount\": 20}}, \"decision\": {\"eff"
            .to_owned(),
    ];
    room.write("log.jsonl", log.join("\n"));
    let found = report(&room, &["log.jsonl", "--policy", "policy"]);
    assert_eq!(found["compared_with"], "recorded");
    assert_eq!((&found["compared"], &found["changed"]), (&json!(4), &json!(1)));
    assert_eq!(found["transitions"][0]["by_rule"][0]["old_rule"], "gone");
    // A log need not name rules: that is no change.
    assert!(found["unchanged"].as_array().unwrap().iter().all(|it| it["moved"] == 0), "{found}");
    let apart: Vec<_> = found["not_compared"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["reason"].as_str().unwrap(), it["rows"].as_u64().unwrap()))
        .collect();
    assert_eq!(apart, [("not_recorded", 2), ("no_effect", 1)]);
    let text = room.run(&["replay", "log.jsonl", "--policy", "policy"]).succeeds().stdout;
    assert!(text.contains("not compared: 1 row: what is recorded is no effect\n    log.jsonl:5"));
    // Asked not to look, or to look elsewhere.
    let none = report(&room, &["log.jsonl", "--policy", "policy", "--recorded", "none"]);
    assert_eq!((&none["compared_with"], &none["compared"]), (&json!(null), &json!(0)));
    assert_eq!(none["rules"][0]["old_rows"], json!(null));
    let run = room.run(&["replay", "log.jsonl", "--policy", "policy", "--recorded", "was.effect"]);
    run.fails(&["error[nothing_compared]", "no row has a recorded decision"]);
    let args = ["replay", "log.jsonl", "--policy", "policy", "--against", "old", "--recorded", "a"];
    room.run(&args).fails(&["cannot be used with"]);
}

#[test]
fn inputs_stand_in_the_line_or_below_a_key() {
    let room = room("replay_key");
    for (line, key) in [
        (ALLOW.to_owned(), "auto"),
        (ALLOW.replacen('{', "{\"id\": \"}\", ", 1), "auto"),
        (format!(r#"{{"context": {ALLOW}}}"#), "auto"),
        (format!(r#"{{"input": {ALLOW}, "id": 1}}"#), "auto"),
        (format!(r#"{{"a": {{"b": {ALLOW}}}}}"#), "a.b"),
        (ALLOW.to_owned(), "none"),
    ] {
        room.write("log.jsonl", line.clone());
        let found = report(&room, &["log.jsonl", "--policy", "policy", "--input-key", key]);
        assert_eq!(outcomes(&found), [("allow".to_owned(), 1)], "{key}: {line}");
    }
    room.write("log.jsonl", format!("{{\"other\": {ALLOW}}}\n"));
    let found = report(&room, &["log.jsonl", "--policy", "policy"]);
    assert_eq!(outcomes(&found), [("error: malformed".to_owned(), 1)]);
    room.run(&["replay", "log.jsonl", "--policy", "policy", "--input-key", "a..b"])
        .fails(&["error[usage]", "`--input-key`"]);
}

#[test]
fn bad_lines_are_outcomes_with_their_places_and_none_is_skipped() {
    let room = room("replay_bad");
    let mut log = Vec::new();
    let deep = format!("{{\"action\": {{\"x\": {}{}}}}}", "[".repeat(500), "]".repeat(500));
    let large = ALLOW.replace("}}", &format!(", \"note\": \"{}\"}}}}", "x".repeat(17 << 20)));
    for line in [
        format!("\u{feff}{ALLOW}").into_bytes(),
        ALLOW.as_bytes().to_vec(),
        b"".to_vec(),
        b"  \t".to_vec(),
        [ALLOW.as_bytes(), b"\r"].concat(),
        b"\x00\x01\xfe\xffjunk".to_vec(),
        b"{\"action\": {\"type\": \"refund\", \"amount\": 20, \"note\": \"\xe9\"}}".to_vec(),
        ALLOW.replace("\"amount\"", "\"type\"").into_bytes(),
        deep.into_bytes(),
        large.into_bytes(),
        b"[1]".to_vec(),
        b"{\"action\": {\"type\": \"refund\", \"amou".to_vec(),
        ALLOW.as_bytes().to_vec(),
    ] {
        log.extend_from_slice(&line);
        log.push(b'\n');
    }
    room.write("log.jsonl", log);
    for extra in [&["--against", "old"] as &[&str], &[]] {
        let args = [&["log.jsonl", "--policy", "policy", "--samples", "20"], extra].concat();
        let found = report(&room, &args);
        let count = |name: &str, rows: u64| (name.to_owned(), rows);
        assert_eq!(
            outcomes(&found),
            [
                count("allow", 3),
                count("error: not_utf8", 2),
                count("error: duplicate_key", 1),
                count("error: too_deep", 1),
                count("error: too_large", 1),
                count("error: malformed", 3),
            ]
        );
        assert_eq!(found["rows"], 11);
        let errors = found["errors"].as_array().unwrap();
        let samples = errors.iter().flat_map(|error| error["samples"].as_array().unwrap());
        let mut lines: Vec<_> = samples.map(|sample| sample["line"].as_u64().unwrap()).collect();
        lines.sort_unstable();
        assert_eq!(lines, [1, 6, 7, 8, 9, 10, 11, 12]);
    }
}

#[test]
fn the_status_tells_what_changed_when_asked() {
    let room = room("replay_status");
    room.write("same.jsonl", lines(&[ALLOW, BLOCK, BAD]));
    room.write("both.jsonl", lines(&[ALLOW, APPROVAL]));
    room.write("empty.jsonl", "");
    let status = |log: &str, new: &str, old: &str, on: &str| {
        room.run(&["replay", log, "--policy", new, "--against", old, "--fail-on", on]).status
    };
    for (log, new, old, on, told) in [
        ("same.jsonl", "policy", "old", "any", 0),
        ("same.jsonl", "policy", "old", "weaker", 0),
        ("both.jsonl", "policy", "old", "none", 0),
        ("both.jsonl", "policy", "old", "weaker", 5),
        ("both.jsonl", "policy", "old", "any", 5),
        ("both.jsonl", "old", "policy", "weaker", 0),
        ("both.jsonl", "old", "policy", "any", 5),
        ("empty.jsonl", "old", "policy", "any", 1),
        ("missing.jsonl", "old", "policy", "any", 1),
        ("both.jsonl", "missing", "policy", "any", 1),
    ] {
        assert_eq!(status(log, new, old, on), told, "{log} {new} {old} {on}");
    }
    // Where a decision cannot be compared, nobody knows that it is none the weaker.
    let one = format!(r#"{{"input": {ALLOW}, "effect": "allow"}}"#);
    room.write("some.jsonl", format!("{one}\n{ALLOW}\n"));
    let run = room.run(&["replay", "some.jsonl", "--policy", "policy", "--fail-on", "weaker"]);
    assert_eq!(run.status, 5, "{run:?}");
    room.run(&["replay", "both.jsonl", "--policy", "policy", "--fail-on", "any"])
        .fails(&["error[nothing_compared]", "--against"]);
}

#[test]
fn an_error_that_becomes_an_allow_is_weaker() {
    let room = room("replay_error");
    room.policy(
        "text",
        &SCHEMA.replace("amount: number", "amount: string"),
        "\
version: 2
rules: [{id: all, scope: {action: refund}, effect: allow}]
",
    );
    room.write("log.jsonl", lines(&[BAD]));
    let found = report(&room, &["log.jsonl", "--policy", "text", "--against", "policy"]);
    assert_eq!((&found["weaker"], &found["changed"]), (&json!(1), &json!(1)));
    assert_eq!(found["transitions"][0]["old"], "error: wrong_type");
    // The sample says what was wrong.
    assert!(found["transitions"][0]["samples"][0]["error"].is_string());
}

#[test]
fn several_logs_and_standard_input_are_read_in_order_up_to_the_limit() {
    let room = room("replay_several");
    room.write("a.jsonl", lines(&[APPROVAL, ALLOW]));
    room.write("b", lines(&[APPROVAL]));
    let args = [
        "replay",
        "a.jsonl",
        "-",
        "b",
        "--policy",
        "policy",
        "--against",
        "old",
        "--format",
        "json",
    ];
    let found = room.feed(&args, lines(&[APPROVAL])).succeeds().json();
    let places = |found: &Value| -> Vec<(String, u64)> {
        let samples = found["transitions"][0]["samples"].as_array().unwrap();
        let place =
            |it: &Value| (it["file"].as_str().unwrap().to_owned(), it["line"].as_u64().unwrap());
        samples.iter().map(place).collect()
    };
    let place = |file: &str, line| (file.to_owned(), line);
    assert_eq!(places(&found), [place("a.jsonl", 1), place("(standard input)", 1), place("b", 1)]);
    let limited = room
        .feed(&[&args as &[_], &["--limit", "3", "--samples", "1"]].concat(), lines(&[APPROVAL]));
    let limited = limited.succeeds().json();
    assert_eq!((&limited["rows"], &limited["transitions"][0]["rows"]), (&json!(3), &json!(2)));
    assert_eq!(places(&limited), [place("a.jsonl", 1)]);
    room.feed(&["replay", "-", "-", "--policy", "policy"], ALLOW).fails(&["error[usage]"]);
    room.run(&["replay", "--policy", "policy"]).fails(&["LOG"]);
}

#[test]
fn the_number_of_threads_changes_nothing_that_is_told() {
    let room = room("replay_jobs");
    let mut log = String::new();
    for number in 0..30_000_u64 {
        let amount = number * 7919 % 2500;
        let rule = number % 1500;
        let effect = ["allow", "block", "require_approval", "nothing"][(number % 4) as usize];
        let _ = writeln!(
            log,
            "{{\"input\": {{\"action\": {{\"type\": \"refund\", \"amount\": {amount}}}}}, \
             \"effect\": \"{effect}\", \"matched_rule\": \"rule {rule}\"}}"
        );
        if number % 1000 == 999 {
            log.push_str("broken\n");
        }
    }
    room.write("log.jsonl", log);
    let of = |jobs: &str, extra: &[&str]| {
        let args = [
            &["replay", "log.jsonl", "--policy", "policy", "--jobs", jobs, "--format", "json"],
            extra,
        ];
        room.run(&args.concat()).succeeds().stdout
    };
    for extra in [&[] as &[&str], &["--against", "old"]] {
        let one = of("1", extra);
        assert_eq!(one, of("3", extra));
        assert_eq!(one, of("8", extra));
    }
    let found = report(&room, &["log.jsonl", "--policy", "policy"]);
    assert_eq!(found["rows"], 30_030);
    let of_kind = |key: &str| -> u64 {
        found[key].as_array().unwrap().iter().map(|it| it["rows"].as_u64().unwrap()).sum()
    };
    assert_eq!(of_kind("outcomes"), 30_030);
    assert_eq!(of_kind("transitions") + of_kind("unchanged") + of_kind("not_compared"), 30_030);
}

#[test]
fn logs_of_other_kinds_are_refused_with_a_way_out() {
    let room = room("replay_kinds");
    room.write("log.jsonl.gz", b"\x1f\x8b\x08\x00rest");
    room.write("log.zst", b"\x28\xb5\x2f\xfdrest");
    room.write("junk", b"\x00\x01\x02\xff\xfe".repeat(1000));
    room.run(&["replay", "log.jsonl.gz", "--policy", "policy"])
        .fails(&["error[compressed]", "zcat log.jsonl.gz | actra replay -"]);
    room.run(&["replay", "log.zst", "--policy", "policy"])
        .fails(&["error[compressed]", "zstdcat log.zst"]);
    room.run(&["replay", "junk", "--policy", "policy"]).fails(&["error[bad_columns]"]);
    room.run(&["replay", ".", "--policy", "policy"]).fails(&["error[unreadable_file]"]);
    room.run(&["replay", "nowhere", "--policy", "policy"]).fails(&["error[missing_file]"]);
    room.feed(&["replay", "-", "--policy", "policy", "--log-format", "parquet"], "PAR1")
        .fails(&["Parquet cannot be read from standard input"]);
    let run = room.run(&["replay", "junk", "--policy", "policy", "--log-format", "jsonl"]);
    assert!(run.succeeds().stdout.contains("1  error: "));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_how_to_get_one_with_it() {
    let room = room("replay_no_parquet");
    room.write("log.parquet", b"PAR1junkPAR1");
    room.run(&["replay", "log.parquet", "--policy", "policy"])
        .fails(&["error[no_parquet]", "cargo build --release -p actra-cli --features parquet"]);
}

#[test]
fn texts_of_logs_do_nothing_to_a_terminal_and_colours_come_when_asked() {
    let room = room("replay_clean");
    let row = |rule: &str| {
        format!(r#"{{"input": {APPROVAL}, "effect": "block", "matched_rule": "{rule}"}}"#)
    };
    room.write("log.jsonl", lines(&[&row("\\u001b[2J"), "\u{1b}[2Jbroken"]));
    let args = ["replay", "log.jsonl", "--policy", "policy", "--color", "always"];
    let run = room.run(&args).succeeds();
    assert!(run.stdout.contains("[2J") && !run.stdout.contains("\u{1b}[2J"), "{run:?}");
    assert!(run.stdout.contains("\u{1b}[1;31mweaker\u{1b}[0m"), "{run:?}");
    let run = room.run(&[&args as &[_], &["--format", "json"]].concat()).succeeds();
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
}
