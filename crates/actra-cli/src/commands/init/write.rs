//! Writes files that are not there yet: all of them, or none.

use crate::failure::Failure;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes the files into the directory, which is made if need be.
pub(super) fn all(directory: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    let obstacles = obstacles(directory, files);
    if !obstacles.is_empty() {
        return Err(in_the_way(&obstacles));
    }
    let mut made = Made::default();
    let result = files.iter().try_for_each(|(name, text)| made.file(&directory.join(name), text));
    if result.is_ok() {
        made.keep();
    }
    result
}

/// What is there already where a file or a directory is to be. Of a link, the link counts.
fn obstacles(directory: &Path, files: &[(String, String)]) -> Vec<PathBuf> {
    // A directory may be a link to one; anything else in its place is in the way.
    if fs::symlink_metadata(directory).is_ok() && !directory.is_dir() {
        return vec![directory.to_owned()];
    }
    let mut found = Vec::new();
    for (name, _) in files {
        let path = directory.join(name);
        let parent = path.parent().filter(|parent| *parent != directory);
        match parent.filter(|parent| fs::symlink_metadata(parent).is_ok() && !parent.is_dir()) {
            Some(parent) => found.push(parent.to_owned()),
            None if fs::symlink_metadata(&path).is_ok() => found.push(path),
            None => {}
        }
    }
    found.dedup();
    found
}

fn in_the_way(obstacles: &[PathBuf]) -> Failure {
    let names: Vec<String> = obstacles.iter().map(|path| format!("`{}`", path.display())).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} there already: nothing was written", names.join(", "));
    Failure::new("in_the_way", message).with_help("name a directory that is empty, or not there")
}

/// What has been made so far. It is taken away again unless it is kept.
#[derive(Debug, Default)]
struct Made {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Made {
    fn file(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        if let Some(parent) = path.parent() {
            self.directory(parent).map_err(|error| Failure::unwritable(parent, &error))?;
        }
        let failed = |error: io::Error| Failure::unwritable(path, &error);
        // A file that came to be in the meantime is not overwritten either.
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        self.files.push(path.to_owned());
        file.write_all(text.as_bytes()).map_err(failed)
    }

    fn directory(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.directory(parent)?;
        }
        fs::create_dir(path)?;
        self.directories.push(path.to_owned());
        Ok(())
    }

    fn keep(&mut self) {
        self.files.clear();
        self.directories.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What cannot be taken away stays; the failure that led here is the one to tell of.
        for file in self.files.drain(..).rev() {
            let _ = fs::remove_file(file);
        }
        for directory in self.directories.drain(..).rev() {
            let _ = fs::remove_dir(directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::fs;
    use std::path::Path;

    #[test]
    fn what_was_made_before_a_failure_is_taken_away_again() {
        let room = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../target/init_write_{}", std::process::id()));
        let _ = fs::remove_dir_all(&room);
        fs::create_dir_all(room.join("there")).unwrap();
        // The last name can be no file's, which only writing shows.
        let long = "n".repeat(5_000);
        let files =
            ["a.yaml", "deep/er/b.yaml", &long].map(|name| (name.to_owned(), "text".to_owned()));
        for directory in ["there", "new", "new/deep"] {
            assert!(all(&room.join(directory), &files).is_err());
        }
        let left: Vec<_> =
            fs::read_dir(&room).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["there"]);
        assert_eq!(fs::read_dir(room.join("there")).unwrap().count(), 0);
        assert!(all(&room.join("new"), &files[..2]).is_ok());
        assert_eq!(fs::read(room.join("new/deep/er/b.yaml")).unwrap(), b"text");
        fs::remove_dir_all(&room).unwrap();
    }
}
