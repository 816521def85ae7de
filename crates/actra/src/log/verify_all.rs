//! Verifies whole logs: all files that are named, each log's in their order.

use super::chain::{Chain, Head};
use super::verify::{Check, FileOptions, FileReport, Finding, Header, may_be_header, verify_file};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Bytes of a header, at most.
const HEADER_BYTES: u64 = 64 * 1024;

/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;

/// What is asked of logs.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions {
    /// A chain that was noted elsewhere: some line must have it.
    pub expect: Option<Chain>,
    /// A number that was noted elsewhere: the log must reach it; with `expect`, the line with that
    /// chain must have it.
    pub expect_seq: Option<u64>,
    /// Whether each log must begin where it was begun.
    pub whole: bool,
    /// Places that are told, at most; further ones are counted.
    pub max_places: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { expect: None, expect_seq: None, whole: false, max_places: 100 }
    }
}

/// What verifying has found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The logs.
    pub logs: Vec<LogReport>,
    /// What is wrong, and where.
    pub places: Vec<Place>,
    /// How many more places there are.
    pub more_places: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.places.is_empty() && self.more_places == 0
    }
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which file.
    pub file: PathBuf,
    /// In which of its lines, from 1; 0: in the file as a whole.
    pub line: u64,
    /// Which check failed.
    pub check: Check,
    /// What that means, for people.
    pub message: String,
}

/// A log, as far as its files are there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogReport {
    /// Its id.
    pub log: String,
    /// Its files, in order.
    pub files: Vec<PathBuf>,
    /// The number of the first of them.
    pub first_file: u64,
    /// The number of the last of them.
    pub last_file: u64,
    /// The number of the first line.
    pub first_seq: u64,
    /// Whole lines.
    pub lines: u64,
    /// Decisions.
    pub decisions: u64,
    /// Decisions that were dropped, lost or refused, as the log itself says.
    pub dropped: u64,
    /// How often the log was opened without having been closed before.
    pub recovered: u64,
    /// Its last whole line.
    pub head: Option<Head>,
    /// Whether that line says that the log was closed.
    pub closed: bool,
    /// Bytes of a line behind it that is cut off.
    pub torn_bytes: u64,
    /// Files up to this number have been deleted to keep only so many, as the log itself says.
    pub removed_through: u64,
}

/// Files that cannot be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The system says no.
    #[error("`{}` cannot be read: {error}", path.display())]
    Io {
        /// With which path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A directory has no log.
    #[error("there is no decision log in `{}`", path.display())]
    NoLog {
        /// The directory.
        path: PathBuf,
    },
}

/// Verifies the logs in these files and directories. Of directories all files are read that end in
/// `.jsonl` or begin as a log does. `progress` is told how many bytes
/// and lines have been read.
///
/// # Errors
/// If something cannot be read. What is wrong with a log is in the report.
pub fn verify_paths(
    paths: &[PathBuf],
    options: &VerifyOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, VerifyError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(of_directory(path)?);
        } else {
            files.push(Candidate::open(path)?);
        }
    }
    files.sort_by(|one, other| one.order().cmp(&other.order()));
    let has_headers = files.iter().any(|file| file.header.is_some());
    let mut run =
        Run { report: Report::default(), options, wanted: None, bytes: 0, lines: 0, progress };
    for file in &files {
        // What is left where a kill came between two files.
        if !(file.is_begun_only && has_headers) {
            run.file(file)?;
        }
    }
    run.check_heads();
    Ok(run.report)
}

/// A file that may be one of a log.
struct Candidate {
    path: PathBuf,
    header: Option<Header>,
    /// It has no whole line, and may be what is left of a header.
    is_begun_only: bool,
    /// It begins as a log does.
    is_log: bool,
}

impl Candidate {
    fn open(path: &Path) -> Result<Self, VerifyError> {
        let io = |error| VerifyError::Io { path: path.to_owned(), error };
        let mut line = Vec::new();
        let file = File::open(path).map_err(io)?;
        BufReader::new(file.take(HEADER_BYTES)).read_until(b'\n', &mut line).map_err(io)?;
        let is_log = may_be_header(&line);
        let header = line.strip_suffix(b"\n").and_then(|line| Header::parse(line).ok());
        let is_begun_only = is_log && !line.ends_with(b"\n");
        Ok(Self { path: path.to_owned(), header, is_begun_only, is_log })
    }

    fn order(&self) -> (Option<(&str, u64)>, &Path) {
        (self.header.as_ref().map(|header| (header.log.as_str(), header.file)), &self.path)
    }
}

fn of_directory(path: &Path) -> Result<Vec<Candidate>, VerifyError> {
    let io = |error| VerifyError::Io { path: path.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or("");
        // A file that has not taken its place yet, and one that is empty by design.
        if !path.is_file() || matches!(end, "next" | "lock") {
            continue;
        }
        let candidate = Candidate::open(&path)?;
        if candidate.header.is_some() || candidate.is_log || end == "jsonl" {
            found.push(candidate);
        }
    }
    if found.is_empty() {
        return Err(VerifyError::NoLog { path: path.to_owned() });
    }
    Ok(found)
}

struct Run<'r> {
    report: Report,
    options: &'r VerifyOptions,
    /// The line with the chain that is looked for.
    wanted: Option<u64>,
    bytes: u64,
    lines: u64,
    progress: &'r mut dyn FnMut(u64, u64),
}

impl Run<'_> {
    fn tell(&mut self, file: &Path, finding: Finding) {
        if self.report.places.len() >= self.options.max_places {
            self.report.more_places += 1;
            return;
        }
        let Finding { line, check, message } = finding;
        self.report.places.push(Place { file: file.to_owned(), line, check, message });
    }

    fn tell_file(&mut self, file: &Path, check: Check, message: String) {
        self.tell(file, Finding { line: 0, check, message });
    }

    fn file(&mut self, file: &Candidate) -> Result<(), VerifyError> {
        let path = &file.path;
        let after = file.header.as_ref().and_then(|header| self.after(path, header));
        let io = |error| VerifyError::Io { path: path.clone(), error };
        let reader = BufReader::with_capacity(BLOCK, File::open(path).map_err(io)?);
        let options = FileOptions { after, wanted: self.options.expect };
        let (bytes, lines, progress) = (self.bytes, self.lines, &mut *self.progress);
        let (mut findings, mut more) = (Vec::new(), 0);
        let max = self.options.max_places;
        let mut found = |finding| {
            if findings.len() < max { findings.push(finding) } else { more += 1 }
        };
        let report = verify_file(reader, options, &mut found, &mut |more, line| {
            progress(bytes + more, lines + line);
        })
        .map_err(io)?;
        self.lines += report.lines;
        self.bytes += report.whole_bytes + report.torn_bytes;
        for finding in findings {
            self.tell(path, finding);
        }
        self.report.more_places += more;
        if report.lines == 0 {
            self.tell_file(path, Check::Header, "the file has no whole line of a log".to_owned());
        }
        self.wanted = self.wanted.or(report.wanted);
        if let Some(header) = &file.header {
            self.add(path, header, &report);
        }
        Ok(())
    }

    /// The line that the file must follow; what is missing before it is told.
    fn after(&mut self, path: &Path, header: &Header) -> Option<Head> {
        let last = self.report.logs.last().filter(|log| log.log == header.log);
        let Some(last) = last else {
            if self.options.whole && header.file != 1 {
                let message =
                    format!("the log begins with file {}, and not with its first", header.file);
                self.tell_file(path, Check::Start, message);
            }
            return None;
        };
        let (number, head, torn) = (last.last_file, last.head, last.torn_bytes);
        let before = last.files.last().cloned().unwrap_or_default();
        if torn > 0 {
            let message =
                "its last line is cut off, and the log goes on in another file".to_owned();
            self.tell_file(&before, Check::CutOff, message);
        }
        if header.file == number {
            let message =
                format!("file {number} of the log is there twice, also as `{}`", before.display());
            self.tell_file(path, Check::DoubledFile, message);
            return None;
        }
        if header.file != number + 1 {
            let message = format!(
                "file {} of the log follows file {number}: those between are missing",
                header.file
            );
            self.tell_file(path, Check::MissingFile, message);
            return None;
        }
        head
    }

    fn add(&mut self, path: &Path, header: &Header, report: &FileReport) {
        let is_same = self.report.logs.last().is_some_and(|log| log.log == header.log);
        if !is_same {
            self.report.logs.push(LogReport {
                log: header.log.clone(),
                files: Vec::new(),
                first_file: header.file,
                last_file: header.file,
                first_seq: header.seq,
                lines: 0,
                decisions: 0,
                dropped: 0,
                recovered: 0,
                head: None,
                closed: false,
                torn_bytes: 0,
                removed_through: 0,
            });
        }
        let Some(log) = self.report.logs.last_mut() else { return };
        log.files.push(path.to_owned());
        log.last_file = header.file;
        log.lines += report.lines;
        log.decisions += report.decisions;
        log.dropped = log.dropped.saturating_add(report.dropped);
        log.recovered += report.recovered;
        log.head = report.head;
        log.closed = report.closed;
        log.torn_bytes = report.torn_bytes;
        log.removed_through = header.removed_through;
    }

    /// Holds the logs against what was noted elsewhere.
    fn check_heads(&mut self) {
        let last = self.report.logs.last();
        let Some(file) = last.and_then(|log| log.files.last()).cloned() else { return };
        let reached = self.report.logs.iter().filter_map(|log| log.head).map(|head| head.seq).max();
        let (expect, seq) = (self.options.expect, self.options.expect_seq);
        let message = match (expect, seq, self.wanted) {
            (Some(chain), _, None) => format!(
                "no line has the chain {chain}: lines at the end are missing, or the log is another"
            ),
            (Some(_), Some(seq), Some(found)) if found != seq => {
                format!("the chain is that of line {found}, and not of line {seq}")
            }
            (None, Some(seq), _) if reached < Some(seq) => {
                format!("the log ends with line {}, before line {seq}", reached.unwrap_or(0))
            }
            _ => return,
        };
        self.tell_file(&file, Check::Head, message);
    }
}
