//! The structs of Arrow's C data interface, as its specification has them
//! (<https://arrow.apache.org/docs/format/CDataInterface.html>). The header has them by hand, in the
//! guard that the specification asks for: a program that has them from elsewhere takes those.

use std::ffi::{c_char, c_void};
use std::ptr;

/// A type.
#[repr(C)]
pub struct ArrowSchema {
    pub(super) format: *const c_char,
    pub(super) name: *const c_char,
    pub(super) metadata: *const c_char,
    pub(super) flags: i64,
    pub(super) n_children: i64,
    pub(super) children: *mut *mut ArrowSchema,
    pub(super) dictionary: *mut ArrowSchema,
    pub(super) release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub(super) private_data: *mut c_void,
}

/// Values.
#[repr(C)]
pub struct ArrowArray {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    pub(super) buffers: *mut *const c_void,
    pub(super) children: *mut *mut ArrowArray,
    pub(super) dictionary: *mut ArrowArray,
    pub(super) release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub(super) private_data: *mut c_void,
}

/// `ARROW_FLAG_NULLABLE`.
pub(super) const NULLABLE: i64 = 2;

impl ArrowSchema {
    /// What a released one looks like.
    pub(super) const RELEASED: Self = Self {
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
    pub(super) const RELEASED: Self = Self {
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
