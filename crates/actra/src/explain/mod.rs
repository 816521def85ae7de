//! Why an input was decided as it was: the decision, the rules that could have decided, and what
//! each of their tests said.

mod build;
mod model;
mod structure;
mod text;

pub(crate) use build::{explain, of_error};
pub use model::{
    ConditionTrace, Explanation, FieldState, FieldTrace, IgnoredField, RulePlace, RuleTrace,
    Standing, TestTrace, TraceSettings, TraceTruth,
};
pub use text::Detail;
