//! From documents to a policy.

use crate::error::CompileError;
use crate::proofs;
use actra_analysis::prove;
use actra_bytecode::artifact::{Digest, Identity, Metadata};
use actra_bytecode::{Artifact, Program};
use actra_compiler::canonical::policy_hash;
use actra_compiler::check::{Checked, PolicyDocuments, check, check_ahead, confirms};
use actra_compiler::diagnostic::{Code, Diagnostic, Report, Severity, SourceId, Sources, suggest};
use actra_compiler::limits::MAX_DOCUMENT_BYTES;
use actra_compiler::lint::lint;
use actra_compiler::lower::{Origins, lower, lower_with_origins};
use actra_compiler::model::{CheckedPolicy, Place};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;

/// Everything that compiling gives.
pub(crate) struct Compiled {
    pub(crate) artifact: Artifact,
    pub(crate) warnings: Vec<Diagnostic>,
    /// Warnings that comments in the documents silence.
    pub(crate) silenced: Vec<Diagnostic>,
    pub(crate) sources: Sources,
    pub(crate) origins: Origins,
    pub(crate) documents: PolicyDocuments,
}

/// What is made of documents, or what keeps them from being a policy.
type Assembled = Result<(Artifact, Origins, Notices), Vec<Diagnostic>>;

/// Warnings, and those that comments in the documents silence.
struct Notices {
    warnings: Vec<Diagnostic>,
    silenced: Vec<Diagnostic>,
}

/// From so many bytes of documents on a thread is worth its start.
const AHEAD_FROM_BYTES: usize = 16 << 10;

/// Compiles documents that are in memory.
pub(crate) fn compile(
    sources: Sources,
    documents: &PolicyDocuments,
) -> Result<Compiled, CompileError> {
    let assembled =
        assemble_ahead(&sources, documents).unwrap_or_else(|| assemble(check, &sources, documents));
    match assembled {
        Ok((artifact, origins, Notices { warnings, silenced })) => {
            let documents = documents.clone();
            Ok(Compiled { artifact, warnings, silenced, sources, origins, documents })
        }
        Err(diagnostics) => Err(CompileError::new(diagnostics, sources)),
    }
}

/// Compiles documents as they seem to be at first sight, while another thread makes sure that this
/// is what they mean. `None` where it is not, or where that is not worth it.
fn assemble_ahead(sources: &Sources, documents: &PolicyDocuments) -> Option<Assembled> {
    let source = |id| sources.source(id).map_or(0, |source| source.text.len());
    if documents.ids().map(source).sum::<usize>() < AHEAD_FROM_BYTES {
        return None;
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("actra-yaml".to_owned());
        let confirmed = builder.spawn_scoped(scope, || confirms(sources, documents)).ok()?;
        let assembled = assemble(check_ahead, sources, documents);
        // A thread that panics has confirmed nothing.
        confirmed.join().unwrap_or(false).then_some(assembled)
    })
}

/// How documents are checked.
type Check = fn(&Sources, &PolicyDocuments, &mut Report) -> Option<Checked>;

fn assemble(check: Check, sources: &Sources, documents: &PolicyDocuments) -> Assembled {
    let mut report = Report::default();
    let checked = check(sources, documents, &mut report);
    let Some(checked) = checked.filter(|_| !report.has_errors()) else {
        return Err(report.into_sorted());
    };
    prove(&checked, &mut report);
    if report.has_errors() {
        return Err(report.into_sorted());
    }
    let silenced = lint(&checked, &mut report);
    let assembled = lower_with_origins(&checked.policy, &checked.patterns)
        .map_err(|error| error.to_string())
        .and_then(|(program, origins)| {
            let metadata = metadata(&program, &checked.policy, sources, documents);
            let policy_hash = Digest(policy_hash(&checked.policy));
            let governance = documents.governance.and_then(|id| sources.source(id));
            let governance = governance.map(|source| source.text.as_str());
            let artifact = Artifact::new(program, Identity { policy_hash, revision: 0 }, metadata)
                .and_then(|artifact| proofs::record(artifact, &checked.promises, governance))
                .map_err(|error| error.to_string())?;
            Ok((artifact, origins))
        });
    match assembled {
        Ok((artifact, origins)) => {
            let warnings = report.into_sorted();
            Ok((artifact, origins, Notices { warnings, silenced }))
        }
        Err(error) => {
            report.push(too_large(&error));
            Err(report.into_sorted())
        }
    }
}

fn too_large(error: &str) -> Diagnostic {
    let message = format!("the policy cannot be compiled: {error}");
    Diagnostic::unplaced(Code::PolicyTooLarge, Severity::Error, message)
}

/// The digest of the program that a policy compiles to, and the policy's hash.
pub(crate) fn digests(checked: &Checked) -> Result<(Digest, Digest), Diagnostic> {
    let program =
        lower(&checked.policy, &checked.patterns).map_err(|error| too_large(&error.to_string()))?;
    Ok((Digest::of(&program.encode()), Digest(policy_hash(&checked.policy))))
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

/// Whether a name is nearly the other one, or is it in another case.
fn is_near(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other) || suggest(name, [other]).is_some()
}

/// Whether a directory holds YAML and is no policy directory by itself.
fn holds_rules(directory: &Path) -> bool {
    let Ok(entries) = fs::read_dir(directory) else { return true };
    let mut names = entries.flatten().map(|entry| entry.path());
    !directory.join("schema.yaml").exists() && names.any(|path| is_nearly_yaml(&path))
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

    /// Compiles the documents of a directory.
    pub(crate) fn directory(self, directory: &Path) -> Result<Compiled, CompileError> {
        let (sources, documents) = self.read_directory(directory)?;
        compile(sources, &documents)
    }

    /// `schema.yaml`, `policy.yaml`, `governance.yaml` if there, `policies/*.yaml` by name.
    pub(crate) fn read_directory(
        mut self,
        directory: &Path,
    ) -> Result<(Sources, PolicyDocuments), CompileError> {
        if !directory.is_dir() {
            self.problem(
                Code::MissingFile,
                format!("`{}` is not a directory", directory.display()),
            );
            return Err(CompileError::new(self.report.into_sorted(), self.sources));
        }
        let governance = self.governance(directory);
        let more = self.more_policies(&directory.join("policies"));
        self.read_all(
            &directory.join("schema.yaml"),
            &directory.join("policy.yaml"),
            &more,
            governance.as_deref(),
        )
    }

    /// `governance.yaml`, if anything stands there: what cannot be read is an error, not a policy
    /// without governance.
    fn governance(&mut self, directory: &Path) -> Option<PathBuf> {
        self.near_misses(directory);
        let path = directory.join("governance.yaml");
        fs::symlink_metadata(&path).is_ok().then_some(path)
    }

    /// What somebody may take for a part of the policy, and would be left out of it.
    fn near_misses(&mut self, directory: &Path) {
        for path in self.list(directory) {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if path.is_dir() {
                let is_near = name == "policy" || is_near(name, "policies");
                if name != "policies" && is_near && holds_rules(&path) {
                    self.left_out(&path, "further rules stand in `policies`");
                }
                continue;
            }
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if is_nearly_yaml(&path) && name != "governance.yaml" && is_near(stem, "governance") {
                self.left_out(&path, "the file is called `governance.yaml`");
            } else if is_nearly_yaml(&path) && is_near(stem, "policies") {
                self.left_out(&path, "further rules stand in `policies/*.yaml`");
            }
        }
    }

    fn left_out(&mut self, path: &Path, why: &str) {
        let message = format!("`{}` would be left out: {why}", path.display());
        self.problem(Code::UnreadableFile, message);
    }

    /// What is in a directory, by name.
    fn list(&mut self, directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match entries {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
                paths.sort();
                paths
            }
            Err(error) => {
                self.problem(
                    Code::UnreadableFile,
                    format!("`{}` cannot be listed: {error}", directory.display()),
                );
                Vec::new()
            }
        }
    }

    /// The files of `policies/`. Where nothing stands there, there are none; a link that leads
    /// nowhere is no such nothing.
    fn more_policies(&mut self, directory: &Path) -> Vec<PathBuf> {
        if fs::symlink_metadata(directory)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        {
            return Vec::new();
        }
        let mut paths = Vec::new();
        for path in self.list(directory) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                paths.push(path);
            } else if is_nearly_yaml(&path) || path.file_name().is_some_and(|name| name == ".yaml")
            {
                self.left_out(&path, "files with rules end in `.yaml`");
            } else if path.is_dir() && holds_rules(&path) {
                self.left_out(&path, "files with rules stand in `policies` itself");
            }
        }
        paths
    }

    /// Compiles the documents in those files.
    pub(crate) fn compile(
        self,
        schema: &Path,
        policy: &Path,
        more_policies: &[PathBuf],
        governance: Option<&Path>,
    ) -> Result<Compiled, CompileError> {
        let (sources, documents) = self.read_all(schema, policy, more_policies, governance)?;
        compile(sources, &documents)
    }

    fn read_all(
        mut self,
        schema: &Path,
        policy: &Path,
        more_policies: &[PathBuf],
        governance: Option<&Path>,
    ) -> Result<(Sources, PolicyDocuments), CompileError> {
        let schema = self.read(schema);
        let policy = self.read(policy);
        let more_policies: Vec<SourceId> =
            more_policies.iter().filter_map(|path| self.read(path)).collect();
        let governance = governance.map(|path| self.read(path));
        match (schema, policy) {
            (Some(schema), Some(policy)) if !self.report.has_errors() => {
                let governance = governance.flatten();
                let documents = PolicyDocuments { schema, policy, more_policies, governance };
                Ok((self.sources, documents))
            }
            _ => Err(CompileError::new(self.report.into_sorted(), self.sources)),
        }
    }
}
