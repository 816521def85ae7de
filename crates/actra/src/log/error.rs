//! What can go wrong with logs.

use super::Check;
use std::io;
use std::path::{Path, PathBuf};

/// A log that cannot be opened or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The system says no.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// With which path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Somebody else writes it.
    #[error("`{}` is being written by another log or process", path.display())]
    Locked {
        /// The log.
        path: PathBuf,
    },
    /// The file is something else; it is left as it is.
    #[error("`{}` is no decision log", path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
    },
    /// It is of a format that this release does not know.
    #[error("`{}` is a decision log of format {format}, and this release writes format 1", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// Its lines are not those that were written.
    #[error("`{}`, line {line}: {message}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Which check failed.
        check: Check,
        /// What is wrong.
        message: String,
    },
    /// The options do not go together, or are none.
    #[error("{message}")]
    Options {
        /// What is wrong.
        message: String,
    },
    /// What is to be recorded is no entry. The text itself is not quoted.
    #[error("{message}")]
    Entry {
        /// What is wrong.
        message: String,
    },
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
    /// The process was forked after the log was opened, and nothing writes in this one.
    #[error("the log was opened before this process was forked from another")]
    Forked,
    /// Lines cannot be written, and with [`super::OnError::Refuse`] none is taken; or some that
    /// were waited for have been lost.
    #[error("the log cannot be written: {message}")]
    NotWritten {
        /// Why not.
        message: String,
    },
}

impl LogError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }

    /// A word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::Locked { .. } => "locked",
            Self::NotALog { .. } => "not_a_decision_log",
            Self::OtherFormat { .. } => "other_format",
            Self::Broken { .. } => "broken_log",
            Self::Options { .. } => "bad_options",
            Self::Entry { .. } => "bad_entry",
            Self::Closed => "closed",
            Self::Forked => "forked",
            Self::NotWritten { .. } => "not_written",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Io { .. } => "look at the path, its permissions and the room on the disk",
            Self::Locked { .. } => "give each process a log of its own, or hand one log around",
            Self::NotALog { .. } => "name another file: nothing is written over",
            Self::OtherFormat { .. } => {
                "open it with the release that wrote it, or name another file"
            }
            Self::Broken { .. } => {
                "`actra log verify` shows every place; move the file aside and keep it, then a new log begins"
            }
            Self::Options { .. } => "docs/decision-log.md has the options",
            Self::Entry { .. } => "docs/decision-log.md has the fields of an entry",
            Self::Closed => "open it again",
            Self::Forked => "open the log in the process that decides, under a name of its own",
            Self::NotWritten { .. } => {
                "make room or repair the disk: lines are taken again when one can be written"
            }
        }
    }
}
