//! Patterns: each compiled once.

use super::literal::{Misfit, RawLiteral};
use crate::diagnostic::Code;
use crate::limits::MAX_PATTERN_BYTES;
use crate::pattern::{MAX_PATTERN_STEPS, PatternError, PatternErrorKind, compile_within};
use actra_bytecode::dfa::Dfa;
use std::collections::BTreeMap;

/// The patterns of a policy with their automata.
pub(super) struct Patterns {
    compiled: BTreeMap<String, Result<Dfa, PatternError>>,
    /// Steps that compiling further patterns may take.
    budget: u64,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { compiled: BTreeMap::new(), budget: MAX_PATTERN_STEPS }
    }
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
        if patterns.budget == 0 {
            let message = "the policy's patterns are together too costly to build".to_owned();
            let help = "repeat less in them, or use fewer".to_owned();
            return Err(literal.misfit(Code::PatternTooLarge, message, Some(help)));
        }
        let compiled = compile_within(text, &mut patterns.budget);
        patterns.compiled.insert(text.to_owned(), compiled);
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
