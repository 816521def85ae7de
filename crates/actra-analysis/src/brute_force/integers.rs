//! Policies over integers that are compared with each other, and with sums.

use super::*;

/// A policy over integers that are all held against one of them, and each against constants.
fn star(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let names = ["a", "b", "hub"];
    let operators = [
        Operator::Equals,
        Operator::NotEquals,
        Operator::LessThan,
        Operator::LessThanOrEqual,
        Operator::GreaterThan,
        Operator::GreaterThanOrEqual,
    ];
    let mut atom = || {
        let leaf = in_action(["a", "b"][rng.below(2)]);
        let (subject, other) =
            if rng.percent(50) { (leaf, in_action("hub")) } else { (in_action("hub"), leaf) };
        let operand = match rng.below(4) {
            0 => Operand::Literal(Literal::Integer(rng.below(5) as i64 - 2)),
            1 => Operand::Field(other),
            _ => Operand::Sum {
                field: other,
                sign: *rng.pick(&[Sign::Plus, Sign::Minus]),
                addend: Addend::Integer(rng.below(3) as i64),
            },
        };
        let operator = *rng.pick(&operators);
        let place = Place::default();
        let atom = Atom { quantifier: None, subject, operator, operand, place };
        let atom = Condition::Atom(Box::new(atom));
        if rng.percent(20) { Condition::Not(Box::new(atom)) } else { atom }
    };
    let conditions = (0..3).map(|_| vec![atom(), atom()]).collect();
    let fields =
        names.map(|name| (name, FieldType::Scalar(ScalarType::plain(ScalarKind::Integer))));
    of_conditions(seed, conditions, &fields)
}

/// The inputs with integers near the constants of such a policy.
fn near_constants() -> Vec<Input> {
    let values: Vec<Value> = (-9..=9).map(Value::Integer).collect();
    with_each(&["a", "b", "hub"].map(|name| (name, values.clone())))
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_differences_are_those_of_trying_every_integer() {
    let mut counts = Counts::default();
    let inputs = near_constants();
    for seed in first_seed()..first_seed() + policies().div_ceil(3) {
        compare(seed, &star(seed), &inputs, &mut counts);
    }
    eprintln!("{counts:#?}");
    assert!(!counts.0.contains_key("influence beyond"), "values beyond are like values near");
}

/// A policy over integers that are held against sums of each other.
fn sums(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let names = ["a", "b", "c"];
    let operators = [
        Operator::Equals,
        Operator::NotEquals,
        Operator::LessThan,
        Operator::LessThanOrEqual,
        Operator::GreaterThan,
        Operator::GreaterThanOrEqual,
    ];
    // Few different ones: each may meet the others in some other rule.
    let mut atoms: Vec<Condition> = (0..4)
        .map(|number| {
            let first = rng.below(3);
            let [subject, other, third] =
                [0, 1, 2].map(|step| in_action(names[(first + step) % 3]));
            let operand = match number {
                0 => Operand::Literal(Literal::Integer(rng.below(5) as i64 - 2)),
                1 if rng.percent(50) => Operand::Field(other),
                _ => Operand::Sum {
                    field: other,
                    sign: *rng.pick(&[Sign::Plus, Sign::Minus]),
                    addend: match rng.below(4) {
                        0 => Addend::Integer(rng.below(3) as i64),
                        _ => Addend::Field(third),
                    },
                },
            };
            let operator = *rng.pick(&operators);
            let place = Place::default();
            let atom = Atom { quantifier: None, subject, operator, operand, place };
            Condition::Atom(Box::new(atom))
        })
        .collect();
    atoms.extend(atoms.clone().into_iter().map(|atom| Condition::Not(Box::new(atom))));
    let conditions =
        (0..3).map(|_| vec![rng.pick(&atoms).clone(), rng.pick(&atoms).clone()]).collect();
    let fields = names.map(|name| {
        let mut ty = ScalarType::plain(ScalarKind::Integer);
        match rng.below(8) {
            0 => ty.default = Some(Literal::Integer(rng.below(3) as i64 - 1)),
            1 => ty.min = Some(Literal::Integer(0)),
            2 => ty.allowed = Some([-1, 2].map(Literal::Integer).to_vec()),
            _ => {}
        }
        (name, FieldType::Scalar(ty))
    });
    of_conditions(seed, conditions, &fields)
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_sums_are_those_of_trying_every_integer() {
    let mut counts = Counts::default();
    let values: Vec<Value> = (-9..=9).map(Value::Integer).collect();
    let inputs = with_each(&["a", "b", "c"].map(|name| (name, values.clone())));
    for seed in first_seed()..first_seed() + policies().div_ceil(3) {
        let policy = sums(seed);
        compare(seed, &policy, &inputs, &mut counts);
        let other = sums(seed + 1 + seed % 3);
        let (old, new) = (patterns(&policy), patterns(&other));
        let old = Source { policy: &policy, patterns: &old };
        let new = Source { policy: &other, patterns: &new };
        counts.add(compare_two(seed, old, new, &inputs));
    }
    eprintln!("{counts:#?}");
    let undecided = counts.0.get("undecided differences").copied().unwrap_or(0);
    assert!(undecided * 20 <= policies() as usize, "few sums are too much");
}
