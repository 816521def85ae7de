//! `regorus`, by its compiled virtual machine: modules are compiled once, the machine is kept, an
//! input is set and the program executed. Inputs are values of its own.

use crate::peer::{Fallible, Inputs, Peer, When, effect_of, policy, told};
use crate::workload::{Kind, Workload, id};
use actra::Effect;
use actra_benches::roles::Rule;
use actra_benches::{guard, roles};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

const GUARD: &str = include_str!("../policies/guard.rego");

struct Rego {
    machine: RegoVM,
    inputs: Inputs<Value>,
}

/// A rule of Rego for each rule.
pub fn rules(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let (text, inputs) = match &workload.kind {
        Kind::Guard(inputs) => {
            let keys = Keys::new(&GUARD_KEYS);
            let convert = move |at: usize| Ok(guard_input(inputs.get(at).ok_or("no input")?, &keys));
            (policy("guard.rego", || GUARD.to_owned())?, Inputs::new(when, inputs.len(), convert)?)
        }
        Kind::Roles { rules, inputs } => {
            (policy("roles.rego", || rules_text(rules))?, roles_inputs(inputs, when)?)
        },
    };
    new(text, Value::new_object(), inputs)
}

/// One rule of Rego, which looks the limit of a role up.
pub fn data(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let Kind::Roles { rules, inputs } = &workload.kind else {
        return Err("the workload is of rules that differ".into());
    };
    let limits = rules.iter().enumerate().map(|(number, Rule { role, over })| {
        let outcome = format!("block {}", id(number));
        let limit = [("over", Value::from(*over)), ("outcome", Value::from(outcome))];
        (Value::from(role.as_str()), object(limit))
    });
    let data = object([("limits", Value::from(limits.collect::<BTreeMap<_, _>>()))]);
    let text = r#"package guard

default decision := "allow"

decision := limit.outcome if {
	input.action.type == "spend"
	limit := data.limits[input.actor.role]
	input.action.amount > limit.over
}
"#;
    new(text.to_owned(), data, roles_inputs(inputs, when)?)
}

fn new(text: String, data: Value, inputs: Inputs<Value>) -> Fallible<Box<dyn Peer>> {
    const DECISION: &str = "data.guard.decision";
    let mut engine = Engine::new();
    engine.add_policy("guard.rego".to_owned(), text)?;
    engine.add_data(data.clone())?;
    let compiled = engine.compile_with_entrypoint(&Rc::from(DECISION))?;
    let program = Compiler::compile_from_policy(&compiled, &[DECISION])?;
    let mut machine = RegoVM::new_with_policy(compiled);
    machine.load_program(program);
    machine.set_data(data)?;
    machine.set_max_instructions(usize::MAX);
    Ok(Box::new(Rego { machine, inputs }))
}

impl Rego {
    fn ask<R>(&mut self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        self.machine.set_input(self.inputs.owned(at)?);
        match self.machine.execute()? {
            Value::String(outcome) => act(&outcome),
            other => Err(format!("{other:?} is no outcome").into()),
        }
    }
}

impl Peer for Rego {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        self.ask(at, effect_of)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        self.ask(at, told)
    }
}

fn rules_text(rules: &[Rule]) -> String {
    let mut text = "package guard\n\ndefault decision := \"allow\"\n".to_owned();
    for (number, Rule { role, over }) in rules.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\ndecision := \"block {}\" if {{\n\tinput.actor.role == \"{role}\"\n\tinput.action.amount > {over}\n\tinput.action.type == \"spend\"\n}}\n",
            id(number)
        );
    }
    text
}

/// Names of fields as values, made once.
struct Keys<const N: usize>([Value; N]);

impl<const N: usize> Keys<N> {
    fn new(names: &[&str; N]) -> Self {
        Self(names.map(Value::from))
    }
}

const GUARD_KEYS: [&str; 14] = [
    "action", "actor", "snapshot", "type", "amount", "currency", "target", "express", "role",
    "level", "on_call", "fraud_flag", "daily_total", "region",
];

fn guard_input(input: &guard::Context<'_>, Keys(keys): &Keys<14>) -> Value {
    let [
        action, actor, snapshot, kind, amount, currency, target, express, role, level, on_call,
        fraud_flag, daily_total, region,
    ] = keys;
    let guard::Context { action: a, actor: b, snapshot: c } = input;
    let fields = |fields: &[(&Value, Option<Value>)]| {
        let there = fields
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| ((*key).clone(), value.clone())));
        Value::from(there.collect::<BTreeMap<_, _>>())
    };
    let domains = [
        (
            action.clone(),
            fields(&[
                (kind, a.kind.map(Value::from)),
                (amount, a.amount.map(Value::from)),
                (currency, a.currency.map(Value::from)),
                (target, a.target.map(Value::from)),
                (express, a.express.map(Value::from)),
            ]),
        ),
        (
            actor.clone(),
            fields(&[
                (kind, b.kind.map(Value::from)),
                (role, b.role.map(Value::from)),
                (level, b.level.map(Value::from)),
                (on_call, b.on_call.map(Value::from)),
            ]),
        ),
        (
            snapshot.clone(),
            fields(&[
                (fraud_flag, c.fraud_flag.map(Value::from)),
                (daily_total, c.daily_total.map(Value::from)),
                (region, c.region.map(Value::from)),
            ]),
        ),
    ];
    Value::from(BTreeMap::from(domains))
}

fn roles_inputs(inputs: &'static [roles::Input<'static>], when: When) -> Fallible<Inputs<Value>> {
    let Keys(keys) = Keys::new(&["action", "actor", "type", "amount", "role"]);
    let convert = move |at: usize| {
        let [action, actor, kind, amount, role] = &keys;
        let input = inputs.get(at).ok_or("there is no such input")?;
        let asked = [
            (kind.clone(), Value::from(input.kind.ok_or("no action")?)),
            (amount.clone(), Value::from(input.amount.ok_or("no amount")?)),
        ];
        let asker = [(role.clone(), Value::from(input.role.ok_or("no role")?))];
        let domains = [
            (action.clone(), Value::from(BTreeMap::from(asked))),
            (actor.clone(), Value::from(BTreeMap::from(asker))),
        ];
        Ok(Value::from(BTreeMap::from(domains)))
    };
    Inputs::new(when, inputs.len(), convert)
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::from(BTreeMap::from(fields.map(|(key, value)| (Value::from(key), value))))
}
