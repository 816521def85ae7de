//! Instants that hosts give as numbers are those that timestamps can be: all others are as a string
//! that is no timestamp is.

use actra::columns::{Column, Values};
use actra::{InputCode, Policy, Value};

const SCHEMA: &str = "\
version: 1
actions: {pay: {fields: {due: timestamp, dates: {type: map, values: timestamp}}}}
";
const LAST: i64 = 253_402_387_139_999_999;
const FIRST: i64 = -62_135_683_140_000_000;
const FAR: [i64; 4] = [i64::MIN, FIRST - 1, LAST + 1, i64::MAX];

fn policy(inputs: &str) -> Policy {
    let text = format!(
        "version: 2\nevaluation: {{inputs: {inputs}, missing: fail_closed}}\nrules:\n  \
         - {{id: early, scope: {{action: pay}}, when: action.due < '2000-01-01T00:00:00Z', effect: allow}}\n  \
         - {{id: late, scope: {{action: pay}}, when: action.due >= '2000-01-01T00:00:00Z', effect: require_approval}}\n"
    );
    Policy::from_strings(SCHEMA, &text, None).unwrap()
}

/// The rule that decides, or the code of the error; through a frame and through columns.
fn decided(policy: &Policy, micros: i64) -> Result<Option<String>, InputCode> {
    let slot = |name| policy.slot(name).unwrap();
    let mut frame = policy.frame();
    frame.set(slot("action.type"), Value::String("pay"));
    frame.set(slot("action.due"), Value::Instant(micros));
    let by_itself = Policy::decide(&mut frame)
        .map(|outcome| Policy::decision(&frame, &outcome).matched_rule)
        .map_err(|error| error.code);

    // Enough rows that they are decided together.
    let rows = 100;
    let names = vec![Value::String("pay"); rows];
    let columns = [
        (slot("action.type"), Column::new(Values::Scalars(names), None).unwrap()),
        (
            slot("action.due"),
            Column::new(Values::Instant(vec![micros; rows].into()), None).unwrap(),
        ),
    ];
    let outcomes = policy.decide_columns(rows, &columns).unwrap();
    for row in 0..rows {
        let error = outcomes.error(row).map(|error| error.code);
        let program = policy.program();
        let rule = outcomes.rule(row).and_then(|rule| program.rule(rule));
        let rule = rule.map(|rule| program.text(rule.id).to_owned());
        assert_eq!(error.map_or(Ok(rule), Err), by_itself, "{micros} in row {row}");
    }
    by_itself
}

#[test]
fn far_instants_are_no_timestamps() {
    let policy = policy("checked");
    assert_eq!(decided(&policy, FIRST), Ok(Some("early".to_owned())));
    assert_eq!(decided(&policy, 0), Ok(Some("early".to_owned())));
    assert_eq!(decided(&policy, LAST), Ok(Some("late".to_owned())));
    for micros in FAR {
        assert_eq!(decided(&policy, micros), Err(InputCode::WrongType), "{micros}");
    }
}

#[test]
fn unchecked_far_instants_are_as_good_as_missing() {
    let policy = policy("unchecked");
    assert_eq!(decided(&policy, FIRST), Ok(Some("early".to_owned())));
    assert_eq!(decided(&policy, 0), Ok(Some("early".to_owned())));
    assert_eq!(decided(&policy, LAST), Ok(Some("late".to_owned())));
    for micros in FAR {
        // The approval fires, since nobody knows; nothing is allowed.
        assert_eq!(decided(&policy, micros), Ok(Some("late".to_owned())), "{micros}");
    }
}

#[test]
fn far_instants_in_maps_are_no_timestamps() {
    let policy = policy("checked");
    let dates = policy.slot("action.dates").unwrap();
    for (micros, code) in [(LAST, None), (LAST + 1, Some(InputCode::WrongType))] {
        let mut frame = policy.frame();
        frame.set(policy.slot("action.type").unwrap(), Value::String("pay"));
        let start = frame.entries_start();
        frame.push_entry(dates, Value::String("k"), Value::Instant(micros));
        let object = frame.object_from(start);
        frame.set(dates, object);
        let error = Policy::decide(&mut frame).err().map(|error| error.code);
        assert_eq!(error, code, "{micros}");
    }
}
