//! Ways: what there is to see to when each value of an input looks ordinary.

use super::Source;
use crate::ids::SlotId;
use crate::ordinary::{Look, SymbolSet};
use crate::program::{Action, Constant, Field};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Sets of slots are the bits of a word; of programs with more slots nothing is known.
const MOST_SLOTS: usize = u64::BITS as usize;

/// Most enums and defaults of ways for each field and each action that there is.
const MAX_SPREAD: usize = 8;

/// An action's way. Sets of slots have a bit for each: [`slot_bit`].
#[derive(Clone, Debug)]
pub struct Way {
    /// The slots of the action's fields, and of the actor's and the snapshot's.
    pub known: u64,
    /// Those of fields that a close look is needed for where they are missing.
    pub required: u64,
    /// Those whose strings are looked up: rules or an enum ask for their symbols.
    pub symbols: u64,
    /// The first step of the action's chain, or [`NO_CHAIN`].
    pub chain: u32,
    members: Range<u32>,
    defaults: Range<u32>,
}

/// Instead of a chain's first step.
pub const NO_CHAIN: u32 = u32::MAX;

/// The ways of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    all: Vec<Way>,
    members: Vec<(SlotId, SymbolSet)>,
    defaults: Vec<(SlotId, Constant)>,
    /// What is ordinary in each slot.
    pub(crate) looks: Vec<Look>,
}

/// The bit of a slot in a set of them.
#[inline]
pub const fn slot_bit(slot: SlotId) -> u64 {
    1 << (slot.0 & 63)
}

/// A program's input tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables<'p> {
    pub(crate) actions: &'p [Action],
    pub(crate) fields: &'p [Field],
    /// Where `common`'s fields end, and where the actor's start.
    pub(crate) shared: (u32, u32),
    /// `action.type`.
    pub(crate) action_type: SlotId,
    pub(crate) slots: usize,
}

impl Tables<'_> {
    fn fields(&self, range: Range<u32>) -> &[Field] {
        self.fields.get(range.start as usize..range.end as usize).unwrap_or(&[])
    }

    fn looks(&self) -> Vec<Look> {
        let mut looks: Vec<Option<Look>> = vec![None; self.slots];
        for field in self.fields {
            let look = Look::of(&field.ordinary);
            // Parents of a slot are held where values are put into it: that takes a close look.
            let look = if field.parent.is_some() { Look::NOTHING } else { look };
            if let Some(known) = looks.get_mut(field.slot.index()) {
                let agree = known.is_none_or(|known| known == look);
                *known = Some(if agree { look } else { Look::NOTHING });
            }
        }
        if let Some(look) = looks.get_mut(self.action_type.index()) {
            *look = Some(Look::TEXT);
        }
        looks.into_iter().map(|look| look.unwrap_or(Look::NOTHING)).collect()
    }
}

impl Ways {
    /// Lays out the ways of actions, of whose candidates the first members are the unscoped ones.
    pub(crate) fn new(
        tables: &Tables<'_>,
        members: &[Vec<u32>],
        code: Source<'_>,
        chains: impl Iterator<Item = Option<u32>>,
    ) -> Self {
        let mut ways = Self { looks: tables.looks(), ..Self::default() };
        if tables.slots > MOST_SLOTS {
            return ways;
        }
        let mut read = members.iter().map(|rules| symbols_read(rules, code));
        let unscoped = read.next().unwrap_or(u64::MAX);
        let most = (tables.fields.len() + tables.actions.len()).saturating_mul(MAX_SPREAD);
        let chains = chains.chain(core::iter::repeat(None));
        for ((action, read), chain) in tables.actions.iter().zip(read).zip(chains) {
            if ways.members.len() + ways.defaults.len() > most {
                // The actions that are left have none.
                return ways;
            }
            ways.add(tables, action, read | unscoped, chain);
        }
        ways
    }

    fn add(&mut self, tables: &Tables<'_>, action: &Action, read: u64, chain: Option<u32>) {
        let (members, defaults) = (self.members.len() as u32, self.defaults.len() as u32);
        let (mut known, mut required, mut looked_up) = (0, 0, 0);
        let (common_end, state) = tables.shared;
        let end = tables.fields.len() as u32;
        for range in [0..common_end, action.fields.clone(), state..end] {
            for field in tables.fields(range) {
                let bit = slot_bit(field.slot);
                known |= bit;
                if !field.ordinary.optional {
                    required |= bit;
                }
                if let Some(among) = field.ordinary.among {
                    looked_up |= bit;
                    self.members.push((field.slot, among));
                }
                if let Some(default) = field.default {
                    self.defaults.push((field.slot, default));
                }
            }
        }
        self.all.push(Way {
            known,
            required,
            symbols: looked_up | read & known,
            chain: chain.unwrap_or(NO_CHAIN),
            members: members..self.members.len() as u32,
            defaults: defaults..self.defaults.len() as u32,
        });
    }

    /// The way of the action of that number.
    #[inline]
    pub(crate) fn get(&self, action: usize) -> Option<&Way> {
        self.all.get(action)
    }

    /// The way's fields that have an enum.
    #[inline]
    pub(crate) fn members(&self, way: &Way) -> &[(SlotId, SymbolSet)] {
        self.members.get(way.members.start as usize..way.members.end as usize).unwrap_or(&[])
    }

    /// The way's fields that have a default.
    #[inline]
    pub(crate) fn defaults(&self, way: &Way) -> &[(SlotId, Constant)] {
        self.defaults.get(way.defaults.start as usize..way.defaults.end as usize).unwrap_or(&[])
    }
}

/// The slots of which rules read symbols.
fn symbols_read(rules: &[u32], code: Source<'_>) -> u64 {
    let ops = |rule: &u32| {
        let rule = code.rules.get(*rule as usize)?;
        code.ops.get(rule.entry as usize..rule.end as usize)
    };
    let ops = rules.iter().filter_map(ops).flatten();
    let reading = ops.filter(|op| op.code.reads_symbols());
    reading.fold(0, |read, op| read | slot_bit(op.slot))
}
