//! Opens logs, finds out how they are written, and reads them into batches.

use super::batch::{
    BATCH_BYTES, BATCH_ROWS, Batch, Line, Lines, Record, RecordedColumns, Records, Rows, Table,
    TableInput,
};
use super::cells::Plan;
use super::csv::{Read1, Records as Csv};
use super::lines::{self, EFFECT_PATHS, INPUT_KEYS, Place, RULE_KEY};
use super::{Log, columns};
use crate::args::LogFormat;
use crate::commands::progress::Bar;
use crate::failure::Failure;
use crate::input;
use actra::Policy;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes that are looked at to tell how a log is written.
const HEAD_BYTES: usize = 512;

/// What reading needs to know.
pub(super) struct Reading<'r> {
    pub(super) new: &'r Policy,
    pub(super) old: Option<&'r Policy>,
    pub(super) layout: &'r lines::Layout,
    pub(super) format: LogFormat,
    /// Rows that may still be read.
    pub(super) left: u64,
    pub(super) bar: &'r mut Bar,
    /// Takes what was read.
    pub(super) take: &'r mut dyn FnMut(Batch) -> Result<(), Failure>,
}

/// How a log turned out to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Jsonl,
    Csv,
    Parquet,
}

impl Written {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// Reads all of a log.
pub(super) fn read(file: usize, path: &Path, reading: &mut Reading<'_>) -> Result<Log, Failure> {
    let unreadable = |error: io::Error| Failure::unreadable(path, &error);
    let is_standard = path.as_os_str() == "-";
    let count = Rc::new(Cell::new(0));
    let mut reader: Box<dyn Read> = if is_standard {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let mut head = Vec::new();
    reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    let written = written(path, &head, reading.format)?;
    let mut log =
        Log { path: path.to_owned(), written, rows: 0, own_lines: 0, ignored: Vec::new() };
    let reader = Counted { reader: Cursor::new(head).chain(reader), count: Rc::clone(&count) };
    match written {
        Written::Jsonl => read_lines(file, &mut log, reader, &count, reading)?,
        Written::Csv => read_csv(file, &mut log, reader, &count, reading)?,
        Written::Parquet if is_standard => {
            return Err(Failure::new("usage", "Parquet cannot be read from standard input")
                .with_help("name the file: its end says where everything is"));
        }
        Written::Parquet => read_parquet(file, &mut log, reading)?,
    }
    reading.bar.file_done();
    Ok(log)
}

#[cfg(feature = "parquet")]
fn read_parquet(file: usize, log: &mut Log, reading: &mut Reading<'_>) -> Result<(), Failure> {
    super::parquet::read(file, log, reading)
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(_: usize, log: &mut Log, _: &mut Reading<'_>) -> Result<(), Failure> {
    let message = format!("`{}` is Parquet, which this build does not read", log.path.display());
    Err(Failure::new("no_parquet", message).with_help(
        "build the command with it: `cargo build --release -p actra-cli --features parquet`",
    ))
}

/// How the log is written.
fn written(path: &Path, head: &[u8], asked: LogFormat) -> Result<Written, Failure> {
    let compressed = [(&b"\x1f\x8b"[..], "zcat"), (b"\x28\xb5\x2f\xfd", "zstdcat")];
    if let Some((_, program)) = compressed.iter().find(|(magic, _)| head.starts_with(magic)) {
        let shown = path.display();
        return Err(Failure::new("compressed", format!("`{shown}` is compressed"))
            .with_help(format!("`{program} {shown} | actra replay - ...` reads it")));
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    Ok(match (asked, extension.to_ascii_lowercase().as_str()) {
        (LogFormat::Jsonl, _) => Written::Jsonl,
        (LogFormat::Csv, _) => Written::Csv,
        (LogFormat::Parquet, _) => Written::Parquet,
        // No text begins like that.
        (LogFormat::Auto, _) if head.starts_with(b"PAR1") => Written::Parquet,
        (LogFormat::Auto, "jsonl" | "ndjson" | "json") => Written::Jsonl,
        (LogFormat::Auto, "csv") => Written::Csv,
        (LogFormat::Auto, "parquet" | "parq" | "pq") => Written::Parquet,
        (LogFormat::Auto, _) => {
            let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
            if text.is_empty() || text.starts_with(b"{") { Written::Jsonl } else { Written::Csv }
        }
    })
}

/// Counts the bytes that were read.
struct Counted<R> {
    reader: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.count.set(self.count.get() + length as u64);
        Ok(length)
    }
}

fn read_lines(
    file: usize,
    log: &mut Log,
    reader: impl Read,
    count: &Cell<u64>,
    reading: &mut Reading<'_>,
) -> Result<(), Failure> {
    let mut reader = input::Lines::new(reader);
    let mut lines = Lines::default();
    while reading.left > 0 {
        let line = reader.next_filled();
        let (number, text) = match line.map_err(|error| interrupted(log, &error))? {
            None => break,
            Some(input::Line::Text(number, text)) => (number, Some(text)),
            Some(input::Line::TooLong(number)) => (number, None),
        };
        if reading.layout.input != Place::None && text.is_some_and(lines::is_of_log) {
            log.own_lines += 1;
            continue;
        }
        lines.text.extend_from_slice(text.unwrap_or_default());
        let (end, is_too_long) = (lines.text.len(), text.is_none());
        lines.lines.push(Line { number, end, is_too_long });
        log.rows += 1;
        reading.left -= 1;
        if lines.text.len() >= BATCH_BYTES || lines.lines.len() >= BATCH_ROWS {
            (reading.take)(Batch { file, rows: Rows::Lines(std::mem::take(&mut lines)) })?;
            reading.bar.show(count.get(), log.rows);
        }
    }
    (reading.take)(Batch { file, rows: Rows::Lines(lines) })
}

/// A log that cannot be read on.
pub(super) fn interrupted(log: &Log, error: &dyn std::fmt::Display) -> Failure {
    let path = log.path.display();
    let message = format!("`{path}` cannot be read after {} rows: {error}", log.rows);
    Failure::new("unreadable_file", message)
}

fn read_csv(
    file: usize,
    log: &mut Log,
    reader: impl Read,
    count: &Cell<u64>,
    reading: &mut Reading<'_>,
) -> Result<(), Failure> {
    let mut reader = Csv::new(reader);
    let header = reader.next_record().map_err(|error| interrupted(log, &error))?;
    let Some((_, read)) = header else { return Ok(()) };
    let names = header_names(&reader, read).map_err(|what| bad_header(&log.path, &what))?;
    let table = Arc::new(table(log, names, reading)?);
    let mut records = Records::default();
    while reading.left > 0 {
        let record = reader.next_record().map_err(|error| interrupted(log, &error))?;
        let Some((line, read)) = record else { break };
        if read == Read1::Whole {
            records.text.extend_from_slice(reader.text());
            records.ends.extend_from_slice(reader.ends());
        }
        let (text_end, cells_end) = (records.text.len(), records.ends.len());
        records.list.push(Record { line, read, text_end, cells_end });
        log.rows += 1;
        reading.left -= 1;
        let is_full = records.text.len() >= BATCH_BYTES || records.ends.len() >= BATCH_BYTES / 8;
        if is_full || records.list.len() >= BATCH_ROWS {
            let rows = Rows::Records(Arc::clone(&table), std::mem::take(&mut records));
            (reading.take)(Batch { file, rows })?;
            reading.bar.show(count.get(), log.rows);
        }
    }
    (reading.take)(Batch { file, rows: Rows::Records(table, records) })
}

fn header_names<R: Read>(reader: &Csv<R>, read: Read1) -> Result<Vec<String>, String> {
    if read != Read1::Whole {
        return Err("it does not end where it should".to_owned());
    }
    let text = std::str::from_utf8(reader.text()).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut start = 0;
    let name = |end: &usize| {
        let name = text.get(start..*end).ok_or("it is not UTF-8");
        start = *end;
        name.map(|name| name.trim().to_owned()).map_err(str::to_owned)
    };
    reader.ends().iter().map(name).collect()
}

fn bad_header(path: &Path, what: &str) -> Failure {
    let shown = path.display();
    Failure::new("bad_columns", format!("the header of `{shown}` cannot be used: {what}"))
        .with_help("columns are named as fields are: `action.type`, `action.amount`, `actor.role`")
}

/// What the columns are.
fn table(log: &mut Log, names: Vec<String>, reading: &Reading<'_>) -> Result<Table, Failure> {
    let recorded = recorded_columns(&log.path, &names, &reading.layout.recorded)?;
    if let Some(column) = whole_input(&names, &reading.layout.input) {
        return Ok(Table { names, input: TableInput::Whole(column), recorded });
    }
    let fields = fields(&log.path, names.iter().map(String::as_str), &reading.layout.input)?;
    let plan = |policy| {
        Plan::new(policy, &fields).map_err(|(one, other)| same_field(&log.path, &one, &other))
    };
    let new = plan(reading.new)?;
    let old = reading.old.map(plan).transpose()?;
    log.ignored = fields
        .iter()
        .filter(|(index, _)| {
            !new.names(*index) && !old.as_ref().is_some_and(|old| old.names(*index))
        })
        .map(|(_, name)| name.clone())
        .collect();
    Ok(Table { names, input: TableInput::Columns { new, old }, recorded })
}

/// Two columns of one field.
pub(super) fn same_field(path: &Path, one: &str, other: &str) -> Failure {
    let shown = path.display();
    let message = if one == other {
        format!("`{shown}` has the column `{one}` twice")
    } else {
        format!("the columns `{one}` and `{other}` of `{shown}` are the same field")
    };
    Failure::new("bad_columns", message).with_help("leave one of them out")
}

/// The one column that has all of the input, if that is how it is.
fn whole_input(names: &[String], place: &Place) -> Option<usize> {
    let has_fields = |prefix: Option<&str>| {
        let mut names = names.iter().filter_map(|name| columns::strip(name, prefix));
        names.any(columns::is_of_input)
    };
    match place {
        Place::None => None,
        Place::Path(path) => {
            let name = path.join(".");
            if has_fields(Some(&name)) { None } else { names.iter().position(|it| *it == name) }
        }
        Place::Auto if has_fields(None) => None,
        Place::Auto => INPUT_KEYS.into_iter().find_map(|key| {
            names.iter().position(|name| name == key).filter(|_| !has_fields(Some(key)))
        }),
    }
}

/// The columns that are fields of an input, by their names without what stands in front.
pub(super) fn fields<'n>(
    path: &Path,
    names: impl Iterator<Item = &'n str> + Clone,
    place: &Place,
) -> Result<Vec<(usize, String)>, Failure> {
    let joined;
    let prefix = match place {
        Place::None => None,
        Place::Auto => columns::usual_prefix(&names),
        Place::Path(path) => {
            joined = path.join(".");
            Some(joined.as_str())
        }
    };
    let fields: Vec<(usize, String)> = names
        .enumerate()
        .filter_map(|(index, name)| Some((index, columns::strip(name, prefix)?.to_owned())))
        .filter(|(_, name)| columns::is_of_input(name))
        .collect();
    if fields.iter().any(|(_, name)| name == "action.type" || name == "action") {
        return Ok(fields);
    }
    let wanted = prefix.map_or("action.type".to_owned(), |prefix| format!("{prefix}.action.type"));
    Err(bad_header(path, &format!("it has no column `{wanted}`")))
}

/// Where the decision is recorded.
pub(super) fn recorded_columns(
    path: &Path,
    names: &[String],
    place: &Place,
) -> Result<RecordedColumns, Failure> {
    let at = |wanted: &str| -> Result<Option<usize>, Failure> {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
        let first = found.next();
        match found.next() {
            Some(_) => Err(same_field(path, wanted, wanted)),
            None => Ok(first.map(|(index, _)| index)),
        }
    };
    let beside = |effect: &str| -> Result<RecordedColumns, Failure> {
        let holder = effect.rfind('.').and_then(|dot| effect.get(..=dot)).unwrap_or("");
        Ok(RecordedColumns {
            effect: at(effect)?,
            rule: at(&format!("{holder}{RULE_KEY}"))?,
            error: at(&format!("{holder}error.code"))?,
        })
    };
    match place {
        Place::None => Ok(RecordedColumns::default()),
        Place::Auto => {
            for effect in EFFECT_PATHS {
                let columns = beside(effect)?;
                if columns.effect.is_some() {
                    return Ok(columns);
                }
            }
            Ok(RecordedColumns::default())
        }
        Place::Path(keys) => {
            let columns = beside(&keys.join("."))?;
            if columns.effect.is_none() {
                let message = format!("it has no column `{}`", keys.join("."));
                return Err(bad_header(path, &message));
            }
            Ok(columns)
        }
    }
}
