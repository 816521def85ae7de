//! Where the nodes of a document stand: the events of `saphyr-parser`, in document order, with
//! aliases left as references.

use super::exact::Notation;
use crate::limits::{MAX_DOCUMENT_DEPTH, MAX_DOCUMENT_NODES};
use saphyr_parser::{Event as Raw, Parser, ScalarStyle, Tag};

/// Foreign tags that are reported. Nobody reads more, and a hostile document has millions.
const MAX_FOREIGN_TAGS: usize = 1_000;

/// A node as the event reader sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// First byte, past anchor and tag.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// What it is.
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A scalar. `typed`: it is plain or has one of YAML's tags, so it may be other than a string.
    Scalar { text: Text, style: Style },
    /// A sequence of so many items.
    Sequence { len: u32 },
    /// A mapping of so many entries.
    Mapping { len: u32 },
    /// The node of that number again.
    Alias { target: u32 },
}

/// The content of a scalar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// It stands in the document like this.
    Verbatim { start: u32, len: u32 },
    /// It is one line of a block: all but the line break at its end stands in the document.
    Line { start: u32, text: Box<str> },
    /// Escapes, line folding or indentation made it.
    Made(Box<str>, Notation),
}

/// As much of a scalar's style as matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Plain, without a tag.
    Plain,
    /// With one of YAML's tags.
    Tagged,
    /// Quoted or in a block: a string.
    Quoted,
}

/// Everything that the event reader has to say of a document.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The nodes.
    pub(super) nodes: Vec<Event>,
    /// Tags that are not YAML's own, or not on the nodes that they are for.
    pub(super) foreign_tags: Vec<(u32, u32)>,
}

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// The parser refuses the document.
    Refused { at: u32, why: String },
    /// An alias stands inside the node that it names.
    SelfReference { start: u32, end: u32 },
    /// A second document begins.
    SecondDocument { start: u32, end: u32 },
    /// Nested too deep.
    TooDeep { at: u32 },
    /// Too many nodes.
    TooManyNodes { at: u32 },
}

impl Text {
    /// The content. `document` is the text that was read.
    pub(super) fn as_str<'a>(&'a self, document: &'a str) -> &'a str {
        match self {
            Self::Verbatim { start, len } => {
                let start = *start as usize;
                document.get(start..start + *len as usize).unwrap_or_default()
            }
            Self::Line { text, .. } | Self::Made(text, _) => text,
        }
    }
}

/// Reads the events of a document.
pub(super) fn read(text: &str) -> Result<Events, Stop> {
    let mut reader = Reader {
        text,
        cursor: Cursor { text, ascii: text.is_ascii(), chars: 0, bytes: 0 },
        events: Events::default(),
        open: Vec::new(),
        anchors: Vec::new(),
        documents: 0,
    };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                let start = reader.cursor.byte(span.start.index());
                let end = reader.cursor.byte(span.end.index()).max(start);
                reader.event(event, start, end)?;
            }
            Err(error) => {
                let at = reader.cursor.byte(error.marker().index());
                return Err(Stop::Refused { at, why: error.info().to_owned() });
            }
        }
    }
    Ok(reader.events)
}

struct Reader<'t> {
    text: &'t str,
    cursor: Cursor<'t>,
    events: Events,
    open: Vec<Open>,
    /// Node numbers by the parser's anchor numbers.
    anchors: Vec<u32>,
    documents: u32,
}

/// A collection that has not ended.
struct Open {
    node: u32,
    flow: bool,
    children: u32,
    /// Where its last child ends.
    last: u32,
}

impl Reader<'_> {
    fn event(&mut self, event: Raw<'_>, start: u32, end: u32) -> Result<(), Stop> {
        match event {
            Raw::Nothing | Raw::StreamStart | Raw::StreamEnd | Raw::DocumentEnd => {}
            Raw::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Stop::SecondDocument { start, end });
                }
            }
            Raw::Alias(anchor) => {
                let target = self.anchors.get(anchor).copied().unwrap_or(u32::MAX);
                if self.open.iter().any(|open| open.node == target) {
                    return Err(Stop::SelfReference { start, end });
                }
                self.push(start, end, What::Alias { target }, 0)?;
            }
            Raw::Scalar(text, style, anchor, tag) => {
                let content = self.properties(start, anchor, tag.as_deref(), "str");
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                // Behind anchor and tag stands the header of a block; without them, the event
                // begins with its text.
                let start = if is_block && (anchor > 0 || tag.is_some()) {
                    self.behind_header(content, end)
                } else {
                    content
                };
                let (start, end, text) = self.place_scalar(start, end, &text, style);
                let style = match style {
                    _ if tag.is_some() => Style::Tagged,
                    ScalarStyle::Plain => Style::Plain,
                    _ => Style::Quoted,
                };
                self.push(start, end, What::Scalar { text, style }, anchor)?;
            }
            Raw::SequenceStart(anchor, tag) => {
                let start = self.properties(start, anchor, tag.as_deref(), "seq");
                self.open(start, end, What::Sequence { len: 0 }, anchor)?;
            }
            Raw::MappingStart(anchor, tag) => {
                let start = self.properties(start, anchor, tag.as_deref(), "map");
                self.open(start, end, What::Mapping { len: 0 }, anchor)?;
            }
            Raw::SequenceEnd | Raw::MappingEnd => self.close(start),
        }
        Ok(())
    }

    fn push(&mut self, start: u32, end: u32, what: What, anchor: usize) -> Result<(), Stop> {
        let node = self.events.nodes.len() as u32;
        if node >= MAX_DOCUMENT_NODES {
            return Err(Stop::TooManyNodes { at: start });
        }
        if anchor > 0 {
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, u32::MAX);
            }
            if let Some(place) = self.anchors.get_mut(anchor) {
                *place = node;
            }
        }
        if let Some(open) = self.open.last_mut() {
            open.children += 1;
            open.last = open.last.max(end);
        }
        self.events.nodes.push(Event { start, end, what });
        Ok(())
    }

    fn open(&mut self, start: u32, end: u32, what: What, anchor: usize) -> Result<(), Stop> {
        if self.open.len() >= MAX_DOCUMENT_DEPTH {
            return Err(Stop::TooDeep { at: start });
        }
        let node = self.events.nodes.len() as u32;
        // In flow style the event covers the bracket, in block style it covers nothing of its own
        // (a block mapping may begin with a bracket, too: that of its first key).
        let flow = end > start && self.is_any(start, *b"[{");
        let start = match what {
            What::Sequence { .. } if !flow => self.dash(start),
            _ => start,
        };
        self.push(start, end, what, anchor)?;
        self.open.push(Open { node, flow, children: 0, last: start });
        Ok(())
    }

    /// Ends a collection with an event that begins there.
    fn close(&mut self, at: u32) {
        let Some(open) = self.open.pop() else { return };
        // In block style the end event stands where the next thing begins.
        let end = if open.flow && self.is_any(at, *b"]}") { at + 1 } else { open.last };
        if let Some(event) = self.events.nodes.get_mut(open.node as usize) {
            event.end = end;
            match &mut event.what {
                What::Sequence { len } => *len = open.children,
                What::Mapping { len } => *len = open.children / 2,
                What::Scalar { .. } | What::Alias { .. } => {}
            }
        }
        if let Some(parent) = self.open.last_mut() {
            parent.last = parent.last.max(end);
        }
    }

    fn is_any(&self, at: u32, bytes: [u8; 2]) -> bool {
        self.text.as_bytes().get(at as usize).is_some_and(|byte| bytes.contains(byte))
    }

    /// Where the text of a block scalar begins whose header stands there.
    fn behind_header(&self, header: u32, end: u32) -> u32 {
        let block = self.text.get(header as usize..end as usize).unwrap_or_default();
        let line = block.find(['\n', '\r']).unwrap_or(block.len());
        let rest = block.get(line..).unwrap_or_default();
        let text = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if text.is_empty() { header } else { end - text.len() as u32 }
    }

    /// Where a block sequence begins: some events stand behind its first dash.
    fn dash(&self, start: u32) -> u32 {
        let (before, after) = self.text.split_at_checked(start as usize).unwrap_or_default();
        let before = before.trim_end();
        if !after.starts_with("- ") && before.ends_with('-') {
            before.len() as u32 - 1
        } else {
            start
        }
    }

    /// Where a node begins past its anchor and tag. Notes tags that are not fine.
    fn properties(&mut self, start: u32, anchor: usize, tag: Option<&Tag>, kind: &str) -> u32 {
        if anchor == 0 && tag.is_none() {
            return start;
        }
        let (content, tag_place) = skip_properties(self.text, start as usize);
        if let Some(tag) = tag
            && !fits(tag, kind)
            && self.events.foreign_tags.len() < MAX_FOREIGN_TAGS
        {
            let (from, to) = tag_place.unwrap_or((start as usize, content));
            self.events.foreign_tags.push((from as u32, to as u32));
        }
        content as u32
    }

    /// The place of a scalar without white space and comments around it, and its content.
    fn place_scalar(
        &self,
        start: u32,
        end: u32,
        text: &str,
        style: ScalarStyle,
    ) -> (u32, u32, Text) {
        let (from, to) = (start as usize, end as usize);
        let made = || Text::Made(text.into(), notation(style));
        match style {
            ScalarStyle::Plain if text.is_empty() => {
                // Nothing is written, and the event stands on a sign nearby or behind it.
                let before = self.text.get(..from).unwrap_or_default();
                let (start, end) = match self.text.as_bytes().get(from) {
                    Some(b':' | b'-' | b'?') if to > from => (start, start + 1),
                    _ if before.trim_end().ends_with([':', '-', '?']) => {
                        let behind = before.trim_end().len() as u32;
                        (behind - 1, behind)
                    }
                    _ => (start, start),
                };
                (start, end, Text::Verbatim { start, len: 0 })
            }
            ScalarStyle::Plain => {
                let begin = to.saturating_sub(text.len());
                if self.text.get(begin..to) == Some(text) {
                    let begin = begin as u32;
                    (begin, end, Text::Verbatim { start: begin, len: text.len() as u32 })
                } else {
                    (start, end, made())
                }
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let Some(end) = closing_quote(self.text, from) else {
                    return (start, end, made());
                };
                let inner = (from + 1, end.saturating_sub(1));
                let text = if self.text.get(inner.0..inner.1) == Some(text) {
                    Text::Verbatim { start: inner.0 as u32, len: text.len() as u32 }
                } else {
                    made()
                };
                (start, end as u32, text)
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let written = self.text.get(from..to).unwrap_or_default().trim_end();
                let end = start + written.len() as u32;
                // One line of text is as good as a plain scalar.
                let text = match text.strip_suffix('\n').unwrap_or(text) {
                    line if line == written => Text::Line { start, text: text.into() },
                    _ => made(),
                };
                (start, end, text)
            }
        }
    }
}

const fn notation(style: ScalarStyle) -> Notation {
    match style {
        ScalarStyle::Plain => Notation::Plain,
        ScalarStyle::SingleQuoted => Notation::Single,
        ScalarStyle::DoubleQuoted => Notation::Double,
        ScalarStyle::Literal => Notation::Literal,
        ScalarStyle::Folded => Notation::Folded,
    }
}

/// Whether a tag is one of YAML's own and stands on a node that it is for. `kind` is the tag of
/// the node's kind: `str` for all scalars.
fn fits(tag: &Tag, kind: &str) -> bool {
    // A verbatim tag (`!<tag:yaml.org,2002:str>`) comes without a handle.
    let suffix = match tag.handle.as_str() {
        "tag:yaml.org,2002:" => tag.suffix.as_str(),
        "" => tag.suffix.strip_prefix("tag:yaml.org,2002:").unwrap_or_default(),
        _ => return false,
    };
    suffix == kind || (kind == "str" && matches!(suffix, "null" | "bool" | "int" | "float"))
}

/// Skips anchor and tag, and the space around them. Gives the tag's place, too.
fn skip_properties(text: &str, from: usize) -> (usize, Option<(usize, usize)>) {
    let bytes = text.as_bytes();
    let run = |from: usize, stop: fn(u8) -> bool| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len())
    };
    let mut at = from;
    let mut tag = None;
    loop {
        match bytes.get(at) {
            Some(b'&') => at = run(at, |byte| byte.is_ascii_whitespace() || is_flow(byte)),
            Some(b'!') if tag.is_none() => {
                let end = match bytes.get(at + 1) {
                    Some(b'<') => (run(at, |byte| byte == b'>') + 1).min(bytes.len()),
                    _ => run(at, |byte| byte.is_ascii_whitespace() || is_flow(byte)),
                };
                tag = Some((at, end));
                at = end;
            }
            Some(b'#') => at = run(at, |byte| matches!(byte, b'\n' | b'\r')),
            Some(byte) if byte.is_ascii_whitespace() => at += 1,
            _ => return (at, tag),
        }
    }
}

fn is_flow(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

/// One past the closing quote of the scalar that begins at a quote.
fn closing_quote(text: &str, from: usize) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().skip(from).peekable();
    let (_, quote) = bytes.next()?;
    if !matches!(quote, b'\'' | b'"') {
        return None;
    }
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quote == b'"' => {
                bytes.next();
            }
            b'\'' if quote == b'\'' && matches!(bytes.peek(), Some((_, b'\''))) => {
                bytes.next();
            }
            _ if byte == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Turns the parser's indexes, which count characters, into bytes. Indexes hardly ever go
/// backwards, and never far, so walking from the last one is linear in the document.
struct Cursor<'t> {
    text: &'t str,
    ascii: bool,
    chars: usize,
    bytes: usize,
}

impl Cursor<'_> {
    fn byte(&mut self, index: usize) -> u32 {
        if self.ascii {
            return index.min(self.text.len()) as u32;
        }
        while self.chars < index && self.bytes < self.text.len() {
            self.bytes += 1;
            while !self.text.is_char_boundary(self.bytes) {
                self.bytes += 1;
            }
            self.chars += 1;
        }
        while self.chars > index && self.bytes > 0 {
            self.bytes -= 1;
            while !self.text.is_char_boundary(self.bytes) {
                self.bytes -= 1;
            }
            self.chars -= 1;
        }
        self.bytes as u32
    }
}
