//! What the conformance corpus holds, and the corpus as JSON for languages without YAML.

use actra_testkit::corpus::{self, CaseFile, Index};
use std::path::{Path, PathBuf};

/// Prints how much there is by file and section; with `--json FILE` writes every case.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let json = match arguments {
        [] => None,
        ["--json", path] => Some(*path),
        _ => return Err("usage: cargo run -p xtask -- conformance [--json FILE]".to_owned()),
    };
    let folder = folder();
    let files = corpus::load(&folder.join("cases"))?;
    let index = std::fs::read_to_string(folder.join("index.yaml")).map_err(|e| e.to_string())?;
    let index = Index::parse(&index)?;
    print_totals(&files, &index);
    if let Some(path) = json {
        let text = format!("{:#}\n", corpus::to_json(&files));
        std::fs::write(path, text).map_err(|error| format!("`{path}`: {error}"))?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

fn print_totals(files: &[CaseFile], index: &Index) {
    let (mut cases, mut checks) = (0, 0);
    println!("{:<16} {:>6} {:>7}", "file", "cases", "checks");
    for file in files {
        let here = file.cases.iter().map(corpus::Case::len).sum::<usize>();
        println!("{:<16} {:>6} {here:>7}", file.name, file.cases.len());
        cases += file.cases.len();
        checks += here;
    }
    println!("{:<16} {cases:>6} {checks:>7}", "total");
    let held_elsewhere = index
        .sentences()
        .filter(|sentence| {
            !files.iter().flat_map(|file| &file.cases).any(|case| case.of.contains(&sentence.id))
        })
        .count();
    println!(
        "{} sentences, {held_elsewhere} of them without a case (held by tests, or open)",
        index.sentences().count()
    );
    for (id, why) in index.open() {
        println!("open: {id}: {why}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_export_holds_every_case() {
        let files = corpus::load(&folder().join("cases")).unwrap();
        let json = corpus::to_json(&files);
        for file in &files {
            assert_eq!(json[&file.name].as_array().unwrap().len(), file.cases.len());
        }
    }
}
