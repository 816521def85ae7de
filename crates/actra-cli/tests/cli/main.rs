//! The built command, run as people and programs run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod check;
mod compile;
mod convert;
mod editors;
mod eval;
mod explain;
mod explain_error;
mod init;
mod inspect;
mod json_schemas;
mod lints;
mod stream;
mod support;
mod test;
