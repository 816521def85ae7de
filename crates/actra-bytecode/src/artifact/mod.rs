//! The artifact: a program in a file, with who it is, names for people, and signatures.
//!
//! `docs/artifact-format.md` is the format. A file is safe to load from anyone: every byte of it
//! is accounted for, and the program in it is verified. A signature adds who made it, never safety.

mod digest;
mod envelope;
mod error;
mod header;
mod identity;
mod metadata;
mod read;
mod signature;

pub use digest::Digest;
pub use envelope::Envelope;
pub use error::ArtifactError;
pub use header::{FORMAT_MAJOR, FORMAT_MINOR, Section};
pub use identity::Identity;
pub use metadata::{Metadata, RuleMetadata};
pub use signature::Signature;

use crate::limits::{MAX_ARTIFACT_BYTES, MAX_SIGNATURES};
use crate::program::Program;
use alloc::vec::Vec;

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

    /// The file. There is one spelling of each artifact: [`Artifact::decode`] takes no other.
    pub fn encode(&self) -> Vec<u8> {
        self.assemble(&self.program.encode(), &self.signatures)
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
