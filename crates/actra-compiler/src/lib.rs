//! Compiles Actra documents.

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

pub mod canonical;
pub mod check;
pub mod diagnostic;
mod json;
pub mod limits;
pub mod lint;
pub mod lower;
pub mod model;
pub mod pattern;
pub mod yaml;
