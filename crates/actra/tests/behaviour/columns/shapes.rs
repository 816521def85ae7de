//! Columns inside of objects, beside what each action says of these objects; and more actions than
//! are told apart by masks. Each row is decided as a frame with its values is.

use super::{Row, by_itself, told};
use actra::columns::{Bits, Column, Keys, Outcomes, Values};
use actra::{InputValue, Policy, SlotId, Value as Cell};
use std::fmt::Write as _;

/// A column: values of its rows, over and over.
type Given<'a> = (&'a str, &'a [Option<InputValue>]);

fn text(text: &str) -> InputValue {
    InputValue::String(text.to_owned())
}

fn cell(value: Option<&InputValue>) -> Cell<'_> {
    match value {
        Some(InputValue::String(text)) => Cell::String(text),
        Some(InputValue::Integer(value)) => Cell::Integer(*value),
        _ => Cell::Missing,
    }
}

/// Decides so many rows by columns, and each in a frame.
fn compare(policy: &Policy, rows: usize, given: &[Given<'_>], place: &str) -> Outcomes {
    let object = |value: &Option<InputValue>| matches!(value, Some(InputValue::Object(_)));
    let valid: Vec<Vec<u8>> = given
        .iter()
        .map(|(_, values)| {
            let mut bits = vec![0; rows.div_ceil(8)];
            for row in (0..rows).filter(|row| values[row % values.len()].is_some()) {
                bits[row / 8] |= 1 << (row % 8);
            }
            bits
        })
        .collect();
    let columns: Vec<(SlotId, Column<'_>)> = given
        .iter()
        .zip(&valid)
        .map(|((name, values), valid)| {
            let held = if values.iter().any(object) {
                Values::Object(rows)
            } else {
                let of_row = |row: usize| cell(values[row % values.len()].as_ref());
                Values::Scalars((0..rows).map(of_row).collect())
            };
            let column = Column::new(held, Bits::new(valid, 0, rows)).unwrap();
            (policy.slot(name).unwrap(), column)
        })
        .collect();
    let outcomes = policy.decide_columns(rows, &columns).unwrap();
    for row in 0..rows {
        let mut own = Row::new();
        for (name, values) in given {
            if let Some(value) = &values[row % values.len()] {
                own.insert(policy.slot(name).unwrap(), value.clone());
            }
        }
        let expected = by_itself(policy, own.iter().map(|(slot, value)| (*slot, value)));
        assert_eq!(
            told(&outcomes, row),
            expected.unwrap_or_else(|error| error),
            "{place} row {row}: {own:?}"
        );
    }
    outcomes
}

#[test]
fn columns_inside_of_objects_stand_where_the_action_has_these() {
    let of_t = [
        "",
        "o: string",
        "o: {type: string, required: true}",
        "o: {type: list, items: string}",
        "o: {type: map, values: string}",
        "o: {type: object, fields: {}}",
        "o: {type: object, required: true, fields: {p: string}}",
        "o: {type: object, fields: {p: string, q: string}}",
        "o: {type: object, fields: {p: {type: string, required: true}, q: string}}",
        "o: {type: object, fields: {i: {type: object, fields: {r: {type: string, required: true}}}}}",
        "o: {type: object, fields: {i: {type: object, required: true, fields: {r: string}}}}",
        "o: {type: object, fields: {i: string}}",
    ];
    let objects =
        [Some(InputValue::Object(Vec::new())), None, Some(InputValue::Object(Vec::new()))];
    let texts = [Some(text("x")), None, Some(text("y")), None];
    let all: [Given<'_>; 5] = [
        ("action.o", &objects),
        ("action.o.p", &texts),
        ("action.o.q", &texts[1..]),
        ("action.o.i.r", &texts[..3]),
        ("action.o.i", &objects[..2]),
    ];
    let mut together = 0;
    for own in of_t {
        for inputs in ["checked", "unchecked"] {
            let schema = format!(
                "version: 1
actions:
  t: {{fields: {{{own}}}}}
  u: {{fields: {{o: {{type: object, fields: {{p: string, q: string, i: {{type: object, fields: {{r: string}}}}}}}}}}}}
"
            );
            let mut rules = format!(
                "version: 2\nevaluation: {{inputs: {inputs}, default: allow, missing: no_match}}\nrules:\n  \
                 - {{id: u, scope: {{action: u}}, when: action.o.q == y, effect: block}}\n"
            );
            for (name, field) in [("p", "p: "), ("q", "q: "), ("i.r", "r: ")] {
                if own.contains(field) {
                    writeln!(
                        rules,
                        "  - {{id: t{name}, scope: {{action: t}}, when: action.o.{name} == x, effect: block}}"
                    )
                    .unwrap();
                }
            }
            let policy = Policy::from_strings(&schema, &rules, None)
                .unwrap_or_else(|error| panic!("{error}\n{schema}{rules}"));
            for columns in 0..1_u32 << all.len() {
                let types = ["t", "t", "u"].map(|name| Some(text(name)));
                let mut given: Vec<Given<'_>> = vec![("action.type", &types)];
                let chosen = all.iter().enumerate().filter(|(at, _)| columns >> at & 1 == 1);
                given.extend(chosen.map(|(_, column)| *column));
                let place = format!("{own} {inputs} {columns:b}");
                let outcomes = compare(&policy, 120, &given, &place);
                together += outcomes.len() - outcomes.one_by_one();
            }
        }
    }
    assert!(together > 30_000, "{together}");
}

/// A policy of so many actions, of which every third is blocked, and every other one where `n` is 1.
fn of_actions(count: usize) -> Policy {
    let mut schema = "version: 1\ncommon: {fields: {n: integer}}\nactions:\n".to_owned();
    let mut rules = "version: 2\nevaluation: {default: allow}\nrules:\n".to_owned();
    for action in 0..count {
        writeln!(schema, "  a{action:03}: {{}}").unwrap();
        if action % 3 == 0 {
            writeln!(
                rules,
                "  - {{id: b{action}, scope: {{action: a{action:03}}}, effect: block}}"
            )
            .unwrap();
        }
        if action % 2 == 0 {
            let (scope, when) = (format!("{{action: a{action:03}}}"), "action.n == 1");
            writeln!(
                rules,
                "  - {{id: n{action}, scope: {scope}, when: {when}, effect: require_approval}}"
            )
            .unwrap();
        }
    }
    Policy::from_strings(&schema, &rules, None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn of_many_actions_each_row_has_its_own() {
    let numbers: Vec<Option<InputValue>> = (0..5).map(|n| Some(InputValue::Integer(n))).collect();
    for count in [2, 12, 13, 14, 40, 256, 257, 300] {
        let policy = of_actions(count);
        // Every action, one that there is not, none; and the first ones often.
        let mut types: Vec<Option<InputValue>> =
            (0..count).map(|action| Some(text(&format!("a{action:03}")))).collect();
        types.extend([Some(text("other")), None]);
        let all = types.clone();
        for _ in 0..6 {
            types.extend(all.iter().take(10).cloned());
        }
        let given: [Given<'_>; 2] = [("action.type", &types), ("action.n", &numbers)];
        let outcomes = compare(&policy, 4_200, &given, &format!("{count} actions"));
        assert_eq!((outcomes.is_empty(), outcomes.len()), (false, 4_200));
        assert_eq!((outcomes.effects().len(), outcomes.rules().len()), (4_200, 4_200));

        // The same by a dictionary, in which missing ones have any key.
        let place = |row: usize| row % types.len();
        let known: Vec<usize> = (0..4_200)
            .map(|row| types[place(row)].as_ref().map_or(row % 2, |_| place(row)))
            .collect();
        let keys: Vec<u32> = known.iter().map(|key| *key as u32).collect();
        let mut valid = vec![0_u8; 4_200_usize.div_ceil(8)];
        for row in (0..4_200).filter(|row| types[place(*row)].is_some()) {
            valid[row / 8] |= 1 << (row % 8);
        }
        let values = types.iter().map(|value| cell(value.as_ref())).collect();
        let values = Box::new(Column::new(Values::Scalars(values), None).unwrap());
        let coded = Values::Dictionary(Keys::U32(&keys), values);
        let coded = Column::new(coded, Bits::new(&valid, 0, 4_200)).unwrap();
        let of_n = (0..4_200).map(|row| (row % 5) as i64).collect::<Vec<_>>();
        let of_n = Column::new(Values::Integer(of_n.into()), None).unwrap();
        let slot = |name| policy.slot(name).unwrap();
        let columns = [(slot("action.type"), coded), (slot("action.n"), of_n)];
        let by_keys = policy.decide_columns(4_200, &columns).unwrap();
        for row in 0..4_200 {
            assert_eq!(told(&by_keys, row), told(&outcomes, row), "{count} actions, row {row}");
        }
    }
    assert!(of_actions(2).decide_columns(0, &[]).unwrap().is_empty());
}

/// A test that rules of several actions share reads the field of each of them.
#[test]
fn fields_of_one_name_are_each_actions_own() {
    let schema = "version: 1
common: {fields: {kind: string}}
actions:
  t: {fields: {own: {type: string, default: a}, n: {type: integer, default: 1}}}
  u: {fields: {own: {type: string, default: b}, n: {type: integer, min: 0}}}
  v: {fields: {own: string, n: {type: integer, default: 2}}}
";
    let rules = "version: 2
evaluation: {default: allow, missing: no_match}
rules:
  - {id: both, scope: {action: [t, u, v]}, when: action.kind == action.own, effect: block}
  - {id: same, scope: {action: [t, u, v]}, when: action.own == action.kind, effect: block}
  - {id: a, scope: {action: [t, u, v]}, when: {all: [action.own == a, action.kind != x]}, effect: require_approval}
  - {id: n, scope: {action: [t, u, v]}, when: {all: [action.n < 2, action.kind == x]}, effect: require_approval}
  - {id: m, scope: {action: [t, u, v]}, when: action.n == 2, effect: block}
";
    let policy = Policy::from_strings(schema, rules, None).unwrap();
    let texts = |texts: &[&str]| -> Vec<Option<InputValue>> {
        texts.iter().map(|name| (!name.is_empty()).then(|| text(name))).collect()
    };
    let (types, kinds, own) = (
        texts(&["t", "u", "v"]),
        texts(&["a", "b", "x", "", "a"]),
        texts(&["", "", "a", "b", "", "", "c"]),
    );
    let numbers = [None, Some(0), Some(2), None].map(|number| number.map(InputValue::Integer));
    let given: [Given<'_>; 4] = [
        ("action.type", &types),
        ("action.kind", &kinds),
        ("action.own", &own),
        ("action.n", &numbers),
    ];
    for columns in 2..=4 {
        let outcomes = compare(&policy, 2_500, &given[..columns], &format!("{columns} columns"));
        assert_eq!(outcomes.one_by_one(), 0);
    }
}

/// Booleans beside each other, and integers in a field that has room for none.
#[test]
fn columns_of_booleans_and_integers_say_what_each_value_does() {
    let schema = "version: 1
common: {fields: {f: boolean, g: boolean, r: {type: number, min: 0.25, max: 0.75}}}
actions: {t: {fields: {}}}
";
    let rules = "version: 2
evaluation: {default: allow, missing: no_match}
rules:
  - {id: same, scope: {global: true}, when: action.f == action.g, effect: block}
";
    let policy = Policy::from_strings(schema, rules, None).unwrap();
    let slot = |name| policy.slot(name).unwrap();
    let rows = 2_300;
    let of = |byte: u8| vec![byte; rows / 8 + 1];
    let (f, g) = (of(0b0011_0101), of(0b0101_0011));
    let bits = |bytes| Values::Boolean(Bits::new(bytes, 0, rows).unwrap());
    let types = Column::new(Values::Scalars(vec![Cell::String("t"); rows]), None).unwrap();
    let columns = [
        (slot("action.type"), types.clone()),
        (slot("action.f"), Column::new(bits(&f), None).unwrap()),
        (slot("action.g"), Column::new(bits(&g), None).unwrap()),
    ];
    let outcomes = policy.decide_columns(rows, &columns).unwrap();
    assert_eq!(outcomes.one_by_one(), 0);
    for row in 0..rows {
        let is_same = (0b0011_0101 ^ 0b0101_0011) >> (row % 8) & 1 == 0;
        assert_eq!(outcomes.rule(row).is_some(), is_same, "row {row}");
    }
    let numbers: Vec<i64> = (0..rows as i64).map(|row| row % 3).collect();
    let numbers = Column::new(Values::Integer(numbers.into()), None).unwrap();
    let columns = [(slot("action.type"), types), (slot("action.r"), numbers)];
    let outcomes = policy.decide_columns(rows, &columns).unwrap();
    assert_eq!(outcomes.errors().len(), rows);
}
