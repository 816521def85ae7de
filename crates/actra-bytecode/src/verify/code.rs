//! Ops and rules: every operand in bounds and of its form, every jump forward, every path to a
//! verdict.

use super::VerifyError;
use super::tables::{Tables, ascending_ids, bound, flag, list_items, number_at, within};
use crate::format::{host, path};
use crate::ids::{ListId, NumberId, StringId};
use crate::limits::MAX_OPS;
use crate::number::Number;
use crate::op::{Comparison, Extra, Flags, OP_BYTES, Op, OpCode, Right};
use crate::parts::{Parts, RulePart};
use crate::program::{Effect, Rule, optional};
use alloc::vec;
use alloc::vec::Vec;

/// The ops and rules of a program, verified.
pub(super) struct Code {
    pub(super) ops: Vec<Op>,
    pub(super) rules: Vec<Rule>,
}

const OPS: &str = "ops";
const RULES: &str = "rules";

pub(super) fn read(parts: &Parts, tables: &Tables) -> Result<Code, VerifyError> {
    let ops = decode(parts)?;
    let mut lists = ListUses { seen: vec![0; parts.list_ends.len()] };
    let rules = read_rules(parts, tables, &mut lists, ops.len())?;
    for (index, op) in ops.iter().enumerate() {
        verify_op(parts, tables, &mut lists, index, op)?;
    }
    for (rule, part) in rules.iter().enumerate() {
        verify_flow(&ops, rule, part)?;
    }
    Ok(Code { ops, rules })
}

fn decode(parts: &Parts) -> Result<Vec<Op>, VerifyError> {
    let (chunks, rest) = parts.code.as_chunks::<OP_BYTES>();
    if !rest.is_empty() {
        return Err(VerifyError::BadRange { table: OPS, entry: chunks.len() });
    }
    within(OPS, chunks.len(), MAX_OPS)?;
    let decode = |(entry, chunk): (usize, &[u8; OP_BYTES])| {
        Op::decode(chunk).ok_or(VerifyError::UnknownValue {
            table: OPS,
            entry,
            field: "code",
            value: chunk.first().copied().unwrap_or(0) as u64,
        })
    };
    chunks.iter().enumerate().map(decode).collect()
}

fn read_rules(
    parts: &Parts,
    tables: &Tables,
    lists: &mut ListUses,
    ops: usize,
) -> Result<Vec<Rule>, VerifyError> {
    let mut rules: Vec<Rule> = Vec::with_capacity(parts.rules.len());
    let mut positions = vec![false; parts.rules.len()];
    let mut ids = vec![false; tables.strings.len()];
    if parts.rules.is_empty() && ops != 0 {
        return Err(VerifyError::BadRange { table: RULES, entry: 0 });
    }
    let ends = parts.rules.iter().skip(1).map(|rule| rule.entry).chain([ops as u32]);
    let mut start = 0;
    for (entry, (part, end)) in parts.rules.iter().zip(ends).enumerate() {
        if part.entry != start || end <= start || end as usize > ops {
            return Err(VerifyError::BadRange { table: RULES, entry });
        }
        start = end;
        let rule = read_rule(parts, tables, lists, entry, part, end)?;
        match ids.get_mut(rule.id.index()) {
            Some(taken @ false) => *taken = true,
            _ => return Err(VerifyError::Unsorted { table: "rule ids", entry }),
        }
        match positions.get_mut(part.position as usize) {
            Some(taken @ false) => *taken = true,
            _ => return Err(VerifyError::Unsorted { table: "rule positions", entry }),
        }
        if let Some(previous) = rules.last()
            && tables.most_restrictive
            && (previous.effect < rule.effect
                || (previous.effect == rule.effect && previous.position > rule.position))
        {
            return Err(VerifyError::OutOfOrder { rule: entry });
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn read_rule(
    parts: &Parts,
    tables: &Tables,
    lists: &mut ListUses,
    entry: usize,
    part: &RulePart,
    end: u32,
) -> Result<Rule, VerifyError> {
    let strings = tables.strings.len();
    bound(RULES, entry, "id", part.id, strings)?;
    if let Some(message) = optional(part.message) {
        bound(RULES, entry, "message", message, strings)?;
    }
    if let Some(list) = optional(part.required_actions) {
        bound(RULES, entry, "required_actions", list, parts.list_ends.len())?;
        if lists.is_new(list, Right::StringList) {
            for string in list_items(parts, ListId(list)) {
                bound(RULES, entry, "required_actions", *string, strings)?;
            }
        }
    }
    Ok(Rule {
        id: StringId(part.id),
        effect: Effect::decode(part.effect).ok_or(VerifyError::UnknownValue {
            table: RULES,
            entry,
            field: "effect",
            value: part.effect as u64,
        })?,
        shadow: flag(RULES, entry, "shadow", part.shadow)?,
        position: part.position,
        message: optional(part.message).map(StringId),
        required_actions: optional(part.required_actions).map(ListId),
        entry: part.entry,
        end,
    })
}

/// Which lists have been seen to be what they are used as. Each is looked at once a use, so that
/// the work is bounded by the program's bytes, however many refer to a long list.
struct ListUses {
    seen: Vec<u8>,
}

impl ListUses {
    /// Whether this is the first such use of the list.
    fn is_new(&mut self, list: u32, right: Right) -> bool {
        let bit = match right {
            Right::StringSet => 1,
            Right::StringList => 2,
            Right::DomainList => 4,
            Right::PathList => 8,
            Right::NumberSet => 16,
            _ => 32,
        };
        match self.seen.get_mut(list as usize) {
            Some(seen) if *seen & bit == 0 => {
                *seen |= bit;
                true
            }
            _ => false,
        }
    }
}

fn verify_op(
    parts: &Parts,
    tables: &Tables,
    lists: &mut ListUses,
    index: usize,
    op: &Op,
) -> Result<(), VerifyError> {
    let unused = |field| Err(VerifyError::UnusedField { op: index, field });
    if op.code.is_verdict() {
        let zero = op.flags.0 == 0 && op.slot.0 == 0 && op.operand == 0 && op.extra == 0;
        return if zero && op.target == 0 { Ok(()) } else { unused("a verdict's field") };
    }
    bound(OPS, index, "slot", op.slot.0 as u32, tables.slots.len())?;
    let quantifiers = op.flags.0 & (Flags::EVERY | Flags::SOME);
    let both = Flags::EVERY | Flags::SOME;
    if op.flags.0 & !Flags::ALL != 0
        || (quantifiers != 0 && !op.code.takes_quantifier())
        || quantifiers == both
        || (quantifiers == 0 && op.flags.has(Flags::NEGATE_ITEM))
        || (op.code == OpCode::Exists
            && op.flags.0 & (Flags::MISSING_HOLDS | Flags::MALFORMED_HOLDS) != 0)
    {
        return unused("flags");
    }
    match op.code.extra() {
        Extra::Nothing if op.extra != 0 => return unused("extra"),
        Extra::Comparison | Extra::ComparisonOfSum => {
            if Comparison::decode(op.extra & 7).is_none() {
                return Err(VerifyError::UnknownValue {
                    table: OPS,
                    entry: index,
                    field: "comparison",
                    value: (op.extra & 7) as u64,
                });
            }
            if op.code.extra() == Extra::Comparison && op.extra > 7 {
                return unused("extra");
            }
            if op.code.extra() == Extra::ComparisonOfSum {
                bound(OPS, index, "sum", op.sum().0, tables.sums.len())?;
            }
        }
        Extra::Nothing => {}
    }
    verify_operand(parts, tables, lists, index, op)
}

fn verify_operand(
    parts: &Parts,
    tables: &Tables,
    lists: &mut ListUses,
    index: usize,
    op: &Op,
) -> Result<(), VerifyError> {
    let operand = op.operand;
    let right = op.code.right();
    let in_table = |count| bound(OPS, index, "operand", operand, count);
    let bad_literal = |what| VerifyError::BadLiteral { table: OPS, entry: index, what };
    let integer = |what| match number_at(tables, NumberId(operand)) {
        Some(Number::Integer(_)) => Ok(()),
        _ => Err(bad_literal(what)),
    };
    match right {
        Right::Nothing if operand != 0 => {
            Err(VerifyError::UnusedField { op: index, field: "operand" })
        }
        Right::Nothing => Ok(()),
        Right::String => in_table(tables.strings.len()),
        Right::Number => in_table(tables.numbers.len()),
        Right::Instant => in_table(tables.numbers.len()).and_then(|()| integer("an instant")),
        Right::Length => in_table(tables.numbers.len()).and_then(|()| integer("a length")),
        Right::BooleanMask if (1..=3).contains(&operand) => Ok(()),
        Right::BooleanMask => Err(VerifyError::UnknownValue {
            table: OPS,
            entry: index,
            field: "mask",
            value: operand as u64,
        }),
        Right::Dfa => in_table(tables.dfas.len()),
        Right::NetworkList => in_table(parts.network_list_ends.len()),
        Right::StringSet
        | Right::StringList
        | Right::DomainList
        | Right::PathList
        | Right::NumberSet
        | Right::InstantSet => {
            in_table(parts.list_ends.len())?;
            if lists.is_new(operand, right) {
                verify_list(parts, tables, index, ListId(operand), right)?;
            }
            Ok(())
        }
        Right::SameKindSlot
        | Right::ListOfSameKindSlot
        | Right::StringSlot
        | Right::StringListSlot
        | Right::StringOrListSlot
        | Right::ItemKindSlot
        | Right::SameListSlot
        | Right::ContainedSlot => in_table(tables.slots.len()),
    }
}

fn verify_list(
    parts: &Parts,
    tables: &Tables,
    index: usize,
    list: ListId,
    right: Right,
) -> Result<(), VerifyError> {
    let items = list_items(parts, list);
    let bad = |what| VerifyError::BadLiteral { table: OPS, entry: index, what };
    match right {
        Right::StringSet => return ascending_ids(OPS, index, items, tables.strings.len()),
        Right::NumberSet => return tables.ascending_numbers(OPS, index, items),
        Right::InstantSet => {
            tables.ascending_numbers(OPS, index, items)?;
            let is_instant =
                |id: &u32| matches!(number_at(tables, NumberId(*id)), Some(Number::Integer(_)));
            return if items.iter().all(is_instant) { Ok(()) } else { Err(bad("an instant")) };
        }
        _ => {}
    }
    for item in items {
        bound(OPS, index, "list", *item, tables.strings.len())?;
        let text = tables.strings.text(StringId(*item));
        match right {
            Right::DomainList if host::parse_domain(text) != Ok(text) => {
                return Err(bad("a domain name"));
            }
            Right::PathList if !path::is_well_formed(text) => return Err(bad("a directory")),
            _ => {}
        }
    }
    Ok(())
}

/// Jumps lead forward inside the rule, and its last op is a verdict: so every path ends in one.
fn verify_flow(ops: &[Op], rule: usize, part: &Rule) -> Result<(), VerifyError> {
    let range = part.entry as usize..part.end as usize;
    let code = ops.get(range.clone()).unwrap_or(&[]);
    if !code.last().is_some_and(|op| op.code.is_verdict()) {
        return Err(VerifyError::NoVerdict { rule });
    }
    for (op, at) in code.iter().zip(range) {
        if !op.code.is_verdict() && (op.target as usize <= at || op.target >= part.end) {
            return Err(VerifyError::BadJump { op: at, target: op.target });
        }
    }
    Ok(())
}
