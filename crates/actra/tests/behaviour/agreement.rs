//! Two evaluators, one language: the virtual machine and the reference evaluator give the same
//! decision, in every detail, on generated policies and inputs.

use super::support::{Told, cases, compile, decide, first_seed, of_actra, of_reference, value};
use actra::UnknownFields;
use actra_testkit::generate::{self, Coverage, Style};
use actra_testkit::reference::{Options, evaluate, evaluate_observed};

const INPUTS: u64 = 40;

#[test]
fn both_evaluators_give_the_same_decision_on_everything_that_can_be_generated() {
    let policies = cases(600);
    let first = first_seed();
    let mut coverage = Coverage::new();
    let mut decisions = 0_u64;
    for seed in first..first + policies {
        let checked = generate::policy(seed);
        coverage.note_policy(&checked);
        let style = Style::ALL[(seed % 3) as usize];
        let documents = generate::documents(&checked, style, seed);
        let policy = compile(&documents);
        for refuse_unknown in [false, true] {
            let unknown =
                if refuse_unknown { UnknownFields::Refuse } else { UnknownFields::Ignore };
            let mut evaluator = policy.evaluator(unknown);
            for number in 0..INPUTS {
                if refuse_unknown && number % 4 != 0 {
                    continue;
                }
                let input = generate::input(seed.wrapping_mul(1_000_003) ^ number, &checked);
                let options = Options { refuse_unknown };
                let expected = evaluate_observed(&checked, &input, options, &mut |event| {
                    coverage.note_event(&event);
                });
                coverage.note_outcome(&expected);
                let expected = of_reference(expected);
                decisions += u64::from(matches!(expected, Told::Decision { .. }));
                let found = decide(&mut evaluator, &input);
                assert_eq!(
                    found,
                    expected,
                    "seed {seed} input {number} refuse {refuse_unknown}\n{}\n{}\n{}",
                    documents.schema,
                    documents.policy,
                    input.to_yaml_text()
                );
                if number % 4 == 1 {
                    let given = of_actra(evaluator.evaluate_value(&value(&input)));
                    assert_eq!(given, expected, "as a value: seed {seed} input {number}");
                }
                if number % 8 == 0 {
                    let yaml = of_actra(evaluator.evaluate_yaml(input.to_yaml_text().as_bytes()));
                    assert_eq!(yaml, expected, "as YAML: seed {seed} input {number}");
                }
            }
        }
    }
    let total = policies * (INPUTS + INPUTS.div_ceil(4));
    eprintln!("{total} inputs, {decisions} of them decided");
    assert!(decisions * 2 > total, "most inputs should be decided: {decisions} of {total}");
    if policies >= 600 {
        assert_eq!(coverage.missed(), Vec::<String>::new(), "the generator reaches everything");
    }
}

#[test]
fn of_several_fields_beyond_the_schema_both_evaluators_tell_the_same() {
    let policies = cases(200);
    let first = first_seed();
    let (mut told, mut decided) = (0_u64, 0_u64);
    for seed in first..first + policies {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::Short, seed);
        let policy = compile(&documents);
        for unknown in [UnknownFields::Refuse, UnknownFields::Ignore] {
            let refuse_unknown = unknown == UnknownFields::Refuse;
            let mut evaluator = policy.evaluator(unknown);
            for number in 0..if refuse_unknown { 24 } else { 8 } {
                let input = generate::input_beyond(seed * 1_000_003 + number, &checked);
                let expected = of_reference(evaluate(&checked, &input, Options { refuse_unknown }));
                match &expected {
                    Told::Error { field, .. } => {
                        told += 1;
                        assert!(field.is_some());
                    }
                    Told::Decision { .. } => decided += 1,
                }
                let name = format!("seed {seed} input {number} refuse {refuse_unknown}");
                assert_eq!(
                    decide(&mut evaluator, &input),
                    expected,
                    "{name}\n{}",
                    documents.schema
                );
                let given = of_actra(evaluator.evaluate_value(&value(&input)));
                assert_eq!(given, expected, "as a value: {name}\n{}", documents.schema);
            }
        }
    }
    assert!(told > policies * 15 && decided > policies * 4, "{told} told, {decided} decided");
}
