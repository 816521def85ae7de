//! What is proved holds for inputs at random, as the reference evaluator decides them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]
#![expect(
    clippy::print_stderr,
    reason = "how much was found says whether the tests look at anything"
)]

use actra_analysis::{
    Case, DEFAULT_BUDGET, FieldReport, Influence, Kept, Question, RuleFinding, Source, Undecided,
    Verdict, are_kept, diff, is_kept, report,
};
use actra_bytecode::dfa::Dfa;
use actra_compiler::model::{
    CheckedPolicy, Condition, Effect, FieldRef, Literal, Mode, Operand, Operator, PromiseKind,
};
use actra_compiler::pattern;
use actra_testkit::reference::{Decision, Event, InputError, Options, evaluate_observed};
use actra_testkit::{Value, generate};
use std::collections::BTreeMap;
use std::mem::discriminant;

const BUDGET: u64 = DEFAULT_BUDGET / 25;

fn policies() -> u64 {
    std::env::var("ACTRA_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(30)
}

fn first_seed() -> u64 {
    std::env::var("ACTRA_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn patterns(policies: &[&CheckedPolicy]) -> BTreeMap<String, Dfa> {
    fn collect(condition: &Condition, found: &mut BTreeMap<String, Dfa>) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    collect(part, found);
                }
            }
            Condition::Not(part) => collect(part, found),
            Condition::Atom(atom) => {
                if let (Operator::Matches, Operand::Literal(Literal::String(text))) =
                    (atom.operator, &atom.operand)
                {
                    found.insert(text.clone(), pattern::compile(text).unwrap());
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    for rule in policies.iter().flat_map(|policy| &policy.rules) {
        rule.condition.iter().for_each(|condition| collect(condition, &mut found));
    }
    found
}

/// The decision, and which rules fired of those that are candidates.
fn decide(
    policy: &CheckedPolicy,
    input: &Value,
) -> (Result<Decision, InputError>, BTreeMap<String, bool>) {
    let mut fired = BTreeMap::new();
    let decision = evaluate_observed(policy, input, Options::default(), &mut |event| {
        if let Event::Rule { rule, fires, .. } = event {
            fired.insert(rule.id.clone(), fires);
        }
    });
    (decision, fired)
}

fn case_of(policy: &CheckedPolicy, input: &Value) -> Case {
    match input.entry("action").and_then(|action| action.entry("type")) {
        Some(Value::String(name)) if policy.schema.action(name).is_some() => {
            Case::Action(name.clone())
        }
        _ => Case::OtherAction,
    }
}

fn inputs(policy: &CheckedPolicy, seed: u64, count: u64) -> impl Iterator<Item = Value> {
    (0..count).map(move |number| generate::input(seed.wrapping_mul(1_000_003) ^ number, policy))
}

fn no_defect(undecided: Option<&Undecided>, seed: u64) {
    if let Some(Undecided::NotConfirmed(input)) = undecided {
        panic!("seed {seed}: the evaluator does not confirm {input}");
    }
}

#[test]
fn findings_hold_for_inputs_at_random() {
    let first = first_seed();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count = |what: &'static str| *counts.entry(what).or_default() += 1;
    for seed in first..first + policies() {
        let policy = generate::policy(seed);
        let patterns = patterns(&[&policy]);
        let source = Source { policy: &policy, patterns: &patterns };
        let found = report(source, BUDGET, &mut |_, _| {}).unwrap();
        assert_eq!(found.rules.len(), policy.rules.len());
        for report in &found.rules {
            no_defect(report.undecided.as_ref(), seed);
            count("rules");
            match (&report.undecided, &report.finding) {
                (Some(_), _) => count("undecided"),
                (None, Some(RuleFinding::NeverFires)) => count("never fires"),
                (None, Some(RuleFinding::Shadowed(by))) => {
                    assert!(!by.is_empty(), "seed {seed}");
                    count("shadowed");
                }
                (None, Some(RuleFinding::Redundant)) => count("redundant"),
                (None, None) => count("fine"),
            }
            if report.always_fires {
                count("always fires");
            }
        }
        for action in &found.actions {
            no_defect(action.undecided.as_ref(), seed);
        }
        let without: Vec<(usize, CheckedPolicy)> = found
            .rules
            .iter()
            .filter(|report| report.finding == Some(RuleFinding::Redundant))
            .map(|report| {
                let mut without = policy.clone();
                without.rules.remove(report.rule);
                (report.rule, without)
            })
            .collect();
        for input in inputs(&policy, seed, 300) {
            let (decision, fired) = decide(&policy, &input);
            let Ok(decision) = decision else { continue };
            let text = || format!("seed {seed}: {}", input.to_yaml_text());
            for report in &found.rules {
                let rule = &policy.rules[report.rule];
                let fires = fired.get(&rule.id).copied();
                if report.always_fires {
                    assert_ne!(fires, Some(false), "{}: {}", rule.id, text());
                }
                match &report.finding {
                    Some(RuleFinding::NeverFires) => {
                        assert_ne!(fires, Some(true), "{}: {}", rule.id, text());
                    }
                    Some(RuleFinding::Shadowed(_)) => {
                        assert_ne!(decision.matched_rule.as_ref(), Some(&rule.id), "{}", text());
                        assert!(!decision.matched_rules.contains(&rule.id), "{}", text());
                    }
                    Some(RuleFinding::Redundant) | None => {}
                }
                if rule.mode == Mode::Enforce
                    && decision.matched_rule.as_ref() == Some(&rule.id)
                    && report.undecided.is_none()
                {
                    assert!(report.example.is_some(), "{}: {}", rule.id, text());
                }
            }
            for (rule, without) in &without {
                let other = decide(without, &input).0.unwrap();
                assert_eq!(other.effect, decision.effect, "without {rule}: {}", text());
            }
            let case = case_of(&policy, &input);
            let action = found.actions.iter().find(|action| action.case == case).unwrap();
            for actra_analysis::EffectReport { effect, is_possible, .. } in &action.effects {
                if *is_possible == Some(false) {
                    assert_ne!(decision.effect, *effect, "{}", text());
                }
            }
        }
    }
    eprintln!("{counts:?}");
    if policies() >= 30 {
        let least = policies() as usize / 30;
        for what in ["never fires", "shadowed", "redundant", "always fires", "fine"] {
            assert!(counts.get(what).is_some_and(|count| *count >= least), "{what}: {counts:?}");
        }
    }
}

#[test]
fn promises_hold_for_inputs_at_random() {
    let first = first_seed();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in first..first + policies() {
        let policy = generate::policy(seed);
        let patterns = patterns(&[&policy]);
        let source = Source { policy: &policy, patterns: &patterns };
        let inputs: Vec<(Case, Decision)> = inputs(&policy, seed, 200)
            .filter_map(|input| Some((case_of(&policy, &input), decide(&policy, &input).0.ok()?)))
            .collect();
        for action in policy.schema.actions.iter().take(2) {
            let case = Case::Action(action.name.clone());
            let promises = [Effect::Allow, Effect::RequireApproval, Effect::Block]
                .into_iter()
                .flat_map(|effect| [PromiseKind::Never(effect), PromiseKind::Always(effect)]);
            let questions: Vec<Question<'_>> = promises
                .map(|promise| Question { promise, assume: None, complete: false, budget: BUDGET })
                .collect();
            let all_kept = are_kept(source, &case, &questions);
            assert_eq!(all_kept.len(), questions.len());
            for (number, (question, kept)) in questions.iter().zip(all_kept).enumerate() {
                // Asked alone, it is what it is among others; of one of them that will do.
                if number as u64 == seed % 6 {
                    let alone = is_kept(source, &case, question);
                    let (alone, kept) = (discriminant(&alone), discriminant(&kept));
                    assert_eq!(alone, kept, "seed {seed}: {question:?}");
                }
                let promise = question.promise;
                let what = match kept {
                    Kept::Always => {
                        for (_, decision) in inputs.iter().filter(|(other, _)| *other == case) {
                            assert!(promise.is_kept_by(decision.effect), "seed {seed}");
                        }
                        "kept"
                    }
                    Kept::Vacuously => {
                        assert!(inputs.iter().all(|(other, _)| *other != case), "seed {seed}");
                        "vacuous"
                    }
                    Kept::Broken { verdict: Verdict::Decided { .. }, .. } => "broken",
                    Kept::Undecided(why) => {
                        no_defect(Some(&why), seed);
                        "undecided"
                    }
                    Kept::Broken { .. } => panic!("an error breaks no promise"),
                };
                *counts.entry(what).or_default() += 1;
            }
        }
    }
    eprintln!("{counts:?}");
}

/// The input with what stands in another one at the field; `None`: what holds the field is missing
/// in one of them, or there is nothing to change.
fn exchanged(input: &Value, other: &Value, field: &FieldRef) -> Option<Value> {
    fn exchange(input: &Value, other: &Value, names: &[&str]) -> Option<Value> {
        let (name, rest) = names.split_first()?;
        let Value::Object(entries) = input else { return None };
        let mut entries = entries.clone();
        let at = entries.iter().position(|(key, _)| key == name);
        let other = other.entry(name);
        if !rest.is_empty() {
            let (_, held) = entries.get_mut(at?)?;
            *held = exchange(held, other?, rest)?;
        } else if let (Some(at), other) = (at, other) {
            if other == Some(&entries[at].1) {
                return None;
            }
            entries.remove(at);
            entries.extend(other.map(|other| ((*name).to_owned(), other.clone())));
        } else {
            entries.push(((*name).to_owned(), other?.clone()));
        }
        Some(Value::Object(entries))
    }
    let path = field.path.iter().chain(&field.key).map(String::as_str);
    let names: Vec<&str> = std::iter::once(field.domain.as_str()).chain(path).collect();
    exchange(input, other, &names)
}

#[test]
fn fields_that_do_not_matter_change_nothing() {
    let first = first_seed();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut changed, mut differ) = (0_u64, 0);
    for seed in first..first + policies() {
        let policy = generate::policy(seed);
        let patterns = patterns(&[&policy]);
        let source = Source { policy: &policy, patterns: &patterns };
        let found = report(source, BUDGET, &mut |_, _| {}).unwrap();
        let fields: BTreeMap<&Case, &[FieldReport]> =
            found.actions.iter().map(|action| (&action.case, action.fields.as_slice())).collect();
        for about in fields.values().copied().flatten() {
            no_defect(about.undecided.as_ref(), seed);
            let what = match about.influence {
                _ if !about.is_read => "not read",
                Some(Influence::Effect) => "effect",
                Some(Influence::Rule) => "rule",
                Some(Influence::Nothing) => "nothing",
                None => "undecided",
            };
            *counts.entry(what).or_default() += 1;
            let is_shown = matches!(about.influence, Some(Influence::Effect | Influence::Rule));
            assert_eq!(about.example.is_some(), is_shown, "seed {seed}: {about:?}");
        }
        let decided: Vec<(Case, Value, Decision)> = inputs(&policy, seed, 60)
            .filter_map(|input| {
                let decision = decide(&policy, &input).0.ok()?;
                Some((case_of(&policy, &input), input, decision))
            })
            .collect();
        for (case, input, decision) in &decided {
            for (other, donor, _) in decided.iter().filter(|(other, ..)| other == case).take(8) {
                for about in fields[other] {
                    let Some(input) = exchanged(input, donor, &about.field) else { continue };
                    let Ok(after) = decide(&policy, &input).0 else { continue };
                    changed += 1;
                    let is_same = decision.effect == after.effect;
                    let is_all_same = is_same
                        && decision.matched_rule == after.matched_rule
                        && decision.matched_rules == after.matched_rules;
                    differ += usize::from(!is_same);
                    let may_be = match about.influence {
                        None | Some(Influence::Effect) => true,
                        Some(Influence::Rule) => is_same,
                        Some(Influence::Nothing) => is_all_same,
                    };
                    let text = input.to_yaml_text();
                    assert!(may_be, "seed {seed}: {} {decision:?} {text} {about:?}", about.field);
                }
            }
        }
    }
    eprintln!("{counts:?}; {changed} inputs changed, the effect of {differ}");
    assert!(policies() < 30 || changed > 100 * policies());
}

#[test]
fn differences_are_found() {
    let first = first_seed();
    let (mut changes, mut undecided, mut told) = (0, 0, 0);
    for seed in first..first + policies() {
        let old = generate::policy(seed);
        let mut new = old.clone();
        match seed % 4 {
            0 => {
                let at = seed as usize % new.rules.len().max(1);
                if at < new.rules.len() {
                    new.rules.remove(at);
                }
            }
            1 => {
                for rule in new.rules.iter_mut().skip(1).step_by(2) {
                    rule.effect = match rule.effect {
                        Effect::Allow => Effect::RequireApproval,
                        Effect::RequireApproval => Effect::Block,
                        Effect::Block => Effect::Allow,
                    };
                }
            }
            2 => new.rules.reverse(),
            _ => {
                if let Some(condition) =
                    new.rules.iter_mut().find_map(|rule| rule.condition.as_mut())
                {
                    *condition = Condition::Not(Box::new(condition.clone()));
                }
            }
        }
        let patterns = patterns(&[&old, &new]);
        let source = |policy| Source { policy, patterns: &patterns };
        let same = diff(source(&old), source(&old), BUDGET, &mut |_, _| {}).unwrap();
        assert!(same.changes.is_empty(), "seed {seed}");
        let found = diff(source(&old), source(&new), BUDGET, &mut |_, _| {}).unwrap();
        for (_, why) in &found.undecided {
            no_defect(Some(why), seed);
        }
        told += found.changes.len();
        for input in inputs(&old, seed, 300) {
            let (Ok(before), Ok(after)) = (decide(&old, &input).0, decide(&new, &input).0) else {
                continue;
            };
            if before.effect == after.effect {
                continue;
            }
            changes += 1;
            let case = case_of(&old, &input);
            let is_told = found.changes.iter().any(|change| {
                change.case == case
                    && change.old.effect() == Some(before.effect)
                    && change.new.effect() == Some(after.effect)
            });
            if !is_told {
                assert!(
                    found.undecided.iter().any(|(other, _)| *other == case),
                    "seed {seed}: {}",
                    input.to_yaml_text()
                );
                undecided += 1;
            }
        }
    }
    eprintln!("{told} changes told; {changes} inputs differ, {undecided} of them undecided");
    assert!(policies() < 30 || changes > 3 * policies());
}
