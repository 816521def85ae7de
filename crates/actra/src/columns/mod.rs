//! Many inputs at once, as columns: history to be decided anew, jobs in data engines.
//!
//! ```
//! use actra::columns::{Column, Ends, Texts, Values};
//! use actra::{Effect, Policy};
//!
//! let policy = Policy::from_strings(
//!     "version: 1\nactions: {refund: {fields: {amount: integer}}}\n",
//!     "version: 2\nrules:\n  - id: small\n    scope: {action: refund}\n    when: action.amount <= 100\n    effect: allow\n",
//!     None,
//! )?;
//! let names = Texts::new(Ends::Small(&[0, 6, 12, 19]), b"refundrefundunknown");
//! let columns = [
//!     (policy.slot("action.type").ok_or("no slot")?, Values::Text(names)),
//!     (policy.slot("action.amount").ok_or("no slot")?, Values::Integer(vec![20, 200, 2].into())),
//! ];
//! let columns = columns
//!     .into_iter()
//!     .map(|(slot, values)| Some((slot, Column::new(values, None)?)))
//!     .collect::<Option<Vec<_>>>()
//!     .ok_or("no column")?;
//!
//! let outcomes = policy.decide_columns(3, &columns)?;
//! assert_eq!(outcomes.effect(0), Some(Effect::Allow));
//! assert_eq!(outcomes.effect(1), Some(Effect::Block));
//! assert_eq!(outcomes.effect(2), None);
//! assert_eq!(outcomes.errors()[0].code.as_str(), "unknown_action");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod place;

pub use actra_vm::columns::{
    Bits, Column, ColumnsError, Ends, Keys, NO_RULE, Outcomes, RowError, Texts, Values, text_of,
};

pub use place::{Target, is_of_input, may_be_map, resolve};

use crate::policy::Policy;
use actra_bytecode::ids::SlotId;

impl Policy {
    /// Decides an input for each row of the columns, which are named by their slots
    /// ([`Policy::slot`]) and equally long. A value that is not there is missing, as an absent field
    /// is, and so is everything that no column is for. Fields that the schema does not name are no
    /// slots: they are ignored.
    ///
    /// Each row is decided as [`Policy::decide`] decides a frame with the same values. A row in
    /// error has no effect, and the others are decided all the same.
    pub fn decide_columns<'a>(
        &self,
        rows: usize,
        columns: &'a [(SlotId, Column<'a>)],
    ) -> Result<Outcomes, ColumnsError> {
        actra_vm::columns::decide_columns(self.program(), rows, columns)
    }
}
