//! How a log is written.

use super::mask::Masks;
use super::{DecisionLog, LogError};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// When lines are brought to the disk. Written to the file they are at once: a process that is
/// killed loses none of them, whatever is chosen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// After each batch: what [`DecisionLog::flush`] has waited for survives a loss of power. Lines
    /// that come in while the disk works share the next batch.
    Always,
    /// So often, where there is something new.
    Interval(Duration),
    /// When the system does.
    Never,
}

/// What happens to a decision for which there is no room in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Its caller waits.
    Block,
    /// It is dropped and counted; the log says how many have been.
    Drop,
}

/// What happens while lines cannot be written, such as on a full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// They are lost and counted; the log says how many have been, once it can be written again.
    Count,
    /// [`DecisionLog::record`] gives an error, so that the host can refuse the operation.
    Refuse,
}

/// A [`DecisionLog`] to be opened.
#[derive(Clone)]
#[must_use]
pub struct DecisionLogBuilder {
    pub(super) path: PathBuf,
    pub(super) fsync: Fsync,
    pub(super) overflow: Overflow,
    pub(super) on_error: OnError,
    pub(super) queue_lines: usize,
    pub(super) queue_bytes: usize,
    pub(super) max_file_bytes: Option<u64>,
    pub(super) keep_files: Option<u32>,
    remove: Vec<String>,
    hash: Vec<String>,
    hash_key: Option<Zeroizing<Vec<u8>>>,
}

impl DecisionLogBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            fsync: Fsync::Interval(Duration::from_secs(1)),
            overflow: Overflow::Block,
            on_error: OnError::Count,
            queue_lines: 65_536,
            queue_bytes: 32 << 20,
            max_file_bytes: Some(256 << 20),
            keep_files: None,
            remove: Vec::new(),
            hash: Vec::new(),
            hash_key: None,
        }
    }

    /// When lines are brought to the disk; every second unless said otherwise.
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// What happens where the queue is full; its caller waits unless said otherwise.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// What happens while lines cannot be written; they are counted unless said otherwise.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Lines that may wait to be written; 65,536 unless said otherwise.
    pub fn queue_lines(mut self, lines: usize) -> Self {
        self.queue_lines = lines;
        self
    }

    /// Bytes that may wait to be written; 32 MiB unless said otherwise. A line that is larger is
    /// taken where nothing else waits.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// How large a file may get before another is begun; 256 MiB unless said otherwise. `None`: one
    /// file has all.
    pub fn max_file_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_file_bytes = bytes.into();
        self
    }

    /// How many full files are kept beside the one that is written. The oldest are deleted when
    /// another is begun, and its header says so. All are kept unless said otherwise.
    pub fn keep_files(mut self, files: impl Into<Option<u32>>) -> Self {
        self.keep_files = files.into();
        self
    }

    /// Leaves out of inputs what is at this path: `actor.email`, `action.card.*`,
    /// `action.labels["app/name"]`. The line names the path.
    pub fn mask(mut self, path: impl Into<String>) -> Self {
        self.remove.push(path.into());
        self
    }

    /// Writes a keyed hash (HMAC-SHA256) in the place of what is at this path: equal values have
    /// equal hashes. It needs a [`DecisionLogBuilder::hash_key`].
    pub fn hash(mut self, path: impl Into<String>) -> Self {
        self.hash.push(path.into());
        self
    }

    /// The key of hashes: at least 16 bytes that nobody can guess. Who has it can try values.
    pub fn hash_key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.hash_key = Some(Zeroizing::new(key.into()));
        self
    }

    /// Takes over options that are given as a JSON object, as other languages do: `fsync`,
    /// `fsync_interval_ms`, `overflow`, `on_error`, `queue_lines`, `queue_bytes`,
    /// `max_file_bytes` (0: no limit), `keep_files`, `mask`, `hash`, `hash_key`.
    ///
    /// # Errors
    /// [`LogError::Options`] for anything else.
    pub fn options_json(mut self, text: &[u8]) -> Result<Self, LogError> {
        let options: JsonOptions = serde_json::from_slice(text).map_err(|error| {
            // What serde says may quote the key of hashes.
            let (line, column) = (error.line(), error.column());
            wrong(format!(
                "the options are no JSON of a log's options at line {line} column {column}"
            ))
        })?;
        let interval = options.fsync_interval_ms;
        match (options.fsync, interval) {
            (None, None) => {}
            (None | Some(JsonFsync::Interval), _) => {
                self.fsync = Fsync::Interval(Duration::from_millis(interval.unwrap_or(1000)));
            }
            (Some(JsonFsync::Always), None) => self.fsync = Fsync::Always,
            (Some(JsonFsync::Never), None) => self.fsync = Fsync::Never,
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "`fsync_interval_ms` goes with `fsync` `interval` only".to_owned(),
                ));
            }
        }
        match options.overflow {
            None => {}
            Some(JsonOverflow::Block) => self.overflow = Overflow::Block,
            Some(JsonOverflow::Drop) => self.overflow = Overflow::Drop,
        }
        match options.on_error {
            None => {}
            Some(JsonOnError::Count) => self.on_error = OnError::Count,
            Some(JsonOnError::Refuse) => self.on_error = OnError::Refuse,
        }
        self.queue_lines = options.queue_lines.unwrap_or(self.queue_lines);
        self.queue_bytes = options.queue_bytes.unwrap_or(self.queue_bytes);
        if let Some(bytes) = options.max_file_bytes {
            self.max_file_bytes = (bytes > 0).then_some(bytes);
        }
        self.keep_files = options.keep_files.or(self.keep_files);
        self.remove.extend(options.mask);
        self.hash.extend(options.hash);
        if let Some(key) = options.hash_key {
            self.hash_key = Some(Zeroizing::new(key.into_bytes()));
        }
        Ok(self)
    }

    /// Opens the log: a new one, or the one that is there, which is verified and continued.
    ///
    /// # Errors
    /// If the options do not go together, somebody else writes the log, the file is something else
    /// or was changed, or the system says no. Nothing is written over.
    pub fn open(self) -> Result<DecisionLog, LogError> {
        DecisionLog::open_with(&self)
    }

    pub(super) fn masks(&self) -> Result<Masks, LogError> {
        Masks::new(&self.remove, &self.hash, self.hash_key.clone())
    }

    pub(super) fn check(&self) -> Result<(), LogError> {
        if self.queue_lines == 0 || self.queue_bytes == 0 {
            return Err(wrong("a queue without room takes nothing".to_owned()));
        }
        if self.fsync == Fsync::Interval(Duration::ZERO) {
            return Err(wrong("an interval of 0 is none: say `always`".to_owned()));
        }
        if self.max_file_bytes.is_some_and(|bytes| bytes < MIN_FILE_BYTES) {
            return Err(wrong(format!("a file has at least {MIN_FILE_BYTES} bytes")));
        }
        Ok(())
    }
}

/// A file that is smaller would be little more than its header.
const MIN_FILE_BYTES: u64 = 4096;

fn wrong(message: String) -> LogError {
    LogError::Options { message }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonOptions {
    fsync: Option<JsonFsync>,
    fsync_interval_ms: Option<u64>,
    overflow: Option<JsonOverflow>,
    on_error: Option<JsonOnError>,
    queue_lines: Option<usize>,
    queue_bytes: Option<usize>,
    max_file_bytes: Option<u64>,
    keep_files: Option<u32>,
    #[serde(default)]
    mask: Vec<String>,
    #[serde(default)]
    hash: Vec<String>,
    hash_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum JsonFsync {
    Always,
    Interval,
    Never,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum JsonOverflow {
    Block,
    Drop,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum JsonOnError {
    Count,
    Refuse,
}

impl fmt::Debug for DecisionLogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is not shown.
        f.debug_struct("DecisionLogBuilder")
            .field("path", &self.path)
            .field("fsync", &self.fsync)
            .field("overflow", &self.overflow)
            .field("on_error", &self.on_error)
            .field("mask", &self.remove)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}
