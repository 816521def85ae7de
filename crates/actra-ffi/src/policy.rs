//! Policies as handles.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::error::{ActraError, fail};
use crate::guard::{self, check_optional_out, check_out, enter, text, write};
use crate::pool::Pooled;
use actra::Policy;
use serde_json::Value;
use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;

/// A compiled policy. It never changes, and counts its references: any number of threads may use
/// one at the same time, and whoever keeps it holds a reference (`actra_policy_retain`,
/// `actra_policy_free`). Whatever borrows from it, a decision's strings among that, is good as long as
/// some reference is held.
pub struct ActraPolicy {
    _private: [u8; 0],
}

/// The policy behind a handle.
///
/// # Safety
/// The handle is NULL, or one of ours of which a reference is held for as long as `'p`.
#[inline]
pub(crate) unsafe fn policy<'p>(handle: *const ActraPolicy) -> Result<&'p Pooled, ActraStatus> {
    // SAFETY: what is behind a handle is a `Pooled` in an `Arc`; the caller vouches for it.
    unsafe { handle.cast::<Pooled>().as_ref() }.ok_or(ACTRA_STATUS_INVALID_ARGUMENT)
}

/// A handle with one more reference, which is the caller's.
pub(crate) fn retained(policy: &Arc<Pooled>) -> *mut ActraPolicy {
    Arc::into_raw(Arc::clone(policy)).cast_mut().cast()
}

/// Refuses directories in a build that cannot compile them.
pub(crate) fn not_for_directories(path: &Path) -> Result<(), Failed> {
    if cfg!(not(feature = "compiler")) && path.is_dir() {
        return Err(not_supported());
    }
    Ok(())
}

fn not_supported() -> Failed {
    let message = "this is a runtime-only build of libactra: it loads `.actra` files only";
    Box::new((ACTRA_STATUS_NOT_SUPPORTED, ActraError::new("not_supported", message)))
}

/// Hands a policy over, with one reference.
///
/// # Safety
/// Where the pointer is not NULL, a pointer can be written there.
unsafe fn hand_over_policy(out: *mut *mut ActraPolicy, policy: Policy) -> Result<(), ActraStatus> {
    let handle = Arc::into_raw(Arc::new(Pooled::new(policy)));
    // SAFETY: the caller vouches for it.
    unsafe { write(out, handle.cast_mut().cast()) }.inspect_err(|_| {
        // SAFETY: it came from an `Arc` just above, and nobody has it.
        drop(unsafe { Arc::from_raw(handle) });
    })
}

/// Compiles a policy from documents in memory: YAML, of which JSON is a part. `governance` may be
/// NULL with length 0. The texts are read during the call only.
///
/// On success `*policy` is a new policy with one reference: give it back with `actra_policy_free`.
/// On failure `*policy` is left alone, and `*error`, where `error` is not NULL, is a new error for
/// the caller to free.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_COMPILE_ERROR`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL, or
/// text that is not UTF-8: `*error` is left alone then, so let it be NULL before the call), or
/// `ACTRA_STATUS_NOT_SUPPORTED` in a runtime-only build. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_compile(
    schema: *const c_char,
    schema_len: usize,
    policy_text: *const c_char,
    policy_len: usize,
    governance: *const c_char,
    governance_len: usize,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the texts.
        let (schema, rules, governance) = unsafe {
            (
                text(schema, schema_len)?,
                text(policy_text, policy_len)?,
                text(governance, governance_len)?,
            )
        };
        check_out(policy)?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { compiled(compile::strings(schema, rules, governance), policy, error) }
    })
}

/// Compiles a policy directory: `schema.yaml`, `policy.yaml`, and `governance.yaml` and the YAML
/// files in `policies` where they are there. The path is UTF-8.
///
/// As `actra_policy_compile`. A file that cannot be read is a COMPILE_ERROR, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_compile_directory(
    path: *const c_char,
    path_len: usize,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the text.
        let path = unsafe { text(path, path_len) }?;
        check_out(policy)?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { compiled(compile::directory(Path::new(path)), policy, error) }
    })
}

/// Compiles a policy from files, which errors name. `governance_path` may be NULL with length 0.
/// Paths are UTF-8.
///
/// As `actra_policy_compile`. A file that cannot be read is a COMPILE_ERROR, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_compile_files(
    schema_path: *const c_char,
    schema_path_len: usize,
    policy_path: *const c_char,
    policy_path_len: usize,
    governance_path: *const c_char,
    governance_path_len: usize,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the texts.
        let (schema, rules, governance) = unsafe {
            (
                text(schema_path, schema_path_len)?,
                text(policy_path, policy_path_len)?,
                text(governance_path, governance_path_len)?,
            )
        };
        check_out(policy)?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { compiled(compile::files(schema, rules, governance), policy, error) }
    })
}

/// Why there is no policy.
pub(crate) type Failed = Box<(ActraStatus, ActraError)>;

/// # Safety
/// As [`hand_over_policy`] and [`fail`].
pub(crate) unsafe fn compiled(
    result: Result<Policy, Failed>,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> Result<(), ActraStatus> {
    match result {
        // SAFETY: the caller vouches for it.
        Ok(compiled) => unsafe { hand_over_policy(policy, compiled) },
        Err(failed) => {
            let (status, found) = *failed;
            // SAFETY: the caller vouches for it.
            Err(unsafe { fail(error, status, || found) })
        }
    }
}

fn spelled(json: &Value) -> Vec<u8> {
    json.to_string().into_bytes()
}

#[cfg(feature = "compiler")]
pub(crate) mod compile {
    use super::{ACTRA_STATUS_COMPILE_ERROR, ActraError, Failed, Path, Policy, Value};
    use crate::load::of_load;
    use actra::signing::LoadOptions;

    pub(super) fn warnings(policy: &Policy) -> Value {
        policy.warnings_json().into()
    }

    pub(crate) fn open(path: &Path, options: &LoadOptions) -> Result<Policy, Failed> {
        Policy::from_path_with(path, options).map_err(|error| of_load(&error))
    }

    pub(super) fn strings(schema: &str, policy: &str, governance: &str) -> Result<Policy, Failed> {
        let governance = if governance.is_empty() { None } else { Some(governance) };
        Policy::from_strings(schema, policy, governance).map_err(|error| of(&error))
    }

    pub(super) fn files(schema: &str, policy: &str, governance: &str) -> Result<Policy, Failed> {
        let governance = (!governance.is_empty()).then(|| Path::new(governance));
        Policy::from_files(Path::new(schema), Path::new(policy), governance)
            .map_err(|error| of(&error))
    }

    pub(super) fn directory(path: &Path) -> Result<Policy, Failed> {
        Policy::from_directory(path).map_err(|error| of(&error))
    }

    fn of(error: &actra::CompileError) -> Failed {
        Box::new((ACTRA_STATUS_COMPILE_ERROR, ActraError::of_documents(error)))
    }
}

#[cfg(not(feature = "compiler"))]
pub(crate) mod compile {
    use super::*;
    use crate::load::of_load;
    use actra::signing::LoadOptions;

    pub(super) fn warnings(_: &Policy) -> Value {
        Value::Array(Vec::new())
    }

    pub(crate) fn open(path: &Path, options: &LoadOptions) -> Result<Policy, Failed> {
        not_for_directories(path)?;
        Policy::from_artifact_file_with(path, options).map_err(|error| of_load(&error))
    }

    pub(super) fn strings(_: &str, _: &str, _: &str) -> Result<Policy, Failed> {
        Err(not_supported())
    }

    pub(super) fn files(_: &str, _: &str, _: &str) -> Result<Policy, Failed> {
        Err(not_supported())
    }

    pub(super) fn directory(_: &Path) -> Result<Policy, Failed> {
        Err(not_supported())
    }
}

/// Takes another reference to a policy, and gives the same handle: each reference is given back with
/// an `actra_policy_free` of its own. The caller holds a reference while this runs, or keeps others
/// from giving the last one back. Thread safe. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_retain(policy: *const ActraPolicy) -> *mut ActraPolicy {
    if !policy.is_null() {
        // SAFETY: the handle came from an `Arc`, and the caller holds a reference.
        unsafe { Arc::increment_strong_count(policy.cast::<Pooled>()) };
    }
    policy.cast_mut()
}

/// Gives a reference back. The last one frees the policy, and with it every string that was
/// borrowed from it. Thread safe. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_free(policy: *mut ActraPolicy) {
    if !policy.is_null() {
        let _ = enter(|| {
            // SAFETY: the handle came from an `Arc`, and the caller gives one of its references
            // back.
            unsafe { Arc::decrement_strong_count(policy.cast::<Pooled>()) };
            Ok(())
        });
    }
}

/// The policy's artifact: the bytes of an `.actra` file, the same for the same documents. On success
/// `*artifact` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe, in every build.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_to_artifact(
    policy: *const ActraPolicy,
    artifact: *mut *mut ActraBuffer,
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { give(policy, artifact, Policy::to_artifact) }
}

/// Writes the policy's artifact to a file, beside it first and then in its place: whoever reads it
/// sees the old file or the new one. The path is UTF-8.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, or `ACTRA_STATUS_IO_ERROR`: then
/// `*error`, where `error` is not NULL, is a new error for the caller to free. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_save(
    policy: *const ActraPolicy,
    path: *const c_char,
    path_len: usize,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle and the text.
        let (pooled, path) = unsafe { (self::policy(policy)?, text(path, path_len)?) };
        let path = Path::new(path);
        check_optional_out(error)?;
        pooled.policy().save(path).map_err(|found| {
            // SAFETY: the caller vouches for the out-parameter.
            unsafe { fail(error, ACTRA_STATUS_IO_ERROR, || ActraError::of_io(path, &found)) }
        })
    })
}

/// The schema as JSON: every slot with its name and its parent, and the fields of `common`, of each
/// action and of `state` (actor and snapshot) with types, constraints and defaults; docs/c.md has its
/// keys. It is what a program needs that fills slots from data of its own. On success `*json` is a
/// buffer to free.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_schema_json(
    policy: *const ActraPolicy,
    json: *mut *mut ActraBuffer,
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { give(policy, json, |policy| spelled(&policy.schema_json())) }
}

/// The rules as a JSON array, in the order in which they decide, so that an element's place is the
/// rule's index: `id`, `effect`, `mode`, `position` in the documents, `actions` that it is about (null:
/// every action), and where they are set `message`, `required_actions`, `description`, `file`, `line`,
/// `column`. On success `*json` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_rules_json(
    policy: *const ActraPolicy,
    json: *mut *mut ActraBuffer,
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { give(policy, json, |policy| spelled(&policy.rules_json())) }
}

/// What the compiler warned of, as a JSON array of diagnostics (docs/diagnostics.md); empty for
/// loaded artifacts. On success `*json` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_warnings_json(
    policy: *const ActraPolicy,
    json: *mut *mut ActraBuffer,
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { give(policy, json, |policy| spelled(&compile::warnings(policy))) }
}

/// # Safety
/// The handle is as in [`policy`], and the out-parameter as in [`hand_over`].
unsafe fn give(
    policy: *const ActraPolicy,
    out: *mut *mut ActraBuffer,
    bytes: impl FnOnce(&Policy) -> Vec<u8>,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let pooled = unsafe { self::policy(policy) }?;
        check_out(out)?;
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { hand_over(out, bytes(pooled.policy())) }
    })
}

/// The policy hash: 32 bytes that identify what the policy means, the same in every process,
/// binding and release. Of a loaded artifact it is the file's claim. `uint8_t hash[32]` is handed
/// over as `&hash`.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_hash(
    policy: *const ActraPolicy,
    hash: *mut [u8; 32],
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { give_digest(policy, hash, Policy::policy_hash) }
}

/// The policy's revision: the owner's number for this state of it, 0 where there is none. Of a loaded
/// artifact it is the file's claim, unless it was loaded with trusted keys.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_revision(
    policy: *const ActraPolicy,
    revision: *mut u64,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the pointers, as the header asks.
        unsafe { write(revision, self::policy(policy)?.policy().revision()) }
    })
}

/// The program digest: 32 bytes that identify exactly what runs. It is always computed. Programs of
/// one digest have the same slots and rules.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_digest(
    policy: *const ActraPolicy,
    digest: *mut [u8; 32],
) -> ActraStatus {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { give_digest(policy, digest, Policy::program_digest) }
}

/// # Safety
/// The handle is as in [`policy`], and 32 bytes can be written.
unsafe fn give_digest(
    policy: *const ActraPolicy,
    out: *mut [u8; 32],
    digest: impl FnOnce(&Policy) -> [u8; 32],
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let pooled = unsafe { self::policy(policy) }?;
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { write(out, digest(pooled.policy())) }
    })
}

/// The slot of a field. `domain` is one of `ACTRA_DOMAIN_*`; `path` is the rest of the field's
/// name as the short form writes it: `amount`, `customer.tier`, `labels["app/name"]`. Keys of maps
/// have a slot of their own if some rule reads them. The slot is good for this policy: one that is
/// compiled or loaded later may number its fields otherwise.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_NOT_FOUND` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL, bad
/// UTF-8, another domain). With any status but OK, `*slot` is left alone. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_slot(
    policy: *const ActraPolicy,
    domain: u32,
    path: *const c_char,
    path_len: usize,
    slot: *mut u32,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle and the text.
        let (pooled, path) = unsafe { (self::policy(policy)?, text(path, path_len)?) };
        check_out(slot)?;
        let domain = match domain {
            ACTRA_DOMAIN_ACTION => "action",
            ACTRA_DOMAIN_ACTOR => "actor",
            ACTRA_DOMAIN_SNAPSHOT => "snapshot",
            _ => return Err(ACTRA_STATUS_INVALID_ARGUMENT),
        };
        let found = pooled.policy().slot(&format!("{domain}.{path}"));
        let found = found.ok_or(ACTRA_STATUS_NOT_FOUND)?;
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { write(slot, u32::from(found.0)) }
    })
}

/// How many slots the policy has, which are numbered from 0; 0 for NULL. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_slot_count(policy: *const ActraPolicy) -> usize {
    // SAFETY: the caller vouches for the handle.
    unsafe { self::policy(policy) }.map_or(0, |pooled| pooled.policy().program().slots().len())
}

/// The name of a slot, such as `action.amount`, not ended by NUL; NULL where there is none. It belongs
/// to the policy: do not free it. `len` may be NULL. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_slot_name(
    policy: *const ActraPolicy,
    slot: u32,
    len: *mut usize,
) -> *const c_char {
    let name = |policy: &'static Policy| {
        let slot = u16::try_from(slot).ok().map(actra::SlotId)?;
        policy.program().slot(slot).map(|found| policy.program().text(found.name))
    };
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { borrow(policy, len, name) }
}

/// How many rules the policy has, which are numbered from 0; 0 for NULL. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_rule_count(policy: *const ActraPolicy) -> usize {
    // SAFETY: the caller vouches for the handle.
    unsafe { self::policy(policy) }.map_or(0, |pooled| pooled.policy().program().rules().len())
}

/// The id of a rule by its index, not ended by NUL; NULL where there is none. It belongs to the
/// policy: do not free it. `len` may be NULL. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_rule_id(
    policy: *const ActraPolicy,
    rule: u32,
    len: *mut usize,
) -> *const c_char {
    let id = |policy: &'static Policy| {
        let found = policy.program().rule(actra::RuleId(rule))?;
        Some(policy.program().text(found.id))
    };
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { borrow(policy, len, id) }
}

/// A string of the policy's.
///
/// # Safety
/// The handle is as in [`policy`], and `len` is NULL or can be written. The string is handed to the
/// caller, who keeps it no longer than a reference to the policy: that is what `'static` stands for.
unsafe fn borrow(
    handle: *const ActraPolicy,
    len: *mut usize,
    of: impl FnOnce(&'static Policy) -> Option<&'static str>,
) -> *const c_char {
    // SAFETY: the caller vouches for the handle.
    let pooled: Option<&'static Pooled> = unsafe { policy(handle) }.ok();
    // SAFETY: the caller vouches for `len`.
    unsafe { guard::string(pooled.and_then(|pooled| of(pooled.policy())), len) }
}
