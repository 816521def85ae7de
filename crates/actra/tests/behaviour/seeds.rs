//! What the fuzz targets have found and what they start from, without a fuzzer: each file of
//! `fuzz/seeds` is run by its target.

#[path = "../../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, clippy::pedantic, reason = "the library of another workspace")]
mod fuzz;

use std::path::{Path, PathBuf};

/// The seeds of a target, in order.
fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(seeds.len() >= 10, "{} seeds of {target}", seeds.len());
    seeds
}

fn run(target: &str, run: fn(&[u8])) {
    for seed in seeds(target) {
        // A failure says which one it was.
        eprintln!("{}", seed.display());
        run(&std::fs::read(&seed).unwrap());
    }
}

#[test]
fn artifacts() {
    run("artifact", fuzz::artifact::run);
}

#[test]
fn documents() {
    run("documents", fuzz::documents::run);
}

#[test]
fn generated_policies() {
    run("generated", fuzz::generated::run);
}

#[test]
fn inputs() {
    run("input", fuzz::input::run);
}

#[test]
fn programs() {
    run("program", fuzz::program::run);
}
