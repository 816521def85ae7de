//! Exact questions about checked policies, answered with proofs and counterexamples.
//!
//! Each field's values fall into finitely many classes that no test of a policy tells apart
//! ([`classes`](self)); what the tests say of a class is asked of the evaluator itself. So a policy
//! is a formula over classes, and a search ([`solve`](self)) finds an input for which something
//! holds, or proves that there is none. Every input is decided by the evaluator before it is told.
//! What classes do not cover exactly is said to be undecided, never to be proved.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail loudly"
    )
)]

mod ask;
mod assume;
mod boundary;
#[cfg(test)]
mod brute_force;
mod classes;
mod diff;
mod encode;
mod entries;
mod findings;
mod input;
mod matter;
mod minimal;
mod probe;
mod promise;
mod prove;
mod replay;
mod rules;
mod solve;
mod space;
#[cfg(test)]
mod test_seeds;

pub use ask::{DEFAULT_BUDGET, Undecided};
pub use boundary::{Boundary, boundaries};
pub use diff::{Change, Diff, MAX_CHANGES, diff};
pub use entries::reading_alike;
pub use findings::findings;
pub use input::{Input, Value};
pub use matter::{FieldReport, Influence};
pub use minimal::Reducer;
pub use probe::{Case, Source};
pub use promise::{Kept, Promises, Question, are_kept, is_kept};
pub use prove::prove;
pub use replay::Verdict;
pub use rules::{
    ActionReport, EffectReport, Example, Report, RuleFinding, RuleReport, cases, report,
};

/// Of the analyser: what is proved stays proved, what is undecided may change with it.
pub const VERSION: u32 = 1;
