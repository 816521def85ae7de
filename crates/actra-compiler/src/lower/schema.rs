//! Slots and input tables.

use super::tables::Tables;
use crate::model::{
    Addend, Atom, CheckedPolicy, Condition, Domain, Field, FieldRef, FieldType, ListType, Literal,
    Operand, ScalarKind, ScalarType,
};
use actra_bytecode::VerifyError;
use actra_bytecode::ids::SlotId;
use actra_bytecode::limits::MAX_SLOTS;
use actra_bytecode::parts::{
    ActionPart, ConstraintPart, FieldPart, NO_SLOT, NONE, Parts, SlotPart,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The program's slots by the places that they stand for.
pub(super) struct Slots {
    /// Places, ascending by name as shown.
    ordered: Vec<(String, FieldRef)>,
    by_place: HashMap<FieldRef, SlotId>,
    /// Keys that rules read, by the place of their map.
    keys: HashMap<FieldRef, BTreeSet<String>>,
    /// Slots whose strings are looked up.
    pub(super) symbolic: HashSet<SlotId>,
}

impl Slots {
    /// The place's slot. Every place that a checked policy names has one.
    pub(super) fn of(&self, place: &FieldRef) -> SlotId {
        self.by_place.get(place).copied().unwrap_or(SlotId(NO_SLOT))
    }
}

/// Finds every place: declared fields with the objects and maps they are in, the built-in types,
/// and the keys that rules read.
pub(super) fn lower_slots(
    policy: &CheckedPolicy,
    tables: &mut Tables<'_>,
) -> Result<Slots, VerifyError> {
    let mut places = HashSet::new();
    places.insert(FieldRef::action_type());
    places.insert(FieldRef::actor_type());
    let schema = &policy.schema;
    let actions = schema.actions.iter().map(|action| (Domain::Action, &action.fields));
    let others = [
        (Domain::Action, &schema.common),
        (Domain::Actor, &schema.actor),
        (Domain::Snapshot, &schema.snapshot),
    ];
    for (domain, fields) in actions.chain(others) {
        add_places(domain, &mut Vec::new(), fields, &mut places);
    }
    let mut keys: HashMap<FieldRef, BTreeSet<String>> = HashMap::new();
    let mut add_key = |place: &FieldRef| {
        if let Some(key) = &place.key {
            let map = FieldRef { key: None, ..place.clone() };
            places.insert(place.clone());
            keys.entry(map).or_default().insert(key.clone());
        }
    };
    for condition in policy.rules.iter().filter_map(|rule| rule.condition.as_ref()) {
        for_each_atom(condition, &mut |atom| {
            add_key(&atom.subject);
            match &atom.operand {
                Operand::Field(field) => add_key(field),
                Operand::Sum { field, addend, .. } => {
                    add_key(field);
                    if let Addend::Field(field) = addend {
                        add_key(field);
                    }
                }
                _ => {}
            }
        });
    }
    // Ascending by name; a parent's name starts its members' names, so it comes before them. Two
    // places of one name (version 1 has names with dots in them) are told apart by their paths.
    let mut ordered: Vec<(String, FieldRef)> =
        places.into_iter().map(|place| (place.to_string(), place)).collect();
    ordered.sort_unstable_by(|(a, x), (b, y)| {
        a.cmp(b).then_with(|| y.path.len().cmp(&x.path.len())).then_with(|| x.cmp(y))
    });
    let found = ordered.len();
    if found > MAX_SLOTS {
        return Err(VerifyError::TooMany { what: "slots", found, limit: MAX_SLOTS });
    }
    let by_place = ordered
        .iter()
        .enumerate()
        .map(|(index, (_, place))| (place.clone(), SlotId(index as u16)))
        .collect();
    for (name, place) in &ordered {
        tables.string(name);
        if let Some(segment) = segment(place) {
            tables.string(segment);
        }
    }
    Ok(Slots { ordered, by_place, keys, symbolic: HashSet::new() })
}

/// Visits the atoms of a condition. Conditions nest at most 32 deep.
pub(super) fn for_each_atom<'c>(condition: &'c Condition, visit: &mut impl FnMut(&'c Atom)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                for_each_atom(part, visit);
            }
        }
        Condition::Not(part) => for_each_atom(part, visit),
        Condition::Atom(atom) => visit(atom),
    }
}

fn add_places(
    domain: Domain,
    path: &mut Vec<String>,
    fields: &[Field],
    places: &mut HashSet<FieldRef>,
) {
    for field in fields {
        path.push(field.name.clone());
        places.insert(FieldRef { domain, path: path.clone(), key: None });
        if let FieldType::Object(members) = &field.ty {
            add_places(domain, path, members, places);
        }
        path.pop();
    }
}

fn segment(place: &FieldRef) -> Option<&str> {
    place.key.as_deref().or(place.path.last().map(String::as_str))
}

fn parent(place: &FieldRef) -> Option<FieldRef> {
    if place.key.is_some() {
        return Some(FieldRef { key: None, ..place.clone() });
    }
    match place.path.split_last() {
        Some((_, outer)) if !outer.is_empty() => {
            Some(FieldRef { domain: place.domain, path: outer.to_vec(), key: None })
        }
        _ => None,
    }
}

pub(super) fn write_slots(slots: &Slots, tables: &Tables<'_>, parts: &mut Parts) {
    for (index, (name, place)) in slots.ordered.iter().enumerate() {
        parts.slots.push(SlotPart {
            name: tables.known_string(name),
            domain: match place.domain {
                Domain::Action => 1,
                Domain::Actor => 2,
                Domain::Snapshot => 3,
            },
            kind: if place.key.is_some() { 2 } else { 1 },
            symbolic: u8::from(slots.symbolic.contains(&SlotId(index as u16))),
            parent: parent(place).map_or(NO_SLOT, |parent| slots.of(&parent).0),
            segment: segment(place).map_or(NONE, |segment| tables.known_string(segment)),
        });
    }
}

/// Writes the input tables: `common`, each action's, the actor's, the snapshot's.
pub(super) fn lower_fields(
    policy: &CheckedPolicy,
    slots: &Slots,
    tables: &mut Tables<'_>,
    parts: &mut Parts,
) {
    let schema = &policy.schema;
    let mut writer = Writer { slots, tables, parts };
    writer.table(Domain::Action, &schema.common);
    writer.parts.common_end = writer.parts.fields.len() as u32;
    for action in &schema.actions {
        writer.table(Domain::Action, &action.fields);
        let name = writer.tables.string(&action.name);
        let fields_end = writer.parts.fields.len() as u32;
        writer.parts.actions.push(ActionPart { name, fields_end });
    }
    let start = writer.parts.fields.len();
    writer.table(Domain::Actor, &schema.actor);
    if !schema.actor.iter().any(|field| field.name == "type") {
        writer.built_in_type(start);
    }
    writer.parts.actor_end = writer.parts.fields.len() as u32;
    writer.table(Domain::Snapshot, &schema.snapshot);
}

/// Slots of fields whose allowed strings are compared by symbol.
pub(super) fn mark_enums(policy: &CheckedPolicy, slots: &mut Slots) {
    slots.symbolic.insert(slots.of(&FieldRef::action_type()));
    let schema = &policy.schema;
    let actions = schema.actions.iter().map(|action| (Domain::Action, &action.fields));
    let others = [
        (Domain::Action, &schema.common),
        (Domain::Actor, &schema.actor),
        (Domain::Snapshot, &schema.snapshot),
    ];
    for (domain, fields) in actions.chain(others) {
        mark_fields(domain, &mut Vec::new(), fields, slots);
    }
}

fn mark_fields(domain: Domain, path: &mut Vec<String>, fields: &[Field], slots: &mut Slots) {
    for field in fields {
        path.push(field.name.clone());
        let (FieldType::Scalar(scalar) | FieldType::List(ListType { items: scalar, .. })) =
            &field.ty
        else {
            if let FieldType::Object(members) = &field.ty {
                mark_fields(domain, path, members, slots);
            }
            path.pop();
            continue;
        };
        if scalar.kind == ScalarKind::String && scalar.allowed.is_some() {
            let slot = slots.of(&FieldRef { domain, path: path.clone(), key: None });
            slots.symbolic.insert(slot);
        }
        path.pop();
    }
}

struct Writer<'a, 'p> {
    slots: &'a Slots,
    tables: &'a mut Tables<'p>,
    parts: &'a mut Parts,
}

impl Writer<'_, '_> {
    fn table(&mut self, domain: Domain, fields: &[Field]) {
        let start = self.parts.fields.len();
        self.fields(domain, &mut Vec::new(), fields);
        if let Some(table) = self.parts.fields.get_mut(start..) {
            table.sort_unstable_by_key(|field| field.slot);
        }
    }

    fn built_in_type(&mut self, start: usize) {
        let slot = self.slots.of(&FieldRef::actor_type()).0;
        let field = FieldPart { slot, ty: 1, required: 0, constraint: NONE, default: NONE };
        let table = self.parts.fields.get(start..).unwrap_or(&[]);
        let at = table.partition_point(|field| field.slot < slot);
        self.parts.fields.insert(start + at, field);
    }

    fn fields(&mut self, domain: Domain, path: &mut Vec<String>, fields: &[Field]) {
        for field in fields {
            path.push(field.name.clone());
            let place = FieldRef { domain, path: path.clone(), key: None };
            let slot = self.slots.of(&place).0;
            let (ty, constraint, default) = match &field.ty {
                FieldType::Scalar(scalar) => {
                    let constraint = self.constraint(scalar, u64::MAX, false);
                    (scalar_type(scalar.kind), constraint, self.default(scalar))
                }
                FieldType::List(list) => {
                    let items = list.max_length.unwrap_or(u64::MAX);
                    let ty = match list.items.kind {
                        ScalarKind::Number => 7,
                        ScalarKind::Integer => 8,
                        // The checker admits strings and numerics only.
                        _ => 6,
                    };
                    (ty, self.constraint(&list.items, items, list.unique), NONE)
                }
                FieldType::Object(_) => (9, NONE, NONE),
                FieldType::Map(values) => (scalar_type(*values) + 9, NONE, NONE),
            };
            let required = u8::from(field.required);
            self.parts.fields.push(FieldPart { slot, ty, required, constraint, default });
            match &field.ty {
                FieldType::Object(members) => self.fields(domain, path, members),
                FieldType::Map(values) => self.entries(&place, *values),
                _ => {}
            }
            path.pop();
        }
    }

    fn entries(&mut self, map: &FieldRef, values: ScalarKind) {
        for key in self.slots.keys.get(map).into_iter().flatten() {
            let place = FieldRef { key: Some(key.clone()), ..map.clone() };
            self.parts.fields.push(FieldPart {
                slot: self.slots.of(&place).0,
                ty: scalar_type(values),
                required: 0,
                constraint: NONE,
                default: NONE,
            });
        }
    }

    fn default(&mut self, scalar: &ScalarType) -> u32 {
        match &scalar.default {
            None => NONE,
            Some(Literal::String(text)) => self.tables.string(text),
            Some(Literal::Boolean(value)) => u32::from(*value),
            Some(number) => self.tables.numeric_literal(number),
        }
    }

    fn constraint(&mut self, scalar: &ScalarType, max_items: u64, unique: bool) -> u32 {
        let is_free = scalar.allowed.is_none()
            && scalar.min.is_none()
            && scalar.max.is_none()
            && scalar.max_length.is_none();
        if is_free && max_items == u64::MAX && !unique {
            return NONE;
        }
        let allowed = scalar.allowed.as_ref().map_or(NONE, |allowed| {
            if scalar.kind == ScalarKind::String {
                self.tables.string_set(allowed.iter().filter_map(text))
            } else {
                self.tables.number_set(allowed)
            }
        });
        let mut bound = |literal: &Option<Literal>| {
            literal.as_ref().map_or(NONE, |literal| self.tables.numeric_literal(literal))
        };
        let part = ConstraintPart {
            allowed,
            min: bound(&scalar.min),
            max: bound(&scalar.max),
            max_length: scalar.max_length.unwrap_or(u64::MAX),
            max_items,
            unique: u8::from(unique),
        };
        self.parts.constraints.push(part);
        self.parts.constraints.len() as u32 - 1
    }
}

pub(super) fn text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::String(text) => Some(text),
        _ => None,
    }
}

const fn scalar_type(kind: ScalarKind) -> u8 {
    match kind {
        ScalarKind::String => 1,
        ScalarKind::Number => 2,
        ScalarKind::Integer => 3,
        ScalarKind::Boolean => 4,
        ScalarKind::Timestamp => 5,
    }
}
