//! W1 for Cedar.

use super::{policy_id, uid, uids};
use crate::peer::{Fallible, Inputs, When, policy};
use actra_benches::guard;
use cedar_policy::{Context, Entities, Entity, Policy, PolicySet, Request, RestrictedExpression};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

const GUARD: &str = include_str!("../../policies/guard.cedar");

pub(super) fn policies() -> Fallible<Vec<Policy>> {
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

pub(super) fn inputs(
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
        let context = Context::from_pairs(context(input)?)?;
        Ok(Request::new(principal.clone(), action.clone(), resource.clone(), context, None)?)
    };
    Ok((Entities::from_entities(entities, None)?, Inputs::new(when, inputs.len(), convert)?))
}

fn context(input: &guard::Context<'_>) -> Fallible<Vec<(String, RestrictedExpression)>> {
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
