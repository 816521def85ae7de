//! The history decided as a careful person would in Rust: what each string of a dictionary comes to
//! is worked out once, then one loop goes over the rows, checks them as the schema asks and takes the
//! rules as plain `if`s.

use super::{History, Strings};
use crate::guard::Fault;
use actra::{Effect, InputCode};

/// What was decided, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decided {
    /// Effects by their numbers, 0 where a row is in error.
    pub effects: Vec<u8>,
    /// Places of the rules in the policy, `u32::MAX` where none decided.
    pub rules: Vec<u32>,
    /// Rows in error.
    pub errors: Vec<(usize, Fault)>,
}

/// The default decides.
const NO_RULE: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Delete,
    Export,
    Payout,
    Refund,
    Transfer,
    Unknown,
}

#[derive(Clone, Copy, Default)]
struct Currency {
    is_known: bool,
    is_yen: bool,
}

#[derive(Clone, Copy, Default)]
struct Target {
    fits: bool,
    is_public: bool,
    is_wide: bool,
    is_report: bool,
}

#[derive(Clone, Copy, Default)]
struct Role {
    fits: bool,
    may_delete: bool,
    may_pay: bool,
}

#[derive(Clone, Copy, Default)]
struct Region {
    fits: bool,
    is_sanctioned: bool,
}

fn each<T>(strings: &Strings, of: impl Fn(&str) -> T) -> Vec<T> {
    strings.values.iter().map(|value| of(value)).collect()
}

fn fits(text: &str, most: usize) -> bool {
    text.len() <= most || text.chars().count() <= most
}

/// What a key leads to. `None`: the row has none.
#[inline]
fn at<T: Copy>(table: &[T], strings: &Strings, row: usize) -> Option<T> {
    table.get(*strings.keys.get(row)? as usize).copied()
}

/// Checks and decides every row.
pub fn decide(history: &History) -> Decided {
    let operations = each(&history.kind, |text| match text {
        "delete" => Operation::Delete,
        "export" => Operation::Export,
        "payout" => Operation::Payout,
        "refund" => Operation::Refund,
        "transfer" => Operation::Transfer,
        _ => Operation::Unknown,
    });
    let currencies = each(&history.currency, |text| Currency {
        is_known: matches!(text, "USD" | "EUR" | "GBP" | "JPY"),
        is_yen: text == "JPY",
    });
    let targets = each(&history.target, |text| Target {
        fits: fits(text, 120),
        is_public: text.starts_with("s3://public"),
        is_wide: text.contains('*'),
        is_report: is_report(text),
    });
    let agents = each(&history.actor_kind, |text| text == "ai_agent");
    let roles = each(&history.role, |text| Role {
        fits: fits(text, 64),
        may_delete: matches!(text, "admin" | "owner"),
        may_pay: matches!(text, "lead" | "admin"),
    });
    let regions = each(&history.region, |text| Region {
        fits: fits(text, 32),
        is_sanctioned: matches!(text, "embargoed" | "unknown"),
    });

    let mut decided = Decided {
        effects: Vec::with_capacity(history.rows),
        rules: Vec::with_capacity(history.rows),
        errors: Vec::new(),
    };
    for row in 0..history.rows {
        let fault = |code, field| Err((code, field));
        let one = || -> Result<(Effect, u32), Fault> {
            use Operation::*;
            let missing = |field| (InputCode::MissingRequired, field);
            let operation = at(&operations, &history.kind, row).ok_or(missing("action.type"))?;
            if operation == Unknown {
                return fault(InputCode::UnknownAction, "action.type");
            }
            let amount = *history.amount.get(row).ok_or(missing("action.amount"))?;
            if amount < 0 {
                return fault(InputCode::BelowMin, "action.amount");
            }
            if amount > 10_000_000 {
                return fault(InputCode::AboveMax, "action.amount");
            }
            let currency =
                at(&currencies, &history.currency, row).ok_or(missing("action.currency"))?;
            if !currency.is_known {
                return fault(InputCode::NotInEnum, "action.currency");
            }
            let target = at(&targets, &history.target, row).ok_or(missing("action.target"))?;
            if !target.fits {
                return fault(InputCode::TooLong, "action.target");
            }
            let level = *history.level.get(row).ok_or(missing("actor.level"))?;
            if level < 0 {
                return fault(InputCode::BelowMin, "actor.level");
            }
            if level > 9 {
                return fault(InputCode::AboveMax, "actor.level");
            }
            let role = at(&roles, &history.role, row).ok_or(missing("actor.role"))?;
            if !role.fits {
                return fault(InputCode::TooLong, "actor.role");
            }
            let daily_total =
                *history.daily_total.get(row).ok_or(missing("snapshot.daily_total"))?;
            if !daily_total.is_finite() {
                return fault(InputCode::NotFinite, "snapshot.daily_total");
            }
            if daily_total < 0.0 {
                return fault(InputCode::BelowMin, "snapshot.daily_total");
            }
            let region = if history.region.valid.get(row) {
                at(&regions, &history.region, row)
            } else {
                None
            };
            if region.is_some_and(|region| !region.fits) {
                return fault(InputCode::TooLong, "snapshot.region");
            }
            let express = history.express.1.get(row) && history.express.0.get(row);
            let is_agent = at(&agents, &history.actor_kind, row).unwrap_or(true);
            let is_off_call = !(history.on_call.1.get(row) && history.on_call.0.get(row));

            if matches!(operation, Refund | Payout | Transfer) && history.fraud_flag.get(row) {
                return Ok((Effect::Block, 0));
            }
            if region.is_none_or(|region| region.is_sanctioned) {
                return Ok((Effect::Block, 1));
            }
            Ok(match operation {
                Export if is_agent && target.is_public => (Effect::Block, 2),
                Export if target.is_report && amount < 500 => (Effect::Allow, 11),
                Delete if is_off_call && !role.may_delete => (Effect::Block, 3),
                Delete if target.is_wide => (Effect::RequireApproval, 8),
                Refund | Payout if daily_total >= 50_000.0 => (Effect::Block, 4),
                Transfer if level < 3 => (Effect::Block, 5),
                Refund if amount > 1000 && !currency.is_yen => (Effect::RequireApproval, 6),
                Refund if amount <= 1000 => (Effect::Allow, 9),
                Payout if is_agent && (amount > 200 || express) => (Effect::RequireApproval, 7),
                Payout if role.may_pay && amount <= 5000 => (Effect::Allow, 10),
                _ => (Effect::Block, NO_RULE),
            })
        };
        match one() {
            Ok((effect, rule)) => {
                decided.effects.push(effect as u8);
                decided.rules.push(rule);
            }
            Err(fault) => {
                decided.effects.push(0);
                decided.rules.push(NO_RULE);
                decided.errors.push((row, fault));
            }
        }
    }
    decided
}

#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "as the policy has it")]
fn is_report(target: &str) -> bool {
    target.ends_with(".csv")
}
