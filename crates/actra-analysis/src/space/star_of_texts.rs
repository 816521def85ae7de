//! One text that is held against others, or lists of them: `path within_path workspace`, `path
//! within_path scratch`, `url in_domain allowed`.
//!
//! Classes of the others do not depend on which text of a class of that one they stand beside: of
//! each of their kinds there is a value that the text is held to be in, as the root directory or its
//! own host, and one that it is not in; or its values are constants, and the text is held against
//! these, too.

use super::sample::{Combinations, MAX_JOINT};
use super::star::{Beside, Star, joined, place_of, shown};
use super::{AtomId, Known, Space, TooLarge, fields_of};
use crate::classes::{Declared, Held, Sample, Sampler, Tests};
use crate::input::Value;
use crate::probe::Source;
use actra_bytecode::format::host::{Host, parse as parse_host};
use actra_bytecode::format::path::{is_well_formed, is_within};
use actra_compiler::model::{
    FieldRef, InputMode, LanguageVersion, Operand, Operator, OperatorShape, ScalarKind, ScalarType,
};
use std::collections::{BTreeMap, BTreeSet};

/// How the hub is held against another field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Text(Held),
    /// A list of domains.
    Domains,
    /// A list of directories.
    Directories,
}

/// A field that the hub is held against.
struct Leaf {
    place: usize,
    how: How,
    tests: Tests,
}

/// The longest name of a host, and more.
const MAX_DOMAIN: u64 = 300;

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
            let mut texts = Vec::new();
            if let How::Text(held) = leaf.how {
                let Some((values, more)) = self.values_of(&leaf, held, field, atoms)? else {
                    return Ok(None);
                };
                cost += more;
                texts = values;
            }
            let mut pairs = Vec::new();
            for hub in &hubs {
                let values = match leaf.how {
                    How::Text(_) => texts.clone(),
                    How::Domains | How::Directories => lists(leaf.how, hub.as_ref()),
                };
                pairs.extend(values.into_iter().map(|value| vec![Some(value), hub.clone()]));
                if self.may_be_missing(field, is_complete) {
                    pairs.push(vec![None, hub.clone()]);
                }
                if pairs.len() > 4 * MAX_JOINT {
                    return Ok(None);
                }
            }
            let pairs = Combinations::Listed(pairs);
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
        if !known.iter().all(|known| self.is_same(known)) || !known.iter().all(is_free) {
            return None;
        }
        let is_plain = |source: &Source<'_>| {
            source.policy.version == LanguageVersion::V2
                && source.policy.settings.inputs == InputMode::Checked
        };
        if !self.sources.iter().all(is_plain) {
            return None;
        }
        let types: Vec<Side<'_>> = known.iter().map(|known| side(known)).collect::<Option<_>>()?;
        // Lists of which something else is asked than whether they are there.
        let mut tested = BTreeSet::new();
        let mut tests = vec![Tests::default(); known.len()];
        let mut held: BTreeMap<usize, BTreeSet<How>> = BTreeMap::new();
        let mut hubs = BTreeSet::new();
        for atom in atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)) {
            let place = |field: &FieldRef| known.iter().position(|known| known.field == *field);
            let subject = place(&atom.subject)?;
            if fields_of(atom).len() < 2 {
                tests.get_mut(subject)?.atom(atom, &atom.subject);
                if atom.operator.shape() != OperatorShape::Presence {
                    tested.insert(subject);
                }
                continue;
            }
            let (Operand::Field(field), None) = (&atom.operand, atom.quantifier) else {
                return None;
            };
            let other = place(field)?;
            let how = match (atom.operator.shape(), types.get(other)?) {
                (OperatorShape::Affix, Side::Text(_)) => {
                    let is_begin = atom.operator == Operator::StartsWith;
                    How::Text(if is_begin { Held::Begins } else { Held::Ends })
                }
                (OperatorShape::Path, Side::Text(_)) => How::Text(Held::Within),
                (OperatorShape::Path, Side::List) => How::Directories,
                (OperatorShape::HostDomain, Side::List) => How::Domains,
                _ => return None,
            };
            hubs.insert(subject);
            held.entry(other).or_default().insert(how);
        }
        let hub = *hubs.first().filter(|_| hubs.len() == 1)?;
        let Some(Side::Text(hub_type)) = types.get(hub) else { return None };
        // What a hub that is missing reads as is held against the others, too.
        if hub_type.default.is_some() || held.contains_key(&hub) {
            return None;
        }
        let mut leaves = Vec::new();
        for (place, all) in held {
            let how = *all.first().filter(|_| all.len() == 1)?;
            let mut own = tests.get(place)?.clone();
            let of_hub = tests.get_mut(hub)?;
            match (how, types.get(place)?) {
                (How::Text(held), Side::Text(ty)) => {
                    own.constraints(ty);
                    own.reads_paths |= held == Held::Within;
                    let constants = own.equal.iter().cloned();
                    match held {
                        Held::Begins => of_hub.begins.extend(constants),
                        Held::Ends => of_hub.ends.extend(constants),
                        Held::Holds => return None,
                        Held::Within => {
                            of_hub.reads_paths = true;
                            of_hub
                                .directories
                                .extend(constants.filter(|text| is_well_formed(text)));
                        }
                    }
                }
                (How::Domains, Side::List) if !tested.contains(&place) => {
                    of_hub.reads_hosts = true;
                    // Addresses are in no domain.
                    of_hub.networks.extend(["0.0.0.0/0", "::/0"].map(str::to_owned));
                }
                (How::Directories, Side::List) if !tested.contains(&place) => {
                    of_hub.reads_paths = true;
                }
                _ => return None,
            }
            leaves.push(Leaf { place, how, tests: own });
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
        held: Held,
        field: usize,
        atoms: &[AtomId],
    ) -> Result<Option<(Vec<Value>, u64)>, TooLarge> {
        let Some(known) = self.known.get(field) else { return Ok(None) };
        let Some(sample) = self.sample_of(known, &leaf.tests, 3).filter(|own| own.gap.is_none())
        else {
            return Ok(None);
        };
        let letters = || ('a'..='z').chain('0'..='9');
        let mut texts: Vec<String> = match held {
            Held::Within => ["/", "//", "/."].map(str::to_owned).to_vec(),
            Held::Begins | Held::Ends | Held::Holds => vec![String::new()],
        };
        texts.extend(letters().map(|letter| match held {
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
                    let is_path = held != Held::Within || is_well_formed(text);
                    kinds.entry((sign, is_path)).or_default().push(text.clone());
                }
            })?;
        let constants: BTreeSet<&String> = leaf.tests.equal.iter().collect();
        let is_fine = |((_, is_path), texts): (&(_, bool), &Vec<String>)| {
            !is_path
                || texts.iter().all(|text| constants.contains(text))
                || (texts.iter().any(|text| holds_all(held, text))
                    && texts
                        .iter()
                        .any(|one| texts.iter().any(|other| are_apart(held, one, other))))
        };
        Ok(kinds.iter().all(is_fine).then_some((values, cost)))
    }
}

/// What such a field is declared to be.
enum Side<'k> {
    Text(&'k ScalarType),
    /// A list that may have any text as an item.
    List,
}

fn side(known: &Known) -> Option<Side<'_>> {
    match known.declared.first()? {
        Some(Declared::Scalar(ty)) if ty.kind == ScalarKind::String => Some(Side::Text(ty)),
        Some(Declared::List(ty)) => {
            let is_free = ty.items.kind == ScalarKind::String
                && ty.items.allowed.is_none()
                && ty.items.max_length.is_none_or(|most| most >= MAX_DOMAIN)
                && ty.max_length.is_none_or(|most| most > 0);
            is_free.then_some(Side::List)
        }
        _ => None,
    }
}

/// Lists that a text is in, is not in, and that are malformed.
fn lists(how: How, text: Option<&Value>) -> Vec<Value> {
    let list = |items: &[&str]| {
        Value::List(items.iter().map(|item| Value::Text((*item).to_owned())).collect())
    };
    // No domain, and no absolute path.
    let mut found = vec![list(&[]), list(&["no such thing"])];
    match (how, text) {
        (How::Domains, Some(Value::Text(text))) => {
            if let Ok(Host::Name(name)) = parse_host(text) {
                found.push(list(&[name]));
            }
        }
        (How::Directories, _) => found.push(list(&["/"])),
        _ => {}
    }
    found
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
