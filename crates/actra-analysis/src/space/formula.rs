//! What is said of inputs, as literals; and models as inputs.

use super::bag::{self, Bag};
use super::change::NOT_NEAR;
use super::{Said, Space, Variable, fields_of, key};
use crate::ask::Undecided;
use crate::input::Input;
use crate::probe::Truth;
use crate::solve::{Lit, Model, Set};
use actra_compiler::model::{Atom, Domain, Field, FieldRef, FieldType, InputMode, OperatorShape};

impl Space<'_> {
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
        let mut holds = self.is_in(variable, &set, Said::Holds(id, with_unknown));
        if let Some((bag, many)) = self.bag_of(variable) {
            let mut rest = set;
            rest.remove(0);
            let rest = self.is_in(variable, &rest, Said::Holds(id, with_unknown));
            let many = self.is_in(variable, &many, Said::Holds(id, with_unknown));
            let of_items = self.of_bag(&bag, id, with_unknown);
            let of_items = self.solver.all(&[many, of_items]);
            holds = self.solver.any(&[rest, of_items]);
        }
        if is_negated { !holds } else { holds }
    }

    /// The kinds of items of a list, and the class of lists with items.
    fn bag_of(&self, variable: usize) -> Option<(Bag, Set)> {
        let known = self.meant(variable)?;
        Some((known.bag.clone()?, bag::many(known)))
    }

    /// The variable in the input that is meant.
    fn meant(&self, variable: usize) -> Option<&Variable> {
        let changed = self.changed.as_ref().filter(|changed| changed.is_meant);
        let copy = changed.and_then(|changed| changed.copies.get(&variable));
        copy.or_else(|| self.variables.get(variable))
    }

    /// Literal: it is said of the variable's value, which is so of these classes. Of values beyond
    /// them anything may be.
    fn is_in(&mut self, variable: usize, set: &Set, said: Said) -> Lit {
        let Some(known) = self.meant(variable) else { return Lit::FALSE };
        let (var, beyond, is_alike) = (known.var, known.beyond, known.is_alike);
        let literal = self.solver.is_in(var, set);
        let Some((beyond, _)) = beyond else { return literal };
        // The same condition says the same in both policies, whatever it is.
        let said = match said {
            Said::Holds(atom, with_unknown) if is_alike => {
                Said::Holds(self.alike.get(&atom).copied().unwrap_or(atom), with_unknown)
            }
            Said::Passes(_) if is_alike => Said::Passes(0),
            said => said,
        };
        let Some(known) = self.meant_mut(variable) else { return Lit::FALSE };
        if let Some(combined) = known.said.get(&said) {
            return *combined;
        }
        // Not so of a second input, of which it is not known which of its fields vary.
        let loose = std::mem::take(&mut known.loose);
        let mut relations = std::mem::take(&mut known.relations);
        let loosely =
            self.is_loosely(&loose, said).or_else(|| self.is_related(&loose, &mut relations, said));
        let free = loosely.unwrap_or_else(|| self.solver.boolean());
        let inside = self.solver.all(&[!beyond, literal]);
        let outside = self.solver.all(&[beyond, free]);
        let combined = self.solver.any(&[inside, outside]);
        if let Some(known) = self.meant_mut(variable) {
            known.loose = loose;
            known.relations = relations;
            known.said.insert(said, combined);
        }
        combined
    }

    fn meant_mut(&mut self, variable: usize) -> Option<&mut Variable> {
        let changed = self.changed.as_mut().filter(|changed| changed.is_meant);
        let copy = changed.and_then(|changed| changed.copies.get_mut(&variable));
        copy.or(self.variables.get_mut(variable))
    }

    /// Literals that keep the search to inputs that the classes stand for.
    pub(crate) fn inside(&self) -> Vec<Lit> {
        let near = self.changed.as_ref().map(|changed| changed.near);
        let known = self.every_variable();
        known.filter_map(|known| Some(!known.beyond?.0)).chain(near).collect()
    }

    /// Why inputs that a model stands for may not be what it says: conditions, and the reason. Of
    /// two policies those of the second one, unless only the first one's are in the way.
    pub(crate) fn in_the_way(&self, model: &Model) -> Vec<(Atom, &'static str)> {
        let mut found = Vec::new();
        for known in self.every_variable() {
            let Some((beyond, why)) = known.beyond else { continue };
            if model.is_true(beyond) {
                let atoms = known.atoms.iter().filter_map(|id| self.atoms.get(id.0));
                // What is said of one of several fields is exact.
                let atoms =
                    atoms.filter(|(_, atom)| known.loose.is_empty() || fields_of(atom).len() > 1);
                found.extend(atoms.map(|(source, atom)| (*source, atom, why)));
                let alone = known.loose.iter().filter_map(|loose| {
                    let (beyond, why) = loose.known.beyond?;
                    model.is_true(beyond).then_some((&loose.known.atoms, why))
                });
                for (atoms, why) in alone {
                    let atoms = atoms.iter().filter_map(|id| self.atoms.get(id.0));
                    found.extend(atoms.map(|(source, atom)| (*source, atom, why)));
                }
            }
        }
        if found.is_empty() {
            let copies = self.changed.iter().flat_map(|changed| changed.copies.values());
            let atoms = copies.flat_map(|copy| &copy.atoms).filter_map(|id| self.atoms.get(id.0));
            let of_several = atoms.filter(|(_, atom)| fields_of(atom).len() > 1);
            found.extend(of_several.map(|(source, atom)| (*source, atom, NOT_NEAR)));
        }
        // Whether something is there is always looked into.
        found.retain(|(_, atom, _)| atom.operator.shape() != OperatorShape::Presence);
        let last = found.iter().map(|(source, ..)| *source).max();
        found.retain(|(source, ..)| Some(*source) == last);
        found.into_iter().map(|(_, atom, why)| (atom.clone(), why)).collect()
    }

    /// The same; or the field, where no condition reads it.
    pub(crate) fn undecided(&self, model: &Model) -> Undecided {
        let conditions = self.in_the_way(model);
        let beyond = self.every_variable().find_map(|known| {
            let (beyond, why) = known.beyond?;
            let field = known.fields.first().and_then(|field| self.known.get(*field))?;
            model.is_true(beyond).then(|| (field.field.to_string(), why))
        });
        match beyond.filter(|_| conditions.is_empty()) {
            Some((field, why)) => Undecided::Declared(field, why),
            None => Undecided::Conditions(conditions),
        }
    }

    /// Those of both inputs, where there are two.
    fn every_variable(&self) -> impl Iterator<Item = &Variable> {
        let copies = self.changed.iter().flat_map(|changed| changed.copies.values());
        self.variables.iter().chain(copies)
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
                .position(|object| object.field == *place)
                .and_then(|number| self.is_there(number)),
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
            // What is in an object is not there without it, in no input.
            self.solver.add(&[above, !is_there]);
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
                    self.solver.add(&[is_there, missing]);
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

    /// Whether an object is there.
    fn is_there(&self, object: usize) -> Option<Lit> {
        let changed = self.changed.as_ref().filter(|changed| changed.is_meant);
        let copy = changed.and_then(|changed| changed.objects.get(&object).copied());
        copy.or_else(|| self.objects.get(object).map(|object| object.is_there))
    }

    /// The input that a model stands for.
    pub(crate) fn input(&self, model: &Model) -> Input {
        let mut input = Input::default();
        for (number, known) in self.variables.iter().enumerate() {
            let Some(mut class) = model.class(known.var) else { continue };
            let mut beside = None;
            if let Some(changed) = &self.changed
                && let Some(copy) = changed.copies.get(&number)
                && let Some(other) = model.class(copy.var)
            {
                beside = changed.values(number, class, other);
                if changed.is_meant {
                    class = other;
                }
            }
            if let Some(known) = self.meant(number)
                && let Some(bag) = &known.bag
                && class == 0
            {
                let list = bag.list(|literal| model.is_true(literal));
                let field = known.fields.first().and_then(|field| self.known.get(*field));
                input.values.extend(field.map(|field| (field.field.clone(), list)));
                continue;
            }
            let classes = &known.sampled.classes;
            let values = beside.or_else(|| Some(classes.get(class)?.values.as_slice()));
            for (field, value) in known.fields.iter().zip(values.unwrap_or_default()) {
                if let (Some(field), Some(value)) = (self.known.get(*field), value) {
                    input.values.insert(field.field.clone(), value.clone());
                }
            }
        }
        for (number, object) in self.objects.iter().enumerate() {
            if self.is_there(number).is_some_and(|is_there| model.is_true(is_there)) {
                input.objects.insert(object.field.clone());
            }
        }
        input
    }
}
