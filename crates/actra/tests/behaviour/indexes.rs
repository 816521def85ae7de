//! Many rules that each ask for some values of a field are found by indexes: which of them decides is
//! what looking at them one by one gives.

use actra::{Policy, Value};
use std::fmt::Write as _;

/// A generator of small numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }

    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}

/// What `action.kind` is where it is missing, in half of the policies.
const DEFAULT: usize = 3;
const SCHEMA: &str = "version: 1
common: {fields: {kind: KIND}}
actions: {pay: {fields: {}}, ask: {fields: {}}}
actor: {fields: {team: string, lead: boolean}}
snapshot: {fields: {count: integer, share: number, day: timestamp}}
";
/// Writes the value of a number as a policy has it.
type Write = fn(usize) -> String;

/// Fields, and how the number of a value is written in a policy.
const FIELDS: [(&str, Write); 6] = [
    ("action.kind", |number| format!("k{number}")),
    ("actor.team", |number| format!("t{number}")),
    ("actor.lead", |number| (number % 2 == 1).to_string()),
    ("snapshot.count", |number| number.to_string()),
    ("snapshot.share", |number| format!("{}", number as f64 / 2.0)),
    ("snapshot.day", |number| format!("'20{:02}-01-01T00:00:00Z'", number + 10)),
];
const VALUES: usize = 12;
/// Values of `action.kind`, and one that no rule asks for.
const KINDS: [&str; VALUES + 1] =
    ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11", "k12"];
const EFFECTS: [&str; 3] = ["block", "require_approval", "allow"];

/// Which values of a field a rule asks for.
struct Test {
    field: usize,
    values: Vec<usize>,
}

impl Test {
    fn random(random: &mut Random, fields: &[usize]) -> Self {
        let field = fields[random.below(fields.len())];
        let count = if random.percent(70) { 1 } else { 2 + random.below(3) };
        let last = if FIELDS[field].0 == "actor.lead" { 2 } else { VALUES };
        Self { field, values: (0..count).map(|_| random.below(last)).collect() }
    }

    fn text(&self) -> String {
        let (name, write) = FIELDS[self.field];
        let mut values: Vec<String> = self.values.iter().map(|number| write(*number)).collect();
        values.sort();
        values.dedup();
        match &*values {
            [one] => format!("{name} == {one}"),
            _ => format!("{name} in [{}]", values.join(", ")),
        }
    }

    /// `None`: the field is missing.
    fn holds(&self, input: &[Option<usize>; 6]) -> Option<bool> {
        input[self.field].map(|value| self.values.contains(&value))
    }
}

struct Rule {
    tests: Vec<Test>,
    action: Option<&'static str>,
    effect: &'static str,
}

impl Rule {
    /// The least of what the tests say: false, missing, true.
    fn fires(&self, action: &str, input: &[Option<usize>; 6], fails_closed: bool) -> bool {
        let truths = || self.tests.iter().map(|test| test.holds(input));
        let is_false = truths().any(|truth| truth == Some(false));
        let is_missing = truths().any(|truth| truth.is_none());
        let fires_unknown = fails_closed && self.effect != "allow";
        self.action.is_none_or(|own| own == action) && !is_false && (!is_missing || fires_unknown)
    }
}

#[test]
fn rules_that_an_index_finds_decide_as_one_by_one() {
    let mut decided = 0;
    for seed in 0..90 {
        let mut random = Random(seed);
        let (first_match, fails_closed) = (random.percent(50), random.percent(50));
        // Rules of one field, of a few, or of all.
        let count = [1, 2, 3, 6][random.below(4)];
        let fields: Vec<usize> = (0..count).map(|_| random.below(FIELDS.len())).collect();
        let scopes = [&[Some("pay")][..], &[Some("pay"), Some("ask"), None], &[None]];
        let scopes = scopes[random.below(3)];
        let rules: Vec<Rule> = (0..8 + random.below(40))
            .map(|_| Rule {
                tests: (0..=random.below(2)).map(|_| Test::random(&mut random, &fields)).collect(),
                action: scopes[random.below(scopes.len())],
                effect: EFFECTS[random.below(3)],
            })
            .collect();
        let mut text = format!(
            "version: 2\nevaluation: {{combine: {}, missing: {}}}\nrules:\n",
            if first_match { "first_match" } else { "most_restrictive" },
            if fails_closed { "fail_closed" } else { "no_match" },
        );
        for (number, rule) in rules.iter().enumerate() {
            let tests: Vec<String> =
                rule.tests.iter().map(|test| format!("{{all: [\"{}\"]}}", test.text())).collect();
            let when = if tests.len() == 1 {
                tests[0].clone()
            } else {
                format!("{{all: [{}]}}", tests.join(", "))
            };
            let scope =
                rule.action.map_or("global: true".to_owned(), |name| format!("action: {name}"));
            let effect = rule.effect;
            writeln!(
                text,
                "  - {{id: r{number}, scope: {{{scope}}}, when: {when}, effect: {effect}}}"
            )
            .unwrap();
        }
        let default = random.percent(50).then_some(DEFAULT);
        let kind = default.map(|number| format!("{{type: string, default: {}}}", KINDS[number]));
        let schema = SCHEMA.replace("KIND", kind.as_deref().unwrap_or("string"));
        let policy = Policy::from_strings(&schema, &text, None)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|rule| {
            let rule = &rules[*rule];
            let rank = EFFECTS.iter().position(|effect| *effect == rule.effect);
            if first_match { (rule.action.is_none(), None) } else { (false, rank) }
        });
        let slot = |name: &str| policy.slot(name);
        let mut frame = policy.frame();
        for _ in 0..150 {
            let action = ["pay", "ask"][random.below(2)];
            let mut input: [Option<usize>; 6] = std::array::from_fn(|field| {
                let last = if FIELDS[field].0 == "actor.lead" { 2 } else { VALUES + 1 };
                (!random.percent(15)).then(|| random.below(last))
            });
            frame.clear();
            frame.set(slot("action.type").unwrap(), Value::String(action));
            for (field, (name, write)) in FIELDS.iter().enumerate() {
                let (Some(slot), Some(number)) = (slot(name), input[field]) else { continue };
                let written = write(number);
                let value = match *name {
                    // As hosts give text, and as readers that copy it do.
                    "action.kind" if random.percent(50) => Value::String(KINDS[number]),
                    "action.kind" | "actor.team" => Value::Text(frame.push_text(&written)),
                    "actor.lead" => Value::Boolean(number % 2 == 1),
                    "snapshot.count" => Value::Integer(number as i64),
                    "snapshot.share" if number % 2 == 0 => Value::Integer(number as i64 / 2),
                    "snapshot.share" => Value::Float(number as f64 / 2.0),
                    _ => Value::Text(frame.push_text(written.trim_matches('\''))),
                };
                frame.set(slot, value);
            }
            input[0] = input[0].or(default);
            let outcome = Policy::decide(&mut frame).unwrap();
            let decision = Policy::decision(&frame, &outcome);
            let firing = |rule: &&usize| rules[**rule].fires(action, &input, fails_closed);
            let expected = order.iter().find(firing);
            let name = expected.map(|rule| format!("r{rule}"));
            assert_eq!(decision.matched_rule, name, "seed {seed}: {action} {input:?}\n{text}");
            let effect = expected.map_or("block", |rule| rules[*rule].effect);
            assert_eq!(decision.effect.as_str(), effect, "seed {seed}");
            let explained = policy.explain(&mut frame).decision.unwrap();
            assert_eq!(explained, decision, "seed {seed}: {action} {input:?}\n{text}");
            decided += usize::from(expected.is_some());
        }
    }
    assert!(decided > 5_000, "{decided}");
}

/// In version 1 numbers may be NaN, in policies and in inputs: it equals nothing, and is no key.
#[test]
fn nan_is_no_key() {
    let schema = "version: 1\nactions: {pay: {fields: {amount: number}}}\n";
    let mut text = "version: 1\nrules:\n".to_owned();
    for number in 0..24 {
        let value = if number % 4 == 1 { ".nan".to_owned() } else { (number / 4).to_string() };
        let atom = format!(
            "{{subject: {{domain: action, field: amount}}, operator: equals, value: {{literal: {value}}}}}"
        );
        writeln!(
            text,
            "  - {{id: r{number}, scope: {{action: pay}}, when: {atom}, effect: block}}"
        )
        .unwrap();
    }
    let policy =
        Policy::from_strings(schema, &text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let slot = |name| policy.slot(name).unwrap();
    let mut frame = policy.frame();
    for (amount, rule) in
        [(0.0, Some("r0")), (5.0, Some("r20")), (f64::NAN, None), (5.5, None), (-0.0, Some("r0"))]
    {
        frame.clear();
        frame.set(slot("action.type"), Value::String("pay"));
        frame.set(slot("action.amount"), Value::Float(amount));
        let outcome = Policy::decide(&mut frame).unwrap();
        let decision = Policy::decision(&frame, &outcome);
        assert_eq!(decision.matched_rule.as_deref(), rule, "{amount}");
    }
}
