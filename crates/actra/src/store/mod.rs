//! Policies that are replaced while others decide.
//!
//! A [`PolicyStore`] holds the policy of a directory or an `.actra` file. A new one is compiled or
//! loaded, and tested, off the hot path, and then takes the old one's place at once. Where anything is
//! wrong with it, the last good one stays, and [`PolicyStore::status`] says why. Readers never wait.

mod builder;
mod load;
mod stamp;
mod status;
mod watch;

pub use builder::PolicyStoreBuilder;
pub use load::StoreError;
pub use status::{Failure, ReloadEvent, Status};
pub use watch::{Changes, Waker, Watching};

use crate::Policy;
use arc_swap::ArcSwap;
use load::{Loaded, Source};
use stamp::Stamp;
use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

/// The policy of a directory or a file, which is replaced when that changes.
///
/// Cloning is cheap: clones are the same store.
///
/// ```
/// use actra::store::PolicyStore;
///
/// # let directory = std::env::temp_dir().join(format!("actra-store-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("schema.yaml"), "version: 1\nactions: {ping: {}}\n")?;
/// # std::fs::write(directory.join("policy.yaml"), "version: 2\nrules:\n  - {id: any, scope: {action: ping}, effect: allow}\n")?;
/// # let path = &directory;
/// let store = PolicyStore::open(path)?;
/// let _watching = store.watch(); // reloads until it is dropped
///
/// let policy = store.policy();
/// let decision = policy.evaluate_json(br#"{"action": {"type": "ping"}}"#)?;
/// assert_eq!(decision.effect, actra::Effect::Allow);
/// assert_eq!(store.status().generation, 1);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PolicyStore {
    inner: Arc<Inner>,
}

pub(crate) type Observer = Box<dyn Fn(&ReloadEvent) + Send + Sync>;

struct Inner {
    source: Source,
    current: ArcSwap<InForce>,
    /// That of the policy in force, raised after it has come into force.
    generation: AtomicU64,
    /// Held while the policy is replaced, so that none is replaced by an earlier one.
    reloading: Mutex<Last>,
    status: Mutex<Status>,
    observers: Vec<Observer>,
}

/// A policy in force, with what belongs to it.
struct InForce {
    loaded: Loaded,
    generation: u64,
}

/// What the last attempt found.
struct Last {
    stamp: Stamp,
}

/// The policy in force when it was asked for. It stays whole while others replace it.
pub struct Current(arc_swap::Guard<Arc<InForce>>);

impl Current {
    /// How many policies had come into force with this one, which is another number for each.
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// What [`PolicyStoreBuilder::prepare`] has made of this policy; `None`: nothing of that type.
    pub fn prepared<T: Any>(&self) -> Option<&T> {
        self.0.loaded.prepared.as_deref().and_then(|prepared| prepared.downcast_ref())
    }
}

impl Deref for Current {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        &self.0.loaded.policy
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PolicyStore {
    /// The policy of a directory or an `.actra` file, with the usual options.
    ///
    /// # Errors
    /// Without a first policy there is no store: if it cannot be read, does not compile or load, or
    /// if a test of it fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open()
    }

    /// Options before the policy is opened.
    pub fn builder(path: impl AsRef<Path>) -> PolicyStoreBuilder {
        PolicyStoreBuilder::new(path.as_ref().to_owned())
    }

    fn of(source: Source, observers: Vec<Observer>) -> Result<Self, StoreError> {
        let (loaded, stamp) = source.load(None)?;
        let status = Status::new(&loaded.policy);
        let generation = status.generation;
        let inner = Inner {
            source,
            current: ArcSwap::from_pointee(InForce { loaded, generation }),
            generation: AtomicU64::new(generation),
            reloading: Mutex::new(Last { stamp }),
            status: Mutex::new(status),
            observers,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The policy in force. Neither this nor a reload waits for the other.
    #[inline]
    pub fn policy(&self) -> Current {
        Current(self.inner.current.load())
    }

    /// How many policies have come into force, the first one included: one load, to see whether what
    /// was worked out of [`PolicyStore::policy`] is still of the policy in force. Whoever sees a number
    /// gets its policy, or a later one.
    #[inline]
    pub fn generation(&self) -> u64 {
        self.inner.generation.load(Ordering::Acquire)
    }

    /// Where the policy comes from.
    pub fn path(&self) -> &Path {
        self.inner.source.path()
    }

    /// How the store is doing.
    pub fn status(&self) -> Status {
        self.lock_status().clone()
    }

    /// Loads the policy again and puts it into force: whether it differs from the one before.
    /// Reloads at the same time follow one another.
    ///
    /// # Errors
    /// If it cannot be put into force. Then the last good one stays in force.
    pub fn reload(&self) -> Result<bool, StoreError> {
        let mut last = self.lock_last();
        self.reload_locked(&mut last)
    }

    /// Reloads where anything about the files has changed since the last attempt; `None` where
    /// nothing has. What [`PolicyStore::watch`] does, for hosts with a clock of their own.
    ///
    /// # Errors
    /// As [`PolicyStore::reload`].
    pub fn reload_if_changed(&self) -> Option<Result<bool, StoreError>> {
        let mut last = self.lock_last();
        if self.inner.source.stamp() == last.stamp {
            return None;
        }
        Some(self.reload_locked(&mut last))
    }

    fn reload_locked(&self, last: &mut Last) -> Result<bool, StoreError> {
        let (started, time) = (Instant::now(), SystemTime::now());
        // Should this attempt fail, the next waits for another change.
        last.stamp = self.inner.source.stamp();
        let old = self.policy();
        let result = match self.inner.source.load(Some(&old)) {
            Ok((loaded, stamp)) => {
                last.stamp = stamp;
                let has_changed = loaded.policy.program_digest() != old.program_digest()
                    || loaded.policy.policy_hash() != old.policy_hash();
                let mut status = self.lock_status();
                status.succeeded(&loaded.policy, time);
                let generation = status.generation;
                // The lock of the status is held: whoever reads it sees what is in force.
                self.inner.current.store(Arc::new(InForce { loaded, generation }));
                self.inner.generation.store(generation, Ordering::Release);
                Ok(has_changed)
            }
            Err(error) => {
                self.lock_status().failed(&error, time);
                Err(error)
            }
        };
        let event = ReloadEvent::new(time, started.elapsed(), result.as_ref(), self.status());
        for observer in &self.inner.observers {
            // An observer's panic is its own.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| observer(&event)));
        }
        result
    }

    fn lock_last(&self) -> std::sync::MutexGuard<'_, Last> {
        // Nothing that is held by the lock is left half changed.
        self.inner.reloading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_status(&self) -> std::sync::MutexGuard<'_, Status> {
        self.inner.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PolicyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyStore")
            .field("path", &self.path())
            .field("policy", &*self.policy())
            .finish_non_exhaustive()
    }
}
