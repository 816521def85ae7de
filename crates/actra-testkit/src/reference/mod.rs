//! The reference evaluator: the language page, read aloud.
//!
//! Every paragraph of code names the sentence that it stands for. Where a sentence is open, the
//! reading taken is the one that fails closed, and says so.

mod atom;
mod check;
mod decide;
mod field;
pub mod governance;
pub mod host;
mod input_error;
pub mod network;
pub mod number;
pub mod path;
pub mod timestamp;
mod truth;

pub use atom::{AtomOutcome, Flaw};
pub use check::{fits_list, fits_scalar};
pub use input_error::{Code, InputError};
pub use truth::Truth;

use crate::Value;
use actra_compiler::model::{Atom, CheckedPolicy, Effect, Rule};

/// Most levels of an input, the context itself being the first.
pub const MAX_DEPTH: usize = 64;
/// Most bytes of a string in an input.
pub const MAX_STRING_BYTES: usize = 1 << 20;
/// Most items of a list in an input.
pub const MAX_LIST_ITEMS: usize = 65_536;
/// Most bytes of an input that comes as text.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// What a caller may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Fields that the schema does not name are an input error instead of being ignored.
    pub refuse_unknown: bool,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is decided.
    pub effect: Effect,
    /// The rule that decided; `None` for the default.
    pub matched_rule: Option<String>,
    /// Every approval rule that fired, in order, where there are several; else empty.
    pub matched_rules: Vec<String>,
    /// The deciding rule's message.
    pub message: Option<String>,
    /// Required actions of all matched rules in order, duplicates dropped, in canonical JSON.
    pub required_actions: Vec<String>,
    /// Where the deciding condition is unknown: the fields that made it so, sorted.
    pub missing: Vec<String>,
    /// What it would have been with shadow rules enforced, where effect or rule differ.
    pub shadow: Option<(Effect, Option<String>)>,
}

/// What the evaluator came across, for tests that count what they have reached.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// An atom was evaluated.
    Atom {
        /// The atom.
        atom: &'a Atom,
        /// What came of it.
        outcome: AtomOutcome,
        /// What was wrong with the field on the left, if anything.
        left: Option<Flaw>,
        /// What was wrong with a field on the right, if anything.
        right: Option<Flaw>,
    },
    /// A rule's whole condition was evaluated (its action scope holds).
    Rule {
        /// The rule.
        rule: &'a Rule,
        /// Its condition's truth.
        truth: Truth,
        /// Whether it fires.
        fires: bool,
    },
}

/// Decides.
///
/// # Errors
/// What the language page calls an input error; it is not a decision.
pub fn evaluate(
    policy: &CheckedPolicy,
    context: &Value,
    options: Options,
) -> Result<Decision, InputError> {
    evaluate_observed(policy, context, options, &mut |_| {})
}

/// Decides, and tells `observer` what was met on the way. Every candidate's every atom is
/// evaluated, also where the outcome is settled already.
pub fn evaluate_observed(
    policy: &CheckedPolicy,
    context: &Value,
    options: Options,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Decision, InputError> {
    check::check(policy, context, options)?;
    Ok(decide::decide(policy, context, observer))
}
