//! The runs of a test: every combination of its matrix with every case.

use super::document::{Case, Place, Setting, Test};
use super::expect::Expectation;
use super::path::Path;
use super::value::Value;

/// Runs that the tests of one document may come to.
pub const MAX_RUNS: usize = 100_000;

/// One input and what is expected of it.
#[derive(Debug)]
pub(super) struct Variant<'t> {
    test: &'t Test,
    case: &'t Case,
    /// What the matrix and the case put in, in this order.
    settings: Vec<(&'t Path, &'t Setting)>,
    /// How many of them are the matrix's.
    of_matrix: usize,
}

impl Test {
    /// Every run, the last row of the matrix changing fastest, and cases faster still.
    pub(super) fn variants(&self) -> impl Iterator<Item = Variant<'_>> {
        let combinations: usize = self.matrix.iter().map(|axis| axis.values.len()).product();
        (0..combinations).flat_map(move |number| {
            self.cases.iter().map(move |case| {
                let mut settings = self.combination(number);
                let of_matrix = settings.len();
                settings.extend(case.set.iter().map(|(path, setting)| (path, setting)));
                Variant { test: self, case, settings, of_matrix }
            })
        })
    }

    fn combination(&self, mut number: usize) -> Vec<(&Path, &Setting)> {
        let mut settings = Vec::with_capacity(self.matrix.len());
        for axis in self.matrix.iter().rev() {
            let values = axis.values.len().max(1);
            settings.extend(axis.values.get(number % values).map(|setting| (&axis.path, setting)));
            number /= values;
        }
        settings.reverse();
        settings
    }
}

impl Variant<'_> {
    /// The test's name, the values that this run stands for, and the case's name:
    /// `small refunds pass [action.amount: 1, action.currency: USD] > lead`.
    pub(super) fn name(&self) -> String {
        // A case that has a name needs no values to be told from others.
        let named = if self.case.name.is_some() { self.of_matrix } else { self.settings.len() };
        let values: Vec<String> = self
            .settings
            .iter()
            .take(named)
            .map(|(path, setting)| format!("{}: {}", path.text, setting.label))
            .collect();
        let mut name = self.test.name.clone();
        if !values.is_empty() {
            name = format!("{name} [{}]", values.join(", "));
        }
        if let Some(case) = &self.case.name {
            name.push_str(" > ");
            name.push_str(case);
        }
        name
    }

    /// What this run puts into the test's input: paths and values as they are written.
    pub(super) fn values(&self) -> Vec<(String, String)> {
        let settings = self.settings.iter();
        settings.map(|(path, setting)| (path.text.clone(), setting.label.clone())).collect()
    }

    pub(super) fn case(&self) -> Option<&str> {
        self.case.name.as_deref()
    }

    pub(super) fn place(&self) -> Place {
        self.case.place
    }

    pub(super) fn expect(&self) -> &Expectation {
        &self.case.expect
    }

    /// The input.
    pub(super) fn input(&self) -> Value {
        let mut input = self.test.input.clone();
        for (path, setting) in &self.settings {
            input.set(&path.keys, setting.value.clone());
        }
        input
    }
}
