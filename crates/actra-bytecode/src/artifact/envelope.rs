//! The envelope: what of a file is read before anything in it is trusted.

use super::documents::Documents;
use super::header::Layout;
use super::read::Reader;
use super::{Artifact, ArtifactError, Digest, Identity, Metadata, Proofs, Section, Signature};
use super::{header, identity, signature};
use crate::program::Program;
use alloc::format;
use alloc::vec::Vec;

/// What a signature is of, by name: no other kind of message can be taken for it.
const SIGNED_TYPE: &str = "application/vnd.actra.artifact";

/// A file of which the header, the section table and the signatures have been read, and nothing
/// else: enough to check who made it before anything in it is parsed.
///
/// ```
/// # use actra_bytecode::artifact::{ArtifactError, Envelope};
/// let refused = Envelope::open(b"version: 2\n").map(|_| ());
/// assert_eq!(refused, Err(ArtifactError::NotAnArtifact));
/// ```
#[derive(Debug)]
pub struct Envelope<'f> {
    file: &'f [u8],
    layout: Layout,
    signatures: Vec<Signature>,
}

impl<'f> Envelope<'f> {
    /// Reads header, section table and signatures. It is safe to do so with bytes from anyone.
    pub fn open(file: &'f [u8]) -> Result<Self, ArtifactError> {
        let mut envelope = Self { file, layout: header::read(file)?, signatures: Vec::new() };
        envelope.signatures = signature::read(envelope.reader(Section::Signatures))?;
        Ok(envelope)
    }

    fn bytes(&self, section: Section) -> &'f [u8] {
        self.file.get(self.layout.range(section)).unwrap_or(&[])
    }

    fn reader(&self, section: Section) -> Reader<'f> {
        Reader::new(section, self.bytes(section))
    }

    /// Of a section that the file may be without.
    fn optional(&self, section: Section) -> Option<Reader<'f>> {
        let bytes = self.bytes(section);
        (!bytes.is_empty()).then(|| Reader::new(section, bytes))
    }

    /// Signatures, ascending by key. None of them has been checked.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The bytes that a signature signs, as [`Artifact::signed_preimage`] gives them: they are taken
    /// from the file, and nothing of it is parsed for them.
    pub fn signed_preimage(&self) -> Vec<u8> {
        // The last section goes, and the table says that it is empty.
        let body = self.file.len() - self.bytes(Section::Signatures).len();
        let mut preimage = preimage_head(body);
        let start = preimage.len();
        preimage.extend_from_slice(self.file.get(..body).unwrap_or(&[]));
        let length = preimage.iter_mut().skip(start + self.layout.signatures_length_at());
        length.take(size_of::<u32>()).for_each(|byte| *byte = 0);
        preimage
    }

    /// The revision that the file says; 0 when there is none. Until a trusted signature has been
    /// checked it is a claim.
    pub fn revision(&self) -> Result<u64, ArtifactError> {
        let (_, _, identity) = identity::read(self.reader(Section::Identity))?;
        Ok(identity.revision)
    }

    /// Reads the rest of the file, and verifies it.
    pub fn decode(self) -> Result<Artifact, ArtifactError> {
        let program = self.bytes(Section::Program);
        let (stored, claimed, identity) = identity::read(self.reader(Section::Identity))?;
        let digest = Digest::of(program);
        if stored != digest {
            return Err(ArtifactError::DigestMismatch { stored, computed: digest });
        }
        let program = Program::decode(program)?;
        let found = program.settings().language;
        if claimed != u32::from(found) {
            return Err(ArtifactError::WrongLanguage { claimed, found });
        }
        let metadata = Metadata::read(self.reader(Section::Metadata), program.rules().len())?;
        metadata.verify(&program)?;
        let proofs = self.optional(Section::Proofs).map(Proofs::read).transpose()?;
        proofs.as_ref().map_or(Ok(()), |proofs| proofs.verify(&program))?;
        let sources = metadata.sources().len();
        let documents = self.optional(Section::Documents);
        let documents = documents.map(|reader| Documents::read(reader, sources)).transpose()?;
        documents.as_ref().map_or(Ok(()), |documents| documents.verify(sources))?;
        let Self { signatures, .. } = self;
        Ok(Artifact { program, digest, identity, metadata, proofs, documents, signatures })
    }
}

impl Artifact {
    /// Reads a file. It is safe to do so with bytes from anyone; signatures are read, and none of
    /// them is checked or trusted.
    pub fn decode(bytes: &[u8]) -> Result<Self, ArtifactError> {
        Envelope::open(bytes)?.decode()
    }

    /// The bytes that a signature signs: everything but the signatures.
    ///
    /// That is the file as it is without any, framed as DSSE frames a payload: `DSSEv1`, then the
    /// length and text of a type, then the length and bytes of the file, with a space between any
    /// two and lengths in decimal. So no signature of anything else can be passed off as one of an
    /// artifact, nor the other way round.
    pub fn signed_preimage(&self) -> Vec<u8> {
        let body = self.assemble(&self.program.encode(), &[]);
        let mut preimage = preimage_head(body.len());
        preimage.extend_from_slice(&body);
        preimage
    }

    /// The same with another revision of its owner's, and without signatures: what was signed said
    /// another one. 0 stands for none.
    #[must_use]
    pub fn with_revision(self, revision: u64) -> Self {
        let identity = Identity { revision, ..self.identity };
        Self { identity, signatures: Vec::new(), ..self }
    }
}

/// What stands before a file of so many bytes, with room for it.
fn preimage_head(body: usize) -> Vec<u8> {
    let head = format!("DSSEv1 {} {SIGNED_TYPE} {body} ", SIGNED_TYPE.len());
    let mut preimage = Vec::with_capacity(head.len() + body);
    preimage.extend_from_slice(head.as_bytes());
    preimage
}
