//! W1: a guard in front of five operations, as an application would have it.

mod by_hand;
mod export;
mod generate;

pub use by_hand::{Decided, Fault, decide};
pub use export::{EXPORTED, header};
pub(crate) use generate::{context, target};
pub use generate::{faulty_texts, texts};

use actra::{Frame, Policy, SlotId, Value};
use serde::{Deserialize, Serialize};
use std::error::Error;

/// What may be asked about.
pub const SCHEMA: &str = include_str!("schema.yaml");
/// The rules.
pub const POLICY: &str = include_str!("policy.yaml");

/// Where the generator starts for what is measured.
pub const SEED: u64 = 20_260_101;

/// Rules whose tests the 0.7.8 package cannot say: of parts of strings.
const OF_PARTS: [&str; 3] = ["public_export_by_agent", "wide_delete", "report_export"];

/// Whether the 0.7.8 package can decide an input as we do, who decide it by a rule:
/// `benches/doors/python/version_1.py` has the policy. It cannot tell that a field is missing.
pub fn is_sayable_in_version_1(input: &Context<'_>, rule: Option<&str>) -> bool {
    let has_all = input.actor.on_call.is_some() && input.snapshot.region.is_some();
    has_all && !rule.is_some_and(|rule| OF_PARTS.contains(&rule))
}

/// An input, typed as an application would type it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Context<'a> {
    /// The operation.
    #[serde(borrow)]
    pub action: Action<'a>,
    /// Who asks for it.
    #[serde(borrow)]
    pub actor: Actor<'a>,
    /// State of the world.
    #[serde(borrow)]
    pub snapshot: Snapshot<'a>,
}

/// The operation.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Action<'a> {
    /// Its name.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Of what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<&'a str>,
    /// What it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'a str>,
    /// Whether it is in a hurry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub express: Option<bool>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Actor<'a> {
    /// What kind of actor.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
    /// How senior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<i64>,
    /// Whether on call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_call: Option<bool>,
}

/// State of the world.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot<'a> {
    /// Whether fraud is suspected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraud_flag: Option<bool>,
    /// What has been moved today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_total: Option<f64>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
}

/// The inputs of those texts.
pub fn contexts(texts: &[String]) -> Result<Vec<Context<'_>>, serde_json::Error> {
    texts.iter().map(|text| serde_json::from_str(text)).collect()
}

/// The policy, compiled.
pub fn policy() -> Result<Policy, Box<dyn Error>> {
    Ok(Policy::from_strings(SCHEMA, POLICY, None)?)
}

/// The fields' slots, found once.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    kind: SlotId,
    amount: SlotId,
    currency: SlotId,
    target: SlotId,
    express: SlotId,
    actor_kind: SlotId,
    role: SlotId,
    level: SlotId,
    on_call: SlotId,
    fraud_flag: SlotId,
    daily_total: SlotId,
    region: SlotId,
}

impl Slots {
    /// Finds them; `None` for some other policy.
    pub fn of(policy: &Policy) -> Option<Self> {
        Some(Self {
            kind: policy.slot("action.type")?,
            amount: policy.slot("action.amount")?,
            currency: policy.slot("action.currency")?,
            target: policy.slot("action.target")?,
            express: policy.slot("action.express")?,
            actor_kind: policy.slot("actor.type")?,
            role: policy.slot("actor.role")?,
            level: policy.slot("actor.level")?,
            on_call: policy.slot("actor.on_call")?,
            fraud_flag: policy.slot("snapshot.fraud_flag")?,
            daily_total: policy.slot("snapshot.daily_total")?,
            region: policy.slot("snapshot.region")?,
        })
    }

    /// Clears the frame and puts an input into it.
    #[inline]
    pub fn fill<'v>(&self, frame: &mut Frame<'_, 'v>, input: &Context<'v>) {
        frame.clear();
        let Context { action, actor, snapshot } = input;
        let mut set = |slot, value: Option<Value<'v>>| {
            if let Some(value) = value {
                frame.set(slot, value);
            }
        };
        set(self.kind, action.kind.map(Value::String));
        set(self.amount, action.amount.map(Value::Integer));
        set(self.currency, action.currency.map(Value::String));
        set(self.target, action.target.map(Value::String));
        set(self.express, action.express.map(Value::Boolean));
        set(self.actor_kind, actor.kind.map(Value::String));
        set(self.role, actor.role.map(Value::String));
        set(self.level, actor.level.map(Value::Integer));
        set(self.on_call, actor.on_call.map(Value::Boolean));
        set(self.fraud_flag, snapshot.fraud_flag.map(Value::Boolean));
        set(self.daily_total, snapshot.daily_total.map(Value::Float));
        set(self.region, snapshot.region.map(Value::String));
    }
}
