//! The signature section. Signatures are carried here, and trusted nowhere: who may sign is for
//! the caller to say.

use super::ArtifactError;
use super::read::Reader;
use crate::limits::MAX_SIGNATURES;
use alloc::vec::Vec;

/// An Ed25519 signature of [`Artifact::signed_preimage`](super::Artifact::signed_preimage).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Which key made it: the SHA-256 of the public key.
    pub key_id: [u8; 32],
    /// The signature.
    pub signature: [u8; 64],
}

/// Bytes of an entry.
pub(super) const BYTES: usize = 96;

pub(super) fn too_many(count: usize) -> ArtifactError {
    ArtifactError::BadSignature { what: "more signatures than a file may have", entry: count - 1 }
}

pub(super) fn write(signatures: &[Signature]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(signatures.len() * BYTES);
    for Signature { key_id, signature } in signatures {
        bytes.extend_from_slice(key_id);
        bytes.extend_from_slice(signature);
    }
    bytes
}

pub(super) fn read(reader: Reader<'_>) -> Result<Vec<Signature>, ArtifactError> {
    let records = reader.all_records::<BYTES>()?;
    if records.len() > MAX_SIGNATURES {
        return Err(too_many(records.len()));
    }
    let mut signatures: Vec<Signature> = Vec::with_capacity(records.len());
    for (entry, record) in records.iter().enumerate() {
        let mut new = Signature { key_id: [0; 32], signature: [0; 64] };
        let (key_id, signature) = record.split_at(new.key_id.len());
        new.key_id.copy_from_slice(key_id);
        new.signature.copy_from_slice(signature);
        if signatures.last().is_some_and(|last| last.key_id >= new.key_id) {
            return Err(ArtifactError::BadSignature { what: "unsorted or repeated key", entry });
        }
        signatures.push(new);
    }
    Ok(signatures)
}
