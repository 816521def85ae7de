//! Why a file is refused.

use super::{Digest, FORMAT_MAJOR, FORMAT_MINOR, Section};
use crate::codec::DecodeError;
use thiserror::Error;

/// Why a file is refused. Positions and entries count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArtifactError {
    /// It does not begin as artifacts do.
    #[error("not an actra artifact: it does not begin with the magic bytes of one")]
    NotAnArtifact,
    /// It ends too early.
    #[error("the artifact is cut off: it has {bytes} bytes of at least {needed}")]
    Truncated {
        /// How many bytes there are.
        bytes: usize,
        /// How many there must be.
        needed: u64,
    },
    /// It is larger than any artifact may be.
    #[error("the artifact takes {bytes} bytes, and {limit} are allowed")]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// It was written in a format that is no longer read.
    #[error(
        "the artifact is of format {major}.{minor}, which is no longer read: recompile with \
         actra {}",
        env!("CARGO_PKG_VERSION")
    )]
    OlderFormat {
        /// The format's major version.
        major: u16,
        /// Its minor version.
        minor: u16,
    },
    /// It was written in a format that is not read yet.
    #[error(
        "the artifact is of format {major}.{minor}, which actra {} and later read; this version \
         reads {FORMAT_MAJOR}.{FORMAT_MINOR}",
        dotted(*reader)
    )]
    NewerFormat {
        /// The format's major version.
        major: u16,
        /// Its minor version.
        minor: u16,
        /// The first release that reads it, as the file says.
        reader: [u16; 3],
    },
    /// It needs something that this version does not have.
    #[error("the artifact needs features that this version does not have (bits {bits:#x})")]
    UnknownFeature {
        /// Their bits.
        bits: u32,
    },
    /// The header names another first reader than its format has.
    #[error("the artifact's header names actra {} as its first reader", dotted(*reader))]
    WrongReader {
        /// What it names.
        reader: [u16; 3],
    },
    /// The section table does not list each section of its format once, in order, without gaps.
    #[error("section {entry} of the artifact: {what} is not what it must be")]
    BadSection {
        /// Which entry of the table.
        entry: usize,
        /// What of it is wrong.
        what: &'static str,
    },
    /// Bytes follow the last section.
    #[error("{count} bytes follow the artifact's last section")]
    TrailingBytes {
        /// How many there are.
        count: u64,
    },
    /// The program is another than the one that the file was made with.
    #[error("the artifact's program has the digest {computed}, and the file says {stored}")]
    DigestMismatch {
        /// What the file says.
        stored: Digest,
        /// What the program has.
        computed: Digest,
    },
    /// The program is refused.
    #[error(transparent)]
    Program(#[from] DecodeError),
    /// The identity names another language version than the program has.
    #[error("the artifact says language version {claimed}, and its program is of version {found}")]
    WrongLanguage {
        /// What the file says.
        claimed: u32,
        /// What the program has.
        found: u8,
    },
    /// A section ends before its contents do, or goes on after them.
    #[error("the artifact's {section} is {bytes} bytes long, and its contents are not")]
    SectionLength {
        /// Which section.
        section: Section,
        /// Its length.
        bytes: usize,
    },
    /// The metadata is malformed or does not fit the program.
    #[error("entry {entry} of the artifact's metadata: {what}")]
    BadMetadata {
        /// What is wrong.
        what: &'static str,
        /// Which rule or source file.
        entry: usize,
    },
    /// Proofs are malformed, out of order or about nothing.
    #[error("proof {entry} of the artifact: {what}")]
    BadProof {
        /// What is wrong.
        what: &'static str,
        /// Which one.
        entry: usize,
    },
    /// The documents are malformed or none of the sources that the metadata names.
    #[error("document {entry} of the artifact: {what}")]
    BadDocument {
        /// What is wrong.
        what: &'static str,
        /// Which one.
        entry: usize,
    },
    /// Signatures are out of order, repeated or too many.
    #[error("signature {entry} of the artifact: {what}")]
    BadSignature {
        /// What is wrong.
        what: &'static str,
        /// Which one.
        entry: usize,
    },
}

/// A release's version.
fn dotted([major, minor, patch]: [u16; 3]) -> alloc::string::String {
    alloc::format!("{major}.{minor}.{patch}")
}
