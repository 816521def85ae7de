//! `casbin`. Models are read and matchers compiled once; requests are its own dynamic values. W1 and
//! W3 have an enforcer for each action, which knows the action's rules: the caller's index.

mod functions;
mod requests;

use crate::peer::{
    Fallible, Inputs, Peer, When, Which, by_name, effect_of, only, pick, policy, told,
};
use crate::rules::{self, ACTIONS};
use crate::workload::{Kind, Workload, hundredths};
use actra::Effect;
use actra_benches::{roles, tenants, thresholds};
use casbin::rhai::Dynamic;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use std::task::{Context, Poll, Waker};

const GUARD: &str = include_str!("../policies/guard.casbin.csv");
const GUARD_FIELDS: &str = "type, amount, currency, target, express, kind, role, level, on_call, fraud_flag, daily_total, region";
const ROLES: &str = include_str!("../policies/roles.casbin.conf");
const TENANTS: &str = include_str!("../policies/tenants.casbin.conf");
const THRESHOLDS: &str = include_str!("../policies/thresholds.casbin.conf");
const STRINGS: &str = include_str!("../policies/strings.casbin.csv");
const STRINGS_FIELDS: &str = "command, host, path";

struct Casbin {
    enforcers: Vec<Enforcer>,
    which: Which,
    inputs: Inputs<Vec<Dynamic>>,
    tells: Tells,
}

/// What a line of policy tells of the rule that it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// What it comes to.
    Outcome,
    /// Whether it allows.
    Effect,
}

pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    const NO_INPUT: &str = "there is no such input";
    let count = workload.count();
    let (enforcers, which, inputs, tells) = match &workload.kind {
        Kind::Guard(inputs) => {
            let text = policy("guard.casbin.csv", || GUARD.to_owned())?;
            let enforcer = |action| outcomes(&text, action, GUARD_FIELDS);
            let which = by_name(ACTIONS.map(str::to_owned), inputs, |input| input.action.kind);
            let convert = |at: usize| requests::guard(inputs.get(at).ok_or(NO_INPUT)?);
            let enforcers = ACTIONS.into_iter().map(enforcer).collect::<Fallible<_>>()?;
            (enforcers, which, Inputs::new(when, count, convert)?, Tells::Outcome)
        }
        Kind::Roles { rules, inputs } => {
            let model = policy("roles.casbin.conf", || ROLES.to_owned())?;
            let line = |roles::Rule { role, over }: &roles::Rule| denied([role, &over.to_string()]);
            let enforcer = enforcer(&model, rules.iter().map(line).collect())?;
            let convert = |at: usize| requests::roles(inputs.get(at).ok_or(NO_INPUT)?);
            (vec![enforcer], only(), Inputs::new(when, count, convert)?, Tells::Effect)
        }
        Kind::Tenants { rules, inputs } => {
            let model = policy("tenants.casbin.conf", || TENANTS.to_owned())?;
            let actions = tenants::by_action(rules);
            let enforcers = actions.iter().map(|(_, rules)| {
                let line = |(_, rule): &(usize, &tenants::Rule)| {
                    denied([&rule.tenant, &rule.over.to_string()])
                };
                enforcer(&model, rules.iter().map(line).collect())
            });
            let names = actions.iter().map(|(action, _)| (*action).to_owned());
            let which = by_name(names, inputs, |input| Some(&input.action));
            let convert = |at: usize| requests::tenants(inputs.get(at).ok_or(NO_INPUT)?);
            let enforcers = enforcers.collect::<Fallible<_>>()?;
            (enforcers, which, Inputs::new(when, count, convert)?, Tells::Effect)
        }
        Kind::Thresholds { rules, risks } => {
            let model = policy("thresholds.casbin.conf", || THRESHOLDS.to_owned())?;
            let line = |thresholds::Rule { from, below }: &thresholds::Rule| {
                denied([&hundredths(*from).to_string(), &hundredths(*below).to_string()])
            };
            let enforcer = enforcer(&model, rules.iter().map(line).collect())?;
            let convert = |at: usize| requests::thresholds(*risks.get(at).ok_or(NO_INPUT)?);
            (vec![enforcer], only(), Inputs::new(when, count, convert)?, Tells::Effect)
        }
        Kind::Strings(inputs) => {
            let text = policy("strings.casbin.csv", || STRINGS.to_owned())?;
            let enforcer = outcomes(&text, "call_tool", STRINGS_FIELDS)?;
            let convert = |at: usize| Ok(requests::strings(inputs.get(at).ok_or(NO_INPUT)?));
            (vec![enforcer], only(), Inputs::new(when, count, convert)?, Tells::Outcome)
        }
    };
    Ok(Box::new(Casbin { enforcers, which, inputs, tells }))
}

/// A line of policy for a rule that blocks.
fn denied(fields: [&str; 2]) -> Vec<String> {
    fields.into_iter().chain(["deny"]).map(str::to_owned).collect()
}

/// An enforcer of the rules for an action. A line of its policy is an outcome; conditions stand in
/// the matcher, which is compiled once, and which a line's outcome picks one of.
fn outcomes(text: &str, action: &str, fields: &str) -> Fallible<Enforcer> {
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
r = {fields}
[policy_definition]
p = outcome, eft
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = {}
",
        conditions.join(" || ")
    );
    enforcer(&model, lines)
}

fn enforcer(model: &str, lines: Vec<Vec<String>>) -> Fallible<Enforcer> {
    ready(async {
        let model = DefaultModel::from_str(model).await?;
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
        functions::add(&mut enforcer);
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

impl Casbin {
    fn ask<R>(&self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        let enforcer = pick(&self.enforcers, &self.which, at)?;
        // `enforce` would make texts of the request for a log that is off.
        let (allowed, lines) = enforcer.enforce_ex(self.inputs.owned(at)?)?;
        act(match self.tells {
            Tells::Outcome => lines.first().and_then(|line| line.first()).map_or("block", |it| it),
            Tells::Effect if allowed => "allow",
            Tells::Effect => "block",
        })
    }
}

impl Peer for Casbin {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}
