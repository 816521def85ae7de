//! Long form, short form and definitions are spellings: one hash, one behaviour.

use super::support::{cases, compile, decide, first_seed};
use actra::UnknownFields;
use actra_testkit::generate::{self, Style};

#[test]
fn every_spelling_of_a_policy_has_one_hash_and_one_behaviour() {
    let first = first_seed();
    for seed in first..first + cases(150) {
        let checked = generate::policy(seed);
        let policies = Style::ALL.map(|style| {
            let documents = generate::documents(&checked, style, seed);
            (compile(&documents), documents)
        });
        let (long, _) = &policies[0];
        let mut evaluators: Vec<_> =
            policies.iter().map(|(policy, _)| policy.evaluator(UnknownFields::Ignore)).collect();
        for (policy, documents) in &policies[1..] {
            assert_eq!(
                actra::hex(&policy.policy_hash()),
                actra::hex(&long.policy_hash()),
                "seed {seed}\n{}\n{}",
                documents.schema,
                documents.policy
            );
        }
        for number in 0..8 {
            let input = generate::input(seed.wrapping_mul(7_919) ^ number, &checked);
            let told: Vec<_> =
                evaluators.iter_mut().map(|evaluator| decide(evaluator, &input)).collect();
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}: {told:?}");
        }
    }
}
