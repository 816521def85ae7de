//! Public keys, and what they are called.

use super::{KeyError, pem};
use actra_bytecode::artifact::Digest;
use ed25519_dalek::VerifyingKey;
use std::fmt;

/// What a public key is called: the SHA-256 of its 32 bytes. It is shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Digest(self.0), f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) but for the key itself.
pub(super) const SPKI: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const LABEL: &str = "PUBLIC KEY";

/// An Ed25519 public key: who is trusted to sign policies.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key of those 32 bytes (RFC 8032).
    ///
    /// # Errors
    /// If they are no point, not the one way to write it, or of small order: anybody can sign with
    /// such a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Weak)?;
        if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Reads a key: PEM (`PUBLIC KEY`, RFC 8410), or its 32 bytes as they are.
    ///
    /// # Errors
    /// If it is anything else, or as [`PublicKey::from_bytes`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        if let Ok(raw) = <&[u8; 32]>::try_from(bytes) {
            return Self::from_bytes(raw);
        }
        let decoded = pem::decode(bytes, LABEL)?;
        let key = decoded.strip_prefix(&SPKI).and_then(|key| key.try_into().ok());
        Self::from_bytes(key.ok_or(KeyError::NotEd25519)?)
    }

    /// The key in PEM, as other tools read it.
    pub fn to_pem(&self) -> String {
        pem::encode(&[&SPKI[..], self.0.as_bytes()].concat(), LABEL)
    }

    /// Its 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// What it is called in the files that it has signed.
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(self.0.as_bytes()).0)
    }

    /// Whether the key made the signature of those bytes. There is at most one reading of a
    /// signature: points of small order and numbers out of range are refused.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(bytes, &signature).is_ok()
    }

    #[cfg(feature = "signing")]
    pub(super) fn of(key: &ed25519_dalek::SigningKey) -> Self {
        Self(key.verifying_key())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.id()).finish()
    }
}
