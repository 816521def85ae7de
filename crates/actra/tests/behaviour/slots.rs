//! The slot door: a frame filled slot by slot decides as the text of the same input does, and
//! neither deciding nor refusing allocates.

use super::support::{Told, cases, compile, first_seed, of_actra, of_reference};
use actra::{Frame, InputCode, Policy, SlotId, UnknownFields, Value as Cell};
use actra_testkit::Value;
use actra_testkit::generate::{self, Style};
use actra_testkit::reference::{Options, evaluate};

/// Faults of text, which slots cannot have.
pub(super) const NO_SLOTS: [&str; 3] = ["too_deep", "duplicate_key", "malformed"];

/// Fills a frame as a host would. `false` where an input has no such form: a domain that is no
/// object, a key that stands twice.
pub(super) fn fill<'v>(frame: &mut Frame<'_, 'v>, policy: &Policy, context: &'v Value) -> bool {
    let Value::Object(domains) = context else { return false };
    for (domain, value) in domains {
        if !["action", "actor", "snapshot"].contains(&domain.as_str()) {
            continue;
        }
        let Value::Object(entries) = value else { return false };
        if !fill_members(frame, policy, domain, entries) {
            return false;
        }
    }
    true
}

fn fill_members<'v>(
    frame: &mut Frame<'_, 'v>,
    policy: &Policy,
    prefix: &str,
    entries: &'v [(String, Value)],
) -> bool {
    for (index, (key, value)) in entries.iter().enumerate() {
        if entries[..index].iter().any(|(other, _)| other == key) {
            return false;
        }
        let name = format!("{prefix}.{key}");
        let Some(slot) = policy.slot(&name).filter(|slot| is_called(policy, *slot, key)) else {
            if oversized(value) {
                return false;
            }
            continue;
        };
        if !fill_slot(frame, policy, &name, slot, value) {
            return false;
        }
    }
    true
}

/// Whether the slot's own name is the key: `o.n` is not the field `n` of the object `o`.
fn is_called(policy: &Policy, slot: SlotId, key: &str) -> bool {
    let program = policy.program();
    program.text(program.slots()[slot.index()].segment) == key
}

/// What the schema does not name has no slot, and its limits no door but text.
fn oversized(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() > 1 << 20,
        Value::List(items) => items.len() > 65_536 || items.iter().any(oversized),
        Value::Object(entries) => {
            entries.iter().any(|(_, value)| oversized(value))
                || entries.windows(2).any(|pair| pair[0].0 == pair[1].0)
        }
        _ => false,
    }
}

fn fill_slot<'v>(
    frame: &mut Frame<'_, 'v>,
    policy: &Policy,
    name: &str,
    slot: SlotId,
    value: &'v Value,
) -> bool {
    match value {
        Value::List(items) => {
            let start = frame.items_start();
            for item in items {
                frame.push_item(scalar(item));
            }
            let list = frame.list_from(start);
            frame.set(slot, list);
        }
        Value::Object(entries) => {
            let start = frame.entries_start();
            for (index, (key, value)) in entries.iter().enumerate() {
                if entries[..index].iter().any(|(other, _)| other == key) {
                    return false;
                }
                frame.push_entry(slot, Cell::String(key), scalar(value));
            }
            let object = frame.object_from(start);
            frame.set(slot, object);
            for (key, value) in entries {
                let quote = if key.contains('"') { '\'' } else { '"' };
                if let Some(entry) = policy.slot(&format!("{name}[{quote}{key}{quote}]"))
                    && !fill_slot(frame, policy, "", entry, value)
                {
                    return false;
                }
            }
            return fill_members(frame, policy, name, entries);
        }
        value => frame.set(slot, scalar(value)),
    }
    true
}

pub(super) fn scalar(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Boolean(*value),
        Value::Int(value) => Cell::Integer(*value),
        Value::BigInt(digits) => Cell::BigInteger(digits.parse().unwrap()),
        Value::Float(value) => Cell::Float(*value),
        Value::String(text) => Cell::String(text),
        Value::List(_) => Cell::List(actra::Range::default()),
        Value::Object(_) => Cell::Object(actra::Range::default()),
    }
}

#[test]
fn slots_decide_as_text_does_and_nothing_is_allocated() {
    let first = first_seed();
    let (mut compared, mut errors) = (0_u64, 0_u64);
    for seed in first..first + cases(300) {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::Short, seed);
        let policy = compile(&documents);
        let mut frame = policy.frame();
        for number in 0..24 {
            let input = generate::input(seed.wrapping_mul(15_485_863) ^ number, &checked);
            frame = frame.recycle();
            if !fill(&mut frame, &policy, &input) {
                frame = frame.recycle();
                continue;
            }
            let mut result = None;
            let allocations = allocation_counter::measure(|| {
                result = Some(Policy::decide(&mut frame));
            });
            assert_eq!(allocations.count_total, 0, "seed {seed} input {number}");
            let found = match result.unwrap() {
                Ok(outcome) => of_actra(Ok(Policy::decision(&frame, &outcome))),
                Err(error) => of_actra(Err(Policy::input_error(&frame, &error))),
            };
            let expected = of_reference(evaluate(&checked, &input, Options::default()));
            if matches!(&expected, Told::Error { code, .. } if NO_SLOTS.contains(&code.as_str())) {
                frame = frame.recycle();
                continue;
            }
            assert_eq!(found, expected, "seed {seed} input {number}\n{}", input.to_yaml_text());
            compared += 1;
            errors += u64::from(matches!(found, Told::Error { .. }));
            frame = frame.recycle();
        }
    }
    assert!(compared > 3_000 && errors > 300, "{compared} compared, {errors} errors");
}

#[test]
fn a_frame_is_filled_again_without_allocating() {
    let policy = Policy::from_strings(
        "version: 1\nactions: {pay: {fields: {amount: number, tags: {type: list, items: string}}}}\n",
        "version: 2\nrules: [{id: r, scope: {action: pay}, when: action.amount > 5, effect: allow}]\n",
        None,
    )
    .unwrap();
    let text =
        br#"{"action": {"type": "pay", "amount": 7, "tags": ["a", "b\n"], "note": {"x": [1]}}}"#;
    let mut evaluator = policy.evaluator(actra::UnknownFields::Ignore);
    let mut decide = || evaluator.with_json(text, |outcome, _| outcome.effect).unwrap();
    assert_eq!(decide(), actra::Effect::Allow);
    let allocations = allocation_counter::measure(|| {
        for _ in 0..10 {
            decide();
        }
    });
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn whatever_an_evaluator_has_read_its_frame_is_empty_afterwards() {
    let policy = Policy::from_strings(
        "version: 1\nactions: {pay: {fields: {amount: number}}}\n",
        "version: 2\nrules: [{id: r, scope: {action: pay}, when: action.amount > 5, effect: allow}]\n",
        None,
    )
    .unwrap();
    let mut evaluator = policy.evaluator(actra::UnknownFields::Ignore);
    let right = "{\"action\": {\"type\": \"pay\", \"amount\": 7}}";
    let wrong = "{\"action\": {\"type\": \"pay\", \"amount\": \"7\"}}";
    for text in [right, wrong] {
        let check = |evaluator: &mut actra::Evaluator<'_>, door: &str| {
            let frame = evaluator.frame();
            for slot in 0..policy.program().slots().len() {
                let value = frame.value(SlotId(slot as u16));
                assert!(matches!(value, Cell::Missing), "{door}: {value:?} in slot {slot}");
            }
        };
        let _ = evaluator.evaluate_json(text.as_bytes());
        check(&mut evaluator, "json");
        let _ = evaluator.evaluate_yaml(text.as_bytes());
        check(&mut evaluator, "yaml");
    }
}

/// Only hosts that give values by slot can give text that is none: JSON and YAML are refused as a
/// whole.
#[test]
fn text_that_is_not_utf8_is_refused_wherever_it_stands() {
    const SCHEMA: &str = "version: 1
actions: {t: {fields: {text: string, list: {type: list, items: string}, number: integer}}}
";
    for inputs in ["checked", "unchecked"] {
        let text = format!("version: 2\nevaluation: {{inputs: {inputs}}}\nrules: []\n");
        let policy = Policy::from_strings(SCHEMA, &text, None).unwrap();
        let slot = |name: &str| policy.slot(name).unwrap();
        let code = |name: &str, is_item: bool| {
            let mut frame = policy.frame();
            frame.set(slot("action.type"), Cell::String("t"));
            let mut value = Cell::NotUtf8;
            if is_item {
                let start = frame.items_start();
                frame.push_item(Cell::String("fine"));
                frame.push_item(Cell::NotUtf8);
                value = frame.list_from(start);
            }
            frame.set(slot(name), value);
            Policy::decide(&mut frame).map(|_| ()).map_err(|error| error.code)
        };
        assert_eq!(code("action.text", false), Err(InputCode::NotUtf8), "{inputs}");
        assert_eq!(code("action.list", true), Err(InputCode::NotUtf8), "{inputs}");
        // The type comes first.
        let number = code("action.number", false);
        let expected = if inputs == "checked" { InputCode::WrongType } else { InputCode::NotUtf8 };
        assert_eq!(number, Err(expected), "{inputs}");
    }
}

#[test]
fn an_error_says_what_was_found() {
    let schema = "version: 1\nactions: {t: {fields: {flag: boolean}}}\n";
    let policy = Policy::from_strings(schema, "version: 2\nrules: []\n", None).unwrap();
    let slot = |name: &str| policy.slot(name).unwrap();
    for (value, found) in [
        (Cell::Integer(1), "Integer"),
        (Cell::BigInteger(1e30), "BigInteger"),
        (Cell::Float(f64::NAN), "NotANumber"),
        (Cell::Float(f64::NEG_INFINITY), "Infinity"),
        (Cell::Float(0.5), "Fraction"),
        (Cell::String("x"), "String"),
        (Cell::NotUtf8, "String"),
        (Cell::Instant(0), "Timestamp"),
        (Cell::Instant(i64::MAX), "FarInstant"),
    ] {
        let mut frame = policy.frame();
        frame.set(slot("action.type"), Cell::String("t"));
        frame.set(slot("action.flag"), value);
        let error = Policy::decide(&mut frame).unwrap_err();
        assert_eq!(error.code, InputCode::WrongType, "{value:?}");
        assert_eq!(format!("{:?}", error.found), found, "{value:?}");
    }
}

/// Text of so many bytes and one more, in every place that text can have, as a reference and as a copy.
#[test]
fn limits_of_text_hold_wherever_it_stands() {
    const MOST: usize = 1 << 20;
    let schema = "version: 1
actions:
  t: {fields: {text: string, list: {type: list, items: string}, map: {type: map, values: string}}}
  u: {fields: {other: string}}
";
    let longest = "x".repeat(MOST + 1);
    for inputs in ["checked", "unchecked"] {
        let text = format!("version: 2\nevaluation: {{inputs: {inputs}}}\nrules: []\n");
        let policy = Policy::from_strings(schema, &text, None).unwrap();
        let slot = |name: &str| policy.slot(name).unwrap();
        for name in ["action.text", "action.list", "action.map", "action.other"] {
            for is_copied in [false, true] {
                for length in [MOST, MOST + 1] {
                    let mut frame = policy.frame();
                    frame.set(slot("action.type"), Cell::String("t"));
                    let text = &longest[..length];
                    let text = if is_copied {
                        Cell::Text(frame.push_text(text))
                    } else {
                        Cell::String(text)
                    };
                    let value = match name {
                        "action.list" => {
                            let start = frame.items_start();
                            frame.push_item(text);
                            frame.push_item(Cell::String("fine"));
                            frame.list_from(start)
                        }
                        "action.map" => {
                            let start = frame.entries_start();
                            frame.push_entry(slot(name), Cell::String("key"), text);
                            frame.push_entry(
                                slot(name),
                                Cell::String("other"),
                                Cell::String("fine"),
                            );
                            frame.object_from(start)
                        }
                        _ => text,
                    };
                    frame.set(slot(name), value);
                    let code = Policy::decide(&mut frame).map(|_| ()).map_err(|error| error.code);
                    let expected = if length > MOST { Err(InputCode::TooLarge) } else { Ok(()) };
                    assert_eq!(code, expected, "{inputs} {name} {is_copied} {length}");
                }
            }
        }
    }
}

/// Two maps in one input: each has its own entries.
#[test]
fn what_is_in_a_map_is_found_there() {
    let schema = "version: 1
actions: {t: {fields: {a: {type: map, values: integer}, b: {type: map, values: integer}}}}
";
    let policy = Policy::from_strings(schema, "version: 2\nrules: []\n", None).unwrap();
    let slot = |name: &str| policy.slot(name).unwrap();
    let field = |a: Cell<'static>, b: Cell<'static>| {
        let mut frame = policy.frame();
        frame.set(slot("action.type"), Cell::String("t"));
        for (name, value) in [("action.a", a), ("action.b", b)] {
            let start = frame.entries_start();
            frame.push_entry(slot(name), Cell::String("k"), value);
            let object = frame.object_from(start);
            frame.set(slot(name), object);
        }
        let error = Policy::decide(&mut frame).err()?;
        let name = frame.field_name(&error).unwrap().to_string();
        Some(name)
    };
    let (right, wrong) = (Cell::Integer(1), Cell::Boolean(true));
    assert_eq!(field(right, right), None);
    assert_eq!(field(wrong, right).as_deref(), Some("action.a[\"k\"]"));
    assert_eq!(field(right, wrong).as_deref(), Some("action.b[\"k\"]"));
}

/// Whoever gives a member gives the objects that it is in, unless they give nothing.
#[test]
fn objects_are_there_with_their_members() {
    let schema = "version: 1
actions:
  t:
    fields:
      outer:
        type: object
        required: true
        fields:
          inner: {type: object, required: true, fields: {text: string, number: integer, flag: boolean, at: timestamp, list: {type: list, items: string}}}
";
    let policy = Policy::from_strings(schema, "version: 2\nrules: []\n", None).unwrap();
    let slot = |name: &str| policy.slot(name).unwrap();
    let member = |name: &str| slot(&format!("action.outer.inner.{name}"));
    let decided = |given: &[(SlotId, Cell<'static>)]| {
        let mut frame = policy.frame();
        frame.set(slot("action.type"), Cell::String("t"));
        for (slot, value) in given {
            frame.set(*slot, *value);
        }
        let error = Policy::decide(&mut frame).err()?;
        let name = frame.field_name(&error).map(|name| name.to_string());
        Some((error.code, name.unwrap_or_default()))
    };
    for (name, value) in [
        ("text", Cell::String("x")),
        ("number", Cell::Integer(i64::MIN)),
        ("number", Cell::Integer(i64::MAX)),
        ("number", Cell::Float(4.0)),
        ("flag", Cell::Boolean(false)),
        ("at", Cell::Instant(0)),
        ("list", Cell::List(actra::Range::default())),
    ] {
        assert_eq!(decided(&[(member(name), value)]), None, "{name}: {value:?}");
        // Twice is once.
        assert_eq!(decided(&[(member(name), value), (member(name), value)]), None, "{name}");
    }
    let missing = Some((InputCode::MissingRequired, "action.outer".to_owned()));
    assert_eq!(decided(&[]), missing);
    for nothing in [Cell::Null, Cell::Missing] {
        assert_eq!(decided(&[(member("text"), nothing)]), missing, "{nothing:?}");
    }
    // What somebody says of an object stands.
    let wrong = Some((InputCode::WrongType, "action.outer.inner".to_owned()));
    assert_eq!(decided(&[(slot("action.outer.inner"), Cell::Integer(1))]), wrong);
}

/// What only other actions have is unknown here: the first by name is told, and limits bind it whether
/// it is refused or not.
#[test]
fn fields_of_other_actions_are_unknown_here() {
    let schema = "version: 1
common: {fields: {both: {type: object, fields: {known: string}}}}
actions:
  t: {fields: {a: string, x: string}}
  u: {fields: {b: string, c: string, o: {type: object, fields: {p: string}}, m: {type: map, values: string}, x: {type: object, fields: {q: string}}}}
";
    let policy = Policy::from_strings(schema, "version: 2\nrules: []\n", None).unwrap();
    let slot = |name: &str| policy.slot(name).unwrap();
    let told = |refuses: bool, given: &[(&str, Cell<'static>)]| {
        let mut frame = policy.frame();
        frame.refuse_unknown(refuses);
        frame.set(slot("action.type"), Cell::String("t"));
        for (name, value) in given {
            frame.set(slot(name), *value);
        }
        let error = Policy::decide(&mut frame).err()?;
        Some((error.code, frame.field_name(&error).unwrap().to_string()))
    };
    let text = Cell::String("x");
    let unknown = |name: &str| Some((InputCode::UnknownField, name.to_owned()));
    let both = |given: &[(&str, Cell<'static>)], expected| {
        assert_eq!(told(true, given), expected, "{given:?}");
        assert_eq!(told(false, given), None, "{given:?}");
    };
    both(&[("action.a", text), ("action.x", text), ("action.both.known", text)], None);
    both(&[("action.b", text)], unknown("action.b"));
    both(&[("action.c", text), ("action.b", text)], unknown("action.b"));
    both(&[("action.b", text), ("action.c", text)], unknown("action.b"));
    both(&[("action.o.p", text)], unknown("action.o"));
    both(&[("action.o.p", text), ("action.c", text)], unknown("action.c"));
    both(&[("action.m", Cell::Object(actra::Range::default()))], unknown("action.m"));
    let not_utf8 = |name: &str| Some((InputCode::NotUtf8, name.to_owned()));
    for refuses in [false, true] {
        let bad = Cell::NotUtf8;
        assert_eq!(told(refuses, &[("action.b", bad)]), not_utf8("action.b"));
        assert_eq!(told(refuses, &[("action.o.p", bad)]), not_utf8("action.o"));
        assert_eq!(told(refuses, &[("action.c", bad), ("action.b", bad)]), not_utf8("action.b"));
    }
}

/// The effect, or the code and the place of the error, for an input of the action `t` in JSON.
fn told_of_json(policy: &Policy, unknown: UnknownFields, action: &str) -> String {
    let input = format!("{{\"action\": {{\"type\": \"t\", {action}}}}}");
    match policy.evaluator(unknown).evaluate_json(input.as_bytes()) {
        Ok(decision) => decision.effect.as_str().to_owned(),
        Err(error) => format!("{} {}", error.code.as_str(), error.field.unwrap_or_default()),
    }
}

/// An object here is a map under another action, of which a rule reads an entry: that is a field here,
/// and no other entry is.
#[test]
fn what_is_an_entry_elsewhere_may_be_a_field_here() {
    let schema = "version: 1
actions:
  t: {fields: {env: string, o: {type: object, fields: {env: string}}, d: {type: object, fields: {o: {type: object, fields: {}}}}}}
  u: {fields: {o: {type: map, values: string}, d: {type: object, fields: {o: {type: map, values: string}}}}}
";
    let rules = "version: 2
evaluation: {default: allow}
rules:
  - {id: prod, scope: {action: u}, when: \"action.o['env'] == prod\", effect: block}
  - {id: deep, scope: {action: u}, when: \"action.d.o['env'] == prod\", effect: block}
";
    let policy = Policy::from_strings(schema, rules, None).unwrap();
    let told = |unknown, action: &str| told_of_json(&policy, unknown, action);
    let large = "x".repeat((1 << 20) + 1);
    for (action, refusing, ignoring) in [
        (r#""o": {"env": "prod"}"#, "allow", "allow"),
        (r#""o": {"other": "prod"}"#, "unknown_field action.o.other", "allow"),
        (r#""env": "x", "o": {"zz": 1, "env": "y", "a": 2}"#, "unknown_field action.o.a", "allow"),
        (r#""d": {"o": {"env": "prod"}}"#, "unknown_field action.d.o.env", "allow"),
        (
            &format!(r#""o": {{"b": 1, "c": "{large}", "d": "{large}", "a": 1}}"#),
            "too_large action.o.c",
            "too_large action.o.c",
        ),
    ] {
        let shown = &action[..action.len().min(60)];
        assert_eq!(told(UnknownFields::Refuse, action), refusing, "{shown}");
        assert_eq!(told(UnknownFields::Ignore, action), ignoring, "{shown}");
    }
}

/// Where inputs are unchecked an object may stand in the place of a list, and be one under another
/// action: then it has no fields here, and limits bind what is in it.
#[test]
fn what_stands_in_the_place_of_a_list_has_no_fields() {
    let schema = "version: 1
actions:
  t: {fields: {a: {type: list, items: string}, b: {type: list, items: string}, c: {type: list, items: string}}}
  u: {fields: {a: {type: object, fields: {p: string, q: {type: object, fields: {r: string}}}}, b: {type: map, values: string}}}
";
    let rules = "version: 2\nevaluation: {inputs: unchecked, default: allow}\nrules: []\n";
    let policy = Policy::from_strings(schema, rules, None).unwrap();
    let told = |unknown, action: &str| told_of_json(&policy, unknown, action);
    let large = format!("\"{}\"", "x".repeat((1 << 20) + 1));
    for inside in [
        r#""a": {"p": VALUE}"#,
        r#""a": {"q": {"r": VALUE}}"#,
        r#""a": {"zz": VALUE}"#,
        r#""a": {"q": {"zz": VALUE}}"#,
        r#""b": {"k": VALUE}"#,
        r#""b": {"k": [1, VALUE]}"#,
        r#""c": {"k": VALUE}"#,
        r#""c": {"k": {"l": VALUE}}"#,
    ] {
        for unknown in [UnknownFields::Refuse, UnknownFields::Ignore] {
            let small = inside.replace("VALUE", "\"x\"");
            assert_eq!(told(unknown, &small), "allow", "{small}");
            let field = format!("too_large action.{}", &inside[1..2]);
            assert_eq!(told(unknown, &inside.replace("VALUE", &large)), field, "{inside}");
        }
    }
}

/// The text of one field at the beginning, at the end and inside of another's.
#[test]
fn text_is_held_against_the_text_of_another_field() {
    let schema = "version: 1\nactions: {t: {fields: {a: string, b: string}}}\n";
    for (operator, expected) in [
        ("starts_with", [true, false, false, true, true]),
        ("ends_with", [false, true, false, true, true]),
        ("contains", [true, true, true, true, true]),
    ] {
        let text = format!(
            "version: 2\nrules:\n  - {{id: r, scope: {{action: t}}, when: action.a {operator} action.b, effect: allow}}\n"
        );
        let policy = Policy::from_strings(schema, &text, None).unwrap();
        let slot = |name: &str| policy.slot(name).unwrap();
        let pairs = [("xyz", "xy"), ("xyz", "yz"), ("xyz", "y"), ("xyz", ""), ("xyz", "xyz")];
        for ((a, b), holds) in pairs.into_iter().zip(expected) {
            let mut frame = policy.frame();
            frame.set(slot("action.type"), Cell::String("t"));
            frame.set(slot("action.a"), Cell::String(a));
            frame.set(slot("action.b"), Cell::String(b));
            let outcome = Policy::decide(&mut frame).unwrap();
            assert_eq!(outcome.rule.is_some(), holds, "{a} {operator} {b}");
        }
    }
}
