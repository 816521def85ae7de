//! Tests of programs as data: what is refused, what loads, what it is shown as.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod artifacts;
mod build;
mod hostile;
mod listings;
mod operands;
mod refusals;
mod sections;
mod vectors;
