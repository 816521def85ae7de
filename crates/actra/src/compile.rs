//! From documents to a policy.

use crate::error::CompileError;
use actra_bytecode::artifact::{Digest, Identity, Metadata};
use actra_bytecode::{Artifact, Program};
use actra_compiler::canonical::policy_hash;
use actra_compiler::check::{PolicyDocuments, check};
use actra_compiler::diagnostic::{Code, Diagnostic, Report, Severity, SourceId, Sources};
use actra_compiler::limits::MAX_DOCUMENT_BYTES;
use actra_compiler::lint::lint;
use actra_compiler::lower::{Origins, lower_with_origins};
use actra_compiler::model::{CheckedPolicy, Place};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Everything that compiling gives.
pub(crate) struct Compiled {
    pub(crate) artifact: Artifact,
    pub(crate) warnings: Vec<Diagnostic>,
    /// Warnings that comments in the documents silence.
    pub(crate) silenced: Vec<Diagnostic>,
    pub(crate) sources: Sources,
    pub(crate) origins: Origins,
}

/// Compiles documents that are in memory.
pub(crate) fn compile(
    sources: Sources,
    documents: &PolicyDocuments,
) -> Result<Compiled, CompileError> {
    let mut report = Report::default();
    let checked = check(&sources, documents, &mut report);
    let Some(checked) = checked.filter(|_| !report.has_errors()) else {
        return Err(CompileError::new(report.into_sorted(), sources));
    };
    let silenced = lint(&checked, &mut report);
    let assembled = lower_with_origins(&checked.policy, &checked.patterns)
        .map_err(|error| error.to_string())
        .and_then(|(program, origins)| {
            let metadata = metadata(&program, &checked.policy, &sources, documents);
            let policy_hash = Digest(policy_hash(&checked.policy));
            let artifact = Artifact::new(program, Identity { policy_hash, revision: 0 }, metadata)
                .map_err(|error| error.to_string())?;
            Ok((artifact, origins))
        });
    match assembled {
        Ok((artifact, origins)) => {
            let warnings = report.into_sorted();
            Ok(Compiled { artifact, warnings, silenced, sources, origins })
        }
        Err(error) => {
            report.push(Diagnostic::unplaced(
                Code::PolicyTooLarge,
                Severity::Error,
                format!("the policy cannot be compiled: {error}"),
            ));
            Err(CompileError::new(report.into_sorted(), sources))
        }
    }
}

/// Names for people. Files are called by their roles, so that the same documents give the same
/// artifact wherever they lie.
fn metadata(
    program: &Program,
    policy: &CheckedPolicy,
    sources: &Sources,
    documents: &PolicyDocuments,
) -> Metadata {
    let names: Vec<String> = sources
        .files()
        .iter()
        .zip(0..)
        .map(|(file, id)| match SourceId(id) {
            id if id == documents.schema => "schema.yaml".to_owned(),
            id if id == documents.policy => "policy.yaml".to_owned(),
            id if Some(id) == documents.governance => "governance.yaml".to_owned(),
            _ => {
                let name = Path::new(&file.name).file_name().unwrap_or_default();
                format!("policies/{}", name.to_string_lossy().escape_debug())
            }
        })
        .collect();
    let compiler = concat!("actra ", env!("CARGO_PKG_VERSION"));
    let mut metadata = Metadata::new(compiler, names.iter().map(String::as_str));
    for rule in program.rules() {
        let Some(rule) = policy.rules.get(rule.position as usize) else { continue };
        let Place { source, line, column, .. } = rule.place;
        let place = (line > 0).then_some((source, line, column));
        metadata.push_rule(place, rule.description.as_deref().unwrap_or(""));
    }
    metadata
}

/// Whether somebody may take the file for one with rules.
fn is_nearly_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yml") || extension.eq_ignore_ascii_case("yaml")
    })
}

/// Reads a regular file, at most one byte more of it than a document may have: that is enough for
/// the reader to refuse it.
pub(crate) fn read_document(path: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before opening: opening a named pipe waits for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Collects documents and what is wrong with the files that they come from.
pub(crate) struct Files {
    sources: Sources,
    report: Report,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { sources: Sources::default(), report: Report::default() }
    }

    /// Reads a file that must be there.
    fn read(&mut self, path: &Path) -> Option<SourceId> {
        match read_document(path) {
            Ok(bytes) => self.add(path, bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.problem(Code::MissingFile, format!("`{}` is not there", path.display()));
                None
            }
            Err(error) => {
                self.problem(
                    Code::UnreadableFile,
                    format!("`{}` cannot be read: {error}", path.display()),
                );
                None
            }
        }
    }

    fn add(&mut self, path: &Path, bytes: Vec<u8>) -> Option<SourceId> {
        match String::from_utf8(bytes) {
            Ok(text) => Some(self.sources.add(path.display().to_string(), text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                self.problem(
                    Code::UnreadableFile,
                    format!("`{}` is not UTF-8 at byte {at}", path.display()),
                );
                None
            }
        }
    }

    fn problem(&mut self, code: Code, message: String) {
        self.report.push(Diagnostic::unplaced(code, Severity::Error, message));
    }

    /// `schema.yaml`, `policy.yaml`, `governance.yaml` if there, `policies/*.yaml` by name.
    pub(crate) fn directory(mut self, directory: &Path) -> Result<Compiled, CompileError> {
        if !directory.is_dir() {
            self.problem(
                Code::MissingFile,
                format!("`{}` is not a directory", directory.display()),
            );
            return Err(CompileError::new(self.report.into_sorted(), self.sources));
        }
        let governance = self.governance(directory);
        let more = self.more_policies(&directory.join("policies"));
        self.compile(
            &directory.join("schema.yaml"),
            &directory.join("policy.yaml"),
            &more,
            governance.as_deref(),
        )
    }

    /// `governance.yaml`, if anything stands there: what cannot be read is an error, not a policy
    /// without governance. So is a file of nearly that name.
    fn governance(&mut self, directory: &Path) -> Option<PathBuf> {
        const NAME: &str = "governance.yaml";
        let path = directory.join(NAME);
        if fs::symlink_metadata(&path).is_ok() {
            return Some(path);
        }
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                self.problem(
                    Code::UnreadableFile,
                    format!("`{}` cannot be listed: {error}", directory.display()),
                );
                return None;
            }
        };
        let is_near = |path: &Path| {
            let stem = path.file_stem().unwrap_or_default();
            is_nearly_yaml(path) && stem.eq_ignore_ascii_case("governance")
        };
        let mut near: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| is_near(path)).collect();
        near.sort();
        for path in near {
            self.problem(
                Code::UnreadableFile,
                format!("`{}` would be left out: the file is called `{NAME}`", path.display()),
            );
        }
        None
    }

    fn more_policies(&mut self, directory: &Path) -> Vec<PathBuf> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.problem(
                    Code::UnreadableFile,
                    format!("`{}` cannot be read: {error}", directory.display()),
                );
                return Vec::new();
            }
        };
        let mut paths = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) if entry.path().extension().is_some_and(|ext| ext == "yaml") => {
                    paths.push(entry.path());
                }
                Ok(entry) if is_nearly_yaml(&entry.path()) => self.problem(
                    Code::UnreadableFile,
                    format!(
                        "`{}` would be left out: files with rules end in `.yaml`",
                        entry.path().display()
                    ),
                ),
                Ok(_) => {}
                Err(error) => self.problem(
                    Code::UnreadableFile,
                    format!("`{}` cannot be listed: {error}", directory.display()),
                ),
            }
        }
        paths.sort();
        paths
    }

    pub(crate) fn compile(
        mut self,
        schema: &Path,
        policy: &Path,
        more_policies: &[PathBuf],
        governance: Option<&Path>,
    ) -> Result<Compiled, CompileError> {
        let schema = self.read(schema);
        let policy = self.read(policy);
        let more_policies: Vec<SourceId> =
            more_policies.iter().filter_map(|path| self.read(path)).collect();
        let governance = governance.map(|path| self.read(path));
        match (schema, policy) {
            (Some(schema), Some(policy)) if !self.report.has_errors() => compile(
                self.sources,
                &PolicyDocuments {
                    schema,
                    policy,
                    more_policies,
                    governance: governance.flatten(),
                },
            ),
            _ => Err(CompileError::new(self.report.into_sorted(), self.sources)),
        }
    }
}
