//! What programs are refused, and why: one program by hand, corrupted in one place a case.

use crate::build::refunds;
use actra_bytecode::ids::SlotId;
use actra_bytecode::op::{Flags, OP_BYTES, Op, OpCode};
use actra_bytecode::parts::*;
use actra_bytecode::{Program, VerifyError};
use std::collections::BTreeSet;

type Case = (&'static str, fn(&mut Parts));

fn op(parts: &mut Parts, index: usize, change: impl FnOnce(&mut Op)) {
    let bytes: &mut [u8; OP_BYTES] = parts.code.as_chunks_mut().0.get_mut(index).unwrap();
    let mut op = Op::decode(bytes).unwrap();
    change(&mut op);
    *bytes = op.encode();
}

fn slot(parts: &Parts, name: &str) -> u16 {
    let position = parts.slots.iter().position(|slot| string(parts, slot.name) == name);
    position.unwrap() as u16
}

fn string(parts: &Parts, id: u32) -> String {
    let start = id.checked_sub(1).map_or(0, |before| parts.string_ends[before as usize]);
    let range = start as usize..parts.string_ends[id as usize] as usize;
    String::from_utf8(parts.text[range].to_vec()).unwrap()
}

fn field<'p>(parts: &'p mut Parts, name: &str) -> &'p mut FieldPart {
    let slot = slot(parts, name);
    parts.fields.iter_mut().rfind(|field| field.slot == slot).unwrap()
}

/// The field's place among all fields is in some messages: those of `refund` come after these.
const TABLES: &[Case] = &[
    ("slots: 60001 exceed the limit of 60000", |p| p.slots.resize(60_001, p.slots[0])),
    ("rules: 100001 exceed the limit of 100000", |p| p.rules.resize(100_001, p.rules[0])),
    ("nested objects: 17 exceed the limit of 16", deep_slots),
    ("settings entry 0: language has the unknown value 3", |p| p.settings.language = 3),
    ("settings entry 0: combine has the unknown value 0", |p| p.settings.combine = 0),
    ("settings entry 0: default has the unknown value 4", |p| p.settings.default = 4),
    ("strings entry 48: ends do not partition the items", |p| p.text.push(b'x')),
    ("strings entry 1: ends do not partition the items", |p| p.string_ends[0] = 99),
    ("strings entry 0: unsorted or repeated", |p| p.text[0] = b'~'),
    ("the strings are not UTF-8", |p| p.text[0] = 0xff),
    ("numbers entry 0: tag has the unknown value 3", |p| p.numbers[0].tag = 3),
    ("numbers entry 1: unsorted or repeated", |p| p.numbers[1] = p.numbers[0]),
    ("lists entry 4: ends do not partition the items", |p| p.list_items.push(0)),
    ("network lists entry 0: ends do not partition the items", |p| p.network_list_ends[0] = 3),
    ("networks entry 1: a network is malformed", |p| p.networks[1].address[1] = 1),
    ("networks entry 0: a network is malformed", |p| p.networks[0].prefix = 1),
    ("networks entry 1: a network is malformed", |p| p.networks[1].family = 5),
    ("networks entry 0: a network is malformed", |p| p.networks[0].address[3] = 1),
    ("pattern classes entry 0: ends do not partition the items", |p| {
        p.dfas[0].classes.pop();
    }),
    ("pattern 0: the automaton's 2 transitions make no whole number of states", |p| {
        p.dfas[0].classes[9] = 1;
        p.dfas[0].classes[10] = 2;
        p.dfas[0].transitions.extend([0, 0]);
    }),
    ("pattern 0: state 1 of the automaton is out of order or unreachable", |p| {
        p.dfas[0].transitions[0] = 1;
    }),
    ("sums entry 0: sign has the unknown value 0", |p| p.sums[0].sign = 0),
    ("sums entry 0: kind has the unknown value 4", |p| p.sums[0].kind = 4),
    ("sums entry 0: slot refers to 16, and there are 16", |p| {
        p.sums[0] = SumPart { kind: 3, value: 16, ..p.sums[0] };
    }),
    ("sums entry 0: slot refers to 4294967295, and there are 16", |p| {
        p.sums[0] = SumPart { kind: 3, value: 1 << 32, ..p.sums[0] };
    }),
];

const SLOTS: &[Case] = &[
    ("slots entry 1: name refers to 48, and there are 48", |p| p.slots[1].name = 48),
    ("slots entry 1: segment refers to 48, and there are 48", |p| p.slots[1].segment = 48),
    ("slots entry 1: domain has the unknown value 0", |p| p.slots[1].domain = 0),
    ("slots entry 1: kind has the unknown value 3", |p| p.slots[1].kind = 3),
    ("slots entry 1: symbolic has the unknown value 2", |p| p.slots[1].symbolic = 2),
    ("slots entry 1: parent refers to 1, and there are 1", |p| p.slots[1].parent = 1),
    ("slots entry 1: unsorted or repeated", |p| p.slots[1] = p.slots[0]),
    ("slot 1: its name does not follow from its place", |p| p.slots[1].segment = 0),
    ("slot 1: its name does not follow from its place", |p| p.slots[1].domain = 2),
    ("slot 1: its name does not follow from its place", |p| p.slots[1].kind = 2),
    ("slot 3: its name does not follow from its place", |p| p.slots[3].parent = NO_SLOT),
    ("the slot `action.type` is missing", |p| {
        let slot = slot(p, "action.type");
        p.slots.remove(usize::from(slot));
    }),
    ("the slot `actor.type` is missing", |p| {
        let slot = slot(p, "actor.type");
        p.slots.remove(usize::from(slot));
    }),
];

const FIELDS: &[Case] = &[
    ("fields entry 0: slot refers to 99, and there are 16", |p| p.fields[0].slot = 99),
    ("fields entry 0: type has the unknown value 15", |p| p.fields[0].ty = 15),
    ("fields entry 0: required has the unknown value 2", |p| p.fields[0].required = 2),
    ("fields entry 1: constraint refers to 3, and there are 3", |p| p.fields[1].constraint = 3),
    ("fields entry 2: default refers to 5, and there are 5", |p| p.fields[2].default = 5),
    ("fields entry 6: default has the unknown value 2", |p| {
        field(p, "action.express").default = 2;
    }),
    ("fields entry 3: unsorted or repeated", |p| p.fields[3].slot = p.fields[2].slot),
    ("constraints entry 0: min refers to 5, and there are 5", |p| p.constraints[0].min = 5),
    ("constraints entry 1: allowed refers to 4, and there are 4", |p| p.constraints[1].allowed = 4),
    ("constraints entry 2: unique has the unknown value 2", |p| p.constraints[2].unique = 2),
    ("actions entry 0: ends do not partition the items", |p| p.actions[0].fields_end = 0),
    ("tables entry 0: ends do not partition the items", |p| p.actor_end = 0),
    ("tables entry 0: ends do not partition the items", |p| p.actor_end = 99),
    ("actions entry 0: name refers to 48, and there are 48", |p| p.actions[0].name = 48),
    ("actions entry 1: unsorted or repeated", |p| p.actions[1].name = p.actions[0].name),
    ("field 1: the slot does not fit", |p| p.fields[1].slot = slot(p, "actor.role")),
    ("field 1: a field of `common` does not fit", |p| p.fields[1].slot = p.fields[0].slot),
    ("field 5: the parent does not fit", |p| field(p, "action.customer").ty = 1),
    ("field 8: the parent does not fit", |p| field(p, "action.labels").ty = 11),
    ("field 8: the slot does not fit", |p| field(p, "action.labels[\"k\"]").ty = 6),
    ("field 8: required does not fit", |p| field(p, "action.labels[\"k\"]").required = 1),
    ("field 2: required does not fit", |p| p.fields[2].required = 1),
    ("field 12: the type of a built-in field does not fit", |p| field(p, "actor.type").ty = 2),
    ("field 2: the default does not fit", |p| p.fields[2].ty = 8),
    ("field 2: the default does not fit", |p| {
        p.fields[2] = FieldPart { ty: 3, default: 1, ..p.fields[2] };
    }),
    ("field 11: the default does not fit", |p| field(p, "actor.role").default = 0),
    ("field 3: the allowed values does not fit", |p| p.fields[3].ty = 4),
    ("field 3: the allowed values does not fit", |p| p.slots[1].symbolic = 0),
    ("fields entry 3: unsorted or repeated", |p| p.list_items.swap(0, 1)),
    ("fields entry 3: list refers to 48, and there are 48", |p| p.list_items[1] = 48),
    ("field 3: a bound does not fit", |p| p.fields[3].constraint = 0),
    ("field 3: a bound does not fit", |p| {
        (p.fields[3].constraint, p.constraints[0].min) = (0, NONE);
    }),
    ("field 3: a bound does not fit", |p| {
        (p.fields[3].constraint, p.constraints[0].max) = (0, NONE);
    }),
    ("field 1: the length does not fit", |p| p.constraints[0].max_length = 1),
    ("field 1: a list's constraint does not fit", |p| p.constraints[0].max_items = 1),
    ("field 1: a list's constraint does not fit", |p| p.constraints[0].unique = 1),
];

const CODE: &[Case] = &[
    ("ops entry 20: ends do not partition the items", |p| p.code.push(0)),
    ("ops entry 3: code has the unknown value 0", |p| p.code[3 * OP_BYTES] = 0),
    ("op 3: a verdict's field is not used by this op and must be 0", |p| {
        op(p, 3, |op| op.operand = 1);
    }),
    ("ops entry 0: slot refers to 16, and there are 16", |p| op(p, 0, |op| op.slot = SlotId(16))),
    ("op 0: flags is not used by this op and must be 0", |p| op(p, 0, |op| op.flags.0 |= 128)),
    ("op 0: flags is not used by this op and must be 0", |p| {
        op(p, 0, |op| op.flags.0 |= Flags::SOME);
    }),
    ("op 14: flags is not used by this op and must be 0", |p| {
        op(p, 14, |op| op.flags.0 |= Flags::SOME);
    }),
    ("op 13: flags is not used by this op and must be 0", |p| {
        op(p, 13, |op| op.flags.0 |= Flags::NEGATE_ITEM);
    }),
    ("op 0: flags is not used by this op and must be 0", |p| {
        op(p, 0, |op| (op.code, op.operand) = (OpCode::Exists, 0));
    }),
    ("op 0: extra is not used by this op and must be 0", |p| op(p, 0, |op| op.extra = 1)),
    ("op 1: extra is not used by this op and must be 0", |p| op(p, 1, |op| op.extra |= 8)),
    ("ops entry 1: comparison has the unknown value 7", |p| op(p, 1, |op| op.extra = 7)),
    ("ops entry 17: comparison has the unknown value 7", |p| op(p, 17, |op| op.extra = 15)),
    ("ops entry 17: sum refers to 1, and there are 1", |p| op(p, 17, |op| op.extra |= 8)),
    ("ops entry 0: mask has the unknown value 4", |p| op(p, 0, |op| op.operand = 4)),
    ("ops entry 7: operand refers to 48, and there are 48", |p| op(p, 7, |op| op.operand = 48)),
    ("ops entry 8: operand refers to 5, and there are 5", |p| op(p, 8, |op| op.operand = 5)),
    ("ops entry 9: operand refers to 1, and there are 1", |p| op(p, 9, |op| op.operand = 1)),
    ("ops entry 10: operand refers to 1, and there are 1", |p| op(p, 10, |op| op.operand = 1)),
    ("ops entry 4: operand refers to 4, and there are 4", |p| op(p, 4, |op| op.operand = 4)),
    ("ops entry 17: operand refers to 65550, and there are 16", |p| {
        op(p, 17, |op| op.operand |= 1 << 16);
    }),
    ("op 0: operand is not used by this op and must be 0", |p| {
        op(p, 0, |op| (op.code, op.flags.0) = (OpCode::Exists, 0));
    }),
    ("ops entry 4: unsorted or repeated", |p| p.list_items.swap(4, 5)),
    ("ops entry 1: an instant is malformed", |p| op(p, 1, |op| op.operand = 1)),
    ("ops entry 8: a length is malformed", |p| {
        op(p, 8, |op| (op.code, op.operand) = (OpCode::LengthCompare, 1));
    }),
    ("ops entry 4: a domain name is malformed", |p| {
        let id = (0..48).find(|id| string(p, *id) == "10.0.0.0/8").unwrap();
        (p.list_items[4], p.list_items[5]) = (id, id);
        op(p, 4, |op| op.code = OpCode::InDomain);
    }),
    ("ops entry 4: a directory is malformed", |p| op(p, 4, |op| op.code = OpCode::WithinPath)),
    ("op 7: a jump to 7 does not lead forward inside its rule", |p| op(p, 7, |op| op.target = 7)),
    ("op 7: a jump to 0 does not lead forward inside its rule", |p| op(p, 7, |op| op.target = 0)),
    ("op 7: a jump to 13 does not lead forward inside its rule", |p| op(p, 7, |op| op.target = 13)),
    ("rule 4: its code does not end in a verdict", |p| p.code.truncate(18 * OP_BYTES)),
];

const RULES: &[Case] = &[
    ("rules entry 0: id refers to 48, and there are 48", |p| p.rules[0].id = 48),
    ("rule ids entry 1: unsorted or repeated", |p| p.rules[1].id = p.rules[0].id),
    ("rules entry 1: message refers to 48, and there are 48", |p| p.rules[1].message = 48),
    ("rules entry 1: required_actions refers to 4, and there are 4", |p| {
        p.rules[1].required_actions = 4;
    }),
    ("rules entry 1: required_actions refers to 48, and there are 48", |p| {
        *p.list_items.last_mut().unwrap() = 48;
    }),
    ("rules entry 0: effect has the unknown value 0", |p| p.rules[0].effect = 0),
    ("rules entry 0: shadow has the unknown value 2", |p| p.rules[0].shadow = 2),
    ("rules entry 0: ends do not partition the items", |p| p.rules[0].entry = 1),
    ("rules entry 1: ends do not partition the items", |p| p.rules[2].entry = p.rules[1].entry),
    ("rule positions entry 1: unsorted or repeated", |p| p.rules[1].position = 4),
    ("rule positions entry 0: unsorted or repeated", |p| p.rules[0].position = 5),
    ("rule 1: out of decision order", |p| p.rules[0].effect = 1),
    ("rule 2: out of decision order", |p| {
        (p.rules[1].position, p.rules[2].position) = (1, 0);
    }),
];

const TYPES: &[Case] = &[
    ("groups entry 2: ends do not partition the items", |p| {
        p.groups.pop();
    }),
    ("op 0: a field on the left of the wrong type for candidates of group 0", |p| {
        op(p, 0, |op| op.slot = SlotId(0));
    }),
    ("op 7: a field on the left of the wrong type for candidates of group 1", |p| {
        op(p, 7, |op| op.slot = SlotId(0));
    }),
    ("op 8: a field on the left of the wrong type for candidates of group 2", |p| {
        op(p, 8, |op| (op.code, op.operand) = (OpCode::BooleanIn, 1));
        op(p, 8, |op| op.extra = 0);
        p.fields[1] = FieldPart { ty: 4, constraint: NONE, ..p.fields[1] };
    }),
    ("op 14: a quantified field of the wrong type for candidates of group 2", |p| {
        let slot = slot(p, "action.currency");
        op(p, 14, |op| op.slot = SlotId(slot));
    }),
    ("op 17: a field on the right of the wrong type for candidates of group 0", |p| {
        let slot = slot(p, "snapshot.until");
        op(p, 17, |op| op.operand = u32::from(slot));
    }),
    ("op 17: a field on the right of the wrong type for candidates of group 0", |p| {
        op(p, 17, |op| op.operand = 0);
    }),
    ("op 17: a sum of the wrong type for candidates of group 0", |p| p.sums[0].kind = 2),
    ("op 17: a sum of the wrong type for candidates of group 0", |p| {
        field(p, "snapshot.limit").ty = 2;
    }),
    ("op 4: slot 11 is compared by symbol but never looked up", |p| {
        let slot = slot(p, "actor.role");
        p.slots[usize::from(slot)].symbolic = 0;
    }),
    ("postings entry 0: rule refers to 5, and there are 5", |p| p.postings[0] = 5),
    ("the program is too large to verify: more than 268435456 steps", too_complex),
];

const INDEXES: &[Case] = &[
    ("postings entry 1: ends do not partition the items", |p| p.groups[0].always_end = 4),
    ("groups entry 3: ends do not partition the items", |p| p.groups[2].indexes_end = 2),
    ("indexes entry 1: ends do not partition the items", |p| p.indexes[1].keys_end = 0),
    ("keys entry 4: ends do not partition the items", |p| {
        p.keys.push(KeyPart { key: 0, end: 0 });
    }),
    ("postings entry 10: ends do not partition the items", |p| p.postings.push(0)),
    ("postings entry 0: unsorted or repeated", |p| p.postings.swap(0, 1)),
    ("indexes entry 0: kind has the unknown value 5", |p| p.indexes[0].kind = 5),
    ("indexes of a group: 5 exceed the limit of 4", many_indexes),
    ("indexes entry 1: unsorted or repeated", |p| {
        let empty = IndexPart { missing_end: 5, keys_end: 2, ..p.indexes[0] };
        p.indexes.insert(1, empty);
        p.groups.iter_mut().for_each(|group| group.indexes_end += 1);
    }),
    ("indexes entry 0: unsorted or repeated", |p| p.keys[1].key = p.keys[0].key),
    ("indexes entry 0: list refers to 48, and there are 48", |p| p.keys[1].key = 48),
    ("rule 1: not a candidate exactly once per group", |p| p.postings[1] = 1),
    ("rule 4: not a candidate exactly once per group", |p| {
        p.groups[0].always_end = 1;
        p.postings.remove(1);
        p.indexes.iter_mut().for_each(|index| index.missing_end -= 1);
        p.keys.iter_mut().for_each(|key| key.end -= 1);
        p.groups[1].always_end -= 1;
        p.groups[2].always_end -= 1;
    }),
    ("rule 4: not a candidate exactly once per group", |p| {
        let end = p.groups[2].always_end;
        p.postings.insert(end as usize, 4);
        p.groups[2].always_end += 1;
        p.indexes[2].missing_end += 1;
        p.keys[3].end += 1;
    }),
    // The index would not visit a rule that its op does not fail.
    ("index 0: does not agree with the code of rule 1", |p| {
        op(p, 4, |op| op.flags.0 = Flags::MALFORMED_HOLDS);
    }),
    ("index 0: does not agree with the code of rule 1", |p| {
        op(p, 4, |op| op.flags.0 |= Flags::NEGATE);
    }),
    ("index 0: does not agree with the code of rule 1", |p| op(p, 4, |op| op.target = 5)),
    ("index 0: does not agree with the code of rule 1", |p| {
        let slot = slot(p, "actor.type");
        p.slots[usize::from(slot)].symbolic = 1;
        op(p, 4, |op| op.slot = SlotId(slot));
    }),
    ("index 0: does not agree with the code of rule 1", |p| p.keys[0].key -= 1),
    ("index 0: does not agree with the code of rule 1", |p| {
        p.keys.remove(1);
        p.keys[0].end = 4;
        p.postings.remove(4);
        p.indexes.iter_mut().for_each(|index| index.keys_end -= 1);
        p.indexes.iter_mut().skip(1).for_each(|index| index.missing_end -= 1);
        p.keys.iter_mut().skip(1).for_each(|key| key.end -= 1);
        p.groups[1].always_end -= 1;
        p.groups[2].always_end -= 1;
    }),
];

/// `actor.x` with ever more objects around it.
fn deep_slots(parts: &mut Parts) {
    let mut text = String::from("actor");
    let mut strings: Vec<String> = Vec::new();
    for _ in 0..18 {
        text.push_str(".x");
        strings.push(text.clone());
    }
    strings.extend(["action.type", "actor.type", "type", "x"].map(String::from));
    strings.sort();
    let id = |text: &str| strings.iter().position(|known| known == text).unwrap() as u32;
    let slot = |name: &str, parent, segment: &str| SlotPart {
        name: id(name),
        domain: if name.starts_with("action") { 1 } else { 2 },
        kind: 1,
        symbolic: 0,
        parent,
        segment: id(segment),
    };
    parts.slots = vec![slot("action.type", NO_SLOT, "type")];
    for (depth, name) in strings.iter().filter(|name| name.contains(".x")).enumerate() {
        let parent = if depth == 0 { NO_SLOT } else { depth as u16 };
        parts.slots.push(slot(name, parent, "x"));
    }
    parts.text = strings.concat().into_bytes();
    parts.string_ends = strings
        .iter()
        .scan(0, |end, text| {
            *end += text.len() as u32;
            Some(*end)
        })
        .collect();
}

/// A long rule that is a candidate for many actions.
fn too_complex(parts: &mut Parts) {
    let names: Vec<u32> = (0..48).filter(|id| string(parts, *id).len() > 3).collect();
    let length = (1 << 28) / names.len() + 1;
    parts.rules.truncate(1);
    parts.rules[0].position = 0;
    parts.code = std::iter::repeat_n(Op::SKIP.encode(), length).flatten().collect();
    let own = parts.fields.drain(parts.common_end as usize..10).count() as u32;
    parts.actor_end -= own;
    let action = |name: &u32| ActionPart { name: *name, fields_end: parts.common_end };
    parts.actions = names.iter().map(action).collect();
    parts.postings = vec![0; names.len()];
    parts.groups =
        (0..=names.len() as u32).map(|end| GroupPart { always_end: end, indexes_end: 0 }).collect();
    parts.indexes.clear();
    parts.keys.clear();
}

/// Empty indexes, each over another slot.
fn many_indexes(parts: &mut Parts) {
    for slot in 12..16 {
        let last = parts.indexes[2];
        parts.indexes.push(IndexPart { slot, ..last });
    }
    let end = parts.postings.len() as u32;
    parts.indexes.iter_mut().skip(3).for_each(|index| index.missing_end = end);
    parts.groups[2].indexes_end += 4;
}

#[test]
fn each_corruption_is_refused_for_what_it_is() {
    let mut seen = BTreeSet::new();
    let tables = [TABLES, SLOTS, FIELDS, CODE, RULES, TYPES, INDEXES];
    let mut wrong = Vec::new();
    for (expected, corrupt) in tables.into_iter().flatten() {
        let mut parts = refunds();
        corrupt(&mut parts);
        match Program::verify(parts) {
            Ok(_) => wrong.push(format!("\nexpected: {expected}\n   found: a program\n")),
            Err(error) => {
                seen.insert(variant(&error));
                if error.to_string() != *expected {
                    wrong.push(format!("\nexpected: {expected}\n   found: {error}\n"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), VARIANTS, "a variant without a case");
}

const VARIANTS: [&str; 20] = [
    "BadCandidate",
    "BadField",
    "BadIndex",
    "BadJump",
    "BadLiteral",
    "BadPattern",
    "BadRange",
    "BadSlot",
    "MissingSlot",
    "NoVerdict",
    "NotSymbolic",
    "NotUtf8",
    "OutOfBounds",
    "OutOfOrder",
    "TooComplex",
    "TooMany",
    "UnknownValue",
    "Unsorted",
    "UnusedField",
    "WrongType",
];

fn variant(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::TooMany { .. } => "TooMany",
        VerifyError::BadRange { .. } => "BadRange",
        VerifyError::UnknownValue { .. } => "UnknownValue",
        VerifyError::OutOfBounds { .. } => "OutOfBounds",
        VerifyError::NotUtf8 => "NotUtf8",
        VerifyError::Unsorted { .. } => "Unsorted",
        VerifyError::BadLiteral { .. } => "BadLiteral",
        VerifyError::BadPattern { .. } => "BadPattern",
        VerifyError::BadSlot { .. } => "BadSlot",
        VerifyError::BadField { .. } => "BadField",
        VerifyError::MissingSlot { .. } => "MissingSlot",
        VerifyError::UnusedField { .. } => "UnusedField",
        VerifyError::WrongType { .. } => "WrongType",
        VerifyError::NotSymbolic { .. } => "NotSymbolic",
        VerifyError::BadJump { .. } => "BadJump",
        VerifyError::NoVerdict { .. } => "NoVerdict",
        VerifyError::OutOfOrder { .. } => "OutOfOrder",
        VerifyError::BadCandidate { .. } => "BadCandidate",
        VerifyError::BadIndex { .. } => "BadIndex",
        VerifyError::TooComplex { .. } => "TooComplex",
    }
}
