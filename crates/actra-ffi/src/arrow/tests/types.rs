//! What the generator does not make: instants, halves, nulls, and columns that are refused.

use super::build::{Buffer, Built};
use super::{Told, decide, policy_of};
use crate::pool::Pooled;

fn pooled() -> Pooled {
    policy_of(
        "version: 1\nactions:\n  pay:\n    fields:\n      amount: number\n      cents: integer\n      \
         due: timestamp\n      labels: {type: map, values: string}\n      tags: {type: list, items: string}\n",
        "version: 2\nevaluation: {missing: no_match}\nrules:\n  - id: late\n    scope: {action: pay}\n    \
         when: action.due < '2026-01-01T00:00:00Z'\n    effect: block\n  - id: large\n    scope: {action: pay}\n    \
         when: action.amount > 100\n    effect: require_approval\n  - id: marked\n    scope: {action: pay}\n    \
         when: action.labels[\"env\"] == test\n    effect: allow\n",
    )
}

/// A batch of payments with one more column.
fn payments(rows: usize, column: Built) -> Built {
    Built::batch(rows, vec![Built::texts("action.type", &vec!["pay"; rows]), column])
}

fn rules(told: &[Told]) -> Vec<Option<&str>> {
    told.iter().map(|told| told[1].as_deref().or(told[2].as_deref())).collect()
}

fn bytes<const N: usize>(values: &[[u8; N]]) -> Vec<u8> {
    values.concat()
}

#[test]
fn instants_of_every_unit_compare_as_instants() {
    // The last second of 2025, and the first of 2026.
    let seconds = [1_767_225_599_i64, 1_767_225_600];
    for (format, factor) in
        [("tss:UTC", 1), ("tsm:+02:00", 1000), ("tsu:UTC", 1_000_000), ("tsn:UTC", 1_000_000_000)]
    {
        let values = seconds.map(|value| (value * factor).to_ne_bytes());
        let column = Built::plain("action.due", format, 2, &bytes(&values));
        let told = decide(&pooled(), payments(2, column)).unwrap();
        assert_eq!(rules(&told), [Some("late"), None], "{format}");
    }
}

#[test]
fn instants_that_no_timestamp_is_are_wrongly_typed() {
    for format in ["tss:UTC", "tsm:UTC", "tsu:UTC"] {
        let values = [i64::MIN, 0, i64::MAX].map(i64::to_ne_bytes);
        let column = Built::plain("action.due", format, 3, &bytes(&values));
        let told = decide(&pooled(), payments(3, column)).unwrap();
        assert_eq!(
            rules(&told),
            [Some("wrong_type"), Some("late"), Some("wrong_type")],
            "{format}"
        );
        assert_eq!(told[2][3].as_deref(), Some("action.due"));
    }
}

#[test]
fn halves_and_doubles_that_are_none_are_what_they_are() {
    let halves = [0x5640_u16, 0x5641, 0x7e00].map(u16::to_ne_bytes);
    let column = Built::plain("action.amount", "e", 3, &bytes(&halves));
    let told = decide(&pooled(), payments(3, column)).unwrap();
    assert_eq!(rules(&told), [None, Some("large"), Some("not_finite")]);
    assert_eq!(told[2][3].as_deref(), Some("action.amount"));
}

#[test]
fn decimals_are_exact_or_an_error_that_names_the_row() {
    let values = [1050_i128, 20000, -5].map(i128::to_ne_bytes);
    let column = Built::plain("action.amount", "d:10,2", 3, &bytes(&values));
    let error = decide(&pooled(), payments(3, column)).unwrap_err();
    assert!(error.message.contains("`action.amount` has a decimal in row 2"), "{error}");
    let column = Built::plain("action.amount", "d:10,2", 2, &bytes(&values[..2]));
    let told = decide(&pooled(), payments(2, column)).unwrap();
    assert_eq!(rules(&told), [None, Some("large")]);
}

#[test]
fn a_column_without_a_type_is_missing_everywhere() {
    let nulls = |name: &str| Built {
        format: "n".into(),
        name: name.into(),
        len: 2,
        nulls: 2,
        ..Built::default()
    };
    let told = decide(&pooled(), payments(2, nulls("action.amount"))).unwrap();
    assert_eq!(rules(&told), [None, None]);
    let told = decide(&pooled(), payments(2, nulls("actor"))).unwrap();
    assert_eq!(rules(&told), [None, None]);
    // So is one whose dictionary has none.
    let mut coded = Built::plain("action.amount", "c", 2, &[0, 0]);
    coded.buffers[0] = Some(Buffer::new(&[0], 0));
    coded.dictionary = Some(Box::new(Built { len: 0, nulls: 0, ..nulls("") }));
    let told = decide(&pooled(), payments(2, coded)).unwrap();
    assert_eq!(rules(&told), [None, None]);
}

#[test]
fn entries_of_maps_are_columns_by_any_of_their_names() {
    for name in ["action.labels[\"env\"]", "action.labels.env"] {
        let told = decide(&pooled(), payments(2, Built::texts(name, &["test", "live"]))).unwrap();
        assert_eq!(rules(&told), [Some("marked"), None], "{name}");
    }
    let mut labels = Built::batch(2, vec![Built::texts("env", &["live", "test"])]);
    labels.name = "action.labels".into();
    let told = decide(&pooled(), payments(2, labels)).unwrap();
    assert_eq!(rules(&told), [None, Some("marked")]);
    // One that no rule reads may not hold what it could not in a row.
    let other = Built::texts("action.labels.other", &["x", "y"]);
    assert!(decide(&pooled(), payments(2, other)).is_ok());
    let other = Built::plain("action.labels.other", "c", 2, &[1, 2]);
    let error = decide(&pooled(), payments(2, other)).unwrap_err();
    assert_eq!(error.code.as_str(), "wrong_type", "{error}");
}

#[test]
fn columns_of_types_that_no_field_takes_are_refused_by_name() {
    for (format, words) in [
        ("tdD", "is of dates, the format `tdD`, which no field takes: cast it to timestamps"),
        ("tsu:", "is of timestamps without a time zone, the format `tsu:`"),
        ("z", "is of binary data"),
        ("+m", "is of maps"),
        ("\u{1}x", "is of the format `\\u{1}x`, which no field takes"),
    ] {
        let column = Built::plain("action.amount", format, 1, &[0; 16]);
        let error = decide(&pooled(), payments(1, column)).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.field.as_deref()),
            ("wrong_type", Some("action.amount"))
        );
        assert!(error.message.contains(words), "{error}");
        // Of a field that the schema does not name, nobody asks.
        let column = Built::plain("action.other", format, 1, &[0; 16]);
        assert!(decide(&pooled(), payments(1, column)).is_ok(), "{format}");
    }
    let error = decide(&pooled(), payments(1, Built::texts("action", &["{}"]))).unwrap_err();
    assert!(error.message.contains("the column `action` is no struct of fields"), "{error}");
}

#[test]
fn batches_that_say_nothing_of_inputs_are_refused() {
    for columns in [vec![], vec![Built::texts("amount", &["1"])]] {
        let error = decide(&pooled(), Built::batch(1, columns)).unwrap_err();
        assert!(error.message.contains("the batch has no column of an input"), "{error}");
    }
    let columns = vec![
        Built::texts("action.type", &["pay"]),
        Built::texts("action.labels.env", &["a"]),
        Built::texts("action.labels[\"env\"]", &["a"]),
    ];
    let error = decide(&pooled(), Built::batch(1, columns)).unwrap_err();
    assert_eq!(error.code.as_str(), "duplicate_key", "{error}");
    // Rows that nothing is said of are no more than memory could be.
    let nothing = Built { format: "n".into(), name: "action.type".into(), ..Built::default() };
    for rows in [1_i64 << 25, 1 << 40] {
        let mut batch = Built::batch(0, vec![Built { len: rows, ..nothing.clone() }]);
        batch.len = rows;
        let error = decide(&pooled(), batch).unwrap_err();
        assert_eq!(error.code.as_str(), "too_large", "{error}");
    }
}

#[test]
fn a_batch_without_rows_has_an_answer_without_rows() {
    let batch = Built::batch(0, vec![Built::texts("action.type", &[])]);
    assert_eq!(decide(&pooled(), batch).unwrap(), Vec::<Told>::new());
}
