//! Columns decide as rows do: whatever the columns are like, each row has the effect, the rule or the
//! error that a frame with its values has.

mod limits;
mod shapes;
mod typed;

use super::corpus::policy as policy_of;
use super::support::{cases, compile, first_seed, value};
use actra::columns::{Bits, Column, Ends, Keys, Outcomes, Texts, Values};
use actra::{InputValue, Policy, SlotId, Value as Cell};
use actra_testkit::corpus;
use actra_testkit::generate::{self, Style};
use std::collections::BTreeMap;
use std::path::Path;

/// A small generator: the same numbers for a seed.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What stands in a slot: scalars, lists of scalars, and objects that are just there.
type Row = BTreeMap<SlotId, InputValue>;

/// Lays an input out by slots, as columns of a table would have it. What has no slot, and what is
/// inside maps, has no column.
fn lay_out(policy: &Policy, input: &InputValue, name: &str, row: &mut Row) {
    let InputValue::Object(members) = input else { return };
    for (key, member) in members {
        let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        let is_domain = ["action", "actor", "snapshot"].contains(&name.as_str());
        let program = policy.program();
        let slot = policy
            .slot(&name)
            .filter(|slot| program.text(program.slots()[slot.index()].segment) == key);
        match (slot, member) {
            (None, _) if is_domain => lay_out(policy, member, &name, row),
            (None, _) | (_, InputValue::Null) => {}
            (Some(slot), InputValue::Object(_)) => {
                row.insert(slot, InputValue::Object(Vec::new()));
                lay_out(policy, member, &name, row);
            }
            (Some(slot), member) => {
                row.insert(slot, member.clone());
            }
        }
    }
}

/// A list's items as a table would have them.
fn is_plain_list(items: &[InputValue]) -> bool {
    !items.iter().any(|item| matches!(item, InputValue::List(_) | InputValue::Object(_)))
}

fn kind(value: &InputValue) -> usize {
    match value {
        InputValue::Null | InputValue::BigInteger(_) => 0,
        InputValue::Boolean(_) => 1,
        InputValue::Integer(_) => 2,
        InputValue::Float(_) => 3,
        InputValue::String(_) => 4,
        InputValue::Instant(_) => 5,
        InputValue::List(items) if is_plain_list(items) => 6,
        InputValue::List(_) => 0,
        InputValue::Object(_) => 7,
    }
}

fn scalar(value: &InputValue) -> Cell<'_> {
    match value {
        InputValue::Boolean(value) => Cell::Boolean(*value),
        InputValue::Integer(value) => Cell::Integer(*value),
        InputValue::BigInteger(value) => Cell::BigInteger(*value),
        InputValue::Float(value) => Cell::Float(*value),
        InputValue::Instant(micros) => Cell::Instant(*micros),
        InputValue::String(text) if text.len() > 1 << 20 => Cell::TooLarge,
        InputValue::String(text) => Cell::String(text),
        InputValue::Null | InputValue::List(_) | InputValue::Object(_) => Cell::Null,
    }
}

/// Memory that a column borrows.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    ends: Vec<i64>,
    bits: Vec<u8>,
    valid: Vec<u8>,
    places: Vec<u32>,
    small: Vec<u8>,
    item_ends: Vec<i64>,
    start: usize,
    /// Distinct values of a dictionary.
    values: Vec<InputValue>,
    shape: Shape,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum Shape {
    #[default]
    Plain,
    Dictionary,
    SmallDictionary,
    Scalars,
}

fn put_bit(bits: &mut Vec<u8>, at: usize, bit: bool) {
    if bits.len() <= at / 8 {
        bits.resize(at / 8 + 1, 0xa5);
    }
    bits[at / 8] = bits[at / 8] & !(1 << (at % 8)) | u8::from(bit) << (at % 8);
}

/// A column's kind and memory, for the values that it can have; it says which those are.
fn prepare(rng: &mut Rng, values: &mut [Option<InputValue>]) -> Option<(usize, Memory)> {
    let mut counts = [0_usize; 8];
    for value in values.iter().flatten() {
        counts[kind(value)] += 1;
    }
    // Mostly the commonest kind, and sometimes another.
    let mut kinds: Vec<usize> = (1..8).filter(|kind| counts[*kind] > 0).collect();
    kinds.sort_by_key(|kind| usize::MAX - counts[*kind]);
    let commonest = *kinds.first()?;
    let chosen = if rng.chance(85) { commonest } else { kinds[rng.below(kinds.len())] };
    let shapes = [Shape::Plain, Shape::Dictionary, Shape::SmallDictionary, Shape::Scalars];
    let shape = if chosen >= 6 { Shape::Plain } else { shapes[rng.below(6).saturating_sub(2)] };
    let mixes = chosen < 6 && shape != Shape::Plain && rng.chance(30);
    for value in values.iter_mut() {
        let fits = value.as_ref().is_none_or(|value| {
            let kind = kind(value);
            kind == chosen
                || (mixes && kind < 6 && !matches!(value, InputValue::List(_) | InputValue::Null))
        });
        if !fits {
            *value = None;
        }
    }
    let mut memory = Memory { shape, start: rng.below(13), ..Memory::default() };
    for (row, value) in values.iter().enumerate() {
        put_bit(&mut memory.valid, memory.start + row, value.is_some());
    }
    if matches!(shape, Shape::Dictionary | Shape::SmallDictionary) {
        let mut distinct: Vec<InputValue> = Vec::new();
        for value in values.iter() {
            let place = value.as_ref().map_or(7, |value| {
                let same = |known: &InputValue| format!("{known:?}") == format!("{value:?}");
                distinct.iter().position(same).unwrap_or_else(|| {
                    distinct.push(value.clone());
                    distinct.len() - 1
                })
            });
            memory.places.push(place as u32);
            memory.small.push(place as u8);
        }
        if distinct.len() > 256 {
            memory.shape = Shape::Dictionary;
        }
        memory.values = distinct;
        let all: Vec<Option<InputValue>> = memory.values.iter().cloned().map(Some).collect();
        if !mixes {
            write(&mut memory, &all, chosen);
        }
        return Some((if mixes { 0 } else { chosen }, memory));
    }
    if shape == Shape::Plain {
        write(&mut memory, values, chosen);
    }
    Some((chosen, memory))
}

/// Writes strings, bits and ends of lists.
fn write(memory: &mut Memory, values: &[Option<InputValue>], kind: usize) {
    memory.ends.push(0);
    memory.item_ends.push(0);
    let mut items = 0;
    for (row, value) in values.iter().enumerate() {
        match value {
            Some(InputValue::String(text)) if kind == 4 => memory.bytes.extend(text.as_bytes()),
            Some(InputValue::List(list)) if kind == 6 => items += list.len() as i64,
            _ => {}
        }
        memory.ends.push(memory.bytes.len() as i64);
        memory.item_ends.push(items);
        let is_true = matches!(value, Some(InputValue::Boolean(true)));
        put_bit(&mut memory.bits, memory.start + row, is_true);
    }
}

fn plain<'a>(memory: &'a Memory, values: &[Option<&'a InputValue>], kind: usize) -> Values<'a> {
    let integer = |value: Option<&InputValue>| match value {
        Some(InputValue::Integer(value) | InputValue::Instant(value)) => *value,
        _ => 77,
    };
    match kind {
        1 => Values::Boolean(Bits::new(&memory.bits, memory.start, values.len()).unwrap()),
        2 => Values::Integer(values.iter().copied().map(integer).collect::<Vec<_>>().into()),
        3 => {
            let float = |value: Option<&InputValue>| match value {
                Some(InputValue::Float(value)) => *value,
                _ => f64::NAN,
            };
            Values::Float(values.iter().copied().map(float).collect::<Vec<_>>().into())
        }
        4 => Values::Text(Texts::new(Ends::Large(&memory.ends), &memory.bytes)),
        5 => Values::Instant(values.iter().copied().map(integer).collect::<Vec<_>>().into()),
        6 => {
            let items = values.iter().flat_map(|value| match value {
                Some(InputValue::List(items)) => items.as_slice(),
                _ => &[],
            });
            let items = Values::Scalars(items.map(scalar).collect());
            let items = Box::new(Column::new(items, None).unwrap());
            Values::List(Ends::Large(&memory.item_ends), items)
        }
        7 => Values::Object(values.len()),
        _ => {
            let scalars = values.iter().map(|value| value.map_or(Cell::Missing, scalar));
            Values::Scalars(scalars.collect())
        }
    }
}

fn column<'a>(memory: &'a Memory, values: &'a [Option<InputValue>], kind: usize) -> Column<'a> {
    let all: Vec<Option<&InputValue>> = values.iter().map(Option::as_ref).collect();
    let is_full = values.iter().all(Option::is_some);
    let valid = Bits::new(&memory.valid, memory.start, values.len()).unwrap();
    let valid = (!is_full).then_some(valid);
    let held = match memory.shape {
        Shape::Plain => plain(memory, &all, kind),
        Shape::Scalars => plain(memory, &all, 0),
        Shape::Dictionary | Shape::SmallDictionary => {
            let distinct: Vec<Option<&InputValue>> = memory.values.iter().map(Some).collect();
            let keys = if memory.shape == Shape::Dictionary {
                Keys::U32(&memory.places)
            } else {
                Keys::U8(&memory.small)
            };
            let dictionary = Column::new(plain(memory, &distinct, kind), None).unwrap();
            Values::Dictionary(keys, Box::new(dictionary))
        }
    };
    Column::new(held, valid).unwrap()
}

/// Decides one row in a frame.
fn by_itself<'a>(
    policy: &Policy,
    values: impl Iterator<Item = (SlotId, &'a InputValue)>,
) -> Result<String, String> {
    let mut frame = policy.frame();
    for (slot, value) in values {
        match value {
            InputValue::List(items) => {
                let start = frame.items_start();
                for item in items {
                    frame.push_item(scalar(item));
                }
                let list = frame.list_from(start);
                frame.set(slot, list);
            }
            InputValue::Object(_) => frame.set(slot, Cell::Object(actra::Range::default())),
            value => frame.set(slot, scalar(value)),
        }
    }
    match Policy::decide(&mut frame) {
        Ok(outcome) => Ok(format!("{:?} {:?}", outcome.effect, outcome.rule)),
        Err(error) => Err(format!("{:?} {:?}", error.code, error.slot())),
    }
}

/// Inputs of which columns can decide many rows together: mostly scalars outside of objects, mostly
/// in order.
fn plainer(policy: &Policy, rng: &mut Rng, inputs: &[Row]) -> Vec<Row> {
    let program = policy.program();
    let is_plain = |slot: &SlotId, value: &mut InputValue| {
        kind(value) < 6 && program.slots()[slot.index()].parent.is_none()
    };
    let mut rows = inputs.to_vec();
    if rng.chance(75) {
        for row in &mut rows {
            row.retain(is_plain);
        }
    }
    let good: Vec<Row> = rows
        .iter()
        .filter(|row| by_itself(policy, row.iter().map(|(slot, value)| (*slot, value))).is_ok())
        .cloned()
        .collect();
    if good.is_empty() || rng.chance(10) { rows } else { good }
}

fn told(outcomes: &Outcomes, row: usize) -> String {
    match (outcomes.effect(row), outcomes.error(row)) {
        (Some(effect), None) => format!("{effect:?} {:?}", outcomes.rule(row)),
        (None, Some(error)) => format!("{:?} {:?}", error.code, error.slot),
        both => panic!("neither or both of a decision and an error: {both:?}"),
    }
}

/// Compares columns with rows; how many rows were decided together, and how many were in error.
fn compare(
    policy: &Policy,
    rng: &mut Rng,
    inputs: &[Row],
    rows: usize,
    place: &str,
) -> (usize, usize) {
    let slots: Vec<SlotId> =
        (0..policy.program().slots().len()).map(|slot| SlotId(slot as u16)).collect();
    // Most rows are one input's; some have a value of another one's here and there.
    let inputs = plainer(policy, rng, inputs);
    let often = [1, 1, 1, 12][rng.below(4)];
    let sources: Vec<usize> = (0..rows).map(|_| rng.below(inputs.len())).collect();
    let mut columns: Vec<(SlotId, Vec<Option<InputValue>>)> = Vec::new();
    let mut memories = Vec::new();
    for slot in slots {
        let is_type = slot == policy.program().action_type_slot();
        let strays = if is_type { 1 } else { often };
        let mut values: Vec<Option<InputValue>> = sources
            .iter()
            .map(|source| {
                let stray = rng.chance(strays).then(|| rng.below(inputs.len()));
                inputs[stray.unwrap_or(*source)].get(&slot).cloned()
            })
            .collect();
        if let Some(memory) = prepare(rng, &mut values) {
            columns.push((slot, values));
            memories.push(memory);
        }
    }
    let given: Vec<(SlotId, Column<'_>)> = columns
        .iter()
        .zip(&memories)
        .map(|((slot, values), (kind, memory))| (*slot, column(memory, values, *kind)))
        .collect();
    let outcomes = policy.decide_columns(rows, &given).unwrap();
    assert_eq!(outcomes.len(), rows);
    for row in 0..rows {
        let values =
            columns.iter().filter_map(|(slot, values)| Some((*slot, values[row].as_ref()?)));
        assert_eq!(
            told(&outcomes, row),
            by_itself(policy, values).unwrap_or_else(|error| error),
            "{place} row {row}: {:?}",
            columns
                .iter()
                .zip(&memories)
                .filter_map(|((slot, values), (kind, memory))| {
                    let name = policy.program().slot_name(*slot);
                    values[row].as_ref().map(|value| (name, value, kind, memory.shape))
                })
                .collect::<Vec<_>>()
        );
    }
    (rows - outcomes.one_by_one(), outcomes.errors().len())
}

#[test]
fn columns_decide_as_rows_do_on_everything_that_can_be_generated() {
    let first = first_seed();
    let (mut rows, mut together, mut errors, mut mixed) = (0, 0, 0, 0);
    let policies = cases(240);
    for seed in first..first + policies {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::ALL[(seed % 3) as usize], seed);
        let policy = compile(&documents);
        let inputs: Vec<Row> = (0..120)
            .map(|number| {
                let input = generate::input(seed.wrapping_mul(32_452_843) ^ number, &checked);
                let mut row = Row::new();
                lay_out(&policy, &value(&input), "", &mut row);
                row
            })
            .collect();
        let mut rng = Rng(seed);
        let count = [700, 2048, 2500][(seed % 3) as usize];
        let (of_masks, in_error) = compare(
            &policy,
            &mut rng,
            &inputs,
            count,
            &format!("seed {seed}\n{}\n{}\n", documents.schema, documents.policy),
        );
        rows += count;
        together += of_masks;
        errors += in_error;
        mixed += usize::from(of_masks > 0);
    }
    eprintln!(
        "{rows} rows of {policies} policies, {together} of {mixed} decided together, {errors} in error"
    );
    if policies >= 240 {
        assert!(together * 8 > rows && errors * 50 > rows, "{together} together, {errors} errors");
        assert!(mixed as u64 * 5 > policies, "policies with rows decided together: {mixed}");
    }
}

#[test]
fn columns_decide_the_conformance_inputs_as_rows_do() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let files = corpus::load(&cases).expect("the corpus reads");
    let mut rng = Rng(7);
    let (mut rows, mut together) = (0, 0);
    for file in &files {
        for case in file.cases.iter().filter(|case| !case.checks.is_empty()) {
            let Ok(policy) = policy_of(&case.documents) else { continue };
            let trees = case.checks.iter().filter_map(|check| check.input.to_tree().ok().flatten());
            let inputs: Vec<Row> = trees
                .map(|tree| {
                    let mut row = Row::new();
                    lay_out(&policy, &value(&tree), "", &mut row);
                    row
                })
                .collect();
            if inputs.is_empty() {
                continue;
            }
            let place = format!("{}: {}", file.name, case.name);
            let (of_masks, _) = compare(&policy, &mut rng, &inputs, 320, &place);
            rows += 320;
            together += of_masks;
        }
    }
    eprintln!("{rows} rows, {together} of them decided together");
    assert!(rows > 100_000 && together * 3 > rows, "{rows} rows, {together} together");
}

#[test]
fn rows_that_nobody_has_memory_for_are_refused() {
    let policy =
        Policy::from_strings("version: 1\nactions: {ping: {}}\n", "version: 2\nrules: []\n", None);
    let policy = policy.unwrap();
    for rows in [usize::MAX, usize::MAX / 4, 1 << 60] {
        let refused = policy.decide_columns(rows, &[]);
        assert_eq!(refused.unwrap_err(), actra::columns::ColumnsError::TooManyRows { rows });
    }
    let outcomes = policy.decide_columns(5000, &[]).unwrap();
    assert_eq!(outcomes.errors().len(), 5000, "no row has an action");
}
