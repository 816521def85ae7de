//! Decision logs.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::decision::{ActraDecision, deciding};
use crate::error::{ActraError, fail};
use crate::guard::{bytes, check_optional_out, check_out, enter, sized, text, write};
use crate::policy::{ActraPolicy, policy};
use crate::text::unknown_fields;
use actra::Policy;
use actra::log::{DecisionLog, Entry, ErrorEntry, Input, LogError, decision_of_json};
use std::ffi::c_char;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A log of decisions that is open for writing: docs/decision-log.md has its format and what it
/// promises. Lines are made by the caller's thread, with masks heeded, and written by one of the
/// library's. Any number of threads may use a log at the same time.
///
/// A child of `fork` has no thread that writes: there, everything but `_status_json` and `_free` gives
/// the error `forked`. It opens a log of its own, under another name.
pub struct ActraDecisionLog {
    log: DecisionLog,
}

/// What is to be recorded of a decision. Zero it, and set `struct_size` to `sizeof(actra_log_entry)`,
/// either `decision` or `error_code`, and what else is known. All of it is read during the call only.
/// What a later version adds is refused, not passed over, by a library that does not know it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ActraLogEntry {
    /// Bytes of this struct, as the caller knows it.
    pub struct_size: usize,
    /// The policy that was asked: its hash and revision are recorded. NULL: none was.
    pub policy: *const ActraPolicy,
    /// When deciding began, in microseconds since 1970-01-01T00:00:00Z; 0: now.
    pub time_us: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// The decision's id, of 1 to 128 bytes of UTF-8; NULL: it gets one, a UUID of version 7.
    pub id: *const c_char,
    /// Its length in bytes.
    pub id_len: usize,
    /// The input as JSON text; NULL: there is none. What is no JSON is not recorded, since nobody
    /// could tell what to mask in it.
    pub input: *const c_char,
    /// Its length in bytes.
    pub input_len: usize,
    /// The decision as JSON, as `actra_policy_evaluate_text` hands it over; NULL: there is none.
    pub decision: *const c_char,
    /// Its length in bytes.
    pub decision_len: usize,
    /// Why there is no decision: an input error's code (`actra_input_error_name`), `resolver`, or `host`
    /// for anything else; NULL: there is one.
    pub error_code: *const c_char,
    /// Its length in bytes.
    pub error_code_len: usize,
    /// The field that the error is about; NULL: none.
    pub error_field: *const c_char,
    /// Its length in bytes.
    pub error_field_len: usize,
}

// A later version that adds members takes structs of this size from callers who know no larger.
const _: () = assert!(size_of::<ActraLogEntry>() == 12 * size_of::<usize>() + 16);

/// # Safety
/// The handle is NULL or one of ours that has not been freed, for as long as `'l`.
unsafe fn held<'l>(log: *const ActraDecisionLog) -> Result<&'l DecisionLog, ActraStatus> {
    // SAFETY: the caller vouches for it.
    unsafe { log.as_ref() }.map(|held| &held.log).ok_or(ACTRA_STATUS_INVALID_ARGUMENT)
}

/// # Safety
/// Where the pointer is not NULL, a pointer can be written there.
unsafe fn told<T>(
    result: Result<T, LogError>,
    error: *mut *mut ActraError,
) -> Result<T, ActraStatus> {
    // SAFETY: the caller vouches for the out-parameter.
    result.map_err(|found| unsafe {
        fail(error, ACTRA_STATUS_LOG_ERROR, || ActraError::of_log(&found))
    })
}

/// Hands the id over where the caller asks for it.
///
/// # Safety
/// As [`told`].
unsafe fn recorded(
    result: Result<String, LogError>,
    id: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> Result<(), ActraStatus> {
    // SAFETY: the caller vouches for the out-parameters.
    let found = unsafe { told(result, error) }?;
    if id.is_null() {
        return Ok(());
    }
    // SAFETY: as above.
    unsafe { hand_over(id, found.into_bytes()) }
}

/// Opens a log: a new one, or the one that is there, which is verified and continued. The path is UTF-8.
/// `options_json` is a JSON object of options (docs/decision-log.md has them), such as
/// `{"mask": ["actor.email"], "fsync": "always"}`; of length 0, the usual ones.
///
/// On success `*log` is a log to close with `actra_decision_log_close` and to free with
/// `actra_decision_log_free`. On failure `*log` is left alone, and `*error`, where `error` is not NULL, is
/// a new error.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL, or not UTF-8), or
/// `ACTRA_STATUS_LOG_ERROR`. Codes of its error, here and below: `io` where the system says no, `locked` where
/// somebody else writes the log, `not_a_decision_log`, `other_format`, `broken_log` where it is not as it was
/// written, `bad_options`, `bad_entry` where what is to be recorded is none, `closed`, `forked`, and
/// `not_written` where lines cannot be written. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_open(
    path: *const c_char,
    path_len: usize,
    options_json: *const c_char,
    options_json_len: usize,
    log: *mut *mut ActraDecisionLog,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the texts.
        let (path, options) =
            unsafe { (text(path, path_len)?, text(options_json, options_json_len)?) };
        check_out(log)?;
        check_optional_out(error)?;
        let builder = DecisionLog::builder(path);
        let builder =
            if options.is_empty() { Ok(builder) } else { builder.options_json(options.as_bytes()) };
        let result = builder.and_then(actra::log::DecisionLogBuilder::open);
        // SAFETY: the caller vouches for the out-parameter.
        let opened = unsafe { told(result, error) }?;
        // SAFETY: the caller vouches for the out-parameter, which was checked above.
        unsafe { write(log, Box::into_raw(Box::new(ActraDecisionLog { log: opened }))) }
    })
}

/// Records a decision. Its line is made here, with masks heeded, and written by another thread. With a full
/// queue the call waits, or the decision is dropped and counted, as the log's options say.
///
/// On success `*id`, where `id` is not NULL, is the decision's id in a buffer to free, also where it was
/// dropped.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, or `ACTRA_STATUS_LOG_ERROR` with `bad_entry`,
/// `closed`, `forked`, or, with the option `"on_error": "refuse"`, `not_written`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_record(
    log: *const ActraDecisionLog,
    entry: *const ActraLogEntry,
    id: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle and the struct, of which any bytes are one.
        let (log, entry) = unsafe { (held(log)?, sized(entry)?) };
        check_optional_out(id)?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for what the struct points to.
        let parts = unsafe { Parts::read(&entry) }?;
        let result = parts.record(log);
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { recorded(result, id, error) }
    })
}

/// What the caller's struct points to.
struct Parts<'e> {
    policy: Option<&'e Policy>,
    time: SystemTime,
    duration: Duration,
    id: Option<&'e str>,
    input: Option<&'e [u8]>,
    decision: Option<&'e [u8]>,
    error_code: Option<&'e str>,
    error_field: Option<&'e str>,
}

impl Parts<'_> {
    /// # Safety
    /// Pointers that are not NULL are what the header says, for as long as `'e`.
    unsafe fn read(entry: &ActraLogEntry) -> Result<Self, ActraStatus> {
        /// # Safety
        /// As `bytes`.
        unsafe fn given<'e>(
            at: *const c_char,
            len: usize,
        ) -> Result<Option<&'e [u8]>, ActraStatus> {
            // SAFETY: the caller vouches for it.
            let found = unsafe { bytes(at.cast(), len) }?;
            Ok((!at.is_null()).then_some(found))
        }
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|_| ACTRA_STATUS_INVALID_ARGUMENT);
        let policy = if entry.policy.is_null() {
            None
        } else {
            // SAFETY: the caller vouches for the handle.
            Some(unsafe { policy(entry.policy) }?.policy())
        };
        let time = match entry.time_us {
            0 => SystemTime::now(),
            micros => UNIX_EPOCH
                .checked_add(Duration::from_micros(micros))
                .ok_or(ACTRA_STATUS_INVALID_ARGUMENT)?,
        };
        // SAFETY: the caller vouches for the texts.
        let (id, input, decision, code, field) = unsafe {
            (
                given(entry.id, entry.id_len)?,
                given(entry.input, entry.input_len)?,
                given(entry.decision, entry.decision_len)?,
                given(entry.error_code, entry.error_code_len)?,
                given(entry.error_field, entry.error_field_len)?,
            )
        };
        if decision.is_some() == code.is_some() || (field.is_some() && code.is_none()) {
            return Err(ACTRA_STATUS_INVALID_ARGUMENT);
        }
        Ok(Self {
            policy,
            time,
            duration: Duration::from_nanos(entry.duration_ns),
            id: id.map(utf8).transpose()?,
            input,
            decision,
            error_code: code.map(utf8).transpose()?,
            error_field: field.map(utf8).transpose()?,
        })
    }

    fn record(&self, log: &DecisionLog) -> Result<String, LogError> {
        let decision = self.decision.map(decision_of_json).transpose()?;
        let outcome = decision.as_ref().ok_or_else(|| ErrorEntry {
            code: self.error_code.unwrap_or_default(),
            field: self.error_field,
        });
        log.record(&Entry {
            id: self.id,
            time: self.time,
            policy_hash: self.policy.map(Policy::policy_hash),
            revision: self.policy.map_or(0, Policy::revision),
            input: self.input.map_or(Input::None, Input::Json),
            outcome,
            duration: self.duration,
        })
    }
}

/// Records a decision that is given as a JSON object: `time_us` (microseconds since 1970), `input`, either
/// `decision` or `error` (`code`, `field`), and optionally `id`, `policy_hash`, `revision`, `duration_ns`.
/// For what has no policy's handle at hand.
///
/// As `actra_decision_log_record`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_record_json(
    log: *const ActraDecisionLog,
    entry_json: *const c_char,
    entry_json_len: usize,
    id: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle and the text.
        let (log, entry) = unsafe { (held(log)?, bytes(entry_json.cast(), entry_json_len)?) };
        check_optional_out(id)?;
        check_optional_out(error)?;
        let result = log.record_json(entry);
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { recorded(result, id, error) }
    })
}

/// Decides as `actra_policy_evaluate_text` does, and records what came of it, an input error too. There is
/// no decision where it could not be recorded: then the status is `ACTRA_STATUS_LOG_ERROR`, and the effect
/// `ACTRA_EFFECT_INVALID`. A log with the option `"on_error": "refuse"` so fails closed while lines cannot be
/// written. `flags` is 0 or `ACTRA_INPUT_REFUSE_UNKNOWN`: the text is JSON.
///
/// As `actra_policy_evaluate_text` and `actra_decision_log_record`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_evaluate_text(
    log: *const ActraDecisionLog,
    policy: *const ActraPolicy,
    text: *const c_char,
    text_len: usize,
    flags: u32,
    decision: *mut ActraDecision,
    json: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> ActraStatus {
    let body = |decision: &mut ActraDecision| {
        // SAFETY: the caller vouches for the handles and the text.
        let (log, pooled, text) =
            unsafe { (held(log)?, self::policy(policy)?, bytes(text.cast(), text_len)?) };
        if flags & !ACTRA_INPUT_REFUSE_UNKNOWN != 0 {
            return Err(ACTRA_STATUS_INVALID_ARGUMENT);
        }
        check_optional_out(json)?;
        check_optional_out(error)?;
        let (time, begin) = (SystemTime::now(), Instant::now());
        let result = pooled.with_evaluator(|evaluator| {
            evaluator.set_unknown_fields(unknown_fields(flags));
            evaluator.with_json(text, |outcome, frame| {
                decision.set(pooled.policy(), &outcome, frame);
                Policy::decision(frame, &outcome)
            })
        });
        let duration = begin.elapsed();
        let entry = Entry::new(pooled.policy(), Input::Json(text), result.as_ref());
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { told(log.record(&Entry { time, duration, ..entry }), error) }?;
        match result {
            Ok(_) if json.is_null() => Ok(()),
            Ok(found) => {
                let spelled = serde_json::to_vec(&found).map_err(|_| ACTRA_STATUS_INTERNAL)?;
                // SAFETY: the caller vouches for the out-parameter.
                unsafe { hand_over(json, spelled) }
            }
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

/// Waits until all that was recorded before is written and brought to the disk.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_LOG_ERROR`: `not_written`
/// where any of it could not be, `forked`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_flush(
    log: *const ActraDecisionLog,
    error: *mut *mut ActraError,
) -> ActraStatus {
    // SAFETY: the caller vouches for the handle and the out-parameter.
    unsafe { asked(log, error, DecisionLog::flush) }
}

/// Ends the file and begins another, once all that was recorded before is written.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_LOG_ERROR`: `not_written`
/// where another file cannot be begun, and this one goes on; `closed`, `forked`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_rotate(
    log: *const ActraDecisionLog,
    error: *mut *mut ActraError,
) -> ActraStatus {
    // SAFETY: the caller vouches for the handle and the out-parameter.
    unsafe { asked(log, error, DecisionLog::rotate) }
}

/// Writes what waits, brings it to the disk and closes the log. Later calls give `closed`, while others may
/// still be under way; closing again changes nothing. The handle is still to be freed.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_LOG_ERROR`: `not_written`
/// where some of it could not be, `forked`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_close(
    log: *const ActraDecisionLog,
    error: *mut *mut ActraError,
) -> ActraStatus {
    // SAFETY: the caller vouches for the handle and the out-parameter.
    unsafe { asked(log, error, DecisionLog::close) }
}

/// # Safety
/// As [`held`] and [`told`].
unsafe fn asked(
    log: *const ActraDecisionLog,
    error: *mut *mut ActraError,
    what: fn(&DecisionLog) -> Result<(), LogError>,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let log = unsafe { held(log) }?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { told(what(log), error) }
    })
}

/// How the log is doing, as JSON: `path`, `log` (its id), `file` (number), `file_bytes`, `seq` and `chain` of
/// the last line that was written, `accepted`, `written`, `synced`, `dropped`, `lost`, `refused`, `queued`,
/// `queued_bytes`, `errors`, `failure` (null, or why lines cannot be written now), `last_error`, `closed`. On
/// success `*json` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_status_json(
    log: *const ActraDecisionLog,
    json: *mut *mut ActraBuffer,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let log = unsafe { held(log) }?;
        check_out(json)?;
        let told = serde_json::to_vec(&log.status()).map_err(|_| ACTRA_STATUS_INTERNAL)?;
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { hand_over(json, told) }
    })
}

/// Frees a log, when nobody uses it any more; one that is open is closed, with all lines written, and what
/// could not be written is not told. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_decision_log_free(log: *mut ActraDecisionLog) {
    if !log.is_null() {
        let _ = enter(|| {
            // SAFETY: a handle that is not NULL came from a box of ours and has not been freed: the
            // caller promises that.
            drop(unsafe { Box::from_raw(log) });
            Ok(())
        });
    }
}
