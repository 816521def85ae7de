//! `actra replay` of CSV.

use crate::replay::{outcomes, report, room};
use crate::support::Room;
use serde_json::{Value, json};

/// The outcomes of a CSV log.
fn of(room: &Room, log: impl AsRef<[u8]>) -> Vec<(String, u64)> {
    room.write("log.csv", log);
    outcomes(&report(room, &["log.csv", "--policy", "policy"]))
}

fn count(name: &str, rows: u64) -> (String, u64) {
    (name.to_owned(), rows)
}

/// The place and message of each error.
fn errors(found: &Value) -> Vec<(u64, String)> {
    let errors = found["errors"].as_array().unwrap().iter();
    let samples = errors.flat_map(|error| error["samples"].as_array().unwrap());
    let mut told: Vec<_> = samples
        .map(|it| (it["line"].as_u64().unwrap(), it["error"].as_str().unwrap().to_owned()))
        .collect();
    told.sort();
    told
}

#[test]
fn cells_are_of_the_types_that_the_schema_says() {
    let room = room("csv_types");
    let log = "id,action.type,action.amount,action.note,actor.role\n\
        1,refund,20,7,support\n\
        2,refund,200,,\n\
        3,refund,2000,,\n\
        4,refund,x,,\n\
        5,refund,1e1,,\n";
    assert_eq!(
        of(&room, log),
        [
            count("allow", 2),
            count("require_approval", 1),
            count("block", 1),
            count("error: wrong_type", 1)
        ]
    );
    let found = report(&room, &["log.csv", "--policy", "policy", "--against", "old"]);
    assert_eq!(found["files"][0]["format"], "csv");
    assert_eq!(
        errors(&found),
        [(5, "`action.amount` does not read as what the schema says, number".to_owned())]
    );
    let sample = &found["transitions"][0]["samples"][0];
    assert_eq!(sample["line"], 3);
    assert_eq!(sample["row"], "id=2, action.type=refund, action.amount=200");
}

#[test]
fn an_empty_cell_is_a_missing_value() {
    let room = room("csv_empty");
    // Nobody knows the amount, so the block counts.
    let json = room.feed(
        &["replay", "-", "--policy", "policy", "--format", "json"],
        "{\"action\": {\"type\": \"refund\"}}\n",
    );
    assert_eq!(outcomes(&json.succeeds().json()), [count("block", 1)]);
    assert_eq!(of(&room, "action.type,action.amount\nrefund,\n"), [count("block", 1)]);
    assert_eq!(of(&room, "action.type,action.amount\nrefund,\"\"\n"), [count("block", 1)]);
}

#[test]
fn each_policy_reads_cells_by_its_own_schema() {
    let room = room("csv_two");
    let schema = crate::support::SCHEMA.replace("amount: number", "amount: string");
    room.policy(
        "text",
        &schema,
        "\
version: 2
rules: [{id: seven, scope: {action: refund}, when: action.amount == \"7\", effect: allow}]
",
    );
    room.write("log.csv", "action.type,action.amount\nrefund,7\nrefund,x\n");
    let found = report(&room, &["log.csv", "--policy", "text", "--against", "policy"]);
    assert_eq!(outcomes(&found), [count("allow", 1), count("block", 1)]);
    assert_eq!(found["transitions"][0]["old"], "error: wrong_type");
    assert_eq!(found["transitions"][0]["new"], "block");
}

#[test]
fn recorded_decisions_are_columns() {
    let room = room("csv_recorded");
    room.write(
        "log.csv",
        "input.action.type,input.action.amount,decision.effect,decision.matched_rule,decision.error.code\n\
         refund,20,block,gone,\nrefund,20,allow,small,\nrefund,20,,,\nrefund,20,maybe,,\n\
         refund,x,,,wrong_type\n",
    );
    let found = report(&room, &["log.csv", "--policy", "policy"]);
    assert_eq!((&found["compared"], &found["weaker"]), (&json!(3), &json!(1)));
    assert_eq!(found["not_compared"].as_array().unwrap().len(), 2);
    room.run(&["replay", "log.csv", "--policy", "policy", "--recorded", "was"])
        .fails(&["error[bad_columns]", "it has no column `was`"]);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read() {
    let room = room("csv_marks");
    let log = "\u{feff}action.type,action.amount\r\n\r\nrefund,20\r\n\"refund\",\"200\"\r\n";
    assert_eq!(of(&room, log), [count("allow", 1), count("require_approval", 1)]);
    let found = report(&room, &["log.csv", "--policy", "policy", "--against", "old"]);
    assert_eq!(found["transitions"][0]["samples"][0]["line"], 4);
    assert_eq!(of(&room, "action.type,action.amount\n"), []);
    assert_eq!(of(&room, ""), []);
}

#[test]
fn rows_that_do_not_fit_are_outcomes_with_their_places() {
    let room = room("csv_bad");
    let mut log = b"action.type,action.amount,action.note\n".to_vec();
    for row in [
        b"refund,20\n" as &[u8],
        b"refund,20,a,b\n",
        b"refund,20,\"two\nlines\"\n",
        b"refund,20,\xff\n",
        b"\xff,20,\n",
        b"refund,20,",
    ] {
        log.extend_from_slice(row);
    }
    log.extend(std::iter::repeat_n(b'x', 17 << 20));
    log.extend_from_slice(b"\nrefund,20,\n\x00\x01\x02\nrefund,20,\"open\nrefund,20,\n");
    assert_eq!(
        of(&room, &log),
        [
            count("allow", 2),
            count("error: not_utf8", 2),
            count("error: too_large", 1),
            count("error: malformed", 4)
        ]
    );
    let found = report(&room, &["log.csv", "--policy", "policy", "--samples", "20"]);
    let told = errors(&found);
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 6, 7, 8, 10, 11], "{told:?}");
    assert_eq!(told[0].1, "the row has 2 cells, and the header 3");
    assert_eq!(told[6].1, "the log ends inside of a quoted cell");
}

#[test]
fn headers_that_cannot_be_meant_are_refused() {
    let room = room("csv_header");
    for (log, told) in [
        ("amount,role\n1,2\n", "it has no column `action.type`"),
        ("action.amount\n1\n", "it has no column `action.type`"),
        ("action.type,action.amount,action.amount\n", "has the column `action.amount` twice"),
        ("action.type,effect,effect\n", "has the column `effect` twice"),
        ("action.type,\"action.amount\n", "it does not end where it should"),
    ] {
        room.write("log.csv", log);
        room.run(&["replay", "log.csv", "--policy", "policy"]).fails(&["error[bad_columns]", told]);
    }
    room.write("log.csv", b"action.type,\xff\n");
    room.run(&["replay", "log.csv", "--policy", "policy"]).fails(&["it is not UTF-8"]);
    // What nobody reads may stand there twice.
    assert_eq!(of(&room, "id,id,action.type,action.amount\n1,2,refund,20\n"), [count("allow", 1)]);
}

#[test]
fn columns_that_no_schema_names_are_told() {
    let room = room("csv_ignored");
    room.write("log.csv", "action.type,action.amout,action.amount,id\nrefund,1,20,7\n");
    let run = room.run(&["replay", "log.csv", "--policy", "policy"]).succeeds();
    assert!(
        run.stdout.contains("ignored: no schema names these columns: action.amout\n"),
        "{run:?}"
    );
}

#[test]
fn one_column_may_hold_inputs_as_json() {
    let room = room("csv_whole");
    let log = "id,context,effect\n\
        1,\"{\"\"action\"\": {\"\"type\"\": \"\"refund\"\", \"\"amount\"\": 20}}\",block\n\
        2,,allow\n";
    room.write("log.csv", log);
    let found = report(&room, &["log.csv", "--policy", "policy"]);
    assert_eq!(outcomes(&found), [count("allow", 1), count("error: malformed", 1)]);
    assert_eq!((&found["weaker"], &found["stricter"]), (&json!(1), &json!(1)));
}
