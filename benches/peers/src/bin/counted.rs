//! `counted FOLDER...`: prints, as lines of `benches/src/figures.rs`, what engines hold of memory that
//! were given a workload, and how many allocations a decision takes. Its allocator counts; that of the
//! door, which is timed, does not.

use actra_bench_peers::operations;
use actra_bench_peers::peer::Fallible;
use actra_bench_peers::workload::Workload;
use actra_benches::figures::{Figure, Unit};
use allocation_counter::measure;
use std::path::Path;

const COMMAND: &str = "scripts/bench-figures.sh";

/// Operations, and how they are called. What converts inputs holds none of them but Cedar's entities.
const COUNTED: &[(&str, &str)] = &[
    ("cedar", "cedar-policy"),
    ("cedar-sliced", "cedar-policy, sliced"),
    ("regorus", "regorus"),
    ("regorus-data", "regorus, limits as data"),
    ("cel", "cel"),
    ("cel-data", "cel, limits as data"),
    ("casbin", "casbin"),
    ("zen", "zen-engine"),
];

fn main() -> Fallible<()> {
    for folder in std::env::args().skip(1) {
        let name = std::fs::read_to_string(Path::new(&folder).join("name"))?;
        let workload = Workload::read(Path::new(&folder))?;
        let operations = operations(workload);
        for (operation, title) in COUNTED {
            let Some((_, make)) = operations.iter().find(|(known, _)| known == operation) else {
                continue;
            };
            let mut made = None;
            let held = measure(|| made = Some(make(workload))).bytes_current;
            let Some(Ok(mut peer)) = made else { continue };
            let mut decide = || (0..workload.count()).try_for_each(|at| peer.effect(at).map(drop));
            // What engines keep from a first decision is not that of each.
            decide()?;
            let mut again = Ok(());
            let allocated = measure(|| again = decide()).count_total;
            again?;
            // In W1 there are more entities than rules.
            if name.starts_with("W2") {
                told(format!("memory of {name}: {title}"), held as f64, Unit::Bytes);
            }
            let each = allocated as f64 / workload.count() as f64;
            told(format!("{name}: {title}"), each, Unit::Allocations);
        }
    }
    Ok(())
}

fn told(what: String, value: f64, unit: Unit) {
    println!("{}", Figure { what, value, unit, at_most: None, command: COMMAND.to_owned() }.line());
}
