//! W4: two hundred rules on one number, each for a band of its own, so that no equality tells them
//! apart.

use crate::Rng;
use actra::{Effect, Frame, InputCode, Policy, SlotId, Value};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt::Write;

const RULES: u64 = 200;
/// From the start of a band to that of the next; the upper half is nobody's.
const STEP: u64 = 50;

/// What may be asked about.
pub const SCHEMA: &str = "\
version: 1
actions:
  score:
    fields:
      risk: {type: number, min: 0, required: true}
";

/// A rule: risks from one on and below the other are blocked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Where its band begins.
    pub from: f64,
    /// Where it has ended.
    pub below: f64,
}

/// The rules, in random order.
pub fn rules(seed: u64) -> Vec<Rule> {
    let mut rng = Rng::new(seed);
    let mut rules: Vec<Rule> = (0..RULES)
        .map(|band| {
            let from = (band * STEP) as f64 + 0.25;
            Rule { from, below: from + 10.0 + rng.below(STEP / 2 - 10) as f64 }
        })
        .collect();
    rng.shuffle(&mut rules);
    rules
}

/// The policy's text.
pub fn policy_text(rules: &[Rule]) -> String {
    let mut text = "version: 2\nevaluation: {default: allow}\nrules:\n".to_owned();
    for (number, Rule { from, below }) in rules.iter().enumerate() {
        let _ = write!(
            text,
            "  - id: {}
    scope: {{action: score}}
    when: {{all: [action.risk >= {from}, action.risk < {below}]}}
    effect: block
",
            id(number)
        );
    }
    text
}

/// The id of a rule.
pub fn id(number: usize) -> String {
    format!("band_{number:03}")
}

/// The policy, compiled.
pub fn policy(rules: &[Rule]) -> Result<Policy, Box<dyn Error>> {
    Ok(Policy::from_strings(SCHEMA, &policy_text(rules), None)?)
}

/// Risks of inputs: some 40 of 100 are in a band.
pub fn inputs(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed ^ 1);
    (0..count).map(|_| rng.below(4 * RULES * STEP) as f64 / 4.0).collect()
}

/// The JSON text of an input.
pub fn json(risk: f64) -> String {
    serde_json::json!({"action": {"type": "score", "risk": risk}, "actor": {}, "snapshot": {}})
        .to_string()
}

/// The fields' slots, found once.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    action: SlotId,
    risk: SlotId,
}

impl Slots {
    /// Finds them; `None` for some other policy.
    pub fn of(policy: &Policy) -> Option<Self> {
        Some(Self { action: policy.slot("action.type")?, risk: policy.slot("action.risk")? })
    }

    /// Clears the frame and puts an input into it.
    #[inline]
    pub fn fill(&self, frame: &mut Frame<'_, '_>, risk: f64) {
        frame.clear();
        frame.set(self.action, Value::String("score"));
        frame.set(self.risk, Value::Float(risk));
    }
}

fn check(risk: f64) -> Result<f64, InputCode> {
    if !risk.is_finite() {
        Err(InputCode::NotFinite)
    } else if risk < 0.0 {
        Err(InputCode::BelowMin)
    } else {
        Ok(risk)
    }
}

/// By hand: checks, and rules one after the other.
pub fn scan(rules: &[Rule], risk: f64) -> Result<(Effect, Option<u32>), InputCode> {
    let risk = check(risk)?;
    let found = rules.iter().position(|rule| risk >= rule.from && risk < rule.below);
    Ok(found.map_or((Effect::Allow, None), |rule| (Effect::Block, Some(rule as u32))))
}

/// By hand: bands by where they start.
#[derive(Debug)]
pub struct Bands {
    bands: Vec<(f64, f64, u32)>,
}

impl Bands {
    /// Sorts the rules.
    pub fn new(rules: &[Rule]) -> Self {
        let numbered = rules.iter().enumerate();
        let mut bands: Vec<_> =
            numbered.map(|(number, rule)| (rule.from, rule.below, number as u32)).collect();
        bands.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { bands }
    }

    /// Checks and decides an input: the effect, and the rule that decided.
    pub fn decide(&self, risk: f64) -> Result<(Effect, Option<u32>), InputCode> {
        let risk = check(risk)?;
        let behind = self.bands.partition_point(|(from, _, _)| *from <= risk);
        Ok(match behind.checked_sub(1).and_then(|at| self.bands.get(at)) {
            Some((_, below, rule)) if risk < *below => (Effect::Block, Some(*rule)),
            _ => (Effect::Allow, None),
        })
    }
}
