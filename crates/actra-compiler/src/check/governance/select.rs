//! Selects rules and counts them.

use super::index::{Index, Indexed, ReadBy};
use super::{FieldFilter, Filter, is_outer_path, is_path};
use crate::limits::MAX_GOVERNANCE_STEPS;
use crate::model::{LanguageVersion, Mode};
use std::collections::HashMap;

/// Counts looks. Out of steps, nothing is held any more.
pub(super) struct Steps(u64);

impl Steps {
    pub(super) const fn new() -> Self {
        Self(MAX_GOVERNANCE_STEPS)
    }

    /// `None`: there are none left.
    pub(super) fn take(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.checked_sub(count as u64)?;
        Some(())
    }
}

/// A rule that a filter selects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected {
    pub(super) number: u32,
    /// Why it does not count for lower bounds, if it does not.
    pub(super) weakness: Option<Weakness>,
    /// Which of its reads the filter's field is, where the filter has one.
    pub(super) read: Option<usize>,
}

/// Why a rule does not count for `exists: true` and `min_count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weakness {
    /// It decides nothing.
    Shadow,
    /// It is for some actors, and the filter names none of them.
    SomeActors,
    /// Nothing but its actor scope reads the field.
    ReadByScope,
    /// It reads a field inside the object that is named.
    InsideObject,
}

/// The rules that the filter selects, in file order. `None`: out of steps.
pub(super) fn select(
    index: &Index<'_>,
    filter: &Filter<'_>,
    version: LanguageVersion,
    steps: &mut Steps,
) -> Option<Vec<Selected>> {
    let candidates = index.candidates(filter);
    let mut selected = Vec::new();
    for number in candidates.iter().copied() {
        let Some(indexed) = index.rule(number) else { continue };
        let scope = &indexed.rule.scope;
        let in_scope = |names: &Option<Vec<String>>| names.as_ref().map_or(0, Vec::len);
        steps.take(1 + in_scope(&scope.actions) + in_scope(&scope.actors))?;
        steps.take(filter.tags.len() * indexed.rule.tags.len())?;
        if filter.reads.is_some() {
            steps.take(indexed.reads.len())?;
        }
        if let Ok(Match { weakness, read }) = look(filter, version, indexed) {
            selected.push(Selected { number, weakness, read });
        }
    }
    Some(selected)
}

/// How a filter selects a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    weakness: Option<Weakness>,
    read: Option<usize>,
}

/// What a rule lacks to be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacks<'f> {
    Id,
    Effect,
    Action(&'f str),
    Actor(&'f str),
    Global(bool),
    Tag(&'f str),
    Field,
}

/// Holds a rule against a filter.
pub(super) fn look<'f>(
    filter: &Filter<'f>,
    version: LanguageVersion,
    indexed: &Indexed<'_>,
) -> Result<Match, Lacks<'f>> {
    let rule = indexed.rule;
    let names = |names: &Option<Vec<String>>, name: &str| {
        names.as_ref().is_some_and(|names| names.iter().any(|one| one == name))
    };
    if filter.id.is_some_and(|id| rule.id != id) {
        return Err(Lacks::Id);
    }
    if filter.effect.is_some_and(|effect| rule.effect != effect) {
        return Err(Lacks::Effect);
    }
    if let Some(action) = filter.action.filter(|action| !names(&rule.scope.actions, action.text)) {
        return Err(Lacks::Action(action.text));
    }
    if let Some(actor) = filter.actor.filter(|actor| !names(&rule.scope.actors, actor.text)) {
        return Err(Lacks::Actor(actor.text));
    }
    let is_global = rule.scope.actions.is_none() && rule.scope.actors.is_none();
    if let Some(global) = filter.global.filter(|global| *global != is_global) {
        return Err(Lacks::Global(global));
    }
    if let Some(tag) = filter.tags.iter().find(|tag| !rule.tags.iter().any(|one| one == *tag)) {
        return Err(Lacks::Tag(tag));
    }
    let read = match filter.reads {
        Some(field) => Some(reading(field, version, indexed).ok_or(Lacks::Field)?),
        None => None,
    };
    // With an actor in the filter, the rule is for that actor.
    let for_some = rule.scope.actors.is_some() && filter.actor.is_none();
    let weakness = match rule.mode {
        Mode::Shadow => Some(Weakness::Shadow),
        Mode::Enforce if for_some => Some(Weakness::SomeActors),
        Mode::Enforce => read.and_then(|(_, weakness)| weakness),
    };
    Ok(Match { weakness, read: read.map(|(number, _)| number) })
}

/// Which of a rule's reads the field is, and how weakly. `None`: none is.
fn reading(
    filter: FieldFilter<'_>,
    version: LanguageVersion,
    indexed: &Indexed<'_>,
) -> Option<(usize, Option<Weakness>)> {
    let mut weakest = None;
    for (number, read) in indexed.reads.iter().enumerate() {
        let field = &read.field;
        if filter.domain.is_some_and(|domain| domain != field.domain)
            || filter.key.is_some_and(|key| field.key.as_deref() != Some(key))
        {
            continue;
        }
        let is_it = filter.name.is_none_or(|name| is_path(&field.path, name));
        let is_inside = filter.key.is_none()
            && filter.name.is_some_and(|name| is_outer_path(&field.path, name));
        match (version, read.by) {
            // As 0.7.8: left sides alone, and a name is a name.
            (LanguageVersion::V1, ReadBy::Left) if is_it => return Some((number, None)),
            (LanguageVersion::V1, _) => {}
            (LanguageVersion::V2, ReadBy::Left | ReadBy::Right) if is_it => {
                return Some((number, None));
            }
            (LanguageVersion::V2, ReadBy::ActorScope) if is_it => {
                weakest = weakest.or(Some((number, Some(Weakness::ReadByScope))));
            }
            (LanguageVersion::V2, _) if is_inside => {
                weakest = weakest.or(Some((number, Some(Weakness::InsideObject))));
            }
            (LanguageVersion::V2, _) => {}
        }
    }
    weakest
}

/// Rules of a policy by the actions that they can be candidates for.
#[derive(Debug, Default)]
pub(super) struct Group<'p> {
    /// Those without an action scope, or all of them where actions do not matter.
    everywhere: Vec<u32>,
    by_action: HashMap<&'p str, Vec<u32>>,
}

impl<'p> Group<'p> {
    /// Groups the rules. `None`: out of steps.
    pub(super) fn by_action(
        index: &Index<'p>,
        numbers: impl Iterator<Item = u32>,
        steps: &mut Steps,
    ) -> Option<Self> {
        let mut group = Self::default();
        for number in numbers {
            let Some(indexed) = index.rule(number) else { continue };
            match &indexed.rule.scope.actions {
                None => group.everywhere.push(number),
                Some(actions) => {
                    steps.take(actions.len())?;
                    for action in actions {
                        group.by_action.entry(action).or_default().push(number);
                    }
                }
            }
        }
        Some(group)
    }

    /// Rules of the policy as a whole.
    pub(super) fn whole(numbers: impl Iterator<Item = u32>) -> Self {
        Self { everywhere: numbers.collect(), by_action: HashMap::new() }
    }

    fn of(&self, action: Option<&str>) -> &[u32] {
        action.and_then(|action| self.by_action.get(action)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn count(&self, action: Option<&str>) -> usize {
        self.everywhere.len() + self.of(action).len()
    }

    /// The first of them in file order.
    pub(super) fn first(&self, action: Option<&str>, most: usize) -> Vec<u32> {
        let (one, other) = (&self.everywhere, self.of(action));
        let mut first: Vec<u32> =
            one.iter().take(most).chain(other.iter().take(most)).copied().collect();
        first.sort_unstable();
        first.truncate(most);
        first
    }
}
