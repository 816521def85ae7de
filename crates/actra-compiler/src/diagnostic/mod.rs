//! What the compiler has to say about documents: errors and warnings with a code, a place and help.

mod code;
mod explanation;
mod json;
mod line;
mod render;
#[cfg(test)]
mod render_tests;
mod sarif;
mod sources;
mod suggest;

pub use code::Code;
pub use explanation::{COMMON_DOCUMENTS, CommonDocuments, Example, Explanation, Part, Verdict};
pub use json::{DiagnosticView, RelatedView, to_json};
pub use render::{Style, render};
pub use sarif::to_sarif;
pub use sources::{Source, SourceId, Sources};
pub use suggest::suggest;

/// A range of bytes in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which document.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The documents do not compile.
    Error,
    /// They do, and somebody should look.
    Warning,
}

impl Severity {
    /// The word that opens a diagnostic.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing to say about the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which error or warning.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence in lower case, the user's text in backticks.
    pub message: String,
    /// The place; `None` where there is none (a whole directory, say).
    pub span: Option<Span>,
    /// Other places that matter, each with what it is.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::unplaced(code, Severity::Error, message) }
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::unplaced(code, Severity::Warning, message) }
    }

    /// An error or warning without a place: about a directory, a missing file.
    pub fn unplaced(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            span: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// The same with help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with help of the form "did you mean `...`?" where one of the candidates is near
    /// what was written. Help that is there stays.
    #[must_use]
    pub fn with_suggestion<'a>(
        self,
        written: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match suggest(written, candidates) {
            Some(near) if self.help.is_none() => self.with_help(format!("did you mean `{near}`?")),
            _ => self,
        }
    }

    /// The same with another place.
    #[must_use]
    pub fn with_related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related.push((span, what.into()));
        self
    }

    /// What diagnostics are sorted by: the place, and then everything else, so that the order in
    /// which they were found does not matter.
    fn rank(&self) -> impl Ord + '_ {
        (self.span, self.severity, self.code, &self.message, &self.related, &self.help)
    }
}

/// Collects diagnostics while a document is read, so that all of its errors are reported at once.
#[derive(Debug, Default)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    errors: usize,
}

impl Report {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        self.diagnostics.push(diagnostic);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many are errors.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// The warnings so far.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|found| found.severity == Severity::Warning)
    }

    /// Takes warnings out that a filter chooses. Errors stay.
    pub(crate) fn take(&mut self, mut chosen: impl FnMut(&Diagnostic) -> bool) -> Vec<Diagnostic> {
        let all = std::mem::take(&mut self.diagnostics);
        let (taken, kept) =
            all.into_iter().partition(|found| found.severity == Severity::Warning && chosen(found));
        self.diagnostics = kept;
        taken
    }

    /// All of them, by document and place, each once. Those without a place come first.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_unstable_by(|one, other| one.rank().cmp(&other.rank()));
        self.diagnostics.dedup();
        self.diagnostics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_sorted_by_place_and_say_everything_once() {
        let at = |source, start| Span { source: SourceId(source), start, end: start + 1 };
        let error = |span, message: &str| Diagnostic::error(Code::UnknownKey, span, message);
        let found = [
            error(at(1, 0), "d"),
            error(at(0, 9), "c"),
            error(at(0, 2), "b"),
            error(at(0, 2), "a"),
            error(at(0, 2), "b"),
            Diagnostic::unplaced(Code::MissingFile, Severity::Error, "e"),
            Diagnostic::warning(Code::NoRules, at(0, 2), "f"),
        ];
        let mut report = Report::default();
        for diagnostic in found {
            report.push(diagnostic);
        }
        assert_eq!(report.errors(), 6);
        let sorted = report.into_sorted();
        let messages: Vec<_> = sorted.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(messages, ["e", "a", "b", "f", "c", "d"]);
    }

    #[test]
    fn warnings_alone_are_no_errors() {
        let mut report = Report::default();
        let span = Span { source: SourceId(0), start: 0, end: 0 };
        report.push(Diagnostic::warning(Code::NoRules, span, "the policy has no rules"));
        assert!(!report.has_errors());
    }
}
