//! Decisions, errors and explanations as lines of text for people.

mod decision;
mod paint;

pub use actra_bytecode::Style;
pub(crate) use paint::Lines;
pub use paint::{Paint, clean};
