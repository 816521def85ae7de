//! Inputs at random: each has a class for each variable, to which all tests say the same.

use super::{Cache, Space};
use crate::classes::Declared;
use crate::input::{Input, Value};
use crate::probe::{Case, Probe, Source};
use crate::test_seeds::{first_seed, policies};
use actra_bytecode::format::timestamp;
use actra_compiler::model::{
    CheckedPolicy, FieldRef, InputMode, LanguageVersion, ScalarKind, ScalarType,
};
use actra_testkit::Value as Given;
use actra_testkit::generate;
use actra_testkit::reference::{Options, evaluate};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

/// What stands at a field, in any input of the testkit.
fn entry<'v>(input: &'v Given, field: &FieldRef) -> Option<&'v Given> {
    let names = std::iter::once(field.domain.as_str())
        .chain(field.path.iter().map(String::as_str))
        .chain(field.key.as_deref());
    names.into_iter().try_fold(input, |value, name| value.entry(name))
}

/// The value as the search has it; `Err` where it has none like it.
fn value(given: Option<&Given>, declared: Option<&Declared>) -> Result<Option<Value>, ()> {
    let is_instant =
        matches!(declared, Some(Declared::Scalar(ScalarType { kind: ScalarKind::Timestamp, .. })));
    Ok(Some(match given {
        None | Some(Given::Null) => return Ok(None),
        Some(Given::Bool(value)) => Value::Boolean(*value),
        Some(Given::Int(value)) => Value::Integer(*value),
        Some(Given::Float(value)) => Value::Float(*value),
        Some(Given::String(text)) => match timestamp::parse(text).filter(|_| is_instant) {
            Some(micros) => Value::Instant(micros),
            None => Value::Text(text.clone()),
        },
        Some(Given::List(items)) => Value::List(
            items
                .iter()
                .map(|item| match value(Some(item), None) {
                    Ok(Some(Value::List(_)) | None) | Err(()) => Err(()),
                    Ok(Some(item)) => Ok(item),
                })
                .collect::<Result<_, ()>>()?,
        ),
        Some(Given::BigInt(_) | Given::Object(_)) => return Err(()),
    }))
}

/// Asks of each variable of the space whether what stands in the input is like one of its classes.
/// Says how many it was asked of, and how many of those are not exact.
fn look(space: &Space<'_>, source: Source<'_>, case: &Case, input: &Given) -> (usize, usize) {
    let (mut asked, mut inexact) = (0, 0);
    let action = case.action().map(|name| Value::Text(name.to_owned()));
    // By hub of a star, its classes that may be those of the input.
    let mut hubs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (number, variable) in space.variables.iter().enumerate() {
        let link = variable.link.as_ref();
        let known: Vec<_> = variable
            .fields
            .iter()
            .chain(link.iter().flat_map(|link| &space.variables[link.hub].fields))
            .map(|field| &space.known[*field])
            .collect();
        let fields: Vec<&FieldRef> = known.iter().map(|known| &known.field).collect();
        let values: Result<Vec<_>, ()> = known
            .iter()
            .map(|known| value(entry(input, &known.field), known.declared[0].as_ref()))
            .collect();
        let Ok(values) = values else { continue };
        let atoms: Vec<_> = variable.atoms.iter().map(|id| &space.atoms[id.0].1).collect();
        let probe = Probe::new(source, case, &fields, &atoms).unwrap();
        let given: Vec<Option<&Value>> = values.iter().map(Option::as_ref).collect();
        let mut truths = Vec::new();
        if !probe.open(action.as_ref(), &fields).truths(&given, &mut truths) {
            continue;
        }
        asked += 1;
        if variable.beyond.is_some() {
            inexact += 1;
            continue;
        }
        if variable.bag.is_some() && matches!(values[0], Some(Value::List(_))) {
            // Their kinds of items are literals, and no classes.
            continue;
        }
        let missing = values
            .iter()
            .zip(&fields)
            .map(|(value, field)| value.is_none() && field.path.len() > 1);
        let flags: Vec<bool> = std::iter::once(true).chain(missing).collect();
        let mut found: BTreeSet<usize> = (0..variable.sampled.signs.len())
            .filter(|class| variable.sampled.signs[*class] == (truths.clone(), flags.clone()))
            .collect();
        if let Some(link) = link {
            found = found.into_iter().map(|class| link.at[class]).collect();
        }
        // A star has one class of the hub for all its fields.
        let hub = link.map_or(number, |link| link.hub);
        let hubs = hubs.entry(hub).or_insert_with(|| found.clone());
        hubs.retain(|class| found.contains(class));
        let is_known = !hubs.is_empty();
        let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
        assert!(
            is_known,
            "{names:?} {values:?} {truths:?} of {:?}\nclasses: {:#?}\natoms: {atoms:#?}",
            known.iter().map(|known| &known.declared).collect::<Vec<_>>(),
            variable.sampled.classes,
        );
    }
    (asked, inexact)
}

/// Every input that the classes stand for, if that are no more than so many and nothing is beyond
/// the classes.
pub(crate) fn every_input(space: &Space<'_>, most: usize) -> Option<Vec<Input>> {
    if space.variables.iter().any(|known| known.beyond.is_some() || known.bag.is_some()) {
        return None;
    }
    let sizes = space.variables.iter().map(|known| known.sampled.classes.len());
    let total = sizes.fold(1_usize, usize::saturating_mul);
    let total = space.objects.iter().fold(total, |total, _| total.saturating_mul(2));
    if total > most {
        return None;
    }
    let inputs = (0..total).filter_map(|mut number| {
        let mut input = Input::default();
        let mut chosen: Vec<usize> = Vec::new();
        for object in &space.objects {
            if number % 2 == 1 {
                input.objects.insert(object.field.clone());
            }
            number /= 2;
        }
        for known in &space.variables {
            let class = number % known.sampled.classes.len();
            number /= known.sampled.classes.len();
            if known.link.as_ref().is_some_and(|link| link.at[class] != chosen[link.hub]) {
                return None;
            }
            chosen.push(class);
            let class = &known.sampled.classes[class];
            for (field, value) in known.fields.iter().zip(&class.values) {
                let field = space.known[*field].field.clone();
                input.values.extend(value.clone().map(|value| (field, value)));
            }
        }
        // What stands in an object stands there only with the object.
        let is_held = |field: &FieldRef| {
            let mut holder = field.clone();
            let is_entry = holder.key.take().is_some();
            if !is_entry {
                holder.path.pop();
            }
            holder.path.is_empty() || input.objects.contains(&holder)
        };
        input.values.keys().chain(&input.objects).all(is_held).then_some(input)
    });
    Some(inputs.collect())
}

fn case_of(policy: &CheckedPolicy, input: &Given) -> Option<Case> {
    match entry(input, &FieldRef::action_type()) {
        Some(Given::String(name)) if policy.schema.action(name).is_some() => {
            Some(Case::Action(name.clone()))
        }
        _ if policy.settings.inputs == InputMode::Unchecked => Some(Case::OtherAction),
        _ => None,
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was looked at")]
fn inputs_at_random_are_like_one_of_the_classes() {
    let (mut asked, mut inexact) = (0, 0);
    let mut by_version: BTreeMap<(u8, bool), usize> = BTreeMap::new();
    for seed in first_seed()..first_seed() + policies() {
        let policy = generate::policy(seed);
        let patterns = crate::test_seeds::patterns(&policy);
        let source = Source { policy: &policy, patterns: &patterns };
        let mut cache = Cache::default();
        let mut spaces: BTreeMap<Case, Space<'_>> = BTreeMap::new();
        for number in 0..60 {
            let input = generate::input(seed.wrapping_mul(1_000_003) ^ number, &policy);
            let Some(case) = case_of(&policy, &input) else { continue };
            if evaluate(&policy, &input, Options::default()).is_err() {
                continue;
            }
            let space = spaces
                .entry(case.clone())
                .or_insert_with(|| Space::new(&[source], &case, &[], false, &mut cache).unwrap());
            let found =
                std::panic::catch_unwind(AssertUnwindSafe(|| look(space, source, &case, &input)));
            let (one, other) = found.unwrap_or_else(|_| panic!("seed {seed}"));
            (asked, inexact) = (asked + one, inexact + other);
            let is_checked = policy.settings.inputs == InputMode::Checked;
            *by_version.entry((policy.version.number(), is_checked)).or_default() += one - other;
        }
    }
    eprintln!("{asked} values, {inexact} of them of fields that are not exact; {by_version:?}");
    assert!(inexact * 2 < asked, "most is exact");
    for version in [LanguageVersion::V1, LanguageVersion::V2] {
        for is_checked in [true, false] {
            assert!(by_version.get(&(version.number(), is_checked)).is_some_and(|many| *many > 50));
        }
    }
}
