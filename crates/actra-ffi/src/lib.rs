//! libactra: the C ABI of Actra. `include/actra.h` is generated from here; what a comment says of a
//! function, the header says.
//!
//! Every entry point catches panics, checks every argument that can be checked, and writes its
//! out-parameters on success only (but for decisions, which an error leaves invalid). This is the
//! only crate with `unsafe`; each block says why it is sound.

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

mod arrow;
mod ask;
mod buffer;
mod constants;
mod decision;
mod error;
mod evaluate;
mod guard;
mod input;
mod load;
mod log;
mod policy;
mod pool;
mod rules;
#[cfg(all(test, feature = "compiler"))]
mod seeds;
mod slot;
mod store;
mod tests;
mod text;
mod version;

pub use arrow::{ArrowArray, ArrowSchema, actra_policy_evaluate_arrow};
pub use ask::*;
pub use buffer::*;
pub use constants::*;
pub use decision::*;
pub use error::*;
pub use evaluate::*;
pub use load::*;
pub use log::*;
pub use policy::*;
pub use rules::*;
pub use slot::*;
pub use store::*;
pub use tests::*;
pub use text::*;
pub use version::*;
