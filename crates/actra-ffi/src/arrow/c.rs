//! The structs of Arrow's C data interface, as its specification has them
//! (<https://arrow.apache.org/docs/format/CDataInterface.html>). The header has them by hand, in the
//! guard that the specification asks for: a program that has them from elsewhere takes those.

use std::ffi::{c_char, c_void};
use std::ptr;

/// A type.
#[expect(missing_docs, reason = "the specification says what each is")]
#[repr(C)]
pub struct ArrowSchema {
    pub format: *const c_char,
    pub name: *const c_char,
    pub metadata: *const c_char,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

/// Values.
#[expect(missing_docs, reason = "the specification says what each is")]
#[repr(C)]
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *mut *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

/// `ARROW_FLAG_NULLABLE`.
pub(super) const NULLABLE: i64 = 2;

impl ArrowSchema {
    /// What a released one looks like.
    pub const RELEASED: Self = Self {
        format: ptr::null(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    };
}

impl ArrowArray {
    /// What a released one looks like.
    pub const RELEASED: Self = Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    };
}

const _: () = assert!(size_of::<ArrowArray>() == 5 * size_of::<i64>() + 5 * size_of::<usize>());
const _: () = assert!(size_of::<ArrowSchema>() == 2 * size_of::<i64>() + 7 * size_of::<usize>());
