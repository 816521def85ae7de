//! `regorus`, by its compiled virtual machine: modules are compiled once, the machine is kept, an
//! input is set and the program executed. Inputs are values of its own.

mod guard;
mod lists;

use crate::peer::{Fallible, Inputs, Peer, When, Which, by_name, effect_of, only, policy, told};
use crate::rules::ACTIONS;
use crate::workload::{Kind, Workload};
use actra::Effect;
use actra_benches::tenants;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, PolicyLengthConfig, Rc, Value};
use std::num::NonZeroUsize;

const GUARD: &str = include_str!("../policies/guard.rego");
const STRINGS: &str = include_str!("../policies/strings.rego");
/// The entry point of all but W1.
const DECISION: &[&str] = &["data.guard.decision"];

/// W2 by data.
const ROLES_DATA: &str = r#"package guard

default decision := "allow"

decision := limit.outcome if {
	input.action.type == "spend"
	limit := data.limits[input.actor.role]
	input.action.amount > limit.over
}
"#;
/// W3 by data.
const TENANTS_DATA: &str = r#"package guard

default decision := "allow"

decision := limit.outcome if {
	limit := data.limits[input.action.type][input.actor.tenant]
	input.action.amount > limit.over
}
"#;

struct Rego {
    machines: Machines,
    inputs: Inputs<Value>,
}

/// What an input is decided by: an index that is the caller's.
enum Machines {
    /// A machine, of which an input has an entry point.
    Entered(Box<RegoVM>, Which),
    /// A machine of those that have one entry point each.
    Picked(Vec<RegoVM>, Which),
}

/// A rule of Rego for each rule.
pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let one = |text: String, inputs| new(one_machine(text, Value::new_object())?, inputs);
    match &workload.kind {
        Kind::Guard(inputs) => {
            let keys = Keys::new(&guard::KEYS);
            let convert =
                move |at: usize| Ok(guard::input(inputs.get(at).ok_or("no input")?, &keys));
            let text = policy("guard.rego", || GUARD.to_owned())?;
            let points = ACTIONS.map(|action| format!("data.guard.{action}"));
            let points = points.each_ref().map(String::as_str);
            let machine = machine(text, Value::new_object(), &points)?;
            let which = by_name(ACTIONS.map(str::to_owned), inputs, |input| input.action.kind);
            let inputs = Inputs::new(when, inputs.len(), convert)?;
            new(Machines::Entered(Box::new(machine), which), inputs)
        }
        Kind::Roles { rules, inputs } => {
            let text = policy("roles.rego", || lists::roles_text(rules))?;
            one(text, lists::roles_inputs(inputs, when)?)
        }
        Kind::Tenants { rules, inputs } => {
            let actions = tenants::by_action(rules);
            let machine = |(_, rules): &(&str, Vec<_>)| {
                let text = lists::tenants_text(rules.iter().copied());
                machine(text, Value::new_object(), DECISION)
            };
            let machines = actions.iter().map(machine).collect::<Fallible<_>>()?;
            let names = actions.iter().map(|(action, _)| (*action).to_owned());
            let which = by_name(names, inputs, |input| Some(&input.action));
            new(Machines::Picked(machines, which), lists::tenants_inputs(inputs, when)?)
        }
        Kind::Thresholds { rules, risks } => {
            one(lists::thresholds_text(rules), lists::thresholds_inputs(risks, when)?)
        }
        Kind::Strings(inputs) => {
            let text = policy("strings.rego", || STRINGS.to_owned())?;
            one(text, lists::strings_inputs(inputs, when)?)
        }
    }
}

/// One rule of Rego, which looks the limit of a role or of a tenant up.
pub fn data(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let (text, data, inputs) = match &workload.kind {
        Kind::Roles { rules, inputs } => {
            (ROLES_DATA, lists::roles_limits(rules), lists::roles_inputs(inputs, when)?)
        }
        Kind::Tenants { rules, inputs } => {
            (TENANTS_DATA, lists::tenants_limits(rules), lists::tenants_inputs(inputs, when)?)
        }
        _ => return Err("the workload has no limits to look up".into()),
    };
    new(one_machine(text.to_owned(), data)?, inputs)
}

fn new(machines: Machines, inputs: Inputs<Value>) -> Fallible<Box<dyn Peer>> {
    Ok(Box::new(Rego { machines, inputs }))
}

fn one_machine(text: String, data: Value) -> Fallible<Machines> {
    Ok(Machines::Picked(vec![machine(text, data, DECISION)?], only()))
}

fn machine(text: String, data: Value, points: &[&str]) -> Fallible<RegoVM> {
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
    Ok(machine)
}

impl Rego {
    fn ask<R>(&mut self, at: usize, act: impl FnOnce(&str) -> Fallible<R>) -> Fallible<R> {
        const NO_RULES: &str = "no rules for the input";
        let input = self.inputs.owned(at)?;
        let outcome = match &mut self.machines {
            Machines::Entered(machine, which) => {
                machine.set_input(input);
                machine.execute_entry_point_by_index(which(at).ok_or(NO_RULES)?)?
            }
            Machines::Picked(machines, which) => {
                let picked = which(at).and_then(|number| machines.get_mut(number));
                let machine = picked.ok_or(NO_RULES)?;
                machine.set_input(input);
                machine.execute()?
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

/// Names of fields as values, made once.
struct Keys<const N: usize>([Value; N]);

impl<const N: usize> Keys<N> {
    fn new(names: &[&str; N]) -> Self {
        Self(names.map(Value::from))
    }
}
