//! Inputs as zen's variables, named flat.

use crate::peer::Fallible;
use crate::rules::{PIPED, PUSHED};
use actra_benches::{arguments, guard, roles, tenants};
use zen_engine::Variable;
use zen_types::symbol::Symbol;
use zen_types::variable::VariableMap;

fn field(name: &'static str, value: Option<Variable>) -> (Symbol, Variable) {
    (Symbol::from_static(name), value.unwrap_or(Variable::Null))
}

fn string(text: &str) -> Variable {
    Variable::String(text.into())
}

fn integer(value: i64) -> Variable {
    Variable::Number(value.into())
}

pub(super) fn guard(input: &guard::Context<'_>) -> Fallible<Variable> {
    let guard::Context { action, actor, snapshot } = input;
    let total = match snapshot.daily_total {
        Some(total) => Some(Variable::Number(total.try_into()?)),
        None => None,
    };
    let fields = [
        field("type", action.kind.map(string)),
        field("amount", action.amount.map(integer)),
        field("currency", action.currency.map(string)),
        field("target", action.target.map(string)),
        field("express", action.express.map(Variable::Bool)),
        field("kind", actor.kind.map(string)),
        field("role", actor.role.map(string)),
        field("level", actor.level.map(integer)),
        field("on_call", actor.on_call.map(Variable::Bool)),
        field("fraud_flag", snapshot.fraud_flag.map(Variable::Bool)),
        field("daily_total", total),
        field("region", snapshot.region.map(string)),
    ];
    Ok(Variable::from_object(VariableMap::from_iter(fields)))
}

pub(super) fn roles(input: &roles::Input<'_>) -> Variable {
    let fields = [
        field("type", input.kind.map(string)),
        field("amount", input.amount.map(integer)),
        field("role", input.role.map(string)),
    ];
    Variable::from_object(VariableMap::from_iter(fields))
}

pub(super) fn tenants(input: &tenants::Input) -> Variable {
    let fields = [
        field("amount", Some(integer(input.amount))),
        field("tenant", Some(string(&input.tenant))),
    ];
    Variable::from_object(VariableMap::from_iter(fields))
}

pub(super) fn thresholds(risk: f64) -> Fallible<Variable> {
    let fields = [field("risk", Some(Variable::Number(risk.try_into()?)))];
    Ok(Variable::from_object(VariableMap::from_iter(fields)))
}

/// Hosts are lower case.
pub(super) fn strings(input: &arguments::Input) -> Variable {
    let fields = [
        field("command", Some(string(&input.command))),
        field("host", Some(string(&input.host.to_ascii_lowercase()))),
        field("path", Some(string(&input.path))),
        field("piped", Some(Variable::Bool(PIPED.is_match(&input.command)))),
        field("pushed", Some(Variable::Bool(PUSHED.is_match(&input.command)))),
    ];
    Variable::from_object(VariableMap::from_iter(fields))
}
