//! The inputs that ask for one action, as finitely many: each field, or fields that are compared
//! with each other, has classes of values that no test tells apart.

use crate::classes::{Declared, Sample, Sampler, Tests};
use crate::input::{Input, Value};
use crate::probe::{Case, Probe, Source, Truth};
use crate::solve::{Lit, Model, Set, Solver, Var};
use actra_compiler::model::{
    Addend, Atom, Condition, Domain, Field, FieldRef, FieldType, InputMode, LanguageVersion,
    Literal, Operand, Operator, OperatorShape, ScalarKind, ScalarType, Sign,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::rc::Rc;

/// Classes that the fields which are compared with each other may have together, before those that
/// no test tells apart are joined.
const MAX_JOINT: usize = 20_000;

/// A test, and the policy whose settings and schema it is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AtomId(usize);

/// A field of the schema, or an entry of a map that some rule reads.
#[derive(Clone, Debug)]
struct Known {
    field: FieldRef,
    /// By policy: what it is declared to be.
    declared: Vec<Option<Declared>>,
    is_entry: bool,
}

/// An object or a map of the schema.
#[derive(Clone, Debug)]
struct Object {
    field: FieldRef,
    /// Whether it is there.
    is_there: Lit,
}

/// One class: a value for each of the variable's fields.
#[derive(Clone, Debug)]
struct Class {
    values: Vec<Option<Value>>,
}

/// What may be said of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Said {
    /// The atom is true; or unknown, if that counts.
    Holds(AtomId, bool),
    /// Checking lets it pass, by policy.
    Passes(usize),
    /// The field is missing, by place in the variable.
    IsMissing(usize),
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
type Signature = (Vec<Truth>, Vec<bool>);

/// Values that fields have together.
enum Combinations {
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
struct Sampled {
    classes: Vec<Class>,
    /// Of each class.
    signs: Vec<Signature>,
    /// Why some value may be like none of them.
    gap: Option<&'static str>,
    /// Tests that were made of values to find them.
    cost: u64,
}

/// How much less it costs to find again what has been found.
const CACHED: u64 = 100;

/// What has been found of fields, by all that it depends on, so that cases of the same policies that
/// ask the same of the same fields find it there.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    sampled: HashMap<String, Rc<Sampled>>,
    /// Steps that have been taken: of searches, and tests that were made of values.
    pub(crate) spent: u64,
}

/// Fields that vary together.
#[derive(Debug)]
struct Variable {
    fields: Vec<usize>,
    sampled: Rc<Sampled>,
    var: Var,
    /// By policy: classes that checking lets pass.
    valid: Vec<Set>,
    /// By field: classes in which it is missing.
    missing: Vec<Set>,
    /// Where some value may be like none of the classes: whether it is such a one, and why.
    beyond: Option<(Lit, &'static str)>,
    /// What is said of values beyond the classes.
    said: HashMap<Said, Lit>,
    /// Atoms that read it.
    atoms: Vec<AtomId>,
}

/// The inputs for one action, and a solver over them.
#[derive(Debug)]
pub(crate) struct Space<'p> {
    sources: Vec<Source<'p>>,
    case: Case,
    pub(crate) solver: Solver,
    known: Vec<Known>,
    variables: Vec<Variable>,
    by_field: HashMap<FieldRef, usize>,
    objects: Vec<Object>,
    atoms: Vec<(usize, Atom)>,
    by_atom: HashMap<String, AtomId>,
    /// By atom: its variable, and what it says of each class.
    truths: Vec<(usize, Vec<Truth>)>,
}

/// What cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge(pub(crate) String);

impl<'p> Space<'p> {
    /// The inputs of a case, as the conditions tell them apart. Each condition comes with the number
    /// of its policy.
    pub(crate) fn new(
        sources: &[Source<'p>],
        case: &Case,
        conditions: &[(usize, &Condition)],
        is_complete: bool,
        cache: &mut Cache,
    ) -> Result<Self, TooLarge> {
        let mut space = Self {
            sources: sources.to_vec(),
            case: case.clone(),
            solver: Solver::new(),
            known: Vec::new(),
            variables: Vec::new(),
            by_field: HashMap::new(),
            objects: Vec::new(),
            atoms: Vec::new(),
            by_atom: HashMap::new(),
            truths: Vec::new(),
        };
        for (number, source) in sources.iter().enumerate() {
            for rule in source.policy.rules.iter().filter(|rule| case.admits(rule)) {
                if let Some(condition) = &rule.condition {
                    space.note(number, condition);
                }
                if let Some(condition) = rule.actor_condition() {
                    space.note(number, &condition);
                }
            }
        }
        for (number, condition) in conditions {
            space.note(*number, condition);
        }
        space.declare();
        space.build(is_complete, cache)?;
        Ok(space)
    }

    fn note(&mut self, source: usize, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.note(source, part);
                }
            }
            Condition::Not(part) => self.note(source, part),
            Condition::Atom(atom) => {
                let key = key(source, atom);
                if !self.by_atom.contains_key(&key) {
                    self.by_atom.insert(key, AtomId(self.atoms.len()));
                    self.atoms.push((source, (**atom).clone()));
                }
            }
        }
    }

    /// Finds every field: those of the schemas, and entries of maps that are read.
    fn declare(&mut self) {
        for number in 0..self.sources.len() {
            let Some(source) = self.sources.get(number) else { continue };
            let schema = &source.policy.schema;
            let own = self.case.action().and_then(|name| schema.action(name));
            let groups = [
                (Domain::Action, schema.common.as_slice()),
                (Domain::Action, own.map_or(&[][..], |action| &action.fields)),
                (Domain::Actor, &schema.actor),
                (Domain::Snapshot, &schema.snapshot),
            ];
            for (domain, fields) in groups {
                for field in fields {
                    let place = FieldRef { domain, path: vec![field.name.clone()], key: None };
                    self.declare_field(number, field, place);
                }
            }
            for place in [FieldRef::action_type(), FieldRef::actor_type()] {
                let is_known =
                    self.by_field.get(&place).and_then(|known| self.known.get(*known)).is_some_and(
                        |known| known.declared.get(number).is_some_and(Option::is_some),
                    );
                if !is_known {
                    let text = Declared::Scalar(ScalarType::plain(ScalarKind::String));
                    self.declare_value(number, place, Some(text), false);
                }
            }
        }
        for number in 0..self.atoms.len() {
            let Some((source, atom)) = self.atoms.get(number).cloned() else { continue };
            for field in fields_of(&atom) {
                if !self.by_field.contains_key(field) {
                    let declared = self.entry_type(source, field);
                    self.declare_value(source, field.clone(), declared, field.key.is_some());
                }
            }
        }
    }

    fn declare_field(&mut self, source: usize, field: &Field, place: FieldRef) {
        match &field.ty {
            FieldType::Scalar(ty) => {
                self.declare_value(source, place, Some(Declared::Scalar(ty.clone())), false);
            }
            FieldType::List(ty) => {
                self.declare_value(source, place, Some(Declared::List(ty.clone())), false);
            }
            FieldType::Object(_) | FieldType::Map(_) => {
                if !self.objects.iter().any(|object| object.field == place) {
                    let is_there = self.solver.boolean();
                    self.objects.push(Object { field: place.clone(), is_there });
                }
                if let FieldType::Object(inner) = &field.ty {
                    for member in inner {
                        let mut place = place.clone();
                        place.path.push(member.name.clone());
                        self.declare_field(source, member, place);
                    }
                }
            }
        }
    }

    /// The field of the schema that holds it, or is it.
    fn top(&self, source: usize, field: &FieldRef) -> Option<&'p Field> {
        let schema = &self.sources.get(source)?.policy.schema;
        let first = field.path.first()?;
        let own = self.case.action().and_then(|name| schema.action(name));
        let mut fields = match field.domain {
            Domain::Action => {
                schema.common.iter().chain(own.map_or(&[][..], |action| &action.fields))
            }
            Domain::Actor => schema.actor.iter().chain(&[]),
            Domain::Snapshot => schema.snapshot.iter().chain(&[]),
        };
        fields.find(|known| known.name == *first)
    }

    /// What the entries of a map are.
    fn entry_type(&self, source: usize, field: &FieldRef) -> Option<Declared> {
        let rest = field.path.get(1..)?;
        let mut declared = self.top(source, field)?;
        for name in rest {
            let FieldType::Object(inner) = &declared.ty else { return None };
            declared = inner.iter().find(|known| known.name == *name)?;
        }
        match &declared.ty {
            FieldType::Map(kind) => Some(Declared::Scalar(ScalarType::plain(*kind))),
            FieldType::Scalar(ty) => Some(Declared::Scalar(ty.clone())),
            FieldType::List(ty) => Some(Declared::List(ty.clone())),
            FieldType::Object(_) => None,
        }
    }

    fn declare_value(
        &mut self,
        source: usize,
        field: FieldRef,
        declared: Option<Declared>,
        is_entry: bool,
    ) {
        let count = self.sources.len();
        let number = *self.by_field.entry(field.clone()).or_insert_with(|| {
            self.known.push(Known { field, declared: vec![None; count], is_entry });
            self.known.len() - 1
        });
        if let Some(place) =
            self.known.get_mut(number).and_then(|known| known.declared.get_mut(source))
        {
            *place = declared;
        }
    }

    /// Makes a variable of each field, or of fields that are compared with each other.
    fn build(&mut self, is_complete: bool, cache: &mut Cache) -> Result<(), TooLarge> {
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
            let sampled = self.cached(&fields, &atoms, is_complete, cache)?;
            self.variable(fields, atoms, sampled);
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
        let asks_for_action = self.case.action().is_some();
        let mut key = format!("{is_complete} {asks_for_action} {known:?}");
        for known in &known {
            // Whether it is required is not in its type.
            let tops = (0..self.sources.len()).map(|source| self.top(source, &known.field));
            // Writing to a string cannot fail.
            let _ = write!(key, "{:?}", tops.collect::<Vec<_>>());
        }
        for (source, atom) in atoms.iter().filter_map(|id| self.atoms.get(id.0)) {
            key.push_str(&self::key(*source, atom));
        }
        if let Some(known) = cache.sampled.get(&key) {
            cache.spent += known.cost / CACHED;
            return Ok(Rc::clone(known));
        }
        let sampled = Rc::new(self.sampled(fields, atoms, is_complete)?);
        cache.spent += sampled.cost;
        cache.sampled.insert(key, Rc::clone(&sampled));
        Ok(sampled)
    }

    /// Of the combinations of values those that some test tells apart.
    fn sampled(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
    ) -> Result<Sampled, TooLarge> {
        let (combinations, gap) = self.combinations(fields, atoms, is_complete);
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
        // Of combinations to which all tests say the same one is kept.
        let mut by_sign: HashMap<Signature, usize> = HashMap::new();
        let mut classes = Vec::new();
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
            by_sign.entry((truths, flags)).or_insert_with(|| {
                classes.push(Class { values: values.iter().map(|value| value.cloned()).collect() });
                classes.len() - 1
            });
        });
        let mut signs: Vec<(usize, Signature)> =
            by_sign.into_iter().map(|(sign, class)| (class, sign)).collect();
        signs.sort_unstable_by_key(|(class, _)| *class);
        let signs: Vec<Signature> = signs.into_iter().map(|(_, sign)| sign).collect();
        Ok(Sampled { classes, signs, gap, cost })
    }

    fn variable(&mut self, fields: Vec<usize>, atoms: Vec<AtomId>, sampled: Rc<Sampled>) {
        let Sampled { classes, signs, gap, .. } = &*sampled;
        let size = classes.len();
        let var = self.solver.variable(size);
        let set = |holds: &dyn Fn(usize) -> bool| {
            let mut set = Set::none(size);
            (0..size).filter(|class| holds(*class)).for_each(|class| set.insert(class));
            set
        };
        let valid = (0..self.sources.len())
            .map(|source| {
                set(&|class| signs.get(class).is_some_and(|sign| sign.1.get(source) == Some(&true)))
            })
            .collect();
        let missing = (0..fields.len())
            .map(|field| {
                set(&|class| {
                    classes
                        .get(class)
                        .is_some_and(|class: &Class| class.values.get(field) == Some(&None))
                })
            })
            .collect();
        for (place, atom) in self.by_source(&atoms).into_iter().flatten().enumerate() {
            let truths =
                signs.iter().filter_map(|sign| sign.0.get(place).copied()).collect::<Vec<_>>();
            if let Some(known) = self.truths.get_mut(atom.0) {
                *known = (self.variables.len(), truths);
            }
        }
        let beyond = gap.map(|why| (self.solver.boolean(), why));
        self.variables.push(Variable {
            fields,
            sampled,
            var,
            valid,
            missing,
            beyond,
            said: HashMap::new(),
            atoms,
        });
    }

    /// Atoms by policy.
    fn by_source(&self, atoms: &[AtomId]) -> Vec<Vec<AtomId>> {
        let of = |number: usize| {
            let is_own = move |id: &AtomId| {
                self.atoms.get(id.0).is_some_and(|(source, _)| *source == number)
            };
            atoms.iter().copied().filter(is_own).collect()
        };
        (0..self.sources.len()).map(of).collect()
    }

    /// Values that fields have together, and why there may be others.
    fn combinations(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
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
            for declared in known.declared.iter().flatten() {
                if let Declared::Scalar(ty) = declared {
                    joint.constraints(ty);
                }
            }
            joint.join(&tests);
            each.push(tests);
        }
        // What is compared with the name of the action is told apart by it.
        if known.iter().any(|known| is_action_type(known)) {
            joint.equal.extend(self.case.action().map(str::to_owned));
        }
        let told_apart = |items: Vec<Value>| self.items(&known, ids, items);
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
                for (declared, source) in known.declared.iter().zip(&self.sources) {
                    let Some(declared) = declared else { continue };
                    let sampler = Sampler {
                        version: source.policy.version,
                        inputs: source.policy.settings.inputs,
                        patterns: source.patterns,
                        per_class: fields.len(),
                        told_apart: known_is_alone(fields).then_some(&told_apart),
                    };
                    let found = sampler.sample(declared, tests);
                    sample.values.extend(found.values);
                    sample.gap = sample.gap.or(found.gap);
                }
                gap = gap.or(sample.gap);
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
        if let Some(pairs) = self.pairs(&known, &atoms, is_complete) {
            return (Combinations::Listed(pairs), None);
        }
        gap = gap.or(why_not_exact(&atoms));
        let total =
            samples.iter().fold(1_usize, |total, values| total.saturating_mul(values.len()));
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

    /// Of items of a list that is compared with no other field, those that some test tells apart.
    ///
    /// What `every` and `some` say of a list follows from what they say of lists of one item, and
    /// what is said of lists as sets from which of the literals are among the items.
    fn items(&self, known: &[&Known], atoms: &[AtomId], items: Vec<Value>) -> Vec<Value> {
        let fields: Vec<&FieldRef> = known.iter().map(|known| &known.field).collect();
        let probe = |(source, own): (&Source<'p>, Vec<AtomId>)| {
            let mut asked: Vec<Atom> = Vec::new();
            for (_, atom) in own.iter().filter_map(|id| self.atoms.get(id.0)) {
                asked.push(atom.clone());
                let literals: &[Literal] = match (&atom.operand, atom.operator.shape()) {
                    (Operand::Literals(literals), OperatorShape::ListSet) => literals,
                    _ => &[],
                };
                asked.extend(literals.iter().map(|literal| Atom {
                    operator: Operator::Contains,
                    operand: Operand::Literal(literal.clone()),
                    ..atom.clone()
                }));
            }
            Probe::new(*source, &self.case, &fields, &asked.iter().collect::<Vec<_>>())
        };
        let probes: Result<Vec<Probe>, _> =
            self.sources.iter().zip(self.by_source(atoms)).map(probe).collect();
        let Ok(probes) = probes else { return items };
        let action = self.case.action().map(|name| Value::Text(name.to_owned()));
        let lists: Vec<Value> = items.into_iter().map(|item| Value::List(vec![item])).collect();
        let mut open: Vec<_> =
            probes.iter().map(|probe| probe.open(action.as_ref(), &fields)).collect();
        let mut seen: BTreeSet<(Vec<Truth>, Vec<bool>)> = BTreeSet::new();
        let mut kept = Vec::new();
        for list in &lists {
            let mut truths = Vec::new();
            let valid = open.iter_mut().map(|asked| asked.truths(&[Some(list)], &mut truths));
            let valid: Vec<bool> = valid.collect();
            if let (Value::List(item), true) = (list, seen.insert((truths, valid))) {
                kept.extend(item.iter().cloned());
            }
        }
        kept
    }

    fn is_action(&self, value: &Value) -> bool {
        let Value::Text(name) = value else { return false };
        self.sources.iter().any(|source| source.policy.schema.action(name).is_some())
    }

    /// Two integers, or two instants, that are compared with each other and with constants, with
    /// something added or not: for each place of the one all places of the other.
    fn pairs(
        &self,
        known: &[&Known],
        atoms: &[&Atom],
        is_complete: bool,
    ) -> Option<Vec<Vec<Option<Value>>>> {
        let [first, second] = known else { return None };
        let kind = |known: &Known| {
            let mut kinds = known.declared.iter().zip(&self.sources).map(|(declared, source)| {
                let is_plain = source.policy.version == LanguageVersion::V2
                    && source.policy.settings.inputs == InputMode::Checked;
                match declared {
                    Some(Declared::Scalar(ScalarType { kind, .. })) if is_plain => Some(*kind),
                    _ => None,
                }
            });
            let first = kinds.next()??;
            kinds.all(|kind| kind == Some(first)).then_some(first)
        };
        let (kind, other) = (kind(first)?, kind(second)?);
        let limits = match kind {
            ScalarKind::Integer => (i64::MIN, i64::MAX),
            ScalarKind::Timestamp => actra_bytecode::format::timestamp::INSTANTS,
            _ => return None,
        };
        if kind != other {
            return None;
        }
        // The first is held against the second and so much more.
        let mut offsets: BTreeSet<i128> = BTreeSet::new();
        let mut points: BTreeSet<(usize, i128)> = BTreeSet::new();
        let mut constant = |literal: &Literal, side: usize| {
            let value = match literal {
                Literal::Integer(value) | Literal::Timestamp(value) => i128::from(*value),
                // Between two integers: both of them are points.
                Literal::Float(value) => {
                    let floor = value.floor().clamp(-1e30, 1e30) as i128;
                    points.insert((side, floor + 1));
                    floor
                }
                _ => return,
            };
            points.insert((side, value));
        };
        for (side, known) in known.iter().enumerate() {
            for declared in known.declared.iter().flatten() {
                if let Declared::Scalar(ty) = declared {
                    let bounds = ty.min.iter().chain(&ty.max).chain(&ty.default);
                    for literal in ty.allowed.iter().flatten().chain(bounds) {
                        constant(literal, side);
                    }
                }
            }
        }
        for atom in atoms {
            let side = usize::from(atom.subject == second.field);
            if atom.quantifier.is_some() {
                return None;
            }
            match &atom.operand {
                Operand::None => {}
                Operand::Literal(literal) => constant(literal, side),
                Operand::Literals(literals) => {
                    for literal in literals {
                        constant(literal, side);
                    }
                }
                Operand::Field(field) | Operand::Sum { field, .. } => {
                    let added = match &atom.operand {
                        Operand::Sum { addend: Addend::Field(_), .. } => return None,
                        Operand::Sum {
                            sign,
                            addend: Addend::Integer(value) | Addend::Duration(value),
                            ..
                        } => match sign {
                            Sign::Plus => i128::from(*value),
                            Sign::Minus => -i128::from(*value),
                        },
                        _ => 0,
                    };
                    if *field != atom.subject {
                        offsets.insert(if side == 0 { added } else { -added });
                    }
                }
            }
        }
        let of = |wanted: usize| -> BTreeSet<i128> {
            points.iter().filter(|(side, _)| *side == wanted).map(|(_, value)| *value).collect()
        };
        let (own, others) = (of(0), of(1));
        let limits = (i128::from(limits.0), i128::from(limits.1));
        let mut places = others;
        for offset in &offsets {
            places.extend(own.iter().map(|point| point - offset));
            places.extend([limits.0 - offset, limits.1 - offset]);
        }
        let value = |number: i128| {
            let number = number as i64;
            match kind {
                ScalarKind::Timestamp => Value::Instant(number),
                _ => Value::Integer(number),
            }
        };
        let mut found = Vec::new();
        let may_be_missing = |known: &Known| !is_complete || known.is_entry;
        let seconds = around(&places, limits, 3);
        for second_value in &seconds {
            let mut points = own.clone();
            points.extend(offsets.iter().map(|offset| second_value + offset));
            for first_value in around(&points, limits, 1) {
                found.push(vec![Some(value(first_value)), Some(value(*second_value))]);
            }
            if may_be_missing(first) {
                found.push(vec![None, Some(value(*second_value))]);
            }
            if found.len() > 4 * MAX_JOINT {
                return None;
            }
        }
        if may_be_missing(second) {
            let alone = around(&own, limits, 1);
            found.extend(alone.into_iter().map(|first| vec![Some(value(first)), None]));
            if may_be_missing(first) {
                found.push(vec![None, None]);
            }
        }
        Some(found)
    }

    /// Literal: the atom comes to one of these.
    pub(crate) fn says(&mut self, source: usize, atom: &Atom, wanted: &[Truth]) -> Lit {
        let Some(id) = self.by_atom.get(&key(source, atom)).copied() else { return Lit::FALSE };
        let Some((variable, truths)) = self.truths.get(id.0) else { return Lit::FALSE };
        let variable = *variable;
        let Some(known) = self.variables.get(variable) else { return Lit::FALSE };
        // That it is false, or unknown, is the opposite of one of the two others.
        let is_negated = wanted.contains(&Truth::False);
        let with_unknown = wanted.contains(&Truth::Unknown) != is_negated;
        let mut set = Set::none(known.sampled.classes.len());
        for (class, truth) in truths.iter().enumerate() {
            if *truth == Truth::True || (with_unknown && *truth == Truth::Unknown) {
                set.insert(class);
            }
        }
        let holds = self.is_in(variable, &set, Said::Holds(id, with_unknown));
        if is_negated { !holds } else { holds }
    }

    /// Literal: it is said of the variable's value, which is so of these classes. Of values beyond
    /// them anything may be.
    fn is_in(&mut self, variable: usize, set: &Set, said: Said) -> Lit {
        let Some(known) = self.variables.get_mut(variable) else { return Lit::FALSE };
        let literal = self.solver.is_in(known.var, set);
        let Some((beyond, _)) = known.beyond else { return literal };
        if let Some(combined) = known.said.get(&said) {
            return *combined;
        }
        let free = self.solver.boolean();
        let inside = self.solver.all(&[!beyond, literal]);
        let outside = self.solver.all(&[beyond, free]);
        let combined = self.solver.any(&[inside, outside]);
        known.said.insert(said, combined);
        combined
    }

    /// Literals that keep the search to inputs that the classes stand for.
    pub(crate) fn inside(&self) -> Vec<Lit> {
        self.variables.iter().filter_map(|known| Some(!known.beyond?.0)).collect()
    }

    /// Why inputs that a model stands for may not be what it says: conditions, and the reason.
    pub(crate) fn in_the_way(&self, model: &Model) -> Vec<(Atom, &'static str)> {
        let mut found = Vec::new();
        for known in &self.variables {
            let Some((beyond, why)) = known.beyond else { continue };
            if model.is_true(beyond) {
                let atoms = known.atoms.iter().filter_map(|id| self.atoms.get(id.0));
                found.extend(atoms.map(|(_, atom)| (atom.clone(), why)));
            }
        }
        found
    }

    /// Literal: checking lets the input pass, as a policy's schema and settings have it.
    pub(crate) fn is_valid(&mut self, source: usize, is_complete: bool) -> Lit {
        let mut parts = Vec::new();
        for variable in 0..self.variables.len() {
            let Some(set) =
                self.variables.get(variable).and_then(|known| known.valid.get(source)).cloned()
            else {
                continue;
            };
            parts.push(self.is_in(variable, &set, Said::Passes(source)));
        }
        let Some(policy) = self.sources.get(source).map(|source| source.policy) else {
            return Lit::FALSE;
        };
        if policy.settings.inputs == InputMode::Checked || is_complete {
            let own = self.case.action().and_then(|name| policy.schema.action(name));
            let groups = [
                (Domain::Action, policy.schema.common.as_slice()),
                (Domain::Action, own.map_or(&[][..], |action| &action.fields)),
                (Domain::Actor, &policy.schema.actor),
                (Domain::Snapshot, &policy.schema.snapshot),
            ];
            for (domain, fields) in groups {
                for field in fields {
                    let place = FieldRef { domain, path: vec![field.name.clone()], key: None };
                    self.presence(field, &place, None, is_complete, &mut parts);
                }
            }
        }
        self.solver.all(&parts)
    }

    /// What has to be there with an object, and only with it.
    fn presence(
        &mut self,
        field: &Field,
        place: &FieldRef,
        above: Option<Lit>,
        is_complete: bool,
        parts: &mut Vec<Lit>,
    ) {
        let is_there = match &field.ty {
            FieldType::Object(_) | FieldType::Map(_) => self
                .objects
                .iter()
                .find(|object| object.field == *place)
                .map(|object| object.is_there),
            FieldType::Scalar(_) | FieldType::List(_) if above.is_none() => None,
            FieldType::Scalar(_) | FieldType::List(_) => {
                self.is_missing(place).map(|missing| !missing)
            }
        };
        let Some(is_there) = is_there else { return };
        if field.required || is_complete {
            let needed = match above {
                Some(above) => self.solver.any(&[!above, is_there]),
                None => is_there,
            };
            parts.push(needed);
        }
        if let Some(above) = above {
            let alone = self.solver.any(&[above, !is_there]);
            parts.push(alone);
        }
        if let FieldType::Object(inner) = &field.ty {
            for member in inner {
                let mut place = place.clone();
                place.path.push(member.name.clone());
                self.presence(member, &place, Some(is_there), is_complete, parts);
            }
        }
        if let FieldType::Map(_) = &field.ty {
            let entries: Vec<FieldRef> = self
                .known
                .iter()
                .filter(|known| {
                    known.is_entry
                        && known.field.domain == place.domain
                        && known.field.path == place.path
                })
                .map(|known| known.field.clone())
                .collect();
            for entry in entries {
                if let Some(missing) = self.is_missing(&entry) {
                    let alone = self.solver.any(&[is_there, missing]);
                    parts.push(alone);
                }
            }
        }
    }

    fn is_missing(&mut self, field: &FieldRef) -> Option<Lit> {
        let number = *self.by_field.get(field)?;
        let (variable, place, set) =
            self.variables.iter().enumerate().find_map(|(variable, known)| {
                let place = known.fields.iter().position(|field| *field == number)?;
                Some((variable, place, known.missing.get(place)?.clone()))
            })?;
        Some(self.is_in(variable, &set, Said::IsMissing(place)))
    }

    /// The input that a model stands for.
    pub(crate) fn input(&self, model: &Model) -> Input {
        let mut input = Input::default();
        for known in &self.variables {
            let class = model.class(known.var).and_then(|class| known.sampled.classes.get(class));
            let Some(class) = class else { continue };
            for (field, value) in known.fields.iter().zip(&class.values) {
                if let (Some(field), Some(value)) = (self.known.get(*field), value) {
                    input.values.insert(field.field.clone(), value.clone());
                }
            }
        }
        for object in &self.objects {
            if model.is_true(object.is_there) {
                input.objects.insert(object.field.clone());
            }
        }
        input
    }
}

fn known_is_alone(fields: &[usize]) -> bool {
    fields.len() == 1
}

/// The points within limits, and of each gap between them so many numbers from either end.
fn around(points: &BTreeSet<i128>, limits: (i128, i128), per_end: i128) -> BTreeSet<i128> {
    let mut found = BTreeSet::new();
    let mut low = limits.0 - 1;
    let inside = points.iter().copied().filter(|point| *point >= limits.0 && *point <= limits.1);
    for high in inside.chain([limits.1 + 1]) {
        for step in 1..=per_end {
            if low + step < high {
                found.insert(low + step);
            }
            if high - step > low {
                found.insert(high - step);
            }
        }
        if high <= limits.1 {
            found.insert(high);
        }
        low = high;
    }
    found
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

fn key(source: usize, atom: &Atom) -> String {
    let Atom { quantifier, subject, operator, operand, place: _ } = atom;
    format!("{source} {quantifier:?} {subject:?} {operator:?} {operand:?}")
}

/// The fields that an atom reads, each once.
pub(crate) fn fields_of(atom: &Atom) -> Vec<&FieldRef> {
    let mut fields = vec![&atom.subject];
    match &atom.operand {
        Operand::None | Operand::Literal(_) | Operand::Literals(_) => {}
        Operand::Field(field) => fields.push(field),
        Operand::Sum { field, addend, .. } => {
            fields.push(field);
            if let Addend::Field(other) = addend {
                fields.push(other);
            }
        }
    }
    let mut seen = BTreeSet::new();
    fields.retain(|field| seen.insert(*field));
    fields
}

#[cfg(test)]
mod tests;
