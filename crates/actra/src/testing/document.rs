//! A test document that has been read: fixtures put in, places kept where reports need them.

use super::expect::Expectation;
use super::path::Path;
use super::value::Value;

/// A test, of which there may be many runs.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) name: String,
    pub(super) skip: Option<String>,
    /// The whole context, a mapping of domains.
    pub(super) input: Value,
    pub(super) matrix: Vec<Axis>,
    /// At least one; a test without cases is its only one.
    pub(super) cases: Vec<Case>,
}

/// A path and the values that it takes in turn.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) path: Path,
    pub(super) values: Vec<Setting>,
}

/// A value to put into the input, and what it is called in names of runs.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) label: String,
}

/// A variation of a test.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: Option<String>,
    pub(super) place: Place,
    pub(super) set: Vec<(Path, Setting)>,
    pub(super) expect: Expectation,
}

/// Where a test stands in its file. Lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}
