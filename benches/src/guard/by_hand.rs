//! The guard as a careful person would write it in Rust: inputs checked as the schema asks, rules
//! as plain `if`s, missing fields resolved to the safe side.

use super::{Action, Actor, Context, Snapshot};
use actra::{Effect, InputCode};

/// A decision: the effect and the place, in the policy, of the rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The effect.
    pub effect: Effect,
    /// The rule; `None`: the default.
    pub rule: Option<u8>,
}

/// What is wrong with an input, and with which field.
pub type Fault = (InputCode, &'static str);

/// The action, once known to be one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Delete,
    Export,
    Payout,
    Refund,
    Transfer,
}

/// An input that is in order.
struct Checked<'a> {
    operation: Operation,
    amount: i64,
    currency: &'a str,
    target: &'a str,
    express: bool,
    actor_kind: Option<&'a str>,
    role: &'a str,
    level: i64,
    on_call: Option<bool>,
    fraud_flag: bool,
    daily_total: f64,
    region: Option<&'a str>,
}

/// Checks and decides an input.
pub fn decide(input: &Context<'_>) -> Result<Decided, Fault> {
    check(input).map(|checked| rules(&checked))
}

fn required<T>(value: Option<T>, field: &'static str) -> Result<T, Fault> {
    value.ok_or((InputCode::MissingRequired, field))
}

fn in_range(value: i64, min: i64, max: i64, field: &'static str) -> Result<i64, Fault> {
    if value < min {
        Err((InputCode::BelowMin, field))
    } else if value > max {
        Err((InputCode::AboveMax, field))
    } else {
        Ok(value)
    }
}

const MAX_BYTES: usize = 1024 * 1024;

/// A string of at most `most` characters, and of no absurd size.
fn bounded<'a>(text: &'a str, most: usize, field: &'static str) -> Result<&'a str, Fault> {
    if text.len() > MAX_BYTES {
        Err((InputCode::TooLarge, field))
    } else if text.len() > most && text.chars().count() > most {
        Err((InputCode::TooLong, field))
    } else {
        Ok(text)
    }
}

fn check<'a>(input: &Context<'a>) -> Result<Checked<'a>, Fault> {
    let Context { action, actor, snapshot } = *input;
    let Action { kind, amount, currency, target, express } = action;
    let operation = match required(kind, "action.type")? {
        "delete" => Operation::Delete,
        "export" => Operation::Export,
        "payout" => Operation::Payout,
        "refund" => Operation::Refund,
        "transfer" => Operation::Transfer,
        _ => return Err((InputCode::UnknownAction, "action.type")),
    };
    let amount = required(amount, "action.amount")?;
    let amount = in_range(amount, 0, 10_000_000, "action.amount")?;
    let currency = required(currency, "action.currency")?;
    if !matches!(currency, "USD" | "EUR" | "GBP" | "JPY") {
        return Err((InputCode::NotInEnum, "action.currency"));
    }
    let target = bounded(required(target, "action.target")?, 120, "action.target")?;
    let Actor { kind: actor_kind, role, level, on_call } = actor;
    let level = in_range(required(level, "actor.level")?, 0, 9, "actor.level")?;
    let role = bounded(required(role, "actor.role")?, 64, "actor.role")?;
    if let Some(kind) = actor_kind {
        bounded(kind, usize::MAX, "actor.type")?;
    }
    let Snapshot { fraud_flag, daily_total, region } = snapshot;
    let daily_total = required(daily_total, "snapshot.daily_total")?;
    if !daily_total.is_finite() {
        return Err((InputCode::NotFinite, "snapshot.daily_total"));
    }
    if daily_total < 0.0 {
        return Err((InputCode::BelowMin, "snapshot.daily_total"));
    }
    let fraud_flag = required(fraud_flag, "snapshot.fraud_flag")?;
    let region = match region {
        Some(region) => Some(bounded(region, 32, "snapshot.region")?),
        None => None,
    };
    let express = express.unwrap_or(false);
    Ok(Checked {
        operation,
        amount,
        currency,
        target,
        express,
        actor_kind,
        role,
        level,
        on_call,
        fraud_flag,
        daily_total,
        region,
    })
}

#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "as the policy has it")]
fn is_report(target: &str) -> bool {
    target.ends_with(".csv")
}

/// The rules, blocks before approvals before allowances. A field that is missing counts as what
/// restricts.
fn rules(input: &Checked<'_>) -> Decided {
    use Operation::*;
    let operation = input.operation;
    let may_be_agent = input.actor_kind.is_none_or(|kind| kind == "ai_agent");
    let decided = |effect, rule| Decided { effect, rule: Some(rule) };

    if matches!(operation, Refund | Payout | Transfer) && input.fraud_flag {
        return decided(Effect::Block, 0);
    }
    if input.region.is_none_or(|region| matches!(region, "embargoed" | "unknown")) {
        return decided(Effect::Block, 1);
    }
    if operation == Export && may_be_agent && input.target.starts_with("s3://public") {
        return decided(Effect::Block, 2);
    }
    if operation == Delete
        && input.on_call != Some(true)
        && !matches!(input.role, "admin" | "owner")
    {
        return decided(Effect::Block, 3);
    }
    if matches!(operation, Refund | Payout) && input.daily_total >= 50_000.0 {
        return decided(Effect::Block, 4);
    }
    if operation == Transfer && input.level < 3 {
        return decided(Effect::Block, 5);
    }
    if operation == Refund && input.amount > 1000 && input.currency != "JPY" {
        return decided(Effect::RequireApproval, 6);
    }
    if operation == Payout && may_be_agent && (input.amount > 200 || input.express) {
        return decided(Effect::RequireApproval, 7);
    }
    if operation == Delete && input.target.contains('*') {
        return decided(Effect::RequireApproval, 8);
    }
    if operation == Refund && input.amount <= 1000 {
        return decided(Effect::Allow, 9);
    }
    if operation == Payout && matches!(input.role, "lead" | "admin") && input.amount <= 5000 {
        return decided(Effect::Allow, 10);
    }
    if operation == Export && is_report(input.target) && input.amount < 500 {
        return decided(Effect::Allow, 11);
    }
    Decided { effect: Effect::Block, rule: None }
}
