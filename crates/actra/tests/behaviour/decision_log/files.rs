//! Files: how a log goes on in another one, and after it was not closed.

use super::{Room, entry};
use actra::log::{Check, DecisionLog, Fsync, LogError, VerifyOptions};
use std::fs;

fn record(log: &DecisionLog, numbers: std::ops::Range<usize>) {
    for number in numbers {
        log.record_json(&entry(number)).unwrap();
    }
}

#[test]
fn a_log_goes_on_where_it_ended() {
    let room = Room::new("reopen");
    for round in 0..3 {
        let log = room.builder().open().unwrap();
        record(&log, round * 10..round * 10 + 10);
        log.close().unwrap();
    }
    let report = room.is_whole();
    assert_eq!((report.decisions, report.recovered, report.lines), (30, 0, 34));
    assert_eq!(report.files.len(), 1);
}

#[test]
fn full_files_are_numbered_and_chained() {
    let room = Room::new("rotate");
    let log = room.builder().max_file_bytes(4096).open().unwrap();
    record(&log, 0..100);
    log.rotate().unwrap();
    // A file without lines is not ended.
    log.rotate().unwrap();
    assert_eq!(log.status().file as usize, room.files().len());
    record(&log, 100..101);
    log.close().unwrap();
    let report = room.is_whole();
    assert_eq!(report.decisions, 101);
    assert!(report.files.len() > 5);
    assert_eq!(report.files[0], room.path("decisions.000001.jsonl"));
    for file in &report.files[..report.files.len() - 1] {
        let length = fs::metadata(file).unwrap().len();
        assert!(length <= 4096, "{file:?} has {length} bytes");
    }
    // One of them alone verifies, too, and says where it begins.
    let alone =
        actra::log::verify_paths(&report.files[2..3], &VerifyOptions::default(), &mut |_, _| ())
            .unwrap();
    assert!(alone.is_ok() && alone.logs[0].first_file == 3);
}

#[test]
fn old_files_are_deleted_and_the_header_says_so() {
    let room = Room::new("keep");
    let log = room.builder().keep_files(2).open().unwrap();
    for number in 0..6 {
        record(&log, number..number + 1);
        log.rotate().unwrap();
    }
    record(&log, 6..7);
    log.close().unwrap();
    assert_eq!(room.files().len(), 3);
    let report = room.verify_with(&VerifyOptions::default());
    assert!(report.is_ok(), "{report:?}");
    let log = &report.logs[0];
    assert_eq!((log.first_file, log.last_file, log.removed_through), (5, 7, 4));
    // From its beginning it is not there any more.
    assert_eq!(room.verify().places[0].check, Check::Start);
}

#[test]
fn nobody_else_can_write_an_open_log() {
    let room = Room::new("locked");
    let log = room.builder().open().unwrap();
    assert_eq!(room.builder().open().unwrap_err().code(), "locked");
    record(&log, 0..1);
    log.rotate().unwrap();
    assert_eq!(room.builder().open().unwrap_err().code(), "locked");
    log.close().unwrap();
    room.builder().open().unwrap();
}

#[test]
fn what_is_no_log_is_left_as_it_is() {
    let room = Room::new("other_files");
    for text in [
        "notes\n",
        "notes",
        "{\"actra\":\"logs",
        "{\"action\": {}}\n",
        "\n",
        "{\"actra\":\"decision\",\"seq\":1,\"x\":1}\n",
    ] {
        fs::write(room.log(), text).unwrap();
        let error = room.builder().open().unwrap_err();
        assert_eq!(error.code(), "not_a_decision_log", "{text}");
        assert_eq!(fs::read_to_string(room.log()).unwrap(), text);
    }
    // One of a later format neither.
    fs::remove_file(room.log()).unwrap();
    room.builder().open().unwrap().close().unwrap();
    let text = fs::read_to_string(room.log()).unwrap().replace("\"format\":1", "\"format\":2");
    fs::write(room.log(), &text).unwrap();
    let error = room.builder().open().unwrap_err();
    assert!(matches!(error, LogError::OtherFormat { format: 2, .. }), "{error}");
    assert_eq!(fs::read_to_string(room.log()).unwrap(), text);
    assert_eq!(DecisionLog::open(room.path("none/x.jsonl")).unwrap_err().code(), "io");
}

#[test]
fn a_log_that_was_changed_is_not_continued() {
    let room = Room::new("changed");
    let log = room.builder().open().unwrap();
    record(&log, 0..5);
    log.rotate().unwrap();
    record(&log, 5..10);
    log.close().unwrap();
    let whole = fs::read_to_string(room.log()).unwrap();
    let full = fs::read_to_string(room.path("decisions.000001.jsonl")).unwrap();
    let broken = |line: u64, check: Check| {
        let error = room.builder().open().unwrap_err();
        let found = matches!(&error, LogError::Broken { line: l, check: c, .. } if (*l, *c) == (line, check));
        assert!(found, "{error:?}");
    };
    fs::write(room.log(), whole.replace("\"amount\":7", "\"amount\":8")).unwrap();
    broken(4, Check::Edited);
    let mut lines: Vec<&str> = whole.split_inclusive('\n').collect();
    lines.remove(3);
    let without = lines.concat();
    fs::write(room.log(), without).unwrap();
    broken(4, Check::Sequence);
    fs::write(room.log(), &whole).unwrap();
    fs::write(room.path("decisions.000001.jsonl"), full.lines().next().unwrap().to_owned() + "\n")
        .unwrap();
    broken(1, Check::Continuation);
    fs::write(room.path("decisions.000001.jsonl"), &full[..full.len() - 1]).unwrap();
    broken(6, Check::CutOff);
    // Files that were moved elsewhere are not missed.
    fs::remove_file(room.path("decisions.000001.jsonl")).unwrap();
    room.builder().open().unwrap().close().unwrap();
}

/// A kill may leave any beginning of what was written.
#[test]
fn every_beginning_of_a_file_is_recovered() {
    let room = Room::new("beginnings");
    let log = room.builder().open().unwrap();
    record(&log, 0..2);
    log.rotate().unwrap();
    record(&log, 2..4);
    log.close().unwrap();
    let whole = fs::read(room.log()).unwrap();
    for end in 0..=whole.len() {
        fs::write(room.log(), &whole[..end]).unwrap();
        // It verifies before it is opened,
        let whole_lines = whole[..end].split(|byte| *byte == b'\n').count() - 1;
        let before = room.is_whole();
        let torn =
            end - whole[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole_lines > 0 {
            assert_eq!(before.torn_bytes, torn as u64);
        }
        // and after that it goes on behind its last whole line.
        let log = room.builder().fsync(Fsync::Never).open().unwrap();
        record(&log, 100..101);
        log.close().unwrap();
        let after = room.is_whole();
        assert_eq!(after.decisions, before.decisions + 1, "cut at {end}");
        let was_closed = end == whole.len();
        assert_eq!(after.recovered, u64::from(!was_closed), "cut at {end}");
        assert!(after.closed && after.torn_bytes == 0);
    }
}

/// The states in which a kill between two files can leave them.
#[test]
fn every_step_between_two_files_is_recovered() {
    let room = Room::new("steps");
    let log = room.builder().open().unwrap();
    record(&log, 0..3);
    log.rotate().unwrap();
    record(&log, 3..4);
    log.close().unwrap();
    let (full, next) = (room.path("decisions.000001.jsonl"), room.path("decisions.jsonl.next"));
    let text = fs::read(&full).unwrap();
    let header = fs::read_to_string(room.log()).unwrap().lines().next().unwrap().to_owned() + "\n";
    let goes_on = |files: usize| {
        let log = room.builder().open().unwrap();
        record(&log, 4..5);
        log.close().unwrap();
        let report = room.is_whole();
        assert_eq!((report.decisions, report.files.len()), (4, files));
        assert!(!next.exists());
    };
    // The next one is begun, in part or whole, and nothing is renamed.
    for end in [0, 10, header.len()] {
        fs::write(&next, &header[..end]).unwrap();
        let _ = fs::remove_file(&full);
        fs::write(room.log(), &text).unwrap();
        goes_on(1);
    }
    // The full one has its name, the next has not.
    fs::write(&full, &text).unwrap();
    fs::remove_file(room.log()).unwrap();
    fs::write(&next, &header).unwrap();
    goes_on(2);
    // The next has its name, too.
    fs::write(room.log(), &header).unwrap();
    goes_on(2);
}

#[test]
fn a_file_in_the_way_stops_no_decision() {
    let room = Room::new("in_the_way");
    let log = room.builder().max_file_bytes(4096).open().unwrap();
    fs::write(room.path("decisions.000001.jsonl"), "mine\n").unwrap();
    record(&log, 0..100);
    log.flush().unwrap();
    let error = log.rotate().unwrap_err();
    assert!(error.to_string().contains("there already"), "{error}");
    let status = log.status();
    assert_eq!((status.written, status.lost, status.file), (100, 0, 1));
    assert!(status.errors > 0 && status.last_error.is_some() && status.failure.is_none());
    fs::remove_file(room.path("decisions.000001.jsonl")).unwrap();
    log.rotate().unwrap();
    log.close().unwrap();
    assert_eq!(room.is_whole().decisions, 100);
}
