//! Policies over text, by itself and held against other fields.

use super::*;

/// A policy of one action with a field of text, declared and tested in one of many ways.
fn of_text(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let mut ty = ScalarType::plain(ScalarKind::String);
    match rng.below(4) {
        0 => ty.max_length = Some(rng.below(5) as u64),
        1 => {
            let words = ["", "a", "b", "ab", "bb"];
            let from = rng.below(3);
            let words = words[from..from + 1 + rng.below(2)].iter();
            ty.allowed = Some(words.map(|word| Literal::String((*word).to_owned())).collect());
        }
        _ => {}
    }
    let mut atom = || {
        let patterns = ["a{1,3}", "(ab)*", "b.*", "[ab]{2}", ".*bb", "a+b+", "[.:]a$"];
        let words = ["a", "b", "ab", "ba"];
        let hosts = ["a.b", "b", "b.b", "ab"];
        let networks = ["::a/128", "::/16", "b::/16", "private"];
        let (operator, text) = match rng.below(7) {
            0 | 1 => (Operator::Matches, *rng.pick(&patterns)),
            2 => (Operator::Equals, *rng.pick(&words)),
            3 => (Operator::StartsWith, *rng.pick(&words)),
            4 => (Operator::EndsWith, *rng.pick(&words)),
            5 => (Operator::InDomain, *rng.pick(&hosts)),
            _ => (Operator::InNetwork, *rng.pick(&networks)),
        };
        let literal = Literal::String(text.to_owned());
        let operand = match operator {
            Operator::InDomain | Operator::InNetwork => Operand::Literals(vec![literal]),
            _ => Operand::Literal(literal),
        };
        let (subject, place) = (in_action("s"), Place::default());
        let atom = Atom { quantifier: None, subject, operator, operand, place };
        Condition::Atom(Box::new(atom))
    };
    let conditions = (0..2).map(|_| vec![atom(), atom()]).collect();
    of_conditions(seed, conditions, &[("s", FieldType::Scalar(ty))])
}

/// Each policy has automata of its own patterns only, and its own schema.
#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn differences_of_policies_with_other_patterns_and_schemas_are_those_of_trying_every_text() {
    let mut texts = vec![String::new()];
    let mut last = texts.clone();
    for _ in 0..6 {
        last = last
            .iter()
            .flat_map(|text| ["a", "b", "c", ".", ":"].map(|end| format!("{text}{end}")))
            .collect();
        texts.extend(last.clone());
    }
    let values = texts.into_iter().map(|text| Some(Value::Text(text))).chain([None]);
    let inputs: Vec<Input> = values.map(|value| asking([("s", value)])).collect();
    let mut counts = Counts::default();
    for seed in first_seed()..first_seed() + 2 * policies() {
        let (old, new) = (of_text(seed), of_text(seed + 1000 * (seed % 7)));
        let (old_patterns, new_patterns) = (patterns(&old), patterns(&new));
        let old = Source { policy: &old, patterns: &old_patterns };
        let new = Source { policy: &new, patterns: &new_patterns };
        counts.add(compare_two(seed, old, new, &inputs));
    }
    eprintln!("{counts:#?}");
    assert!(!counts.0.contains_key("undecided differences") && counts.0.len() == 2);
}

/// How texts are held against each other, by variant; and whether one against two others.
const HELD: [(Operator, bool); 7] = [
    (Operator::StartsWith, false),
    (Operator::EndsWith, false),
    (Operator::Contains, false),
    (Operator::WithinPath, false),
    (Operator::StartsWith, true),
    (Operator::EndsWith, true),
    (Operator::WithinPath, true),
];

/// A policy over texts of which one is held against another, or against two.
fn held(seed: u64, variant: usize) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let (operator, is_star) = HELD[variant];
    let is_path = operator == Operator::WithinPath;
    let words: &[&str] = if is_path { &["/a", "/a/b"] } else { &["a", "ab"] };
    let word = |word: &&str| Literal::String((*word).to_owned());
    let literal = |rng: &mut Rng| word(rng.pick(words));
    let mut atom = || {
        let field = |name: &str| Operand::Field(in_action(name));
        let other = if is_star && rng.percent(50) { "u" } else { "t" };
        let (subject, operator, operand) = match rng.below(10) {
            0..=4 if is_star || operator == Operator::Contains => ("s", operator, field(other)),
            0..=2 => ("s", operator, field(other)),
            3..=4 => (other, operator, field("s")),
            5 if !is_star && !is_path => ("s", Operator::Equals, field("t")),
            5 | 6 => ("s", operator, Operand::Literals(vec![literal(&mut rng)])),
            7 | 8 => {
                let subject = if rng.percent(50) { "s" } else { other };
                (subject, Operator::Equals, Operand::Literal(literal(&mut rng)))
            }
            _ => (other, Operator::Exists, Operand::None),
        };
        let (subject, place) = (in_action(subject), Place::default());
        let atom = Atom { quantifier: None, subject, operator, operand, place };
        let atom = Condition::Atom(Box::new(atom));
        if rng.percent(20) { Condition::Not(Box::new(atom)) } else { atom }
    };
    let conditions = (0..3).map(|_| vec![atom(), atom()]).collect();
    let names: &[&str] = if is_star { &["s", "t", "u"] } else { &["s", "t"] };
    let fields: Vec<_> = names
        .iter()
        .map(|name| {
            let mut ty = ScalarType::plain(ScalarKind::String);
            let is_left = *name == "s";
            match rng.below(8) {
                0 if !is_left => {
                    ty.allowed = Some(words[rng.below(2)..].iter().map(word).collect());
                }
                1 if !is_left && (is_star || !is_path) => ty.default = Some(literal(&mut rng)),
                2 if is_left => ty.max_length = Some(4),
                _ => {}
            }
            (*name, FieldType::Scalar(ty))
        })
        .collect();
    of_conditions(seed, conditions, &fields)
}

/// Inputs of such a policy.
fn inputs_of_held(variant: usize) -> Vec<Input> {
    let (operator, is_star) = HELD[variant];
    let mut texts: Vec<String> = Vec::new();
    if operator == Operator::WithinPath {
        let paths = [
            "", "/", "//", "/.", "/a", "/a/", "//a", "/a/.", "/a/b", "/a/./b", "/b", "/b/a", "/ab",
            "/a/b/c", "/a/c", "/c/d", "/..", "a", "/c",
        ];
        texts.extend(paths.map(str::to_owned));
    } else {
        texts.push(String::new());
        let most = if is_star { 2 } else { 4 };
        let mut at = 0;
        while let Some(text) = texts.get(at).cloned() {
            if text.len() < most {
                texts.extend([format!("{text}a"), format!("{text}b")]);
            }
            at += 1;
        }
        texts.extend(["c", "ca", "ac", "cc", "abc", "cab", "aba"].map(str::to_owned));
        texts.sort();
        texts.dedup();
    }
    let values: Vec<Value> = texts.into_iter().map(Value::Text).collect();
    let names: &[&str] = if is_star { &["s", "t", "u"] } else { &["s", "t"] };
    with_each(&names.iter().map(|name| (*name, values.clone())).collect::<Vec<_>>())
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_texts_that_are_held_against_each_other_are_those_of_trying_them() {
    let mut counts = Counts::default();
    let inputs: Vec<Vec<Input>> = (0..HELD.len()).map(inputs_of_held).collect();
    for seed in first_seed()..first_seed() + policies() {
        let variant = seed as usize % HELD.len();
        compare(seed, &held(seed, variant), &inputs[variant], &mut counts);
    }
    eprintln!("{counts:#?}");
}

/// A policy over a host and a path that are held against lists of the input.
fn in_lists(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let is_path = seed.is_multiple_of(2);
    let operator = if is_path { Operator::WithinPath } else { Operator::InDomain };
    let word = if is_path { "/a" } else { "b.com" };
    let mut atom = || {
        let list = if rng.percent(70) { "l" } else { "m" };
        let literal = || Literal::String(word.to_owned());
        let (subject, operator, operand) = match rng.below(7) {
            0..=2 => ("s", operator, Operand::Field(in_action(list))),
            3 => ("s", operator, Operand::Literals(vec![literal()])),
            4 => ("s", Operator::Equals, Operand::Literal(literal())),
            5 => (list, Operator::Exists, Operand::None),
            _ => ("s", Operator::Exists, Operand::None),
        };
        let (subject, place) = (in_action(subject), Place::default());
        let atom = Atom { quantifier: None, subject, operator, operand, place };
        let atom = Condition::Atom(Box::new(atom));
        if rng.percent(20) { Condition::Not(Box::new(atom)) } else { atom }
    };
    let conditions = (0..3).map(|_| vec![atom(), atom()]).collect();
    let items = ScalarType::plain(ScalarKind::String);
    let list = FieldType::List(ListType { items, max_length: None, unique: false });
    let text = FieldType::Scalar(ScalarType::plain(ScalarKind::String));
    of_conditions(seed, conditions, &[("s", text), ("l", list.clone()), ("m", list)])
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_about_texts_in_lists_are_those_of_trying_them() {
    let mut counts = Counts::default();
    let text = |text: &str| Value::Text(text.to_owned());
    let inputs = |texts: &[&str], items: &[&str]| {
        let sets = (0..1_usize << items.len()).map(|set| {
            let chosen = items.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            Value::List(chosen.map(|(_, item)| text(item)).collect())
        });
        let sets: Vec<Value> = sets.collect();
        let texts = texts.iter().map(|one| text(one)).collect();
        with_each(&[("s", texts), ("l", sets.clone()), ("m", sets)])
    };
    let hosts =
        ["b.com", "a.b.com", "B.COM.", "c.com", "1.2.3.4", "::1", "https://b.com/", "a b", ""];
    let paths = ["/a", "/a/b", "/a/", "/b", "/", "a", "/..", "/c"];
    let inputs = [
        inputs(&paths, &["/a", "/b", "/", "no path"]),
        inputs(&hosts, &["b.com", "c.com", "com", "no domain"]),
    ];
    for seed in first_seed()..first_seed() + policies().div_ceil(2) {
        compare(seed, &in_lists(seed), &inputs[seed as usize % 2], &mut counts);
    }
    eprintln!("{counts:#?}");
}
