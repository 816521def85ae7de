//! `cel`. Expressions are compiled once; variables are resolved from the application's own struct
//! when an expression asks for them, without a copy, so that there is nothing to convert.

mod variables;

use crate::peer::{Fallible, Peer, Which, by_name, effect_of, only, pick, policy, told};
use crate::rules::{self, ACTIONS};
use crate::workload::{Kind, Workload, id};
use actra::Effect;
use actra_benches::{roles, tenants, thresholds};
use cel::common::types::{CelBool, CelString};
use cel::{Context, Env, Program, Value};
use std::collections::HashMap;
use std::sync::Arc;
use variables::{Guard, Risk, Roles, Strings, Tenants, Variables};

const GUARD: &str = include_str!("../policies/guard.cel.csv");
const STRINGS: &str = include_str!("../policies/strings.cel.csv");

struct Cel<V: Variables> {
    root: Context<'static, 'static>,
    /// What an input is decided by: an index that is the caller's.
    programs: Vec<Programs>,
    which: Which,
    inputs: &'static [V::Input],
}

enum Programs {
    /// One that tells the outcome.
    Outcome(Program),
    /// One for each rule, in order, which tells whether its condition holds, and what it stands for.
    Rules(Vec<(Program, String)>),
}

/// An expression for each rule of W2 to W4, for each action of W1, and one for W5.
pub fn peer(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    let (root, env) = environment();
    // An expression for each rule, with what it stands for.
    let in_order = |rules: &mut dyn Iterator<Item = (String, String)>| {
        let program = |(rule, condition): (String, String)| {
            Ok((env.compile(&condition)?, format!("block {rule}")))
        };
        Ok(Programs::Rules(rules.map(program).collect::<Fallible<_>>()?))
    };
    match &workload.kind {
        Kind::Guard(inputs) => {
            let text = policy("guard.cel.csv", || GUARD.to_owned())?;
            let program =
                |action| Ok(Programs::Outcome(env.compile(&rules::chain(&text, action)?)?));
            let programs = ACTIONS.into_iter().map(program).collect::<Fallible<_>>()?;
            let which = by_name(ACTIONS.map(str::to_owned), inputs, |input| input.action.kind);
            new::<Guard>(root, programs, which, inputs)
        }
        Kind::Roles { rules, inputs } => {
            let condition = |(number, roles::Rule { role, over }): (usize, &roles::Rule)| {
                (id(number), format!(r#"role == "{role}" && amount > {over} && type == "spend""#))
            };
            let programs = in_order(&mut rules.iter().enumerate().map(condition))?;
            new::<Roles>(root, vec![programs], only(), inputs)
        }
        Kind::Tenants { rules, inputs } => {
            let actions = tenants::by_action(rules);
            let condition = |(number, tenants::Rule { tenant, over, .. }): &(usize, &_)| {
                let condition = format!(r#"tenant == "{tenant}" && amount > {over}"#);
                (tenants::id(*number), condition)
            };
            let programs =
                actions.iter().map(|(_, rules)| in_order(&mut rules.iter().map(condition)));
            let programs = programs.collect::<Fallible<_>>()?;
            let names = actions.iter().map(|(action, _)| (*action).to_owned());
            let which = by_name(names, inputs, |input| Some(&input.action));
            new::<Tenants>(root, programs, which, inputs)
        }
        Kind::Thresholds { rules, risks } => {
            let condition = |(number, rule): (usize, &thresholds::Rule)| {
                let thresholds::Rule { from, below } = rule;
                (thresholds::id(number), format!("risk >= {from:?} && risk < {below:?}"))
            };
            let programs = in_order(&mut rules.iter().enumerate().map(condition))?;
            new::<Risk>(root, vec![programs], only(), risks)
        }
        Kind::Strings(inputs) => {
            let text = policy("strings.cel.csv", || STRINGS.to_owned())?;
            let program = env.compile(&rules::chain(&text, "call_tool")?)?;
            new::<Strings>(root, vec![Programs::Outcome(program)], only(), inputs)
        }
    }
}

/// One expression, which looks the limit of a role or of a tenant up.
pub fn data(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    let (mut root, env) = environment();
    match &workload.kind {
        Kind::Roles { rules, inputs } => {
            let over: HashMap<&str, i64> =
                rules.iter().map(|roles::Rule { role, over }| (role.as_str(), *over)).collect();
            let outcomes: HashMap<&str, String> = (0..)
                .zip(rules)
                .map(|(number, rule)| (rule.role.as_str(), format!("block {}", id(number))))
                .collect();
            root.add_variable_from_value("over", over);
            root.add_variable_from_value("outcomes", outcomes);
            let text = r#"role in over && amount > over[role] && type == "spend" ? outcomes[role] : "allow""#;
            let program = Programs::Outcome(env.compile(text)?);
            new::<Roles>(root, vec![program], only(), inputs)
        }
        Kind::Tenants { rules, inputs } => {
            let mut over: HashMap<&str, HashMap<&str, i64>> = HashMap::new();
            let mut outcomes: HashMap<&str, HashMap<&str, String>> = HashMap::new();
            for (number, rule) in rules.iter().enumerate() {
                let tenants::Rule { action, tenant, over: limit } = rule;
                over.entry(action).or_default().insert(tenant, *limit);
                let outcome = format!("block {}", tenants::id(number));
                outcomes.entry(action).or_default().insert(tenant, outcome);
            }
            root.add_variable_from_value("over", over);
            root.add_variable_from_value("outcomes", outcomes);
            let text = r#"tenant in over[type] && amount > over[type][tenant] ? outcomes[type][tenant] : "allow""#;
            let program = Programs::Outcome(env.compile(text)?);
            new::<Tenants>(root, vec![program], only(), inputs)
        }
        _ => Err("the workload has no limits to look up".into()),
    }
}

fn environment() -> (Context<'static, 'static>, Arc<Env>) {
    let env = Arc::new(Env::stdlib());
    (Context::with_env(Arc::clone(&env)), env)
}

fn new<V: Variables + 'static>(
    root: Context<'static, 'static>,
    programs: Vec<Programs>,
    which: Which,
    inputs: &'static [V::Input],
) -> Fallible<Box<dyn Peer>> {
    Ok(Box::new(Cel::<V> { root, programs, which, inputs }))
}

impl<V: Variables> Cel<V> {
    fn ask<R>(&self, at: usize, act: impl Fn(&str) -> Fallible<R>) -> Fallible<R> {
        let variables = V::of(self.inputs.get(at).ok_or("there is no such input")?);
        let mut context = self.root.new_inner_scope();
        context.set_variable_resolver(&variables);
        match pick(&self.programs, &self.which, at)? {
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

impl<V: Variables> Peer for Cel<V> {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}
