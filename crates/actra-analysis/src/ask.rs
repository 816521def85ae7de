//! Asks a space one question.

use crate::input::Input;
use crate::solve::{Answer, Lit, Model};
use crate::space::Space;
use actra_compiler::diagnostic::Span;
use actra_compiler::model::Atom;

/// Steps that one question may take, unless told otherwise: some seconds.
pub const DEFAULT_BUDGET: u64 = 50_000_000;

/// What came of a question.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// An input that does it, and what else is so of it.
    Witness(Box<Input>, Model),
    /// No input does it.
    Nothing,
    /// It could not be decided.
    Undecided(Undecided),
}

/// Why a question could not be decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Undecided {
    /// The budget of steps is used up.
    Budget,
    /// Conditions that are not looked into exactly, each with the reason.
    Conditions(Vec<(Atom, &'static str)>),
    /// A counterexample was found that the evaluator does not confirm. This is a defect.
    NotConfirmed(String),
    /// The policy is too large to be asked.
    TooLarge(String),
    /// A field whose declarations are not looked into exactly, and the reason.
    Declared(String, &'static str),
}

/// Conditions that one diagnostic names at most.
const MOST_CONDITIONS: usize = 8;

impl Undecided {
    /// A word for programs: `budget`, `conditions`, `declared`, `too_large`,
    /// `not_confirmed`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Conditions(_) => "conditions",
            Self::NotConfirmed(_) => "not_confirmed",
            Self::TooLarge(_) => "too_large",
            Self::Declared(..) => "declared",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Budget => "the search takes more steps than it may: narrow the question with \
                             `assume`, or use fewer rules"
                .to_owned(),
            Self::TooLarge(why) => format!("the policy is too large to be asked: {why}"),
            Self::NotConfirmed(input) => {
                format!("the search and the evaluator differ, which is a defect of Actra: {input}")
            }
            Self::Declared(field, why) => format!("`{field}` is not looked into exactly: {why}"),
            Self::Conditions(_) => "these conditions are not looked into exactly: simplify them, \
                                    or ask about less"
                .to_owned(),
        }
    }

    /// Where the conditions stand that are in the way, and why each is.
    pub fn in_the_way(&self) -> impl Iterator<Item = (Span, &'static str)> {
        let conditions = match self {
            Self::Conditions(conditions) => conditions.as_slice(),
            Self::Budget | Self::NotConfirmed(_) | Self::TooLarge(_) | Self::Declared(..) => &[],
        };
        let placed = conditions.iter().filter_map(|(atom, why)| Some((atom.place.span()?, *why)));
        let mut seen = Vec::new();
        placed
            .filter(move |found| {
                let is_new = !seen.contains(found);
                seen.push(*found);
                is_new
            })
            .take(MOST_CONDITIONS)
    }
}

/// Searches for an input for which all literals hold.
pub(crate) fn find(space: &mut Space<'_>, wanted: &[Lit], budget: u64) -> Found {
    let inside = space.inside();
    let mut all = wanted.to_vec();
    all.extend(&inside);
    match space.solver.solve(&all, budget) {
        Answer::Holds(model) => {
            return Found::Witness(Box::new(space.input(&model)), model);
        }
        Answer::OutOfBudget => return Found::Undecided(Undecided::Budget),
        Answer::Contradicts(_) if inside.is_empty() => return Found::Nothing,
        Answer::Contradicts(_) => {}
    }
    match space.solver.solve(wanted, budget) {
        Answer::Holds(model) => Found::Undecided(space.undecided(&model)),
        Answer::OutOfBudget => Found::Undecided(Undecided::Budget),
        Answer::Contradicts(_) => Found::Nothing,
    }
}

/// Of literals that do not all hold together with others, some that do not, and of which none can
/// be left out.
pub(crate) fn core(
    space: &mut Space<'_>,
    fixed: &[Lit],
    candidates: &[Lit],
    budget: u64,
) -> Option<Vec<usize>> {
    let all = |kept: &[usize]| -> Vec<Lit> {
        fixed
            .iter()
            .copied()
            .chain(kept.iter().filter_map(|at| candidates.get(*at).copied()))
            .collect()
    };
    let everything: Vec<usize> = (0..candidates.len()).collect();
    let Answer::Contradicts(core) = space.solver.solve(&all(&everything), budget) else {
        return None;
    };
    let mut kept: Vec<usize> = everything
        .into_iter()
        .filter(|at| candidates.get(*at).is_some_and(|literal| core.contains(literal)))
        .collect();
    let mut at = 0;
    while at < kept.len() {
        let mut without = kept.clone();
        without.remove(at);
        match space.solver.solve(&all(&without), budget) {
            Answer::Contradicts(_) => kept = without,
            Answer::Holds(_) | Answer::OutOfBudget => at += 1,
        }
    }
    Some(kept)
}
