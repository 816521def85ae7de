//! A line on standard error that tells how far a long run is.

use crate::output::clean;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// A run that is done by then needs no such line.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line changes.
const PERIOD: Duration = Duration::from_millis(100);

/// Characters of the path that are shown.
const MAX_PATH_CHARS: usize = 60;

/// The line. Only people at a terminal see it.
#[derive(Debug)]
pub(super) struct ProgressLine {
    is_wanted: bool,
    next: Instant,
    is_shown: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self {
            is_wanted: io::stderr().is_terminal(),
            next: Instant::now() + PATIENCE,
            is_shown: false,
        }
    }

    pub(super) fn show(&mut self, path: &Path, done: usize) {
        if !self.is_wanted || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + PERIOD;
        self.is_shown = true;
        let path: String =
            clean(&path.display().to_string()).chars().take(MAX_PATH_CHARS).collect();
        let _ = write!(io::stderr(), "\r\x1b[K{done} done, now {path}");
    }

    pub(super) fn clear(&mut self) {
        if self.is_shown {
            self.is_shown = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
