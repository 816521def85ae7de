//! From values to cells: each field of the action's tables is fitted to its type, held against
//! its constraints where inputs are checked, and given its default and its symbols.

mod constraint;
mod convert;
mod unknown;

pub(crate) use constraint::contains_number;

use crate::error::{FieldName, Found, InputCode, InputError};
use crate::frame::{Entry, Frame, Place};
use crate::value::{Cell, NO_SYMBOL, Range, Value};
use actra_bytecode::ids::{ActionId, SlotId, StringId};
use actra_bytecode::ordinary::{Absent, OrdinaryKind};
use actra_bytecode::program::{Constant, Field, FieldType, Settings, SlotKind};
use actra_bytecode::walks::slot_bit;
use actra_bytecode::{Number, Program};
use constraint::keep;
use convert::{Symbols, typed, untyped, untyped_number};
use unknown::{broken_limit, check_other_actions, check_unknown};

/// A fault of one value.
type Fault = (InputCode, Found);

/// Fills the frame's cells from its values. The action, where the schema has it. Symbols that no
/// rule of the action reads are found only if all are asked for.
#[inline]
pub(crate) fn check(
    frame: &mut Frame<'_, '_>,
    all_symbols: bool,
) -> Result<Option<ActionId>, InputError> {
    let program = frame.program;
    let action = check_action_type(frame, program)?;
    let own = action.map_or(&[][..], |action| program.action_fields(action));
    if program.redeclares_action_type() && action.is_some() && program.settings().checks_inputs {
        check_redeclared_type(frame, program, [program.common_fields(), own])?;
    }
    let symbols = match action {
        Some(action) if !all_symbols => program.symbols_read(action),
        _ => u64::MAX,
    };
    check_table(frame, program, program.common_fields(), symbols)?;
    check_table(frame, program, own, symbols)?;
    if program.settings().numbers_are_doubles() {
        check_other_actions(frame, program)?;
    }
    check_table(frame, program, program.state_fields(), symbols)?;
    check_unknown(frame, program)?;
    Ok(action)
}

/// `action.type` comes first: which fields there are depends on it.
#[inline]
fn check_action_type(
    frame: &mut Frame<'_, '_>,
    program: &Program,
) -> Result<Option<ActionId>, InputError> {
    let slot = program.action_type_slot();
    let round = frame.round();
    let Some(place) = frame.places.get_mut(slot.index()) else { return Ok(None) };
    let symbol = match place.given(round) {
        Value::String(text) => {
            let symbol = program.symbol_number(text);
            place.cell = Cell::String(text, symbol);
            symbol
        }
        _ => check_unusual_action_type(frame, program)?,
    };
    let action = program.action_of_symbol(StringId(symbol));
    if action.is_none() && program.settings().checks_inputs {
        let field = FieldName::Slot(slot);
        return Err(InputError { code: InputCode::UnknownAction, field, found: Found::String });
    }
    Ok(action)
}

/// The symbol of an `action.type` that is no string of the host's.
#[inline(never)]
fn check_unusual_action_type(
    frame: &mut Frame<'_, '_>,
    program: &Program,
) -> Result<u32, InputError> {
    let slot = program.action_type_slot();
    let settings = *program.settings();
    let fail = |(code, found)| InputError { code, field: FieldName::Slot(slot), found };
    let value = frame.value(slot);
    if settings.numbers_are_doubles() && is_unlike_scalars(&value) {
        return Err(fail((InputCode::WrongType, found(&value))));
    }
    let cell = if settings.checks_inputs {
        match typed(frame, FieldType::String, Symbols::Find, &value, settings).map_err(fail)? {
            Some(cell) => cell,
            None => return Err(fail((InputCode::MissingRequired, found(&value)))),
        }
    } else {
        untyped(frame, FieldType::String, Symbols::Find, &value, settings).map_err(fail)?
    };
    if let Some(place) = frame.places.get_mut(slot.index()) {
        place.cell = cell;
    }
    Ok(cell.symbol().unwrap_or(NO_SYMBOL))
}

/// A schema may declare `action.type` again, with an enum: that is held against it first, too.
fn check_redeclared_type(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    tables: [&[Field]; 2],
) -> Result<(), InputError> {
    let slot = program.action_type_slot();
    for table in tables {
        let declared = table.binary_search_by(|field| field.slot.cmp(&slot)).ok();
        if let Some(field) = declared.and_then(|index| table.get(index)) {
            check_field(frame, program, field)?;
        }
    }
    Ok(())
}

/// Fills the cells of a table's fields.
#[inline]
fn check_table(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    table: &[Field],
    symbols: u64,
) -> Result<(), InputError> {
    let mut rest = table;
    while !rest.is_empty() {
        let round = frame.round();
        rest = take_ordinary(&mut frame.places, round, program, rest, symbols);
        let Some((field, behind)) = rest.split_first() else { break };
        check_field(frame, program, field)?;
        rest = behind;
    }
    Ok(())
}

/// Fills the cells of fields that hold ordinary values. What is left of the table starts with a
/// field that does not. Symbols are found for those slots whose bits are set.
#[inline(never)]
fn take_ordinary<'t>(
    places: &mut [Place<'_>],
    round: u32,
    program: &Program,
    mut table: &'t [Field],
    symbols: u64,
) -> &'t [Field] {
    while let Some((field, behind)) = table.split_first() {
        let Some(place) = places.get_mut(field.slot.index()) else { break };
        let ordinary = &field.ordinary;
        if let Some(value) = place.fresh(round) {
            match ordinary.kind {
                OrdinaryKind::Boolean => {
                    let Value::Boolean(value) = *value else { break };
                    place.cell = Cell::Boolean(value);
                }
                OrdinaryKind::Integer | OrdinaryKind::Number => match *value {
                    Value::Integer(value) if is_between(value, ordinary.integers) => {
                        place.cell = Cell::Integer(value);
                    }
                    Value::Float(value) if is_between(value, ordinary.floats) => {
                        place.cell = Cell::Float(value);
                    }
                    _ => break,
                },
                OrdinaryKind::Text => {
                    let Value::String(text) = *value else { break };
                    if text.len() > ordinary.most_bytes as usize {
                        break;
                    }
                    place.cell = Cell::String(text, NO_SYMBOL);
                }
                OrdinaryKind::Symbol | OrdinaryKind::Member => {
                    let Value::String(text) = *value else { break };
                    if text.len() > ordinary.most_bytes as usize {
                        break;
                    }
                    let is_member = ordinary.kind == OrdinaryKind::Member;
                    let mut symbol = NO_SYMBOL;
                    if is_member || symbols & slot_bit(field.slot) != 0 {
                        symbol = program.symbol_number(text);
                    }
                    if is_member && !ordinary.among.contains(symbol) {
                        break;
                    }
                    place.cell = Cell::String(text, symbol);
                }
                OrdinaryKind::Instant => {
                    let Value::Instant(micros) = *value else { break };
                    place.cell = Cell::Instant(micros);
                }
                OrdinaryKind::Nothing => break,
            }
        } else {
            match ordinary.absent {
                Absent::Missing => place.cell = Cell::Missing,
                Absent::False => place.cell = Cell::Boolean(false),
                Absent::True => place.cell = Cell::Boolean(true),
                Absent::Default => place.cell = default_cell(field.default),
                Absent::Unclear => break,
            }
        }
        table = behind;
    }
    table
}

#[inline]
fn is_between<T: PartialOrd>(value: T, (least, most): (T, T)) -> bool {
    least <= value && value <= most
}

/// Checks one field by its type and constraints.
#[inline(never)]
pub(crate) fn check_field(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    field: &Field,
) -> Result<(), InputError> {
    let settings = *program.settings();
    let value = frame.value(field.slot);
    let fail = |(code, found)| InputError { code, field: FieldName::Slot(field.slot), found };
    if settings.numbers_are_doubles()
        && is_unlike_scalars(&value)
        && field.ty.is_scalar()
        && !is_entry(program, field.slot)
    {
        return Err(fail((InputCode::WrongType, found(&value))));
    }
    let symbols = if field.symbolic { Symbols::Find } else { Symbols::Leave };
    let cell = if matches!(value, Value::Missing) {
        absent(frame, field, settings, &value).map_err(fail)?
    } else if settings.checks_inputs {
        match typed(frame, field.ty, symbols, &value, settings).map_err(fail)? {
            Some(cell) => {
                if let Some(constraint) =
                    field.constraint.and_then(|index| program.constraint(index))
                {
                    keep(frame, program, constraint, &cell).map_err(fail)?;
                }
                cell
            }
            None => absent(frame, field, settings, &value).map_err(fail)?,
        }
    } else {
        match untyped(frame, field.ty, symbols, &value, settings).map_err(fail)? {
            Cell::Missing if matches!(value, Value::Null) => {
                absent(frame, field, settings, &value).map_err(fail)?
            }
            cell => cell,
        }
    };
    if let Some(place) = frame.places.get_mut(field.slot.index()) {
        place.cell = cell;
    }
    if let (Some(values), Value::Object(entries)) = (field.ty.values(), value) {
        check_entries(frame, field.slot, values, entries)?;
    }
    Ok(())
}

/// A field that is not there, or null: its default, or an error where it must be there.
fn absent<'v>(
    frame: &Frame<'_, 'v>,
    field: &Field,
    settings: Settings,
    value: &Value<'v>,
) -> Result<Cell<'v>, Fault> {
    if field.default.is_some() {
        return Ok(default_cell(field.default));
    }
    let is_bound =
        field.parent.is_none_or(|parent| matches!(frame.value(parent), Value::Object(_)));
    if field.required && is_bound && settings.checks_inputs {
        return Err((InputCode::MissingRequired, found(value)));
    }
    Ok(Cell::Missing)
}

fn default_cell<'v>(default: Option<Constant>) -> Cell<'v> {
    let Some(default) = default else { return Cell::Missing };
    match default {
        Constant::String(string) => Cell::Constant(string),
        Constant::Number(Number::Integer(value)) => Cell::Integer(value),
        Constant::Number(Number::Float(value)) => Cell::Float(value),
        Constant::Boolean(value) => Cell::Boolean(value),
        Constant::Instant(value) => Cell::Instant(value),
    }
}

/// Entries of maps are not declared one by one, so version 1 has nothing to say of their nulls.
fn is_entry(program: &Program, slot: SlotId) -> bool {
    program.slot(slot).is_some_and(|slot| slot.kind == SlotKind::Entry)
}

/// What version 1 refuses in a declared scalar field.
#[inline]
fn is_unlike_scalars(value: &Value<'_>) -> bool {
    matches!(value, Value::Null | Value::List(_) | Value::LongList(_) | Value::Object(_))
}

/// The values of a map, declared by kind only: the first that does not fit, by key.
fn check_entries(
    frame: &mut Frame<'_, '_>,
    slot: SlotId,
    values: FieldType,
    entries: Range,
) -> Result<(), InputError> {
    let settings = *frame.program.settings();
    let mut first: Option<(u32, Fault)> = None;
    for at in entries.bounds() {
        let Some(Entry { map, key, value }) = frame.entries.get(at).copied() else { break };
        if map != slot {
            continue;
        }
        let fault = match (settings.checks_inputs, value) {
            (true, value) => typed(frame, values, Symbols::Leave, &value, settings).err(),
            // Limits bind unchecked inputs, too.
            (false, Value::TooLarge) => Some((InputCode::TooLarge, Found::String)),
            (false, Value::LongList(_)) => Some((InputCode::TooLarge, Found::List)),
            (false, Value::NotUtf8) => Some((InputCode::NotUtf8, Found::String)),
            (false, Value::List(items)) => {
                let items = frame.items.get(items.bounds()).unwrap_or(&[]);
                items.iter().find_map(broken_limit).map(|code| (code, Found::BadItem))
            }
            (false, value) => untyped_number(&value, settings.numbers_are_doubles()).err(),
        };
        let Some(fault) = fault else { continue };
        let earlier = first.is_none_or(|(known, _)| {
            let known = frame.entries.get(known as usize).map_or(Value::Missing, |entry| entry.key);
            frame.value_text(&key) < frame.value_text(&known)
        });
        if earlier {
            first = Some((at as u32, fault));
        }
    }
    match first {
        Some((at, (code, found))) => {
            Err(InputError { code, field: FieldName::Entry(slot, at), found })
        }
        None => Ok(()),
    }
}

/// What a value is.
fn found(value: &Value<'_>) -> Found {
    match *value {
        Value::Missing => Found::Nothing,
        Value::Null => Found::Null,
        Value::Boolean(_) => Found::Boolean,
        Value::Integer(_) => Found::Integer,
        Value::Float(value) if value.is_nan() => Found::NotANumber,
        Value::Float(value) if value.is_infinite() => Found::Infinity,
        Value::Float(_) => Found::Fraction,
        Value::BigInteger(_) => Found::BigInteger,
        Value::String(_) | Value::Text(_) | Value::TooLarge | Value::NotUtf8 => Found::String,
        Value::Instant(_) => Found::Timestamp,
        Value::List(_) | Value::LongList(_) => Found::List,
        Value::Object(_) => Found::Object,
    }
}
