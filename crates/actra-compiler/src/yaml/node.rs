//! The tree.

use crate::diagnostic::Span;

/// A document that has been read.
#[derive(Debug)]
pub struct Document {
    /// The tree.
    pub root: Node,
    /// Where nodes stand, by [`Node::id`], and what a plain scalar said.
    pub(crate) places: Vec<NodePlace>,
}

/// Where a node stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NodePlace {
    /// The node's bytes (for quoted scalars with the quotes).
    pub(crate) span: Span,
    /// For plain scalars that are not strings: their text.
    pub(crate) text: Option<Box<str>>,
    /// Byte offset, from the start of the span, of the scalar's first character where its text
    /// stands in the document as it is (plain, or quoted without escapes, on one line).
    pub(crate) verbatim: Option<u32>,
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
        self.place(node).map_or(
            Span { source: crate::diagnostic::SourceId(0), start: 0, end: 0 },
            |place| place.span,
        )
    }

    /// The text of a scalar as it stands in the document without quotes: what a name is, even if
    /// YAML reads it as a number or a boolean (`id: 5`). `None` for null, sequences, mappings.
    pub fn text<'a>(&'a self, node: &'a Node) -> Option<&'a str> {
        match &node.value {
            Value::Scalar(Scalar::String(text)) => Some(text),
            Value::Scalar(Scalar::Null) | Value::Sequence(_) | Value::Mapping(_) => None,
            Value::Scalar(_) => self.place(node)?.text.as_deref(),
        }
    }

    /// Where a part of a string scalar stands: the bytes `from..to` of its text. The whole node
    /// where escapes or line folds part text and document.
    pub fn part(&self, node: &Node, from: usize, to: usize) -> Span {
        let span = self.span(node);
        match self.place(node).and_then(|place| place.verbatim) {
            Some(offset) => Span {
                source: span.source,
                start: (span.start + offset + from as u32).min(span.end),
                end: (span.start + offset + to as u32).min(span.end),
            },
            None => span,
        }
    }

    fn place(&self, node: &Node) -> Option<&NodePlace> {
        self.places.get(node.id as usize)
    }
}
