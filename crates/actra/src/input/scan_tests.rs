//! Whatever the scanner takes or refuses, the whole reader takes and refuses alike.

use super::filler::Filler;
use super::scan::{Scanned, scan};
use super::{Room, json};
use crate::Policy;
use actra_vm::Frame;
use proptest::prelude::*;

const SCHEMA: &str = "
version: 1
actions:
  pay:
    fields:
      amount: number
      to: {type: object, fields: {name: string, address_of_the_bank: string}}
      tags: {type: map, values: string}
      items: {type: list, items: integer}
actor: {fields: {role: string}}
snapshot: {fields: {address_of_the_branch: string, address_of_the_bank: boolean}}
";
const POLICY: &str = "version: 2
rules: [{id: all, scope: {action: pay}, when: {all: [\"action.tags[\\\"a\\\"] == x\"]}, effect: block}]
";

fn policy() -> Policy {
    Policy::from_strings(SCHEMA, POLICY, None).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Whether the scanner is sure. If it is, the whole reader agrees.
fn is_sure(policy: &Policy, text: &str) -> bool {
    let (program, tree) = (policy.program(), policy.tree());
    let mut frames = [Frame::new(program), Frame::new(program)];
    let [scanned, read] = &mut frames;
    let mut rooms = [Room::keeping_unnamed().filler, Room::keeping_unnamed().filler];
    let [scan_room, read_room] = &mut rooms;
    let by_scan =
        match scan(text, &mut Vec::new(), &mut Filler::new(scanned, tree, scan_room, true)) {
            Scanned::Whole => Ok(()),
            Scanned::Refused(fault) => Err(fault),
            Scanned::Unsure => return false,
        };
    let by_reader =
        json::read(text, &mut Vec::new(), &mut Filler::new(read, tree, read_room, true));
    assert_eq!(by_scan, by_reader, "{text}");
    assert_eq!(format!("{scanned:?}"), format!("{read:?}"), "{text}");
    assert_eq!(scan_room.unnamed, read_room.unnamed, "{text}");
    true
}

#[test]
fn usual_inputs_are_scanned() {
    let policy = policy();
    for text in [
        r#"{"action":{"type":"pay","amount":5},"actor":{},"snapshot":{}}"#,
        "{ \"action\" : { \"type\" : \"pay\" , \"amount\" : -1.5e+3 } ,\r\n\t\"actor\" : {} }\n",
        r#"{"action":{"to":{"name":"é","address_of_the_bank":"a\n\u00e9\\"}}}"#,
        r#"{"action":{"tags":{"a":"x","b":null},"items":[1,[],{},true,false]}}"#,
        r#"{"action":{"amount":1234567890123456789012},"snapshot":{"address_of_the_bank":0}}"#,
        r#"{"action":{"amount":-0},"other":1,"actor":{"role":"x","roles":"y"}}"#,
        r#"{"action":{},"action":{}}"#,
        r#"{"action":{"amount":1,"amount":2}}"#,
        r#"{"action":{"x":1,"x":2}}"#,
        "[]",
        "5",
        "{}",
    ] {
        assert!(is_sure(&policy, text), "{text}");
    }
}

#[test]
fn what_is_no_json_is_not_scanned() {
    let policy = policy();
    for text in [
        "",
        "{",
        "{}x",
        "{} {}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\":[1,]}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"b}",
        "{\"a\":NaN}",
        "{\"a\":-Infinity}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\\n\":1}",
        "\0",
    ] {
        assert!(!is_sure(&policy, text), "{text}");
    }
}

/// Pieces of JSON.
fn piece() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\"action\"",
        "\"actor\"",
        "\"snapshot\"",
        "\"type\":\"pay\"",
        "\"amount\"",
        "\"to\"",
        "\"tags\"",
        "\"items\"",
        "\"a\"",
        "\"name\"",
        "\"role\"",
        "\"address_of_the_bank\"",
        "\"address_of_the_branch\"",
        "\"address\"",
        "\"\"",
        "5",
        "-0",
        "0.5",
        "1e3",
        "1E-3",
        "01",
        "-",
        "1.",
        "123456789012345678",
        "1234567890123456789",
        "9223372036854775808",
        "true",
        "false",
        "null",
        "tru",
        "\"é漢\"",
        "\"b\\n\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"",
        "\\",
        "\u{7f}",
        "\u{1}",
    ])
    .prop_map(str::to_owned)
}

/// A value of JSON.
fn value() -> impl Strategy<Value = String> {
    piece()
        .prop_filter("a value", |piece| serde_json::from_str::<serde_json::Value>(piece).is_ok())
        .prop_recursive(4, 24, 4, |inner| {
            let key = prop::sample::select(vec![
                "type",
                "amount",
                "to",
                "tags",
                "items",
                "a",
                "name",
                "address_of_the_bank",
                "role",
            ]);
            let entry = (key, inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(entry, 0..4)
                    .prop_map(|entries| format!("{{{}}}", entries.join(" , "))),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn pieces_are_read_alike(pieces in prop::collection::vec(piece(), 0..16)) {
        is_sure(&policy(), &pieces.concat());
    }

    #[test]
    fn inputs_are_read_alike(
        domains in prop::collection::vec(
            (prop::sample::select(vec!["action", "actor", "snapshot", "other"]), value()), 0..4),
        cut in any::<prop::sample::Index>(),
        patch in piece(),
    ) {
        let policy = policy();
        let domains: Vec<String> =
            domains.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        let text = format!("{{{}}}", domains.join(","));
        is_sure(&policy, &text);
        let at = cut.index(text.len());
        if let Some((before, after)) = text.split_at_checked(at) {
            is_sure(&policy, before);
            is_sure(&policy, &format!("{before}{patch}{after}"));
        }
    }
}
