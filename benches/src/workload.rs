//! A workload as files, the same text for everyone: what a door is given.

use crate::guard::{self, SEED};
use crate::{arguments, roles, tenants, thresholds};
use actra::{Effect, Policy};
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A policy and inputs.
#[derive(Debug)]
pub struct Workload {
    name: String,
    schema: Cow<'static, str>,
    document: String,
    policy: Policy,
    inputs: Vec<String>,
    rules: Option<String>,
}

impl Workload {
    /// W1, and so many inputs.
    pub fn guard(count: usize) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            name: "W1 guard".to_owned(),
            schema: guard::SCHEMA.into(),
            document: guard::POLICY.to_owned(),
            policy: guard::policy()?,
            inputs: guard::texts(count, SEED),
            rules: None,
        })
    }

    /// W1, and so many of its inputs that the 0.7.8 package decides as we do: all, or those with an
    /// effect that is asked for.
    pub fn guard_of_version_1(
        count: usize,
        wanted: impl Fn(Effect) -> bool,
    ) -> Result<Self, Box<dyn Error>> {
        let policy = guard::policy()?;
        let mut inputs = Vec::new();
        // Allowed are some 4 in 100.
        for text in guard::texts(count * 64, SEED) {
            let input: guard::Context<'_> = serde_json::from_str(&text)?;
            let decision = policy.evaluate_json(text.as_bytes())?;
            let rule = decision.matched_rule.as_deref();
            if wanted(decision.effect) && guard::is_sayable_in_version_1(&input, rule) {
                inputs.push(text);
            }
            if inputs.len() == count {
                return Ok(Self { name: "W1 for 0.7.8".to_owned(), inputs, ..Self::guard(0)? });
            }
        }
        Err(format!("there are only {} such inputs", inputs.len()).into())
    }

    /// W2 of so many rules, and so many inputs.
    pub fn roles(size: usize, count: usize) -> Result<Self, Box<dyn Error>> {
        let rules = roles::rules(size, SEED);
        Ok(Self {
            name: format!("W2 roles-{size}"),
            schema: roles::SCHEMA.into(),
            document: roles::policy_text(&rules),
            policy: roles::policy(&rules)?,
            inputs: roles::inputs(&rules, count, SEED).iter().map(roles::json).collect(),
            rules: Some(roles::rules_json(&rules)),
        })
    }

    /// W3, and so many inputs.
    pub fn tenants(count: usize) -> Result<Self, Box<dyn Error>> {
        let rules = tenants::rules(SEED);
        Ok(Self {
            name: "W3 tenants".to_owned(),
            schema: tenants::schema().into(),
            document: tenants::policy_text(&rules),
            policy: tenants::policy(&rules)?,
            inputs: tenants::inputs(count, SEED).iter().map(tenants::json).collect(),
            rules: Some(lines(&rules)?),
        })
    }

    /// W4, and so many inputs.
    pub fn thresholds(count: usize) -> Result<Self, Box<dyn Error>> {
        let rules = thresholds::rules(SEED);
        Ok(Self {
            name: "W4 thresholds".to_owned(),
            schema: thresholds::SCHEMA.into(),
            document: thresholds::policy_text(&rules),
            policy: thresholds::policy(&rules)?,
            inputs: thresholds::inputs(count, SEED).into_iter().map(thresholds::json).collect(),
            rules: Some(lines(&rules)?),
        })
    }

    /// W5, and so many inputs.
    pub fn arguments(count: usize) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            name: "W5 strings".to_owned(),
            schema: arguments::SCHEMA.into(),
            document: arguments::POLICY.to_owned(),
            policy: arguments::policy()?,
            inputs: arguments::inputs(count, SEED).iter().map(arguments::json).collect(),
            rules: None,
        })
    }

    /// The workload that a command line names, with as many inputs as it is measured with.
    pub fn named(name: &str) -> Result<Self, Box<dyn Error>> {
        match (name, name.strip_prefix("roles-")) {
            ("guard", _) => Self::guard(1024),
            ("tenants", _) => Self::tenants(1024),
            ("thresholds", _) => Self::thresholds(1024),
            ("strings", _) => Self::arguments(1024),
            (_, Some(size)) => Self::roles(size.parse()?, 768),
            _ => Err(format!("there is no workload `{name}`").into()),
        }
    }

    /// What it is called in tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many inputs it has.
    pub fn count(&self) -> usize {
        self.inputs.len()
    }

    /// Writes it into a folder, which is made where it is missing.
    pub fn write(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("name"), &self.name)?;
        fs::write(folder.join("schema.yaml"), self.schema.as_bytes())?;
        fs::write(folder.join("policy.yaml"), &self.document)?;
        self.policy.save(&folder.join("policy.actra"))?;
        fs::write(folder.join("inputs.jsonl"), self.inputs.join("\n") + "\n")?;
        if let Some(rules) = &self.rules {
            fs::write(folder.join("rules.jsonl"), rules)?;
        }
        Ok(())
    }

    /// What Rust decides, as doors tell it: the effect, a tab, the rule or `-`.
    pub fn decisions(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let decide = |text: &String| -> Result<String, Box<dyn Error>> {
            let decision = self.policy.evaluate_json(text.as_bytes())?;
            let rule = decision.matched_rule.unwrap_or_else(|| "-".to_owned());
            Ok(format!("{}\t{rule}", decision.effect.as_str()))
        };
        self.inputs.iter().map(decide).collect()
    }
}

/// Rules as JSON, one a line.
fn lines<R: Serialize>(rules: &[R]) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for rule in rules {
        writeln!(text, "{}", serde_json::to_string(rule)?)?;
    }
    Ok(text)
}
