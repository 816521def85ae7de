//! The roles as a careful person would write them in Rust: input checked as the schema asks, rules
//! as data, looked for one by one or through a map.

use super::{Input, Rule};
use actra::{Effect, InputCode};
use std::collections::HashMap;

/// The effect, and the rule that decided.
pub type Decided = (Effect, Option<u32>);

/// What is wrong with an input, and with which field.
pub type Fault = (InputCode, &'static str);

const MAX_BYTES: usize = 1024 * 1024;

fn check<'a>(input: &Input<'a>) -> Result<(&'a str, i64), Fault> {
    let kind = input.kind.ok_or((InputCode::MissingRequired, "action.type"))?;
    if kind != "spend" {
        return Err((InputCode::UnknownAction, "action.type"));
    }
    let amount = input.amount.ok_or((InputCode::MissingRequired, "action.amount"))?;
    if amount < 0 {
        return Err((InputCode::BelowMin, "action.amount"));
    }
    let role = input.role.ok_or((InputCode::MissingRequired, "actor.role"))?;
    if role.len() > MAX_BYTES {
        return Err((InputCode::TooLarge, "actor.role"));
    }
    if role.len() > 64 && role.chars().count() > 64 {
        return Err((InputCode::TooLong, "actor.role"));
    }
    Ok((role, amount))
}

/// Rules, looked at one after the other.
#[derive(Debug)]
pub struct Scan<'r> {
    rules: &'r [Rule],
}

impl<'r> Scan<'r> {
    /// Takes the rules.
    pub const fn new(rules: &'r [Rule]) -> Self {
        Self { rules }
    }

    /// Checks and decides an input.
    pub fn decide(&self, input: &Input<'_>) -> Result<Decided, Fault> {
        let (role, amount) = check(input)?;
        let found = self.rules.iter().position(|rule| rule.role == role && amount > rule.over);
        Ok(found.map_or((Effect::Allow, None), |rule| (Effect::Block, Some(rule as u32))))
    }
}

/// Rules by role.
#[derive(Debug)]
pub struct Index<'r> {
    by_role: HashMap<&'r str, Vec<(i64, u32)>>,
}

impl<'r> Index<'r> {
    /// Indexes the rules.
    pub fn new(rules: &'r [Rule]) -> Self {
        let mut by_role: HashMap<&str, Vec<(i64, u32)>> = HashMap::new();
        for (number, rule) in rules.iter().enumerate() {
            by_role.entry(&rule.role).or_default().push((rule.over, number as u32));
        }
        Self { by_role }
    }

    /// Checks and decides an input.
    pub fn decide(&self, input: &Input<'_>) -> Result<Decided, Fault> {
        let (role, amount) = check(input)?;
        let rules = self.by_role.get(role).map_or(&[][..], Vec::as_slice);
        let found = rules.iter().find(|(over, _)| amount > *over);
        Ok(found.map_or((Effect::Allow, None), |(_, rule)| (Effect::Block, Some(*rule))))
    }
}
