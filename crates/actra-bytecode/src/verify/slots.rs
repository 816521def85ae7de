//! Slots: the places in the input, each named after where it is.

use super::VerifyError;
use super::tables::{bound, flag, unknown, within};
use crate::ids::StringId;
use crate::limits::MAX_OBJECT_DEPTH;
use crate::parts::{NO_SLOT, Parts, SlotPart};
use crate::program::{Domain, Slot, SlotKind, optional_slot};
use crate::strings::Strings;
use alloc::vec::Vec;

pub(super) fn read(parts: &Parts, strings: &Strings) -> Result<Vec<Slot>, VerifyError> {
    let mut slots: Vec<Slot> = Vec::with_capacity(parts.slots.len());
    let mut depths: Vec<usize> = Vec::with_capacity(parts.slots.len());
    let mut previous: Option<(u32, u16, u32)> = None;
    for (entry, part) in parts.slots.iter().enumerate() {
        bound("slots", entry, "name", part.name, strings.len())?;
        bound("slots", entry, "segment", part.segment, strings.len())?;
        let order = (part.name, part.parent, part.segment);
        if previous >= Some(order) {
            return Err(VerifyError::Unsorted { table: "slots", entry });
        }
        previous = Some(order);
        let domain =
            Domain::decode(part.domain).ok_or(unknown("slots", entry, "domain", part.domain))?;
        let kind = match part.kind {
            1 => SlotKind::Field,
            2 => SlotKind::Entry,
            kind => return Err(unknown("slots", entry, "kind", kind)),
        };
        let parent = match optional_slot(part.parent) {
            None => None,
            Some(parent) => {
                bound("slots", entry, "parent", parent.0 as u32, entry)?;
                Some((parent, slots.get(parent.index()).ok_or(VerifyError::BadSlot { entry })?))
            }
        };
        if !slot_name_fits(part, domain, kind, parent.map(|(_, parent)| parent), strings) {
            return Err(VerifyError::BadSlot { entry });
        }
        let depth = match parent {
            None => 0,
            Some((parent, _)) => depths.get(parent.index()).copied().unwrap_or(0) + 1,
        };
        within("nested objects", depth, MAX_OBJECT_DEPTH)?;
        depths.push(depth);
        slots.push(Slot {
            name: StringId(part.name),
            domain,
            kind,
            symbolic: flag("slots", entry, "symbolic", part.symbolic)?,
            parent: parent.map(|(parent, _)| parent),
            segment: StringId(part.segment),
        });
    }
    Ok(slots)
}

/// Whether the slot's name is its parent's (or its domain's) with its segment added.
fn slot_name_fits(
    part: &SlotPart,
    domain: Domain,
    kind: SlotKind,
    parent: Option<&Slot>,
    strings: &Strings,
) -> bool {
    debug_assert!(part.parent == NO_SLOT || parent.is_some());
    let name = strings.text(StringId(part.name));
    let segment = strings.text(StringId(part.segment));
    let outer = match (parent, kind) {
        (None, SlotKind::Entry) => return false,
        (None, _) => domain.as_str(),
        (Some(parent), _) => {
            if parent.kind != SlotKind::Field || parent.domain != domain {
                return false;
            }
            strings.text(parent.name)
        }
    };
    let Some(rest) = name.strip_prefix(outer) else { return false };
    match kind {
        SlotKind::Entry => {
            let quote = if segment.contains('"') { '\'' } else { '"' };
            rest.strip_prefix('[')
                .and_then(|rest| rest.strip_prefix(quote))
                .and_then(|rest| rest.strip_prefix(segment))
                .and_then(|rest| rest.strip_prefix(quote))
                == Some("]")
        }
        SlotKind::Field => rest.strip_prefix('.') == Some(segment),
    }
}
