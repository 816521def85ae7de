//! Batches of inputs through Arrow's C data interface.
//!
//! The interface is three structs, so it is read here, and not by a library: everything in them that
//! can be wrong is an error of the batch that names the column, and what is wrong with a row is in the
//! answer's column of errors. Buffers are read where they stand; only what no column of ours is like
//! (narrow numbers, other units of time, views) is made anew, part by part, so that it is still in the
//! cache when it is read.

mod arena;
mod batch;
mod c;
mod decimal;
mod export;
mod fault;
mod format;
mod keys;
mod memory;
mod node;
mod outcome;
#[cfg(test)]
mod tests;
mod values;
mod views;

pub use c::{ArrowArray, ArrowSchema};
pub(crate) use outcome::Dictionaries;

use crate::constants::*;
use crate::error::{ActraError, fail};
use crate::guard::{check_optional_out, check_out, enter, write};
use crate::policy::{ActraPolicy, policy};
use crate::pool::Pooled;
use crate::text::unknown_fields;
use actra::{InputCode, InputError, UnknownFields};
use arena::Arena;
use batch::Batch;
use fault::error_of;
use node::Budget;
use outcome::Decided;

/// Rows that are decided at a time.
const PART: usize = 4096;
/// A part has so many times the rows of the largest dictionary, whose values are looked at for each.
const ROWS_PER_VALUE: usize = 8;

/// Decides a batch of inputs, a row each, through Arrow's C data interface
/// (<https://arrow.apache.org/docs/format/CDataInterface.html>); docs/batch.md is the guide to it.
///
/// `schema` and `array` are a struct array. Its columns are named as fields are: `action.type`,
/// `action.amount`, or stand in structs named `action`, `actor` and `snapshot`. Other columns are
/// ignored, and so are those of fields that the schema does not name, unless `flags` has
/// `ACTRA_INPUT_REFUSE_UNKNOWN`. A value that is null is missing.
///
/// Both are read during the call only: they are neither moved nor released, and stay the caller's.
///
/// On success `*decisions_schema` and `*decisions` are a struct array with a row for each row, for
/// the caller to release. Its columns are dictionary-encoded strings: `effect` (null where the row
/// has no decision: block), `matched_rule` (null where the default decided), `error` (the code of
/// the row's input error, null where there is none) and `error_field`. It borrows nothing: policy
/// and input may be gone before it is.
///
/// An input error of the batch as a whole (an array that is not as the interface says, a column of a
/// type that no field takes, two columns of one field) gives `ACTRA_STATUS_INPUT_ERROR`, and where
/// `error` is not NULL, a new error for the caller to free, with the column as its field. With any
/// status but OK, both structs are left released: `release` is NULL.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INPUT_ERROR` or `ACTRA_STATUS_INVALID_ARGUMENT`. Thread
/// safe, as long as nobody writes to the input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_evaluate_arrow(
    policy: *const ActraPolicy,
    schema: *const ArrowSchema,
    array: *const ArrowArray,
    flags: u32,
    decisions_schema: *mut ArrowSchema,
    decisions: *mut ArrowArray,
    error: *mut *mut ActraError,
) -> ActraStatus {
    let body = || {
        // SAFETY: the caller vouches for the handle.
        let pooled = unsafe { self::policy(policy) }?;
        check_out(decisions_schema)?;
        check_out(decisions)?;
        check_optional_out(error)?;
        if flags & !ACTRA_INPUT_REFUSE_UNKNOWN != 0 || schema.is_null() || array.is_null() {
            return Err(ACTRA_STATUS_INVALID_ARGUMENT);
        }
        // SAFETY: the caller vouches for the input.
        match unsafe { evaluate(pooled, schema, array, unknown_fields(flags)) } {
            // SAFETY: the caller vouches for the out-parameters, which have been checked.
            Ok((of_schema, of_array)) => unsafe {
                write(decisions_schema, of_schema)?;
                write(decisions, of_array)
            },
            Err(found) => {
                let error_of = || ActraError::of_input(&found);
                // SAFETY: the caller vouches for the out-parameter.
                Err(unsafe { fail(error, ACTRA_STATUS_INPUT_ERROR, error_of) })
            }
        }
    };
    let status = enter(body);
    if status != ACTRA_STATUS_OK {
        // SAFETY: the caller vouches for the out-parameters; what cannot be one is left alone.
        let _ = unsafe {
            (write(decisions_schema, ArrowSchema::RELEASED), write(decisions, ArrowArray::RELEASED))
        };
    }
    status
}

/// # Safety
/// As the header asks of the callers of `actra_policy_evaluate_arrow`.
unsafe fn evaluate(
    pooled: &Pooled,
    schema: *const ArrowSchema,
    array: *const ArrowArray,
    unknown_fields: UnknownFields,
) -> Result<(ArrowSchema, ArrowArray), InputError> {
    let policy = pooled.policy();
    let (arena, budget) = (Arena::default(), Budget::default());
    // SAFETY: the caller vouches for the input.
    let batch = unsafe { Batch::read(policy, schema, array, unknown_fields, &budget, &arena) }?;
    let dictionaries = pooled.dictionaries().ok_or_else(outcome::long_names)?;
    let mut decided = Decided::with_room(batch.rows)?;
    let part = PART.max(batch.largest_dictionary().saturating_mul(ROWS_PER_VALUE));
    for start in (0..batch.rows).step_by(part) {
        let rows = start..batch.rows.min(start.saturating_add(part));
        let room = Arena::default();
        let columns = batch.part(policy, &rows, &room)?;
        let outcomes = policy.decide_columns(rows.len(), &columns).map_err(|error| {
            error_of("", (InputCode::Malformed, format!("is not decided: {error}")))
        })?;
        decided.add(&outcomes);
    }
    Ok(export::export(batch.rows, decided.columns(dictionaries)?))
}
