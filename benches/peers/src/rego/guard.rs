//! W1's inputs as regorus' values.

use super::Keys;
use actra_benches::guard;
use regorus::Value;
use std::collections::BTreeMap;

pub(super) const KEYS: [&str; 14] = [
    "action",
    "actor",
    "snapshot",
    "type",
    "amount",
    "currency",
    "target",
    "express",
    "role",
    "level",
    "on_call",
    "fraud_flag",
    "daily_total",
    "region",
];

pub(super) fn input(input: &guard::Context<'_>, Keys(keys): &Keys<14>) -> Value {
    let [
        action,
        actor,
        snapshot,
        kind,
        amount,
        currency,
        target,
        express,
        role,
        level,
        on_call,
        fraud_flag,
        daily_total,
        region,
    ] = keys;
    let guard::Context { action: a, actor: b, snapshot: c } = input;
    let fields = |fields: &[(&Value, Option<Value>)]| {
        let there = fields
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| ((*key).clone(), value.clone())));
        Value::from(there.collect::<BTreeMap<_, _>>())
    };
    let domains = [
        (
            action.clone(),
            fields(&[
                (kind, a.kind.map(Value::from)),
                (amount, a.amount.map(Value::from)),
                (currency, a.currency.map(Value::from)),
                (target, a.target.map(Value::from)),
                (express, a.express.map(Value::from)),
            ]),
        ),
        (
            actor.clone(),
            fields(&[
                (kind, b.kind.map(Value::from)),
                (role, b.role.map(Value::from)),
                (level, b.level.map(Value::from)),
                (on_call, b.on_call.map(Value::from)),
            ]),
        ),
        (
            snapshot.clone(),
            fields(&[
                (fraud_flag, c.fraud_flag.map(Value::from)),
                (daily_total, c.daily_total.map(Value::from)),
                (region, c.region.map(Value::from)),
            ]),
        ),
    ];
    Value::from(BTreeMap::from(domains))
}
