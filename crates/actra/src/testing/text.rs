//! A report in plain text, for the message of a failed `#[test]`.

use super::report::{FileReport, Report, Run, Verdict};
use actra_compiler::diagnostic::Style;
use std::fmt;

/// What failed, and the counts; nothing of what passed.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for broken in &self.broken {
            writeln!(f, "the policy in `{}` does not compile:", broken.path.display())?;
            writeln!(f, "{}", broken.error.render(Style::Plain))?;
        }
        for file in &self.files {
            if file.is_broken {
                writeln!(f, "{}", file.findings.render(Style::Plain))?;
            }
            for run in &file.runs {
                write_failure(f, file, run)?;
            }
        }
        let counts = self.counts();
        write!(
            f,
            "{} passed, {} failed, {} errors, {} skipped",
            counts.passed, counts.failed, counts.errors, counts.skipped
        )
    }
}

fn write_failure(f: &mut fmt::Formatter<'_>, file: &FileReport, run: &Run) -> fmt::Result {
    let Verdict::Failed(failure) = &run.verdict else { return Ok(()) };
    writeln!(f, "{}:{}: {}", file.path.display(), run.place.line, run.name)?;
    if let Some(input) = &failure.input {
        writeln!(f, "  input: {input}")?;
    }
    for difference in &failure.differences {
        let (expected, actual) = (&difference.expected, &difference.actual);
        writeln!(f, "  {}: expected {expected}, found {actual}", difference.field)?;
    }
    if let Err(error) = &failure.actual {
        writeln!(f, "  {}", error.message)?;
    }
    Ok(())
}
