//! From values to cells: each field of the action's tables is fitted to its type, held against
//! its constraints where inputs are checked, and given its default and its symbols.

mod constraint;
mod convert;
mod unknown;

pub(crate) use constraint::contains_number;

use crate::error::{FieldName, Found, InputCode, InputError};
use crate::frame::{Entry, Frame};
use crate::value::{Cell, NO_SYMBOL, Range, Value};
use actra_bytecode::format::timestamp;
use actra_bytecode::ids::{ActionId, SlotId, StringId};
use actra_bytecode::ordinary::OrdinaryKind;
use actra_bytecode::program::{Constant, Field, FieldType, Settings, SlotKind};
use actra_bytecode::walks::{Way, slot_bit};
use actra_bytecode::{Number, Program};
use constraint::keep;
use convert::{Symbols, typed, untyped, untyped_number};
use unknown::{broken_limit, check_other_actions, check_unknown};

/// A fault of one value.
type Fault = (InputCode, Found);

/// What a check has found out of an input that is in order.
#[derive(Clone, Copy)]
pub(crate) struct Checked<'p> {
    /// Its action, where the schema has it.
    pub(crate) action: Option<ActionId>,
    /// The action's way, where each value looked ordinary.
    pub(crate) way: Option<&'p Way>,
}

/// Checks the frame's values, and fills its cells where values are not read as they are. Unless
/// `closely`, symbols are found only where rules of the action ask for them.
#[inline]
pub(crate) fn check<'p>(
    frame: &mut Frame<'p, '_>,
    closely: bool,
) -> Result<Checked<'p>, InputError> {
    let program = frame.program;
    frame.begin();
    let action = check_action_type(frame, program)?;
    let way = if closely { None } else { action.and_then(|action| program.way(action)) };
    let way = way.filter(|way| is_ordinary(frame, program, way));
    if way.is_none() {
        check_closely(frame, program, action)?;
    }
    check_unknown(frame, program)?;
    Ok(Checked { action, way })
}

/// Whether each value of the input looks ordinary and nothing is missing that must be there: then
/// all that is left to do is done here. Where it says no, nothing is known of the input.
#[inline]
fn is_ordinary(frame: &mut Frame<'_, '_>, program: &Program, way: &Way) -> bool {
    let given = frame.ordinary;
    if frame.odd & way.known != 0 || way.required & !given != 0 {
        return false;
    }
    let evaluation = frame.evaluation();
    let places = frame.places.as_mut_slice();
    let mut strings = way.symbols & given;
    while strings != 0 {
        let slot = strings.trailing_zeros() as usize;
        strings &= strings - 1;
        if let Some(place) = places.get_mut(slot) {
            place.find_symbol(program);
        }
    }
    for (slot, among) in program.members(way) {
        if given & slot_bit(*slot) != 0
            && !places.get(slot.index()).is_some_and(|place| among.contains(place.symbol))
        {
            return false;
        }
    }
    for (slot, default) in program.defaults(way) {
        if given & slot_bit(*slot) == 0
            && let Some(place) = places.get_mut(slot.index())
        {
            place.put_cell(default_cell(*default), evaluation);
        }
    }
    true
}

/// Fits each field to its type and constraints, in the order in which their faults are told.
#[inline(never)]
fn check_closely(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    action: Option<ActionId>,
) -> Result<(), InputError> {
    let own = action.map_or(&[][..], |action| program.action_fields(action));
    if program.redeclares_action_type() && action.is_some() && program.settings().checks_inputs {
        check_redeclared_type(frame, program, [program.common_fields(), own])?;
    }
    for (at, table) in
        [program.common_fields(), own, program.state_fields()].into_iter().enumerate()
    {
        if at == 2 && program.settings().numbers_are_doubles() {
            check_other_actions(frame, program)?;
        }
        let mut rest = table;
        loop {
            rest = take_ordinary(frame, program, rest);
            let Some((field, behind)) = rest.split_first() else { break };
            check_field(frame, program, field)?;
            rest = behind;
        }
    }
    Ok(())
}

/// `action.type` comes first: which fields there are depends on it.
#[inline]
fn check_action_type(
    frame: &mut Frame<'_, '_>,
    program: &Program,
) -> Result<Option<ActionId>, InputError> {
    let slot = program.action_type_slot();
    let (round, evaluation) = (frame.round(), frame.evaluation());
    let Some(place) = frame.places.get_mut(slot.index()) else { return Ok(None) };
    let symbol = match place.given(round) {
        Value::String(text) => {
            let symbol = program.symbol_number(text);
            place.put_cell(Cell::String(text, symbol), evaluation);
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
    frame.put_cell(slot, cell);
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

/// Fills the cells of fields that hold ordinary values. What is left of the table starts with a
/// field that does not.
#[inline]
fn take_ordinary<'t>(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    mut table: &'t [Field],
) -> &'t [Field] {
    let (round, evaluation) = (frame.round(), frame.evaluation());
    let places = frame.places.as_mut_slice();
    while let Some((field, behind)) = table.split_first() {
        let Some(place) = places.get_mut(field.slot.index()) else { break };
        let ordinary = &field.ordinary;
        let cell = match (ordinary.kind, place.given(round)) {
            (OrdinaryKind::String, Value::String(text)) if text.len() <= ordinary.most_bytes => {
                let symbol = if field.symbolic { program.symbol_number(text) } else { NO_SYMBOL };
                if ordinary.among.is_some_and(|among| !among.contains(symbol)) {
                    break;
                }
                Cell::String(text, symbol)
            }
            (OrdinaryKind::Boolean, Value::Boolean(value)) => Cell::Boolean(value),
            (OrdinaryKind::Integer | OrdinaryKind::Number, Value::Integer(value))
                if ordinary.integers.0 <= value && value <= ordinary.integers.1 =>
            {
                Cell::Integer(value)
            }
            (OrdinaryKind::Number, Value::Float(value))
                if ordinary.floats.0 <= value && value <= ordinary.floats.1 =>
            {
                Cell::Float(value)
            }
            (OrdinaryKind::Instant, Value::Instant(micros)) if timestamp::is_instant(micros) => {
                Cell::Instant(micros)
            }
            (_, Value::Missing) if ordinary.optional => {
                field.default.map_or(Cell::Missing, default_cell)
            }
            _ => break,
        };
        place.put_cell(cell, evaluation);
        table = behind;
    }
    table
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
    frame.put_cell(field.slot, cell);
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
    if let Some(default) = field.default {
        return Ok(default_cell(default));
    }
    let is_bound =
        field.parent.is_none_or(|parent| matches!(frame.value(parent), Value::Object(_)));
    if field.required && is_bound && settings.checks_inputs {
        return Err((InputCode::MissingRequired, found(value)));
    }
    Ok(Cell::Missing)
}

fn default_cell<'v>(default: Constant) -> Cell<'v> {
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
        Value::Instant(micros) if timestamp::is_instant(micros) => Found::Timestamp,
        Value::Instant(_) => Found::FarInstant,
        Value::List(_) | Value::LongList(_) => Found::List,
        Value::Object(_) => Found::Object,
    }
}
