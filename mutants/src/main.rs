//! Mutation testing of what decides: the machine, the verifier and lowering.
//!
//! Every change is put into one copy of the sources, beside what it changes and behind a switch, so
//! that the tests are built once and run once per change (Untch, Offutt, Harrold: "Mutation analysis
//! using mutant schemata", ISSTA 1993). What survives has to be in docs/mutation-testing.md with its
//! reason; what is there and no longer survives has to leave it.

mod find;
mod run;
mod tree;

use run::Fate;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use tree::Tree;

const USAGE: &str = "usage: actra-mutants [--only TEXT]... [--jobs N] [--resume] [--list]

  --only TEXT   only changes whose name has the text in it: a file, a function, an operator
  --jobs N      so many at once; as many as there are processors otherwise
  --resume      what an earlier run has found of the same sources is not tried again
  --list        say what would be changed, and run nothing";

const PAGE: &str = "docs/mutation-testing.md";

struct Options {
    only: Vec<String>,
    jobs: usize,
    resume: bool,
    list: bool,
}

fn options() -> Result<Options, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options { only: Vec::new(), jobs, resume: false, list: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value\n\n{USAGE}"));
        match word.as_str() {
            "--only" => options.only.push(value()?),
            "--jobs" => options.jobs = value()?.parse().map_err(|_| "--jobs needs a number")?,
            "--resume" => options.resume = true,
            "--list" => options.list = true,
            _ => return Err(format!("`{word}` is no option\n\n{USAGE}")),
        }
    }
    Ok(options)
}

/// The survivors that the page explains: its rows of four columns.
fn explained(page: &str) -> BTreeMap<String, String> {
    page.lines()
        .filter_map(|line| {
            let cells: Vec<&str> =
                line.strip_prefix("| crates/")?.strip_suffix(" |")?.splitn(4, " | ").collect();
            let [file, function, change, reason] = cells[..] else { return None };
            Some((format!("crates/{file} | {function} | {change}"), reason.to_owned()))
        })
        .collect()
}

fn main() -> ExitCode {
    match all() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn all() -> Result<bool, String> {
    let options = options()?;
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let repository = repository.canonicalize().map_err(|error| error.to_string())?;
    let tree = Tree::make(&repository, repository.join("target/mutants"))?;
    let wanted: Vec<usize> = (0..tree.mutants.len())
        .filter(|&id| {
            let name = tree.mutants[id].name();
            let chosen =
                options.only.is_empty() || options.only.iter().any(|text| name.contains(text));
            chosen && !tree.dropped[id]
        })
        .collect();
    if options.list {
        for &id in &wanted {
            println!("{}", tree.mutants[id].name());
        }
        return Ok(true);
    }
    let fates = run::run(
        &tree,
        &wanted,
        options.jobs,
        &tree.root.join("target/fates.tsv"),
        options.resume,
    )?;
    let page = std::fs::read_to_string(repository.join(PAGE)).unwrap_or_default();
    let explained = explained(&page);
    let mut fine = true;
    let mut count = [0; 3];
    for (&id, &fate) in &fates {
        count[fate as usize] += 1;
        let name = tree.mutants[id].name();
        let is_explained = explained.contains_key(&name);
        if (fate == Fate::Killed) == is_explained {
            fine = false;
            let what = match fate {
                Fate::Killed => "killed, though the page explains why it survives",
                Fate::Survived => "survived",
                Fate::NotReached => "not reached by any test",
            };
            println!("{name} (line {}): {what}", tree.mutants[id].line);
        }
    }
    if options.only.is_empty() {
        for name in explained.keys().filter(|name| !tree.mutants.iter().any(|m| m.name() == **name))
        {
            fine = false;
            println!("{name}: the page explains it, and there is no such change");
        }
    }
    let [killed, survived, not_reached] = count;
    println!(
        "{} changes: {killed} killed, {survived} survived, {not_reached} not reached; {} do not compile; \
         nothing is changed in functions that have to be const: {}",
        fates.len(),
        tree.dropped.iter().filter(|&&dropped| dropped).count(),
        tree.constants.join(", ")
    );
    Ok(fine)
}
