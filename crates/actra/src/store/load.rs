//! From files to a policy that may come into force.

use super::stamp::Stamp;
use crate::signing::{LoadOptions, TrustError};
use crate::{LoadError, Policy};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Says what is wrong with a policy.
pub(super) type Check = Box<dyn Fn(&Policy) -> Result<(), String> + Send + Sync>;

/// What a host makes of each policy, whatever it is.
pub(super) type Prepared = Box<dyn Any + Send + Sync>;

/// Makes it, or says what is wrong with the policy.
pub(super) type Prepare = Box<dyn Fn(&Policy) -> Result<Prepared, String> + Send + Sync>;

/// A policy that may come into force.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) prepared: Option<Prepared>,
}

/// What becomes of a directory's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tests {
    Run,
    Leave,
}

/// What becomes of a policy whose revision is lower than that of the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Downgrades {
    Allow,
    Refuse,
}

/// Why a policy does not come into force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be read, does not compile or is no artifact.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Tests in its directory fail.
    #[error("{failed} of the policy's tests fail, the first one: {first}")]
    Tests {
        /// How many.
        failed: usize,
        /// The first one's file and name.
        first: String,
    },
    /// The tests in its directory cannot be run.
    #[error("the policy's tests cannot be run: {0}")]
    Untestable(String),
    /// The host's check refuses it.
    #[error("the policy is refused: {0}")]
    Refused(String),
    /// Its files went on changing while they were read.
    #[error("`{}` went on changing while it was read", path.display())]
    Unsettled {
        /// The path.
        path: PathBuf,
    },
}

impl StoreError {
    /// A word for programs: `compile`, `artifact`, `io`, `tests`, `untestable`, `refused`, `unsettled`,
    /// or one of [`TrustError::code`](crate::signing::TrustError::code).
    pub fn code(&self) -> &'static str {
        match self {
            #[cfg(feature = "compiler")]
            Self::Load(LoadError::Compile(_)) => "compile",
            Self::Load(LoadError::Artifact(_)) => "artifact",
            Self::Load(LoadError::Io { .. }) => "io",
            Self::Load(LoadError::Trust(error)) => error.code(),
            Self::Tests { .. } => "tests",
            Self::Untestable(_) => "untestable",
            Self::Refused(_) => "refused",
            Self::Unsettled { .. } => "unsettled",
        }
    }
}

/// Where a policy comes from, and what is asked of it.
pub(super) struct Source {
    path: PathBuf,
    tests: Tests,
    options: LoadOptions,
    downgrades: Downgrades,
    checks: Vec<Check>,
    prepare: Option<Prepare>,
}

/// How often files are read again that changed meanwhile, and how long they may rest in between.
const ATTEMPTS: u32 = 20;
const REST: Duration = Duration::from_millis(50);

impl Source {
    pub(super) fn new(
        path: PathBuf,
        tests: Tests,
        options: LoadOptions,
        downgrades: Downgrades,
        checks: Vec<Check>,
        prepare: Option<Prepare>,
    ) -> Self {
        Self { path, tests, options, downgrades, checks, prepare }
    }

    /// Whether a policy may take the place of the one in force.
    fn check_successor(&self, old: &Policy, new: &Policy) -> Result<(), StoreError> {
        let (found, wanted) = (new.revision(), old.revision());
        if self.downgrades == Downgrades::Refuse && found < wanted {
            return Err(LoadError::from(TrustError::OldRevision { found, wanted }).into());
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn stamp(&self) -> Stamp {
        Stamp::of(&self.path)
    }

    /// A policy whose files were the same before they were read and after they were tested: none is
    /// made of two states of them. `old` is the one in whose place it would come.
    pub(super) fn load(&self, old: Option<&Policy>) -> Result<(Loaded, Stamp), StoreError> {
        let mut before = self.stamp();
        for _ in 0..ATTEMPTS {
            let loaded = self.load_once(old);
            let after = self.stamp();
            if before == after {
                return loaded.map(|loaded| (loaded, after));
            }
            std::thread::sleep(REST);
            before = self.stamp();
        }
        Err(StoreError::Unsettled { path: self.path.clone() })
    }

    fn load_once(&self, old: Option<&Policy>) -> Result<Loaded, StoreError> {
        let policy = self.read()?;
        if let Some(old) = old {
            self.check_successor(old, &policy)?;
        }
        #[cfg(feature = "compiler")]
        self.test()?;
        // Directories need the compiler, so that without it there are no tests beside a policy.
        #[cfg(not(feature = "compiler"))]
        let _ = self.tests;
        for check in &self.checks {
            of_host("check", || check(&policy))?;
        }
        let prepare = self.prepare.as_ref();
        let prepared = prepare.map(|make| of_host("preparation", || make(&policy))).transpose()?;
        Ok(Loaded { policy, prepared })
    }

    #[cfg(feature = "compiler")]
    fn read(&self) -> Result<Policy, LoadError> {
        Policy::from_path_with(&self.path, &self.options)
    }

    #[cfg(not(feature = "compiler"))]
    fn read(&self) -> Result<Policy, LoadError> {
        Policy::from_artifact_file_with(&self.path, &self.options)
    }

    #[cfg(feature = "compiler")]
    fn test(&self) -> Result<(), StoreError> {
        use crate::testing::{self, Options};
        if self.tests == Tests::Leave || !self.path.is_dir() {
            return Ok(());
        }
        let report = match testing::run(&Options::new([&self.path])) {
            Ok(report) => report,
            Err(testing::Error::NoTests { .. }) => return Ok(()),
            Err(error) => return Err(StoreError::Untestable(error.to_string())),
        };
        if report.is_success() { Ok(()) } else { Err(failures(&report)) }
    }
}

/// What the host's own code says of a policy. A panic in it refuses the policy.
fn of_host<T>(what: &str, run: impl FnOnce() -> Result<T, String>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(format!("the {what} panicked")))
        .map_err(StoreError::Refused)
}

/// What a report says has failed. Test documents that cannot be read are in it, too.
#[cfg(feature = "compiler")]
fn failures(report: &crate::testing::Report) -> StoreError {
    use crate::testing::Verdict;
    let counts = report.counts();
    let failing = report.files.iter().find_map(|file| {
        let run = file
            .runs
            .iter()
            .find(|run| matches!(run.verdict, Verdict::Failed(_) | Verdict::NoPolicy));
        match run {
            Some(run) => Some(format!("{}: {}", file.path.display(), run.name)),
            None => file.is_broken.then(|| file.path.display().to_string()),
        }
    });
    StoreError::Tests {
        failed: counts.failed + counts.errors,
        first: failing.unwrap_or_else(|| "a policy that the tests name".to_owned()),
    }
}
