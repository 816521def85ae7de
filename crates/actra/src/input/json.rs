//! JSON text into a frame: all of JSON, and what is wrong with what is none.

use super::filler::{Fault, Filler};
use actra_bytecode::limits::MAX_INPUT_STRING_BYTES;
use actra_vm::{InputCode, Value};
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

/// Reads one JSON text.
pub(crate) fn read<'v>(
    text: &'v str,
    tape: &mut Vec<u8>,
    filler: &mut Filler<'_, '_, 'v>,
) -> Result<(), Fault> {
    let mut reader =
        Reader { text, jiter: Jiter::with_tape(text.as_bytes(), core::mem::take(tape)) };
    let result = reader.read(filler);
    *tape = reader.jiter.into_tape();
    result
}

struct Reader<'v> {
    text: &'v str,
    jiter: Jiter<'v>,
}

impl<'v> Reader<'v> {
    fn read(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        let peek = self.jiter.peek().map_err(|error| self.syntax(&error))?;
        self.value(peek, filler)?;
        self.jiter.finish().map_err(|error| self.syntax(&error))?;
        filler.finish()
    }

    /// Recursion is bounded: the filler refuses to nest deeper than 64 levels.
    fn value(&mut self, peek: Peek, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        match peek {
            Peek::Null => {
                self.jiter.known_null().map_err(|error| self.syntax(&error))?;
                filler.scalar(Value::Null);
            }
            Peek::True | Peek::False => {
                let value = self.jiter.known_bool(peek).map_err(|error| self.syntax(&error))?;
                filler.scalar(Value::Boolean(value));
            }
            Peek::String => self.string(filler)?,
            Peek::Array => self.array(filler)?,
            Peek::Object => self.object(filler)?,
            _ => self.number(peek, filler)?,
        }
        Ok(())
    }

    fn string(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        let start = self.jiter.current_index();
        let string = match self.jiter.known_str() {
            Ok(string) => string,
            Err(error) => return Err(self.syntax(&error)),
        };
        let len = string.len();
        if len > MAX_INPUT_STRING_BYTES {
            filler.scalar(Value::TooLarge);
            return Ok(());
        }
        // `start` is at the opening quote. With no escapes in between, the text stands there as it
        // is, followed by the closing quote, and reading has stopped behind that.
        let verbatim = self.text.get(start + 1..start + 1 + len).filter(|text| *text == string);
        let value = match verbatim {
            Some(text) => Value::String(text),
            None => Value::Text(filler.push_text(string)),
        };
        filler.scalar(value);
        Ok(())
    }

    fn number(&mut self, peek: Peek, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        let value = match self.jiter.known_number_bytes(peek) {
            Ok(bytes) => number(bytes),
            Err(error) => return Err(self.syntax(&error)),
        };
        match value {
            Some(value) => filler.scalar(value),
            None => return Err(malformed("a number is malformed".to_owned())),
        }
        Ok(())
    }

    fn array(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        filler.begin_list()?;
        let mut next = self.jiter.known_array().map_err(|error| self.syntax(&error))?;
        while let Some(peek) = next {
            self.value(peek, filler)?;
            next = self.jiter.array_step().map_err(|error| self.syntax(&error))?;
        }
        filler.end_list();
        Ok(())
    }

    fn object(&mut self, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        filler.begin_object()?;
        let mut is_first = true;
        loop {
            let step = if is_first { self.jiter.known_object() } else { self.jiter.next_key() };
            is_first = false;
            match step {
                Ok(Some(key)) => filler.key(key)?,
                Ok(None) => break,
                Err(error) => return Err(self.syntax(&error)),
            }
            let peek = self.jiter.peek().map_err(|error| self.syntax(&error))?;
            self.value(peek, filler)?;
        }
        filler.end_object();
        Ok(())
    }

    #[cold]
    fn syntax(&self, error: &JiterError) -> Fault {
        let position = self.jiter.error_position(error.index);
        let is_cut = matches!(
            error.error_type,
            JiterErrorType::JsonError(JsonErrorType::UnexpectedEndOfHexEscape)
        );
        let is_surrogate = (is_cut && ends_in_surrogate(self.text, error.index))
            || matches!(
                error.error_type,
                JiterErrorType::JsonError(
                    JsonErrorType::LoneLeadingSurrogateInHexEscape
                        | JsonErrorType::InvalidUnicodeCodePoint
                )
            );
        let message =
            format!("{} at line {} column {}", error.error_type, position.line, position.column);
        let code = if is_surrogate { InputCode::NotUtf8 } else { InputCode::Malformed };
        Fault { code, field: None, message }
    }
}

/// Whether a `\\u` escape, the last before the index, is the first half of a surrogate pair.
fn ends_in_surrogate(text: &str, index: usize) -> bool {
    let upto = text.as_bytes().get(..text.len().min(index + 1)).unwrap_or(&[]);
    let Some(at) = upto.windows(2).rposition(|pair| pair == b"\\u") else { return false };
    let digits = text.get(at + 2..at + 6).unwrap_or("");
    u32::from_str_radix(digits, 16).is_ok_and(|unit| (0xd800..0xdc00).contains(&unit))
}

fn malformed(message: String) -> Fault {
    Fault { code: InputCode::Malformed, field: None, message }
}

/// Numbers as long as this are well below the most digits that the reader takes.
pub(super) const MAX_NUMBER_BYTES: usize = 4_000;

/// A number by its text: without a fraction or an exponent it is an integer, of whatever size.
pub(super) fn number<'v>(bytes: &[u8]) -> Option<Value<'v>> {
    let is_integer = !bytes.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_integer && let Some(value) = small_integer(bytes) {
        return Some(Value::Integer(value));
    }
    let text = core::str::from_utf8(bytes).ok()?;
    if is_integer {
        return match text.parse::<i64>() {
            Ok(value) => Some(Value::Integer(value)),
            Err(_) => text.parse().ok().map(Value::BigInteger),
        };
    }
    text.parse().ok().map(Value::Float)
}

/// Integers of at most 18 digits, without overflow checks.
fn small_integer(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, bytes),
    };
    if digits.len() > 18 {
        return None;
    }
    let value = digits.iter().fold(0, |value: i64, digit| value * 10 + i64::from(digit - b'0'));
    Some(if negative { -value } else { value })
}
