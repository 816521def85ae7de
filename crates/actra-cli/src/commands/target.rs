//! Files that commands write: as a whole or not at all, and over nothing of somebody else's.

use crate::failure::Failure;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a file may be that is replaced without asking.
#[derive(Debug)]
pub(super) struct Replaces {
    /// Whether the file is one.
    pub(super) is_one: fn(&Path) -> bool,
    /// The code where it is not,
    pub(super) code: &'static str,
    /// and what it then is.
    pub(super) what: &'static str,
    /// A name for a file of the kind.
    pub(super) example: &'static str,
}

/// A file to write as a whole or not at all.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
}

impl Target {
    /// Where to write. A link is followed, and its file replaced. What is there already must be of
    /// the kind that may be replaced, unless it is to be by force.
    pub(super) fn new(path: &Path, force: bool, replaces: &Replaces) -> Result<Self, Failure> {
        let shown = path.display();
        let resolved = match fs::canonicalize(path) {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::symlink_metadata(path).is_ok() {
                    let message = format!("`{shown}` is a link to a file that is not there");
                    return Err(Failure::new("not_a_file", message));
                }
                return Ok(Self { path: path.to_owned() });
            }
            Err(error) => return Err(Failure::unwritable(path, &error)),
        };
        let metadata =
            fs::metadata(&resolved).map_err(|error| Failure::unwritable(path, &error))?;
        if metadata.is_dir() {
            let help = format!("name a file in it: `{}`", path.join(replaces.example).display());
            return Err(
                Failure::new("not_a_file", format!("`{shown}` is a directory")).with_help(help)
            );
        }
        if !metadata.is_file() {
            return Err(Failure::new("not_a_file", format!("`{shown}` is no regular file")));
        }
        // An empty file holds nothing to lose.
        if !force && metadata.len() > 0 && !(replaces.is_one)(&resolved) {
            return Err(Failure::new(
                replaces.code,
                format!("`{shown}` is there and is {}: it stays as it is", replaces.what),
            )
            .with_help("name another file, or say `--force` to replace it"));
        }
        Ok(Self { path: resolved })
    }

    pub(super) fn replace(&self, bytes: &[u8]) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let failure = Failure::unwritable(&self.path, &error);
            match self.path.parent() {
                Some(parent) if error.kind() == io::ErrorKind::NotFound => {
                    failure.with_help(format!("the directory `{}` is not there", parent.display()))
                }
                _ => failure,
            }
        };
        replace(&self.path, bytes, None).map_err(failed)
    }
}

/// Puts a file in the place of another, or where there is none: it is written beside it, brought
/// to the disk, and renamed, so that a reader sees the old file or the new one. Links are not
/// followed here.
pub(super) fn replace(
    path: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let (mut file, temporary) = temporary(path)?;
    let result = file
        .write_all(bytes)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // What cannot be removed either is a file with a name that tells what it is.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// A new file beside the target, so that renaming it is one step.
fn temporary(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().unwrap_or_default();
    let mut number = 0_u32;
    loop {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.{number}.tmp", std::process::id()));
        let path = path.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
