//! Many rules on one number: however they are found, the first that fires decides.

use actra::{Policy, Value};
use actra_bytecode::Number;
use actra_bytecode::walks::{Step, StepKind};
use std::cmp::Ordering;
use std::fmt::Write as _;

/// A generator of small numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }
}

const EFFECTS: [&str; 3] = ["block", "require_approval", "allow"];
/// Rules that ask for equality are found by an index: the last two stay out of every other policy.
const SIGNS: [&str; 6] = ["<", "<=", ">=", ">", "==", "!="];

#[derive(Clone, Copy)]
struct Test {
    sign: &'static str,
    constant: f64,
    negated: bool,
}

impl Test {
    fn random(random: &mut Random, signs: &[&'static str], fractions: bool) -> Self {
        let constant = random.below(30) as f64 - 15.0;
        Self {
            sign: random.pick(signs),
            constant: if fractions && random.below(3) == 0 { constant + 0.25 } else { constant },
            negated: random.below(5) == 0,
        }
    }

    fn text(self) -> String {
        let Self { sign, constant, negated } = self;
        let test = format!("action.amount {sign} {constant}");
        if negated { format!("{{not: {test}}}") } else { test }
    }

    fn holds(self, amount: Value<'_>) -> bool {
        let amount = match amount {
            Value::Integer(value) => Number::Integer(value),
            Value::Float(value) => Number::Float(value),
            _ => unreachable!(),
        };
        let order = amount.compare(Number::Float(self.constant));
        let holds = match self.sign {
            "<" => order == Some(Ordering::Less),
            "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            "==" => order == Some(Ordering::Equal),
            "!=" => order != Some(Ordering::Equal),
            ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            _ => order == Some(Ordering::Greater),
        };
        holds != self.negated
    }
}

struct Rule {
    test: Test,
    /// Another test of the number: both must hold, or either.
    other: Option<(bool, Test)>,
    /// With a test of the text, too, which no index takes: both must hold, or either.
    with_flag: Option<bool>,
    effect: &'static str,
}

impl Rule {
    fn random(random: &mut Random, signs: &[&'static str], fractions: bool) -> Self {
        let test = Test::random(random, signs, fractions);
        let other = Test::random(random, signs, fractions);
        Self {
            test,
            other: random.pick(&[None, Some((true, other)), Some((false, other))]),
            with_flag: random.pick(&[None, None, Some(true), Some(false)]),
            effect: random.pick(&EFFECTS),
        }
    }

    fn text(&self) -> String {
        let combined = |all: bool, test: &str, other: &str| {
            format!("{{{}: [{test}, {other}]}}", if all { "all" } else { "any" })
        };
        let mut text = self.test.text();
        if let Some((all, other)) = self.other {
            text = combined(all, &text, &other.text());
        }
        match self.with_flag {
            None => text,
            Some(all) => combined(all, &text, "action.text starts_with a"),
        }
    }

    fn fires(&self, amount: Value<'_>, flag: bool) -> bool {
        let combined = |all: bool, holds, other| if all { holds && other } else { holds || other };
        let mut holds = self.test.holds(amount);
        if let Some((all, other)) = self.other {
            holds = combined(all, holds, other.holds(amount));
        }
        self.with_flag.map_or(holds, |all| combined(all, holds, flag))
    }
}

#[test]
fn the_first_of_many_rules_on_a_number_decides() {
    let mut switched = 0;
    for seed in 0..60 {
        let mut random = Random(seed);
        let first_match = random.below(2) == 0;
        let kind = random.pick(&["integer", "number"]);
        let count = random.below(60) as usize + 4;
        let signs = if seed % 2 == 0 { &SIGNS[..4] } else { &SIGNS[..] };
        let rules: Vec<Rule> =
            (0..count).map(|_| Rule::random(&mut random, signs, kind == "number")).collect();
        let schema = format!(
            "version: 1\nactions: {{pay: {{fields: {{amount: {{type: {kind}, required: true}}, \
             text: {{type: string, required: true}}}}}}}}\n"
        );
        let mut text = format!(
            "version: 2\nevaluation: {{combine: {}}}\nrules:\n",
            if first_match { "first_match" } else { "most_restrictive" }
        );
        for (number, rule) in rules.iter().enumerate() {
            let (when, effect) = (rule.text(), rule.effect);
            writeln!(
                text,
                "  - {{id: r{number}, scope: {{action: pay}}, when: {when}, effect: {effect}}}"
            )
            .unwrap();
        }
        let policy = Policy::from_strings(&schema, &text, None).unwrap_or_else(|error| {
            panic!("{error}\n{text}");
        });
        let is_switch = |step: &Step| step.kind == StepKind::Switch;
        switched += usize::from(policy.program().steps().iter().any(is_switch));
        let mut order: Vec<usize> = (0..count).collect();
        if !first_match {
            let rank = |rule: &usize| EFFECTS.iter().position(|is| *is == rules[*rule].effect);
            order.sort_by_key(rank);
        }
        let slot = |name| policy.slot(name).unwrap();
        let (kind_slot, amount_slot, text_slot) =
            (slot("action.type"), slot("action.amount"), slot("action.text"));
        let mut frame = policy.frame();
        let mut amounts: Vec<Value<'_>> = (-18..18).map(Value::Integer).collect();
        amounts.extend([i64::MIN, i64::MAX, (1 << 53) + 1].map(Value::Integer));
        if kind == "number" {
            amounts.extend([-3.5, -3.0, -0.0, 0.5, 7.0, 7.25, 1e300].map(Value::Float));
        } else {
            amounts.push(Value::Float(7.0));
        }
        for amount in amounts {
            for flag in [false, true] {
                let expected = order.iter().find(|rule| rules[**rule].fires(amount, flag));
                frame.clear();
                frame.set(kind_slot, Value::String("pay"));
                frame.set(amount_slot, amount);
                frame.set(text_slot, Value::String(if flag { "ab" } else { "b" }));
                let outcome = Policy::decide(&mut frame).unwrap();
                let decision = Policy::decision(&frame, &outcome);
                let found = decision.matched_rule.as_deref();
                let rule = expected.map(|rule| format!("r{rule}"));
                assert_eq!(found, rule.as_deref(), "seed {seed}: {amount:?}, {flag}\n{text}");
                let effect = expected.map_or("block", |rule| rules[*rule].effect);
                assert_eq!(decision.effect.as_str(), effect);
                // Visited one by one, the rules say the same.
                let explained = policy.explain(&mut frame).decision.unwrap();
                assert_eq!(explained, decision, "seed {seed}: {amount:?}, {flag}\n{text}");
            }
        }
    }
    assert!(switched > 20, "{switched} policies with a switch");
}
