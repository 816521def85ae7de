//! `cel`. Expressions are compiled once; variables are resolved from the application's own struct
//! when an expression asks for them, without a copy, so that there is nothing to convert.

use crate::peer::{Fallible, Peer, effect_of, told};
use crate::workload::{Kind, Workload, id};
use actra::Effect;
use actra_benches::guard;
use actra_benches::roles::{self, Rule};
use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, Program, Value};
use std::collections::HashMap;
use std::sync::Arc;

const GUARD: &str = include_str!("../policies/guard.cel");

struct Cel<I: 'static> {
    root: Context<'static, 'static>,
    /// Programs that tell an outcome, or whether a rule's condition holds.
    programs: Programs,
    inputs: &'static [I],
}

enum Programs {
    /// One that tells the outcome.
    Outcome(Program),
    /// One for each rule, in order, and what it stands for.
    Rules(Vec<(Program, String)>),
}

/// An input as variables.
struct Variables<I>(I);

/// An expression for each rule; W1 in one.
pub fn rules(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    match &workload.kind {
        Kind::Guard(inputs) => {
            let (root, env) = environment();
            Ok(Box::new(Cel { root, programs: Programs::Outcome(env.compile(GUARD)?), inputs }))
        }
        Kind::Roles { rules, inputs } => {
            let (root, env) = environment();
            let program = |(number, Rule { role, over }): (usize, &Rule)| {
                let text = format!(r#"role == "{role}" && amount > {over} && type == "spend""#);
                Ok((env.compile(&text)?, format!("block {}", id(number))))
            };
            let programs = rules.iter().enumerate().map(program).collect::<Fallible<_>>()?;
            Ok(Box::new(Cel { root, programs: Programs::Rules(programs), inputs }))
        }
    }
}

/// One expression, which looks the limit of a role up.
pub fn data(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    let Kind::Roles { rules, inputs } = &workload.kind else {
        return Err("the workload is of rules that differ".into());
    };
    let (mut root, env) = environment();
    let over: HashMap<&str, i64> =
        rules.iter().map(|Rule { role, over }| (role.as_str(), *over)).collect();
    let outcomes: HashMap<&str, String> = rules
        .iter()
        .enumerate()
        .map(|(number, Rule { role, .. })| (role.as_str(), format!("block {}", id(number))))
        .collect();
    root.add_variable_from_value("over", over);
    root.add_variable_from_value("outcomes", outcomes);
    let text = r#"role in over && amount > over[role] && type == "spend" ? outcomes[role] : "allow""#;
    Ok(Box::new(Cel { root, programs: Programs::Outcome(env.compile(text)?), inputs }))
}

fn environment() -> (Context<'static, 'static>, Arc<Env>) {
    let env = Arc::new(Env::stdlib());
    (Context::with_env(Arc::clone(&env)), env)
}

impl<I: Copy> Cel<I>
where
    Variables<I>: VariableResolver,
{
    fn ask<R>(&self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        let variables = Variables(*self.inputs.get(at).ok_or("there is no such input")?);
        let mut context = self.root.new_inner_scope();
        context.set_variable_resolver(&variables);
        match &self.programs {
            Programs::Outcome(program) => {
                let outcome = Value::resolve_val(program.expression(), &context)?;
                act(outcome.downcast_ref::<CelString<'_>>().ok_or("no string")?.inner())
            }
            Programs::Rules(programs) => {
                for (program, outcome) in programs {
                    let holds = Value::resolve_val(program.expression(), &context)?;
                    if bool::from(holds.downcast_ref::<CelBool>().ok_or("no boolean")?.clone()) {
                        return act(outcome);
                    }
                }
                act("allow")
            }
        }
    }
}

impl<I: Copy> Peer for Cel<I>
where
    Variables<I>: VariableResolver,
{
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}

fn value<'b, V: Val + 'b>(value: Option<impl Into<V>>) -> Option<CowVal<'b, 'b>> {
    Some(value.map_or_else(|| CowVal::owned(CelNull), |value| CowVal::owned(value.into())))
}

impl VariableResolver for Variables<guard::Context<'static>> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let guard::Context { action, actor, snapshot } = &self.0;
        match name {
            "type" => value::<CelString<'b>>(action.kind),
            "amount" => value::<CelInt>(action.amount),
            "currency" => value::<CelString<'b>>(action.currency),
            "target" => value::<CelString<'b>>(action.target),
            "express" => value::<CelBool>(action.express),
            "kind" => value::<CelString<'b>>(actor.kind),
            "role" => value::<CelString<'b>>(actor.role),
            "level" => value::<CelInt>(actor.level),
            "on_call" => value::<CelBool>(actor.on_call),
            "fraud_flag" => value::<CelBool>(snapshot.fraud_flag),
            "daily_total" => value::<CelDouble>(snapshot.daily_total),
            "region" => value::<CelString<'b>>(snapshot.region),
            _ => None,
        }
    }
}

impl VariableResolver for Variables<roles::Input<'static>> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name {
            "type" => value::<CelString<'b>>(self.0.kind),
            "amount" => value::<CelInt>(self.0.amount),
            "role" => value::<CelString<'b>>(self.0.role),
            _ => None,
        }
    }
}
