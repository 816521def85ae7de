//! Policies that are replaced while others decide.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::error::{ActraError, fail};
use crate::guard::{check_optional_out, check_out, enter, sized, text, write};
use crate::load::{ActraLoadOptions, load_options, of_load};
use crate::policy::{ActraPolicy, Failed, not_for_directories, retained};
use crate::pool::Pooled;
use actra::Policy;
use actra::store::{Changes, PolicyStore, StoreError, Waker, Watching};
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// In `flags` of `actra_store_options`: only what has the revision of the policy in force, or a later
/// one, takes its place.
pub const ACTRA_STORE_NEVER_OLDER: u32 = 1;
/// In `flags` of `actra_store_options`: a directory's `*_test.yaml` are left alone, instead of being run
/// before a policy comes into force.
pub const ACTRA_STORE_WITHOUT_TESTS: u32 = 2;

/// Nothing about the files has changed since the last attempt, so that nothing was loaded.
pub const ACTRA_RELOAD_NONE: u32 = 0;
/// The policy was loaded again, and is the same as before.
pub const ACTRA_RELOAD_SAME: u32 = 1;
/// Another policy is in force.
pub const ACTRA_RELOAD_REPLACED: u32 = 2;

/// Looks at a policy before it comes into force: 0 lets it, any other number refuses it. It is called by
/// the thread that opens or reloads, or by the one that `actra_policy_store_watch` starts, one at a time.
/// The policy is borrowed: whoever keeps it takes a reference. It must not reload, unwatch or free the
/// store, nor leave by `longjmp` or an exception.
pub type ActraPolicyCheck =
    Option<unsafe extern "C" fn(context: *mut c_void, policy: *const ActraPolicy) -> u32>;

/// What is asked of policies before they come into force. Zero it, and set `struct_size` to
/// `sizeof(actra_store_options)`: then a directory's own tests have to pass, and nothing else is asked
/// for. What a later version adds is refused, not passed over, by a library that does not know it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ActraStoreOptions {
    /// Bytes of this struct, as the caller knows it.
    pub struct_size: usize,
    /// `ACTRA_STORE_*` bits.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// Who must have signed a policy, and how old it may be; NULL asks for neither. Read during the call.
    pub load: *const ActraLoadOptions,
    /// Looks at every policy, the first one too; NULL: nobody does.
    pub check: ActraPolicyCheck,
    /// What `check` is called with.
    pub check_context: *mut c_void,
}

// A later version that adds members takes structs of this size from callers who know no larger.
const _: () = assert!(size_of::<ActraStoreOptions>() == 4 * size_of::<usize>() + 8);

/// The policy of a directory or an `.actra` file, which is replaced when that changes. A new one is
/// loaded or compiled, and tested, by whoever reloads; then it takes the old one's place at once. Where
/// anything is wrong with it, the last good one stays, and the status says why. Any number of threads may
/// use a store at the same time; those who ask for its policy wait for nobody.
pub struct ActraPolicyStore {
    store: PolicyStore,
    watching: Mutex<Option<Watching>>,
}

/// Tells when a store's files may have changed, for programs that reload on threads of their own.
pub struct ActraPolicyChanges {
    changes: Mutex<Changes>,
    waker: Waker,
}

/// The caller's check. That its context may go from thread to thread is the caller's promise.
struct Check {
    check: unsafe extern "C" fn(*mut c_void, *const ActraPolicy) -> u32,
    context: *mut c_void,
}

// SAFETY: the header says which threads call, and that they do so one at a time.
unsafe impl Send for Check {}
// SAFETY: as above.
unsafe impl Sync for Check {}

impl Check {
    fn ask(&self, policy: &Arc<Pooled>) -> Result<(), String> {
        // SAFETY: the caller vouches for the function and its context; the handle is good during the
        // call, since the reference is held here.
        match unsafe { (self.check)(self.context, Arc::as_ptr(policy).cast()) } {
            0 => Ok(()),
            number => Err(format!("the host's check gives {number}")),
        }
    }
}

fn of_store(error: &StoreError) -> Failed {
    let status = match error {
        StoreError::Load(error) => return of_load(error),
        StoreError::Unsettled { .. } => ACTRA_STATUS_IO_ERROR,
        _ => ACTRA_STATUS_REFUSED,
    };
    Box::new((status, ActraError::new(error.code(), error.to_string())))
}

/// # Safety
/// The handle is NULL or one of ours that has not been freed, for as long as `'s`.
unsafe fn held<'s>(store: *const ActraPolicyStore) -> Result<&'s ActraPolicyStore, ActraStatus> {
    // SAFETY: the caller vouches for it.
    unsafe { store.as_ref() }.ok_or(ACTRA_STATUS_INVALID_ARGUMENT)
}

impl ActraPolicyStore {
    fn lock_watching(&self) -> std::sync::MutexGuard<'_, Option<Watching>> {
        // Nothing is left half changed.
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the caller's struct asks for. NULL asks for nothing.
///
/// # Safety
/// As `sized` and `load_options`.
unsafe fn asked(
    path: &Path,
    options: *const ActraStoreOptions,
) -> Result<actra::store::PolicyStoreBuilder, (ActraStatus, Option<Box<ActraError>>)> {
    let mut builder = PolicyStore::builder(path);
    let mut check = None;
    if !options.is_null() {
        // SAFETY: the caller vouches for the struct, of which any bytes are one.
        let asked = unsafe { sized(options) }.map_err(|status| (status, None))?;
        let known = ACTRA_STORE_NEVER_OLDER | ACTRA_STORE_WITHOUT_TESTS;
        if asked.flags & !known != 0 || asked.reserved != 0 {
            return Err((ACTRA_STATUS_INVALID_ARGUMENT, None));
        }
        if asked.flags & ACTRA_STORE_NEVER_OLDER != 0 {
            builder = builder.never_older();
        }
        if asked.flags & ACTRA_STORE_WITHOUT_TESTS != 0 {
            builder = builder.without_tests();
        }
        if !asked.load.is_null() {
            // SAFETY: the caller vouches for the struct and its keys.
            builder = builder.load_options(unsafe { load_options(asked.load) }?);
        }
        check = asked.check.map(|check| Check { check, context: asked.check_context });
    }
    Ok(builder.prepare(move |policy: &Policy| {
        let pooled = Arc::new(Pooled::new(policy.clone()));
        check.as_ref().map_or(Ok(()), |check| check.ask(&pooled))?;
        Ok(pooled)
    }))
}

/// Opens a store on a directory or an `.actra` file. The path is UTF-8. `options` may be NULL: then only
/// the directory's own tests have to pass.
///
/// On success `*store` is a store to free with `actra_policy_store_free`. Without a first policy there is
/// none: on failure `*store` is left alone, and `*error`, where `error` is not NULL, is a new error.
///
/// Gives what `actra_policy_open_with` gives; `ACTRA_STATUS_REFUSED` where the policy's tests fail
/// (`tests`), cannot be run (`untestable`), or `check` refuses it (`refused`); `ACTRA_STATUS_IO_ERROR` with
/// the code `unsettled` where the files went on changing while they were read. Of the options that are not
/// understood, as of keys that are none, INVALID_ARGUMENT. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_open(
    path: *const c_char,
    path_len: usize,
    options: *const ActraStoreOptions,
    store: *mut *mut ActraPolicyStore,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the text.
        let path = Path::new(unsafe { text(path, path_len) }?);
        check_out(store)?;
        check_optional_out(error)?;
        let failed = |(status, found): (ActraStatus, Option<Box<ActraError>>)| match found {
            // SAFETY: the caller vouches for the out-parameter.
            Some(found) => unsafe { fail(error, status, || *found) },
            None => status,
        };
        // SAFETY: the caller vouches for the options.
        let builder = unsafe { asked(path, options) }.map_err(failed)?;
        not_for_directories(path)
            .and_then(|()| builder.open().map_err(|error| of_store(&error)))
            .map_err(|found| failed((found.0, Some(Box::new(found.1)))))
            .and_then(|opened| {
                let held = ActraPolicyStore { store: opened, watching: Mutex::new(None) };
                // SAFETY: the caller vouches for the out-parameter, which was checked above.
                unsafe { write(store, Box::into_raw(Box::new(held))) }
            })
    })
}

/// The policy in force, with one reference of the caller's: give it back with `actra_policy_free`. It
/// stays whole while others replace it, and is the same handle until then, so that two may be compared.
/// NULL for NULL. Thread safe; it waits for nobody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_policy(
    store: *const ActraPolicyStore,
) -> *mut ActraPolicy {
    let mut found = ptr::null_mut();
    let _ = enter(|| {
        // SAFETY: the caller vouches for the handle.
        let current = unsafe { held(store) }?.store.policy();
        let pooled = current.prepared::<Arc<Pooled>>().ok_or(ACTRA_STATUS_INTERNAL)?;
        found = retained(pooled);
        Ok(())
    });
    found
}

/// How many policies have come into force, the first one included: one load from memory. Whoever keeps
/// what `actra_policy_store_policy` gave asks first for the generation and then for the policy, and does so
/// again when the generation is another one. 0 for NULL. Thread safe; it waits for nobody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_generation(store: *const ActraPolicyStore) -> u64 {
    // SAFETY: the caller vouches for the handle.
    unsafe { held(store) }.map_or(0, |held| held.store.generation())
}

/// # Safety
/// The pointers are NULL or can be written to.
unsafe fn reloaded(
    result: Result<u32, StoreError>,
    outcome: *mut u32,
    error: *mut *mut ActraError,
) -> Result<(), ActraStatus> {
    match result {
        Ok(_) if outcome.is_null() => Ok(()),
        // SAFETY: the caller vouches for the out-parameter.
        Ok(found) => unsafe { write(outcome, found) },
        Err(refused) => {
            let (status, found) = *of_store(&refused);
            // SAFETY: the caller vouches for the out-parameter.
            Err(unsafe { fail(error, status, || found) })
        }
    }
}

const fn outcome_of(has_changed: bool) -> u32 {
    if has_changed { ACTRA_RELOAD_REPLACED } else { ACTRA_RELOAD_SAME }
}

/// Loads the policy again and puts it into force. `*outcome`, where `outcome` is not NULL, is
/// `ACTRA_RELOAD_SAME` or `ACTRA_RELOAD_REPLACED`. Reloads at the same time follow one another.
///
/// As `actra_policy_store_open`. With any status but OK the last good policy stays in force, and `*outcome`
/// is left alone. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_reload(
    store: *const ActraPolicyStore,
    outcome: *mut u32,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let held = unsafe { held(store) }?;
        check_optional_out(outcome)?;
        check_optional_out(error)?;
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { reloaded(held.store.reload().map(outcome_of), outcome, error) }
    })
}

/// Reloads where anything about the files has changed since the last attempt, whatever came of that;
/// `ACTRA_RELOAD_NONE` where nothing has.
///
/// As `actra_policy_store_reload`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_reload_if_changed(
    store: *const ActraPolicyStore,
    outcome: *mut u32,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let held = unsafe { held(store) }?;
        check_optional_out(outcome)?;
        check_optional_out(error)?;
        let result = held.store.reload_if_changed();
        let result = result.map_or(Ok(ACTRA_RELOAD_NONE), |tried| tried.map(outcome_of));
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { reloaded(result, outcome, error) }
    })
}

/// How the store is doing, as JSON: `path`, `watching`, `generation`, `policy_hash`, `program_digest`,
/// `revision`, `since` (seconds since 1970), `failures`, and `failure`: null, or why the newest attempt
/// failed, with `time`, `message`, and `code`: `compile`, `artifact`, `io`, `tests`, `untestable`, `refused`,
/// `unsettled`, or one of signatures (docs/signing.md). On success `*json` is a buffer to free.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_status_json(
    store: *const ActraPolicyStore,
    json: *mut *mut ActraBuffer,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let held = unsafe { held(store) }?;
        check_out(json)?;
        let mut told =
            serde_json::to_value(held.store.status()).map_err(|_| ACTRA_STATUS_INTERNAL)?;
        let is_watching = held.lock_watching().as_ref().is_some_and(Watching::is_running);
        if let Some(members) = told.as_object_mut() {
            members.insert("path".to_owned(), held.store.path().display().to_string().into());
            members.insert("watching".to_owned(), is_watching.into());
        }
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { hand_over(json, told.to_string().into_bytes()) }
    })
}

/// Starts a thread of the library's that reloads when files change, as the operating system tells and after
/// a look every two seconds. What came of it is in the status; a program that wants to hear of each reload
/// runs a thread of its own, with `actra_policy_changes_wait`. A store that is watched stays so. A child of
/// `fork` has no such thread, and should open a store of its own.
///
/// Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_INTERNAL` where the
/// system has no thread to spare. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_watch(store: *const ActraPolicyStore) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let held = unsafe { held(store) }?;
        let mut watching = held.lock_watching();
        if !watching.as_ref().is_some_and(Watching::is_running) {
            let started = held.store.watch();
            if !started.is_running() {
                return Err(ACTRA_STATUS_INTERNAL);
            }
            *watching = Some(started);
        }
        Ok(())
    })
}

/// Ends what `actra_policy_store_watch` began, and waits for a reload that is under way. A store that
/// nobody watches stays so.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_unwatch(store: *const ActraPolicyStore) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let watching = unsafe { held(store) }?.lock_watching().take();
        // It is waited for while nothing is locked.
        drop(watching);
        Ok(())
    })
}

/// Frees a store, when nobody uses it any more; it is no longer watched then. Policies that were handed out
/// stay until their last reference is given back. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_store_free(store: *mut ActraPolicyStore) {
    if !store.is_null() {
        let _ = enter(|| {
            // SAFETY: a handle that is not NULL came from a box of ours and has not been freed: the
            // caller promises that.
            drop(unsafe { Box::from_raw(store) });
            Ok(())
        });
    }
}

/// What to wait for a store's changes with. On success `*changes` is to be freed with
/// `actra_policy_changes_free`, before or after the store.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_changes_open(
    store: *const ActraPolicyStore,
    changes: *mut *mut ActraPolicyChanges,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let held = unsafe { held(store) }?;
        check_out(changes)?;
        let found = held.store.changes();
        let waker = found.waker();
        let opened = ActraPolicyChanges { changes: Mutex::new(found), waker };
        // SAFETY: the caller vouches for the out-parameter, which was checked above.
        unsafe { write(changes, Box::into_raw(Box::new(opened))) }
    })
}

/// Waits until the store's files may have changed, and have come to rest: the operating system tells of
/// them, and where it does not, every two seconds; the first time at once. Then `*look` is 1, and
/// `actra_policy_store_reload_if_changed` finds out. It is 0 where the time is over, or somebody has ended
/// the waiting. One thread waits at a time: a second one gets INVALID_ARGUMENT.
///
/// Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT`. Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_changes_wait(
    changes: *const ActraPolicyChanges,
    timeout_ms: u64,
    look: *mut u32,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the handle.
        let changes = unsafe { changes.as_ref() }.ok_or(ACTRA_STATUS_INVALID_ARGUMENT)?;
        check_out(look)?;
        let mut waiting = match changes.changes.try_lock() {
            Ok(waiting) => waiting,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(ACTRA_STATUS_INVALID_ARGUMENT),
        };
        let found = waiting.wait(Duration::from_millis(timeout_ms));
        // SAFETY: the caller vouches for the out-parameter.
        unsafe { write(look, u32::from(found)) }
    })
}

/// Ends a waiting that is under way, or the next one. NULL is fine. Thread safe; it waits for nobody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_changes_wake(changes: *const ActraPolicyChanges) {
    let _ = enter(|| {
        // SAFETY: the caller vouches for the handle.
        if let Some(changes) = unsafe { changes.as_ref() } {
            changes.waker.wake();
        }
        Ok(())
    });
}

/// Frees what to wait with, when nobody waits any more. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_changes_free(changes: *mut ActraPolicyChanges) {
    if !changes.is_null() {
        let _ = enter(|| {
            // SAFETY: a handle that is not NULL came from a box of ours and has not been freed: the
            // caller promises that.
            drop(unsafe { Box::from_raw(changes) });
            Ok(())
        });
    }
}
