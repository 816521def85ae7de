//! The verified program. Every way to one leads through [`Program::verify`].

mod types;

pub use types::*;

use crate::dfa::Dfa;
use crate::ids::{
    ActionId, DfaId, ListId, NetworkListId, NumberId, RuleId, SlotId, StringId, SumId,
};
use crate::number::Number;
use crate::op::Op;
use crate::ordinary::{Look, SymbolSet};
use crate::parts::{DfaPart, NO_SLOT, NONE, Parts};
use crate::strings::{Strings, SymbolTable};
use crate::walks::{Step, Switch, Walks, Way};
use alloc::vec::Vec;
use core::ops::Range;

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
    /// Where the actor's fields start, behind those of all actions.
    pub(crate) state_start: u32,
    pub(crate) has_nested_slots: bool,
    pub(crate) redeclares_action_type: bool,
    pub(crate) walks: Walks,
    /// Lists of strings that lie close together.
    pub(crate) small_sets: Vec<Option<SymbolSet>>,
}

/// The symbol of strings that nothing compares with.
pub const NO_SYMBOL: u32 = NONE;

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
    pub fn symbol(&self, text: &str) -> Option<StringId> {
        optional(self.symbol_number(text)).map(StringId)
    }

    /// The number of that symbol, or [`NO_SYMBOL`].
    #[expect(clippy::inline_always, reason = "every string that rules ask for comes here")]
    #[inline(always)]
    pub fn symbol_number(&self, text: &str) -> u32 {
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

    /// Whether an ascending list has that string.
    #[inline]
    pub fn list_has_string(&self, list: ListId, string: StringId) -> bool {
        match self.small_sets.get(list.index()) {
            Some(Some(set)) => set.contains(string.0),
            _ => self.list(list).binary_search(&string.0).is_ok(),
        }
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
        self.fields.get(self.state_start as usize..).unwrap_or(&[])
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
        self.walks.action_of_symbol(&self.actions, name)
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

    /// Whether any slot is in an object or a map.
    #[inline]
    pub fn has_nested_slots(&self) -> bool {
        self.has_nested_slots
    }

    /// Whether some input table has `action.type`.
    #[inline]
    pub fn redeclares_action_type(&self) -> bool {
        self.redeclares_action_type
    }

    /// Where the candidates of an action are, unscoped ones among them.
    #[inline]
    pub fn candidates(&self, action: ActionId) -> Candidates<'_> {
        self.walks.candidates(action, &self.indexes)
    }

    /// The action's way through inputs that look ordinary, if it has one.
    #[inline]
    pub fn way(&self, action: ActionId) -> Option<&Way> {
        self.walks.ways.get(action.index())
    }

    /// The way's fields that have an enum, and the symbols of its strings.
    #[inline]
    pub fn members(&self, way: &Way) -> &[(SlotId, SymbolSet)] {
        self.walks.ways.members(way)
    }

    /// The way's fields that have a default.
    #[inline]
    pub fn defaults(&self, way: &Way) -> &[(SlotId, Constant)] {
        self.walks.ways.defaults(way)
    }

    /// What looks ordinary in each slot; nothing is known where that is shorter.
    pub fn looks(&self) -> &[Look] {
        &self.walks.ways.looks
    }

    /// The steps of all chains. Each leads to a later one.
    #[inline]
    pub fn steps(&self) -> &[Step] {
        &self.walks.chains.steps
    }

    /// The switch of that number.
    #[inline]
    pub fn switch(&self, number: usize) -> Option<&Switch> {
        self.walks.chains.switches.get(number)
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
        assert_eq!(sizes, [16, 112, 36, 16, 16, 24, 18]);
        assert!(size_of::<Index>() <= 48);
        assert!(size_of::<VerifyError>() <= 64);
        assert!(size_of::<DecodeError>() <= 64);
        assert!(size_of::<ArtifactError>() <= 72);
    }
}
