//! Tests of policies, as `*_test.yaml` documents beside them say them.
//!
//! [`run`] finds the documents below some paths and runs them; what it gives is a [`Report`], which
//! [`to_json`] and [`to_junit`] write for programs. `actra test` is this for people, and
//! `docs/testing.md` describes the documents.
//!
//! A project in Rust can run them with its own tests:
//!
//! ```
//! use actra::testing::{self, Options};
//!
//! # let directory = std::env::temp_dir().join(format!("actra-doctest-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # std::fs::write(directory.join("schema.yaml"), "version: 1\nactions: {ping: {}}\n")?;
//! # std::fs::write(directory.join("policy.yaml"), "version: 2\nrules:\n  - {id: any, scope: {action: ping}, effect: allow}\n")?;
//! # std::fs::write(directory.join("policy_test.yaml"), "name: pings\ntests:\n  - {name: all pass, input: {action: {type: ping}}, expect: allow}\n")?;
//! # let policies = &directory;
//! let report = testing::run(&Options::new([policies]))?;
//! assert!(report.is_success(), "{report}");
//! assert_eq!(report.counts().passed, 1);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod coverage;
mod document;
mod expand;
mod expect;
mod find;
mod fixture;
mod json;
mod junit;
mod path;
mod read;
mod read_expect;
mod report;
mod run;
mod shape;
mod text;
mod value;
mod watch;

pub use check::{Findings, check_document};
pub use coverage::{
    AtomCoverage, Coverage, PolicyCoverage, RuleCoverage, SourcePlace, Totals, to_lcov,
};
pub use document::Place;
pub use expand::MAX_RUNS;
pub use expect::{Difference, Expectation, Expected};
pub use find::SUFFIX;
pub use json::to_json;
pub use junit::to_junit;
pub use read::MAX_TESTS;
pub use report::{BrokenPolicy, Counts, Failure, FileReport, Report, Run, SentInput, Verdict};
pub use run::{Progress, run, run_with};
pub use watch::Watch;

use crate::policy::UnknownFields;
use std::io;
use std::path::{Path, PathBuf};

/// What to run, and how.
///
/// ```
/// use actra::testing::{OnFailure, Options};
///
/// let mut options = Options::new(["policies"]);
/// options.filter = Some("refund".to_owned());
/// options.on_failure = OnFailure::Stop;
/// assert_eq!(options.paths().len(), 1);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    paths: Vec<PathBuf>,
    /// Only runs whose `file > name` holds this text are asked for.
    pub filter: Option<String>,
    /// What to do after a failure.
    pub on_failure: OnFailure,
    /// How inputs are read. A test that expects `unknown_field` refuses unknown fields anyway.
    pub unknown_fields: UnknownFields,
    /// Whether to count what the tests cover.
    pub coverage: Measure,
}

/// Whether to count what the tests cover. It makes every input be explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Do not.
    #[default]
    Nothing,
    /// Count rules that fired, and atoms that were seen both true and false.
    Coverage,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Run the rest.
    #[default]
    GoOn,
    /// Leave the rest.
    Stop,
}

impl Options {
    /// Runs the documents that the paths lead to: files, and directories that are searched for
    /// `*_test.yaml`. Without paths, the current directory is.
    pub fn new<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Self {
        let mut paths: Vec<PathBuf> =
            paths.into_iter().map(|path| path.as_ref().to_owned()).collect();
        if paths.is_empty() {
            paths.push(PathBuf::from("."));
        }
        Self {
            paths,
            filter: None,
            on_failure: OnFailure::default(),
            unknown_fields: UnknownFields::default(),
            coverage: Measure::default(),
        }
    }

    /// Where documents are looked for.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    fn asks_for(&self, file: &Path, name: &str) -> bool {
        let Some(filter) = &self.filter else { return true };
        format!("{} > {name}", file.display()).contains(filter)
    }
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path leads nowhere.
    #[error("`{}` is not there", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A path cannot be searched.
    #[error("`{}` cannot be read: {error}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// There are no test documents.
    #[error("there are no tests in {}", shown(paths))]
    NoTests {
        /// Where they were looked for.
        paths: Vec<PathBuf>,
    },
    /// There are, and the filter leaves none.
    #[error("no test has `{filter}` in its name")]
    NoneMatches {
        /// The filter.
        filter: String,
    },
}

impl Error {
    fn of_io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing { path }
        } else {
            Self::Io { path, error }
        }
    }
}

fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    paths.join(", ")
}
