//! Tests of reading.

use super::*;
use crate::diagnostic::{Code, Diagnostic, Report, Sources, Span};

fn try_read(text: &str) -> (Option<Document>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add("test.yaml", text);
    let mut report = Report::default();
    let document = read(&sources, id, &mut report);
    (document, report.into_sorted())
}

fn read_clean(text: &str) -> Document {
    let (document, diagnostics) = try_read(text);
    assert_eq!(diagnostics, [], "{text}");
    document.unwrap()
}

/// Codes, and the text that each is about.
fn faults(text: &str) -> Vec<(Code, &str)> {
    let (_, diagnostics) = try_read(text);
    diagnostics.iter().map(|found| (found.code, slice(text, found.span.unwrap()))).collect()
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

fn get<'a>(node: &'a Node, key: &str) -> &'a Node {
    let Value::Mapping(entries) = &node.value else { panic!("not a mapping: {node:?}") };
    let is = |node: &Node| node.value == Value::Scalar(Scalar::String(key.to_owned()));
    &entries.iter().find(|entry| is(&entry.key)).unwrap().value
}

fn scalar(node: &Node) -> &Scalar {
    let Value::Scalar(scalar) = &node.value else { panic!("not a scalar: {node:?}") };
    scalar
}

#[test]
fn scalars_are_what_the_core_schema_says() {
    let text = "\
- 5
- -0x10
- 1.5
- .inf
- 170141183460469231731687303715884105727
- 340282366920938463463374607431768211455
- 5_0
- NO
- true
- ~
- null
-
- 'null'
- !!str 5
- !!int '7'
- 007
- 1e400
";
    let document = read_clean(text);
    let Value::Sequence(nodes) = &document.root.value else { panic!() };
    let string = |text: &str| Scalar::String(text.to_owned());
    let found: Vec<_> = nodes.iter().map(|node| scalar(node).clone()).collect();
    let wanted = [
        Scalar::Integer(5),
        string("-0x10"),
        Scalar::Float(1.5),
        Scalar::Float(f64::INFINITY),
        Scalar::Integer(i128::MAX),
        Scalar::Float(u128::MAX as f64),
        string("5_0"),
        string("NO"),
        Scalar::Boolean(true),
        Scalar::Null,
        Scalar::Null,
        Scalar::Null,
        string("null"),
        string("5"),
        Scalar::Integer(7),
        Scalar::Integer(7),
        Scalar::Float(f64::INFINITY),
    ];
    assert_eq!(found, wanted);
    assert_eq!(document.text(&nodes[1]), Some("-0x10"));
    assert_eq!(document.text(&nodes[5]), Some("340282366920938463463374607431768211455"));
    assert_eq!(document.text(&nodes[8]), Some("true"));
    assert_eq!(document.text(&nodes[9]), None);
    assert_eq!(document.text(&nodes[14]), Some("7"));
    assert_eq!(slice(text, document.span(&nodes[14])), "'7'");
    assert_eq!(document.text(&nodes[15]), Some("007"), "as a name it keeps its text");
}

#[test]
fn spans_cover_the_value_and_nothing_else() {
    let text = "\
# ünïcode before
a: plain text   # ü
b: 'it''s'  # c
c: \"x\\ty\" # d
d: &anchor !!str 漢字  # e
e:
  - one
  - {two: [3, 4], \"five\": six}   # f

f: |
  block
  text

g: *anchor
h:
- x
- y
i: k #
";
    let document = read_clean(text);
    let spans: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        .iter()
        .map(|key| slice(text, document.span(get(&document.root, key))))
        .collect();
    assert_eq!(
        spans,
        [
            "plain text",
            "'it''s'",
            "\"x\\ty\"",
            "漢字",
            "- one\n  - {two: [3, 4], \"five\": six}",
            "block\n  text",
            "*anchor",
            "- x\n- y",
            "k"
        ]
    );
    let part = |key, from, to| slice(text, document.part(get(&document.root, key), from, to));
    assert_eq!(part("a", 6, 10), "text");
    assert_eq!(part("b", 0, 2), "it");
    assert_eq!(part("b", 2, 3), "''");
    assert_eq!(part("d", 3, 6), "字");
    assert_eq!(part("g", 0, 3), "*anchor");
}

#[test]
fn a_byte_order_mark_may_only_open_the_document() {
    let document = read_clean("\u{feff}a: bc\n");
    let node = get(&document.root, "a");
    assert_eq!(slice("\u{feff}a: bc\n", document.span(node)), "bc");
    assert_eq!(slice("\u{feff}a: bc\n", document.part(node, 1, 2)), "c");
    assert_eq!(faults("a: \u{feff}b"), [(Code::BadCharacter, "\u{feff}")]);
}

#[test]
fn each_fault_has_its_code_and_place() {
    let cases: &[(&str, &[(Code, &str)])] = &[
        ("", &[(Code::EmptyDocument, "")]),
        ("# only a comment\n", &[(Code::EmptyDocument, "")]),
        ("---\n", &[(Code::EmptyDocument, "")]),
        ("~", &[(Code::EmptyDocument, "")]),
        ("a: 1\n---\nb: 2\n", &[(Code::SeveralDocuments, "---")]),
        ("a: 1\n---\n", &[(Code::SeveralDocuments, "---")]),
        ("a: 1\na: 2\n", &[(Code::RepeatedKey, "a")]),
        ("5: 1\n'5': 2\n", &[(Code::RepeatedKey, "'5'")]),
        ("16: 1\n0x10: 2\n", &[(Code::RepeatedKey, "0x10")]),
        ("~: 1\nnull: 2\n", &[(Code::RepeatedKey, "null")]),
        ("a: !mine b\n", &[(Code::ForeignTag, "!mine")]),
        ("a: &x !mine [b]\n", &[(Code::ForeignTag, "!mine")]),
        ("a: !!timestamp 2001-01-01\n", &[(Code::ForeignTag, "!!timestamp")]),
        ("a: !!binary aGk=\n", &[(Code::ForeignTag, "!!binary")]),
        ("a: !<tag:example.com,2000:x> b\n", &[(Code::ForeignTag, "!<tag:example.com,2000:x>")]),
        ("a: !!str [b]\n", &[(Code::ForeignTag, "!!str")]),
        ("a: !!set {b}\n", &[(Code::ForeignTag, "!!set")]),
        ("a: ! b\n", &[(Code::ForeignTag, "!")]),
        ("%TAG !! tag:example.com,2000:\n---\na: !!str b\n", &[(Code::ForeignTag, "!!str")]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", &[(Code::MergeKey, "<<")]),
        ("? [a]\n: b\n", &[(Code::ComplexKey, "[a]")]),
        ("{a: b}: c\n", &[(Code::ComplexKey, "{a: b}")]),
        ("a: *b\n", &[(Code::BadAlias, "*b")]),
        ("a: &b [*b]\n", &[(Code::BadAlias, "*b")]),
        ("&a {&b x: [*a]}\n", &[(Code::BadAlias, "*a")]),
        ("a: \u{1}\n", &[(Code::BadCharacter, "\u{1}")]),
        ("a: 1 # x\u{2028}b: 2\n", &[(Code::BadCharacter, "\u{2028}")]),
        ("a: [b\n", &[(Code::YamlSyntax, "")]),
        ("a: @b\n", &[(Code::YamlSyntax, "@")]),
        ("\ta: b\n", &[(Code::YamlSyntax, "\t")]),
        ("a: !!int b\n", &[(Code::YamlSyntax, "!")]),
        ("a: 1\n} b\n", &[(Code::YamlSyntax, "}")]),
    ];
    for (text, wanted) in cases {
        assert_eq!(faults(text), *wanted, "{text}");
    }
}

#[test]
fn wrong_keys_are_dropped_and_the_rest_is_read() {
    let (document, diagnostics) = try_read("a: 1\na: 2\n<<: {x: 1}\n? [k]\n: v\nb: 3\n'<<': 4\n");
    assert_eq!(diagnostics.len(), 4, "{diagnostics:?}");
    let Value::Mapping(entries) = document.unwrap().root.value else { panic!() };
    let keys: Vec<_> = entries.iter().map(|entry| scalar(&entry.key).clone()).collect();
    assert_eq!(keys, ["a", "b"].map(|key| Scalar::String(key.to_owned())));
    assert_eq!(*scalar(&entries[0].value), Scalar::Integer(1));
}

#[test]
fn repeated_keys_are_found_in_long_mappings_and_point_at_the_first() {
    let mut text = (0..100).map(|n| format!("k{n}: {n}\n")).collect::<Vec<_>>().concat();
    text.push_str("k7: again\n0x7: x\n7: y\n");
    let (_, diagnostics) = try_read(&text);
    let places: Vec<_> = diagnostics
        .iter()
        .map(|found| {
            let first = found.related[0].0;
            (slice(&text, found.span.unwrap()), slice(&text, first), first.start)
        })
        .collect();
    assert_eq!(places, [("k7", "k7", 42), ("7", "0x7", 790)]);
}

#[test]
fn syntax_errors_say_what_and_where_the_context_is() {
    let text = "ä: 1\nb: [x, y\nc: 3\n";
    let (document, diagnostics) = try_read(text);
    assert!(document.is_none());
    let [found] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
    assert_eq!(found.message, "`,` or `]` should stand here");
    assert_eq!(text[found.span.unwrap().start as usize..].chars().next(), Some(':'));
    let (span, what) = &found.related[0];
    assert_eq!(what, "the list begins here");
    assert_eq!(&text[span.start as usize..][..2], "[x");
}

#[test]
fn documents_that_readers_disagree_about_are_refused() {
    // Found by search: each is read, differently, by many a YAML reader.
    for text in [
        // `serde_yaml` takes the second `&a` for another anchor's number.
        "- &a 1\n- &b 2\n- &a 3\n- &c 4\n- *a\n",
        "a: 'x'b\n",
    ] {
        let (document, diagnostics) = try_read(text);
        assert!(document.is_none() && !diagnostics.is_empty(), "{text}");
    }
    assert_eq!(faults("- &a 1\n- &b 2\n- &a 3\n- &c 4\n- *a\n"), [(Code::DocumentsDisagree, "*a")]);
}

#[test]
fn aliases_are_expanded_and_point_at_the_alias() {
    let text = "base: &b {x: [1, two], y: &s shared}\nuse: *b\nname: *s\n";
    let document = read_clean(text);
    let used = get(&document.root, "use");
    let base = get(&document.root, "base");
    assert_eq!(slice(text, document.span(used)), "*b");
    assert_eq!(slice(text, document.span(get(used, "y"))), "shared");
    assert_eq!(document.span(get(used, "x")), document.span(get(base, "x")));
    assert_eq!(*scalar(get(&document.root, "name")), Scalar::String("shared".to_owned()));
    let Value::Sequence(items) = &get(used, "x").value else { panic!() };
    assert_eq!(document.text(&items[0]), Some("1"));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    read_clean(&nested(128));
    assert_eq!(faults(&nested(129)).first().map(|fault| fault.0), Some(Code::NestingTooDeep));
    assert_eq!(faults(&nested(300)).first().map(|fault| fault.0), Some(Code::NestingTooDeep));
    // Through aliases, too.
    let text = format!("- &a {}\n- {}*a{}\n", nested(100), "[".repeat(100), "]".repeat(100));
    assert_eq!(faults(&text).first().map(|fault| fault.0), Some(Code::NestingTooDeep));
}

#[test]
fn aliases_cannot_blow_a_document_up() {
    let level = |level: u32| {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("a{level}: &a{level} [{below}]\n")
    };
    let levels: Vec<_> = (1..12).map(level).collect();
    let bomb = format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{}", levels.concat());
    assert_eq!(faults(&bomb), [(Code::TooManyAliases, "")]);
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 200].join(", "));
    assert_eq!(faults(&long), [(Code::TooManyAliases, "")]);
}

#[test]
fn documents_have_a_limit_in_bytes() {
    let text = format!("a: {}", "x".repeat(crate::limits::MAX_DOCUMENT_BYTES));
    assert_eq!(faults(&text), [(Code::DocumentTooLarge, "")]);
}

#[test]
fn documents_that_would_take_forever_are_refused_at_once() {
    let million = 1 << 20;
    for open in ["[", "{", "{a: ", "[a: ", "[']', ", "[ # ]\n", "- ", "? "] {
        let text = open.repeat(million / open.len());
        assert_eq!(faults(&text), [(Code::NestingTooDeep, "")], "{open}");
    }
    let directives = (0..million / 16).map(|n| format!("%TAG !a{n}! b\n")).collect::<Vec<_>>();
    let directives = directives.concat();
    assert_eq!(faults(&directives), [(Code::DocumentTooLarge, "")]);
}

#[test]
fn messages_do_not_repeat_long_texts() {
    let long = "x".repeat(100_000);
    for text in [
        format!("? {long}\n: 1\n? {long}\n: 2\n"),
        format!("a: !{long} b\n"),
        format!("a: !!int {long}\n"),
    ] {
        let (_, diagnostics) = try_read(&text);
        assert_eq!(diagnostics.len(), 1);
        assert!(diagnostics[0].message.len() < 400);
    }
}

#[test]
fn the_usual_syntax_errors_come_with_help() {
    for (text, wanted) in [
        ("\ta: 1\n", "indent with spaces, not with tabs"),
        ("a: `x\n", "put quotes around the value"),
        ("a: b: c\n", "quote text that holds a colon and a space: `a: \"b: c\"`"),
        ("a:b\nc: d\n", "a space stands behind the colon: `a: b`"),
        ("a: \"b\nc: d\n", "close it where the text ends"),
        (
            "a: 'it's'\n",
            "a value that begins with a quote ends with it: put the whole value in the other kind \
             of quotes",
        ),
    ] {
        let (_, diagnostics) = try_read(text);
        assert_eq!(diagnostics[0].help.as_deref(), Some(wanted), "{text}");
    }
}
