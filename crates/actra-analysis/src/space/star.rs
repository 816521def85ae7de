//! Several fields that are held against one: a variable for that one, the hub, and for each other
//! field a variable whose classes tell the hub's class, too.

use super::change::ByClass;
use super::sample::{Class, Combinations, MAX_JOINT, Sampled, Signature};
use super::{AtomId, Link, Space, TooLarge, fields_of};
use crate::input::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// Classes of such fields.
#[derive(Debug)]
pub(super) struct Star {
    /// The hub's place among the fields.
    hub: usize,
    of_hub: Rc<Sampled>,
    /// By other field: its place, classes, and by class the class of the hub that it stands beside.
    leaves: Vec<(usize, Rc<Sampled>, Rc<Vec<usize>>)>,
    /// Tests that were made of values to find them.
    pub(super) cost: u64,
}

/// By number of the hub's value: what tests say of another field's values beside it, and a value for
/// each.
pub(super) type Beside = BTreeMap<usize, BTreeMap<Signature, Option<Value>>>;

impl Space<'_> {
    /// Classes of fields that make a star; `None`: they do not, or only with too many values.
    pub(super) fn star(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
    ) -> Result<Option<Star>, TooLarge> {
        // Classes of two numbers are found together.
        let differences = if fields.len() < 3 { None } else { self.differences(fields, atoms, 0) };
        let Some(differences) = differences else {
            return self.star_of_texts(fields, atoms, is_complete);
        };
        let is_optional = |place: usize| {
            fields.get(place).is_some_and(|field| self.may_be_missing(*field, is_complete))
        };
        let hub = differences.hub;
        let Some(hub_field) = fields.get(hub).copied() else { return Ok(None) };
        let numbers = differences.of_hub(fields.len());
        if numbers.len() > MAX_JOINT / 20 {
            return Ok(None);
        }
        let hubs = differences.values(numbers.clone(), is_optional(hub));
        let numbers: Vec<Option<i128>> =
            numbers.into_iter().map(Some).chain(is_optional(hub).then_some(None)).collect();

        let mut cost = 0;
        let mut of_hub: BTreeMap<usize, Signature> = BTreeMap::new();
        let values = Combinations::Listed(hubs.iter().map(|value| vec![value.clone()]).collect());
        let own = self.atoms_of(atoms, hub_field, None);
        let at = place_of(&hubs);
        cost += self.told_apart(&[hub_field], &own, &values, |values, sign| {
            of_hub.extend(at.get(&shown(values.first().copied().flatten())).map(|at| (*at, sign)));
        })?;
        let mut leaves: Vec<(usize, Beside)> = Vec::new();
        for place in differences.leaves(fields.len()) {
            let Some(field) = fields.get(place).copied() else { continue };
            let mut pairs = Vec::new();
            for (hub, number) in hubs.iter().zip(&numbers) {
                let of_leaf = differences.of_leaf(place, *number);
                let values = differences.values(of_leaf, is_optional(place));
                pairs.extend(values.into_iter().map(|value| vec![value, hub.clone()]));
            }
            if pairs.len() > 4 * MAX_JOINT {
                return Ok(None);
            }
            let own = self.atoms_of(atoms, field, Some(hub_field));
            let mut beside = Beside::new();
            let both = Combinations::Listed(pairs);
            cost += self.told_apart(&[field, hub_field], &own, &both, |values, sign| {
                let [value, hub] = values else { return };
                if let Some(at) = at.get(&shown(*hub)) {
                    let signs = beside.entry(*at).or_default();
                    signs.entry(sign).or_insert_with(|| value.cloned());
                }
            })?;
            leaves.push((place, beside));
        }
        Ok(Some(joined(hub, &hubs, &of_hub, &leaves, cost)))
    }

    /// Atoms that read the field, and no other but that one.
    pub(super) fn atoms_of(
        &self,
        atoms: &[AtomId],
        field: usize,
        and: Option<usize>,
    ) -> Vec<AtomId> {
        let is_own = |id: &&AtomId| {
            let Some((_, atom)) = self.atoms.get(id.0) else { return false };
            let read: Vec<usize> = fields_of(atom)
                .into_iter()
                .filter_map(|at| self.by_field.get(at).copied())
                .collect();
            let is_known = |read: &usize| *read == field || Some(*read) == and;
            read.contains(&field) && read.iter().all(is_known)
        };
        atoms.iter().filter(is_own).copied().collect()
    }

    /// Adds the variables of a star.
    pub(super) fn add_star(&mut self, fields: &[usize], atoms: &[AtomId], star: &Star) {
        let Some(hub_field) = fields.get(star.hub).copied() else { return };
        let hub = self.variables.len();
        let own = self.atoms_of(atoms, hub_field, None);
        self.note_truths(hub, &own, &star.of_hub.signs);
        let variable = self.variable(vec![hub_field], own, Rc::clone(&star.of_hub));
        self.variables.push(variable);
        for (place, sampled, at) in &star.leaves {
            let Some(field) = fields.get(*place).copied() else { continue };
            let own = self.atoms_of(atoms, field, Some(hub_field));
            self.note_truths(self.variables.len(), &own, &sampled.signs);
            let mut variable = self.variable(vec![field], own, Rc::clone(sampled));
            variable.link = Some(Link { hub, at: Rc::clone(at) });
            if let Some(known) = self.variables.get(hub) {
                link(&mut self.solver, known.var, &variable);
            }
            self.variables.push(variable);
        }
    }

    /// For each value of a field of a star, its classes beside all classes of the hub.
    pub(super) fn beside_hub(
        &self,
        variable: usize,
        is_complete: bool,
    ) -> Result<Vec<ByClass>, TooLarge> {
        let Some(known) = self.variables.get(variable) else { return Ok(Vec::new()) };
        let Some(link) = &known.link else { return Ok(Vec::new()) };
        let Some(hub) = self.variables.get(link.hub) else { return Ok(Vec::new()) };
        let fields: Vec<usize> = known.fields.iter().chain(&hub.fields).copied().collect();
        let [field, _] = fields.as_slice() else { return Ok(Vec::new()) };
        let hubs: Vec<Option<Value>> = hub
            .sampled
            .classes
            .iter()
            .map(|class| class.values.first().cloned().flatten())
            .collect();
        let may_be_missing = self.may_be_missing(*field, is_complete);
        let values = if let Some(differences) = self.differences(&fields, &known.atoms, 1) {
            let numbers = hubs.iter().filter_map(|value| match value {
                Some(Value::Integer(number) | Value::Instant(number)) => Some(i128::from(*number)),
                _ => None,
            });
            differences.values(differences.of_leaf(0, numbers), may_be_missing)
        } else {
            let of_class = known.sampled.classes.iter();
            let mut seen = BTreeSet::new();
            let values = of_class.filter_map(|class| class.values.first().cloned());
            values.filter(|value| seen.insert(shown(value.as_ref()))).collect()
        };
        let pairs = values
            .iter()
            .flat_map(|value| hubs.iter().map(|hub| vec![value.clone(), hub.clone()]))
            .collect();
        let at = place_of(&hubs);
        let by_sign: HashMap<(usize, &Signature), usize> = known
            .sampled
            .signs
            .iter()
            .zip(&*link.at)
            .enumerate()
            .map(|(class, (sign, hub))| ((*hub, sign), class))
            .collect();
        let mut found: BTreeMap<String, ByClass> = BTreeMap::new();
        self.told_apart(&fields, &known.atoms, &Combinations::Listed(pairs), |values, sign| {
            let [value, hub] = values else { return };
            let Some(at) = at.get(&shown(*hub)) else { return };
            if let Some(class) = by_sign.get(&(*at, &sign)) {
                let classes = found.entry(shown(*value)).or_default();
                classes.insert(*class, vec![value.cloned()]);
            }
        })?;
        Ok(found.into_values().collect())
    }
}

/// A value as what tells it from others.
pub(super) fn shown(value: Option<&Value>) -> String {
    format!("{value:?}")
}

pub(super) fn place_of(values: &[Option<Value>]) -> HashMap<String, usize> {
    values.iter().enumerate().map(|(at, value)| (shown(value.as_ref()), at)).collect()
}

/// Of values of the hub beside which all is the same, one is kept.
pub(super) fn joined(
    hub: usize,
    hubs: &[Option<Value>],
    of_hub: &BTreeMap<usize, Signature>,
    leaves: &[(usize, Beside)],
    cost: u64,
) -> Star {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<usize> = Vec::new();
    for (at, sign) in of_hub {
        let beside: Vec<Vec<&Signature>> = leaves
            .iter()
            .map(|(_, beside)| beside.get(at).into_iter().flat_map(BTreeMap::keys).collect())
            .collect();
        // Where another field has no value, no input has this one.
        if !beside.iter().any(Vec::is_empty) && seen.insert((sign, beside)) {
            kept.push(*at);
        }
    }
    let sampled = |classes: Vec<Class>, signs: Vec<Signature>| {
        Rc::new(Sampled { classes, signs, gap: None, cost: 0 })
    };
    let classes =
        kept.iter().map(|at| Class { values: vec![hubs.get(*at).cloned().flatten()] }).collect();
    let signs = kept.iter().filter_map(|at| of_hub.get(at).cloned()).collect();
    let of_leaf = |(place, beside): &(usize, Beside)| {
        let (mut classes, mut signs, mut by_hub) = (Vec::new(), Vec::new(), Vec::new());
        for (number, at) in kept.iter().enumerate() {
            for (sign, value) in beside.get(at).into_iter().flatten() {
                classes.push(Class { values: vec![value.clone()] });
                signs.push(sign.clone());
                by_hub.push(number);
            }
        }
        (*place, sampled(classes, signs), Rc::new(by_hub))
    };
    Star {
        hub,
        of_hub: sampled(classes, signs),
        leaves: leaves.iter().map(of_leaf).collect(),
        cost,
    }
}

/// Says that a field's class and the hub's go together.
pub(super) fn link(
    solver: &mut crate::solve::Solver,
    hub: crate::solve::Var,
    leaf: &super::Variable,
) {
    use crate::solve::Set;
    let Some(link) = &leaf.link else { return };
    let hubs = link.at.iter().copied().max().map_or(0, |most| most + 1);
    for number in 0..hubs {
        let mut own = Set::none(hubs);
        own.insert(number);
        let mut classes = Set::none(link.at.len());
        let of_it = link.at.iter().enumerate().filter(|(_, at)| **at == number);
        of_it.for_each(|(class, _)| classes.insert(class));
        let (own, classes) = (solver.is_in(hub, &own), solver.is_in(leaf.var, &classes));
        solver.add(&[!own, classes]);
        // The other way round follows, since every class stands beside one class of the hub.
    }
}
