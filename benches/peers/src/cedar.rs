//! `cedar-policy`. Documents are parsed once; actors and roles are entities that are at hand; a
//! request and its context are made for each decision, or are ready.

mod guard;
mod lists;

use crate::peer::{Fallible, Inputs, Peer, When, effect_of, told};
use crate::workload::{Kind, Workload};
use actra::Effect;
use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Entities, EntityId, EntityTypeName, EntityUid, Policy,
    PolicyId, PolicySet, PrincipalConstraint, Request,
};
use std::collections::HashMap;
use std::str::FromStr;

/// Why W5 is not among what Cedar decides here.
const NO_PATTERNS: &str = "Cedar's only test of a part of a string is `like`, which has no alternatives and no repetitions";

struct Cedar {
    authorizer: Authorizer,
    entities: Entities,
    policies: Policies,
    requests: Inputs<Request>,
}

/// Which policies a request is held against.
enum Policies {
    /// All of them.
    Whole(PolicySet),
    /// Those whose scope names its action, its principal or both, or leaves them open, by an index
    /// that is the caller's.
    Sliced { by_scope: HashMap<EntityUid, Slice>, others: PolicySet, key: Key },
}

/// Policies under a key of the index.
enum Slice {
    Set(PolicySet),
    ByPrincipal(HashMap<EntityUid, PolicySet>),
}

/// What slices are looked up by.
#[derive(Clone, Copy)]
enum Key {
    Action,
    Principal,
    Both,
}

/// A policy's id begins with its place: the first of those that decided is the least id.
fn policy_id(place: usize, outcome: &str) -> PolicyId {
    PolicyId::new(format!("{place:05} {outcome}"))
}

fn outcome_of(policy: &str) -> &str {
    policy.get(6..).unwrap_or_default()
}

pub fn whole(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let policies = policies(workload)?;
    new(workload, when, Policies::Whole(PolicySet::from_policies(policies)?))
}

pub fn sliced(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let policies = policies(workload)?;
    let key = match workload.kind {
        Kind::Guard(_) => Key::Action,
        Kind::Roles { .. } => Key::Principal,
        Kind::Tenants { .. } => Key::Both,
        Kind::Thresholds { .. } => return Err("no scope tells the rules apart".into()),
        Kind::Strings(_) => return Err(NO_PATTERNS.into()),
    };
    let mut open = Vec::new();
    let mut named: HashMap<EntityUid, Vec<Policy>> = HashMap::new();
    for policy in &policies {
        let keys = match key {
            Key::Action | Key::Both => actions_of(policy),
            Key::Principal => principal_of(policy).into_iter().collect(),
        };
        if keys.is_empty() {
            open.push(policy.clone());
        }
        for key in keys {
            named.entry(key).or_default().push(policy.clone());
        }
    }
    let set = |policies: Vec<Policy>| -> Fallible<PolicySet> {
        Ok(PolicySet::from_policies(policies.into_iter().chain(open.clone()))?)
    };
    let slice = |policies: Vec<Policy>| -> Fallible<Slice> {
        if !matches!(key, Key::Both) {
            return Ok(Slice::Set(set(policies)?));
        }
        let mut by_principal: HashMap<EntityUid, Vec<Policy>> = HashMap::new();
        for policy in policies {
            let principal = principal_of(&policy).ok_or("a policy for every principal")?;
            by_principal.entry(principal).or_default().push(policy);
        }
        let sets = by_principal.into_iter().map(|(key, policies)| Ok((key, set(policies)?)));
        Ok(Slice::ByPrincipal(sets.collect::<Fallible<_>>()?))
    };
    let by_scope = named
        .into_iter()
        .map(|(key, policies)| Ok((key, slice(policies)?)))
        .collect::<Fallible<_>>()?;
    let others = set(Vec::new())?;
    new(workload, when, Policies::Sliced { by_scope, others, key })
}

fn actions_of(policy: &Policy) -> Vec<EntityUid> {
    match policy.action_constraint() {
        ActionConstraint::Eq(action) => vec![action],
        ActionConstraint::In(actions) => actions,
        ActionConstraint::Any => vec![],
    }
}

fn principal_of(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(principal) => Some(principal),
        _ => None,
    }
}

fn new(workload: &'static Workload, when: When, policies: Policies) -> Fallible<Box<dyn Peer>> {
    let (entities, requests) = match &workload.kind {
        Kind::Guard(inputs) => guard::inputs(inputs, when)?,
        Kind::Roles { inputs, .. } => lists::roles_inputs(inputs, when)?,
        Kind::Tenants { inputs, .. } => lists::tenants_inputs(inputs, when)?,
        Kind::Thresholds { risks, .. } => lists::thresholds_inputs(risks, when)?,
        Kind::Strings(_) => return Err(NO_PATTERNS.into()),
    };
    Ok(Box::new(Cedar { authorizer: Authorizer::new(), entities, policies, requests }))
}

impl Policies {
    fn of(&self, request: &Request) -> &PolicySet {
        let (by_scope, others, key) = match self {
            Self::Whole(policies) => return policies,
            Self::Sliced { by_scope, others, key } => (by_scope, others, key),
        };
        let uid = match key {
            Key::Action | Key::Both => request.action(),
            Key::Principal => request.principal(),
        };
        let found = match uid.and_then(|uid| by_scope.get(uid)) {
            Some(Slice::Set(policies)) => Some(policies),
            Some(Slice::ByPrincipal(sets)) => request.principal().and_then(|uid| sets.get(uid)),
            None => None,
        };
        found.unwrap_or(others)
    }
}

impl Cedar {
    /// Decides an input and does something with the outcome: an effect and perhaps a rule.
    fn ask<R>(&self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        self.requests.with(at, |request| {
            let policies = self.policies.of(request);
            let response = self.authorizer.is_authorized(request, policies, &self.entities);
            let diagnostics = response.diagnostics();
            if let Some(error) = diagnostics.errors().next() {
                return Err(error.to_string().into());
            }
            let first = diagnostics.reason().map(AsRef::<str>::as_ref).min();
            match (first, response.decision()) {
                (Some(policy), _) => act(outcome_of(policy)),
                (None, Decision::Deny) => act("block"),
                (None, Decision::Allow) => Err("allowed for no reason".into()),
            }
        })?
    }
}

impl Peer for Cedar {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}

fn policies(workload: &Workload) -> Fallible<Vec<Policy>> {
    match &workload.kind {
        Kind::Guard(_) => guard::policies(),
        Kind::Roles { rules, .. } => lists::roles_policies(rules),
        Kind::Tenants { rules, .. } => lists::tenants_policies(rules),
        Kind::Thresholds { rules, .. } => lists::thresholds_policies(rules),
        Kind::Strings(_) => Err(NO_PATTERNS.into()),
    }
}

fn uid(kind: &str, name: &str) -> Fallible<EntityUid> {
    Ok(EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind)?, EntityId::new(name)))
}

/// The uid of each name, made once.
fn uids(kind: &str, names: &[&str]) -> Fallible<HashMap<String, EntityUid>> {
    names.iter().map(|name| Ok(((*name).to_owned(), uid(kind, name)?))).collect()
}
