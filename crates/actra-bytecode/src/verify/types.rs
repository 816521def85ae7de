//! Types: for every group of candidates that runs an op, the slot's declared type, the operator
//! and the right side go together.

use super::VerifyError;
use super::code::Code;
use super::tables::{Tables, partition};
use crate::ids::SlotId;
use crate::limits::MAX_VERIFY_STEPS;
use crate::op::{Left, Op, Right};
use crate::parts::{NO_SLOT, Parts};
use crate::program::{Addend, Field, FieldType};
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn verify(parts: &Parts, tables: &Tables, code: &Code) -> Result<(), VerifyError> {
    let ends = parts.groups.iter().map(|group| group.indexes_end);
    partition("groups", 0, ends, parts.indexes.len())?;
    if parts.groups.len() != tables.actions.len() + 1 {
        return Err(VerifyError::BadRange { table: "groups", entry: parts.groups.len() });
    }
    let types = Types::new(parts, tables);
    let mut steps = 0;
    let mut start = 0;
    // Which group last had the rule's code verified: a rule may stand under several keys.
    let mut verified = vec![usize::MAX; code.rules.len()];
    for (group, range) in group_postings(parts)?.into_iter().enumerate() {
        debug_assert_eq!(range.0, start);
        start = range.1;
        let postings = parts.postings.get(range.0..range.1).unwrap_or(&[]);
        for posting in postings {
            let index = *posting as usize;
            let (Some(rule), Some(seen)) = (code.rules.get(index), verified.get_mut(index)) else {
                return Err(VerifyError::OutOfBounds {
                    table: "postings",
                    entry: range.0,
                    field: "rule",
                    value: *posting as u64,
                    count: code.rules.len(),
                });
            };
            if *seen == group {
                continue;
            }
            *seen = group;
            steps += (rule.end - rule.entry) as u64;
            if steps > MAX_VERIFY_STEPS {
                return Err(VerifyError::TooComplex { limit: MAX_VERIFY_STEPS });
            }
            let ops = code.ops.get(rule.entry as usize..rule.end as usize).unwrap_or(&[]);
            for (op, at) in ops.iter().zip(rule.entry as usize..) {
                types.verify_op(tables, group, at, op)?;
            }
        }
    }
    Ok(())
}

/// The postings of each group, as ranges; verifies that groups, indexes and keys partition them.
fn group_postings(parts: &Parts) -> Result<Vec<(usize, usize)>, VerifyError> {
    let mut ranges = Vec::with_capacity(parts.groups.len());
    let mut ends = Vec::with_capacity(parts.groups.len() + parts.indexes.len() + parts.keys.len());
    let (mut index, mut key, mut start) = (0, 0, 0);
    for (entry, group) in parts.groups.iter().enumerate() {
        ends.push(group.always_end);
        let mut end = group.always_end;
        while index < group.indexes_end as usize {
            let Some(part) = parts.indexes.get(index) else { break };
            if (part.keys_end as usize) < key || part.keys_end as usize > parts.keys.len() {
                return Err(VerifyError::BadRange { table: "indexes", entry: index });
            }
            ends.push(part.missing_end);
            end = part.missing_end;
            while key < part.keys_end as usize {
                let Some(part) = parts.keys.get(key) else { break };
                ends.push(part.end);
                end = part.end;
                key += 1;
            }
            index += 1;
        }
        if (end as usize) < start || end as usize > parts.postings.len() {
            return Err(VerifyError::BadRange { table: "groups", entry });
        }
        ranges.push((start, end as usize));
        start = end as usize;
    }
    if key != parts.keys.len() {
        return Err(VerifyError::BadRange { table: "keys", entry: key });
    }
    partition("postings", 0, ends, parts.postings.len())?;
    Ok(ranges)
}

/// Declared types of slots: those that every action has by slot, an action's by bisection.
struct Types<'t> {
    common: Vec<Option<FieldType>>,
    actions: Vec<&'t [Field]>,
}

impl<'t> Types<'t> {
    fn new(parts: &Parts, tables: &'t Tables) -> Self {
        let mut common = vec![None; tables.slots.len()];
        let state = tables.actions.last().map_or(parts.common_end, |action| action.fields.end);
        let shared = [0..parts.common_end as usize, state as usize..tables.fields.len()];
        for field in shared.into_iter().flat_map(|range| tables.fields.get(range).unwrap_or(&[])) {
            if let Some(ty) = common.get_mut(field.slot.index()) {
                *ty = Some(field.ty);
            }
        }
        for built_in in [tables.action_type, tables.actor_type] {
            if let Some(ty) = common.get_mut(built_in.index()) {
                *ty = Some(FieldType::String);
            }
        }
        let range = |action: &crate::program::Action| {
            tables
                .fields
                .get(action.fields.start as usize..action.fields.end as usize)
                .unwrap_or(&[])
        };
        Self { common, actions: tables.actions.iter().map(range).collect() }
    }

    /// The slot's type in the input table of the group's action.
    fn of(&self, group: usize, slot: SlotId) -> Option<FieldType> {
        if let Some(Some(ty)) = self.common.get(slot.index()) {
            return Some(*ty);
        }
        let fields = self.actions.get(group.checked_sub(1)?)?;
        let index = fields.binary_search_by(|field| field.slot.cmp(&slot)).ok()?;
        fields.get(index).map(|field| field.ty)
    }

    fn verify_op(
        &self,
        tables: &Tables,
        group: usize,
        at: usize,
        op: &Op,
    ) -> Result<(), VerifyError> {
        if op.code.is_verdict() {
            return Ok(());
        }
        let wrong = |what| VerifyError::WrongType { op: at, group, what };
        let declared = self.of(group, op.slot).ok_or(wrong("a field on the left"))?;
        let left = if op.flags.is_quantified() {
            declared.items().ok_or(wrong("a quantified field"))?
        } else {
            declared
        };
        if !left_fits(op.code.left(), left) {
            return Err(wrong("a field on the left"));
        }
        if op.code.reads_symbols()
            && !tables.slots.get(op.slot.index()).is_some_and(|slot| slot.symbolic)
        {
            return Err(VerifyError::NotSymbolic { op: at, slot: op.slot.0 });
        }
        if op.code.has_right_slot() {
            if op.operand >= NO_SLOT as u32 {
                return Err(wrong("a field on the right"));
            }
            let right = self.of(group, op.right_slot()).ok_or(wrong("a field on the right"))?;
            if !right_fits(op.code.right(), left, right) {
                return Err(wrong("a field on the right"));
            }
            if op.code == crate::op::OpCode::SumCompare {
                self.verify_sum(tables, group, at, op, right)?;
            }
        }
        Ok(())
    }

    fn verify_sum(
        &self,
        tables: &Tables,
        group: usize,
        at: usize,
        op: &Op,
        base: FieldType,
    ) -> Result<(), VerifyError> {
        let fits = match tables.sums.get(op.sum().index()).map(|sum| sum.addend) {
            Some(Addend::Integer(_)) => base == FieldType::Integer,
            Some(Addend::Duration(_)) => base == FieldType::Timestamp,
            Some(Addend::Slot(slot)) => {
                base == FieldType::Integer && self.of(group, slot) == Some(FieldType::Integer)
            }
            None => false,
        };
        if fits && tables.settings.language == 2 {
            Ok(())
        } else {
            Err(VerifyError::WrongType { op: at, group, what: "a sum" })
        }
    }
}

fn left_fits(left: Left, ty: FieldType) -> bool {
    match left {
        Left::Nothing => false,
        Left::Any => ty.is_scalar() || ty.items().is_some(),
        Left::String => ty == FieldType::String,
        Left::Number => ty.is_numeric(),
        Left::Boolean => ty == FieldType::Boolean,
        Left::Timestamp => ty == FieldType::Timestamp,
        Left::Sized => ty == FieldType::String || ty.items().is_some(),
        Left::Scalar => ty.is_scalar(),
        Left::Ordered => ty.is_numeric() || ty == FieldType::Timestamp,
        Left::StringList => ty == FieldType::StringList,
        Left::NumberList => ty.items().is_some_and(FieldType::is_numeric),
        Left::List => ty.items().is_some(),
        Left::StringOrStringList => matches!(ty, FieldType::String | FieldType::StringList),
        Left::StringOrList => ty == FieldType::String || ty.items().is_some(),
    }
}

fn same_kind(a: FieldType, b: FieldType) -> bool {
    a == b || (a.is_numeric() && b.is_numeric())
}

fn right_fits(right: Right, left: FieldType, ty: FieldType) -> bool {
    match right {
        Right::SameKindSlot => same_kind(left, ty),
        Right::ListOfSameKindSlot => ty.items().is_some_and(|item| same_kind(left, item)),
        Right::StringSlot => ty == FieldType::String,
        Right::StringListSlot => ty == FieldType::StringList,
        Right::StringOrListSlot => matches!(ty, FieldType::String | FieldType::StringList),
        Right::ItemKindSlot => left.items().is_some_and(|item| same_kind(item, ty)),
        Right::ContainedSlot => match left.items() {
            Some(item) => same_kind(item, ty),
            None => ty == FieldType::String,
        },
        Right::SameListSlot => match (left.items(), ty.items()) {
            (Some(a), Some(b)) => same_kind(a, b),
            _ => false,
        },
        _ => true,
    }
}
