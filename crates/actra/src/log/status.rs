//! How a log is doing.

use super::Chain;
use serde::{Serialize, Serializer};
use std::path::PathBuf;

/// How a log is doing: for health checks, metrics, and to note its head elsewhere.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LogStatus {
    /// The file that is written.
    pub path: PathBuf,
    /// The log's id: the same in all its files.
    pub log: String,
    /// The number of the file that is written.
    pub file: u64,
    /// Bytes of the file that is written.
    pub file_bytes: u64,
    /// The number of the last line that was written.
    pub seq: u64,
    /// Its chain: `actra log verify --expect` finds it again.
    #[serde(serialize_with = "chain")]
    pub chain: Chain,
    /// Decisions that were taken.
    pub accepted: u64,
    /// Decisions that were written.
    pub written: u64,
    /// Decisions that were brought to the disk, as far as the log has asked for it.
    pub synced: u64,
    /// Decisions for which there was no room.
    pub dropped: u64,
    /// Decisions that could not be written.
    pub lost: u64,
    /// Decisions that were not taken while lines could not be written.
    pub refused: u64,
    /// Decisions that wait to be written.
    pub queued: u64,
    /// Bytes of those.
    pub queued_bytes: u64,
    /// How often writing, syncing or beginning another file has failed.
    pub errors: u64,
    /// Why lines cannot be written; `None`: they can.
    pub failure: Option<String>,
    /// What the last of the errors said.
    pub last_error: Option<String>,
    /// Whether the log has been closed.
    pub closed: bool,
}

fn chain<S: Serializer>(chain: &Chain, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(chain)
}
