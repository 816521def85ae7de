//! What an evaluation did, for whoever asks: which candidates were visited, what each test says,
//! and what stands in a slot. Nobody asks on the hot path, where all of it is compiled away.

use crate::frame::Frame;
use crate::operands::faulty;
use crate::run::{Unknowns, unknown_holds};
use crate::test::{Truth, test};
use crate::value::{Cell, Value};
use actra_bytecode::ids::{RuleId, SlotId};
use actra_bytecode::op::Op;

/// Hears which candidates an evaluation visits. `()` hears nothing, at no cost.
pub trait Trace {
    /// Whether anybody listens. Where nobody does, there need be no visits.
    fn listens(&self) -> bool {
        true
    }

    /// A candidate was visited, and fires or does not.
    fn visited(&mut self, rule: RuleId, fires: bool);
}

impl Trace for () {
    #[inline]
    fn listens(&self) -> bool {
        false
    }

    #[inline]
    fn visited(&mut self, _: RuleId, _: bool) {}
}

/// What a test says of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tested {
    /// True, false, or unknown and why.
    pub truth: Truth,
    /// What it counts as: an unknown test counts as the rule's effect and the policy's settings
    /// say.
    pub holds: bool,
    /// Whether it leaves its rule unknown: it does not where missing fields make it false.
    pub is_unknown: bool,
    /// The fields that are missing, malformed or of a kind that the test is not for: left side,
    /// right side, and what a sum adds.
    pub faulty: [Option<SlotId>; 3],
}

/// Tests one op of a candidate for the input that the frame was last evaluated for.
pub fn tested(frame: &Frame<'_, '_>, op: &Op) -> Tested {
    let truth = test(frame, op);
    let (holds, is_unknown) = match truth {
        Truth::True => (true, false),
        Truth::False => (false, false),
        unknown => (
            unknown_holds(frame.program, op, unknown, Unknowns::AsCompiled),
            unknown == Truth::Malformed || frame.program.settings().missing_is_unknown,
        ),
    };
    let faulty =
        if matches!(truth, Truth::True | Truth::False) { [None; 3] } else { faulty(frame, op) };
    Tested { truth, holds, is_unknown, faulty }
}

/// What tests read in a slot.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'v> {
    /// Nothing: the field is missing, or null.
    Missing,
    /// What the host gave. Text and lists stand in the frame: see [`Frame::value_text`] and
    /// [`Frame::list_items`].
    Given(Value<'v>),
    /// The field's default, since nothing was given.
    Default(Value<'v>),
}

/// What tests of the input that the frame was last evaluated for read in a slot.
pub fn reading<'a>(frame: &'a Frame<'_, 'a>, slot: SlotId) -> Reading<'a> {
    match frame.value(slot) {
        Value::Missing | Value::Null => match frame.cell(slot) {
            Cell::Boolean(value) => Reading::Default(Value::Boolean(value)),
            Cell::Integer(value) => Reading::Default(Value::Integer(value)),
            Cell::Float(value) => Reading::Default(Value::Float(value)),
            Cell::Instant(value) => Reading::Default(Value::Instant(value)),
            Cell::Constant(string) => Reading::Default(Value::String(frame.program.text(string))),
            _ => Reading::Missing,
        },
        value => Reading::Given(value),
    }
}
