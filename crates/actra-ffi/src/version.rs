//! Versions, and the words for numbers.

use crate::constants::*;
use std::ffi::c_char;
use std::ptr;

/// The ABI version that the library was built with: the same as the header's `ACTRA_ABI_VERSION`,
/// or the two do not go together. Thread safe, as all functions here are.
#[unsafe(no_mangle)]
pub extern "C" fn actra_abi_version() -> u32 {
    ACTRA_ABI_VERSION
}

/// Carries the ABI version in its name, so that a program that is linked statically against
/// another one does not link. It does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn actra_abi_version_1() {}

/// The library's version, such as `0.8.0`. Ended by NUL; it is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn actra_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Whether the library compiles documents: 1, or 0 for a runtime-only build.
#[unsafe(no_mangle)]
pub extern "C" fn actra_has_compiler() -> u32 {
    u32::from(cfg!(feature = "compiler"))
}

/// The name of a status, such as `input_error`; NULL for other numbers. Ended by NUL; it is never
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn actra_status_name(status: ActraStatus) -> *const c_char {
    const NAMES: [&[u8]; 13] = [
        b"ok\0",
        b"invalid_argument\0",
        b"input_error\0",
        b"compile_error\0",
        b"artifact_error\0",
        b"io_error\0",
        b"not_found\0",
        b"too_short\0",
        b"not_supported\0",
        b"internal\0",
        b"refused\0",
        b"log_error\0",
        b"no_answer\0",
    ];
    named(&NAMES, status)
}

/// The name of an effect, such as `require_approval`; NULL for other numbers. Ended by NUL; it is
/// never freed.
#[unsafe(no_mangle)]
pub extern "C" fn actra_effect_name(effect: u32) -> *const c_char {
    const NAMES: [&[u8]; 4] = [b"invalid\0", b"allow\0", b"require_approval\0", b"block\0"];
    named(&NAMES, effect)
}

/// The name of an input error's number, such as `wrong_type`; NULL for other numbers. Ended by NUL;
/// it is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn actra_input_error_name(input_error: u32) -> *const c_char {
    const NAMES: [&[u8]; 17] = [
        b"none\0",
        b"wrong_type\0",
        b"not_finite\0",
        b"out_of_range\0",
        b"missing_required\0",
        b"not_in_enum\0",
        b"below_min\0",
        b"above_max\0",
        b"too_long\0",
        b"not_unique\0",
        b"not_utf8\0",
        b"unknown_action\0",
        b"unknown_field\0",
        b"duplicate_key\0",
        b"too_deep\0",
        b"too_large\0",
        b"malformed\0",
    ];
    named(&NAMES, input_error)
}

fn named(names: &[&'static [u8]], number: u32) -> *const c_char {
    names.get(number as usize).map_or(ptr::null(), |name| name.as_ptr().cast())
}
