//! How two policies differ.

use super::witness::{AsJson, Reason, Witness};
use super::{AnalysisError, DEFAULT_BUDGET};
use crate::decision::Effect;
use crate::policy::Policy;
use actra_analysis::{Change, Reducer, Source, diff as compare, reading_alike};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};
use serde_json::value::RawValue;

/// How a new policy differs from an old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whether every input that both admit gets the same effect and, where it is approval, the same
    /// required actions: `None` where that is undecided.
    pub same: Option<bool>,
    /// Whether the new policy lets some input through that the old one does not.
    pub weaker: bool,
    /// The changes, one for each pair of rules that decide otherwise; what lets most through comes
    /// first.
    pub changes: Vec<ChangeReport>,
    /// Whether there are more changes than were looked for.
    pub has_more: bool,
    /// Actions that only the new schema has.
    pub added_actions: Vec<String>,
    /// Actions that only the old schema has.
    pub removed_actions: Vec<String>,
    /// Maps that only the new schema has: entries of other types are input errors now.
    pub added_maps: Vec<String>,
    /// What could not be decided.
    pub undecided: Vec<UndecidedAction>,
    /// Steps that the searches took.
    pub steps: u64,
}

/// An action about which something is undecided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndecidedAction {
    /// The action; `None`: those that the schemas do not name.
    pub action: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// Which way a decision changes. An input error counts as a block: what enforces decisions blocks
/// on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The new policy lets more through, or requires less of an approval.
    Weaker,
    /// The new policy lets less through, or requires more of an approval.
    Stricter,
    /// From a block to an input error, or back.
    Level,
}

/// One way in which decisions change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeReport {
    /// The action; `None`: one that the schemas do not name.
    pub action: Option<String>,
    /// Which way.
    pub direction: Direction,
    /// An input, and what the old policy decides about it.
    pub old: Witness,
    /// What the new policy decides about the same input.
    pub new: Witness,
    /// Where both ask for approval: actions that only the old policy's rules require, as JSON.
    pub removed_required_actions: Vec<String>,
    /// And actions that only the new policy's rules require.
    pub added_required_actions: Vec<String>,
}

impl ChangeReport {
    /// The input.
    pub fn input(&self) -> &str {
        &self.old.input
    }
}

/// What is decided, without the input.
#[derive(Serialize)]
struct Decided<'w> {
    effect: Option<&'static str>,
    matched_rule: Option<&'w str>,
    error: Option<&'w str>,
}

impl<'w> Decided<'w> {
    fn of(witness: &'w Witness) -> Self {
        Self {
            effect: witness.effect.map(Effect::as_str),
            matched_rule: witness.matched_rule.as_deref(),
            error: witness.error.as_deref(),
        }
    }
}

impl Serialize for ChangeReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ChangeReport", 7)?;
        object.serialize_field("action", &self.action)?;
        object.serialize_field("direction", &self.direction)?;
        object.serialize_field("old", &Decided::of(&self.old))?;
        object.serialize_field("new", &Decided::of(&self.new))?;
        object.serialize_field("input", &AsJson(self.input()))?;
        let as_json = |actions: &'_ [String]| -> Vec<Box<RawValue>> {
            actions.iter().filter_map(|text| RawValue::from_string(text.clone()).ok()).collect()
        };
        let (removed, added) = (&self.removed_required_actions, &self.added_required_actions);
        object.serialize_field("removed_required_actions", &as_json(removed))?;
        object.serialize_field("added_required_actions", &as_json(added))?;
        object.end()
    }
}

/// How a new policy differs from an old one.
///
/// # Errors
/// If one of them has no documents, or they are too large.
pub fn diff(old: &Policy, new: &Policy) -> Result<Difference, AnalysisError> {
    diff_with(old, new, DEFAULT_BUDGET, &mut |_, _| {})
}

/// The same with another number of steps that each question may take. `progress` hears how many
/// actions of how many are done.
///
/// # Errors
/// As [`diff`].
pub fn diff_with(
    old: &Policy,
    new: &Policy,
    budget: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Difference, AnalysisError> {
    let (old, new) = (old.checked_again(None)?, new.checked_again(None)?);
    let [old_policy, new_policy] = reading_alike(&old.checked.policy, &new.checked.policy);
    let old_source = Source { policy: &old_policy, patterns: &old.checked.patterns };
    let new_source = Source { policy: &new_policy, patterns: &new.checked.patterns };
    let found =
        compare(old_source, new_source, budget, progress).map_err(AnalysisError::TooLarge)?;
    let reducer = Reducer::new(&[old_source, new_source]).map_err(AnalysisError::TooLarge)?;
    let changes: Vec<ChangeReport> = found
        .changes
        .iter()
        .map(|change| {
            let input = reducer.reduced(&change.input, None);
            ChangeReport {
                action: change.case.action().map(str::to_owned),
                direction: direction(change),
                old: Witness::new(old_source, &input, &change.old),
                new: Witness::new(new_source, &input, &change.new),
                removed_required_actions: change.removed_actions.clone(),
                added_required_actions: change.added_actions.clone(),
            }
        })
        .collect();
    let undecided: Vec<UndecidedAction> = found
        .undecided
        .iter()
        .map(|(case, why)| UndecidedAction {
            action: case.action().map(str::to_owned),
            reason: Reason::new(&new.sources, why),
        })
        .collect();
    Ok(Difference {
        same: match (changes.is_empty(), undecided.is_empty()) {
            (false, _) => Some(false),
            (true, false) => None,
            (true, true) => Some(
                found.added.is_empty() && found.removed.is_empty() && found.added_maps.is_empty(),
            ),
        },
        weaker: changes.iter().any(|change| change.direction == Direction::Weaker),
        changes,
        has_more: found.has_more,
        added_actions: found.added,
        removed_actions: found.removed,
        added_maps: found.added_maps.into_iter().collect(),
        undecided,
        steps: found.steps,
    })
}

fn direction(change: &Change) -> Direction {
    if change.is_weaker() {
        Direction::Weaker
    } else if change.is_stricter() {
        Direction::Stricter
    } else {
        Direction::Level
    }
}
