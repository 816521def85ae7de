//! Policies in files: `.actra` artifacts.

use super::Policy;
use crate::error::LoadError;
use actra_bytecode::Artifact;
use actra_bytecode::artifact::ArtifactError;
use actra_bytecode::limits::MAX_ARTIFACT_BYTES;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

impl Policy {
    /// Loads a compiled policy. Bytes from anyone may be tried: what is not a verified program is
    /// an error.
    pub fn from_artifact(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let artifact = Artifact::decode(bytes)?;
        Ok(Self::new(artifact, None))
    }

    /// Loads a compiled policy from an `.actra` file.
    pub fn from_artifact_file(path: &Path) -> Result<Self, LoadError> {
        let bytes =
            read_artifact(path).map_err(|error| LoadError::Io { path: path.to_owned(), error })?;
        Ok(Self::from_artifact(&bytes)?)
    }

    /// The artifact's bytes: the same for the same documents, wherever they are compiled.
    pub fn to_artifact(&self) -> Vec<u8> {
        self.inner.artifact.encode()
    }

    /// Writes the artifact to a file: beside it first, then in its place, so that whoever reads
    /// the file sees the old one or the new one.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
        };
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}.tmp", std::process::id()));
        let beside = path.with_file_name(beside);
        let written = write_new(&beside, &self.to_artifact());
        written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
            // What cannot be put in place is not left behind; the first error is the one to tell.
            let _ = fs::remove_file(&beside);
        })
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads at most one byte more than an artifact may have: whatever is larger is none.
fn read_artifact(path: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before opening: opening a named pipe waits for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_ARTIFACT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
