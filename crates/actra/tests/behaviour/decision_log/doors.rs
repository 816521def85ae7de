//! The case that every door writes alike: `conformance/decision_log`.

use super::Room;
use actra::log::{Entry, ErrorEntry, Input};
use actra::{InputValue, Policy};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// What stands in the log's only decision from its id to before its duration.
fn line(room: &Room) -> String {
    let text = fs::read_to_string(room.log()).unwrap();
    let line = text.lines().find(|line| line.starts_with("{\"actra\":\"decision\"")).unwrap();
    let (start, end) = (line.find("\"id\":").unwrap(), line.find(",\"duration_ms\"").unwrap());
    line[start..end].to_owned()
}

#[test]
fn the_case_of_all_doors_is_written_byte_for_byte() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/decision_log/case.json");
    let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let text = |key: &str| case[key].as_str().unwrap();
    let policy = Policy::from_strings(text("schema"), text("policy"), None).unwrap();
    let input = InputValue::of(&case["input"]).unwrap();
    let decided = policy.evaluate(&case["input"]).unwrap();
    let micros = Duration::from_micros(case["time_us"].as_u64().unwrap());
    let error = ErrorEntry {
        code: case["error"]["code"].as_str().unwrap(),
        field: case["error"]["field"].as_str(),
    };
    let mut written = Vec::new();
    for (name, outcome) in [("line", Ok(&decided)), ("error_line", Err(error))] {
        let entry = Entry {
            id: Some(text("id")),
            time: UNIX_EPOCH + micros,
            policy_hash: Some(policy.policy_hash()),
            revision: policy.revision(),
            input: Input::Value(&input),
            outcome,
            duration: Duration::ZERO,
        };
        let room = Room::new(&format!("doors_{name}"));
        let builder = room.builder().options_json(case["options"].to_string().as_bytes()).unwrap();
        let log = builder.open().unwrap();
        log.record(&entry).unwrap();
        log.close().unwrap();
        written.push(line(&room));

        // The same of an entry as JSON.
        let room = Room::new(&format!("doors_{name}_json"));
        let builder = room.builder().options_json(case["options"].to_string().as_bytes()).unwrap();
        let log = builder.open().unwrap();
        let mut spelled = json!({
            "id": case["id"], "time_us": case["time_us"], "input": case["input"],
            "policy_hash": actra::hex(&policy.policy_hash()), "revision": policy.revision(),
        });
        match outcome {
            Ok(decided) => spelled["decision"] = serde_json::to_value(decided).unwrap(),
            Err(_) => spelled["error"] = case["error"].clone(),
        }
        log.record_json(spelled.to_string().as_bytes()).unwrap();
        log.close().unwrap();
        assert_eq!(line(&room), *written.last().unwrap());
    }
    assert_eq!(written, [text("line"), text("error_line")]);
}

#[test]
fn entries_of_every_door_are_checked() {
    let room = Room::new("doors_checked");
    let log = room.builder().open().unwrap();
    let error = |code| ErrorEntry { code, field: None };
    let entry = |id, code| Entry {
        id,
        time: UNIX_EPOCH,
        policy_hash: None,
        revision: 0,
        input: Input::None,
        outcome: Err(error(code)),
        duration: Duration::ZERO,
    };
    let long = "x".repeat(129);
    for (id, code) in [
        (Some(""), "host"),
        (Some(long.as_str()), "host"),
        (None, ""),
        (None, "a text with what is masked"),
    ] {
        assert_eq!(log.record(&entry(id, code)).unwrap_err().code(), "bad_entry");
    }
    assert_eq!(log.record(&entry(Some(&long[..128]), "host")).unwrap(), &long[..128]);
    log.close().unwrap();
    assert!(room.verify().is_ok());
}
