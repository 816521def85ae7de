//! Reading a section: little-endian integers and runs of bytes, to its exact end.

use super::{ArtifactError, Section};

/// What is left of a section.
pub(super) struct Reader<'a> {
    section: Section,
    length: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(section: Section, bytes: &'a [u8]) -> Self {
        Self { section, length: bytes.len(), rest: bytes }
    }

    fn error(&self) -> ArtifactError {
        ArtifactError::SectionLength { section: self.section, bytes: self.length }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ArtifactError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(|| self.error())?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ArtifactError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, ArtifactError> {
        self.array().map(u64::from_le_bytes)
    }

    /// As many bytes as `count` records of that width take.
    pub(super) fn records<const N: usize>(
        &mut self,
        count: usize,
    ) -> Result<&'a [[u8; N]], ArtifactError> {
        let bytes = count.checked_mul(N).and_then(|bytes| self.rest.split_at_checked(bytes));
        let (bytes, rest) = bytes.ok_or_else(|| self.error())?;
        self.rest = rest;
        Ok(bytes.as_chunks().0)
    }

    /// Everything that is left, as records of that width.
    pub(super) fn all_records<const N: usize>(self) -> Result<&'a [[u8; N]], ArtifactError> {
        let (records, rest) = self.rest.as_chunks();
        if rest.is_empty() { Ok(records) } else { Err(self.error()) }
    }

    /// Everything that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), ArtifactError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error()) }
    }
}
