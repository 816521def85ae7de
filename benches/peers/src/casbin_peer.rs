//! `casbin`. Models are read and matchers compiled once; requests are its own dynamic values.

use crate::peer::{Fallible, Inputs, Peer, When, policy};
use crate::workload::{Kind, Workload};
use actra::Effect;
use actra_benches::roles::Rule;
use actra_benches::{guard, roles};
use casbin::function_map::{OperatorFunction, dynamic_to_str};
use casbin::rhai::Dynamic;
use casbin::{
    CoreApi, DefaultModel, EnforceContext, Enforcer, MemoryAdapter, MgmtApi,
};
use std::task::{Context, Poll, Waker};

const GUARD: &str = include_str!("../policies/guard.casbin.conf");
const ROLES: &str = include_str!("../policies/roles.casbin.conf");

struct Guard {
    enforcer: Enforcer,
    inputs: Inputs<Vec<Dynamic>>,
}

struct Roles {
    enforcer: Enforcer,
    inputs: Inputs<Vec<Dynamic>>,
}

pub fn rules(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    Ok(match &workload.kind {
        Kind::Guard(inputs) => {
            let convert =
                |at: usize| guard_request(inputs.get(at).ok_or("there is no such input")?);
            let enforcer = enforcer(&policy("guard.casbin.conf", || GUARD.to_owned())?, &[])?;
            Box::new(Guard { enforcer, inputs: Inputs::new(when, inputs.len(), convert)? })
        }
        Kind::Roles { rules, inputs } => {
            let convert =
                |at: usize| roles_request(inputs.get(at).ok_or("there is no such input")?);
            let enforcer = enforcer(&policy("roles.casbin.conf", || ROLES.to_owned())?, rules)?;
            Box::new(Roles { enforcer, inputs: Inputs::new(when, inputs.len(), convert)? })
        }
    })
}

fn enforcer(model: &str, rules: &[Rule]) -> Fallible<Enforcer> {
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
        let lines = rules
            .iter()
            .map(|Rule { role, over }| vec![role.clone(), over.to_string(), "deny".to_owned()])
            .collect::<Vec<_>>();
        if !lines.is_empty() {
            enforcer.add_policies(lines).await?;
        }
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

impl Peer for Guard {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        let request = self.inputs.owned(at)?;
        let asks = |matcher: &str, request: Vec<Dynamic>| {
            let context = EnforceContext {
                r_type: "r".to_owned(),
                p_type: "p".to_owned(),
                e_type: "e".to_owned(),
                m_type: matcher.to_owned(),
            };
            self.enforcer.enforce_with_context(context, request)
        };
        Ok(if asks("m", request.clone())? {
            Effect::Block
        } else if asks("m2", request.clone())? {
            Effect::RequireApproval
        } else if asks("m3", request)? {
            Effect::Allow
        } else {
            Effect::Block
        })
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        Ok(format!("{}\t-", self.effect(at)?.as_str()))
    }
}

impl Peer for Roles {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        let allowed = self.enforcer.enforce(self.inputs.owned(at)?)?;
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
