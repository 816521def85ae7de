//! Chores of this repository that need more than a line of shell.
//!
//! ```text
//! cargo run -p xtask -- compat [--cases N] [--inputs N] [--seed S]
//! cargo run -p xtask -- conformance [--json FILE]
//! cargo run -p xtask -- needed [--table] [DIR ...]
//! cargo run -p xtask -- readme-check [--update] [FILE.md ...]
//! cargo run -p xtask -- docs [--check]
//! cargo run -p xtask -- header [--check]
//! cargo run --release -p xtask -- time ARTIFACT INPUT.json ...
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]

mod compat;
mod conformance;
mod docs;
mod header;
mod needed;
mod readme;
mod time;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run -p xtask -- compat [--cases N] [--inputs N] [--seed S]
       cargo run -p xtask -- conformance [--json FILE]
       cargo run -p xtask -- needed [--table] [DIR ...]
       cargo run -p xtask -- readme-check [--update] [FILE.md ...]
       cargo run -p xtask -- docs [--check]
       cargo run -p xtask -- header [--check]
       cargo run --release -p xtask -- time ARTIFACT INPUT.json ...

compat   compares decisions with the actra 0.7.8 package, which it installs
         into a virtual environment under target/
           --cases N    so many generated policies (default 300)
           --inputs N   so many inputs for each (default 20)
           --seed S     where the generator starts (default 1)
conformance
         counts the conformance cases
           --json FILE  writes them as JSON, too
needed   takes each rule of the examples (or of policy directories) out of
         force and fails where no test sees it, or where no change to a policy
         breaks a governance rule
           --table      say what shows it of each rule
readme-check
         follows the examples' pages, and those in docs/ that show files (or
         some Markdown files): writes the files, runs the `$ actra ...` lines in
         the console blocks, and fails where the output is another one
           --update     write what was put out into the files
docs     writes docs/errors.md from the table of codes
           --check      only says whether it is as it should be
header   writes include/actra.h from crates/actra-ffi
           --check      fails where it is another one, and shows the difference
time     says how large a compiled policy is and how long its decisions take";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.split_first() {
        Some((&"compat", rest)) => compat::Options::parse(rest).and_then(|o| compat::run(&o)),
        Some((&"conformance", rest)) => conformance::run(rest),
        Some((&"needed", rest)) => needed::run(rest),
        Some((&"readme-check", rest)) => readme::run(rest),
        Some((&"docs", rest)) => docs::run(rest),
        Some((&"header", rest)) => header::run(rest),
        Some((&"time", rest)) => time::run(rest),
        Some((&("help" | "--help" | "-h"), _)) => {
            println!("{USAGE}");
            Ok(())
        }
        Some((other, _)) => Err(format!("`{other}` is no task\n\n{USAGE}")),
        None => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
