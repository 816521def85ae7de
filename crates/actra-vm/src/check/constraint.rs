//! Holding cells against the constraints of their fields.

use super::Fault;
use super::convert::sort;
use crate::error::{Found, InputCode};
use crate::frame::Frame;
use crate::value::Cell;
use actra_bytecode::ids::{ListId, NumberId, StringId};
use actra_bytecode::program::Constraint;
use actra_bytecode::{Number, Program};
use core::cmp::Ordering;

/// Holds a cell against its constraints, in the order of the codes.
pub(super) fn keep(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    constraint: &Constraint,
    cell: &Cell<'_>,
) -> Result<(), Fault> {
    let Cell::List(_, range) = *cell else {
        return keep_scalar(frame, program, constraint, cell);
    };
    let mut first: Option<Fault> = None;
    for item in frame.item_cells(range) {
        if let Err(fault) = keep_scalar(frame, program, constraint, item)
            && first.as_ref().is_none_or(|first| fault.0 < first.0)
        {
            first = Some((fault.0, Found::BadItem));
        }
    }
    if constraint.max_items.is_some_and(|most| range.len as u64 > most)
        && first.as_ref().is_none_or(|first| InputCode::TooLong < first.0)
    {
        first = Some((InputCode::TooLong, Found::List));
    }
    if let Some(fault) = first {
        return Err(fault);
    }
    if constraint.unique {
        sort(frame, range);
        let same = |pair: &[Cell<'_>]| match pair {
            [a, b] => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.compare(b) == Some(Ordering::Equal),
                _ => frame.cell_text(a) == frame.cell_text(b),
            },
            _ => false,
        };
        if frame.item_cells(range).windows(2).any(same) {
            return Err((InputCode::NotUnique, Found::List));
        }
    }
    Ok(())
}

fn keep_scalar(
    frame: &Frame<'_, '_>,
    program: &Program,
    constraint: &Constraint,
    cell: &Cell<'_>,
) -> Result<(), Fault> {
    if let Some(number) = cell.number() {
        let among = |list: ListId| contains_number(program, program.list(list), number);
        if constraint.allowed.is_some_and(|list| !among(list)) {
            return Err((InputCode::NotInEnum, Found::Integer));
        }
        if constraint.min.is_some_and(|min| number.compare(min) == Some(Ordering::Less)) {
            return Err((InputCode::BelowMin, Found::Integer));
        }
        if constraint.max.is_some_and(|max| number.compare(max) == Some(Ordering::Greater)) {
            return Err((InputCode::AboveMax, Found::Integer));
        }
    } else if let (Some(symbol), Some(text)) = (cell.symbol(), frame.cell_text(cell)) {
        if constraint.allowed.is_some_and(|list| !program.list_has_string(list, StringId(symbol))) {
            return Err((InputCode::NotInEnum, Found::String));
        }
        // No string has more code points than bytes.
        let is_longer = |most: u64| text.len() as u64 > most && text.chars().count() as u64 > most;
        if constraint.max_length.is_some_and(is_longer) {
            return Err((InputCode::TooLong, Found::String));
        }
    }
    Ok(())
}

/// Whether a list of numbers, ascending by value, has that value.
#[inline]
pub(crate) fn contains_number(program: &Program, ids: &[u32], number: Number) -> bool {
    ids.binary_search_by(|id| {
        // NaN is in no list: any answer but `Equal` will do.
        program.number(NumberId(*id)).compare(number).unwrap_or(Ordering::Less)
    })
    .is_ok()
}
