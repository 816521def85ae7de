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
/// The format's minor version: those up to it can be read. A file is of the least one that has its
/// sections: of 0, unless it holds proofs or documents.
pub const FORMAT_MINOR: u16 = 1;
/// The first release that reads this format, in either minor version.
const READER: [u16; 3] = [0, 8, 0];
/// Features that a file may need.
const KNOWN_FEATURES: u32 = 0;

/// Bytes of the header.
const HEADER: usize = 24;
/// Bytes of an entry of the section table.
const ENTRY: usize = 12;
/// Sections of every file.
const SECTIONS: usize = 4;
/// Sections that there are.
const ALL_SECTIONS: usize = 6;
/// Where the first section of a file without others begins.
const START: usize = start(SECTIONS);

/// Where the first of so many sections begins.
const fn start(sections: usize) -> usize {
    HEADER + sections * ENTRY
}

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
    /// Signatures: of everything before them, so they stand last.
    Signatures = 4,
    /// Promises that were proved. Since minor version 1, in files that have some.
    Proofs = 5,
    /// What the program was compiled from. Since minor version 1, in files that have it.
    Documents = 6,
}

impl Section {
    /// In the order of a file.
    const ALL: [Self; ALL_SECTIONS] = [
        Self::Program,
        Self::Identity,
        Self::Metadata,
        Self::Proofs,
        Self::Documents,
        Self::Signatures,
    ];

    /// Whether a file may be without it: then it has one that is not empty, or none.
    const fn is_optional(self) -> bool {
        matches!(self, Self::Proofs | Self::Documents)
    }
}

/// Which bytes of a file are what.
#[derive(Debug)]
pub(super) struct Layout {
    /// Where each section stands, by its number from 1; empty where there is none.
    ranges: [Range<usize>; ALL_SECTIONS],
    start: usize,
}

impl Layout {
    /// Where the section stands; an empty range where there is none.
    pub(super) fn range(&self, section: Section) -> Range<usize> {
        self.ranges.get(section as usize - 1).cloned().unwrap_or_default()
    }

    /// Where the table tells how long the signature section is.
    pub(super) fn signatures_length_at(&self) -> usize {
        self.start - size_of::<u32>()
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program => "program section",
            Self::Identity => "identity section",
            Self::Metadata => "metadata section",
            Self::Signatures => "signature section",
            Self::Proofs => "proofs section",
            Self::Documents => "documents section",
        })
    }
}

/// Joins the sections to a file.
pub(super) fn assemble(sections: &Sections<'_>) -> Vec<u8> {
    let Sections { program, identity, metadata, proofs, documents, signatures } = *sections;
    let parts = [
        (Section::Program, Some(program)),
        (Section::Identity, Some(identity)),
        (Section::Metadata, Some(metadata)),
        (Section::Proofs, proofs),
        (Section::Documents, documents),
        (Section::Signatures, Some(signatures)),
    ];
    let parts = || parts.iter().filter_map(|(section, bytes)| Some((*section, (*bytes)?)));
    let count = parts().count();
    let minor = if count > SECTIONS { FORMAT_MINOR } else { 0 };
    let mut offset = start(count);
    let mut file =
        Vec::with_capacity(offset + parts().map(|(_, bytes)| bytes.len()).sum::<usize>());
    file.extend_from_slice(&MAGIC);
    for number in [FORMAT_MAJOR, minor].into_iter().chain(READER) {
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend_from_slice(&(count as u16).to_le_bytes());
    file.extend_from_slice(&0_u32.to_le_bytes());
    for (section, bytes) in parts() {
        for number in [section as u32, offset as u32, bytes.len() as u32] {
            file.extend_from_slice(&number.to_le_bytes());
        }
        offset += bytes.len();
    }
    for (_, bytes) in parts() {
        file.extend_from_slice(bytes);
    }
    file
}

/// The sections of a file.
#[derive(Clone, Copy)]
pub(super) struct Sections<'s> {
    pub(super) program: &'s [u8],
    pub(super) identity: &'s [u8],
    pub(super) metadata: &'s [u8],
    pub(super) proofs: Option<&'s [u8]>,
    pub(super) documents: Option<&'s [u8]>,
    pub(super) signatures: &'s [u8],
}

/// Reads header and table: the sections cover the rest of the file.
pub(super) fn read(file: &[u8]) -> Result<Layout, ArtifactError> {
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
    let count = read_header(*header)?;
    let start = start(count);
    let Some((table, _)) = rest.split_at_checked(count * ENTRY) else {
        return Err(truncated(start as u64));
    };
    let (layout, end) = read_table(table.as_chunks().0, start)?;
    let bytes = file.len() as u64;
    match bytes.checked_sub(end) {
        None => Err(truncated(end)),
        Some(0) => Ok(layout),
        Some(count) => Err(ArtifactError::TrailingBytes { count }),
    }
}

/// Reads the section table: where sections are, and where the last one ends.
fn read_table(table: &[[u8; ENTRY]], start: usize) -> Result<(Layout, u64), ArtifactError> {
    let mut layout = Layout { ranges: [const { 0..0 }; ALL_SECTIONS], start };
    let mut end = start as u64;
    let has_optional = table.len() > SECTIONS;
    let mut order =
        Section::ALL.into_iter().filter(|section| has_optional || !section.is_optional());
    for (entry, bytes) in table.iter().enumerate() {
        let [k0, k1, k2, k3, o0, o1, o2, o3, l0, l1, l2, l3] = *bytes;
        let bad = |what| ArtifactError::BadSection { entry, what };
        let kind = u32::from_le_bytes([k0, k1, k2, k3]);
        let is_of_kind = |section: &Section| *section as u32 == kind;
        // Those that a file may be without are passed over.
        let found = order.find(|section| is_of_kind(section) || !section.is_optional());
        let Some(section) = found.filter(is_of_kind) else {
            return Err(bad("its kind"));
        };
        if u64::from(u32::from_le_bytes([o0, o1, o2, o3])) != end {
            return Err(bad("its offset"));
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if section.is_optional() && length == 0 {
            return Err(bad("its length"));
        }
        let start = end;
        end += u64::from(length);
        if let Some(range) = layout.ranges.get_mut(section as usize - 1) {
            *range = start as usize..end as usize;
        }
    }
    match order.next() {
        None => Ok((layout, end)),
        Some(_) => Err(ArtifactError::BadSection { entry: table.len() - 1, what: "its kind" }),
    }
}

/// The header after the magic bytes. Its first twelve bytes stay where they are in every version,
/// so that an older release can say which one to take. Gives the number of sections.
fn read_header(header: [u8; 16]) -> Result<usize, ArtifactError> {
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
    let sections = usize::from(u16::from_le_bytes([s0, s1]));
    let expected = if minor == 0 { SECTIONS..=SECTIONS } else { SECTIONS + 1..=ALL_SECTIONS };
    if !expected.contains(&sections) {
        return Err(ArtifactError::BadSection { entry: sections, what: "the number of sections" });
    }
    Ok(sections)
}
