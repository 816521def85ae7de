//! Lines and what chains them.
//!
//! A line is `{"actra":"KIND","seq":N,...,"chain":"CHAIN"}`: what `CHAIN` stands for is the SHA-256 of
//! the chain before it (32 bytes) and of the line's text up to `,"chain"`. Before the first line of
//! a log stands the SHA-256 of [`START`].

use sha2::{Digest as _, Sha256};
use std::fmt;

/// What the first line of a log is chained to: its hash.
const START: &[u8] = b"actra decision log, format 1\n";

/// How every line begins.
pub(super) const BEGIN: &str = "{\"actra\":\"";

const CHAIN_KEY: &[u8] = b",\"chain\":\"";
const END: &[u8] = b"\"}";
/// Bytes of a line behind what is chained.
pub(super) const TAIL: usize = CHAIN_KEY.len() + 64 + END.len();

/// The hash that stands for a line and all lines before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Chain(pub(super) [u8; 32]);

impl Chain {
    /// What stands before the first line of a log.
    pub(super) fn start() -> Self {
        Self(Sha256::digest(START).into())
    }

    /// Of a line with that text, behind this one.
    pub(super) fn next(&self, text: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(self.0).chain_update(text).finalize().into())
    }

    /// Reads 64 hexadecimal digits, as logs write them: in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::hex(&self.0))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A line's number, and its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The line's number: the first of a log has 1.
    pub seq: u64,
    /// Its chain.
    pub chain: Chain,
}

impl Head {
    /// What stands before the first line of a log.
    pub(super) fn start() -> Self {
        Self { seq: 0, chain: Chain::start() }
    }

    /// Appends a line behind this one: `body` is what stands between its number and its chain.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, kind: &str, body: &[u8]) {
        let start = out.len();
        self.seq += 1;
        out.extend_from_slice(BEGIN.as_bytes());
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"seq\":");
        out.extend_from_slice(self.seq.to_string().as_bytes());
        out.push(b',');
        out.extend_from_slice(body);
        self.chain = self.chain.next(out.get(start..).unwrap_or_default());
        out.extend_from_slice(CHAIN_KEY);
        for byte in self.chain.0 {
            for half in [byte >> 4, byte & 15] {
                out.push(if half < 10 { b'0' + half } else { b'a' + half - 10 });
            }
        }
        out.extend_from_slice(END);
        out.push(b'\n');
    }
}

/// Bytes of a line besides kind and body, at most.
pub(super) const FRAME: usize = BEGIN.len() + 8 + 20 + 1 + TAIL + 1;

/// A line in parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    pub(super) kind: &'t str,
    pub(super) seq: u64,
    /// What is chained.
    pub(super) text: &'t [u8],
    /// What it says that its chain is.
    pub(super) chain: Chain,
}

impl<'t> Line<'t> {
    /// Takes a line apart, without its line break; `None`: it is none of a log.
    pub(super) fn parse(line: &'t [u8]) -> Option<Self> {
        let (text, tail) = line.split_at_checked(line.len().checked_sub(TAIL)?)?;
        let digits = tail.strip_prefix(CHAIN_KEY)?.strip_suffix(END)?;
        let chain = Chain::parse(std::str::from_utf8(digits).ok()?)?;
        let rest = text.strip_prefix(BEGIN.as_bytes())?;
        let end = rest.iter().position(|byte| *byte == b'"')?;
        let (kind, rest) = rest.split_at_checked(end)?;
        let rest = rest.strip_prefix(b"\",\"seq\":")?;
        let end = rest.iter().position(|byte| *byte == b',')?;
        let digits = std::str::from_utf8(rest.get(..end)?).ok()?;
        // One spelling: no sign, no zeros in front.
        let seq: u64 = digits.parse().ok()?;
        if seq.to_string() != digits {
            return None;
        }
        Some(Self { kind: std::str::from_utf8(kind).ok()?, seq, text, chain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_as_it_was_written() {
        let (mut head, mut out) = (Head::start(), Vec::new());
        head.append(&mut out, "decision", b"\"id\":\"x,\\\"chain\\\":\"");
        let line = Line::parse(out.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((line.kind, line.seq, line.chain), ("decision", 1, head.chain));
        assert_eq!(Chain::start().next(line.text), head.chain);
        assert!(out.len() <= FRAME + "decision".len() + 20);
        assert_eq!(Chain::parse(&head.chain.to_string()), Some(head.chain));
    }

    /// Whoever writes a reader of their own has something to hold it against.
    #[test]
    fn the_chain_is_what_the_format_says() {
        let (mut head, mut out) = (Head::start(), Vec::new());
        head.append(&mut out, "log", b"\"format\":1");
        let start = Sha256::digest(b"actra decision log, format 1\n");
        let mut hasher = Sha256::new();
        hasher.update(start);
        hasher.update(b"{\"actra\":\"log\",\"seq\":1,\"format\":1");
        let expected = crate::hex(&hasher.finalize());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            format!("{{\"actra\":\"log\",\"seq\":1,\"format\":1,\"chain\":\"{expected}\"}}\n")
        );
    }

    #[test]
    fn other_spellings_are_no_lines() {
        let (mut head, mut out) = (Head::start(), Vec::new());
        head.append(&mut out, "decision", b"\"id\":1");
        let line = String::from_utf8(out).unwrap();
        let line = line.trim_end();
        assert!(Line::parse(line.as_bytes()).is_some());
        for other in [
            line.replace("\"seq\":1", "\"seq\":01"),
            line.replace("\"seq\":1", "\"seq\":+1"),
            line.replace("\"seq\":1", "\"seq\": 1"),
            line.replace("{\"actra\"", "{ \"actra\""),
            line.replace("\"chain\"", "\"Chain\""),
            line.to_uppercase(),
            format!("{line} "),
            format!("{line}\r"),
            String::new(),
            "x".repeat(TAIL),
        ] {
            assert!(Line::parse(other.as_bytes()).is_none(), "{other}");
        }
    }
}
