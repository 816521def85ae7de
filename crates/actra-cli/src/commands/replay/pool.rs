//! Threads that decide while the log is read on. What they find is put together in the order of
//! the log, so their number changes nothing that is told.

use super::batch::{Batch, Policies, Worker};
use super::tally::Tally;
use crate::failure::Failure;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

/// Batches that may be on their way to and from each thread: these bound the memory.
const BATCHES_PER_THREAD: usize = 2;

struct Thread {
    batches: SyncSender<Batch>,
    tallies: Receiver<Tally>,
}

/// The threads, and what they have found so far.
pub(super) struct Pool {
    threads: Vec<Thread>,
    /// Batches that were sent, and those whose counts are back.
    sent: usize,
    received: usize,
    tally: Tally,
}

impl Pool {
    pub(super) fn new<'s, 'p: 's>(
        scope: &'s Scope<'s, '_>,
        threads: usize,
        policies: Policies<'p>,
    ) -> Self {
        let threads = (0..threads.max(1))
            .map(|_| {
                let (batches, incoming) = sync_channel::<Batch>(BATCHES_PER_THREAD);
                let (outgoing, tallies): (Sender<Tally>, _) = channel();
                scope.spawn(move || {
                    let mut worker = Worker::new(policies);
                    for batch in incoming {
                        if outgoing.send(worker.decide(&batch)).is_err() {
                            break;
                        }
                    }
                });
                Thread { batches, tallies }
            })
            .collect();
        Self { threads, sent: 0, received: 0, tally: Tally::new(policies.samples) }
    }

    /// Has a batch decided.
    pub(super) fn push(&mut self, batch: Batch) -> Result<(), Failure> {
        if self.sent - self.received == self.threads.len() * BATCHES_PER_THREAD {
            self.receive()?;
        }
        let index = self.sent % self.threads.len();
        let thread = self.threads.get(index).ok_or_else(gone)?;
        thread.batches.send(batch).map_err(|_| gone())?;
        self.sent += 1;
        Ok(())
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let index = self.received % self.threads.len();
        let thread = self.threads.get(index).ok_or_else(gone)?;
        self.tally.merge(thread.tallies.recv().map_err(|_| gone())?);
        self.received += 1;
        Ok(())
    }

    /// Everything that was found.
    pub(super) fn finish(mut self) -> Result<Tally, Failure> {
        while self.received < self.sent {
            self.receive()?;
        }
        Ok(self.tally)
    }
}

/// A thread ended early: it has said why on standard error.
fn gone() -> Failure {
    Failure::new("internal", "a thread that decides rows ended early")
}
