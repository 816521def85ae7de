//! W2: one operation and many rules, each for a role of its own.

mod by_hand;

pub use by_hand::{Decided, Fault, Index, Scan};

use crate::Rng;
use actra::{Frame, Policy, SlotId, Value};
use std::error::Error;
use std::fmt::Write;

/// The numbers of rules that are measured.
pub const SIZES: [usize; 5] = [3, 10, 100, 1000, 10_000];

/// What may be asked about.
pub const SCHEMA: &str = "\
version: 1
actions:
  spend:
    fields:
      amount: {type: integer, min: 0, required: true}
actor:
  fields:
    role: {type: string, max_length: 64, required: true}
snapshot:
  fields:
";

/// A rule: who may not spend more than how much.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The role.
    pub role: String,
    /// The threshold.
    pub over: i64,
}

/// An input.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The operation.
    pub kind: Option<&'a str>,
    /// How much.
    pub amount: Option<i64>,
    /// Who.
    pub role: Option<&'a str>,
}

/// The rules of a policy.
pub fn rules(count: usize, seed: u64) -> Vec<Rule> {
    let mut rng = Rng::new(seed);
    (0..count)
        .map(|number| Rule {
            role: format!("role_{number:05}"),
            over: 100 + rng.below(10_000) as i64,
        })
        .collect()
}

/// The policy, every atom in its long form.
pub fn policy_text(rules: &[Rule]) -> String {
    let mut text = "version: 2\nevaluation: {default: allow}\nrules:\n".to_owned();
    for (number, Rule { role, over }) in rules.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  - id: limit_{number:05}
    scope:
      action: spend
    when:
      all:
        - subject: {{domain: actor, field: role}}
          operator: equals
          value: {{literal: {role}}}
        - subject: {{domain: action, field: amount}}
          operator: greater_than
          value: {{literal: {over}}}
    effect: block
"
        );
    }
    text
}

/// The policy, every atom in its short form.
pub fn short_policy_text(rules: &[Rule]) -> String {
    let mut text = "version: 2\nevaluation: {default: allow}\nrules:\n".to_owned();
    for (number, Rule { role, over }) in rules.iter().enumerate() {
        let _ = write!(
            text,
            "  - id: limit_{number:05}
    scope: {{action: spend}}
    when:
      all:
        - actor.role == {role}
        - action.amount > {over}
    effect: block
"
        );
    }
    text
}

/// The policy, compiled.
pub fn policy(rules: &[Rule]) -> Result<Policy, Box<dyn Error>> {
    Ok(Policy::from_strings(SCHEMA, &policy_text(rules), None)?)
}

/// Inputs: a third match the last rule, a third the one in the middle, a third none.
pub fn inputs(rules: &[Rule], count: usize, seed: u64) -> Vec<Input<'_>> {
    let mut rng = Rng::new(seed);
    let places = [rules.last(), rules.get(rules.len() / 2)];
    let mut inputs: Vec<Input<'_>> = (0..count)
        .map(|number| {
            let rule = places.get(number % 3).copied().flatten();
            Input {
                kind: Some("spend"),
                amount: Some(rule.map_or(20_000, |rule| rule.over + 1 + rng.below(50) as i64)),
                role: Some(rule.map_or("role_of_nobody", |rule| rule.role.as_str())),
            }
        })
        .collect();
    // In random order, but one of each in every three, so that a slow engine's few inputs are such a
    // mixture, too.
    inputs.chunks_mut(3).for_each(|three| rng.shuffle(three));
    inputs
}

/// The rules as JSON, one a line, for engines with policies of their own.
pub fn rules_json(rules: &[Rule]) -> String {
    let mut text = String::new();
    for (number, Rule { role, over }) in rules.iter().enumerate() {
        let rule =
            serde_json::json!({"id": format!("limit_{number:05}"), "role": role, "over": over});
        let _ = writeln!(text, "{rule}");
    }
    text
}

/// The JSON text of an input.
pub fn json(input: &Input<'_>) -> String {
    let Input { kind, amount, role } = *input;
    serde_json::json!({
        "action": {"type": kind, "amount": amount}, "actor": {"role": role}, "snapshot": {}
    })
    .to_string()
}

/// The fields' slots, found once.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    kind: SlotId,
    amount: SlotId,
    role: SlotId,
}

impl Slots {
    /// Finds them; `None` for some other policy.
    pub fn of(policy: &Policy) -> Option<Self> {
        Some(Self {
            kind: policy.slot("action.type")?,
            amount: policy.slot("action.amount")?,
            role: policy.slot("actor.role")?,
        })
    }

    /// Clears the frame and puts an input into it.
    #[inline]
    pub fn fill<'v>(&self, frame: &mut Frame<'_, 'v>, input: &Input<'v>) {
        frame.clear();
        if let Some(kind) = input.kind {
            frame.set(self.kind, Value::String(kind));
        }
        if let Some(amount) = input.amount {
            frame.set(self.amount, Value::Integer(amount));
        }
        if let Some(role) = input.role {
            frame.set(self.role, Value::String(role));
        }
    }
}
