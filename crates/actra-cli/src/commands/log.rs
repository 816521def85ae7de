//! `actra log`.

use super::progress::Bar;
use crate::args::{Format, Log, LogCommand, LogVerify};
use crate::failure::{Failure, Problem};
use crate::output::{self, Paint, clean, count};
use actra::log::{Chain, LogReport, Place, Report, VerifyError, VerifyOptions, verify_paths};
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Places that are told, at most.
const MAX_PLACES: usize = 100;

pub(super) fn run(args: &Log, color: ColorChoice) -> Result<(), Failure> {
    match &args.command {
        LogCommand::Verify(args) => verify(args, color),
    }
}

fn verify(args: &LogVerify, color: ColorChoice) -> Result<(), Failure> {
    let options = VerifyOptions {
        expect: args.expect.as_deref().map(chain).transpose()?,
        expect_seq: args.expect_seq,
        whole: args.whole,
        max_places: MAX_PLACES,
    };
    let mut bar = Bar::new("lines", total_bytes(&args.paths));
    let report = verify_paths(&args.paths, &options, &mut |bytes, lines| bar.show(bytes, lines));
    bar.clear();
    let report = report.map_err(|error| match error {
        VerifyError::Io { path, error } => Failure::unreadable(&path, &error),
        other => Failure::new("no_log", other.to_string())
            .with_help("name the log's files, or a directory where they are"),
    })?;
    if !report.is_ok() {
        return Err(broken(&report, args.format, color));
    }
    let text = match args.format {
        Format::Json => output::pretty_json(&Answer::of(&report)),
        Format::Text => text(&report),
    };
    output::print(&text, args.format, color)
}

fn chain(text: &str) -> Result<Chain, Failure> {
    Chain::parse(text).ok_or_else(|| {
        Failure::new("usage", format!("`--expect` is no chain: `{text}`")).with_help(
            "a chain has 64 hexadecimal digits in lower case, as `actra log verify` prints it",
        )
    })
}

/// The size of all files, where it is known without looking into directories.
fn total_bytes(paths: &[PathBuf]) -> Option<u64> {
    let of_file = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        if !metadata.is_dir() {
            return Some(metadata.len());
        }
        let entries = std::fs::read_dir(path).ok()?.flatten();
        let logs =
            entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "jsonl"));
        logs.map(|entry| entry.metadata().ok().map(|it| it.len())).sum()
    };
    paths.iter().map(of_file).sum()
}

/// What is wrong, with its places.
fn broken(report: &Report, format: Format, color: ColorChoice) -> Failure {
    let places = report.places.len() as u64 + report.more_places;
    if format == Format::Text {
        let mut text = String::new();
        for place in &report.places {
            let _ = writeln!(text, "{}", line(place));
        }
        if report.more_places > 0 {
            let _ = writeln!(text, "and {} more", report.more_places);
        }
        output::note(&text, color);
    }
    Failure::Problem(Problem {
        code: "broken_log",
        message: format!("the log is not as it was written: {}", count(places as usize, "place")),
        help: Some("keep the files as they are: they are evidence".to_owned()),
        diagnostics: report.places.iter().map(to_json).collect(),
    })
}

fn line(place: &Place) -> String {
    let file = clean(&place.file.display().to_string());
    let at = if place.line == 0 { file } else { format!("{file}:{}", place.line) };
    format!("{at}: {}: {}", Paint::Error.of(place.check.as_str()), clean(&place.message))
}

fn to_json(place: &Place) -> serde_json::Value {
    serde_json::json!({
        "code": place.check.as_str(),
        "file": place.file.display().to_string(),
        "line": (place.line > 0).then_some(place.line),
        "message": place.message,
    })
}

/// What has been verified.
#[derive(Serialize)]
struct Answer {
    ok: bool,
    logs: Vec<OfLog>,
}

#[derive(Serialize)]
struct OfLog {
    log: String,
    files: Vec<String>,
    first_file: u64,
    last_file: u64,
    first_seq: u64,
    lines: u64,
    decisions: u64,
    dropped: u64,
    recovered: u64,
    closed: bool,
    torn_bytes: u64,
    removed_through: u64,
    head: Option<OfHead>,
}

#[derive(Serialize)]
struct OfHead {
    seq: u64,
    chain: String,
}

impl Answer {
    fn of(report: &Report) -> Self {
        Self { ok: true, logs: report.logs.iter().map(OfLog::of).collect() }
    }
}

impl OfLog {
    fn of(log: &LogReport) -> Self {
        Self {
            log: log.log.clone(),
            files: log.files.iter().map(|path| path.display().to_string()).collect(),
            first_file: log.first_file,
            last_file: log.last_file,
            first_seq: log.first_seq,
            lines: log.lines,
            decisions: log.decisions,
            dropped: log.dropped,
            recovered: log.recovered,
            closed: log.closed,
            torn_bytes: log.torn_bytes,
            removed_through: log.removed_through,
            head: log.head.map(|head| OfHead { seq: head.seq, chain: head.chain.to_string() }),
        }
    }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for log in &report.logs {
        let (lines, files) = (log.lines as usize, log.files.len());
        let title = Paint::Strong.of("ok");
        let _ = writeln!(text, "{title}: {} in {}", count(lines, "line"), count(files, "file"));
        let mut row = |label: &str, what: &str| {
            let _ = writeln!(text, "  {}  {what}", Paint::Label.of(&format!("{label:<9}")));
        };
        row("log", &clean(&log.log));
        row("decisions", &log.decisions.to_string());
        if log.first_file > 1 {
            let removed = match log.removed_through {
                through if through + 1 >= log.first_file => {
                    ", as the log says: only so many are kept"
                }
                _ => "",
            };
            let (file, seq) = (log.first_file, log.first_seq);
            row(
                "begins",
                &format!("with file {file}, line {seq}: files before it are not here{removed}"),
            );
        }
        if log.dropped > 0 {
            row(
                "dropped",
                &format!("{}, as the log says", count(log.dropped as usize, "decision")),
            );
        }
        if log.recovered > 0 {
            let times = count(log.recovered as usize, "time");
            row(
                "recovered",
                &format!("{times}: it was not closed before, and lines may be missing there"),
            );
        }
        match (log.closed, log.torn_bytes) {
            (true, _) => row("ends", "closed"),
            (false, 0) => row("ends", "not closed: it is being written, or was killed"),
            (false, torn) => {
                row(
                    "ends",
                    &format!(
                        "not closed; {} of a line that is cut off",
                        count(torn as usize, "byte")
                    ),
                );
            }
        }
        if let Some(head) = log.head {
            row("head", &format!("{} {}", head.seq, head.chain));
        }
    }
    text
}
