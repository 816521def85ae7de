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
    let asking = Asking::new(source, case, std::slice::from_ref(question), question.complete);
    match asking {
        Ok(mut asking) => asking.is_kept(question),
        Err(why) => Kept::Undecided(why),
    }
}

/// Whether the policy keeps each of several promises about the inputs of a case. What it says of
/// each is what [`is_kept`] says, but perhaps of another input that breaks it; what they have in
/// common is done once.
pub fn are_kept(source: Source<'_>, case: &Case, questions: &[Question<'_>]) -> Vec<Kept> {
    let mut asking: [Option<Result<Asking<'_>, Undecided>>; 2] = [None, None];
    let [partial, complete] = &mut asking;
    let mut answer = |question: &Question<'_>| {
        let asking = if question.complete { &mut *complete } else { &mut *partial };
        let new = || Asking::new(source, case, questions, question.complete);
        let kept = match asking.get_or_insert_with(new) {
            Ok(asking) => asking.is_kept(question),
            Err(why) => Kept::Undecided(why.clone()),
        };
        // Conditions of other promises may be what is in the way.
        match kept {
            Kept::Undecided(_) if questions.len() > 1 => is_kept(source, case, question),
            kept => kept,
        }
    };
    questions.iter().map(&mut answer).collect()
}

/// A policy over the inputs of a case, about which promises are asked.
#[derive(Debug)]
struct Asking<'p> {
    source: Source<'p>,
    space: Space<'p>,
    encoded: Encoded,
    /// Of the policy as it runs, once something is to be confirmed.
    engine: Option<Engine>,
}

impl<'p> Asking<'p> {
    /// For those questions that are about complete inputs, or for those that are not.
    fn new(
        source: Source<'p>,
        case: &Case,
        questions: &[Question<'_>],
        is_complete: bool,
    ) -> Result<Self, Undecided> {
        let conditions: Vec<(usize, &Condition)> = questions
            .iter()
            .filter(|question| question.complete == is_complete)
            .filter_map(|question| Some((0, question.assume?)))
            .collect();
        let mut space = Space::new(&[source], case, &conditions, is_complete)
            .map_err(|error| Undecided::TooLarge(error.0))?;
        let encoded = Encoded::new(&mut space, 0, source, case, is_complete);
        Ok(Self { source, space, encoded, engine: None })
    }

    fn is_kept(&mut self, question: &Question<'_>) -> Kept {
        let Question { promise, assume, complete: _, budget } = *question;
        let (space, valid) = (&mut self.space, self.encoded.valid);
        let assumed = assume.map_or(Lit::TRUE, |condition| holds(space, 0, condition, true, false));
        let broken = match promise {
            PromiseKind::Never(effect) => self.encoded.has_effect(effect),
            PromiseKind::Always(effect) => !self.encoded.has_effect(effect),
        };
        match find(space, &[valid, assumed, broken], budget) {
            Found::Nothing => match find(space, &[valid, assumed], budget) {
                Found::Nothing => Kept::Vacuously,
                // The promise is kept, whatever there is.
                Found::Witness(..) | Found::Undecided(_) => Kept::Always,
            },
            Found::Undecided(why) => Kept::Undecided(why),
            Found::Witness(input, _) => self.confirmed(promise, input),
        }
    }

    fn confirmed(&mut self, promise: PromiseKind, input: Box<Input>) -> Kept {
        if self.engine.is_none() {
            match Engine::new(self.source) {
                Ok(engine) => self.engine = Some(engine),
                Err(error) => return Kept::Undecided(Undecided::TooLarge(error)),
            }
        }
        let verdict = self.engine.as_ref().map(|engine| engine.decide(&input));
        match verdict {
            Some(verdict) if verdict.effect().is_some_and(|effect| !promise.is_kept_by(effect)) => {
                Kept::Broken { input, verdict }
            }
            _ => Kept::Undecided(Undecided::NotConfirmed(input.to_text())),
        }
    }
}
