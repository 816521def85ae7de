//! W2 to W4 for Cedar: a policy for each rule, and one that permits what none forbids.

use super::{policy_id, uid, uids};
use crate::peer::{Fallible, Inputs, When};
use crate::workload::{hundredths, id};
use actra_benches::{roles, tenants, thresholds};
use cedar_policy::{Context, Entities, Entity, EntityUid, Policy, Request, RestrictedExpression};
use std::collections::{HashMap, HashSet};

/// Entities that are at hand, and requests.
type Asked = (Entities, Inputs<Request>);

/// What is forbidden, each with the id of its rule.
fn policies(forbidden: impl Iterator<Item = (String, String)>) -> Fallible<Vec<Policy>> {
    let mut policies = forbidden
        .enumerate()
        .map(|(place, (rule, text))| {
            Ok(Policy::parse(Some(policy_id(place, &format!("block {rule}"))), text)?)
        })
        .collect::<Fallible<Vec<_>>>()?;
    let otherwise = "permit (principal, action, resource);";
    policies.push(Policy::parse(Some(policy_id(policies.len(), "allow")), otherwise)?);
    Ok(policies)
}

pub(super) fn roles_policies(rules: &[roles::Rule]) -> Fallible<Vec<Policy>> {
    policies(rules.iter().enumerate().map(|(number, roles::Rule { role, over })| {
        let text = format!(
            r#"forbid (principal == Role::"{role}", action == Action::"spend", resource) when {{ context.amount > {over} }};"#
        );
        (id(number), text)
    }))
}

pub(super) fn tenants_policies(rules: &[tenants::Rule]) -> Fallible<Vec<Policy>> {
    policies(rules.iter().enumerate().map(|(number, tenants::Rule { action, tenant, over })| {
        let text = format!(
            r#"forbid (principal == Tenant::"{tenant}", action == Action::"{action}", resource) when {{ context.amount > {over} }};"#
        );
        (tenants::id(number), text)
    }))
}

pub(super) fn thresholds_policies(rules: &[thresholds::Rule]) -> Fallible<Vec<Policy>> {
    policies(rules.iter().enumerate().map(|(number, thresholds::Rule { from, below })| {
        let (from, below) = (hundredths(*from), hundredths(*below));
        let text = format!(
            r#"forbid (principal, action == Action::"score", resource) when {{ context.risk >= {from} && context.risk < {below} }};"#
        );
        (thresholds::id(number), text)
    }))
}

pub(super) fn roles_inputs(
    inputs: &'static [roles::Input<'static>],
    when: When,
) -> Fallible<Asked> {
    let asked = |input: &roles::Input<'static>| Some((input.kind?, input.role?, input.amount?));
    let asked = inputs.iter().map(asked).collect::<Option<Vec<_>>>();
    requests("Role", asked.ok_or("an input lacks a field")?, "amount", when)
}

pub(super) fn tenants_inputs(inputs: &'static [tenants::Input], when: When) -> Fallible<Asked> {
    let asked = |input: &'static tenants::Input| (&*input.action, &*input.tenant, input.amount);
    requests("Tenant", inputs.iter().map(asked).collect(), "amount", when)
}

pub(super) fn thresholds_inputs(risks: &'static [f64], when: When) -> Fallible<Asked> {
    let asked = |risk: &f64| ("score", "anyone", hundredths(*risk));
    requests("Actor", risks.iter().map(asked).collect(), "risk", when)
}

/// Requests of an action and a principal by their names, and of a context of one number.
fn requests(
    kind: &str,
    asked: Vec<(&'static str, &'static str, i64)>,
    number: &'static str,
    when: When,
) -> Fallible<Asked> {
    let names = |name_of: fn(&(&'static str, &'static str, i64)) -> &'static str| {
        asked.iter().map(name_of).collect::<HashSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let actions = uids("Action", &names(|asked| asked.0))?;
    let principals: HashMap<String, EntityUid> = uids(kind, &names(|asked| asked.1))?;
    let resource = uid("Resource", "any")?;
    let known = principals.values().chain(actions.values()).cloned().map(Entity::with_uid);
    let entities = Entities::from_entities(known.collect::<Vec<_>>(), None)?;
    let count = asked.len();
    let convert = move |at: usize| {
        let (action, principal, value) = asked.get(at).ok_or("there is no such input")?;
        let principal = principals.get(*principal).ok_or("no principal")?;
        let action = actions.get(*action).ok_or("no action")?;
        let value = RestrictedExpression::new_long(*value);
        let context = Context::from_pairs([(number.to_owned(), value)])?;
        Ok(Request::new(principal.clone(), action.clone(), resource.clone(), context, None)?)
    };
    Ok((entities, Inputs::new(when, count, convert)?))
}
