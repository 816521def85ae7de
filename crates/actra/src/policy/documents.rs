//! Policies from documents, and what the compiler had to say of them.

use super::{Inner, Policy};
use crate::compile::{Compiled, Files, compile, digests};
use crate::error::{CompileError, DocumentsError, LoadError};
use crate::explain::RulePlace;
use crate::signing::LoadOptions;
use actra_bytecode::artifact::Digest;
use actra_compiler::check::{Checked, PolicyDocuments};
use actra_compiler::diagnostic::{Diagnostic, Severity, Sources, to_json};
use actra_compiler::lint::LintLevels;
use actra_compiler::lower::Origins;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// The documents that a policy was compiled from.
pub(super) struct Documents {
    warnings: Vec<Diagnostic>,
    silenced: Vec<Diagnostic>,
    sources: Sources,
    /// Which of them is what.
    ids: PolicyDocuments,
    /// What the program's ops come from.
    origins: Arc<Origins>,
}

static NO_SOURCES: LazyLock<Sources> = LazyLock::new(Sources::default);

impl Policy {
    /// Compiles documents in memory. In diagnostics they are called `schema.yaml`, `policy.yaml`
    /// and `governance.yaml`.
    pub fn from_strings(
        schema: &str,
        policy: &str,
        governance: Option<&str>,
    ) -> Result<Self, CompileError> {
        let mut sources = Sources::default();
        let documents = PolicyDocuments {
            schema: sources.add("schema.yaml", schema),
            policy: sources.add("policy.yaml", policy),
            more_policies: Vec::new(),
            governance: governance.map(|text| sources.add("governance.yaml", text)),
        };
        compile(sources, &documents).map(Self::of)
    }

    /// Compiles documents in files.
    pub fn from_files(
        schema: &Path,
        policy: &Path,
        governance: Option<&Path>,
    ) -> Result<Self, CompileError> {
        Files::new().compile(schema, policy, &[], governance).map(Self::of)
    }

    /// Compiles a policy directory: `schema.yaml`, `policy.yaml`, `policies/*.yaml` and
    /// `governance.yaml`, the last two where they are there.
    pub fn from_directory(directory: &Path) -> Result<Self, CompileError> {
        Files::new().directory(directory).map(Self::of)
    }

    /// Compiles a policy directory, or loads an artifact: whichever the path leads to.
    pub fn from_path(path: &Path) -> Result<Self, LoadError> {
        Self::from_path_with(path, &LoadOptions::new())
    }

    /// The same, if it is what the options ask for. Documents carry no signature, and are refused
    /// where trusted keys are given, or a revision is asked for.
    pub fn from_path_with(path: &Path, options: &LoadOptions) -> Result<Self, LoadError> {
        if !path.is_dir() {
            return Self::from_artifact_file_with(path, options);
        }
        options.check_documents()?;
        Ok(Self::from_directory(path)?)
    }

    pub(crate) fn of(compiled: Compiled) -> Self {
        let Compiled { artifact, warnings, silenced, sources, origins, documents: ids } = compiled;
        let origins = Arc::new(origins);
        Self::new(artifact, Some(Documents { warnings, silenced, sources, ids, origins }))
    }

    /// The policy if no warning about its documents is denied: a denied one is an error. Warnings
    /// that are allowed are dropped.
    ///
    /// A warning that a comment in the documents silences, with a reason, is none, and is not
    /// denied. An artifact has no warnings.
    ///
    /// ```
    /// use actra::{LintLevels, Policy};
    ///
    /// let policy = Policy::from_strings(
    ///     "version: 1\nactions: {refund: {fields: {}}, payout: {fields: {}}}\n",
    ///     "version: 2\nrules: [{id: a, scope: {action: refund}, effect: allow}]\n",
    ///     None,
    /// )?;
    /// assert_eq!(policy.warnings().len(), 1);
    /// let denied = policy.with_lint_levels(&LintLevels::new().deny("all")?).unwrap_err();
    /// assert_eq!(denied.diagnostics()[0].code.as_str(), "unreached_action");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there are denied warnings: with all of them, and the others.
    pub fn with_lint_levels(self, levels: &LintLevels) -> Result<Self, CompileError> {
        let Some(documents) = self.documents.as_deref().filter(|_| !levels.is_empty()) else {
            return Ok(self);
        };
        let warnings = levels.apply(documents.warnings.clone());
        let Documents { silenced, sources, ids, origins, .. } = documents;
        if warnings.iter().any(|found| found.severity == Severity::Error) {
            return Err(CompileError::denied(warnings, silenced.clone(), sources.clone()));
        }
        let documents = Documents {
            warnings,
            silenced: silenced.clone(),
            sources: sources.clone(),
            ids: ids.clone(),
            origins: Arc::clone(origins),
        };
        Ok(Self { documents: Some(Arc::new(documents)), ..self })
    }

    /// The same policy, whose artifact holds its documents, so that whoever loads it can
    /// [compile them](Policy::compile_documents) and ask more than a program can tell. Decisions,
    /// policy hash and program digest stay what they are; signatures are left out, since they are
    /// of an artifact without documents.
    ///
    /// Whoever has the artifact can read its documents, comments included.
    ///
    /// # Errors
    /// If the policy was loaded from an artifact that holds none, or if no artifact can hold so
    /// much.
    pub fn with_documents(self) -> Result<Self, DocumentsError> {
        if self.documents().len() > 0 {
            return Ok(self);
        }
        let documents = self.documents.as_deref().ok_or(DocumentsError::NoDocuments)?;
        let texts = documents.sources.files().iter().map(|file| file.text.as_str());
        let artifact = self.inner.artifact.clone().with_documents(texts)?;
        Ok(Self { inner: Inner::new(artifact), verified: Arc::default(), ..self })
    }

    /// The policy as its documents say it: itself, where it was compiled from documents; otherwise
    /// what the documents that its artifact holds compile to. That is proved to be the same policy:
    /// with the same program digest and policy hash, which then is no mere claim. What comes out has
    /// no signatures, and [sources](Policy::sources), warnings and proofs of its own.
    ///
    /// ```
    /// use actra::Policy;
    ///
    /// let policy = Policy::from_strings(
    ///     "version: 1\nactions: {refund: {fields: {amount: number}}}\n",
    ///     "version: 2\nrules: [{id: all, scope: {action: refund}, effect: allow}]\n",
    ///     None,
    /// )?;
    /// let loaded = Policy::from_artifact(&policy.clone().with_documents()?.to_artifact())?;
    /// assert!(loaded.is_artifact());
    /// assert_eq!(loaded.documents().len(), 2);
    /// assert_eq!(loaded.compile_documents()?.sources().files().len(), 2);
    ///
    /// let without = Policy::from_artifact(&policy.to_artifact())?;
    /// assert_eq!(without.compile_documents().unwrap_err().code(), "no_documents");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the artifact holds no documents, or others than those that it was compiled from, or if
    /// they do not compile, or not to the same program, since another version compiled them.
    pub fn compile_documents(&self) -> Result<Self, DocumentsError> {
        if !self.is_artifact() {
            return Ok(self.clone());
        }
        let (sources, documents) = in_their_roles(self.documents())?;
        let compiled = Self::of(compile(sources, &documents)?);
        self.is_the_same(Digest(compiled.program_digest()), Digest(compiled.policy_hash()))?;
        compiled.with_revision(self.revision()).with_documents()
    }

    /// Whether a program with that digest, of a policy with that hash, is what the artifact holds.
    fn is_the_same(&self, program: Digest, policy: Digest) -> Result<(), DocumentsError> {
        let stored = Digest(self.program_digest());
        if stored != program {
            let compiler = self.metadata().compiler().to_owned();
            return Err(DocumentsError::OtherProgram { stored, computed: program, compiler });
        }
        let claimed = Digest(self.policy_hash());
        if claimed != policy {
            return Err(DocumentsError::OtherPolicy { claimed, computed: policy });
        }
        Ok(())
    }

    /// The documents, to be checked once more: those that the policy was compiled from, or those that
    /// its artifact holds.
    pub(crate) fn to_check(&self) -> Result<(Sources, PolicyDocuments), DocumentsError> {
        match self.documents.as_deref() {
            Some(documents) => Ok((documents.sources.clone(), documents.ids.clone())),
            None => in_their_roles(self.documents()),
        }
    }

    /// Whether the policy's program is what documents compile to that have been checked. Of one that
    /// was compiled from them there is no doubt.
    pub(crate) fn is_made_of(&self, checked: &Checked) -> Result<(), DocumentsError> {
        if !self.is_artifact() {
            return Ok(());
        }
        let (program, policy) =
            digests(checked).map_err(|error| CompileError::new(vec![error], Sources::default()))?;
        self.is_the_same(program, policy)
    }

    /// What the compiler had to say besides errors.
    pub fn warnings(&self) -> &[Diagnostic] {
        self.documents.as_deref().map_or(&[], |documents| &documents.warnings)
    }

    /// [`Policy::warnings`] as JSON values, as [`CompileError::to_json`] tells errors.
    pub fn warnings_json(&self) -> Vec<serde_json::Value> {
        self.warnings().iter().map(|warning| to_json(warning, self.sources())).collect()
    }

    /// Warnings that comments in the documents silence: `# actra: allow CODE -- why`.
    pub fn silenced(&self) -> &[Diagnostic] {
        self.documents.as_deref().map_or(&[], |documents| &documents.silenced)
    }

    /// The documents that the policy was compiled from; none if it was loaded from an artifact.
    pub fn sources(&self) -> &Sources {
        self.documents.as_deref().map_or(&NO_SOURCES, |documents| &documents.sources)
    }

    /// What the program's ops come from, where it was compiled from documents.
    pub(crate) fn origins(&self) -> Option<&Origins> {
        self.documents.as_deref().map(|documents| &*documents.origins)
    }

    /// The text of an op's pattern, where it has one and the documents are there.
    pub(crate) fn pattern(&self, op: u32) -> Option<&str> {
        self.origins()?.pattern(op)
    }

    /// Where an op's test stands in the documents.
    pub(crate) fn place(&self, op: u32) -> Option<RulePlace> {
        let place = self.origins()?.place(op)?;
        let file = self.metadata().sources().nth(place.source as usize)?;
        Some(RulePlace { file: file.to_owned(), line: place.line, column: place.column })
    }
}

/// Documents of an artifact, which the compiler named by their roles.
fn in_their_roles<'a>(
    documents: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) -> Result<(Sources, PolicyDocuments), DocumentsError> {
    if documents.len() == 0 {
        return Err(DocumentsError::NoDocuments);
    }
    let mut sources = Sources::default();
    let (mut schema, mut policy, mut governance) = (None, None, None);
    let mut more_policies = Vec::new();
    for (name, text) in documents {
        let id = sources.add(name, text);
        match name {
            "schema.yaml" => schema = Some(id),
            "policy.yaml" => policy = Some(id),
            "governance.yaml" => governance = Some(id),
            _ if name.starts_with("policies/") => more_policies.push(id),
            _ => return Err(DocumentsError::Unknown { name: name.to_owned() }),
        }
    }
    let lacks = |name| DocumentsError::Lacks { name };
    let schema = schema.ok_or(lacks("schema.yaml"))?;
    let policy = policy.ok_or(lacks("policy.yaml"))?;
    Ok((sources, PolicyDocuments { schema, policy, more_policies, governance }))
}
