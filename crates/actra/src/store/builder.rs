//! Options of stores.

use super::load::{Check, Downgrades, Prepare, Prepared, Source, StoreError, Tests};
use super::status::ReloadEvent;
use super::{Observer, PolicyStore};
use crate::Policy;
use crate::signing::{LoadOptions, PublicKey};
use std::any::Any;
use std::fmt;
use std::path::PathBuf;

/// A [`PolicyStore`] to be opened.
pub struct PolicyStoreBuilder {
    path: PathBuf,
    tests: Tests,
    options: LoadOptions,
    downgrades: Downgrades,
    checks: Vec<Check>,
    prepare: Option<Prepare>,
    observers: Vec<Observer>,
}

impl PolicyStoreBuilder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            tests: Tests::Run,
            options: LoadOptions::new(),
            downgrades: Downgrades::Allow,
            checks: Vec::new(),
            prepare: None,
            observers: Vec::new(),
        }
    }

    /// Leaves the directory's `*_test.yaml` alone. Otherwise they are run before a policy comes into
    /// force, where there are any, and a failure refuses it.
    #[must_use]
    pub fn without_tests(mut self) -> Self {
        self.tests = Tests::Leave;
        self
    }

    /// Only what one of these keys has signed comes into force, or of those that were given before: see
    /// [`LoadOptions::trusted_keys`].
    #[must_use]
    pub fn trusted_keys(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.options = self.options.trusted_keys(keys);
        self
    }

    /// Only what has this revision or a later one comes into force: see [`LoadOptions::min_revision`].
    #[must_use]
    pub fn min_revision(mut self, revision: u64) -> Self {
        self.options = self.options.min_revision(revision);
        self
    }

    /// Both of these at once, in the place of what was given before.
    #[must_use]
    pub fn load_options(mut self, options: LoadOptions) -> Self {
        self.options = options;
        self
    }

    /// Only what has the revision of the policy in force, or a later one, takes its place. Nothing is
    /// kept for the next start: for that, [`PolicyStoreBuilder::min_revision`] tells the lowest one.
    #[must_use]
    pub fn never_older(mut self) -> Self {
        self.downgrades = Downgrades::Refuse;
        self
    }

    /// Has every policy checked before it comes into force, the first one too; what the check says
    /// refuses it. A valid policy may still be the wrong one.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&Policy) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// Has something made of every policy before it comes into force, after its tests and checks, which
    /// is then replaced with it: numbers of slots, say, that would be wrong for another policy. See
    /// [`Current::prepared`](super::Current::prepared). An error or a panic refuses the policy. The last
    /// one that was given counts.
    #[must_use]
    pub fn prepare<T: Any + Send + Sync>(
        mut self,
        make: impl Fn(&Policy) -> Result<T, String> + Send + Sync + 'static,
    ) -> Self {
        self.prepare =
            Some(Box::new(move |policy| make(policy).map(|made| Box::new(made) as Prepared)));
        self
    }

    /// Hears of every reload, failed ones too, after it. It must not reload the store. A panic in it
    /// changes nothing.
    #[must_use]
    pub fn on_reload(mut self, observer: impl Fn(&ReloadEvent) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Opens the policy.
    ///
    /// # Errors
    /// As [`PolicyStore::open`].
    pub fn open(self) -> Result<PolicyStore, StoreError> {
        let Self { path, tests, options, downgrades, checks, prepare, observers } = self;
        PolicyStore::of(Source::new(path, tests, options, downgrades, checks, prepare), observers)
    }
}

impl fmt::Debug for PolicyStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyStoreBuilder").field("path", &self.path).finish_non_exhaustive()
    }
}
