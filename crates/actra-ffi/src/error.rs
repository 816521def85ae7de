//! Errors of the cold path.

use crate::constants::*;
use crate::guard;
use actra::{ArtifactError, InputError};
use std::ffi::c_char;

/// Why a call of the cold path failed. Free it with `actra_error_free`.
///
/// Strings of an error are UTF-8, not ended by NUL, and good until it is freed: copy what is to stay.
/// Where an error has no such string, the pointer is NULL and the length 0; so they are of a NULL
/// error. One thread at a time uses an error; any thread may free it.
pub struct ActraError {
    code: String,
    message: String,
    file: Option<String>,
    field: Option<String>,
    line: u32,
    column: u32,
    rendered: String,
    json: String,
}

impl ActraError {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        let json = serde_json::json!({"code": code, "message": message}).to_string();
        Self {
            rendered: format!("error[{code}]: {message}\n"),
            code,
            message,
            file: None,
            field: None,
            line: 0,
            column: 0,
            json,
        }
    }

    pub(crate) fn of_artifact(error: &ArtifactError) -> Self {
        let code = match error {
            ArtifactError::NotAnArtifact => "not_an_artifact",
            _ => "bad_artifact",
        };
        Self::new(code, error.to_string())
    }

    pub(crate) fn of_log(error: &actra::log::LogError) -> Self {
        Self::with_help(error.code(), error.to_string(), error.help())
    }

    pub(crate) fn of_trust(error: &actra::signing::TrustError) -> Self {
        Self::with_help(error.code(), error.to_string(), error.help())
    }

    /// Of the trusted key of that number, from 0.
    pub(crate) fn of_key(index: usize, error: &actra::signing::KeyError) -> Self {
        Self::with_help("bad_key", format!("trusted key {index}: {error}"), error.help())
    }

    /// What to do about it stands below the message.
    fn with_help(code: &'static str, message: String, help: &'static str) -> Self {
        let plain = Self::new(code, message);
        Self { rendered: format!("{}  = help: {help}\n", plain.rendered), ..plain }
    }

    pub(crate) fn of_input(error: &InputError) -> Self {
        Self {
            json: serde_json::to_string(error).unwrap_or_default(),
            field: error.field.clone(),
            ..Self::new(error.code.as_str(), error.message.clone())
        }
    }

    pub(crate) fn of_io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new("io", format!("`{}`: {error}", path.display()))
    }

    #[cfg(feature = "compiler")]
    pub(crate) fn of_analysis(error: &actra::analysis::AnalysisError) -> Self {
        use actra::analysis::AnalysisError;
        match error {
            // Its diagnostics tell more.
            AnalysisError::Assumption(found) => {
                Self { code: error.code().to_owned(), ..Self::of_documents(found) }
            }
            AnalysisError::Documents(found) => {
                Self::with_help(found.code(), found.to_string(), found.help())
            }
            AnalysisError::Question(_) | AnalysisError::TooLarge(_) => {
                Self::new(error.code(), error.to_string())
            }
        }
    }

    /// The first error stands for all; `rendered` and `json` have every one.
    #[cfg(feature = "compiler")]
    pub(crate) fn of_documents(error: &actra::CompileError) -> Self {
        use actra::diagnostic::{Severity, Style};
        let first = error.diagnostics().iter().find(|found| found.severity == Severity::Error);
        let place = first.and_then(|first| first.span).and_then(|span| {
            let file = error.sources().source(span.source)?;
            let place = error.sources().place(span);
            Some((file.name.clone(), place.line, place.column))
        });
        let (file, line, column) =
            place.map_or((None, 0, 0), |(file, line, column)| (Some(file), line, column));
        let code = first.map_or("documents", |first| first.code.as_str());
        let message = first.map_or("the policy does not compile", |first| &first.message);
        Self {
            file,
            line,
            column,
            rendered: error.render(Style::Plain),
            json: serde_json::to_string(&error.to_json()).unwrap_or_default(),
            ..Self::new(code, message)
        }
    }
}

/// Hands an error over where the caller asks for one, and gives the status.
///
/// # Safety
/// Where the pointer is not NULL, a pointer can be written there.
pub(crate) unsafe fn fail(
    out: *mut *mut ActraError,
    status: ActraStatus,
    error: impl FnOnce() -> ActraError,
) -> ActraStatus {
    if !out.is_null() && out.is_aligned() {
        let error = Box::into_raw(Box::new(error()));
        // SAFETY: the pointer is neither NULL nor unaligned, and the caller vouches for the rest.
        unsafe { out.write(error) };
    }
    status
}

/// A string of an error's.
///
/// # Safety
/// The handle is NULL or one of ours that has not been freed; so is `len`, which may be NULL.
unsafe fn string<'e>(
    error: *const ActraError,
    len: *mut usize,
    of: impl FnOnce(&'e ActraError) -> Option<&'e str>,
) -> *const c_char {
    let text = if error.is_null() {
        None
    } else {
        // SAFETY: the handle is not NULL, and the caller vouches for it.
        of(unsafe { &*error })
    };
    // SAFETY: the caller vouches for `len`.
    unsafe { guard::string(text, len) }
}

/// The error's code, such as `undeclared_field` (docs/errors.md has them all); of several errors in
/// documents, the first's. Codes are stable: programs may compare them. Beside those there are
/// `not_an_artifact`, `bad_artifact`, `io` and `not_supported`, and of signatures `not_signed`,
/// `unknown_key`, `wrong_signature`, `old_revision` and `bad_key` (docs/signing.md). Those of decision
/// logs stand with `actra_decision_log_open`, those of questions with `actra_policy_ask`.
/// `len` may be NULL; an unaligned one gives NULL, here and below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_code(
    error: *const ActraError,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { string(error, len, |error| Some(&error.code)) }
}

/// A sentence for people, in lower case and without a full stop. Its words may change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_message(
    error: *const ActraError,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { string(error, len, |error| Some(&error.message)) }
}

/// The document that the error is in: its path, or `schema.yaml`, `policy.yaml`, `governance.yaml`
/// for documents from memory. NULL where the error is in none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_file(
    error: *const ActraError,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { string(error, len, |error| error.file.as_deref()) }
}

/// The field that an input error is about, as the short form writes it: `action.amount`. NULL where
/// it is about the text as a whole, and for other errors. It may hold any text that the input held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_field(
    error: *const ActraError,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { string(error, len, |error| error.field.as_deref()) }
}

/// Everything there is to say, as text of several lines that end with a newline: all errors of the
/// documents, each with its place and help. For people, without colours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_rendered(
    error: *const ActraError,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { string(error, len, |error| Some(&error.rendered)) }
}

/// The same as JSON: for documents an array of diagnostics (docs/diagnostics.md), warnings among
/// them; for input errors an object with `code`, `field` and `message`; else one with `code` and
/// `message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_json(
    error: *const ActraError,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for the pointers, as the header asks.
    unsafe { string(error, len, |error| Some(&error.json)) }
}

/// The line in the document, from 1; 0 where there is no place, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_line(error: *const ActraError) -> u32 {
    if error.is_null() {
        return 0;
    }
    // SAFETY: the handle is not NULL, and the caller vouches for it.
    unsafe { &*error }.line
}

/// The column in characters (Unicode code points), from 1; 0 where there is no place, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_column(error: *const ActraError) -> u32 {
    if error.is_null() {
        return 0;
    }
    // SAFETY: the handle is not NULL, and the caller vouches for it.
    unsafe { &*error }.column
}

/// Frees an error and its strings. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn actra_error_free(error: *mut ActraError) {
    if !error.is_null() {
        // SAFETY: a handle that is not NULL came from a box of ours and has not been freed: the
        // caller promises that.
        drop(unsafe { Box::from_raw(error) });
    }
}
