//! Two inputs that differ in some fields only.

use super::bag::Bag;
use super::{Space, TooLarge, Variable, star};
use crate::input::Value;
use crate::minimal::is_within;
use crate::probe::Case;
use crate::solve::{Lit, Set};
use actra_compiler::model::FieldRef;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// What is said of values for which the classes do not tell whether one of them can be had with what
/// the other fields have.
pub(super) const NOT_NEAR: &str =
    "whether such a field can change while those that it is compared with stay is not looked into";

/// A field, or an object or a map with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) field: FieldRef,
    /// Numbers of fields.
    fields: Vec<usize>,
    /// Numbers of objects.
    objects: Vec<usize>,
    /// Whether some rule reads it.
    pub(crate) is_read: bool,
}

/// An input beside the one that a space is about, which differs from it in a unit only.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    /// Variables with a field of the unit.
    pub(super) copies: BTreeMap<usize, Variable>,
    /// Objects of the unit: whether they are there.
    pub(super) objects: HashMap<usize, Lit>,
    /// Fields of these variables that are not of the unit have the same values in both inputs.
    pub(super) near: Lit,
    /// Of variables with such fields: by values of these, values of all by class.
    beside: BTreeMap<usize, Vec<ByClass>>,
    /// Literals are about this input, not about the first one.
    pub(super) is_meant: bool,
}

/// By class values that are of it.
pub(super) type ByClass = BTreeMap<usize, Vec<Option<Value>>>;

impl Changed {
    /// Values of a variable's fields in the input that is meant, if some of them have to be the same
    /// in the other.
    pub(super) fn values(
        &self,
        variable: usize,
        first: usize,
        second: usize,
    ) -> Option<&[Option<Value>]> {
        let mut both = self.beside.get(&variable)?.iter();
        let found = both.find(|known| known.contains_key(&first) && known.contains_key(&second))?;
        found.get(if self.is_meant { &second } else { &first }).map(Vec::as_slice)
    }
}

impl Space<'_> {
    /// Everything that can change: objects and maps, and then each field. Of a case without an
    /// action in the schema the action is a field, too.
    pub(crate) fn units(&self) -> Vec<Unit> {
        let mut read: BTreeSet<&usize> = BTreeSet::new();
        for (_, atom) in &self.atoms {
            read.extend(super::fields_of(atom).into_iter().filter_map(|at| self.by_field.get(at)));
        }
        let objects = self.objects.iter().map(|object| {
            let fields: Vec<usize> = (0..self.known.len())
                .filter(|at| {
                    self.known.get(*at).is_some_and(|known| is_within(&known.field, &object.field))
                })
                .collect();
            let objects: Vec<usize> = (0..self.objects.len())
                .filter(|at| {
                    self.objects
                        .get(*at)
                        .is_some_and(|other| is_within(&other.field, &object.field))
                })
                .collect();
            let is_read = fields.iter().any(|field| read.contains(field));
            Unit { field: object.field.clone(), fields, objects, is_read }
        });
        let is_given = |field: &FieldRef| {
            *field == FieldRef::action_type() && matches!(self.case, Case::Action(_))
        };
        // Types that nothing is said about are there in every schema.
        let is_bare = |field: &FieldRef, is_read: bool| {
            !is_read && [FieldRef::action_type(), FieldRef::actor_type()].contains(field)
        };
        let fields = self.known.iter().enumerate().filter_map(|(number, known)| {
            let is_read = read.contains(&number);
            let field = known.field.clone();
            let is_one = !is_given(&field) && !is_bare(&field, is_read);
            is_one.then(|| Unit { field, fields: vec![number], objects: Vec::new(), is_read })
        });
        let mut units: Vec<Unit> = objects.chain(fields).collect();
        units.sort_by(|one, other| one.field.cmp(&other.field));
        units
    }

    /// The space with an input beside the one that it is about, which differs from that in the unit
    /// only. What is asked of it from now on is asked of the second input.
    pub(crate) fn changing(&self, unit: &Unit) -> Result<Self, TooLarge> {
        let mut space = self.clone();
        space.change(unit, false)?;
        space.mean_changed(true);
        Ok(space)
    }

    fn change(&mut self, unit: &Unit, is_complete: bool) -> Result<(), TooLarge> {
        let mut copies = BTreeMap::new();
        let (mut near, mut is_exact) = (Vec::new(), true);
        let mut beside = BTreeMap::new();
        for number in 0..self.variables.len() {
            let Some(known) = self.variables.get(number) else { continue };
            let varied: Vec<usize> = (0..known.fields.len())
                .filter(|place| known.fields.get(*place).is_some_and(|at| unit.fields.contains(at)))
                .collect();
            // What is held against a hub of the unit is told anew, too.
            let hub = known.link.as_ref().and_then(|link| self.variables.get(link.hub));
            let hub_varies =
                hub.is_some_and(|hub| hub.fields.iter().any(|at| unit.fields.contains(at)));
            if varied.is_empty() && !hub_varies {
                continue;
            }
            let is_whole = varied.len() == known.fields.len();
            let (fields, atoms) = (known.fields.clone(), known.atoms.clone());
            let (sampled, var) = (Rc::clone(&known.sampled), known.var);
            let size = sampled.classes.len();
            let link = known.link.clone();
            let kinds = known.bag.as_ref().map(Bag::kinds);
            let mut copy = self.variable(fields, atoms, sampled);
            if let Some(link) = link {
                // Hubs have lower numbers.
                let hub = copies.get(&link.hub).or_else(|| self.variables.get(link.hub));
                let hub = hub.map(|hub: &Variable| hub.var);
                copy.link = Some(link);
                if let Some(hub) = hub {
                    star::link(&mut self.solver, hub, &copy);
                }
            }
            if let Some(kinds) = kinds {
                copy.bag = Some(self.bag(&kinds, &copy));
            }
            if !is_whole {
                let neighbours = if varied.is_empty() {
                    is_exact = false;
                    self.beside_hub(number, is_complete)?
                } else {
                    let (found, gap) = self.neighbours(number, &varied, is_complete)?;
                    is_exact &= gap.is_none();
                    found
                };
                for (from, to) in reachable(&neighbours, size) {
                    let (from, to) =
                        (self.solver.is_in(var, &from), self.solver.is_in(copy.var, &to));
                    near.push(self.solver.any(&[!from, to]));
                }
                beside.insert(number, neighbours);
            }
            copies.insert(number, copy);
        }
        let near = self.solver.all(&near);
        if is_exact {
            self.solver.add(&[near]);
        }
        let objects = unit.objects.iter().map(|object| (*object, self.solver.boolean())).collect();
        self.changed = Some(Changed { copies, objects, near, beside, is_meant: false });
        Ok(())
    }

    /// Says which input literals and models are about from now on: the changed one, or the first.
    pub(crate) fn mean_changed(&mut self, is_meant: bool) {
        if let Some(changed) = &mut self.changed {
            changed.is_meant = is_meant;
        }
    }

    /// For each way in which the fields of a variable stand that do not vary, values by class; and
    /// why there may be other ways. Ways that come to the
    /// same classes are one.
    fn neighbours(
        &self,
        variable: usize,
        varied: &[usize],
        is_complete: bool,
    ) -> Result<(Vec<ByClass>, Option<&'static str>), TooLarge> {
        let Some(known) = self.variables.get(variable) else { return Ok((Vec::new(), None)) };
        let by_sign: HashMap<_, usize> =
            known.sampled.signs.iter().enumerate().map(|(class, sign)| (sign, class)).collect();
        let (combinations, gap) =
            self.combinations(&known.fields, &known.atoms, is_complete, varied);
        let mut together: BTreeMap<String, ByClass> = BTreeMap::new();
        self.told_apart(&known.fields, &known.atoms, &combinations, |values, sign| {
            let Some(class) = by_sign.get(&sign) else { return };
            let others: Vec<Option<&Value>> = values
                .iter()
                .enumerate()
                .filter_map(|(place, value)| (!varied.contains(&place)).then_some(*value))
                .collect();
            together
                .entry(format!("{others:?}"))
                .or_default()
                .entry(*class)
                .or_insert_with(|| values.iter().map(|value| value.cloned()).collect());
        })?;
        let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
        let is_new = |known: &ByClass| seen.insert(known.keys().copied().collect());
        Ok((together.into_values().filter(is_new).collect(), gap))
    }
}

/// By sets of classes, the classes that stand together with each of theirs.
fn reachable(together: &[ByClass], size: usize) -> Vec<(Set, Set)> {
    let mut reached = vec![Set::none(size); size];
    for known in together {
        for class in known.keys() {
            if let Some(reached) = reached.get_mut(*class) {
                for other in known.keys() {
                    reached.insert(*other);
                }
            }
        }
    }
    let mut found: BTreeMap<Set, Set> = BTreeMap::new();
    for (class, to) in reached.into_iter().enumerate() {
        found.entry(to).or_insert_with(|| Set::none(size)).insert(class);
    }
    found.into_iter().map(|(to, from)| (from, to)).collect()
}
