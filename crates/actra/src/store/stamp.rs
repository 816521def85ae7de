//! What files looked like, to notice that they have changed without reading them.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files of a directory that are looked at.
const MAX_WATCHED_FILES: usize = 10_000;

/// What a directory's documents, or an artifact, looked like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    files: BTreeMap<PathBuf, State>,
}

/// What one of them looked like: of what links lead to, since that is what is read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Missing,
    There {
        modified: Option<SystemTime>,
        length: u64,
        /// Changes with the owner, the permissions and the name, too, where the system tells.
        changed: (i64, i64),
        /// Which file it is, whatever its name.
        identity: (u64, u64),
    },
}

impl State {
    fn of(path: &Path) -> Self {
        fs::metadata(path).map_or(Self::Missing, |metadata| Self::There {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            changed: changed(&metadata),
            identity: identity(&metadata),
        })
    }
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
const fn changed(_: &Metadata) -> (i64, i64) {
    (0, 0)
}

#[cfg(not(unix))]
const fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

impl Stamp {
    /// Looks at a policy's files: of a directory at all documents in YAML below it, tests too.
    pub(super) fn of(path: &Path) -> Self {
        let mut stamp = Self::default();
        stamp.add(path);
        if path.is_dir() {
            stamp.directory(path);
        }
        stamp
    }

    fn add(&mut self, path: &Path) {
        self.files.insert(path.to_owned(), State::of(path));
    }

    fn directory(&mut self, top: &Path) {
        let mut waiting = vec![top.to_owned()];
        while let Some(directory) = waiting.pop() {
            let Ok(entries) = fs::read_dir(&directory) else { continue };
            for entry in entries.flatten() {
                // Links in circles, or a path to the wrong place, end here.
                if self.files.len() >= MAX_WATCHED_FILES {
                    return;
                }
                let path = entry.path();
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                let is_document = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
                if path.is_dir() && !is_hidden {
                    self.add(&path);
                    waiting.push(path);
                } else if is_document {
                    self.add(&path);
                }
            }
        }
    }
}
