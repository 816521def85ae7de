//! One row as a frame's input: what columns cannot say at once is decided as any other input is.

use super::column::{Column, Values};
use crate::frame::Frame;
use crate::value::{Range, Value};
use actra_bytecode::ids::SlotId;
use actra_bytecode::limits::MAX_INPUT_LIST_ITEMS;

/// What is wrong with a row that is no input at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoilt(pub(super) SlotId);

/// Fills a frame from a row.
pub(super) fn fill<'a>(
    frame: &mut Frame<'_, 'a>,
    columns: &'a [(SlotId, Column<'a>)],
    row: usize,
) -> Result<(), Spoilt> {
    frame.clear();
    for (slot, column) in columns {
        let value = match &column.values {
            _ if !column.has(row) => continue,
            Values::Object(_) => Value::Object(Range::default()),
            Values::List(ends, items) => {
                let start = frame.items_start();
                let bounds = ends.bounds(row).filter(|bounds| bounds.end <= items.len());
                // One more than the limit is enough to know.
                for at in bounds.ok_or(Spoilt(*slot))?.take(MAX_INPUT_LIST_ITEMS + 1) {
                    let item = items.scalar(at).ok_or(Spoilt(*slot))?;
                    frame.push_item(match item {
                        Value::Missing => Value::Null,
                        item => item,
                    });
                }
                frame.list_from(start)
            }
            _ => column.scalar(row).ok_or(Spoilt(*slot))?,
        };
        if !matches!(value, Value::Missing) {
            frame.set(*slot, value);
        }
    }
    Ok(())
}
