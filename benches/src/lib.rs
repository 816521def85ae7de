//! Workloads that are measured, and hand-written Rust that decides the same.
//!
//! Everything is generated from seeds, so that each engine, in each run, sees the same text.

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

pub mod analysis;
pub mod arguments;
pub mod door;
pub mod figures;
pub mod guard;
pub mod history;
pub mod measure;
pub mod plot;
pub mod readme;
pub mod report;
pub mod results;
mod rng;
pub mod roles;
pub mod soak;
pub mod tenants;
pub mod thresholds;
pub mod workload;

pub use rng::Rng;
