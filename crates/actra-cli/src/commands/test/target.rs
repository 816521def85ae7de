//! The files that reports go to.

use crate::commands::target::replace;
use crate::failure::Failure;
use std::fs;
use std::path::{Path, PathBuf};

/// Extensions of what a slip of the hand must not cost: policies, their tests, and artifacts.
const SOURCES: [&str; 3] = ["yaml", "yml", "actra"];

/// Refuses files that must stay, before anything is run or written.
pub(super) fn check(report: Option<&Path>, coverage: Option<&Path>) -> Result<(), Failure> {
    if let (Some(report), Some(coverage)) = (report, coverage)
        && real(report) == real(coverage)
    {
        let message = "`--output` and `--coverage-output` name the same file";
        return Err(Failure::new("usage", message).with_help("name two files"));
    }
    for path in [report, coverage].into_iter().flatten() {
        if fs::symlink_metadata(path).is_ok() && (is_source(path) || is_source(&real(path))) {
            let message = format!("`{}` is there already and may be a source", path.display());
            return Err(Failure::new("in_the_way", message)
                .with_help("name another file: reports replace no `.yaml`, `.yml` or `.actra`"));
        }
    }
    Ok(())
}

/// Writes a report as a whole or not at all. Pipes and devices are written into.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let real = real(path);
    let written = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => fs::write(path, bytes),
        Ok(metadata) => replace(&real, bytes, Some(metadata.permissions())),
        Err(_) => replace(&real, bytes, None),
    };
    written.map_err(|error| Failure::unwritable(path, &error))
}

/// The path without links, also where only its directory is there.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match (fs::canonicalize(directory.unwrap_or(Path::new("."))), path.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => path.to_owned(),
    }
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        SOURCES.iter().any(|source| extension.eq_ignore_ascii_case(source))
    })
}
