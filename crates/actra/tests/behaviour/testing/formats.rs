//! Reports for programs, and for messages of failed `#[test]`s.

use super::Room;
use actra::testing::{self, Report};

const TESTS: &str = "  - {name: passes, input: {action: {type: payout}}, expect: block}
  - name: 'fails <&> \"quoted\"'
    input: {action: {type: refund, amount: 5}, actor: {role: \"\\a]]>\"}}
    matrix: {snapshot.fraud_flag: [false]}
    cases: [{name: case, set: {action.express: true}, expect: {effect: block, matched_rule: null}}]
  - {name: in error, input: {action: {type: refund, amount: .nan}}, expect: allow}
  - {name: skipped, input: {}, expect: allow, skip: \"later\\nor never\"}
";

fn report(room: &Room) -> Report {
    room.write("b_test.yaml", "name: b\n");
    room.write(
        "c_test.yaml",
        "name: c\npolicy: broken\ntests: [{name: any, input: {}, expect: allow}]",
    );
    room.write("broken/schema.yaml", "version: 1\nactions: {}\n");
    room.write(
        "broken/policy.yaml",
        "version: 2\nrules: [{id: a, scope: {global: true}, effect: alow}]\n",
    );
    let report = {
        room.write("a_test.yaml", &format!("name: all kinds\ntests:\n{TESTS}"));
        room.run().unwrap()
    };
    assert_eq!(report.files.len(), 3);
    report
}

/// Paths as from the room, and all times the same.
fn normal(room: &Room, text: &str) -> String {
    let directory = room.0.display().to_string();
    let class: Vec<String> =
        room.0.iter().skip(1).map(|part| part.to_string_lossy().replace('.', "_")).collect();
    let text = text
        .replace(&format!("{directory}/"), "")
        .replace(&directory, ".")
        .replace(&format!("{}.", class.join(".")), "");
    let mut normal = String::new();
    let mut rest = text.as_str();
    while let Some(at) = [" time=\"", "\"seconds\": "]
        .iter()
        .filter_map(|key| rest.find(key).map(|at| at + key.len()))
        .min()
    {
        normal.push_str(&rest[..at]);
        normal.push_str("0.0");
        rest = rest[at..]
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == 'e' || c == '-');
    }
    normal + rest
}

#[test]
fn a_report_is_told_as_text() {
    let room = Room::new("as_text");
    insta::assert_snapshot!(normal(&room, &report(&room).to_string()));
}

#[test]
fn a_report_is_told_as_json() {
    let room = Room::new("as_json");
    let json = serde_json::to_string_pretty(&testing::to_json(&report(&room))).unwrap();
    insta::assert_snapshot!(normal(&room, &json));
}

#[test]
fn a_report_is_told_as_junit_xml() {
    let room = Room::new("as_junit");
    insta::assert_snapshot!(normal(&room, &testing::to_junit(&report(&room))));
}
