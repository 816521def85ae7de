//! The artifact: a program in a file, with who it is, names for people, and signatures.
//!
//! `docs/artifact-format.md` is the format. A file is safe to load from anyone: every byte of it
//! is accounted for, and the program in it is verified. A signature adds who made it, never safety.

mod digest;
mod documents;
mod envelope;
mod error;
mod header;
mod identity;
mod metadata;
mod proofs;
mod read;
mod signature;

pub use digest::Digest;
pub use envelope::Envelope;
pub use error::ArtifactError;
pub use header::{FORMAT_MAJOR, FORMAT_MINOR, Section};
pub use identity::Identity;
pub use metadata::{Metadata, RuleMetadata};
pub use proofs::{Promise, Proof, Proofs, ProvedPromise};
pub use signature::Signature;

use crate::limits::{MAX_ARTIFACT_BYTES, MAX_SIGNATURES};
use crate::program::Program;
use alloc::vec::Vec;
use documents::Documents;
use header::Sections;

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
    proofs: Option<Proofs>,
    documents: Option<Documents>,
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
        let (proofs, documents, signatures) = (None, None, Vec::new());
        Self { program, digest, identity, metadata, proofs, documents, signatures }.fitting(&bytes)
    }

    /// The same with promises that were proved of its program, and without signatures: what was
    /// signed did not say so.
    pub fn with_proofs(self, proofs: Proofs) -> Result<Self, ArtifactError> {
        proofs.verify(&self.program)?;
        let program = self.program.encode();
        Self { proofs: Some(proofs), signatures: Vec::new(), ..self }.fitting(&program)
    }

    /// The same with the texts of the source files that its metadata names, in that order, and
    /// without signatures: what was signed did not hold them.
    pub fn with_documents<'a>(
        self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ArtifactError> {
        let documents = Documents::new(texts)?;
        documents.verify(self.metadata.sources().len())?;
        let program = self.program.encode();
        Self { documents: Some(documents), signatures: Vec::new(), ..self }.fitting(&program)
    }

    /// The same if its file is not too large.
    fn fitting(self, program: &[u8]) -> Result<Self, ArtifactError> {
        // Room for all signatures, so that adding them later cannot fail.
        let unsigned = self.assemble(program, &[]);
        let bytes = unsigned.len() + MAX_SIGNATURES * signature::BYTES;
        if bytes > MAX_ARTIFACT_BYTES {
            return Err(ArtifactError::TooLarge { bytes, limit: MAX_ARTIFACT_BYTES });
        }
        Ok(self)
    }

    /// The file. There is one spelling of each artifact: [`Artifact::decode`] takes no other.
    pub fn encode(&self) -> Vec<u8> {
        self.assemble(&self.program.encode(), &self.signatures)
    }

    fn assemble(&self, program: &[u8], signatures: &[Signature]) -> Vec<u8> {
        let identity = identity::write(&self.identity, &self.program, self.digest);
        let metadata = self.metadata.write();
        let proofs = self.proofs.as_ref().map(Proofs::write);
        let documents = self.documents.as_ref().map(Documents::write);
        header::assemble(&Sections {
            program,
            identity: &identity,
            metadata: &metadata,
            proofs: proofs.as_deref(),
            documents: documents.as_deref(),
            signatures: &signature::write(signatures),
        })
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

    /// Promises that the file says were proved of its program, ascending by governance rule and
    /// promise. Without a trusted signature that is a claim.
    pub fn proofs(&self) -> impl ExactSizeIterator<Item = Proof<'_>> {
        let proofs = self.proofs.as_ref().map_or(Proofs::NONE, |proofs| proofs);
        proofs.iter(&self.program)
    }

    /// Names and texts of the documents that the file holds; none unless it
    /// [was given them](Artifact::with_documents). Whether they compile to its program is for
    /// whoever compiles them to see.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let texts = self.documents.as_ref().map_or(Documents::NONE, |documents| documents).iter();
        texts.zip(self.metadata.sources()).map(|(text, name)| (name, text))
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
