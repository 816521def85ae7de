//! Classes of values: samples of each field, of which one is kept for each way in which tests tell
//! them apart.

use super::bag::Kinds;
use super::change::NOT_NEAR;
use super::sets::with_items;
use super::star::Star;
use super::{AtomId, Known, Space, TooLarge, fields_of, key};
use crate::classes::{CROWDED, Declared, Sample, Sampler, Searched, Tests};
use crate::input::Value;
use crate::probe::{Probe, Source, Truth};
use actra_compiler::model::{Atom, FieldRef, InputMode, Operand, OperatorShape, ScalarKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::rc::Rc;

/// Classes that the fields which are compared with each other may have together, before those that
/// no test tells apart are joined.
pub(super) const MAX_JOINT: usize = 20_000;

/// One class: a value for each of the variable's fields.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) values: Vec<Option<Value>>,
}

/// The group that a field belongs to, where each says with which it is joined.
fn root(groups: &[usize], mut at: usize) -> usize {
    while let Some(next) = groups.get(at).copied().filter(|next| *next != at) {
        at = next;
    }
    at
}

/// What tells classes apart: what each atom says, by policy whether checking lets them pass, and by
/// field whether it is missing inside an object.
pub(super) type Signature = (Vec<Truth>, Vec<bool>);

/// Values that fields have together.
pub(super) enum Combinations {
    /// Each of one field with each of the others.
    Product(Vec<Vec<Option<Value>>>),
    Listed(Vec<Vec<Option<Value>>>),
}

impl Combinations {
    fn for_each<'a>(&'a self, mut visit: impl FnMut(&[Option<&'a Value>])) {
        let samples = match self {
            Self::Listed(list) => {
                for values in list {
                    visit(&values.iter().map(Option::as_ref).collect::<Vec<_>>());
                }
                return;
            }
            Self::Product(samples) => samples,
        };
        let total: usize = samples.iter().map(Vec::len).product();
        for mut number in 0..total {
            // The last one changes first.
            let mut values: Vec<Option<&Value>> = samples
                .iter()
                .rev()
                .map(|sample| {
                    let value = sample.get(number % sample.len());
                    number /= sample.len();
                    value.and_then(Option::as_ref)
                })
                .collect();
            values.reverse();
            visit(&values);
        }
    }
}

/// Classes of fields that vary together.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) classes: Vec<Class>,
    /// Of each class.
    pub(super) signs: Vec<Signature>,
    /// Why some value may be like none of them.
    pub(super) gap: Option<&'static str>,
    /// Tests that were made of values to find them.
    pub(super) cost: u64,
}

/// Kinds of items of a list, and the classes of its shape.
type Listed = (Rc<Kinds>, Rc<Sampled>);

/// How much less it costs to find again what has been found.
const CACHED: u64 = 100;

/// What has been found of fields, by all that it depends on, so that cases of the same policies that
/// ask the same of the same fields find it there.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    sampled: HashMap<String, Rc<Sampled>>,
    stars: HashMap<String, Option<Rc<Star>>>,
    kinds: HashMap<String, Option<Listed>>,
    pub(super) searched: Rc<Searched>,
    /// Steps that have been taken: of searches, and tests that were made of values.
    pub(crate) spent: u64,
}

impl<'p> Space<'p> {
    /// Makes a variable of each field, or of fields that are compared with each other.
    pub(super) fn build(&mut self, is_complete: bool, cache: &mut Cache) -> Result<(), TooLarge> {
        let mut groups: Vec<usize> = (0..self.known.len()).collect();
        let mut atoms_of: Vec<Vec<AtomId>> = vec![Vec::new(); self.known.len()];
        for (number, (_, atom)) in self.atoms.iter().enumerate() {
            let fields: Vec<usize> = fields_of(atom)
                .iter()
                .filter_map(|field| self.by_field.get(*field).copied())
                .collect();
            let Some((first, rest)) = fields.split_first() else { continue };
            for field in rest {
                let (a, b) = (root(&groups, *first), root(&groups, *field));
                if let Some(group) = groups.get_mut(a.max(b)) {
                    *group = a.min(b);
                }
            }
            if let Some(atoms) = atoms_of.get_mut(*first) {
                atoms.push(AtomId(number));
            }
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for number in 0..self.known.len() {
            members.entry(root(&groups, number)).or_default().push(number);
        }
        self.truths = vec![(usize::MAX, Vec::new()); self.atoms.len()];
        for fields in members.into_values() {
            let atoms: Vec<AtomId> =
                fields.iter().filter_map(|field| atoms_of.get(*field)).flatten().copied().collect();
            if let Some(star) = self.cached_star(&fields, &atoms, is_complete, cache)? {
                self.add_star(&fields, &atoms, &star);
                continue;
            }
            let sampled = self.cached(&fields, &atoms, is_complete, cache)?;
            if sampled.gap == Some(CROWDED)
                && let Some((kinds, shapes)) =
                    self.cached_kinds(&fields, &atoms, is_complete, cache)?
            {
                self.note_truths(self.variables.len(), &atoms, &shapes.signs);
                let mut variable = self.variable(fields, atoms, shapes);
                variable.bag = Some(self.bag(&kinds, &variable));
                self.variables.push(variable);
                continue;
            }
            self.note_truths(self.variables.len(), &atoms, &sampled.signs);
            let mut variable = self.variable(fields, atoms, sampled);
            if variable.beyond.is_some() && variable.fields.len() > 1 {
                let sample = |space: &Self, fields: &[usize], atoms: &[AtomId]| {
                    space.cached(fields, atoms, is_complete, cache)
                };
                variable.loose = self.loose(&variable.fields, &variable.atoms, sample)?;
            }
            self.variables.push(variable);
        }
        Ok(())
    }

    fn cached(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
        cache: &mut Cache,
    ) -> Result<Rc<Sampled>, TooLarge> {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        // The name of the action is what tells cases apart.
        if known.iter().any(|known| known.field == FieldRef::action_type()) {
            let sampled = self.sampled(fields, atoms, is_complete)?;
            cache.spent += sampled.cost;
            return Ok(Rc::new(sampled));
        }
        let known_as = self.key_of(fields, atoms, is_complete);
        if let Some(known) = cache.sampled.get(&known_as) {
            cache.spent += known.cost / CACHED;
            return Ok(Rc::clone(known));
        }
        let sampled = Rc::new(self.sampled(fields, atoms, is_complete)?);
        cache.spent += sampled.cost;
        cache.sampled.insert(known_as, Rc::clone(&sampled));
        Ok(sampled)
    }

    fn cached_star(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
        cache: &mut Cache,
    ) -> Result<Option<Rc<Star>>, TooLarge> {
        if fields.len() < 2 {
            return Ok(None);
        }
        let known_as = self.key_of(fields, atoms, is_complete);
        if let Some(known) = cache.stars.get(&known_as) {
            cache.spent += known.as_ref().map_or(0, |known| known.cost / CACHED);
            return Ok(known.clone());
        }
        let star = self.star(fields, atoms, is_complete)?.map(Rc::new);
        cache.spent += star.as_ref().map_or(0, |star| star.cost);
        cache.stars.insert(known_as, star.clone());
        Ok(star)
    }

    fn cached_kinds(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
        cache: &mut Cache,
    ) -> Result<Option<Listed>, TooLarge> {
        let [field] = fields else { return Ok(None) };
        let known_as = self.key_of(fields, atoms, is_complete);
        if let Some(known) = cache.kinds.get(&known_as) {
            cache.spent += known.as_ref().map_or(0, |(kinds, _)| kinds.cost / CACHED);
            return Ok(known.clone());
        }
        let mut found = None;
        if let Some(kinds) = self.kinds(*field, atoms, is_complete)? {
            cache.spent += kinds.cost;
            let shapes = self.shapes(*field, atoms, &kinds, is_complete)?;
            found = shapes.map(|shapes| (Rc::new(kinds), Rc::new(shapes)));
        }
        cache.kinds.insert(known_as, found.clone());
        Ok(found)
    }

    /// All that classes of the fields depend on.
    fn key_of(&self, fields: &[usize], atoms: &[AtomId], is_complete: bool) -> String {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let asks_for_action = self.case.action().is_some();
        let mut known_as = format!("{is_complete} {asks_for_action} {known:?}");
        for known in &known {
            // Whether it is required is not in its type.
            let tops = (0..self.sources.len()).map(|source| self.top(source, &known.field));
            // Writing to a string cannot fail.
            let _ = write!(known_as, "{:?}", tops.collect::<Vec<_>>());
        }
        for (source, atom) in atoms.iter().filter_map(|id| self.atoms.get(id.0)) {
            known_as.push_str(&key(*source, atom));
        }
        known_as
    }

    /// Of the combinations of values those that some test tells apart.
    fn sampled(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
    ) -> Result<Sampled, TooLarge> {
        let (combinations, gap) = self.combinations(fields, atoms, is_complete, &[]);
        // Of combinations to which all tests say the same one is kept.
        let mut by_sign: HashMap<Signature, usize> = HashMap::new();
        let mut classes = Vec::new();
        let cost = self.told_apart(fields, atoms, &combinations, |values, sign| {
            by_sign.entry(sign).or_insert_with(|| {
                classes.push(Class { values: values.iter().map(|value| value.cloned()).collect() });
                classes.len() - 1
            });
        })?;
        let mut signs: Vec<(usize, Signature)> =
            by_sign.into_iter().map(|(sign, class)| (class, sign)).collect();
        signs.sort_unstable_by_key(|(class, _)| *class);
        let mut signs: Vec<Signature> = signs.into_iter().map(|(_, sign)| sign).collect();
        if classes.is_empty() && gap.is_some() {
            // There may be values that were not found: without a class there would be none.
            classes.push(Class { values: vec![None; fields.len()] });
            let flags = vec![false; self.sources.len() + fields.len()];
            signs.push((vec![Truth::False; atoms.len()], flags));
        }
        Ok(Sampled { classes, signs, gap, cost })
    }

    /// What tests say of combinations of values that some policy may be given. Says how many tests
    /// were made.
    pub(super) fn told_apart(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        combinations: &Combinations,
        mut visit: impl FnMut(&[Option<&Value>], Signature),
    ) -> Result<u64, TooLarge> {
        let refs: Vec<&FieldRef> =
            fields.iter().filter_map(|field| Some(&self.known.get(*field)?.field)).collect();
        let mut probes = Vec::new();
        for (source, own) in self.sources.iter().zip(self.by_source(atoms)) {
            let asked: Vec<&Atom> =
                own.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)).collect();
            let probe = Probe::new(*source, &self.case, &refs, &asked)
                .map_err(|error| TooLarge(error.to_string()))?;
            probes.push((own, probe));
        }
        let action = self.case.action().map(|name| Value::Text(name.to_owned()));
        let mut asked: Vec<_> = probes
            .iter()
            .map(|(own, probe)| (own.len(), probe.open(action.as_ref(), &refs)))
            .collect();
        let mut cost = 0;
        let of_each = atoms.len() as u64 + 1;
        combinations.for_each(|values| {
            cost += of_each;
            let mut truths = Vec::with_capacity(atoms.len());
            let mut flags = Vec::with_capacity(asked.len() + refs.len());
            for (count, asked) in &mut asked {
                let is_valid = asked.truths(values, &mut truths);
                if !is_valid {
                    truths.extend(std::iter::repeat_n(Truth::False, *count));
                }
                flags.push(is_valid);
            }
            if !flags.contains(&true) {
                return;
            }
            flags.extend(
                values
                    .iter()
                    .zip(&refs)
                    .map(|(value, field)| value.is_none() && field.path.len() > 1),
            );
            visit(values, (truths, flags));
        });
        Ok(cost)
    }

    /// Values that fields have together, and why there may be others. Some of the fields, by place,
    /// may vary: then there is each of their values beside each of those that the others have
    /// together.
    pub(super) fn combinations(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
        varied: &[usize],
    ) -> (Combinations, Option<&'static str>) {
        let ids = atoms;
        let atoms: Vec<&Atom> =
            ids.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)).collect();
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let is_action_type =
            |known: &Known| known.field == FieldRef::action_type() && self.case.action().is_some();
        let mut joint = Tests::default();
        let mut each: Vec<Tests> = Vec::new();
        for known in &known {
            let mut tests = Tests::default();
            for atom in &atoms {
                if fields_of(atom).contains(&&known.field) {
                    tests.atom(atom, &known.field);
                }
            }
            let is_same = self.is_same(known);
            for declared in known.declared.iter().flatten() {
                if let Declared::Scalar(ty) = declared {
                    joint.constraints(ty);
                }
                // What another schema refuses is a class of its own here.
                if !is_same {
                    tests.declared(declared);
                }
            }
            joint.join(&tests);
            each.push(tests);
        }
        // What is compared with the name of the action is told apart by it.
        if known.iter().any(|known| is_action_type(known)) {
            joint.equal.extend(self.case.action().map(str::to_owned));
        }
        let of_items = |items: Vec<Value>| self.items(&known, ids, items);
        let why_not_exact = why_not_exact(&atoms);
        if why_not_exact.is_some()
            && let Some(both) = self.texts(fields, ids, is_complete, &joint)
        {
            if varied.is_empty() {
                return (Combinations::Listed(both), None);
            }
            // Some of what one may have beside what the other has.
            return (Combinations::Product(some_of_each(&both)), Some(NOT_NEAR));
        }
        let mut gap = None;
        let mut samples = Vec::new();
        for (known, tests) in known.iter().zip(&each) {
            let may_be_missing = !is_complete || known.is_entry;
            let tests = if known_is_alone(fields) { tests } else { &joint };
            let mut values: Vec<Option<Value>> = Vec::new();
            if is_action_type(known) {
                values.extend(self.case.action().map(|name| Some(Value::Text(name.to_owned()))));
            } else {
                let mut sample = Sample::default();
                for (number, (declared, source)) in
                    known.declared.iter().zip(&self.sources).enumerate()
                {
                    let mut inputs = source.policy.settings.inputs;
                    // To a policy that does not name it, it may be anything.
                    let is_unnamed = self.sources.len() > 1
                        && declared.is_none()
                        && !self.says_something(number, &known.field);
                    let other = known.declared.iter().flatten().next().filter(|_| is_unnamed);
                    if other.is_some() {
                        inputs = InputMode::Unchecked;
                    }
                    let Some(declared) = declared.as_ref().or(other) else { continue };
                    let sampler = Sampler {
                        version: source.policy.version,
                        inputs,
                        patterns: source.patterns,
                        // What varies has two values beside those of the others.
                        per_class: fields.len() + varied.len(),
                        is_rough: why_not_exact.is_some(),
                        told_apart: known_is_alone(fields).then_some(&of_items),
                        searched: &self.searched,
                    };
                    let found = sampler.sample(declared, tests);
                    sample.values.extend(found.values);
                    sample.gap = sample.gap.or(found.gap);
                }
                gap = gap.or(sample.gap).or(known.why_not_alike());
                let mut seen: BTreeSet<String> = BTreeSet::new();
                sample.values.retain(|value| seen.insert(format!("{value:?}")));
                if known.field == FieldRef::action_type() {
                    sample.values.retain(|value| !self.is_action(value));
                }
                values.extend(sample.values.into_iter().map(Some));
                if may_be_missing {
                    values.push(None);
                }
            }
            samples.push(values);
        }
        if known_is_alone(fields) {
            return (Combinations::Product(samples), gap);
        }
        // What varies is held against what does not.
        let hub = usize::from(varied != [1]);
        if let Some(differences) = self.differences(fields, ids, hub).filter(|_| fields.len() == 2)
        {
            let may_be_missing: Vec<bool> =
                fields.iter().map(|field| self.may_be_missing(*field, is_complete)).collect();
            let pairs = differences.pairs(&may_be_missing);
            if pairs.len() <= 4 * MAX_JOINT {
                return (Combinations::Listed(pairs), None);
            }
        }
        if varied.is_empty()
            && let Some(layouts) = self.sets(fields, ids, is_complete)
        {
            return (Combinations::Listed(layouts), None);
        }
        let total =
            samples.iter().fold(1_usize, |total, values| total.saturating_mul(values.len()));
        if (why_not_exact.is_some() || total > MAX_JOINT)
            && let Some(found) = self.linear(fields, ids, is_complete, varied)
        {
            return (Combinations::Listed(found), (!varied.is_empty()).then_some(NOT_NEAR));
        }
        gap = gap.or(why_not_exact);
        if total > MAX_JOINT {
            gap = gap
                .or(Some("fields that are compared with each other have too many values together"));
            let mut share = MAX_JOINT as f64;
            share = share.powf(1.0 / samples.len().max(1) as f64);
            for values in &mut samples {
                let missing = values.contains(&None);
                let step = (values.len() as f64 / share.max(2.0)).ceil().max(1.0) as usize;
                let mut kept: Vec<Option<Value>> = values.iter().step_by(step).cloned().collect();
                if missing && !kept.contains(&None) {
                    kept.push(None);
                }
                *values = kept;
            }
        }
        (Combinations::Product(samples), gap)
    }

    /// Items of a list that is compared with no other field, by what some test tells apart.
    ///
    /// What `every` and `some` say of a list follows from what they say of lists of one item, and
    /// what is said of lists as sets from which of the literals are among the items.
    fn items(&self, known: &[&Known], atoms: &[AtomId], items: Vec<Value>) -> Vec<Vec<Value>> {
        let fields: Vec<&FieldRef> = known.iter().map(|known| &known.field).collect();
        let probe = |(source, own): (&Source<'p>, Vec<AtomId>)| {
            let own = own.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1));
            let asked: Vec<Atom> = own.flat_map(with_items).collect();
            Probe::new(*source, &self.case, &fields, &asked.iter().collect::<Vec<_>>())
        };
        let probes: Result<Vec<Probe>, _> =
            self.sources.iter().zip(self.by_source(atoms)).map(probe).collect();
        let Ok(probes) = probes else {
            return items.into_iter().map(|item| vec![item]).collect();
        };
        let action = self.case.action().map(|name| Value::Text(name.to_owned()));
        let lists: Vec<Value> = items.into_iter().map(|item| Value::List(vec![item])).collect();
        let mut open: Vec<_> =
            probes.iter().map(|probe| probe.open(action.as_ref(), &fields)).collect();
        let mut seen: BTreeMap<(Vec<Truth>, Vec<bool>), usize> = BTreeMap::new();
        let mut kinds: Vec<Vec<Value>> = Vec::new();
        for list in &lists {
            let mut truths = Vec::new();
            let valid = open.iter_mut().map(|asked| asked.truths(&[Some(list)], &mut truths));
            let valid: Vec<bool> = valid.collect();
            let Value::List(item) = list else { continue };
            let kind = *seen.entry((truths, valid)).or_insert(kinds.len());
            match kinds.get_mut(kind) {
                Some(kind) => kind.extend(item.iter().cloned()),
                None => kinds.push(item.clone()),
            }
        }
        kinds
    }

    fn is_action(&self, value: &Value) -> bool {
        let Value::Text(name) = value else { return false };
        self.sources.iter().any(|source| source.policy.schema.action(name).is_some())
    }
}

impl Known {
    /// Why values may be told apart by two schemas that no sample of one of them does.
    fn why_not_alike(&self) -> Option<&'static str> {
        let shape = |declared: &Declared| match declared {
            Declared::Scalar(ty) => (ty.kind, false, false),
            Declared::List(ty) => (ty.items.kind, true, ty.unique),
        };
        let shapes: BTreeSet<_> = self.declared.iter().flatten().map(shape).collect();
        let has = |kind: ScalarKind, is_list: bool| {
            shapes.iter().any(|(of, list, _)| (*of, *list) == (kind, is_list))
        };
        let overlap = [false, true].into_iter().any(|list| {
            (has(ScalarKind::Integer, list) && has(ScalarKind::Number, list))
                || (has(ScalarKind::String, list) && has(ScalarKind::Timestamp, list))
        });
        let unique =
            [false, true].map(|unique| shapes.iter().any(|shape| shape.1 && shape.2 == unique));
        (overlap || unique == [true, true])
            .then_some("it is declared in two ways that have some values in common")
    }
}

/// Of pairs, values of each side, as many as may be had together.
fn some_of_each(both: &[Vec<Option<Value>>]) -> Vec<Vec<Option<Value>>> {
    let most = (MAX_JOINT as f64).sqrt() as usize;
    let of = |place: usize| {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let values = both.iter().filter_map(|values| values.get(place).cloned());
        values.filter(|value| seen.insert(format!("{value:?}"))).take(most).collect()
    };
    (0..2).map(of).collect()
}

fn known_is_alone(fields: &[usize]) -> bool {
    fields.len() == 1
}

/// Atoms that compare fields in ways that classes for each field do not cover.
fn why_not_exact(atoms: &[&Atom]) -> Option<&'static str> {
    atoms.iter().find_map(|atom| {
        if fields_of(atom).len() < 2 {
            // How text is read does not go together with classes for equality.
            return None;
        }
        match (&atom.operand, atom.operator.shape()) {
            (Operand::Sum { .. }, _) => Some("sums of such fields are not looked into"),
            (_, OperatorShape::Equality | OperatorShape::Ordering) if atom.quantifier.is_none() => {
                None
            }
            (_, OperatorShape::Equality | OperatorShape::Ordering) => {
                Some("items of a list are compared with a field")
            }
            (_, OperatorShape::Affix | OperatorShape::Contains | OperatorShape::NotContains) => {
                Some("text or a list is compared with a field, and not for equality")
            }
            (_, OperatorShape::Membership | OperatorShape::ListSet) => {
                Some("lists of the input are compared with other fields")
            }
            _ => Some("hosts or paths are compared with a field"),
        }
    })
}
