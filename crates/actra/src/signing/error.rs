//! What is wrong with keys, and with who made a file.

use super::KeyId;
use std::fmt::Write as _;

/// Key ids that one message names.
const NAMED: usize = 3;

/// Bytes that are no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// They are not PEM as keys are written in.
    #[error("the key is not PEM: {what}")]
    NotPem {
        /// What is wrong.
        what: &'static str,
    },
    /// They are PEM, and hold another thing.
    #[error("the file holds a `{found}`, and a `{wanted}` is asked for")]
    WrongLabel {
        /// What they say that they hold.
        found: String,
        /// What is wanted.
        wanted: &'static str,
    },
    /// It is a key of another algorithm, or with attributes that are not read.
    #[error("the key is not a plain Ed25519 key")]
    NotEd25519,
    /// Its bytes are no point, or one with which anybody can sign.
    #[error("the key is no Ed25519 key that can be trusted: anybody could sign with it")]
    Weak,
    /// A private key's public part is not its own.
    #[error("the public key in the file is not that of the private key")]
    Mismatch,
    /// The system has no randomness to give.
    #[error("the system gives no random bytes: {error}")]
    NoRandomness {
        /// Why not.
        error: String,
    },
}

impl KeyError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::WrongLabel { found, .. } if found == "ENCRYPTED PRIVATE KEY" => {
                "decrypt it where it is used: `openssl pkey -in KEY | actra sign FILE --key -`"
            }
            Self::WrongLabel { wanted: "PUBLIC KEY", .. } => {
                "a private key stays with who signs: `openssl pkey -in KEY -pubout` gives its public key"
            }
            Self::WrongLabel { .. } => "sign with the private key that `actra keygen` wrote",
            Self::NotPem { .. } | Self::NotEd25519 => {
                "keys are Ed25519 in PEM (RFC 8410), as `actra keygen` and `openssl genpkey \
                 -algorithm ed25519` write them"
            }
            Self::Weak | Self::Mismatch => "make another key: `actra keygen KEY`",
            Self::NoRandomness { .. } => "try again",
        }
    }
}

/// A policy that nobody who is trusted has put its name to, or an old one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It is an artifact without signatures, or documents.
    #[error("{what} is not signed, and only what a trusted key has signed is loaded")]
    NotSigned {
        /// What it is: `the artifact`, `a directory of documents`.
        what: &'static str,
    },
    /// It is signed, but by none of the trusted keys.
    #[error("the artifact is signed by no trusted key: its signatures name {}", list(names))]
    UnknownKey {
        /// Who is said to have signed.
        names: Vec<KeyId>,
    },
    /// A signature that names a trusted key is not one of this file.
    #[error(
        "the signature by the trusted key {key} is not one of this file: either was changed since"
    )]
    WrongSignature {
        /// The key.
        key: KeyId,
    },
    /// Its revision is lower than it may be.
    #[error("the policy is of revision {found}, and at least {wanted} is asked for")]
    OldRevision {
        /// Its own; 0 where there is none.
        found: u64,
        /// What it must be at least.
        wanted: u64,
    },
}

impl TrustError {
    /// A word for programs: `not_signed`, `unknown_key`, `wrong_signature`, `old_revision`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSigned { .. } => "not_signed",
            Self::UnknownKey { .. } => "unknown_key",
            Self::WrongSignature { .. } => "wrong_signature",
            Self::OldRevision { .. } => "old_revision",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NotSigned { .. } => "compile it, and sign the file: `actra sign FILE --key KEY`",
            Self::UnknownKey { .. } => {
                "trust the key that signs your policies, or have the file signed by one that is trusted"
            }
            Self::WrongSignature { .. } => "take the file again from where it was signed",
            Self::OldRevision { .. } => {
                "take a newer file; `actra compile --revision N` numbers policies"
            }
        }
    }
}

/// The first few of them.
fn list(names: &[KeyId]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().take(NAMED).enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{name}", if index == 0 { "" } else { ", " });
    }
    match names.len().checked_sub(NAMED) {
        Some(more @ 1..) => text + &format!(" and {more} more"),
        _ => text,
    }
}
