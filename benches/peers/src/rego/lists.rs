//! W2 to W5 for regorus: texts of policies, and inputs as its values.

use super::Keys;
use crate::peer::{Fallible, Inputs, When};
use crate::workload::id;
use actra_benches::{arguments, roles, tenants, thresholds};
use regorus::Value;
use std::collections::BTreeMap;

/// As many definitions of one decision as there are rules: what each comes to, and when.
fn definitions(rules: impl Iterator<Item = (String, String)>) -> String {
    let definition = |(rule, condition): (String, String)| {
        format!("\ndecision := \"block {rule}\" if {{\n{condition}}}\n")
    };
    let definitions: String = rules.map(definition).collect();
    format!("package guard\n\ndefault decision := \"allow\"\n{definitions}")
}

pub(super) fn roles_text(rules: &[roles::Rule]) -> String {
    definitions(rules.iter().enumerate().map(|(number, roles::Rule { role, over })| {
        let condition = format!(
            "\tinput.actor.role == \"{role}\"\n\tinput.action.amount > {over}\n\tinput.action.type == \"spend\"\n"
        );
        (id(number), condition)
    }))
}

/// The rules of W3 for one action, with their places among all.
pub(super) fn tenants_text<'r>(rules: impl Iterator<Item = (usize, &'r tenants::Rule)>) -> String {
    definitions(rules.map(|(number, tenants::Rule { tenant, over, .. })| {
        let condition =
            format!("\tinput.actor.tenant == \"{tenant}\"\n\tinput.action.amount > {over}\n");
        (tenants::id(number), condition)
    }))
}

pub(super) fn thresholds_text(rules: &[thresholds::Rule]) -> String {
    definitions(rules.iter().enumerate().map(|(number, thresholds::Rule { from, below })| {
        let condition = format!("\tinput.action.risk >= {from}\n\tinput.action.risk < {below}\n");
        (thresholds::id(number), condition)
    }))
}

/// W2's limits by role.
pub(super) fn roles_limits(rules: &[roles::Rule]) -> Value {
    let limits = rules.iter().enumerate().map(|(number, roles::Rule { role, over })| {
        (Value::from(role.as_str()), limit(*over, &id(number)))
    });
    object([("limits", Value::from(limits.collect::<BTreeMap<_, _>>()))])
}

/// W3's limits by action and tenant.
pub(super) fn tenants_limits(rules: &[tenants::Rule]) -> Value {
    let mut by_action: BTreeMap<Value, BTreeMap<Value, Value>> = BTreeMap::new();
    for (number, tenants::Rule { action, tenant, over }) in rules.iter().enumerate() {
        let by_tenant = by_action.entry(Value::from(action.as_str())).or_default();
        by_tenant.insert(Value::from(tenant.as_str()), limit(*over, &tenants::id(number)));
    }
    let limits = by_action.into_iter().map(|(action, limits)| (action, Value::from(limits)));
    object([("limits", Value::from(limits.collect::<BTreeMap<_, _>>()))])
}

fn limit(over: i64, rule: &str) -> Value {
    object([("over", Value::from(over)), ("outcome", Value::from(format!("block {rule}")))])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::from(BTreeMap::from(fields.map(|(key, value)| (Value::from(key), value))))
}

/// What an input has of the action and of the actor, by keys made once.
fn domains<const N: usize, const M: usize>(
    [action, actor]: [&Value; 2],
    asked: [(&Value, Value); N],
    asker: [(&Value, Value); M],
) -> Value {
    fn object<const N: usize>(fields: [(&Value, Value); N]) -> Value {
        Value::from(BTreeMap::from(fields.map(|(key, value)| (key.clone(), value))))
    }
    object([(action, object(asked)), (actor, object(asker))])
}

pub(super) fn roles_inputs(
    inputs: &'static [roles::Input<'static>],
    when: When,
) -> Fallible<Inputs<Value>> {
    let Keys(keys) = Keys::new(&["action", "actor", "type", "amount", "role"]);
    let convert = move |at: usize| {
        let [action, actor, kind, amount, role] = &keys;
        let input = inputs.get(at).ok_or("there is no such input")?;
        let asked = [
            (kind, Value::from(input.kind.ok_or("no action")?)),
            (amount, Value::from(input.amount.ok_or("no amount")?)),
        ];
        Ok(domains([action, actor], asked, [(role, Value::from(input.role.ok_or("no role")?))]))
    };
    Inputs::new(when, inputs.len(), convert)
}

pub(super) fn tenants_inputs(
    inputs: &'static [tenants::Input],
    when: When,
) -> Fallible<Inputs<Value>> {
    let Keys(keys) = Keys::new(&["action", "actor", "type", "amount", "tenant"]);
    let convert = move |at: usize| {
        let [action, actor, kind, amount, tenant] = &keys;
        let input = inputs.get(at).ok_or("there is no such input")?;
        let asked =
            [(kind, Value::from(input.action.as_str())), (amount, Value::from(input.amount))];
        Ok(domains([action, actor], asked, [(tenant, Value::from(input.tenant.as_str()))]))
    };
    Inputs::new(when, inputs.len(), convert)
}

pub(super) fn thresholds_inputs(risks: &'static [f64], when: When) -> Fallible<Inputs<Value>> {
    let Keys(keys) = Keys::new(&["action", "actor", "type", "risk"]);
    let convert = move |at: usize| {
        let [action, actor, kind, risk] = &keys;
        let value = *risks.get(at).ok_or("there is no such input")?;
        let asked = [(kind, Value::from("score")), (risk, Value::from(value))];
        Ok(domains([action, actor], asked, []))
    };
    Inputs::new(when, risks.len(), convert)
}

/// Hosts are lower case: Rego compares them byte by byte.
pub(super) fn strings_inputs(
    inputs: &'static [arguments::Input],
    when: When,
) -> Fallible<Inputs<Value>> {
    let Keys(keys) = Keys::new(&["action", "actor", "type", "command", "host", "path"]);
    let convert = move |at: usize| {
        let [action, actor, kind, command, host, path] = &keys;
        let input = inputs.get(at).ok_or("there is no such input")?;
        let asked = [
            (kind, Value::from("call_tool")),
            (command, Value::from(input.command.as_str())),
            (host, Value::from(input.host.to_ascii_lowercase())),
            (path, Value::from(input.path.as_str())),
        ];
        Ok(domains([action, actor], asked, []))
    };
    Inputs::new(when, inputs.len(), convert)
}
