//! Each character of a scalar is found where it stands, whatever the style: held against the YAML
//! reader, which reads the document again with that place changed.

use super::*;
use crate::diagnostic::{Report, Sources};
use proptest::prelude::*;

/// Reads a document of one key; its value as text.
fn value(text: &str) -> Option<(Document, String)> {
    let mut sources = Sources::default();
    let id = sources.add("test.yaml", text);
    let mut report = Report::default();
    let document = read(&sources, id, &mut report)?;
    let string = match &document.root.value {
        Value::Mapping(entries) => match &entries[0].value.value {
            Value::Scalar(Scalar::String(string)) => string.clone(),
            _ => return None,
        },
        _ => return None,
    };
    if report.has_errors() { None } else { Some((document, string)) }
}

fn node(document: &Document) -> &Node {
    let Value::Mapping(entries) = &document.root.value else { panic!() };
    &entries[0].value
}

/// A character of a value: where in the value, and where in the document.
type PlacedChar = (usize, char, std::ops::Range<usize>);

/// The bytes that each character of the value comes from.
fn places(text: &str) -> Option<(String, Vec<PlacedChar>)> {
    let (document, string) = value(text)?;
    let places = string
        .char_indices()
        .map(|(at, char)| {
            let span = document.part(node(&document), at, at + char.len_utf8());
            (at, char, span.start as usize..span.end as usize)
        })
        .collect();
    Some((string, places))
}

fn check(text: &str) -> Result<bool, TestCaseError> {
    let Some((string, places)) = places(text) else { return Ok(false) };
    // A block of white space has no text that could be pointed at.
    if string.trim().is_empty() {
        return Ok(true);
    }
    let mut end = 0;
    for (at, char, place) in places {
        let made_of = &text[place.clone()];
        prop_assert!(place.start >= end, "{text:?}: {char:?} comes from {made_of:?}");
        end = place.end;
        if char == ' ' || char == '\n' {
            let blank = made_of.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            prop_assert!(blank || made_of.starts_with('\\'), "{text:?}: {char:?} of {made_of:?}");
            continue;
        }
        if !char.is_alphanumeric() {
            prop_assert!(made_of.contains(char) || made_of.starts_with('\\'), "{text:?}");
            continue;
        }
        let mut changed = text.to_owned();
        changed.replace_range(place, "Q");
        let mut wanted = string.clone();
        wanted.replace_range(at..at + char.len_utf8(), "Q");
        let read = value(&changed).map(|(_, string)| string);
        prop_assert_eq!(read, Some(wanted), "{:?} at {} of {:?}", char, at, text);
    }
    Ok(true)
}

fn pieces(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 1..most).prop_map(|words| words.concat())
}

const FOLDS: &[&str] = &[
    "\n  ",
    "\n\n  ",
    "\n \n\n   ",
    "\r\n  ",
    "\r\n\r\n  ",
    " \n  ",
    " \t\n  \t ",
    "a",
    "bc",
    "ü",
    "漢字",
    "😀",
    " ",
    "  ",
    ".x",
    " == ",
];

fn with(more: &'static [&'static str]) -> &'static [&'static str] {
    Box::leak([FOLDS, more].concat().into_boxed_slice())
}

fn plain() -> impl Strategy<Value = String> {
    pieces(with(&["'", "\"", "\\", "#", "[a]"]), 12).prop_map(|text| format!("key: a{text}\n"))
}

fn single() -> impl Strategy<Value = String> {
    pieces(with(&["''", "''''", "\"", "\\", "#", ": "]), 12)
        .prop_map(|text| format!("key: '{text}'\n"))
}

fn double() -> impl Strategy<Value = String> {
    let escapes = &[
        "\\\"",
        "\\\\",
        "\\/",
        "\\t",
        "\\n",
        "\\x41",
        "\\u0077",
        "\\u00fc",
        "\\U0001F600",
        "\\_",
        "\\ ",
        "\\e",
        "\\0",
        "\\N",
        "\\L",
        "\\P",
        "\\a",
        "\\b",
        "\\v",
        "\\f",
        "\\r",
        "\\\n  ",
        " \\\n  ",
        "\\\n\n  ",
        "\\\r\n \t",
        "'",
    ];
    pieces(with(escapes), 12).prop_map(|text| format!("key: \"{text}\"\n"))
}

fn block() -> impl Strategy<Value = String> {
    let header = prop::sample::select(vec![
        "|",
        ">",
        "|-",
        ">-",
        "|+",
        ">+",
        "|2",
        ">2",
        "|1-",
        ">1+",
        "> # comment",
        "| # x",
    ]);
    let line = prop::sample::select(vec![
        "  a == b",
        "  bc  ",
        "  ü漢",
        "   more",
        "    \tx",
        "  'it''s'",
        "",
        " ",
        "  ",
        "     ",
        "  # text",
        "  \\n",
        "  x",
    ]);
    let breaks = prop::sample::select(vec!["\n", "\r\n"]);
    let end = prop::sample::select(vec!["", "\n", "\n\n", "\nnext: key\n"]);
    (header, prop::collection::vec(line, 1..7), breaks, end)
        .prop_map(|(header, lines, br, end)| format!("key: {header}{br}{}{end}", lines.join(br)))
}

fn all_styles() -> impl Strategy<Value = String> {
    prop_oneof![plain(), single(), double(), block()].prop_flat_map(|text| {
        prop_oneof![
            4 => Just(text.clone()),
            1 => Just(format!("\u{feff}{text}")),
            1 => Just(text.replacen("key: ", "key: !!str &anchor ", 1)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn characters_are_found_where_they_stand(text in all_styles()) {
        check(&text)?;
    }
}

#[test]
fn every_style_is_mapped() {
    for text in [
        "key: \"act\\u0069on.to ends_\\u0077ith 'x'\"\n",
        "key: 'it''s here'\n",
        "key: >\n  one\n  two\n\n  three\n",
        "key: |\n  one\n    two\n\n  three\n",
        "key: |2-\n    deeper\n  less\n",
        "key: >+\n\n  one\n\n   more\n  two\n\n",
        "key: one\n  two\n\n  three\n",
        "key: \"one\n  two\\\n  three\"\n",
        "key: |\r\n  one\r\n  two\r\n",
        "key: &a !!str >-\n  one\n  two\n",
    ] {
        let (string, places) = places(text).unwrap();
        for (_, char, place) in &places {
            let made_of = &text[place.clone()];
            assert!(made_of.len() <= 10 && string.len() > 2, "{text:?}: {char:?} of {made_of:?}");
        }
        assert!(check(text).unwrap(), "{text:?}");
    }
}

#[test]
fn parts_of_several_characters_go_from_the_first_to_the_last() {
    let text = "key: \"actor.\\x72ole\\\n  == x\"\n";
    let (document, string) = value(text).unwrap();
    assert_eq!(string, "actor.role== x");
    let part = |from, to| {
        let span = document.part(node(&document), from, to);
        &text[span.start as usize..span.end as usize]
    };
    assert_eq!(part(6, 10), "\\x72ole");
    assert_eq!(part(8, 12), "le\\\n  ==");
    assert_eq!(part(14, 14), "");
    assert_eq!(part(0, 14), "actor.\\x72ole\\\n  == x");
}
