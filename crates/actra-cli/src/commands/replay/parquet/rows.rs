//! Rows of Parquet into slots.

use super::super::batch::{Policies, add};
use super::super::lines::verdict_of;
use super::super::outcome::Answer;
use super::super::tally::{Names, Shown, Tally, Verdict};
use super::values::{decimal, shown};
use super::{Layout, Plan, Recorded, Rows, Steps, Unit};
use actra::{Frame, InputCode, InputError, Policy, SlotId, Value};
use parquet::record::Field;

/// Decides rows.
pub(in super::super) fn decide(
    policies: Policies<'_>,
    file: usize,
    layout: &Layout,
    rows: &Rows,
    tally: &mut Tally,
) {
    let mut new_frame = policies.new.frame();
    let mut old =
        policies.old.zip(layout.old.as_ref()).map(|(policy, plan)| (policy, plan, policy.frame()));
    for (row, line) in rows.rows.iter().zip(rows.first..) {
        let new = decide_row(policies.new, &layout.new, row, &mut new_frame);
        let old = old.as_mut().map(|(policy, plan, frame)| decide_row(policy, plan, row, frame));
        let recorded = layout.recorded.of(row, &mut tally.names);
        let told = |error: &InputError| error.message.clone();
        let show = || Shown::of(shown(row).as_bytes());
        add(tally, file, line, &new, old.as_ref(), Some(recorded), told, show);
    }
}

pub(super) type Columns = [(String, Field)];

/// The value that the steps lead to; nothing where that is null, or something around it.
fn at<'r>(row: &'r Columns, steps: &[usize]) -> Option<&'r Field> {
    let (first, rest) = steps.split_first()?;
    let mut field = &row.get(*first)?.1;
    for step in rest {
        let Field::Group(row) = field else { return None };
        field = row.get_column_iter().nth(*step)?.1;
    }
    (!matches!(field, Field::Null)).then_some(field)
}

fn decide_row<'r>(
    policy: &Policy,
    plan: &Plan,
    row: &'r Columns,
    frame: &mut Frame<'_, 'r>,
) -> Answer {
    frame.clear();
    for (steps, slot) in &plan.objects {
        if at(row, steps).is_some() {
            let object = frame.object_from(frame.entries_start());
            frame.set(*slot, object);
        }
    }
    for column in &plan.fields {
        let Some(field) = at(row, &column.steps) else { continue };
        match field {
            Field::ListInternal(list) => {
                let start = frame.items_start();
                for item in list.elements() {
                    let item = value(item, column.unit, frame, &column.name)?;
                    frame.push_item(item);
                }
                let list = frame.list_from(start);
                frame.set(column.slot, list);
            }
            Field::MapInternal(map) if column.is_map => {
                let mut keys: Vec<&str> = Vec::with_capacity(map.len());
                let start = frame.entries_start();
                for (key, field) in map.entries() {
                    let Some(key) = text(key) else { return Err(bad_key(&column.name)) };
                    keys.push(key);
                    entry(policy, column.slot, key, field, column.unit, frame, &column.name)?;
                }
                let object = frame.object_from(start);
                frame.set(column.slot, object);
                keys.sort_unstable();
                if let Some(key) = keys.windows(2).find_map(|pair| match pair {
                    [a, b] if a == b => Some(*a),
                    _ => None,
                }) {
                    return Err(duplicate(&column.name, key));
                }
            }
            field => {
                let value = value(field, column.unit, frame, &column.name)?;
                frame.set(column.slot, value);
            }
        }
    }
    for map in &plan.maps {
        let start = frame.entries_start();
        let mut is_there = map.group.as_ref().is_some_and(|steps| at(row, steps).is_some());
        for (steps, key, unit) in &map.entries {
            let Some(field) = at(row, steps) else { continue };
            is_there = true;
            let range = frame.push_text(key);
            let value = value(field, *unit, frame, &map.name)?;
            frame.push_entry(map.slot, Value::Text(range), value);
            for slot in policy.entry_slots(map.slot, key) {
                frame.set(slot, value);
            }
        }
        if is_there {
            let object = frame.object_from(start);
            frame.set(map.slot, object);
        }
    }
    match Policy::decide(frame) {
        Ok(outcome) => Ok((outcome.effect, outcome.rule)),
        Err(error) => Err(Policy::input_error(frame, &error)),
    }
}

fn entry<'r>(
    policy: &Policy,
    map: SlotId,
    key: &'r str,
    field: &'r Field,
    unit: Unit,
    frame: &mut Frame<'_, 'r>,
    name: &str,
) -> Result<(), InputError> {
    // An entry that is null is there, as it is in JSON.
    let value = match field {
        Field::Null => Value::Null,
        field => value(field, unit, frame, name)?,
    };
    frame.push_entry(map, Value::String(key), value);
    for slot in policy.entry_slots(map, key) {
        frame.set(slot, value);
    }
    Ok(())
}

fn text(field: &Field) -> Option<&str> {
    match field {
        Field::Str(text) => Some(text),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).ok(),
        _ => None,
    }
}

fn bad_key(name: &str) -> InputError {
    InputError {
        code: InputCode::Malformed,
        field: Some(name.to_owned()),
        message: format!("a key of `{name}` is no text"),
    }
}

fn duplicate(name: &str, key: &str) -> InputError {
    InputError {
        code: InputCode::DuplicateKey,
        field: Some(format!("{name}.{key}")),
        message: format!("the key `{name}.{key}` stands twice in one object"),
    }
}

/// A value as a slot holds it. Lists, maps and structs inside of others have no items there: no
/// field is of such a type, and each is refused as what it is.
fn value<'r>(
    field: &'r Field,
    unit: Unit,
    frame: &Frame<'_, 'r>,
    name: &str,
) -> Result<Value<'r>, InputError> {
    let instant = |micros: Option<i64>| {
        micros.map(Value::Instant).ok_or_else(|| InputError {
            code: InputCode::OutOfRange,
            field: Some(name.to_owned()),
            message: format!("`{name}` is outside 64 bits"),
        })
    };
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Boolean(*value),
        Field::Byte(value) => Value::Integer((*value).into()),
        Field::Short(value) => Value::Integer((*value).into()),
        Field::Int(value) => Value::Integer((*value).into()),
        Field::Long(nanos) if unit == Unit::Nanosecond => Value::Instant(nanos.div_euclid(1000)),
        Field::Long(value) => Value::Integer(*value),
        Field::UByte(value) => Value::Integer((*value).into()),
        Field::UShort(value) => Value::Integer((*value).into()),
        Field::UInt(value) => Value::Integer((*value).into()),
        Field::ULong(value) => {
            i64::try_from(*value).map_or(Value::BigInteger(*value as f64), Value::Integer)
        }
        Field::Float16(value) => Value::Float(value.to_f64()),
        Field::Float(value) => Value::Float((*value).into()),
        Field::Double(value) => Value::Float(*value),
        Field::Decimal(value) => decimal(value),
        Field::Str(text) => Value::String(text),
        Field::Bytes(bytes) => {
            std::str::from_utf8(bytes.data()).map_or(Value::NotUtf8, Value::String)
        }
        Field::TimestampMillis(millis) => instant(millis.checked_mul(1000))?,
        Field::TimestampMicros(micros) => Value::Instant(*micros),
        // Columns of these are refused before.
        Field::Date(value) | Field::TimeMillis(value) => Value::Integer((*value).into()),
        Field::TimeMicros(value) => Value::Integer(*value),
        Field::ListInternal(_) => frame.list_from(frame.items_start()),
        Field::Group(_) | Field::MapInternal(_) => frame.object_from(frame.entries_start()),
    })
}

impl Recorded {
    fn of(&self, row: &Columns, names: &mut Names) -> Verdict {
        let get = |steps: &Option<Steps>| {
            let field = at(row, steps.as_ref()?)?;
            // What is no text is no effect.
            Some(text(field).unwrap_or("").to_owned())
        };
        let (effect, rule, error) = (get(&self.effect), get(&self.rule), get(&self.error));
        verdict_of(effect.as_deref(), error.as_deref(), rule.as_deref(), names)
    }
}
