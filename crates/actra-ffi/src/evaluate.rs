//! The hot path: slots in, a decision out, nothing allocated.

use crate::constants::*;
use crate::decision::{ActraDecision, deciding};
use crate::guard::{bytes, check_out};
use crate::input::{Filler, Memory};
use crate::policy::{ActraPolicy, policy};
use crate::slot::{ActraSlot, Run, SLOT_BYTES};
use actra::{Frame, Outcome, Policy, SlotId};

/// Decides an input given as slots. The slot of a field comes from `actra_policy_slot`, once; an
/// array shorter than the policy's slot count leaves the rest missing.
///
/// `arena` is memory that `ACTRA_TAG_*_AT` slots point into by offsets; NULL and 0 where there are
/// none. Slots and arena are read during the call only.
///
/// Allocates nothing once as many threads as ever evaluate at the same moment, up to 64, have done
/// so with lists and maps as long. Room of more than 1 MiB that lists and maps took is given back
/// after the call. Thread safe: any number of threads may evaluate one policy at the same time.
///
/// A string of more than 1 MiB, a list of more than 65,536 items, strings of more than 16 MiB in all
/// and more than 8,388,608 items and entries in all are input errors: `ACTRA_INPUT_ERROR_TOO_LARGE`.
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
    unsafe {
        evaluate(policy, slots, slot_count, arena, arena_len, decision, || Ok(()), |_, _| Ok(()))
    }
}

/// Decides as `actra_policy_evaluate` does, and lists what a plain decision only counts: with
/// several approval rules all of them (`matched_rules`), and the fields that left the deciding rule
/// unknown (`missing_slots`, ascending). With one rule `matched_rules` is that rule, and where the
/// default decided it is empty.
///
/// Each array has room for `..._capacity` numbers; its count is written even where there is not
/// room enough, with `ACTRA_STATUS_TOO_SHORT` (and an invalid decision, and both arrays left alone).
/// An array may be NULL where its capacity is 0; the counts may not. As many numbers as there are
/// rules, and as there are slots, are always enough. With a status other than OK and TOO_SHORT,
/// arrays and counts mean nothing.
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
    let rules = Numbers {
        array: matched_rules,
        capacity: matched_rules_capacity,
        counted: matched_rules_count,
    };
    let fields = Numbers {
        array: missing_slots,
        capacity: missing_slots_capacity,
        counted: missing_slots_count,
    };
    let check = || rules.check().and(fields.check());
    let lists = |outcome: &Outcome, frame: &Frame<'_, '_>| {
        let matched = frame.matched();
        let several = if matched.len() > 1 { matched } else { outcome.rule.as_slice() };
        let missing = frame.missing();
        // SAFETY: the caller vouches for the counts, which have been checked.
        let fit = unsafe { rules.count(several.len()) & fields.count(missing.len()) };
        if !fit {
            return Err(ACTRA_STATUS_TOO_SHORT);
        }
        // SAFETY: the caller vouches for the arrays, which have been checked and have room.
        unsafe {
            rules.write(several.iter().map(|rule| rule.0));
            fields.write(missing.iter().map(|slot| u32::from(slot.0)));
        }
        Ok(())
    };
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { evaluate(policy, slots, slot_count, arena, arena_len, decision, check, lists) }
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
    check: impl FnOnce() -> Result<(), ActraStatus>,
    also: impl FnOnce(&Outcome, &Frame<'_, '_>) -> Result<(), ActraStatus>,
) -> ActraStatus {
    let body = |decision: &mut ActraDecision| {
        // SAFETY: the caller vouches for the handle.
        let policy = unsafe { policy(handle) }?;
        check()?;
        if slot_count > policy.policy().program().slots().len() {
            return Err(ACTRA_STATUS_INVALID_ARGUMENT);
        }
        // SAFETY: the caller vouches for the slots, of which there are at most 65,536.
        let slots = Run::of_bytes(unsafe { bytes(slots.cast(), slot_count * SLOT_BYTES) }?);
        // SAFETY: the caller vouches for the arena.
        let memory = Memory::new(unsafe { bytes(arena, arena_len) }?);
        policy.with_frame(|policy, frame, order| {
            let name = |slot: SlotId| policy.program().slot_name(slot);
            let filler = Filler::new(policy, frame, memory, order);
            // SAFETY: the caller vouches for the pointers in slots.
            if let Some(fault) = unsafe { filler.fill(slots) }? {
                decision.refuse(Some(fault.code), fault.slot.map(name));
                return Err(ACTRA_STATUS_INPUT_ERROR);
            }
            match Policy::decide(frame) {
                Ok(outcome) => {
                    also(&outcome, frame)?;
                    decision.set(policy, &outcome, frame);
                    Ok(())
                }
                Err(error) => {
                    decision.refuse(Some(error.code), error.slot().map(name));
                    Err(ACTRA_STATUS_INPUT_ERROR)
                }
            }
        })
    };
    // SAFETY: the caller vouches for the struct.
    unsafe { deciding(out, body) }
}

/// An array of the caller's for numbers.
#[derive(Clone, Copy)]
struct Numbers {
    array: *mut u32,
    capacity: usize,
    /// Where their count goes.
    counted: *mut usize,
}

impl Numbers {
    /// Whatever the input is: arguments are right or wrong.
    fn check(self) -> Result<(), ActraStatus> {
        check_out(self.counted)?;
        if self.capacity == 0 { Ok(()) } else { check_out(self.array) }
    }

    /// Writes how many there are, and says whether there is room for them.
    ///
    /// # Safety
    /// The array has been checked, and the count can be written.
    unsafe fn count(self, len: usize) -> bool {
        // SAFETY: it is neither NULL nor unaligned, and the caller vouches for the rest.
        unsafe { self.counted.write(len) };
        len <= self.capacity
    }

    /// Writes the numbers.
    ///
    /// # Safety
    /// The array has been checked, it has room for so many, and they can be written.
    unsafe fn write(self, numbers: impl Iterator<Item = u32>) {
        for (index, number) in numbers.enumerate() {
            // SAFETY: `index` is below the capacity; an array that has one is neither NULL nor
            // unaligned, and the caller vouches for the rest.
            unsafe { self.array.add(index).write(number) };
        }
    }
}
