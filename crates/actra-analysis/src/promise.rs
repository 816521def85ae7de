//! Promises: `never` and `always`, proved or refuted.

use crate::ask::{Found, Undecided, find};
use crate::assume::with_missing;
use crate::encode::{Encoded, holds};
use crate::input::Input;
use crate::minimal::reduced;
use crate::probe::{Case, Source};
use crate::replay::{Engine, Verdict};
use crate::solve::Lit;
use crate::space::{Cache, Space};
use actra_compiler::model::{Condition, PromiseKind};

/// A promise about the inputs for an action.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The promise.
    pub promise: PromiseKind,
    /// Only inputs for which this is true or unknown; where the policy has tests of missing fields
    /// come out false, they are unknown here all the same.
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
    Promises::new(source).is_kept(case, question)
}

/// Whether a policy keeps promises about the inputs of several cases: each is what [`is_kept`] says,
/// and what the cases have in common is done once.
#[derive(Debug)]
pub struct Promises<'p> {
    source: Source<'p>,
    cache: Cache,
    engine: Option<Engine>,
}

impl<'p> Promises<'p> {
    /// Promises about a policy, none of them asked about yet.
    pub fn new(source: Source<'p>) -> Self {
        Self { source, cache: Cache::default(), engine: None }
    }

    /// Whether the policy keeps one about the inputs of a case.
    pub fn is_kept(&mut self, case: &Case, question: &Question<'_>) -> Kept {
        is_kept_with(self.source, case, question, &mut self.cache, &mut self.engine)
    }

    /// Steps that have been taken: of searches, of what they search in, and tests that were made of
    /// values.
    pub fn steps(&self) -> u64 {
        self.cache.spent
    }
}

fn is_kept_with(
    source: Source<'_>,
    case: &Case,
    question: &Question<'_>,
    cache: &mut Cache,
    engine: &mut Option<Engine>,
) -> Kept {
    let widened = question.assume.and_then(|condition| with_missing(source.policy, condition));
    let question = &Question { assume: widened.as_ref().or(question.assume), ..*question };
    is_kept_as_asked(source, case, question, cache, engine)
}

fn is_kept_as_asked(
    source: Source<'_>,
    case: &Case,
    question: &Question<'_>,
    cache: &mut Cache,
    engine: &mut Option<Engine>,
) -> Kept {
    let questions = std::slice::from_ref(question);
    match Asking::new(source, case, questions, question.complete, cache) {
        Ok(mut asking) => asking.is_kept(question, cache, engine),
        Err(why) => Kept::Undecided(why),
    }
}

/// Whether the policy keeps each of several promises about the inputs of a case. What it says of
/// each is what [`is_kept`] says, but perhaps of another input that breaks it; what they have in
/// common is done once.
pub fn are_kept(source: Source<'_>, case: &Case, questions: &[Question<'_>]) -> Vec<Kept> {
    are_kept_with(source, case, questions, u64::MAX, &mut Cache::default())
}

/// The same, with what is known from other cases of the policy, whose steps count: all take so many
/// at most, and what is left to ask then is undecided.
pub(crate) fn are_kept_with(
    source: Source<'_>,
    case: &Case,
    questions: &[Question<'_>],
    most: u64,
    cache: &mut Cache,
) -> Vec<Kept> {
    let widened: Vec<Option<Condition>> =
        questions.iter().map(|question| with_missing(source.policy, question.assume?)).collect();
    let questions: Vec<Question<'_>> = questions
        .iter()
        .zip(&widened)
        .map(|(question, widened)| Question {
            assume: widened.as_ref().or(question.assume),
            ..*question
        })
        .collect();
    let mut engine = None;
    let mut asking: [Option<Result<Asking<'_>, Undecided>>; 2] = [None, None];
    let [partial, complete] = &mut asking;
    let mut answer = |question: &Question<'_>| {
        let left = most.saturating_sub(cache.spent);
        if left == 0 {
            return Kept::Undecided(Undecided::Budget);
        }
        let question = &Question { budget: question.budget.min(left), ..*question };
        let asking = if question.complete { &mut *complete } else { &mut *partial };
        let new = || Asking::new(source, case, &questions, question.complete, cache);
        let kept = match asking.get_or_insert_with(new) {
            Ok(asking) => asking.is_kept(question, cache, &mut engine),
            Err(why) => Kept::Undecided(why.clone()),
        };
        // Conditions of other promises may be what is in the way.
        match kept {
            Kept::Undecided(_) if questions.len() > 1 && cache.spent < most => {
                is_kept_as_asked(source, case, question, cache, &mut engine)
            }
            kept => kept,
        }
    };
    questions.iter().map(&mut answer).collect()
}

/// Steps that a rule counts for where a formula is made of it.
const OF_A_RULE: u64 = 50;

/// A policy over the inputs of a case, about which promises are asked.
#[derive(Debug)]
struct Asking<'p> {
    source: Source<'p>,
    space: Space<'p>,
    encoded: Encoded,
}

impl<'p> Asking<'p> {
    /// For those questions that are about complete inputs, or for those that are not.
    fn new(
        source: Source<'p>,
        case: &Case,
        questions: &[Question<'_>],
        is_complete: bool,
        cache: &mut Cache,
    ) -> Result<Self, Undecided> {
        let conditions: Vec<(usize, &Condition)> = questions
            .iter()
            .filter(|question| question.complete == is_complete)
            .filter_map(|question| Some((0, question.assume?)))
            .collect();
        let mut space = Space::new(&[source], case, &conditions, is_complete, cache)
            .map_err(|error| Undecided::TooLarge(error.0))?;
        let encoded = Encoded::new(&mut space, 0, source, case, is_complete);
        cache.spent += OF_A_RULE * encoded.candidates.len() as u64;
        Ok(Self { source, space, encoded })
    }

    /// The engine is of the policy as it runs, once something is to be confirmed.
    fn is_kept(
        &mut self,
        question: &Question<'_>,
        cache: &mut Cache,
        engine: &mut Option<Engine>,
    ) -> Kept {
        let before = self.space.solver.steps();
        let kept = self.answer(question, engine);
        cache.spent += self.space.solver.steps() - before;
        kept
    }

    fn answer(&mut self, question: &Question<'_>, engine: &mut Option<Engine>) -> Kept {
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
            Found::Witness(input, _) => self.confirmed(question, &input, engine),
        }
    }

    fn confirmed(
        &self,
        question: &Question<'_>,
        input: &Input,
        engine: &mut Option<Engine>,
    ) -> Kept {
        let engine = match engine {
            Some(engine) => engine,
            None => match Engine::new(self.source) {
                Ok(new) => engine.insert(new),
                Err(error) => return Kept::Undecided(Undecided::TooLarge(error)),
            },
        };
        let verdict = engine.decide(input);
        match verdict.effect() {
            Some(effect) if !question.promise.is_kept_by(effect) => {
                let policies = [(self.source, &*engine)];
                let input = reduced(&policies, input, None, question.assume, question.complete);
                Kept::Broken { input: Box::new(input), verdict }
            }
            _ => Kept::Undecided(Undecided::NotConfirmed(input.to_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_seeds::{first_seed, patterns, policies};
    use actra_compiler::model::Effect;
    use actra_testkit::generate;

    #[test]
    fn what_cases_have_in_common_is_done_once_and_changes_no_answer() {
        let (mut together, mut apart) = (0, 0);
        for seed in first_seed()..first_seed() + policies() {
            let policy = generate::policy(seed);
            let patterns = patterns(&policy);
            let source = Source { policy: &policy, patterns: &patterns };
            let mut promises = Promises::new(source);
            for action in &policy.schema.actions {
                let case = Case::Action(action.name.clone());
                for promise in
                    [PromiseKind::Never(Effect::Allow), PromiseKind::Always(Effect::Block)]
                {
                    let question =
                        Question { promise, assume: None, complete: false, budget: 200_000 };
                    let mut alone = Promises::new(source);
                    // As text: NaN is no equal of itself.
                    let kept = format!("{:?}", promises.is_kept(&case, &question));
                    let expected = format!("{:?}", alone.is_kept(&case, &question));
                    assert_eq!(kept, expected, "seed {seed}: {case:?}");
                    apart += alone.steps();
                }
            }
            together += promises.steps();
        }
        assert!(together < apart, "{together} steps together, {apart} apart");
    }
}
