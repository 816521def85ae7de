//! The program that Actra policies compile to.
//!
//! A [`Program`] holds fixed-width [ops](op), the tables that they refer to, the input tables of
//! each action, and indexes that say which rules an input can concern. It comes into being only by
//! [verification](Program::verify) of [`Parts`], whether they come from the compiler or from a
//! file, so that an evaluator can rely on it.

#![no_std]
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

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod artifact;
mod codec;
pub mod dfa;
mod disassemble;
pub mod format;
pub mod ids;
pub mod limits;
mod number;
pub mod op;
pub mod ordinary;
pub mod parts;
pub mod program;
mod strings;
mod verify;
pub mod walks;
mod wording;

pub use artifact::Artifact;
pub use codec::DecodeError;
pub use disassemble::Disassembly;
pub use number::Number;
pub use parts::Parts;
pub use program::{Effect, Program};
pub use strings::Strings;
pub use verify::VerifyError;
pub use wording::{StringText, Style, Wording};
