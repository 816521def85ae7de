//! Finds test documents.

use super::Error;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What names of test documents end in.
pub const SUFFIX: &str = "_test.yaml";

/// Directories that are passed over on the way down, beside hidden ones.
const PASSED_OVER: [&str; 2] = ["target", "node_modules"];

/// A test document and the name that reports call it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// A name like this would be left out, and somebody may take it for one that is run.
    pub(super) is_misnamed: bool,
}

/// The test documents that the paths lead to, each once: files as they are, directories searched
/// to the bottom, in order of name.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Found>, Error> {
    let mut search = Search::default();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| Error::of_io(path, error))?;
        if metadata.is_dir() {
            search.directory(path)?;
        } else {
            search.file(path.clone(), false);
        }
    }
    Ok(search.found)
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    /// Files and directories by their real paths: links may lead anywhere, in circles too.
    seen: HashSet<PathBuf>,
}

impl Search {
    fn file(&mut self, path: PathBuf, is_misnamed: bool) {
        if self.is_new(&path) {
            self.found.push(Found { path, is_misnamed });
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        self.seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    fn directory(&mut self, top: &Path) -> Result<(), Error> {
        let mut waiting = vec![top.to_owned()];
        while let Some(directory) = waiting.pop() {
            if !self.is_new(&directory) {
                continue;
            }
            let mut below = Vec::new();
            let entries = fs::read_dir(&directory);
            let mut names = entries
                .and_then(|entries| {
                    entries
                        .map(|entry| entry.map(|entry| entry.file_name()))
                        .collect::<Result<Vec<_>, _>>()
                })
                .map_err(|error| Error::of_io(&directory, error))?;
            names.sort();
            for name in names {
                // `.` is how the current directory is said, and no part of anybody's names.
                let path = if directory == Path::new(".") {
                    PathBuf::from(&name)
                } else {
                    directory.join(&name)
                };
                let name = name.to_string_lossy();
                if path.is_dir() {
                    if !name.starts_with('.') && !PASSED_OVER.contains(&&*name) {
                        below.push(path);
                    }
                } else if name.ends_with(SUFFIX) {
                    self.file(path, false);
                } else if name.to_lowercase().ends_with("_test.yml")
                    || name.to_lowercase().ends_with(SUFFIX)
                {
                    self.file(path, true);
                }
            }
            waiting.extend(below.into_iter().rev());
        }
        Ok(())
    }
}
