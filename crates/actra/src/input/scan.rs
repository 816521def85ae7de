//! JSON text into a frame, as JSON mostly is: strings and numbers that can be taken as they stand.
//!
//! Where anything is not as it should be, or rare, this is unsure, and the text is read from its
//! beginning by `json`, which knows all of JSON and says what is wrong. So whatever this takes,
//! and each fault of the filler's, must come about in the same order there.

use super::filler::{Fault, Filler};
use super::json::{MAX_NUMBER_BYTES, number};
use actra_bytecode::limits::MAX_INPUT_STRING_BYTES;
use actra_vm::Value;
use jiter::Jiter;

/// What came of a text.
pub(super) enum Scanned {
    /// It is in the frame.
    Whole,
    /// The filler refuses it.
    Refused(Fault),
    /// It is for the whole reader.
    Unsure,
}

/// Reads one JSON text.
pub(super) fn scan<'v>(
    text: &'v str,
    tape: &mut Vec<u8>,
    filler: &mut Filler<'_, '_, 'v>,
) -> Scanned {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0, tape, fault: None };
    let read = scanner.value(filler);
    match (read, scanner.fault.take()) {
        (_, Some(fault)) => Scanned::Refused(fault),
        (Some(()), None) if scanner.next() == 0 && scanner.at == text.len() => {
            filler.finish().map_or_else(Scanned::Refused, |()| Scanned::Whole)
        }
        _ => Scanned::Unsure,
    }
}

struct Scanner<'v, 't> {
    text: &'v str,
    bytes: &'v [u8],
    at: usize,
    /// Room for what escapes stand for.
    tape: &'t mut Vec<u8>,
    /// Why reading stopped, if the filler stopped it.
    fault: Option<Fault>,
}

/// A string's end: a quote, or an escape (and then the whole string is to be decoded).
enum Text<'v> {
    Verbatim(&'v str),
    Escaped,
}

impl<'v> Scanner<'v, '_> {
    /// The next byte that is not white space; zero at the end, and that stands for no token.
    #[inline]
    fn next(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Goes on unless the filler refuses.
    #[inline]
    fn told(&mut self, told: Result<(), Fault>) -> Option<()> {
        match told {
            Ok(()) => Some(()),
            Err(fault) => {
                self.fault = Some(fault);
                None
            }
        }
    }

    /// Recursion is bounded: the filler refuses to nest deeper than 64 levels.
    fn value(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Option<()> {
        let value = match self.next() {
            b'"' => match self.string()? {
                Text::Verbatim(text) if text.len() > MAX_INPUT_STRING_BYTES => Value::TooLarge,
                Text::Verbatim(text) => Value::String(text),
                Text::Escaped => self.escaped(filler)?,
            },
            b'{' => return self.object(filler),
            b'[' => return self.array(filler),
            b't' => self.word(b"true", Value::Boolean(true))?,
            b'f' => self.word(b"false", Value::Boolean(false))?,
            b'n' => self.word(b"null", Value::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return None,
        };
        filler.scalar(value);
        Some(())
    }

    fn word(&mut self, word: &[u8], value: Value<'v>) -> Option<Value<'v>> {
        self.bytes.get(self.at..)?.starts_with(word).then_some(())?;
        self.at += word.len();
        Some(value)
    }

    /// The string that begins at the quote here. Behind it, unless it holds escapes: then still
    /// there.
    #[inline]
    fn string(&mut self) -> Option<Text<'v>> {
        let start = self.at + 1;
        let end = start + string_end(self.bytes.get(start..)?)?;
        match self.bytes.get(end)? {
            b'"' => {
                self.at = end + 1;
                self.text.get(start..end).map(Text::Verbatim)
            }
            b'\\' => Some(Text::Escaped),
            _ => None,
        }
    }

    /// The string with escapes that begins here.
    #[cold]
    fn escaped(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Option<Value<'v>> {
        let rest = self.bytes.get(self.at..)?;
        let mut jiter = Jiter::with_tape(rest, core::mem::take(self.tape));
        let value = match jiter.known_str() {
            Ok(text) if text.len() > MAX_INPUT_STRING_BYTES => Some(Value::TooLarge),
            Ok(text) => Some(Value::Text(filler.push_text(text))),
            Err(_) => None,
        };
        self.at += jiter.current_index();
        *self.tape = jiter.into_tape();
        value
    }

    fn number(&mut self) -> Option<Value<'v>> {
        /// So many digits are below the greatest integer.
        const FEW: usize = 18;
        let start = self.at;
        let negative = self.bytes.get(start) == Some(&b'-');
        let first = start + usize::from(negative);
        let mut at = first;
        let mut magnitude = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(at) {
            magnitude = magnitude.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            at += 1;
        }
        let digits = at - first;
        let starts_with_zero = self.bytes.get(first) == Some(&b'0');
        if digits == 0 || (starts_with_zero && digits > 1) {
            return None;
        }
        let is_integer = !matches!(self.bytes.get(at), Some(b'.' | b'e' | b'E'));
        if is_integer && digits <= FEW {
            self.at = at;
            return Some(Value::Integer(if negative { -magnitude } else { magnitude }));
        }
        if self.bytes.get(at) == Some(&b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(at) {
            let is_signed = matches!(self.bytes.get(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(is_signed))?;
        }
        self.at = at;
        let written = self.bytes.get(start..at)?;
        (written.len() <= MAX_NUMBER_BYTES).then(|| number(written)).flatten()
    }

    /// Behind the digits from there on, of which there is one at least.
    fn digits(&self, from: usize) -> Option<usize> {
        let rest = self.bytes.get(from..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    }

    fn array(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Option<()> {
        let told = filler.begin_list();
        self.told(told)?;
        self.at += 1;
        if self.next() == b']' {
            self.at += 1;
        } else {
            loop {
                self.value(filler)?;
                if self.is_last(b']')? {
                    break;
                }
            }
        }
        filler.end_list();
        Some(())
    }

    fn object(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Option<()> {
        let told = filler.begin_object();
        self.told(told)?;
        self.at += 1;
        if self.next() == b'}' {
            self.at += 1;
        } else {
            loop {
                (self.next() == b'"').then_some(())?;
                let Text::Verbatim(key) = self.string()? else { return None };
                (self.next() == b':').then_some(())?;
                self.at += 1;
                let told = filler.key(key);
                self.told(told)?;
                self.value(filler)?;
                if self.is_last(b'}')? {
                    break;
                }
            }
        }
        filler.end_object();
        Some(())
    }

    /// Behind an item: whether the collection ends, and not goes on.
    #[inline]
    fn is_last(&mut self, closing: u8) -> Option<bool> {
        let byte = self.next();
        self.at += 1;
        if byte == b',' { Some(false) } else { (byte == closing).then_some(true) }
    }
}

/// Where the first quote, backslash or control character stands.
#[inline]
fn string_end(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let mut at = 0;
    // Eight bytes at once: the lowest mark is at such a byte (those above it may be at others).
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
        let quotes = zeros(word ^ (ONES * b'"' as u64));
        let escapes = zeros(word ^ (ONES * b'\\' as u64));
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let marks = (quotes | escapes | controls) & HIGHS;
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    rest.iter().position(is_end).map(|behind| at + behind)
}

#[cfg(test)]
mod tests {
    use super::string_end;

    #[test]
    fn strings_end_at_the_first_quote_backslash_or_control_character() {
        for end in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for before in 0..20 {
                for other in [b'a', b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = vec![other; before];
                    bytes.push(end);
                    bytes.extend_from_slice(b"\"\\\"\"aaaaaaa\n\"");
                    assert_eq!(string_end(&bytes), Some(before), "{bytes:?}");
                }
            }
        }
        assert_eq!(string_end(b""), None);
        assert_eq!(string_end("aaaaaaaaé\u{7f} ".as_bytes()), None);
    }
}
