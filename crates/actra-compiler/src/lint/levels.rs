//! How much warnings matter in one run: `--deny` and `--allow`.

use crate::diagnostic::{Code, Diagnostic, Severity, suggest};
use std::collections::BTreeSet;

/// What becomes of warnings: promoted to errors, dropped, or left as they are.
///
/// ```
/// use actra_compiler::lint::LintLevels;
///
/// let levels = LintLevels::new().deny("all")?.allow("unused_field")?;
/// assert!(levels.deny("no_such_lint").is_err());
/// # Ok::<(), actra_compiler::lint::LevelError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintLevels {
    everything: bool,
    denied: BTreeSet<Code>,
    allowed: BTreeSet<Code>,
}

/// A name that is no code of a warning, or one that is to be both promoted and dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LevelError {
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Every warning.
const ALL: &str = "all";

impl LintLevels {
    /// Warnings are warnings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with warnings of a code, or with `all` of them, as errors. Where all are, those of
    /// [`LintLevels::allow`] are not.
    ///
    /// # Errors
    /// If the name is not the code of a warning, or the code is allowed.
    pub fn deny(mut self, name: &str) -> Result<Self, LevelError> {
        if name == ALL {
            self.everything = true;
            return Ok(self);
        }
        let code = warning(name, &[ALL])?;
        self.denied.insert(code);
        self.consistent(code)
    }

    /// The same without warnings of a code.
    ///
    /// # Errors
    /// If the name is not the code of a warning, or the code is denied.
    pub fn allow(mut self, name: &str) -> Result<Self, LevelError> {
        if name == ALL {
            return Err(LevelError {
                message: "warnings are allowed one by one, not `all`".to_owned(),
                help: "name the codes that are not to be said".to_owned(),
            });
        }
        let code = warning(name, &[])?;
        self.allowed.insert(code);
        self.consistent(code)
    }

    fn consistent(self, code: Code) -> Result<Self, LevelError> {
        if self.denied.contains(&code) && self.allowed.contains(&code) {
            return Err(LevelError {
                message: format!("`{code}` is both denied and allowed"),
                help: "decide for one of the two".to_owned(),
            });
        }
        Ok(self)
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What becomes of diagnostics. Errors stay as they are.
    pub fn apply(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.is_empty() {
            return diagnostics;
        }
        let kept = diagnostics.into_iter().filter(|found| {
            found.severity == Severity::Error || !self.allowed.contains(&found.code)
        });
        kept.map(|found| match found.severity {
            Severity::Warning if self.everything || self.denied.contains(&found.code) => {
                Diagnostic { severity: Severity::Error, ..found }
            }
            _ => found,
        })
        .collect()
    }
}

/// The warning of that name.
fn warning(name: &str, more: &[&str]) -> Result<Code, LevelError> {
    match Code::parse(name) {
        Some(code) if code.severity() == Severity::Warning => Ok(code),
        Some(code) => Err(LevelError {
            message: format!("`{code}` is an error already"),
            help: "only warnings can be denied or allowed".to_owned(),
        }),
        None => Err(LevelError {
            message: format!("there is no warning `{}`", crate::check::excerpt(name)),
            help: near(name, more),
        }),
    }
}

/// Help for a name that is not the code of a warning.
pub(super) fn near(name: &str, more: &[&str]) -> String {
    let warnings = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
    let names = warnings.map(|code| code.as_str()).chain(more.iter().copied());
    suggest(name, names).map_or_else(no_near, |near| format!("did you mean `{near}`?"))
}

/// Help for a name that is near to no code.
pub(super) fn no_near() -> String {
    "`docs/lints.md` lists the codes".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{SourceId, Span};

    fn warning_of(code: Code) -> Diagnostic {
        Diagnostic::warning(code, Span { source: SourceId(0), start: 0, end: 0 }, "x")
    }

    fn severities(levels: &LintLevels) -> Vec<(Code, Severity)> {
        let span = Span { source: SourceId(0), start: 0, end: 0 };
        let found = vec![
            warning_of(Code::NoRules),
            warning_of(Code::UnusedField),
            Diagnostic::error(Code::BadAtom, span, "x"),
        ];
        levels.apply(found).into_iter().map(|found| (found.code, found.severity)).collect()
    }

    #[test]
    fn warnings_are_promoted_and_dropped_and_errors_stay() {
        use Severity::{Error, Warning};
        let levels = LintLevels::new();
        let bad = (Code::BadAtom, Error);
        let (rules, field) = (Code::NoRules, Code::UnusedField);
        assert_eq!(severities(&levels), [(rules, Warning), (field, Warning), bad]);
        let levels = LintLevels::new().deny("no_rules").unwrap();
        assert_eq!(severities(&levels), [(rules, Error), (field, Warning), bad]);
        let levels = LintLevels::new().allow("no_rules").unwrap().deny("all").unwrap();
        assert_eq!(severities(&levels), [(field, Error), bad]);
    }

    #[test]
    fn names_that_are_no_warnings_are_refused_with_help() {
        let refused = |result: Result<LintLevels, LevelError>| {
            let error = result.unwrap_err();
            format!("{error}; {}", error.help)
        };
        let levels = LintLevels::new;
        assert_eq!(
            refused(levels().deny("no_rule")),
            "there is no warning `no_rule`; did you mean `no_rules`?"
        );
        assert_eq!(
            refused(levels().deny("bad_atom")),
            "`bad_atom` is an error already; only warnings can be denied or allowed"
        );
        assert_eq!(
            refused(levels().allow("zzz")),
            "there is no warning `zzz`; `docs/lints.md` lists the codes"
        );
        assert_eq!(
            refused(levels().deny("no_rules").unwrap().allow("no_rules")),
            "`no_rules` is both denied and allowed; decide for one of the two"
        );
        assert!(levels().allow("all").is_err());
    }
}
