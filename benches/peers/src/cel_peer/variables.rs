//! What expressions of CEL can ask for: fields of an input, lent as values of CEL's own.

use crate::rules::{PIPED, PUSHED};
use actra_benches::{arguments, guard, roles, tenants};
use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use regex::Regex;
use std::sync::OnceLock;

/// An input as values of CEL's own, which are lent to an expression that asks for them.
pub(super) trait Variables: VariableResolver {
    type Input: 'static;

    fn of(input: &'static Self::Input) -> Self;
}

/// A value, or `null` for one that is missing.
fn lend<'b, V: Val + 'b>(value: &'b Option<V>) -> Option<CowVal<'b, 'b>> {
    static NULL: CelNull = CelNull;
    Some(match value {
        Some(value) => CowVal::Borrowed(value),
        None => CowVal::Borrowed(&NULL),
    })
}

pub(super) struct Guard {
    kind: Option<CelString<'static>>,
    amount: Option<CelInt>,
    currency: Option<CelString<'static>>,
    target: Option<CelString<'static>>,
    express: Option<CelBool>,
    actor_kind: Option<CelString<'static>>,
    role: Option<CelString<'static>>,
    level: Option<CelInt>,
    on_call: Option<CelBool>,
    fraud_flag: Option<CelBool>,
    daily_total: Option<CelDouble>,
    region: Option<CelString<'static>>,
}

impl Variables for Guard {
    type Input = guard::Context<'static>;

    fn of(guard::Context { action, actor, snapshot }: &'static Self::Input) -> Self {
        Self {
            kind: action.kind.map(CelString::from),
            amount: action.amount.map(CelInt::from),
            currency: action.currency.map(CelString::from),
            target: action.target.map(CelString::from),
            express: action.express.map(CelBool::from),
            actor_kind: actor.kind.map(CelString::from),
            role: actor.role.map(CelString::from),
            level: actor.level.map(CelInt::from),
            on_call: actor.on_call.map(CelBool::from),
            fraud_flag: snapshot.fraud_flag.map(CelBool::from),
            daily_total: snapshot.daily_total.map(CelDouble::from),
            region: snapshot.region.map(CelString::from),
        }
    }
}

impl VariableResolver for Guard {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name {
            "type" => lend(&self.kind),
            "amount" => lend(&self.amount),
            "currency" => lend(&self.currency),
            "target" => lend(&self.target),
            "express" => lend(&self.express),
            "kind" => lend(&self.actor_kind),
            "role" => lend(&self.role),
            "level" => lend(&self.level),
            "on_call" => lend(&self.on_call),
            "fraud_flag" => lend(&self.fraud_flag),
            "daily_total" => lend(&self.daily_total),
            "region" => lend(&self.region),
            _ => None,
        }
    }
}

pub(super) struct Roles {
    kind: Option<CelString<'static>>,
    amount: Option<CelInt>,
    role: Option<CelString<'static>>,
}

impl Variables for Roles {
    type Input = roles::Input<'static>;

    fn of(input: &'static Self::Input) -> Self {
        Self {
            kind: input.kind.map(CelString::from),
            amount: input.amount.map(CelInt::from),
            role: input.role.map(CelString::from),
        }
    }
}

impl VariableResolver for Roles {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name {
            "type" => lend(&self.kind),
            "amount" => lend(&self.amount),
            "role" => lend(&self.role),
            _ => None,
        }
    }
}

pub(super) struct Tenants {
    action: CelString<'static>,
    amount: CelInt,
    tenant: CelString<'static>,
}

impl Variables for Tenants {
    type Input = tenants::Input;

    fn of(input: &'static Self::Input) -> Self {
        Self {
            action: CelString::from(&*input.action),
            amount: CelInt::from(input.amount),
            tenant: CelString::from(&*input.tenant),
        }
    }
}

impl VariableResolver for Tenants {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        Some(match name {
            "type" => CowVal::Borrowed(&self.action),
            "amount" => CowVal::Borrowed(&self.amount),
            "tenant" => CowVal::Borrowed(&self.tenant),
            _ => return None,
        })
    }
}

pub(super) struct Risk(CelDouble);

impl Variables for Risk {
    type Input = f64;

    fn of(input: &'static Self::Input) -> Self {
        Self(CelDouble::from(*input))
    }
}

impl VariableResolver for Risk {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        (name == "risk").then_some(CowVal::Borrowed(&self.0))
    }
}

pub(super) struct Strings {
    input: &'static arguments::Input,
    command: CelString<'static>,
    host: CelString<'static>,
    path: CelString<'static>,
    piped: OnceLock<CelBool>,
    pushed: OnceLock<CelBool>,
}

impl Variables for Strings {
    type Input = arguments::Input;

    fn of(input: &'static Self::Input) -> Self {
        Self {
            input,
            command: CelString::from(&*input.command),
            host: CelString::from(input.host.to_ascii_lowercase()),
            path: CelString::from(&*input.path),
            piped: OnceLock::new(),
            pushed: OnceLock::new(),
        }
    }
}

impl VariableResolver for Strings {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let matches = |pattern: &Regex| pattern.is_match(&self.input.command).into();
        Some(match name {
            "command" => CowVal::Borrowed(&self.command),
            "host" => CowVal::Borrowed(&self.host),
            "path" => CowVal::Borrowed(&self.path),
            "piped" => CowVal::Borrowed(self.piped.get_or_init(|| matches(&PIPED))),
            "pushed" => CowVal::Borrowed(self.pushed.get_or_init(|| matches(&PUSHED))),
            _ => return None,
        })
    }
}
