//! `docs/errors.md`, made from the table of codes, their explanations and what is kept of their
//! cases.

use actra::codes::AnyCode;
use actra::diagnostic::{CommonDocuments, Part, Verdict};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Lines of what is said that are shown, and columns of each: some cases are huge on purpose.
const MAX_COLUMNS: usize = 100;

/// Writes the page, or with `--check` says whether it is as it should be.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let path = root().join("docs/errors.md");
    let page = page()?;
    match words {
        [] => std::fs::write(&path, page)
            .map_err(|error| format!("`{}` cannot be written: {error}", path.display())),
        ["--check"] => {
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            if there == page {
                Ok(())
            } else {
                Err("docs/errors.md is not what the table gives: run `cargo run -p xtask -- docs`"
                    .to_owned())
            }
        }
        [other, ..] => Err(format!("`{other}` is no option of `docs`")),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const HEAD: &str = "\
# Errors and warnings

Every error has a code, which stands in brackets: `error[undeclared_field]`. This page explains each;
`actra explain-error CODE` prints the same. It is made from the compiler's table of codes by
`cargo run -p xtask -- docs`, and tests compile its examples.

- [Errors and warnings in documents](#errors-and-warnings-in-documents): what `actra check` reports.
- [Input errors](#input-errors): inputs that cannot be decided. An input error is no decision, so
  whoever enforces decisions blocks on it.

Codes are stable: one keeps its meaning, and its name is not given to another.
";

/// The page.
pub(crate) fn page() -> Result<String, String> {
    let mut page = HEAD.to_owned();
    let documents: Vec<AnyCode> = of(|code| matches!(code, AnyCode::Document(_)));
    let inputs: Vec<AnyCode> = of(|code| matches!(code, AnyCode::Input(_)));
    index(&mut page, &documents);
    index(&mut page, &inputs);
    page.push_str("\n# Errors and warnings in documents\n");
    common(&mut page, &documents);
    sections(&mut page, &documents)?;
    page.push_str("\n# Input errors\n");
    common(&mut page, &inputs);
    sections(&mut page, &inputs)?;
    Ok(page)
}

fn of(keep: impl Fn(&AnyCode) -> bool) -> Vec<AnyCode> {
    AnyCode::all().filter(keep).collect()
}

/// A table per group.
fn index(page: &mut String, codes: &[AnyCode]) {
    let mut group = "";
    for code in codes {
        if code.group() != group {
            group = code.group();
            let _ = write!(page, "\n**{group}**\n\n| code | meaning |\n|---|---|\n");
        }
        let note = if code.severity() == "warning" { " (a warning)" } else { "" };
        let _ = writeln!(page, "| [`{code}`](#{code}) | {}{note} |", code.meaning());
    }
}

/// The documents that examples leave out.
fn common(page: &mut String, codes: &[AnyCode]) {
    let Some(first) = codes.first() else { return };
    let CommonDocuments { schema, policy } = first.common_documents();
    let _ = write!(
        page,
        "\nWhere an example leaves out its schema or its policy, these stand for them:\n\n\
         `schema.yaml`\n```yaml\n{schema}```\n\n`policy.yaml`\n```yaml\n{policy}```\n"
    );
}

fn sections(page: &mut String, codes: &[AnyCode]) -> Result<(), String> {
    let mut group = "";
    for code in codes {
        // Input errors are a group by themselves.
        if code.group() != group {
            group = code.group();
            if matches!(code, AnyCode::Document(_)) {
                let _ = write!(page, "\n## {group}\n");
            }
        }
        section(page, *code)?;
    }
    Ok(())
}

fn section(page: &mut String, code: AnyCode) -> Result<(), String> {
    let _ = write!(page, "\n### `{code}`\n\n");
    let _ = writeln!(page, "_{}: {}_", capital(code.severity()), code.meaning());
    let mut said = Some(said(code)?);
    let mut verdict = None;
    for part in code.explanation().parts() {
        match part {
            Part::Text(text) => {
                let _ = write!(page, "\n{text}\n");
            }
            Part::Example(example) => {
                if example.verdict == Verdict::Right {
                    says(page, said.take());
                }
                if verdict != Some(example.verdict) {
                    let _ = write!(page, "\n{}:\n", capital(example.verdict.as_str()));
                }
                verdict = Some(example.verdict);
                let _ = write!(
                    page,
                    "\n`{}`\n```{}\n{}```\n",
                    example.document, example.language, example.text
                );
            }
        }
    }
    says(page, said);
    Ok(())
}

fn says(page: &mut String, said: Option<String>) {
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        let _ = write!(page, "\nIt says:\n```text\n{said}```\n");
    }
}

/// What is kept of the code's case. A reserved code has none.
fn said(code: AnyCode) -> Result<String, String> {
    let path = root().join(format!("crates/actra/tests/explanations/{code}.txt"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("`{}` cannot be read: {error}", path.display())),
    };
    let lines = text.lines().map(|line| match line.char_indices().nth(MAX_COLUMNS) {
        Some((end, _)) if line.contains(['^', '|']) => {
            line.get(..end).unwrap_or_default().trim_end()
        }
        _ => line,
    });
    Ok(lines.fold(String::new(), |text, line| text + line + "\n"))
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_table_gives() {
        assert_eq!(run(&["--check"]), Ok(()));
    }

    #[test]
    fn every_code_has_an_entry_and_a_section() {
        let page = page().unwrap();
        for code in AnyCode::all() {
            assert!(page.contains(&format!("| [`{code}`](#{code}) |")), "{code}");
            assert!(page.contains(&format!("\n### `{code}`\n")), "{code}");
        }
    }
}
