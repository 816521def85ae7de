//! Questions about policies, answered with proofs and counterexamples.
//!
//! An answer is about every input that the schema admits, however many there are: `yes` is proved,
//! `no` comes with an input that anyone can decide again, and what is neither is said to be
//! undecided. Searches are counted in steps, never timed, so the same question gets the same answer
//! on every machine.
//!
//! Questions are about documents: a policy that was loaded from an artifact answers them only if
//! its documents came with it.
//!
//! ```
//! use actra::Policy;
//! use actra::analysis::Question;
//!
//! let policy = Policy::from_strings(
//!     "version: 1\nactions: {refund: {fields: {amount: integer}}}\n",
//!     "version: 2\nrules:\n  - id: small\n    scope: {action: refund}\n    when: action.amount < 100\n    effect: allow\n",
//!     None,
//! )?;
//! let large = Question::parse("never allow")?.assuming("action.amount >= 100");
//! assert_eq!(policy.ask(&large)?.holds, Some(true));
//! let any = policy.ask(&Question::parse("never allow")?)?;
//! assert_eq!(any.holds, Some(false));
//! let counterexample = any.actions[0].counterexample.as_ref().unwrap();
//! assert_eq!(policy.evaluate_json(counterexample.input.as_bytes())?.matched_rule.as_deref(), Some("small"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cases;
mod difference;
mod json;
mod question;
mod report;
mod witness;

pub use actra_analysis::DEFAULT_BUDGET;
use actra_analysis::Source;
pub use cases::{TEST_DOCUMENT_MARK, TestCase, test_document};
pub use difference::{ChangeReport, Difference, Direction, UndecidedAction, diff, diff_with};
pub use question::{ActionAnswer, Answer, OTHER_ACTION, Question, QuestionError};
pub use report::{
    ActionAnalysis, Analysis, EffectAnalysis, FieldAnalysis, Influence, RuleAnalysis, RuleVerdict,
};
pub use witness::{Reason, ReasonPlace, Witness};

use crate::error::{CompileError, DocumentsError};
use crate::policy::Policy;
use actra_compiler::check::{Assumed, Checked, check, check_assuming};
use actra_compiler::diagnostic::{Report, Sources};
use actra_compiler::model::Condition;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The policy was loaded from an artifact, and has no documents to ask about.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The question is none.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// What is assumed is no condition over the policy's schema.
    #[error(transparent)]
    Assumption(CompileError),
    /// The policy is too large to be asked.
    #[error("the policy is too large to be asked: {0}")]
    TooLarge(String),
}

impl AnalysisError {
    /// The code, for programs: `bad_question`, `bad_assumption`, `too_large`, or that of a
    /// [`DocumentsError`], such as `no_documents`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Documents(error) => error.code(),
            Self::Question(_) => "bad_question",
            Self::Assumption(_) => "bad_assumption",
            Self::TooLarge(_) => "too_large",
        }
    }
}

/// A policy's documents, checked once more.
struct Asked {
    checked: Checked,
    condition: Option<Condition>,
    sources: Sources,
}

impl Policy {
    /// Asks everything that can be asked of every rule and every action.
    ///
    /// # Errors
    /// If the policy has no documents, or is too large.
    pub fn analyze(&self) -> Result<Analysis, AnalysisError> {
        self.analyze_with(DEFAULT_BUDGET, &mut |_, _| {})
    }

    /// The same with another number of steps that each question may take. `progress` hears how many
    /// questions of how many are done.
    ///
    /// # Errors
    /// As [`Policy::analyze`].
    pub fn analyze_with(
        &self,
        budget: u64,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Analysis, AnalysisError> {
        report::analyze(&self.checked_again(None)?, budget, progress).map(|(analysis, _)| analysis)
    }

    /// The same, with an input for every rule that can fire, and that input with every field that
    /// the rule tests missing, at each constant that it is tested against, and just above and below.
    /// The evaluator has decided each: [`test_document`] makes a `*_test.yaml` of them.
    ///
    /// # Errors
    /// As [`Policy::analyze`].
    pub fn analyze_with_cases(
        &self,
        budget: u64,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(Analysis, Vec<TestCase>), AnalysisError> {
        let asked = self.checked_again(None)?;
        let (analysis, found) = report::analyze(&asked, budget, progress)?;
        let source = Source { policy: &asked.checked.policy, patterns: &asked.checked.patterns };
        let cases = cases::cases(source, &found).map_err(AnalysisError::TooLarge)?;
        Ok((analysis, cases))
    }

    /// Answers a question about the decisions of some actions.
    ///
    /// # Errors
    /// If the policy has no documents, lacks an action of the question, or what is assumed is no
    /// condition.
    pub fn ask(&self, question: &Question) -> Result<Answer, AnalysisError> {
        self.ask_with(question, &mut |_, _| {})
    }

    /// The same. `progress` hears for how many actions of how many it is done.
    ///
    /// # Errors
    /// As [`Policy::ask`].
    pub fn ask_with(
        &self,
        question: &Question,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Answer, AnalysisError> {
        question::ask(self, question, progress)
    }

    /// Answers a question in JSON in JSON. `other` is the policy that `{"question": "diff"}` holds
    /// this one against; other questions take none. docs/analysis.md describes the shapes.
    ///
    /// # Errors
    /// If the question has no answer.
    pub fn ask_json(&self, question: &str, other: Option<&Self>) -> Result<String, AnalysisError> {
        json::ask(self, question, other)
    }

    /// The documents, and with them a condition that is assumed of some actions. What comes out is
    /// what the policy's program was made of.
    fn checked_again(&self, assumed: Option<(&str, &[String])>) -> Result<Asked, AnalysisError> {
        let (mut sources, documents) = self.to_check()?;
        let mut report = Report::default();
        let found = match assumed {
            None => check(&sources, &documents, &mut report).map(|checked| (checked, None)),
            Some((text, actions)) => {
                let condition = sources.add(ASSUMPTION, text);
                let assumed = Assumed { condition, actions };
                check_assuming(&sources, &documents, assumed, &mut report)
                    .map(|(checked, condition)| (checked, Some(condition)))
            }
        };
        let Some((checked, condition)) = found else {
            // An artifact's documents may be what is wrong.
            self.compile_documents()?;
            let found = report.into_sorted();
            return Err(AnalysisError::Assumption(CompileError::new(found, sources)));
        };
        self.is_made_of(&checked)?;
        Ok(Asked { checked, condition, sources })
    }
}

/// What diagnostics call the text of an assumption.
const ASSUMPTION: &str = "assumption";
