//! Documents that do not compile.

use actra_compiler::diagnostic::{Diagnostic, Severity, Sources, Style, render, to_json};
use actra_compiler::lint::LintLevels;
use std::fmt;

/// Documents that do not compile: everything there is to say about them.
#[derive(Clone, Debug)]
pub struct CompileError {
    diagnostics: Vec<Diagnostic>,
    silenced: Vec<Diagnostic>,
    sources: Sources,
}

impl CompileError {
    pub(crate) fn new(diagnostics: Vec<Diagnostic>, sources: Sources) -> Self {
        Self { diagnostics, silenced: Vec::new(), sources }
    }

    /// Of documents that would compile, but for warnings that are denied.
    pub(crate) fn denied(
        diagnostics: Vec<Diagnostic>,
        silenced: Vec<Diagnostic>,
        sources: Sources,
    ) -> Self {
        Self { diagnostics, silenced, sources }
    }

    /// Warnings that comments in the documents silence. None where there are errors besides
    /// denied warnings: then lints have not been looked for.
    pub fn silenced(&self) -> &[Diagnostic] {
        &self.silenced
    }

    /// The same with denied warnings as errors and without allowed ones: see
    /// [`Policy::with_lint_levels`](crate::Policy::with_lint_levels).
    #[must_use]
    pub fn with_lint_levels(self, levels: &LintLevels) -> Self {
        Self { diagnostics: levels.apply(self.diagnostics), ..self }
    }

    /// Errors and warnings, by document and place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The documents that they are about.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All of them as text, a blank line between each two.
    pub fn render(&self, style: Style) -> String {
        render_all(&self.diagnostics, &self.sources, style)
    }

    /// All of them as JSON values: `code`, `severity`, `message`, `file`, `line`, `column`, ...
    pub fn to_json(&self) -> Vec<serde_json::Value> {
        self.diagnostics.iter().map(|diagnostic| to_json(diagnostic, &self.sources)).collect()
    }
}

/// Diagnostics as text, a blank line between each two.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let texts: Vec<String> =
        diagnostics.iter().map(|diagnostic| render(diagnostic, sources, style)).collect();
    texts.join("\n")
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        let errors = self.diagnostics.iter().filter(is_error).count();
        writeln!(f, "{errors} error{} in the documents", if errors == 1 { "" } else { "s" })?;
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for CompileError {}
