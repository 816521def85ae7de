//! `casbin`. Models are read and matchers compiled once; requests are its own dynamic values. W1 has
//! an enforcer for each action, which knows the action's rules: the caller's index.

use crate::peer::{Fallible, Inputs, Peer, When, effect_of, policy, told};
use crate::rules::{self, ACTIONS};
use crate::workload::{Kind, Workload};
use actra::Effect;
use actra_benches::roles::Rule;
use actra_benches::{guard, roles};
use casbin::function_map::{OperatorFunction, dynamic_to_str};
use casbin::rhai::Dynamic;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

const GUARD: &str = include_str!("../policies/guard.casbin.csv");
const ROLES: &str = include_str!("../policies/roles.casbin.conf");

struct Guard {
    by_action: HashMap<&'static str, Enforcer>,
    contexts: &'static [guard::Context<'static>],
    inputs: Inputs<Vec<Dynamic>>,
}

struct Roles {
    enforcer: Enforcer,
    inputs: Inputs<Vec<Dynamic>>,
}

pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    Ok(match &workload.kind {
        Kind::Guard(inputs) => {
            let text = policy("guard.casbin.csv", || GUARD.to_owned())?;
            let by_action = ACTIONS.into_iter().map(|action| guard_enforcer(&text, action));
            let convert =
                |at: usize| guard_request(inputs.get(at).ok_or("there is no such input")?);
            Box::new(Guard {
                by_action: by_action.collect::<Fallible<_>>()?,
                contexts: inputs,
                inputs: Inputs::new(when, inputs.len(), convert)?,
            })
        }
        Kind::Roles { rules, inputs } => {
            let convert =
                |at: usize| roles_request(inputs.get(at).ok_or("there is no such input")?);
            let lines = rules
                .iter()
                .map(|Rule { role, over }| vec![role.clone(), over.to_string(), "deny".to_owned()]);
            let model = policy("roles.casbin.conf", || ROLES.to_owned())?;
            let enforcer = enforcer(&model, lines.collect())?;
            Box::new(Roles { enforcer, inputs: Inputs::new(when, inputs.len(), convert)? })
        }
    })
}

/// An enforcer of the rules for an action. A line of its policy is an outcome; conditions stand in
/// the matcher, which is compiled once, and which a line's outcome picks one of.
fn guard_enforcer(text: &str, action: &'static str) -> Fallible<(&'static str, Enforcer)> {
    let rules = rules::of_action(text, action)?;
    let condition = |rule: &rules::Rule<'_>| {
        format!(r#"(p.outcome == "{}" && ({}))"#, rule.outcome, rule.condition)
    };
    let conditions: Vec<String> = rules.iter().map(condition).collect();
    let line = |rule: &rules::Rule<'_>| {
        let effect = if effect_of(rule.outcome)? == Effect::Allow { "allow" } else { "deny" };
        Ok(vec![rule.outcome.to_owned(), effect.to_owned()])
    };
    let lines = rules.iter().map(line).collect::<Fallible<_>>()?;
    let model = format!(
        "[request_definition]
r = type, amount, currency, target, express, kind, role, level, on_call, fraud_flag, daily_total, region
[policy_definition]
p = outcome, eft
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = {}
",
        conditions.join(" || ")
    );
    Ok((action, enforcer(&model, lines)?))
}

fn enforcer(model: &str, lines: Vec<Vec<String>>) -> Fallible<Enforcer> {
    ready(async {
        let model = DefaultModel::from_str(model).await?;
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
        enforcer.add_function(
            "startsWith",
            OperatorFunction::Arg2(|text, start| {
                dynamic_to_str(&text).starts_with(&*dynamic_to_str(&start)).into()
            }),
        );
        enforcer.add_function(
            "endsWith",
            OperatorFunction::Arg2(|text, end| {
                dynamic_to_str(&text).ends_with(&*dynamic_to_str(&end)).into()
            }),
        );
        enforcer.add_function(
            "hasText",
            OperatorFunction::Arg2(|text, part| {
                dynamic_to_str(&text).contains(&*dynamic_to_str(&part)).into()
            }),
        );
        enforcer.add_function(
            "exceeds",
            OperatorFunction::Arg2(|amount, over| {
                let over = dynamic_to_str(&over).parse::<i32>();
                over.is_ok_and(|over| amount.as_int().is_ok_and(|amount| amount > over)).into()
            }),
        );
        enforcer.add_policies(lines).await?;
        Ok(enforcer)
    })
}

/// What a future gives that has nothing to wait for.
pub fn ready<T>(future: impl Future<Output = Fallible<T>>) -> Fallible<T> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(given) => given,
        Poll::Pending => Err("it waits".into()),
    }
}

impl Guard {
    fn ask<R>(&self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        let input = self.contexts.get(at).ok_or("there is no such input")?;
        let action = input.action.kind.ok_or("no action")?;
        let enforcer = self.by_action.get(action).ok_or("an unknown action")?;
        let (_, lines) = enforcer.enforce_ex(self.inputs.owned(at)?)?;
        act(lines.first().and_then(|line| line.first()).map_or("block", String::as_str))
    }
}

impl Peer for Guard {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}

impl Peer for Roles {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        // `enforce` would make texts of the request for a log that is off.
        let (allowed, _) = self.enforcer.enforce_ex(self.inputs.owned(at)?)?;
        Ok(if allowed { Effect::Allow } else { Effect::Block })
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        Ok(format!("{}\t-", self.effect(at)?.as_str()))
    }
}

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

fn guard_request(input: &guard::Context<'_>) -> Fallible<Vec<Dynamic>> {
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

fn roles_request(input: &roles::Input<'_>) -> Fallible<Vec<Dynamic>> {
    Ok(vec![string(input.kind), string(input.role), integer(input.amount)?])
}
