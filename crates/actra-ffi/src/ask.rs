//! Questions about policies, in JSON.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::error::{ActraError, fail};
use crate::guard::{bytes, check_optional_out, check_out, enter};
use crate::policy::{ActraPolicy, policy};
use actra::Policy;
use std::ffi::c_char;

/// Answers a question about a policy, for every input that its schema admits: proved, or refuted by
/// an input. The question is JSON: `{"question": "never allow"}` or `always`, with any of `actions`,
/// `assume` (a condition), `inputs` (`partial` or `complete`) and `budget` (steps);
/// `{"question": "analyze"}`; or `{"question": "diff"}`, which holds the policy against `other`, the
/// new one. `other` is NULL for all else. The answers' shapes are those of docs/analysis.md.
///
/// On success `*answer` is JSON in a buffer to free. A question that is undecided within its budget
/// is answered, too. On failure `*answer` is left alone, and `*error`, where `error` is not NULL, is a
/// new error. An answer takes from milliseconds to minutes, by the size of the policy and the budget,
/// and the call cannot be interrupted.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, `ACTRA_STATUS_NO_ANSWER` with the codes
/// `bad_question`, `bad_assumption` (what is assumed is no condition over the schema), `no_documents`
/// (the policy comes from an artifact without them), `other_documents`, `documents` and `too_large`,
/// or `ACTRA_STATUS_NOT_SUPPORTED` in a runtime-only build. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_ask(
    policy: *const ActraPolicy,
    other: *const ActraPolicy,
    question: *const c_char,
    question_len: usize,
    answer: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        check_out(answer)?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for the handles and the text.
        let (asked, question) =
            unsafe { (self::policy(policy)?, bytes(question.cast(), question_len)?) };
        let other = if other.is_null() {
            None
        } else {
            // SAFETY: the caller vouches for the handle.
            Some(unsafe { self::policy(other)? }.policy())
        };
        let question = std::str::from_utf8(question).map_err(|_| ACTRA_STATUS_INVALID_ARGUMENT)?;
        match ask(asked.policy(), other, question)? {
            // SAFETY: the caller vouches for the out-parameter.
            Ok(found) => unsafe { hand_over(answer, found.into_bytes()) },
            // SAFETY: the caller vouches for the out-parameter.
            Err(found) => Err(unsafe { fail(error, ACTRA_STATUS_NO_ANSWER, || *found) }),
        }
    })
}

#[cfg(feature = "compiler")]
#[expect(clippy::unnecessary_wraps, reason = "without a compiler there is no answer")]
fn ask(
    policy: &Policy,
    other: Option<&Policy>,
    question: &str,
) -> Result<Result<String, Box<ActraError>>, ActraStatus> {
    Ok(policy.ask_json(question, other).map_err(|error| Box::new(ActraError::of_analysis(&error))))
}

#[cfg(not(feature = "compiler"))]
fn ask(
    _policy: &Policy,
    _other: Option<&Policy>,
    _question: &str,
) -> Result<Result<String, Box<ActraError>>, ActraStatus> {
    Err(ACTRA_STATUS_NOT_SUPPORTED)
}
