//! What a program is made of.

use crate::format::network::Network;
use crate::ids::{ListId, SlotId, StringId};
use crate::number::Number;
use crate::ordinary::Ordinary;
use alloc::vec::Vec;
use core::ops::Range;

/// Effects by their numbers in programs. 0 is none of them, so zeroed memory is no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Effect {
    /// The operation may run.
    Allow = 1,
    /// It waits for an approval.
    RequireApproval = 2,
    /// It may not run.
    Block = 3,
}

impl Effect {
    /// The effect of that number.
    pub const fn decode(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Allow),
            2 => Some(Self::RequireApproval),
            3 => Some(Self::Block),
            _ => None,
        }
    }

    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::RequireApproval => "require_approval",
            Self::Block => "block",
        }
    }
}

/// A domain of the evaluation context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Domain {
    /// The operation.
    Action = 1,
    /// Who asks for it.
    Actor = 2,
    /// State of the world.
    Snapshot = 3,
}

impl Domain {
    /// Every domain, in order.
    pub const ALL: [Self; 3] = [Self::Action, Self::Actor, Self::Snapshot];

    /// The domain of that number.
    pub const fn decode(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Action),
            2 => Some(Self::Actor),
            3 => Some(Self::Snapshot),
            _ => None,
        }
    }

    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Actor => "actor",
            Self::Snapshot => "snapshot",
        }
    }
}

/// How a slot is reached from the place above it. What it holds is for the input tables to say:
/// one name may be a string under one action and an object under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SlotKind {
    /// By name, from a domain or an object.
    Field = 1,
    /// By key, from a map.
    Entry = 2,
}

/// A place in the input.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Its name as the short form writes it.
    pub name: StringId,
    /// Where it is.
    pub domain: Domain,
    /// How it is reached.
    pub kind: SlotKind,
    /// Whether input strings here are looked up among the program's.
    pub symbolic: bool,
    /// The object or map that it is in.
    pub parent: Option<SlotId>,
    /// The last name of its path, or the entry's key.
    pub segment: StringId,
}

/// Declared types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FieldType {
    /// Text.
    String = 1,
    /// An integer or a finite float.
    Number = 2,
    /// A 64-bit integer.
    Integer = 3,
    /// A boolean.
    Boolean = 4,
    /// An instant.
    Timestamp = 5,
    /// A list of strings.
    StringList = 6,
    /// A list of numbers.
    NumberList = 7,
    /// A list of integers.
    IntegerList = 8,
    /// Named fields.
    Object = 9,
    /// A map of strings.
    StringMap = 10,
    /// A map of numbers.
    NumberMap = 11,
    /// A map of integers.
    IntegerMap = 12,
    /// A map of booleans.
    BooleanMap = 13,
    /// A map of instants.
    TimestampMap = 14,
}

impl FieldType {
    /// Every type, by number.
    pub const ALL: [Self; 14] = [
        Self::String,
        Self::Number,
        Self::Integer,
        Self::Boolean,
        Self::Timestamp,
        Self::StringList,
        Self::NumberList,
        Self::IntegerList,
        Self::Object,
        Self::StringMap,
        Self::NumberMap,
        Self::IntegerMap,
        Self::BooleanMap,
        Self::TimestampMap,
    ];

    /// The type of that number.
    pub fn decode(number: u8) -> Option<Self> {
        Self::ALL.get((number as usize).checked_sub(1)?).copied()
    }

    /// As inspection prints it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::StringList => "list of string",
            Self::NumberList => "list of number",
            Self::IntegerList => "list of integer",
            Self::Object => "object",
            Self::StringMap => "map of string",
            Self::NumberMap => "map of number",
            Self::IntegerMap => "map of integer",
            Self::BooleanMap => "map of boolean",
            Self::TimestampMap => "map of timestamp",
        }
    }

    /// What the map's values are.
    pub const fn values(self) -> Option<Self> {
        match self {
            Self::StringMap => Some(Self::String),
            Self::NumberMap => Some(Self::Number),
            Self::IntegerMap => Some(Self::Integer),
            Self::BooleanMap => Some(Self::Boolean),
            Self::TimestampMap => Some(Self::Timestamp),
            _ => None,
        }
    }

    /// What the list's items are.
    pub const fn items(self) -> Option<Self> {
        match self {
            Self::StringList => Some(Self::String),
            Self::NumberList => Some(Self::Number),
            Self::IntegerList => Some(Self::Integer),
            _ => None,
        }
    }

    /// Whether it is one value.
    pub const fn is_scalar(self) -> bool {
        matches!(
            self,
            Self::String | Self::Number | Self::Integer | Self::Boolean | Self::Timestamp
        )
    }

    /// Whether it is a number or an integer.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer)
    }
}

/// A field of an input table.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Where it is.
    pub slot: SlotId,
    /// What it holds.
    pub ty: FieldType,
    /// Whether it must be there (inside an object: when the object is).
    pub required: bool,
    /// Whether its strings are looked up among the program's.
    pub symbolic: bool,
    /// The object that it is in.
    pub parent: Option<SlotId>,
    /// What it reads as where it is missing.
    pub default: Option<Constant>,
    /// Its constraints, an index for [`crate::Program::constraint`].
    pub constraint: Option<u32>,
    /// Which of its values are in order at one look.
    pub ordinary: Ordinary,
}

/// A constant of a field's type.
#[derive(Clone, Copy, Debug)]
pub enum Constant {
    /// A string.
    String(StringId),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
    /// An instant in microseconds.
    Instant(i64),
}

/// What a field's values must keep to.
#[derive(Clone, Copy, Debug)]
pub struct Constraint {
    /// Allowed strings or numbers.
    pub allowed: Option<ListId>,
    /// Inclusive lower bound.
    pub min: Option<Number>,
    /// Inclusive upper bound.
    pub max: Option<Number>,
    /// Most code points of a string, or of each item.
    pub max_length: Option<u64>,
    /// Most items.
    pub max_items: Option<u64>,
    /// Whether items differ.
    pub unique: bool,
}

/// An action and its fields.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name.
    pub name: StringId,
    /// Its own fields, a range of [`Program::fields`].
    pub(crate) fields: Range<u32>,
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its id.
    pub id: StringId,
    /// What it decides.
    pub effect: Effect,
    /// Whether it is only watched.
    pub shadow: bool,
    /// Its place in file order.
    pub position: u32,
    /// Text for people.
    pub message: Option<StringId>,
    /// JSON texts for the host.
    pub required_actions: Option<ListId>,
    /// Its first op.
    pub entry: u32,
    /// One past its last op.
    pub end: u32,
}

/// A sum on the right side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Whether the addend is taken away.
    pub minus: bool,
    /// What is added.
    pub addend: Addend,
}

/// What a sum adds.
#[derive(Clone, Copy, Debug)]
pub enum Addend {
    /// An integer.
    Integer(i64),
    /// Microseconds.
    Duration(i64),
    /// An integer field.
    Slot(SlotId),
}

/// A network, or the word for all private ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkEntry {
    /// `private`.
    Private,
    /// A prefix.
    Network(Network),
}

/// What an index's keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IndexKind {
    /// Strings.
    String = 1,
    /// Numbers.
    Number = 2,
    /// 0 and 1.
    Boolean = 3,
    /// Instants.
    Instant = 4,
}

/// An index over a field that rules test for equality or membership.
#[derive(Clone, Debug)]
pub struct Index {
    /// The field.
    pub slot: SlotId,
    /// What its keys are.
    pub kind: IndexKind,
    /// Postings of the rules to visit when the value is missing.
    pub(crate) missing: Range<u32>,
    /// Its keys.
    pub(crate) keys: Range<u32>,
    /// For dense string and boolean keys: the key at `first + n` has number `direct[n]`, or none.
    pub(crate) first: u32,
    pub(crate) direct: Vec<u32>,
}

/// The candidates of an action, or those of every action.
#[derive(Clone, Debug)]
pub struct Group {
    pub(crate) always: Range<u32>,
    pub(crate) indexes: Range<u32>,
}

/// Where the candidates of an action are.
#[derive(Clone, Copy, Debug)]
pub enum Candidates<'p> {
    /// These are all of them, ascending.
    Rules(&'p [u32]),
    /// The index has all of them.
    Index(&'p Index),
    /// In the group of the action and in that of the unscoped rules, or in several indexes.
    Mixed,
}

/// Which rules combine how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The policy language's version: 1 or 2.
    pub language: u8,
    /// Whether an approval goes on to collect the other approval rules (`most_restrictive`).
    pub collects_approvals: bool,
    /// Effect when no rule fires.
    pub default: Effect,
    /// Whether a missing field makes a test unknown (`fail_closed`) rather than false.
    pub missing_is_unknown: bool,
    /// Whether inputs are held against their types and constraints.
    pub checks_inputs: bool,
}

impl Settings {
    /// Whether numbers are IEEE doubles (version 1).
    #[inline]
    pub const fn numbers_are_doubles(&self) -> bool {
        self.language == 1
    }
}
