//! Explanations as data. `docs/explain.md` describes their JSON.

use crate::decision::{Decision, Effect};
use crate::error::InputError;
use actra_bytecode::ids::RuleId;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Why an input was decided as it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The decision: the same one that evaluation gives. `None` where the input is in error.
    pub decision: Option<Decision>,
    /// Why the input could not be decided.
    pub error: Option<InputError>,
    /// The settings that rules are combined by.
    pub settings: TraceSettings,
    /// The fields of the input that the schema names, by name as the short form writes it. Long
    /// strings and lists are cut.
    pub input: BTreeMap<String, Value>,
    /// Fields of the input that nothing reads: unknown to the schema, or another action's.
    pub ignored: Vec<IgnoredField>,
    /// The rules that are candidates for the input's action, in the order in which they decide.
    pub rules: Vec<RuleTrace>,
    /// How many rules are about other actions.
    pub other_rules: usize,
}

/// The settings of a policy, as their keywords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TraceSettings {
    /// Version of the language.
    pub version: u8,
    /// `most_restrictive` or `first_match`.
    pub combine: &'static str,
    /// The effect when no rule fires.
    pub default: &'static str,
    /// `fail_closed` or `no_match`.
    pub missing: &'static str,
    /// `checked` or `unchecked`.
    pub inputs: &'static str,
}

/// A field of the input that nothing reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IgnoredField {
    /// Its name.
    pub field: String,
    /// A field of the schema that may have been meant.
    pub did_you_mean: Option<String>,
}

/// What a rule did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleTrace {
    /// The rule in the program.
    #[serde(skip)]
    pub rule: RuleId,
    /// Its id.
    pub id: String,
    /// What it decides when it fires.
    #[serde(serialize_with = "keyword")]
    pub effect: Effect,
    /// Whether it is a shadow rule.
    pub shadow: bool,
    /// What became of it.
    pub standing: Standing,
    /// What its condition comes to, actor scope included.
    pub condition: TraceTruth,
    /// Whether the evaluation came to it. It does not come to rules behind the deciding one, nor to
    /// those that an index rules out.
    pub visited: bool,
    /// The field whose index ruled it out: its value is none that the rule's first test takes.
    pub skipped_by: Option<String>,
    /// The fewest tests that would have to come out otherwise for it to fire; 0 where it fires.
    pub lacks: usize,
    /// Where it stands in the documents, where that is known.
    pub place: Option<RulePlace>,
    /// Its tests; `None` where it fires whenever its scope holds.
    pub when: Option<ConditionTrace>,
}

/// A place in the documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulePlace {
    /// The file, as the policy calls it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It decided.
    Decided,
    /// An approval rule that fired beside the deciding one.
    Joined,
    /// A shadow rule that fired where nothing had decided yet.
    WouldFire,
    /// It fires, but another rule had decided before it.
    Outranked,
    /// It does not fire.
    NotFired,
}

/// What a condition or a test comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceTruth {
    /// False.
    False,
    /// Neither: something is missing, malformed or unfit.
    Unknown,
    /// True.
    True,
}

/// A condition with what its tests said. `not` has been pushed down to the tests.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionTrace {
    /// All of the parts.
    All(Vec<ConditionTrace>),
    /// Any of the parts.
    Any(Vec<ConditionTrace>),
    /// The tests of a condition whose shape is not known, in the order of its code. The compiler
    /// writes none such.
    Tests(Vec<TestTrace>),
    /// One test.
    Test(Box<TestTrace>),
}

/// What a test said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestTrace {
    /// The op in the program.
    #[serde(skip)]
    pub op: u32,
    /// The test as the short form writes it; long lists are cut.
    pub test: String,
    /// What it comes to.
    pub truth: TraceTruth,
    /// What it counts as: an unknown test of a rule that restricts counts as true, of one that
    /// allows as false.
    pub holds: bool,
    /// Whether it is one of the fewest that would have to come out otherwise for the rule to fire.
    pub lacking: bool,
    /// The fields that it reads and their values: left side, right side, what a sum adds.
    pub fields: Vec<FieldTrace>,
    /// Where it stands in the documents, where that is known.
    pub place: Option<RulePlace>,
}

/// A field that a test reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldTrace {
    /// Its name, as the short form writes it.
    pub field: String,
    /// What became of its value.
    pub state: FieldState,
    /// The value; null where it is missing. Long strings and lists are cut, and NaN and infinities
    /// are the strings `NaN`, `Infinity` and `-Infinity`.
    pub value: Value,
    /// Why it is malformed, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// What became of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldState {
    /// The input gives it.
    Given,
    /// The schema's default stands in for it.
    Default,
    /// It is absent or null.
    Missing,
    /// It is not of the form that the operator reads: no host name, no path.
    Malformed,
    /// It is of a kind that the operator is not for, or that does not go with the other side.
    Unfit,
}

impl FieldState {
    /// The word that JSON has.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Default => "default",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unfit => "unfit",
        }
    }
}

impl RuleTrace {
    /// Whether its condition makes it fire, whatever came before it.
    pub fn fires(&self) -> bool {
        self.standing != Standing::NotFired
    }

    /// Its tests, in order.
    pub fn tests(&self) -> Vec<&TestTrace> {
        let mut tests = Vec::new();
        if let Some(when) = &self.when {
            when.collect(&mut tests);
        }
        tests
    }
}

impl ConditionTrace {
    fn collect<'t>(&'t self, tests: &mut Vec<&'t TestTrace>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect(tests);
                }
            }
            Self::Tests(all) => tests.extend(all),
            Self::Test(test) => tests.push(test),
        }
    }

    /// What it comes to, by Kleene's logic.
    pub(super) fn truth(&self) -> TraceTruth {
        match self {
            Self::All(parts) => parts.iter().map(Self::truth).min().unwrap_or(TraceTruth::True),
            Self::Any(parts) => parts.iter().map(Self::truth).max().unwrap_or(TraceTruth::False),
            // How they combine is not known.
            Self::Tests(_) => TraceTruth::Unknown,
            Self::Test(test) => test.truth,
        }
    }
}

/// `{"all": [...]}`, `{"any": [...]}`, `{"tests": [...]}`, or the test.
impl Serialize for ConditionTrace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = match self {
            Self::Test(test) => return test.serialize(serializer),
            _ => serializer.serialize_map(Some(1))?,
        };
        match self {
            Self::All(parts) => map.serialize_entry("all", parts)?,
            Self::Any(parts) => map.serialize_entry("any", parts)?,
            Self::Tests(tests) => map.serialize_entry("tests", tests)?,
            Self::Test(_) => {}
        }
        map.end()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn keyword<S: Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(effect.as_str())
}
