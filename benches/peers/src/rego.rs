//! `regorus`, by its compiled virtual machine: modules are compiled once, the machine is kept, an
//! input is set and the program executed. Inputs are values of its own.

use crate::peer::{Fallible, Inputs, Peer, When, effect_of, policy, told};
use crate::rules::ACTIONS;
use crate::workload::{Kind, Workload, id};
use actra::Effect;
use actra_benches::roles::Rule;
use actra_benches::{guard, roles};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, PolicyLengthConfig, Rc, Value};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::num::NonZeroUsize;

const GUARD: &str = include_str!("../policies/guard.rego");
/// The entry point of W2.
const DECISION: &[&str] = &["data.guard.decision"];

struct Rego {
    machine: RegoVM,
    entries: Entries,
    inputs: Inputs<Value>,
}

/// Where programs are entered.
enum Entries {
    /// At the only entry point.
    One,
    /// At the one of an input's action, by its number: the caller's index.
    ByAction(HashMap<&'static str, usize>, &'static [guard::Context<'static>]),
}

/// A rule of Rego for each rule.
pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    match &workload.kind {
        Kind::Guard(inputs) => {
            let keys = Keys::new(&GUARD_KEYS);
            let convert =
                move |at: usize| Ok(guard_input(inputs.get(at).ok_or("no input")?, &keys));
            let text = policy("guard.rego", || GUARD.to_owned())?;
            let points = ACTIONS.map(|action| format!("data.guard.{action}"));
            let numbers = (0..).zip(ACTIONS).map(|(number, action)| (action, number)).collect();
            let entries = Entries::ByAction(numbers, inputs);
            let inputs = Inputs::new(when, inputs.len(), convert)?;
            new(text, Value::new_object(), &points.each_ref().map(String::as_str), entries, inputs)
        }
        Kind::Roles { rules, inputs } => {
            let text = policy("roles.rego", || rules_text(rules))?;
            let inputs = roles_inputs(inputs, when)?;
            new(text, Value::new_object(), DECISION, Entries::One, inputs)
        }
    }
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
    new(text.to_owned(), data, DECISION, Entries::One, roles_inputs(inputs, when)?)
}

fn new(
    text: String,
    data: Value,
    points: &[&str],
    entries: Entries,
    inputs: Inputs<Value>,
) -> Fallible<Box<dyn Peer>> {
    let mut engine = Engine::new();
    // 10,000 rules are more than the largest policy that it reads unless told so.
    engine.set_policy_length_config(PolicyLengthConfig {
        max_file_bytes: NonZeroUsize::MAX,
        max_lines: NonZeroUsize::MAX,
        ..PolicyLengthConfig::default()
    });
    engine.add_policy("policy.rego".to_owned(), text)?;
    engine.add_data(data.clone())?;
    let first = points.first().ok_or("no entry point")?;
    let compiled = engine.compile_with_entrypoint(&Rc::from(*first))?;
    let program = Compiler::compile_from_policy(&compiled, points)?;
    let mut machine = RegoVM::new_with_policy(compiled);
    machine.load_program(program);
    machine.set_data(data)?;
    machine.set_max_instructions(usize::MAX);
    Ok(Box::new(Rego { machine, entries, inputs }))
}

impl Rego {
    fn ask<R>(&mut self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        self.machine.set_input(self.inputs.owned(at)?);
        let outcome = match &self.entries {
            Entries::One => self.machine.execute()?,
            Entries::ByAction(numbers, inputs) => {
                let action = inputs.get(at).and_then(|input| input.action.kind);
                let number = action.and_then(|action| numbers.get(action));
                self.machine.execute_entry_point_by_index(*number.ok_or("an unknown action")?)?
            }
        };
        match outcome {
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
    "action",
    "actor",
    "snapshot",
    "type",
    "amount",
    "currency",
    "target",
    "express",
    "role",
    "level",
    "on_call",
    "fraud_flag",
    "daily_total",
    "region",
];

fn guard_input(input: &guard::Context<'_>, Keys(keys): &Keys<14>) -> Value {
    let [
        action,
        actor,
        snapshot,
        kind,
        amount,
        currency,
        target,
        express,
        role,
        level,
        on_call,
        fraud_flag,
        daily_total,
        region,
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
