//! What is simple is read as the whole parser reads it, to the byte; and what people write is
//! simple.

use super::super::{characters, events};
use super::read;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether the text is simple. If it is, the whole parser sees the same.
fn is_simple(text: &str) -> bool {
    let Some(simple) = read(text) else { return false };
    let whole = events::read(text).unwrap_or_else(|stop| panic!("{stop:?}\n{text}"));
    for (one, other) in simple.nodes.iter().zip(&whole.nodes) {
        assert_eq!(one, other, "{text}");
    }
    assert_eq!(simple.nodes.len(), whole.nodes.len(), "{text}");
    assert_eq!(simple.foreign_tags, whole.foreign_tags, "{text}");
    true
}

#[test]
fn what_rules_are_written_in_is_simple() {
    for text in [
        "a: b",
        "a: b\n",
        "a:\n  b: c\n  d: e\nf: g\n",
        "a:\n- b\n- c\nd: e\n",
        "a:\n  - b: c\n    d: e\n  - f: 5\n",
        "a:\n  b\n",
        "a: [b, {c: d, e: 'f'}, \"g\"] # h\n",
        "{\"a\":1, \"b\": [true,null]}",
        "a: [\n    b, # c\n    d\n  ]\n",
        "# a\n\n\na: b # c\n\n# d\ne: f\n# g",
        "a: it's #1, {no} \"list\" [at] all\n",
        "a: 'it''s'\nb: \"\\\"c\\\\d\\n\"\n",
        "a: []\nb: {}\n",
        "a:\nb:\n  c:\nd: e\n",
        "a:\n  b:\n",
        "- a:\n  b:\n- c:\n",
        "a: -5\nb: -x\nc: .5\nd: ~\n",
        "ä: ö ü # 漢\n漢: [😀, ß]\n",
        "a: http://b/c?d=e:f#g\n",
        "a: b   \nc:    d\n",
    ] {
        assert!(is_simple(text), "{text}");
    }
}

#[test]
fn what_needs_rules_of_its_own_is_not() {
    for text in [
        "",
        "a",
        "- ",
        "a: &b c",
        "a: *b",
        "a: !!str b",
        "a: |\n  b\n",
        "a: >\n  b\n",
        "? a\n: b\n",
        "a: b\n  c\n",
        "a:\n  b\n  c\n",
        "a: 'b\n  c'\n",
        "a: \"b\\\n  c\"\n",
        "a: \"\\x41\"\n",
        "%YAML 1.2\n---\na: b\n",
        "a: b\n---\nc: d\n",
        "a: b\n...\n",
        "a:\tb\n",
        "a: b\r\n",
        "a: b: c\n",
        "a: [b: c]\n",
        "a: [b, ]\n",
        "a: [b\n]\n",
        "a: {b}\n",
        "a: {b: }\n",
        "[a]: b\n",
        "a : b\n",
        "a: @b\n",
        "a: `b`\n",
        "a: b\n c: d\n",
        "  a: b\nc: d\n",
        "- a\nb: c\n",
        "a: 'b' c\n",
        "a: 'b'#c\n",
        "a: [b]c\n",
        "a: [b",
        "a: 'b",
        "a: \"b",
        "a: ,b\n",
        "- - a\n",
        "-\n  a\n",
        "a-:\n",
    ] {
        assert!(read(text).is_none(), "{text}");
    }
    assert!(is_simple(&format!("{}: b\n", "a".repeat(1000))));
    assert!(read(&format!("{}: b\n", "a".repeat(1001))).is_none());
    assert!(is_simple(&format!("a: {}b{}\n", "[".repeat(31), "]".repeat(31))));
    assert!(read(&format!("a: {}b{}\n", "[".repeat(32), "]".repeat(32))).is_none());
}

/// The documents of the repository.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn most_documents_of_the_repository_are_simple() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["examples", "conformance"] {
        documents(&root.join(folder), &mut found);
    }
    let texts: Vec<String> = found.iter().flat_map(fs::read_to_string).collect();
    let simple = texts.iter().filter(|text| is_simple(text)).count();
    assert!(simple * 2 > texts.len(), "{simple} of {}", texts.len());
}

/// Lines that may well be simple.
fn lines() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "",
        " b",
        " 'c d'",
        " \"e\"",
        " 'it''s'",
        " [a, b]",
        " {a: b}",
        " {\"a\":[]}",
        " -5",
        " - a",
        " a: b",
        " http://x",
        " # c",
        " b # c",
        " [a,",
        " b]",
        " |",
        " >-",
        " &x a",
        " *x",
        " é:漢",
        " [ a , 'b' ]",
        " {a: b, }",
        " {}",
        " ~",
        "  x  ",
        " a#b",
        " \"a\\\"b\"",
        " 'a'b",
        " [a:b]",
        " [a: b]",
        " [a ]: b",
        " {a : b}",
        " {? a : b}",
        " [-1, - 1]",
        " [a?b]",
        " [\n    a\n  ]",
        " {a:\n   b}",
        " 'a\n  b'",
        " --- a",
        " ... a",
        " [a # b\n   , c]",
        " {a: b}, c",
    ]);
    let head = prop::sample::select(vec![
        "a:", "b:", "'c':", "\"d\":", "- ", "-", "- a:", "- - ", "- - b:", "#", "", "x", "é:",
        "a :", "[a]:", "? a", "---", "...", "%a", "a: b:", "- 'a':", "- -", "- [a]", "- {a: b}",
    ]);
    let line = (0_usize..7, head, value)
        .prop_map(|(indent, head, value)| format!("{}{head}{value}\n", " ".repeat(indent)));
    prop::collection::vec(line, 0..9).prop_map(|lines| lines.concat())
}

/// Lines of the two or three columns that lines of one document have.
fn tidy_lines() -> impl Strategy<Value = String> {
    let line = (
        prop::sample::select(vec![0_usize, 0, 2, 2, 4]),
        prop::sample::select(vec!["a:", "b:", "- ", "- a:", "- b:", "c:", "# ", "- - "]),
        prop::sample::select(vec!["", "", " a", " [a, 'b']", " {a: b}", " 'c'", " # d", " e # f"]),
    );
    let line =
        line.prop_map(|(indent, head, value)| format!("{}{head}{value}\n", " ".repeat(indent)));
    prop::collection::vec(line, 0..7).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn lines_are_read_as_the_whole_parser_reads_them(text in lines()) {
        is_simple(&text);
    }

    #[test]
    fn tidy_lines_are_read_as_the_whole_parser_reads_them(text in tidy_lines()) {
        is_simple(&text);
        is_simple(text.trim_end());
    }

    #[test]
    fn any_text_is_read_as_the_whole_parser_reads_it(text in "[a-c:\\- \n#'\"\\[\\]{},é.~?\\\\]{0,40}") {
        if characters::forbidden(&text).next().is_none() {
            is_simple(&text);
        }
    }
}
