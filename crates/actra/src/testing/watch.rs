//! Notices when something that tests depend on changes, by asking the file system again.

use super::Options;
use super::find::find;
use super::report::Report;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(300);

/// How long nothing may change before a change is taken for done: editors and version control write
/// several files, and some of them twice.
const REST: Duration = Duration::from_millis(60);

/// How long to wait for that at most.
const MOST_RESTS: usize = 20;

/// How much file systems' clocks may be behind.
const CLOCK_STEP: Duration = Duration::from_millis(20);

/// At most one in so many parts of the time is spent on looking.
const LOOKING_SHARE: u32 = 10;

/// What test documents and policies looked like.
#[derive(Debug)]
pub struct Watch {
    options: Options,
    policies: Vec<PathBuf>,
    seen: Seen,
    /// When the run began that is the last or under way.
    began: SystemTime,
}

/// Files by path; `None`: it is not there.
type Seen = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

impl Watch {
    /// Remembers what the documents that the options name look like now: before they are run, so
    /// that no change goes unnoticed.
    pub fn new(options: &Options) -> Self {
        let mut watch = Self {
            options: options.clone(),
            policies: Vec::new(),
            seen: BTreeMap::new(),
            began: SystemTime::now(),
        };
        watch.seen = watch.look();
        watch
    }

    /// Adds the policies that a report names. To be called after each run; what has changed while
    /// it ran is noticed all the same.
    pub fn add_policies(&mut self, report: &Report) {
        let named = report.files.iter().filter_map(|file| file.policy.clone());
        for path in named {
            if !self.policies.contains(&path) {
                let mut files = Seen::new();
                policy_files(&path, &mut files);
                for state in files.values_mut() {
                    // Nobody knows whether the run saw this or what was there before.
                    *state = state.filter(|(modified, _)| *modified + CLOCK_STEP < self.began);
                }
                self.seen.append(&mut files);
                self.policies.push(path);
            }
        }
    }

    /// Waits until something has changed.
    pub fn wait(&mut self) {
        loop {
            let started = Instant::now();
            let seen = self.look();
            if seen != self.seen {
                self.seen = seen;
                self.settle();
                return;
            }
            std::thread::sleep(PAUSE.max(started.elapsed() * LOOKING_SHARE));
        }
    }

    fn settle(&mut self) {
        for _ in 0..MOST_RESTS {
            std::thread::sleep(REST);
            self.began = SystemTime::now();
            let seen = self.look();
            let is_done = seen == self.seen;
            self.seen = seen;
            if is_done {
                return;
            }
        }
    }

    fn look(&self) -> Seen {
        let mut seen = Seen::new();
        // While paths are being moved about, there may be nothing to find for a moment.
        for found in find(self.options.paths()).unwrap_or_default() {
            add(&found.path, &mut seen);
        }
        for policy in &self.policies {
            policy_files(policy, &mut seen);
        }
        seen
    }
}

fn add(path: &Path, seen: &mut Seen) {
    let state = fs::metadata(path)
        .ok()
        .map(|found| (found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len()));
    seen.insert(path.to_owned(), state);
}

/// The documents of a policy directory, those included that may come to be there.
fn policy_files(policy: &Path, seen: &mut Seen) {
    add(policy, seen);
    for name in ["schema.yaml", "policy.yaml", "governance.yaml"] {
        add(&policy.join(name), seen);
    }
    let more = fs::read_dir(policy.join("policies"));
    for entry in more.into_iter().flatten().flatten() {
        add(&entry.path(), seen);
    }
}
