//! Policies over lists, by themselves and held against fields and each other.

use super::*;

/// Items that policies of lists name, and one that they do not.
const WORDS: [&str; 13] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu",
    "nu", "other",
];

/// A policy over a list, with many items that some rule names.
fn listing(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let mut next = seed as usize;
    let mut atom = || {
        let mut word = || {
            next += 1;
            Literal::String(WORDS[next % 12].to_owned())
        };
        let words = |word: &mut dyn FnMut() -> Literal, many: usize| {
            Operand::Literals((0..many).map(|_| word()).collect())
        };
        let (quantifier, operator, operand) = match rng.below(8) {
            0 => (None, Operator::Contains, Operand::Literal(word())),
            1 => (None, Operator::NotContains, Operand::Literal(word())),
            2 => (None, Operator::ContainsAny, words(&mut word, 3)),
            3 => (None, Operator::ContainsAll, words(&mut word, 2)),
            4 => (Some(Quantifier::Every), Operator::In, words(&mut word, 6)),
            5 => (Some(Quantifier::Some), Operator::NotIn, words(&mut word, 5)),
            6 => (Some(Quantifier::Every), Operator::NotEquals, Operand::Literal(word())),
            _ => (None, Operator::Exists, Operand::None),
        };
        let place = Place::default();
        let atom = Atom { quantifier, subject: in_action("list"), operator, operand, place };
        let atom = Condition::Atom(Box::new(atom));
        if rng.percent(20) { Condition::Not(Box::new(atom)) } else { atom }
    };
    let conditions = (0..4).map(|_| vec![atom(), atom()]).collect();
    let list = ListType {
        items: ScalarType::plain(ScalarKind::String),
        max_length: seed.is_multiple_of(4).then_some(100),
        unique: seed.is_multiple_of(3),
    };
    of_conditions(seed, conditions, &[("list", FieldType::List(list))])
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_lists_are_those_of_trying_every_set_of_items() {
    let mut counts = Counts::default();
    let word = |word: &&str| Value::Text((*word).to_owned());
    let sets = (0..1_usize << WORDS.len()).map(|set| {
        let chosen = WORDS.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        Some(Value::List(chosen.map(|(_, chosen)| word(chosen)).collect()))
    });
    let inputs: Vec<Input> = sets.chain([None]).map(|list| asking([("list", list)])).collect();
    for seed in first_seed()..first_seed() + policies().div_ceil(3) {
        compare(seed, &listing(seed), &inputs, &mut counts);
    }
    eprintln!("{counts:#?}");
    assert!(!counts.0.contains_key("influence beyond"), "all sets have been tried");
    assert!(!counts.0.contains_key("undecided influence"), "lists are exact");
}

/// Fields of policies about sets, by variant: single values and lists.
const OF_SETS: [(&[&str], &[&str]); 5] = [
    (&["a"], &["l"]),
    (&["a", "b"], &["l"]),
    (&[], &["l", "m"]),
    (&["a"], &["l", "m"]),
    (&["a"], &["l"]),
];

/// Values that policies about sets name, and others: as many as can be told apart by where they are.
fn values_of_sets(variant: usize) -> Vec<Value> {
    let words: &[&str] = match variant {
        3 => &["x", "p", "q", "r", "s"],
        4 => return (1..=7).map(Value::Integer).collect(),
        _ => &["x", "y", "p", "q", "r", "s"],
    };
    words.iter().map(|word| Value::Text((*word).to_owned())).collect()
}

/// A policy over values and lists that are held against each other.
fn of_sets(seed: u64, variant: usize) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let (single, lists) = OF_SETS[variant];
    let is_of_integers = variant == 4;
    let literal = |rng: &mut Rng| match (is_of_integers, rng.percent(60)) {
        (true, is_low) => Literal::Integer(if is_low { 3 } else { 5 }),
        (false, true) => Literal::String("x".to_owned()),
        (false, false) => Literal::String(if variant == 3 { "x" } else { "y" }.to_owned()),
    };
    let mut atom = || {
        let list = *rng.pick(lists);
        let other = lists.iter().copied().find(|other| *other != list);
        let (quantifier, subject, operator, operand) = match (rng.below(10), other) {
            (0..=4, _) if !single.is_empty() => {
                let single = *rng.pick(single);
                let is_item = rng.percent(50);
                let (list, single) = (in_action(list), in_action(single));
                let operators = if is_item {
                    [Operator::In, Operator::NotIn]
                } else {
                    [Operator::Contains, Operator::NotContains]
                };
                let operator = *rng.pick(&operators);
                if is_item {
                    (None, single, operator, Operand::Field(list))
                } else {
                    (None, list, operator, Operand::Field(single))
                }
            }
            (0..=5, Some(other)) => {
                let all = [
                    (None, Operator::ContainsAny),
                    (None, Operator::ContainsAll),
                    (Some(Quantifier::Every), Operator::In),
                    (Some(Quantifier::Every), Operator::NotIn),
                    (Some(Quantifier::Some), Operator::In),
                    (Some(Quantifier::Some), Operator::NotIn),
                ];
                let (quantifier, operator) = *rng.pick(&all);
                (quantifier, in_action(list), operator, Operand::Field(in_action(other)))
            }
            (6, _) if is_of_integers => {
                let operator = *rng.pick(&[Operator::GreaterThan, Operator::LessThanOrEqual]);
                (None, in_action(single[0]), operator, Operand::Literal(literal(&mut rng)))
            }
            (6, _) if !single.is_empty() => {
                let operator = *rng.pick(&[Operator::Equals, Operator::NotEquals]);
                (None, in_action(single[0]), operator, Operand::Literal(literal(&mut rng)))
            }
            (7, _) => (None, in_action(list), Operator::Exists, Operand::None),
            (8, _) => {
                let quantifier = *rng.pick(&[Quantifier::Every, Quantifier::Some]);
                let operand = Operand::Literal(literal(&mut rng));
                (Some(quantifier), in_action(list), Operator::NotEquals, operand)
            }
            _ => (None, in_action(list), Operator::Contains, Operand::Literal(literal(&mut rng))),
        };
        let atom = Atom { quantifier, subject, operator, operand, place: Place::default() };
        let atom = Condition::Atom(Box::new(atom));
        if rng.percent(20) { Condition::Not(Box::new(atom)) } else { atom }
    };
    let conditions = (0..3).map(|_| vec![atom(), atom()]).collect();
    let kind = if is_of_integers { ScalarKind::Integer } else { ScalarKind::String };
    let mut fields: Vec<(&str, FieldType)> = Vec::new();
    for name in single {
        let mut ty = ScalarType::plain(kind);
        if seed.is_multiple_of(6) && !is_of_integers {
            let words = ["x", "p", "q"].map(|word| Literal::String(word.to_owned()));
            ty.allowed = Some(words.to_vec());
        }
        if seed % 10 == 5 {
            let text = Literal::String(["p", "x"][seed as usize / 10 % 2].to_owned());
            ty.default = Some(if is_of_integers { Literal::Integer(2) } else { text });
        }
        fields.push((name, FieldType::Scalar(ty)));
    }
    for name in lists {
        let unique = seed.is_multiple_of(3);
        let list = ListType { items: ScalarType::plain(kind), max_length: None, unique };
        fields.push((name, FieldType::List(list)));
    }
    of_conditions(seed, conditions, &fields)
}

/// Every input of such a policy: each value or none, each set of values or none.
fn inputs_of_sets(variant: usize) -> Vec<Input> {
    let (single, lists) = OF_SETS[variant];
    let values = values_of_sets(variant);
    let sets = (0..1_usize << values.len()).map(|set| {
        let chosen = values.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        Value::List(chosen.map(|(_, chosen)| chosen.clone()).collect())
    });
    let sets: Vec<Value> = sets.collect();
    let single = single.iter().map(|name| (*name, values.clone()));
    let fields: Vec<_> = single.chain(lists.iter().map(|name| (*name, sets.clone()))).collect();
    with_each(&fields)
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_fields_in_lists_are_those_of_trying_every_set() {
    let mut counts = Counts::default();
    let inputs: Vec<Vec<Input>> = (0..OF_SETS.len()).map(inputs_of_sets).collect();
    for seed in first_seed()..first_seed() + policies().div_ceil(2) {
        let variant = seed as usize % OF_SETS.len();
        let policy = of_sets(seed, variant);
        compare(seed, &policy, &inputs[variant], &mut counts);
        // Of another seed: other declarations and settings, too.
        let other = of_sets(seed + 1 + seed % 3, variant);
        let (old, new) = (patterns(&policy), patterns(&other));
        let old = Source { policy: &policy, patterns: &old };
        let new = Source { policy: &other, patterns: &new };
        counts.add(compare_two(seed, old, new, &inputs[variant]));
    }
    eprintln!("{counts:#?}");
}

/// A policy over a list without an item twice, whose length is tested.
fn unique(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let mut atom = || {
        let word = |rng: &mut Rng| Literal::String((*rng.pick(&["alpha", "beta"])).to_owned());
        let (quantifier, operator, operand) = match rng.below(7) {
            0..=2 => {
                let operator = *rng.pick(&[Operator::LengthGreaterThan, Operator::LengthLessThan]);
                (None, operator, Operand::Literal(Literal::Integer(rng.below(5) as i64)))
            }
            3 => (None, Operator::Contains, Operand::Literal(word(&mut rng))),
            4 => (Some(Quantifier::Every), Operator::NotEquals, Operand::Literal(word(&mut rng))),
            5 => {
                let words = Operand::Literals(vec![word(&mut rng), word(&mut rng)]);
                (Some(*rng.pick(&[Quantifier::Every, Quantifier::Some])), Operator::In, words)
            }
            _ => (None, Operator::Exists, Operand::None),
        };
        let place = Place::default();
        let atom = Atom { quantifier, subject: in_action("list"), operator, operand, place };
        let atom = Condition::Atom(Box::new(atom));
        if rng.percent(20) { Condition::Not(Box::new(atom)) } else { atom }
    };
    let conditions = (0..3).map(|_| vec![atom(), atom()]).collect();
    let mut items = ScalarType::plain(ScalarKind::String);
    if seed.is_multiple_of(4) {
        let words = ["alpha", "beta", "gamma", "delta"];
        items.allowed = Some(words.map(|word| Literal::String(word.to_owned())).to_vec());
    }
    let max_length = [None, Some(3), Some(100)][seed as usize % 3];
    of_conditions(
        seed,
        conditions,
        &[("list", FieldType::List(ListType { items, max_length, unique: true }))],
    )
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_lists_without_an_item_twice_are_those_of_trying_every_set() {
    let mut counts = Counts::default();
    let words = WORDS[..8].iter().map(|word| Value::Text((*word).to_owned()));
    let words: Vec<Value> = words.collect();
    let sets = (0..1_usize << words.len()).map(|set| {
        let chosen = words.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        Value::List(chosen.map(|(_, chosen)| chosen.clone()).collect())
    });
    let inputs = with_each(&[("list", sets.collect())]);
    for seed in first_seed()..first_seed() + 2 * policies() {
        compare(seed, &unique(seed), &inputs, &mut counts);
    }
    eprintln!("{counts:#?}");
    assert!(!counts.0.contains_key("influence beyond"), "all sets have been tried");
    assert!(!counts.0.contains_key("undecided influence"), "lists are exact");
}
