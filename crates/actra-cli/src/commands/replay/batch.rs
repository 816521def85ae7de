//! Rows on their way from the reader of a log to those who decide them.

use super::cells::{Cells, Decider, Plan};
use super::csv::Read1;
use super::lines;
use super::outcome::{Answer, Outcome};
#[cfg(feature = "parquet")]
use super::parquet;
use super::tally::{Shown, Tally, Verdict};
use crate::input;
use actra::{Evaluator, InputCode, InputError, Policy, UnknownFields};
use std::sync::Arc;

/// Bytes of text after which a batch is full.
pub(super) const BATCH_BYTES: usize = 512 * 1024;

/// Rows after which it is.
pub(super) const BATCH_ROWS: usize = 4096;

/// Rows of one log.
pub(super) struct Batch {
    /// Which of the logs.
    pub(super) file: usize,
    pub(super) rows: Rows,
}

pub(super) enum Rows {
    Lines(Lines),
    Records(Arc<Table>, Records),
    #[cfg(feature = "parquet")]
    Parquet(Arc<parquet::Layout>, parquet::Rows),
}

/// Lines of JSON.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: Vec<u8>,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) number: u64,
    /// Where its text ends.
    pub(super) end: usize,
    pub(super) is_too_long: bool,
}

/// Records of CSV.
#[derive(Default)]
pub(super) struct Records {
    pub(super) text: Vec<u8>,
    /// Where each cell ends in its record's text.
    pub(super) ends: Vec<usize>,
    pub(super) list: Vec<Record>,
}

pub(super) struct Record {
    pub(super) line: u64,
    pub(super) read: Read1,
    /// Where its text,
    pub(super) text_end: usize,
    /// and its cells end.
    pub(super) cells_end: usize,
}

/// What a CSV file's header says.
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) input: TableInput,
    pub(super) recorded: RecordedColumns,
}

/// Where a record has its input.
pub(super) enum TableInput {
    /// In the columns that each policy has a plan for.
    Columns { new: Plan, old: Option<Plan> },
    /// In one column, as JSON.
    Whole(usize),
}

/// Where rows have their recorded decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RecordedColumns {
    pub(super) effect: Option<usize>,
    pub(super) rule: Option<usize>,
    pub(super) error: Option<usize>,
}

/// What rows are decided with.
#[derive(Clone, Copy)]
pub(super) struct Policies<'p> {
    pub(super) new: &'p Policy,
    pub(super) old: Option<&'p Policy>,
    pub(super) layout: &'p lines::Layout,
    pub(super) samples: usize,
}

/// Decides rows, with memory that is kept between them.
pub(super) struct Worker<'p> {
    policies: Policies<'p>,
    new: Evaluator<'p>,
    old: Option<Evaluator<'p>>,
}

/// Memory of an evaluator past which it is made anew: some row was very large.
const MAX_KEPT_BYTES: usize = 1 << 20;

impl<'p> Worker<'p> {
    pub(super) fn new(policies: Policies<'p>) -> Self {
        let evaluator = |policy: &'p Policy| policy.evaluator(UnknownFields::Ignore);
        Self { policies, new: evaluator(policies.new), old: policies.old.map(evaluator) }
    }

    pub(super) fn decide(&mut self, batch: &Batch) -> Tally {
        let mut tally = Tally::new(self.policies.samples);
        match &batch.rows {
            Rows::Lines(lines) => self.lines(batch.file, lines, &mut tally),
            Rows::Records(table, records) => self.records(batch.file, table, records, &mut tally),
            #[cfg(feature = "parquet")]
            Rows::Parquet(layout, rows) => {
                parquet::decide(self.policies, batch.file, layout, rows, &mut tally);
            }
        }
        let grown = |evaluator: &Evaluator<'_>| evaluator.grown_bytes() > MAX_KEPT_BYTES;
        if grown(&self.new) || self.old.as_ref().is_some_and(grown) {
            *self = Self::new(self.policies);
        }
        tally
    }

    fn lines(&mut self, file: usize, lines: &Lines, tally: &mut Tally) {
        let mut start = 0;
        for line in &lines.lines {
            let text = lines.text.get(start..line.end).unwrap_or_default();
            start = line.end;
            // Elsewhere the mark is no more than wrong JSON.
            let mark = if line.number == 1 { input::refusal(text) } else { None };
            let (input, recorded) = match mark {
                _ if line.is_too_long => (Err(input::too_large()), None),
                Some(error) => (Err(error), None),
                None => {
                    let parts = self.policies.layout.split(text, &mut tally.names);
                    (parts.input, Some(parts.recorded))
                }
            };
            let shown_text = input.as_ref().copied().unwrap_or(text);
            let is_part = shown_text.len() < text.len();
            let (new, old) = self.json(&input);
            let shown = |error: &InputError| told(error, line.number, is_part);
            add(tally, file, line.number, &new, old.as_ref(), recorded, shown, || {
                Shown::of(shown_text)
            });
        }
    }

    /// Decides the text of an input under both policies.
    fn json(&mut self, input: &Result<&[u8], InputError>) -> (Answer, Option<Answer>) {
        let decide = |evaluator: &mut Evaluator<'p>| match input {
            Ok(text) => evaluator.with_json(text, |outcome, _| (outcome.effect, outcome.rule)),
            Err(error) => Err(error.clone()),
        };
        (decide(&mut self.new), self.old.as_mut().map(decide))
    }

    fn records(&mut self, file: usize, table: &Table, records: &Records, tally: &mut Tally) {
        let deciders = match &table.input {
            TableInput::Whole(_) => None,
            TableInput::Columns { new, old } => Some((
                Decider::new(self.policies.new, new),
                self.policies
                    .old
                    .zip(old.as_ref())
                    .map(|(policy, plan)| Decider::new(policy, plan)),
            )),
        };
        let (mut new_decider, mut old_decider) = match deciders {
            None => (None, None),
            Some((new, old)) => (Some(new), old),
        };
        let (mut start, mut cells_start) = (0, 0);
        for record in &records.list {
            let cells = Cells {
                text: records.text.get(start..record.text_end).unwrap_or_default(),
                ends: records.ends.get(cells_start..record.cells_end).unwrap_or_default(),
            };
            (start, cells_start) = (record.text_end, record.cells_end);
            let fault = fault(record.read, &cells, table.names.len());
            let recorded = match &fault {
                Some(_) => None,
                None => Some(table.recorded.of(&cells, tally)),
            };
            let (new, old) = match (fault, &table.input, &mut new_decider) {
                (Some(error), ..) => self.json(&Err(error)),
                (None, TableInput::Columns { .. }, Some(decider)) => {
                    let new = decider.decide(cells, &mut self.new);
                    let old = old_decider
                        .as_mut()
                        .zip(self.old.as_mut())
                        .map(|(decider, evaluator)| decider.decide(cells, evaluator));
                    (new, old)
                }
                (None, TableInput::Whole(column), _) => match cells.get(*column) {
                    b"" => self.json(&Err(input::empty())),
                    text => self.json(&Ok(text)),
                },
                (None, TableInput::Columns { .. }, None) => self.json(&Err(input::empty())),
            };
            let shown = |error: &InputError| error.message.clone();
            add(tally, file, record.line, &new, old.as_ref(), recorded, shown, || {
                table.show(&cells)
            });
        }
    }
}

/// Counts a row.
#[expect(clippy::too_many_arguments, reason = "they are what is known of a row")]
pub(super) fn add(
    tally: &mut Tally,
    file: usize,
    line: u64,
    new: &Answer,
    old: Option<&Answer>,
    recorded: Option<Verdict>,
    told: impl Fn(&InputError) -> String,
    show: impl FnOnce() -> Shown,
) {
    let old_verdict = match old {
        Some(answer) => Verdict::of(answer),
        None => recorded.unwrap_or(Verdict::without_rule(Outcome::Unrecorded)),
    };
    tally.add(old_verdict, Verdict::of(new), || {
        let error = new.as_ref().err().or(old.and_then(|answer| answer.as_ref().err()));
        (file, line, error.map(told), show())
    });
}

/// The error as the log tells it: its text stands on that line, or is a part of it.
fn told(error: &InputError, line: u64, is_part: bool) -> String {
    if is_part {
        return error.message.replace(" at line 1 column ", " at its input's column ");
    }
    crate::output::in_stream(error, Some(line)).message
}

/// What is wrong with a record before anybody looks at its cells.
fn fault(read: Read1, cells: &Cells<'_>, columns: usize) -> Option<InputError> {
    let malformed = |message| Some(InputError { code: InputCode::Malformed, field: None, message });
    match read {
        Read1::TooLarge => Some(input::too_large()),
        Read1::Unclosed => malformed("the log ends inside of a quoted cell".to_owned()),
        Read1::Whole if cells.ends.len() != columns => {
            let count = cells.ends.len();
            malformed(format!("the row has {count} cells, and the header {columns}"))
        }
        Read1::Whole => None,
    }
}

impl RecordedColumns {
    fn of(&self, cells: &Cells<'_>, tally: &mut Tally) -> Verdict {
        let text = |column: Option<usize>| {
            let cell = cells.get(column?);
            // What is no text is no effect.
            (!cell.is_empty()).then(|| String::from_utf8_lossy(cell))
        };
        let (effect, rule, error) = (text(self.effect), text(self.rule), text(self.error));
        lines::verdict_of(effect.as_deref(), error.as_deref(), rule.as_deref(), &mut tally.names)
    }
}

impl Table {
    /// A record with the names of its columns.
    fn show(&self, cells: &Cells<'_>) -> Shown {
        let mut row = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let cell = cells.get(index);
            if !cell.is_empty() {
                row.extend_from_slice(if row.is_empty() { b"" } else { b", " });
                row.extend_from_slice(name.as_bytes());
                row.push(b'=');
                row.extend_from_slice(cell.get(..super::tally::MAX_SAMPLE_BYTES).unwrap_or(cell));
            }
            if row.len() > super::tally::MAX_SAMPLE_BYTES {
                break;
            }
        }
        Shown::of(&row)
    }
}
