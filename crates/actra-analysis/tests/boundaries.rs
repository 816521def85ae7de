//! What is compiled and run agrees with the reference evaluator at every boundary of every rule
//! that can fire: translation validation of small policies.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use actra_analysis::{Source, Verdict, boundaries, report};
use actra_compiler::model::{CheckedPolicy, Condition, Literal, Operand, Operator};
use actra_compiler::pattern;
use actra_testkit::reference::{Options, evaluate};
use actra_testkit::{generate, json};
use std::collections::BTreeMap;

/// Steps of a question: small policies need few.
const BUDGET: u64 = 200_000;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn patterns_of(condition: &Condition, found: &mut Vec<String>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                patterns_of(part, found);
            }
        }
        Condition::Not(part) => patterns_of(part, found),
        Condition::Atom(atom) => {
            if let (Operator::Matches, Operand::Literal(Literal::String(text))) =
                (atom.operator, &atom.operand)
            {
                found.push(text.clone());
            }
        }
    }
}

fn decided_alike(seed: u64, policy: &CheckedPolicy, found: &actra_analysis::Boundary) -> bool {
    let text = found.input.to_text();
    // NaN and infinities, which version 1 takes, are no JSON.
    let Ok(input) = json::parse(&text) else { return false };
    match (&found.verdict, evaluate(policy, &input, Options::default())) {
        (Verdict::Error(code), Err(error)) => {
            assert_eq!(*code, error.code.as_str(), "seed {seed}: {text}");
        }
        (Verdict::Decided { effect, rule, .. }, Ok(decision)) => {
            let rule = rule.map(|rule| policy.rules[rule].id.clone());
            assert_eq!((*effect, rule), (decision.effect, decision.matched_rule), "{seed}: {text}");
        }
        (ours, theirs) => panic!("seed {seed}: {text}: {ours:?}, and by reference {theirs:?}"),
    }
    true
}

#[test]
fn boundaries_are_decided_as_the_reference_evaluator_decides_them() {
    let first = number("ACTRA_SEED", 0);
    let (mut rules, mut inputs, mut not_json) = (0, 0, 0);
    for seed in first..first + number("ACTRA_CASES", 40) {
        let policy = generate::policy(seed);
        let mut texts = Vec::new();
        for condition in policy.rules.iter().filter_map(|rule| rule.condition.as_ref()) {
            patterns_of(condition, &mut texts);
        }
        let patterns: BTreeMap<_, _> = texts
            .into_iter()
            .map(|text| {
                let automaton = pattern::compile(&text).unwrap();
                (text, automaton)
            })
            .collect();
        let source = Source { policy: &policy, patterns: &patterns };
        let report = report(source, BUDGET, &mut |_, _| {}).unwrap();
        rules += report.rules.iter().filter(|rule| rule.example.is_some()).count();
        for found in boundaries(source, &report).unwrap() {
            if decided_alike(seed, &policy, &found) {
                inputs += 1;
            } else {
                not_json += 1;
            }
        }
    }
    assert!(rules > 50 && inputs > 10 * rules / 4, "{rules} rules, {inputs} inputs");
    assert!(not_json < inputs / 4, "{not_json} of {inputs} are no JSON");
}
