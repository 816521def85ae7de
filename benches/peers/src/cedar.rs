//! `cedar-policy`. Documents are parsed once; actors and roles are entities that are at hand; a
//! request and its context are made for each decision, or are ready.

use crate::peer::{Fallible, Inputs, Peer, When, effect_of, policy, told};
use crate::workload::{Kind, Workload, id};
use actra::Effect;
use actra_benches::guard;
use actra_benches::roles::{self, Rule};
use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint, Request, RestrictedExpression,
};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

const GUARD: &str = include_str!("../policies/guard.cedar");

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
    /// Those whose scope names its action and principal or leaves them open, by an index that is
    /// the caller's.
    Sliced { by_scope: HashMap<EntityUid, PolicySet>, others: PolicySet, key: Key },
}

/// What slices are looked up by.
#[derive(Clone, Copy)]
enum Key {
    Action,
    Principal,
}

impl Key {
    fn of(self, request: &Request) -> Option<&EntityUid> {
        match self {
            Self::Action => request.action(),
            Self::Principal => request.principal(),
        }
    }
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
    };
    let named = |policy: &Policy| match (key, policy.action_constraint()) {
        (Key::Action, ActionConstraint::Eq(action)) => vec![action],
        (Key::Action, ActionConstraint::In(actions)) => actions,
        (Key::Action, ActionConstraint::Any) => vec![],
        (Key::Principal, _) => match policy.principal_constraint() {
            PrincipalConstraint::Eq(principal) => vec![principal],
            _ => vec![],
        },
    };
    let mut open = Vec::new();
    let mut named_by: HashMap<EntityUid, Vec<Policy>> = HashMap::new();
    for policy in &policies {
        let keys = named(policy);
        if keys.is_empty() {
            open.push(policy.clone());
        }
        for key in keys {
            named_by.entry(key).or_default().push(policy.clone());
        }
    }
    let slice =
        |policies: Vec<Policy>| PolicySet::from_policies(policies.into_iter().chain(open.clone()));
    let by_scope = named_by
        .into_iter()
        .map(|(key, policies)| Ok((key, slice(policies)?)))
        .collect::<Fallible<_>>()?;
    let others = slice(Vec::new())?;
    new(workload, when, Policies::Sliced { by_scope, others, key })
}

fn new(workload: &'static Workload, when: When, policies: Policies) -> Fallible<Box<dyn Peer>> {
    let (entities, requests) = match &workload.kind {
        Kind::Guard(inputs) => guard_inputs(inputs, when)?,
        Kind::Roles { inputs, .. } => roles_inputs(inputs, when)?,
    };
    Ok(Box::new(Cedar { authorizer: Authorizer::new(), entities, policies, requests }))
}

impl Cedar {
    /// Decides an input and does something with the outcome: an effect and perhaps a rule.
    fn ask<R>(&self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        self.requests.with(at, |request| {
            let policies = match &self.policies {
                Policies::Whole(policies) => policies,
                Policies::Sliced { by_scope, others, key } => {
                    key.of(request).and_then(|key| by_scope.get(key)).unwrap_or(others)
                }
            };
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
        Kind::Guard(_) => guard_policies(),
        Kind::Roles { rules, .. } => roles_policies(rules),
    }
}

fn guard_policies() -> Fallible<Vec<Policy>> {
    let set = PolicySet::from_str(&policy("guard.cedar", || GUARD.to_owned())?)?;
    set.policies()
        .map(|policy| {
            let id: &str = policy.id().as_ref();
            let place = id.strip_prefix("policy").ok_or("a policy of another name")?.parse()?;
            let rule = policy.annotation("id").ok_or("a policy without a name")?;
            let effect = policy.annotation("effect").unwrap_or(match policy.effect() {
                cedar_policy::Effect::Forbid => "block",
                cedar_policy::Effect::Permit => "allow",
            });
            Ok(policy.new_id(policy_id(place, &format!("{effect} {rule}"))))
        })
        .collect()
}

fn roles_policies(rules: &[Rule]) -> Fallible<Vec<Policy>> {
    let mut policies = rules
        .iter()
        .enumerate()
        .map(|(number, Rule { role, over })| {
            let text = format!(
                r#"forbid (principal == Role::"{role}", action == Action::"spend", resource) when {{ context.amount > {over} }};"#
            );
            let id = policy_id(number, &format!("block {}", id(number)));
            Ok(Policy::parse(Some(id), text)?)
        })
        .collect::<Fallible<Vec<_>>>()?;
    let otherwise = "permit (principal, action, resource);";
    policies.push(Policy::parse(Some(policy_id(rules.len(), "allow")), otherwise)?);
    Ok(policies)
}

fn uid(kind: &str, name: &str) -> Fallible<EntityUid> {
    Ok(EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind)?, EntityId::new(name)))
}

/// The uid of each name, made once.
fn uids(kind: &str, names: &[&str]) -> Fallible<HashMap<String, EntityUid>> {
    names.iter().map(|name| Ok(((*name).to_owned(), uid(kind, name)?))).collect()
}

fn guard_inputs(
    inputs: &'static [guard::Context<'static>],
    when: When,
) -> Fallible<(Entities, Inputs<Request>)> {
    let actions = uids("Action", &["delete", "export", "payout", "refund", "transfer"])?;
    let resource = uid("Resource", "any")?;
    let mut entities: Vec<Entity> = actions.values().cloned().map(Entity::with_uid).collect();
    let mut principals = Vec::new();
    let mut roles = HashSet::new();
    for (at, guard::Context { actor, .. }) in inputs.iter().enumerate() {
        let principal = uid(actor.kind.unwrap_or("unknown"), &at.to_string())?;
        let role = uid("Role", actor.role.ok_or("an actor without a role")?)?;
        let level = actor.level.ok_or("an actor without a level")?;
        let mut attributes =
            HashMap::from([("level".to_owned(), RestrictedExpression::new_long(level))]);
        if let Some(on_call) = actor.on_call {
            attributes.insert("on_call".to_owned(), RestrictedExpression::new_bool(on_call));
        }
        entities.push(Entity::new(principal.clone(), attributes, HashSet::from([role.clone()]))?);
        roles.insert(role);
        principals.push(principal);
    }
    entities.extend(roles.into_iter().map(Entity::with_uid));
    let convert = move |at: usize| {
        let input = inputs.get(at).ok_or("there is no such input")?;
        let principal = principals.get(at).ok_or("there is no such actor")?;
        let action = input.action.kind.and_then(|kind| actions.get(kind)).ok_or("no action")?;
        let context = Context::from_pairs(guard_context(input)?)?;
        Ok(Request::new(principal.clone(), action.clone(), resource.clone(), context, None)?)
    };
    Ok((Entities::from_entities(entities, None)?, Inputs::new(when, inputs.len(), convert)?))
}

fn guard_context(input: &guard::Context<'_>) -> Fallible<Vec<(String, RestrictedExpression)>> {
    const MISSING: &str = "a required field is missing";
    let guard::Context { action, snapshot, .. } = input;
    let string = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let total = snapshot.daily_total.ok_or(MISSING)? * 100.0;
    let mut pairs = vec![
        ("amount".to_owned(), RestrictedExpression::new_long(action.amount.ok_or(MISSING)?)),
        ("currency".to_owned(), string(action.currency.ok_or(MISSING)?)),
        ("target".to_owned(), string(action.target.ok_or(MISSING)?)),
        (
            "fraud_flag".to_owned(),
            RestrictedExpression::new_bool(snapshot.fraud_flag.ok_or(MISSING)?),
        ),
        ("daily_total".to_owned(), RestrictedExpression::new_long(total as i64)),
    ];
    if let Some(express) = action.express {
        pairs.push(("express".to_owned(), RestrictedExpression::new_bool(express)));
    }
    if let Some(region) = snapshot.region {
        pairs.push(("region".to_owned(), string(region)));
    }
    Ok(pairs)
}

fn roles_inputs(
    inputs: &'static [roles::Input<'static>],
    when: When,
) -> Fallible<(Entities, Inputs<Request>)> {
    let actions = uids("Action", &["spend"])?;
    let resource = uid("Resource", "any")?;
    let mut principals = HashMap::new();
    for input in inputs {
        let role = input.role.ok_or("an input without a role")?;
        principals.insert(role, uid("Role", role)?);
    }
    let known = principals.values().chain(actions.values()).cloned().map(Entity::with_uid);
    let entities = Entities::from_entities(known.collect::<Vec<_>>(), None)?;
    let convert = move |at: usize| {
        let input = inputs.get(at).ok_or("there is no such input")?;
        let principal = input.role.and_then(|role| principals.get(role)).ok_or("no role")?;
        let action = input.kind.and_then(|kind| actions.get(kind)).ok_or("no action")?;
        let amount = RestrictedExpression::new_long(input.amount.ok_or("no amount")?);
        let context = Context::from_pairs([("amount".to_owned(), amount)])?;
        Ok(Request::new(principal.clone(), action.clone(), resource.clone(), context, None)?)
    };
    Ok((entities, Inputs::new(when, inputs.len(), convert)?))
}
