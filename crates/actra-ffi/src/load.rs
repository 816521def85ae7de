//! Loading policies, from who is trusted.

use crate::constants::*;
use crate::error::{ActraError, fail};
use crate::guard::{bytes, check_optional_out, check_out, enter, sized, text};
use crate::policy::{ActraPolicy, Failed, compile, compiled};
use actra::signing::{LoadOptions, PublicKey};
use actra::{LoadError, Policy};
use std::ffi::c_char;
use std::path::Path;

/// Bytes of the caller's.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ActraBytes {
    /// Where they are; NULL where there are none.
    pub data: *const u8,
    /// How many.
    pub len: usize,
}

/// What is asked of an artifact before anything in it is read: who has signed it, and how old it may be
/// (docs/signing.md). Zero it, and set `struct_size` to `sizeof(actra_load_options)`: then nothing is
/// asked for. What a later version adds is refused, not passed over, by a library that does not know it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ActraLoadOptions {
    /// Bytes of this struct, as the caller knows it.
    pub struct_size: usize,
    /// `ACTRA_LOAD_*` bits.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// The lowest revision that is loaded; 0 asks for none. Without trusted keys a revision is what the
    /// file says.
    pub min_revision: u64,
    /// Public keys, Ed25519: each the contents of a PEM file (`PUBLIC KEY`), or 32 bytes. Only what one
    /// of them has signed is loaded. NULL with a count of 0 asks for no signature, unless `flags` has
    /// `ACTRA_LOAD_TRUSTED_KEYS`: then nobody is trusted, and nothing is loaded.
    pub trusted_keys: *const ActraBytes,
    /// How many.
    pub trusted_key_count: usize,
}

// A later version that adds members takes structs of this size from callers who know no larger.
const _: () = assert!(size_of::<ActraLoadOptions>() == 3 * size_of::<usize>() + 16);

/// What the caller's struct asks for.
///
/// # Safety
/// Where the pointer is not NULL, `struct_size` can be read there, and that many bytes; so can the keys
/// that it names.
pub(crate) unsafe fn load_options(
    options: *const ActraLoadOptions,
) -> Result<LoadOptions, (ActraStatus, Option<Box<ActraError>>)> {
    const INVALID: (ActraStatus, Option<Box<ActraError>>) = (ACTRA_STATUS_INVALID_ARGUMENT, None);
    // SAFETY: the caller vouches for the struct, of which any bytes are one.
    let asked = unsafe { sized(options) }.map_err(|_| INVALID)?;
    if asked.flags & !ACTRA_LOAD_TRUSTED_KEYS != 0 || asked.reserved != 0 {
        return Err(INVALID);
    }
    let found = LoadOptions::new().min_revision(asked.min_revision);
    let (keys, count) = (asked.trusted_keys, asked.trusted_key_count);
    if keys.is_null() && count == 0 && asked.flags & ACTRA_LOAD_TRUSTED_KEYS == 0 {
        return Ok(found);
    }
    // An empty list of keys trusts nobody.
    let mut found = found.trusted_keys([]);
    let is_list = !keys.is_null() && keys.is_aligned();
    if count > 0 && (!is_list || count > isize::MAX as usize / size_of::<ActraBytes>()) {
        return Err(INVALID);
    }
    for index in 0..count {
        // SAFETY: the pointer is neither NULL nor unaligned, the index is one of an object that can be,
        // and the caller vouches for the rest.
        let ActraBytes { data, len } = unsafe { keys.add(index).read() };
        // SAFETY: the caller vouches for the key's bytes.
        let key = unsafe { bytes(data, len) }.map_err(|_| INVALID)?;
        let key = PublicKey::parse(key).map_err(|error| {
            (ACTRA_STATUS_INVALID_ARGUMENT, Some(Box::new(ActraError::of_key(index, &error))))
        })?;
        found = found.trusted_keys([key]);
    }
    Ok(found)
}

/// Loads with what the caller's struct asks for.
///
/// # Safety
/// As [`load_options`], [`fail`] and [`compiled`].
unsafe fn load_with(
    asked: *const ActraLoadOptions,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
    load: impl FnOnce(&LoadOptions) -> Result<Policy, Failed>,
) -> Result<(), ActraStatus> {
    check_out(policy)?;
    check_optional_out(error)?;
    // SAFETY: the caller vouches for it.
    match unsafe { load_options(asked) } {
        // SAFETY: the caller vouches for the out-parameters.
        Ok(options) => unsafe { compiled(load(&options), policy, error) },
        // SAFETY: the caller vouches for the out-parameter.
        Err((status, Some(found))) => Err(unsafe { fail(error, status, || *found) }),
        Err((status, None)) => Err(status),
    }
}

/// Why a policy could not be loaded.
pub(crate) fn of_load(error: &LoadError) -> Failed {
    Box::new(match error {
        LoadError::Artifact(error) => (ACTRA_STATUS_ARTIFACT_ERROR, ActraError::of_artifact(error)),
        LoadError::Trust(error) => (ACTRA_STATUS_ARTIFACT_ERROR, ActraError::of_trust(error)),
        LoadError::Io { path, error } => (ACTRA_STATUS_IO_ERROR, ActraError::of_io(path, error)),
        #[cfg(feature = "compiler")]
        LoadError::Compile(error) => (ACTRA_STATUS_COMPILE_ERROR, ActraError::of_documents(error)),
    })
}

/// Loads a compiled policy from the bytes of an `.actra` file. Bytes from anyone may be tried: what
/// is not a verified program is an error. The bytes are read during the call only.
///
/// As `actra_policy_compile`, with `ACTRA_STATUS_ARTIFACT_ERROR` in the place of COMPILE_ERROR, and
/// in every build.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_load(
    artifact: *const u8,
    artifact_len: usize,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the bytes.
        let artifact = unsafe { bytes(artifact, artifact_len) }?;
        check_out(policy)?;
        check_optional_out(error)?;
        let loaded = Policy::from_artifact(artifact).map_err(|error| {
            Box::new((ACTRA_STATUS_ARTIFACT_ERROR, ActraError::of_artifact(&error)))
        });
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { compiled(loaded, policy, error) }
    })
}

/// Loads an `.actra` file, or compiles a policy directory: whichever the path leads to. The path is
/// UTF-8.
///
/// As `actra_policy_load`, with `ACTRA_STATUS_IO_ERROR` where the file cannot be read, and for
/// directories as `actra_policy_compile_directory`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_open(
    path: *const c_char,
    path_len: usize,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the text.
        let path = Path::new(unsafe { text(path, path_len) }?);
        check_out(policy)?;
        check_optional_out(error)?;
        let opened = compile::open(path, &LoadOptions::new());
        // SAFETY: the caller vouches for the out-parameters.
        unsafe { compiled(opened, policy, error) }
    })
}

/// Loads a compiled policy from the bytes of an `.actra` file, if it is what the options ask for: signatures
/// are checked before anything else in it is read, then its revision. The bytes, the options and the keys
/// are read during the call only.
///
/// As `actra_policy_load`. What is not signed by a trusted key, or too old, is an ARTIFACT_ERROR with the
/// code `not_signed`, `unknown_key`, `wrong_signature` or `old_revision`. Options that are not understood,
/// and NULL, are INVALID_ARGUMENT; so is a key that is none, and then `*error` is set, with the code
/// `bad_key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_load_with(
    artifact: *const u8,
    artifact_len: usize,
    options: *const ActraLoadOptions,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the bytes.
        let artifact = unsafe { bytes(artifact, artifact_len) }?;
        // SAFETY: the caller vouches for the options and the out-parameters.
        unsafe {
            load_with(options, policy, error, |options| {
                Policy::from_artifact_with(artifact, options).map_err(|error| of_load(&error))
            })
        }
    })
}

/// Loads an `.actra` file, or compiles a policy directory, if it is what the options ask for. Documents
/// carry neither signatures nor a revision, and are refused where either is asked for. The path is UTF-8.
///
/// As `actra_policy_open` and `actra_policy_load_with`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_policy_open_with(
    path: *const c_char,
    path_len: usize,
    options: *const ActraLoadOptions,
    policy: *mut *mut ActraPolicy,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the text.
        let path = Path::new(unsafe { text(path, path_len) }?);
        // SAFETY: the caller vouches for the options and the out-parameters.
        unsafe { load_with(options, policy, error, |options| compile::open(path, options)) }
    })
}
