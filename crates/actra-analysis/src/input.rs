//! Inputs: what counterexamples are.

use actra_bytecode::Program;
use actra_bytecode::format::timestamp;
use actra_compiler::model::{Domain, FieldRef};
use actra_vm::{Frame, Value as Given};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A double; in version 1 NaN and infinities, too.
    Float(f64),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Text.
    Text(String),
    /// A list of scalars.
    List(Vec<Value>),
}

impl Value {
    /// As [`Input::to_text`] writes it.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => out.push_str(&value.to_string()),
            Self::Float(value) if value.is_nan() => out.push_str(".nan"),
            Self::Float(value) if value.is_infinite() => {
                out.push_str(if *value > 0.0 { ".inf" } else { "-.inf" });
            }
            Self::Float(value) => write_into(out, format_args!("{value:?}")),
            Self::Instant(micros) => quote(&instant_text(*micros), out),
            Self::Text(text) => quote(text, out),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push_str(", ");
                    }
                    item.write(out);
                }
                out.push(']');
            }
        }
    }

    fn give<'v>(&'v self, frame: &mut Frame<'_, 'v>) -> Given<'v> {
        match self {
            Self::Boolean(value) => Given::Boolean(*value),
            Self::Integer(value) => Given::Integer(*value),
            Self::Float(value) => Given::Float(*value),
            Self::Instant(micros) => Given::Instant(*micros),
            Self::Text(text) => Given::String(text),
            Self::List(items) => {
                let start = frame.items_start();
                for item in items {
                    let item = item.give(frame);
                    frame.push_item(item);
                }
                frame.list_from(start)
            }
        }
    }
}

/// Writing to a string cannot fail.
fn write_into(out: &mut String, text: fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// JSON's escapes; what is not plainly printable is escaped, too.
fn quote(text: &str, out: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    for character in quoted.chars() {
        let code = u32::from(character);
        if (0x7f..0xa0).contains(&code) || matches!(code, 0x2028 | 0x2029 | 0xfeff) {
            write_into(out, format_args!("\\u{code:04x}"));
        } else {
            out.push(character);
        }
    }
}

/// An instant as a timestamp that reads as it.
fn instant_text(micros: i64) -> String {
    const MOST_OFFSET: i64 = (23 * 60 + 59) * 60_000_000;
    for (shift, offset) in [(0, "Z"), (MOST_OFFSET, "+23:59"), (-MOST_OFFSET, "-23:59")] {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = timestamp::format(micros + shift, &mut text);
        let text = format!("{}{offset}", text.trim_end_matches('Z'));
        if timestamp::parse(&text) == Some(micros) {
            return text;
        }
    }
    micros.to_string()
}

/// An input: values of fields, and objects that are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    pub(crate) values: BTreeMap<FieldRef, Value>,
    /// Objects and maps that are there, whatever is in them.
    pub(crate) objects: BTreeSet<FieldRef>,
}

#[derive(Debug, Default)]
struct Node<'i> {
    value: Option<&'i Value>,
    members: BTreeMap<&'i str, Node<'i>>,
}

impl Input {
    /// The value of a field; `None`: missing.
    pub fn value(&self, field: &FieldRef) -> Option<&Value> {
        self.values.get(field)
    }

    /// The input as text: JSON, but for NaN and infinities, which are written as YAML has them.
    pub fn to_text(&self) -> String {
        let mut root = Node::default();
        for domain in [Domain::Action, Domain::Actor, Domain::Snapshot] {
            root.members.entry(domain.as_str()).or_default();
        }
        let fields = self.values.iter().map(|(field, value)| (field, Some(value)));
        for (field, value) in fields.chain(self.objects.iter().map(|field| (field, None))) {
            let mut node = root.members.entry(field.domain.as_str()).or_default();
            for name in field.path.iter().chain(&field.key) {
                node = node.members.entry(name).or_default();
            }
            node.value = value;
        }
        let mut out = String::new();
        write_node(&root, &mut out);
        out
    }

    /// Puts the input into a frame; fields that the program does not know are left out, since no
    /// rule of it reads them.
    pub(crate) fn fill<'v>(&'v self, program: &Program, frame: &mut Frame<'_, 'v>) {
        frame.clear();
        for field in &self.objects {
            if let Some(slot) = program.find_slot(&field.to_string()) {
                let start = frame.entries_start();
                let object = frame.object_from(start);
                frame.set(slot, object);
            }
        }
        for (field, value) in &self.values {
            if let Some(slot) = program.find_slot(&field.to_string()) {
                let given = value.give(frame);
                frame.set(slot, given);
            }
        }
    }
}

fn write_node(node: &Node<'_>, out: &mut String) {
    if let Some(value) = node.value {
        return value.write(out);
    }
    out.push('{');
    // `type` says most, so it comes first.
    let (mut members, rest): (Vec<_>, Vec<_>) =
        node.members.iter().partition(|(name, _)| **name == "type");
    members.extend(rest);
    for (number, (name, member)) in members.into_iter().enumerate() {
        if number > 0 {
            out.push_str(", ");
        }
        quote(name, out);
        out.push_str(": ");
        write_node(member, out);
    }
    out.push('}');
}
