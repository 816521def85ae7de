//! Which random policies tests look at: `ACTRA_CASES` of them from seed `ACTRA_SEED` on.

use actra_bytecode::dfa::Dfa;
use actra_compiler::model::{CheckedPolicy, Literal, Operand, Operator};
use actra_compiler::pattern;
use actra_testkit::generate;
use std::collections::BTreeMap;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub(crate) fn policies() -> u64 {
    number("ACTRA_CASES", 30)
}

pub(crate) fn first_seed() -> u64 {
    number("ACTRA_SEED", 0)
}

/// The automata of a policy's patterns.
pub(crate) fn patterns(policy: &CheckedPolicy) -> BTreeMap<String, Dfa> {
    let conditions = policy.rules.iter().filter_map(|rule| rule.condition.as_ref());
    conditions
        .flat_map(generate::atoms)
        .filter_map(|atom| match (atom.operator, &atom.operand) {
            (Operator::Matches, Operand::Literal(Literal::String(text))) => {
                Some((text.clone(), pattern::compile(text).unwrap()))
            }
            _ => None,
        })
        .collect()
}
