//! A bar on standard error that tells how far reading long logs is.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// What is done by then needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it changes.
const PERIOD: Duration = Duration::from_millis(100);

/// Characters of the bar itself.
const WIDTH: usize = 30;

/// The bar. Only people at a terminal see it.
#[derive(Debug)]
pub(super) struct Bar {
    /// What is counted: `rows`, `lines`.
    what: &'static str,
    is_wanted: bool,
    start: Instant,
    next: Instant,
    is_shown: bool,
    /// Bytes of all logs; `None` where nobody knows.
    total: Option<u64>,
    /// Bytes and rows or lines of the logs that are done, and of the one under way.
    done: (u64, u64),
    now: (u64, u64),
}

impl Bar {
    pub(super) fn new(what: &'static str, total: Option<u64>) -> Self {
        let start = Instant::now();
        Self {
            what,
            is_wanted: io::stderr().is_terminal(),
            start,
            next: start + PATIENCE,
            is_shown: false,
            total,
            done: (0, 0),
            now: (0, 0),
        }
    }

    /// So many bytes and rows or lines of the log under way have been read.
    pub(super) fn show(&mut self, bytes: u64, rows: u64) {
        self.now = (bytes, rows);
        let now = Instant::now();
        if !self.is_wanted || now < self.next {
            return;
        }
        self.next = now + PERIOD;
        self.is_shown = true;
        let text = line(
            self.what,
            self.done.0 + bytes,
            self.total,
            self.done.1 + rows,
            now.duration_since(self.start),
        );
        let _ = write!(io::stderr(), "\r\x1b[K{text}");
    }

    pub(super) fn file_done(&mut self) {
        self.done = (self.done.0 + self.now.0, self.done.1 + self.now.1);
        self.now = (0, 0);
    }

    pub(super) fn clear(&mut self) {
        if self.is_shown {
            self.is_shown = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// How many questions are answered. Only people at a terminal see it.
#[derive(Debug)]
pub(super) struct Questions {
    /// What is counted: `questions`, `actions`.
    what: &'static str,
    is_wanted: bool,
    next: Instant,
    is_shown: bool,
}

impl Questions {
    pub(super) fn new(what: &'static str) -> Self {
        let is_wanted = io::stderr().is_terminal();
        Self { what, is_wanted, next: Instant::now() + PATIENCE, is_shown: false }
    }

    /// So many of so many are answered.
    pub(super) fn show(&mut self, done: usize, total: usize) {
        let now = Instant::now();
        if !self.is_wanted || now < self.next {
            return;
        }
        self.next = now + PERIOD;
        self.is_shown = true;
        let full = (done * WIDTH).checked_div(total).unwrap_or(0).min(WIDTH);
        let (full, rest) = ("#".repeat(full), " ".repeat(WIDTH - full));
        let _ = write!(io::stderr(), "\r\x1b[K[{full}{rest}] {done} of {total} {}", self.what);
    }

    pub(super) fn clear(&mut self) {
        if self.is_shown {
            self.is_shown = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(what: &str, bytes: u64, total: Option<u64>, rows: u64, time: Duration) -> String {
    let rate = (rows as f64 / time.as_secs_f64().max(0.001)) as u64;
    let tail = format!("{rows} {what}, {rate} a second");
    match total.filter(|total| *total > 0) {
        None => tail,
        Some(total) => {
            let share = (bytes as f64 / total as f64).min(1.0);
            let full = (share * WIDTH as f64) as usize;
            format!(
                "[{}{}] {:.0} %  {tail}",
                "#".repeat(full),
                " ".repeat(WIDTH - full),
                share * 100.0
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_the_share_the_rows_and_their_rate() {
        let second = Duration::from_secs(2);
        let half = format!("[{}{}] 50 %  1000 rows, 500 a second", "#".repeat(15), " ".repeat(15));
        assert_eq!(line("rows", 10, Some(20), 1000, second), half);
        assert_eq!(line("rows", 10, None, 1000, second), "1000 rows, 500 a second");
        assert_eq!(line("rows", 0, Some(0), 0, Duration::ZERO), "0 rows, 0 a second");
        // A log that grows while it is read.
        assert!(line("lines", 30, Some(20), 1, second).contains("100 %"));
    }
}
