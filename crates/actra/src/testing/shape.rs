//! Readers for the shapes of a test document, which report what is shaped otherwise.

use super::path::Near;
use actra_compiler::diagnostic::{Code, Diagnostic, Report, Span, suggest};
use actra_compiler::yaml::{Document, Entry, Node, Scalar, Value};

/// Characters of the document's text that a message quotes.
const MAX_EXCERPT_CHARS: usize = 60;

/// Diagnostics of a document after which near names are no longer worth the time to look for them.
const MUCH_SAID: usize = 200;

/// A document and what there is to say about it.
///
/// A null is reported by the mapping or list that holds it, so readers of scalars pass over it in
/// silence.
pub(super) struct Reader<'d, 'r> {
    pub(super) document: &'d Document,
    pub(super) report: &'r mut Report,
    /// Diagnostics so far.
    said: usize,
}

/// A mapping whose keys are known.
pub(super) struct Keys<'d> {
    found: Vec<(&'static str, &'d Entry)>,
    /// Keys that an unknown key was probably meant for: not to be reported as missing.
    meant: Vec<&'static str>,
    span: Span,
}

impl<'d> Keys<'d> {
    pub(super) fn entry(&self, key: &str) -> Option<&'d Entry> {
        self.found.iter().find(|(known, _)| *known == key).map(|(_, entry)| *entry)
    }

    /// The value under the key.
    pub(super) fn get(&self, key: &str) -> Option<&'d Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Whether none of the keys is there, nor probably meant.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty() && self.meant.is_empty()
    }

    /// Whether the key is there, or probably meant by one that is.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some() || self.meant.contains(&key)
    }
}

impl<'d, 'r> Reader<'d, 'r> {
    pub(super) fn new(document: &'d Document, report: &'r mut Report) -> Self {
        Self { document, report, said: 0 }
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.said += 1;
        self.report.push(diagnostic);
    }

    /// Whether so much has been said that looking for near names is no longer worth its time.
    pub(super) fn has_said_much(&self) -> bool {
        self.said >= MUCH_SAID
    }

    /// The same, for paths.
    pub(super) fn near_paths(&self) -> Near {
        if self.has_said_much() { Near::Skip } else { Near::Find }
    }

    /// The diagnostic, with the nearest of the names as its help while not much has been said.
    pub(super) fn near<'n>(
        &self,
        diagnostic: Diagnostic,
        written: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Diagnostic {
        if self.has_said_much() { diagnostic } else { diagnostic.with_suggestion(written, names) }
    }

    pub(super) fn error(&mut self, code: Code, node: &Node, message: impl Into<String>) {
        self.push(Diagnostic::error(code, self.document.span(node), message));
    }

    pub(super) fn error_with_help(
        &mut self,
        code: Code,
        node: &Node,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, self.document.span(node), message).with_help(help));
    }

    /// Reads a mapping with a fixed set of keys. Nulls are reported but under `nullable` keys.
    pub(super) fn keys(
        &mut self,
        node: &'d Node,
        what: &str,
        known: &[&'static str],
        nullable: &[&str],
    ) -> Option<Keys<'d>> {
        let entries = self.entries(node, what)?;
        let mut keys = Keys { found: Vec::new(), meant: Vec::new(), span: self.head(node) };
        for entry in entries {
            let text = self.document.text(&entry.key).unwrap_or("null");
            if let Some(key) = known.iter().find(|key| **key == text) {
                if is_null(&entry.value) && !nullable.contains(key) {
                    self.null_value(entry);
                }
                keys.found.push((key, entry));
                continue;
            }
            let near = suggest(text, known.iter().copied());
            keys.meant.extend(near.and_then(|near| known.iter().find(|key| **key == near)));
            let help = near.map_or_else(
                || format!("the keys of {what} are {}", listing(known.iter().copied())),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("`{}` is no key of {what}", excerpt(text));
            self.error_with_help(Code::UnknownKey, &entry.key, message, help);
        }
        Some(keys)
    }

    /// The value under a key that must be there.
    pub(super) fn require(
        &mut self,
        keys: &Keys<'d>,
        key: &'static str,
        what: &str,
        help: &str,
    ) -> Option<&'d Node> {
        if !keys.has(key) {
            let message = format!("{what} has no `{key}`");
            self.push(Diagnostic::error(Code::MissingKey, keys.span, message).with_help(help));
        }
        keys.get(key)
    }

    /// The entries of a mapping.
    pub(super) fn entries(&mut self, node: &'d Node, what: &str) -> Option<&'d [Entry]> {
        match &node.value {
            Value::Mapping(entries) => Some(entries),
            Value::Scalar(Scalar::Null) => None,
            _ => {
                let message = format!("{what} is a mapping, not {}", self.describe(node));
                self.error(Code::WrongShape, node, message);
                None
            }
        }
    }

    /// The items of a list. Nulls among them are reported.
    pub(super) fn items(&mut self, node: &'d Node, what: &str) -> Option<&'d [Node]> {
        match &node.value {
            Value::Sequence(items) => Some(items),
            Value::Scalar(Scalar::Null) => None,
            _ => {
                let message = format!("{what} is a list, not {}", self.describe(node));
                self.error(Code::WrongShape, node, message);
                None
            }
        }
    }

    /// The items of a list that must have some, none of them null.
    pub(super) fn some_items(&mut self, node: &'d Node, what: &str) -> Option<&'d [Node]> {
        let items = self.items(node, what)?;
        if items.is_empty() {
            self.error(Code::EmptyList, node, format!("{what} is empty"));
            return None;
        }
        self.refuse_nulls(items, what);
        Some(items)
    }

    pub(super) fn refuse_nulls(&mut self, items: &[Node], what: &str) {
        for item in items.iter().filter(|item| is_null(item)) {
            self.error(Code::NullValue, item, format!("{what} has an item that is null"));
        }
    }

    /// A name or another text: a plain scalar keeps its text. Null is passed over.
    pub(super) fn text(&mut self, node: &'d Node, what: &str) -> Option<&'d str> {
        let text = self.document.text(node);
        match text {
            Some("") => self.error(Code::BadName, node, format!("{what} is empty")),
            None if !is_null(node) => {
                let message = format!("{what} is text, not {}", self.describe(node));
                self.error(Code::WrongShape, node, message);
            }
            _ => {}
        }
        text.filter(|text| !text.is_empty())
    }

    pub(super) fn null_value(&mut self, entry: &Entry) {
        let key = self.document.text(&entry.key).unwrap_or("null");
        let message = format!("`{}` has nothing after it", excerpt(key));
        self.error_with_help(
            Code::NullValue,
            &entry.key,
            message,
            "write a value, or leave the key out",
        );
    }

    /// What to mark where a whole mapping is meant: its first key.
    fn head(&self, node: &Node) -> Span {
        match &node.value {
            Value::Mapping(entries) => entries
                .first()
                .map_or_else(|| self.document.span(node), |entry| self.document.span(&entry.key)),
            _ => self.document.span(node),
        }
    }

    /// The node in a few words, for messages.
    pub(super) fn describe(&self, node: &Node) -> String {
        match &node.value {
            Value::Scalar(Scalar::Null) => "null".to_owned(),
            Value::Scalar(scalar) => {
                let kind = match scalar {
                    Scalar::Boolean(_) => "boolean",
                    Scalar::Integer(_) | Scalar::Float(_) => "number",
                    _ => "text",
                };
                match self.document.text(node) {
                    Some(text) => format!("the {kind} `{}`", excerpt(text)),
                    None => format!("a {kind}"),
                }
            }
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// Whether the node is null.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(node.value, Value::Scalar(Scalar::Null))
}

/// Text short enough for a message.
pub(super) fn excerpt(text: &str) -> String {
    shorten(text, MAX_EXCERPT_CHARS)
}

/// The beginning of a text, on one line.
pub(super) fn shorten(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short.replace(['\n', '\r'], " ")
}

/// Names in backticks: `a`, `b` and `c`.
pub(super) fn listing<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", excerpt(name))).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}
