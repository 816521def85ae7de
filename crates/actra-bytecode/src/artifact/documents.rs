//! The documents section: the texts that the program was compiled from, for whoever wants to ask
//! more than a program can tell. No evaluation reads them.

use super::ArtifactError;
use super::read::Reader;
use crate::limits::{MAX_ARTIFACT_BYTES, MAX_DOCUMENT_BYTES};
use alloc::string::String;
use alloc::vec::Vec;

/// The texts of the source files that the metadata names, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Documents {
    text: String,
    ends: Vec<u32>,
}

impl Documents {
    /// Of a file that holds none.
    pub(super) const NONE: &'static Self = &Self { text: String::new(), ends: Vec::new() };

    pub(super) fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, ArtifactError> {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for (entry, document) in texts.into_iter().enumerate() {
            bounded(document.len(), entry)?;
            let bytes = text.len() + document.len();
            if bytes > MAX_ARTIFACT_BYTES {
                return Err(ArtifactError::TooLarge { bytes, limit: MAX_ARTIFACT_BYTES });
            }
            text.push_str(document);
            ends.push(text.len() as u32);
        }
        Ok(Self { text, ends })
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let range = start..*end as usize;
            start = range.end;
            self.text.get(range).unwrap_or("")
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.ends.len() * 4 + self.text.len());
        bytes.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    /// Reads the section of a file whose metadata names so many sources.
    pub(super) fn read(mut reader: Reader<'_>, sources: usize) -> Result<Self, ArtifactError> {
        let ends = reader.records(sources)?.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let text =
            core::str::from_utf8(reader.rest()).map_err(|_| bad("the text is not UTF-8", 0))?;
        Ok(Self { text: String::from(text), ends })
    }

    /// Verifies that there is one for each of so many sources, and nothing else.
    pub(super) fn verify(&self, sources: usize) -> Result<(), ArtifactError> {
        if self.ends.is_empty() || self.ends.len() != sources {
            return Err(bad("there is not one for each source", self.ends.len()));
        }
        let mut start = 0;
        for (entry, end) in self.ends.iter().enumerate() {
            let end = *end as usize;
            let Some(text) = self.text.get(start..end) else {
                return Err(bad("it does not follow the one before", entry));
            };
            bounded(text.len(), entry)?;
            start = end;
        }
        if start == self.text.len() {
            Ok(())
        } else {
            Err(bad("text is left over", self.ends.len()))
        }
    }
}

fn bounded(bytes: usize, entry: usize) -> Result<(), ArtifactError> {
    if bytes <= MAX_DOCUMENT_BYTES { Ok(()) } else { Err(bad("it is larger than allowed", entry)) }
}

fn bad(what: &'static str, entry: usize) -> ArtifactError {
    ArtifactError::BadDocument { what, entry }
}
