//! The checked policy: what the documents say once every name is resolved and every type fits.
//!
//! This is the one representation that everything past the checker reads: lowering, the policy
//! hash, analysis, and the reference evaluator of the tests. Nothing in it is optimised: order is
//! file order, conditions are as written (with definitions expanded), defaults are spelled out.

mod condition;
mod schema;

pub use condition::{
    Addend, Atom, Condition, FieldRef, Operand, Operator, OperatorShape, Quantifier, Sign,
};
pub use schema::{
    Action, Domain, Field, FieldType, ListType, Literal, ScalarKind, ScalarType, Schema,
};

use crate::diagnostic::{SourceId, Span};
use std::fmt;

/// Version of the policy language: its `version:` key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LanguageVersion {
    /// For policies written for the `actra` 0.7.8 package: numbers are IEEE doubles.
    V1,
    /// Today's language: numbers compare exactly.
    V2,
}

impl LanguageVersion {
    /// The number that stands behind `version:`.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// What a decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The operation may run.
    Allow,
    /// The operation waits for somebody's approval.
    RequireApproval,
    /// The operation may not run.
    Block,
}

impl Effect {
    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::RequireApproval => "require_approval",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How rules that fire are combined: `evaluation.combine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// Every block, then every approval, then every allow rule, each in file order.
    MostRestrictive,
    /// Rules with an action scope, then actor-only ones, then global ones, each in file order.
    FirstMatch,
}

/// What a missing field does to an atom: `evaluation.missing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingMode {
    /// The atom is unknown, and an unknown condition fires block and approval rules.
    FailClosed,
    /// The atom is false.
    NoMatch,
}

/// Whether inputs are held against the schema: `evaluation.inputs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputMode {
    /// An input that does not fit the schema is an input error.
    Checked,
    /// Declared types and constraints bind nothing at run time.
    Unchecked,
}

/// The `evaluation:` section with its version's defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// How rules combine.
    pub combine: Combine,
    /// The effect when no rule fires.
    pub default: Effect,
    /// What a missing field does.
    pub missing: MissingMode,
    /// Whether inputs are checked.
    pub inputs: InputMode,
}

impl Settings {
    /// The settings of a policy without an `evaluation:` section.
    pub const fn defaults(version: LanguageVersion) -> Self {
        match version {
            LanguageVersion::V1 => Self {
                combine: Combine::FirstMatch,
                default: Effect::Allow,
                missing: MissingMode::NoMatch,
                inputs: InputMode::Unchecked,
            },
            LanguageVersion::V2 => Self {
                combine: Combine::MostRestrictive,
                default: Effect::Block,
                missing: MissingMode::FailClosed,
                inputs: InputMode::Checked,
            },
        }
    }
}

/// A schema and a policy whose every name, type and literal has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPolicy {
    /// Version of the language that the policy is written in.
    pub version: LanguageVersion,
    /// Evaluation settings, defaults filled in.
    pub settings: Settings,
    /// What may be asked about.
    pub schema: Schema,
    /// The rules in file order: `policy.yaml`, then `policies/*.yaml` by file name.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, unique in the policy.
    pub id: String,
    /// Where it may apply.
    pub scope: Scope,
    /// Its condition with definitions expanded; `None` where `when` is left out (it fires whenever
    /// the scope holds). The actor scope is *not* part of it: see [`Rule::full_condition`].
    pub condition: Option<Condition>,
    /// What it decides.
    pub effect: Effect,
    /// Text for people.
    pub message: Option<String>,
    /// Data for the host, each in canonical JSON text (keys sorted, no white space).
    pub required_actions: Vec<String>,
    /// Whether the rule is only watched (`mode: shadow`).
    pub mode: Mode,
    /// Labels for governance.
    pub tags: Vec<String>,
    /// Text for people.
    pub description: Option<String>,
    /// Where it stands in the documents.
    pub place: Place,
}

impl Rule {
    /// The atom that an actor scope means: `actor.type in [...]`.
    pub fn actor_condition(&self) -> Option<Condition> {
        self.scope.actors.as_ref().map(|names| {
            Condition::Atom(Box::new(Atom {
                quantifier: None,
                subject: FieldRef::actor_type(),
                operator: Operator::In,
                operand: Operand::Literals(names.iter().cloned().map(Literal::String).collect()),
                place: self.place,
            }))
        })
    }

    /// The condition with the actor scope joined to it by `all`, as the language defines it.
    /// `None`: the rule fires whenever its action scope holds.
    pub fn full_condition(&self) -> Option<Condition> {
        match (self.actor_condition(), self.condition.clone()) {
            (None, condition) => condition,
            (Some(actor), None) => Some(actor),
            (Some(actor), Some(condition)) => Some(Condition::All(vec![actor, condition])),
        }
    }
}

/// A promise about behaviour: of all decisions about some inputs. No part of the policy: it is kept,
/// or the policy is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// The governance rule.
    pub id: String,
    /// What is promised.
    pub kind: PromiseKind,
    /// Of which actions; each on its own. Those that the schema lacks are left out.
    pub actions: Vec<String>,
    /// Only of inputs for which this is true or unknown.
    pub assume: Option<Condition>,
    /// Only of inputs that have every declared field.
    pub is_complete: bool,
    /// The organisation's text.
    pub error: String,
    /// Where the governance rule is named.
    pub place: Place,
    /// Where `never` or `always` stands.
    pub kind_place: Place,
}

/// What is promised of decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromiseKind {
    /// None has the effect.
    Never(Effect),
    /// All have the effect.
    Always(Effect),
}

impl PromiseKind {
    /// Whether a decision keeps it.
    pub fn is_kept_by(self, effect: Effect) -> bool {
        match self {
            Self::Never(never) => effect != never,
            Self::Always(always) => effect == always,
        }
    }
}

/// As governance documents write it: `never: allow`.
impl fmt::Display for PromiseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never(effect) => write!(f, "never: {effect}"),
            Self::Always(effect) => write!(f, "always: {effect}"),
        }
    }
}

/// Whether a rule takes part in decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It does.
    #[default]
    Enforce,
    /// It never changes a decision; the decision says what it would have done.
    Shadow,
}

/// A rule's scope. Both `None`: global.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Names of actions, as written, at least one.
    pub actions: Option<Vec<String>>,
    /// Kinds of actors, as written, at least one.
    pub actors: Option<Vec<String>>,
}

/// A place in the documents: which file (an index into the sources), line and column from 1, and
/// the bytes that are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Index into the sources that were compiled.
    pub source: u32,
    /// Line, from 1. 0: no place.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Place {
    /// The range of bytes, for diagnostics; `None` where there is no place.
    pub fn span(self) -> Option<Span> {
        let Self { source, line, start, end, .. } = self;
        (line > 0).then_some(Span { source: SourceId(source), start, end })
    }
}
