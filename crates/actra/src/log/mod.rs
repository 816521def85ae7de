//! Decision logs: every decision as a line of JSON, written off the hot path, each line chained to
//! all before it.
//!
//! A [`DecisionLog`] is an observer. Its lines cannot be changed, dropped or moved without
//! `actra log verify`, or [`verify_paths`], seeing it; a process that is killed leaves a log that
//! verifies up to its last whole line. `docs/decision-log.md` has the format and what it promises.
//!
//! ```
//! use actra::log::{DecisionLog, Fsync, Overflow};
//! use actra::{Action, Policy, Runtime};
//! use serde_json::json;
//!
//! # let directory = std::env::temp_dir().join(format!("actra-log-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let path = directory.join("decisions.jsonl");
//! # let policy = Policy::from_strings(
//! #     "version: 1\nactions: {refund: {fields: {amount: number}}}\nactor: {fields: {role: string, email: string}}\n",
//! #     "version: 2\nrules:\n  - {id: small, scope: {action: refund}, when: action.amount < 100, effect: allow}\n",
//! #     None,
//! # )?;
//! let log = DecisionLog::builder(&path)
//!     .fsync(Fsync::Always)
//!     .overflow(Overflow::Block)
//!     .mask("actor.email")
//!     .open()?;
//! let runtime = Runtime::builder(policy)
//!     .actor(|role: &str| json!({"role": role, "email": "ada@example.com"}))
//!     .observer(log.observer())
//!     .build();
//! runtime.admit(Action::new("refund").with("amount", 20), "support", || "refunded")?;
//! log.flush()?;
//!
//! let text = std::fs::read_to_string(&path)?;
//! assert!(text.contains("\"masked\":[\"actor.email\"]") && !text.contains("ada@"));
//! log.close()?;
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod chain;
mod entry;
mod error;
mod files;
mod mask;
mod options;
mod queue;
mod status;
mod verify;
mod verify_all;
mod writer;

pub use body::MAX_LINE_BYTES;
pub use chain::{Chain, Head};
pub use entry::{Entry, ErrorEntry, Input, decision_of_json};
pub use error::LogError;
pub use options::{DecisionLogBuilder, Fsync, OnError, Overflow};
pub use status::LogStatus;
pub use verify::{Check, FORMAT, FileOptions, FileReport, Finding, Header, verify_file};
pub use verify_all::{LogReport, Place, Report, VerifyError, VerifyOptions, verify_paths};

use crate::runtime::DecisionEvent;
use entry::OwnedEntry;
use mask::Masks;
use queue::{Queue, State};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use writer::Writer;

/// A log of decisions that is open for writing.
///
/// Cloning is cheap: clones are the same log, which any number of threads may use. It is closed when
/// the last is dropped, with all lines written.
#[derive(Clone)]
pub struct DecisionLog {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    masks: Masks,
    path: PathBuf,
    log: String,
    /// The process that has the thread that writes.
    process: u32,
}

impl DecisionLog {
    /// Opens a log with the usual options: see [`DecisionLogBuilder::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::builder(path).open()
    }

    /// Options before the log is opened.
    pub fn builder(path: impl AsRef<Path>) -> DecisionLogBuilder {
        DecisionLogBuilder::new(path.as_ref())
    }

    fn open_with(options: &DecisionLogBuilder) -> Result<Self, LogError> {
        options.check()?;
        let masks = options.masks()?;
        let active = files::open(&options.path)?;
        let state = State {
            file: active.number,
            file_bytes: active.bytes,
            head: Some(active.head),
            ..State::default()
        };
        let queue = Arc::new(Queue::new(options, state));
        let log = active.log.clone();
        let writer = Writer::new(Arc::clone(&queue), active, options);
        let thread = std::thread::Builder::new()
            .name("actra-log".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| LogError::io(&options.path, error))?;
        let inner = Inner {
            queue,
            writer: Mutex::new(Some(thread)),
            masks,
            path: options.path.clone(),
            log,
            process: std::process::id(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What a runtime's observer is to be: it records every event. Where that fails it changes
    /// nothing, and [`DecisionLog::status`] tells; a host that is to refuse what it cannot record
    /// calls [`DecisionLog::record`] itself before the operation.
    pub fn observer(&self) -> impl Fn(&DecisionEvent<'_>) + Send + Sync + use<> {
        let log = self.clone();
        move |event| drop(log.record(&Entry::from(event)))
    }

    /// Records a decision: its line is made here, with masks heeded, and written by another thread.
    /// Gives the decision's id, also where it was dropped for want of room.
    ///
    /// # Errors
    /// If the log is closed or belongs to the process that this one was forked from, or, with
    /// [`OnError::Refuse`], while lines cannot be written; [`LogError::Entry`] for an id of no or
    /// more than 128 bytes, and for an error's code that is no word (`a` to `z`, digits, `_`).
    pub fn record(&self, entry: &Entry<'_>) -> Result<String, LogError> {
        self.check_process()?;
        entry.check()?;
        let id = match entry.id {
            Some(id) => id.to_owned(),
            None => uuid::Uuid::now_v7().to_string(),
        };
        let mut body = Vec::with_capacity(LIKELY_BYTES);
        body::write(&mut body, entry, &id, &self.inner.masks);
        self.inner.queue.push(&body)?;
        Ok(id)
    }

    /// Records a decision that is given as a JSON object, as other languages do: `time_us`
    /// (microseconds since 1970), `input`, either `decision` or `error` (`code`, `field`), and
    /// optionally `id`, `policy_hash`, `revision`, `duration_ns`.
    ///
    /// # Errors
    /// [`LogError::Entry`] for anything else, and as [`DecisionLog::record`].
    pub fn record_json(&self, text: &[u8]) -> Result<String, LogError> {
        self.record(&OwnedEntry::parse(text)?.entry())
    }

    /// Waits until all that was recorded before is written and brought to the disk.
    ///
    /// # Errors
    /// If any of it could not be.
    pub fn flush(&self) -> Result<(), LogError> {
        self.check_process()?;
        self.inner.queue.flush()
    }

    /// Ends the file and begins another, once all that was recorded before is written.
    ///
    /// # Errors
    /// If another file cannot be begun: this one goes on.
    pub fn rotate(&self) -> Result<(), LogError> {
        self.check_process()?;
        self.inner.queue.rotate()
    }

    /// How the log is doing.
    pub fn status(&self) -> LogStatus {
        let (log, path) = (self.inner.log.clone(), self.inner.path.clone());
        // In a process that was forked meanwhile the lock may never be given back.
        let state = if self.check_process().is_ok() { Some(self.inner.queue.lock()) } else { None };
        let default = State { is_closing: true, ..State::default() };
        let state = state.as_deref().unwrap_or(&default);
        let head = state.head.unwrap_or_else(Head::start);
        LogStatus {
            path,
            log,
            file: state.file,
            file_bytes: state.file_bytes,
            seq: head.seq,
            chain: head.chain,
            accepted: state.accepted,
            written: state.written,
            synced: state.synced,
            dropped: state.total.dropped,
            lost: state.total.lost,
            refused: state.total.refused,
            queued: state.bodies.ends.len() as u64,
            queued_bytes: state.bodies.bytes.len() as u64,
            errors: state.errors,
            failure: state.failure.clone(),
            last_error: state.last_error.clone(),
            closed: state.is_closing || state.has_ended,
        }
    }

    /// Writes what waits, brings it to the disk and closes the log, for all its clones. Closing
    /// again changes nothing.
    ///
    /// # Errors
    /// If some of it could not be written.
    pub fn close(&self) -> Result<(), LogError> {
        self.check_process()?;
        self.inner.end();
        let state = self.inner.queue.lock();
        match (&state.failure, &state.last_error) {
            (Some(message), _) => Err(LogError::NotWritten { message: message.clone() }),
            (None, Some(message)) if state.done < state.accepted => {
                Err(LogError::NotWritten { message: message.clone() })
            }
            _ => Ok(()),
        }
    }

    fn check_process(&self) -> Result<(), LogError> {
        if self.inner.process == std::process::id() { Ok(()) } else { Err(LogError::Forked) }
    }
}

/// What most lines have room in.
const LIKELY_BYTES: usize = 1024;

impl Inner {
    fn end(&self) {
        self.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Where it has panicked, the queue says that nobody writes.
        drop(writer.map(JoinHandle::join));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The thread that writes belongs to the process that has opened the log.
        if self.process == std::process::id() {
            self.end();
        }
    }
}

impl fmt::Debug for DecisionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecisionLog")
            .field("path", &self.inner.path)
            .field("log", &self.inner.log)
            .field("masks", &self.inner.masks)
            .finish_non_exhaustive()
    }
}
