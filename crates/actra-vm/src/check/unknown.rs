//! Fields beyond the input's own action: those of other actions, and those that the schema does
//! not name at all.

use super::convert::untyped_number;
use super::{found, is_entry, is_unlike_scalars};
use crate::error::{FieldName, Found, InputCode, InputError};
use crate::frame::Frame;
use crate::value::{NO_SYMBOL, Value};
use actra_bytecode::Program;
use actra_bytecode::ids::{SlotId, StringId};
use actra_bytecode::program::{Domain, Field, FieldType, SlotKind};

/// Version 1 refuses a null, a list or an object in a scalar field that the schema names under
/// any action, not only under this one.
pub(super) fn check_other_actions(
    frame: &Frame<'_, '_>,
    program: &Program,
) -> Result<(), InputError> {
    if !frame.holds_odd_values {
        return Ok(());
    }
    let is_refused = |slot: &SlotId| {
        let value = frame.value(*slot);
        (is_unlike_scalars(&value) || untyped_number(&value, true).is_err())
            && program.slot(*slot).is_some_and(|slot| slot.domain == Domain::Action)
            && !is_entry(program, *slot)
            && program.fields().iter().any(|field| field.slot == *slot && field.ty.is_scalar())
            // Where this action has the outer object, it says what is in it.
            && own_field(frame, program, outermost(program, *slot)).is_none()
    };
    match frame.held().find(is_refused) {
        Some(slot) => {
            let value = frame.value(slot);
            let fault = untyped_number(&value, true).err();
            let (code, found) = fault.unwrap_or((InputCode::WrongType, found(&value)));
            Err(InputError { code, field: FieldName::Slot(slot), found })
        }
        None => Ok(()),
    }
}

/// The slot directly in the domain that a slot is in.
fn outermost(program: &Program, slot: SlotId) -> SlotId {
    let mut outer = slot;
    // Parents come before what is in them: this ends.
    while let Some(parent) = program.slot(outer).and_then(|slot| slot.parent) {
        outer = parent;
    }
    outer
}

/// The slot's field in the input's own action tables, once `action.type` has its cell.
fn own_field<'p>(frame: &Frame<'_, '_>, program: &'p Program, slot: SlotId) -> Option<&'p Field> {
    let action = frame
        .cell(program.action_type_slot())
        .symbol()
        .filter(|symbol| *symbol != NO_SYMBOL)
        .and_then(|symbol| program.action_of_symbol(StringId(symbol)));
    let own = action.map_or(&[][..], |action| program.action_fields(action));
    [program.common_fields(), own].into_iter().find_map(|table| {
        let index = table.binary_search_by(|field| field.slot.cmp(&slot)).ok()?;
        table.get(index)
    })
}

/// What the schema does not name for this action: a fault where unknown fields are refused, and
/// everywhere where a limit is broken.
#[inline]
pub(super) fn check_unknown(frame: &Frame<'_, '_>, program: &Program) -> Result<(), InputError> {
    if frame.unknown().is_none() && !frame.refuses_unknown && !frame.breaks_limits {
        return Ok(());
    }
    check_closely(frame, program)
}

#[inline(never)]
fn check_closely(frame: &Frame<'_, '_>, program: &Program) -> Result<(), InputError> {
    let noted = frame
        .unknown()
        .filter(|unknown| frame.refuses_unknown || unknown.code != InputCode::UnknownField);
    let code = noted.map_or(InputCode::UnknownField, |unknown| unknown.code);
    let noted_name = noted.map(|unknown| (unknown.domain, frame.text(unknown.name)));
    // Only the action's fields depend on the action: whatever else is noted comes later, unless it
    // is of the action, too, and of a smaller name.
    let comes_first = |field: FieldName| {
        noted_name.is_none_or(|(domain, name)| {
            domain != Some(Domain::Action) || name_bytes(frame, program, field).le(name.bytes())
        })
    };
    if let Some((field, limit)) = first_over_limit(frame, program)
        && (code == InputCode::UnknownField || comes_first(field))
    {
        return Err(InputError { code: limit, field, found: Found::Nothing });
    }
    if frame.refuses_unknown
        && code == InputCode::UnknownField
        && let Some(field) = first_unnamed(frame, program)
        && comes_first(field)
    {
        return Err(InputError { code, field, found: Found::Nothing });
    }
    let Some((domain, name)) = noted_name else { return Ok(()) };
    let outer = (domain == Some(Domain::Action)).then(|| foreign_around(frame, program, name));
    let field = outer.flatten().map_or(FieldName::Unknown, FieldName::Slot);
    Err(InputError { code, field, found: Found::Nothing })
}

/// The outermost place around a field that is no object of this action: what breaks a limit in it
/// is told there.
fn foreign_around(frame: &Frame<'_, '_>, program: &Program, name: &str) -> Option<SlotId> {
    // Outer places come first.
    frame.held().find(|slot| {
        program.slot(*slot).is_some_and(|slot| slot.domain == Domain::Action)
            && name.strip_prefix(program.slot_name(*slot)).is_some_and(|rest| rest.starts_with('.'))
            && own_field(frame, program, *slot).is_none_or(|own| own.ty != FieldType::Object)
    })
}

/// The first field of another action that breaks a limit: they bind it here, too. Its name is that
/// of the outermost place that is no object of this action.
fn first_over_limit(frame: &Frame<'_, '_>, program: &Program) -> Option<(FieldName, InputCode)> {
    if !frame.breaks_limits {
        return None;
    }
    let over_limit = |slot: SlotId| {
        let domain = program.slot(slot)?.domain;
        if domain != Domain::Action || slot == program.action_type_slot() {
            return None;
        }
        match own_field(frame, program, slot) {
            Some(field) if field.ty == FieldType::Object => {
                let over = |at: u32| limit_of(frame, &frame.entries.get(at as usize)?.value);
                let entry = unnamed_entry(frame, program, slot, |at| over(at).is_some())?;
                Some((FieldName::Member(slot, entry), over(entry)?))
            }
            // By itself it is in order, or that was told; there may be more in its place.
            Some(_) => match frame.value(slot) {
                value @ Value::Object(_) => Some((FieldName::Slot(slot), limit_of(frame, &value)?)),
                _ => None,
            },
            None => {
                let code = limit_of(frame, &frame.value(slot))?;
                let mut named = slot;
                while let Some(parent) = program.slot(named).and_then(|slot| slot.parent)
                    && own_field(frame, program, parent)
                        .is_none_or(|own| own.ty != FieldType::Object)
                {
                    named = parent;
                }
                Some((FieldName::Slot(named), code))
            }
        }
    };
    let found = frame.held().filter_map(over_limit);
    found
        .min_by(|(a, _), (b, _)| name_bytes(frame, program, *a).cmp(name_bytes(frame, program, *b)))
}

/// The limit that a value breaks, or something in it.
fn limit_of(frame: &Frame<'_, '_>, value: &Value<'_>) -> Option<InputCode> {
    let of_items = |value: &Value<'_>| match value {
        Value::List(items) => {
            let items = frame.items.get(items.bounds());
            items.and_then(|items| items.iter().find_map(broken_limit))
        }
        value => broken_limit(value),
    };
    match value {
        Value::Object(entries) => {
            let entries = frame.entries.get(entries.bounds());
            entries.and_then(|entries| entries.iter().find_map(|entry| of_items(&entry.value)))
        }
        value => of_items(value),
    }
}

/// The limit that a value breaks.
pub(super) fn broken_limit(value: &Value<'_>) -> Option<InputCode> {
    match value {
        Value::TooLarge | Value::LongList(_) => Some(InputCode::TooLarge),
        Value::NotUtf8 => Some(InputCode::NotUtf8),
        _ => None,
    }
}

/// The first slot or entry of the action that this action's tables do not name.
fn first_unnamed(frame: &Frame<'_, '_>, program: &Program) -> Option<FieldName> {
    let unnamed = |slot: SlotId| {
        let known = program.slot(slot)?;
        if known.domain != Domain::Action || slot == program.action_type_slot() {
            return None;
        }
        match own_field(frame, program, slot) {
            Some(field) if field.ty == FieldType::Object => {
                let entry = unnamed_entry(frame, program, slot, |_| true)?;
                Some(FieldName::Member(slot, entry))
            }
            Some(_) => None,
            // What stands inside a value that is no object here is no field of this action: a
            // place may be an object under one action and something else under another.
            None => match nearest_own(frame, program, known.parent) {
                Some(outer) if outer.ty != FieldType::Object => None,
                Some(_) if known.kind == SlotKind::Entry => None,
                _ => Some(FieldName::Slot(slot)),
            },
        }
    };
    frame
        .held()
        .filter_map(unnamed)
        .min_by(|a, b| name_bytes(frame, program, *a).cmp(name_bytes(frame, program, *b)))
}

/// The field of this action that is nearest around a place.
fn nearest_own<'p>(
    frame: &Frame<'_, '_>,
    program: &'p Program,
    mut outer: Option<SlotId>,
) -> Option<&'p Field> {
    while let Some(slot) = outer {
        let own = own_field(frame, program, slot);
        if own.is_some() {
            return own;
        }
        outer = program.slot(slot)?.parent;
    }
    None
}

/// A field's name, byte by byte: bytes of UTF-8 sort as code points do.
fn name_bytes<'a>(
    frame: &'a Frame<'_, '_>,
    program: &'a Program,
    field: FieldName,
) -> impl Iterator<Item = u8> + 'a {
    let (slot, key) = match field {
        FieldName::Member(slot, entry) => {
            (Some(slot), frame.entries.get(entry as usize).map(|entry| &entry.key))
        }
        FieldName::Slot(slot) => (Some(slot), None),
        _ => (None, None),
    };
    let name = slot.map_or("", |slot| program.slot_name(slot));
    let key = key.and_then(|key| frame.value_text(key));
    let dot = if key.is_some() { "." } else { "" };
    name.bytes().chain(dot.bytes()).chain(key.unwrap_or("").bytes())
}

/// The first entry, by key, of an object that may be a map elsewhere and that is no field of it.
fn unnamed_entry(
    frame: &Frame<'_, '_>,
    program: &Program,
    slot: SlotId,
    wanted: impl Fn(u32) -> bool,
) -> Option<u32> {
    let Value::Object(range) = frame.value(slot) else { return None };
    let key = |at: u32| frame.entries.get(at as usize).map_or(Value::Missing, |entry| entry.key);
    let is_own = |at: &u32| frame.entries.get(*at as usize).is_some_and(|entry| entry.map == slot);
    let is_named = |at: &u32| {
        let key = key(*at);
        let name = frame.value_text(&key).unwrap_or("");
        frame.held().any(|held| {
            program.slot(held).is_some_and(|member| {
                member.parent == Some(slot)
                    && member.kind == SlotKind::Field
                    && program.text(member.segment) == name
            })
        })
    };
    (range.start..range.start + range.len)
        .filter(|at| is_own(at) && !is_named(at) && wanted(*at))
        .min_by(|a, b| frame.value_text(&key(*a)).cmp(&frame.value_text(&key(*b))))
}
