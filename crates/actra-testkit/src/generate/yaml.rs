//! A small tree of YAML with two ways to write it down.

use super::rng::Rng;
use crate::value::quoted;

/// A node. Scalars hold their text as it is to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    Raw(String),
    Map(Vec<(String, Yaml)>),
    List(Vec<Yaml>),
}

impl Yaml {
    pub(super) fn raw(text: impl Into<String>) -> Self {
        Self::Raw(text.into())
    }

    /// Entries whose keys need no quotes.
    pub(super) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// As a document: blocks down to a random depth, flow below it.
    pub(super) fn document(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        self.block(rng, 0, &mut out);
        out
    }

    fn block(&self, rng: &mut Rng, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Raw(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    out.push_str(&pad);
                    out.push_str(key);
                    out.push(':');
                    value.below(rng, indent, out);
                }
            }
            Self::List(items) => {
                for item in items {
                    out.push_str(&pad);
                    out.push('-');
                    item.below(rng, indent, out);
                }
            }
        }
    }

    /// What follows a key's colon or an item's dash.
    fn below(&self, rng: &mut Rng, indent: usize, out: &mut String) {
        let is_empty = match self {
            Self::Raw(_) => true,
            Self::Map(entries) => entries.is_empty(),
            Self::List(items) => items.is_empty(),
        };
        if is_empty || (indent >= 4 && rng.percent(30)) {
            out.push(' ');
            self.flow(out);
            out.push('\n');
        } else {
            out.push('\n');
            self.block(rng, indent + 2, out);
        }
    }

    fn flow(&self, out: &mut String) {
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(key);
                    out.push_str(": ");
                    value.flow(out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.flow(out);
                }
                out.push(']');
            }
        }
    }
}

/// Text as a scalar that reads as that string: plain where that is safe, else quoted.
pub(super) fn text(rng: &mut Rng, text: &str) -> String {
    if is_identifier(text) && !is_word_of_yaml(text) && rng.percent(60) {
        text.to_owned()
    } else if !text.chars().any(char::is_control) && rng.percent(50) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        quoted(text)
    }
}

/// Text that the short form may have bare, and that it takes in the name of a field.
pub(super) fn is_identifier(text: &str) -> bool {
    text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Words that YAML's core schema, or an older reader, takes for something else.
pub(super) fn is_word_of_yaml(text: &str) -> bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    words.contains(&text.to_ascii_lowercase().as_str())
}
