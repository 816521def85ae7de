//! What the facade must do, held against the reference evaluator and the conformance cases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail loudly"
)]

mod agreement;
mod ahead;
mod answers;
mod artifact_documents;
mod columns;
mod convert;
mod corpus;
#[cfg(feature = "log")]
mod decision_log;
mod describe;
mod explain;
mod explanations;
mod forms;
mod governance;
mod indexes;
mod instants;
mod kinds;
mod monotone;
mod proofs;
mod reuse;
mod runtime;
mod seeds;
mod signing;
mod signing_files;
mod slots;
#[cfg(unix)]
mod store;
#[cfg(unix)]
mod store_faults;
#[cfg(unix)]
mod store_signed;
mod support;
mod testing;
mod thresholds;
