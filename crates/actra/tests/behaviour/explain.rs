//! Explanations say what evaluation did, and what the reference evaluator says of every rule.

use super::support::{cases, compile, first_seed, of_actra};
use actra::explain::{ConditionTrace, FieldState, RuleTrace, Standing, TraceTruth};
use actra::{Explanation, Policy, UnknownFields};
use actra_testkit::Value;
use actra_testkit::generate::{self, Style};
use actra_testkit::reference::{Event, Options, Truth, evaluate_observed};
use std::collections::BTreeMap;

const INPUTS: u64 = 16;

fn explain(policy: &Policy, input: &Value) -> Explanation {
    match input.to_json_text() {
        Some(text) => policy.explain_json(text.as_bytes(), UnknownFields::Ignore),
        None => policy.explain_yaml(input.to_yaml_text().as_bytes(), UnknownFields::Ignore),
    }
}

/// Calls `then` with generated policies and inputs.
fn each(
    policies: u64,
    mut then: impl FnMut(&Policy, &actra_compiler::model::CheckedPolicy, &Value, &str),
) {
    let first = first_seed();
    for seed in first..first + policies {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::ALL[(seed % 3) as usize], seed);
        let policy = compile(&documents);
        for number in 0..INPUTS {
            let input = generate::input(seed.wrapping_mul(1_000_003) ^ number, &checked);
            then(&policy, &checked, &input, &format!("seed {seed} input {number}"));
        }
    }
}

#[test]
fn the_explained_decision_is_the_decision() {
    each(cases(300), |policy, _, input, name| {
        let explanation = explain(policy, input);
        let found = match (explanation.decision.clone(), explanation.error.clone()) {
            (Some(decision), None) => Ok(decision),
            (None, Some(error)) => Err(error),
            both => panic!("{name}: {both:?}"),
        };
        let mut evaluator = policy.evaluator(UnknownFields::Ignore);
        let expected = match input.to_json_text() {
            Some(text) => evaluator.evaluate_json(text.as_bytes()),
            None => evaluator.evaluate_yaml(input.to_yaml_text().as_bytes()),
        };
        assert_eq!(of_actra(found), of_actra(expected), "{name}");
        if let Some(decision) = &explanation.decision {
            standings_agree(&explanation, decision, name);
        }
    });
}

/// Where each rule stands is what the decision says.
fn standings_agree(explanation: &Explanation, decision: &actra::Decision, name: &str) {
    let of = |standing| -> Vec<&str> {
        let rules = explanation.rules.iter().filter(|rule| rule.standing == standing);
        rules.map(|rule| rule.id.as_str()).collect()
    };
    let decided = of(Standing::Decided);
    assert_eq!(decided, decision.matched_rule.as_deref().into_iter().collect::<Vec<_>>(), "{name}");
    let mut matched = decided;
    matched.extend(of(Standing::Joined));
    if matched.len() > 1 {
        assert_eq!(matched, decision.matched_rules, "{name}");
    } else {
        assert!(decision.matched_rules.is_empty(), "{name}");
    }
    if let Some(shadow) = &decision.shadow {
        assert_eq!(of(Standing::WouldFire).first(), Some(&shadow.matched_rule.as_str()), "{name}");
    }
}

#[test]
fn every_candidate_is_told_with_the_truth_that_the_reference_gives_it() {
    each(cases(300), |policy, checked, input, name| {
        let mut expected = BTreeMap::new();
        let result = evaluate_observed(checked, input, Options::default(), &mut |event| {
            if let Event::Rule { rule, truth, fires } = event {
                expected.insert(rule.id.clone(), (truth, fires));
            }
        });
        let explanation = explain(policy, input);
        assert_eq!(result.is_ok(), explanation.error.is_none(), "{name}");
        if result.is_err() {
            assert!(explanation.rules.is_empty(), "{name}");
            return;
        }
        let truth = |truth| match truth {
            TraceTruth::True => Truth::True,
            TraceTruth::False => Truth::False,
            TraceTruth::Unknown => Truth::Unknown,
        };
        let found: BTreeMap<String, (Truth, bool)> = explanation
            .rules
            .iter()
            .map(|rule| (rule.id.clone(), (truth(rule.condition), rule.fires())))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(explanation.rules.len() + explanation.other_rules, checked.rules.len());
    });
}

/// What a condition comes to, by the tests' own word, some of them turned around.
fn holds(when: &ConditionTrace, turn: bool) -> bool {
    match when {
        ConditionTrace::All(parts) => parts.iter().all(|part| holds(part, turn)),
        ConditionTrace::Any(parts) => parts.iter().any(|part| holds(part, turn)),
        ConditionTrace::Tests(_) => panic!("the compiler writes conditions of known shape"),
        ConditionTrace::Test(test) => test.holds != (turn && test.lacking),
    }
}

fn what_is_lacking_is_what_it_takes(rule: &RuleTrace, name: &str) {
    let Some(when) = &rule.when else {
        assert!(rule.fires(), "{name}");
        return;
    };
    assert_eq!(holds(when, false), rule.fires(), "{name} {}", rule.id);
    assert!(holds(when, true), "{name} {}: turning what it lacks makes it fire", rule.id);
    let lacking = rule.tests().iter().filter(|test| test.lacking).count();
    assert_eq!(lacking, rule.lacks, "{name}");
    assert_eq!(rule.lacks == 0, rule.fires(), "{name}");
    assert!(rule.skipped_by.is_none() || (!rule.visited && !rule.fires()), "{name}");
}

#[test]
fn a_rule_that_does_not_fire_says_the_fewest_tests_that_it_would_take() {
    each(cases(300), |policy, _, input, name| {
        for rule in &explain(policy, input).rules {
            what_is_lacking_is_what_it_takes(rule, name);
        }
    });
}

#[test]
fn an_artifact_explains_as_its_documents_do_up_to_places_and_patterns() {
    each(cases(60), |policy, _, input, name| {
        let loaded = Policy::from_artifact(&policy.to_artifact()).unwrap();
        let plain = |policy: &Policy| {
            let mut explanation = explain(policy, input);
            for rule in &mut explanation.rules {
                rule.when.as_mut().map(forget_places);
            }
            explanation
        };
        assert_eq!(plain(policy), plain(&loaded), "{name}");
    });
}

fn forget_places(when: &mut ConditionTrace) {
    match when {
        ConditionTrace::All(parts) | ConditionTrace::Any(parts) => {
            parts.iter_mut().for_each(forget_places);
        }
        ConditionTrace::Tests(tests) => tests.iter_mut().for_each(|test| test.place = None),
        ConditionTrace::Test(test) => {
            test.place = None;
            if test.test.contains(" matches ") {
                test.test.clear();
            }
        }
    }
}

#[test]
fn fields_that_nobody_reads_are_told_with_what_may_have_been_meant() {
    let policy = Policy::from_strings(
        "version: 1
actions:
  refund: {fields: {amount: number, customer: {type: object, fields: {tier: string}}}}
  payout: {fields: {iban: string}}
",
        "version: 2
rules: [{id: small, scope: {action: refund}, when: action.amount < 10, effect: allow}]
",
        None,
    )
    .unwrap();
    let input =
        br#"{"action": {"type": "refund", "amout": 5, "iban": "x", "customer": {"teir": 1}},
        "actor": {"name": "a"}, "extra": 1}"#;
    let ignored: Vec<(String, Option<String>)> = policy
        .explain_json(input, UnknownFields::Ignore)
        .ignored
        .into_iter()
        .map(|ignored| (ignored.field, ignored.did_you_mean))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        ignored,
        [
            ("action.amout".to_owned(), some("action.amount")),
            ("action.customer.teir".to_owned(), some("action.customer.tier")),
            ("action.iban".to_owned(), None),
            ("actor.name".to_owned(), None),
            ("extra".to_owned(), None),
        ]
    );
}

#[test]
fn a_default_that_is_read_is_told_as_one() {
    let policy = Policy::from_strings(
        "version: 1
actions:
  pay:
    fields:
      amount: {type: integer, default: 7}
      share: {type: number, default: 0.5}
      fast: {type: boolean, default: true}
      kind: {type: string, default: card}
      due: {type: timestamp, default: '2024-01-01T00:00:00Z'}
      note: string
",
        "version: 2
rules:
  - id: all
    scope: {action: pay}
    when:
      all:
        - action.amount > 1
        - action.share < 1
        - action.fast == true
        - action.kind == card
        - action.due > '2000-01-01T00:00:00Z'
        - action.note == x
    effect: allow
",
        None,
    )
    .unwrap();
    let explanation = policy.explain_json(br#"{"action": {"type": "pay"}}"#, UnknownFields::Ignore);
    let Some(ConditionTrace::All(parts)) = &explanation.rules[0].when else {
        panic!("{explanation:?}")
    };
    let told: Vec<(FieldState, String)> = parts
        .iter()
        .map(|part| {
            let ConditionTrace::Test(test) = part else { panic!("{part:?}") };
            (test.fields[0].state, test.fields[0].value.to_string())
        })
        .collect();
    let default = |value: &str| (FieldState::Default, value.to_owned());
    // Cheap tests come first.
    assert_eq!(
        told,
        [
            default("true"),
            default("7"),
            default("0.5"),
            default("\"card\""),
            default("\"2024-01-01T00:00:00Z\""),
            (FieldState::Missing, "null".to_owned()),
        ]
    );
}
