//! What rules ask for, by their indexes.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::guard::{check_out, enter, numbers};
use crate::policy::{ActraPolicy, policy};
use actra::RuleId;

/// What has to happen before the operation may run, as a JSON array: the required actions of the
/// rules named, in their order, each once, as a whole decision in JSON has them. `rules` are indexes,
/// such as `matched_rules` of `actra_policy_evaluate_all`; `ACTRA_NO_RULE` among them asks for
/// nothing. On success `*json` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_NOT_FOUND` (no such rule) or
/// `ACTRA_STATUS_INVALID_ARGUMENT`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_required_actions(
    policy: *const ActraPolicy,
    rules: *const u32,
    rule_count: usize,
    json: *mut *mut ActraBuffer,
) -> ActraStatus {
    enter(|| {
        check_out(json)?;
        // SAFETY: the caller vouches for the handle and the array.
        let (pooled, rules) = unsafe { (self::policy(policy)?, numbers(rules, rule_count)?) };
        let policy = pooled.policy();
        let mut ids = Vec::new();
        for rule in rules.iter().filter(|rule| **rule != ACTRA_NO_RULE) {
            policy.program().rule(RuleId(*rule)).ok_or(ACTRA_STATUS_NOT_FOUND)?;
            ids.push(RuleId(*rule));
        }
        let actions = serde_json::Value::from(policy.required_actions(&ids));
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { hand_over(json, actions.to_string().into_bytes()) }
    })
}
