//! A workload's folder for as long as doors are measured.

use super::Fallible;
use actra_benches::workload::Workload;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that goes when it is no longer needed.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Writes a workload into a folder of its own.
    pub(super) fn of(workload: &Workload) -> Fallible<Self> {
        let name = workload.name().replace(' ', "-");
        let path = std::env::temp_dir().join(format!("actra-bench-{}-{name}", std::process::id()));
        let folder = Self(path);
        workload.write(folder.path())?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
