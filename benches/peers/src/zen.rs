//! `zen-engine`. W1 is an expression for each action, which the caller picks, W2 a decision table: all
//! are compiled once, and the table is indexed. Inputs are its own variables, named flat.

use crate::casbin_peer::ready;
use crate::peer::{Fallible, Inputs, Peer, When, effect_of, policy, told};
use crate::rules::{self, ACTIONS};
use crate::workload::{Kind, Workload, id};
use actra::Effect;
use actra_benches::roles::Rule;
use actra_benches::{guard, roles};
use serde_json::{Value, json};
use std::collections::HashMap;
use zen_engine::model::DecisionContent;
use zen_engine::{Decision, Variable};
use zen_types::symbol::Symbol;
use zen_types::variable::VariableMap;

const GUARD: &str = include_str!("../policies/guard.zen.csv");

struct Zen {
    decisions: Decisions,
    inputs: Inputs<Variable>,
}

enum Decisions {
    /// One for all.
    One(Decision),
    /// One for each action, and the actions of the inputs.
    ByAction(HashMap<&'static str, Decision>, &'static [guard::Context<'static>]),
}

pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let peer = match &workload.kind {
        Kind::Guard(inputs) => {
            let text = policy("guard.zen.csv", || GUARD.to_owned())?;
            let decision =
                |action| Ok((action, compiled(guard_document(&rules::chain(&text, action)?))?));
            let by_action = ACTIONS.into_iter().map(decision).collect::<Fallible<_>>()?;
            let convert = |at: usize| guard_input(inputs.get(at).ok_or("there is no such input")?);
            Zen {
                decisions: Decisions::ByAction(by_action, inputs),
                inputs: Inputs::new(when, inputs.len(), convert)?,
            }
        }
        Kind::Roles { rules, inputs } => {
            let convert =
                |at: usize| Ok(roles_input(inputs.get(at).ok_or("there is no such input")?));
            Zen {
                decisions: Decisions::One(compiled(roles_document(rules))?),
                inputs: Inputs::new(when, inputs.len(), convert)?,
            }
        }
    };
    Ok(Box::new(peer))
}

fn compiled(document: Value) -> Fallible<Decision> {
    let DecisionContent::Graph(graph) = serde_json::from_value(document)? else {
        return Err("the document is no graph".into());
    };
    let mut decision = Decision::from(graph);
    decision.compile();
    Ok(decision)
}

impl Zen {
    fn ask<R>(&self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        let decision = match &self.decisions {
            Decisions::One(decision) => decision,
            Decisions::ByAction(by_action, inputs) => {
                let action = inputs.get(at).and_then(|input| input.action.kind);
                action.and_then(|action| by_action.get(action)).ok_or("an unknown action")?
            }
        };
        let input = self.inputs.owned(at)?;
        let response = ready(async {
            decision.evaluate(input).await.map_err(|error| format!("{error:?}").into())
        })?;
        let outcome = response.result.dot("outcome").ok_or("no outcome")?;
        act(outcome.as_str().ok_or("an outcome of another type")?)
    }
}

impl Peer for Zen {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}

fn guard_document(expression: &str) -> Value {
    json!({
        "nodes": [
            {"id": "input", "name": "input", "type": "inputNode", "content": {}},
            {"id": "guard", "name": "guard", "type": "expressionNode", "content": {
                "expressions": [{"id": "outcome", "key": "outcome", "value": expression}],
            }},
        ],
        "edges": [{"id": "in", "sourceId": "input", "targetId": "guard"}],
    })
}

fn roles_document(rules: &[Rule]) -> Value {
    let mut rows: Vec<Value> = rules
        .iter()
        .enumerate()
        .map(|(number, Rule { role, over })| {
            json!({
                "_id": number.to_string(),
                "role": format!("\"{role}\""),
                "type": "\"spend\"",
                "amount": format!("> {over}"),
                "outcome": format!("\"block {}\"", id(number)),
            })
        })
        .collect();
    rows.push(json!({"_id": "otherwise", "outcome": "\"allow\""}));
    json!({
        "nodes": [
            {"id": "input", "name": "input", "type": "inputNode", "content": {}},
            {"id": "table", "name": "roles", "type": "decisionTableNode", "content": {
                "hitPolicy": "first",
                "inputs": [
                    {"id": "role", "name": "role", "field": "role"},
                    {"id": "amount", "name": "amount", "field": "amount"},
                    {"id": "type", "name": "type", "field": "type"},
                ],
                "outputs": [{"id": "outcome", "name": "outcome", "field": "outcome"}],
                "rules": rows,
            }},
        ],
        "edges": [{"id": "in", "sourceId": "input", "targetId": "table"}],
    })
}

fn field(name: &'static str, value: Option<Variable>) -> (Symbol, Variable) {
    (Symbol::from_static(name), value.unwrap_or(Variable::Null))
}

fn string(text: &str) -> Variable {
    Variable::String(text.into())
}

fn integer(value: i64) -> Variable {
    Variable::Number(value.into())
}

fn guard_input(input: &guard::Context<'_>) -> Fallible<Variable> {
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

fn roles_input(input: &roles::Input<'_>) -> Variable {
    let fields = [
        field("type", input.kind.map(string)),
        field("amount", input.amount.map(integer)),
        field("role", input.role.map(string)),
    ];
    Variable::from_object(VariableMap::from_iter(fields))
}
