//! Inputs given as YAML text.

use super::evaluator::decide;
use super::{Evaluator, Policy, UnknownFields};
use crate::decision::Decision;
use crate::error::InputError;
use crate::explain::Explanation;
use crate::input::{self, Room};
use actra_vm::{Frame, Outcome};

impl Policy {
    /// Decides an input given as YAML text.
    pub fn evaluate_yaml(&self, text: &[u8]) -> Result<Decision, InputError> {
        self.evaluator(UnknownFields::Ignore).evaluate_yaml(text)
    }

    /// Decides an input given as YAML text, and tells why. An input error is part of the answer.
    pub fn explain_yaml(&self, text: &[u8], unknown_fields: UnknownFields) -> Explanation {
        let mut room = Room::keeping_unnamed();
        let mut frame = Frame::new(self.program());
        let refuses = unknown_fields == UnknownFields::Refuse;
        let filled = input::fill_from_yaml(text, &mut frame, &self.inner.tree, &mut room, refuses);
        self.explain_filled(filled, &mut frame, &room)
    }
}

impl Evaluator<'_> {
    /// Decides an input given as YAML text, and spells the decision out.
    pub fn evaluate_yaml(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        self.with_yaml(text, |outcome, frame| Decision::of(&outcome, frame))
    }

    /// Decides an input given as YAML text, and hands over the outcome with its frame.
    pub fn with_yaml<R>(
        &mut self,
        text: &[u8],
        then: impl FnOnce(Outcome, &Frame<'_, '_>) -> R,
    ) -> Result<R, InputError> {
        let program = self.program;
        let mut frame = self.frame.take().unwrap_or_else(|| Frame::new(program));
        let filled = input::fill_from_yaml(
            text,
            &mut frame,
            self.tree,
            &mut self.room,
            self.refuses_unknown,
        );
        let result = decide(&mut frame, filled, then);
        // Who fills the frame next, by slots, relies on finding it empty.
        self.frame = Some(frame.recycle());
        result
    }
}
