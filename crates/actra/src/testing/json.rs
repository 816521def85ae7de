//! A report as JSON. `docs/testing.md` describes the shape.

use super::report::{Counts, Failure, FileReport, Report, Run, Verdict};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The report as one JSON object.
pub fn to_json(report: &Report) -> Value {
    let mut json = json!({
        "ok": report.is_success(),
        "summary": summary(report.counts(), report.files.len()),
        "stopped": report.stopped,
        "seconds": seconds(report.elapsed),
        "policies": report.broken.iter().map(|broken| json!({
            "path": broken.path.display().to_string(),
            "diagnostics": broken.error.to_json(),
        })).collect::<Vec<_>>(),
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
    });
    if let (Some(coverage), Value::Object(entries)) = (&report.coverage, &mut json) {
        entries.insert("coverage".to_owned(), coverage.to_json());
    }
    json
}

fn summary(counts: Counts, files: usize) -> Value {
    json!({
        "passed": counts.passed,
        "failed": counts.failed,
        "errors": counts.errors,
        "skipped": counts.skipped,
        "files": files,
    })
}

/// Whole microseconds, so that texts stay short.
fn seconds(elapsed: Duration) -> f64 {
    elapsed.as_micros() as f64 / 1e6
}

fn file(file: &FileReport) -> Value {
    json!({
        "path": file.path.display().to_string(),
        "name": file.name,
        "policy": file.policy.as_ref().map(|path| path.display().to_string()),
        "broken": file.is_broken,
        "seconds": seconds(file.elapsed),
        "diagnostics": file.findings.to_json(),
        "tests": file.runs.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(run: &Run) -> Value {
    let mut test = Map::new();
    let mut put = |key: &str, value: Value| {
        test.insert(key.to_owned(), value);
    };
    put("name", run.name.clone().into());
    put("test", run.test.clone().into());
    let values = run.values.iter();
    let values: Map<String, Value> =
        values.map(|(path, value)| (path.clone(), value.clone().into())).collect();
    put("values", values.into());
    put("case", run.case.clone().into());
    put("line", run.place.line.into());
    put("column", run.place.column.into());
    put("seconds", seconds(run.elapsed).into());
    let status = match &run.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Skipped(_) => "skipped",
        Verdict::NoPolicy => "error",
    };
    put("status", status.into());
    match &run.verdict {
        Verdict::Skipped(reason) => put("reason", reason.clone().into()),
        Verdict::Failed(failure) => put("failure", of_failure(failure)),
        Verdict::Passed | Verdict::NoPolicy => {}
    }
    test.into()
}

fn of_failure(failure: &Failure) -> Value {
    // Decisions and errors always serialise.
    let actual = match &failure.actual {
        Ok(decision) => serde_json::to_value(decision).unwrap_or_default(),
        Err(error) => json!({ "error": error }),
    };
    let differences = failure.differences.iter();
    let explanation = failure.explanation.as_ref();
    json!({
        "input": failure.input.as_ref().map(ToString::to_string),
        "expected": failure.expected.to_json(),
        "actual": actual,
        "differences": differences.map(|difference| json!({
            "field": difference.field,
            "expected": difference.expected,
            "actual": difference.actual,
        })).collect::<Vec<_>>(),
        "explanation": explanation,
    })
}
