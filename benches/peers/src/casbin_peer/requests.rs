//! Requests as casbin's dynamic values. Its whole numbers have 32 bits, and it is built without others.

use crate::peer::Fallible;
use crate::workload::hundredths;
use actra_benches::{arguments, guard, roles, tenants};
use casbin::rhai::Dynamic;

fn string(text: Option<&str>) -> Dynamic {
    text.map_or(Dynamic::UNIT, |text| text.to_owned().into())
}

fn boolean(value: Option<bool>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Dynamic::from_bool)
}

fn integer(value: Option<i64>) -> Fallible<Dynamic> {
    Ok(match value {
        Some(value) => Dynamic::from_int(value.try_into()?),
        None => Dynamic::UNIT,
    })
}

pub(super) fn guard(input: &guard::Context<'_>) -> Fallible<Vec<Dynamic>> {
    let guard::Context { action, actor, snapshot } = input;
    Ok(vec![
        string(action.kind),
        integer(action.amount)?,
        string(action.currency),
        string(action.target),
        boolean(action.express),
        string(actor.kind),
        string(actor.role),
        integer(actor.level)?,
        boolean(actor.on_call),
        boolean(snapshot.fraud_flag),
        integer(snapshot.daily_total.map(|total| (total * 100.0) as i64))?,
        string(snapshot.region),
    ])
}

pub(super) fn roles(input: &roles::Input<'_>) -> Fallible<Vec<Dynamic>> {
    Ok(vec![string(input.kind), string(input.role), integer(input.amount)?])
}

pub(super) fn tenants(input: &tenants::Input) -> Fallible<Vec<Dynamic>> {
    Ok(vec![string(Some(&input.tenant)), integer(Some(input.amount))?])
}

pub(super) fn thresholds(risk: f64) -> Fallible<Vec<Dynamic>> {
    Ok(vec![integer(Some(hundredths(risk)))?])
}

/// Hosts are lower case.
pub(super) fn strings(input: &arguments::Input) -> Vec<Dynamic> {
    let host = input.host.to_ascii_lowercase();
    vec![string(Some(&input.command)), host.into(), string(Some(&input.path))]
}
