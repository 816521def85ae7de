//! Governance: rules about the rules.
//!
//! The document is read (`read`, `filter`) as the others are: every error in one go. Then, where
//! schema and policy are sound, its rules are held against the checked policy, in which
//! definitions are expanded already: `index` finds the policy rules that a filter can select,
//! `select` selects and counts them, `report` says which governance rules are broken. `lint` says
//! what selects nothing and what can be evaded.
//!
//! A filter selects in two strengths. What is selected *fully* counts for everything. What is
//! selected only *weakly* (a shadow rule, a rule for some actors, a field that only an actor scope
//! reads) counts where counting makes a policy worse: for `forbid`, `max_count`, `exists: false`
//! and `allowed_fields`, never for `exists: true` and `min_count`. So whatever is in doubt, the
//! governance rule is held the stricter way.

mod filter;
mod hold;
mod index;
mod lint;
mod promise;
mod read;
mod report;
mod select;

pub(super) use hold::hold;
pub(super) use promise::{assumed, promises};
pub(super) use read::read;

use crate::diagnostic::Span;
use crate::model::{Domain, Effect, LanguageVersion, PromiseKind};
use crate::yaml::Node;

/// A governance document that has been read; rules in error are left out.
#[derive(Debug)]
pub(super) struct Governance<'d> {
    version: LanguageVersion,
    rules: Vec<GovernanceRule<'d>>,
}

/// One governance rule.
#[derive(Debug)]
struct GovernanceRule<'d> {
    id: &'d str,
    /// Where it is named.
    span: Span,
    applies_to: AppliesTo<'d>,
    filter: Filter<'d>,
    /// At least one, where there are no promises.
    demands: Vec<Demand<'d>>,
    /// What it says about behaviour.
    promise: Option<DraftPromise<'d>>,
    /// The organisation's text.
    error: &'d str,
}

/// `must: {never: ..}` and `{always: ..}` as they were read.
#[derive(Debug)]
struct DraftPromise<'d> {
    /// At least one, and where it says so.
    kinds: Vec<(PromiseKind, Span)>,
    assume: Option<&'d Node>,
    is_complete: bool,
}

/// Which actions a rule is held for.
#[derive(Debug)]
enum AppliesTo<'d> {
    EveryAction,
    /// At least one.
    Actions(Vec<Name<'d>>),
}

impl<'d> AppliesTo<'d> {
    /// The names; none where it is every action.
    fn names(&self) -> &[Name<'d>] {
        match self {
            Self::EveryAction => &[],
            Self::Actions(names) => names,
        }
    }
}

/// A name and where it stands.
#[derive(Clone, Copy, Debug)]
struct Name<'d> {
    text: &'d str,
    span: Span,
}

/// `select.where`: what is set has to hold, all of it.
#[derive(Debug, Default)]
struct Filter<'d> {
    id: Option<&'d str>,
    effect: Option<Effect>,
    action: Option<Name<'d>>,
    actor: Option<Name<'d>>,
    global: Option<bool>,
    reads: Option<FieldFilter<'d>>,
    tags: Vec<&'d str>,
}

/// `where.when.subject`: what is set has to hold of one and the same field. Something is set.
#[derive(Clone, Copy, Debug)]
struct FieldFilter<'d> {
    domain: Option<Domain>,
    name: Option<&'d str>,
    key: Option<&'d str>,
    span: Span,
}

/// One key of `must`.
#[derive(Debug)]
struct Demand<'d> {
    /// The key as written, with its value where that is short: `exists: true`.
    written: String,
    span: Span,
    kind: DemandKind<'d>,
}

#[derive(Debug)]
enum DemandKind<'d> {
    /// `min_count`, `exists: true`.
    AtLeast(u64),
    /// `max_count`, `exists: false`, `forbid`.
    AtMost(u64),
    /// `allowed_fields`.
    OnlyRead(Vec<AllowedField<'d>>),
}

/// An entry of `allowed_fields`: this very field. A map's name stands for all of its keys; an
/// object's name does not stand for its fields, which are not known to be harmless.
#[derive(Clone, Copy, Debug)]
struct AllowedField<'d> {
    domain: Domain,
    name: &'d str,
    key: Option<&'d str>,
    span: Span,
}

/// Whether the path is written so, with dots between its names.
fn is_path(path: &[String], text: &str) -> bool {
    let mut rest = text;
    for (index, name) in path.iter().enumerate() {
        let after = if index == 0 { Some(rest) } else { rest.strip_prefix('.') };
        match after.and_then(|after| after.strip_prefix(name.as_str())) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty() && !path.is_empty()
}

/// Whether the text names an object on the way to the path's end.
fn is_outer_path(path: &[String], text: &str) -> bool {
    (1..path.len()).any(|length| path.get(..length).is_some_and(|outer| is_path(outer, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_name_by_name() {
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(is_path(&path(&["customer", "tier"]), "customer.tier"));
        assert!(is_path(&path(&["customer.tier"]), "customer.tier"));
        for text in ["customer", "customer.tie", "customer.tier.x", "customertier", "", "tier"] {
            assert!(!is_path(&path(&["customer", "tier"]), text), "{text}");
        }
        assert!(is_outer_path(&path(&["customer", "tier"]), "customer"));
        assert!(!is_outer_path(&path(&["customer", "tier"]), "customer.tier"));
        assert!(!is_outer_path(&path(&["customer"]), "customer"));
        assert!(!is_outer_path(&path(&["customer", "tier"]), "custom"));
    }
}
