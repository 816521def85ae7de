//! The header and the section table: which bytes of the file are what.

use super::ArtifactError;
use crate::limits::MAX_ARTIFACT_BYTES;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// What every artifact begins with. The first byte is no ASCII and the last two are a line end, so
/// a file that went through a text conversion is seen for what it is.
const MAGIC: [u8; 8] = *b"\x89ACTRA\r\n";

/// The format's major version: another one cannot be read.
pub const FORMAT_MAJOR: u16 = 1;
/// The format's minor version: those up to it can be read.
pub const FORMAT_MINOR: u16 = 0;
/// The first release that reads this format.
const READER: [u16; 3] = [0, 8, 0];
/// Features that a file may need.
const KNOWN_FEATURES: u32 = 0;

/// Bytes of the header.
const HEADER: usize = 24;
/// Bytes of an entry of the section table.
const ENTRY: usize = 12;
/// Where the first section begins.
const START: usize = HEADER + SECTIONS * ENTRY;
const SECTIONS: usize = 4;
/// Where the table tells how long the signature section is.
pub(super) const SIGNATURES_LENGTH_AT: usize = START - 4;

/// A section, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Section {
    /// The program's bytes.
    Program = 1,
    /// What the file says of itself.
    Identity = 2,
    /// Names for people.
    Metadata = 3,
    /// Signatures.
    Signatures = 4,
}

impl Section {
    const ALL: [Self; SECTIONS] = [Self::Program, Self::Identity, Self::Metadata, Self::Signatures];
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program => "program section",
            Self::Identity => "identity section",
            Self::Metadata => "metadata section",
            Self::Signatures => "signature section",
        })
    }
}

/// Joins the sections to a file.
pub(super) fn assemble(sections: [&[u8]; SECTIONS]) -> Vec<u8> {
    let total = START + sections.iter().map(|section| section.len()).sum::<usize>();
    let mut file = Vec::with_capacity(total);
    file.extend_from_slice(&MAGIC);
    for number in [FORMAT_MAJOR, FORMAT_MINOR].into_iter().chain(READER) {
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend_from_slice(&(SECTIONS as u16).to_le_bytes());
    file.extend_from_slice(&0_u32.to_le_bytes());
    let mut offset = START;
    for (section, bytes) in Section::ALL.into_iter().zip(sections) {
        for number in [section as u32, offset as u32, bytes.len() as u32] {
            file.extend_from_slice(&number.to_le_bytes());
        }
        offset += bytes.len();
    }
    for bytes in sections {
        file.extend_from_slice(bytes);
    }
    file
}

/// Reads header and table: the ranges of the sections, which cover the rest of the file.
pub(super) fn read(file: &[u8]) -> Result<[Range<usize>; SECTIONS], ArtifactError> {
    let truncated = |needed| ArtifactError::Truncated { bytes: file.len(), needed };
    let Some(after_magic) = file.strip_prefix(&MAGIC) else {
        return Err(if MAGIC.starts_with(file) {
            truncated(START as u64)
        } else {
            ArtifactError::NotAnArtifact
        });
    };
    if file.len() > MAX_ARTIFACT_BYTES {
        return Err(ArtifactError::TooLarge { bytes: file.len(), limit: MAX_ARTIFACT_BYTES });
    }
    let Some((header, rest)) = after_magic.split_first_chunk::<16>() else {
        return Err(truncated(START as u64));
    };
    read_header(*header)?;
    let Some((table, _)) = rest.split_first_chunk::<{ SECTIONS * ENTRY }>() else {
        return Err(truncated(START as u64));
    };
    let mut ranges = [const { 0..0 }; SECTIONS];
    let mut end = START as u64;
    let entries = table.as_chunks::<ENTRY>().0.iter().zip(Section::ALL);
    for (entry, (range, (bytes, section))) in ranges.iter_mut().zip(entries).enumerate() {
        let [k0, k1, k2, k3, o0, o1, o2, o3, l0, l1, l2, l3] = *bytes;
        let bad = |what| ArtifactError::BadSection { entry, what };
        if u32::from_le_bytes([k0, k1, k2, k3]) != section as u32 {
            return Err(bad("its kind"));
        }
        if u64::from(u32::from_le_bytes([o0, o1, o2, o3])) != end {
            return Err(bad("its offset"));
        }
        let start = end;
        end += u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        *range = start as usize..end as usize;
    }
    let bytes = file.len() as u64;
    match bytes.checked_sub(end) {
        None => Err(truncated(end)),
        Some(0) => Ok(ranges),
        Some(count) => Err(ArtifactError::TrailingBytes { count }),
    }
}

/// The header after the magic bytes. Its first twelve bytes stay where they are in every version,
/// so that an older release can say which one to take.
fn read_header(header: [u8; 16]) -> Result<(), ArtifactError> {
    let [j0, j1, n0, n1, a0, a1, b0, b1, c0, c1, s0, s1, f0, f1, f2, f3] = header;
    let [major, minor] = [[j0, j1], [n0, n1]].map(u16::from_le_bytes);
    let reader = [[a0, a1], [b0, b1], [c0, c1]].map(u16::from_le_bytes);
    if major < FORMAT_MAJOR {
        return Err(ArtifactError::OlderFormat { major, minor });
    }
    if (major, minor) > (FORMAT_MAJOR, FORMAT_MINOR) {
        return Err(ArtifactError::NewerFormat { major, minor, reader });
    }
    if reader != READER {
        return Err(ArtifactError::WrongReader { reader });
    }
    let features = u32::from_le_bytes([f0, f1, f2, f3]);
    if features & !KNOWN_FEATURES != 0 {
        return Err(ArtifactError::UnknownFeature { bits: features & !KNOWN_FEATURES });
    }
    let sections = u16::from_le_bytes([s0, s1]);
    if sections as usize != SECTIONS {
        return Err(ArtifactError::BadSection {
            entry: sections as usize,
            what: "the number of sections",
        });
    }
    Ok(())
}
