//! What is measured decides as it should, and allocates nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod alike;
mod allocations;
mod exported;
mod history;
mod more;
mod readme;
