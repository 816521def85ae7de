//! The artifact: a program in a file, with who it is, names for people, and signatures.
//!
//! `docs/artifact-format.md` is the format. A file is safe to load from anyone: every byte of it
//! is accounted for, and the program in it is verified. A signature adds who made it, never safety.

mod digest;
mod error;
mod header;
mod identity;
mod metadata;
mod read;
mod signature;

pub use digest::Digest;
pub use error::ArtifactError;
pub use header::{FORMAT_MAJOR, FORMAT_MINOR, Section};
pub use identity::Identity;
pub use metadata::{Metadata, RuleMetadata};
pub use signature::Signature;

use crate::limits::{MAX_ARTIFACT_BYTES, MAX_SIGNATURES};
use crate::program::Program;
use alloc::format;
use alloc::vec::Vec;
use read::Reader;

/// What a signature is of, by name: no other kind of message can be taken for it.
const SIGNED_TYPE: &str = "application/vnd.actra.artifact";

/// A verified program with its identity, metadata and signatures.
///
/// ```
/// # use actra_bytecode::{Artifact, artifact::ArtifactError};
/// let refused = Artifact::decode(b"version: 2\n").map(|_| ());
/// assert_eq!(refused, Err(ArtifactError::NotAnArtifact));
/// ```
#[derive(Clone, Debug)]
pub struct Artifact {
    program: Program,
    digest: Digest,
    identity: Identity,
    metadata: Metadata,
    signatures: Vec<Signature>,
}

impl Artifact {
    /// Joins a program with what is said of it, without signatures. The metadata must list as many
    /// rules as the program has.
    pub fn new(
        program: Program,
        identity: Identity,
        metadata: Metadata,
    ) -> Result<Self, ArtifactError> {
        metadata.verify(&program)?;
        let bytes = program.encode();
        let digest = Digest::of(&bytes);
        let artifact = Self { program, digest, identity, metadata, signatures: Vec::new() };
        // Room for all signatures, so that adding them later cannot fail.
        let size = artifact.assemble(&bytes, &[]).len() + MAX_SIGNATURES * signature::BYTES;
        if size > MAX_ARTIFACT_BYTES {
            return Err(ArtifactError::TooLarge { bytes: size, limit: MAX_ARTIFACT_BYTES });
        }
        Ok(artifact)
    }

    /// Reads a file. It is safe to do so with bytes from anyone; signatures are read, and none of
    /// them is checked or trusted.
    pub fn decode(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let sections = header::read(bytes)?;
        let section = |section: Section| {
            let range = sections.get(section as usize - 1).cloned().unwrap_or_default();
            let bytes = bytes.get(range).unwrap_or(&[]);
            (bytes, Reader::new(section, bytes))
        };
        let (program, _) = section(Section::Program);
        let (stored, claimed, identity) = identity::read(section(Section::Identity).1)?;
        let digest = Digest::of(program);
        if stored != digest {
            return Err(ArtifactError::DigestMismatch { stored, computed: digest });
        }
        let program = Program::decode(program)?;
        let found = program.settings().language;
        if claimed != u32::from(found) {
            return Err(ArtifactError::WrongLanguage { claimed, found });
        }
        let metadata = Metadata::read(section(Section::Metadata).1, program.rules().len())?;
        metadata.verify(&program)?;
        let signatures = signature::read(section(Section::Signatures).1)?;
        Ok(Self { program, digest, identity, metadata, signatures })
    }

    /// The file. There is one spelling of each artifact: [`Artifact::decode`] takes no other.
    pub fn encode(&self) -> Vec<u8> {
        self.assemble(&self.program.encode(), &self.signatures)
    }

    /// The bytes that a signature signs: everything but the signatures.
    ///
    /// That is the file as it is without any, framed as DSSE frames a payload: `DSSEv1`, then the
    /// length and text of a type, then the length and bytes of the file, with a space between any
    /// two and lengths in decimal. So no signature of anything else can be passed off as one of an
    /// artifact, nor the other way round.
    pub fn signed_preimage(&self) -> Vec<u8> {
        let body = self.assemble(&self.program.encode(), &[]);
        let head = format!("DSSEv1 {} {SIGNED_TYPE} {} ", SIGNED_TYPE.len(), body.len());
        let mut preimage = head.into_bytes();
        preimage.extend_from_slice(&body);
        preimage
    }

    fn assemble(&self, program: &[u8], signatures: &[Signature]) -> Vec<u8> {
        let identity = identity::write(&self.identity, &self.program, self.digest);
        let metadata = self.metadata.write();
        let signatures = signature::write(signatures);
        header::assemble([program, &identity, &metadata, &signatures])
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The program alone.
    pub fn into_program(self) -> Program {
        self.program
    }

    /// The program digest, always as computed: it names exactly what runs.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the file says of itself. Without a trusted signature that is a claim.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Names for people. Nothing here changes a decision.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Signatures, ascending by key. None of them has been checked.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature, in place of one by the same key. An error when there are
    /// [`MAX_SIGNATURES`] already.
    pub fn add_signature(&mut self, signature: Signature) -> Result<(), ArtifactError> {
        let at = self.signatures.binary_search_by(|known| known.key_id.cmp(&signature.key_id));
        match at {
            Ok(at) => {
                if let Some(known) = self.signatures.get_mut(at) {
                    *known = signature;
                }
            }
            Err(_) if self.signatures.len() >= MAX_SIGNATURES => {
                return Err(signature::too_many(self.signatures.len() + 1));
            }
            Err(at) => self.signatures.insert(at, signature),
        }
        Ok(())
    }
}
