//! What Actra's own tests stand on: a second evaluator, written from the language page alone;
//! a generator of documents and inputs; and the runner of the conformance cases.
//!
//! Nothing here is published, fast or clever. The [`mod@reference`] evaluator walks the checked policy
//! as the language page reads, sentence by sentence, and shares no code with the compiler's
//! lowering or with the virtual machine: where the two disagree, one of them misreads the page.
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

pub mod corpus;
pub mod generate;
pub mod json;
pub mod monotone;
pub mod reference;
pub mod value;

pub use value::Value;
