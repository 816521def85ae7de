//! Bytes from anyone: loading may fail, and nothing else.

use crate::artifacts::{contents, kinds, replace, section, with_program};
use crate::build::{Builder, artifact, full, refunds};
use actra_bytecode::op::OpCode;
use actra_bytecode::parts::*;
use actra_bytecode::{Artifact, Program};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Most bytes that loading may hold at a time: so many for each byte of the file, and a few for an
/// empty one.
const BYTES_PER_BYTE: u64 = 24;
const BYTES_AT_LEAST: u64 = 4096;

/// Loads the file. Whatever loads must encode to the same bytes and be listed.
fn load(file: &[u8]) -> bool {
    let mut loaded = None;
    let allocated = allocation_counter::measure(|| loaded = Artifact::decode(file).ok());
    let limit = BYTES_AT_LEAST + file.len() as u64 * BYTES_PER_BYTE;
    assert!(
        allocated.bytes_max <= limit,
        "{} bytes allocated for {}",
        allocated.bytes_max,
        file.len()
    );
    if let Some(artifact) = &loaded {
        assert!(artifact.encode() == file, "another file");
        assert!(!artifact.program().disassemble().to_string().is_empty());
        for proof in artifact.proofs() {
            assert!(!proof.rule.is_empty() && proof.actions().all(|action| !action.is_empty()));
        }
        let bytes: usize = artifact.documents().map(|(_, text)| text.len()).sum();
        assert!(bytes <= file.len());
    }
    loaded.is_some()
}

/// One change of a file's bytes.
#[derive(Clone, Debug)]
enum Change {
    /// Puts a byte somewhere.
    Set(prop::sample::Index, u8),
    /// Flips a bit somewhere.
    Flip(prop::sample::Index, u8),
    /// Puts four bytes that mean something somewhere.
    Word(prop::sample::Index, u32),
    /// Takes bytes out.
    Cut(prop::sample::Index, usize),
    /// Puts bytes in.
    Insert(prop::sample::Index, Vec<u8>),
    /// Copies bytes from elsewhere over these.
    Splice(prop::sample::Index, prop::sample::Index, usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let size = bytes.len();
        let at = |index: &prop::sample::Index| if size == 0 { 0 } else { index.index(size) };
        match self {
            Self::Set(index, byte) => {
                bytes.iter_mut().skip(at(index)).take(1).for_each(|b| *b = *byte);
            }
            Self::Flip(index, bit) => {
                bytes.iter_mut().skip(at(index)).take(1).for_each(|b| *b ^= 1 << bit);
            }
            Self::Word(index, word) => {
                let places = bytes.iter_mut().skip(at(index));
                places.zip(word.to_le_bytes()).for_each(|(place, byte)| *place = byte);
            }
            Self::Cut(index, count) => {
                let start = at(index);
                bytes.drain(start..size.min(start + count));
            }
            Self::Insert(index, new) => {
                let start = at(index);
                bytes.splice(start..start, new.iter().copied());
            }
            Self::Splice(to, from, count) => {
                let (to, from) = (at(to), at(from));
                let count = (*count).min(size - to).min(size - from);
                bytes.copy_within(from..from + count, to);
            }
        }
    }
}

fn apply(changes: &[Change], bytes: &mut Vec<u8>) {
    for change in changes {
        change.apply(bytes);
    }
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    let word = prop_oneof![
        0..20_u32,
        Just(u32::MAX),
        Just(u32::MAX - 1),
        Just(1 << 16),
        Just(1 << 31),
        any::<u32>(),
    ];
    prop_oneof![
        2 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (index(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => (index(), word).prop_map(|(at, word)| Change::Word(at, word)),
        1 => (index(), 1..40_usize).prop_map(|(at, count)| Change::Cut(at, count)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..40))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (index(), index(), 1..40_usize)
            .prop_map(|(to, from, count)| Change::Splice(to, from, count)),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn a_changed_file_is_refused_or_is_what_it_encodes_to(changes in changes()) {
        let mut file = artifact().encode();
        apply(&changes, &mut file);
        load(&file);
    }

    #[test]
    fn a_changed_file_of_all_sections_is_refused_or_is_what_it_encodes_to(changes in changes()) {
        let mut file = full().encode();
        apply(&changes, &mut file);
        load(&file);
    }

    /// With lengths that fit, so that the sections are looked at.
    #[test]
    fn a_changed_section_is_refused_or_is_what_it_encodes_to(
        which in 0..6_usize, changes in changes()
    ) {
        let file = full().encode();
        let kind = kinds(&file)[which];
        let mut section = contents(&file, kind);
        apply(&changes, &mut section);
        load(&replace(&file, kind, &section));
    }

    /// With a digest that fits, so that the program is looked at.
    #[test]
    fn a_changed_program_is_refused_or_is_what_it_encodes_to(changes in changes()) {
        let file = artifact().encode();
        let (start, length) = section(&file, 1);
        let mut program = file[start..start + length].to_vec();
        apply(&changes, &mut program);
        load(&with_program(&file, &program));
    }

    /// With lengths that fit too, so that the verifier is reached.
    #[test]
    fn changed_tables_are_refused_or_are_what_they_encode_to(
        table in 0..22_usize, changes in changes()
    ) {
        let file = artifact().encode();
        let (start, length) = section(&file, 1);
        let program = change_table(&file[start..start + length], table, &changes);
        load(&with_program(&file, &program));
    }

    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(!load(&bytes));
        prop_assert!(Program::decode(&bytes).is_err());
    }
}

/// Changes a table and puts its new length before it.
fn change_table(program: &[u8], table: usize, changes: &[Change]) -> Vec<u8> {
    let (head, mut rest) = program.split_at(13);
    let mut head = head.to_vec();
    if table == 20 {
        apply(changes, &mut head);
        head.resize(13, 0);
    }
    let mut new = head;
    let mut number = 0;
    while let Some((length, after)) = rest.split_first_chunk::<8>() {
        let (bytes, after) = after.split_at(u64::from_le_bytes(*length) as usize);
        let mut bytes = bytes.to_vec();
        if number == table {
            apply(changes, &mut bytes);
        }
        new.extend((bytes.len() as u64).to_le_bytes());
        new.extend(bytes);
        rest = after;
        number += 1;
    }
    assert_eq!(number, 20, "as many tables as the format has");
    new
}

#[test]
fn each_cut_of_a_file_is_refused() {
    for file in [artifact().encode(), full().encode()] {
        assert!(load(&file));
        for end in 0..file.len() {
            assert!(!load(&file[..end]), "cut at {end}");
        }
    }
}

#[test]
fn every_byte_of_a_file_counts() {
    for file in [artifact().encode(), full().encode()] {
        let (identity, _) = section(&file, 2);
        for (at, bit) in (0..file.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut file = file.clone();
            file[at] ^= 1 << bit;
            // What loads is names and texts for people, signatures, the policy hash or the revision.
            assert!(!load(&file) || at >= identity + 32, "byte {at}");
        }
    }
}

#[test]
fn claimed_counts_of_proofs_and_documents_allocate_nothing() {
    let file = full().encode();
    for (kind, at) in [(5, 36), (5, 40), (3, 4), (6, 0), (6, 4)] {
        for claim in [100_000_u32, 1 << 24, 1 << 31, u32::MAX] {
            let mut section = contents(&file, kind);
            section[at..at + 4].copy_from_slice(&claim.to_le_bytes());
            assert!(!load(&replace(&file, kind, &section)), "{claim} at {at} of {kind}");
        }
    }
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let program = Program::verify(refunds()).unwrap().encode();
    for claim in [1_u64 << 20, (1 << 28) - 1, 1 << 28, 1 << 40, u64::MAX] {
        let mut program = program.clone();
        program[13..21].copy_from_slice(&claim.to_le_bytes());
        let allocated = allocation_counter::measure(|| {
            assert!(Program::decode(&program).is_err());
        });
        assert_eq!(allocated.bytes_total, 0);
    }
}

/// A policy without fields but the built-in ones, and so many rules that nothing is said of.
fn plain(strings: &[String]) -> Builder {
    let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
    let mut b = Builder::new(&strings, &[], &["action.type", "actor.type"]);
    b.field("actor.type", 1);
    b.end_of_actor();
    b
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("rule_{n:07}")).collect()
}

/// Loads the program, and expects it to take no more time and room than its size explains: what
/// is quadratic would take minutes.
fn load_in_time(parts: Parts) -> Program {
    let bytes = Program::verify(parts).expect("a valid program").encode();
    let mut program = None;
    let start = Instant::now();
    let allocated = allocation_counter::measure(|| program = Program::decode(&bytes).ok());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let limit = bytes.len() as u64 * BYTES_PER_BYTE;
    assert!(allocated.bytes_max <= limit, "{} for {}", allocated.bytes_max, bytes.len());
    program.unwrap()
}

#[test]
fn many_rules_may_share_a_long_list() {
    let ids = names(50_000);
    let mut b = plain(&ids);
    let list = b.strings(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    for (position, id) in ids.iter().enumerate() {
        b.rule(id, 1, position as u32).required_actions = list;
        b.op(OpCode::StringIn, "actor.type", list, 2);
        b.verdicts();
    }
    b.group(&(0..ids.len() as u32).collect::<Vec<_>>());
    load_in_time(b.finish());
}

#[test]
fn many_fields_may_share_a_long_list() {
    let actions = names(50_000);
    let mut b = plain(&actions);
    let list = b.strings(&actions.iter().map(String::as_str).collect::<Vec<_>>());
    let none = ConstraintPart {
        allowed: list,
        min: NONE,
        max: NONE,
        max_length: u64::MAX,
        max_items: u64::MAX,
        unique: 0,
    };
    b.parts.constraints = vec![none];
    b.parts.slots.iter_mut().for_each(|slot| slot.symbolic = 1);
    b.parts.fields.clear();
    for action in &actions {
        b.field("action.type", 1).constraint = 0;
        b.end_of_action(action);
    }
    b.field("actor.type", 1).constraint = 0;
    b.end_of_actor();
    (0..=actions.len()).for_each(|_| b.group(&[]));
    load_in_time(b.finish());
}

#[test]
fn strings_made_to_collide_are_found_in_time() {
    // Length, head and tail are all that the symbol table's hash sees.
    let texts: Vec<String> = (0..100_000).map(|n| format!("same_head{n:06}same_tail")).collect();
    let mut b = plain(&texts);
    let list = b.strings(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    b.rule(&texts[0], 1, 0);
    b.op(OpCode::StringIn, "actor.type", list, 2);
    b.verdicts();
    b.group(&[0]);
    let program = load_in_time(b.finish());
    let start = Instant::now();
    for text in &texts {
        assert_eq!(program.symbol(text).map(|id| program.text(id)), Some(text.as_str()));
    }
    assert!(program.symbol("same_head______same_tail").is_none());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
