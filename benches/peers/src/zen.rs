//! `zen-engine`. W1 is an expression for each action, which the caller picks, W5 one; W2 and W4 are a
//! decision table, W3 one for each action: all are compiled once, and tables are indexed. Inputs are its
//! own variables, named flat.

mod documents;
mod inputs;

use crate::casbin_peer::ready;
use crate::peer::{
    Fallible, Inputs, Peer, When, Which, by_name, effect_of, only, pick, policy, told,
};
use crate::rules::{self, ACTIONS};
use crate::workload::{Kind, Workload};
use actra::Effect;
use actra_benches::tenants;
use serde_json::Value;
use zen_engine::model::DecisionContent;
use zen_engine::{Decision, Variable};

const GUARD: &str = include_str!("../policies/guard.zen.csv");
const STRINGS: &str = include_str!("../policies/strings.zen.csv");

struct Zen {
    decisions: Vec<Decision>,
    which: Which,
    inputs: Inputs<Variable>,
}

pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    const NO_INPUT: &str = "there is no such input";
    let count = workload.count();
    let (decisions, which, inputs) = match &workload.kind {
        Kind::Guard(inputs) => {
            let text = policy("guard.zen.csv", || GUARD.to_owned())?;
            let decision = |action| compiled(documents::expression(&rules::chain(&text, action)?));
            let which = by_name(ACTIONS.map(str::to_owned), inputs, |input| input.action.kind);
            let convert = |at: usize| inputs::guard(inputs.get(at).ok_or(NO_INPUT)?);
            let decisions = ACTIONS.into_iter().map(decision).collect::<Fallible<_>>()?;
            (decisions, which, Inputs::new(when, count, convert)?)
        }
        Kind::Roles { rules, inputs } => {
            let convert = |at: usize| Ok(inputs::roles(inputs.get(at).ok_or(NO_INPUT)?));
            let decision = compiled(documents::roles(rules))?;
            (vec![decision], only(), Inputs::new(when, count, convert)?)
        }
        Kind::Tenants { rules, inputs } => {
            let actions = tenants::by_action(rules);
            let decisions = actions.iter().map(|(_, rules)| compiled(documents::tenants(rules)));
            let decisions = decisions.collect::<Fallible<_>>()?;
            let names = actions.iter().map(|(action, _)| (*action).to_owned());
            let which = by_name(names, inputs, |input| Some(&input.action));
            let convert = |at: usize| Ok(inputs::tenants(inputs.get(at).ok_or(NO_INPUT)?));
            (decisions, which, Inputs::new(when, count, convert)?)
        }
        Kind::Thresholds { rules, risks } => {
            let convert = |at: usize| inputs::thresholds(*risks.get(at).ok_or(NO_INPUT)?);
            let decision = compiled(documents::thresholds(rules))?;
            (vec![decision], only(), Inputs::new(when, count, convert)?)
        }
        Kind::Strings(inputs) => {
            let text = policy("strings.zen.csv", || STRINGS.to_owned())?;
            let decision = compiled(documents::expression(&rules::chain(&text, "call_tool")?))?;
            let convert = |at: usize| Ok(inputs::strings(inputs.get(at).ok_or(NO_INPUT)?));
            (vec![decision], only(), Inputs::new(when, count, convert)?)
        }
    };
    Ok(Box::new(Zen { decisions, which, inputs }))
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
        let decision = pick(&self.decisions, &self.which, at)?;
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
