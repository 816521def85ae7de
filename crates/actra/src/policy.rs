//! Policies: compiled documents, ready to decide.

use crate::compile::{Compiled, Files, compile};
use crate::decision::Decision;
use crate::error::{CompileError, InputError, LoadError};
use crate::explain::{self, Explanation};
use crate::input::{self, InputTree, Room};
use actra_bytecode::artifact::{ArtifactError, Metadata};
use actra_bytecode::ids::SlotId;
use actra_bytecode::limits::MAX_ARTIFACT_BYTES;
use actra_bytecode::{Artifact, Program};
use actra_compiler::check::PolicyDocuments;
use actra_compiler::diagnostic::{Diagnostic, Severity, Sources};
use actra_compiler::lint::LintLevels;
use actra_compiler::lower::Origins;
use actra_vm::{Frame, Outcome};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A compiled policy. Cloning is cheap, and any number of threads may use one.
///
/// ```
/// use actra::{Effect, Policy};
///
/// let policy = Policy::from_strings(
///     "version: 1\nactions: {refund: {fields: {amount: number}}}\n",
///     "version: 2\nrules:\n  - id: small\n    scope: {action: refund}\n    when: action.amount <= 100\n    effect: allow\n",
///     None,
/// )?;
/// let decision = policy.evaluate_json(br#"{"action": {"type": "refund", "amount": 20}}"#)?;
/// assert_eq!(decision.effect, Effect::Allow);
/// assert_eq!(decision.matched_rule.as_deref(), Some("small"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Inner>,
    said: Arc<Said>,
}

struct Inner {
    artifact: Artifact,
    tree: InputTree,
    /// What the program's ops come from, where it was compiled from documents.
    origins: Option<Origins>,
}

/// What the compiler had to say of the documents.
#[derive(Default)]
struct Said {
    warnings: Vec<Diagnostic>,
    silenced: Vec<Diagnostic>,
    sources: Sources,
}

/// How inputs are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// Fields that the schema does not name are ignored.
    #[default]
    Ignore,
    /// They are input errors.
    Refuse,
}

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

    /// Loads a compiled policy. Bytes from anyone may be tried: what is not a verified program is
    /// an error.
    pub fn from_artifact(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let artifact = Artifact::decode(bytes)?;
        Ok(Self::new(artifact, None, Said::default()))
    }

    /// Compiles a policy directory, or loads an artifact: whichever the path leads to.
    pub fn from_path(path: &Path) -> Result<Self, LoadError> {
        if path.is_dir() {
            return Ok(Self::from_directory(path)?);
        }
        let bytes =
            read_artifact(path).map_err(|error| LoadError::Io { path: path.to_owned(), error })?;
        Ok(Self::from_artifact(&bytes)?)
    }

    pub(crate) fn of(compiled: Compiled) -> Self {
        let Compiled { artifact, warnings, silenced, sources, origins } = compiled;
        Self::new(artifact, Some(origins), Said { warnings, silenced, sources })
    }

    fn new(artifact: Artifact, origins: Option<Origins>, said: Said) -> Self {
        let tree = InputTree::new(artifact.program());
        Self { inner: Arc::new(Inner { artifact, tree, origins }), said: Arc::new(said) }
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
        if levels.is_empty() {
            return Ok(self);
        }
        let warnings = levels.apply(self.said.warnings.clone());
        let Said { silenced, sources, .. } = &*self.said;
        if warnings.iter().any(|found| found.severity == Severity::Error) {
            return Err(CompileError::denied(warnings, silenced.clone(), sources.clone()));
        }
        let said = Said { warnings, silenced: silenced.clone(), sources: sources.clone() };
        Ok(Self { said: Arc::new(said), ..self })
    }

    /// The program.
    pub fn program(&self) -> &Program {
        self.inner.artifact.program()
    }

    /// What identifies the policy: the same in every process, binding and release. Of a loaded
    /// artifact it is the file's claim; [`Policy::program_digest`] is always computed.
    pub fn policy_hash(&self) -> [u8; 32] {
        self.inner.artifact.identity().policy_hash.0
    }

    /// The SHA-256 of the compiled program: it names exactly what runs.
    pub fn program_digest(&self) -> [u8; 32] {
        self.inner.artifact.digest().0
    }

    /// Whether the policy was loaded from an artifact rather than compiled from documents.
    pub fn is_artifact(&self) -> bool {
        self.inner.origins.is_none()
    }

    /// Names for people: where rules stand, what they are for.
    pub fn metadata(&self) -> &Metadata {
        self.inner.artifact.metadata()
    }

    /// The artifact's bytes: the same for the same documents, wherever they are compiled.
    pub fn to_artifact(&self) -> Vec<u8> {
        self.inner.artifact.encode()
    }

    /// What the compiler had to say besides errors.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.said.warnings
    }

    /// Warnings that comments in the documents silence: `# actra: allow CODE -- why`.
    pub fn silenced(&self) -> &[Diagnostic] {
        &self.said.silenced
    }

    /// The documents that the policy was compiled from; none if it was loaded from an artifact.
    pub fn sources(&self) -> &Sources {
        &self.said.sources
    }

    /// What the program's ops come from, where it was compiled from documents.
    pub(crate) fn origins(&self) -> Option<&Origins> {
        self.inner.origins.as_ref()
    }

    /// The schema's names in the shape of an input.
    pub(crate) fn tree(&self) -> &InputTree {
        &self.inner.tree
    }

    /// The slot of a field, as the short form writes it: `action.amount`,
    /// `action.labels["app/name"]`. Keys of maps have one if some rule reads them.
    pub fn slot(&self, name: &str) -> Option<SlotId> {
        self.program().find_slot(name)
    }

    /// A frame to fill slot by slot: the way with the least cost per decision. See
    /// [`Policy::decide`].
    pub fn frame<'v>(&self) -> Frame<'_, 'v> {
        Frame::new(self.program())
    }

    /// Decides the input in a frame. Allocates nothing.
    pub fn decide(frame: &mut Frame<'_, '_>) -> Result<Outcome, actra_vm::InputError> {
        actra_vm::evaluate(frame)
    }

    /// Spells out an outcome of [`Policy::decide`].
    pub fn decision(frame: &Frame<'_, '_>, outcome: &Outcome) -> Decision {
        Decision::of(outcome, frame)
    }

    /// Spells out an error of [`Policy::decide`].
    pub fn input_error(frame: &Frame<'_, '_>, error: &actra_vm::InputError) -> InputError {
        InputError::of(error, frame)
    }

    /// Decides an input given as JSON text: `{"action": {...}, "actor": {...}, "snapshot": {...}}`.
    pub fn evaluate_json(&self, text: &[u8]) -> Result<Decision, InputError> {
        self.evaluator(UnknownFields::Ignore).evaluate_json(text)
    }

    /// Decides an input given as YAML text.
    pub fn evaluate_yaml(&self, text: &[u8]) -> Result<Decision, InputError> {
        self.evaluator(UnknownFields::Ignore).evaluate_yaml(text)
    }

    /// Decides the input in a frame as [`Policy::decide`] does, and tells why.
    pub fn explain(&self, frame: &mut Frame<'_, '_>) -> Explanation {
        explain::explain(self, frame, &[])
    }

    /// Decides an input given as JSON text, and tells why. An input error is part of the answer.
    ///
    /// ```
    /// use actra::Policy;
    /// use actra::diagnostic::Style;
    /// use actra::explain::Detail;
    ///
    /// let policy = Policy::from_strings(
    ///     "version: 1\nactions: {refund: {fields: {amount: number}}}\n",
    ///     "version: 2\nrules:\n  - id: small\n    scope: {action: refund}\n    when: action.amount <= 100\n    effect: allow\n",
    ///     None,
    /// )?;
    /// let input = br#"{"action": {"type": "refund", "amount": 120}}"#;
    /// let explanation = policy.explain_json(input, actra::UnknownFields::Ignore);
    /// assert_eq!(explanation.rules[0].lacks, 1);
    /// let text = explanation.render(Style::Plain, Detail::Nearest);
    /// assert!(text.contains("✗ action.amount <= 100  120"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain_json(&self, text: &[u8], unknown_fields: UnknownFields) -> Explanation {
        let mut room = Room::keeping_unnamed();
        let mut frame = Frame::new(self.program());
        let refuses = unknown_fields == UnknownFields::Refuse;
        let filled = input::fill_from_json(text, &mut frame, &self.inner.tree, &mut room, refuses);
        self.explain_filled(filled, &mut frame, &room)
    }

    /// Decides an input given as YAML text, and tells why. An input error is part of the answer.
    pub fn explain_yaml(&self, text: &[u8], unknown_fields: UnknownFields) -> Explanation {
        let mut room = Room::keeping_unnamed();
        let mut frame = Frame::new(self.program());
        let refuses = unknown_fields == UnknownFields::Refuse;
        let filled = input::fill_from_yaml(text, &mut frame, &self.inner.tree, &mut room, refuses);
        self.explain_filled(filled, &mut frame, &room)
    }

    /// What there is to say of an input that could not be read.
    pub fn explain_error(&self, error: InputError) -> Explanation {
        explain::of_error(self, Some(error))
    }

    fn explain_filled(
        &self,
        filled: Result<(), input::Fault>,
        frame: &mut Frame<'_, '_>,
        room: &Room,
    ) -> Explanation {
        match filled {
            Ok(()) => explain::explain(self, frame, room.unnamed()),
            Err(fault) => self.explain_error(fault.into()),
        }
    }

    /// Decides one input text after the other with the same memory.
    pub fn evaluator(&self, unknown_fields: UnknownFields) -> Evaluator<'_> {
        Evaluator {
            tree: &self.inner.tree,
            frame: Some(Frame::new(self.program())),
            program: self.program(),
            room: Room::default(),
            refuses_unknown: unknown_fields == UnknownFields::Refuse,
        }
    }
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

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("hash", &crate::hex(&self.policy_hash()))
            .field("rules", &self.program().rules().len())
            .finish()
    }
}

/// Decides input texts, with memory that is kept between them.
#[derive(Debug)]
pub struct Evaluator<'p> {
    program: &'p Program,
    tree: &'p InputTree,
    frame: Option<Frame<'p, 'static>>,
    room: Room,
    refuses_unknown: bool,
}

impl Evaluator<'_> {
    /// Decides an input given as JSON text, and spells the decision out.
    pub fn evaluate_json(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        self.with_json(text, |outcome, frame| Decision::of(&outcome, frame))
    }

    /// Decides an input given as JSON text, and hands over the outcome with its frame. Where the
    /// input is in order, nothing is allocated once the evaluator has seen inputs as large.
    pub fn with_json<R>(
        &mut self,
        text: &[u8],
        then: impl FnOnce(Outcome, &Frame<'_, '_>) -> R,
    ) -> Result<R, InputError> {
        let program = self.program;
        let frame = self.frame.take().unwrap_or_else(|| Frame::new(program));
        let mut frame: Frame<'_, '_> = frame;
        let filled = input::fill_from_json(
            text,
            &mut frame,
            self.tree,
            &mut self.room,
            self.refuses_unknown,
        );
        let result = decide(&mut frame, filled, then);
        self.frame = Some(frame.recycle());
        result
    }

    /// Decides an input given as YAML text, and spells the decision out.
    pub fn evaluate_yaml(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        let program = self.program;
        let mut frame = self.frame.take().unwrap_or_else(|| Frame::new(program));
        let filled = input::fill_from_yaml(
            text,
            &mut frame,
            self.tree,
            &mut self.room,
            self.refuses_unknown,
        );
        let result = decide(&mut frame, filled, |outcome, frame| Decision::of(&outcome, frame));
        self.frame = Some(frame);
        result
    }
}

fn decide<R>(
    frame: &mut Frame<'_, '_>,
    filled: Result<(), input::Fault>,
    then: impl FnOnce(Outcome, &Frame<'_, '_>) -> R,
) -> Result<R, InputError> {
    filled?;
    match actra_vm::evaluate(frame) {
        Ok(outcome) => Ok(then(outcome, frame)),
        Err(error) => Err(InputError::of(&error, frame)),
    }
}
