//! What is asked of a policy before it is loaded.

use super::{KeyId, PublicKey, TrustError};
use actra_bytecode::artifact::Envelope;

/// What is asked of a policy before it is loaded. Without anything, every file is loaded that can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// `None`: nobody's signature is asked for.
    trusted_keys: Option<Vec<PublicKey>>,
    min_revision: u64,
}

impl LoadOptions {
    /// Options that ask for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Loads only what one of these keys has signed, or of those that were given before. With no key
    /// at all, nothing is loaded.
    ///
    /// Signatures by other keys are passed over; one that names a trusted key must be right, even
    /// beside others that are. All of it is checked before anything else in the file is read.
    #[must_use]
    pub fn trusted_keys(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.trusted_keys.get_or_insert_default().extend(keys);
        self
    }

    /// Loads only what has this revision or a later one. It keeps others from putting an old policy,
    /// which was signed in its time, in the place of a newer one; so it wants trusted keys beside it,
    /// or a revision is what the file says. 0 asks for nothing.
    #[must_use]
    pub fn min_revision(mut self, revision: u64) -> Self {
        self.min_revision = revision;
        self
    }

    /// Which trusted keys have signed the file; an error if none has.
    pub(crate) fn check_signatures(
        &self,
        envelope: &Envelope<'_>,
    ) -> Result<Vec<KeyId>, TrustError> {
        let Some(trusted) = &self.trusted_keys else { return Ok(Vec::new()) };
        let signatures = envelope.signatures();
        if signatures.is_empty() {
            return Err(TrustError::NotSigned { what: "the artifact" });
        }
        let mut verified = Vec::new();
        let mut preimage = None;
        for signature in signatures {
            let id = KeyId(signature.key_id);
            let Some(key) = trusted.iter().find(|key| key.id() == id) else { continue };
            let preimage = preimage.get_or_insert_with(|| envelope.signed_preimage());
            if !key.has_signed(preimage, &signature.signature) {
                return Err(TrustError::WrongSignature { key: id });
            }
            verified.push(id);
        }
        if verified.is_empty() {
            let names = signatures.iter().map(|signature| KeyId(signature.key_id)).collect();
            return Err(TrustError::UnknownKey { names });
        }
        Ok(verified)
    }

    /// Refuses revisions that are too low.
    pub(crate) fn check_revision(&self, found: u64) -> Result<(), TrustError> {
        let wanted = self.min_revision;
        if found < wanted { Err(TrustError::OldRevision { found, wanted }) } else { Ok(()) }
    }

    /// Whether documents may be loaded: they carry neither signatures nor a revision.
    #[cfg(feature = "compiler")]
    pub(crate) fn check_documents(&self) -> Result<(), TrustError> {
        if self.trusted_keys.is_some() {
            return Err(TrustError::NotSigned { what: "a directory of documents" });
        }
        self.check_revision(0)
    }
}
