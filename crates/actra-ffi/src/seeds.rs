//! What the fuzz target of the C ABI has found and what it starts from, without a fuzzer.

use std::path::Path;

#[path = "../../../fuzz/src/abi.rs"]
#[expect(
    unreachable_pub,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    reason = "the library of another workspace"
)]
mod abi;
#[path = "../../../fuzz/src/arrow.rs"]
#[expect(
    unreachable_pub,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    clippy::vec_box,
    reason = "the library of another workspace"
)]
mod arrow;

/// What the target calls.
mod api {
    pub(super) use crate::*;
}

#[expect(clippy::print_stderr, reason = "a failure says which seed it was")]
fn run(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(seeds.len() >= 10, "{} seeds of {target}", seeds.len());
    for seed in seeds {
        eprintln!("{}", seed.display());
        run(&std::fs::read(&seed).unwrap());
    }
}

#[test]
fn calls() {
    run("abi", abi::run);
}

#[test]
fn batches() {
    run("arrow", arrow::run);
}
