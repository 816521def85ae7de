//! Input texts as raw bytes, for a generated policy that the first byte picks: JSON against the
//! reference reader and evaluator; YAML must not panic, and whoever reads both says the same.

use super::oracles;
use actra::{Policy, UnknownFields};
use actra_compiler::model::CheckedPolicy;
use actra_testkit::generate::{self, Style};
use actra_testkit::json;
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static POLICIES: RefCell<HashMap<u8, (CheckedPolicy, Policy)>> = RefCell::default();
}

fn made(seed: u8) -> (CheckedPolicy, Policy) {
    let checked = generate::policy(seed.into());
    let documents = generate::documents(&checked, Style::ALL[0], seed.into());
    let policy = Policy::from_strings(&documents.schema, &documents.policy, None)
        .unwrap_or_else(|error| panic!("{error}"));
    (checked, policy)
}

pub fn run(data: &[u8]) {
    let Some((seed, text)) = data.split_first() else { return };
    POLICIES.with_borrow_mut(|policies| {
        let (checked, policy) = policies.entry(*seed).or_insert_with(|| made(*seed));
        oracles::agreement(checked, policy, text, &json::parse_bytes(text));
        oracles::evaluation(policy, UnknownFields::Refuse, text);
        let _ = policy.evaluate_yaml(text);
    });
}
