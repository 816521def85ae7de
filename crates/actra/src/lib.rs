//! Actra decides, before an operation runs, whether it is **allowed**, **blocked** or **needs
//! approval**.
//!
//! A [`Policy`] is compiled from YAML documents. It decides inputs given as JSON or YAML text, or
//! filled slot by slot into a [`Frame`]. What comes out is a [`Decision`], or an [`InputError`],
//! which is no decision: whoever enforces one blocks on it.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail loudly"
    )
)]

#[cfg(feature = "compiler")]
pub mod analysis;
#[cfg(feature = "compiler")]
pub mod codes;
pub mod columns;
#[cfg(feature = "compiler")]
mod compile;
#[cfg(feature = "compiler")]
pub mod convert;
mod decision;
mod error;
pub mod explain;
mod input;
#[cfg(feature = "log")]
pub mod log;
mod policy;
#[cfg(feature = "compiler")]
mod proofs;
pub mod runtime;
pub mod signing;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "compiler")]
pub mod testing;
pub mod text;

pub use actra_bytecode::artifact::{ArtifactError, Digest, Metadata, Promise, Proof, RuleMetadata};
pub use actra_bytecode::ids::{RuleId, SlotId};
pub use actra_bytecode::limits::{
    MAX_INPUT_LIST_ITEMS as MAX_LIST_ITEMS, MAX_INPUT_STRING_BYTES as MAX_STRING_BYTES,
};
pub use actra_bytecode::program;
#[cfg(feature = "compiler")]
pub use actra_compiler::diagnostic;
#[cfg(feature = "compiler")]
pub use actra_compiler::lint::{LevelError, LintLevels};
pub use actra_vm::{Frame, Outcome, Range, Value};
pub use decision::{Decision, Effect, ShadowDecision};
#[cfg(feature = "compiler")]
pub use error::{CompileError, DocumentsError, render_all};
pub use error::{InputCode, InputError, LoadError};
pub use explain::Explanation;
pub use input::{InputValue, MAX_DEPTH, MAX_TEXT_BYTES};
pub use policy::{Evaluator, Policy, UnknownFields};
pub use runtime::{Action, Runtime};

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The guide's examples run.
#[cfg(all(doctest, feature = "compiler"))]
#[doc = include_str!("../../../docs/rust.md")]
struct Guide;

#[cfg(all(doctest, feature = "compiler", feature = "log"))]
#[doc = include_str!("../../../docs/decision-log.md")]
struct DecisionLogPage;
