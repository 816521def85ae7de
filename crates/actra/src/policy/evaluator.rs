//! Deciding one input after the other with the same memory.

use super::{Policy, UnknownFields};
use crate::decision::Decision;
use crate::error::InputError;
use crate::explain::Explanation;
use crate::input::{self, InputTree, InputValue, Room};
use actra_bytecode::Program;
use actra_vm::{Frame, Outcome};

/// Decides input texts, with memory that is kept between them.
#[derive(Debug)]
pub struct Evaluator<'p> {
    pub(super) program: &'p Program,
    pub(super) tree: &'p InputTree,
    pub(super) frame: Option<Frame<'p, 'static>>,
    pub(super) room: Room,
    pub(super) refuses_unknown: bool,
}

impl Policy {
    /// Decides one input text after the other with the same memory.
    pub fn evaluator(&self, unknown_fields: UnknownFields) -> Evaluator<'_> {
        Evaluator {
            tree: &self.inner.tree,
            frame: Some(Frame::new(self.program())),
            program: self.program(),
            room: Room::default(),
            refuses_unknown: unknown_fields == UnknownFields::Refuse,
        }
    }
}

impl<'p> Evaluator<'p> {
    /// How inputs are read from now on.
    pub fn set_unknown_fields(&mut self, unknown_fields: UnknownFields) {
        self.refuses_unknown = unknown_fields == UnknownFields::Refuse;
    }

    /// The memory that the evaluator keeps because some input needed it, in bytes: whoever keeps
    /// evaluators may drop those that have grown too large.
    pub fn grown_bytes(&self) -> usize {
        self.frame.as_ref().map_or(0, Frame::grown_bytes) + self.room.bytes()
    }

    /// The evaluator's frame, to be filled slot by slot: see [`Policy::decide`].
    pub fn frame(&mut self) -> &mut Frame<'p, 'static> {
        let program = self.program;
        let frame = self.frame.get_or_insert_with(|| Frame::new(program));
        frame.refuse_unknown(self.refuses_unknown);
        frame
    }

    /// Decides an input given as JSON text, and spells the decision out.
    pub fn evaluate_json(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        self.with_json(text, |outcome, frame| Decision::of(&outcome, frame))
    }

    /// Decides an input given as JSON text, and hands over the outcome with its frame. Where the
    /// input is in order, nothing is allocated once the evaluator has seen inputs as large.
    pub fn with_json<R>(
        &mut self,
        text: &[u8],
        then: impl FnOnce(Outcome, &Frame<'_, '_>) -> R,
    ) -> Result<R, InputError> {
        let program = self.program;
        let frame = self.frame.take().unwrap_or_else(|| Frame::new(program));
        let mut frame: Frame<'_, '_> = frame;
        let filled = input::fill_from_json(
            text,
            &mut frame,
            self.tree,
            &mut self.room,
            self.refuses_unknown,
        );
        let result = decide(&mut frame, filled, then);
        self.frame = Some(frame.recycle());
        result
    }

    /// Decides an input given as a value, and spells the decision out.
    pub fn evaluate_value(&mut self, input: &InputValue) -> Result<Decision, InputError> {
        let program = self.program;
        let mut frame: Frame<'_, '_> = self.frame.take().unwrap_or_else(|| Frame::new(program));
        let filled = input::fill_from_value(
            input,
            &mut frame,
            self.tree,
            &mut self.room,
            self.refuses_unknown,
        );
        let result = decide(&mut frame, filled, |outcome, frame| Decision::of(&outcome, frame));
        self.frame = Some(frame.recycle());
        result
    }
}

impl Policy {
    /// Decides an input given as anything that serialises: an object of `action`, `actor` and
    /// `snapshot`.
    ///
    /// ```
    /// use actra::{Effect, Policy};
    /// use serde_json::json;
    ///
    /// let policy = Policy::from_strings(
    ///     "version: 1\nactions: {refund: {fields: {amount: number}}}\n",
    ///     "version: 2\nrules: [{id: all, scope: {action: refund}, effect: allow}]\n",
    ///     None,
    /// )?;
    /// let decision = policy.evaluate(&json!({"action": {"type": "refund", "amount": 20}}))?;
    /// assert_eq!(decision.effect, Effect::Allow);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate<T: serde::Serialize + ?Sized>(
        &self,
        input: &T,
    ) -> Result<Decision, InputError> {
        self.evaluate_value(&InputValue::of(input)?)
    }

    /// Decides an input given as a value.
    pub fn evaluate_value(&self, input: &InputValue) -> Result<Decision, InputError> {
        self.evaluator(UnknownFields::Ignore).evaluate_value(input)
    }

    /// Decides an input given as a value, and tells why. An input error is part of the answer.
    pub fn explain_value(&self, input: &InputValue) -> Explanation {
        let mut room = Room::keeping_unnamed();
        let mut frame = Frame::new(self.program());
        let filled = input::fill_from_value(input, &mut frame, self.tree(), &mut room, false);
        self.explain_filled(filled, &mut frame, &room)
    }
}

pub(super) fn decide<R>(
    frame: &mut Frame<'_, '_>,
    filled: Result<(), input::Fault>,
    then: impl FnOnce(Outcome, &Frame<'_, '_>) -> R,
) -> Result<R, InputError> {
    filled?;
    match actra_vm::evaluate(frame) {
        Ok(outcome) => Ok(then(outcome, frame)),
        Err(error) => Err(InputError::of(&error, frame)),
    }
}
