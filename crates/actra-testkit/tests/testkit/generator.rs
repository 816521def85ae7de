//! What the generator reaches.

use actra_compiler::model::{Combine, Effect, InputMode, MissingMode};
use actra_testkit::generate::{self, Coverage};
use actra_testkit::monotone::without_one_field;
use actra_testkit::reference::{Options, evaluate, evaluate_observed};

#[test]
fn a_long_run_reaches_every_feature_and_mostly_decisions() {
    let mut coverage = Coverage::new();
    let mut inputs = 0;
    for seed in 0..6_000 {
        let policy = generate::policy(seed);
        coverage.note_policy(&policy);
        for round in 0..10 {
            let input = generate::input(seed * 1_000 + round, &policy);
            let options = Options { refuse_unknown: round == 0 };
            let mut observe =
                |event: actra_testkit::reference::Event<'_>| coverage.note_event(&event);
            let outcome = evaluate_observed(&policy, &input, options, &mut observe);
            coverage.note_outcome(&outcome);
            inputs += 1;
        }
    }
    let missed = coverage.missed();
    assert!(missed.is_empty(), "never reached:\n{}", missed.join("\n"));
    let decisions = coverage.count("decision");
    assert!(decisions * 100 > inputs * 60, "{decisions} decisions of {inputs}");
}

#[test]
fn a_seed_reproduces_its_case() {
    for seed in 0..50 {
        let policy = generate::policy(seed);
        // Version 1 has NaN literals, which equal nothing.
        assert_eq!(format!("{policy:?}"), format!("{:?}", generate::policy(seed)));
        for style in generate::Style::ALL {
            let documents = generate::documents(&policy, style, seed);
            assert_eq!(documents, generate::documents(&policy, style, seed));
        }
        let input = generate::input(seed, &policy);
        assert_eq!(format!("{input:?}"), format!("{:?}", generate::input(seed, &policy)));
    }
}

#[test]
fn taking_a_field_out_never_makes_the_effect_less_restrictive() {
    let mut compared = 0;
    for seed in 0..2_500 {
        let policy = generate::monotone_policy(seed);
        assert_eq!(policy.settings.combine, Combine::MostRestrictive);
        assert_eq!(policy.settings.missing, MissingMode::FailClosed);
        for round in 0..4 {
            let input = generate::input(seed * 1_000 + round, &policy);
            let Ok(decision) = evaluate(&policy, &input, Options::default()) else { continue };
            for (field, smaller) in without_one_field(&input) {
                let Ok(after) = evaluate(&policy, &smaller, Options::default()) else { continue };
                if field == "action.type" && policy.settings.inputs == InputMode::Unchecked {
                    // Without it rules with an action scope are no candidates; `action.type` is
                    // what is asked about, not a field of it.
                    continue;
                }
                compared += 1;
                // The page says "never less restrictive". One case is not so: a `block` that is
                // only the default gives way to an approval rule that is now unknown.
                let by_default = decision.matched_rule.is_none();
                let gives_way = by_default
                    && decision.effect == Effect::Block
                    && after.effect == Effect::RequireApproval;
                assert!(
                    after.effect >= decision.effect || gives_way,
                    "seed {seed}, round {round}: without {field} {decision:?} becomes {after:?}\n{}",
                    input.to_yaml_text(),
                );
            }
        }
    }
    assert!(compared > 20_000, "{compared}");
}
