//! `cel`. Expressions are compiled once; variables are resolved from the application's own struct
//! when an expression asks for them, without a copy, so that there is nothing to convert.

use crate::peer::{Fallible, Peer, effect_of, policy, told};
use crate::rules::{self, ACTIONS};
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

const GUARD: &str = include_str!("../policies/guard.cel.csv");

struct Cel<V: Variables<Input: 'static>> {
    root: Context<'static, 'static>,
    /// Programs that tell an outcome, or whether a rule's condition holds.
    programs: Programs,
    inputs: &'static [V::Input],
}

enum Programs {
    /// One that tells the outcome.
    Outcome(Program),
    /// One that tells the outcome for each action: the caller's index.
    ByAction(HashMap<&'static str, Program>),
    /// One for each rule, in order, and what it stands for.
    Rules(Vec<(Program, String)>),
}

/// An input as values of CEL's own, which are lent to an expression that asks for them.
trait Variables: VariableResolver {
    type Input: Copy;

    fn of(input: Self::Input) -> Self;

    fn action(input: &Self::Input) -> Option<&str>;
}

/// An expression for each rule of W2, and for each action of W1.
pub fn peer(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    match &workload.kind {
        Kind::Guard(inputs) => {
            let (root, env) = environment();
            let text = policy("guard.cel.csv", || GUARD.to_owned())?;
            let program = |action| Ok((action, env.compile(&rules::chain(&text, action)?)?));
            let programs = ACTIONS.into_iter().map(program).collect::<Fallible<_>>()?;
            Ok(Box::new(Cel::<Guard> { root, programs: Programs::ByAction(programs), inputs }))
        }
        Kind::Roles { rules, inputs } => {
            let (root, env) = environment();
            let program = |(number, Rule { role, over }): (usize, &Rule)| {
                let text = format!(r#"role == "{role}" && amount > {over} && type == "spend""#);
                Ok((env.compile(&text)?, format!("block {}", id(number))))
            };
            let programs = rules.iter().enumerate().map(program).collect::<Fallible<_>>()?;
            Ok(Box::new(Cel::<Roles> { root, programs: Programs::Rules(programs), inputs }))
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
    let text =
        r#"role in over && amount > over[role] && type == "spend" ? outcomes[role] : "allow""#;
    Ok(Box::new(Cel::<Roles> { root, programs: Programs::Outcome(env.compile(text)?), inputs }))
}

fn environment() -> (Context<'static, 'static>, Arc<Env>) {
    let env = Arc::new(Env::stdlib());
    (Context::with_env(Arc::clone(&env)), env)
}

impl<V: Variables> Cel<V> {
    fn ask<R>(&self, at: usize, act: impl Fn(&str) -> Fallible<R>) -> Fallible<R> {
        let input = *self.inputs.get(at).ok_or("there is no such input")?;
        let variables = V::of(input);
        let mut context = self.root.new_inner_scope();
        context.set_variable_resolver(&variables);
        let outcome = |program: &Program| {
            let outcome = Value::resolve_val(program.expression(), &context)?;
            act(outcome.downcast_ref::<CelString<'_>>().ok_or("no string")?.inner())
        };
        match &self.programs {
            Programs::Outcome(program) => outcome(program),
            Programs::ByAction(programs) => {
                let program = V::action(&input).and_then(|action| programs.get(action));
                outcome(program.ok_or("an unknown action")?)
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

impl<V: Variables> Peer for Cel<V> {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}

/// A value, or `null` for one that is missing.
fn lend<'b, V: Val + 'b>(value: &'b Option<V>) -> Option<CowVal<'b, 'b>> {
    static NULL: CelNull = CelNull;
    Some(match value {
        Some(value) => CowVal::Borrowed(value),
        None => CowVal::Borrowed(&NULL),
    })
}

struct Guard {
    kind: Option<CelString<'static>>,
    amount: Option<CelInt>,
    currency: Option<CelString<'static>>,
    target: Option<CelString<'static>>,
    express: Option<CelBool>,
    actor_kind: Option<CelString<'static>>,
    role: Option<CelString<'static>>,
    level: Option<CelInt>,
    on_call: Option<CelBool>,
    fraud_flag: Option<CelBool>,
    daily_total: Option<CelDouble>,
    region: Option<CelString<'static>>,
}

impl Variables for Guard {
    type Input = guard::Context<'static>;

    fn of(guard::Context { action, actor, snapshot }: Self::Input) -> Self {
        Self {
            kind: action.kind.map(CelString::from),
            amount: action.amount.map(CelInt::from),
            currency: action.currency.map(CelString::from),
            target: action.target.map(CelString::from),
            express: action.express.map(CelBool::from),
            actor_kind: actor.kind.map(CelString::from),
            role: actor.role.map(CelString::from),
            level: actor.level.map(CelInt::from),
            on_call: actor.on_call.map(CelBool::from),
            fraud_flag: snapshot.fraud_flag.map(CelBool::from),
            daily_total: snapshot.daily_total.map(CelDouble::from),
            region: snapshot.region.map(CelString::from),
        }
    }

    fn action(input: &Self::Input) -> Option<&str> {
        input.action.kind
    }
}

impl VariableResolver for Guard {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name {
            "type" => lend(&self.kind),
            "amount" => lend(&self.amount),
            "currency" => lend(&self.currency),
            "target" => lend(&self.target),
            "express" => lend(&self.express),
            "kind" => lend(&self.actor_kind),
            "role" => lend(&self.role),
            "level" => lend(&self.level),
            "on_call" => lend(&self.on_call),
            "fraud_flag" => lend(&self.fraud_flag),
            "daily_total" => lend(&self.daily_total),
            "region" => lend(&self.region),
            _ => None,
        }
    }
}

struct Roles {
    kind: Option<CelString<'static>>,
    amount: Option<CelInt>,
    role: Option<CelString<'static>>,
}

impl Variables for Roles {
    type Input = roles::Input<'static>;

    fn of(input: Self::Input) -> Self {
        Self {
            kind: input.kind.map(CelString::from),
            amount: input.amount.map(CelInt::from),
            role: input.role.map(CelString::from),
        }
    }

    fn action(input: &Self::Input) -> Option<&str> {
        input.kind
    }
}

impl VariableResolver for Roles {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name {
            "type" => lend(&self.kind),
            "amount" => lend(&self.amount),
            "role" => lend(&self.role),
            _ => None,
        }
    }
}
