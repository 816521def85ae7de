//! Promises: `never` and `always`, proved or refuted.

use crate::ask::{Found, Undecided, find};
use crate::encode::{Encoded, holds};
use crate::input::Input;
use crate::probe::{Case, Source};
use crate::replay::{Engine, Verdict};
use crate::solve::Lit;
use crate::space::Space;
use actra_compiler::model::{Condition, PromiseKind};

/// A promise about the inputs for an action.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The promise.
    pub promise: PromiseKind,
    /// Only inputs for which this is true or unknown.
    pub assume: Option<&'q Condition>,
    /// Only inputs that have every declared field.
    pub complete: bool,
    /// Steps that the search may take.
    pub budget: u64,
}

/// Whether a promise is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// By every input.
    Always,
    /// There are no inputs that it is about.
    Vacuously,
    /// Not by this one.
    Broken {
        /// The input.
        input: Box<Input>,
        /// What is decided about it.
        verdict: Verdict,
    },
    /// It could not be decided.
    Undecided(Undecided),
}

/// Whether the policy keeps a promise about the inputs of a case.
pub fn is_kept(source: Source<'_>, case: &Case, question: &Question<'_>) -> Kept {
    let Question { promise, assume, complete, budget } = *question;
    let conditions: Vec<(usize, &Condition)> =
        assume.into_iter().map(|condition| (0, condition)).collect();
    let mut space = match Space::new(&[source], case, &conditions, complete) {
        Ok(space) => space,
        Err(error) => return Kept::Undecided(Undecided::TooLarge(error.0)),
    };
    let encoded = Encoded::new(&mut space, 0, source, case, complete);
    let assumed =
        assume.map_or(Lit::TRUE, |condition| holds(&mut space, 0, condition, true, false));
    let broken = match promise {
        PromiseKind::Never(effect) => encoded.has_effect(effect),
        PromiseKind::Always(effect) => !encoded.has_effect(effect),
    };
    match find(&mut space, &[encoded.valid, assumed, broken], budget) {
        Found::Nothing => match find(&mut space, &[encoded.valid, assumed], budget) {
            Found::Nothing => Kept::Vacuously,
            // The promise is kept, whatever there is.
            Found::Witness(_) | Found::Undecided(_) => Kept::Always,
        },
        Found::Undecided(why) => Kept::Undecided(why),
        Found::Witness(input) => {
            let engine = match Engine::new(source) {
                Ok(engine) => engine,
                Err(error) => return Kept::Undecided(Undecided::TooLarge(error)),
            };
            let verdict = engine.decide(&input);
            match verdict.effect() {
                Some(effect) if !promise.is_kept_by(effect) => Kept::Broken { input, verdict },
                _ => Kept::Undecided(Undecided::NotConfirmed(input.to_text())),
            }
        }
    }
}
