//! The built command, run as people and programs run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod analysis;
mod check;
mod compile;
mod completions;
mod convert;
mod eval;
mod explain;
mod explain_error;
mod init;
mod inspect;
mod json_schema;
mod lints;
mod log;
mod replay;
mod replay_csv;
#[cfg(feature = "parquet")]
mod replay_parquet;
mod schema;
mod signing;
mod stream;
mod support;
mod test;
