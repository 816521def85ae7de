//! The monotone promise: under `most_restrictive` and `fail_closed`, without `exists`,
//! `not_exists` and defaults, taking a field out of an input never makes the effect less
//! restrictive.
//!
//! Two removals lie outside of what the semantics can promise, and are left out here:
//! `action.type` of an unchecked input (rules with an action scope are no candidates then), and a
//! decision that rests on `default: block` (an approval rule that becomes unknown fires, and then
//! the default is not asked).

use super::support::{Told, cases, compile, decide, first_seed};
use actra::UnknownFields;
use actra_compiler::model::InputMode;
use actra_testkit::generate::{self, Style};
use actra_testkit::monotone::without_one_field;

fn restriction(told: &Told) -> u8 {
    match told {
        Told::Decision { effect, .. } => match effect.as_str() {
            "allow" => 0,
            "require_approval" => 1,
            _ => 2,
        },
        // Enforcement points block on errors.
        Told::Error { .. } => 2,
    }
}

#[test]
fn taking_a_field_out_never_makes_the_effect_less_restrictive() {
    let first = first_seed();
    let mut pairs = 0;
    for seed in first..first + cases(200) {
        let checked = generate::monotone_policy(seed);
        let documents = generate::documents(&checked, Style::Short, seed);
        let policy = compile(&documents);
        let mut evaluator = policy.evaluator(UnknownFields::Ignore);
        for number in 0..10 {
            let input = generate::input(seed.wrapping_mul(104_729) ^ number, &checked);
            let whole = decide(&mut evaluator, &input);
            let rests_on_default = matches!(&whole, Told::Decision { matched_rule: None, effect, .. }
                if effect == "block");
            if matches!(whole, Told::Error { .. }) {
                continue;
            }
            for (field, smaller) in without_one_field(&input) {
                let less = decide(&mut evaluator, &smaller);
                let fires_instead = matches!(&less, Told::Decision { matched_rule: Some(_), .. });
                if field == "action.type" && checked.settings.inputs == InputMode::Unchecked {
                    continue;
                }
                if rests_on_default && fires_instead {
                    assert_ne!(restriction(&less), 0, "seed {seed}: without {field}: an allow");
                    continue;
                }
                pairs += 1;
                assert!(
                    restriction(&less) >= restriction(&whole),
                    "seed {seed}: without {field}: {whole:?} became {less:?}\n{}\n{}\n{}",
                    documents.schema,
                    documents.policy,
                    input.to_yaml_text()
                );
            }
        }
    }
    assert!(pairs > 1_000, "only {pairs} pairs");
}
