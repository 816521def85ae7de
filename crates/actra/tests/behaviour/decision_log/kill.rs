//! Killed at any moment, a log verifies up to its last whole line, and goes on from there.

use super::{Room, entry};
use actra::log::{DecisionLog, Fsync, Overflow};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Writes from several threads until it is killed, and says what it has waited for.
#[test]
#[ignore = "another test runs it in a process of its own"]
fn child_that_is_killed() {
    let room = PathBuf::from(std::env::var_os("ACTRA_LOG_ROOM").unwrap());
    let round: u64 = std::env::var("ACTRA_LOG_ROUND").unwrap().parse().unwrap();
    let fsync = match round % 3 {
        0 => Fsync::Always,
        1 => Fsync::Interval(Duration::from_millis(5)),
        _ => Fsync::Never,
    };
    let overflow = if round.is_multiple_of(2) { Overflow::Block } else { Overflow::Drop };
    let log = DecisionLog::builder(room.join("decisions.jsonl"))
        .fsync(fsync)
        .overflow(overflow)
        .queue_lines(64)
        .max_file_bytes([4096, 20_000, 1_000_000][round as usize / 3 % 3])
        .open()
        .unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let log = log.clone();
            scope.spawn(move || {
                for number in 0.. {
                    log.record_json(&entry(thread * 1_000_000 + number)).unwrap();
                }
            });
        }
        loop {
            log.flush().unwrap();
            let status = log.status();
            if status.written == 0 {
                continue;
            }
            // A line that is not whole when the kill comes is not looked at.
            let mut out = std::io::stdout();
            writeln!(out, "{} {}", status.seq, status.chain).unwrap();
            out.flush().unwrap();
        }
    });
}

#[test]
#[cfg(unix)]
fn a_log_that_is_killed_verifies_and_goes_on() {
    let room = Room::new("kill");
    let rounds = super::super::support::cases(20);
    let mut random = super::super::support::first_seed().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (mut recovered, mut heads) = (0, Vec::new());
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "decision_log::kill::child_that_is_killed",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env("ACTRA_LOG_ROOM", room.path(""))
            .env("ACTRA_LOG_ROUND", round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let noted = |line: &str| {
            let (seq, chain) = line.split_once(' ')?;
            Some((seq.parse::<u64>().ok()?, actra::log::Chain::parse(chain)?))
        };
        // It is under way.
        let first = lines.by_ref().find_map(|line| noted(&line.unwrap())).expect("it writes");
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_micros(random % 30_000));
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        let rest: Vec<_> = lines.map(|line| line.unwrap()).collect();
        // The last line may be cut off: then its chain is too short to be one.
        let last = rest.iter().filter_map(|line| noted(line.as_str())).next_back().unwrap_or(first);
        heads.push(last);

        let report = room.is_whole();
        assert!(report.head.unwrap().seq >= last.0, "what was waited for is there");
        assert!(!report.closed);
        assert_eq!(report.recovered, recovered);
        // Opening it takes up the chain.
        let log = room.builder().open().unwrap();
        recovered += 1;
        if round % 2 == 0 {
            log.record_json(&entry(0)).unwrap();
            log.close().unwrap();
            assert_eq!(room.is_whole().recovered, recovered);
        } else {
            // Closed at once, too.
            log.close().unwrap();
        }
    }
    assert!(room.files().len() > 3);
    for (seq, chain) in heads {
        let options = actra::log::VerifyOptions {
            expect: Some(chain),
            expect_seq: Some(seq),
            whole: true,
            ..Default::default()
        };
        let report = room.verify_with(&options);
        assert!(report.is_ok(), "{report:#?}");
    }
}
