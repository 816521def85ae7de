//! One field of an action's tables over its column: which rows are in order, and what their cells
//! are. What a value comes to is always said by the same check that a frame goes through.

use super::column::{Column, Values};
use super::mask::ROWS;
use crate::check::check_field;
use crate::frame::Frame;
use crate::value::{Cell, Value};
use actra_bytecode::Program;
use actra_bytecode::ids::SlotId;
use actra_bytecode::ordinary::OrdinaryKind;
use actra_bytecode::program::Field;
use alloc::vec;
use alloc::vec::Vec;

/// Dictionaries with more values than the column has rows, and than this, are not decided value by
/// value beforehand.
const SMALL_DICTIONARY: usize = 4096;

/// A field over a column.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// Its place among the program's fields.
    pub(super) field: usize,
    pub(super) slot: SlotId,
    pub(super) column: &'a Column<'a>,
    /// The cell of a row whose value is missing; `None`: such a row is looked at closely.
    pub(super) absent: Option<Cell<'a>>,
    pub(super) kind: Kind<'a>,
}

/// How a source has its cells.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// Each value of the dictionary has been looked at; `None`: rows that have it are looked at
    /// closely. `groups` are those of its codes.
    Coded { cells: Vec<Option<Cell<'a>>>, groups: Vec<usize> },
    /// So have false and true.
    Boolean([Option<Cell<'a>>; 2]),
    /// Integers are in order between these, both included.
    Integer(&'a [i64], (i64, i64)),
    /// So are doubles.
    Float(&'a [f64], (f64, f64)),
    /// Every instant is in order.
    Instant(&'a [i64]),
    /// Each row is looked at when it comes: here are those of the chunk.
    Each(Vec<Option<Cell<'a>>>),
    /// No row has a value: those that do are not decided here.
    Nothing,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        frame: &mut Frame<'_, 'a>,
        (place, field): (usize, &Field),
        column: &'a Column<'a>,
    ) -> Self {
        let absent = absent_cell(frame, field);
        let ordinary = &field.ordinary;
        let kind = match (&column.values, ordinary.kind) {
            (Values::Boolean(_), _) => Kind::Boolean(
                [false, true].map(|value| cell_of(frame, field, Value::Boolean(value))),
            ),
            (Values::Integer(values), OrdinaryKind::Integer | OrdinaryKind::Number)
                if ordinary.integers.0 <= ordinary.integers.1 =>
            {
                Kind::Integer(values, ordinary.integers)
            }
            (Values::Float(values), OrdinaryKind::Number) => Kind::Float(values, ordinary.floats),
            (Values::Instant(values), OrdinaryKind::Instant) => Kind::Instant(values),
            (Values::Dictionary(_, values), _)
                if values.len() <= SMALL_DICTIONARY.max(column.len()) =>
            {
                let cell = |at| match values.scalar(at)? {
                    Value::Missing => absent,
                    value => cell_of(frame, field, value),
                };
                Kind::Coded { cells: (0..values.len()).map(cell).collect(), groups: Vec::new() }
            }
            (Values::List(..) | Values::Object(_), _) => Kind::Nothing,
            _ => Kind::Each(vec![None; ROWS]),
        };
        Self { field: place, slot: field.slot, column, absent, kind }
    }

    /// The cell of a row that is in order; `within` is its place in the chunk.
    pub(super) fn cell(&self, row: usize, within: usize) -> Cell<'a> {
        if !self.column.has(row) {
            return self.absent.unwrap_or_default();
        }
        let cell = match &self.kind {
            Kind::Coded { cells, .. } => match &self.column.values {
                Values::Dictionary(keys, _) => {
                    keys.get(row).and_then(|key| cells.get(key).copied()).flatten()
                }
                _ => None,
            },
            Kind::Boolean([of_false, of_true]) => match &self.column.values {
                Values::Boolean(bits) if bits.get(row) => *of_true,
                _ => *of_false,
            },
            Kind::Integer(values, _) => values.get(row).copied().map(Cell::Integer),
            Kind::Float(values, _) => values.get(row).copied().map(Cell::Float),
            Kind::Instant(values) => values.get(row).copied().map(Cell::Instant),
            Kind::Each(cells) => cells.get(within).copied().flatten(),
            Kind::Nothing => self.absent,
        };
        cell.unwrap_or_default()
    }
}

/// The cell of a value; `None` where it is not in order, or is no scalar.
pub(super) fn cell_of<'a>(
    frame: &mut Frame<'_, 'a>,
    field: &Field,
    value: Value<'a>,
) -> Option<Cell<'a>> {
    if matches!(value, Value::Text(_) | Value::List(_) | Value::LongList(_) | Value::Object(_)) {
        return None;
    }
    let program: &Program = frame.program;
    frame.clear();
    frame.set(field.slot, value);
    check_field(frame, program, field).ok()?;
    Some(frame.cell(field.slot))
}

/// The cell of a missing value. Whether a field must be there depends on the object that it is in,
/// if it is in one: then nobody says.
pub(super) fn absent_cell<'a>(frame: &mut Frame<'_, 'a>, field: &Field) -> Option<Cell<'a>> {
    if field.required && field.parent.is_some() && frame.program.settings().checks_inputs {
        return None;
    }
    cell_of(frame, field, Value::Missing)
}
