//! Which rules are found by a field's value, and which are always visited.
//!
//! Per rule at most one test is chosen: the one whose field's keys tell rules apart best. Per
//! group of candidates the fields that most rules chose get an index, if it is worth it.

use super::code::{Holds, Part};
use super::rules::{Types, key_atom};
use super::schema::{Slots, text};
use super::tables::Tables;
use crate::model::{CheckedPolicy, Effect, FieldRef, Literal, MissingMode, Rule, ScalarKind};
use actra_bytecode::limits::MAX_INDEXES_PER_GROUP;
use actra_bytecode::parts::{GroupPart, IndexPart, KeyPart, Parts};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Fewer rules than this are visited one by one: that costs less than finding them.
const INDEX_FROM: usize = 6;

/// A conjunct that an index can stand for.
#[derive(Clone, Copy)]
pub(super) struct KeyAtom<'c> {
    /// Which conjunct of its rule.
    pub(super) conjunct: usize,
    pub(super) place: &'c FieldRef,
    pub(super) literals: &'c [Literal],
}

/// A key while numbers are provisional: what it is and how it is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u32);

pub(super) struct Planner<'c> {
    /// Per rule in decision order, the test that was chosen.
    chosen: Vec<Option<KeyAtom<'c>>>,
    /// Per rule, what the chosen place holds.
    kinds: Vec<u8>,
}

/// How well a place tells rules apart: how many rules one of its keys leads to.
#[derive(Default)]
struct Spread<'c> {
    postings: usize,
    keys: HashSet<Distinct<'c>>,
}

/// A literal, told apart from others.
#[derive(PartialEq, Eq, Hash)]
enum Distinct<'c> {
    Text(&'c str),
    Bits(u64),
    Boolean(bool),
}

impl<'c> Distinct<'c> {
    const fn of(literal: &'c Literal) -> Self {
        match literal {
            Literal::String(text) => Self::Text(text.as_str()),
            Literal::Integer(value) | Literal::Timestamp(value) => Self::Bits(*value as u64),
            Literal::Float(value) => Self::Bits(value.to_bits()),
            Literal::Boolean(value) => Self::Boolean(*value),
        }
    }
}

impl<'c> Planner<'c> {
    pub(super) fn new(
        ordered: &[(usize, &Rule)],
        conjunctions: &[Vec<Part<'c>>],
        types: &Types<'_>,
    ) -> Self {
        let candidates: Vec<Vec<KeyAtom<'c>>> = conjunctions
            .iter()
            .map(|parts| {
                parts.iter().enumerate().filter_map(|(at, part)| key_atom(at, part)).collect()
            })
            .collect();
        let mut spreads: HashMap<&FieldRef, Spread<'c>> = HashMap::new();
        for atom in candidates.iter().flatten() {
            let spread = spreads.entry(atom.place).or_default();
            spread.postings += atom.literals.len();
            spread.keys.extend(atom.literals.iter().map(Distinct::of));
        }
        let cost = |atom: &KeyAtom<'c>| {
            spreads.get(atom.place).map_or(f64::INFINITY, |spread| {
                spread.postings as f64 / spread.keys.len().max(1) as f64
            })
        };
        let mut chosen = Vec::with_capacity(ordered.len());
        let mut kinds = Vec::with_capacity(ordered.len());
        for ((_, rule), atoms) in ordered.iter().zip(&candidates) {
            let atom = atoms.iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).copied();
            kinds.push(atom.as_ref().map_or(0, |atom| match types.of(rule, atom.place) {
                Holds::Scalar(ScalarKind::String) => 1,
                Holds::Scalar(ScalarKind::Number | ScalarKind::Integer) => 2,
                Holds::Scalar(ScalarKind::Boolean) => 3,
                Holds::Scalar(ScalarKind::Timestamp) => 4,
                Holds::List(_) => 0,
            }));
            chosen.push(atom);
        }
        Self { chosen, kinds }
    }

    /// The rule's test that goes first.
    pub(super) fn key(&self, rule: usize) -> Option<&KeyAtom<'c>> {
        self.chosen.get(rule)?.as_ref()
    }

    /// Writes groups, indexes, keys and postings (keys by provisional numbers).
    pub(super) fn write(
        &self,
        policy: &CheckedPolicy,
        ordered: &[(usize, &Rule)],
        slots: &Slots,
        tables: &mut Tables<'_>,
        parts: &mut Parts,
    ) {
        let mut by_action: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut unscoped = Vec::new();
        for (index, (_, rule)) in ordered.iter().enumerate() {
            match &rule.scope.actions {
                None => unscoped.push(index as u32),
                Some(actions) => {
                    for action in actions {
                        by_action.entry(action).or_default().push(index as u32);
                    }
                }
            }
        }
        self.write_group(policy, ordered, &unscoped, slots, tables, parts);
        for action in &policy.schema.actions {
            let rules = by_action.get(action.name.as_str()).map_or(&[][..], Vec::as_slice);
            self.write_group(policy, ordered, rules, slots, tables, parts);
        }
    }

    fn write_group(
        &self,
        policy: &CheckedPolicy,
        ordered: &[(usize, &Rule)],
        rules: &[u32],
        slots: &Slots,
        tables: &mut Tables<'_>,
        parts: &mut Parts,
    ) {
        let mut by_slot: BTreeMap<(u16, u8), Vec<u32>> = BTreeMap::new();
        for rule in rules {
            let kind = self.kinds.get(*rule as usize).copied().unwrap_or(0);
            if let (Some(atom), 1..) = (self.key(*rule as usize), kind) {
                by_slot.entry((slots.of(atom.place).0, kind)).or_default().push(*rule);
            }
        }
        let mut indexed: Vec<((u16, u8), Vec<u32>)> =
            by_slot.into_iter().filter(|(_, rules)| rules.len() >= INDEX_FROM).collect();
        indexed.sort_by_key(|(slot, rules)| (usize::MAX - rules.len(), *slot));
        indexed.truncate(MAX_INDEXES_PER_GROUP);
        indexed.sort_by_key(|(slot, _)| *slot);

        let mut is_indexed: Vec<u32> =
            indexed.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
        is_indexed.sort_unstable();
        let always = rules.iter().filter(|rule| is_indexed.binary_search(rule).is_err());
        parts.postings.extend(always.copied());
        let always_end = parts.postings.len() as u32;
        for ((slot, kind), rules) in indexed {
            let mut keys: BTreeMap<Key, Vec<u32>> = BTreeMap::new();
            for rule in &rules {
                let Some(atom) = self.key(*rule as usize) else { continue };
                for key in keys_of(atom, tables) {
                    let postings = keys.entry(key).or_default();
                    if postings.last() != Some(rule) {
                        postings.push(*rule);
                    }
                }
            }
            let fires_when_missing = |rule: &&u32| {
                policy.settings.missing == MissingMode::FailClosed
                    && ordered
                        .get(**rule as usize)
                        .is_some_and(|(_, rule)| rule.effect != Effect::Allow)
            };
            parts.postings.extend(rules.iter().filter(fires_when_missing));
            let missing_end = parts.postings.len() as u32;
            for (key, postings) in keys {
                parts.postings.extend(postings);
                parts.keys.push(KeyPart { key: key.0, end: parts.postings.len() as u32 });
            }
            let keys_end = parts.keys.len() as u32;
            parts.indexes.push(IndexPart { slot, kind, missing_end, keys_end });
        }
        let indexes_end = parts.indexes.len() as u32;
        parts.groups.push(GroupPart { always_end, indexes_end });
    }
}

/// The keys of a test, ascending by provisional number. NaN equals nothing and is no key.
fn keys_of(atom: &KeyAtom<'_>, tables: &mut Tables<'_>) -> Vec<Key> {
    let mut keys: Vec<Key> = atom
        .literals
        .iter()
        .filter_map(|literal| match literal {
            Literal::Float(value) if value.is_nan() => None,
            Literal::Boolean(value) => Some(Key(u32::from(*value))),
            literal => Some(Key(match text(literal) {
                Some(text) => tables.string(text),
                None => tables.numeric_literal(literal),
            })),
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
