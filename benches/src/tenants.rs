//! W3: two hundred operations with fifty rules each, one for each of fifty tenants; an operation at
//! random.

use crate::Rng;
use actra::{Effect, Frame, InputCode, Policy, SlotId, Value};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;

const ACTIONS: u64 = 200;
const TENANTS: u64 = 50;
/// Tenants of inputs: some have no rule.
const ASKING: u64 = 60;
const MAX_BYTES: usize = 1024 * 1024;

/// A rule: above which amount an operation of a tenant's is blocked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// The operation.
    pub action: String,
    /// Whose.
    pub tenant: String,
    /// The threshold.
    pub over: i64,
}

/// An input.
#[derive(Clone, Debug)]
pub struct Input {
    /// The operation.
    pub action: String,
    /// How much.
    pub amount: i64,
    /// Whose.
    pub tenant: String,
}

/// What may be asked about.
pub fn schema() -> String {
    let mut text = "version: 1\nactions:\n".to_owned();
    for action in 0..ACTIONS {
        let _ = writeln!(
            text,
            "  operation_{action:03}: {{fields: {{amount: {{type: integer, min: 0, required: true}}}}}}"
        );
    }
    text + "actor: {fields: {tenant: {type: string, max_length: 64, required: true}}}\n"
}

/// The rules.
pub fn rules(seed: u64) -> Vec<Rule> {
    let mut rng = Rng::new(seed);
    let mut rules = Vec::new();
    for action in 0..ACTIONS {
        for tenant in 0..TENANTS {
            rules.push(Rule {
                action: format!("operation_{action:03}"),
                tenant: format!("tenant_{tenant:02}"),
                over: 100 + rng.below(10_000) as i64,
            });
        }
    }
    rules
}

/// The policy's text.
pub fn policy_text(rules: &[Rule]) -> String {
    let mut text = "version: 2\nevaluation: {default: allow}\nrules:\n".to_owned();
    for (number, Rule { action, tenant, over }) in rules.iter().enumerate() {
        let _ = write!(
            text,
            "  - id: {}
    scope: {{action: {action}}}
    when: {{all: [actor.tenant == {tenant}, action.amount > {over}]}}
    effect: block
",
            id(number)
        );
    }
    text
}

/// The id of a rule.
pub fn id(number: usize) -> String {
    format!("limit_{number:05}")
}

/// The rules of each operation, with their places among all, for engines without an index.
pub fn by_action(rules: &[Rule]) -> Vec<(&str, Vec<(usize, &Rule)>)> {
    let mut grouped: Vec<(&str, Vec<(usize, &Rule)>)> = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        match grouped.last_mut() {
            Some((action, known)) if *action == rule.action => known.push((number, rule)),
            _ => grouped.push((&rule.action, vec![(number, rule)])),
        }
    }
    grouped
}

/// The policy, compiled.
pub fn policy(rules: &[Rule]) -> Result<Policy, Box<dyn Error>> {
    Ok(Policy::from_strings(&schema(), &policy_text(rules), None)?)
}

/// Inputs.
pub fn inputs(count: usize, seed: u64) -> Vec<Input> {
    let mut rng = Rng::new(seed ^ 1);
    (0..count)
        .map(|_| Input {
            action: format!("operation_{:03}", rng.below(ACTIONS)),
            amount: rng.below(12_000) as i64,
            tenant: format!("tenant_{:02}", rng.below(ASKING)),
        })
        .collect()
}

/// The JSON text of an input.
pub fn json(input: &Input) -> String {
    let Input { action, amount, tenant } = input;
    serde_json::json!({
        "action": {"type": action, "amount": amount}, "actor": {"tenant": tenant}, "snapshot": {}
    })
    .to_string()
}

/// The fields' slots, found once.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    action: SlotId,
    amount: SlotId,
    tenant: SlotId,
}

impl Slots {
    /// Finds them; `None` for some other policy.
    pub fn of(policy: &Policy) -> Option<Self> {
        Some(Self {
            action: policy.slot("action.type")?,
            amount: policy.slot("action.amount")?,
            tenant: policy.slot("actor.tenant")?,
        })
    }

    /// Clears the frame and puts an input into it.
    #[inline]
    pub fn fill<'v>(&self, frame: &mut Frame<'_, 'v>, input: &'v Input) {
        frame.clear();
        frame.set(self.action, Value::String(&input.action));
        frame.set(self.amount, Value::Integer(input.amount));
        frame.set(self.tenant, Value::String(&input.tenant));
    }
}

/// By hand: rules by operation and tenant, behind the checks that the schema asks for.
#[derive(Debug)]
pub struct Index<'r> {
    by_action: HashMap<&'r str, HashMap<&'r str, (i64, u32)>>,
}

impl<'r> Index<'r> {
    /// Indexes the rules.
    pub fn new(rules: &'r [Rule]) -> Self {
        let mut by_action: HashMap<&str, HashMap<&str, (i64, u32)>> = HashMap::new();
        for (number, rule) in rules.iter().enumerate() {
            let tenants = by_action.entry(&rule.action).or_default();
            tenants.insert(&rule.tenant, (rule.over, number as u32));
        }
        Self { by_action }
    }

    /// Checks and decides an input: the effect, and the rule that decided.
    pub fn decide(&self, input: &Input) -> Result<(Effect, Option<u32>), InputCode> {
        let tenants = self.by_action.get(&*input.action).ok_or(InputCode::UnknownAction)?;
        let amount = input.amount;
        if amount < 0 {
            return Err(InputCode::BelowMin);
        }
        let tenant = &*input.tenant;
        if tenant.len() > MAX_BYTES {
            return Err(InputCode::TooLarge);
        }
        if tenant.len() > 64 && tenant.chars().count() > 64 {
            return Err(InputCode::TooLong);
        }
        Ok(match tenants.get(tenant) {
            Some((over, rule)) if amount > *over => (Effect::Block, Some(*rule)),
            _ => (Effect::Allow, None),
        })
    }
}
