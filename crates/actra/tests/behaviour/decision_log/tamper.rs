//! Whatever is changed in a log is found, by whoever has noted its head.

use super::{Room, entry};
use actra::log::{Head, Report, VerifyOptions};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;

/// A log of several files as it was written.
struct Original {
    room: Room,
    files: Vec<(PathBuf, Vec<u8>)>,
    head: Head,
}

impl Original {
    fn new(test: &str) -> Self {
        let room = Room::new(test);
        for round in 0..2 {
            let log = room.builder().max_file_bytes(4096).open().unwrap();
            for number in 0..12 {
                log.record_json(&entry(round * 100 + number)).unwrap();
            }
            log.close().unwrap();
        }
        let report = room.is_whole();
        let files = report.files.iter().map(|path| (path.clone(), fs::read(path).unwrap()));
        Self { files: files.collect(), head: report.head.unwrap(), room }
    }

    fn verify(&self) -> Report {
        let options = VerifyOptions {
            expect: Some(self.head.chain),
            expect_seq: Some(self.head.seq),
            whole: true,
            ..VerifyOptions::default()
        };
        self.room.verify_with(&options)
    }

    /// Puts a text in the place of a file's, and verifies.
    fn with(&self, file: usize, text: &[u8]) -> Report {
        let (path, original) = &self.files[file];
        fs::write(path, text).unwrap();
        let report = self.verify();
        fs::write(path, original).unwrap();
        report
    }

    fn lines(&self, file: usize) -> Vec<Vec<u8>> {
        self.files[file].1.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }
}

fn cases() -> ProptestConfig {
    ProptestConfig { cases: super::super::support::cases(256) as u32, ..ProptestConfig::default() }
}

#[test]
fn no_edit_goes_unseen() {
    let original = Original::new("tamper");
    let count = original.files.len();
    assert!(count >= 3);
    assert!(original.verify().is_ok());
    proptest!(cases(), |(file in 0..count, at in any::<prop::sample::Index>(), byte in any::<u8>())| {
        let mut text = original.files[file].1.clone();
        let at = at.index(text.len());
        prop_assume!(text[at] != byte);
        text[at] = byte;
        prop_assert!(!original.with(file, &text).is_ok());
    });
    proptest!(cases(), |(file in 0..count, at in any::<prop::sample::Index>(), byte in any::<u8>())| {
        let mut text = original.files[file].1.clone();
        text.insert(at.index(text.len()), byte);
        prop_assert!(!original.with(file, &text).is_ok());
    });
    proptest!(cases(), |(file in 0..count, at in any::<prop::sample::Index>())| {
        let mut text = original.files[file].1.clone();
        text.remove(at.index(text.len()));
        prop_assert!(!original.with(file, &text).is_ok());
    });
    // Cut off anywhere, also between lines.
    proptest!(cases(), |(file in 0..count, at in any::<prop::sample::Index>())| {
        let text = &original.files[file].1;
        prop_assert!(!original.with(file, &text[..at.index(text.len())]).is_ok());
    });
    assert!(original.verify().is_ok());
}

#[test]
fn no_line_can_be_dropped_doubled_or_moved() {
    let original = Original::new("tamper_lines");
    for file in 0..original.files.len() {
        let lines = original.lines(file);
        for index in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(index);
            let report = original.with(file, &without.concat());
            assert!(!report.is_ok(), "file {file} without line {index}");
            let mut doubled = lines.clone();
            doubled.insert(index, lines[index].clone());
            assert!(
                !original.with(file, &doubled.concat()).is_ok(),
                "line {index} of file {file}, doubled"
            );
            for other in index + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(index, other);
                assert!(
                    !original.with(file, &swapped.concat()).is_ok(),
                    "lines {index} and {other} of file {file}"
                );
            }
        }
    }
}

#[test]
fn places_are_named() {
    let original = Original::new("tamper_places");
    let lines = original.lines(1);
    let place = |text: &[u8]| {
        let report = original.with(1, text);
        let place = report.places[0].clone();
        assert_eq!(place.file, original.files[1].0);
        (place.line, place.check.as_str(), report.places.len())
    };
    let text = String::from_utf8(original.files[1].1.clone()).unwrap();
    assert_eq!(
        place(text.replacen("\"effect\":\"allow\"", "\"effect\":\"block\"", 1).as_bytes()),
        (2, "edited", 1)
    );
    let mut without = lines.clone();
    without.remove(2);
    assert_eq!(place(&without.concat()), (3, "sequence", 1));
    let mut other = lines.clone();
    other[3] = b"{}\n".to_vec();
    assert_eq!(place(&other.concat()).0, 4);
}

#[test]
fn no_file_can_be_dropped_swapped_or_taken_from_another_log() {
    let original = Original::new("tamper_files");
    let other = Original::new("tamper_other");
    for (file, (path, text)) in original.files.iter().enumerate() {
        fs::remove_file(path).unwrap();
        assert!(!original.verify().is_ok(), "without file {file}");
        fs::write(path, text).unwrap();
        assert!(!original.with(file, &other.files[file].1).is_ok(), "file {file} of another log");
        let next = (file + 1) % original.files.len();
        assert!(!original.with(file, &original.files[next].1).is_ok(), "file {next} twice");
        // Lines of another log of the same length of time.
        let (mut lines, others) = (original.lines(file), other.lines(file));
        for index in 0..lines.len() {
            let line = std::mem::replace(&mut lines[index], others[index].clone());
            assert!(!original.with(file, &lines.concat()).is_ok(), "line {index} of file {file}");
            lines[index] = line;
        }
    }
    // Under which names files stand does not matter.
    let (first, second) = (&original.files[0], &original.files[1]);
    fs::write(&first.0, &second.1).unwrap();
    fs::write(&second.0, &first.1).unwrap();
    assert!(original.verify().is_ok());
}

/// What the chain alone cannot tell: that lines at the end are missing. The head can.
#[test]
fn a_head_that_was_noted_elsewhere_finds_a_missing_end() {
    let original = Original::new("tamper_head");
    let (path, text) = original.files.last().unwrap();
    let lines = original.lines(original.files.len() - 1);
    fs::write(path, lines[..lines.len() - 1].concat()).unwrap();
    assert!(original.room.verify().is_ok());
    let with = |expect, expect_seq| {
        let options = VerifyOptions { expect, expect_seq, ..VerifyOptions::default() };
        original.room.verify_with(&options).places.first().map(|place| place.check.as_str())
    };
    assert_eq!(with(Some(original.head.chain), None), Some("head"));
    assert_eq!(with(None, Some(original.head.seq)), Some("head"));
    assert_eq!(with(None, Some(original.head.seq - 1)), None);
    fs::write(path, text).unwrap();
    assert_eq!(with(Some(original.head.chain), Some(original.head.seq)), None);
    assert_eq!(with(Some(original.head.chain), Some(1)), Some("head"));
}
