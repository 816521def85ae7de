//! Lists whose items are of many kinds: which kinds are among the items is a literal for each, where
//! all sets of them would be too many classes.

use super::sample::Combinations;
use super::{AtomId, Known, Space, TooLarge};
use crate::classes::Declared;
use crate::input::Value;
use crate::probe::{Probe, Source, Truth};
use crate::solve::Lit;
use actra_compiler::model::{
    Atom, InputMode, Literal, Operand, Operator, OperatorShape, Quantifier,
};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Kinds of items that are told apart at most.
const MAX_KINDS: usize = 300;

/// What an atom says of a list with some items.
#[derive(Clone, Debug)]
enum OfList {
    /// The least of what it says of each kind that is there.
    Every(Vec<Truth>),
    /// The greatest of what it says of each kind that is there.
    Some(Vec<Truth>),
    /// True where one kind of each of these is there, false otherwise.
    All(Vec<Vec<usize>>),
    /// Always the same.
    Same(Truth),
}

impl OfList {
    fn of(&self, kinds: &[usize]) -> Option<Truth> {
        let of_each = |truths: &Vec<Truth>| -> Option<Vec<Truth>> {
            kinds.iter().map(|kind| truths.get(*kind).copied()).collect()
        };
        match self {
            Self::Every(truths) => of_each(truths)?.into_iter().min(),
            Self::Some(truths) => of_each(truths)?.into_iter().max(),
            Self::All(needed) => {
                let is_there = |any: &Vec<usize>| any.iter().any(|kind| kinds.contains(kind));
                Some(if needed.iter().all(is_there) { Truth::True } else { Truth::False })
            }
            Self::Same(truth) => Some(*truth),
        }
    }
}

/// The kinds of items that a list may have, and what tests say of lists by them.
#[derive(Debug)]
pub(super) struct Kinds {
    items: Vec<Value>,
    of_atoms: BTreeMap<AtomId, OfList>,
    /// Tests that were made of values to find them.
    pub(super) cost: u64,
}

/// A list of the input.
#[derive(Clone, Debug)]
pub(super) struct Bag {
    kinds: Rc<Kinds>,
    /// By kind, whether it is among the items.
    present: Vec<Lit>,
    /// The class that stands for all lists with items.
    pub(super) many: usize,
}

impl Bag {
    /// The list that a model stands for.
    pub(super) fn list(&self, is_true: impl Fn(Lit) -> bool) -> Value {
        let items = self.kinds.items.iter().zip(&self.present);
        Value::List(items.filter(|(_, is)| is_true(**is)).map(|(item, _)| item.clone()).collect())
    }
}

impl Space<'_> {
    /// The kinds of items of a list that no test of its length, and no other field, is held against.
    pub(super) fn kinds(
        &self,
        field: usize,
        atoms: &[AtomId],
        is_complete: bool,
    ) -> Result<Option<Kinds>, TooLarge> {
        let Some(known) = self.known.get(field) else { return Ok(None) };
        let Some(most) = self.longest(known) else { return Ok(None) };
        let (combinations, _) = self.combinations(&[field], atoms, is_complete, &[]);
        let Combinations::Product(samples) = combinations else { return Ok(None) };
        let lists: Vec<&[Value]> = samples
            .iter()
            .flatten()
            .filter_map(|value| match value {
                Some(Value::List(items)) => Some(items.as_slice()),
                _ => None,
            })
            .collect();
        let items: Vec<Value> = lists
            .iter()
            .filter_map(|list| match list {
                [item] => Some(item.clone()),
                _ => None,
            })
            .collect();
        if items.is_empty() || items.len() > MAX_KINDS || most < items.len() as u64 {
            return Ok(None);
        }
        let mut asked = Asked { space: self, field: known, cost: 0 };
        let mut of_atoms = BTreeMap::new();
        for (number, source) in self.sources.iter().enumerate() {
            let own: Vec<(AtomId, &Atom)> = atoms
                .iter()
                .filter_map(|id| Some((*id, self.atoms.get(id.0)?)))
                .filter(|(_, (of, _))| *of == number)
                .map(|(id, (_, atom))| (id, atom))
                .collect();
            let alone: Vec<&Atom> = own.iter().map(|(_, atom)| *atom).collect();
            let singles: Vec<&[Value]> = items.iter().map(std::slice::from_ref).collect();
            let Some(of_each) = asked.truths(*source, &alone, &singles)? else { return Ok(None) };
            let mut own_of = Vec::new();
            for (place, (id, atom)) in own.iter().enumerate() {
                let truths: Option<Vec<Truth>> =
                    of_each.iter().map(|truths| truths.get(place).copied()).collect();
                let Some(truths) = truths else { return Ok(None) };
                let Some(of_list) = asked.of_list(*source, atom, truths, &singles)? else {
                    return Ok(None);
                };
                own_of.push(of_list.clone());
                of_atoms.insert(*id, of_list);
            }
            // What follows from the kinds is what the evaluator says of sets of some of them.
            let sets: Vec<&[Value]> =
                lists.iter().copied().filter(|list| !list.is_empty()).collect();
            let Some(of_sets) = asked.truths(*source, &alone, &sets)? else { return Ok(None) };
            for (list, truths) in sets.iter().zip(of_sets) {
                let kinds: Vec<usize> = list
                    .iter()
                    .filter_map(|item| items.iter().position(|other| other == item))
                    .collect();
                let is_so =
                    own_of.iter().zip(truths).all(|(of, truth)| of.of(&kinds) == Some(truth));
                if !is_so {
                    return Ok(None);
                }
            }
        }
        let cost = asked.cost;
        Ok(Some(Kinds { items, of_atoms, cost }))
    }

    /// Items that a list may have, if it is one by each of the schemas, and they agree.
    fn longest(&self, known: &Known) -> Option<u64> {
        let mut types = known.declared.iter().zip(&self.sources).map(|(declared, source)| {
            match (declared, source.policy.settings.inputs) {
                (Some(Declared::List(ty)), InputMode::Checked) => Some(ty),
                _ => None,
            }
        });
        let first = types.next()??;
        let is_same = types.all(|ty| ty == Some(first));
        is_same.then(|| first.max_length.unwrap_or(u64::MAX))
    }

    /// Values for the shape of such a list: missing, empty, or with an item.
    pub(super) fn shapes(&self, field: usize, kinds: &Kinds, is_complete: bool) -> Combinations {
        let list = |items: Vec<Value>| vec![Some(Value::List(items))];
        let with_one = kinds.items.first().cloned().into_iter().collect();
        let missing = self.may_be_missing(field, is_complete).then(|| vec![None]);
        Combinations::Listed([list(with_one), list(Vec::new())].into_iter().chain(missing).collect())
    }

    /// Literals for the kinds of a list whose shapes the variable has; its first class stands for
    /// all lists with items.
    pub(super) fn bag(&mut self, kinds: &Rc<Kinds>, variable: &super::Variable) -> Bag {
        let present: Vec<Lit> = kinds.items.iter().map(|_| self.solver.boolean()).collect();
        let many = self.is_class(variable, 0);
        let mut some = present.clone();
        some.push(!many);
        self.solver.add(&some);
        Bag { kinds: Rc::clone(kinds), present, many: 0 }
    }

    /// Literal: the atom is true of the list, or unknown if that counts, where it has items.
    pub(super) fn of_bag(&mut self, bag: &Bag, atom: AtomId, with_unknown: bool) -> Lit {
        let counts = |truth: &Truth| {
            *truth == Truth::True || (with_unknown && *truth == Truth::Unknown)
        };
        let present = |kinds: &mut dyn Iterator<Item = usize>| -> Vec<Lit> {
            kinds.filter_map(|kind| bag.present.get(kind).copied()).collect()
        };
        match bag.kinds.of_atoms.get(&atom) {
            None => Lit::FALSE,
            Some(OfList::Same(truth)) => {
                if counts(truth) {
                    Lit::TRUE
                } else {
                    Lit::FALSE
                }
            }
            Some(OfList::Some(truths)) => {
                let kinds = truths.iter().enumerate().filter(|(_, truth)| counts(truth));
                let any = present(&mut kinds.map(|(kind, _)| kind));
                self.solver.any(&any)
            }
            Some(OfList::Every(truths)) => {
                let kinds = truths.iter().enumerate().filter(|(_, truth)| !counts(truth));
                let against = present(&mut kinds.map(|(kind, _)| kind));
                !self.solver.any(&against)
            }
            Some(OfList::All(needed)) => {
                let each: Vec<Lit> = needed
                    .iter()
                    .map(|any| {
                        let any = present(&mut any.iter().copied());
                        self.solver.any(&any)
                    })
                    .collect();
                self.solver.all(&each)
            }
        }
    }
}

/// The evaluator, asked about lists.
struct Asked<'s, 'p> {
    space: &'s Space<'p>,
    field: &'s Known,
    cost: u64,
}

impl Asked<'_, '_> {
    /// By list, what each atom says of it; `None` where checking refuses one.
    fn truths(
        &mut self,
        source: Source<'_>,
        atoms: &[&Atom],
        lists: &[&[Value]],
    ) -> Result<Option<Vec<Vec<Truth>>>, TooLarge> {
        let fields = [&self.field.field];
        let probe = Probe::new(source, &self.space.case, &fields, atoms)
            .map_err(|error| TooLarge(error.to_string()))?;
        let action = self.space.case.action().map(|name| Value::Text(name.to_owned()));
        let values: Vec<Value> = lists.iter().map(|list| Value::List(list.to_vec())).collect();
        let mut open = probe.open(action.as_ref(), &fields);
        let mut found = Vec::new();
        for value in &values {
            self.cost += atoms.len() as u64 + 1;
            let mut truths = Vec::new();
            if !open.truths(&[Some(value)], &mut truths) {
                return Ok(None);
            }
            found.push(truths);
        }
        Ok(Some(found))
    }

    /// How what an atom says of a list follows from what it says of each kind; `None`: it does not.
    fn of_list(
        &mut self,
        source: Source<'_>,
        atom: &Atom,
        truths: Vec<Truth>,
        singles: &[&[Value]],
    ) -> Result<Option<OfList>, TooLarge> {
        if super::fields_of(atom).len() > 1 {
            return Ok(None);
        }
        Ok(match (atom.quantifier, atom.operator, atom.operator.shape()) {
            (Some(Quantifier::Every), ..) | (None, Operator::NotContains, _) => {
                Some(OfList::Every(truths))
            }
            (Some(Quantifier::Some), ..)
            | (None, Operator::Contains | Operator::ContainsAny, _) => Some(OfList::Some(truths)),
            (None, Operator::ContainsAll, _) => {
                let Operand::Literals(literals) = &atom.operand else { return Ok(None) };
                let contains = |literal: &Literal| Atom {
                    operator: Operator::Contains,
                    operand: Operand::Literal(literal.clone()),
                    ..atom.clone()
                };
                let atoms: Vec<Atom> = literals.iter().map(contains).collect();
                let asked: Vec<&Atom> = atoms.iter().collect();
                let Some(of_each) = self.truths(source, &asked, singles)? else { return Ok(None) };
                let needed = (0..literals.len()).map(|place| {
                    let has = |truths: &Vec<Truth>| truths.get(place) == Some(&Truth::True);
                    let kinds = of_each.iter().enumerate().filter(|(_, truths)| has(truths));
                    kinds.map(|(kind, _)| kind).collect()
                });
                Some(OfList::All(needed.collect()))
            }
            (None, _, OperatorShape::Presence) => truths.first().copied().map(OfList::Same),
            _ => None,
        })
    }
}
