//! What a run leaves behind: a table to read, numbers to reckon with, plots to look at.

use super::Fallible;
use actra_benches::figures;
use actra_benches::readme::with_table;
use actra_benches::report::sections;
use actra_benches::results::{Machine, Results};
use actra_benches::soak::Soak;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const HEAD: &str = "\
# Results

Written by `make bench` (`scripts/bench.sh`). Ratios are medians of rounds in which both sides were
sampled by turns, with the tenth and the ninetieth percentile. Absolute times are of the machine of
that run. The same as numbers: `results.json`.

![Time of a decision by number of rules](plots/roles.svg)

![Time of a decision by number of rules, from Python](plots/roles-python.svg)

![Time of a decision of W1](plots/guard.svg)

![Time of a decision of W1 through each door](plots/doors.svg)
";

const SOAK: &str = "\
## Soak

Policies replaced while threads decide W1, by a run of its own (`make soak`, `SOAK.md`).
";

const NOTES: &str = "\
## Notes

- W1: 5 actions, 12 rules, 11 fields; half of 1,024 inputs match a rule. Hand-written: an input
  typed by the application, checked as the schema asks, then plain `if`s.
- W2: `roles-N` has N rules on one action, each for a role of its own; a third of the inputs match
  the last rule, a third the one in the middle, a third none. Hand-written: the same checks, then
  a `HashMap` by role, or the rules one after the other.
- W3: 200 actions of 50 rules each, one for each tenant, and an action at random. W4: 200 rules on one
  number, each for a band of its own. W5: prefixes, parts, ends, hosts, paths and patterns of a tool's
  arguments. Hand-written: the same checks, then maps by action and tenant; bands one after the other,
  or bisected; plain tests of strings, and patterns by `regex`.
- Both sides of each pair of W1 to W5 decide alike: `cargo test -p actra-benches` compares them on
  all inputs measured and on faulty ones, and counts the allocations of evaluations (none). Doors
  and other engines are compared on all inputs right before they are measured.
- Allocations are those of an evaluation after each input was decided once. Go's builder allocates
  nothing where no field is missing: `TestTheBuilderAllocatesNothing` in `doors/go`. C's slots are
  counted by `scripts/test-c.sh`, too, with an allocator of its own and by Valgrind. Engines'
  allocations are with the conversion of the input.
- Memory is what is held after loading or building, by an allocator that counts: Actra's policy from
  its artifact, and each engine with its indexes, as `peers/README.md` has them.
- Starting: a whole process, which loads an artifact and decides one input, beside a C program that
  only starts and ends.
- Other engines do not check their inputs as a schema asks. What each is given, and when inputs are
  converted for it: `peers/README.md`, `doors/go/README.md` and `doors/python/README.md`. In W2
  to W5 inputs are ready for them, while our frame is filled, or our `dict` read.
- W1 for 0.7.8: those inputs of W1 that the `actra` 0.7.8 package decides alike. It has no tests of
  parts of strings, and no way to tell that a field is missing, so that it cannot say all of W1.
- Importing: what `import actra` takes in a new interpreter, of which the files are in the system's
  cache.
- Compiling has `serde_yaml` read each document on a thread of its own, beside all the rest. Where only
  one core is free, they take turns, and the ratio is that much larger.
";

/// Writes `RESULTS.md` and what it points to into a folder.
pub(super) fn folder(results: &Results, folder: &Path) -> Fallible<()> {
    fs::create_dir_all(folder.join("plots"))?;
    let soak = soak()?;
    fs::write(folder.join("RESULTS.md"), document(results, soak.as_ref()))?;
    results.write(&folder.join("results.json"))?;
    fs::write(folder.join("plots/roles.svg"), super::plots::roles(results))?;
    fs::write(folder.join("plots/roles-python.svg"), super::plots::python_roles(results))?;
    fs::write(folder.join("plots/guard.svg"), super::plots::guard(results))?;
    fs::write(folder.join("plots/doors.svg"), super::plots::doors(results))?;
    Ok(())
}

/// Writes the README's table of them.
pub(super) fn readme(results: &Results) -> Fallible<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(&file)?;
    let text = with_table(&text, &results.rows).ok_or("the README has no place for the table")?;
    Ok(fs::write(file, text)?)
}

/// What the last `make soak` has found: another command's result, which this run keeps.
fn soak() -> Fallible<Option<Soak>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("soak.json");
    if file.exists() { Soak::read(&file).map(Some) } else { Ok(None) }
}

/// The table to read.
fn document(results: &Results, soak: Option<&Soak>) -> String {
    let mut text = format!("{HEAD}\n{}\n", sections(&results.rows));
    text.push_str(&figures::sections(&results.figures));
    if let Some(soak) = soak {
        let _ = writeln!(text, "{SOAK}\n{}", soak.table());
    }
    text.push_str(NOTES);
    if soak.is_none() {
        let _ = writeln!(text, "- Left out: the soak, which was not run (`make soak`).");
    }
    for what in &results.left_out {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- Left out: {what}.");
    }
    let Machine { processor, threads, memory_gib, system } = &results.machine;
    let _ =
        writeln!(text, "- Machine: {processor}, {threads} threads, {memory_gib} GiB, {system}.");
    let versions: Vec<String> =
        results.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    if !versions.is_empty() {
        let _ = writeln!(text, "- Versions: {}.", versions.join(", "));
    }
    text
}
