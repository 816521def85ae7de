//! From parts to a program: nothing is taken on trust.
//!
//! The order is: layout and counts, bounds of every reference, literals, types (slot type x
//! operator x right side, for every group of candidates that runs the op), control flow, indexes.
//! What comes out has no reference that leads astray, no loop, and an index that visits exactly
//! the rules that could fire.

mod code;
mod error;
mod fields;
mod index;
mod slots;
mod tables;
mod types;

pub use error::VerifyError;

use crate::limits::MAX_PROGRAM_BYTES;
use crate::parts::Parts;
use crate::program::Program;
use tables::Tables;

impl Program {
    /// Verifies parts. This is the only way to a program, for compilers and loaders alike.
    pub fn verify(parts: Parts) -> Result<Self, VerifyError> {
        let bytes = crate::codec::encoded_bytes(&parts);
        tables::within("bytes", bytes, MAX_PROGRAM_BYTES)?;
        let tables = Tables::read(&parts)?;
        let code = code::read(&parts, &tables)?;
        types::verify(&parts, &tables, &code)?;
        let indexes = index::read(&parts, &tables, &code)?;
        Ok(tables.finish(parts, code, indexes))
    }
}
