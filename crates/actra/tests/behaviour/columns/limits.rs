//! What breaks a limit, or is no value at all, in columns of fields that only another action has: its
//! rows are looked at one by one, and no others are.

use actra::columns::{Bits, Column, Ends, Keys, Texts, Values};
use actra::{InputCode, Policy, SlotId, Value as Cell};

/// More than one chunk of rows.
const ROWS: usize = 2_200;

/// Bits of which those are set whose rows pass the test.
fn bits(count: usize, is_set: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut bytes = vec![0; count.div_ceil(8)];
    for row in (0..count).filter(|row| is_set(*row)) {
        bytes[row / 8] |= 1 << (row % 8);
    }
    bytes
}

fn policy(version: u8) -> Policy {
    let schema = "version: 1
actions: {t: {fields: {a: integer}}, u: {fields: {l: {type: list, items: string}, s: string, x: string, b: boolean}}}
";
    let rules = format!("version: {version}\nrules: []\n");
    Policy::from_strings(schema, &rules, None).unwrap()
}

/// Decides rows of the action `t` with more columns, and says which are errors, and how many were
/// decided one by one.
fn decided<const N: usize>(
    policy: &Policy,
    more: [(&str, &Column<'_>); N],
) -> (Vec<(usize, InputCode, Option<SlotId>)>, usize) {
    let slot = |name: &str| policy.slot(name).unwrap();
    let own = [
        (slot("action.type"), Column::new(Values::Scalars(vec![Cell::String("t"); ROWS]), None)),
        (slot("action.a"), Column::new(Values::Integer(vec![1; ROWS].into()), None)),
    ];
    let own = own.map(|(slot, column)| (slot, column.unwrap()));
    let more = more.map(|(name, column)| (slot(name), column.clone()));
    let columns: Vec<(SlotId, Column<'_>)> = own.into_iter().chain(more).collect();
    let outcomes = policy.decide_columns(ROWS, &columns).unwrap();
    for row in 0..ROWS {
        assert_ne!(outcomes.effect(row).is_some(), outcomes.error(row).is_some(), "row {row}");
    }
    let errors = outcomes.errors().iter().map(|error| (error.row, error.code, error.slot));
    (errors.collect(), outcomes.one_by_one())
}

const BAD: [usize; 7] = [0, 63, 64, 700, 2_047, 2_048, 2_199];

#[test]
fn limits_of_other_actions_columns_bind() {
    let policy = policy(2);
    let is_bad = |row: &usize| BAD.contains(row);
    let all = |name: &str, code: InputCode| -> Vec<(usize, InputCode, Option<SlotId>)> {
        BAD.iter().map(|row| (*row, code, policy.slot(name))).collect()
    };

    // Lists of one item, in every fifth row and in the bad ones.
    let is_there = |row: usize| row.is_multiple_of(5) || is_bad(&row);
    let there = (0..ROWS).filter(|row| is_there(*row)).count();
    let mut ends = vec![0_i64];
    let mut items = Vec::new();
    for row in 0..ROWS {
        if is_there(row) {
            items.push(if is_bad(&row) { Cell::TooLarge } else { Cell::String("x") });
        }
        ends.push(items.len() as i64);
    }
    let items = Box::new(Column::new(Values::Scalars(items), None).unwrap());
    let valid = bits(ROWS, is_there);
    let valid = Bits::new(&valid, 0, ROWS);
    let lists = Column::new(Values::List(Ends::Large(&ends), items), valid).unwrap();
    let (errors, one_by_one) = decided(&policy, [("action.l", &lists)]);
    assert_eq!((errors, one_by_one), (all("action.l", InputCode::TooLarge), there));

    let scalars = |row: usize| if is_bad(&row) { Cell::TooLarge } else { Cell::String("x") };
    let scalars = Column::new(Values::Scalars((0..ROWS).map(scalars).collect()), valid).unwrap();
    let (errors, one_by_one) = decided(&policy, [("action.s", &scalars)]);
    assert_eq!((errors, one_by_one), (all("action.s", InputCode::TooLarge), there));

    // Two that have the same rows.
    let both = [("action.l", &lists), ("action.s", &scalars)];
    let (errors, one_by_one) = decided(&policy, both);
    assert_eq!((errors, one_by_one), (all("action.l", InputCode::TooLarge), there));

    // By a dictionary, of which one value is over the limit.
    let keys: Vec<u8> = (0..ROWS).map(|row| u8::from(is_bad(&row))).collect();
    let values = Values::Scalars(vec![Cell::String("x"), Cell::TooLarge]);
    let values = Box::new(Column::new(values, None).unwrap());
    let coded = Column::new(Values::Dictionary(Keys::U8(&keys), values), valid).unwrap();
    let (errors, one_by_one) = decided(&policy, [("action.s", &coded)]);
    assert_eq!((errors, one_by_one), (all("action.s", InputCode::TooLarge), there));

    // Text that is none.
    let mut bytes = Vec::new();
    let mut ends = vec![0_i64];
    for row in 0..ROWS {
        bytes.extend(if is_bad(&row) { &b"\xff"[..] } else { b"text" });
        ends.push(bytes.len() as i64);
    }
    let texts = Values::Text(Texts::new(Ends::Large(&ends), &bytes));
    let texts = Column::new(texts, None).unwrap();
    let (errors, one_by_one) = decided(&policy, [("action.x", &texts)]);
    assert_eq!((errors, one_by_one), (all("action.x", InputCode::NotUtf8), BAD.len()));
}

/// A key of a dictionary that leads nowhere is no value.
#[test]
fn keys_end_where_the_dictionary_does() {
    let policy = policy(2);
    // What is not there may have any key.
    let is_there = |row: usize| row % 3 != 1 || BAD.contains(&row);
    let key = |row: usize| if BAD.contains(&row) || !is_there(row) { 2 } else { 1 };
    let keys: Vec<u8> = (0..ROWS).map(key).collect();
    let valid = bits(ROWS, is_there);
    let two = Values::Boolean(Bits::new(&[0b10], 0, 2).unwrap());
    let two = Box::new(Column::new(two, None).unwrap());
    let coded = Values::Dictionary(Keys::U8(&keys), two);
    let coded = Column::new(coded, Bits::new(&valid, 0, ROWS)).unwrap();
    let (errors, one_by_one) = decided(&policy, [("action.b", &coded)]);
    let expected: Vec<_> =
        BAD.iter().map(|row| (*row, InputCode::Malformed, policy.slot("action.b"))).collect();
    assert_eq!((errors, one_by_one), (expected, BAD.len()));
}

/// Version 1 refuses what is no scalar in a field that some action declares as one.
#[test]
fn version_1_refuses_objects_in_other_actions_columns() {
    let valid = bits(ROWS, |row| BAD.contains(&row));
    let objects = Column::new(Values::Object(ROWS), Bits::new(&valid, 0, ROWS)).unwrap();
    let one = policy(1);
    let (errors, _) = decided(&one, [("action.s", &objects)]);
    let expected: Vec<_> =
        BAD.iter().map(|row| (*row, InputCode::WrongType, one.slot("action.s"))).collect();
    assert_eq!(errors, expected);
    let (errors, _) = decided(&policy(2), [("action.s", &objects)]);
    assert_eq!(errors, []);
}

#[test]
fn columns_that_do_not_fit_are_none() {
    let one = || Box::new(Column::new(Values::Integer(vec![1].into()), None).unwrap());
    let list = || Values::List(Ends::Large(&[0, 1]), one());
    let lists = Box::new(Column::new(list(), None).unwrap());
    assert!(Column::new(Values::List(Ends::Large(&[0, 1]), lists.clone()), None).is_none());
    assert!(Column::new(Values::Dictionary(Keys::U8(&[0]), lists), None).is_none());
    let coded = Values::Dictionary(Keys::U8(&[0]), one());
    let coded = Box::new(Column::new(coded, None).unwrap());
    assert!(Column::new(Values::Dictionary(Keys::U8(&[0]), coded), None).is_none());
    let valid = Bits::new(&[0b11], 0, 2);
    assert!(Column::new(Values::Integer(vec![1].into()), valid).is_none());
    assert!(Column::new(Values::Integer(vec![1, 2].into()), valid).is_some());

    let (no_bits, some_bits) = (Bits::new(&[], 0, 0).unwrap(), valid.unwrap());
    assert!(no_bits.is_empty() && !some_bits.is_empty());
    assert!(some_bits.get(1) && !some_bits.get(2) && !Bits::new(&[0b111], 0, 2).unwrap().get(2));
    assert!(Keys::U8(&[]).is_empty() && !Keys::U32(&[0]).is_empty());
    assert!(Column::new(Values::Object(0), None).unwrap().is_empty() && !one().is_empty());
}
