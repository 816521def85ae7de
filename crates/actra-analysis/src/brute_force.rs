//! Answers beside those that trying every class of small policies gives.

use crate::ask::Undecided;
use crate::diff::{Change, MAX_CHANGES, diff};
use crate::input::{Input, Value};
use crate::matter::Influence;
use crate::minimal::is_within;
use crate::probe::{Case, Source};
use crate::promise::{Kept, Question, is_kept};
use crate::replay::{Engine, Verdict};
use crate::rules::{RuleFinding, cases, report};
use crate::space::tests::every_input;
use crate::space::{Cache, Space};
use crate::test_seeds::{first_seed, patterns, policies};
use actra_compiler::model::{
    Action, Addend, Atom, CheckedPolicy, Combine, Condition, Domain, Effect, Field, FieldRef,
    FieldType, InputMode, LanguageVersion, ListType, Literal, MissingMode, Mode, Operand, Operator,
    Place, PromiseKind, Quantifier, Rule, ScalarKind, ScalarType, Schema, Scope, Settings, Sign,
};
use actra_testkit::generate::{self, Rng};
use std::collections::{BTreeMap, BTreeSet};

mod integers;
mod lists;
mod texts;

/// Inputs of one case that are tried at most.
const MOST: usize = 3_000;

/// Effects in the order of reports.
const EFFECTS: [Effect; 3] = [Effect::Allow, Effect::RequireApproval, Effect::Block];

/// A policy of few rules, whose schema has what they read and little else.
fn small(seed: u64) -> CheckedPolicy {
    let mut policy = generate::policy(seed);
    let start = seed as usize % 3;
    policy.rules = policy.rules.into_iter().skip(start).take(2 + seed as usize % 3).collect();
    // What random rules seldom are: another one once more, contradictory, or always true.
    if let Some(first) = policy.rules.first_mut() {
        let other = first.condition.clone().map(|condition| {
            let not = Condition::Not(Box::new(condition.clone()));
            vec![condition, not]
        });
        match (seed % 8, other) {
            (0, _) => {
                let again = Rule { id: "again".to_owned(), ..first.clone() };
                policy.rules.push(again);
            }
            (1, Some(both)) => first.condition = Some(Condition::All(both)),
            (2, Some(both)) => first.condition = Some(Condition::Any(both)),
            _ => {}
        }
    }
    let mut read: BTreeSet<(Domain, String)> = BTreeSet::new();
    let mut note = |field: &FieldRef| {
        read.insert((field.domain, field.path[0].clone()));
    };
    for rule in &policy.rules {
        for atom in rule.condition.iter().flat_map(generate::atoms) {
            crate::space::fields_of(atom).into_iter().for_each(&mut note);
        }
    }
    let keep = |domain: Domain, fields: &mut Vec<Field>| {
        fields.retain(|field| field.name == "type" || read.contains(&(domain, field.name.clone())));
    };
    let schema = &mut policy.schema;
    keep(Domain::Action, &mut schema.common);
    keep(Domain::Actor, &mut schema.actor);
    keep(Domain::Snapshot, &mut schema.snapshot);
    for action in &mut schema.actions {
        keep(Domain::Action, &mut action.fields);
    }
    policy
}

/// The inputs of a case that checking lets pass, and what is decided about each.
struct Tried {
    case: Case,
    all: Vec<(Input, Verdict)>,
}

fn tried(source: Source<'_>, engine: &Engine) -> Option<Vec<Tried>> {
    let mut cache = Cache::default();
    let in_case = |case: Case| {
        let space = Space::new(&[source], &case, &[], false, &mut cache).unwrap();
        let inputs = every_input(&space, MOST)?.into_iter();
        let all = inputs.map(|input| (engine.decide(&input), input));
        let valid = all.filter(|(verdict, _)| verdict.effect().is_some());
        Some(Tried { case, all: valid.map(|(verdict, input)| (input, verdict)).collect() })
    };
    cases(source).into_iter().map(in_case).collect()
}

/// The input without what is of the unit.
fn without(input: &Input, unit: &FieldRef) -> Input {
    let mut rest = input.clone();
    rest.values.retain(|field, _| !is_within(field, unit));
    rest.objects.retain(|field| !is_within(field, unit));
    rest
}

/// What the unit can do, as far as inputs that were tried show it.
fn influence(tried: &Tried, unit: &FieldRef) -> Influence {
    let mut by_rest: BTreeMap<String, Vec<&Verdict>> = BTreeMap::new();
    for (input, verdict) in &tried.all {
        by_rest.entry(format!("{:?}", without(input, unit))).or_default().push(verdict);
    }
    let mut found = Influence::Nothing;
    for verdicts in by_rest.values() {
        for other in verdicts {
            if other.effect() != verdicts[0].effect() {
                return Influence::Effect;
            }
            if *other != verdicts[0] {
                found = Influence::Rule;
            }
        }
    }
    found
}

fn decides(verdict: &Verdict, rule: usize) -> bool {
    let Verdict::Decided { rule: first, approvals, .. } = verdict else { return false };
    *first == Some(rule) || approvals.contains(&rule)
}

fn check_rules(seed: u64, source: Source<'_>, engine: &Engine, tried: &[Tried]) -> Counts {
    let policy = source.policy;
    let mut counts = Counts::default();
    let found = report(source, u64::MAX, &mut |_, _| {}).unwrap();
    let alone: Vec<Engine> =
        (0..policy.rules.len()).map(|rule| Engine::of_rule(source, rule).unwrap()).collect();
    let fires = |rule: usize, input: &Input| alone[rule].decide(input).rule().is_some();
    for about in &found.rules {
        let (number, rule) = (about.rule, &policy.rules[about.rule]);
        assert_eq!(about.undecided, None, "seed {seed}");
        let own: Vec<&Tried> = tried.iter().filter(|tried| tried.case.admits(rule)).collect();
        let inputs = || own.iter().flat_map(|tried| &tried.all);
        let firing: Vec<&Input> =
            inputs().map(|(input, _)| input).filter(|input| fires(number, input)).collect();
        let mut other = policy.clone();
        other.rules.remove(number);
        let without = Engine::new(Source { policy: &other, ..source }).unwrap();
        let does_decide = inputs().any(|(_, verdict)| decides(verdict, number));
        let differs =
            inputs().any(|(input, verdict)| without.decide(input).effect() != verdict.effect());
        let expected = match () {
            () if firing.is_empty() => "never fires",
            () if rule.mode == Mode::Shadow => "fine",
            () if !does_decide => "shadowed",
            // Approvals that are carried along do more than their effect.
            () if !differs && !does_more(policy, rule) => "redundant",
            () => "fine",
        };
        let said = match &about.finding {
            Some(RuleFinding::NeverFires) => "never fires",
            Some(RuleFinding::Shadowed(_)) => "shadowed",
            Some(RuleFinding::Redundant) => "redundant",
            None => "fine",
        };
        assert_eq!(said, expected, "seed {seed}: {}", rule.id);
        counts.add(said);
        if let Some(RuleFinding::Shadowed(by)) = &about.finding {
            let is_covered = |by: &[usize]| {
                firing.iter().all(|input| by.iter().any(|other| fires(*other, input)))
            };
            assert!(is_covered(by), "seed {seed}: {} by {by:?}", rule.id);
            for at in 0..by.len() {
                let mut less = by.clone();
                less.remove(at);
                // Of several actions each has rules of its own that cannot be left out.
                assert!(own.len() > 1 || !is_covered(&less), "seed {seed}: {}", rule.id);
            }
        }
        let has_condition = rule.condition.is_some() || rule.scope.actors.is_some();
        let always =
            has_condition && !firing.is_empty() && inputs().all(|(input, _)| fires(number, input));
        assert_eq!(about.always_fires, always, "seed {seed}: {}", rule.id);
        counts.add(if always { "always fires" } else { "may not fire" });
    }
    for (action, tried) in found.actions.iter().zip(tried) {
        assert_eq!(action.case, tried.case);
        for about in &action.effects {
            let is_seen = tried.all.iter().any(|(_, found)| found.effect() == Some(about.effect));
            assert_eq!(about.is_possible, Some(is_seen), "seed {seed}: {:?}", about.effect);
            counts.add(if is_seen { "possible effect" } else { "impossible effect" });
        }
        for about in &action.fields {
            let least = influence(tried, &about.field);
            let said = about.influence;
            // Classes of fields that are compared with each other stand for values that need not go
            // together with one value of the other field: there may be more.
            assert!(said.is_none_or(|said| said <= least), "seed {seed}: {about:?} {least:?}");
            if said == Some(least) {
                counts.add("influence as tried");
            } else {
                counts.add(if said.is_some() { "influence beyond" } else { "undecided influence" });
            }
            if let Some(example) = &about.example {
                let (one, other) = (&example.0, &example.1);
                // NaN is among the values.
                let rest = |input: &Input| format!("{:?}", without(input, &about.field));
                assert_eq!(rest(&one.input), rest(&other.input));
                assert_eq!(engine.decide(&one.input), one.verdict);
                assert_eq!(engine.decide(&other.input), other.verdict);
            }
        }
    }
    counts
}

/// Whether a rule does more than its effect: it asks for its own approval.
fn does_more(policy: &CheckedPolicy, rule: &Rule) -> bool {
    rule.effect == Effect::RequireApproval
        && (policy.settings.combine == Combine::MostRestrictive
            || !rule.required_actions.is_empty())
}

fn check_promises(
    seed: u64,
    source: Source<'_>,
    tried: &[Tried],
    with_assumptions: bool,
) -> Counts {
    let mut counts = Counts::default();
    // What a rule says is as good an assumption as any.
    let conditions: Vec<(usize, &Condition)> = source
        .policy
        .rules
        .iter()
        .enumerate()
        .filter_map(|(number, rule)| Some((number, rule.condition.as_ref()?)))
        .filter(|_| with_assumptions)
        .collect();
    let assumed = || std::iter::once(None).chain(conditions.iter().copied().map(Some));
    for tried in tried {
        for assume in assumed() {
            let (rule, assume) = assume.unzip();
            // Only conditions of rules that may read this action's fields.
            if rule.is_some_and(|rule| !tried.case.admits(&source.policy.rules[rule])) {
                continue;
            }
            let holds = rule.map(|rule| {
                let mut policy = source.policy.clone();
                let rule = &mut policy.rules[rule];
                // What is unknown fires whatever is no allow rule.
                (rule.effect, rule.scope.actors, rule.mode) = (Effect::Block, None, Mode::Enforce);
                let only = rule.clone();
                policy.rules = vec![only];
                policy.settings.default = Effect::Allow;
                policy.settings.missing = MissingMode::FailClosed;
                Engine::new(Source { policy: &policy, ..source }).unwrap()
            });
            let inputs: Vec<&Verdict> = tried
                .all
                .iter()
                .filter(|(input, _)| {
                    holds.as_ref().is_none_or(|holds| holds.decide(input).rule().is_some())
                })
                .map(|(_, verdict)| verdict)
                .collect();
            for effect in EFFECTS {
                for promise in [PromiseKind::Never(effect), PromiseKind::Always(effect)] {
                    let question = Question { promise, assume, complete: false, budget: u64::MAX };
                    let breaks = |verdict: &&&Verdict| {
                        verdict.effect().is_some_and(|effect| !promise.is_kept_by(effect))
                    };
                    let said = match is_kept(source, &tried.case, &question) {
                        Kept::Vacuously => "vacuous",
                        Kept::Always => "kept",
                        Kept::Broken { .. } => "broken",
                        Kept::Undecided(why) => panic!("seed {seed}: {why:?}"),
                    };
                    let expected = match () {
                        () if inputs.is_empty() => "vacuous",
                        () if inputs.iter().any(|verdict| breaks(&verdict)) => "broken",
                        () => "kept",
                    };
                    assert_eq!(
                        said, expected,
                        "seed {seed}: {promise:?} {:?} {assume:?}",
                        tried.case
                    );
                    counts.add(said);
                }
            }
        }
    }
    counts
}

/// What a verdict says, and what told it.
type Side = (Option<Effect>, Option<usize>);

fn side(verdict: &Verdict) -> Side {
    (verdict.effect(), verdict.rule())
}

/// What approval rules that fired require.
fn actions(source: Source<'_>, verdict: &Verdict) -> BTreeSet<String> {
    let Verdict::Decided { rule, approvals, .. } = verdict else { return BTreeSet::new() };
    let rules = approvals.iter().chain(rule).map(|rule| &source.policy.rules[*rule]);
    rules.flat_map(|rule| rule.required_actions.clone()).collect()
}

fn check_diff(seed: u64, old: Source<'_>) -> Counts {
    let mut counts = Counts::default();
    let mut policy = old.policy.clone();
    match seed % 4 {
        0 => drop(policy.rules.pop()),
        1 => policy.rules.reverse(),
        2 => {
            for rule in policy.rules.iter_mut().step_by(2) {
                rule.effect =
                    if rule.effect == Effect::Block { Effect::Allow } else { Effect::Block };
            }
        }
        _ => {
            if let Some(condition) =
                policy.rules.iter_mut().find_map(|rule| rule.condition.as_mut())
            {
                *condition = Condition::Not(Box::new(condition.clone()));
            }
        }
    }
    let new = Source { policy: &policy, ..old };
    let engines = (Engine::new(old).unwrap(), Engine::new(new).unwrap());
    let found = diff(old, new, u64::MAX, &mut |_, _| {}).unwrap();
    if !found.undecided.is_empty() {
        // Two policies together may have more values than are looked into.
        let is_defect = |why: &Undecided| matches!(why, Undecided::NotConfirmed(_));
        assert!(!found.undecided.iter().any(|(_, why)| is_defect(why)), "seed {seed}");
        counts.add("undecided differences");
        return counts;
    }
    let mut cache = Cache::default();
    for case in cases(old) {
        let space = Space::new(&[old, new], &case, &[], false, &mut cache).unwrap();
        let Some(inputs) = every_input(&space, MOST) else { continue };
        let mut expected: BTreeSet<(Side, Side)> = BTreeSet::new();
        // Whether it is the old policy only that requires the action.
        let mut required: BTreeSet<(bool, String)> = BTreeSet::new();
        for input in inputs {
            let (before, after) = (engines.0.decide(&input), engines.1.decide(&input));
            if before.effect() != after.effect() {
                expected.insert((side(&before), side(&after)));
            } else if before.effect() == Some(Effect::RequireApproval) {
                let (before, after) = (actions(old, &before), actions(new, &after));
                required.extend(before.difference(&after).map(|action| (true, action.clone())));
                required.extend(after.difference(&before).map(|action| (false, action.clone())));
            }
        }
        let own = found.changes.iter().filter(|change| change.case == case);
        let (said, approvals): (Vec<&Change>, Vec<&Change>) =
            own.partition(|change| change.old.effect() != change.new.effect());
        let said: Vec<(Side, Side)> =
            said.iter().map(|change| (side(&change.old), side(&change.new))).collect();
        let told = approvals.iter().flat_map(|change| {
            let removed = change.removed_actions.iter().map(|action| (true, action.clone()));
            removed.chain(change.added_actions.iter().map(|action| (false, action.clone())))
        });
        assert_eq!(told.collect::<BTreeSet<_>>(), required, "seed {seed}: {case:?}");
        if !required.is_empty() {
            counts.add("actions whose approvals require something else");
        }
        assert!(said.len() < MAX_CHANGES);
        let distinct: BTreeSet<(Side, Side)> = said.iter().copied().collect();
        assert_eq!(distinct.len(), said.len(), "seed {seed}: nothing is told twice");
        assert_eq!(distinct, expected, "seed {seed}: {case:?}");
        counts.add(if said.is_empty() {
            "actions without changes"
        } else {
            "actions with changes"
        });
    }
    counts
}

#[derive(Debug, Default)]
struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    fn join(&mut self, other: Self) {
        for (what, count) in other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn answers_are_those_of_trying_every_class() {
    let mut counts = Counts::default();
    for seed in first_seed()..first_seed() + 4 * policies() {
        let policy = small(seed);
        let patterns = patterns(&policy);
        let source = Source { policy: &policy, patterns: &patterns };
        let engine = Engine::new(source).unwrap();
        let Some(tried) = tried(source, &engine) else {
            counts.add("policies that are too large or not exact");
            continue;
        };
        counts.add("policies");
        for found in &tried {
            counts.0.entry("inputs").and_modify(|count| *count += found.all.len()).or_default();
        }
        let checks = std::panic::catch_unwind(|| {
            let mut counts = check_rules(seed, source, &engine, &tried);
            // Classes do not tell missing fields from all others where their tests are false.
            let is_closed = policy.settings.missing == MissingMode::FailClosed;
            counts.join(check_promises(seed, source, &tried, is_closed));
            counts.join(check_diff(seed, source));
            counts
        });
        counts.join(checks.unwrap_or_else(|_| panic!("seed {seed}: {policy:#?}")));
    }
    eprintln!("{counts:#?}");
    if policies() >= 30 {
        for what in [
            "policies",
            "never fires",
            "shadowed",
            "redundant",
            "fine",
            "always fires",
            "possible effect",
            "impossible effect",
            "kept",
            "broken",
            "vacuous",
            "actions with changes",
            "influence as tried",
        ] {
            assert!(counts.0.get(what).is_some_and(|count| *count >= 2), "{what}: {counts:?}");
        }
    }
}

fn has_default(ty: &FieldType) -> bool {
    matches!(ty, FieldType::Scalar(ty) if ty.default.is_some())
}

/// A policy of one action and those fields, with a rule for each condition.
fn of_conditions(
    seed: u64,
    conditions: Vec<Vec<Condition>>,
    fields: &[(&str, FieldType)],
) -> CheckedPolicy {
    let effects = [Effect::Allow, Effect::Block, Effect::RequireApproval];
    let rules = conditions.into_iter().enumerate().map(|(number, parts)| {
        let is_all = !(seed >> number).is_multiple_of(3);
        Rule {
            id: number.to_string(),
            scope: Scope { actions: Some(vec!["act".to_owned()]), actors: None },
            condition: Some(if is_all { Condition::All(parts) } else { Condition::Any(parts) }),
            effect: effects[(seed as usize + number) % 3],
            message: None,
            required_actions: Vec::new(),
            mode: Mode::Enforce,
            tags: Vec::new(),
            description: None,
            place: Place::default(),
        }
    });
    let rules = rules.collect();
    let fields = fields.iter().map(|(name, ty)| Field {
        name: (*name).to_owned(),
        ty: ty.clone(),
        required: seed.is_multiple_of(2) && !has_default(ty),
        description: None,
    });
    let act = Action { name: "act".to_owned(), fields: fields.collect(), description: None };
    CheckedPolicy {
        version: LanguageVersion::V2,
        settings: Settings {
            combine: if seed % 5 < 3 { Combine::MostRestrictive } else { Combine::FirstMatch },
            default: if seed % 7 < 4 { Effect::Block } else { Effect::Allow },
            missing: if seed % 3 < 2 { MissingMode::FailClosed } else { MissingMode::NoMatch },
            inputs: InputMode::Checked,
        },
        schema: Schema { actions: vec![act], ..Schema::default() },
        rules,
    }
}

/// An input that asks for that action.
fn asking(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Input {
    let mut input = Input::default();
    input.values.insert(FieldRef::action_type(), Value::Text("act".to_owned()));
    for (name, value) in fields {
        input.values.extend(value.map(|value| (in_action(name), value)));
    }
    input
}

/// The inputs with each of these values, or none, for each of these fields.
fn with_each(fields: &[(&'static str, Vec<Value>)]) -> Vec<Input> {
    let mut inputs = vec![asking([])];
    for (name, values) in fields {
        let with = |input: &Input| -> Vec<Input> {
            let values = values.iter().cloned().map(Some).chain([None]);
            let with = values.map(|value| {
                let mut input = input.clone();
                input.values.extend(value.map(|value| (in_action(name), value)));
                input
            });
            with.collect()
        };
        inputs = inputs.iter().flat_map(with).collect();
    }
    inputs
}

fn in_action(name: &str) -> FieldRef {
    FieldRef { domain: Domain::Action, path: vec![name.to_owned()], key: None }
}

/// What is found about a policy of one action is what trying these inputs gives.
fn compare(seed: u64, policy: &CheckedPolicy, inputs: &[Input], counts: &mut Counts) {
    let patterns = patterns(policy);
    let source = Source { policy, patterns: &patterns };
    let engine = Engine::new(source).unwrap();
    let all = inputs.iter().map(|input| (input.clone(), engine.decide(input)));
    let all = all.filter(|(_, verdict)| verdict.effect().is_some()).collect();
    let tried = [Tried { case: Case::Action("act".to_owned()), all }];
    let checks = std::panic::catch_unwind(|| {
        let mut counts = check_rules(seed, source, &engine, &tried);
        counts.join(check_promises(seed, source, &tried, true));
        counts
    });
    counts.join(checks.unwrap_or_else(|_| panic!("seed {seed}: {policy:#?}")));
}

/// How two policies differ is what trying these inputs gives, where it is decided.
fn compare_two(seed: u64, old: Source<'_>, new: Source<'_>, inputs: &[Input]) -> &'static str {
    let engines = (Engine::new(old).unwrap(), Engine::new(new).unwrap());
    let found = diff(old, new, u64::MAX, &mut |_, _| {}).unwrap();
    let expected: BTreeSet<(Side, Side)> = inputs
        .iter()
        .map(|input| (engines.0.decide(input), engines.1.decide(input)))
        .filter(|(before, after)| before.effect() != after.effect())
        .map(|(before, after)| (side(&before), side(&after)))
        .collect();
    let said = found.changes.iter().map(|change| (side(&change.old), side(&change.new)));
    let said: BTreeSet<(Side, Side)> = said.collect();
    let defect = |why: &Undecided| matches!(why, Undecided::NotConfirmed(_));
    assert!(!found.undecided.iter().any(|(_, why)| defect(why)), "seed {seed}");
    if found.undecided.is_empty() {
        assert!(said.is_superset(&expected), "seed {seed}: {:#?} {:#?}", old.policy, new.policy);
        if said.is_empty() { "alike" } else { "different" }
    } else {
        "undecided differences"
    }
}

/// Whatever is not looked into exactly is the same in both.
#[test]
fn a_policy_does_not_differ_from_itself() {
    for seed in first_seed()..first_seed() + 2 * policies() {
        let policy = generate::policy(seed);
        let patterns = patterns(&policy);
        let source = Source { policy: &policy, patterns: &patterns };
        let found = diff(source, source, u64::MAX, &mut |_, _| {}).unwrap();
        assert_eq!((found.changes, found.undecided), (Vec::new(), Vec::new()), "seed {seed}");
    }
}
