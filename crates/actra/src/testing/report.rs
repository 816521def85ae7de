//! What running tests gives.

use super::check::Findings;
use super::coverage::Coverage;
use super::document::Place;
use super::expect::{Difference, Expectation};
use crate::decision::Decision;
use crate::error::{CompileError, InputError};
use crate::explain::Explanation;
use std::fmt;
use std::ops::AddAssign;
use std::path::PathBuf;
use std::time::Duration;

/// What running tests gave.
#[derive(Debug)]
pub struct Report {
    /// Every test document with a test that was asked for, in the order found.
    pub files: Vec<FileReport>,
    /// Policies that do not compile, each once.
    pub broken: Vec<BrokenPolicy>,
    /// Whether the run stopped at the first failure, so that there may be more.
    pub stopped: bool,
    /// What the tests covered, where that was asked for.
    pub coverage: Option<Coverage>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A policy that does not compile. The tests of its files count as errors.
#[derive(Debug)]
pub struct BrokenPolicy {
    /// Its directory.
    pub path: PathBuf,
    /// Everything there is to say about it.
    pub error: CompileError,
}

/// A test document and its runs.
#[derive(Debug)]
pub struct FileReport {
    /// The document.
    pub path: PathBuf,
    /// Its `name:`, where that could be read.
    pub name: Option<String>,
    /// Where its policy is.
    pub policy: Option<PathBuf>,
    /// Whether the document could not be read, or its policy not be loaded: then nothing ran, and
    /// the document counts as one error. Why is among the findings.
    pub is_broken: bool,
    /// Every input that was asked for, in the document's order.
    pub runs: Vec<Run>,
    /// How long it took.
    pub elapsed: Duration,
    /// Errors and warnings of the document.
    pub findings: Findings,
}

/// One input of a test.
#[derive(Debug)]
pub struct Run {
    /// The test's name, with values and the case's name: different from all others in the file.
    pub name: String,
    /// The test's name alone.
    pub test: String,
    /// What matrix and case put into the input: paths and values as they are written.
    pub values: Vec<(String, String)>,
    /// The case's name.
    pub case: Option<String>,
    /// Where the case stands, or else the test.
    pub place: Place,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub enum Verdict {
    /// The answer is what the test expects.
    Passed,
    /// It is not.
    Failed(Box<Failure>),
    /// It was not asked for, with the reason that the test gives.
    Skipped(String),
    /// Nothing was decided, since the policy does not compile.
    NoPolicy,
}

/// An answer that is not what the test expects.
#[derive(Debug)]
pub struct Failure {
    /// The input that was sent. Only the first failures of a run keep it.
    pub input: Option<SentInput>,
    /// What the test expects.
    pub expected: Expectation,
    /// What came out.
    pub actual: Result<Decision, InputError>,
    /// Where the two differ: never empty.
    pub differences: Vec<Difference>,
    /// Why it came out: the rules, and what their tests said. Only the first failures of a run are
    /// explained.
    pub explanation: Option<Explanation>,
}

/// An input: each domain with its value as text. All of it together, as it displays, is text that
/// `actra eval` takes: JSON, or YAML where there is NaN or an infinity in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentInput {
    /// The domains that the test names, in their order.
    pub domains: Vec<(&'static str, String)>,
}

impl fmt::Display for SentInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (domain, value)) in self.domains.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}\"{domain}\": {value}")?;
        }
        f.write_str("}")
    }
}

/// How many runs came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs whose answer is what the test expects.
    pub passed: usize,
    /// Runs whose answer is another one.
    pub failed: usize,
    /// Runs without a policy, and documents that could not be read.
    pub errors: usize,
    /// Runs that were skipped.
    pub skipped: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.errors + self.skipped
    }

    /// Whether nothing failed and something passed: where all is skipped, nothing is known.
    pub fn is_success(&self) -> bool {
        self.failed == 0 && self.errors == 0 && self.passed > 0
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }
}

impl Report {
    /// What all runs came to.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.files.iter().for_each(|file| counts += file.counts());
        counts
    }

    /// Whether every test passed that was not skipped, and there was one.
    pub fn is_success(&self) -> bool {
        self.counts().is_success()
    }
}

impl FileReport {
    /// What its runs came to.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { errors: usize::from(self.is_broken), ..Counts::default() };
        for run in &self.runs {
            match run.verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) => counts.failed += 1,
                Verdict::Skipped(_) => counts.skipped += 1,
                Verdict::NoPolicy => counts.errors += 1,
            }
        }
        counts
    }
}
