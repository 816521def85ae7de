//! What is recorded: a decision with its input, or an error in its place.

use super::LogError;
use crate::runtime::{AdmitError, DecisionEvent};
use crate::{Decision, Effect, InputError, InputValue, Policy, ShadowDecision};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bytes of a decision's id, at most.
const MAX_ID_BYTES: usize = 128;

/// What is to be recorded of a decision.
///
/// [`Entry::from`] makes one of what an observer is told; [`Entry::new`] is for hosts that ask a
/// [`Policy`] themselves.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    /// The decision's id; `None`: it gets one, a UUID of version 7.
    pub id: Option<&'e str>,
    /// When deciding began.
    pub time: SystemTime,
    /// The hash of the policy that was asked; `None`: none was.
    pub policy_hash: Option<[u8; 32]>,
    /// Its revision; 0: it has none.
    pub revision: u64,
    /// What was decided about.
    pub input: Input<'e>,
    /// What was decided.
    pub outcome: Result<&'e Decision, ErrorEntry<'e>>,
    /// How long deciding took.
    pub duration: Duration,
}

/// An input as the host has it.
#[derive(Clone, Copy, Debug)]
pub enum Input<'e> {
    /// JSON text. Where it is not JSON it is not recorded: nobody could tell what to mask.
    Json(&'e [u8]),
    /// A value: an object of `action`, `actor` and `snapshot`.
    Value(&'e InputValue),
    /// There is none.
    None,
}

/// Why there is no decision. Texts of errors are not recorded: they may hold what is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorEntry<'e> {
    /// The code of an input error, `resolver`, or `host` for anything else.
    pub code: &'e str,
    /// With which field; of a resolver, its domain.
    pub field: Option<&'e str>,
}

impl<'e> From<&'e InputError> for ErrorEntry<'e> {
    fn from(error: &'e InputError) -> Self {
        Self { code: error.code.as_str(), field: error.field.as_deref() }
    }
}

impl<'e> From<&'e AdmitError> for ErrorEntry<'e> {
    fn from(error: &'e AdmitError) -> Self {
        match error {
            AdmitError::Input(error) => error.into(),
            AdmitError::Resolver { domain, .. } => Self { code: "resolver", field: Some(domain) },
            AdmitError::Blocked(_) | AdmitError::ApprovalRequired(_) => {
                Self { code: "host", field: None }
            }
        }
    }
}

impl<'e> Entry<'e> {
    /// What a policy decided about an input, at this time.
    pub fn new(
        policy: &Policy,
        input: Input<'e>,
        outcome: Result<&'e Decision, &'e InputError>,
    ) -> Self {
        Self {
            id: None,
            time: SystemTime::now(),
            policy_hash: Some(policy.policy_hash()),
            revision: policy.revision(),
            input,
            outcome: outcome.map_err(ErrorEntry::from),
            duration: Duration::ZERO,
        }
    }
}

impl Entry<'_> {
    /// What an entry of any door has to be like.
    pub(super) fn check(&self) -> Result<(), LogError> {
        if self.id.is_some_and(|id| id.is_empty() || id.len() > MAX_ID_BYTES) {
            return Err(wrong("`id` has 1 to 128 bytes"));
        }
        if self.outcome.is_err_and(|error| !is_word(error.code)) {
            return Err(wrong("the error's `code` is no word"));
        }
        Ok(())
    }
}

impl<'e> From<&DecisionEvent<'e>> for Entry<'e> {
    fn from(event: &DecisionEvent<'e>) -> Self {
        let outcome = match (event.decision, event.error) {
            (Some(decision), _) => Ok(decision),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Err(ErrorEntry { code: "host", field: None }),
        };
        Self {
            id: None,
            time: event.time,
            policy_hash: Some(event.policy.policy_hash()),
            revision: event.policy.revision(),
            input: event.context.map_or(Input::None, Input::Value),
            outcome,
            duration: event.duration,
        }
    }
}

/// Reads a decision as every door writes it, `actra eval --format json` for one.
///
/// # Errors
/// [`LogError::Entry`] for anything else.
pub fn decision_of_json(text: &[u8]) -> Result<Decision, LogError> {
    let decision: JsonDecision = serde_json::from_slice(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        wrong(&format!("`decision` is no JSON of a decision at line {line} column {column}"))
    })?;
    decision.read()
}

/// An entry as other languages give it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonEntry<'t> {
    #[serde(default)]
    id: Option<String>,
    time_us: u64,
    #[serde(default)]
    policy_hash: Option<String>,
    #[serde(default)]
    revision: u64,
    #[serde(default, borrow)]
    input: Option<&'t RawValue>,
    #[serde(default)]
    decision: Option<JsonDecision>,
    #[serde(default)]
    error: Option<JsonError>,
    #[serde(default)]
    duration_ns: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonError {
    code: String,
    #[serde(default)]
    field: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonDecision {
    effect: String,
    #[serde(default)]
    matched_rule: Option<String>,
    #[serde(default)]
    matched_rules: Vec<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    required_actions: Vec<serde_json::Value>,
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    shadow: Option<JsonShadow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonShadow {
    effect: String,
    matched_rule: String,
}

/// The same, read and checked.
pub(super) struct OwnedEntry<'t> {
    id: Option<String>,
    time: SystemTime,
    policy_hash: Option<[u8; 32]>,
    revision: u64,
    input: Option<&'t str>,
    outcome: Result<Decision, JsonError>,
    duration: Duration,
}

impl<'t> OwnedEntry<'t> {
    pub(super) fn parse(text: &'t [u8]) -> Result<Self, LogError> {
        // Where it is, is told; what stands there is not.
        let entry: JsonEntry<'t> = serde_json::from_slice(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            wrong(&format!("it is not JSON of an entry's fields at line {line} column {column}"))
        })?;
        let time = UNIX_EPOCH.checked_add(Duration::from_micros(entry.time_us));
        let hash = |text: &str| super::Chain::parse(text).map(|bytes| bytes.0);
        let policy_hash = match &entry.policy_hash {
            None => None,
            Some(text) => {
                Some(hash(text).ok_or_else(|| wrong("`policy_hash` is no 64 hexadecimal digits"))?)
            }
        };
        let outcome = match (entry.decision, entry.error) {
            (Some(decision), None) => Ok(decision.read()?),
            (None, Some(error)) => Err(error),
            _ => return Err(wrong("it has either `decision` or `error`")),
        };
        Ok(Self {
            id: entry.id,
            time: time.ok_or_else(|| wrong("`time_us` is out of range"))?,
            policy_hash,
            revision: entry.revision,
            input: entry.input.map(RawValue::get),
            outcome,
            duration: Duration::from_nanos(entry.duration_ns),
        })
    }

    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            id: self.id.as_deref(),
            time: self.time,
            policy_hash: self.policy_hash,
            revision: self.revision,
            input: self.input.map_or(Input::None, |text| Input::Json(text.as_bytes())),
            outcome: self
                .outcome
                .as_ref()
                .map_err(|found| ErrorEntry { code: &found.code, field: found.field.as_deref() }),
            duration: self.duration,
        }
    }
}

/// Codes are words, and no place for texts.
fn is_word(code: &str) -> bool {
    let is_of_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&code.len()) && code.bytes().all(is_of_word)
}

fn wrong(what: &str) -> LogError {
    LogError::Entry { message: format!("the entry cannot be recorded: {what}") }
}

impl JsonDecision {
    fn read(self) -> Result<Decision, LogError> {
        let shadow = match self.shadow {
            None => None,
            Some(shadow) => Some(ShadowDecision {
                effect: effect(&shadow.effect)?,
                matched_rule: shadow.matched_rule,
            }),
        };
        Ok(Decision {
            effect: effect(&self.effect)?,
            matched_rule: self.matched_rule,
            matched_rules: self.matched_rules,
            message: self.message,
            required_actions: self.required_actions,
            missing: self.missing,
            shadow,
        })
    }
}

fn effect(text: &str) -> Result<Effect, LogError> {
    let known = [Effect::Allow, Effect::RequireApproval, Effect::Block];
    let found = known.into_iter().find(|effect| effect.as_str() == text);
    found.ok_or_else(|| wrong("its effect is none of `allow`, `block`, `require_approval`"))
}
