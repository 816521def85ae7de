//! What lints say of generated policies is true, and changes nothing.

use actra_compiler::canonical::policy_hash;
use actra_compiler::check::{Checked, PolicyDocuments, check};
use actra_compiler::diagnostic::{Code, Diagnostic, Report, Severity, Sources};
use actra_compiler::lint::lint;
use actra_compiler::lower::lower;
use actra_compiler::model::{CheckedPolicy, Condition, Effect, Mode, Place};
use actra_testkit::generate::{self, Documents, Rng, Style};
use actra_testkit::reference::{AtomOutcome, Event, Options, evaluate_observed};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many policies: `ACTRA_CASES`, or what fits a normal test run.
fn cases(normal: u64) -> u64 {
    std::env::var("ACTRA_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(normal)
}

fn read(documents: &Documents) -> (Checked, Sources, Report) {
    let mut sources = Sources::default();
    let ids = PolicyDocuments {
        schema: sources.add("schema.yaml", documents.schema.as_str()),
        policy: sources.add("policy.yaml", documents.policy.as_str()),
        more_policies: Vec::new(),
        governance: None,
    };
    let mut report = Report::default();
    let Some(checked) = check(&sources, &ids, &mut report) else {
        panic!("{:#?}\n{}", report.into_sorted(), documents.policy)
    };
    (checked, sources, report)
}

fn program_of(checked: &Checked) -> String {
    format!("{:?}", lower(&checked.policy, &checked.patterns).unwrap())
}

/// The documents with a silence for each file.
fn with_silences(documents: &Documents) -> Documents {
    let comment = "# actra: allow unused_field, single_part -- why not\n";
    Documents {
        schema: format!("{comment}{}", documents.schema),
        policy: format!("{comment}{}", documents.policy),
    }
}

/// The policy of a seed with rules that hide and repeat each other, which chance alone hardly
/// makes.
fn crowded(seed: u64) -> CheckedPolicy {
    let mut policy = generate::policy(seed);
    let mut rng = Rng::new(seed ^ 0x11f7);
    for index in 1..policy.rules.len() {
        let other = policy.rules[rng.below(index)].clone();
        let rule = &mut policy.rules[index];
        match rng.below(6) {
            0 => rule.condition = None,
            1 | 2 => (rule.scope, rule.condition) = (other.scope, other.condition),
            3 => {
                // Holds where the other's does, and in fewer cases.
                let mut parts: Vec<Condition> = other.condition.into_iter().collect();
                if rule.scope == other.scope {
                    parts.extend(rule.condition.take());
                }
                rule.scope = other.scope;
                rule.condition = (!parts.is_empty()).then_some(Condition::All(parts));
            }
            _ => {}
        }
        if rng.percent(40) {
            rule.effect = *rng.pick(&[Effect::Allow, Effect::Block, Effect::RequireApproval]);
        }
    }
    policy
}

#[test]
fn lints_change_nothing_and_point_at_what_is_there() {
    let mut seen: BTreeMap<Code, u64> = BTreeMap::new();
    for seed in 1..=cases(100) {
        let policy = crowded(seed);
        for style in Style::ALL {
            let documents = generate::documents(&policy, style, seed);
            let (checked, sources, mut report) = read(&documents);
            let hash = policy_hash(&checked.policy);
            let program = program_of(&checked);
            assert_eq!(lint(&checked, &mut report), [], "nothing is silenced");
            let (silenced, ..) = read(&with_silences(&documents));
            assert_eq!(program_of(&silenced), program);
            assert_eq!(policy_hash(&silenced.policy), hash);
            assert!(!report.has_errors());
            assert_eq!(policy_hash(&checked.policy), hash);
            assert_eq!(program_of(&checked), program);
            for warning in report.into_sorted() {
                *seen.entry(warning.code).or_default() += 1;
                assert_eq!(warning.severity, Severity::Warning);
                assert_eq!(warning.code.severity(), Severity::Warning);
                assert!(warning.help.is_some() || warning.code == Code::NoRules, "{warning:?}");
                let related = warning.related.iter().map(|(span, _)| *span);
                for span in warning.span.into_iter().chain(related) {
                    let text = &sources.source(span.source).unwrap().text;
                    let marked = text.get(span.start as usize..span.end as usize);
                    assert!(marked.is_some_and(|m| !m.is_empty()), "{warning:?}");
                }
            }
        }
    }
    for code in [
        Code::UnreachableRule,
        Code::DuplicateRule,
        Code::RestsOnMissingField,
        Code::EmptyListPasses,
        Code::NeverTrue,
        Code::AlwaysTrue,
        Code::SinglePart,
        Code::UnusedField,
        Code::ImplicitDefault,
    ] {
        assert!(seen.contains_key(&code), "no generated policy has `{code}`");
    }
}

/// Warnings that claim something about every input.
struct Claims {
    unreachable: HashSet<String>,
    /// By the place of the atom.
    never: HashSet<Place>,
    always: HashSet<Place>,
}

impl Claims {
    fn of(checked: &Checked, warnings: &[Diagnostic]) -> Self {
        let mut claims =
            Self { unreachable: HashSet::new(), never: HashSet::new(), always: HashSet::new() };
        let rules: HashMap<_, _> = checked
            .notes
            .rules
            .iter()
            .zip(&checked.policy.rules)
            .map(|(note, rule)| (note.id, rule))
            .collect();
        for warning in warnings {
            let Some(span) = warning.span else { continue };
            match warning.code {
                Code::UnreachableRule => {
                    claims.unreachable.insert(rules[&span].id.clone());
                }
                // Those about one test point at its right side.
                Code::NeverTrue | Code::AlwaysTrue if warning.message.starts_with("this is") => {
                    for rule in &checked.policy.rules {
                        for atom in rule.condition.iter().flat_map(generate::atoms) {
                            let note = checked.notes.atom_at(atom.place).unwrap();
                            if note.operand == Some(span) && warning.code == Code::NeverTrue {
                                claims.never.insert(atom.place);
                            } else if note.operand == Some(span) {
                                claims.always.insert(atom.place);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        claims
    }
}

#[test]
fn what_is_called_unreachable_never_decides_and_what_is_called_constant_is() {
    let (mut rules, mut atoms, mut decisions) = (0, 0, 0_u64);
    for seed in 1..=cases(250) {
        let policy = crowded(seed);
        let documents = generate::documents(&policy, Style::ALL[(seed % 3) as usize], seed);
        let (checked, _, mut report) = read(&documents);
        lint(&checked, &mut report);
        let claims = Claims::of(&checked, &report.into_sorted());
        rules += claims.unreachable.len();
        atoms += claims.never.len() + claims.always.len();
        // The shadow rules among them would not decide even if they were enforced one by one.
        let shadows: Vec<&str> = checked
            .policy
            .rules
            .iter()
            .filter(|rule| rule.mode == Mode::Shadow && claims.unreachable.contains(&rule.id))
            .map(|rule| rule.id.as_str())
            .collect();
        let mut variants = vec![checked.policy.clone()];
        for id in &shadows {
            let mut enforced = checked.policy.clone();
            enforced.rules.iter_mut().for_each(|rule| {
                if rule.id == *id {
                    rule.mode = Mode::Enforce;
                }
            });
            variants.push(enforced);
        }
        for number in 0..60 {
            let input = generate::input(seed.wrapping_mul(1_000_003) ^ number, &checked.policy);
            for variant in &variants {
                let decided =
                    evaluate_observed(variant, &input, Options::default(), &mut |event| {
                        if let Event::Atom { atom, outcome, .. } = event {
                            let wrong = (outcome == AtomOutcome::True
                                && claims.never.contains(&atom.place))
                                || (outcome == AtomOutcome::False
                                    && claims.always.contains(&atom.place)
                                    && !claims.never.contains(&atom.place));
                            assert!(!wrong, "seed {seed}: {atom:?}\n{}", input.to_yaml_text());
                        }
                    });
                let Ok(decision) = decided else { continue };
                decisions += 1;
                for id in decision.matched_rule.iter().chain(&decision.matched_rules) {
                    assert!(
                        !claims.unreachable.contains(id),
                        "seed {seed}: `{id}` decides\n{}\n{}\n{}",
                        documents.schema,
                        documents.policy,
                        input.to_yaml_text()
                    );
                }
            }
        }
    }
    assert!(
        rules > 100 && atoms > 10 && decisions > 1_000,
        "too little is held: {rules} rules, {atoms} tests, {decisions} decisions"
    );
}
