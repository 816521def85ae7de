//! How a store is doing.

use super::load::StoreError;
use crate::Policy;
use serde::{Serialize, Serializer};
use std::time::{Duration, SystemTime};

/// How a store is doing: for health checks, metrics and logs.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// How many policies have come into force, the first one included.
    pub generation: u64,
    /// The hash of the policy in force, in hexadecimal. Of an unsigned artifact it is the file's claim.
    pub policy_hash: String,
    /// The digest of the program in force, in hexadecimal.
    pub program_digest: String,
    /// The revision of the policy in force; 0 where there is none. Of an unsigned artifact it is the file's
    /// claim.
    pub revision: u64,
    /// When it came into force. As JSON, seconds since 1970.
    #[serde(serialize_with = "seconds")]
    pub since: SystemTime,
    /// How many reloads have failed.
    pub failures: u64,
    /// Why the newest attempt failed; `None`: it did not.
    pub failure: Option<Failure>,
}

/// Why an attempt failed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// When it began. As JSON, seconds since 1970.
    #[serde(serialize_with = "seconds")]
    pub time: SystemTime,
    /// A word for programs: see [`StoreError::code`].
    pub code: &'static str,
    /// What is wrong, for people; of documents with all diagnostics.
    pub message: String,
}

/// What came of a reload.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ReloadEvent {
    /// When it began. As JSON, seconds since 1970.
    #[serde(serialize_with = "seconds")]
    pub time: SystemTime,
    /// How long loading, testing and checking took. As JSON, in seconds.
    #[serde(serialize_with = "duration")]
    pub duration: Duration,
    /// Whether there is another policy in force now.
    pub changed: bool,
    /// Why the last good policy stays; `None`: it does not.
    pub failure: Option<Failure>,
    /// How the store is doing now.
    pub status: Status,
}

fn duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn seconds<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    serializer.serialize_f64(since.as_secs_f64())
}

impl Status {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            generation: 1,
            policy_hash: crate::hex(&policy.policy_hash()),
            program_digest: crate::hex(&policy.program_digest()),
            revision: policy.revision(),
            since: SystemTime::now(),
            failures: 0,
            failure: None,
        }
    }

    pub(super) fn succeeded(&mut self, policy: &Policy, since: SystemTime) {
        *self = Self {
            generation: self.generation + 1,
            since,
            failures: self.failures,
            ..Self::new(policy)
        };
    }

    pub(super) fn failed(&mut self, error: &StoreError, time: SystemTime) {
        self.failures += 1;
        self.failure = Some(Failure { time, code: error.code(), message: error.to_string() });
    }
}

impl ReloadEvent {
    pub(super) fn new(
        time: SystemTime,
        duration: Duration,
        result: Result<&bool, &StoreError>,
        status: Status,
    ) -> Self {
        let changed = result.is_ok_and(|changed| *changed);
        let failure = status.failure.clone();
        Self { time, duration, changed, failure, status }
    }
}
