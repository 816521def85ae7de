//! A frame that has decided decides what it is given next as a new one would.

use super::slots::scalar;
use super::support::{Told, cases, compile, first_seed, of_actra};
use actra::{Frame, Policy, SlotId, Value as Cell};
use actra_testkit::Value;
use actra_testkit::generate::{self, Style};

/// The slots of an input's own fields, and what to put there.
fn values<'v>(policy: &Policy, context: &'v Value) -> Vec<(SlotId, Cell<'v>)> {
    let mut values = Vec::new();
    let Value::Object(domains) = context else { return values };
    for (domain, value) in domains {
        let Value::Object(fields) = value else { continue };
        for (field, value) in fields {
            if let Some(slot) = policy.slot(&format!("{domain}.{field}")) {
                values.push((slot, scalar(value)));
            }
        }
    }
    values
}

fn decide(frame: &mut Frame<'_, '_>) -> Told {
    match Policy::decide(frame) {
        Ok(outcome) => of_actra(Ok(Policy::decision(frame, &outcome))),
        Err(error) => of_actra(Err(Policy::input_error(frame, &error))),
    }
}

#[test]
fn values_set_after_a_decision_count_in_the_next() {
    let first = first_seed();
    let (mut decisions, mut changes) = (0_u64, 0_u64);
    for seed in first..first + cases(300) {
        let checked = generate::policy(seed);
        let policy = compile(&generate::documents(&checked, Style::Short, seed));
        let input = |number: u64| generate::input(seed.wrapping_mul(49_979_687) ^ number, &checked);
        for number in 0..12 {
            let (before, after) = (input(2 * number), input(2 * number + 1));
            let (before, mut after) = (values(&policy, &before), values(&policy, &after));
            // Some of the fields keep their values.
            after.retain(|(slot, _)| !(slot.index() as u64 + number).is_multiple_of(3));
            let mut used = policy.frame();
            let mut fresh = policy.frame();
            for (slot, value) in &before {
                used.set(*slot, *value);
                fresh.set(*slot, *value);
            }
            let told_before = decide(&mut used);
            if number % 2 == 0 {
                let _ = policy.explain(&mut used);
            }
            for (slot, value) in &after {
                used.set(*slot, *value);
                fresh.set(*slot, *value);
            }
            let told = decide(&mut used);
            assert_eq!(told, decide(&mut fresh), "seed {seed} input {number}");
            assert_eq!(told, decide(&mut used), "seed {seed} input {number}, once more");
            used.clear();
            for (slot, value) in &before {
                used.set(*slot, *value);
            }
            assert_eq!(told_before, decide(&mut used), "seed {seed} input {number}, cleared");
            decisions += u64::from(matches!(told, Told::Decision { .. }));
            changes += u64::from(told != told_before);
        }
    }
    assert!(decisions > 500 && changes > 500, "{decisions} decisions, {changes} changes");
}
