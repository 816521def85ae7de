//! Names of an input, in the shape of the input: where each leads.

use actra_bytecode::Program;
use actra_bytecode::ids::{SlotId, StringId};
use actra_bytecode::program::{Domain, FieldType, SlotKind};

/// The names that the schema knows, as a tree over the program's slots.
#[derive(Clone, Debug)]
pub(crate) struct InputTree {
    domains: [Vec<Name>; 3],
    /// By slot.
    nodes: Vec<Node>,
}

/// A name and the slot that it leads to.
#[derive(Clone, Copy, Debug)]
struct Name {
    text: StringId,
    slot: SlotId,
    outline: Outline,
}

/// What tells most names from each other without looking at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outline {
    length: usize,
    /// The first eight bytes, or all.
    head: u64,
}

impl Outline {
    #[inline]
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let head = match bytes.first_chunk() {
            Some(head) => u64::from_le_bytes(*head),
            None => bytes.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
        };
        Self { length: bytes.len(), head }
    }
}

#[derive(Clone, Debug, Default)]
struct Node {
    members: Vec<Name>,
    entries: Vec<Name>,
    may_be_map: bool,
    is_object: bool,
}

impl InputTree {
    pub(crate) fn new(program: &Program) -> Self {
        let mut tree = Self {
            domains: [Vec::new(), Vec::new(), Vec::new()],
            nodes: vec![Node::default(); program.slots().len()],
        };
        for (index, slot) in program.slots().iter().enumerate() {
            let outline = Outline::of(program.text(slot.segment));
            let name = Name { text: slot.segment, slot: SlotId(index as u16), outline };
            let names = match (slot.parent, slot.kind) {
                (None, _) => tree.domains.get_mut(slot.domain as usize - 1),
                (Some(parent), SlotKind::Field) => {
                    tree.nodes.get_mut(parent.index()).map(|node| &mut node.members)
                }
                (Some(parent), SlotKind::Entry) => {
                    tree.nodes.get_mut(parent.index()).map(|node| &mut node.entries)
                }
            };
            if let Some(names) = names {
                names.push(name);
            }
        }
        for field in program.fields() {
            if let Some(node) = tree.nodes.get_mut(field.slot.index()) {
                node.may_be_map |= field.ty.values().is_some();
                node.is_object |= field.ty == FieldType::Object;
            }
        }
        // Strings are numbered in their order, so names sort by number.
        let lists = tree.domains.iter_mut();
        let lists = lists
            .chain(tree.nodes.iter_mut().flat_map(|node| [&mut node.members, &mut node.entries]));
        for names in lists {
            names.sort_unstable_by_key(|name| name.text);
        }
        tree
    }

    /// The slot of a name directly in a domain.
    #[inline]
    pub(crate) fn in_domain(
        &self,
        program: &Program,
        domain: Domain,
        name: &str,
    ) -> Option<SlotId> {
        find(program, self.domains.get(domain as usize - 1)?, name)
    }

    /// The slot of a member of an object.
    #[inline]
    pub(crate) fn member(&self, program: &Program, object: SlotId, name: &str) -> Option<SlotId> {
        find(program, &self.nodes.get(object.index())?.members, name)
    }

    /// The slot of an entry of a map that some rule reads.
    #[inline]
    pub(crate) fn entry(&self, program: &Program, map: SlotId, key: &str) -> Option<SlotId> {
        find(program, &self.nodes.get(map.index())?.entries, key)
    }

    /// Whether the slot holds an object or a map under some action.
    #[inline]
    pub(crate) fn may_be_object(&self, slot: SlotId) -> bool {
        self.nodes.get(slot.index()).is_some_and(|node| node.may_be_map || node.is_object)
    }

    /// Whether the slot holds a map under some action.
    #[inline]
    pub(crate) fn may_be_map(&self, slot: SlotId) -> bool {
        self.nodes.get(slot.index()).is_some_and(|node| node.may_be_map)
    }
}

#[inline]
fn find(program: &Program, names: &[Name], wanted: &str) -> Option<SlotId> {
    if names.len() <= 8 {
        let outline = Outline::of(wanted);
        let is_wanted = |name: &&Name| {
            name.outline == outline && (outline.length <= 8 || program.text(name.text) == wanted)
        };
        return names.iter().find(is_wanted).map(|name| name.slot);
    }
    let at = names.binary_search_by(|name| program.text(name.text).cmp(wanted)).ok()?;
    names.get(at).map(|name| name.slot)
}
