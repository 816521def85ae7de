//! What there is to say about a test document.

use super::read::{policy_path, read};
use super::shape::Reader;
use crate::error::render_all;
use crate::policy::Policy;
use actra_compiler::diagnostic::{Diagnostic, Report, Severity, Sources, Style, to_json};
use actra_compiler::yaml;

/// Errors and warnings of a test document, by place.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) sources: Sources,
}

impl Findings {
    /// All of them.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The document that they are about.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Whether any is an error: then nothing in the document can be run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }

    /// All of them as text, a blank line between each two; empty where there are none.
    pub fn render(&self, style: Style) -> String {
        render_all(&self.diagnostics, &self.sources, style)
    }

    /// All of them as JSON values, as of `actra check`.
    pub fn to_json(&self) -> Vec<serde_json::Value> {
        self.diagnostics.iter().map(|diagnostic| to_json(diagnostic, &self.sources)).collect()
    }
}

/// What there is to say about a test document without running it, for editors and other tools. Its
/// `policy:` is not loaded: without a policy, nothing is said that only it can tell.
///
/// ```
/// use actra::testing::check_document;
///
/// let found = check_document("policy_test.yaml", "name: refunds\ntest: []\n", None);
/// assert!(found.has_errors());
/// assert_eq!(found.diagnostics()[0].code.as_str(), "unknown_key");
/// ```
pub fn check_document(name: &str, text: &str, policy: Option<&Policy>) -> Findings {
    let mut sources = Sources::default();
    let id = sources.add(name, text);
    let mut report = Report::default();
    if let Some(document) = yaml::read(&sources, id, &mut report) {
        let mut reader = Reader::new(&document, &mut report);
        policy_path(&mut reader);
        read(reader, &sources, policy);
    }
    Findings { diagnostics: report.into_sorted(), sources }
}
