//! Decisions as C reads them.

use crate::constants::*;
use actra::program::Rule;
use actra::{Frame, Outcome, Policy, RuleId};
use std::ffi::c_char;
use std::ptr;

/// A decision. Set `struct_size` to `sizeof(actra_decision)` before the call; the library writes
/// no more than that. An error status leaves it invalid: `effect` 0, which is no effect.
///
/// Strings are UTF-8, not ended by NUL, and belong to the policy: they are good as long as a
/// reference to it is held. NULL stands for none.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ActraDecision {
    /// Bytes of this struct, as the caller knows it.
    pub struct_size: usize,
    /// One of `ACTRA_EFFECT_*`.
    pub effect: u32,
    /// `ACTRA_DECISION_*` bits.
    pub flags: u32,
    /// Index of the rule that decided; `ACTRA_NO_RULE`: the default did.
    pub rule: u32,
    /// Where shadow rules would change the decision: the effect, else 0.
    pub shadow_effect: u32,
    /// And the shadow rule's index, else `ACTRA_NO_RULE`.
    pub shadow_rule: u32,
    /// With `ACTRA_STATUS_INPUT_ERROR`: one of `ACTRA_INPUT_ERROR_*`, else 0.
    pub input_error: u32,
    /// The id of the rule that decided, or NULL.
    pub rule_id: *const c_char,
    /// Its bytes.
    pub rule_id_len: usize,
    /// The message of the rule that decided, or NULL.
    pub message: *const c_char,
    /// Its bytes.
    pub message_len: usize,
    /// With an input error, the field that it is about, or NULL. Of an entry of a map it is the
    /// map.
    pub field: *const c_char,
    /// Its bytes.
    pub field_len: usize,
}

impl ActraDecision {
    /// What an error leaves behind.
    pub(crate) const INVALID: Self = Self {
        struct_size: size_of::<Self>(),
        effect: ACTRA_EFFECT_INVALID,
        flags: 0,
        rule: ACTRA_NO_RULE,
        shadow_effect: ACTRA_EFFECT_INVALID,
        shadow_rule: ACTRA_NO_RULE,
        input_error: ACTRA_INPUT_ERROR_NONE,
        rule_id: ptr::null(),
        rule_id_len: 0,
        message: ptr::null(),
        message_len: 0,
        field: ptr::null(),
        field_len: 0,
    };

    #[inline]
    pub(crate) fn of(policy: &Policy, outcome: &Outcome, frame: &Frame<'_, '_>) -> Self {
        let program = policy.program();
        let rule: Option<&Rule> = outcome.rule.and_then(|id| program.rule(id));
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let (rule_id, rule_id_len) = parts(rule.map(|rule| program.text(rule.id)));
        let message = rule.and_then(|rule| rule.message).map(|text| program.text(text));
        let (message, message_len) = parts(message);
        Self {
            effect: effect(outcome.effect),
            flags: flag(outcome.is_unknown, ACTRA_DECISION_UNKNOWN)
                | flag(outcome.shadow.is_some(), ACTRA_DECISION_SHADOW_DIFFERS)
                | flag(frame.matched().len() > 1, ACTRA_DECISION_SEVERAL_RULES),
            rule: outcome.rule.map_or(ACTRA_NO_RULE, index),
            shadow_effect: outcome
                .shadow
                .map_or(ACTRA_EFFECT_INVALID, |found| effect(found.effect)),
            shadow_rule: outcome.shadow.map_or(ACTRA_NO_RULE, |found| index(found.rule)),
            rule_id,
            rule_id_len,
            message,
            message_len,
            ..Self::INVALID
        }
    }

    /// An input error. The field borrows from the program.
    #[cold]
    pub(crate) fn of_error(code: actra::InputCode, field: Option<&str>) -> Self {
        let (field, field_len) = parts(field);
        Self { input_error: input_error(code), field, field_len, ..Self::INVALID }
    }
}

const fn index(rule: RuleId) -> u32 {
    rule.0
}

/// A borrowed string as C takes it.
pub(crate) fn parts(text: Option<&str>) -> (*const c_char, usize) {
    text.map_or((ptr::null(), 0), |text| (text.as_ptr().cast(), text.len()))
}

/// Writes a decision into the caller's struct, as much as there is room for.
///
/// # Safety
/// Where the pointer is not NULL, `struct_size` can be read there, and that many bytes written.
pub(crate) unsafe fn write(
    out: *mut ActraDecision,
    decision: ActraDecision,
) -> Result<(), ActraStatus> {
    // SAFETY: the caller vouches for it.
    let size = unsafe { room(out) }?;
    let size = size.min(size_of::<ActraDecision>());
    let from = (&raw const decision).cast::<u8>();
    let start = size_of::<usize>();
    // SAFETY: both sides have `size` bytes, `start` is inside of that, and one is on our stack and
    // the other the caller's. The size that the caller wrote stays.
    unsafe {
        ptr::copy_nonoverlapping(from.add(start), out.cast::<u8>().add(start), size - start);
    }
    Ok(())
}

/// The size that the caller gives its struct.
///
/// # Safety
/// As [`write`].
unsafe fn room(out: *mut ActraDecision) -> Result<usize, ActraStatus> {
    if out.is_null() || !out.is_aligned() {
        return Err(ACTRA_STATUS_INVALID_ARGUMENT);
    }
    // SAFETY: the pointer is neither NULL nor unaligned, and the caller vouches for the rest.
    let size = unsafe { (&raw const (*out).struct_size).read() };
    if size < OLDEST { Err(ACTRA_STATUS_INVALID_ARGUMENT) } else { Ok(size) }
}

/// The size of the struct in the first version of the ABI.
const OLDEST: usize = 7 * size_of::<usize>() + 6 * size_of::<u32>();
const _: () = assert!(size_of::<ActraDecision>() >= OLDEST);
