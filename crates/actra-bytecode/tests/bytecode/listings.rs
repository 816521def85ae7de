//! Listings of programs built by hand. Those of compiled documents are in the compiler's tests.

use crate::build::{Builder, refunds};
use actra_bytecode::op::{Comparison, OpCode};
use actra_bytecode::parts::{NetworkPart, Parts};
use actra_bytecode::{Number, Program};

fn listing(parts: Parts) -> String {
    Program::verify(parts).expect("a valid program").disassemble().to_string()
}

#[test]
fn a_program_is_listed_with_its_tables_and_its_code() {
    insta::assert_snapshot!(listing(refunds()));
}

#[test]
fn a_program_without_rules_is_its_settings_and_tables() {
    let mut b = Builder::new(&[], &[], &["action.type", "actor.type"]);
    b.field("actor.type", 1);
    b.end_of_actor();
    b.group(&[]);
    b.parts.settings.combine = 2;
    b.parts.settings.missing = 2;
    b.parts.settings.inputs = 2;
    b.parts.settings.language = 1;
    b.parts.settings.default = 1;
    insta::assert_snapshot!(listing(b.finish()));
}

#[test]
fn long_lists_and_long_strings_are_cut() {
    let long = "x".repeat(61);
    let names: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
    let mut strings: Vec<&str> = names.iter().map(String::as_str).collect();
    strings.extend([long.as_str(), "r"]);
    let numbers: Vec<Number> = (-5..5).map(Number::Integer).collect();
    let mut b = Builder::new(&strings, &numbers, &["action.type", "actor.n", "actor.type"]);
    b.fields(&[("actor.n", 2), ("actor.type", 1)]);
    b.end_of_actor();
    b.rule("r", 3, 0);
    let list = b.strings(&strings);
    b.op(OpCode::StringIn, "actor.type", list, 6);
    let list = b.strings(&strings[..8]);
    b.op(OpCode::StringIn, "actor.type", list, 6);
    let list = b.integers(&(-5..5).collect::<Vec<i64>>());
    b.op(OpCode::NumberIn, "actor.n", list, 6);
    let string = b.string(&long);
    b.op(OpCode::StringEquals, "actor.type", string, 6);
    let network = |n| NetworkPart { family: 4, prefix: 8, address: address(n) };
    b.parts.networks = (1..=12).map(network).collect();
    b.parts.network_list_ends = vec![12];
    b.op(OpCode::InNetwork, "actor.type", 0, 6);
    let zero = b.integer(0);
    b.compare(OpCode::LengthCompare, "actor.type", Comparison::GREATER, zero, 6);
    b.verdicts();
    b.group(&[0]);
    insta::assert_snapshot!(listing(b.finish()));
}

fn address(first: u8) -> [u8; 16] {
    let mut address = [0; 16];
    address[0] = first;
    address
}
