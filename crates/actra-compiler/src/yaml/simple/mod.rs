//! Where the nodes stand of a document that keeps to the simple part of YAML: block mappings and
//! sequences, flow collections, scalars on one line, comments.
//!
//! For such a document this gives what `events` gives, at a small part of the cost. Of any other
//! one (anchors, tags, tabs, scalars over several lines, whatever needs a rule of its own) it gives
//! nothing, and the whole parser reads it. What a document means, this does not decide: the joiner
//! holds every node against what `serde_yaml` says.

mod flow;
mod scalar;
#[cfg(test)]
mod tests;
mod tree;

use super::events::{Event, Events, Style, Text, What};
use scalar::Place;
pub(super) use tree::tree;

/// Collections inside each other. More is not simple.
const MAX_DEPTH: usize = 32;

/// Bytes of a key. Beyond about a thousand, YAML wants a sign before it.
const MAX_KEY_BYTES: u32 = 1_000;

/// Reads the events of a document, if it is simple.
pub(super) fn read(text: &str) -> Option<Events> {
    if text.bytes().any(|byte| matches!(byte, b'\t' | b'\r')) {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        line: 0,
        next: None,
        depth: 0,
        // Reckoned low: nodes are short, and growing is cheaper than room that is never used.
        nodes: Vec::with_capacity(text.len() / 16),
        end: 0,
    };
    reader.find_line()?;
    let column = reader.next?;
    // A scalar alone is no document of ours.
    if !reader.is_dash() && !matches!(reader.peek(0), b'[' | b'{') {
        let first = reader.scalar(Where::Block)?;
        reader.is_colon().then_some(())?;
        reader.mapping(column, first)?;
    } else {
        reader.block(column, None)?;
    }
    reader.next.is_none().then_some(Events { nodes: reader.nodes, foreign_tags: Vec::new() })
}

/// In what a scalar stands: brackets and commas end it only inside brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Block,
    Flow,
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    /// The byte that is looked at.
    at: usize,
    /// Where its line begins.
    line: usize,
    /// Past the end of a line: the column of the next thing, which begins at `at`. `None` at the
    /// document's end.
    next: Option<usize>,
    depth: usize,
    nodes: Vec<Event>,
    /// Where the last node that has ended ends.
    end: u32,
}

/// A collection that is being read.
struct Open {
    node: usize,
    children: u32,
}

impl Reader<'_> {
    /// The byte so far on; zero at the end (which is no byte of any document).
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Whether a word ends so far on.
    fn is_end(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\n' | 0)
    }

    /// Whether an item of a block sequence begins here.
    fn is_dash(&self) -> bool {
        self.peek(0) == b'-' && self.is_end(1)
    }

    /// Whether a value follows here.
    fn is_colon(&self) -> bool {
        self.peek(0) == b':' && self.is_end(1)
    }

    fn skip_spaces(&mut self) {
        while self.peek(0) == b' ' {
            self.at += 1;
        }
    }

    /// Skips a comment, if one stands here.
    fn skip_comment(&mut self) -> Option<()> {
        if self.peek(0) == b'#' {
            // Only behind white space is it one.
            let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
            before.is_none_or(|byte| matches!(byte, b' ' | b'\n')).then_some(())?;
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        }
        Some(())
    }

    /// Goes from behind a value to the next thing, on a later line.
    fn end_line(&mut self) -> Option<()> {
        self.skip_spaces();
        self.skip_comment()?;
        match self.peek(0) {
            b'\n' | 0 => self.find_line(),
            _ => None,
        }
    }

    /// Goes to the next thing, past empty lines and comments.
    fn find_line(&mut self) -> Option<()> {
        loop {
            if self.peek(0) == b'\n' {
                self.at += 1;
                self.line = self.at;
            }
            self.skip_spaces();
            self.skip_comment()?;
            match self.peek(0) {
                b'\n' => {}
                0 => {
                    self.next = None;
                    return (self.at == self.bytes.len()).then_some(());
                }
                _ => break,
            }
        }
        let column = self.at - self.line;
        let rest = self.bytes.get(self.at..)?;
        // Directives and the signs between documents.
        let is_marker = rest.starts_with(b"---") || rest.starts_with(b"...");
        if column == 0 && (is_marker || rest.starts_with(b"%")) {
            return None;
        }
        self.next = Some(column);
        Some(())
    }

    fn push_scalar(&mut self, Place { start, end, text, style }: Place) {
        self.end = end;
        self.nodes.push(Event { start, end, what: What::Scalar { text, style } });
    }

    fn open(&mut self, start: usize, what: What) -> Option<Open> {
        self.depth += 1;
        let node = self.nodes.len();
        self.nodes.push(Event { start: start as u32, end: start as u32, what });
        (self.depth <= MAX_DEPTH).then_some(Open { node, children: 0 })
    }

    /// Ends a collection there.
    fn close(&mut self, open: &Open, end: u32) {
        self.depth -= 1;
        self.end = end;
        if let Some(event) = self.nodes.get_mut(open.node) {
            event.end = end;
            if let What::Sequence { len } | What::Mapping { len } = &mut event.what {
                *len = open.children;
            }
        }
    }

    /// A node that begins here, in that column, the first thing on its line or behind dashes.
    /// `parent` is the column of the collection that holds it.
    fn block(&mut self, column: usize, parent: Option<usize>) -> Option<()> {
        if self.is_dash() {
            return self.sequence(column);
        }
        if matches!(self.peek(0), b'[' | b'{') {
            self.flow(parent)?;
            return self.end_line();
        }
        let scalar = self.scalar(Where::Block)?;
        if self.is_colon() {
            return self.mapping(column, scalar);
        }
        self.push_scalar(scalar);
        self.end_line()
    }

    /// A block mapping, from behind its first key on.
    fn mapping(&mut self, column: usize, first: Place) -> Option<()> {
        let mut open = self.open(first.start as usize, What::Mapping { len: 0 })?;
        let mut key = first;
        loop {
            (key.end - key.start <= MAX_KEY_BYTES).then_some(())?;
            self.push_scalar(key);
            self.value(column)?;
            open.children += 1;
            match self.next {
                Some(next) if next == column => {}
                // What goes on further in would belong to a scalar.
                Some(next) if next > column => return None,
                _ => break,
            }
            key = self.scalar(Where::Block)?;
            self.is_colon().then_some(())?;
        }
        // A block collection ends where its last node does.
        self.close(&open, self.end);
        Some(())
    }

    /// The value behind a key of a block mapping, from its colon on.
    fn value(&mut self, column: usize) -> Option<()> {
        let colon = self.at;
        self.at += 1;
        self.skip_spaces();
        match self.peek(0) {
            b'\n' | b'#' | 0 => {
                self.end_line()?;
                match self.next {
                    Some(next) if next > column => self.block(next, Some(column)),
                    // The items of a sequence may stand below the key.
                    Some(next) if next == column && self.is_dash() => self.sequence(next),
                    _ => self.push_nothing(colon),
                }
            }
            b'[' | b'{' => {
                self.flow(Some(column))?;
                self.end_line()
            }
            _ => {
                let scalar = self.scalar(Where::Block)?;
                self.push_scalar(scalar);
                // No second key stands on the line: that would be no end of it.
                self.end_line()
            }
        }
    }

    /// A value that is not there: its place is the colon's.
    fn push_nothing(&mut self, colon: usize) -> Option<()> {
        // Where the key ends in a sign, the sign is taken for the place.
        let before = self.bytes.get(colon.checked_sub(1)?)?;
        (!matches!(before, b':' | b'-' | b'?')).then_some(())?;
        let start = colon as u32;
        let text = Text::Verbatim { start, len: 0 };
        self.push_scalar(Place { start, end: start, text, style: Style::Plain });
        Some(())
    }

    /// A block sequence, from its first dash on.
    fn sequence(&mut self, column: usize) -> Option<()> {
        let mut open = self.open(self.at, What::Sequence { len: 0 })?;
        loop {
            self.at += 1;
            self.skip_spaces();
            // Where a dash stands alone on its line, or another follows it, places depend on the
            // white space.
            let is_odd = self.is_dash() || matches!(self.peek(0), b'\n' | b'#' | 0);
            (!is_odd).then_some(())?;
            self.block(self.at - self.line, Some(column))?;
            open.children += 1;
            match self.next {
                Some(next) if next == column && self.is_dash() => {}
                Some(next) if next > column => return None,
                _ => break,
            }
        }
        // A block collection ends where its last node does.
        self.close(&open, self.end);
        Some(())
    }
}
