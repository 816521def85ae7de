//! The identity section: what the file says of itself.

use super::read::Reader;
use super::{ArtifactError, Digest};
use crate::program::Program;
use alloc::vec::Vec;

/// What a file says of itself. Without a trusted signature it is a claim: nothing in a program
/// shows which documents it was compiled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The policy hash of the documents that it was compiled from.
    pub policy_hash: Digest,
    /// The owner's number for this state of the policy; 0 when there is none.
    pub revision: u64,
}

pub(super) fn write(identity: &Identity, program: &Program, digest: Digest) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(76);
    bytes.extend_from_slice(&digest.0);
    bytes.extend_from_slice(&identity.policy_hash.0);
    bytes.extend_from_slice(&u32::from(program.settings().language).to_le_bytes());
    bytes.extend_from_slice(&identity.revision.to_le_bytes());
    bytes
}

/// The stored digest, the language version, and the rest.
pub(super) fn read(mut reader: Reader<'_>) -> Result<(Digest, u32, Identity), ArtifactError> {
    let digest = Digest(reader.array()?);
    let policy_hash = Digest(reader.array()?);
    let language = reader.u32()?;
    let revision = reader.u64()?;
    reader.end()?;
    Ok((digest, language, Identity { policy_hash, revision }))
}
