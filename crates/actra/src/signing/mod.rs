//! Signatures of artifacts: keys, and what is asked of a file before it is loaded.
//!
//! A signature says *who made a policy*: that the owner of a key has put its name to exactly this file,
//! its revision included. It says nothing of safety, which loading checks for every file, and which keys
//! to trust comes from the host, never from the file. `docs/signing.md` has all of it.
//!
//! ```
//! use actra::signing::{LoadOptions, PublicKey};
//! # #[cfg(feature = "signing")] {
//! # use actra::{Policy, signing::SigningKey};
//! # let policy = Policy::from_strings(
//! #     "version: 1\nactions: {ping: {}}\n",
//! #     "version: 2\nrules:\n  - {id: any, scope: {action: ping}, effect: allow}\n",
//! #     None,
//! # )?;
//! # let key = SigningKey::generate()?;
//! let file = policy.with_revision(7).sign(&key)?.to_artifact();
//! # let pem = key.public().to_pem();
//!
//! // Where it is loaded, of the key there is the public part only.
//! let options = LoadOptions::new().trusted_keys([PublicKey::parse(pem.as_bytes())?]).min_revision(7);
//! let policy = Policy::from_artifact_with(&file, &options)?;
//! assert_eq!((policy.revision(), policy.verified_keys().len()), (7, 1));
//!
//! let changed = file.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 200));
//! assert!(Policy::from_artifact_with(&changed.collect::<Vec<u8>>(), &options).is_err());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod options;
mod pem;
mod public;
#[cfg(feature = "signing")]
mod secret;
#[cfg(all(test, feature = "signing"))]
mod tests;

pub use actra_bytecode::artifact::Signature;
pub use error::{KeyError, TrustError};
pub use options::LoadOptions;
pub use public::{KeyId, PublicKey};
#[cfg(feature = "signing")]
pub use secret::SigningKey;
