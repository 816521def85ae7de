//! Reloading when files change.

use super::PolicyStore;
use notify::event::{AccessKind, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Looked at so often where the system tells of nothing: on file systems of other machines, and where
/// it has no room left for those who want to be told.
const PAUSE: Duration = Duration::from_secs(2);

/// Nothing may change for so long before a change is taken for done: several files are often written
/// one after the other.
const REST: Duration = Duration::from_millis(50);

/// How often to wait for that at most: a source that never rests is tried all the same.
const MOST_RESTS: u32 = 20;

/// A thread that reloads a store when its files change, until this is dropped.
#[derive(Debug)]
#[must_use = "nothing is watched once this is dropped"]
pub struct Watching {
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// Tells when a store's files may have changed, for hosts that reload on threads of their own.
#[derive(Debug)]
pub struct Changes {
    path: PathBuf,
    woken: Receiver<Wake>,
    waker: Waker,
    told: Option<Told>,
    next_look: Instant,
}

/// Ends a waiting for [`Changes`], from another thread.
#[derive(Clone, Debug)]
pub struct Waker(Sender<Wake>);

enum Wake {
    Look,
    End,
}

impl PolicyStore {
    /// Reloads when files change, on a thread of its own, until what this gives is dropped: told by
    /// the operating system, and by a look every two seconds.
    ///
    /// Whoever writes an artifact should write it beside the old one and rename it; a file that is
    /// read half written is refused, and read again when it changes. A directory is best replaced as
    /// a whole, by a link to another one.
    pub fn watch(&self) -> Watching {
        let (store, mut changes) = (self.clone(), self.changes());
        let waker = changes.waker();
        let thread = std::thread::Builder::new().name("actra-store".to_owned()).spawn(move || {
            while changes.wait(Duration::MAX) {
                // A failure is in the status, and told to who wants to hear.
                let _ = store.reload_if_changed();
            }
        });
        // Without a thread there is nothing to end; the store still reloads when it is told to.
        Watching { waker, thread: thread.ok() }
    }

    /// What [`PolicyStore::watch`] waits for, for hosts with a thread of their own: after each
    /// [`Changes::wait`] that says so, [`PolicyStore::reload_if_changed`] finds out.
    pub fn changes(&self) -> Changes {
        let (wake, woken) = channel();
        let told = Told::new(wake.clone());
        let path = self.path().to_owned();
        Changes { path, woken, waker: Waker(wake), told, next_look: Instant::now() }
    }
}

impl Watching {
    /// Whether files are watched: not where the system had no thread to spare.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.waker.wake();
        // An observer of reloads may drop it, on that very thread, which cannot wait for itself.
        let other = |thread: &JoinHandle<()>| thread.thread().id() != std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(other) {
            let _ = thread.join();
        }
    }
}

impl Waker {
    /// Ends a waiting that is under way, or the next one.
    pub fn wake(&self) {
        let _ = self.0.send(Wake::End);
    }
}

impl Changes {
    /// Waits until files may have changed, and have come to rest: the operating system tells of them,
    /// and where it does not, every two seconds; the first time at once. False: the time is over, or
    /// somebody has ended the waiting.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        if let Some(told) = &mut self.told {
            told.watch(&self.path);
        }
        let until_look = self.next_look.saturating_duration_since(Instant::now());
        match self.woken.recv_timeout(timeout.min(until_look)) {
            Ok(Wake::End) | Err(RecvTimeoutError::Disconnected) => return false,
            Ok(Wake::Look) => {
                if !settle(&self.woken) {
                    return false;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if timeout < until_look {
                    return false;
                }
            }
        }
        self.next_look = Instant::now() + PAUSE;
        true
    }

    /// Ends a waiting from elsewhere.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

/// What tells of changes: where it cannot be had, looks from time to time have to do.
#[derive(Debug)]
struct Told {
    watcher: RecommendedWatcher,
    /// What is watched.
    watched: Vec<PathBuf>,
}

impl Told {
    fn new(wake: Sender<Wake>) -> Option<Self> {
        let tell = move |event: notify::Result<notify::Event>| {
            // A look opens directories itself: being told of that would lead to the next look.
            let is_opening = |event: &notify::Event| {
                matches!(event.kind, EventKind::Access(AccessKind::Open(_)))
            };
            if !event.as_ref().is_ok_and(is_opening) {
                // The thread may have ended.
                let _ = wake.send(Wake::Look);
            }
        };
        let watcher = notify::recommended_watcher(tell).ok()?;
        Some(Self { watcher, watched: Vec::new() })
    }

    /// Watches the path, where it leads and what it stands in: files are replaced, and links lead
    /// elsewhere.
    fn watch(&mut self, path: &Path) {
        let real = std::fs::canonicalize(path).ok();
        let parents = [Some(path), real.as_deref()].into_iter().flatten().filter_map(Path::parent);
        let mut wanted: Vec<(PathBuf, RecursiveMode)> = parents
            .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
            .map(|parent| (parent.to_owned(), RecursiveMode::NonRecursive))
            .collect();
        if let Some(real) = real.filter(|real| real.is_dir()) {
            wanted.push((real, RecursiveMode::Recursive));
        }
        let paths: Vec<PathBuf> = wanted.iter().map(|(path, _)| path.clone()).collect();
        if paths == self.watched {
            return;
        }
        for old in &self.watched {
            let _ = self.watcher.unwatch(old);
        }
        for (path, mode) in &wanted {
            // What cannot be watched is looked at.
            let _ = self.watcher.watch(path, *mode);
        }
        self.watched = paths;
    }
}

/// Waits until nothing is told any more; false where it is all to end.
fn settle(woken: &Receiver<Wake>) -> bool {
    for _ in 0..MOST_RESTS {
        match woken.recv_timeout(REST) {
            Ok(Wake::Look) => {}
            Ok(Wake::End) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
    true
}
