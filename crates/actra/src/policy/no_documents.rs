//! What there is to say of documents where there is no compiler: nothing.

use super::Policy;
use crate::explain::RulePlace;

/// The documents that a policy was compiled from: without a compiler there are none.
pub(super) enum Documents {}

#[expect(clippy::unused_self, reason = "with a compiler there is something to look up")]
impl Policy {
    pub(crate) fn pattern(&self, _: u32) -> Option<&str> {
        None
    }

    pub(crate) fn place(&self, _: u32) -> Option<RulePlace> {
        None
    }
}
