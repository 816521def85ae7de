//! Which fields left a rule unknown: asked only of the rule that decided, off the hot path.

use crate::frame::Frame;
use crate::test::{goes_with, scalar_goes_with, sum_operand, takes_items};
use crate::value::{Cell, ItemKind};
use actra_bytecode::format::{host, path};
use actra_bytecode::ids::SlotId;
use actra_bytecode::op::{Comparison, Left, Op, OpCode, Right};
use actra_bytecode::program::{Addend, Rule};

/// Collects the fields that the rule's tests read and that are missing, malformed or unfit,
/// ascending (slots ascend by name), each once.
pub(crate) fn collect_missing(frame: &mut Frame<'_, '_>, rule: &Rule) {
    let program = frame.program;
    frame.missing.clear();
    let ops = program.ops().get(rule.entry as usize..rule.end as usize).unwrap_or(&[]);
    for op in ops {
        for slot in faulty(frame, op).into_iter().flatten() {
            // There is room for every slot, and each goes in once.
            if let Err(at) = frame.missing.binary_search(&slot) {
                frame.missing.insert(at, slot);
            }
        }
    }
}

/// The slots of an op whose values keep it from being true or false.
pub(crate) fn faulty(frame: &Frame<'_, '_>, op: &Op) -> [Option<SlotId>; 3] {
    if op.code.is_verdict() || op.code == OpCode::Exists {
        return [None; 3];
    }
    let left = &frame.cell(op.slot);
    let mut left_fault = if op.flags.is_quantified() {
        !quantified_left_fits(frame, op, left)
    } else {
        !left_fits(frame, op, left)
    };
    let mut right_fault = false;
    let mut addend = None;
    if op.code.has_right_slot() {
        let right = &frame.cell(op.right_slot());
        right_fault = !right_fits(frame, op, right);
        let added = match frame.program.sum(op.sum()).map(|sum| sum.addend) {
            Some(Addend::Slot(slot)) if op.code == OpCode::SumCompare => Some(slot),
            _ => None,
        };
        let addend_fault = added.is_some_and(|slot| sum_operand(&frame.cell(slot)).is_none());
        // What each side takes may still not go with the other: then nothing here fits.
        let fit = !left_fault && !right_fault && !addend_fault;
        let clash = fit && !go_together(op, left, right);
        addend = added.filter(|_| clash || addend_fault);
        left_fault |= clash;
        right_fault |= clash;
    }
    [left_fault.then_some(op.slot), right_fault.then_some(op.right_slot()), addend]
}

fn is_text(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::String(..) | Cell::Text(..) | Cell::Constant(_))
}

fn is_scalar(cell: &Cell<'_>) -> bool {
    !matches!(cell, Cell::Missing | Cell::List(..))
}

/// Whether the text is of the form that the op reads.
fn is_well_formed(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> bool {
    let Some(text) = frame.cell_text(cell) else { return false };
    match op.code {
        OpCode::InDomain | OpCode::InNetwork | OpCode::FieldInDomain => host::parse(text).is_ok(),
        OpCode::WithinPath | OpCode::FieldWithinPath => path::is_well_formed(text),
        _ => true,
    }
}

/// Whether the operator takes the value on its left.
fn left_fits(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> bool {
    let list_of = |wanted| matches!(*cell, Cell::List(kind, _) if goes_with(kind, wanted));
    match op.code.left() {
        Left::Nothing | Left::Any => true,
        Left::String => is_well_formed(frame, op, cell),
        Left::Number => cell.number().is_some(),
        Left::Boolean => matches!(cell, Cell::Boolean(_)),
        Left::Timestamp => matches!(cell, Cell::Instant(_)),
        Left::Sized => is_text(cell) || matches!(cell, Cell::List(..)),
        Left::Scalar => is_scalar(cell),
        // Equality takes any scalar, with a sum beside it, too.
        Left::Ordered if op.code == OpCode::SumCompare && op.comparison() == Comparison::EQUAL => {
            is_scalar(cell)
        }
        Left::Ordered => cell.number().is_some() || matches!(cell, Cell::Instant(_)),
        Left::StringList => list_of(ItemKind::String),
        Left::NumberList => list_of(ItemKind::Number),
        Left::List => matches!(cell, Cell::List(..)),
        Left::StringOrStringList => is_text(cell) || list_of(ItemKind::String),
        Left::StringOrList => is_text(cell) || matches!(cell, Cell::List(..)),
    }
}

fn quantified_left_fits(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> bool {
    let Cell::List(kind, range) = *cell else { return false };
    if op.code == OpCode::FieldIn {
        return true;
    }
    let reads_form = matches!(op.code, OpCode::InDomain | OpCode::InNetwork | OpCode::WithinPath);
    takes_items(op.code, kind)
        && (!reads_form
            || frame.item_cells(range).iter().all(|item| is_well_formed(frame, op, item)))
}

/// Whether the operator takes the value of the field on its right.
fn right_fits(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> bool {
    let strings = |is_good: fn(&str) -> bool| match *cell {
        Cell::List(ItemKind::Empty | ItemKind::String, range) => {
            frame.item_cells(range).iter().all(|item| frame.cell_text(item).is_some_and(is_good))
        }
        _ => false,
    };
    match op.code.right() {
        Right::SameKindSlot if op.code == OpCode::SumCompare => {
            match frame.program.sum(op.sum()).map(|sum| sum.addend) {
                Some(Addend::Duration(_)) => matches!(cell, Cell::Instant(_)),
                _ => sum_operand(cell).is_some(),
            }
        }
        Right::SameKindSlot if op.code == OpCode::FieldCompare => {
            cell.number().is_some() || matches!(cell, Cell::Instant(_))
        }
        Right::SameKindSlot | Right::ItemKindSlot | Right::ContainedSlot => is_scalar(cell),
        Right::ListOfSameKindSlot | Right::SameListSlot => matches!(cell, Cell::List(..)),
        Right::StringSlot => is_text(cell),
        Right::StringListSlot => strings(|text| host::parse_domain(text).is_ok()),
        Right::StringOrListSlot => {
            frame.cell_text(cell).is_some_and(path::is_well_formed) || strings(path::is_well_formed)
        }
        _ => true,
    }
}

/// Whether two values, each of a kind that the operator takes, are of kinds that go together.
fn go_together(op: &Op, left: &Cell<'_>, right: &Cell<'_>) -> bool {
    match (op.code, left, right) {
        (
            OpCode::FieldIn | OpCode::ListHasAnyOfField | OpCode::ListHasAllOfField,
            Cell::List(a, _),
            Cell::List(b, _),
        ) => goes_with(*a, *b),
        (OpCode::FieldIn, scalar, Cell::List(kind, _))
        | (OpCode::ListHasField | OpCode::FieldContains, Cell::List(kind, _), scalar) => {
            scalar_goes_with(scalar, *kind)
        }
        (OpCode::FieldContains, _, right) => is_text(right),
        (OpCode::FieldEquals | OpCode::FieldCompare | OpCode::SumCompare, left, right) => {
            match (left, right) {
                (Cell::Boolean(_), Cell::Boolean(_)) | (Cell::Instant(_), Cell::Instant(_)) => true,
                _ => {
                    (left.number().is_some() && right.number().is_some())
                        || (is_text(left) && is_text(right))
                }
            }
        }
        _ => true,
    }
}
