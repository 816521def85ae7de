//! The inputs that ask for one action, as finitely many: each field, or fields that are compared
//! with each other, has classes of values that no test tells apart.

mod bag;
mod change;
mod declare;
mod differences;
mod formula;
mod linear;
mod loose;
mod sample;
mod sets;
mod star;
mod star_of_texts;
mod texts;

pub(crate) use change::Unit;
pub(crate) use sample::Cache;

use crate::classes::{Declared, Searched};
use crate::probe::{Case, Source, Truth};
use crate::solve::{Lit, Set, Solver, Var};
use actra_compiler::model::{Addend, Atom, Condition, FieldRef, Operand};
use bag::Bag;
use change::Changed;
use loose::Loose;
use sample::{Class, Sampled, Signature};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

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

/// Fields that vary together.
#[derive(Clone, Debug)]
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
    /// By field of several: what is said of each alone, of values beyond their classes together.
    loose: Vec<Loose>,
    /// How two sides that are compared stand to each other, of values beyond the classes.
    relations: HashMap<String, Var>,
    /// What is said of values beyond the classes.
    said: HashMap<Said, Lit>,
    /// Whether all policies say the same of its values: the same declarations, read alike.
    is_alike: bool,
    /// Atoms that read it.
    atoms: Vec<AtomId>,
    /// Where its field is held against another one, which is a variable of its own.
    link: Option<Link>,
    /// Where it is a list whose kinds of items are literals.
    bag: Option<Bag>,
}

/// That a field is held against a hub.
#[derive(Clone, Debug)]
struct Link {
    /// The hub's variable.
    hub: usize,
    /// By class, the class of the hub that it stands beside.
    at: Rc<Vec<usize>>,
}

/// The inputs for one action, and a solver over them.
#[derive(Clone, Debug)]
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
    /// For atoms that an earlier policy has, too: the atom there.
    alike: HashMap<AtomId, AtomId>,
    /// By atom: its variable, and what it says of each class.
    truths: Vec<(usize, Vec<Truth>)>,
    /// Texts that were searched for.
    searched: Rc<Searched>,
    /// Where two inputs are looked at that differ in some fields: the other one.
    changed: Option<Changed>,
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
            alike: HashMap::new(),
            truths: Vec::new(),
            searched: Rc::clone(&cache.searched),
            changed: None,
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
                let own = key(source, atom);
                if !self.by_atom.contains_key(&own) {
                    let id = AtomId(self.atoms.len());
                    let earlier = (0..source).find_map(|other| self.by_atom.get(&key(other, atom)));
                    self.alike.extend(earlier.map(|earlier| (id, *earlier)));
                    self.by_atom.insert(own, id);
                    self.atoms.push((source, (**atom).clone()));
                }
            }
        }
    }

    /// Fields as a variable of the solver.
    fn variable(
        &mut self,
        fields: Vec<usize>,
        atoms: Vec<AtomId>,
        sampled: Rc<Sampled>,
    ) -> Variable {
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
        let beyond = gap.map(|why| (self.solver.boolean(), why));
        let declared = fields.iter().filter_map(|field| self.known.get(*field));
        let is_alike = self.read_alike() && declared.into_iter().all(|known| self.is_same(known));
        Variable {
            fields,
            sampled,
            var,
            valid,
            missing,
            beyond,
            loose: Vec::new(),
            relations: HashMap::new(),
            said: HashMap::new(),
            is_alike,
            atoms,
            link: None,
            bag: None,
        }
    }

    /// Whether all policies declare a field alike, required or not.
    fn is_same(&self, known: &Known) -> bool {
        let of = |source: usize| {
            let top = self.top(source, &known.field).map(|field| (field.required, &field.ty));
            (known.declared.get(source), top)
        };
        (1..self.sources.len()).all(|source| of(source) == of(0))
    }

    /// Whether all policies have the same language and settings, as far as these tell what is said of
    /// values.
    fn read_alike(&self) -> bool {
        let settings = |source: &Source<'_>| {
            let settings = source.policy.settings;
            (source.policy.version, settings.missing, settings.inputs)
        };
        let mut all = self.sources.iter().map(settings);
        let first = all.next();
        all.all(|other| Some(other) == first)
    }

    /// What each atom says of the classes of the variable that it reads.
    fn note_truths(&mut self, variable: usize, atoms: &[AtomId], signs: &[Signature]) {
        for (place, atom) in self.by_source(atoms).into_iter().flatten().enumerate() {
            let truths = signs.iter().filter_map(|sign| sign.0.get(place).copied()).collect();
            if let Some(known) = self.truths.get_mut(atom.0) {
                *known = (variable, truths);
            }
        }
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
pub(crate) mod tests;
