//! The bytes of an atom, and what stands around and inside of it.

use super::walk::{Found, Holder};
use super::{Edit, Reason};
use crate::yaml::{Document, Node, Value};

/// Where an atom stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    start: usize,
    end: usize,
    /// Just past the `:` or `-` that it stands behind.
    behind: usize,
    /// Where its key begins, if it stands behind one.
    key: Option<usize>,
    /// Whether it begins on another line than that sign.
    own_line: bool,
    /// Whether it stands inside of `[ ]` or `{ }`.
    pub(super) flow: bool,
    /// Whether it has an anchor.
    anchor: bool,
    /// Whether a comment stands before it, behind that sign.
    pub(super) comment: bool,
    /// Whether it has a tag.
    pub(super) tag: bool,
    /// Where the `|` or `>` of a block scalar stands.
    pub(super) header: Option<usize>,
}

impl Place {
    pub(super) fn find(source: &str, document: &Document, found: &Found<'_>) -> Self {
        let span = document.span(found.node);
        let (start, end) = (span.start as usize, span.end as usize);
        let (from, key) = match found.holder {
            Holder::Key(key) => {
                let key = document.span(key);
                (key.end as usize, Some(key.start as usize))
            }
            Holder::Item(from) => (from, None),
        };
        let mut place = Self {
            start,
            end,
            behind: from,
            key,
            own_line: false,
            flow: found.flow,
            anchor: false,
            comment: false,
            tag: false,
            header: None,
        };
        for (at, piece) in Pieces::new(source, from, start) {
            match piece {
                Piece::Sign => {
                    place.behind = at + 1;
                    (place.own_line, place.anchor, place.comment, place.tag) =
                        (false, false, false, false);
                }
                Piece::LineBreak => place.own_line = true,
                Piece::Comment => place.comment = true,
                Piece::Anchor => place.anchor = true,
                Piece::Tag => place.tag = true,
                Piece::Header => place.header = Some(at),
            }
        }
        place
    }

    /// Puts a scalar in the atom's place, on the line of its key or dash where nothing is between.
    pub(super) fn replace_by_short(&self, scalar: &str) -> Edit {
        let moves_up = self.own_line && !self.flow && !self.comment && !self.anchor;
        let (start, text) = if moves_up {
            (self.behind, format!(" {scalar}"))
        } else {
            (self.start, scalar.to_owned())
        };
        Edit { start, end: self.end, text }
    }

    /// Puts a mapping in the atom's place: each of its entries on a line of its own where it is
    /// plain how far to indent them, else in braces.
    pub(super) fn replace_by_long(&self, source: &str, entries: &[String], br: &str) -> Edit {
        let braces = || Edit {
            start: self.header.unwrap_or(self.start),
            end: self.end,
            text: format!("{{{}}}", entries.join(", ")),
        };
        if self.flow || self.anchor || self.header.is_some() {
            return braces();
        }
        let column = |at: usize, fine: &[char]| {
            let line = source.get(..at)?.rsplit(['\n', '\r']).next()?;
            line.chars().all(|char| fine.contains(&char)).then_some(line.len())
        };
        let (start, indent, first) = match self.key {
            _ if self.own_line => (self.start, column(self.start, &[' ']), false),
            Some(key) => (self.behind, column(key, &[' ', '-']).map(|column| column + 2), true),
            None => (self.start, column(self.start, &[' ', '-']), false),
        };
        let Some(indent) = indent else { return braces() };
        let between = format!("{br}{}", " ".repeat(indent));
        let mut text = entries.join(&between);
        if first {
            text.insert_str(0, &between);
        }
        Edit { start, end: self.end, text }
    }
}

/// Whether something inside of a long atom would get lost with it.
pub(super) fn inside(source: &str, document: &Document, node: &Node) -> Result<(), Reason> {
    let mut leaves = Vec::new();
    collect(source, document, node, &mut leaves);
    let span = document.span(node);
    let mut at = span.start as usize;
    leaves.push((span.end as usize, span.end as usize));
    for (start, end) in leaves {
        for (_, piece) in Pieces::new(source, at, start) {
            match piece {
                Piece::Comment => return Err(Reason::Comment),
                Piece::Anchor => return Err(Reason::Anchor),
                Piece::Sign | Piece::LineBreak | Piece::Tag | Piece::Header => {}
            }
        }
        at = at.max(end);
    }
    Ok(())
}

/// The places of the scalars and aliases of a node, in document order.
fn collect(source: &str, document: &Document, node: &Node, leaves: &mut Vec<(usize, usize)>) {
    let span = document.span(node);
    let is_alias = source.as_bytes().get(span.start as usize) == Some(&b'*');
    match &node.value {
        Value::Sequence(nodes) if !is_alias => {
            for node in nodes {
                collect(source, document, node, leaves);
            }
        }
        Value::Mapping(entries) if !is_alias => {
            for entry in entries {
                collect(source, document, &entry.key, leaves);
                collect(source, document, &entry.value, leaves);
            }
        }
        _ => leaves.push((span.start as usize, span.end as usize)),
    }
}

/// What can stand between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// `:`, `-`, `?`, `,` or a bracket.
    Sign,
    LineBreak,
    Comment,
    Anchor,
    Tag,
    /// The head of a block scalar.
    Header,
}

/// The pieces between two nodes. No content of a scalar is among them, so every sign is one.
struct Pieces<'s> {
    bytes: &'s [u8],
    at: usize,
    end: usize,
}

impl<'s> Pieces<'s> {
    fn new(source: &'s str, from: usize, to: usize) -> Self {
        Self { bytes: source.as_bytes(), at: from, end: to }
    }

    /// Moves past all bytes up to one that ends a word.
    fn skip(&mut self, ends: fn(u8) -> bool) {
        while self.at < self.end && self.bytes.get(self.at).is_some_and(|byte| !ends(*byte)) {
            self.at += 1;
        }
    }
}

impl Iterator for Pieces<'_> {
    type Item = (usize, Piece);

    fn next(&mut self) -> Option<Self::Item> {
        let ends_word = |byte: u8| {
            byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
        };
        while self.at < self.end {
            let at = self.at;
            self.at += 1;
            let piece = match self.bytes.get(at)? {
                b'\n' | b'\r' => Piece::LineBreak,
                b'#' => {
                    self.skip(|byte| matches!(byte, b'\n' | b'\r'));
                    Piece::Comment
                }
                b'&' => {
                    self.skip(ends_word);
                    Piece::Anchor
                }
                b'!' => {
                    self.skip(ends_word);
                    Piece::Tag
                }
                b'|' | b'>' => {
                    self.skip(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-'));
                    Piece::Header
                }
                b':' | b'-' | b'?' | b',' | b'[' | b']' | b'{' | b'}' => Piece::Sign,
                _ => continue,
            };
            return Some((at, piece));
        }
        None
    }
}
