//! Questions about the decisions of actions.

use super::witness::{Reason, Witness};
use super::{AnalysisError, DEFAULT_BUDGET};
use crate::decision::Effect;
use crate::diagnostic::suggest;
use crate::policy::Policy;
use actra_analysis::{Case, Kept, Promises, Question as Inner, Source};
use actra_compiler::model::{Effect as CheckedEffect, InputMode, PromiseKind};
use serde::Serialize;
use std::fmt;

/// Whether decisions never have, or always have, an effect.
///
/// ```
/// use actra::Effect;
/// use actra::analysis::Question;
///
/// let question = Question::never(Effect::Allow)
///     .about(["refund"])
///     .assuming("snapshot.fraud_flag == true")
///     .complete();
/// assert_eq!(question.to_string(), "never allow");
/// assert_eq!(Question::parse("never allow")?, Question::never(Effect::Allow));
/// # Ok::<(), actra::analysis::QuestionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    kind: PromiseKind,
    actions: Option<Vec<String>>,
    assumed: Option<String>,
    is_complete: bool,
    budget: u64,
}

/// A question that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QuestionError {
    message: String,
}

impl QuestionError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// What makes a promise of an effect.
type Kind = fn(CheckedEffect) -> PromiseKind;

const WORDS: [(&str, Kind); 2] = [("never", PromiseKind::Never), ("always", PromiseKind::Always)];

const EFFECTS: [CheckedEffect; 3] =
    [CheckedEffect::Allow, CheckedEffect::Block, CheckedEffect::RequireApproval];

impl Question {
    fn of(kind: PromiseKind) -> Self {
        Self { kind, actions: None, assumed: None, is_complete: false, budget: DEFAULT_BUDGET }
    }

    /// Is it so that nothing gets the effect?
    pub fn never(effect: Effect) -> Self {
        Self::of(PromiseKind::Never(checked(effect)))
    }

    /// Is it so that everything gets the effect?
    pub fn always(effect: Effect) -> Self {
        Self::of(PromiseKind::Always(checked(effect)))
    }

    /// Reads `never allow`, `always block` and the like.
    ///
    /// # Errors
    /// If the text is something else.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        let mut words = text.split_whitespace();
        let (first, effect, rest) = (words.next(), words.next(), words.next());
        let first = first.map(|word| word.trim_end_matches(':'));
        let kind = WORDS.iter().find(|(word, _)| first == Some(word)).map(|(_, kind)| kind);
        let found = EFFECTS.into_iter().find(|known| effect == Some(known.as_str()));
        if let (Some(kind), Some(found), None) = (kind, found, rest) {
            return Ok(Self::of(kind(found)));
        }
        let all = WORDS.iter().flat_map(|(word, _)| {
            EFFECTS.iter().map(move |effect| format!("{word} {}", effect.as_str()))
        });
        let all: Vec<String> = all.collect();
        let near = suggest(text, all.iter().map(String::as_str))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        Err(QuestionError::new(format!(
            "`{}` is no question: it is `never` or `always`, and `allow`, `block` or \
             `require_approval`{near}",
            text.chars().take(80).collect::<String>().escape_debug()
        )))
    }

    /// Only about these actions; without it, about every action of the schema.
    #[must_use]
    pub fn about<S: Into<String>>(mut self, actions: impl IntoIterator<Item = S>) -> Self {
        let mut actions: Vec<String> = actions.into_iter().map(Into::into).collect();
        actions.sort();
        actions.dedup();
        self.actions = Some(actions);
        self
    }

    /// Only about inputs for which a condition is true or unknown: YAML, as under `when`.
    #[must_use]
    pub fn assuming(mut self, condition: impl Into<String>) -> Self {
        self.assumed = Some(condition.into());
        self
    }

    /// Only about inputs that have every declared field.
    #[must_use]
    pub fn complete(mut self) -> Self {
        self.is_complete = true;
        self
    }

    /// Steps that the search may take for each action, before the answer is that it is undecided.
    #[must_use]
    pub fn with_budget(mut self, steps: u64) -> Self {
        self.budget = steps;
        self
    }
}

fn checked(effect: Effect) -> CheckedEffect {
    match effect {
        Effect::Allow => CheckedEffect::Allow,
        Effect::Block => CheckedEffect::Block,
        Effect::RequireApproval => CheckedEffect::RequireApproval,
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PromiseKind::Never(effect) => write!(f, "never {effect}"),
            PromiseKind::Always(effect) => write!(f, "always {effect}"),
        }
    }
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What was asked: `never allow`.
    pub question: String,
    /// Whether it is so for every action: `None` where that is undecided.
    pub holds: Option<bool>,
    /// Whether there is no input at all that the question is about: what is assumed is never so.
    pub vacuous: bool,
    /// By action, in order of name.
    pub actions: Vec<ActionAnswer>,
}

/// How inputs are called whose `action.type` is not in the schema, or missing.
pub const OTHER_ACTION: &str = "(any other)";

/// The answer for one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionAnswer {
    /// The action, or [`OTHER_ACTION`]: asked about where inputs are unchecked, and nothing is assumed
    /// and no actions are named.
    pub action: String,
    /// Whether it is so.
    pub holds: Option<bool>,
    /// Whether there is no input that the question is about.
    pub vacuous: bool,
    /// An input for which it is not so.
    pub counterexample: Option<Witness>,
    /// Why it is undecided.
    pub undecided: Option<Reason>,
}

pub(super) fn ask(
    policy: &Policy,
    question: &Question,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Answer, AnalysisError> {
    let known: Vec<&str> = policy
        .program()
        .actions()
        .iter()
        .map(|action| policy.program().text(action.name))
        .collect();
    let mut has_others = false;
    let actions = match &question.actions {
        None => {
            // What is assumed is about fields of the schema's actions.
            has_others = question.assumed.is_none();
            let mut all: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
            all.sort();
            all
        }
        Some(names) => {
            for name in names {
                if !known.contains(&name.as_str()) {
                    return Err(unknown(name, &known).into());
                }
            }
            names.clone()
        }
    };
    let asked = policy.checked_again(question.assumed.as_deref().map(|text| (text, &*actions)))?;
    let source = Source { policy: &asked.checked.policy, patterns: &asked.checked.patterns };
    has_others &= source.policy.settings.inputs == InputMode::Unchecked;
    let mut promises = Promises::new(source);
    let others = has_others.then_some(Case::OtherAction);
    let cases: Vec<Case> = actions.into_iter().map(Case::Action).chain(others).collect();
    let mut answers = Vec::with_capacity(cases.len());
    let total = cases.len();
    for (number, case) in cases.into_iter().enumerate() {
        progress(number, total);
        let inner = Inner {
            promise: question.kind,
            assume: asked.condition.as_ref(),
            complete: question.is_complete,
            budget: question.budget,
        };
        let kept = promises.is_kept(&case, &inner);
        let mut answer = ActionAnswer {
            action: case.action().unwrap_or(OTHER_ACTION).to_owned(),
            holds: None,
            vacuous: kept == Kept::Vacuously,
            counterexample: None,
            undecided: None,
        };
        match &kept {
            Kept::Always | Kept::Vacuously => answer.holds = Some(true),
            Kept::Broken { input, verdict } => {
                answer.holds = Some(false);
                answer.counterexample = Some(Witness::new(source, input, verdict));
            }
            Kept::Undecided(why) => answer.undecided = Some(Reason::new(&asked.sources, why)),
        }
        answers.push(answer);
    }
    progress(total, total);
    let holds = if answers.iter().any(|answer| answer.holds == Some(false)) {
        Some(false)
    } else if answers.iter().any(|answer| answer.holds.is_none()) {
        None
    } else {
        Some(true)
    };
    Ok(Answer {
        question: question.to_string(),
        holds,
        vacuous: answers.iter().all(|answer| answer.vacuous),
        actions: answers,
    })
}

fn unknown(name: &str, known: &[&str]) -> QuestionError {
    let near = suggest(name, known.iter().copied())
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    let name = name.chars().take(80).collect::<String>();
    QuestionError::new(format!("the schema has no action `{}`{near}", name.escape_debug()))
}
