use super::{Answer, Lit, Set, Solver, luby};
use proptest::prelude::*;

const BUDGET: u64 = 10_000_000;

#[test]
fn the_sequence_of_restarts() {
    let found: Vec<u32> = (0..15).map(luby).collect();
    assert_eq!(found, [1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]);
}

#[test]
fn pigeons_do_not_fit() {
    // Seven pigeons with six holes: each pigeon is a variable over holes.
    let mut solver = Solver::new();
    let pigeons: Vec<_> = (0..7).map(|_| solver.variable(6)).collect();
    for (number, a) in pigeons.iter().enumerate() {
        for b in &pigeons[number + 1..] {
            for hole in 0..6 {
                let mut only = Set::none(6);
                only.insert(hole);
                let (a, b) = (solver.is_in(*a, &only), solver.is_in(*b, &only));
                solver.add(&[!a, !b]);
            }
        }
    }
    assert_eq!(solver.solve(&[], 10), Answer::OutOfBudget);
    assert_eq!(solver.solve(&[], BUDGET), Answer::Contradicts(Vec::new()));
}

/// A formula: clauses of (variable, set as bits, positive).
#[derive(Clone, Debug)]
struct Case {
    sizes: Vec<usize>,
    clauses: Vec<Vec<(usize, u32, bool)>>,
    assumptions: Vec<(usize, u32, bool)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let part = (0..4_usize, 0..64_u32, any::<bool>());
    (
        prop::collection::vec(1..6_usize, 4),
        prop::collection::vec(prop::collection::vec(part.clone(), 1..4), 0..24),
        prop::collection::vec(part, 0..4),
    )
        .prop_map(|(sizes, clauses, assumptions)| Case { sizes, clauses, assumptions })
}

fn holds(values: &[usize], (var, bits, positive): (usize, u32, bool)) -> bool {
    (bits >> values[var] & 1 == 1) == positive
}

fn brute(case: &Case, assumptions: &[(usize, u32, bool)]) -> bool {
    let total: usize = case.sizes.iter().product();
    (0..total).any(|mut number| {
        let values: Vec<usize> = case
            .sizes
            .iter()
            .map(|size| {
                let value = number % size;
                number /= size;
                value
            })
            .collect();
        case.clauses.iter().all(|clause| clause.iter().any(|part| holds(&values, *part)))
            && assumptions.iter().all(|part| holds(&values, *part))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn as_brute_force_says(case in cases()) {
        let mut solver = Solver::new();
        let vars: Vec<_> = case.sizes.iter().map(|size| solver.variable(*size)).collect();
        let literal = |solver: &mut Solver, (var, bits, positive): (usize, u32, bool)| {
            let mut set = Set::none(case.sizes[var]);
            (0..case.sizes[var]).filter(|class| bits >> class & 1 == 1).for_each(|class| set.insert(class));
            let literal = solver.is_in(vars[var], &set);
            if positive { literal } else { !literal }
        };
        for clause in &case.clauses {
            let parts: Vec<Lit> = clause.iter().map(|part| literal(&mut solver, *part)).collect();
            let any = solver.any(&parts);
            solver.add(&[any]);
        }
        let assumptions: Vec<Lit> =
            case.assumptions.iter().map(|part| literal(&mut solver, *part)).collect();
        // Twice: what was learnt does not depend on assumptions.
        for _ in 0..2 {
            match solver.solve(&assumptions, BUDGET) {
                Answer::Holds(model) => {
                    let values: Vec<usize> =
                        vars.iter().map(|var| model.class(*var).unwrap()).collect();
                    for clause in &case.clauses {
                        prop_assert!(clause.iter().any(|part| holds(&values, *part)));
                    }
                    for part in &case.assumptions {
                        prop_assert!(holds(&values, *part));
                    }
                }
                Answer::Contradicts(core) => {
                    prop_assert!(core.iter().all(|literal| assumptions.contains(literal)));
                    let named: Vec<_> = case.assumptions.iter().zip(&assumptions)
                        .filter(|(_, literal)| core.contains(literal) || **literal == Lit::FALSE)
                        .map(|(part, _)| *part)
                        .collect();
                    prop_assert!(!brute(&case, &named), "the core does not suffice");
                }
                Answer::OutOfBudget => prop_assert!(false),
            }
            prop_assert_eq!(
                matches!(solver.solve(&[], BUDGET), Answer::Holds(_)),
                brute(&case, &[])
            );
        }
    }
}
