//! Scalars on one line.

use super::super::events::{Style, Text};
use super::super::exact::Notation;
use super::{Reader, Where};

/// A scalar and where it stands.
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) text: Text,
    pub(super) style: Style,
}

impl Reader<'_> {
    /// The scalar that begins here. Behind it stands a colon, or what ends a value.
    pub(super) fn scalar(&mut self, place: Where) -> Option<Place> {
        match self.peek(0) {
            b'\'' => self.single(),
            b'"' => self.double(),
            _ => self.plain(place),
        }
    }

    /// A scalar without quotes, without the white space behind it.
    fn plain(&mut self, place: Where) -> Option<Place> {
        let start = self.at;
        let is_fine = match self.peek(0) {
            b'-' => self.peek(1).is_ascii_alphanumeric() || self.peek(1) == b'.',
            first => is_first(first),
        };
        is_fine.then_some(())?;
        let mut end = start;
        loop {
            // Words and what else means nothing.
            let rest = self.bytes.get(self.at..)?;
            let word = rest.iter().position(|byte| is_sign(*byte)).unwrap_or(rest.len());
            if word > 0 {
                self.at += word;
                end = self.at;
            }
            match self.peek(0) {
                b' ' => {
                    self.skip_spaces();
                    if self.peek(0) == b'#' {
                        break;
                    }
                    // A colon behind white space is left to others.
                    (self.peek(0) != b':').then_some(())?;
                }
                b':' if self.is_end(1) => break,
                b':' if place == Where::Flow && !self.peek(1).is_ascii_alphanumeric() => {
                    return None;
                }
                b',' | b']' | b'}' if place == Where::Flow => break,
                b'[' | b'{' | b'?' if place == Where::Flow => return None,
                b'\n' => break,
                0 => {
                    (self.at == self.bytes.len()).then_some(())?;
                    break;
                }
                _ => {
                    self.at += 1;
                    end = self.at;
                }
            }
        }
        (end > start).then_some(())?;
        let (start, len) = (start as u32, (end - start) as u32);
        let text = Text::Verbatim { start, len };
        Some(Place { start, end: end as u32, text, style: Style::Plain })
    }

    /// A scalar in single quotes.
    fn single(&mut self) -> Option<Place> {
        let start = self.at;
        let mut is_verbatim = true;
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'\'' | b'\n'))?;
            (self.peek(0) == b'\'').then_some(())?;
            self.at += 1;
            if self.peek(0) != b'\'' {
                break;
            }
            self.at += 1;
            is_verbatim = false;
        }
        let inner = self.text.get(start + 1..self.at - 1)?;
        let text = if is_verbatim {
            Text::Verbatim { start: start as u32 + 1, len: inner.len() as u32 }
        } else {
            Text::Made(inner.replace("''", "'").into(), Notation::Single)
        };
        Some(self.quoted(start, text))
    }

    /// A scalar in double quotes, with none but the most usual escapes.
    fn double(&mut self) -> Option<Place> {
        let start = self.at;
        self.at += 1;
        let mut made: Option<String> = None;
        loop {
            let from = self.at;
            let rest = self.bytes.get(from..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
            if let Some(made) = &mut made {
                made.push_str(self.text.get(from..self.at)?);
            }
            match self.peek(0) {
                b'"' => break,
                b'\\' => {
                    let char = match self.peek(1) {
                        b'n' => '\n',
                        b't' => '\t',
                        sign @ (b'\\' | b'"') => char::from(sign),
                        _ => return None,
                    };
                    let before = self.text.get(start + 1..self.at)?;
                    made.get_or_insert_with(|| before.to_owned()).push(char);
                    self.at += 2;
                }
                _ => return None,
            }
        }
        self.at += 1;
        let text = match made {
            Some(made) => Text::Made(made.into(), Notation::Double),
            None => Text::Verbatim { start: start as u32 + 1, len: (self.at - start - 2) as u32 },
        };
        Some(self.quoted(start, text))
    }

    fn quoted(&self, start: usize, text: Text) -> Place {
        Place { start: start as u32, end: self.at as u32, text, style: Style::Quoted }
    }
}

/// Whether a plain scalar may begin with this byte, whatever comes next.
const fn is_first(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'_' | b'/' | b'.' | b'+' | b'(' | b'$' | b'^' | b'~' | b'=' | b';')
        || matches!(byte, b'<' | b'\\')
}

/// Whether this byte may end a plain scalar.
const fn is_sign(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'?' | 0)
}
