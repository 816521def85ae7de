//! Why a command stops, and what it leaves the shell with.

use crate::args::Format;
use crate::output::{self, Paint, clean};
use actra::diagnostic::{Diagnostic, Severity, Style};
use actra::{CompileError, DocumentsError, LoadError};
use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

/// Exit status of a problem.
pub(crate) const PROBLEM: u8 = 1;
/// Exit status when nobody reads the output any more: what a shell reports of a program that a
/// closed pipe ended. It is not 0, which might be taken for an allow.
const CLOSED: u8 = 141;

/// Why a command stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The documents do not compile.
    Documents(CompileError),
    /// Anything else there is something to say about.
    Problem(Problem),
    /// Nobody reads the output any more.
    Closed,
}

/// Something to say about a file or the usage.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
    /// What is wrong with the documents, if that is it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) diagnostics: Vec<serde_json::Value>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self::Problem(Problem {
            code,
            message: message.into(),
            help: None,
            diagnostics: Vec::new(),
        })
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(Problem { help: Some(help.into()), ..problem }),
            other => other,
        }
    }

    /// A file that cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let shown = path.display();
        if error.kind() == io::ErrorKind::NotFound {
            Self::new("missing_file", format!("`{shown}` is not there"))
        } else {
            Self::new("unreadable_file", format!("`{shown}` cannot be read: {error}"))
        }
    }

    /// A file that cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Self {
        let message = format!("`{}` cannot be written: {error}", path.display());
        Self::new("unwritable_file", message)
    }

    /// Output that cannot be written.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::new("unwritable_output", format!("the output cannot be written: {error}"))
        }
    }

    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Documents(_) | Self::Problem(_) => PROBLEM,
            Self::Closed => CLOSED,
        }
    }

    /// Says it on standard error.
    pub(crate) fn report(&self, format: Format, color: ColorChoice) {
        let text = match (self, format) {
            (Self::Closed, _) => return,
            (Self::Documents(error), Format::Text) => {
                format!(
                    "{}\n{}: the policy does not compile: {}\n{}",
                    error.render(Style::Coloured),
                    Paint::Error.of("error"),
                    tally(error),
                    learn_more(error.diagnostics()),
                )
            }
            (Self::Documents(error), Format::Json) => {
                let problem = Problem {
                    code: "documents",
                    message: format!("the policy does not compile: {}", tally(error)),
                    help: None,
                    diagnostics: error.to_json(),
                };
                output::json_error(&problem) + "\n"
            }
            (Self::Problem(problem), Format::Text) => problem.to_text(),
            (Self::Problem(problem), Format::Json) => output::json_error(problem) + "\n",
        };
        // There is nowhere left to complain to.
        let _ = AutoStream::new(io::stderr(), color).write_all(text.as_bytes());
    }
}

impl Problem {
    fn to_text(&self) -> String {
        let title = Paint::Error.of(&format!("error[{}]", self.code));
        let mut text = format!("{title}: {}\n", clean(&self.message));
        if let Some(help) = &self.help {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  = {}: {}", Paint::Help.of("help"), clean(help));
        }
        text
    }
}

/// Errors and warnings among the diagnostics.
pub(crate) fn counts(error: &CompileError) -> (usize, usize) {
    let all = error.diagnostics();
    let errors = all.iter().filter(|found| found.severity == Severity::Error).count();
    (errors, all.len() - errors)
}

/// `2 errors and 1 warning in 2 files`.
fn tally(error: &CompileError) -> String {
    let (errors, warnings) = counts(error);
    let mut text = output::count(errors, "error");
    if warnings > 0 {
        text = format!("{text} and {}", output::count(warnings, "warning"));
    }
    let places = error.diagnostics().iter().filter_map(|found| found.span);
    let files: BTreeSet<_> = places.map(|span| span.source).collect();
    if !files.is_empty() {
        text = format!("{text} in {}", output::count(files.len(), "file"));
    }
    text
}

/// How to learn more about what has been said, once for all of it.
pub(crate) fn learn_more(said: &[Diagnostic]) -> String {
    said.first().map_or_else(String::new, |first| {
        format!("{}: `actra explain-error {}` says more\n", Paint::Help.of("help"), first.code)
    })
}

/// Why a policy cannot be loaded.
pub(crate) fn of_load(path: &Path, error: LoadError) -> Failure {
    let shown = path.display();
    match error {
        LoadError::Compile(error) => Failure::Documents(error),
        LoadError::Artifact(actra::ArtifactError::NotAnArtifact) => {
            Failure::new("not_an_artifact", format!("`{shown}` is no compiled policy"))
                .with_help(help_for_other_file(path))
        }
        LoadError::Artifact(error) => {
            Failure::new("bad_artifact", format!("`{shown}` cannot be used: {error}"))
                .with_help("compile the policy again, or copy the file again")
        }
        LoadError::Trust(error) => {
            Failure::new(error.code(), format!("`{shown}` is not loaded: {error}"))
                .with_help(error.help())
        }
        LoadError::Io { path, error } => Failure::unreadable(&path, &error)
            .with_help("name a policy directory or an `.actra` file"),
    }
}

/// Why the documents of a policy cannot be had.
pub(crate) fn of_documents(path: &Path, error: DocumentsError) -> Failure {
    match error {
        DocumentsError::Compile(error) => Failure::Documents(error),
        error => {
            let message = format!("`{}`: {error}", path.display());
            Failure::new(error.code(), message).with_help(error.help())
        }
    }
}

fn help_for_other_file(path: &Path) -> String {
    let is_yaml = path.extension().is_some_and(|found| found == "yaml" || found == "yml");
    if is_yaml {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        format!("name the directory that it is in: `{}`", directory.display())
    } else {
        "name a policy directory, or a file that `actra compile` wrote".to_owned()
    }
}
