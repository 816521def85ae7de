//! The same program over columns: many inputs at once, a row each.
//!
//! Rows go in chunks. The rows of an action are a mask, each test is asked for all of them, and a
//! rule's jumps, which lead forward only, split the mask and join it again. A test of a dictionary
//! is decided once for each of its values and then looked up. Rows with a value that is not plainly
//! in order, and actions of shapes that masks cannot say, are decided as any other input is, in a
//! frame: so there is no second opinion on errors.

mod atom;
mod column;
mod machine;
mod mask;
mod plan;
mod rows;
mod source;
mod verdict;

pub use column::{Bits, Column, Ends, Keys, Texts, Values, text_of};
pub use machine::decide_columns;

use crate::error::InputCode;
use actra_bytecode::ids::{RuleId, SlotId};
use actra_bytecode::program::Effect;
use alloc::vec::Vec;

/// The number that stands for no rule in [`Outcomes::rules`].
pub const NO_RULE: u32 = u32::MAX;

/// What was decided, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    effects: Vec<u8>,
    rules: Vec<u32>,
    errors: Vec<RowError>,
    one_by_one: usize,
}

/// Why a row was not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The row.
    pub row: usize,
    /// What is wrong.
    pub code: InputCode,
    /// With which field, where it is one of the schema's.
    pub slot: Option<SlotId>,
}

impl Outcomes {
    /// Room for so many rows; `None` where there is none. Only rows that hold nothing can be more than
    /// there is memory for: nobody has columns of them.
    fn with_room(rows: usize) -> Option<Self> {
        let mut outcomes = Self::default();
        outcomes.effects.try_reserve_exact(rows).ok()?;
        outcomes.rules.try_reserve_exact(rows).ok()?;
        Some(outcomes)
    }

    /// Makes place for so many rows, none of which is decided yet.
    fn grow(&mut self, rows: usize) {
        self.effects.resize(rows, 0);
        self.rules.resize(rows, NO_RULE);
    }

    /// How many rows there were.
    pub fn len(&self) -> usize {
        self.effects.len()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
    }

    /// The effect of a row; `None`: it is in error.
    pub fn effect(&self, row: usize) -> Option<Effect> {
        self.effects.get(row).copied().and_then(Effect::decode)
    }

    /// The rule that decided a row; `None`: the default did, or it is in error.
    pub fn rule(&self, row: usize) -> Option<RuleId> {
        self.rules.get(row).copied().filter(|rule| *rule != NO_RULE).map(RuleId)
    }

    /// Why a row was not decided.
    pub fn error(&self, row: usize) -> Option<&RowError> {
        let at = self.errors.binary_search_by_key(&row, |error| error.row).ok()?;
        self.errors.get(at)
    }

    /// The effects by their numbers; 0, which is none, of rows in error.
    pub fn effects(&self) -> &[u8] {
        &self.effects
    }

    /// The numbers of the rules that decided, [`NO_RULE`] where none did.
    pub fn rules(&self) -> &[u32] {
        &self.rules
    }

    /// How many rows were decided in a frame, each by itself, because the columns' way could not:
    /// what makes a batch slow.
    pub fn one_by_one(&self) -> usize {
        self.one_by_one
    }

    /// The rows in error, ascending.
    pub fn errors(&self) -> &[RowError] {
        &self.errors
    }
}

/// Columns that are no input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// There is no memory for so many outcomes.
    #[error("there is no room for {rows} rows")]
    TooManyRows {
        /// How many there are.
        rows: usize,
    },
    /// A column has more or fewer rows than the others.
    #[error("a column has {found} rows, and there are {rows}")]
    Length {
        /// Its slot.
        slot: SlotId,
        /// How many rows it has.
        found: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// Two columns are for one field.
    #[error("two columns are for one field")]
    Twice {
        /// Its slot.
        slot: SlotId,
    },
    /// The program has no such slot.
    #[error("the program has no slot {}", slot.0)]
    NoSlot {
        /// The slot.
        slot: SlotId,
    },
}
