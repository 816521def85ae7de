//! Inputs: how they are written, and streams of them line by line.

use crate::args::InputFormat;
use actra::{InputCode, InputError, MAX_DEPTH, MAX_TEXT_BYTES};
use serde::de::IgnoredAny;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Bytes that are asked for at a time.
const BLOCK: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Opens a file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> io::Result<Lines<Box<dyn Read>>> {
    let reader: Box<dyn Read> =
        if is_standard(path) { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    Ok(Lines::new(reader))
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The format that was asked for, or else the one that the extension names; `Auto` where the text
/// has to tell.
pub(crate) fn format_of(path: &Path, asked: InputFormat) -> InputFormat {
    if asked != InputFormat::Auto || is_standard(path) {
        return asked;
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "json" => InputFormat::Json,
        "jsonl" | "ndjson" => InputFormat::Jsonl,
        "yaml" | "yml" => InputFormat::Yaml,
        _ => InputFormat::Auto,
    }
}

/// A line of a stream. Its number counts from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'b> {
    /// Its text without the line break.
    Text(u64, &'b [u8]),
    /// It is longer than an input may be, and was skipped.
    TooLong(u64),
}

/// Reads lines into one buffer, which no line makes larger than an input may be.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    /// The line last read; longer than an input may be where it was too long.
    line: Vec<u8>,
    number: u64,
    /// Whether the line has been looked at only, and is still to be given out.
    is_pending: bool,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(BLOCK, reader),
            line: Vec::new(),
            number: 0,
            is_pending: false,
        }
    }

    /// Whether the next line is here already, so that reading it waits for nobody.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_pending || self.reader.buffer().contains(&b'\n')
    }

    /// The next line that is not blank.
    pub(crate) fn next_filled(&mut self) -> io::Result<Option<Line<'_>>> {
        while !std::mem::take(&mut self.is_pending) {
            if !self.advance()? {
                return Ok(None);
            }
            self.is_pending = !is_blank(&self.line);
        }
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > MAX_TEXT_BYTES {
            return Ok(Some(Line::TooLong(self.number)));
        }
        Ok(Some(Line::Text(self.number, text)))
    }

    /// Reads a line with its line break. What it has beyond the limit is read and forgotten.
    fn advance(&mut self) -> io::Result<bool> {
        // The line break may take two bytes more, and one tells that there was more.
        const KEPT: usize = MAX_TEXT_BYTES + 3;
        self.line.clear();
        let mut is_there = false;
        loop {
            let block = match self.reader.fill_buf() {
                Ok(block) => block,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if block.is_empty() {
                break;
            }
            is_there = true;
            let end = block.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let part = block.get(..end.unwrap_or(block.len())).unwrap_or(block);
            let room = KEPT.saturating_sub(self.line.len());
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let length = part.len();
            self.reader.consume(length);
            if end.is_some() {
                break;
            }
        }
        self.number += u64::from(is_there);
        Ok(is_there)
    }

    /// Everything, with the lines read so far put back in front as `head`; `None` if that is more
    /// than an input may be.
    pub(crate) fn rest(mut self, head: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        let mut text = head;
        let room = (MAX_TEXT_BYTES + 1).saturating_sub(text.len());
        Read::by_ref(&mut self.reader).take(room as u64).read_to_end(&mut text)?;
        Ok((text.len() <= MAX_TEXT_BYTES).then_some(text))
    }
}

pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// What an input of unknown format is, by its first line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// JSON Lines: the line is an input by itself, or too long for anything else.
    Lines,
    /// The whole text is one input; these are the lines of it that were read.
    Whole(Vec<u8>),
}

impl<R: Read> Lines<R> {
    /// Finds out what the input is. Nothing may have been read of it.
    pub(crate) fn sniff(&mut self) -> io::Result<Sniffed> {
        let mut head = Vec::new();
        while self.advance()? {
            let is_filled = !is_blank(&self.line);
            if is_filled && (self.line.len() > MAX_TEXT_BYTES || is_object(&self.line)) {
                self.is_pending = true;
                return Ok(Sniffed::Lines);
            }
            if head.len() <= MAX_TEXT_BYTES {
                head.extend_from_slice(&self.line);
            }
            if is_filled {
                break;
            }
        }
        Ok(Sniffed::Whole(head))
    }
}

/// Whether a text has lines that are JSON objects by themselves: JSON Lines by another name.
pub(crate) fn looks_like_lines(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !is_blank(line));
    lines.next().is_some_and(is_object) && lines.next().is_some()
}

/// Whether the text is a JSON object from beginning to end. One that is nested too deep is taken
/// for one by its brackets: it cannot be any other input.
fn is_object(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    if !text.starts_with(b"{") {
        return false;
    }
    match nesting(text) {
        Some(depth) if depth > MAX_DEPTH => true,
        Some(_) => serde_json::from_slice::<IgnoredAny>(text).is_ok(),
        None => false,
    }
}

/// The deepest nesting of the text, if its brackets close at its very end and not before.
fn nesting(text: &[u8]) -> Option<usize> {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return (at + 1 == text.len()).then_some(deepest);
                }
            }
            b'"' => loop {
                match bytes.next()?.1 {
                    b'\\' => drop(bytes.next()?),
                    b'"' => break,
                    _ => {}
                }
            },
            _ => {}
        }
    }
    None
}

/// What is wrong with a text whatever its format: it begins with a byte order mark.
pub(crate) fn refusal(text: &[u8]) -> Option<InputError> {
    text.starts_with(BYTE_ORDER_MARK).then(|| InputError {
        code: InputCode::Malformed,
        field: None,
        message: "the input begins with a byte order mark: write UTF-8 without one".to_owned(),
    })
}

/// The error for an input over the limit.
pub(crate) fn too_large() -> InputError {
    InputError {
        code: InputCode::TooLarge,
        field: None,
        message: format!("the input is larger than {MAX_TEXT_BYTES} bytes"),
    }
}

/// The error for an input with nothing in it.
pub(crate) fn empty() -> InputError {
    InputError { code: InputCode::Malformed, field: None, message: "the input is empty".to_owned() }
}

/// A few bytes at a time, as pipes may give them.
#[cfg(test)]
pub(crate) mod trickle {
    use std::io::{self, Read};

    pub(crate) struct Trickle<'a>(pub(crate) &'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(3);
            self.0.read(&mut buffer[..length])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::trickle::Trickle;
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(Trickle(text));
        let mut found = Vec::new();
        while let Some(line) = lines.next_filled().unwrap() {
            found.push(match line {
                Line::Text(number, text) => (number, Some(text.to_vec())),
                Line::TooLong(number) => (number, None),
            });
        }
        found
    }

    #[test]
    fn lines_come_without_their_breaks_and_blank_ones_only_count() {
        let line = |number, text: &[u8]| (number, Some(text.to_vec()));
        assert_eq!(
            all(b"one\n\n \t\r\ntwo\r\nthree"),
            [line(1, b"one"), line(4, b"two"), line(5, b"three")]
        );
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n\n"), []);
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_and_the_next_one_is_read() {
        let mut text = vec![b'a'; MAX_TEXT_BYTES];
        text.extend_from_slice(b"\r\n");
        text.extend(std::iter::repeat_n(b'b', MAX_TEXT_BYTES + 1));
        text.extend_from_slice(b"\nc\n");
        let mut lines = Lines::new(text.as_slice());
        assert!(
            matches!(lines.next_filled().unwrap(), Some(Line::Text(1, text)) if text.len() == MAX_TEXT_BYTES)
        );
        assert_eq!(lines.next_filled().unwrap(), Some(Line::TooLong(2)));
        assert!(lines.line.capacity() < MAX_TEXT_BYTES * 3);
        assert_eq!(lines.next_filled().unwrap(), Some(Line::Text(3, b"c")));
        assert_eq!(lines.next_filled().unwrap(), None);
    }

    fn sniffed(text: &str) -> Sniffed {
        Lines::new(Trickle(text.as_bytes())).sniff().unwrap()
    }

    #[test]
    fn the_first_line_tells_json_lines_from_a_whole_text() {
        for lines in ["{}", "\n {\"a\": \"}\\\"\"} \n{", "{\"a\": [{}]}\r\nb"] {
            assert_eq!(sniffed(lines), Sniffed::Lines, "{lines}");
        }
        let deep = format!("{{\"a\":{}{}}}\n", "[".repeat(500), "]".repeat(500));
        assert_eq!(sniffed(&deep), Sniffed::Lines);
        for (whole, head) in [
            ("", ""),
            ("\n\n", "\n\n"),
            ("\n{\n}\n", "\n{\n"),
            ("{a: 1}\nb", "{a: 1}\n"),
            ("{} {}\n", "{} {}\n"),
            ("{}}\n", "{}}\n"),
            ("{\"a\": \"\n", "{\"a\": \"\n"),
            ("[1]\n", "[1]\n"),
            ("a: 1\nb: 2\n", "a: 1\n"),
        ] {
            assert_eq!(sniffed(whole), Sniffed::Whole(head.as_bytes().to_vec()), "{whole}");
        }
    }

    #[test]
    fn a_sniffed_line_is_given_out_again() {
        let mut lines = Lines::new(Trickle(b"\n{}\n[]\n"));
        assert_eq!(lines.sniff().unwrap(), Sniffed::Lines);
        assert_eq!(lines.next_filled().unwrap(), Some(Line::Text(2, b"{}")));
        assert_eq!(lines.next_filled().unwrap(), Some(Line::Text(3, b"[]")));
        assert_eq!(lines.next_filled().unwrap(), None);
    }

    #[test]
    fn a_whole_text_is_put_together_again() {
        let mut lines = Lines::new(Trickle(b"\na: 1\nb: 2\n"));
        let Sniffed::Whole(head) = lines.sniff().unwrap() else { panic!("it is no stream") };
        assert_eq!(lines.rest(head).unwrap().unwrap(), b"\na: 1\nb: 2\n");
        let endless = Lines::new(io::repeat(b'a'));
        assert_eq!(endless.rest(Vec::new()).unwrap(), None);
    }

    #[test]
    fn extensions_name_formats_unless_one_is_asked_for() {
        let of = |path: &str, asked| format_of(Path::new(path), asked);
        assert_eq!(of("a.JSON", InputFormat::Auto), InputFormat::Json);
        assert_eq!(of("a/b.ndjson", InputFormat::Auto), InputFormat::Jsonl);
        assert_eq!(of("b.yml", InputFormat::Auto), InputFormat::Yaml);
        assert_eq!(of("b.yml", InputFormat::Json), InputFormat::Json);
        assert_eq!(of("b.txt", InputFormat::Auto), InputFormat::Auto);
        assert_eq!(of("-", InputFormat::Auto), InputFormat::Auto);
        assert_eq!(of("-", InputFormat::Jsonl), InputFormat::Jsonl);
    }
}
