//! Bars on standard error that tell how far long work is.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Questions that are answered by then need no bar.
const LONG: Duration = Duration::from_secs(1);

/// Logs that are read by then need none.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it changes.
const PERIOD: Duration = Duration::from_millis(100);

/// Characters of the bar itself.
const WIDTH: usize = 30;

/// The bar of logs. Only people at a terminal see it.
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

/// How many questions are answered. Only people at a terminal see it, once it takes long: a thread
/// draws it, since one question can.
#[derive(Debug)]
pub(super) struct Questions {
    answered: Arc<Answered>,
    /// What tells the thread that all is done, and the thread.
    drawn: Option<(Sender<()>, JoinHandle<()>)>,
}

/// So many of so many.
#[derive(Debug, Default)]
struct Answered {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Questions {
    /// What is counted: `questions`, `actions`.
    pub(super) fn new(what: &'static str) -> Self {
        let answered = Arc::<Answered>::default();
        let draw = || {
            let (sender, receiver) = channel();
            let answered = Arc::clone(&answered);
            let draw = move || draw(what, &answered, &receiver, LONG, &mut io::stderr());
            let thread = thread::Builder::new().name("actra-bar".to_owned()).spawn(draw).ok()?;
            Some((sender, thread))
        };
        let drawn = io::stderr().is_terminal().then(draw).flatten();
        Self { answered, drawn }
    }

    /// So many of so many are answered.
    pub(super) fn show(&mut self, done: usize, total: usize) {
        self.answered.total.store(total, Ordering::Relaxed);
        self.answered.done.store(done, Ordering::Relaxed);
    }

    pub(super) fn clear(&mut self) {
        if let Some((sender, thread)) = self.drawn.take() {
            drop(sender);
            // Without a bar there is nothing to clear.
            let _ = thread.join();
        }
    }
}

/// Draws the bar from some time on until the other end of the channel is gone, and then takes it away.
fn draw(
    what: &str,
    answered: &Answered,
    done: &Receiver<()>,
    patience: Duration,
    out: &mut impl Write,
) {
    let (mut wait, mut is_shown) = (patience, false);
    while done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        (wait, is_shown) = (PERIOD, true);
        let [done, total] =
            [&answered.done, &answered.total].map(|count| count.load(Ordering::Relaxed));
        let full = (done * WIDTH).checked_div(total).unwrap_or(0).min(WIDTH);
        let (full, rest) = ("#".repeat(full), " ".repeat(WIDTH - full));
        let _ = write!(out, "\r\x1b[K[{full}{rest}] {done} of {total} {what}");
        let _ = out.flush();
    }
    if is_shown {
        let _ = write!(out, "\r\x1b[K");
        let _ = out.flush();
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

    #[test]
    fn questions_have_a_bar_only_once_they_take_long() {
        let drawn = |patience, is_done: bool| {
            let (sender, receiver) = channel::<()>();
            let answered = Answered { done: 1.into(), total: 2.into() };
            let mut out = Vec::new();
            thread::scope(|scope| {
                let (answered, out) = (&answered, &mut out);
                scope.spawn(move || draw("actions", answered, &receiver, patience, out));
                if !is_done {
                    thread::sleep(Duration::from_millis(500));
                }
                drop(sender);
            });
            String::from_utf8(out).unwrap()
        };
        assert_eq!(drawn(LONG, true), "");
        let text = drawn(Duration::from_millis(1), false);
        let bar = format!("\r\x1b[K[{}{}] 1 of 2 actions", "#".repeat(15), " ".repeat(15));
        assert!(text.starts_with(&bar), "{text:?}");
        assert!(text.ends_with("actions\r\x1b[K"), "{text:?}");
    }
}
