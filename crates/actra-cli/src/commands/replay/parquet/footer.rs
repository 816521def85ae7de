//! A look at a file's footer before the `parquet` crate reads it: that one recurses into schemas
//! however deep they are, and a stack that runs over cannot be caught. Only the shape of the schema
//! is read here, in Thrift's compact encoding.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Deepest nesting of a schema that is read.
pub(super) const MAX_SCHEMA_DEPTH: usize = 256;

/// Deepest nesting of what is passed over.
const MAX_SKIP_DEPTH: u32 = 32;

const MAGIC: &[u8] = b"PAR1";

/// Whether the schema is nested deeper than the limit. Where there is no footer, it is not: whoever
/// reads it says so.
pub(super) fn is_too_deep(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let size = file.seek(SeekFrom::End(0))?;
    let Some(tail) = size.checked_sub(8) else { return Ok(false) };
    file.seek(SeekFrom::Start(tail))?;
    let mut end = [0; 8];
    file.read_exact(&mut end)?;
    let (length, magic) = end.split_at(4);
    let length = length.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let Some(start) = tail.checked_sub(length).filter(|_| magic == MAGIC) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Thrift { reader: BufReader::new(file.take(length)) };
    match footer.schema_is_too_deep() {
        Ok(is_too_deep) => Ok(is_too_deep),
        // What is cut off or no Thrift has no schema to recurse into that was not seen.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

struct Thrift<R> {
    reader: R,
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its end is damaged")
}

impl<R: Read> Thrift<R> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        Ok(u8::from_be_bytes(byte))
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged())
    }

    /// The next field of a structure, its number and type; `None` at its end.
    fn field(&mut self, last: &mut i64) -> io::Result<Option<u8>> {
        let byte = self.byte()?;
        let (step, kind) = (byte >> 4, byte & 15);
        if kind == 0 {
            return Ok(None);
        }
        *last = if step == 0 { signed(self.number()?) } else { *last + i64::from(step) };
        Ok(Some(kind))
    }

    fn schema_is_too_deep(&mut self) -> io::Result<bool> {
        let mut last = 0;
        while let Some(kind) = self.field(&mut last)? {
            // It goes on: a second schema would be read, too.
            if last != 2 || kind != 9 {
                self.skip(kind, 0)?;
            } else if self.list_is_too_deep()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes through the schema's elements, which stand there in depth-first order.
    fn list_is_too_deep(&mut self) -> io::Result<bool> {
        let (count, kind) = self.list()?;
        if kind != 12 {
            return Err(damaged());
        }
        // Members that are still to come, of each group under way.
        let mut groups: Vec<u64> = Vec::new();
        for _ in 0..count {
            while groups.last() == Some(&0) {
                groups.pop();
            }
            if let Some(left) = groups.last_mut() {
                *left -= 1;
            }
            let (mut last, mut members) = (0, 0);
            while let Some(kind) = self.field(&mut last)? {
                if last == 5 && kind == 5 {
                    members = u64::try_from(signed(self.number()?)).unwrap_or(0);
                } else {
                    self.skip(kind, 0)?;
                }
            }
            if members > 0 {
                groups.push(members);
            }
            if groups.len() > MAX_SCHEMA_DEPTH {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The length of a list and the type of its items.
    fn list(&mut self) -> io::Result<(u64, u8)> {
        let byte = self.byte()?;
        let count = if byte >> 4 == 15 { self.number()? } else { u64::from(byte >> 4) };
        Ok((count, byte & 15))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        if depth > MAX_SKIP_DEPTH {
            return Err(damaged());
        }
        match kind {
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => self.pass(8)?,
            8 => {
                let length = self.number()?;
                self.pass(length)?;
            }
            9 | 10 => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.skip_item(kind, depth)?;
                }
            }
            11 => {
                let count = self.number()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip_item(kinds >> 4, depth)?;
                    self.skip_item(kinds & 15, depth)?;
                }
            }
            12 => {
                let mut last = 0;
                while let Some(kind) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return Err(damaged()),
        }
        Ok(())
    }

    /// In lists and maps, booleans have a byte of their own.
    fn skip_item(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        self.skip(if matches!(kind, 1 | 2) { 3 } else { kind }, depth + 1)
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.reader.by_ref().take(length), &mut io::sink())?;
        if passed == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Thrift's way to write negative numbers in few bytes.
const fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A file without rows whose schema nests so deep: its root, groups `a` and one column.
    fn nested(depth: usize) -> Vec<u8> {
        let count = depth + 1;
        let mut footer = vec![0x15, 2, 0x19, 0xfc];
        let mut rest = count;
        while rest > 127 {
            footer.push((rest & 127) as u8 | 128);
            rest >>= 7;
        }
        footer.push(rest as u8);
        // Each: optional, called `a`, with one member; the last is an integer without any.
        footer.extend_from_slice(&[0x48, 1, b'a', 0x15, 2, 0]);
        for _ in 1..depth {
            footer.extend_from_slice(&[0x35, 2, 0x18, 1, b'a', 0x15, 2, 0]);
        }
        footer.extend_from_slice(&[0x15, 2, 0x25, 2, 0x18, 1, b'a', 0]);
        footer.extend_from_slice(&[0x16, 0, 0x19, 0x0c, 0]);
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&footer);
        file.extend_from_slice(&(footer.len() as u32).to_le_bytes());
        file.extend_from_slice(MAGIC);
        file
    }

    #[test]
    fn only_schemas_over_the_limit_are_too_deep() {
        for (depth, is_deep) in
            [(1, false), (MAX_SCHEMA_DEPTH, false), (MAX_SCHEMA_DEPTH + 1, true), (1_000_000, true)]
        {
            let mut file = Cursor::new(nested(depth));
            assert_eq!(is_too_deep(&mut file).unwrap(), is_deep, "{depth}");
        }
        for text in [b"" as &[u8], b"PAR1", b"PAR1\x05\0\0\0PAR1", b"PAR1\xff\xff\xff\xffPAR1"] {
            assert!(!is_too_deep(&mut Cursor::new(text)).unwrap_or(false));
        }
    }
}
