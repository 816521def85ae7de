//! `actra log`, and `actra replay` of what it verifies.

use super::support::{ALLOW, BLOCK, Room};
use actra::Policy;
use actra::log::{DecisionLog, Entry, Input};
use serde_json::Value;
use std::fs;

/// A log of two files with four decisions, in `logs/`.
fn room(test: &str) -> Room {
    let room = Room::new(test);
    fs::create_dir_all(room.path("logs")).unwrap();
    let policy = Policy::from_directory(&room.path("policy")).unwrap();
    let log = DecisionLog::open(room.path("logs/decisions.jsonl")).unwrap();
    for text in [ALLOW, BLOCK, ALLOW, BLOCK] {
        let outcome = policy.evaluate_json(text.as_bytes());
        log.record(&Entry::new(&policy, Input::Json(text.as_bytes()), outcome.as_ref())).unwrap();
        if log.status().file == 1 && log.status().accepted == 2 {
            log.rotate().unwrap();
        }
    }
    log.close().unwrap();
    room
}

#[test]
fn a_log_that_nobody_has_changed_is_fine() {
    let room = room("log_fine");
    let text = room.run(&["log", "verify", "logs"]).succeeds().stdout;
    assert!(text.starts_with("ok: 7 lines in 2 files\n"), "{text}");
    assert!(text.contains("decisions  4\n") && text.contains("ends       closed\n"), "{text}");
    let json =
        room.run(&["log", "verify", "logs", "--whole", "--format", "json"]).succeeds().json();
    let log = &json["logs"][0];
    assert_eq!(
        (json["ok"].as_bool(), log["lines"].as_u64(), log["last_file"].as_u64()),
        (Some(true), Some(7), Some(2))
    );
    let (seq, chain) =
        (log["head"]["seq"].to_string(), log["head"]["chain"].as_str().unwrap().to_owned());
    assert!(text.contains(&format!("head       {seq} {chain}\n")), "{text}");
    room.run(&["log", "verify", "logs", "--expect", &chain, "--expect-seq", &seq]).succeeds();
    // Files in any order; one alone says where it begins.
    let files = ["logs/decisions.jsonl", "logs/decisions.000001.jsonl"];
    room.run(&["log", "verify", files[0], files[1], "--whole"]).succeeds();
    let text = room.run(&["log", "verify", files[0]]).succeeds().stdout;
    assert!(
        text.contains("begins     with file 2, line 4: files before it are not here\n"),
        "{text}"
    );
}

#[test]
fn what_was_changed_is_told_with_its_place() {
    let room = room("log_changed");
    let (path, head) = ("logs/decisions.jsonl", "0".repeat(64));
    let whole = String::from_utf8(room.read(path)).unwrap();
    let verify = ["log", "verify", "logs"];
    room.write(path, whole.replacen("\"allow\"", "\"block\"", 1));
    room.run(&verify).fails(&["logs/decisions.jsonl:2: edited: ", "error[broken_log]", "1 place"]);
    let run = room.run(&["log", "verify", "logs", "--format", "json"]);
    let problem: Value = serde_json::from_str(&run.stderr).unwrap();
    let place = &problem["error"]["diagnostics"][0];
    assert_eq!((place["code"].as_str(), place["line"].as_u64()), (Some("edited"), Some(2)));
    assert_eq!(problem["error"]["code"], "broken_log");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    room.write(path, lines[..1].concat() + &lines[2..].concat());
    room.run(&verify).fails(&["logs/decisions.jsonl:2: sequence: "]);
    room.write(path, &whole);
    fs::rename(room.path("logs/decisions.000001.jsonl"), room.path("first.jsonl")).unwrap();
    room.run(&["log", "verify", "logs", "--whole"]).fails(&["logs/decisions.jsonl: start: "]);
    room.run(&["log", "verify", "logs", "--expect", &head]).fails(&["head: no line has the chain"]);
    room.run(&["log", "verify", "logs", "--expect-seq", "99"])
        .fails(&["ends with line 7, before line 99"]);
    room.run(&["log", "verify", "logs", "first.jsonl", "logs"]).fails(&["doubled_file"]);
}

#[test]
fn a_line_that_is_cut_off_is_no_fault_but_told() {
    let room = room("log_torn");
    let path = "logs/decisions.jsonl";
    let whole = room.read(path);
    room.write(path, &whole[..whole.len() - 20]);
    let text = room.run(&["log", "verify", "logs"]).succeeds().stdout;
    assert!(text.contains("of a line that is cut off"), "{text}");
}

#[test]
fn what_is_no_log_is_a_problem() {
    let room = room("log_none");
    room.run(&["log", "verify", "policy"]).fails(&["error[no_log]", "`policy`"]);
    room.run(&["log", "verify", "policy/policy.yaml"]).fails(&["header", "error[broken_log]"]);
    room.run(&["log", "verify", "nowhere"]).fails(&["error[missing_file]"]);
    room.run(&["log", "verify", "logs", "--expect", "abc"])
        .fails(&["error[usage]", "64 hexadecimal digits"]);
    room.run(&["log", "verify"]).fails(&["PATH"]);
}

#[test]
fn a_decision_log_is_replayed_with_the_decisions_that_it_holds() {
    let room = room("log_replay");
    let files = ["logs/decisions.000001.jsonl", "logs/decisions.jsonl"];
    let replay = [
        "replay",
        files[0],
        files[1],
        "--policy",
        "policy",
        "--fail-on",
        "any",
        "--format",
        "json",
    ];
    let report = room.run(&replay).succeeds().json();
    assert_eq!(
        (report["rows"].as_u64(), report["compared"].as_u64(), report["changed"].as_u64()),
        (Some(4), Some(4), Some(0))
    );
    assert_eq!(
        (report["files"][0]["log_lines"].as_u64(), report["files"][1]["log_lines"].as_u64()),
        (Some(1), Some(2))
    );
    let text = room.run(&replay[..5]).succeeds().stdout;
    assert!(
        text.contains("logs/decisions.jsonl: 2 rows, jsonl, 2 lines about the log itself\n"),
        "{text}"
    );
    // A line that only looks like one is a row.
    room.write("odd.jsonl", "{\"actra\":\"log\", \"seq\":1, \"input\":{\"action\":{}}}\n{\"actra\":\"other\",\"seq\":1}\n");
    let report = room
        .run(&["replay", "odd.jsonl", "--policy", "policy", "--format", "json"])
        .succeeds()
        .json();
    assert_eq!(
        (report["rows"].as_u64(), report["files"][0]["log_lines"].as_u64()),
        (Some(2), Some(0))
    );
}
