//! One text that is held against several others: `path within_path workspace`, `path within_path
//! scratch`.
//!
//! Classes of the others do not depend on which text of a class of that one they stand beside: of
//! each of their kinds there is a value that every text is held to be in, as the root directory, and
//! one that it is not in; or its values are constants, and the text is held against these, too.

use super::sample::{Combinations, MAX_JOINT};
use super::star::{Beside, Star, joined, place_of, shown};
use super::{AtomId, Known, Space, TooLarge, fields_of};
use crate::classes::{Declared, Held, Sample, Sampler, Tests};
use crate::input::Value;
use actra_bytecode::format::path::{is_well_formed, is_within};
use actra_compiler::model::{
    FieldRef, InputMode, LanguageVersion, Operand, Operator, OperatorShape, ScalarKind, ScalarType,
};
use std::collections::{BTreeMap, BTreeSet};

/// A field that the hub is held against.
struct Leaf {
    place: usize,
    held: Held,
    tests: Tests,
}

impl Space<'_> {
    /// Classes of such fields; `None`: they are held against each other in other ways, too, or one of
    /// them is tested in ways that leave out such values.
    pub(super) fn star_of_texts(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
    ) -> Result<Option<Star>, TooLarge> {
        let Some((hub, hubs, leaves)) = self.parts(fields, atoms) else { return Ok(None) };
        let Some(hub_field) = fields.get(hub).copied() else { return Ok(None) };
        let hubs: Vec<Option<Value>> = hubs
            .into_iter()
            .map(Some)
            .chain(self.may_be_missing(hub_field, is_complete).then_some(None))
            .collect();
        let mut cost = 0;
        let mut of_hub = BTreeMap::new();
        let own = self.atoms_of(atoms, hub_field, None);
        let at = place_of(&hubs);
        let values = Combinations::Listed(hubs.iter().map(|value| vec![value.clone()]).collect());
        cost += self.told_apart(&[hub_field], &own, &values, |values, sign| {
            of_hub.extend(at.get(&shown(values.first().copied().flatten())).map(|at| (*at, sign)));
        })?;
        let mut found = Vec::new();
        for leaf in leaves {
            let Some(field) = fields.get(leaf.place).copied() else { continue };
            let Some((values, more)) = self.values_of(&leaf, field, atoms)? else {
                return Ok(None);
            };
            cost += more;
            let values: Vec<Option<Value>> = values
                .into_iter()
                .map(Some)
                .chain(self.may_be_missing(field, is_complete).then_some(None))
                .collect();
            if values.len() * hubs.len() > 4 * MAX_JOINT {
                return Ok(None);
            }
            let pairs = hubs
                .iter()
                .flat_map(|hub| values.iter().map(move |value| vec![value.clone(), hub.clone()]));
            let pairs = Combinations::Listed(pairs.collect());
            let own = self.atoms_of(atoms, field, Some(hub_field));
            let mut beside = Beside::new();
            cost += self.told_apart(&[field, hub_field], &own, &pairs, |values, sign| {
                let [value, hub] = values else { return };
                if let Some(at) = at.get(&shown(*hub)) {
                    let signs = beside.entry(*at).or_default();
                    signs.entry(sign).or_insert_with(|| value.cloned());
                }
            })?;
            found.push((leaf.place, beside));
        }
        Ok(Some(joined(hub, &hubs, &of_hub, &found, cost)))
    }

    /// The hub's place, values of all its classes, and the other fields.
    fn parts(&self, fields: &[usize], atoms: &[AtomId]) -> Option<(usize, Vec<Value>, Vec<Leaf>)> {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let is_free = |known: &&Known| known.field != FieldRef::action_type();
        if self.kind_of_all(&known)? != ScalarKind::String
            || !known.iter().all(|known| self.is_same(known))
            || !known.iter().all(is_free)
        {
            return None;
        }
        let types: Vec<&ScalarType> =
            known.iter().map(|known| text_of(known)).collect::<Option<_>>()?;
        let mut tests = vec![Tests::default(); known.len()];
        let mut held: BTreeMap<usize, BTreeSet<Held>> = BTreeMap::new();
        let mut hubs = BTreeSet::new();
        for atom in atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)) {
            let place = |field: &FieldRef| known.iter().position(|known| known.field == *field);
            let subject = place(&atom.subject)?;
            if fields_of(atom).len() < 2 {
                tests.get_mut(subject)?.atom(atom, &atom.subject);
                continue;
            }
            let (Operand::Field(field), None) = (&atom.operand, atom.quantifier) else {
                return None;
            };
            let how = match atom.operator.shape() {
                OperatorShape::Affix if atom.operator == Operator::StartsWith => Held::Begins,
                OperatorShape::Affix => Held::Ends,
                OperatorShape::Path => Held::Within,
                _ => return None,
            };
            hubs.insert(subject);
            held.entry(place(field)?).or_default().insert(how);
        }
        let hub = *hubs.first().filter(|_| hubs.len() == 1)?;
        // What a hub that is missing reads as is held against the others, too.
        if types.get(hub)?.default.is_some() || held.contains_key(&hub) {
            return None;
        }
        let mut leaves = Vec::new();
        for (place, all) in held {
            let how = *all.first().filter(|_| all.len() == 1)?;
            let own = tests.get_mut(place)?;
            own.constraints(types.get(place)?);
            own.reads_paths |= how == Held::Within;
            let own = own.clone();
            let of_hub = tests.get_mut(hub)?;
            let constants = own.equal.iter().cloned();
            match how {
                Held::Begins => of_hub.begins.extend(constants),
                Held::Ends => of_hub.ends.extend(constants),
                Held::Holds => return None,
                Held::Within => {
                    of_hub.reads_paths = true;
                    of_hub.directories.extend(constants.filter(|text| is_well_formed(text)));
                }
            }
            leaves.push(Leaf { place, held: how, tests: own });
        }
        // Every field is the hub, or held against it.
        if leaves.len() + 1 < known.len() {
            return None;
        }
        let sample = self.sample_of(known.get(hub)?, tests.get(hub)?, 1)?;
        sample.gap.is_none().then_some((hub, sample.values, leaves))
    }

    fn sample_of(&self, known: &Known, tests: &Tests, per_class: usize) -> Option<Sample> {
        let sampler = Sampler {
            version: LanguageVersion::V2,
            inputs: InputMode::Checked,
            patterns: self.sources.first()?.patterns,
            per_class,
            is_rough: false,
            told_apart: None,
            searched: &self.searched,
        };
        Some(sampler.sample(known.declared.first()?.as_ref()?, tests))
    }

    /// Values of a field beside any text of the hub, of all kinds, and what it cost to find them.
    fn values_of(
        &self,
        leaf: &Leaf,
        field: usize,
        atoms: &[AtomId],
    ) -> Result<Option<(Vec<Value>, u64)>, TooLarge> {
        let Some(known) = self.known.get(field) else { return Ok(None) };
        let Some(sample) = self.sample_of(known, &leaf.tests, 3).filter(|own| own.gap.is_none())
        else {
            return Ok(None);
        };
        let letters = || ('a'..='z').chain('0'..='9');
        let mut texts: Vec<String> = match leaf.held {
            Held::Within => ["/", "//", "/."].map(str::to_owned).to_vec(),
            Held::Begins | Held::Ends | Held::Holds => vec![String::new()],
        };
        texts.extend(letters().map(|letter| match leaf.held {
            Held::Within => format!("/{letter}"),
            Held::Begins | Held::Ends | Held::Holds => letter.to_string(),
        }));
        let mut values = sample.values;
        for text in texts {
            let value = Value::Text(text);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let own = self.atoms_of(atoms, field, None);
        let alone = values.iter().map(|value| vec![Some(value.clone())]).collect();
        let mut kinds: BTreeMap<_, Vec<String>> = BTreeMap::new();
        let cost =
            self.told_apart(&[field], &own, &Combinations::Listed(alone), |values, sign| {
                if let [Some(Value::Text(text))] = values {
                    let is_path = leaf.held != Held::Within || is_well_formed(text);
                    kinds.entry((sign, is_path)).or_default().push(text.clone());
                }
            })?;
        let constants: BTreeSet<&String> = leaf.tests.equal.iter().collect();
        let is_fine = |((_, is_path), texts): (&(_, bool), &Vec<String>)| {
            !is_path
                || texts.iter().all(|text| constants.contains(text))
                || (texts.iter().any(|text| holds_all(leaf.held, text))
                    && texts
                        .iter()
                        .any(|one| texts.iter().any(|other| are_apart(leaf.held, one, other))))
        };
        Ok(kinds.iter().all(is_fine).then_some((values, cost)))
    }
}

fn text_of(known: &Known) -> Option<&ScalarType> {
    match known.declared.first()? {
        Some(Declared::Scalar(ty)) => Some(ty),
        _ => None,
    }
}

/// Whether every text is held to be in it.
fn holds_all(held: Held, text: &str) -> bool {
    match held {
        Held::Within => is_within("/", text),
        Held::Begins | Held::Ends | Held::Holds => text.is_empty(),
    }
}

/// Whether no text is held to be in both.
fn are_apart(held: Held, one: &str, other: &str) -> bool {
    match held {
        Held::Begins => !one.starts_with(other) && !other.starts_with(one),
        Held::Ends => !one.ends_with(other) && !other.ends_with(one),
        Held::Holds => false,
        Held::Within => !is_within(one, other) && !is_within(other, one),
    }
}
