//! Checks documents: every name looked up, every type compared, every rule of the language page
//! enforced.
//!
//! The schema comes first (`schema`, `constraint`), then the policy (`policy`, `define`,
//! `rule`). A condition goes through two steps: it is *read* (`condition`, with `atom` and
//! `short` for the two forms of an atom, both ending as `raw` trees), then *typed* (`typing`,
//! by the operators' table in `operand`, with fields looked up by `resolve` and values fitted by
//! `literal`). A definition is read once and typed wherever a rule uses it, since what it may read
//! depends on that rule's scope.
//!
//! Where schema and policy are sound, the policy is held against the governance document
//! (`governance`).
//!
//! All errors of all documents are reported in one go. What could not be read is left out in
//! silence from then on, so that one mistake is one error.

#![expect(
    clippy::single_match_else,
    reason = "a match shows that what is found and what is not are two cases of equal rank"
)]
#![expect(
    clippy::unnecessary_box_returns,
    reason = "what does not fit is boxed from where it is found to where it is reported"
)]

mod atom;
mod condition;
mod constraint;
mod context;
mod data;
mod define;
mod duration;
mod fit;
mod governance;
mod habits;
mod literal;
mod meant;
mod names;
mod notes;
mod operand;
mod pattern;
mod policy;
mod raw;
mod resolve;
mod rule;
mod schema;
mod short;
mod sum;
mod token;
mod typing;
pub(crate) mod written;

use crate::diagnostic::{Report, SourceId, Sources};
use crate::lint::Silences;
use crate::model::{CheckedPolicy, Condition, Literal, Operand, Operator, Promise};
use crate::yaml::{self, Document};
use actra_bytecode::dfa::Dfa;
use context::Context;
pub(crate) use context::{excerpt, listing};
pub(crate) use literal::{as_integer, compare};
pub use notes::{AtomNote, FieldNote, LiteralNote, Notes, Repeat, RuleNote, SinglePart, Unused};
use std::collections::{BTreeMap, HashSet};

/// Which of the sources is what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocuments {
    /// `schema.yaml`.
    pub schema: SourceId,
    /// `policy.yaml`.
    pub policy: SourceId,
    /// `policies/*.yaml`, in order of file name.
    pub more_policies: Vec<SourceId>,
    /// `governance.yaml`.
    pub governance: Option<SourceId>,
}

/// What checking gives.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The policy.
    pub policy: CheckedPolicy,
    /// The automaton of every pattern in it, by the pattern's text.
    pub patterns: BTreeMap<String, Dfa>,
    /// Promises of the governance document, which are owed: whoever lowers the policy has to see
    /// that they are kept.
    pub promises: Vec<Promise>,
    /// What lints want to know besides.
    pub notes: Notes,
}

impl PolicyDocuments {
    /// All of them.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + '_ {
        let more = self.more_policies.iter().copied();
        [self.schema, self.policy].into_iter().chain(more).chain(self.governance)
    }
}

/// Checks the documents of a policy. `None` if and only if the report has errors.
pub fn check(
    sources: &Sources,
    documents: &PolicyDocuments,
    report: &mut Report,
) -> Option<Checked> {
    check_as_read(yaml::read, sources, documents, None, report).map(|(checked, _)| checked)
}

/// Checks the documents of a policy as they seem to be at first sight. What comes out, report and
/// all, is what [`check`] gives if [`confirms`] says so, and nothing is to be made of it otherwise.
pub fn check_ahead(
    sources: &Sources,
    documents: &PolicyDocuments,
    report: &mut Report,
) -> Option<Checked> {
    check_as_read(yaml::read_ahead, sources, documents, None, report).map(|(checked, _)| checked)
}

/// A condition that a question about a policy assumes, as governance documents write `assume`.
#[derive(Clone, Copy, Debug)]
pub struct Assumed<'a> {
    /// The document that it is all of.
    pub condition: SourceId,
    /// The actions that the question is about: the condition may read what a rule for all of them
    /// could. Those that the schema lacks are left out.
    pub actions: &'a [String],
}

/// Checks the documents of a policy, and a condition that is assumed of inputs. The automata of its
/// patterns are among those of the policy.
pub fn check_assuming(
    sources: &Sources,
    documents: &PolicyDocuments,
    assumed: Assumed<'_>,
    report: &mut Report,
) -> Option<(Checked, Condition)> {
    let (checked, condition) =
        check_as_read(yaml::read, sources, documents, Some(assumed), report)?;
    Some((checked, condition?))
}

/// Whether the documents are what [`check_ahead`] takes them for. This reads them, and takes about
/// as long as all else that compiling does: it is for a thread of its own.
pub fn confirms(sources: &Sources, documents: &PolicyDocuments) -> bool {
    documents.ids().all(|id| yaml::confirms(sources, id))
}

/// How a document is read.
type Read = fn(&Sources, SourceId, &mut Report) -> Option<Document>;

fn check_as_read(
    read: Read,
    sources: &Sources,
    documents: &PolicyDocuments,
    assumed: Option<Assumed<'_>>,
    report: &mut Report,
) -> Option<(Checked, Option<Condition>)> {
    let schema = read(sources, documents.schema, report);
    let policy = read(sources, documents.policy, report);
    let more: Vec<(SourceId, Document)> = documents
        .more_policies
        .iter()
        .filter_map(|id| Some((*id, read(sources, *id, report)?)))
        .collect();
    let is_unread =
        schema.is_none() || policy.is_none() || more.len() < documents.more_policies.len();
    if is_unread && !report.has_errors() {
        // Not simple: there is nothing to say of it at first sight.
        return None;
    }
    let mut cx = Context::new(sources, report);
    cx.version = policy.as_ref().and_then(policy::peek_version);
    let version = cx.version;
    let draft = schema
        .as_ref()
        .map_or_else(schema::DraftSchema::unreadable, |document| schema::check(&mut cx, document));
    cx.remember_fields(draft.field_names());
    let main = policy.as_ref().map(|document| (documents.policy, document));
    let rules = policy::check(&mut cx, &draft, main, &more);
    // What is noted from here on is not about the policy.
    let mut notes = std::mem::take(&mut cx.notes);
    let is_sound = !cx.report().has_errors();
    let before = cx.report().errors();
    let document = documents.governance.and_then(|id| read(sources, id, cx.report()));
    let is_yaml = cx.report().errors() == before;
    let governance = document.as_ref().and_then(|document| governance::read(&mut cx, document));
    if !is_sound {
        return None;
    }
    let promised = document.as_ref().zip(governance.as_ref());
    let asked =
        assumed.and_then(|assumed| Some((read(sources, assumed.condition, cx.report())?, assumed)));
    let (condition, asked_patterns) = asked
        .as_ref()
        .map(|(document, asked)| governance::assumed(&mut cx, &draft, document, asked.actions))
        .unwrap_or_default();
    let (promises, assumed) = promised
        .map(|(document, governance)| governance::promises(&mut cx, &draft, document, governance))
        .unwrap_or_default();
    notes.finish(schema.as_ref());
    let more = more.iter().map(|(_, document)| document);
    let all = schema.iter().chain(&policy).chain(more).chain(&document);
    notes.silences = Silences::of(sources, all);
    let checked = CheckedPolicy {
        version: version?,
        settings: rules.settings,
        schema: draft.into_schema(),
        rules: rules.rules,
    };
    // What is no sound YAML may say something else than it seems to.
    if let Some(governance) = governance.as_ref().filter(|_| is_yaml) {
        governance::hold(&mut cx, &checked, governance);
    }
    if cx.report().has_errors() {
        return None;
    }
    let mut used = HashSet::new();
    for condition in checked.rules.iter().filter_map(|rule| rule.condition.as_ref()) {
        patterns_of(condition, &mut used);
    }
    let mut patterns = rules.patterns.into_automata(|text| used.contains(text));
    used.clear();
    let of_promises = promises.iter().filter_map(|promise| promise.assume.as_ref());
    for condition in of_promises.chain(&condition) {
        patterns_of(condition, &mut used);
    }
    patterns.extend(assumed.into_automata(|text| used.contains(text)));
    patterns.extend(asked_patterns.into_automata(|text| used.contains(text)));
    Some((Checked { policy: checked, patterns, promises, notes }, condition))
}

fn patterns_of<'p>(condition: &'p Condition, used: &mut HashSet<&'p str>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                patterns_of(part, used);
            }
        }
        Condition::Not(part) => patterns_of(part, used),
        Condition::Atom(atom) => {
            if let (Operator::Matches, Operand::Literal(Literal::String(text))) =
                (atom.operator, &atom.operand)
            {
                used.insert(text);
            }
        }
    }
}
