//! The text doors: JSON or YAML in, a decision or an explanation out.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::decision::{ActraDecision, deciding};
use crate::error::{ActraError, fail};
use crate::guard::{bytes, check_optional_out, check_out, enter};
use crate::policy::{ActraPolicy, policy};
use actra::explain::Detail;
use actra::text::Style;
use actra::{InputError, Policy, UnknownFields};
use std::ffi::c_char;

/// Decides an input given as text: `{"action": {...}, "actor": {...}, "snapshot": {...}}`. `flags`
/// are `ACTRA_INPUT_*` bits.
///
/// On success `*json`, where `json` is not NULL, is the whole decision as JSON, in a buffer to free:
/// `effect`, `matched_rule`, and where they are set `matched_rules`, `message`, `required_actions`,
/// `missing`, `shadow`. Where the input is in error, `*json` is left alone, and `*error`, where `error`
/// is not NULL, is a new error for the caller to free, with the field that it is about. The text is
/// read during the call only.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INPUT_ERROR`, `ACTRA_STATUS_INVALID_ARGUMENT`, or
/// `ACTRA_STATUS_NOT_SUPPORTED` for YAML in a runtime-only build. With any status but OK,
/// `decision->effect` is `ACTRA_EFFECT_INVALID`: block. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_evaluate_text(
    policy: *const ActraPolicy,
    text: *const c_char,
    text_len: usize,
    flags: u32,
    decision: *mut ActraDecision,
    json: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> ActraStatus {
    let body = |decision: &mut ActraDecision| {
        // SAFETY: the caller vouches for the handle and the text.
        let (pooled, text) = unsafe { (self::policy(policy)?, bytes(text.cast(), text_len)?) };
        check_flags(flags, INPUT_FLAGS)?;
        check_optional_out(json)?;
        check_optional_out(error)?;
        let wants_json = !json.is_null();
        let then = |outcome: actra::Outcome, frame: &actra::Frame<'_, '_>| {
            decision.set(pooled.policy(), &outcome, frame);
            wants_json.then(|| Policy::decision(frame, &outcome))
        };
        let result = pooled.with_evaluator(|evaluator| {
            evaluator.set_unknown_fields(unknown_fields(flags));
            if flags & ACTRA_INPUT_YAML == 0 {
                Ok(evaluator.with_json(text, then))
            } else {
                with_yaml(evaluator, text, then)
            }
        })?;
        match result {
            Ok(None) => Ok(()),
            // SAFETY: the caller vouches for the out-parameter.
            Ok(Some(spelled)) => unsafe { hand_over(json, to_json(&spelled)) },
            Err(found) => {
                // The field of an input may be any text: it is told by the error only.
                decision.refuse(Some(found.code), None);
                let error_of = || ActraError::of_input(&found);
                // SAFETY: the caller vouches for the out-parameter.
                Err(unsafe { fail(error, ACTRA_STATUS_INPUT_ERROR, error_of) })
            }
        }
    };
    // SAFETY: the caller vouches for the struct.
    unsafe { deciding(decision, body) }
}

/// Decides an input given as text, and tells why: as JSON (docs/explain.md), or as text for people
/// with `ACTRA_EXPLAIN_RENDERED`. An input error is part of the answer, so it is no failure. `flags`
/// are `ACTRA_INPUT_*` and `ACTRA_EXPLAIN_*` bits. On success `*explanation` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, or `ACTRA_STATUS_NOT_SUPPORTED` for
/// YAML in a runtime-only build. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_explain_text(
    policy: *const ActraPolicy,
    text: *const c_char,
    text_len: usize,
    flags: u32,
    explanation: *mut *mut ActraBuffer,
) -> ActraStatus {
    enter(|| {
        check_out(explanation)?;
        check_flags(flags, INPUT_FLAGS | EXPLAIN_FLAGS)?;
        // SAFETY: the caller vouches for the handle and the text.
        let (pooled, text) = unsafe { (self::policy(policy)?, bytes(text.cast(), text_len)?) };
        let found = if flags & ACTRA_INPUT_YAML == 0 {
            pooled.policy().explain_json(text, unknown_fields(flags))
        } else {
            explain_yaml(pooled.policy(), text, unknown_fields(flags))?
        };
        let spelled = if flags & ACTRA_EXPLAIN_RENDERED == 0 {
            to_json(&found)
        } else {
            let is = |flag: u32| flags & flag != 0;
            let style = if is(ACTRA_EXPLAIN_COLOURED) { Style::Coloured } else { Style::Plain };
            let detail = if is(ACTRA_EXPLAIN_ALL) { Detail::All } else { Detail::Nearest };
            found.render(style, detail).into_bytes()
        };
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { hand_over(explanation, spelled) }
    })
}

fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    // Decisions and explanations always serialise: their keys are strings.
    serde_json::to_vec(value).unwrap_or_default()
}

const INPUT_FLAGS: u32 = ACTRA_INPUT_REFUSE_UNKNOWN | ACTRA_INPUT_YAML;
const EXPLAIN_FLAGS: u32 = ACTRA_EXPLAIN_RENDERED | ACTRA_EXPLAIN_COLOURED | ACTRA_EXPLAIN_ALL;

fn check_flags(flags: u32, known: u32) -> Result<(), ActraStatus> {
    if flags & !known == 0 { Ok(()) } else { Err(ACTRA_STATUS_INVALID_ARGUMENT) }
}

pub(crate) fn unknown_fields(flags: u32) -> UnknownFields {
    if flags & ACTRA_INPUT_REFUSE_UNKNOWN == 0 {
        UnknownFields::Ignore
    } else {
        UnknownFields::Refuse
    }
}

type Answer<R> = Result<Result<R, InputError>, ActraStatus>;

#[cfg(feature = "compiler")]
#[expect(clippy::unnecessary_wraps, reason = "it fails in builds without a compiler")]
fn with_yaml<R>(
    evaluator: &mut actra::Evaluator<'_>,
    text: &[u8],
    then: impl FnOnce(actra::Outcome, &actra::Frame<'_, '_>) -> R,
) -> Answer<R> {
    Ok(evaluator.with_yaml(text, then))
}

#[cfg(not(feature = "compiler"))]
fn with_yaml<R>(
    _: &mut actra::Evaluator<'_>,
    _: &[u8],
    _: impl FnOnce(actra::Outcome, &actra::Frame<'_, '_>) -> R,
) -> Answer<R> {
    Err(ACTRA_STATUS_NOT_SUPPORTED)
}

#[cfg(feature = "compiler")]
#[expect(clippy::unnecessary_wraps, reason = "it fails in builds without a compiler")]
fn explain_yaml(
    policy: &Policy,
    text: &[u8],
    unknown_fields: UnknownFields,
) -> Result<actra::Explanation, ActraStatus> {
    Ok(policy.explain_yaml(text, unknown_fields))
}

#[cfg(not(feature = "compiler"))]
fn explain_yaml(_: &Policy, _: &[u8], _: UnknownFields) -> Result<actra::Explanation, ActraStatus> {
    Err(ACTRA_STATUS_NOT_SUPPORTED)
}
