//! What observers are told.

use super::{Action, AdmitError};
use crate::{Decision, Effect, InputValue, Policy};
use std::time::{Duration, SystemTime};

/// A decision that was made, or an error in its place.
#[derive(Clone, Copy, Debug)]
pub struct DecisionEvent<'e> {
    /// The policy that was asked.
    pub policy: &'e Policy,
    /// What asked to run.
    pub action: &'e Action,
    /// The three domains; `None` where a resolver failed.
    pub context: Option<&'e InputValue>,
    /// The decision; `None` where there is none.
    pub decision: Option<&'e Decision>,
    /// Why there is no decision.
    pub error: Option<&'e AdmitError>,
    /// When deciding began.
    pub time: SystemTime,
    /// How long it took, resolvers included.
    pub duration: Duration,
}

impl DecisionEvent<'_> {
    /// The effect; `None` where there is no decision.
    pub fn effect(&self) -> Option<Effect> {
        self.decision.map(|decision| decision.effect)
    }

    /// The id of the rule that decided.
    pub fn matched_rule(&self) -> Option<&str> {
        self.decision.and_then(|decision| decision.matched_rule.as_deref())
    }

    /// The action's type.
    pub fn action_type(&self) -> &str {
        self.action.action_type()
    }

    /// Whether the policy blocks the action.
    pub fn is_blocked(&self) -> bool {
        self.effect() == Some(Effect::Block)
    }
}
