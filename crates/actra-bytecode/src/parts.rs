//! A program as plain data, before it is verified: what the compiler hands over and what the
//! codec (`codec.rs`) reads and writes. Flat vectors only, so that decoding neither recurses nor guesses.
//!
//! Ranges are told by their ends: entry *n* of a table covers its items from the end of entry
//! *n* - 1 (0 for the first) up to its own end. So ranges always partition the items.

use crate::dfa::Dfa;
use alloc::vec::Vec;

/// "None" where a `u32` refers to something.
pub const NONE: u32 = u32::MAX;
/// "None" where a `u16` refers to a slot.
pub const NO_SLOT: u16 = u16::MAX;

/// An unverified program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Language version and evaluation settings.
    pub settings: SettingsPart,
    /// Ends of the strings in [`Parts::text`].
    pub string_ends: Vec<u32>,
    /// UTF-8 of all strings, ascending by code point, each once.
    pub text: Vec<u8>,
    /// Numbers and instants, ascending by value, each once.
    pub numbers: Vec<NumberPart>,
    /// Ends of the lists in [`Parts::list_items`].
    pub list_ends: Vec<u32>,
    /// Ids of strings or of numbers: which of them follows from how a list is used.
    pub list_items: Vec<u32>,
    /// Ends of the lists in [`Parts::networks`].
    pub network_list_ends: Vec<u32>,
    /// Networks.
    pub networks: Vec<NetworkPart>,
    /// Compiled patterns.
    pub dfas: Vec<DfaPart>,
    /// Sums.
    pub sums: Vec<SumPart>,
    /// Places in the input, ascending by name.
    pub slots: Vec<SlotPart>,
    /// Fields of `common`, then of each action, then of the actor, then of the snapshot, each
    /// table ascending by slot.
    pub fields: Vec<FieldPart>,
    /// How many of [`Parts::fields`] are `common`'s.
    pub common_end: u32,
    /// Where the actor's fields end in [`Parts::fields`]; the snapshot's follow.
    pub actor_end: u32,
    /// Constraints, referred to by fields.
    pub constraints: Vec<ConstraintPart>,
    /// Actions, ascending by name.
    pub actions: Vec<ActionPart>,
    /// Rules in decision order.
    pub rules: Vec<RulePart>,
    /// Candidates: those without an action scope, then those of each action.
    pub groups: Vec<GroupPart>,
    /// Indexes of the groups.
    pub indexes: Vec<IndexPart>,
    /// Keys of the indexes.
    pub keys: Vec<KeyPart>,
    /// Rules, listed per group: those always visited, then per index those for a missing value,
    /// then those of each key. Each list ascending.
    pub postings: Vec<u32>,
    /// The code: 16 bytes an op (see [`crate::op`]).
    pub code: Vec<u8>,
}

/// Language version and evaluation settings, each by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsPart {
    /// 1 or 2.
    pub language: u8,
    /// 1: most restrictive, 2: first match.
    pub combine: u8,
    /// Effect when no rule fires: 1 allow, 2 require approval, 3 block.
    pub default: u8,
    /// 1: fail closed, 2: no match.
    pub missing: u8,
    /// 1: checked, 2: unchecked.
    pub inputs: u8,
}

/// A number: tag 1 with an `i64`, tag 2 with the bits of an `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberPart {
    /// 1 or 2.
    pub tag: u8,
    /// The value's bits.
    pub bits: u64,
}

/// A network: see [`crate::format::network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkPart {
    /// 0: the word `private`, 4 or 6.
    pub family: u8,
    /// Bits of the prefix.
    pub prefix: u8,
    /// The address: four bytes and zeros, or sixteen.
    pub address: [u8; 16],
}

/// A compiled pattern: see [`crate::dfa`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DfaPart {
    /// 256 classes, one per byte.
    pub classes: Vec<u8>,
    /// Transitions, two bytes each, little-endian.
    pub transitions: Vec<u8>,
    /// One bit a state, lowest first: whether the whole string matches if it ends there.
    pub accepting: Vec<u8>,
}

impl DfaPart {
    /// The automaton's tables.
    pub fn of(dfa: &Dfa) -> Self {
        Self {
            classes: dfa.classes().to_vec(),
            transitions: dfa.transitions().iter().flat_map(|state| state.to_le_bytes()).collect(),
            accepting: dfa.accepting().to_vec(),
        }
    }
}

/// A sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumPart {
    /// 1: plus, 2: minus.
    pub sign: u8,
    /// 1: an integer, 2: a duration in microseconds, 3: a slot.
    pub kind: u8,
    /// The integer, the microseconds or the slot, as the bits of an `i64`.
    pub value: u64,
}

/// A place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotPart {
    /// Its name as the short form writes it.
    pub name: u32,
    /// 1 action, 2 actor, 3 snapshot.
    pub domain: u8,
    /// 1 a field, 2 an entry of a map.
    pub kind: u8,
    /// 1: input strings here are looked up among the program's strings.
    pub symbolic: u8,
    /// The object or map that it is in, or [`NO_SLOT`].
    pub parent: u16,
    /// The last name of its path, or the entry's key.
    pub segment: u32,
}

/// A field in an input table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPart {
    /// Where it is.
    pub slot: u16,
    /// See [`crate::program::FieldType`].
    pub ty: u8,
    /// 1: required.
    pub required: u8,
    /// Index into the constraints, or [`NONE`].
    pub constraint: u32,
    /// The default: a string, a number, 0 or 1, by the field's type; or [`NONE`].
    pub default: u32,
}

/// Constraints of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConstraintPart {
    /// List of allowed strings or numbers, ascending, or [`NONE`].
    pub allowed: u32,
    /// Number, or [`NONE`].
    pub min: u32,
    /// Number, or [`NONE`].
    pub max: u32,
    /// Most code points of a string or of each item, or `u64::MAX`.
    pub max_length: u64,
    /// Most items of a list, or `u64::MAX`.
    pub max_items: u64,
    /// 1: items differ.
    pub unique: u8,
}

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionPart {
    /// Its name, a string.
    pub name: u32,
    /// Where its fields end.
    pub fields_end: u32,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulePart {
    /// Its id, a string.
    pub id: u32,
    /// 1 allow, 2 require approval, 3 block.
    pub effect: u8,
    /// 1: a shadow rule.
    pub shadow: u8,
    /// Its place in file order.
    pub position: u32,
    /// A string, or [`NONE`].
    pub message: u32,
    /// A list of strings, each the JSON text of one required action, or [`NONE`].
    pub required_actions: u32,
    /// Its first op. It has the ops up to the next rule's first.
    pub entry: u32,
}

/// The candidates of an action, or those of every action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPart {
    /// Where the postings of rules that are always visited end.
    pub always_end: u32,
    /// Where its indexes end.
    pub indexes_end: u32,
}

/// An index over a field that rules test for equality or membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexPart {
    /// The field.
    pub slot: u16,
    /// 1 strings, 2 numbers, 3 booleans, 4 instants.
    pub kind: u8,
    /// Where the postings of rules for a missing value end.
    pub missing_end: u32,
    /// Where its keys end.
    pub keys_end: u32,
}

/// A key of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// A string, a number, or 0 (false) and 1 (true).
    pub key: u32,
    /// Where its postings end.
    pub end: u32,
}
