//! The folder that a door is given.

use crate::peer::Fallible;
use actra::Policy;
use actra_benches::guard::Context;
use actra_benches::roles::{Input, Rule};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A policy and inputs, typed as an application would type them. It lives as long as the door.
pub struct Workload {
    pub policy: Policy,
    pub kind: Kind,
}

pub enum Kind {
    /// W1.
    Guard(Vec<Context<'static>>),
    /// W2.
    Roles { rules: Vec<Rule>, inputs: Vec<Input<'static>> },
}

impl Workload {
    pub fn read(folder: &Path) -> Fallible<&'static Self> {
        let policy = Policy::from_artifact_file(&folder.join("policy.actra"))?;
        let texts: &'static str = fs::read_to_string(folder.join("inputs.jsonl"))?.leak();
        let contexts: Vec<Context<'static>> =
            texts.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let rules = folder.join("rules.jsonl");
        let kind = if rules.exists() {
            let rules: Vec<Rule> =
                fs::read_to_string(rules)?.lines().map(rule).collect::<Fallible<_>>()?;
            let inputs = contexts
                .iter()
                .map(|context| Input {
                    kind: context.action.kind,
                    amount: context.action.amount,
                    role: context.actor.role,
                })
                .collect();
            Kind::Roles { rules, inputs }
        } else {
            Kind::Guard(contexts)
        };
        Ok(Box::leak(Box::new(Self { policy, kind })))
    }

    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Guard(inputs) => inputs.len(),
            Kind::Roles { inputs, .. } => inputs.len(),
        }
    }
}

fn rule(line: &str) -> Fallible<Rule> {
    let value: Value = serde_json::from_str(line)?;
    let role = value["role"].as_str().ok_or("a rule without a role")?.to_owned();
    Ok(Rule { role, over: value["over"].as_i64().ok_or("a rule without a threshold")? })
}

/// The id of a rule of W2.
pub fn id(number: usize) -> String {
    format!("limit_{number:05}")
}
