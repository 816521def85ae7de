//! The tree.

use super::exact::{Run, locate, same};
use crate::diagnostic::{SourceId, Span};

/// A document that has been read.
#[derive(Debug, PartialEq)]
pub struct Document {
    /// The tree.
    pub root: Node,
    /// Which document it is.
    pub(crate) source: SourceId,
    /// Where nodes stand, by [`Node::id`].
    pub(crate) places: Vec<NodePlace>,
    /// The texts of plain scalars that are not strings, one after the other.
    pub(crate) plain: String,
    /// Which bytes made the strings that do not stand in the document as they are.
    pub(crate) runs: Vec<Run>,
}

/// Where a node stands: its bytes (for quoted scalars with the quotes), without anchor and tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodePlace {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) written: Written,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// A string, from this byte of the document on as it is.
    Verbatim(u32),
    /// Not a string; its text is this part of [`Document::plain`].
    Plain { start: u32, end: u32 },
    /// A string with escapes, line folding or indentation: this part of [`Document::runs`] says
    /// what comes from where.
    Made { from: u32, to: u32 },
    /// A string of which nobody can say that, null, or not a scalar at all.
    Otherwise,
}

impl NodePlace {
    /// Moves the place by what stands in the file before the document.
    pub(super) fn shift(&mut self, by: u32) {
        self.start += by;
        self.end += by;
        if let Written::Verbatim(from) = &mut self.written {
            *from += by;
        }
    }
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its number in document order: finds its place.
    pub id: u32,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in document order. Keys are unique (duplicates have been reported and dropped).
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, any node.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// A scalar by YAML's core schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer inside 128 bits.
    Integer(i128),
    /// Any other number, `.inf` and `.nan` included. Integers outside 128 bits, too:
    /// see [`Document::text`].
    Float(f64),
    /// Text.
    String(String),
}

impl Document {
    /// Where the node stands.
    pub fn span(&self, node: &Node) -> Span {
        let (start, end) = self.place(node).map_or((0, 0), |place| (place.start, place.end));
        Span { source: self.source, start, end }
    }

    /// The text of a scalar as it stands in the document without quotes: what a name is, even if
    /// YAML reads it as a number or a boolean (`id: 5`). `None` for null, sequences, mappings.
    pub fn text<'a>(&'a self, node: &'a Node) -> Option<&'a str> {
        match &node.value {
            Value::Scalar(Scalar::String(text)) => Some(text),
            Value::Scalar(Scalar::Null) | Value::Sequence(_) | Value::Mapping(_) => None,
            Value::Scalar(_) => match self.place(node)?.written {
                Written::Plain { start, end } => self.plain.get(start as usize..end as usize),
                Written::Verbatim(_) | Written::Made { .. } | Written::Otherwise => None,
            },
        }
    }

    /// Where a part of a string scalar stands: what made the bytes `from..to` of its text. The
    /// whole node where that cannot be told, as of what an alias repeats.
    pub fn part(&self, node: &Node, from: usize, to: usize) -> Span {
        let span = self.span(node);
        match self.place(node).map(|place| place.written) {
            Some(Written::Verbatim(text)) => Span {
                source: span.source,
                start: text.saturating_add(from as u32).min(span.end),
                end: text.saturating_add(to as u32).min(span.end),
            },
            Some(Written::Made { from: first, to: last }) => {
                let runs = self.runs.get(first as usize..last as usize).unwrap_or_default();
                match locate(runs, from as u32, to as u32) {
                    Some((start, end)) => Span { start, end, ..span },
                    None => span,
                }
            }
            _ => span,
        }
    }

    /// Where the bytes `from..to` of a string scalar begin, if they stand in the document as they
    /// are.
    pub fn same(&self, node: &Node, from: usize, to: usize) -> Option<u32> {
        match self.place(node)?.written {
            Written::Verbatim(text) => Some(text + from as u32),
            Written::Made { from: first, to: last } => {
                let runs = self.runs.get(first as usize..last as usize)?;
                same(runs, from as u32, to as u32)
            }
            Written::Plain { .. } | Written::Otherwise => None,
        }
    }

    fn place(&self, node: &Node) -> Option<&NodePlace> {
        self.places.get(node.id as usize)
    }
}
