//! A JSON reader that keeps what others drop: keys that stand twice, integers of any size, `1e400`.
//!
//! An integer literal (no point, no exponent) outside 64 bits stays an integer; a number too large
//! for a double is an infinity. What is wrong with the text is an input error of the language page.

use crate::Value;
use crate::reference::{Code, InputError, MAX_DEPTH, MAX_TEXT_BYTES};

/// Reads one JSON text.
pub fn parse(text: &str) -> Result<Value, InputError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(InputError::new(Code::TooLarge, None));
    }
    let mut reader = Reader { rest: text };
    let value = reader.value(1)?;
    reader.skip_space();
    if reader.rest.is_empty() { Ok(value) } else { Err(malformed()) }
}

/// Reads one JSON text from bytes, which must be UTF-8.
pub fn parse_bytes(bytes: &[u8]) -> Result<Value, InputError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(_) => Err(InputError::new(Code::NotUtf8, None)),
    }
}

const fn malformed() -> InputError {
    InputError::new(Code::Malformed, None)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn next(&mut self) -> Result<char, InputError> {
        let mut characters = self.rest.chars();
        let next = characters.next().ok_or_else(malformed)?;
        self.rest = characters.as_str();
        Ok(next)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, level: usize) -> Result<Value, InputError> {
        self.skip_space();
        match self.peek() {
            Some('{' | '[') if level > MAX_DEPTH => Err(InputError::new(Code::TooDeep, None)),
            Some('{') => self.object(level),
            Some('[') => self.list(level),
            Some('"') => Ok(Value::String(self.string()?)),
            Some('-' | '0'..='9') => self.number(),
            _ if self.take("null") => Ok(Value::Null),
            _ if self.take("true") => Ok(Value::Bool(true)),
            _ if self.take("false") => Ok(Value::Bool(false)),
            _ => Err(malformed()),
        }
    }

    fn list(&mut self, level: usize) -> Result<Value, InputError> {
        self.next()?;
        let mut items = Vec::new();
        self.skip_space();
        if self.take("]") {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(level + 1)?);
            self.skip_space();
            match self.next()? {
                ',' => {}
                ']' => return Ok(Value::List(items)),
                _ => return Err(malformed()),
            }
        }
    }

    fn object(&mut self, level: usize) -> Result<Value, InputError> {
        self.next()?;
        let mut entries = Vec::new();
        self.skip_space();
        if self.take("}") {
            return Ok(Value::Object(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some('"') {
                return Err(malformed());
            }
            let key = self.string()?;
            self.skip_space();
            if !self.take(":") {
                return Err(malformed());
            }
            let value = self.value(level + 1)?;
            entries.push((key, value));
            self.skip_space();
            match self.next()? {
                ',' => {}
                '}' => return Ok(Value::Object(entries)),
                _ => return Err(malformed()),
            }
        }
    }

    fn string(&mut self) -> Result<String, InputError> {
        self.next()?;
        let mut out = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                character if (character as u32) < 0x20 => return Err(malformed()),
                character => out.push(character),
            }
        }
    }

    fn escape(&mut self) -> Result<char, InputError> {
        Ok(match self.next()? {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hex4()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        if !self.take("\\u") {
                            return Err(InputError::new(Code::NotUtf8, None));
                        }
                        match self.hex4()? {
                            second @ 0xdc00..=0xdfff => {
                                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                            }
                            _ => return Err(InputError::new(Code::NotUtf8, None)),
                        }
                    }
                    _ => first,
                };
                // Half of a surrogate pair is no character of UTF-8.
                char::from_u32(code).ok_or(InputError::new(Code::NotUtf8, None))?
            }
            _ => return Err(malformed()),
        })
    }

    fn hex4(&mut self) -> Result<u32, InputError> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.next()?.to_digit(16).ok_or_else(malformed)?;
        }
        Ok(code)
    }

    fn digits(&mut self) -> Result<String, InputError> {
        let mut digits = String::new();
        while let Some(digit @ '0'..='9') = self.peek() {
            digits.push(digit);
            self.next()?;
        }
        if digits.is_empty() { Err(malformed()) } else { Ok(digits) }
    }

    fn number(&mut self) -> Result<Value, InputError> {
        let mut text = String::new();
        if self.take("-") {
            text.push('-');
        }
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(malformed());
        }
        text.push_str(&whole);
        let mut is_integer = true;
        if self.take(".") {
            is_integer = false;
            text.push('.');
            text.push_str(&self.digits()?);
        }
        if self.take("e") || self.take("E") {
            is_integer = false;
            text.push('e');
            if self.take("-") {
                text.push('-');
            } else {
                self.take("+");
            }
            text.push_str(&self.digits()?);
        }
        if is_integer {
            return Ok(text.parse().map_or(Value::BigInt(text), Value::Int));
        }
        text.parse().map(Value::Float).map_err(|_| malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_json_allows() {
        let cases = [
            ("null", Value::Null),
            (" [ ] ", Value::List(vec![])),
            ("{\"a\":1,\"a\":2}", Value::object([("a", Value::Int(1)), ("a", Value::Int(2))])),
            ("-0", Value::Int(0)),
            ("9223372036854775808", Value::BigInt("9223372036854775808".into())),
            ("1e400", Value::Float(f64::INFINITY)),
            ("5.0", Value::Float(5.0)),
            ("\"\\ud83d\\ude00\\u0041\"", Value::string("😀A")),
        ];
        for (text, value) in cases {
            assert_eq!(parse(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn refuses_what_json_does_not() {
        for text in
            ["", "nul", "01", "+1", ".5", "5.", "[1,]", "{a:1}", "'a'", "1 2", "NaN", "\"\n\""]
        {
            assert_eq!(parse(text).unwrap_err().code, Code::Malformed, "{text}");
        }
        assert_eq!(parse("\"\\ud800\"").unwrap_err().code, Code::NotUtf8);
        assert_eq!(parse_bytes(b"\"\xff\"").unwrap_err().code, Code::NotUtf8);
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(&deep(64)).is_ok());
        assert_eq!(parse(&deep(65)).unwrap_err().code, Code::TooDeep);
    }
}
