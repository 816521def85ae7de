//! Patterns: each compiled once.

use super::literal::{Misfit, RawLiteral};
use crate::diagnostic::Code;
use crate::limits::MAX_PATTERN_BYTES;
use crate::pattern::{PatternError, PatternErrorKind, compile};
use actra_bytecode::dfa::Dfa;
use std::collections::BTreeMap;

/// The patterns of a policy with their automata.
#[derive(Default)]
pub(super) struct Patterns {
    compiled: BTreeMap<String, Result<Dfa, PatternError>>,
}

impl Patterns {
    /// The automata of those patterns that the filter keeps.
    pub(super) fn into_automata(self, keep: impl Fn(&str) -> bool) -> BTreeMap<String, Dfa> {
        let sound = self.compiled.into_iter().filter_map(|(text, dfa)| Some((text, dfa.ok()?)));
        sound.filter(|(text, _)| keep(text)).collect()
    }
}

/// Compiles a pattern, unless that has been done.
pub(super) fn check(
    patterns: &mut Patterns,
    literal: &RawLiteral<'_>,
    text: &str,
) -> Result<(), Misfit> {
    if text.len() > MAX_PATTERN_BYTES {
        let message = format!("a pattern is longer than {MAX_PATTERN_BYTES} bytes");
        return Err(literal.misfit(Code::PatternTooLarge, message, None));
    }
    if !patterns.compiled.contains_key(text) {
        patterns.compiled.insert(text.to_owned(), compile(text));
    }
    match patterns.compiled.get(text) {
        Some(Err(error)) => Err(misfit(literal, error)),
        _ => Ok(()),
    }
}

fn misfit(literal: &RawLiteral<'_>, error: &PatternError) -> Misfit {
    let code = match error.kind {
        PatternErrorKind::TooLarge => Code::PatternTooLarge,
        _ => Code::BadPattern,
    };
    let mut misfit = literal.misfit(code, error.message.clone(), error.help.clone());
    if let Some((from, to)) = error.range {
        misfit.span = Some(literal.part(from, to));
    }
    misfit
}
