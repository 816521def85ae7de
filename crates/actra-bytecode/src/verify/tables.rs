//! Strings, numbers, lists, actions: everything but slots, fields and code.

use super::VerifyError;
use super::code::Code;
use super::fields::SeenLists;
use super::index::Indexes;
use super::slots;
use crate::dfa::Dfa;
use crate::format::network::Network;
use crate::ids::{ListId, NumberId, SlotId, StringId};
use crate::limits::{MAX_ACTIONS, MAX_RULES, MAX_SLOTS, MAX_STRINGS};
use crate::number::Number;
use crate::ordinary::SymbolSet;
use crate::parts::{ConstraintPart, NONE, NetworkPart, Parts};
use crate::program::{
    Action, Addend, Constant, Constraint, Effect, Field, FieldType, NetworkEntry, Program,
    Settings, Slot, Sum, optional, range_of,
};
use crate::strings::{Strings, SymbolTable};
use crate::walks::{self, Source, Walks, Ways};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// The tables of a program, verified.
pub(super) struct Tables {
    pub(super) settings: Settings,
    pub(super) most_restrictive: bool,
    pub(super) strings: Strings,
    pub(super) numbers: Vec<Number>,
    pub(super) networks: Vec<NetworkEntry>,
    pub(super) dfas: Vec<Dfa>,
    pub(super) sums: Vec<Sum>,
    pub(super) slots: Vec<Slot>,
    pub(super) fields: Vec<Field>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) actions: Vec<Action>,
    pub(super) action_type: SlotId,
    pub(super) actor_type: SlotId,
}

/// Whether a count is within its limit.
pub(super) fn within(what: &'static str, found: usize, limit: usize) -> Result<(), VerifyError> {
    if found > limit { Err(VerifyError::TooMany { what, found, limit }) } else { Ok(()) }
}

/// Whether `ends` ascend from `start` and close at `total`.
pub(super) fn partition(
    table: &'static str,
    start: u32,
    ends: impl IntoIterator<Item = u32>,
    total: usize,
) -> Result<(), VerifyError> {
    let mut previous = start;
    let mut count = 0;
    for (entry, end) in ends.into_iter().enumerate() {
        if end < previous || end as usize > total {
            return Err(VerifyError::BadRange { table, entry });
        }
        previous = end;
        count = entry + 1;
    }
    if previous as usize == total {
        Ok(())
    } else {
        Err(VerifyError::BadRange { table, entry: count })
    }
}

/// A reference into a table.
pub(super) fn bound(
    table: &'static str,
    entry: usize,
    field: &'static str,
    value: u32,
    count: usize,
) -> Result<(), VerifyError> {
    if (value as usize) < count {
        Ok(())
    } else {
        Err(VerifyError::OutOfBounds { table, entry, field, value: value as u64, count })
    }
}

pub(super) fn unknown(
    table: &'static str,
    entry: usize,
    field: &'static str,
    value: impl Into<u64>,
) -> VerifyError {
    VerifyError::UnknownValue { table, entry, field, value: value.into() }
}

/// 0 or 1.
pub(super) fn flag(
    table: &'static str,
    entry: usize,
    field: &'static str,
    value: u8,
) -> Result<bool, VerifyError> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(unknown(table, entry, field, value)),
    }
}

/// The ids of a list.
pub(super) fn list_items(parts: &Parts, list: ListId) -> &[u32] {
    parts.list_items.get(range_of(&parts.list_ends, list.index())).unwrap_or(&[])
}

/// Ids that ascend and are in bounds.
pub(super) fn ascending_ids(
    table: &'static str,
    entry: usize,
    ids: &[u32],
    count: usize,
) -> Result<(), VerifyError> {
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err(VerifyError::Unsorted { table, entry });
    }
    ids.last().map_or(Ok(()), |last| bound(table, entry, "list", *last, count))
}

impl Tables {
    pub(super) fn read(parts: &Parts) -> Result<Self, VerifyError> {
        within("slots", parts.slots.len(), MAX_SLOTS)?;
        within("strings", parts.string_ends.len(), MAX_STRINGS)?;
        within("actions", parts.actions.len(), MAX_ACTIONS)?;
        within("rules", parts.rules.len(), MAX_RULES)?;
        let (settings, most_restrictive) = read_settings(parts)?;
        let strings = read_strings(parts)?;
        let numbers = read_numbers(parts)?;
        partition("lists", 0, parts.list_ends.iter().copied(), parts.list_items.len())?;
        let networks = read_networks(parts)?;
        let dfas = read_dfas(parts)?;
        let slots = slots::read(parts, &strings)?;
        let find = |name: &'static str| {
            slots
                .binary_search_by(|slot| strings.text(slot.name).cmp(name))
                .map(|index| SlotId(index as u16))
                .map_err(|_| VerifyError::MissingSlot { name })
        };
        let (action_type, actor_type) = (find("action.type")?, find("actor.type")?);
        let mut tables = Self {
            settings,
            most_restrictive,
            strings,
            numbers,
            networks,
            dfas,
            sums: Vec::new(),
            slots,
            fields: Vec::new(),
            constraints: Vec::new(),
            actions: Vec::new(),
            action_type,
            actor_type,
        };
        tables.sums = tables.read_sums(parts)?;
        tables.constraints = tables.read_constraints(parts)?;
        tables.actions = tables.read_actions(parts)?;
        tables.fields = tables.read_fields(parts)?;
        Ok(tables)
    }

    fn read_sums(&self, parts: &Parts) -> Result<Vec<Sum>, VerifyError> {
        let read = |(entry, part): (usize, &crate::parts::SumPart)| {
            let minus = match part.sign {
                1 => false,
                2 => true,
                sign => return Err(unknown("sums", entry, "sign", sign)),
            };
            let addend = match part.kind {
                1 => Addend::Integer(part.value as i64),
                2 => Addend::Duration(part.value as i64),
                3 => {
                    let slot = u32::try_from(part.value).unwrap_or(NONE);
                    bound("sums", entry, "slot", slot, self.slots.len())?;
                    Addend::Slot(SlotId(slot as u16))
                }
                kind => return Err(unknown("sums", entry, "kind", kind)),
            };
            Ok(Sum { minus, addend })
        };
        parts.sums.iter().enumerate().map(read).collect()
    }

    fn read_constraints(&self, parts: &Parts) -> Result<Vec<Constraint>, VerifyError> {
        let number = |entry, field, id: u32| match optional(id) {
            None => Ok(None),
            Some(id) => {
                bound("constraints", entry, field, id, self.numbers.len())?;
                Ok(self.numbers.get(id as usize).copied())
            }
        };
        let read = |(entry, part): (usize, &ConstraintPart)| {
            if let Some(list) = optional(part.allowed) {
                bound("constraints", entry, "allowed", list, parts.list_ends.len())?;
            }
            Ok(Constraint {
                allowed: optional(part.allowed).map(ListId),
                min: number(entry, "min", part.min)?,
                max: number(entry, "max", part.max)?,
                max_length: (part.max_length != u64::MAX).then_some(part.max_length),
                max_items: (part.max_items != u64::MAX).then_some(part.max_items),
                unique: flag("constraints", entry, "unique", part.unique)?,
            })
        };
        parts.constraints.iter().enumerate().map(read).collect()
    }

    fn read_actions(&self, parts: &Parts) -> Result<Vec<Action>, VerifyError> {
        let state = parts.actor_end;
        within("fields", parts.fields.len(), u32::MAX as usize - 1)?;
        let last = parts.actions.last().map_or(parts.common_end, |action| action.fields_end);
        partition(
            "actions",
            parts.common_end,
            parts.actions.iter().map(|a| a.fields_end),
            last as usize,
        )?;
        partition("tables", last, [state, parts.fields.len() as u32], parts.fields.len())?;
        let mut start = parts.common_end;
        let mut actions = Vec::with_capacity(parts.actions.len());
        let mut previous = None;
        for (entry, part) in parts.actions.iter().enumerate() {
            bound("actions", entry, "name", part.name, self.strings.len())?;
            if previous >= Some(part.name) {
                return Err(VerifyError::Unsorted { table: "actions", entry });
            }
            previous = Some(part.name);
            actions.push(Action { name: StringId(part.name), fields: start..part.fields_end });
            start = part.fields_end;
        }
        Ok(actions)
    }

    /// Ids of numbers that differ in value, none of them NaN.
    pub(super) fn ascending_numbers(
        &self,
        table: &'static str,
        entry: usize,
        ids: &[u32],
    ) -> Result<(), VerifyError> {
        ascending_ids(table, entry, ids, self.numbers.len())?;
        let value = |id: u32| self.numbers.get(id as usize).copied().unwrap_or(Number::Integer(0));
        let less = |pair: &[u32]| match pair {
            [a, b] => value(*a).compare(value(*b)) == Some(Ordering::Less),
            [a] => value(*a).compare(value(*a)).is_some(),
            _ => true,
        };
        let distinct = if ids.len() == 1 { less(ids) } else { ids.windows(2).all(less) };
        if distinct { Ok(()) } else { Err(VerifyError::Unsorted { table, entry }) }
    }

    /// Joins everything.
    pub(super) fn finish(self, mut parts: Parts, code: Code, indexes: Indexes) -> Program {
        let mut marked = vec![false; self.strings.len()];
        let mut mark = |string: u32| {
            if let Some(marked) = marked.get_mut(string as usize) {
                *marked = true;
            }
        };
        let mut seen = SeenLists::new(&parts);
        let mut new_list = |id: ListId| {
            if seen.is_new(id, SeenLists::STRINGS) { list_items(&parts, id) } else { &[] }
        };
        for action in &self.actions {
            mark(action.name.0);
        }
        for (part, field) in parts.fields.iter().zip(&self.fields) {
            if !field.symbolic {
                continue;
            }
            if let Some(Constant::String(text)) = field.default {
                mark(text.0);
            }
            let constraint = optional(part.constraint)
                .and_then(|index| self.constraints.get(index as usize))
                .and_then(|constraint| constraint.allowed);
            if let (Some(list), FieldType::String | FieldType::StringList) = (constraint, field.ty)
            {
                new_list(list).iter().copied().for_each(&mut mark);
            }
        }
        for op in &code.ops {
            match op.code.right() {
                crate::op::Right::String => mark(op.operand),
                crate::op::Right::StringSet => {
                    new_list(ListId(op.operand)).iter().copied().for_each(&mut mark);
                }
                _ => {}
            }
        }
        let symbols = SymbolTable::new(&self.strings, &marked);
        let approvals = |members: &Vec<u32>| {
            let effect = |rule: &u32| code.rules.get(*rule as usize).map(|rule| rule.effect);
            members.iter().filter(|rule| effect(rule) == Some(Effect::RequireApproval)).count()
        };
        let unscoped = indexes.members.first().map_or(0, approvals);
        let scoped = indexes.members.iter().skip(1).map(approvals).max().unwrap_or(0);
        let groups = &indexes.groups;
        let small_sets: Vec<_> = (0..parts.list_ends.len())
            .map(|list| SymbolSet::of(list_items(&parts, ListId(list as u32))))
            .collect();
        let chained = Source {
            rules: &code.rules,
            ops: &code.ops,
            numbers: &self.numbers,
            small_sets: &small_sets,
        };
        let mut walks = Walks::new(&self.actions, chained, groups, &parts.postings);
        let state_start = self.actions.last().map_or(parts.common_end, |action| action.fields.end);
        let redeclares_action_type = self.fields.iter().any(|field| field.slot == self.action_type);
        // Version 1 looks at the fields of other actions, too.
        if !redeclares_action_type && !self.settings.numbers_are_doubles() {
            let inputs = walks::Tables {
                actions: &self.actions,
                fields: &self.fields,
                shared: (parts.common_end, state_start),
                action_type: self.action_type,
                slots: self.slots.len(),
            };
            walks.ways = Ways::new(&inputs, &indexes.members, chained, walks.chain_starts());
        }
        parts.text = Vec::new();
        parts.string_ends = Vec::new();
        parts.code = Vec::new();
        parts.dfas = Vec::new();
        Program {
            has_shadow_rules: code.rules.iter().any(|rule| rule.shadow),
            state_start,
            has_nested_slots: self.slots.iter().any(|slot| slot.parent.is_some()),
            redeclares_action_type,
            walks,
            small_sets,
            settings: self.settings,
            strings: self.strings,
            symbols,
            numbers: self.numbers,
            networks: self.networks,
            dfas: self.dfas,
            sums: self.sums,
            slots: self.slots,
            fields: self.fields,
            constraints: self.constraints,
            actions: self.actions,
            rules: code.rules,
            groups: indexes.groups,
            indexes: indexes.all,
            ops: code.ops,
            action_type: self.action_type,
            actor_type: self.actor_type,
            most_approvals: unscoped + scoped,
            parts,
        }
    }
}

fn read_settings(parts: &Parts) -> Result<(Settings, bool), VerifyError> {
    let part = parts.settings;
    let bad = |field, value: u8| unknown("settings", 0, field, value);
    if !matches!(part.language, 1 | 2) {
        return Err(bad("language", part.language));
    }
    let choice = |field, value: u8| match value {
        1 => Ok(true),
        2 => Ok(false),
        _ => Err(bad(field, value)),
    };
    let most_restrictive = choice("combine", part.combine)?;
    let settings = Settings {
        language: part.language,
        collects_approvals: most_restrictive,
        default: Effect::decode(part.default).ok_or(bad("default", part.default))?,
        missing_is_unknown: choice("missing", part.missing)?,
        checks_inputs: choice("inputs", part.inputs)?,
    };
    Ok((settings, most_restrictive))
}

fn read_strings(parts: &Parts) -> Result<Strings, VerifyError> {
    partition("strings", 0, parts.string_ends.iter().copied(), parts.text.len())?;
    let text = String::from_utf8(parts.text.clone()).map_err(|_| VerifyError::NotUtf8)?;
    Strings::new(text, parts.string_ends.clone())
        .ok_or(VerifyError::Unsorted { table: "strings", entry: 0 })
}

fn read_numbers(parts: &Parts) -> Result<Vec<Number>, VerifyError> {
    let mut numbers: Vec<Number> = Vec::with_capacity(parts.numbers.len());
    for (entry, part) in parts.numbers.iter().enumerate() {
        let number = match part.tag {
            1 => Number::Integer(part.bits as i64),
            2 => Number::Float(f64::from_bits(part.bits)),
            tag => return Err(unknown("numbers", entry, "tag", tag)),
        };
        if numbers.last().is_some_and(|last| last.total_order(number) != Ordering::Less) {
            return Err(VerifyError::Unsorted { table: "numbers", entry });
        }
        numbers.push(number);
    }
    Ok(numbers)
}

fn read_networks(parts: &Parts) -> Result<Vec<NetworkEntry>, VerifyError> {
    let total = parts.networks.len();
    partition("network lists", 0, parts.network_list_ends.iter().copied(), total)?;
    let read = |(entry, part): (usize, &NetworkPart)| match part {
        NetworkPart { family: 0, prefix: 0, address } if *address == [0; 16] => {
            Ok(NetworkEntry::Private)
        }
        NetworkPart { family, prefix, address } => Network::from_parts(*family, *address, *prefix)
            .map(NetworkEntry::Network)
            .ok_or(VerifyError::BadLiteral { table: "networks", entry, what: "a network" }),
    };
    parts.networks.iter().enumerate().map(read).collect()
}

fn read_dfas(parts: &Parts) -> Result<Vec<Dfa>, VerifyError> {
    let read = |(entry, part): (usize, &crate::parts::DfaPart)| {
        let transitions: Vec<u16> = part
            .transitions
            .chunks(2)
            .map(|pair| match pair {
                [low, high] => u16::from_le_bytes([*low, *high]),
                // An odd byte out: a transition that leads nowhere is refused below.
                _ => u16::MAX,
            })
            .collect();
        let classes = part
            .classes
            .as_slice()
            .try_into()
            .map_err(|_| VerifyError::BadRange { table: "pattern classes", entry })?;
        Dfa::from_parts(classes, transitions, part.accepting.clone())
            .map_err(|reason| VerifyError::BadPattern { entry, reason })
    };
    parts.dfas.iter().enumerate().map(read).collect()
}

/// The number, if the reference is in bounds.
pub(super) fn number_at(tables: &Tables, id: NumberId) -> Option<Number> {
    tables.numbers.get(id.index()).copied()
}
