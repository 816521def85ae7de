//! Inputs for the guard.

use super::{Action, Actor, Context, Snapshot, decide};
use crate::Rng;

const AGENT: &str = "ai_agent";

/// JSON texts of `count` inputs, half of which match a rule, in random order.
pub fn texts(count: usize, seed: u64) -> Vec<String> {
    let mut rng = Rng::new(seed);
    let mut texts = Vec::with_capacity(count);
    let (mut matching, mut others) = (count / 2, count - count / 2);
    while texts.len() < count {
        let target = target(&mut rng);
        let context = context(&mut rng, &target);
        let matches = decide(&context).is_ok_and(|decided| decided.rule.is_some());
        let left = if matches { &mut matching } else { &mut others };
        if let Some(less) = left.checked_sub(1) {
            *left = less;
            texts.extend(serde_json::to_string(&context));
        }
    }
    rng.shuffle(&mut texts);
    texts
}

/// JSON texts of `count` inputs, most of them with one or several faults.
pub fn faulty_texts(count: usize, seed: u64) -> Vec<String> {
    let mut rng = Rng::new(seed);
    let mut texts = Vec::with_capacity(count);
    while texts.len() < count {
        let target = target(&mut rng);
        let long = "é".repeat(119 + rng.below(3) as usize);
        let mut context = context(&mut rng, &target);
        for _ in 0..rng.below(3) {
            spoil(&mut rng, &mut context, &long);
        }
        texts.extend(serde_json::to_string(&context));
    }
    texts
}

/// A target of an operation.
pub(crate) fn target(rng: &mut Rng) -> String {
    let place = rng.pick("s3://public", &["s3://private", "orders", "/var/data", "customer"]);
    let number = rng.below(100_000);
    let end = rng.pick("", &[".csv", ".json", "/*", ".parquet"]);
    format!("{place}/{number}{end}")
}

/// An input for an operation on that target.
pub(crate) fn context<'a>(rng: &mut Rng, target: &'a str) -> Context<'a> {
    Context {
        action: Action {
            kind: Some(rng.pick("delete", &["export", "payout", "refund", "transfer"])),
            amount: Some(rng.below(6000) as i64),
            currency: Some(rng.pick("USD", &["EUR", "GBP", "JPY"])),
            target: Some(target),
            express: if rng.chance(30) { Some(rng.chance(50)) } else { None },
        },
        actor: Actor {
            kind: Some(rng.pick(AGENT, &["service", "human"])),
            role: Some(rng.pick("lead", &["admin", "owner", "assistant", "analyst", "support"])),
            level: Some(rng.below(10) as i64),
            on_call: if rng.chance(95) { Some(rng.chance(60)) } else { None },
        },
        snapshot: Snapshot {
            fraud_flag: Some(rng.chance(8)),
            daily_total: Some(rng.below(60_000) as f64 + 0.25),
            region: if rng.chance(97) {
                Some(rng.pick("eu-west", &["eu-north", "us-east", "apac", "unknown", "latam"]))
            } else {
                None
            },
        },
    }
}

fn spoil<'a>(rng: &mut Rng, context: &mut Context<'a>, long: &'a str) {
    let Context { action, actor, snapshot } = context;
    match rng.below(16) {
        0 => action.kind = None,
        1 => action.kind = Some("destroy"),
        2 => action.amount = rng.pick(Some(-1), &[Some(10_000_001), Some(i64::MAX), None]),
        3 => action.currency = rng.pick(Some("usd"), &[Some(""), None]),
        4 => action.target = Some(long),
        5 => action.target = None,
        6 => action.express = None,
        7 => actor.kind = None,
        8 => actor.role = rng.pick(Some(long), &[None]),
        9 => actor.level = rng.pick(Some(10), &[Some(-3), None]),
        10 => actor.on_call = None,
        11 => snapshot.fraud_flag = None,
        12 => snapshot.daily_total = rng.pick(Some(-0.5), &[Some(-1e300), None]),
        13 => snapshot.region = rng.pick(Some(long), &[None, Some("embargoed")]),
        14 => snapshot.daily_total = Some(50_000.0),
        _ => action.amount = rng.pick(Some(0), &[Some(200), Some(500), Some(1000), Some(5000)]),
    }
}
