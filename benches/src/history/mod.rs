//! W6: a history of W1's inputs as columns, as a data engine would have them.
//!
//! Strings are dictionary-encoded with keys of 32 bits, as pyarrow encodes them; targets are
//! [`TARGETS`] different ones. Half of the rows match a rule.

mod by_hand;

pub use by_hand::{Decided, decide};

use crate::Rng;
use crate::guard::{self, Action, Actor, Context, Snapshot};
use actra::columns::{Bits, Column, Ends, Keys, Texts, Values};
use actra::{Policy, SlotId};

/// How many rows there are in the whole history.
pub const ROWS: usize = 10_000_000;
/// How many of them a quick run repeats.
pub const QUICK_ROWS: usize = 1_000_000;
/// How many different targets there are.
pub const TARGETS: usize = 10_000;

/// A dictionary-encoded column of strings. The key of what is missing means nothing.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    keys: Vec<u32>,
    valid: Booleans,
    values: Vec<String>,
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

/// Bits.
#[derive(Clone, Debug, Default)]
pub struct Booleans {
    bytes: Vec<u8>,
    len: usize,
}

/// The history.
#[derive(Clone, Debug, Default)]
pub struct History {
    rows: usize,
    kind: Strings,
    amount: Vec<i64>,
    currency: Strings,
    target: Strings,
    express: (Booleans, Booleans),
    actor_kind: Strings,
    role: Strings,
    level: Vec<i64>,
    on_call: (Booleans, Booleans),
    fraud_flag: Booleans,
    daily_total: Vec<f64>,
    region: Strings,
}

impl Booleans {
    fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(byte) = self.bytes.last_mut() {
            *byte |= u8::from(bit) << (self.len % 8);
        }
        self.len += 1;
    }

    #[inline]
    fn get(&self, at: usize) -> bool {
        self.bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }

    fn bits(&self) -> Option<Bits<'_>> {
        Bits::new(&self.bytes, 0, self.len)
    }
}

impl Strings {
    fn of(values: impl IntoIterator<Item = String>) -> Self {
        let mut strings = Self { ends: vec![0], ..Self::default() };
        for value in values {
            strings.bytes.extend_from_slice(value.as_bytes());
            strings.ends.push(strings.bytes.len() as i32);
            strings.values.push(value);
        }
        strings
    }

    fn push(&mut self, text: Option<&str>) {
        // Targets, which are many, are pushed by their places.
        let at = text.and_then(|text| self.values.iter().position(|value| value == text));
        self.push_at(at);
    }

    fn push_at(&mut self, at: Option<usize>) {
        self.valid.push(at.is_some());
        self.keys.push(at.unwrap_or(0) as u32);
    }

    fn column(&self, is_nullable: bool) -> Option<Column<'_>> {
        let texts = Texts::new(Ends::Small(&self.ends), &self.bytes);
        let values = Box::new(Column::new(Values::Text(texts), None)?);
        let valid = if is_nullable { Some(self.valid.bits()?) } else { None };
        Column::new(Values::Dictionary(Keys::U32(&self.keys), values), valid)
    }
}

fn strings(values: &[&str]) -> Strings {
    Strings::of(values.iter().map(|value| (*value).to_owned()))
}

impl History {
    /// The first rows, so many, of the history of that seed.
    pub fn new(rows: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let targets: Vec<String> = (0..TARGETS).map(|_| guard::target(&mut rng)).collect();
        let mut history = Self {
            rows,
            kind: strings(&["delete", "export", "payout", "refund", "transfer"]),
            currency: strings(&["EUR", "GBP", "JPY", "USD"]),
            target: Strings::of(targets.iter().cloned()),
            actor_kind: strings(&["ai_agent", "human", "service"]),
            role: strings(&["admin", "analyst", "assistant", "lead", "owner", "support"]),
            region: strings(&["apac", "eu-north", "eu-west", "latam", "unknown", "us-east"]),
            ..Self::default()
        };
        // Of every two rows one matches a rule.
        let mut is_to_match = false;
        while history.level.len() < rows {
            let at = rng.below(TARGETS as u64) as usize;
            let context = guard::context(&mut rng, targets.get(at).map_or("", String::as_str));
            if guard::decide(&context).is_ok_and(|decided| decided.rule.is_some() == is_to_match) {
                is_to_match = rng.chance(50);
                history.push(&context, at);
            }
        }
        history
    }

    fn push(&mut self, context: &Context<'_>, target: usize) {
        let Context { action, actor, snapshot } = *context;
        let Action { kind, amount, currency, target: _, express } = action;
        let Actor { kind: actor_kind, role, level, on_call } = actor;
        let Snapshot { fraud_flag, daily_total, region } = snapshot;
        self.kind.push(kind);
        self.amount.push(amount.unwrap_or_default());
        self.currency.push(currency);
        self.target.push_at(Some(target));
        self.express.0.push(express.unwrap_or_default());
        self.express.1.push(express.is_some());
        self.actor_kind.push(actor_kind);
        self.role.push(role);
        self.level.push(level.unwrap_or_default());
        self.on_call.0.push(on_call.unwrap_or_default());
        self.on_call.1.push(on_call.is_some());
        self.fraud_flag.push(fraud_flag.unwrap_or_default());
        self.daily_total.push(daily_total.unwrap_or_default());
        self.region.push(region);
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns by the policy's slots; `None` for some other policy.
    pub fn columns(&self, policy: &Policy) -> Option<Vec<(SlotId, Column<'_>)>> {
        let integers = |values| Column::new(Values::Integer(values), None);
        Some(vec![
            (policy.slot("action.type")?, self.kind.column(false)?),
            (policy.slot("action.amount")?, integers(self.amount.as_slice().into())?),
            (policy.slot("action.currency")?, self.currency.column(false)?),
            (policy.slot("action.target")?, self.target.column(false)?),
            (policy.slot("action.express")?, nullable(&self.express)?),
            (policy.slot("actor.type")?, self.actor_kind.column(false)?),
            (policy.slot("actor.role")?, self.role.column(false)?),
            (policy.slot("actor.level")?, integers(self.level.as_slice().into())?),
            (policy.slot("actor.on_call")?, nullable(&self.on_call)?),
            (
                policy.slot("snapshot.fraud_flag")?,
                Column::new(Values::Boolean(self.fraud_flag.bits()?), None)?,
            ),
            (
                policy.slot("snapshot.daily_total")?,
                Column::new(Values::Float(self.daily_total.as_slice().into()), None)?,
            ),
            (policy.slot("snapshot.region")?, self.region.column(true)?),
        ])
    }
}

fn nullable((values, valid): &(Booleans, Booleans)) -> Option<Column<'_>> {
    Column::new(Values::Boolean(values.bits()?), Some(valid.bits()?))
}
