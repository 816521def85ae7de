//! Why an operation was not admitted.

use crate::{Decision, Effect, InputError, InputValue};
use std::error::Error;
use std::fmt;

/// Why an operation was not admitted. In each case it has not run.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The policy blocks it.
    #[error(transparent)]
    Blocked(Box<PolicyError>),
    /// It waits for an approval.
    #[error(transparent)]
    ApprovalRequired(Box<PolicyError>),
    /// Its input cannot be decided.
    #[error("the input cannot be decided: {0}")]
    Input(#[from] InputError),
    /// A resolver failed.
    #[error("the resolver of `{domain}` failed: {error}")]
    Resolver {
        /// Of which domain.
        domain: &'static str,
        /// What it said.
        error: Box<dyn Error + Send + Sync>,
    },
}

impl AdmitError {
    /// What the policy decided, where it decided.
    pub fn policy_error(&self) -> Option<&PolicyError> {
        match self {
            Self::Blocked(error) | Self::ApprovalRequired(error) => Some(error),
            Self::Input(_) | Self::Resolver { .. } => None,
        }
    }
}

/// A decision that is not an allow, with what was decided about.
#[derive(Clone, Debug)]
pub struct PolicyError {
    /// The action's type.
    pub action_type: String,
    /// The decision.
    pub decision: Decision,
    /// The three domains that it was made from.
    pub context: InputValue,
}

impl PolicyError {
    /// As JSON: `action`, `decision`, `context`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "action": self.action_type,
            "decision": self.decision,
            "context": self.context.to_json(),
        })
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.decision.effect {
            Effect::RequireApproval => "needs approval",
            Effect::Block | Effect::Allow => "is blocked",
        };
        write!(f, "action `{}` {what}", self.action_type)?;
        match &self.decision.matched_rule {
            Some(rule) => write!(f, " by rule `{rule}`")?,
            None => f.write_str(" by default: no rule fired")?,
        }
        match &self.decision.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl Error for PolicyError {}
