//! What the compiler has to say about documents: errors and warnings with a code, a place and help.

mod code;
mod render;

pub use code::Code;
pub use render::{Style, render};

use crate::model::Place;

/// A document to compile: its name as people should see it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path or other name, as printed in diagnostics.
    pub name: String,
    /// The YAML text.
    pub text: String,
}

/// The documents of one compilation. Spans point into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<Source>,
}

/// Index of a document in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

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

impl Sources {
    /// Adds a document.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(self.files.len() as u32);
        self.files.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// The document.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Every document, in the order added.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// Line and column, both from 1, columns in characters.
    pub fn place(&self, span: Span) -> Place {
        let Some(source) = self.source(span.source) else { return Place::default() };
        let upto = source.text.get(..span.start as usize).unwrap_or(&source.text);
        let line = upto.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
        let start_of_line = upto.rfind('\n').map_or(0, |at| at + 1);
        let column = upto.get(start_of_line..).unwrap_or("").chars().count() as u32 + 1;
        Place { source: span.source.0, line, column }
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The documents do not compile.
    Error,
    /// They do, and somebody should look.
    Warning,
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
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: Some(span),
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// The same with help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another place.
    #[must_use]
    pub fn with_related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related.push((span, what.into()));
        self
    }
}

/// Collects diagnostics while a document is read, so that all of its errors are reported at once.
#[derive(Debug, Default)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of them, by document and place, each once.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        self.diagnostics.dedup();
        self.diagnostics
    }
}
