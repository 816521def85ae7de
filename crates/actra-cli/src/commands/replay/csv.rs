//! CSV, record by record. None makes the buffers larger than an input may be.

use actra::MAX_TEXT_BYTES;
use csv_core::{ReadRecordResult, Reader};
use std::io::{self, BufRead, BufReader, Read};

/// Most cells of a record.
pub(super) const MAX_CELLS: usize = 65_536;

const BLOCK: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A record that has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read1 {
    /// It is in the reader: see [`Records::text`] and [`Records::ends`].
    Whole,
    /// It is larger than an input may be, and was skipped.
    TooLarge,
    /// The log ends inside of its quotes.
    Unclosed,
}

/// Reads records into one buffer.
pub(super) struct Records<R> {
    reader: BufReader<R>,
    core: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    used: usize,
    cells: usize,
    /// The line that is read next, counting from 1.
    line: u64,
    is_begun: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(BLOCK, reader),
            core: Reader::new(),
            text: vec![0; 4096],
            ends: vec![0; 64],
            used: 0,
            cells: 0,
            line: 1,
            is_begun: false,
        }
    }

    /// The cells of the record, one after the other.
    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..self.used).unwrap_or_default()
    }

    /// Where each cell ends.
    pub(super) fn ends(&self) -> &[usize] {
        self.ends.get(..self.cells).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.reader.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.reader.buffer())
    }

    /// Leaves out blank lines, so that the record is known to begin on the line that comes.
    fn skip_blank_lines(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.skip_mark()?;
        }
        loop {
            let block = self.fill()?;
            let blank = block.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let lines = count(block.get(..blank).unwrap_or_default(), b'\n');
            let is_done = blank < block.len() || block.is_empty();
            self.line += lines;
            self.reader.consume(blank);
            if is_done {
                return Ok(());
            }
        }
    }

    /// Programs that write tables put a byte order mark in front.
    fn skip_mark(&mut self) -> io::Result<()> {
        // Buffered readers are empty here, and a first block of one or two bytes comes from pipes
        // only, whose writers do not put a mark there.
        if self.fill()?.starts_with(BYTE_ORDER_MARK) {
            self.reader.consume(BYTE_ORDER_MARK.len());
        }
        Ok(())
    }

    /// The next record, and the line that it begins on; `None` at the end.
    pub(super) fn next_record(&mut self) -> io::Result<Option<(u64, Read1)>> {
        self.skip_blank_lines()?;
        let begin = self.line;
        (self.used, self.cells) = (0, 0);
        let (mut is_too_large, mut quotes, mut last, mut is_there) = (false, 0, 0, false);
        loop {
            self.fill()?;
            let block = self.reader.buffer();
            let is_end = block.is_empty();
            is_there |= !is_end;
            let (result, read, written, ended) = self.core.read_record(
                block,
                self.text.get_mut(self.used..).unwrap_or_default(),
                self.ends.get_mut(self.cells..).unwrap_or_default(),
            );
            let taken = block.get(..read).unwrap_or_default();
            quotes += count(taken, b'"');
            self.line += count(taken, b'\n');
            last = taken.last().copied().unwrap_or(last);
            self.reader.consume(read);
            self.used += written;
            self.cells += ended;
            // What is too large is read on into the same room, and forgotten.
            if self.used > MAX_TEXT_BYTES || self.cells > MAX_CELLS {
                is_too_large = true;
            }
            if is_too_large {
                (self.used, self.cells) = (0, 0);
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull if is_too_large => {
                }
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record if !is_there => return Ok(None),
                ReadRecordResult::Record => {
                    // A quote inside of an unquoted cell is a character like any other.
                    let is_cut = is_end && quotes % 2 == 1 && (last != b'"' || self.line > begin);
                    return Ok(Some((
                        begin,
                        match (is_too_large, is_cut) {
                            (true, _) => Read1::TooLarge,
                            (false, true) => Read1::Unclosed,
                            (false, false) => Read1::Whole,
                        },
                    )));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

fn count(bytes: &[u8], wanted: u8) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == wanted)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::trickle::Trickle;

    fn all(text: &[u8]) -> Vec<(u64, Result<Vec<String>, Read1>)> {
        let mut records = Records::new(Trickle(text));
        let mut found = Vec::new();
        while let Some((line, read)) = records.next_record().unwrap() {
            let mut start = 0;
            let cells = records.ends().iter().map(|end| {
                let cell = &records.text()[start..*end];
                start = *end;
                String::from_utf8_lossy(cell).into_owned()
            });
            found.push((line, if read == Read1::Whole { Ok(cells.collect()) } else { Err(read) }));
        }
        found
    }

    fn cells(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, Read1>) {
        (line, Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[test]
    fn records_know_the_line_that_they_begin_on() {
        let text = b"\xef\xbb\xbfa,b\r\n\r\n\n1,\"x\ny\"\"\"\r\n,\n\"\",2";
        assert_eq!(
            all(text),
            [
                cells(1, &["a", "b"]),
                cells(4, &["1", "x\ny\""]),
                cells(6, &["", ""]),
                cells(7, &["", "2"])
            ]
        );
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n\r\n"), []);
        assert_eq!(all(b"a"), [cells(1, &["a"])]);
    }

    #[test]
    fn a_log_that_ends_inside_of_quotes_is_seen_to() {
        assert_eq!(all(b"a,b\n1,\"x\n2,3\n"), [cells(1, &["a", "b"]), (2, Err(Read1::Unclosed))]);
        assert_eq!(all(b"a,\"b\""), [cells(1, &["a", "b"])]);
        assert_eq!(all(b"a,b\"c\nd,e\n"), [cells(1, &["a", "b\"c"]), cells(2, &["d", "e"])]);
    }

    #[test]
    fn a_record_over_the_limit_is_skipped_and_the_next_one_is_read() {
        let mut text = b"a,b\n\"".to_vec();
        text.extend(std::iter::repeat_n(b'\n', MAX_TEXT_BYTES + 1));
        text.extend_from_slice(b"\",2\n3,4\n");
        text.extend(std::iter::repeat_n(b',', MAX_CELLS + 1));
        text.extend_from_slice(b"\n5,6\n");
        let mut records = Records::new(text.as_slice());
        let mut found = Vec::new();
        while let Some(record) = records.next_record().unwrap() {
            found.push(record);
        }
        let lines = MAX_TEXT_BYTES as u64;
        assert_eq!(
            found,
            [
                (1, Read1::Whole),
                (2, Read1::TooLarge),
                (lines + 4, Read1::Whole),
                (lines + 5, Read1::TooLarge),
                (lines + 6, Read1::Whole)
            ]
        );
        assert!(records.text.capacity() <= MAX_TEXT_BYTES * 2);
    }
}
