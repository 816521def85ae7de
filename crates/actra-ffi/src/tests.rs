//! Running policies' own tests.

use crate::buffer::{ActraBuffer, hand_over};
use crate::constants::*;
use crate::error::{ActraError, fail};
use crate::guard::{check_optional_out, check_out, enter, text};
use std::ffi::c_char;

/// Runs the test documents that a path leads to: a file, or a directory that is searched for
/// `*_test.yaml`. `filter`, where it is not empty, leaves those out whose `file > name` does not
/// hold it. Paths are UTF-8.
///
/// On success `*report` is a buffer to free: the report as JSON (docs/testing.md). Whether the tests
/// have passed is its `ok`, not the status.
///
/// Gives `ACTRA_STATUS_OK`; `ACTRA_STATUS_NOT_FOUND` where there are no tests, or none that the
/// filter asks for; `ACTRA_STATUS_IO_ERROR`; `ACTRA_STATUS_INVALID_ARGUMENT`; or
/// `ACTRA_STATUS_NOT_SUPPORTED` in a runtime-only build. With `*error`, where `error` is not NULL.
/// Thread safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_tests_run(
    path: *const c_char,
    path_len: usize,
    filter: *const c_char,
    filter_len: usize,
    report: *mut *mut ActraBuffer,
    error: *mut *mut ActraError,
) -> ActraStatus {
    enter(|| {
        // SAFETY: the caller vouches for the texts.
        let (path, filter) = unsafe { (text(path, path_len)?, text(filter, filter_len)?) };
        check_out(report)?;
        check_optional_out(error)?;
        match run(path, filter) {
            // SAFETY: the caller vouches for the out-parameter.
            Ok(json) => unsafe { hand_over(report, json.to_string().into_bytes()) },
            // SAFETY: the caller vouches for the out-parameter.
            Err((status, found)) => Err(unsafe { fail(error, status, || *found) }),
        }
    })
}

type Ran = Result<serde_json::Value, (ActraStatus, Box<ActraError>)>;

#[cfg(feature = "compiler")]
fn run(path: &str, filter: &str) -> Ran {
    use actra::testing::{Error, Options, run, to_json};

    let mut options = Options::new([path]);
    options.filter = (!filter.is_empty()).then(|| filter.to_owned());
    let report = run(&options).map_err(|error| {
        let (status, code) = match error {
            Error::Missing { .. } | Error::Io { .. } => (ACTRA_STATUS_IO_ERROR, "io"),
            Error::NoTests { .. } | Error::NoneMatches { .. } => {
                (ACTRA_STATUS_NOT_FOUND, "no_tests")
            }
        };
        (status, Box::new(ActraError::new(code, error.to_string())))
    })?;
    Ok(to_json(&report))
}

#[cfg(not(feature = "compiler"))]
fn run(_: &str, _: &str) -> Ran {
    let message = "this is a runtime-only build of libactra: it runs no tests";
    Err((ACTRA_STATUS_NOT_SUPPORTED, Box::new(ActraError::new("not_supported", message))))
}
