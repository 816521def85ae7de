//! Inputs that show what matters: fields that make no difference are taken out of them.

use crate::input::{Input, Value};
use crate::probe::{Case, Source, Truth, rule};
use crate::replay::{Engine, Verdict};
use actra_compiler::model::{
    CheckedPolicy, Combine, Condition, Domain, Effect, Field, FieldRef, FieldType, InputMode,
    Schema, Settings,
};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Policies, about whose decisions inputs show something.
#[derive(Debug)]
pub struct Reducer<'p> {
    policies: Vec<(Source<'p>, Engine)>,
}

impl<'p> Reducer<'p> {
    /// For inputs about which each of the policies decides something.
    ///
    /// # Errors
    /// If one of them is too large.
    pub fn new(sources: &[Source<'p>]) -> Result<Self, String> {
        let engines = sources.iter().map(|source| Ok((*source, Engine::new(*source)?)));
        Ok(Self { policies: engines.collect::<Result<_, String>>()? })
    }

    /// The input without fields, objects and entries of maps that can be left out, one by one, while
    /// each policy decides the same: effect, rule and approvals, or the code of the input error. What
    /// is true of the rules that decide does not become unknown, so that none of them fires for want
    /// of a field that was there. `firing` is a rule of the first policy that is to fire as it does,
    /// whether it decides or not.
    pub fn reduced(&self, input: &Input, firing: Option<usize>) -> Input {
        let policies: Vec<(Source<'p>, &Engine)> =
            self.policies.iter().map(|(source, engine)| (*source, engine)).collect();
        reduced(&policies, input, firing, None, false)
    }

    /// Two inputs that differ in a field, or in an object and what is in it, only: without what can
    /// be left out of both while the first policy decides the same about each, as
    /// [`Reducer::reduced`] does it.
    pub fn reduced_pair(&self, inputs: (&Input, &Input), unit: &FieldRef) -> (Input, Input) {
        let (one, other) = inputs;
        let as_they_are = || (one.clone(), other.clone());
        let Some((source, engine)) = self.policies.first() else { return as_they_are() };
        let case = case_of(source.policy, one);
        let wanted = |input| Wanted::new(*source, engine, &case, input, None, None);
        let (Ok(first), Ok(second)) = (wanted(one), wanted(other)) else { return as_they_are() };
        let mut needed = BTreeSet::from([FieldRef::action_type()]);
        required(source.policy, &case, &mut needed);
        let beside = |input: &Input| exchanged(input, other, unit);
        // What holds the unit stays, since one of the inputs has the unit in it.
        let may_go = |field: &FieldRef| {
            !needed.contains(field) && !is_within(field, unit) && !is_within(unit, field)
        };
        let is_shown = |input: &Input| first.is_shown(input) && second.is_shown(&beside(input));
        let one = shrunk(one, may_go, is_shown);
        let other = beside(&one);
        (one, other)
    }
}

fn case_of(policy: &CheckedPolicy, input: &Input) -> Case {
    match input.value(&FieldRef::action_type()) {
        Some(Value::Text(name)) if policy.schema.action(name).is_some() => {
            Case::Action(name.clone())
        }
        _ => Case::OtherAction,
    }
}

/// Whether a field is that one, or inside of it.
pub(crate) fn is_within(field: &FieldRef, unit: &FieldRef) -> bool {
    let is_inside = unit.key.is_none() && field.path.starts_with(&unit.path);
    field == unit || (field.domain == unit.domain && is_inside)
}

/// The input with what another one has of the unit.
fn exchanged(input: &Input, other: &Input, unit: &FieldRef) -> Input {
    let mut changed = input.clone();
    changed.values.retain(|field, _| !is_within(field, unit));
    changed.objects.retain(|field| !is_within(field, unit));
    let values = other.values.iter().filter(|(field, _)| is_within(field, unit));
    changed.values.extend(values.map(|(field, value)| (field.clone(), value.clone())));
    let objects = other.objects.iter().filter(|field| is_within(field, unit));
    changed.objects.extend(objects.cloned());
    changed
}

/// What a policy decides about an input, and what is true of it.
#[derive(Debug)]
struct Wanted<'e> {
    engine: &'e Engine,
    verdict: Verdict,
    tests: Tests,
    truths: Vec<Truth>,
}

impl<'e> Wanted<'e> {
    fn new(
        source: Source<'_>,
        engine: &'e Engine,
        case: &Case,
        input: &Input,
        firing: Option<usize>,
        assumed: Option<&Condition>,
    ) -> Result<Self, String> {
        let verdict = engine.decide(input);
        let mut conditions = conditions(source.policy, &verdict, firing);
        conditions.extend(assumed.cloned());
        let tests = Tests::new(source, case, conditions)?;
        let truths = tests.truths(input);
        Ok(Self { engine, verdict, tests, truths })
    }

    /// Whether another input is decided so, and nothing that was true of the first is unknown of it.
    fn is_shown(&self, input: &Input) -> bool {
        let now = || self.tests.truths(input);
        self.engine.decide(input) == self.verdict
            && now().iter().zip(&self.truths).all(|(now, before)| now >= before)
    }
}

/// As [`Reducer::reduced`]; what is assumed of the input stays true or unknown, and a complete one
/// complete.
pub(crate) fn reduced(
    policies: &[(Source<'_>, &Engine)],
    input: &Input,
    firing: Option<usize>,
    assumed: Option<&Condition>,
    is_complete: bool,
) -> Input {
    let mut needed = BTreeSet::from([FieldRef::action_type()]);
    let mut wanted = Vec::new();
    for (number, (source, engine)) in policies.iter().enumerate() {
        let case = case_of(source.policy, input);
        required(source.policy, &case, &mut needed);
        let (firing, assumed) = if number == 0 { (firing, assumed) } else { (None, None) };
        match Wanted::new(*source, engine, &case, input, firing, assumed) {
            Ok(one) => wanted.push(one),
            Err(_) => return input.clone(),
        }
    }
    let is_shown = |input: &Input| wanted.iter().all(|wanted| wanted.is_shown(input));
    let may_go = |field: &FieldRef| {
        if is_complete { field.key.is_some() } else { !needed.contains(field) }
    };
    shrunk(input, may_go, is_shown)
}

/// The conditions of the rules that decide, and of one that fires.
fn conditions(policy: &CheckedPolicy, verdict: &Verdict, firing: Option<usize>) -> Vec<Condition> {
    let mut rules: BTreeSet<usize> = firing.into_iter().collect();
    if let Verdict::Decided { rule, approvals, .. } = verdict {
        rules.extend(rule.iter().chain(approvals));
    }
    rules.into_iter().filter_map(|rule| policy.rules.get(rule)?.full_condition()).collect()
}

/// The input without what can be left out.
fn shrunk(
    input: &Input,
    may_go: impl Fn(&FieldRef) -> bool,
    is_shown: impl Fn(&Input) -> bool,
) -> Input {
    let mut kept = input.clone();
    loop {
        let mut fields: Vec<FieldRef> =
            kept.objects.iter().chain(kept.values.keys()).cloned().collect();
        fields.retain(&may_go);
        // Of the snapshot first: the action says most. An object stands before what is in it.
        fields.sort_by(|a, b| {
            (Reverse(a.domain), &a.path, &a.key).cmp(&(Reverse(b.domain), &b.path, &b.key))
        });
        let before = size(&kept);
        shrink(&mut kept, &fields, &is_shown);
        // What could not go may do so without what went after it.
        if size(&kept) == before {
            return kept;
        }
    }
}

fn size(input: &Input) -> usize {
    input.values.len() + input.objects.len()
}

/// Takes all of the fields out, or as many as it can: few matter, so many go at once.
fn shrink(kept: &mut Input, fields: &[FieldRef], is_shown: &impl Fn(&Input) -> bool) {
    let mut without = kept.clone();
    for field in fields {
        take_out(&mut without, field);
    }
    if size(&without) == size(kept) {
        return;
    }
    if is_shown(&without) {
        *kept = without;
    } else if fields.len() > 1 {
        let (first, second) = fields.split_at(fields.len() / 2);
        shrink(kept, first, is_shown);
        shrink(kept, second, is_shown);
    }
}

/// Takes out a field, or an object with all that is in it.
fn take_out(input: &mut Input, field: &FieldRef) {
    if input.objects.remove(field) {
        let is_inside =
            |other: &FieldRef| other.domain == field.domain && other.path.starts_with(&field.path);
        input.objects.retain(|other| !is_inside(other));
        input.values.retain(|other, _| !is_inside(other));
    }
    input.values.remove(field);
}

/// Fields that cannot go, or only with the object that they are in: nobody has to try.
fn required(policy: &CheckedPolicy, case: &Case, found: &mut BTreeSet<FieldRef>) {
    fn of(domain: Domain, fields: &[Field], path: &[String], found: &mut BTreeSet<FieldRef>) {
        for field in fields {
            let path = [path, std::slice::from_ref(&field.name)].concat();
            if let FieldType::Object(inner) = &field.ty {
                of(domain, inner, &path, found);
            }
            if field.required {
                found.insert(FieldRef { domain, path, key: None });
            }
        }
    }
    if policy.settings.inputs == InputMode::Unchecked {
        return;
    }
    let schema = &policy.schema;
    let own = case.action().and_then(|name| schema.action(name));
    of(Domain::Action, &schema.common, &[], found);
    of(Domain::Action, own.map_or(&[], |action| &action.fields), &[], found);
    of(Domain::Actor, &schema.actor, &[], found);
    of(Domain::Snapshot, &schema.snapshot, &[], found);
}

/// What conditions come to, asked of the evaluator.
#[derive(Debug)]
struct Tests {
    /// Approval rules all say whether they fire: one for each condition, one for its opposite.
    engine: Option<Engine>,
    count: usize,
}

impl Tests {
    fn new(source: Source<'_>, case: &Case, conditions: Vec<Condition>) -> Result<Self, String> {
        let policy = source.policy;
        let count = conditions.len();
        if count == 0 {
            return Ok(Self { engine: None, count });
        }
        let both = conditions
            .into_iter()
            .flat_map(|condition| [condition.clone(), Condition::Not(Box::new(condition))]);
        let schema = &policy.schema;
        let own = case.action().and_then(|name| schema.action(name));
        let rules = both.enumerate().map(|(number, condition)| rule(number, case, condition));
        let tests = CheckedPolicy {
            version: policy.version,
            settings: Settings {
                combine: Combine::MostRestrictive,
                default: Effect::Allow,
                missing: policy.settings.missing,
                inputs: InputMode::Unchecked,
            },
            schema: Schema {
                common: schema.common.clone(),
                // Others are none of the input's.
                actions: own.map_or_else(|| schema.actions.clone(), |own| vec![own.clone()]),
                actor: schema.actor.clone(),
                snapshot: schema.snapshot.clone(),
            },
            rules: rules.collect(),
        };
        let engine = Engine::new(Source { policy: &tests, patterns: source.patterns })?;
        Ok(Self { engine: Some(engine), count })
    }

    fn truths(&self, input: &Input) -> Vec<Truth> {
        let Some(engine) = &self.engine else { return Vec::new() };
        let (rule, approvals) = match engine.decide(input) {
            Verdict::Error(_) => (None, Vec::new()),
            Verdict::Decided { rule, approvals, .. } => (rule, approvals),
        };
        let fires = |number: usize| rule == Some(number) || approvals.contains(&number);
        let truth = |number: usize| match (fires(2 * number), fires(2 * number + 1)) {
            (true, true) => Truth::Unknown,
            (true, false) => Truth::True,
            (false, _) => Truth::False,
        };
        (0..self.count).map(truth).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_seeds::{first_seed, patterns, policies};
    use crate::{DEFAULT_BUDGET, Kept, Promises, Question, report};
    use actra_compiler::model::{MissingMode, PromiseKind};
    use actra_testkit::reference::{Options, evaluate};
    use actra_testkit::{generate, json};

    fn is_part(part: &Input, whole: &Input) -> bool {
        // NaN is no equal of itself.
        let text = |input: &Input, field: &FieldRef| input.value(field).map(Value::to_text);
        part.objects.is_subset(&whole.objects)
            && part.values.keys().all(|field| text(part, field) == text(whole, field))
    }

    /// Whether nothing more can go without a change of what is decided or tested.
    fn is_minimal(source: Source<'_>, input: &Input, firing: Option<usize>) -> bool {
        let engine = Engine::new(source).unwrap();
        let verdict = engine.decide(input);
        let conditions = conditions(source.policy, &verdict, firing);
        let tests = Tests::new(source, &case_of(source.policy, input), conditions).unwrap();
        let truths = tests.truths(input);
        let fields = input.objects.iter().chain(input.values.keys());
        fields.filter(|field| **field != FieldRef::action_type()).all(|field| {
            let mut without = input.clone();
            take_out(&mut without, field);
            let is_tested_so =
                || tests.truths(&without).iter().zip(&truths).all(|(now, before)| now >= before);
            engine.decide(&without) != verdict || !is_tested_so()
        })
    }

    #[test]
    fn what_is_left_decides_the_same_and_nothing_of_it_can_go() {
        let (mut seen, mut shorter) = (0, 0);
        for seed in first_seed()..first_seed() + policies() {
            let policy = generate::policy(seed);
            let patterns = patterns(&policy);
            let source = Source { policy: &policy, patterns: &patterns };
            let reducer = Reducer::new(&[source]).unwrap();
            let report = report(source, 200_000, &mut |_, _| {}).unwrap();
            let examples = report
                .rules
                .iter()
                .filter_map(|rule| Some((Some(rule.rule), rule.example.as_ref()?)));
            let effects = report.actions.iter().flat_map(|action| &action.effects);
            let effects = effects.filter_map(|effect| Some((None, effect.example.as_ref()?)));
            for (firing, example) in examples.chain(effects) {
                let reduced = reducer.reduced(&example.input, firing);
                seen += 1;
                shorter += usize::from(size(&reduced) < size(&example.input));
                let text = reduced.to_text();
                assert!(is_part(&reduced, &example.input), "seed {seed}: {text}");
                assert!(is_minimal(source, &reduced, firing), "seed {seed}: {text}");
                assert_eq!(
                    Engine::new(source).unwrap().decide(&reduced),
                    example.verdict,
                    "seed {seed}: {text}"
                );
                if let Some(rule) = firing {
                    let alone = Engine::of_rule(source, rule).unwrap();
                    assert!(alone.decide(&reduced).rule().is_some(), "seed {seed}: {text}");
                }
                // NaN and infinities, which version 1 takes, are no JSON.
                let Ok(input) = json::parse(&text) else { continue };
                let decided = evaluate(&policy, &input, Options::default());
                assert_eq!(
                    decided.ok().map(|decision| decision.effect),
                    example.verdict.effect(),
                    "seed {seed}: {text}"
                );
            }
        }
        assert!(shorter * 4 > seen, "{shorter} of {seen}");
    }

    #[test]
    fn pairs_differ_in_their_field_only_and_are_decided_as_before() {
        let (mut seen, mut shorter) = (0, 0);
        for seed in first_seed()..first_seed() + policies() {
            let policy = generate::policy(seed);
            let patterns = patterns(&policy);
            let source = Source { policy: &policy, patterns: &patterns };
            let reducer = Reducer::new(&[source]).unwrap();
            let report = report(source, 200_000, &mut |_, _| {}).unwrap();
            let fields = report.actions.iter().flat_map(|action| &action.fields);
            let shown = fields.filter_map(|field| Some((&field.field, field.example.as_deref()?)));
            for (unit, (one, other)) in shown {
                let (first, second) = reducer.reduced_pair((&one.input, &other.input), unit);
                seen += 1;
                shorter += usize::from(size(&first) < size(&one.input));
                let nothing = Input::default();
                let (rest, other_rest) =
                    (exchanged(&first, &nothing, unit), exchanged(&second, &nothing, unit));
                let text = format!("seed {seed}: {unit}: {} {}", first.to_text(), second.to_text());
                assert_eq!(rest.to_text(), other_rest.to_text(), "{text}");
                assert_ne!(first.to_text(), second.to_text(), "{text}");
                for (input, verdict) in [(&first, &one.verdict), (&second, &other.verdict)] {
                    assert_eq!(Engine::new(source).unwrap().decide(input), *verdict, "{text}");
                    let Ok(input) = json::parse(&input.to_text()) else { continue };
                    let decided = evaluate(&policy, &input, Options::default()).ok();
                    let effect = decided.map(|decision| decision.effect);
                    assert_eq!(effect, verdict.effect(), "{text}");
                }
            }
        }
        assert!(shorter * 4 > seen, "{shorter} of {seen}");
    }

    #[test]
    fn what_is_assumed_stays_and_complete_inputs_stay_complete() {
        let mut seen = 0;
        for seed in first_seed()..first_seed() + policies() {
            let policy = generate::policy(seed);
            let patterns = patterns(&policy);
            let source = Source { policy: &policy, patterns: &patterns };
            let engine = Engine::new(source).unwrap();
            let Some(assume) = policy.rules.iter().find_map(|rule| rule.condition.as_ref()) else {
                continue;
            };
            let action = policy.rules.iter().find(|rule| rule.condition.is_some());
            let names = action.and_then(|rule| rule.scope.actions.clone());
            let names = names.unwrap_or_else(|| {
                policy.schema.actions.iter().map(|action| action.name.clone()).collect()
            });
            for (name, complete) in
                names.iter().take(1).flat_map(|name| [(name, false), (name, true)])
            {
                let case = Case::Action(name.clone());
                let promise = PromiseKind::Never(policy.settings.default);
                let question = Question {
                    promise,
                    assume: Some(assume),
                    complete,
                    budget: DEFAULT_BUDGET / 100,
                };
                let Kept::Broken { input, verdict } =
                    Promises::new(source).is_kept(&case, &question)
                else {
                    continue;
                };
                seen += 1;
                // As is assumed, a missing field is unknown whatever the policy makes of it.
                let mut closed = policy.clone();
                closed.settings.missing = MissingMode::FailClosed;
                let source = Source { policy: &closed, ..source };
                let tests = Tests::new(source, &case, vec![assume.clone()]).unwrap();
                assert!(
                    tests.truths(&input).iter().all(|truth| *truth >= Truth::Unknown),
                    "seed {seed}"
                );
                assert_eq!(engine.decide(&input), verdict, "seed {seed}");
                if complete {
                    let own = policy.schema.action(name).unwrap();
                    for field in own.fields.iter().filter(|field| {
                        !matches!(field.ty, FieldType::Object(_) | FieldType::Map(_))
                    }) {
                        let place = FieldRef {
                            domain: Domain::Action,
                            path: vec![field.name.clone()],
                            key: None,
                        };
                        assert!(input.value(&place).is_some(), "seed {seed}: {place}");
                    }
                }
            }
        }
        assert!(seen > 5, "{seen}");
    }
}
