//! The documents of a compilation, and lines and columns in them.

use super::Span;
use crate::model::Place;

/// A document to compile: its name as people should see it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path or other name, as printed in diagnostics.
    pub name: String,
    /// The YAML text.
    pub text: String,
}

/// The documents of one compilation. Spans point into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<Source>,
    /// One for each of the files.
    indexes: Vec<Index>,
}

/// Index of a document in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

impl Sources {
    /// No documents.
    pub const NONE: Self = Self { files: Vec::new(), indexes: Vec::new() };

    /// Adds a document.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(self.files.len() as u32);
        let source = Source { name: name.into(), text: text.into() };
        self.indexes.push(Index::new(&source.text));
        self.files.push(source);
        id
    }

    /// The document.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Every document, in the order added.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// Line and column where a span begins, both from 1, columns in characters.
    pub fn place(&self, span: Span) -> Place {
        self.place_of(span, span.start)
    }

    /// Line and column just past a span.
    pub fn end_place(&self, span: Span) -> Place {
        self.place_of(span, span.end.max(span.start))
    }

    fn place_of(&self, span: Span, at: u32) -> Place {
        let at_index = span.source.0 as usize;
        match (self.files.get(at_index), self.indexes.get(at_index)) {
            (Some(file), Some(index)) => {
                let (line, column) = index.place(&file.text, at);
                Place { source: span.source.0, line, column, start: span.start, end: span.end }
            }
            _ => Place::default(),
        }
    }

    /// Where a line begins, and its text without the line break. Lines count from 1.
    pub(super) fn line(&self, source: SourceId, line: u32) -> Option<(u32, &str)> {
        let text = &self.source(source)?.text;
        let lines = &self.indexes.get(source.0 as usize)?.lines;
        let number = (line as usize).checked_sub(1)?;
        let start = *lines.get(number)?;
        let end = lines.get(number + 1).map_or(text.len(), |next| *next as usize);
        Some((start, text.get(start as usize..end)?.trim_end_matches(['\n', '\r'])))
    }
}

/// Bytes between two counts of characters.
const BLOCK: usize = 1024;

/// What makes places cheap to find: a policy records one for every rule and atom, and nothing says
/// that its lines are short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Index {
    /// Where lines begin.
    lines: Vec<u32>,
    /// Characters before every block of the text; empty where all of it is ASCII.
    chars: Vec<u32>,
}

impl Index {
    fn new(text: &str) -> Self {
        // Spans cannot point further than this, and documents of this size are refused.
        if u32::try_from(text.len()).is_err() {
            return Self { lines: vec![0], chars: Vec::new() };
        }
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let breaks = match byte {
                b'\n' => true,
                // YAML breaks lines at a lone carriage return, too.
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if breaks {
                lines.push(at as u32 + 1);
            }
        }
        let mut chars = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for block in bytes.chunks(BLOCK) {
                chars.push(count);
                count += count_chars(block);
            }
            chars.push(count);
        }
        Self { lines, chars }
    }

    fn place(&self, text: &str, at: u32) -> (u32, u32) {
        let at = at.min(text.len() as u32);
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.chars_before(text, at) - self.chars_before(text, start);
        (line as u32, column + 1)
    }

    fn chars_before(&self, text: &str, at: u32) -> u32 {
        let block = at as usize / BLOCK;
        match self.chars.get(block) {
            None => at,
            Some(before) => {
                let rest = text.as_bytes().get(block * BLOCK..at as usize).unwrap_or_default();
                before + count_chars(rest)
            }
        }
    }
}

/// Characters that begin in these bytes.
fn count_chars(bytes: &[u8]) -> u32 {
    // Continuation bytes are 0b10xx_xxxx.
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(text: &str) -> Vec<(u32, u32)> {
        let mut sources = Sources::default();
        let source = sources.add("x", text);
        (0..=text.len() as u32)
            .filter(|at| text.is_char_boundary(*at as usize))
            .map(|at| sources.place(Span { source, start: at, end: at }))
            .map(|place| (place.line, place.column))
            .collect()
    }

    #[test]
    fn lines_break_as_in_yaml_and_columns_count_characters() {
        assert_eq!(places(""), [(1, 1)]);
        assert_eq!(places("ü\n漢x"), [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]);
        assert_eq!(places("a\r\n\rb"), [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2)]);
    }

    #[test]
    fn a_span_outside_every_document_has_a_place_all_the_same() {
        let mut sources = Sources::default();
        let source = sources.add("x", "ab");
        let span = |source| Span { source, start: 70, end: 9 };
        let Place { source: file, line, column, .. } = sources.place(span(source));
        assert_eq!((file, line, column), (0, 1, 3));
        assert_eq!(sources.place(span(SourceId(7))), Place::default());
    }

    proptest! {
        #[test]
        fn places_are_what_counting_by_hand_gives(text in "([a\u{e9}\u{6f22}\u{1f600}\n]){0,3000}") {
            let mut by_hand = Vec::new();
            let (mut line, mut column) = (1, 1);
            for char in text.chars() {
                by_hand.push((line, column));
                (line, column) = if char == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            by_hand.push((line, column));
            prop_assert_eq!(places(&text), by_hand);
        }
    }
}
