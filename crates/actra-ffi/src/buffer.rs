//! Memory that the library hands over.

use crate::constants::ActraStatus;
use crate::guard::write;
use std::ptr;

/// Bytes that the library hands over: an artifact, a JSON text. Free it with `actra_buffer_free`.
/// It never changes, so any number of threads may read one at the same time, and any may free it.
pub struct ActraBuffer {
    bytes: Vec<u8>,
}

/// The bytes; good until the buffer is freed. NULL for NULL. Text is UTF-8, and a NUL that is not
/// counted follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_buffer_data(buffer: *const ActraBuffer) -> *const u8 {
    if buffer.is_null() {
        return ptr::null();
    }
    // SAFETY: a handle that is not NULL is one of ours that has not been freed: the caller
    // promises that.
    unsafe { &*buffer }.bytes.as_ptr()
}

/// How many bytes there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_buffer_len(buffer: *const ActraBuffer) -> usize {
    if buffer.is_null() {
        return 0;
    }
    // SAFETY: as in `actra_buffer_data`.
    unsafe { &*buffer }.bytes.len() - 1
}

/// Frees a buffer and its bytes. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_buffer_free(buffer: *mut ActraBuffer) {
    if !buffer.is_null() {
        // SAFETY: a handle that is not NULL came from a box of ours and has not been freed: the
        // caller promises that.
        drop(unsafe { Box::from_raw(buffer) });
    }
}

/// Hands bytes over.
///
/// # Safety
/// Where the pointer is not NULL, a pointer can be written there.
pub(crate) unsafe fn hand_over(
    out: *mut *mut ActraBuffer,
    mut bytes: Vec<u8>,
) -> Result<(), ActraStatus> {
    bytes.push(0);
    let buffer = Box::into_raw(Box::new(ActraBuffer { bytes }));
    // SAFETY: the caller vouches for it.
    unsafe { write(out, buffer) }.inspect_err(|_| {
        // SAFETY: it came from a box just above, and nobody has it.
        drop(unsafe { Box::from_raw(buffer) });
    })
}
