//! Interning: strings, numbers and lists by provisional numbers, in order of first use. When all
//! are known they are sorted, and every reference is renumbered.

use super::Origins;
use crate::model::{LanguageVersion, Literal};
use actra_bytecode::Number;
use actra_bytecode::dfa::Dfa;
use actra_bytecode::format::network::parse_network;
use actra_bytecode::op::{Op, Right};
use actra_bytecode::parts::{
    DfaPart, IndexPart, KeyPart, NONE, NetworkPart, NumberPart, Parts, SumPart,
};
use std::collections::{BTreeMap, HashMap};

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ListKind {
    /// Strings, in the order given.
    StringSequence,
    /// Strings, sorted.
    StringSet,
    /// Numbers, sorted by value.
    NumberSet,
}

pub(super) struct Tables<'p> {
    version: LanguageVersion,
    patterns: &'p BTreeMap<String, Dfa>,
    strings: HashMap<String, u32>,
    numbers: HashMap<(u8, u64), u32>,
    lists: HashMap<(ListKind, Vec<u32>), u32>,
    networks: HashMap<Vec<NetworkPart>, u32>,
    dfas: HashMap<&'p str, u32>,
    sums: Vec<SumPart>,
    pub(super) ops: Vec<Op>,
    pub(super) origins: Origins,
}

fn next(count: usize) -> u32 {
    count as u32
}

impl<'p> Tables<'p> {
    pub(super) fn new(version: LanguageVersion, patterns: &'p BTreeMap<String, Dfa>) -> Self {
        Self {
            version,
            patterns,
            strings: HashMap::new(),
            numbers: HashMap::new(),
            lists: HashMap::new(),
            networks: HashMap::new(),
            dfas: HashMap::new(),
            sums: Vec::new(),
            ops: Vec::new(),
            origins: Origins::default(),
        }
    }

    pub(super) fn string(&mut self, text: &str) -> u32 {
        if let Some(id) = self.strings.get(text) {
            return *id;
        }
        let id = next(self.strings.len());
        self.strings.insert(text.to_owned(), id);
        id
    }

    /// The string's provisional number, if it has one.
    pub(super) fn known_string(&self, text: &str) -> u32 {
        self.strings.get(text).copied().unwrap_or(NONE)
    }

    fn number_part(value: Number) -> NumberPart {
        match value {
            Number::Integer(value) => NumberPart { tag: 1, bits: value as u64 },
            // One NaN and one zero are enough: all compare alike.
            Number::Float(value) if value.is_nan() => {
                NumberPart { tag: 2, bits: f64::NAN.to_bits() }
            }
            Number::Float(0.0) => NumberPart { tag: 2, bits: 0 },
            Number::Float(value) => NumberPart { tag: 2, bits: value.to_bits() },
        }
    }

    pub(super) fn number(&mut self, value: Number) -> u32 {
        let part = Self::number_part(value);
        let id = next(self.numbers.len());
        *self.numbers.entry((part.tag, part.bits)).or_insert(id)
    }

    /// A literal that is a number or an instant.
    pub(super) fn numeric_literal(&mut self, literal: &Literal) -> u32 {
        self.number(match *literal {
            Literal::Integer(value) if self.version == LanguageVersion::V1 => {
                Number::Float(value as f64)
            }
            Literal::Integer(value) | Literal::Timestamp(value) => Number::Integer(value),
            Literal::Float(value) => Number::Float(value),
            Literal::Boolean(_) | Literal::String(_) => Number::Float(f64::NAN),
        })
    }

    fn list(&mut self, kind: ListKind, items: Vec<u32>) -> u32 {
        let id = next(self.lists.len());
        *self.lists.entry((kind, items)).or_insert(id)
    }

    pub(super) fn string_sequence(&mut self, texts: &[String]) -> u32 {
        let items = texts.iter().map(|text| self.string(text)).collect();
        self.list(ListKind::StringSequence, items)
    }

    pub(super) fn string_set<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> u32 {
        let mut items: Vec<u32> = texts.into_iter().map(|text| self.string(text)).collect();
        items.sort_unstable();
        items.dedup();
        self.list(ListKind::StringSet, items)
    }

    pub(super) fn number_set(&mut self, literals: &[Literal]) -> u32 {
        let is_nan =
            |literal: &&Literal| matches!(literal, Literal::Float(value) if value.is_nan());
        let mut items: Vec<u32> = literals
            .iter()
            .filter(|literal| !is_nan(literal))
            .map(|literal| self.numeric_literal(literal))
            .collect();
        items.sort_unstable();
        items.dedup();
        self.list(ListKind::NumberSet, items)
    }

    pub(super) fn networks(&mut self, literals: &[Literal]) -> u32 {
        let mut list: Vec<NetworkPart> = literals
            .iter()
            .filter_map(|literal| match literal {
                Literal::String(text) if text == "private" => {
                    Some(NetworkPart { family: 0, prefix: 0, address: [0; 16] })
                }
                Literal::String(text) => {
                    let (family, address, prefix) = parse_network(text).ok()?.to_parts();
                    Some(NetworkPart { family, prefix, address })
                }
                _ => None,
            })
            .collect();
        list.sort_unstable();
        list.dedup();
        let id = next(self.networks.len());
        *self.networks.entry(list).or_insert(id)
    }

    /// The compiled pattern. The checker has compiled it; were it missing, the number would refer
    /// to nothing and the verifier refuse the program.
    pub(super) fn dfa(&mut self, pattern: &str) -> u32 {
        let Some((pattern, _)) = self.patterns.get_key_value(pattern) else { return NONE };
        let id = next(self.dfas.len());
        *self.dfas.entry(pattern.as_str()).or_insert(id)
    }

    pub(super) fn sum(&mut self, part: SumPart) -> u32 {
        if let Some(id) = self.sums.iter().rposition(|known| *known == part) {
            return id as u32;
        }
        self.sums.push(part);
        next(self.sums.len() - 1)
    }

    /// Sorts the tables, renumbers every reference and writes everything into the parts.
    pub(super) fn finish(self, parts: &mut Parts) {
        let strings = sorted_strings(self.strings, parts);
        let numbers = sorted_numbers(&self.numbers, parts);
        let new = |map: &[u32], id: u32| map.get(id as usize).copied().unwrap_or(NONE);

        let mut lists: Vec<((ListKind, Vec<u32>), u32)> = self.lists.into_iter().collect();
        lists.sort_unstable_by_key(|(_, id)| *id);
        for ((kind, items), _) in lists {
            let map = if kind == ListKind::NumberSet { &numbers } else { &strings };
            let start = parts.list_items.len();
            parts.list_items.extend(items.iter().map(|item| new(map, *item)));
            if kind != ListKind::StringSequence
                && let Some(items) = parts.list_items.get_mut(start..)
            {
                items.sort_unstable();
            }
            parts.list_ends.push(next(parts.list_items.len()));
        }

        let mut networks: Vec<(Vec<NetworkPart>, u32)> = self.networks.into_iter().collect();
        networks.sort_unstable_by_key(|(_, id)| *id);
        for (list, _) in networks {
            parts.networks.extend(list);
            parts.network_list_ends.push(next(parts.networks.len()));
        }

        let mut dfas: Vec<(&str, u32)> = self.dfas.into_iter().collect();
        dfas.sort_unstable_by_key(|(_, id)| *id);
        for dfa in dfas.iter().filter_map(|(pattern, _)| self.patterns.get(*pattern)) {
            parts.dfas.push(DfaPart {
                classes: dfa.classes().to_vec(),
                transitions: dfa.transitions().iter().flat_map(|to| to.to_le_bytes()).collect(),
                accepting: dfa.accepting().to_vec(),
            });
        }
        parts.sums = self.sums;

        for slot in &mut parts.slots {
            slot.name = new(&strings, slot.name);
            slot.segment = new(&strings, slot.segment);
        }
        for field in &mut parts.fields {
            field.default = match field.ty {
                _ if field.default == NONE => NONE,
                1 => new(&strings, field.default),
                2 | 3 | 5 => new(&numbers, field.default),
                _ => field.default,
            };
        }
        for constraint in &mut parts.constraints {
            for bound in [&mut constraint.min, &mut constraint.max] {
                if *bound != NONE {
                    *bound = new(&numbers, *bound);
                }
            }
        }
        for action in &mut parts.actions {
            action.name = new(&strings, action.name);
        }
        for rule in &mut parts.rules {
            rule.id = new(&strings, rule.id);
            if rule.message != NONE {
                rule.message = new(&strings, rule.message);
            }
        }
        renumber_keys(parts, &strings, &numbers);
        let mut ops = self.ops;
        for op in &mut ops {
            op.operand = match op.code.right() {
                Right::String => new(&strings, op.operand),
                Right::Number | Right::Instant | Right::Length => new(&numbers, op.operand),
                _ => op.operand,
            };
            parts.code.extend(op.encode());
        }
    }
}

fn sorted_strings(strings: HashMap<String, u32>, parts: &mut Parts) -> Vec<u32> {
    let mut sorted: Vec<(String, u32)> = strings.into_iter().collect();
    sorted.sort_unstable();
    let mut map = vec![NONE; sorted.len()];
    for (new, (text, old)) in sorted.iter().enumerate() {
        parts.text.extend_from_slice(text.as_bytes());
        parts.string_ends.push(next(parts.text.len()));
        if let Some(place) = map.get_mut(*old as usize) {
            *place = next(new);
        }
    }
    map
}

fn sorted_numbers(numbers: &HashMap<(u8, u64), u32>, parts: &mut Parts) -> Vec<u32> {
    let value = |(tag, bits): (u8, u64)| match tag {
        1 => Number::Integer(bits as i64),
        _ => Number::Float(f64::from_bits(bits)),
    };
    let mut sorted: Vec<((u8, u64), u32)> = numbers.iter().map(|(key, id)| (*key, *id)).collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| value(*a).total_order(value(*b)));
    let mut map = vec![NONE; sorted.len()];
    for (new, ((tag, bits), old)) in sorted.into_iter().enumerate() {
        parts.numbers.push(NumberPart { tag, bits });
        if let Some(place) = map.get_mut(old as usize) {
            *place = next(new);
        }
    }
    map
}

/// Renumbers the keys of each index and puts them, with their postings, into ascending order.
fn renumber_keys(parts: &mut Parts, strings: &[u32], numbers: &[u32]) {
    let new = |map: &[u32], id: u32| map.get(id as usize).copied().unwrap_or(NONE);
    let (mut first, mut start) = (0, 0);
    let old_keys = std::mem::take(&mut parts.keys);
    let old_postings = std::mem::take(&mut parts.postings);
    let slice = |from: u32, to: u32| old_postings.get(from as usize..to as usize).unwrap_or(&[]);
    let mut index = 0;
    for group in &parts.groups {
        parts.postings.extend_from_slice(slice(start, group.always_end));
        start = group.always_end;
        while index < group.indexes_end as usize {
            let Some(IndexPart { kind, missing_end, keys_end, .. }) = parts.indexes.get(index)
            else {
                break;
            };
            parts.postings.extend_from_slice(slice(start, *missing_end));
            start = *missing_end;
            let keys = old_keys.get(first..*keys_end as usize).unwrap_or(&[]);
            let mut renumbered: Vec<(u32, &[u32])> = Vec::with_capacity(keys.len());
            for part in keys {
                let key = match kind {
                    1 => new(strings, part.key),
                    3 => part.key,
                    _ => new(numbers, part.key),
                };
                renumbered.push((key, slice(start, part.end)));
                start = part.end;
            }
            renumbered.sort_unstable_by_key(|(key, _)| *key);
            for (key, postings) in renumbered {
                parts.postings.extend_from_slice(postings);
                parts.keys.push(KeyPart { key, end: next(parts.postings.len()) });
            }
            first = *keys_end as usize;
            index += 1;
        }
    }
}
