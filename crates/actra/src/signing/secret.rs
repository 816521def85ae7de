//! Private keys.

use super::{KeyError, KeyId, PublicKey, pem};
use actra_bytecode::artifact::{Artifact, Signature};
use ed25519_dalek::Signer as _;
use std::fmt;
use zeroize::Zeroizing;

const LABEL: &str = "PRIVATE KEY";
/// An Ed25519 key in PKCS #8 (RFC 8410) but for the key itself. Version 1, as OpenSSL writes it.
pub(super) const VERSION_1: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// The same of version 2, which has the public key, too.
pub(super) const VERSION_2: [u8; 16] = [
    0x30, 0x51, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// What stands between the two.
pub(super) const PUBLIC: [u8; 3] = [0x81, 0x21, 0x00];

/// An Ed25519 private key: it signs policies. Its bytes are wiped when it is dropped, and are never
/// shown.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key, from the system's randomness.
    ///
    /// # Errors
    /// If the system has none to give.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed)
            .map_err(|error| KeyError::NoRandomness { error: error.to_string() })?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Reads a key: PEM with PKCS #8 (`PRIVATE KEY`, RFC 8410), not encrypted.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let decoded = Zeroizing::new(pem::decode(text, LABEL)?);
        let bytes = decoded.as_slice();
        let (seed, public) = if let Some(seed) = bytes.strip_prefix(&VERSION_1) {
            (seed.try_into().ok(), None)
        } else if let Some((seed, rest)) =
            bytes.strip_prefix(&VERSION_2).and_then(|rest| rest.split_first_chunk())
        {
            let public = rest.strip_prefix(&PUBLIC).ok_or(KeyError::NotEd25519)?;
            (Some(seed), Some(public))
        } else {
            (None, None)
        };
        let key = ed25519_dalek::SigningKey::from_bytes(seed.ok_or(KeyError::NotEd25519)?);
        if public.is_some_and(|public| public != key.verifying_key().as_bytes()) {
            return Err(KeyError::Mismatch);
        }
        Ok(Self(key))
    }

    /// The key in PEM, as other tools read it: whoever has it can sign. It is wiped when dropped.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 48]);
        let parts = VERSION_1.iter().chain(self.0.as_bytes());
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = *byte);
        Zeroizing::new(pem::encode(&*bytes, LABEL))
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        PublicKey::of(&self.0)
    }

    /// The signature of an artifact.
    pub(crate) fn sign(&self, artifact: &Artifact) -> Signature {
        let KeyId(key_id) = self.public().id();
        Signature { key_id, signature: self.sign_bytes(&artifact.signed_preimage()) }
    }

    pub(super) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public().id()).finish()
    }
}
