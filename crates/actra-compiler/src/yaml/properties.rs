//! Properties of reading: trees survive every style of writing them, and no text does harm.

use super::*;
use crate::diagnostic::{Report, Sources, Span};
use proptest::prelude::*;

/// A tree to write.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    String(String),
    Sequence(Vec<Tree>),
    Mapping(Vec<(String, Tree)>),
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9_]{0,8}( [a-z]{1,6}){0,4}",
        1 => "(action|actor)\\.[a-z]{1,5} (==|in|>) (\\[a, b\\]|5|'x')",
        1 => "[a-z#:,&*!|>'\"%@`{}\\[\\]? -]{0,12}",
        1 => "([a-zü漢😀]{1,4}[ \n]{0,2}){0,5}",
        1 => "\\PC{0,8}",
        1 => Just("true".to_owned()),
        1 => Just("5".to_owned()),
        1 => Just(String::new()),
    ]
    .prop_filter("readers differ about these characters", |text| {
        characters::forbidden(text).next().is_none()
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        1 => Just(Tree::Null),
        1 => any::<bool>().prop_map(Tree::Boolean),
        2 => any::<i64>().prop_map(|value| Tree::Integer(value.into())),
        1 => any::<i128>().prop_map(Tree::Integer),
        1 => prop::num::f64::NORMAL.prop_map(Tree::Float),
        6 => string().prop_map(Tree::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::Sequence),
            prop::collection::vec((string(), inner), 0..6).prop_map(|mut entries| {
                entries.sort_by(|one, other| one.0.cmp(&other.0));
                entries.dedup_by(|one, other| one.0 == other.0);
                Tree::Mapping(entries)
            }),
        ]
    })
}

/// Writes trees; every choice of style comes from a list of numbers.
struct Writer {
    choices: Vec<u8>,
    text: String,
    anchors: Vec<Tree>,
    /// A block scalar has just been written: whatever follows on its line would belong to it.
    in_block: bool,
}

impl Writer {
    fn choose(&mut self, among: u8) -> u8 {
        self.choices.pop().unwrap_or(0) % among
    }

    fn often(&mut self) -> bool {
        self.choose(3) > 0
    }

    fn seldom(&mut self) -> bool {
        self.choose(8) == 7
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn new_line(&mut self, indent: usize) {
        let in_block = std::mem::take(&mut self.in_block);
        if !in_block && self.seldom() {
            self.push("  # a comment: with, [signs] 漢");
        }
        if !in_block && self.seldom() {
            self.push("\n");
        }
        self.push("\n");
        self.push(&" ".repeat(indent));
    }

    /// Writes a node behind a key, a dash or a bracket, and gives what has been written: maybe
    /// another tree than was asked for, through an alias.
    fn node(&mut self, tree: &Tree, indent: usize, flow: bool) -> Tree {
        if !self.anchors.is_empty() && self.seldom() {
            let number = usize::from(self.choose(200)) % self.anchors.len();
            // The space keeps what follows from becoming part of the name.
            self.push(&format!("*a{number} "));
            return self.anchors[number].clone();
        }
        let anchored = self.seldom().then_some(self.text.len());
        let tagged = self.seldom();
        if tagged {
            self.push(match tree {
                Tree::Null => "!!null ",
                Tree::Boolean(_) => "!!bool ",
                Tree::Integer(_) => "!!int ",
                Tree::Float(_) => "!!float ",
                Tree::String(_) => "!!str ",
                Tree::Sequence(_) => "!!seq ",
                Tree::Mapping(_) => "!!map ",
            });
        }
        let written = match tree {
            Tree::Null => {
                let word = usize::from(self.choose(4));
                self.push(["null", "~", "Null", "NULL"][word]);
                Tree::Null
            }
            Tree::Boolean(value) => {
                let words = if *value { ["true", "True"] } else { ["false", "FALSE"] };
                let word = usize::from(self.choose(2));
                self.push(words[word]);
                tree.clone()
            }
            Tree::Integer(value) => {
                self.integer(*value);
                tree.clone()
            }
            Tree::Float(value) => {
                self.push(&format!("{value:?}"));
                tree.clone()
            }
            Tree::String(text) => {
                self.string(text, indent, flow);
                tree.clone()
            }
            Tree::Sequence(items) => self.sequence(items, indent, flow),
            Tree::Mapping(entries) => self.mapping(entries, indent, flow),
        };
        // Numbers are given when a node is complete, and its name is put before it.
        if let Some(at) = anchored {
            let name = format!("&a{} ", self.anchors.len());
            self.text.insert_str(at, &name);
            self.anchors.push(written.clone());
        }
        written
    }

    fn integer(&mut self, value: i128) {
        let text = match self.choose(6) {
            0 if value >= 0 => format!("{value:#x}"),
            1 if value >= 0 => format!("{value:#o}"),
            2 if value >= 0 => format!("+{value}"),
            _ => value.to_string(),
        };
        self.push(&text);
    }

    fn sequence(&mut self, items: &[Tree], indent: usize, flow: bool) -> Tree {
        if flow || items.is_empty() || !self.often() {
            self.push("[");
            let mut written = Vec::new();
            for item in items {
                written.push(self.node(item, indent + 1, true));
                self.push(",");
                self.flow_space(indent);
            }
            self.push("]");
            return Tree::Sequence(written);
        }
        let mut written = Vec::new();
        for item in items {
            self.new_line(indent);
            self.push("- ");
            written.push(self.node(item, indent + 2, false));
        }
        Tree::Sequence(written)
    }

    fn mapping(&mut self, entries: &[(String, Tree)], indent: usize, flow: bool) -> Tree {
        if flow || entries.is_empty() || !self.often() {
            self.push("{");
            let mut written = Vec::new();
            for (key, value) in entries {
                self.key(key);
                self.push(": ");
                written.push((key.clone(), self.node(value, indent + 1, true)));
                self.push(",");
                self.flow_space(indent);
            }
            self.push("}");
            return Tree::Mapping(written);
        }
        let mut written = Vec::new();
        for (key, value) in entries {
            self.new_line(indent);
            self.key(key);
            self.push(": ");
            written.push((key.clone(), self.node(value, indent + 2, false)));
        }
        Tree::Mapping(written)
    }

    fn flow_space(&mut self, indent: usize) {
        match self.choose(6) {
            0 => self.new_line(indent + 1),
            _ => self.push(" "),
        }
    }

    fn key(&mut self, key: &str) {
        match self.choose(3) {
            0 if is_plain(key) => self.push(key),
            1 if !key.contains('\n') => self.single(key),
            _ => self.double(key, None),
        }
    }

    fn string(&mut self, text: &str, indent: usize, flow: bool) {
        let words = text.split(' ').all(|word| !word.is_empty() && !word.starts_with(['#', '-']));
        let words = words && !text.contains('\n');
        match self.choose(8) {
            0..=2 if is_plain(text) => self.push(text),
            3 if is_plain(text) && words => self.folded(text, indent),
            4 if !text.contains('\n') => self.single(text),
            5 if !flow && is_block(text) => {
                self.block(text, indent);
                self.in_block = true;
            }
            6 if !flow && is_block(text) && words => {
                self.push(">-");
                self.new_line_in_block(indent);
                self.folded(text, indent);
                self.in_block = true;
            }
            7 if words => self.double(text, Some(indent)),
            _ => self.double(text, None),
        }
    }

    fn single(&mut self, text: &str) {
        self.push(&format!("'{}'", text.replace('\'', "''")));
    }

    /// In double quotes, with line breaks in place of some spaces if there is an indentation.
    fn double(&mut self, text: &str, fold: Option<usize>) {
        self.push("\"");
        for char in text.chars() {
            match char {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                ' ' => match fold {
                    Some(indent) if self.seldom() => self.new_line_in_block(indent),
                    _ => self.push(" "),
                },
                char if self.seldom() => self.push(&format!("\\U{:08X}", u32::from(char))),
                char => self.text.push(char),
            }
        }
        self.push("\"");
    }

    fn folded(&mut self, text: &str, indent: usize) {
        for (index, word) in text.split(' ').enumerate() {
            match index {
                0 => {}
                _ if self.seldom() => self.new_line_in_block(indent),
                _ => self.push(" "),
            }
            self.push(word);
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        let content = text.trim_end_matches('\n');
        self.push(match text.len() - content.len() {
            0 => "|-",
            1 => "|",
            _ => "|+",
        });
        for line in content.split('\n') {
            self.push("\n");
            if !line.is_empty() {
                self.push(&" ".repeat(indent + 1));
                self.push(line);
            }
        }
        let more = (text.len() - content.len()).saturating_sub(1);
        self.push(&"\n".repeat(more));
    }

    fn new_line_in_block(&mut self, indent: usize) {
        self.push("\n");
        self.push(&" ".repeat(indent + 1));
    }
}

/// Whether a text can stand without quotes anywhere.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|char: char| char.is_ascii_lowercase());
    let safe =
        |char: char| char.is_ascii_lowercase() || matches!(char, '0'..='9' | '_' | ' ' | '.');
    starts
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !matches!(text, "true" | "false" | "null")
}

/// Whether a text can stand in a block scalar without an indentation indicator.
fn is_block(text: &str) -> bool {
    let first = text.split('\n').next().unwrap_or_default();
    // Readers keep different line breaks behind lines that only hold spaces.
    let odd = text.split('\n').any(|line| line.trim() != line || line.starts_with('\u{3000}'));
    !first.is_empty() && !odd && !text.contains('\t')
}

fn tree_of(node: &Node) -> Tree {
    match &node.value {
        Value::Scalar(Scalar::Null) => Tree::Null,
        Value::Scalar(Scalar::Boolean(value)) => Tree::Boolean(*value),
        Value::Scalar(Scalar::Integer(value)) => Tree::Integer(*value),
        Value::Scalar(Scalar::Float(value)) => Tree::Float(*value),
        Value::Scalar(Scalar::String(text)) => Tree::String(text.clone()),
        Value::Sequence(items) => Tree::Sequence(items.iter().map(tree_of).collect()),
        Value::Mapping(entries) => Tree::Mapping(
            entries
                .iter()
                .map(|Entry { key, value }| match tree_of(key) {
                    Tree::String(key) => (key, tree_of(value)),
                    other => panic!("a key that was never written: {other:?}"),
                })
                .collect(),
        ),
    }
}

/// Every node, and what its place must be like.
fn check_places(document: &Document, node: &Node, text: &str) {
    let slice = |span: Span| &text[span.start as usize..span.end as usize];
    let here = slice(document.span(node));
    match &node.value {
        _ if here.starts_with("*a") => {}
        Value::Scalar(Scalar::String(string)) => {
            // A line of a block scalar may begin with a quote, too.
            let verbatim = here == string.trim_end_matches('\n');
            if !verbatim && !here.contains('\n') {
                let alone: String = serde_yaml::from_str(here).unwrap();
                assert_eq!(&alone, string);
            }
            for (from, _) in string.char_indices() {
                let part = slice(document.part(node, from, string.len()));
                let exact = string[from..].strip_suffix('\n').unwrap_or(&string[from..]);
                // Where the text was made from something else, `exact_tests` says what from.
                let is_exact = part == here || part == exact || part == &string[from..];
                assert!(is_exact || (!verbatim && here.contains(part.trim_end())), "{part:?}");
            }
        }
        Value::Scalar(Scalar::Null) => {}
        Value::Scalar(_) => assert_eq!(document.text(node), Some(here)),
        Value::Sequence(items) => {
            assert!(here.starts_with(['[', '-']), "{here:?}");
            for item in items {
                check_places(document, item, text);
            }
        }
        Value::Mapping(entries) => {
            for Entry { key, value } in entries {
                check_places(document, key, text);
                check_places(document, value, text);
            }
        }
    }
}

/// Reads whatever comes, and checks what must hold of everything.
fn read_anything(text: &str) {
    let mut sources = Sources::default();
    let id = sources.add("test.yaml", text);
    let mut report = Report::default();
    let document = read(&sources, id, &mut report);
    assert!(document.is_some() || report.has_errors());
    for diagnostic in report.into_sorted() {
        let spans = diagnostic.related.iter().map(|(span, _)| *span).chain(diagnostic.span);
        for span in spans {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{diagnostic:?}");
        }
    }
    for place in document.iter().flat_map(|document| &document.places) {
        assert!(text.get(place.start as usize..place.end as usize).is_some(), "{place:?}");
    }
}

/// Pieces that mean something to a YAML reader, together in ways that mean nothing.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        " ",
        "  ",
        "\n",
        "\n  ",
        "\n- ",
        "- ",
        ": ",
        ":",
        "? ",
        "?",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x",
        "*x ",
        "!!str ",
        "!t ",
        "! ",
        "!<x> ",
        "|\n",
        ">-\n",
        "|2\n",
        "'",
        "\"",
        "\\",
        "#",
        " # ",
        "%YAML 1.2\n",
        "%TAG ! x\n",
        "---",
        "---\n",
        "...\n",
        "<<",
        "~",
        "5",
        "\t",
        "\r",
        "\r\n",
        "é",
        "漢",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\0",
        "@",
        "`",
        "0x",
        "-",
        ".",
        "\\x41",
        "\u{a0}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn trees_survive_every_style(tree in tree(), choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut writer = Writer { choices, text: "root:".to_owned(), anchors: Vec::new(), in_block: false };
        writer.push(" ");
        let written = writer.node(&tree, 2, false);
        writer.push("\n");
        let text = writer.text;
        let mut sources = Sources::default();
        let id = sources.add("test.yaml", text.as_str());
        let mut report = Report::default();
        let document = read(&sources, id, &mut report);
        let diagnostics = report.into_sorted();
        prop_assert!(diagnostics.is_empty(), "{text}\n{diagnostics:#?}");
        let document = document.unwrap();
        prop_assert_eq!(
            tree_of(&document.root),
            Tree::Mapping(vec![("root".to_owned(), written)]),
            "{}", text
        );
        check_places(&document, &document.root, &text);
    }

    #[test]
    fn soup_does_no_harm(text in soup()) {
        read_anything(&text);
    }

    #[test]
    fn any_text_does_no_harm(text in any::<String>()) {
        read_anything(&text);
    }

    /// Beyond the size from which the readers run beside each other, too.
    #[test]
    fn repeated_soup_does_no_harm(text in soup()) {
        read_anything(&text.repeat(600));
    }
}
