//! From values to cells: each field of the action's tables is fitted to its type, held against
//! its constraints where inputs are checked, and given its default and its symbols.

use crate::error::{FieldName, Found, InputCode, InputError};
use crate::frame::{Entry, Frame};
use crate::value::{Cell, ItemKind, NO_SYMBOL, Range, SORTED_ABOVE, Value};
use actra_bytecode::format::timestamp;
use actra_bytecode::ids::{ActionId, ListId, NumberId, SlotId, StringId};
use actra_bytecode::program::{Constant, Constraint, Domain, Field, FieldType, Settings, SlotKind};
use actra_bytecode::{Number, Program};
use core::cmp::Ordering;

/// A fault of one value.
type Fault = (InputCode, Found);

/// Fills the frame's cells from its values. The action, where the schema has it.
pub(crate) fn check(frame: &mut Frame<'_, '_>) -> Result<Option<ActionId>, InputError> {
    let program = frame.program;
    let action = check_action_type(frame, program)?;
    let tables =
        [program.common_fields(), action.map_or(&[][..], |action| program.action_fields(action))];
    if action.is_some() && program.settings().checks_inputs {
        check_redeclared_type(frame, program, tables)?;
    }
    for table in tables {
        check_table(frame, program, table)?;
    }
    if program.settings().numbers_are_doubles() {
        check_other_actions(frame, program)?;
    }
    check_table(frame, program, program.state_fields())?;
    check_unknown(frame, program)?;
    Ok(action)
}

/// `action.type` comes first: which fields there are depends on it.
fn check_action_type(
    frame: &mut Frame<'_, '_>,
    program: &Program,
) -> Result<Option<ActionId>, InputError> {
    let slot = program.action_type_slot();
    let settings = program.settings();
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
    let symbol = cell.symbol();
    if let Some(place) = frame.cells.get_mut(slot.index()) {
        *place = cell;
    }
    let action = symbol
        .filter(|symbol| *symbol != NO_SYMBOL)
        .and_then(|symbol| program.action_of_symbol(StringId(symbol)));
    if action.is_none() && settings.checks_inputs {
        return Err(fail((InputCode::UnknownAction, Found::String)));
    }
    Ok(action)
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

fn check_table(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    table: &[Field],
) -> Result<(), InputError> {
    for field in table {
        check_field(frame, program, field)?;
    }
    Ok(())
}

#[inline]
fn check_field(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    field: &Field,
) -> Result<(), InputError> {
    let settings = program.settings();
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
    if let Some(place) = frame.cells.get_mut(field.slot.index()) {
        *place = cell;
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
    settings: &Settings,
    value: &Value<'v>,
) -> Result<Cell<'v>, Fault> {
    if let Some(default) = field.default {
        return Ok(match default {
            Constant::String(string) => Cell::Constant(string),
            Constant::Number(Number::Integer(value)) => Cell::Integer(value),
            Constant::Number(Number::Float(value)) => Cell::Float(value),
            Constant::Boolean(value) => Cell::Boolean(value),
            Constant::Instant(value) => Cell::Instant(value),
        });
    }
    let is_bound =
        field.parent.is_none_or(|parent| matches!(frame.value(parent), Value::Object(_)));
    if field.required && is_bound && settings.checks_inputs {
        return Err((InputCode::MissingRequired, found(value)));
    }
    Ok(Cell::Missing)
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

/// Where inputs are checked: the value as a cell of the type; `None` for null.
#[inline]
fn typed<'v>(
    frame: &mut Frame<'_, 'v>,
    ty: FieldType,
    symbols: Symbols,
    value: &Value<'v>,
    settings: &Settings,
) -> Result<Option<Cell<'v>>, Fault> {
    let wrong = || (InputCode::WrongType, found(value));
    Ok(Some(match (ty, *value) {
        (_, Value::Missing | Value::Null) => return Ok(None),
        (FieldType::String, Value::String(text)) => {
            Cell::String(text, symbol(frame, symbols, text))
        }
        (FieldType::String, Value::Text(range)) => {
            Cell::Text(range, symbol(frame, symbols, frame.text(range)))
        }
        (FieldType::Number | FieldType::Integer, _) => {
            numeric(value, ty == FieldType::Integer, settings)?
        }
        (FieldType::Boolean, Value::Boolean(value)) => Cell::Boolean(value),
        (FieldType::Timestamp, Value::Instant(micros)) => Cell::Instant(micros),
        (FieldType::Timestamp, Value::String(_) | Value::Text(_)) => {
            let text = frame.value_text(value).unwrap_or("");
            Cell::Instant(timestamp::parse(text).ok_or((InputCode::WrongType, Found::NoTimestamp))?)
        }
        // So long a string is no timestamp: the type comes first.
        (FieldType::String, Value::TooLarge) => {
            return Err((InputCode::TooLarge, Found::String));
        }
        (FieldType::String, Value::NotUtf8) => {
            return Err((InputCode::NotUtf8, Found::String));
        }
        (
            FieldType::StringList | FieldType::NumberList | FieldType::IntegerList,
            Value::List(range),
        ) => typed_list(frame, ty, symbols, range, settings)?,
        (
            FieldType::StringList | FieldType::NumberList | FieldType::IntegerList,
            Value::LongList(range),
        ) => {
            // The type comes first, over the limit, too.
            typed_list(frame, ty, symbols, range, settings)?;
            return Err((InputCode::TooLarge, Found::List));
        }
        // Objects and maps hold values and are none: ops never read their cells.
        (FieldType::Object, Value::Object(_)) => Cell::Missing,
        (ty, Value::Object(_)) if ty.values().is_some() => Cell::Missing,
        _ => return Err(wrong()),
    }))
}

/// A number as the version holds it, where inputs are checked.
#[inline]
fn numeric<'v>(
    value: &Value<'v>,
    is_integer: bool,
    settings: &Settings,
) -> Result<Cell<'v>, Fault> {
    match *value {
        Value::Integer(value) if settings.numbers_are_doubles() => Ok(Cell::Float(value as f64)),
        Value::Integer(value) => Ok(Cell::Integer(value)),
        Value::BigInteger(_) => Err((InputCode::OutOfRange, Found::BigInteger)),
        Value::Float(value) if value.is_nan() => Err((InputCode::NotFinite, Found::NotANumber)),
        Value::Float(value) if value.is_infinite() => Err((InputCode::NotFinite, Found::Infinity)),
        Value::Float(value) if !is_integer => Ok(Cell::Float(value)),
        Value::Float(value) => {
            let integer = value as i64;
            if value != libm_trunc(value) {
                Err((InputCode::WrongType, Found::Fraction))
            } else if Number::Float(value).compare(Number::Integer(integer))
                != Some(Ordering::Equal)
            {
                Err((InputCode::OutOfRange, Found::BigInteger))
            } else if settings.numbers_are_doubles() {
                Ok(Cell::Float(value))
            } else {
                Ok(Cell::Integer(integer))
            }
        }
        ref other => Err((InputCode::WrongType, found(other))),
    }
}

/// Truncation without the standard library: every double from 2^52 up is integral.
fn libm_trunc(value: f64) -> f64 {
    const INTEGRAL_FROM: f64 = 4_503_599_627_370_496.0;
    if (-INTEGRAL_FROM..INTEGRAL_FROM).contains(&value) { value as i64 as f64 } else { value }
}

/// A list whose every item is of the type. Of several faults a wrong type leads.
fn typed_list<'v>(
    frame: &mut Frame<'_, 'v>,
    ty: FieldType,
    symbols: Symbols,
    range: Range,
    settings: &Settings,
) -> Result<Cell<'v>, Fault> {
    let item_type = ty.items().unwrap_or(ty);
    let mut first: Option<Fault> = None;
    for at in range.bounds() {
        let item = frame.items.get(at).copied().unwrap_or_default();
        match typed(frame, item_type, symbols, &item, settings) {
            Ok(Some(cell)) => {
                if let Some(place) = frame.item_cells.get_mut(at) {
                    *place = cell;
                }
            }
            Ok(None) | Err((InputCode::WrongType, _)) => {
                return Err((InputCode::WrongType, Found::BadItem));
            }
            Err(fault) => {
                let rank = |fault: &Fault| list_rank(fault.0);
                if first.as_ref().is_none_or(|first| rank(&fault) < rank(first)) {
                    first = Some(fault);
                }
            }
        }
    }
    if let Some(fault) = first {
        return Err(fault);
    }
    let kind = match (range.len, item_type) {
        (0, _) => ItemKind::Empty,
        (_, FieldType::String) => ItemKind::String,
        _ => ItemKind::Number,
    };
    sort_long(frame, range);
    Ok(Cell::List(kind, range))
}

/// Which of two items' faults leads.
fn list_rank(code: InputCode) -> u8 {
    match code {
        InputCode::WrongType => 0,
        InputCode::NotFinite => 1,
        InputCode::OutOfRange => 2,
        _ => 3,
    }
}

/// Where inputs are unchecked: the value as a cell of its own kind. Version 1 still refuses what
/// its numbers and scalars cannot be, and limits bind everywhere.
fn untyped<'v>(
    frame: &mut Frame<'_, 'v>,
    ty: FieldType,
    symbols: Symbols,
    value: &Value<'v>,
    settings: &Settings,
) -> Result<Cell<'v>, Fault> {
    let doubles = settings.numbers_are_doubles();
    Ok(match *value {
        Value::Missing | Value::Null | Value::Object(_) => Cell::Missing,
        Value::Boolean(value) => Cell::Boolean(value),
        Value::Instant(micros) => Cell::Instant(micros),
        Value::String(_) | Value::Text(_) if ty == FieldType::Timestamp => {
            let text = frame.value_text(value).unwrap_or("");
            timestamp::parse(text).map_or(Cell::Missing, Cell::Instant)
        }
        Value::String(text) => Cell::String(text, symbol(frame, symbols, text)),
        Value::Text(range) => Cell::Text(range, symbol(frame, symbols, frame.text(range))),
        // Objects and maps hold values and are none.
        Value::Integer(_) | Value::Float(_) | Value::BigInteger(_) | Value::List(_)
            if ty == FieldType::Object || ty.values().is_some() =>
        {
            Cell::Missing
        }
        Value::Integer(_) | Value::Float(_) | Value::BigInteger(_) => {
            untyped_number(value, doubles)?
        }
        Value::List(range) => untyped_list(frame, symbols, range, doubles)?,
        Value::TooLarge => return Err((InputCode::TooLarge, Found::String)),
        Value::LongList(_) => return Err((InputCode::TooLarge, Found::List)),
        Value::NotUtf8 => return Err((InputCode::NotUtf8, Found::String)),
    })
}

/// In version 1 every number is a double; in version 2 NaN, infinities and integers outside 64
/// bits are no values.
fn untyped_number<'v>(value: &Value<'v>, doubles: bool) -> Result<Cell<'v>, Fault> {
    Ok(match *value {
        Value::Integer(value) if doubles => Cell::Float(value as f64),
        Value::Integer(value) => Cell::Integer(value),
        Value::BigInteger(value) if doubles && value.is_infinite() => {
            return Err((InputCode::OutOfRange, Found::BigInteger));
        }
        Value::BigInteger(value) if doubles => Cell::Float(value),
        Value::Float(value) if doubles || value.is_finite() => Cell::Float(value),
        _ => Cell::Missing,
    })
}

/// A list is a value if its items are scalars of one kind.
fn untyped_list<'v>(
    frame: &mut Frame<'_, 'v>,
    symbols: Symbols,
    range: Range,
    doubles: bool,
) -> Result<Cell<'v>, Fault> {
    let mut common = ItemKind::Empty;
    let mut is_value = true;
    for at in range.bounds() {
        let item = frame.items.get(at).copied().unwrap_or_default();
        let (kind, cell) = match item {
            Value::Boolean(value) => (ItemKind::Boolean, Cell::Boolean(value)),
            Value::String(text) => {
                (ItemKind::String, Cell::String(text, symbol(frame, symbols, text)))
            }
            Value::Text(range) => {
                (ItemKind::String, Cell::Text(range, symbol(frame, symbols, frame.text(range))))
            }
            Value::Integer(_) | Value::Float(_) | Value::BigInteger(_) => {
                (ItemKind::Number, untyped_number(&item, doubles)?)
            }
            Value::TooLarge => return Err((InputCode::TooLarge, Found::BadItem)),
            Value::NotUtf8 => return Err((InputCode::NotUtf8, Found::BadItem)),
            _ => (ItemKind::Empty, Cell::Missing),
        };
        is_value &= !matches!(cell, Cell::Missing) && (common == ItemKind::Empty || common == kind);
        common = kind;
        if let Some(place) = frame.item_cells.get_mut(at) {
            *place = cell;
        }
    }
    if !is_value {
        return Ok(Cell::Missing);
    }
    sort_long(frame, range);
    Ok(Cell::List(common, range))
}

/// Whether strings of a field are looked up: only where something compares with them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbols {
    Find,
    Leave,
}

#[inline]
fn symbol(frame: &Frame<'_, '_>, symbols: Symbols, text: &str) -> u32 {
    match symbols {
        Symbols::Find => frame.program.symbol(text).map_or(NO_SYMBOL, |string| string.0),
        Symbols::Leave => NO_SYMBOL,
    }
}

fn sort_long(frame: &mut Frame<'_, '_>, range: Range) {
    if range.len as usize > SORTED_ABOVE {
        sort(frame, range);
    }
}

/// Sorts a list's cells: strings by code point, numbers by value. Nothing that an operator says
/// of a list depends on its order.
fn sort(frame: &mut Frame<'_, '_>, range: Range) {
    let (text, program) = (&frame.text, frame.program);
    let Some(cells) = frame.item_cells.get_mut(range.bounds()) else { return };
    cells.sort_unstable_by(|a, b| order(text, program, a, b));
}

/// The order of [`sort`].
fn order(text: &str, program: &Program, a: &Cell<'_>, b: &Cell<'_>) -> Ordering {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => a.total_order(b),
        _ => cell_str(text, program, a).cmp(cell_str(text, program, b)),
    }
}

fn cell_str<'a>(buffer: &'a str, program: &'a Program, cell: &Cell<'a>) -> &'a str {
    match *cell {
        Cell::String(text, _) => text,
        Cell::Text(range, _) => buffer.get(range.bounds()).unwrap_or(""),
        Cell::Constant(string) => program.text(string),
        _ => "",
    }
}

/// Holds a cell against its constraints, in the order of the codes.
fn keep(
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
        if constraint.allowed.is_some_and(|list| !contains_id(program.list(list), symbol)) {
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

/// Whether an ascending list of ids has that one.
#[inline]
pub(crate) fn contains_id(ids: &[u32], id: u32) -> bool {
    if ids.len() <= 8 { ids.contains(&id) } else { ids.binary_search(&id).is_ok() }
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
            (true, value) => typed(frame, values, Symbols::Leave, &value, &settings).err(),
            // Limits bind unchecked inputs, too.
            (false, Value::TooLarge) => Some((InputCode::TooLarge, Found::String)),
            (false, Value::LongList(_)) => Some((InputCode::TooLarge, Found::List)),
            (false, Value::NotUtf8) => Some((InputCode::NotUtf8, Found::String)),
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

/// Version 1 refuses a null, a list or an object in a scalar field that the schema names under
/// any action, not only under this one.
fn check_other_actions(frame: &Frame<'_, '_>, program: &Program) -> Result<(), InputError> {
    let is_refused = |slot: &SlotId| {
        let value = frame.value(*slot);
        (is_unlike_scalars(&value) || untyped_number(&value, true).is_err())
            && program.slot(*slot).is_some_and(|slot| slot.domain == Domain::Action)
            && !is_entry(program, *slot)
            && program.fields().iter().any(|field| field.slot == *slot && field.ty.is_scalar())
            && own_field(frame, program, *slot).is_none()
    };
    match frame.touched().iter().copied().filter(is_refused).min() {
        Some(slot) => {
            let value = frame.value(slot);
            let fault = untyped_number(&value, true).err();
            let (code, found) = fault.unwrap_or((InputCode::WrongType, found(&value)));
            Err(InputError { code, field: FieldName::Slot(slot), found })
        }
        None => Ok(()),
    }
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
fn check_unknown(frame: &Frame<'_, '_>, program: &Program) -> Result<(), InputError> {
    if frame.unknown().is_none() && !frame.refuses_unknown && !frame.breaks_limits {
        return Ok(());
    }
    let noted = frame
        .unknown()
        .filter(|unknown| frame.refuses_unknown || unknown.code != InputCode::UnknownField);
    let code = noted.map_or(InputCode::UnknownField, |unknown| unknown.code);
    let noted_name = noted.map(|unknown| (unknown.domain, frame.text(unknown.name)));
    if let Some((slot, limit)) = first_over_limit(frame, program) {
        let earlier = code == InputCode::UnknownField
            || noted_name.is_none_or(|(domain, name)| {
                domain != Some(Domain::Action) || program.slot_name(slot) <= name
            });
        if earlier {
            let field = FieldName::Slot(slot);
            return Err(InputError { code: limit, field, found: Found::Nothing });
        }
    }
    if frame.refuses_unknown
        && let Some(field) = first_unnamed(frame, program)
    {
        // Only the action's fields depend on the action: whatever else is noted comes later,
        // unless it is of the action, too, and of a smaller name.
        let earlier = code == InputCode::UnknownField
            && noted_name.is_none_or(|(domain, name)| {
                domain != Some(Domain::Action) || name_bytes(frame, program, field).le(name.bytes())
            });
        if earlier {
            return Err(InputError { code: InputCode::UnknownField, field, found: Found::Nothing });
        }
    }
    match noted {
        Some(_) => Err(InputError { code, field: FieldName::Unknown, found: Found::Nothing }),
        None => Ok(()),
    }
}

/// The first field of another action that breaks a limit: they bind it here, too. Its name is that
/// of the outermost place that this action does not have.
fn first_over_limit(frame: &Frame<'_, '_>, program: &Program) -> Option<(SlotId, InputCode)> {
    if !frame.breaks_limits {
        return None;
    }
    let over_limit = |slot: SlotId| {
        if own_field(frame, program, slot).is_some() || slot == program.action_type_slot() {
            return None;
        }
        let mut outermost = program.slot(slot).filter(|slot| slot.domain == Domain::Action)?;
        let mut named = slot;
        while let Some(parent) = outermost.parent {
            if own_field(frame, program, parent).is_some() {
                break;
            }
            named = parent;
            outermost = program.slot(parent)?;
        }
        let code = match frame.value(slot) {
            Value::List(items) => frame
                .items
                .get(items.bounds())
                .and_then(|items| items.iter().find_map(broken_limit)),
            ref value => broken_limit(value),
        };
        code.map(|code| (named, code))
    };
    frame.touched().iter().filter_map(|slot| over_limit(*slot)).min_by_key(|(slot, _)| *slot)
}

/// The limit that a value breaks.
fn broken_limit(value: &Value<'_>) -> Option<InputCode> {
    match value {
        Value::TooLarge | Value::LongList(_) => Some(InputCode::TooLarge),
        Value::NotUtf8 => Some(InputCode::NotUtf8),
        _ => None,
    }
}

/// The first slot or entry of the action that this action's tables do not name.
fn first_unnamed(frame: &Frame<'_, '_>, program: &Program) -> Option<FieldName> {
    let mut slots = frame.touched().iter().copied().filter_map(|slot| {
        let known = program.slot(slot)?;
        if known.domain != Domain::Action || slot == program.action_type_slot() {
            return None;
        }
        match own_field(frame, program, slot) {
            Some(field) if field.ty == FieldType::Object => {
                let entry = unnamed_entry(frame, program, slot)?;
                Some(FieldName::Member(slot, entry))
            }
            Some(_) => None,
            // What stands inside a value that is no object here is no field of this action: a
            // place may be an object under one action and something else under another.
            None => match known.parent.and_then(|parent| own_field(frame, program, parent)) {
                Some(parent) if parent.ty != FieldType::Object => None,
                Some(_) if known.kind == SlotKind::Entry => None,
                _ => Some(FieldName::Slot(slot)),
            },
        }
    });
    let first = slots.next()?;
    let is_before = |a: &FieldName, b: &FieldName| {
        name_bytes(frame, program, *a).lt(name_bytes(frame, program, *b))
    };
    Some(slots.fold(first, |first, next| if is_before(&next, &first) { next } else { first }))
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
fn unnamed_entry(frame: &Frame<'_, '_>, program: &Program, slot: SlotId) -> Option<u32> {
    let Value::Object(range) = frame.value(slot) else { return None };
    let key = |at: u32| frame.entries.get(at as usize).map_or(Value::Missing, |entry| entry.key);
    let is_own = |at: &u32| frame.entries.get(*at as usize).is_some_and(|entry| entry.map == slot);
    let is_named = |at: &u32| {
        let key = key(*at);
        let name = frame.value_text(&key).unwrap_or("");
        frame.touched().iter().any(|touched| {
            program.slot(*touched).is_some_and(|member| {
                member.parent == Some(slot)
                    && member.kind == SlotKind::Field
                    && program.text(member.segment) == name
            })
        })
    };
    (range.start..range.start + range.len)
        .filter(|at| is_own(at) && !is_named(at))
        .min_by(|a, b| frame.value_text(&key(*a)).cmp(&frame.value_text(&key(*b))))
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
