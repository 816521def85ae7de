//! From the value of a scalar back to the bytes that made it: through escapes, doubled quotes,
//! folded lines and indentation.
//!
//! A scalar is read once more, by the rules of its style, noting where each part of the value comes
//! from. What comes out must be the value that the readers saw; otherwise there is no map, and the
//! scalar is pointed at as a whole.

use std::ops::Range;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A block behind `|`.
    Literal,
    /// A block behind `>`.
    Folded,
}

/// A part of a value and the part of the document that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// First byte in the value. The run goes on until the next one begins.
    pub(super) at: u32,
    /// First byte in the document.
    pub(super) start: u32,
    /// One past the last byte in the document.
    pub(super) end: u32,
    /// Whether the value has the document's bytes, so that its parts can be told apart.
    pub(super) same: bool,
}

/// The bytes of the document that made the bytes `from..to` of a value.
pub(crate) fn locate(runs: &[Run], from: u32, to: u32) -> Option<(u32, u32)> {
    let start = match run_of(runs, from) {
        Some(run) if run.same => (run.start + (from - run.at)).min(run.end),
        Some(run) => run.start,
        None => return None,
    };
    if to <= from {
        return Some((start, start));
    }
    let last = run_of(runs, to - 1)?;
    let end = if last.same { (last.start + (to - last.at)).min(last.end) } else { last.end };
    Some((start, end.max(start)))
}

/// Where the bytes `from..to` of a value begin in the document, if it has them as they are.
pub(crate) fn same(runs: &[Run], from: u32, to: u32) -> Option<u32> {
    let run = run_of(runs, from).filter(|run| run.same)?;
    let start = run.start + (from - run.at);
    (start + to.saturating_sub(from) <= run.end).then_some(start)
}

fn run_of(runs: &[Run], at: u32) -> Option<&Run> {
    runs.get(runs.partition_point(|run| run.at <= at).checked_sub(1)?)
}

/// The map of a scalar that stands at `place` (for quoted ones with the quotes, for blocks from
/// their first text on), or `None` where it cannot be established within so many runs.
pub(super) fn map(
    text: &str,
    place: Range<usize>,
    notation: Notation,
    value: &str,
    most: usize,
) -> Option<Vec<Run>> {
    match notation {
        Notation::Plain => flow(text, place, notation, value, most),
        Notation::Single | Notation::Double => {
            let inner = place.start + 1..place.end.checked_sub(1)?;
            flow(text, inner, notation, value, most)
        }
        Notation::Literal | Notation::Folded => block(text, place.start, notation, value, most),
    }
}

/// A value that grows together with its map.
struct Builder<'t> {
    text: &'t str,
    value: String,
    runs: Vec<Run>,
    most: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, most: usize) -> Self {
        Self { text, value: String::new(), runs: Vec::new(), most }
    }

    /// Takes over the document's bytes.
    fn copy(&mut self, start: usize, end: usize) -> Option<()> {
        let at = self.value.len() as u32;
        self.value.push_str(self.text.get(start..end)?);
        match self.runs.last_mut() {
            Some(last) if last.same && last.end == start as u32 => last.end = end as u32,
            _ if start < end => self.run(at, start, end, true)?,
            _ => {}
        }
        Some(())
    }

    /// Adds a character that these bytes of the document stand for.
    fn make(&mut self, char: char, start: usize, end: usize) -> Option<()> {
        let at = self.value.len() as u32;
        self.value.push(char);
        self.run(at, start, end, false)
    }

    fn run(&mut self, at: u32, start: usize, end: usize, same: bool) -> Option<()> {
        if self.runs.len() >= self.most {
            return None;
        }
        self.runs.push(Run { at, start: start as u32, end: end as u32, same });
        Some(())
    }

    fn finish(self, value: &str) -> Option<Vec<Run>> {
        (self.value == value).then_some(self.runs)
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// One past the bytes from there on that are such.
fn skip(bytes: &[u8], from: usize, is: fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !is(*byte)).unwrap_or(rest.len())
}

/// One past the line break that begins there.
fn skip_break(bytes: &[u8], at: usize) -> usize {
    let pair = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    at + if pair { 2 } else { 1 }
}

/// Plain and quoted scalars.
fn flow(
    text: &str,
    inner: Range<usize>,
    notation: Notation,
    value: &str,
    most: usize,
) -> Option<Vec<Run>> {
    // Nothing past the scalar is looked at.
    let bytes = text.as_bytes().get(..inner.end)?;
    let mut builder = Builder::new(text, most);
    let mut at = inner.start;
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                let behind = skip(bytes, at, is_blank);
                if bytes.get(behind).is_some_and(|byte| is_break(*byte)) {
                    fold(&mut builder, bytes, at, behind)?
                } else {
                    builder.copy(at, behind)?;
                    behind
                }
            }
            b'\'' if notation == Notation::Single => {
                builder.make('\'', at, at + 2)?;
                at + 2
            }
            b'\\' if notation == Notation::Double => escape(&mut builder, bytes, at)?,
            _ => {
                let rest = bytes.get(at + 1..)?;
                let special =
                    |byte: &u8| is_blank(*byte) || is_break(*byte) || matches!(byte, b'\'' | b'\\');
                let end = at + 1 + rest.iter().position(special).unwrap_or(rest.len());
                builder.copy(at, end)?;
                end
            }
        };
    }
    builder.finish(value)
}

/// A line break with the white space around it and the empty lines behind it: a space, or a line
/// break for each of the empty lines. `first` is where the first break stands.
fn fold(builder: &mut Builder<'_>, bytes: &[u8], from: usize, first: usize) -> Option<usize> {
    let behind = skip(bytes, skip_break(bytes, first), is_blank);
    if bytes.get(behind).is_some_and(|byte| is_break(*byte)) {
        return empty_lines(builder, bytes, behind);
    }
    builder.make(' ', from, behind)?;
    Some(behind)
}

/// The empty lines from there on, each a line break.
fn empty_lines(builder: &mut Builder<'_>, bytes: &[u8], mut at: usize) -> Option<usize> {
    while bytes.get(at).is_some_and(|byte| is_break(*byte)) {
        let behind = skip_break(bytes, at);
        builder.make('\n', at, behind)?;
        at = skip(bytes, behind, is_blank);
    }
    Some(at)
}

/// An escape in double quotes.
fn escape(builder: &mut Builder<'_>, bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |count: usize| {
        let digits = builder.text.get(at + 2..at + 2 + count)?;
        Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, count))
    };
    let (char, digits) = match bytes.get(at + 1)? {
        b'\n' | b'\r' => {
            // The break is escaped, the empty lines behind it are not.
            let behind = skip(bytes, skip_break(bytes, at + 1), is_blank);
            return empty_lines(builder, bytes, behind);
        }
        b'0' => ('\0', 0),
        b'a' => ('\u{7}', 0),
        b'b' => ('\u{8}', 0),
        b't' | b'\t' => ('\t', 0),
        b'n' => ('\n', 0),
        b'v' => ('\u{b}', 0),
        b'f' => ('\u{c}', 0),
        b'r' => ('\r', 0),
        b'e' => ('\u{1b}', 0),
        b' ' => (' ', 0),
        b'"' => ('"', 0),
        b'/' => ('/', 0),
        b'\'' => ('\'', 0),
        b'\\' => ('\\', 0),
        b'N' => ('\u{85}', 0),
        b'_' => ('\u{a0}', 0),
        b'L' => ('\u{2028}', 0),
        b'P' => ('\u{2029}', 0),
        b'x' => digits(2)?,
        b'u' => digits(4)?,
        b'U' => digits(8)?,
        _ => return None,
    };
    let end = at + 2 + digits;
    builder.make(char, at, end)?;
    Some(end)
}

/// Block scalars. `first` is where their first text stands.
fn block(
    text: &str,
    first: usize,
    notation: Notation,
    value: &str,
    most: usize,
) -> Option<Vec<Run>> {
    let line = |at: usize| text.get(..at).map(|before| before.rfind('\n').map_or(0, |at| at + 1));
    let first_line = line(first)?;
    // Empty lines before the first text belong to the value.
    let mut from = first_line;
    while from > 0 {
        let before = line(from - 1)?;
        if !text.get(before..from)?.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            break;
        }
        from = before;
    }
    let indented = skip(text.as_bytes(), first_line, |byte| byte == b' ') - first_line;
    // The first line says how far the block is indented, unless its header does: then less.
    (0..=indented).rev().take(64).find_map(|indent| {
        let mut builder = Builder::new(text, most);
        lines(&mut builder, from, indent, notation, value.len())?;
        builder.finish(value)
    })
}

/// A line of a block: its text without the indentation, and its break.
struct Line {
    text: Range<usize>,
    behind: usize,
}

fn next_line(bytes: &[u8], at: usize, indent: usize) -> Option<Line> {
    if at >= bytes.len() {
        return None;
    }
    let end = skip(bytes, at, |byte| !is_break(byte));
    let behind = if end < bytes.len() { skip_break(bytes, end) } else { end };
    let spaces = skip(bytes, at, |byte| byte == b' ').min(end);
    let start = spaces.min(at + indent);
    // A line that is indented less is empty, or no part of the block.
    (start == at + indent || spaces == end).then_some(Line { text: start..end, behind })
}

/// Reads lines until the value is as long as it should be.
fn lines(
    builder: &mut Builder<'_>,
    from: usize,
    indent: usize,
    notation: Notation,
    length: usize,
) -> Option<()> {
    let bytes = builder.text.as_bytes();
    let is_more = |line: &Range<usize>| bytes.get(line.start).is_some_and(|byte| is_blank(*byte));
    let mut at = from;
    // The last line with text, and the breaks since then.
    let mut before: Option<Range<usize>> = None;
    let mut breaks: Vec<Range<usize>> = Vec::new();
    while builder.value.len() < length {
        let line = next_line(bytes, at, indent);
        let text = line.as_ref().map(|line| line.text.clone()).filter(|text| !text.is_empty());
        if let Some(text) = &text {
            let folds = notation == Notation::Folded
                && before.as_ref().is_some_and(|before| !is_more(before) && !is_more(text));
            match breaks.as_slice() {
                [only] if folds => builder.make(' ', only.start, text.start)?,
                [_, rest @ ..] if folds => make_breaks(builder, rest, length)?,
                all => make_breaks(builder, all, length)?,
            }
            breaks.clear();
            builder.copy(text.start, text.end)?;
            before = Some(text.clone());
        }
        let Some(line) = line else {
            // The end of the block: breaks that are kept.
            return make_breaks(builder, &breaks, length);
        };
        if line.behind > line.text.end {
            breaks.push(line.text.end..line.behind);
        }
        at = line.behind;
    }
    Some(())
}

fn make_breaks(builder: &mut Builder<'_>, breaks: &[Range<usize>], length: usize) -> Option<()> {
    for at in breaks {
        if builder.value.len() < length {
            builder.make('\n', at.start, at.end)?;
        }
    }
    Some(())
}
