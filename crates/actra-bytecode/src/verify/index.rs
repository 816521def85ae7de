//! Groups and indexes: they visit exactly the rules that could fire, in decision order.
//!
//! A rule under an index has as its first op an equality or membership test of the indexed field
//! that jumps to `skip` when it fails. Its keys are the literals of that test, and it is listed
//! for a missing value exactly if that op holds then. So the index decides what the op would.

use super::VerifyError;
use super::code::Code;
use super::tables::{Tables, ascending_ids, list_items, within};
use crate::ids::{ListId, NumberId, SlotId};
use crate::limits::MAX_INDEXES_PER_GROUP;
use crate::number::Number;
use crate::op::{Comparison, Flags, Op, OpCode};
use crate::parts::{IndexPart, KeyPart, NONE, Parts};
use crate::program::{Group, Index, IndexKind, Rule};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Groups and indexes, verified.
pub(super) struct Indexes {
    pub(super) groups: Vec<Group>,
    pub(super) all: Vec<Index>,
    /// The rules of each group, each once.
    pub(super) members: Vec<Vec<u32>>,
}

/// Where a rule was last seen as a candidate.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    group: usize,
    /// The index, or `usize::MAX` among those always visited.
    index: usize,
    /// For an index: how many of its keys list the rule.
    keys: usize,
    missing: bool,
}

const NEVER: Seen = Seen { group: usize::MAX, index: usize::MAX, keys: 0, missing: false };

pub(super) fn read(parts: &Parts, tables: &Tables, code: &Code) -> Result<Indexes, VerifyError> {
    let mut reader =
        Reader { parts, tables, code, seen: vec![NEVER; code.rules.len()], start: 0, key: 0 };
    let mut groups = Vec::with_capacity(parts.groups.len());
    let mut indexes = Vec::with_capacity(parts.indexes.len());
    let mut members = Vec::with_capacity(parts.groups.len());
    for (number, part) in parts.groups.iter().enumerate() {
        let first = indexes.len() as u32;
        let mut rules = Vec::new();
        let always = reader.start..part.always_end;
        reader.start = part.always_end;
        for rule in reader.postings(&always)? {
            reader.see(number, usize::MAX, *rule, &mut rules)?;
        }
        let mut previous = None;
        for index in first as usize..part.indexes_end as usize {
            let Some(index_part) = parts.indexes.get(index) else { break };
            if previous >= Some((index_part.slot, index_part.kind)) {
                return Err(VerifyError::Unsorted { table: "indexes", entry: index });
            }
            previous = Some((index_part.slot, index_part.kind));
            indexes.push(reader.read_index(number, index, index_part, &mut rules)?);
        }
        within("indexes of a group", indexes.len() - first as usize, MAX_INDEXES_PER_GROUP)?;
        groups.push(Group { always, indexes: first..part.indexes_end });
        members.push(rules);
    }
    // A rule without an action scope is a candidate of group 0 and of no other.
    let mut unscoped = vec![false; code.rules.len()];
    for rule in members.first().into_iter().flatten() {
        if let Some(unscoped) = unscoped.get_mut(*rule as usize) {
            *unscoped = true;
        }
    }
    for rule in members.iter().skip(1).flatten() {
        if unscoped.get(*rule as usize).copied().unwrap_or(true) {
            return Err(VerifyError::BadCandidate { rule: *rule as usize });
        }
    }
    match reader.seen.iter().position(|seen| *seen == NEVER) {
        Some(rule) => Err(VerifyError::BadCandidate { rule }),
        None => Ok(Indexes { groups, all: indexes, members }),
    }
}

struct Reader<'a> {
    parts: &'a Parts,
    tables: &'a Tables,
    code: &'a Code,
    seen: Vec<Seen>,
    start: u32,
    key: u32,
}

impl<'a> Reader<'a> {
    fn postings(&self, range: &Range<u32>) -> Result<&'a [u32], VerifyError> {
        let postings =
            self.parts.postings.get(range.start as usize..range.end as usize).unwrap_or(&[]);
        if postings.is_sorted_by(|a, b| a < b) {
            Ok(postings)
        } else {
            Err(VerifyError::Unsorted { table: "postings", entry: range.start as usize })
        }
    }

    /// Notes a candidate; an error where it already is one of the group elsewhere.
    fn see(
        &mut self,
        group: usize,
        index: usize,
        rule: u32,
        members: &mut Vec<u32>,
    ) -> Result<&mut Seen, VerifyError> {
        let number = rule as usize;
        let seen = self.seen.get_mut(number).ok_or(VerifyError::BadCandidate { rule: number })?;
        if seen.group == group {
            if seen.index == usize::MAX || seen.index != index {
                return Err(VerifyError::BadCandidate { rule: number });
            }
        } else {
            *seen = Seen { group, index, keys: 0, missing: false };
            members.push(rule);
        }
        Ok(seen)
    }

    fn read_index(
        &mut self,
        group: usize,
        number: usize,
        part: &IndexPart,
        members: &mut Vec<u32>,
    ) -> Result<Index, VerifyError> {
        let kind = match part.kind {
            1 => IndexKind::String,
            2 => IndexKind::Number,
            3 => IndexKind::Boolean,
            4 => IndexKind::Instant,
            kind => {
                return Err(VerifyError::UnknownValue {
                    table: "indexes",
                    entry: number,
                    field: "kind",
                    value: kind as u64,
                });
            }
        };
        let before = members.len();
        let missing = self.start..part.missing_end;
        self.start = part.missing_end;
        for rule in self.postings(&missing)? {
            self.see(group, number, *rule, members)?.missing = true;
        }
        let keys = self.key..part.keys_end;
        self.key = part.keys_end;
        let key_parts = self.parts.keys.get(keys.start as usize..keys.end as usize).unwrap_or(&[]);
        self.verify_keys(number, kind, key_parts)?;
        for key in key_parts {
            let range = self.start..key.end;
            self.start = key.end;
            for rule in self.postings(&range)? {
                self.see(group, number, *rule, members)?.keys += 1;
                let literals = self.literals(number, kind, SlotId(part.slot), *rule)?;
                if !literals.contains(key.key) {
                    return Err(VerifyError::BadIndex { index: number, rule: *rule as usize });
                }
            }
        }
        for rule in members.get(before..).unwrap_or(&[]) {
            let literals = self.literals(number, kind, SlotId(part.slot), *rule)?;
            let seen = self.seen.get(*rule as usize).copied().unwrap_or(NEVER);
            if literals.len() != seen.keys || literals.missing_holds != seen.missing {
                return Err(VerifyError::BadIndex { index: number, rule: *rule as usize });
            }
        }
        let (first, direct) = direct(kind, keys.start, key_parts);
        Ok(Index { slot: SlotId(part.slot), kind, missing, keys, first, direct })
    }

    fn verify_keys(
        &self,
        entry: usize,
        kind: IndexKind,
        keys: &[KeyPart],
    ) -> Result<(), VerifyError> {
        let ids: Vec<u32> = keys.iter().map(|key| key.key).collect();
        match kind {
            IndexKind::String => ascending_ids("indexes", entry, &ids, self.tables.strings.len()),
            IndexKind::Boolean => ascending_ids("indexes", entry, &ids, 2),
            IndexKind::Number | IndexKind::Instant => {
                self.tables.ascending_numbers("indexes", entry, &ids)
            }
        }
    }

    /// The literals of the rule's first op, which must be a test that the index can stand for.
    fn literals(
        &self,
        index: usize,
        kind: IndexKind,
        slot: SlotId,
        rule: u32,
    ) -> Result<Literals<'a>, VerifyError> {
        let error = VerifyError::BadIndex { index, rule: rule as usize };
        let code = self.code;
        let rule = code.rules.get(rule as usize).ok_or(error.clone())?;
        let op = code.ops.get(rule.entry as usize).ok_or(error.clone())?;
        if op.slot != slot || !fails_to_skip(code, rule, op) {
            return Err(error);
        }
        let list = |list| list_items(self.parts, ListId(list));
        let keys = match (kind, op.code) {
            (IndexKind::String, OpCode::StringEquals) => Keys::One(op.operand),
            (IndexKind::Number, OpCode::NumberCompare)
            | (IndexKind::Instant, OpCode::InstantCompare)
                if op.comparison() == Comparison::EQUAL =>
            {
                let number = self.tables.numbers.get(NumberId(op.operand).index()).copied();
                match number {
                    // NaN equals nothing, so it is no key.
                    Some(Number::Float(value)) if value.is_nan() => Keys::Many(&[]),
                    _ => Keys::One(op.operand),
                }
            }
            (IndexKind::String, OpCode::StringIn)
            | (IndexKind::Number, OpCode::NumberIn)
            | (IndexKind::Instant, OpCode::InstantIn) => Keys::Many(list(op.operand)),
            (IndexKind::Boolean, OpCode::BooleanIn) => match op.operand {
                1 => Keys::One(0),
                2 => Keys::One(1),
                _ => Keys::Many(&[0, 1]),
            },
            _ => return Err(error),
        };
        Ok(Literals { keys, missing_holds: op.flags.has(Flags::MISSING_HOLDS) })
    }
}

/// Whether the op is a plain test that jumps to the rule's `skip` when it fails, and the rule
/// goes on after it.
fn fails_to_skip(code: &Code, rule: &Rule, op: &Op) -> bool {
    let plain = Flags::MISSING_HOLDS | Flags::MALFORMED_HOLDS;
    op.flags.0 & !plain == 0
        && code.ops.get(op.target as usize).is_some_and(|op| op.code == OpCode::Skip)
        && rule.entry + 1 < rule.end
}

struct Literals<'a> {
    keys: Keys<'a>,
    missing_holds: bool,
}

enum Keys<'a> {
    One(u32),
    Many(&'a [u32]),
}

impl Literals<'_> {
    fn len(&self) -> usize {
        match self.keys {
            Keys::One(_) => 1,
            Keys::Many(keys) => keys.len(),
        }
    }

    fn contains(&self, key: u32) -> bool {
        match self.keys {
            Keys::One(one) => one == key,
            Keys::Many(keys) => keys.binary_search(&key).is_ok(),
        }
    }
}

/// A direct table for string and boolean keys that lie close together.
fn direct(kind: IndexKind, start: u32, keys: &[KeyPart]) -> (u32, Vec<u32>) {
    let (IndexKind::String | IndexKind::Boolean, Some(first), Some(last)) =
        (kind, keys.first(), keys.last())
    else {
        return (0, Vec::new());
    };
    let span = (last.key - first.key) as usize + 1;
    if span > keys.len().saturating_mul(8) {
        return (0, Vec::new());
    }
    let mut direct = vec![NONE; span];
    for (at, key) in (start..).zip(keys) {
        if let Some(place) = direct.get_mut((key.key - first.key) as usize) {
            *place = at;
        }
    }
    (first.key, direct)
}
