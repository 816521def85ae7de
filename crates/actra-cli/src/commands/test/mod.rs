//! `actra test`.

mod coverage;
mod progress;
mod target;
mod text;

use crate::args::{CoverageFormat, Format, Test, TestFormat};
use crate::failure::{Failure, PROBLEM};
use crate::output::{self, Output, Paint};
use actra::UnknownFields;
use actra::testing::{self, Coverage, Error, Measure, OnFailure, Options, Progress, Report, Watch};
use anstream::ColorChoice;
use progress::ProgressLine;
use std::io::{self, IsTerminal as _};

pub(super) fn run(args: &Test, color: ColorChoice) -> Result<u8, Failure> {
    check_usage(args)?;
    target::check(args.output.as_deref(), args.coverage_output.as_deref())?;
    let options = options(args);
    if args.watch {
        return watch(args, &options, color);
    }
    let report = run_once(args, &options, color)?.map_err(of_error)?;
    if !report.is_success() {
        return Ok(PROBLEM);
    }
    match too_low(args, &report) {
        Some(failure) => Err(failure),
        None => Ok(0),
    }
}

/// What the arguments say together and cannot be done.
fn check_usage(args: &Test) -> Result<(), Failure> {
    if args.coverage_format != CoverageFormat::Table && args.coverage_output.is_none() {
        return Err(Failure::new("usage", "this coverage format is for programs, not for people")
            .with_help("write it to a file with `--coverage-output`"));
    }
    if args.watch && args.format != TestFormat::Text && args.output.is_none() {
        return Err(Failure::new("usage", "`--watch` tells people on standard output")
            .with_help("write the report to a file with `--output`"));
    }
    Ok(())
}

/// Whether coverage is to be measured: whoever says anything about it wants it.
fn measures(args: &Test) -> bool {
    args.coverage
        || args.coverage_format != CoverageFormat::Table
        || args.coverage_output.is_some()
        || args.coverage_threshold.is_some()
}

/// Coverage below the threshold, as a problem.
fn too_low(args: &Test, report: &Report) -> Option<Failure> {
    let (threshold, coverage) = (args.coverage_threshold?, report.coverage.as_ref()?);
    let totals = coverage.totals();
    (!totals.reaches(threshold)).then(|| {
        let percent = coverage::percent(totals);
        let message = format!("the coverage is {percent} %, and the threshold is {threshold} %");
        Failure::new("low_coverage", message)
            .with_help("`actra test --coverage` names what is not covered")
    })
}

fn options(args: &Test) -> Options {
    let mut options = Options::new(&args.paths);
    options.filter.clone_from(&args.filter);
    if args.fail_fast {
        options.on_failure = OnFailure::Stop;
    }
    if measures(args) {
        options.coverage = Measure::Coverage;
    }
    if args.reject_unknown {
        options.unknown_fields = UnknownFields::Refuse;
    }
    options
}

/// Why there is nothing to run.
fn of_error(error: Error) -> Failure {
    match error {
        Error::Missing { path } => Failure::unreadable(&path, &io::ErrorKind::NotFound.into())
            .with_help("name a test document or a directory to search"),
        Error::Io { path, error } => Failure::unreadable(&path, &error),
        Error::NoTests { .. } => Failure::new("no_tests", error.to_string())
            .with_help(format!("names of test documents end in `{}`", testing::SUFFIX)),
        Error::NoneMatches { .. } => Failure::new("no_tests", error.to_string())
            .with_help("a filter is a part of `file > name`, letter by letter"),
    }
}

/// Runs, and reports where and how the arguments say.
fn run_once(
    args: &Test,
    options: &Options,
    color: ColorChoice,
) -> Result<Result<Report, Error>, Failure> {
    // What programs read on standard output is all that stands there.
    let tells_people = args.format == TestFormat::Text || args.output.is_some();
    let mut output = Output::new(Format::Text, color);
    let mut line = ProgressLine::new();
    let mut written = Ok(());
    let report = testing::run_with(options, &mut |progress| match progress {
        Progress::Run { path, done } => line.show(path, done),
        Progress::File(file) if tells_people => {
            line.clear();
            if written.is_ok() {
                written = output.write(&text::file_line(file)).and_then(|()| output.flush());
            }
        }
        _ => {}
    });
    line.clear();
    written?;
    let report = match report {
        Ok(report) => report,
        Err(error) => return Ok(Err(error)),
    };
    if tells_people {
        output.write(&text::details(&report))?;
        if let (Some(coverage), None) = (&report.coverage, &args.coverage_output) {
            output.write(&coverage::table(coverage))?;
        }
        output.write(&text::summary(&report))?;
        output.flush()?;
    }
    drop(output);
    if let (Some(coverage), Some(path)) = (&report.coverage, &args.coverage_output) {
        let text = coverage_text(args.coverage_format, coverage);
        target::write(path, text.as_bytes())?;
    }
    let written = match (args.format, &args.output) {
        (TestFormat::Text, None) => return Ok(Ok(report)),
        (TestFormat::Text, Some(_)) => text::plain(&report),
        (TestFormat::Json, _) => output::pretty_json(&testing::to_json(&report)),
        (TestFormat::Junit, _) => testing::to_junit(&report),
    };
    match &args.output {
        Some(path) => target::write(path, written.as_bytes())?,
        // There are no colours in it, and nothing may be taken out of it.
        None => output::print(&written, Format::Json, color)?,
    }
    Ok(Ok(report))
}

fn coverage_text(format: CoverageFormat, coverage: &Coverage) -> String {
    match format {
        CoverageFormat::Table => {
            anstream::adapter::strip_str(&coverage::table(coverage)).to_string()
        }
        CoverageFormat::Json => output::pretty_json(&coverage.to_json()),
        CoverageFormat::Lcov => testing::to_lcov(coverage),
    }
}

/// Runs again and again. Nothing that a run gives ends it, but output that nobody reads does.
fn watch(args: &Test, options: &Options, color: ColorChoice) -> Result<u8, Failure> {
    let mut watch = Watch::new(options);
    loop {
        if io::stdout().is_terminal() {
            // The screen, what has scrolled out of it, and back to the top.
            output::print("\x1b[2J\x1b[3J\x1b[H", Format::Json, color)?;
        }
        match run_once(args, options, color)? {
            Ok(report) => {
                watch.add_policies(&report);
                if let Some(failure) = too_low(args, &report) {
                    failure.report(Format::Text, color);
                }
            }
            // Files come and go while people work on them.
            Err(error) => of_error(error).report(Format::Text, color),
        }
        let label = Paint::Label.of("waiting for changes; Ctrl-C ends it");
        output::print(&format!("{label}\n"), Format::Text, color)?;
        watch.wait();
    }
}
