//! The thread that writes.

use super::body;
use super::chain::{FRAME, Head};
use super::files::Active;
use super::options::{DecisionLogBuilder, Fsync};
use super::queue::{Bodies, Gone, Queue};
use std::io;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Bytes of lines that are written at once.
const BLOCK: usize = 1 << 20;

/// How often writing is tried again while it fails and nothing new comes in.
const RETRY: Duration = Duration::from_secs(1);

/// Memory for waiting lines that is kept when there are none.
const KEPT_BYTES: usize = 4 << 20;

pub(super) struct Writer {
    queue: Arc<Queue>,
    active: Active,
    fsync: Fsync,
    max_file_bytes: Option<u64>,
    keep_files: Option<u32>,
    block: Block,
    /// Decisions that are not in the log, which it has yet to say.
    gone: Gone,
    /// Of them, those that could not be written.
    lost: u64,
    written: u64,
    errors: u64,
    last_error: Option<String>,
    write_failure: Option<String>,
    sync_failure: Option<String>,
    /// Whether something was written since the disk was asked.
    is_dirty: bool,
    /// When it was asked last, or writing was tried again.
    tried_at: Instant,
    /// Where beginning another file has failed: how large this one may get meanwhile.
    stretched: u64,
}

/// Lines that are yet to be written.
#[derive(Default)]
struct Block {
    lines: Vec<u8>,
    /// How many of them are decisions.
    decisions: u64,
    /// What they say that is not there.
    said: Gone,
    /// The last of them.
    head: Option<Head>,
}

/// What the writer has to do.
struct Work {
    gone: Gone,
    done: u64,
    sync_wanted: bool,
    rotations: u64,
    is_closing: bool,
}

impl Writer {
    pub(super) fn new(queue: Arc<Queue>, active: Active, options: &DecisionLogBuilder) -> Self {
        Self {
            queue,
            active,
            fsync: options.fsync,
            max_file_bytes: options.max_file_bytes,
            keep_files: options.keep_files,
            block: Block::default(),
            gone: Gone::default(),
            lost: 0,
            written: 0,
            errors: 0,
            last_error: None,
            write_failure: None,
            sync_failure: None,
            is_dirty: false,
            tried_at: Instant::now(),
            stretched: 0,
        }
    }

    /// Writes until the log is closed.
    pub(super) fn run(mut self) {
        // However this ends, nobody waits for it any longer.
        let _end = End(Arc::clone(&self.queue));
        let mut bodies = Bodies::default();
        loop {
            let work = self.next(&mut bodies);
            self.batch(&bodies, work.gone);
            bodies.clear();
            if bodies.bytes.capacity() > KEPT_BYTES {
                bodies = Bodies::default();
            }
            let rotated = (work.rotations > 0).then(|| self.rotate());
            if matches!(rotated, Some(Ok(()))) && self.write_failure.is_some() {
                // The new file may have the room that the old one had not.
                self.say_gone();
                self.write_out();
            }
            if work.is_closing && self.gone.is_nothing() {
                self.line("closed", &said_at(""));
                self.write_out();
            }
            let is_synced = self.sync(work.sync_wanted || work.is_closing);
            self.report(&work, is_synced, rotated);
            if work.is_closing {
                return;
            }
        }
    }

    fn failure(&self) -> Option<&String> {
        self.write_failure.as_ref().or(self.sync_failure.as_ref())
    }

    /// Waits for something to do, and takes it.
    fn next(&mut self, bodies: &mut Bodies) -> Work {
        let queue = Arc::clone(&self.queue);
        let mut state = queue.lock();
        loop {
            let (wait, is_due) = self.due();
            let sync_wanted = state.sync_wanted > state.synced;
            let rotations = state.rotations_wanted - state.rotations_done;
            let has_news = !state.gone.is_nothing() && self.failure().is_none();
            let is_waited_for = sync_wanted || rotations > 0 || state.is_closing;
            if is_due || has_news || is_waited_for || !state.bodies.ends.is_empty() {
                std::mem::swap(&mut state.bodies, bodies);
                state.writer_waits = false;
                if !bodies.ends.is_empty() {
                    // There is room again.
                    queue.progress.notify_all();
                }
                return Work {
                    gone: std::mem::take(&mut state.gone),
                    done: state.accepted,
                    sync_wanted,
                    rotations,
                    is_closing: state.is_closing,
                };
            }
            state.writer_waits = true;
            state = match wait {
                None => queue.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let waited = queue.work.wait_timeout(state, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// How long to wait for others at most, and whether there is something to do without them.
    fn due(&self) -> (Option<Duration>, bool) {
        let period = match self.fsync {
            _ if self.failure().is_some() => RETRY,
            Fsync::Interval(period) if self.is_dirty => period,
            _ => return (None, false),
        };
        let since = self.tried_at.elapsed();
        (Some(period.saturating_sub(since)), since >= period)
    }

    /// Writes the decisions, and behind them how many are not there.
    fn batch(&mut self, bodies: &Bodies, gone: Gone) {
        for body in bodies.iter() {
            self.make_room(body.len());
            // What was lost stands before what comes after it.
            self.say_gone();
            self.line("decision", body);
            self.block.decisions += 1;
            if self.block.lines.len() >= BLOCK {
                self.write_out();
            }
        }
        self.gone = self.gone.plus(gone);
        self.say_gone();
        self.write_out();
    }

    /// Begins another file where a line of that size is too much for this one.
    fn make_room(&mut self, bytes: usize) {
        let Some(max) = self.max_file_bytes else { return };
        let limit = max.max(self.stretched);
        let waiting = self.block.lines.len() as u64;
        let has_lines = self.active.has_lines || waiting > 0;
        if has_lines && self.active.bytes + waiting + (bytes + FRAME) as u64 > limit {
            self.write_out();
            if self.rotate().is_err() {
                self.stretched = self.active.bytes.saturating_add(max);
            }
        }
    }

    fn line(&mut self, kind: &str, body: &[u8]) {
        let head = self.block.head.get_or_insert(self.active.head);
        head.append(&mut self.block.lines, kind, body);
    }

    fn say_gone(&mut self) {
        let new = self.gone.minus(self.block.said);
        for (count, reason) in
            [(new.dropped, "overflow"), (new.lost, "write"), (new.refused, "refused")]
        {
            if count > 0 {
                let body = said_at(&format!(",\"count\":{count},\"reason\":\"{reason}\""));
                self.line("dropped", &body);
            }
        }
        self.block.said = self.gone;
    }

    /// Writes the block. Where that fails its decisions are lost.
    fn write_out(&mut self) {
        let Block { lines, decisions, said, head } = &self.block;
        let Some(head) = head else { return };
        match self.active.write(lines, *head) {
            Ok(()) => {
                self.gone = self.gone.minus(*said);
                self.written += decisions;
                self.write_failure = None;
                self.is_dirty = true;
            }
            Err(error) => {
                self.gone.lost += decisions;
                self.lost += decisions;
                self.write_failure = Some(error.to_string());
                self.failed(&error);
            }
        }
        self.block.lines.clear();
        let mut lines = std::mem::take(&mut self.block.lines);
        lines.shrink_to(KEPT_BYTES);
        self.block = Block { lines, ..Block::default() };
    }

    fn failed(&mut self, error: &io::Error) {
        self.errors += 1;
        self.last_error = Some(error.to_string());
        self.tried_at = Instant::now();
    }

    fn rotate(&mut self) -> io::Result<()> {
        if !self.active.has_lines {
            return Ok(());
        }
        let done = self.active.rotate(self.keep_files);
        match &done {
            Ok(()) => self.stretched = 0,
            Err(error) => self.failed(error),
        }
        done
    }

    /// Asks the disk, where it is time; `true`: all that was written is there.
    fn sync(&mut self, is_wanted: bool) -> bool {
        let is_due = match self.fsync {
            _ if is_wanted || self.sync_failure.is_some() => true,
            Fsync::Always => true,
            Fsync::Interval(period) => self.tried_at.elapsed() >= period,
            Fsync::Never => false,
        };
        if !is_due {
            return false;
        }
        self.tried_at = Instant::now();
        let asks = self.is_dirty || self.sync_failure.is_some();
        if asks && let Err(error) = self.active.file.sync_data() {
            self.sync_failure = Some(error.to_string());
            self.failed(&error);
            return false;
        }
        self.sync_failure = None;
        self.is_dirty = false;
        self.write_failure.is_none()
    }

    /// Tells all others how things are.
    fn report(&mut self, work: &Work, is_synced: bool, rotated: Option<io::Result<()>>) {
        let mut state = self.queue.lock();
        state.done = work.done;
        if is_synced {
            state.synced = work.done;
        } else if self.failure().is_some() {
            // Those that wait are told.
            state.sync_wanted = state.synced;
        }
        if let Some(rotated) = rotated {
            state.rotations_done += work.rotations;
            state.rotation_error = rotated.err().map(|error| error.to_string());
        }
        state.written = self.written;
        state.total.lost = self.lost;
        state.errors = self.errors;
        state.failure = self.failure().cloned();
        state.last_error.clone_from(&self.last_error);
        state.file = self.active.number;
        state.file_bytes = self.active.bytes;
        state.head = Some(self.active.head);
        drop(state);
        self.queue.progress.notify_all();
    }
}

fn said_at(rest: &str) -> Vec<u8> {
    format!("\"time\":\"{}\"{rest}", body::time(SystemTime::now())).into_bytes()
}

/// Tells all others that nobody writes any longer.
struct End(Arc<Queue>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.progress.notify_all();
    }
}
