//! The verified program. Every way to one leads through [`Program::verify`].

use crate::dfa::Dfa;
use crate::format::network::Network;
use crate::ids::{
    ActionId, DfaId, ListId, NetworkListId, NumberId, RuleId, SlotId, StringId, SumId,
};
use crate::number::Number;
use crate::op::Op;
use crate::parts::{DfaPart, NO_SLOT, NONE, Parts};
use crate::strings::{Strings, SymbolTable};
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
    /// Its constraints, an index for [`Program::constraint`].
    pub constraint: Option<u32>,
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

/// A verified program: it can be evaluated, and nothing in it can lead astray.
#[derive(Clone, Debug)]
pub struct Program {
    /// What was verified, without code, strings and patterns, which have been taken over below.
    pub(crate) parts: Parts,
    pub(crate) settings: Settings,
    pub(crate) strings: Strings,
    pub(crate) symbols: SymbolTable,
    pub(crate) numbers: Vec<Number>,
    pub(crate) networks: Vec<NetworkEntry>,
    pub(crate) dfas: Vec<Dfa>,
    pub(crate) sums: Vec<Sum>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) fields: Vec<Field>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) actions: Vec<Action>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) groups: Vec<Group>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) ops: Vec<Op>,
    pub(crate) action_type: SlotId,
    pub(crate) actor_type: SlotId,
    pub(crate) most_approvals: usize,
    pub(crate) has_shadow_rules: bool,
}

/// The range of entry `index` in a table of ends.
#[inline]
pub(crate) fn range_of(ends: &[u32], index: usize) -> Range<usize> {
    let start = match index.checked_sub(1) {
        Some(before) => ends.get(before).copied().unwrap_or(0),
        None => 0,
    };
    start as usize..ends.get(index).copied().unwrap_or(start) as usize
}

/// `None` for [`NONE`].
#[inline]
pub(crate) const fn optional(id: u32) -> Option<u32> {
    if id == NONE { None } else { Some(id) }
}

/// `None` for [`NO_SLOT`].
#[inline]
pub(crate) const fn optional_slot(slot: u16) -> Option<SlotId> {
    if slot == NO_SLOT { None } else { Some(SlotId(slot)) }
}

impl Program {
    /// The parts that it was verified from, code, strings and patterns put back in.
    pub fn to_parts(&self) -> Parts {
        let (text, ends) = self.strings.parts();
        Parts {
            string_ends: ends.to_vec(),
            text: text.as_bytes().to_vec(),
            dfas: self.dfas.iter().map(DfaPart::of).collect(),
            code: self.ops.iter().flat_map(Op::encode).collect(),
            ..self.parts.clone()
        }
    }

    /// Evaluation settings.
    #[inline]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The strings.
    #[inline]
    pub fn strings(&self) -> &Strings {
        &self.strings
    }

    /// The string.
    #[inline]
    pub fn text(&self, id: StringId) -> &str {
        self.strings.text(id)
    }

    /// The symbol of an input string, if anything compares with it.
    #[inline]
    pub fn symbol(&self, text: &str) -> Option<StringId> {
        self.symbols.find(&self.strings, text)
    }

    /// The numeric constant.
    #[inline]
    pub fn number(&self, id: NumberId) -> Number {
        self.numbers.get(id.index()).copied().unwrap_or(Number::Float(f64::NAN))
    }

    /// All numeric constants.
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// The ids in a list.
    #[inline]
    pub fn list(&self, id: ListId) -> &[u32] {
        let range = range_of(&self.parts.list_ends, id.index());
        self.parts.list_items.get(range).unwrap_or(&[])
    }

    /// The strings of a list.
    pub fn list_strings(&self, id: ListId) -> impl Iterator<Item = &str> {
        self.list(id).iter().map(|string| self.text(StringId(*string)))
    }

    /// The networks of a list.
    #[inline]
    pub fn network_list(&self, id: NetworkListId) -> &[NetworkEntry] {
        let range = range_of(&self.parts.network_list_ends, id.index());
        self.networks.get(range).unwrap_or(&[])
    }

    /// The compiled pattern.
    #[inline]
    pub fn dfa(&self, id: DfaId) -> Option<&Dfa> {
        self.dfas.get(id.index())
    }

    /// How many compiled patterns there are.
    pub fn dfa_count(&self) -> usize {
        self.dfas.len()
    }

    /// The sum.
    #[inline]
    pub fn sum(&self, id: SumId) -> Option<&Sum> {
        self.sums.get(id.index())
    }

    /// The slots, ascending by name.
    #[inline]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The slot.
    #[inline]
    pub fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.slots.get(id.index())
    }

    /// The slot's name as the short form writes it.
    pub fn slot_name(&self, id: SlotId) -> &str {
        self.slot(id).map_or("", |slot| self.text(slot.name))
    }

    /// The slot of that name.
    pub fn find_slot(&self, name: &str) -> Option<SlotId> {
        let index = self.slots.binary_search_by(|slot| self.text(slot.name).cmp(name)).ok()?;
        Some(SlotId(index as u16))
    }

    /// `action.type`.
    #[inline]
    pub fn action_type_slot(&self) -> SlotId {
        self.action_type
    }

    /// `actor.type`.
    #[inline]
    pub fn actor_type_slot(&self) -> SlotId {
        self.actor_type
    }

    /// Fields that every action has.
    #[inline]
    pub fn common_fields(&self) -> &[Field] {
        self.fields.get(..self.parts.common_end as usize).unwrap_or(&[])
    }

    /// Fields of the action itself.
    #[inline]
    pub fn action_fields(&self, id: ActionId) -> &[Field] {
        let Some(action) = self.actions.get(id.index()) else { return &[] };
        self.fields.get(action.fields.start as usize..action.fields.end as usize).unwrap_or(&[])
    }

    /// Fields of the actor, then of the snapshot.
    #[inline]
    pub fn state_fields(&self) -> &[Field] {
        let start = self.actions.last().map_or(self.parts.common_end, |action| action.fields.end);
        self.fields.get(start as usize..).unwrap_or(&[])
    }

    /// All fields of all tables.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A field's constraints.
    #[inline]
    pub fn constraint(&self, index: u32) -> Option<&Constraint> {
        self.constraints.get(index as usize)
    }

    /// The actions, ascending by name.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The action of that name's symbol.
    #[inline]
    pub fn action_of_symbol(&self, name: StringId) -> Option<ActionId> {
        let index = self.actions.binary_search_by(|action| action.name.cmp(&name)).ok()?;
        Some(ActionId(index as u32))
    }

    /// The rules, in decision order.
    #[inline]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule.
    #[inline]
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(id.index())
    }

    /// The code.
    #[inline]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The candidates without an action scope.
    #[inline]
    pub fn unscoped_group(&self) -> Option<&Group> {
        self.groups.first()
    }

    /// The candidates of the action, besides the unscoped ones.
    #[inline]
    pub fn action_group(&self, id: ActionId) -> Option<&Group> {
        self.groups.get(id.index() + 1)
    }

    /// Most approval rules that one decision can carry.
    pub fn most_approvals(&self) -> usize {
        self.most_approvals
    }

    /// Whether any rule is a shadow rule.
    #[inline]
    pub fn has_shadow_rules(&self) -> bool {
        self.has_shadow_rules
    }

    /// Rules of a group that are always visited, ascending.
    #[inline]
    pub fn always(&self, group: &Group) -> &[u32] {
        self.postings(&group.always)
    }

    /// Indexes of a group.
    #[inline]
    pub fn indexes(&self, group: &Group) -> &[Index] {
        self.indexes.get(group.indexes.start as usize..group.indexes.end as usize).unwrap_or(&[])
    }

    /// Rules of an index to visit when the value is missing, ascending.
    #[inline]
    pub fn postings_of_missing(&self, index: &Index) -> &[u32] {
        self.postings(&index.missing)
    }

    /// Rules of an index to visit for a string's symbol (or for a boolean, 0 or 1), ascending.
    #[inline]
    pub fn postings_of_key(&self, index: &Index, key: u32) -> &[u32] {
        if index.direct.is_empty() {
            let keys = self
                .parts
                .keys
                .get(index.keys.start as usize..index.keys.end as usize)
                .unwrap_or(&[]);
            match keys.binary_search_by(|part| part.key.cmp(&key)) {
                Ok(at) => self.key_postings(index, index.keys.start + at as u32),
                Err(_) => &[],
            }
        } else {
            match index.direct.get(key.wrapping_sub(index.first) as usize).copied() {
                None | Some(NONE) => &[],
                Some(at) => self.key_postings(index, at),
            }
        }
    }

    /// Rules of an index to visit for a number or an instant, ascending.
    pub fn postings_of_number(&self, index: &Index, value: Number) -> &[u32] {
        let keys =
            self.parts.keys.get(index.keys.start as usize..index.keys.end as usize).unwrap_or(&[]);
        let found = keys.binary_search_by(|part| {
            // NaN equals nothing: any answer but `Equal` will do.
            self.number(NumberId(part.key)).compare(value).unwrap_or(core::cmp::Ordering::Less)
        });
        match found {
            Ok(at) => self.key_postings(index, index.keys.start + at as u32),
            Err(_) => &[],
        }
    }

    /// The keys of an index, each with its postings.
    pub fn keys<'a>(&'a self, index: &'a Index) -> impl Iterator<Item = (u32, &'a [u32])> {
        index.keys.clone().filter_map(|at| {
            let key = self.parts.keys.get(at as usize)?.key;
            Some((key, self.key_postings(index, at)))
        })
    }

    #[inline]
    fn key_postings(&self, index: &Index, at: u32) -> &[u32] {
        let start = if at == index.keys.start {
            index.missing.end
        } else {
            self.parts.keys.get(at.wrapping_sub(1) as usize).map_or(0, |part| part.end)
        };
        let end = self.parts.keys.get(at as usize).map_or(start, |part| part.end);
        self.postings(&(start..end))
    }

    #[inline]
    fn postings(&self, range: &Range<u32>) -> &[u32] {
        self.parts.postings.get(range.start as usize..range.end as usize).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::ArtifactError;
    use crate::codec::DecodeError;
    use crate::verify::VerifyError;

    /// What an evaluation walks through stays small, and errors cost little to hand on.
    #[test]
    fn sizes_are_what_they_were() {
        let sizes = [
            size_of::<Slot>(),
            size_of::<Field>(),
            size_of::<Rule>(),
            size_of::<Group>(),
            size_of::<Number>(),
            size_of::<Sum>(),
            size_of::<NetworkEntry>(),
        ];
        assert_eq!(sizes, [16, 40, 36, 16, 16, 24, 18]);
        assert!(size_of::<Index>() <= 48);
        assert!(size_of::<VerifyError>() <= 64);
        assert!(size_of::<DecodeError>() <= 64);
        assert!(size_of::<ArtifactError>() <= 72);
    }
}
