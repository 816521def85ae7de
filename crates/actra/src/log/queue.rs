//! What lies between those who decide and the one who writes.

use super::chain::Head;
use super::options::{OnError, Overflow};
use super::{DecisionLogBuilder, LogError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bodies of lines, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    pub(super) bytes: Vec<u8>,
    /// Where each ends.
    pub(super) ends: Vec<usize>,
}

impl Bodies {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let body = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            body
        })
    }
}

/// Decisions that are not in the log, which it has yet to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) dropped: u64,
    pub(super) lost: u64,
    pub(super) refused: u64,
}

impl Gone {
    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            dropped: self.dropped + other.dropped,
            lost: self.lost + other.lost,
            refused: self.refused + other.refused,
        }
    }

    /// What is left where those have been said.
    pub(super) fn minus(self, said: Self) -> Self {
        Self {
            dropped: self.dropped - said.dropped,
            lost: self.lost - said.lost,
            refused: self.refused - said.refused,
        }
    }
}

/// What the writer is asked for.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) bodies: Bodies,
    /// What is to be said behind the bodies.
    pub(super) gone: Gone,
    /// Decisions taken, and those with which the writer is done, be they written or lost.
    pub(super) accepted: u64,
    pub(super) done: u64,
    /// How many of those were on the disk when it was last asked for.
    pub(super) synced: u64,
    /// Somebody waits until so many are.
    pub(super) sync_wanted: u64,
    pub(super) rotations_wanted: u64,
    pub(super) rotations_done: u64,
    /// Why the last one of these failed.
    pub(super) rotation_error: Option<String>,
    pub(super) is_closing: bool,
    /// The writer has ended.
    pub(super) has_ended: bool,
    /// Nobody has to wake it.
    pub(super) writer_waits: bool,
    pub(super) written: u64,
    pub(super) total: Gone,
    pub(super) errors: u64,
    pub(super) failure: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) file: u64,
    pub(super) file_bytes: u64,
    pub(super) head: Option<Head>,
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// For the writer: there is something to do.
    pub(super) work: Condvar,
    /// For all others: there is room, or something is done.
    pub(super) progress: Condvar,
    overflow: Overflow,
    on_error: OnError,
    max_lines: usize,
    max_bytes: usize,
}

impl Queue {
    pub(super) fn new(options: &DecisionLogBuilder, state: State) -> Self {
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            progress: Condvar::new(),
            overflow: options.overflow,
            on_error: options.on_error,
            max_lines: options.queue_lines,
            max_bytes: options.queue_bytes,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that is held by the lock is left half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.progress.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the writer, where it sleeps.
    fn wake(&self, state: &mut State) {
        if std::mem::take(&mut state.writer_waits) {
            self.work.notify_one();
        }
    }

    /// Takes a body, or counts it.
    pub(super) fn push(&self, body: &[u8]) -> Result<(), LogError> {
        let mut state = self.lock();
        loop {
            if state.is_closing || state.has_ended {
                return Err(LogError::Closed);
            }
            if let (OnError::Refuse, Some(message)) = (self.on_error, &state.failure) {
                let message = message.clone();
                state.gone.refused += 1;
                state.total.refused += 1;
                return Err(LogError::NotWritten { message });
            }
            let waiting = &state.bodies;
            let fits = waiting.ends.len() < self.max_lines
                && waiting.bytes.len().saturating_add(body.len()) <= self.max_bytes;
            if fits || waiting.ends.is_empty() {
                break;
            }
            match self.overflow {
                Overflow::Block => state = self.wait(state),
                Overflow::Drop => {
                    state.gone.dropped += 1;
                    state.total.dropped += 1;
                    return Ok(());
                }
            }
        }
        state.bodies.bytes.extend_from_slice(body);
        let end = state.bodies.bytes.len();
        state.bodies.ends.push(end);
        state.accepted += 1;
        self.wake(&mut state);
        Ok(())
    }

    /// Waits until all that was taken before is written and on the disk.
    pub(super) fn flush(&self) -> Result<(), LogError> {
        let mut state = self.lock();
        let (target, lost) = (state.accepted, state.total.lost);
        while state.done < target || state.synced < target {
            if state.has_ended || (state.done >= target && state.failure.is_some()) {
                break;
            }
            state.sync_wanted = state.sync_wanted.max(target);
            self.wake(&mut state);
            state = self.wait(state);
        }
        if state.done >= target && state.synced >= target && state.total.lost == lost {
            return Ok(());
        }
        let message = state.failure.clone().or_else(|| state.last_error.clone());
        let message = message.unwrap_or_else(|| "the thread that writes has ended".to_owned());
        Err(LogError::NotWritten { message })
    }

    /// Waits until another file has begun.
    pub(super) fn rotate(&self) -> Result<(), LogError> {
        let mut state = self.lock();
        if state.is_closing || state.has_ended {
            return Err(LogError::Closed);
        }
        state.rotations_wanted += 1;
        let target = state.rotations_wanted;
        self.wake(&mut state);
        while state.rotations_done < target && !state.has_ended {
            state = self.wait(state);
        }
        match &state.rotation_error {
            _ if state.rotations_done < target => Err(LogError::Closed),
            Some(message) => Err(LogError::NotWritten { message: message.clone() }),
            None => Ok(()),
        }
    }

    /// Asks the writer to end.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closing = true;
        self.wake(&mut state);
        // Those that wait for room are told.
        self.progress.notify_all();
    }
}
