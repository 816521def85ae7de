//! Columns of one type each, as tables have them, and rules that compare them with constants: what
//! is decided for many rows together.

use super::{Rng, Row, cases, compare, first_seed};
use actra::{InputValue, Policy};
use std::fmt::Write as _;

/// Which fields there are; each is a column.
const FIELDS: [&str; 7] = ["share", "part", "count", "flag", "due", "kind", "note"];
/// The same, and one that is each action's own.
const ALL: [&str; 8] = ["share", "part", "count", "flag", "due", "kind", "note", "own"];
const SIGNS: [&str; 6] = ["<", "<=", "==", "!=", ">=", ">"];
const TEXTS: [&str; 7] = ["card", "cash", "car", "", "wire transfer", "größe", "cards"];
const EFFECTS: [&str; 3] = ["block", "require_approval", "allow"];
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;
/// The last instant that a timestamp can be.
const LAST_INSTANT: i64 = 253_402_387_139_999_999;

fn pick<'a, T>(rng: &mut Rng, items: &'a [T]) -> &'a T {
    &items[rng.below(items.len())]
}

/// A constant that a field of that name is held against, as a policy has it.
fn constant(rng: &mut Rng, field: &str) -> String {
    match field {
        "share" | "part" if rng.chance(10) => "1e15".to_owned(),
        "share" | "part" => format!("{:?}", rng.below(24) as f64 / 2.0 - 2.0),
        "count" if rng.chance(10) => pick(rng, &[i64::MIN, i64::MAX]).to_string(),
        "count" => (rng.below(12) as i64 - 2).to_string(),
        "flag" => rng.chance(50).to_string(),
        "due" => format!("'1970-01-{:02}T00:00:00Z'", 1 + rng.below(9)),
        _ => format!("'{}'", pick(rng, &TEXTS)),
    }
}

fn value(rng: &mut Rng, is_wild: bool, field: &str) -> InputValue {
    match field {
        "share" | "part" => InputValue::Float(match rng.below(40) {
            0..3 if !is_wild => 3.0,
            0 => f64::NAN,
            1 => *pick(rng, &[f64::INFINITY, f64::NEG_INFINITY]),
            2 => *pick(rng, &[-0.0, 1e15, 1e15_f64.next_up(), f64::MIN_POSITIVE]),
            // Around the constants, and right beside them.
            3..8 => (rng.below(24) as f64 / 2.0 - 2.0).next_up(),
            8..13 => (rng.below(24) as f64 / 2.0 - 2.0).next_down(),
            _ => rng.below(24) as f64 / 2.0 - 2.0,
        }),
        "count" => InputValue::Integer(match rng.below(30) {
            0 | 1 if !is_wild => 3,
            0 => *pick(rng, &[i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]),
            1 => *pick(rng, &[1 << 32, -(1 << 32), (1 << 32) + 3, 1 << 31, -(1 << 31) - 1]),
            _ => rng.below(14) as i64 - 3,
        }),
        "flag" => InputValue::Boolean(rng.chance(50)),
        "due" => InputValue::Instant(match rng.below(60) {
            0 | 1 if !is_wild => 0,
            0 => *pick(rng, &[i64::MIN, i64::MAX, LAST_INSTANT + 1]),
            1 => LAST_INSTANT,
            _ => rng.below(11) as i64 * DAY + rng.below(3) as i64 - 1,
        }),
        _ => InputValue::String((*pick(rng, &TEXTS)).to_owned()),
    }
}

fn schema(rng: &mut Rng) -> String {
    let mut text = "version: 1\ncommon:\n  fields:\n".to_owned();
    for field in FIELDS {
        let mut about = match field {
            "share" | "part" => "type: number",
            "count" => "type: integer",
            "flag" => "type: boolean",
            "due" => "type: timestamp",
            _ => "type: string",
        }
        .to_owned();
        if rng.chance(25) {
            about += ", required: true";
        } else if rng.chance(20) {
            let default = match field {
                "share" | "part" => "2.5",
                "count" => "3",
                "flag" => "true",
                "due" => "'1970-01-03T00:00:00Z'",
                _ => "card",
            };
            write!(about, ", default: {default}").unwrap();
        }
        about += match (field, rng.below(8)) {
            ("share" | "part" | "count", 0) => ", min: 0",
            ("share" | "part" | "count", 1) => ", max: 7",
            ("share" | "part" | "count", 2) => ", min: -1, max: 8",
            ("share" | "part", 3) => ", min: 0.5, max: 7.5",
            ("count", 3) => ", enum: [0, 1, 2, 3, 4, 5, 6]",
            ("kind" | "note", 0) => ", enum: [card, cash, car, '', größe]",
            ("kind" | "note", 1) => ", max_length: 5",
            _ => "",
        };
        writeln!(text, "    {field}: {{{about}}}").unwrap();
    }
    // One field is each action's own; more actions than rows ask for.
    text += "actions:\n";
    for action in ["ask", "pay", "q", "r", "s", "t", "u"] {
        let about = *pick(
            rng,
            &[
                "enum: [card, cash, car, '', größe]",
                "max_length: 5",
                "required: true",
                "default: card",
            ],
        );
        writeln!(text, "  {action}: {{fields: {{own: {{type: string, {about}}}}}}}").unwrap();
    }
    text
}

/// A test of one of these fields.
fn test(rng: &mut Rng, fields: &[&str]) -> String {
    let field = *pick(rng, fields);
    let is_text = matches!(field, "kind" | "note" | "own");
    let text = match rng.below(12) {
        0 => format!("action.{field} {}", pick(rng, &["exists", "not_exists"])),
        1 if field != "flag" => {
            let some: Vec<String> = (0..=rng.below(4)).map(|_| constant(rng, field)).collect();
            let operator = pick(rng, &["in", "not_in"]);
            format!("action.{field} {operator} [{}]", some.join(", "))
        }
        2 if matches!(field, "share" | "part" | "count") => {
            let other = *pick(rng, &["share", "part", "count"]);
            format!("action.{field} {} action.{other}", pick(rng, &SIGNS))
        }
        2 if is_text => {
            let other = *pick(rng, &["kind", "note", "own"]);
            format!("action.{field} {} action.{other}", pick(rng, &["==", "!=", "contains"]))
        }
        3..6 if is_text => {
            let operator = pick(rng, &["starts_with", "ends_with", "contains", "matches"]);
            format!("action.{field} {operator} '{}'", pick(rng, &["ca", "card", "r", "ö"]))
        }
        _ if is_text || field == "flag" => {
            format!("action.{field} {} {}", pick(rng, &["==", "!="]), constant(rng, field))
        }
        _ => format!("action.{field} {} {}", pick(rng, &SIGNS), constant(rng, field)),
    };
    if rng.chance(15) { format!("{{not: \"{text}\"}}") } else { format!("\"{text}\"") }
}

/// A policy and its documents. Some tests ask for what the schema rules out: those are not compiled,
/// and others are taken.
fn policy(rng: &mut Rng) -> (Policy, String) {
    let schema = schema(rng);
    loop {
        let rules = rules(rng);
        if let Ok(policy) = Policy::from_strings(&schema, &rules, None) {
            return (policy, schema + &rules);
        }
    }
}

fn rules(rng: &mut Rng) -> String {
    let mut text = format!(
        "version: 2\nevaluation: {{combine: {}, missing: {}, default: {}, inputs: {}}}\nrules:\n",
        pick(rng, &["most_restrictive", "first_match"]),
        pick(rng, &["fail_closed", "no_match"]),
        pick(rng, &EFFECTS),
        if rng.chance(80) { "checked" } else { "unchecked" },
    );
    // Often, several tests of the same fields.
    let focus: Vec<&str> = (0..=rng.below(2)).map(|_| *pick(rng, &ALL)).collect();
    let fields = if rng.chance(60) { &focus[..] } else { &ALL };
    for number in 0..=rng.below(8) {
        let tests: Vec<String> = (0..=rng.below(3)).map(|_| test(rng, fields)).collect();
        let scope =
            pick(rng, &["global: true", "action: pay", "action: ask", "action: [ask, pay]"]);
        let combine = pick(rng, &["all", "any"]);
        writeln!(
            text,
            "  - {{id: r{number}, scope: {{{scope}}}, when: {{{combine}: [{}]}}, effect: {}}}",
            tests.join(", "),
            pick(rng, &EFFECTS),
        )
        .unwrap();
    }
    text
}

#[test]
fn columns_decide_as_rows_do_where_each_has_one_type() {
    let policies = cases(400) as usize;
    let (mut rows, mut together, mut errors, mut in_order) = (0, 0, 0, 0);
    for seed in first_seed()..first_seed() + policies as u64 {
        let mut rng = Rng(seed);
        let (policy, text) = policy(&mut rng);
        let absent = *pick(&mut rng, &[0, 3, 20]);
        // Now and then values at the ends of what numbers can be, and few rows of one of the actions.
        let (is_wild, of_one) = (rng.chance(40), *pick(&mut rng, &[50, 95, 95]));
        let all_known = rng.chance(60);
        let slot = |name: &str| policy.slot(name).unwrap();
        let inputs: Vec<Row> = (0..200)
            .map(|_| {
                let mut row = Row::new();
                let known = if rng.chance(of_one) { "pay" } else { "ask" };
                let action = if all_known || rng.chance(98) { known } else { "no" };
                row.insert(slot("action.type"), InputValue::String(action.to_owned()));
                for field in ALL {
                    if let (Some(slot), false) =
                        (policy.slot(&format!("action.{field}")), rng.chance(absent))
                    {
                        row.insert(slot, value(&mut rng, is_wild, field));
                    }
                }
                row
            })
            .collect();
        let count = *pick(&mut rng, &[64, 700, 2100]);
        let (of_masks, in_error) =
            compare(&policy, &mut rng, &inputs, count, &format!("seed {seed}\n{text}"));
        let is_checked = !text.contains("inputs: unchecked");
        if all_known && is_checked && !is_wild && in_error == 0 {
            // But for actions that have few rows in a chunk.
            let most = 2 * 24 * count.div_ceil(2048);
            assert!(count < of_masks + most, "{of_masks} of {count} together: seed {seed}\n{text}");
            in_order += usize::from(count > most);
        }
        rows += count;
        together += of_masks;
        errors += in_error;
    }
    eprintln!("{rows} rows, {together} decided together, {errors} in error; {in_order} in order");
    assert!(together * 3 > rows && errors * 200 > rows, "{rows}, {together}, {errors}");
    assert!(in_order * 10 > policies, "{in_order}");
}
