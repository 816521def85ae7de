//! Reloading when files change.

use super::PolicyStore;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

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
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

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
        let (wake, woken) = channel();
        let store = self.clone();
        let watcher = watcher(store.path(), wake.clone());
        let thread = std::thread::Builder::new().name("actra-store".to_owned()).spawn(move || {
            // It tells as long as it lives.
            let mut watcher = watcher;
            run(&store, &woken, &mut watcher);
        });
        // Without a thread there is nothing to end; the store still reloads when it is told to.
        Watching { wake, thread: thread.ok() }
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
        let _ = self.wake.send(Wake::End);
        // An observer of reloads may drop it, on that very thread, which cannot wait for itself.
        let other = |thread: &JoinHandle<()>| thread.thread().id() != std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(other) {
            let _ = thread.join();
        }
    }
}

/// What tells of changes: where it cannot be had, looks from time to time have to do.
struct Told {
    watcher: RecommendedWatcher,
    /// What is watched.
    watched: Vec<PathBuf>,
}

fn watcher(path: &Path, wake: Sender<Wake>) -> Option<Told> {
    let tell = move |_: notify::Result<notify::Event>| {
        // The thread may have ended.
        let _ = wake.send(Wake::Look);
    };
    let watcher = notify::recommended_watcher(tell).ok()?;
    let mut told = Told { watcher, watched: Vec::new() };
    told.watch(path);
    Some(told)
}

impl Told {
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

fn run(store: &PolicyStore, woken: &Receiver<Wake>, watcher: &mut Option<Told>) {
    loop {
        match woken.recv_timeout(PAUSE) {
            Ok(Wake::End) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Wake::Look) => {
                if !settle(woken) {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        // A failure is in the status, and told to who wants to hear.
        let _ = store.reload_if_changed();
        if let Some(told) = watcher {
            told.watch(store.path());
        }
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
