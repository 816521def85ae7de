//! Decisions as C reads them.

use crate::constants::*;
use crate::guard::{enter, parts};
use actra::program::Rule;
use actra::{Frame, Outcome, Policy, RuleId};
use std::ffi::c_char;
use std::mem::offset_of;
use std::ptr;

/// A decision. Set `struct_size` to `sizeof(actra_decision)` before the call; the library writes
/// no more than that. An error status leaves it invalid: `effect` 0, which is no effect. So it is with
/// a struct that is too small, as far as it reaches to its effect, and with an unaligned one.
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
    const INVALID: Self = Self {
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

    /// Writes what was decided. Each member is stored where it belongs, and not gathered first:
    /// copies wait for narrower writes.
    #[inline]
    pub(crate) fn set(&mut self, policy: &Policy, outcome: &Outcome, frame: &Frame<'_, '_>) {
        let program = policy.program();
        let rule: Option<&Rule> = outcome.rule.and_then(|id| program.rule(id));
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        self.flags = flag(outcome.is_unknown, ACTRA_DECISION_UNKNOWN)
            | flag(outcome.shadow.is_some(), ACTRA_DECISION_SHADOW_DIFFERS)
            | flag(frame.matched().len() > 1, ACTRA_DECISION_SEVERAL_RULES);
        self.rule = outcome.rule.map_or(ACTRA_NO_RULE, index);
        self.shadow_effect =
            outcome.shadow.map_or(ACTRA_EFFECT_INVALID, |found| effect(found.effect));
        self.shadow_rule = outcome.shadow.map_or(ACTRA_NO_RULE, |found| index(found.rule));
        self.input_error = ACTRA_INPUT_ERROR_NONE;
        (self.rule_id, self.rule_id_len) = parts(rule.map(|rule| program.text(rule.id)));
        let message = rule.and_then(|rule| rule.message).map(|text| program.text(text));
        (self.message, self.message_len) = parts(message);
        (self.field, self.field_len) = (ptr::null(), 0);
        self.effect = effect(outcome.effect);
    }

    /// Writes that nothing was decided, and why not, where the input is in error. The field borrows
    /// from the program.
    #[cold]
    pub(crate) fn refuse(&mut self, code: Option<actra::InputCode>, field: Option<&str>) {
        let size = self.struct_size;
        let (field, field_len) = parts(field);
        let input_error = code.map_or(ACTRA_INPUT_ERROR_NONE, input_error);
        *self = Self { struct_size: size, input_error, field, field_len, ..Self::INVALID };
    }
}

const fn index(rule: RuleId) -> u32 {
    rule.0
}

/// Runs an entry point that decides, with the caller's struct. Whatever goes wrong, even after
/// deciding, and a panic included, leaves it invalid.
///
/// # Safety
/// Where the pointer is not NULL, `struct_size` can be read there, and that many bytes written.
#[inline]
pub(crate) unsafe fn deciding(
    out: *mut ActraDecision,
    body: impl FnOnce(&mut ActraDecision) -> Result<(), ActraStatus>,
) -> ActraStatus {
    if out.is_null() {
        return ACTRA_STATUS_INVALID_ARGUMENT;
    }
    // SAFETY: the pointer is not NULL, and the caller vouches for the rest.
    let size = unsafe { (&raw const (*out).struct_size).read_unaligned() };
    if size < size_of::<ActraDecision>() || !out.is_aligned() {
        // SAFETY: as above; so many bytes can be written.
        unsafe { invalidate(out, size) };
        return ACTRA_STATUS_INVALID_ARGUMENT;
    }
    // SAFETY: the pointer is neither NULL nor unaligned, the struct is as large as ours, whatever
    // bytes it holds are one, and the caller gives it to us alone for the time of the call.
    let decision = unsafe { &mut *out };
    let status = enter(|| body(decision));
    // Of an input error the body has told which.
    if status != ACTRA_STATUS_OK && status != ACTRA_STATUS_INPUT_ERROR {
        decision.refuse(None, None);
    }
    status
}

/// Makes a struct invalid that is too small to be a decision, or stands where none can: whoever
/// looks at nothing but the effect must find none.
///
/// # Safety
/// That many bytes can be written.
#[cold]
unsafe fn invalidate(out: *mut ActraDecision, size: usize) {
    let has = |end: usize| size >= end;
    if has(offset_of!(ActraDecision, effect) + size_of::<u32>()) {
        // SAFETY: the struct reaches to the end of its effect, and the write asks for no alignment.
        unsafe { (&raw mut (*out).effect).write_unaligned(ACTRA_EFFECT_INVALID) };
    }
    if has(size_of::<ActraDecision>()) {
        let invalid = ActraDecision { struct_size: size, ..ActraDecision::INVALID };
        // SAFETY: the struct is as large as ours, and the write asks for no alignment.
        unsafe { out.write_unaligned(invalid) };
    }
}

// A later version that adds members takes structs of this size from callers who know no larger.
const _: () = assert!(size_of::<ActraDecision>() == 7 * size_of::<usize>() + 6 * size_of::<u32>());
