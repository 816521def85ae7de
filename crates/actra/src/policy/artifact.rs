//! Policies in files: `.actra` artifacts.

use super::{Inner, Policy};
use crate::error::LoadError;
use crate::signing::{KeyId, LoadOptions};
use actra_bytecode::Artifact;
use actra_bytecode::artifact::{ArtifactError, Envelope, Proof, Signature};
use actra_bytecode::limits::MAX_ARTIFACT_BYTES;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

impl Policy {
    /// Loads a compiled policy. Bytes from anyone may be tried: what is not a verified program is
    /// an error.
    pub fn from_artifact(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let artifact = Artifact::decode(bytes)?;
        Ok(Self::new(artifact, None))
    }

    /// Loads a compiled policy that is what the options ask for. Who made it is checked before
    /// anything in it is read, and then its revision.
    pub fn from_artifact_with(bytes: &[u8], options: &LoadOptions) -> Result<Self, LoadError> {
        let envelope = Envelope::open(bytes)?;
        let verified = options.check_signatures(&envelope)?;
        options.check_revision(envelope.revision()?)?;
        Ok(Self { verified: verified.into(), ..Self::new(envelope.decode()?, None) })
    }

    /// Loads a compiled policy from an `.actra` file.
    pub fn from_artifact_file(path: &Path) -> Result<Self, LoadError> {
        Self::from_artifact_file_with(path, &LoadOptions::new())
    }

    /// Loads a compiled policy from an `.actra` file, if it is what the options ask for.
    pub fn from_artifact_file_with(path: &Path, options: &LoadOptions) -> Result<Self, LoadError> {
        let bytes =
            read_artifact(path).map_err(|error| LoadError::Io { path: path.to_owned(), error })?;
        Self::from_artifact_with(&bytes, options)
    }

    /// The owner's number for this state of the policy, for [`LoadOptions::min_revision`]; 0 where
    /// there is none. Of a loaded artifact it is the file's claim, unless
    /// [trusted keys](Policy::verified_keys) have signed it.
    pub fn revision(&self) -> u64 {
        self.inner.artifact.identity().revision
    }

    /// The same policy of another revision, and without signatures: they were of the other one.
    #[must_use]
    pub fn with_revision(self, revision: u64) -> Self {
        let artifact = self.inner.artifact.clone().with_revision(revision);
        Self { inner: Inner::new(artifact), verified: Arc::default(), ..self }
    }

    /// Signatures of the artifact, ascending by key: claims, but for those by
    /// [`Policy::verified_keys`].
    pub fn signatures(&self) -> &[Signature] {
        self.inner.artifact.signatures()
    }

    /// Trusted keys whose signatures were checked when the policy was loaded; none unless the
    /// [options](LoadOptions::trusted_keys) asked for them.
    pub fn verified_keys(&self) -> &[KeyId] {
        &self.verified
    }

    /// The same policy, signed by another key, too. A signature by the same key is replaced.
    ///
    /// # Errors
    /// If it has as many signatures as it may have.
    #[cfg(feature = "signing")]
    pub fn sign(self, key: &crate::signing::SigningKey) -> Result<Self, ArtifactError> {
        let mut artifact = self.inner.artifact.clone();
        artifact.add_signature(key.sign(&artifact))?;
        Ok(Self { inner: Inner::new(artifact), ..self })
    }

    /// Promises of the governance document that were proved when the policy was compiled, ascending
    /// by governance rule and promise. Of a loaded artifact they are the file's claim, unless
    /// [trusted keys](Policy::verified_keys) have signed it; nothing is proved anew when it is
    /// loaded.
    ///
    /// ```
    /// use actra::Policy;
    ///
    /// let policy = Policy::from_strings(
    ///     "version: 1\nactions: {refund: {fields: {}}}\n",
    ///     "version: 2\nrules: [{id: no, scope: {action: refund}, effect: block}]\n",
    ///     Some(
    ///         "version: 2\ngovernance: {rules: [{id: stays, must: {never: allow}, error: Money stays}]}\n",
    ///     ),
    /// )?;
    /// let loaded = Policy::from_artifact(&policy.to_artifact())?;
    /// let proof = loaded.proofs().next().ok_or("one promise")?;
    /// assert_eq!((proof.rule, proof.promise.to_string()), ("stays", "never: allow".to_owned()));
    /// assert!(proof.actions().eq(["refund"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn proofs(&self) -> impl ExactSizeIterator<Item = Proof<'_>> {
        self.inner.artifact.proofs()
    }

    /// Names and texts of the documents that the artifact holds: none, unless it was written
    /// [with them](Policy::with_documents). Of a loaded one they are the file's claim, until they
    /// [are compiled](Policy::compile_documents).
    pub fn documents(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.inner.artifact.documents()
    }

    /// The artifact's bytes: the same for the same documents, wherever they are compiled.
    pub fn to_artifact(&self) -> Vec<u8> {
        self.inner.artifact.encode()
    }

    /// Writes the artifact to a file: beside it first, then in its place, so that whoever reads
    /// the file sees the old one or the new one.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
        };
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        // Nobody else writes to a file of that name, be it another process or another thread.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        beside.push(format!(".{}.{number}.tmp", std::process::id()));
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
