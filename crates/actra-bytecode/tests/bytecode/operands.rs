//! Which types of fields, and which constants, each op takes: every op with every pair of types is
//! given to the verifier.

use crate::build::{Builder, refunds};
use actra_bytecode::ids::SlotId;
use actra_bytecode::op::{Comparison, Extra, Flags, Op, OpCode, Right};
use actra_bytecode::parts::{NetworkPart, Parts, SumPart};
use actra_bytecode::program::FieldType;
use actra_bytecode::{Number, Program};
use std::fmt::Write as _;

/// Constants by name: what an operand may be, and the number that stands for it.
struct Constants {
    named: Vec<(&'static str, u32)>,
}

/// A program of one rule and one op, on `actor.l` and `actor.r`, that has constants of all sorts.
fn program(op: OpCode, left: FieldType, right: FieldType) -> (Builder, Constants) {
    let strings = ["a.example", "b.example", "/a", "/b", "no domain", "r"];
    let numbers = [
        Number::Integer(1),
        Number::Integer(2),
        Number::Float(0.5),
        Number::Float(1.0),
        Number::Float(f64::NAN),
    ];
    let slots = ["action.type", "actor.l", "actor.r", "actor.type"];
    let mut b = Builder::new(&strings, &numbers, &slots);
    b.fields(&[("actor.l", left as u8), ("actor.r", right as u8), ("actor.type", 1)]);
    b.end_of_actor();
    b.rule("r", 3, 0);
    let named = vec![
        ("string", b.string("a.example")),
        ("integer", b.integer(1)),
        ("fraction", b.number(Number::Float(0.5))),
        ("domains", b.strings(&["a.example", "b.example"])),
        ("paths", b.strings(&["/a", "/b"])),
        ("integers", b.integers(&[1, 2])),
        ("fractions", {
            let list = b.integers(&[1, 2]);
            *b.parts.list_items.last_mut().unwrap() = b.number(Number::Float(0.5));
            let start = b.parts.list_items.len() - 2;
            b.parts.list_items[start..].sort_unstable();
            list
        }),
        ("nan", {
            let list = b.integers(&[1]);
            *b.parts.list_items.last_mut().unwrap() = b.number(Number::Float(f64::NAN));
            list
        }),
        ("unsorted", {
            let list = b.strings(&["a.example", "b.example"]);
            let start = b.parts.list_items.len() - 2;
            b.parts.list_items[start..].reverse();
            list
        }),
        ("equal", {
            let list = b.integers(&[1, 2]);
            *b.parts.list_items.last_mut().unwrap() = b.number(Number::Float(1.0));
            list
        }),
        ("words", b.strings(&["no domain", "r"])),
    ];
    b.parts.networks = vec![NetworkPart { family: 4, prefix: 8, address: [0; 16] }];
    b.parts.network_list_ends = vec![1];
    b.parts.dfas = refunds().dfas;
    let slot = u64::from(b.slot("actor.r"));
    b.parts.sums = vec![
        SumPart { sign: 1, kind: 1, value: 5 },
        SumPart { sign: 1, kind: 2, value: 5 },
        SumPart { sign: 1, kind: 3, value: slot },
        SumPart { sign: 1, kind: 3, value: u64::from(b.slot("actor.l")) },
    ];
    let right_slot = u32::from(b.slot("actor.r"));
    let extra = match op.extra() {
        Extra::Nothing => 0,
        Extra::Comparison | Extra::ComparisonOfSum => Comparison::EQUAL.encode(),
    };
    let written = b.op(op, "actor.l", 0, 1);
    written.extra = extra;
    if op.has_right_slot() {
        written.operand = right_slot;
    }
    b.verdicts();
    b.group(&[0]);
    (b, Constants { named })
}

fn verifies(mut b: Builder, change: impl FnOnce(&mut Builder)) -> bool {
    change(&mut b);
    let parts: Parts = b.finish();
    // Which texts are looked up follows from the ops: not asked here.
    [[0, 0], [1, 0], [0, 1], [1, 1]].into_iter().any(|symbolic| {
        let mut parts = parts.clone();
        // After `action.type`.
        parts.slots.iter_mut().skip(1).zip(symbolic).for_each(|(slot, is)| slot.symbolic = is);
        Program::verify(parts).is_ok()
    })
}

fn plain_ops() -> impl Iterator<Item = OpCode> {
    OpCode::ALL.iter().copied().filter(|op| !op.is_verdict())
}

#[test]
fn each_op_takes_these_types() {
    let mut listing = String::new();
    for op in plain_ops() {
        for (flags, quantifier) in [(0, ""), (Flags::EVERY, "every ")] {
            for left in FieldType::ALL {
                let rights: Vec<String> = FieldType::ALL
                    .into_iter()
                    .filter(|right| {
                        (op.has_right_slot() || *right == FieldType::String)
                            && (0..3).any(|sum| {
                                let (b, constants) = program(op, left, *right);
                                let operands = constants.named.iter().map(|(_, number)| *number);
                                let operands: Vec<u32> = operands.chain([0, 1]).collect();
                                operands.into_iter().any(|operand| {
                                    let (b, _) = (program(op, left, *right).0, &b);
                                    verifies(b, |b| {
                                        let op = b.ops.first_mut().unwrap();
                                        op.flags.0 = flags;
                                        if op.code.extra() == Extra::ComparisonOfSum {
                                            op.extra |= sum << 3;
                                        }
                                        if !op.code.has_right_slot() {
                                            op.operand = operand;
                                        }
                                    })
                                })
                            })
                    })
                    .map(
                        |right| {
                            if op.has_right_slot() {
                                format!("{right:?}")
                            } else {
                                "yes".to_owned()
                            }
                        },
                    )
                    .collect();
                if !rights.is_empty() {
                    writeln!(
                        listing,
                        "{:<16} {quantifier}{left:?}: {}",
                        op.name(),
                        rights.join(", ")
                    )
                    .unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(listing);
}

#[test]
fn each_op_takes_these_constants() {
    let mut listing = String::new();
    for op in plain_ops().filter(|op| !names_for(*op).is_empty()) {
        let mut taken = Vec::new();
        for left in FieldType::ALL {
            let (_, constants) = program(op, left, FieldType::String);
            for (name, operand) in constants.named {
                let (b, _) = program(op, left, FieldType::String);
                let is_named = names_for(op).contains(&name) && !taken.contains(&name);
                if is_named && verifies(b, |b| b.ops[0].operand = operand) {
                    taken.push(name);
                }
            }
        }
        writeln!(listing, "{:<16} {}", op.name(), taken.join(", ")).unwrap();
    }
    insta::assert_snapshot!(listing);
}

#[test]
fn sums_are_of_integers_or_of_an_instant_and_a_duration() {
    let mut listing = String::new();
    for right in FieldType::ALL {
        let sums = ["an integer", "a duration", "itself", "the left side"];
        for (sum, what) in (0..).zip(sums) {
            for left in [FieldType::Number, FieldType::Integer, FieldType::Timestamp] {
                let (b, _) = program(OpCode::SumCompare, left, right);
                if verifies(b, |b| b.ops[0].extra |= sum << 3) {
                    writeln!(listing, "{left:?} and {right:?} plus {what}").unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(listing);
}

/// The names of the constants that an op's operand can be.
fn names_for(op: OpCode) -> &'static [&'static str] {
    match op.right() {
        Right::String => &["string"],
        Right::Number | Right::Instant | Right::Length => &["integer", "fraction"],
        Right::StringSet
        | Right::StringList
        | Right::DomainList
        | Right::PathList
        | Right::NumberSet
        | Right::InstantSet => {
            &["domains", "paths", "integers", "fractions", "nan", "unsorted", "equal", "words"]
        }
        _ => &[],
    }
}

/// The first type that an op takes on the left.
fn left_of(op: OpCode) -> FieldType {
    let takes = |ty: &FieldType| {
        let (_, constants) = program(op, *ty, FieldType::String);
        constants.named.iter().any(|(_, operand)| {
            verifies(program(op, *ty, FieldType::String).0, |b| b.ops[0].operand = *operand)
        })
    };
    FieldType::ALL.into_iter().find(takes).unwrap()
}

/// A list that one op may have is verified again for what another one asks of it.
#[test]
fn each_use_of_a_list_is_verified() {
    let ops: Vec<OpCode> = plain_ops().filter(|op| names_for(*op).len() > 2).collect();
    let lefts: Vec<FieldType> = ops.iter().map(|op| left_of(*op)).collect();
    let two =
        |(first, left): (OpCode, FieldType), (second, right): (OpCode, FieldType), list: u32| {
            verifies(program(first, left, right).0, |b| {
                b.ops[0].operand = list;
                let mut next = b.ops[0];
                next.code = second;
                next.slot = SlotId(b.slot("actor.r"));
                b.ops.insert(1, next);
                b.ops[0].target = 3;
                b.ops[1].target = 3;
            })
        };
    let mut refused = 0;
    for first in ops.iter().copied().zip(lefts.iter().copied()) {
        for second in ops.iter().copied().zip(lefts.iter().copied()) {
            for (name, list) in program(first.0, first.1, second.1).1.named {
                if !names_for(first.0).contains(&name) {
                    continue;
                }
                let alone = two(first, first, list) && two(second, second, list);
                assert_eq!(two(first, second, list), alone, "{first:?} {second:?} {name}");
                refused += usize::from(!alone);
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

/// What a verdict does not use is zero, each for itself.
#[test]
fn nothing_stands_where_a_verdict_reads_nothing() {
    for verdict in [Op::FIRE, Op::SKIP] {
        let changes: [fn(&mut Op); 6] = [
            |_| {},
            |op| op.flags.0 = 1,
            |op| op.slot = SlotId(1),
            |op| op.operand = 1,
            |op| op.extra = 1,
            |op| op.target = 2,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let (b, _) = program(OpCode::Exists, FieldType::String, FieldType::String);
            let is_taken = verifies(b, |b| {
                b.ops[0] = verdict;
                change(&mut b.ops[0]);
            });
            assert_eq!(is_taken, number == 0, "{verdict:?}: {number}");
        }
    }
}

/// What an index has seen to is not tested again, so that it may hold tests for equality only.
#[test]
fn an_index_holds_tests_for_equality() {
    for (op, ty, kind) in [
        (OpCode::NumberCompare, FieldType::Integer, 2),
        (OpCode::InstantCompare, FieldType::Timestamp, 4),
    ] {
        for comparison in (0..8).filter_map(Comparison::decode) {
            let (b, _) = program(op, ty, FieldType::String);
            let is_taken = verifies(b, |b| {
                let constant = b.integer(1);
                let test = &mut b.ops[0];
                (test.operand, test.extra, test.target) = (constant, comparison.encode(), 2);
                b.parts.postings.clear();
                b.parts.groups.clear();
                b.group(&[]);
                b.index("actor.l", kind, &[], &[(constant, &[0])]);
            });
            assert_eq!(is_taken, comparison == Comparison::EQUAL, "{op:?} {comparison:?}");
        }
    }
}
