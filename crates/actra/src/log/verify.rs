//! Verifies files of logs, line by line.

use super::body::MAX_LINE_BYTES;
use super::chain::{BEGIN, Chain, Head, Line};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead};

/// The format that this release writes and reads.
pub const FORMAT: u64 = 1;

/// Which check a line has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// The text is not the one that was chained.
    Edited,
    /// Its number does not follow the one before: lines are missing, doubled or moved.
    Sequence,
    /// It is no line of a log.
    NotALine,
    /// The file begins with no header, or with one of another log or format; or there is a second.
    Header,
    /// The file does not continue the one before.
    Continuation,
    /// A file between two others is not there.
    MissingFile,
    /// A file stands twice.
    DoubledFile,
    /// The last line of a file that was ended in order is cut off.
    CutOff,
    /// The log does not begin where it was begun.
    Start,
    /// The log has no line with the chain or number that it must have.
    Head,
}

impl Check {
    /// A word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Sequence => "sequence",
            Self::NotALine => "not_a_line",
            Self::Header => "header",
            Self::Continuation => "continuation",
            Self::MissingFile => "missing_file",
            Self::DoubledFile => "doubled_file",
            Self::CutOff => "cut_off",
            Self::Start => "start",
            Self::Head => "head",
        }
    }
}

/// The first line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The log's id: the same in all its files.
    pub log: String,
    /// The file's number in the log: the first has 1.
    pub file: u64,
    /// The header's own number among all lines.
    pub seq: u64,
    /// The chain of the last line of the file before; `None`: this is the first.
    pub previous: Option<Chain>,
    /// Files up to this number have been deleted to keep only so many.
    pub removed_through: u64,
}

#[derive(Deserialize)]
struct RawHeader {
    format: u64,
    #[serde(default)]
    log: String,
    #[serde(default)]
    file: u64,
    #[serde(default)]
    previous: Option<String>,
    #[serde(default)]
    removed_through: u64,
}

#[derive(Deserialize)]
struct RawCount {
    count: u64,
}

/// Why a first line is no header.
pub(super) enum HeaderFault {
    NotALog,
    Format(u64),
}

impl Header {
    /// Reads a file's first line. Whether its chain is right is not looked at.
    pub(super) fn parse(line: &[u8]) -> Result<Self, HeaderFault> {
        let parts = Line::parse(line).filter(|parts| parts.kind == "log");
        let parts = parts.ok_or(HeaderFault::NotALog)?;
        let raw: RawHeader = serde_json::from_slice(line).map_err(|_| HeaderFault::NotALog)?;
        if raw.format != FORMAT {
            return Err(HeaderFault::Format(raw.format));
        }
        let previous = match raw.previous.as_deref().map(Chain::parse) {
            Some(None) => return Err(HeaderFault::NotALog),
            Some(chain) => chain,
            None => None,
        };
        // The first file, and no other, stands behind nothing.
        let is_first = raw.file == 1;
        if raw.file == 0 || is_first != previous.is_none() || is_first != (parts.seq == 1) {
            return Err(HeaderFault::NotALog);
        }
        Ok(Self {
            log: raw.log,
            file: raw.file,
            seq: parts.seq,
            previous,
            removed_through: raw.removed_through,
        })
    }

    /// The line that this one is chained to.
    fn predecessor(&self) -> Head {
        match self.previous {
            None => Head::start(),
            Some(chain) => Head { seq: self.seq - 1, chain },
        }
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line in its file, from 1.
    pub line: u64,
    /// Which check it failed.
    pub check: Check,
    /// What that means, for people.
    pub message: String,
}

/// What a file holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileReport {
    /// Its first line; `None`: it has no whole line, or none that is a header.
    pub header: Option<Header>,
    /// Whole lines.
    pub lines: u64,
    /// Decisions.
    pub decisions: u64,
    /// Decisions that were dropped, lost or refused, as the log itself says.
    pub dropped: u64,
    /// How often the log was opened without having been closed before.
    pub recovered: u64,
    /// Its last line.
    pub head: Option<Head>,
    /// Whether the last line says that the log was closed.
    pub closed: bool,
    /// Bytes up to the end of the last whole line.
    pub whole_bytes: u64,
    /// Bytes behind it: a line that is cut off.
    pub torn_bytes: u64,
    /// The number of the line whose chain was looked for.
    pub wanted: Option<u64>,
}

/// How a file is verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileOptions {
    /// The last line of the file before; `None`: what the header says is believed.
    pub after: Option<Head>,
    /// A chain to look for.
    pub wanted: Option<Chain>,
}

/// Verifies a file. `found` is told of every line that is wrong, `progress` of bytes
/// and lines read.
///
/// A line that is cut off at the end is no fault: it is what a kill leaves.
///
/// # Errors
/// If the file cannot be read.
pub fn verify_file(
    mut reader: impl BufRead,
    options: FileOptions,
    found: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<FileReport> {
    let mut state = State {
        report: FileReport {
            header: None,
            lines: 0,
            decisions: 0,
            dropped: 0,
            recovered: 0,
            head: None,
            closed: false,
            whole_bytes: 0,
            torn_bytes: 0,
            wanted: None,
        },
        options,
        before: None,
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = read_line(&mut reader, &mut line)?;
        match read {
            Read::End => break,
            Read::Torn(bytes) => {
                state.report.torn_bytes = bytes;
                break;
            }
            Read::Whole(bytes) => {
                state.report.lines += 1;
                state.report.whole_bytes += bytes;
                state.line(&line, found);
            }
            Read::TooLong(bytes) => {
                state.report.lines += 1;
                state.report.whole_bytes += bytes;
                state.tell(found, Check::NotALine, "the line is longer than any of a log");
                state.before = None;
                state.report.head = None;
            }
        }
        progress(state.report.whole_bytes, state.report.lines);
    }
    Ok(state.report)
}

struct State {
    report: FileReport,
    options: FileOptions,
    /// The line before; `None`: nobody knows.
    before: Option<Head>,
}

impl State {
    fn tell(&self, found: &mut dyn FnMut(Finding), check: Check, message: impl Into<String>) {
        found(Finding { line: self.report.lines, check, message: message.into() });
    }

    fn line(&mut self, line: &[u8], found: &mut dyn FnMut(Finding)) {
        let is_first = self.report.lines == 1;
        if is_first {
            self.header(line, found);
        }
        self.report.closed = false;
        let Some(parts) = Line::parse(line) else {
            if !is_first {
                self.tell(found, Check::NotALine, "this is no line of a decision log");
            }
            self.before = None;
            self.report.head = None;
            return;
        };
        let head = Head { seq: parts.seq, chain: parts.chain };
        if let Some(before) = self.before {
            if parts.seq != before.seq + 1 {
                let message = format!(
                    "line {} of the log follows line {}: lines are missing, doubled or moved",
                    parts.seq, before.seq
                );
                self.tell(found, Check::Sequence, message);
            } else if before.chain.next(parts.text) != parts.chain {
                self.tell(found, Check::Edited, "the text is not the one that was chained here");
            }
        }
        if !is_first && parts.kind == "log" {
            self.tell(found, Check::Header, "a header stands inside of a file");
        }
        self.count(parts.kind, line, found);
        if self.options.wanted == Some(parts.chain) {
            self.report.wanted = Some(parts.seq);
        }
        self.before = Some(head);
        self.report.head = Some(head);
    }

    fn header(&mut self, line: &[u8], found: &mut dyn FnMut(Finding)) {
        match Header::parse(line) {
            Ok(header) => {
                let predecessor = header.predecessor();
                match self.options.after {
                    Some(after) if after != predecessor => {
                        let message = format!(
                            "the file follows line {} of the log, and the one before ends with line {}{}",
                            predecessor.seq,
                            after.seq,
                            if after.seq == predecessor.seq { ", which is another" } else { "" },
                        );
                        self.tell(found, Check::Continuation, message);
                    }
                    _ => {}
                }
                self.before = Some(predecessor);
                self.report.header = Some(header);
            }
            Err(HeaderFault::Format(format)) => {
                let message =
                    format!("the log is of format {format}, which this release does not read");
                self.tell(found, Check::Header, message);
            }
            Err(HeaderFault::NotALog) => {
                self.tell(found, Check::Header, "the file does not begin as a decision log does");
            }
        }
    }

    fn count(&mut self, kind: &str, line: &[u8], found: &mut dyn FnMut(Finding)) {
        match kind {
            "decision" => self.report.decisions += 1,
            "dropped" => match serde_json::from_slice::<RawCount>(line) {
                Ok(raw) => self.report.dropped = self.report.dropped.saturating_add(raw.count),
                Err(_) => {
                    self.tell(
                        found,
                        Check::NotALine,
                        "a line says that it drops, and not how many",
                    );
                }
            },
            "recovered" => self.report.recovered += 1,
            "closed" => self.report.closed = true,
            "log" => {}
            _ => self.tell(found, Check::NotALine, "a line is of a kind that no log has"),
        }
    }
}

enum Read {
    Whole(u64),
    TooLong(u64),
    Torn(u64),
    End,
}

/// Reads a line without its line break, and no more than a line may have.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Read> {
    let mut bytes = 0;
    loop {
        let block = match reader.fill_buf() {
            Ok(block) => block,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if block.is_empty() {
            return Ok(if bytes == 0 { Read::End } else { Read::Torn(bytes) });
        }
        let end = block.iter().position(|byte| *byte == b'\n');
        let part = block.get(..end.unwrap_or(block.len())).unwrap_or_default();
        if line.len() + part.len() <= MAX_LINE_BYTES {
            line.extend_from_slice(part);
        } else {
            // What is kept is too long to be taken for a line.
            line.resize(MAX_LINE_BYTES + 1, 0);
        }
        let used = part.len() + usize::from(end.is_some());
        bytes += used as u64;
        reader.consume(used);
        if end.is_some() {
            let is_long = line.len() > MAX_LINE_BYTES;
            return Ok(if is_long { Read::TooLong(bytes) } else { Read::Whole(bytes) });
        }
    }
}

/// Whether bytes without a line break may be what is left of a header.
pub(super) fn may_be_header(torn: &[u8]) -> bool {
    let begin = format!("{BEGIN}log\"");
    let count = torn.len().min(begin.len());
    torn.get(..count) == begin.as_bytes().get(..count)
}
