//! Numbers that are compared with one of them, with something added or not: classes are exact there.

use super::{AtomId, Known, Space, fields_of};
use crate::classes::Declared;
use crate::input::Value;
use actra_compiler::model::{
    Addend, Atom, FieldRef, InputMode, LanguageVersion, Literal, Operand, ScalarKind, ScalarType,
    Sign,
};
use std::collections::{BTreeMap, BTreeSet};

/// Integers, or instants, of which one, the hub, is held against each of the others: difference
/// constraints whose graph is a star. What stands against a value of the hub does not depend on the
/// other fields.
#[derive(Debug)]
pub(super) struct Differences {
    kind: ScalarKind,
    limits: (i128, i128),
    /// By place among the fields: constants that the field is held against.
    own: BTreeMap<usize, BTreeSet<i128>>,
    /// By place: the field is held against the hub and so much more.
    offsets: BTreeMap<usize, BTreeSet<i128>>,
    /// The place of the hub.
    pub(super) hub: usize,
}

impl Space<'_> {
    /// How fields are compared with each other, if each is an integer, or each an instant, and all
    /// are held against one of them; of two either will do, so it is chosen.
    pub(super) fn differences(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        of_two: usize,
    ) -> Option<Differences> {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let first = self.kind_of_all(&known)?;
        let limits = match first {
            ScalarKind::Integer => (i64::MIN, i64::MAX),
            ScalarKind::Timestamp => actra_bytecode::format::timestamp::INSTANTS,
            _ => return None,
        };
        if known.len() < 2 {
            return None;
        }
        let atoms: Vec<&Atom> =
            atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)).collect();
        let place = |field: &FieldRef| known.iter().position(|known| known.field == *field);
        let hub = hub(&known, &atoms, of_two)?;
        let mut found = Differences {
            kind: first,
            limits: (i128::from(limits.0), i128::from(limits.1)),
            own: BTreeMap::new(),
            offsets: BTreeMap::new(),
            hub,
        };
        for (place, known) in known.iter().enumerate() {
            for declared in known.declared.iter().flatten() {
                if let Declared::Scalar(ty) = declared {
                    let bounds = ty.min.iter().chain(&ty.max).chain(&ty.default);
                    for literal in ty.allowed.iter().flatten().chain(bounds) {
                        found.constant(place, literal);
                    }
                }
            }
        }
        for atom in atoms {
            let subject = place(&atom.subject)?;
            if atom.quantifier.is_some() {
                return None;
            }
            match &atom.operand {
                Operand::None => {}
                Operand::Literal(literal) => found.constant(subject, literal),
                Operand::Literals(literals) => {
                    for literal in literals {
                        found.constant(subject, literal);
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
                    let operand = place(field)?;
                    if operand == hub && subject != hub {
                        found.offsets.entry(subject).or_default().insert(added);
                    } else if subject == hub && operand != hub {
                        found.offsets.entry(operand).or_default().insert(-added);
                    }
                }
            }
        }
        Some(found)
    }

    /// The kind of values that all of these fields have, as they are compared: in version 2, checked.
    pub(super) fn kind_of_all(&self, known: &[&Known]) -> Option<ScalarKind> {
        let mut kinds = known.iter().flat_map(|known| {
            known.declared.iter().zip(&self.sources).map(|(declared, source)| {
                let is_plain = source.policy.version == LanguageVersion::V2
                    && source.policy.settings.inputs == InputMode::Checked;
                match declared {
                    Some(Declared::Scalar(ScalarType { kind, .. })) if is_plain => Some(*kind),
                    _ => None,
                }
            })
        });
        let first = kinds.next()??;
        kinds.all(|kind| kind == Some(first)).then_some(first)
    }

    pub(super) fn may_be_missing(&self, field: usize, is_complete: bool) -> bool {
        self.known.get(field).is_some_and(|known| !is_complete || known.is_entry)
    }
}

/// The place of the field that all others are held against, and nothing else.
fn hub(known: &[&Known], atoms: &[&Atom], of_two: usize) -> Option<usize> {
    let place = |field: &FieldRef| known.iter().position(|known| known.field == *field);
    let mut hubs: Vec<usize> =
        if known.len() == 2 { vec![of_two] } else { (0..known.len()).collect() };
    for atom in atoms {
        let read: Vec<usize> = fields_of(atom).into_iter().filter_map(place).collect();
        if read.len() > 1 {
            hubs.retain(|hub| read.contains(hub));
        }
    }
    hubs.first().copied()
}

impl Differences {
    fn constant(&mut self, place: usize, literal: &Literal) {
        let own = self.own.entry(place).or_default();
        match literal {
            Literal::Integer(value) | Literal::Timestamp(value) => {
                own.insert(i128::from(*value));
            }
            // Between two integers: both of them are points.
            Literal::Float(value) => {
                let floor = value.floor().clamp(-1e30, 1e30) as i128;
                own.extend([floor, floor + 1]);
            }
            _ => {}
        }
    }

    fn value(&self, number: i128) -> Value {
        let number = number as i64;
        match self.kind {
            ScalarKind::Timestamp => Value::Instant(number),
            _ => Value::Integer(number),
        }
    }

    fn own(&self, place: usize) -> impl Iterator<Item = i128> {
        self.own.get(&place).into_iter().flatten().copied()
    }

    fn offsets(&self, place: usize) -> impl Iterator<Item = i128> {
        self.offsets.get(&place).into_iter().flatten().copied()
    }

    /// Places of fields other than the hub.
    pub(super) fn leaves(&self, fields: usize) -> impl Iterator<Item = usize> {
        (0..fields).filter(|place| *place != self.hub)
    }

    /// Values of the hub for all ways in which the others can stand against it.
    pub(super) fn of_hub(&self, fields: usize) -> Vec<i128> {
        let mut places: BTreeSet<i128> = self.own(self.hub).collect();
        // For plain examples.
        places.insert(0);
        for leaf in self.leaves(fields) {
            for offset in self.offsets(leaf) {
                places.extend(self.own(leaf).map(|point| point - offset));
                places.extend([self.limits.0 - offset, self.limits.1 - offset]);
            }
        }
        plainest(around(&places, self.limits, 3))
    }

    /// Values of another field for all ways in which it can stand against those values of the hub.
    pub(super) fn of_leaf(&self, place: usize, hubs: impl IntoIterator<Item = i128>) -> Vec<i128> {
        let mut points: BTreeSet<i128> = self.own(place).collect();
        for hub in hubs {
            points.extend(self.offsets(place).map(|offset| hub + offset));
        }
        plainest(around(&points, self.limits, 1))
    }

    /// Numbers as values; `None`, too, where that may be.
    pub(super) fn values(&self, numbers: Vec<i128>, may_be_missing: bool) -> Vec<Option<Value>> {
        let values = numbers.into_iter().map(|number| Some(self.value(number)));
        values.chain(may_be_missing.then_some(None)).collect()
    }

    /// For each value of the hub the values of another field, both as they stand among the fields of
    /// two.
    pub(super) fn pairs(&self, may_be_missing: &[bool]) -> Vec<Vec<Option<Value>>> {
        let leaf = 1 - self.hub.min(1);
        let is_optional = |place: usize| may_be_missing.get(place).copied().unwrap_or(true);
        let hubs = self.of_hub(2).into_iter().map(Some);
        let mut found = Vec::new();
        for hub in hubs.chain(is_optional(self.hub).then_some(None)) {
            for value in self.values(self.of_leaf(leaf, hub), is_optional(leaf)) {
                let mut pair = vec![value, hub.map(|hub| self.value(hub))];
                if self.hub == 0 {
                    pair.reverse();
                }
                found.push(pair);
            }
        }
        found
    }
}

/// Those nearest to zero first: of values that no test tells apart the first one is shown.
fn plainest(numbers: BTreeSet<i128>) -> Vec<i128> {
    let mut numbers: Vec<i128> = numbers.into_iter().collect();
    numbers.sort_by_key(|number| (number.unsigned_abs(), *number < 0));
    numbers
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
