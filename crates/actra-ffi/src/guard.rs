//! The way into the library: arguments checked, panics caught.

use crate::constants::{
    ACTRA_STATUS_INTERNAL, ACTRA_STATUS_INVALID_ARGUMENT, ACTRA_STATUS_OK, ActraStatus,
};
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Runs an entry point. A panic is a status, and nothing is left locked or half-written: what an
/// entry writes, it writes at its end.
#[inline]
pub(crate) fn enter(body: impl FnOnce() -> Result<(), ActraStatus>) -> ActraStatus {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => ACTRA_STATUS_OK,
        Ok(Err(status)) => status,
        Err(payload) => {
            // Dropping what a panic carries may panic, too; what that carries is let go.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(second);
            }
            ACTRA_STATUS_INTERNAL
        }
    }
}

/// The caller's bytes. NULL stands for none where there are none.
///
/// # Safety
/// Where the pointer is not NULL, that many bytes can be read there, and nobody writes to them for
/// as long as `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], ActraStatus> {
    if pointer.is_null() {
        return if len == 0 { Ok(&[]) } else { Err(ACTRA_STATUS_INVALID_ARGUMENT) };
    }
    if len > isize::MAX as usize {
        return Err(ACTRA_STATUS_INVALID_ARGUMENT);
    }
    // SAFETY: the pointer is not NULL, bytes need no alignment, the length is one that an object
    // can have, and the caller vouches for the rest.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// The caller's numbers.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn numbers<'a>(
    pointer: *const u32,
    count: usize,
) -> Result<&'a [u32], ActraStatus> {
    if pointer.is_null() && count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || !pointer.is_aligned() || count > isize::MAX as usize / size_of::<u32>()
    {
        return Err(ACTRA_STATUS_INVALID_ARGUMENT);
    }
    // SAFETY: the pointer is neither NULL nor unaligned, the length is one that an object can have,
    // and the caller vouches for the rest.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// The caller's text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, len: usize) -> Result<&'a str, ActraStatus> {
    // SAFETY: the caller vouches for what `bytes` asks for.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    std::str::from_utf8(bytes).map_err(|_| ACTRA_STATUS_INVALID_ARGUMENT)
}

/// The caller's struct of options, whose first member tells its size. Bytes beyond what is known here have
/// to be 0: what a later version asks for cannot be heeded.
///
/// # Safety
/// Where the pointer is not NULL, a size can be read there, and that many bytes. Whatever bytes a `T` holds,
/// it is one.
pub(crate) unsafe fn sized<T: Copy>(options: *const T) -> Result<T, ActraStatus> {
    if options.is_null() || !options.is_aligned() {
        return Err(ACTRA_STATUS_INVALID_ARGUMENT);
    }
    // SAFETY: the pointer is neither NULL nor unaligned, and the caller vouches for the rest.
    let size = unsafe { options.cast::<usize>().read() };
    // SAFETY: as above; so many bytes can be read.
    let all = unsafe { bytes(options.cast(), size) }?;
    let (_, beyond) = all.split_at_checked(size_of::<T>()).ok_or(ACTRA_STATUS_INVALID_ARGUMENT)?;
    if beyond.iter().any(|byte| *byte != 0) {
        return Err(ACTRA_STATUS_INVALID_ARGUMENT);
    }
    // SAFETY: the pointer is aligned, the struct is as large as ours, and whatever bytes it holds are
    // one.
    Ok(unsafe { options.read() })
}

/// Writes to an out-parameter.
///
/// # Safety
/// Where the pointer is not NULL, a `T` can be written there.
pub(crate) unsafe fn write<T>(out: *mut T, value: T) -> Result<(), ActraStatus> {
    if out.is_null() || !out.is_aligned() {
        return Err(ACTRA_STATUS_INVALID_ARGUMENT);
    }
    // SAFETY: the pointer is neither NULL nor unaligned, and the caller vouches for the rest.
    // Whatever was there is overwritten without being looked at.
    unsafe { out.write(value) };
    Ok(())
}

/// An out-parameter that must be there is checked before any work is done.
pub(crate) fn check_out<T>(out: *mut T) -> Result<(), ActraStatus> {
    if out.is_null() || !out.is_aligned() { Err(ACTRA_STATUS_INVALID_ARGUMENT) } else { Ok(()) }
}

/// The same for one that may be NULL.
pub(crate) fn check_optional_out<T>(out: *mut T) -> Result<(), ActraStatus> {
    if out.is_null() { Ok(()) } else { check_out(out) }
}

/// A borrowed string as C takes it.
pub(crate) fn parts(text: Option<&str>) -> (*const c_char, usize) {
    text.map_or((ptr::null(), 0), |text| (text.as_ptr().cast(), text.len()))
}

/// Gives a string as C takes it: a pointer, and its length through `len`, which may be NULL. Where
/// the length cannot be written there is no string: nobody could tell where it ends.
///
/// # Safety
/// Where `len` is not NULL, a number can be written there.
pub(crate) unsafe fn string(text: Option<&str>, len: *mut usize) -> *const c_char {
    let text = text.filter(|_| check_optional_out(len).is_ok());
    let (pointer, count) = parts(text);
    if !len.is_null() && len.is_aligned() {
        // SAFETY: the pointer is neither NULL nor unaligned, and the caller vouches for the rest.
        unsafe { len.write(count) };
    }
    pointer
}
