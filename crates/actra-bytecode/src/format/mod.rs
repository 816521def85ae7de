//! The formats that strings in policies and inputs are read as: hosts, networks, paths and
//! timestamps.
//!
//! A string that is not in its format is [`Malformed`], which the caller turns into an unknown
//! atom; nothing here guesses what was meant. Every function runs in time linear in its text,
//! allocates nothing and never panics.

pub mod host;
pub mod network;
pub mod path;
pub mod timestamp;

/// A string that is not in the format that its operator reads.
///
/// It carries nothing: inputs are not quoted in errors, and for a literal the compiler knows the
/// place better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;
