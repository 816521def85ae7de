//! Whatever can be generated comes out of a batch as it comes out of its rows.

use super::build::Built;
use super::layout::{Cells, Rng, column};
use super::{Told, decide, policy_of};
use actra::{InputError, InputValue, Policy};
use actra_testkit::generate::{self, Style};

/// A batch of inputs, and what it holds of them.
fn batch(rng: &mut Rng, policy: &Policy, inputs: &[InputValue]) -> (Built, Vec<InputValue>) {
    let mut rows: Vec<Vec<(String, InputValue)>> = vec![Vec::new(); inputs.len()];
    let mut columns = Vec::new();
    for domain in ["action", "actor", "snapshot"] {
        let mut cells: Cells = inputs.iter().map(|input| input.get(domain).cloned()).collect();
        // What is no object has no columns: each domain is a struct, or nothing.
        for cell in &mut cells {
            cell.take_if(|cell| !matches!(cell, InputValue::Object(_)));
        }
        let Some(mut built) = column(rng, policy, &[domain], &mut cells) else { continue };
        let is_full = cells.iter().all(Option::is_some) && built.offset == 0;
        if is_full && built.buffers[0].is_none() && rng.chance(50) {
            // The same by names.
            for mut child in std::mem::take(&mut built.children) {
                child.name = format!("{domain}.{}", child.name);
                columns.push(child);
            }
        } else {
            columns.push(built);
        }
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.extend(cell.map(|cell| (domain.to_owned(), cell)));
        }
    }
    columns.push(Built::texts("note", &vec!["ignored"; inputs.len()]));
    (Built::batch(inputs.len(), columns), rows.into_iter().map(InputValue::Object).collect())
}

fn told(result: Result<actra::Decision, InputError>) -> Told {
    match result {
        Ok(decision) => {
            [Some(decision.effect.as_str().to_owned()), decision.matched_rule, None, None]
        }
        Err(error) => [None, None, Some(error.code.as_str().to_owned()), error.field],
    }
}

#[test]
fn batches_decide_as_rows_do_on_everything_that_can_be_generated() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (cases, first) = (number("ACTRA_CASES").unwrap_or(200), number("ACTRA_SEED").unwrap_or(1));
    let (mut rows, mut errors, mut decided) = (0_u64, 0_u64, 0_u64);
    for seed in first..first + cases {
        let checked = generate::policy(seed);
        let documents = generate::documents(&checked, Style::ALL[(seed % 3) as usize], seed);
        let pooled = policy_of(&documents.schema, &documents.policy);
        let mut rng = Rng(seed);
        // Of few rows, or of several parts, which long strings would make slow.
        let (count, longest) = [(40, usize::MAX), (4500, 2000)][usize::from(seed % 8 == 0)];
        let inputs: Vec<InputValue> = (0..60)
            .filter_map(|number| {
                let input = generate::input(seed.wrapping_mul(15_485_863) ^ number, &checked);
                let json = input.to_json()?;
                InputValue::of(&json).ok().filter(|_| json.to_string().len() < longest)
            })
            .collect();
        let inputs: Vec<InputValue> =
            (0..count).map(|_| inputs[rng.below(inputs.len())].clone()).collect();
        let (built, held) = batch(&mut rng, pooled.policy(), &inputs);
        let found = match decide(&pooled, built.clone()) {
            Ok(found) => found,
            Err(error) => panic!("seed {seed}: {error}\n{built:?}"),
        };
        for (row, (found, input)) in found.iter().zip(&held).enumerate() {
            let expected = told(pooled.policy().evaluate_value(input));
            assert_eq!(
                *found, expected,
                "seed {seed} row {row}: {input:?}\n{}\n{}",
                documents.schema, documents.policy
            );
            errors += u64::from(found[2].is_some());
            decided += u64::from(found[0].is_some());
        }
        rows += held.len() as u64;
    }
    assert_eq!(rows, decided + errors);
    if cases >= 200 {
        assert!(decided * 4 > rows && errors * 10 > rows, "{decided} decided, {errors} in error");
    }
}
