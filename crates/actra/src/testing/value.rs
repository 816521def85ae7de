//! Values as test documents write them, and the text that inputs are sent as.

use actra_compiler::yaml::{self, Document, Node, Scalar};
use std::fmt::Write as _;

/// A value of an input. Nothing is lost between the document and what is sent: integers of any
/// size keep their digits, and NaN is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    /// By its digits.
    Integer(String),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// How the text of a value can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    /// JSON cannot write it. It is YAML in flow style.
    Yaml,
}

impl Value {
    /// The value of a node; `None` at a key that is no name.
    pub(super) fn read(document: &Document, node: &Node) -> Option<Self> {
        Some(match &node.value {
            yaml::Value::Scalar(scalar) => Self::scalar(document, node, scalar),
            yaml::Value::Sequence(items) => Self::List(
                items.iter().map(|item| Self::read(document, item)).collect::<Option<_>>()?,
            ),
            yaml::Value::Mapping(entries) => {
                let entries = entries.iter().map(|entry| {
                    let key = document.text(&entry.key)?.to_owned();
                    Some((key, Self::read(document, &entry.value)?))
                });
                Self::Map(entries.collect::<Option<_>>()?)
            }
        })
    }

    fn scalar(document: &Document, node: &Node, scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Boolean(value) => Self::Boolean(*value),
            Scalar::Integer(value) => Self::Integer(value.to_string()),
            Scalar::Float(value) => match huge_integer(document, node, *value) {
                Some(digits) => Self::Integer(digits),
                None => Self::Float(*value),
            },
            Scalar::String(text) => Self::Text(text.clone()),
        }
    }

    /// Bytes that it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        let inside: usize = match self {
            Self::Null | Self::Boolean(_) | Self::Float(_) => 0,
            Self::Integer(text) | Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| size_of::<String>() + key.len() + value.size())
                .sum(),
        };
        size_of::<Self>() + inside
    }

    /// The entries of a mapping.
    pub(super) fn entries_mut(&mut self) -> Option<&mut Vec<(String, Value)>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Puts a value at the end of a path of keys. What stands on the way and is no mapping becomes
    /// one.
    pub(super) fn set(&mut self, path: &[String], value: Value) {
        let Some((key, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        let Some(entries) = self.entries_mut() else { return };
        let known = entries.iter().position(|(known, _)| known == key);
        let at = known.unwrap_or_else(|| {
            entries.push((key.clone(), Self::Null));
            entries.len() - 1
        });
        if let Some((_, inner)) = entries.get_mut(at) {
            inner.set(rest, value);
        }
    }

    pub(super) fn language(&self) -> Language {
        if self.has_json() { Language::Json } else { Language::Yaml }
    }

    /// JSON has no infinities and no NaN.
    fn has_json(&self) -> bool {
        match self {
            Self::Float(value) => value.is_finite(),
            Self::List(items) => items.iter().all(Self::has_json),
            Self::Map(entries) => entries.iter().all(|(_, value)| value.has_json()),
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Text(_) => true,
        }
    }

    /// The value on one line.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(digits) => out.push_str(digits),
            Self::Float(value) => write_float(out, *value),
            Self::Text(text) => write_string(out, text),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    write_string(out, key);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// The digits of an integer outside 128 bits, which YAML's reader gives as a float.
fn huge_integer(document: &Document, node: &Node, value: f64) -> Option<String> {
    const LEAST: f64 = 1.7e38;
    if value.abs() < LEAST {
        return None;
    }
    let text = document.text(node)?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_integer.then(|| format!("{sign}{}", digits.trim_start_matches('0')))
}

fn write_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str(".nan");
    } else if value.is_infinite() {
        out.push_str(if value < 0.0 { "-.inf" } else { ".inf" });
    } else {
        // The shortest text that reads back as the same, with a point or an exponent.
        let _ = write!(out, "{value:?}");
    }
}

/// A string that JSON and YAML read alike.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => escape(out, char),
            _ if char.is_control() => escape(out, char),
            _ => out.push(char),
        }
    }
    out.push('"');
}

fn escape(out: &mut String, char: char) {
    let _ = write!(out, "\\u{:04x}", u32::from(char));
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra_compiler::diagnostic::{Report, Sources};

    fn read(text: &str) -> Value {
        let mut sources = Sources::default();
        let id = sources.add("x", text);
        let mut report = Report::default();
        let document = yaml::read(&sources, id, &mut report);
        let document = document.unwrap_or_else(|| panic!("{text}: {:?}", report.into_sorted()));
        Value::read(&document, &document.root).unwrap()
    }

    #[test]
    fn what_is_sent_is_what_is_written() {
        let huge = "9".repeat(50);
        for (yaml, json) in [
            ("0x10", "16"),
            ("+5", "5"),
            ("5.0", "5.0"),
            ("1e300", "1e300"),
            ("NO", "\"NO\""),
            ("[~]", "[null]"),
            ("True", "true"),
            (huge.as_str(), huge.as_str()),
            ("[1, {a: 'x\"y'}]", "[1, {\"a\": \"x\\\"y\"}]"),
            ("\"\\x07\\u2028\u{e9}\"", "\"\\u0007\\u2028\u{e9}\""),
            ("{5: true}", "{\"5\": true}"),
        ] {
            assert_eq!(read(yaml).to_text(), json);
            assert_eq!(read(yaml).language(), Language::Json, "{yaml}");
            assert_eq!(read(json).to_text(), json, "{yaml}: YAML reads the same");
        }
        for (yaml, sent) in [("[.nan]", "[.nan]"), ("{a: -.INF}", "{\"a\": -.inf}")] {
            assert_eq!(read(yaml).to_text(), sent);
            assert_eq!(read(yaml).language(), Language::Yaml, "{yaml}");
        }
    }

    #[test]
    fn a_value_is_put_where_its_path_leads() {
        let mut value = read("{a: {b: 1}, c: 2}");
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        value.set(&path("a.b"), Value::Boolean(true));
        value.set(&path("a.x"), Value::Null);
        value.set(&path("c.d"), Value::Boolean(false));
        value.set(&path("e.f"), Value::Boolean(false));
        assert_eq!(
            value.to_text(),
            r#"{"a": {"b": true, "x": null}, "c": {"d": false}, "e": {"f": false}}"#
        );
    }
}
