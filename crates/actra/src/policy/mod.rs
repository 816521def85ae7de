//! Policies: compiled documents, ready to decide.

mod artifact;
mod describe;
#[cfg(feature = "compiler")]
mod documents;
mod evaluator;
#[cfg(not(feature = "compiler"))]
mod no_documents;
#[cfg(feature = "compiler")]
mod yaml;

pub use evaluator::Evaluator;

use crate::decision::Decision;
use crate::error::InputError;
use crate::explain::{self, Explanation};
use crate::input::{self, InputTree, Room};
use crate::signing::KeyId;
use actra_bytecode::artifact::Metadata;
use actra_bytecode::ids::SlotId;
use actra_bytecode::{Artifact, Program};
use actra_vm::{Frame, Outcome};
#[cfg(feature = "compiler")]
use documents::Documents;
#[cfg(not(feature = "compiler"))]
use no_documents::Documents;
use std::fmt;
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
    /// `None`: it was loaded from an artifact.
    documents: Option<Arc<Documents>>,
    /// Trusted keys whose signatures were checked.
    verified: Arc<[KeyId]>,
}

struct Inner {
    artifact: Artifact,
    tree: InputTree,
}

impl Inner {
    fn new(artifact: Artifact) -> Arc<Self> {
        let tree = InputTree::new(artifact.program());
        Arc::new(Self { artifact, tree })
    }
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
    fn new(artifact: Artifact, documents: Option<Documents>) -> Self {
        let (inner, documents) = (Inner::new(artifact), documents.map(Arc::new));
        Self { inner, documents, verified: Arc::default() }
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
        self.documents.is_none()
    }

    /// Names for people: where rules stand, what they are for.
    pub fn metadata(&self) -> &Metadata {
        self.inner.artifact.metadata()
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

    /// The slots that an entry of a map, or of what may be one, goes to besides the map itself: of
    /// the key that some rule reads, and of an object's member of that name under other actions.
    pub fn entry_slots(&self, map: SlotId, key: &str) -> impl Iterator<Item = SlotId> {
        let (tree, program) = (&self.inner.tree, self.program());
        [tree.entry(program, map, key), tree.member(program, map, key)].into_iter().flatten()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("hash", &crate::hex(&self.policy_hash()))
            .field("rules", &self.program().rules().len())
            .finish()
    }
}
