//! Compiles the patterns of `matches` to automata, within bounds of time and size.
//!
//! The syntax and meaning are the `regex` crate's, by way of its parser and its NFA. What leaves
//! this module is the program's own table, minimal and in its one numbering, so that equal
//! languages have equal bytes, whatever the pattern and the version of the crates.

mod determinize;
mod minimize;

use actra_bytecode::dfa::{Dfa, MAX_DFA_BYTES};
use determinize::determinize;
use regex_automata::nfa::thompson;
use regex_syntax::ParserBuilder;
use regex_syntax::ast;

use regex_syntax::hir::{Hir, Look};

/// The longest pattern in bytes.
pub const MAX_PATTERN_BYTES: usize = 1024;

/// How deep groups may be nested in a pattern: as deep as in the `regex` crate.
const MAX_PATTERN_DEPTH: u32 = 250;

/// The largest NFA, which is a step on the way to the automaton. It is enough for the automata
/// that may come out of it, and small enough that `((a{999}){999}){999}` fails at once.
const MAX_NFA_BYTES: usize = 4 * 1024 * 1024;

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What sort of fault it is.
    pub kind: PatternErrorKind,
    /// One sentence in lower case.
    pub message: String,
    /// The bytes of the pattern that are at fault, where they are known.
    pub range: Option<(usize, usize)>,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

/// The sorts of [`PatternError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternErrorKind {
    /// The pattern is not in the `regex` crate's syntax.
    Syntax,
    /// The pattern, or its automaton, is too large.
    TooLarge,
    /// No deterministic automaton over bytes can do what the pattern says.
    Unsupported,
}

impl PatternError {
    fn syntax(message: String, span: &ast::Span) -> Self {
        let range = Some((span.start.offset, span.end.offset));
        Self { kind: PatternErrorKind::Syntax, message, range, help: None }
    }

    fn too_large() -> Self {
        Self {
            kind: PatternErrorKind::TooLarge,
            message: format!(
                "the automaton of the pattern is larger than {} KiB, or too costly to build",
                MAX_DFA_BYTES / 1024
            ),
            range: None,
            help: Some(
                "repeat less, or use ASCII classes such as `[0-9A-Za-z_]` or `(?-u:\\w)`: `\\w`, \
                 `\\d` and `.` are Unicode's and large"
                    .to_owned(),
            ),
        }
    }

    fn unsupported(message: &str, help: Option<&str>) -> Self {
        Self {
            kind: PatternErrorKind::Unsupported,
            message: message.to_owned(),
            range: None,
            help: help.map(str::to_owned),
        }
    }
}

/// Compiles a pattern to the automaton of the whole strings that it matches.
pub fn compile(pattern: &str) -> Result<Dfa, PatternError> {
    compile_within(pattern, &mut { MAX_PATTERN_STEPS })
}

/// Steps that the patterns of one policy may cost together: seconds, not hours.
pub const MAX_PATTERN_STEPS: u64 = 64_000_000;

/// The same, taking what it costs off a budget.
pub(crate) fn compile_within(pattern: &str, budget: &mut u64) -> Result<Dfa, PatternError> {
    let hir = whole_string(parse(pattern)?);
    let nfa = build_nfa(&hir)?;
    let table = determinize(&nfa, budget).map_err(|_| PatternError::too_large())?;
    minimize::canonical(&table)
        .and_then(|(classes, next, accepting)| Dfa::from_parts(classes, next, accepting).ok())
        .ok_or_else(PatternError::too_large)
}

fn parse(pattern: &str) -> Result<Hir, PatternError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(PatternError {
            kind: PatternErrorKind::TooLarge,
            message: format!(
                "the pattern has {} bytes, and {MAX_PATTERN_BYTES} are allowed",
                pattern.len()
            ),
            range: None,
            help: None,
        });
    }
    let mut parser = ParserBuilder::new().utf8(true).nest_limit(MAX_PATTERN_DEPTH).build();
    let hir = parser.parse(pattern).map_err(|error| match error {
        regex_syntax::Error::Parse(error) => PatternError {
            help: match error.kind() {
                ast::ErrorKind::UnsupportedLookAround => {
                    Some("join several patterns by `all:`, `any:` and `not:`".to_owned())
                }
                _ => None,
            },
            ..PatternError::syntax(error.kind().to_string(), error.span())
        },
        regex_syntax::Error::Translate(error) => {
            PatternError::syntax(error.kind().to_string(), error.span())
        }
        other => PatternError {
            kind: PatternErrorKind::Syntax,
            message: other.to_string(),
            range: None,
            help: None,
        },
    })?;
    if hir.properties().look_set().contains_word_unicode() {
        return Err(PatternError::unsupported(
            "Unicode word boundaries are not supported in patterns",
            Some("write `(?-u:\\b)`, which knows ASCII words"),
        ));
    }
    Ok(hir)
}

/// Binds the pattern to both ends. This is done to what was parsed, so that no spelling of a
/// pattern (alternations, comments) gets out of it.
fn whole_string(hir: Hir) -> Hir {
    Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)])
}

fn build_nfa(hir: &Hir) -> Result<thompson::NFA, PatternError> {
    let config = thompson::Config::new()
        .which_captures(thompson::WhichCaptures::None)
        .nfa_size_limit(Some(MAX_NFA_BYTES));
    thompson::Compiler::new().configure(config).build_from_hir(hir).map_err(|error| {
        match error.size_limit() {
            Some(_) => PatternError::too_large(),
            None => PatternError::unsupported(&error.to_string(), None),
        }
    })
}

#[cfg(test)]
mod tests;
