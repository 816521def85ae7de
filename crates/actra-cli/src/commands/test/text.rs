//! A report on tests for people.

use crate::output::{Paint, clean, count};
use actra::diagnostic::Style;
use actra::explain::Detail;
use actra::testing::{Counts, Failure, FileReport, Report, Run, Verdict};
use serde_json::Value;
use std::fmt::Write as _;

/// Failed runs of one test that are shown in full.
const MAX_SHOWN_PER_TEST: usize = 3;

/// Columns of the names of a decision's fields.
const FIELD_COLUMNS: usize = 16;

/// Columns of a value that stands beside another; longer ones stand below each other.
const VALUE_COLUMNS: usize = 36;

/// `ok    refund/policy_test.yaml  23 passed, 1 skipped`.
pub(super) fn file_line(file: &FileReport) -> String {
    let counts = file.counts();
    let word = if counts.failed > 0 {
        Paint::Block.of("FAIL ")
    } else if counts.errors > 0 {
        Paint::Error.of("ERROR")
    } else {
        Paint::Allow.of("ok   ")
    };
    let path = clean(&file.path.display().to_string());
    let name = file
        .name
        .as_deref()
        .map_or(String::new(), |name| format!("  {}", Paint::Label.of(&clean(name))));
    let tally = if file.is_broken { "cannot be run".to_owned() } else { tally(counts) };
    format!("{word} {}{name}  {tally}\n", Paint::Strong.of(&path))
}

/// `23 passed, 1 failed, 1 skipped in 3 files`.
pub(super) fn summary(report: &Report) -> String {
    let counts = report.counts();
    let mut text = format!("{} in {}", tally(counts), count(report.files.len(), "file"));
    if counts.skipped > 0 && counts.skipped == counts.total() {
        text.push_str("; nothing was run, so nothing is known");
    }
    if report.stopped {
        text.push_str("; stopped at the first failure, so there may be more");
    }
    format!("\n{text}\n")
}

fn tally(counts: Counts) -> String {
    let Counts { passed, failed, errors, skipped } = counts;
    let mut parts = Vec::new();
    if passed > 0 || failed + errors + skipped == 0 {
        parts.push(Paint::Allow.of(&format!("{passed} passed")));
    }
    if failed > 0 {
        parts.push(Paint::Block.of(&format!("{failed} failed")));
    }
    if errors > 0 {
        parts.push(Paint::Error.of(&count(errors, "error")));
    }
    if skipped > 0 {
        parts.push(Paint::Approval.of(&format!("{skipped} skipped")));
    }
    parts.join(", ")
}

/// Everything but what passed.
pub(super) fn details(report: &Report) -> String {
    let mut text = String::new();
    for broken in &report.broken {
        let path = clean(&broken.path.display().to_string());
        let _ = write!(
            text,
            "\n{}\n{}: the policy in `{path}` does not compile, so its tests cannot run\n",
            broken.error.render(Style::Coloured),
            Paint::Error.of("error"),
        );
    }
    for file in &report.files {
        let diagnostics = file.findings.render(Style::Coloured);
        if !diagnostics.is_empty() {
            let _ = write!(text, "\n{diagnostics}");
        }
        failures(&mut text, file);
    }
    text
}

/// The whole report without colours, for a file.
pub(super) fn plain(report: &Report) -> String {
    let lines: String = report.files.iter().map(file_line).collect();
    let text = format!("{lines}{}{}", details(report), summary(report));
    anstream::adapter::strip_str(&text).to_string()
}

fn failures(text: &mut String, file: &FileReport) {
    let mut of_test: (&str, usize) = ("", 0);
    let flush = |text: &mut String, (test, failed): (&str, usize)| {
        if failed > MAX_SHOWN_PER_TEST {
            let more = failed - MAX_SHOWN_PER_TEST;
            let runs = if more == 1 { "run" } else { "runs" };
            let _ = write!(text, "\n{more} more {runs} of `{}` failed\n", clean(test));
        }
    };
    for run in &file.runs {
        let Verdict::Failed(failure) = &run.verdict else { continue };
        if of_test.0 != run.test {
            flush(text, of_test);
            of_test = (&run.test, 0);
        }
        of_test.1 += 1;
        if of_test.1 <= MAX_SHOWN_PER_TEST {
            failed(text, file, run, failure);
        }
    }
    flush(text, of_test);
}

fn failed(text: &mut String, file: &FileReport, run: &Run, failure: &Failure) {
    let _ = write!(
        text,
        "\n{}: {}\n  {} {}:{}\n",
        Paint::Error.of("failed"),
        Paint::Strong.of(&clean(&run.name)),
        Paint::Label.of("-->"),
        clean(&file.path.display().to_string()),
        run.place.line,
    );
    if run.case.is_some() {
        for (path, value) in &run.values {
            row(text, &clean(path), &clean(value));
        }
    }
    for (domain, value) in failure.input.iter().flat_map(|input| &input.domains) {
        row(text, domain, &clean(value));
    }
    comparison(text, failure);
    text.push('\n');
    for line in why(failure).lines() {
        let _ = writeln!(text, "{}", format!("    {line}").trim_end());
    }
}

/// Why the answer is another one.
fn why(failure: &Failure) -> String {
    match (&failure.explanation, &failure.actual) {
        (Some(explanation), _) => {
            let mut explanation = explanation.clone();
            // It has been shown as it was sent.
            explanation.input.clear();
            explanation.render(Style::Coloured, Detail::Nearest)
        }
        (None, Ok(decision)) => decision.render(Style::Coloured),
        (None, Err(error)) => error.render(Style::Coloured),
    }
}

fn row(text: &mut String, label: &str, what: &str) {
    let label = Paint::Label.of(&format!("{label:<FIELD_COLUMNS$}"));
    let _ = writeln!(text, "  {label}  {what}");
}

/// Each field that the test names, expected beside actual, and marked where they differ.
fn comparison(text: &mut String, failure: &Failure) {
    let rows = rows(failure);
    let columns = rows.iter().map(|row| row.expected.chars().count());
    let widest = columns.filter(|columns| *columns <= VALUE_COLUMNS).max().unwrap_or(0);
    let width = widest.max("expected".len());
    let heading = format!("{:<FIELD_COLUMNS$}  {:<width$}  actual", "", "expected");
    let _ = writeln!(text, "  {}", Paint::Label.of(&heading));
    for row in rows {
        let mark = if row.differs { Paint::Error.of("!") } else { " ".to_owned() };
        let label = Paint::Label.of(&format!("{:<FIELD_COLUMNS$}", row.field));
        let (expected, actual) =
            if row.differs { (Paint::Allow, Paint::Block) } else { (Paint::Label, Paint::Label) };
        if row.expected.chars().count() > VALUE_COLUMNS {
            let below = Paint::Label.of(&format!("{:>FIELD_COLUMNS$}", "actual"));
            let _ = writeln!(text, "{mark} {label}  {}", expected.of(&row.expected));
            let _ = writeln!(text, "  {below}  {}", actual.of(&row.actual));
        } else {
            let padded = format!("{:<width$}", row.expected);
            let _ = writeln!(
                text,
                "{mark} {label}  {}  {}",
                expected.of(&padded),
                actual.of(&row.actual)
            );
        }
    }
}

struct Row {
    field: &'static str,
    expected: String,
    actual: String,
    differs: bool,
}

fn rows(failure: &Failure) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for expected in failure.expected.fields() {
        let found = failure.differences.iter().find(|other| other.field == expected.field);
        let wanted = value(&expected.value);
        let is_other_kind = failure.actual.is_err() != failure.expected.is_error();
        rows.push(Row {
            field: expected.field,
            actual: match found {
                Some(_) if is_other_kind => "-".to_owned(),
                Some(difference) => value(&difference.actual),
                None if is_other_kind => "-".to_owned(),
                None => wanted.clone(),
            },
            expected: wanted,
            differs: found.is_some(),
        });
    }
    // An error where a decision is expected, or the other way round.
    for difference in &failure.differences {
        if rows.iter().all(|row| row.field != difference.field) {
            rows.push(Row {
                field: difference.field,
                expected: "-".to_owned(),
                actual: value(&difference.actual),
                differs: true,
            });
        }
    }
    rows
}

/// A value as a test document would have it.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text),
        other => clean(&other.to_string()),
    }
}
