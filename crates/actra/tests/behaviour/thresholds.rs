//! Many rules on one number: however they are found, the first that fires decides.

use actra::{Policy, Value};
use actra_bytecode::walks::{Step, StepKind};
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

struct Rule {
    sign: &'static str,
    constant: i64,
    negated: bool,
    /// With a test of the text, too, which no index takes: both must hold, or either.
    with_flag: Option<bool>,
    effect: &'static str,
}

impl Rule {
    fn random(random: &mut Random, signs: &[&'static str]) -> Self {
        Self {
            sign: random.pick(signs),
            constant: random.below(30) as i64 - 15,
            negated: random.below(5) == 0,
            with_flag: random.pick(&[None, None, Some(true), Some(false)]),
            effect: random.pick(&EFFECTS),
        }
    }

    fn text(&self) -> String {
        let Self { sign, constant, .. } = self;
        let mut test = format!("action.amount {sign} {constant}");
        if self.negated {
            test = format!("{{not: {test}}}");
        }
        match self.with_flag {
            None => test,
            Some(true) => format!("{{all: [{test}, action.text starts_with a]}}"),
            Some(false) => format!("{{any: [{test}, action.text starts_with a]}}"),
        }
    }

    fn fires(&self, amount: f64, flag: bool) -> bool {
        let constant = self.constant as f64;
        let holds = match self.sign {
            "<" => amount < constant,
            "<=" => amount <= constant,
            "==" => amount == constant,
            "!=" => amount != constant,
            ">=" => amount >= constant,
            _ => amount > constant,
        } != self.negated;
        match self.with_flag {
            None => holds,
            Some(true) => holds && flag,
            Some(false) => holds || flag,
        }
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
        let rules: Vec<Rule> = (0..count).map(|_| Rule::random(&mut random, signs)).collect();
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
        amounts.extend([i64::MIN, i64::MAX].map(Value::Integer));
        if kind == "number" {
            amounts.extend([-3.5, -3.0, 0.5, 7.0, 7.25].map(Value::Float));
        } else {
            amounts.push(Value::Float(7.0));
        }
        for amount in amounts {
            for flag in [false, true] {
                let number = match amount {
                    Value::Integer(value) => value as f64,
                    Value::Float(value) => value,
                    _ => unreachable!(),
                };
                let expected = order.iter().find(|rule| rules[**rule].fires(number, flag));
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
