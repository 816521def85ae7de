//! The hot path: slots in, a decision out, nothing allocated.

use crate::constants::*;
use crate::decision::{self, ActraDecision};
use crate::guard::{bytes, enter, write};
use crate::input::{Arena, Filler};
use crate::policy::{ActraPolicy, policy};
use crate::slot::{ActraSlot, Run, SLOT_BYTES};
use actra::{Frame, InputCode, Outcome, Policy, SlotId};

/// Decides an input given as slots. The slot of a field comes from `actra_policy_slot`, once; an
/// array shorter than the policy's slot count leaves the rest missing.
///
/// `arena` is memory that `ACTRA_TAG_*_AT` slots point into by offsets; NULL and 0 where there are
/// none. Slots and arena are read during the call only.
///
/// Allocates nothing once as many threads as ever evaluate at the same moment have done so.
/// Thread safe: any number of threads may evaluate one policy at the same time.
///
/// Gives `ACTRA_STATUS_OK`; `ACTRA_STATUS_INPUT_ERROR` where the input is in error; or
/// `ACTRA_STATUS_INVALID_ARGUMENT`. With any status but OK, `decision->effect` is
/// `ACTRA_EFFECT_INVALID`: block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_evaluate(
    policy: *const ActraPolicy,
    slots: *const ActraSlot,
    slot_count: usize,
    arena: *const u8,
    arena_len: usize,
    decision: *mut ActraDecision,
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { evaluate(policy, slots, slot_count, arena, arena_len, decision, |_, _| Ok(())) }
}

/// Decides as `actra_policy_evaluate` does, and lists what a plain decision only counts: with
/// several approval rules all of them (`matched_rules`), and the fields that left the deciding rule
/// unknown (`missing_slots`, ascending). With one rule `matched_rules` is that rule, and where the
/// default decided it is empty.
///
/// Each array has room for `..._capacity` numbers; its count is written even where there is not
/// room enough, with `ACTRA_STATUS_TOO_SHORT` (and an invalid decision). An array may be NULL where
/// its capacity is 0; the counts may not. As many numbers as there are rules, and as there are slots,
/// are always enough. With a status other than OK and TOO_SHORT, arrays and counts mean nothing.
///
/// Allocates and gives what `actra_policy_evaluate` does, and `ACTRA_STATUS_TOO_SHORT`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_evaluate_all(
    policy: *const ActraPolicy,
    slots: *const ActraSlot,
    slot_count: usize,
    arena: *const u8,
    arena_len: usize,
    decision: *mut ActraDecision,
    matched_rules: *mut u32,
    matched_rules_capacity: usize,
    matched_rules_count: *mut usize,
    missing_slots: *mut u32,
    missing_slots_capacity: usize,
    missing_slots_count: *mut usize,
) -> ActraStatus {
    let lists = |outcome: &Outcome, frame: &Frame<'_, '_>| {
        let matched = frame.matched();
        let several = if matched.len() > 1 { matched } else { outcome.rule.as_slice() };
        let rules = several.iter().map(|rule| rule.0);
        let missing = frame.missing().iter().map(|slot| u32::from(slot.0));
        // SAFETY: the caller vouches for the arrays and their counts.
        let first =
            unsafe { list(rules, matched_rules, matched_rules_capacity, matched_rules_count) };
        // SAFETY: as above.
        let second =
            unsafe { list(missing, missing_slots, missing_slots_capacity, missing_slots_count) };
        first.and(second)
    };
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { evaluate(policy, slots, slot_count, arena, arena_len, decision, lists) }
}

/// # Safety
/// As the header asks of the callers of `actra_policy_evaluate`.
#[inline]
unsafe fn evaluate(
    handle: *const ActraPolicy,
    slots: *const ActraSlot,
    slot_count: usize,
    arena: *const u8,
    arena_len: usize,
    out: *mut ActraDecision,
    also: impl FnOnce(&Outcome, &Frame<'_, '_>) -> Result<(), ActraStatus>,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the struct. Whatever goes wrong from here on, it is
        // invalid.
        unsafe { decision::write(out, ActraDecision::INVALID) }?;
        // SAFETY: the caller vouches for the handle.
        let policy = unsafe { policy(handle) }?;
        let slot_bytes = slot_count.checked_mul(SLOT_BYTES).ok_or(ACTRA_STATUS_INVALID_ARGUMENT)?;
        // SAFETY: the caller vouches for the slots.
        let slots = Run::of_bytes(unsafe { bytes(slots.cast(), slot_bytes) }?);
        // SAFETY: the caller vouches for the arena.
        let arena = Arena(unsafe { bytes(arena, arena_len) }?);
        let decided: Result<_, ActraStatus> = policy.with_frame(|policy, frame, order| {
            let filler = Filler::new(policy, frame, arena, order);
            // SAFETY: the caller vouches for the pointers in slots.
            if let Some(fault) = unsafe { filler.fill(slots) }? {
                return Ok(refusal(policy, fault.code, Some(fault.slot)));
            }
            match Policy::decide(frame) {
                Ok(outcome) => {
                    also(&outcome, frame)?;
                    Ok((ActraDecision::of(policy, &outcome, frame), Ok(())))
                }
                Err(error) => Ok(refusal(policy, error.code, error.slot())),
            }
        });
        let (decision, status) = decided?;
        // SAFETY: as above.
        unsafe { decision::write(out, decision) }?;
        status
    })
}

/// What an input error leaves behind.
#[cold]
fn refusal(
    policy: &Policy,
    code: InputCode,
    slot: Option<SlotId>,
) -> (ActraDecision, Result<(), ActraStatus>) {
    let field = slot.map(|slot| policy.program().slot_name(slot));
    (ActraDecision::of_error(code, field), Err(ACTRA_STATUS_INPUT_ERROR))
}

/// Writes numbers into an array of the caller's, and their count.
///
/// # Safety
/// The array has room for so many, and the count can be written.
unsafe fn list(
    numbers: impl ExactSizeIterator<Item = u32>,
    array: *mut u32,
    capacity: usize,
    count: *mut usize,
) -> Result<(), ActraStatus> {
    let len = numbers.len();
    // SAFETY: the caller vouches for the count.
    unsafe { write(count, len) }?;
    if len > capacity {
        return Err(ACTRA_STATUS_TOO_SHORT);
    }
    for (index, number) in numbers.enumerate() {
        if array.is_null() || !array.is_aligned() {
            return Err(ACTRA_STATUS_INVALID_ARGUMENT);
        }
        // SAFETY: `index` is below the length, which the capacity covers; the caller vouches for
        // the array, which is neither NULL nor unaligned.
        unsafe { array.add(index).write(number) };
    }
    Ok(())
}
