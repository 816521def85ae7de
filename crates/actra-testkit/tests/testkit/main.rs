//! Tests of what the other tests stand on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod cases;
mod documents;
mod evaluator;
mod generator;
mod lints;
mod vectors;
