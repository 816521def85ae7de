//! The folder that a door is given.

use crate::peer::Fallible;
use actra::Policy;
use actra_benches::guard::Context;
use actra_benches::{arguments, roles, tenants, thresholds};
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
    Roles { rules: Vec<roles::Rule>, inputs: Vec<roles::Input<'static>> },
    /// W3.
    Tenants { rules: Vec<tenants::Rule>, inputs: Vec<tenants::Input> },
    /// W4.
    Thresholds { rules: Vec<thresholds::Rule>, risks: Vec<f64> },
    /// W5.
    Strings(Vec<arguments::Input>),
}

impl Workload {
    pub fn read(folder: &Path) -> Fallible<&'static Self> {
        let policy = Policy::from_artifact_file(&folder.join("policy.actra"))?;
        let texts: &'static str = fs::read_to_string(folder.join("inputs.jsonl"))?.leak();
        let name = fs::read_to_string(folder.join("name"))?;
        let kind = match name.split(' ').next() {
            Some("W1") => Kind::Guard(contexts(texts)?),
            Some("W2") => Kind::Roles {
                rules: lines(&folder.join("rules.jsonl"), role)?,
                inputs: contexts(texts)?.iter().map(roles_input).collect(),
            },
            Some("W3") => Kind::Tenants {
                rules: lines(&folder.join("rules.jsonl"), |line| Ok(serde_json::from_str(line)?))?,
                inputs: values(texts, |value| {
                    Some(tenants::Input {
                        action: text(&value["action"]["type"])?,
                        amount: value["action"]["amount"].as_i64()?,
                        tenant: text(&value["actor"]["tenant"])?,
                    })
                })?,
            },
            Some("W4") => Kind::Thresholds {
                rules: lines(&folder.join("rules.jsonl"), |line| Ok(serde_json::from_str(line)?))?,
                risks: values(texts, |value| value["action"]["risk"].as_f64())?,
            },
            Some("W5") => Kind::Strings(values(texts, |value| {
                Some(arguments::Input {
                    command: text(&value["action"]["command"])?,
                    host: text(&value["action"]["host"])?,
                    path: text(&value["action"]["path"])?,
                })
            })?),
            _ => return Err(format!("`{name}` is no workload that is known here").into()),
        };
        Ok(Box::leak(Box::new(Self { policy, kind })))
    }

    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Guard(inputs) => inputs.len(),
            Kind::Roles { inputs, .. } => inputs.len(),
            Kind::Tenants { inputs, .. } => inputs.len(),
            Kind::Thresholds { risks, .. } => risks.len(),
            Kind::Strings(inputs) => inputs.len(),
        }
    }
}

fn contexts(texts: &'static str) -> Fallible<Vec<Context<'static>>> {
    Ok(texts.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn roles_input(context: &Context<'static>) -> roles::Input<'static> {
    roles::Input {
        kind: context.action.kind,
        amount: context.action.amount,
        role: context.actor.role,
    }
}

fn values<T>(texts: &str, read: impl Fn(&Value) -> Option<T>) -> Fallible<Vec<T>> {
    let input = |line: &str| {
        read(&serde_json::from_str(line)?).ok_or_else(|| format!("`{line}` lacks a field").into())
    };
    texts.lines().map(input).collect()
}

fn lines<T>(file: &Path, read: impl Fn(&str) -> Fallible<T>) -> Fallible<Vec<T>> {
    fs::read_to_string(file)?.lines().map(read).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn role(line: &str) -> Fallible<roles::Rule> {
    let value: Value = serde_json::from_str(line)?;
    let role = text(&value["role"]).ok_or("a rule without a role")?;
    Ok(roles::Rule { role, over: value["over"].as_i64().ok_or("a rule without a threshold")? })
}

/// The id of a rule of W2.
pub fn id(number: usize) -> String {
    format!("limit_{number:05}")
}

/// A risk of W4 for engines that have whole numbers alone. Bands and inputs lie on quarters.
pub fn hundredths(risk: f64) -> i64 {
    (risk * 100.0) as i64
}
