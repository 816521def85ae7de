//! What is recorded, and what becomes of it where there is no room.

use super::{Room, entry, policy, refund, runtime};
use actra::log::{
    DecisionLog, DecisionLogBuilder, Entry, Fsync, Input, LogError, OnError, Overflow,
};
use actra::{Action, Runtime, hex};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, SystemTime};

fn decisions(room: &Room) -> Vec<Value> {
    room.lines().into_iter().filter(|line| line["actra"] == "decision").collect()
}

#[test]
fn an_observer_writes_a_line_per_decision() {
    let room = Room::new("observer");
    let log = room.builder().open().unwrap();
    let runtime = runtime(&log);
    let before = SystemTime::now();
    assert!(runtime.admit(refund(20), "support", || ()).is_ok());
    assert!(runtime.admit(refund(900), "support", || ()).is_err());
    assert!(runtime.admit(Action::new("refund").with("amount", "20"), "support", || ()).is_err());
    log.flush().unwrap();
    let lines = decisions(&room);
    assert_eq!(lines.len(), 3);
    let first = &lines[0];
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "actra",
        "seq",
        "id",
        "time",
        "policy_hash",
        "revision",
        "input",
        "decision",
        "duration_ms",
        "chain",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(first["policy_hash"], hex(&policy().policy_hash()));
    assert_eq!(first["revision"], 0);
    assert_eq!(
        first["input"],
        json!({"action": {"type": "refund", "amount": 20, "card": "4111"}, "actor": {"role": "support", "email": "ada@example.com"}, "snapshot": {}})
    );
    assert_eq!(first["decision"], json!({"effect": "allow", "matched_rule": "small"}));
    assert_eq!(lines[1]["decision"], json!({"effect": "block", "matched_rule": null}));
    assert_eq!(
        lines[2]["decision"],
        json!({"error": {"code": "wrong_type", "field": "action.amount"}})
    );
    assert!(first["duration_ms"].as_f64().unwrap() > 0.0);
    let micros = before.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let id = first["id"].as_str().unwrap();
    // A UUID of version 7 begins with the time.
    let millis = u64::from_str_radix(&id.replace('-', "")[..12], 16).unwrap();
    assert!(id.as_bytes()[14] == b'7' && millis / 1000 - micros <= 60, "{id}");
    assert!(lines.windows(2).all(|two| two[0]["id"].as_str() < two[1]["id"].as_str()));
    log.close().unwrap();
    let report = room.is_whole();
    assert_eq!((report.decisions, report.closed, report.recovered), (3, true, 0));
}

#[test]
fn a_resolver_that_fails_leaves_its_domain_and_no_text() {
    let room = Room::new("resolver");
    let log = room.builder().open().unwrap();
    let runtime = Runtime::builder(policy())
        .try_snapshot(|(): &(), _| Err::<Value, _>("the password is hunter2".into()))
        .observer(log.observer())
        .build();
    assert!(runtime.evaluate("refund", &()).is_err());
    log.close().unwrap();
    let line = &decisions(&room)[0];
    assert_eq!(line["decision"], json!({"error": {"code": "resolver", "field": "snapshot"}}));
    assert_eq!(line["input"], Value::Null);
    assert!(!fs::read_to_string(room.log()).unwrap().contains("hunter2"));
}

#[test]
fn what_is_masked_never_reaches_the_file() {
    let room = Room::new("masks");
    let log = room
        .builder()
        .mask("actor.email")
        .hash("action.card")
        .hash_key("a key of sixteen bytes")
        .open()
        .unwrap();
    assert!(
        !format!("{log:?}{:?}", room.builder().hash_key("a key of sixteen bytes"))
            .contains("sixteen")
    );
    let runtime = runtime(&log);
    for _ in 0..2 {
        assert!(runtime.admit(refund(20), "support", || ()).is_ok());
    }
    log.close().unwrap();
    let text = fs::read_to_string(room.log()).unwrap();
    assert!(!text.contains("ada@") && !text.contains("4111") && !text.contains("sixteen"));
    let lines = decisions(&room);
    assert_eq!(lines[0]["masked"], json!(["actor.email"]));
    assert_eq!(lines[0]["hashed"], json!(["action.card"]));
    assert_eq!(lines[0]["input"]["action"]["card"], lines[1]["input"]["action"]["card"]);
    assert_eq!(lines[0]["input"]["actor"], json!({"role": "support"}));
}

#[test]
fn entries_of_other_languages_give_the_same_lines() {
    let room = Room::new("same_lines");
    let log = room.builder().open().unwrap();
    let input = json!({"action": {"type": "refund", "amount": 20}, "actor": {}, "snapshot": {}});
    let text = input.to_string();
    let policy = policy();
    for text in [text.as_bytes(), br#"{"action": {"type": "refund", "amount": "x"}}"#] {
        let outcome = policy.evaluate_json(text);
        let entry = Entry {
            id: Some("one"),
            time: SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456),
            duration: Duration::from_nanos(1500),
            ..Entry::new(&policy, Input::Json(text), outcome.as_ref())
        };
        assert_eq!(log.record(&entry).unwrap(), "one");
        let told = match &outcome {
            Ok(decision) => json!({"decision": decision}),
            Err(error) => json!({"error": {"code": error.code.as_str(), "field": error.field}}),
        };
        let mut other = json!({
            "id": "one",
            "time_us": 1_700_000_000_123_456_u64,
            "policy_hash": hex(&policy.policy_hash()),
            "revision": 0,
            "input": serde_json::from_slice::<Value>(text).unwrap(),
            "duration_ns": 1500,
        });
        other.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        assert_eq!(log.record_json(other.to_string().as_bytes()).unwrap(), "one");
    }
    log.close().unwrap();
    let mut lines = decisions(&room);
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        line.remove("seq");
        line.remove("chain");
    }
    assert_eq!((&lines[0], &lines[2]), (&lines[1], &lines[3]));
    assert_ne!(lines[0], lines[2]);
    assert_eq!(lines[0]["time"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(lines[0]["duration_ms"], 0.0015);
}

#[test]
fn an_entry_that_is_none_is_refused_without_being_quoted() {
    let room = Room::new("bad_entries");
    let log = room.builder().open().unwrap();
    for text in [
        "",
        "secret",
        "[]",
        r#"{"time_us": 1}"#,
        r#"{"time_us": -1, "decision": {"effect": "allow"}}"#,
        r#"{"time_us": 1, "decision": {"effect": "secret"}}"#,
        r#"{"time_us": 1, "decision": {"effect": "allow", "secret": 1}}"#,
        r#"{"time_us": 1, "secret": 1, "decision": {"effect": "allow"}}"#,
        r#"{"time_us": 1, "error": {"code": "the secret"}}"#,
        r#"{"time_us": 1, "error": {"code": "x", "message": "secret"}}"#,
        r#"{"time_us": 1, "error": {"code": "x"}, "decision": {"effect": "allow"}}"#,
        r#"{"time_us": 1, "policy_hash": "secret", "decision": {"effect": "allow"}}"#,
        r#"{"time_us": 1, "id": "", "decision": {"effect": "allow"}}"#,
    ] {
        let error = log.record_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "bad_entry", "{text}");
        assert!(!error.to_string().contains("secret") && !error.help().is_empty(), "{error}");
    }
    log.close().unwrap();
    assert!(decisions(&room).is_empty());
}

#[test]
fn options_are_read_from_json_and_wrong_ones_are_refused() {
    let room = Room::new("options");
    let open = |text: &str| {
        room.builder().options_json(text.as_bytes()).and_then(DecisionLogBuilder::open)
    };
    for text in [
        "{}",
        r#"{"fsync": "always", "overflow": "drop", "on_error": "refuse"}"#,
        r#"{"fsync": "interval", "fsync_interval_ms": 50, "queue_lines": 10, "queue_bytes": 10000}"#,
        r#"{"fsync": "never", "max_file_bytes": 0, "keep_files": 3}"#,
        r#"{"mask": ["actor.email"], "hash": ["action.card"], "hash_key": "0123456789abcdef"}"#,
    ] {
        open(text).unwrap_or_else(|error| panic!("{text}: {error}")).close().unwrap();
    }
    for text in [
        "",
        "[]",
        r#"{"fsync": "sometimes"}"#,
        r#"{"fsync": "always", "fsync_interval_ms": 50}"#,
        r#"{"fsync_interval_ms": 0}"#,
        r#"{"queue_lines": 0}"#,
        r#"{"queue_bytes": 0}"#,
        r#"{"max_file_bytes": 100}"#,
        r#"{"mask": ["email"]}"#,
        r#"{"hash": ["actor.email"]}"#,
        r#"{"hash_key": "short-secret"}"#,
        r#"{"hash_key": 5, "secret": "x"}"#,
    ] {
        let error = open(text).unwrap_err();
        assert_eq!(error.code(), "bad_options", "{text}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn with_a_full_queue_callers_wait_and_nothing_is_lost() {
    let room = Room::new("block");
    let log =
        room.builder().queue_lines(1).fsync(Fsync::Always).max_file_bytes(8192).open().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let log = log.clone();
            scope.spawn(move || {
                for number in 0..50 {
                    log.record_json(&entry(thread * 1000 + number)).unwrap();
                }
            });
        }
    });
    log.close().unwrap();
    let status = log.status();
    assert_eq!((status.accepted, status.written, status.synced), (200, 200, 200));
    assert_eq!((status.dropped, status.queued), (0, 0));
    let report = room.is_whole();
    assert_eq!((report.decisions, report.dropped), (200, 0));
    assert!(report.files.len() > 5, "{report:?}");
    // Each thread's in its order.
    let mut last = [0; 4];
    for line in decisions(&room) {
        let amount = line["input"]["action"]["amount"].as_u64().unwrap() + 1;
        let seen = &mut last[amount as usize / 1000];
        assert!(amount > *seen);
        *seen = amount;
    }
}

#[test]
fn with_a_full_queue_decisions_are_dropped_and_the_log_says_how_many() {
    let room = Room::new("drop");
    let log =
        room.builder().queue_lines(1).overflow(Overflow::Drop).fsync(Fsync::Always).open().unwrap();
    let mut total = 0;
    while log.status().dropped < 10 || total < 100 {
        assert!(log.record_json(&entry(total)).is_ok());
        total += 1;
        assert!(total < 1_000_000, "there is always room");
    }
    log.close().unwrap();
    let status = log.status();
    assert_eq!(status.accepted + status.dropped, total as u64);
    let report = room.is_whole();
    assert_eq!((report.decisions, report.dropped), (status.written, status.dropped));
    assert!(
        room.lines().iter().any(|line| line["actra"] == "dropped" && line["reason"] == "overflow")
    );
}

#[test]
fn a_line_that_is_larger_than_the_queue_is_taken_alone() {
    let room = Room::new("large");
    for overflow in [Overflow::Block, Overflow::Drop] {
        let log = room.builder().queue_bytes(10).overflow(overflow).open().unwrap();
        log.flush().unwrap();
        log.record_json(&entry(1)).unwrap();
        log.close().unwrap();
    }
    assert_eq!(room.is_whole().decisions, 2);
}

#[test]
fn a_closed_log_takes_nothing_and_closing_again_is_fine() {
    let room = Room::new("closed");
    let log = room.builder().open().unwrap();
    let clone = log.clone();
    log.record_json(&entry(1)).unwrap();
    log.close().unwrap();
    log.close().unwrap();
    assert!(matches!(clone.record_json(&entry(2)), Err(LogError::Closed)));
    assert!(matches!(clone.rotate(), Err(LogError::Closed)));
    // All of it is there.
    clone.flush().unwrap();
    assert!(clone.status().closed);
    assert_eq!(room.is_whole().decisions, 1);
}

#[test]
fn dropping_the_last_clone_closes_the_log() {
    let room = Room::new("dropped");
    let log = room.builder().fsync(Fsync::Never).open().unwrap();
    let runtime = runtime(&log);
    drop(log);
    for _ in 0..100 {
        assert!(runtime.evaluate(refund(1), "support").is_ok());
    }
    drop(runtime);
    let report = room.is_whole();
    assert!(report.closed && report.decisions == 100);
}

#[test]
fn the_status_names_the_head_that_verifying_finds() {
    let room = Room::new("status");
    let log = room.builder().open().unwrap();
    log.record_json(&entry(1)).unwrap();
    log.flush().unwrap();
    let status = log.status();
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["chain"], status.chain.to_string());
    assert_eq!((json["seq"].as_u64(), json["written"].as_u64()), (Some(2), Some(1)));
    let head = room.verify().logs[0].head.unwrap();
    assert_eq!((head.seq, head.chain), (status.seq, status.chain));
    assert_eq!(status.file_bytes, fs::metadata(room.log()).unwrap().len());
}

#[test]
fn an_interval_brings_lines_to_the_disk_without_being_asked() {
    let room = Room::new("interval");
    let log = room.builder().fsync(Fsync::Interval(Duration::from_millis(20))).open().unwrap();
    log.record_json(&entry(1)).unwrap();
    for _ in 0..500 {
        if log.status().synced == 1 {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}", log.status());
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_read_a_log() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new("mode");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let log = DecisionLog::open(room.log()).unwrap();
    assert_eq!(mode(&room.log()), 0o600);
    log.record_json(&entry(1)).unwrap();
    // What the owner changes stays.
    fs::set_permissions(room.log(), fs::Permissions::from_mode(0o640)).unwrap();
    log.rotate().unwrap();
    assert!(room.files().iter().all(|path| mode(path) == 0o640));
}

/// Of a process whose files cannot grow beyond some size; run by the test below.
#[test]
#[ignore = "another test runs it in a process of its own"]
fn child_with_small_files() {
    let room = std::path::PathBuf::from(std::env::var_os("ACTRA_LOG_ROOM").unwrap());
    let count = DecisionLog::open(room.join("count.jsonl")).unwrap();
    let refuse = DecisionLog::builder(room.join("refuse.jsonl")).on_error(OnError::Refuse);
    let refuse = refuse.open().unwrap();
    let mut total = 0;
    // What is waited for and lost is told.
    let error = loop {
        assert!(count.record_json(&entry(total)).is_ok());
        if let Err(error) = count.flush() {
            break error;
        }
        total += 1;
        assert!(total < 100_000);
    };
    assert!(error.code() == "not_written" && count.status().lost > 0);
    let refused = (0..100_000).find_map(|number| refuse.record_json(&entry(number)).err());
    assert_eq!(refused.unwrap().code(), "not_written");
    assert!(refuse.status().failure.is_some() && refuse.status().refused > 0);
    // Another file has room.
    for log in [&count, &refuse] {
        log.rotate().unwrap();
        log.flush().unwrap();
        assert!(log.status().failure.is_none());
        assert!(log.record_json(&entry(0)).is_ok());
        log.close().unwrap();
    }
}

#[test]
#[cfg(unix)]
fn what_cannot_be_written_is_counted_or_refused_and_told_once_it_can() {
    let room = Room::new("full_disk");
    let name = "decision_log::record::child_with_small_files";
    // With the signal ignored, writing is an error as it is on a full disk.
    // Its output goes through pipes: where it is kept in a file, that may be too large already.
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env("ACTRA_LOG_ROOM", room.path(""))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let report = room.verify();
    assert!(report.is_ok() && report.logs.len() == 2, "{report:#?}");
    for log in report.logs {
        assert!(log.dropped > 0 && log.closed && log.torn_bytes == 0, "{log:?}");
    }
    let reasons: Vec<_> =
        room.lines().into_iter().filter(|line| line["actra"] == "dropped").collect();
    assert!(reasons.iter().any(|line| line["reason"] == "write"), "{reasons:?}");
    assert!(reasons.iter().any(|line| line["reason"] == "refused"), "{reasons:?}");
}
