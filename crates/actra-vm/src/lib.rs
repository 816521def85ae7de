//! Evaluates Actra programs.
//!
//! A [`Frame`] holds one input, laid out in the program's slots. [`evaluate`] checks it against
//! the tables of its action, visits the rules that can fire in decision order, and says what was
//! decided. Once a frame has been built nothing is allocated; nothing recurses; nothing panics.
//!
//! ```text
//! values (as given) --check--> cells (typed, symbols found) --ops--> outcome
//! ```

#![no_std]
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

extern crate alloc;

mod chain;
mod check;
pub mod columns;
mod error;
mod frame;
mod operands;
mod run;
mod test;
mod trace;
mod value;

pub use error::{FieldName, Found, InputCode, InputError};
pub use frame::{Frame, Unknown};
pub use run::{Outcome, Shadow, evaluate, evaluate_traced};
pub use test::Truth;
pub use trace::{Reading, Tested, Trace, reading, tested};
pub use value::{Range, Value};
