//! Input tables: every field against its slot, its constraint and its default.

use super::VerifyError;
use super::tables::{Tables, ascending_ids, bound, flag, list_items, unknown};
use crate::ids::{ListId, SlotId, StringId};
use crate::number::Number;
use crate::ordinary::Ordinary;
use crate::parts::{FieldPart, NONE, Parts};
use crate::program::{Constant, Domain, Field, FieldType, Slot, SlotKind, optional};
use alloc::vec;
use alloc::vec::Vec;

/// Lists that have been looked at, each once for strings and once for numbers: so that the work is
/// bounded by the program's bytes, however many refer to a long list.
pub(super) struct SeenLists(Vec<u8>);

impl SeenLists {
    pub(super) const STRINGS: u8 = 1;
    const NUMBERS: u8 = 2;

    pub(super) fn new(parts: &Parts) -> Self {
        Self(vec![0; parts.list_ends.len()])
    }

    pub(super) fn is_new(&mut self, list: ListId, what: u8) -> bool {
        match self.0.get_mut(list.index()) {
            Some(seen) if *seen & what == 0 => {
                *seen |= what;
                true
            }
            _ => false,
        }
    }
}

impl Tables {
    pub(super) fn read_fields(&self, parts: &Parts) -> Result<Vec<Field>, VerifyError> {
        let mut fields = Vec::with_capacity(parts.fields.len());
        let mut seen = SeenLists::new(parts);
        let mut is_common = vec![false; self.slots.len()];
        let action_tables = [(0, parts.common_end)]
            .into_iter()
            .chain(self.actions.iter().map(|action| (action.fields.start, action.fields.end)))
            .map(|(start, end)| (start, end, Domain::Action));
        let state = self.actions.last().map_or(parts.common_end, |action| action.fields.end);
        let state_tables = [
            (state, parts.actor_end, Domain::Actor),
            (parts.actor_end, parts.fields.len() as u32, Domain::Snapshot),
        ];
        for (start, end, domain) in action_tables.chain(state_tables) {
            let table = parts.fields.get(start as usize..end as usize).unwrap_or(&[]);
            let mut previous = None;
            for (offset, part) in table.iter().enumerate() {
                let entry = start as usize + offset;
                if previous >= Some(part.slot) {
                    return Err(VerifyError::Unsorted { table: "fields", entry });
                }
                previous = Some(part.slot);
                fields.push(self.read_field(parts, &mut seen, entry, part, domain)?);
                if let Some(is_common) = is_common.get_mut(part.slot as usize) {
                    // Two tables of one action would each have their say about the slot.
                    if *is_common {
                        return Err(VerifyError::BadField { entry, what: "a field of `common`" });
                    }
                    *is_common = entry < parts.common_end as usize;
                }
            }
            self.verify_parents(table, start as usize)?;
        }
        Ok(fields)
    }

    /// What a field is in must be declared in the same table, as an object or a fitting map.
    fn verify_parents(&self, table: &[FieldPart], start: usize) -> Result<(), VerifyError> {
        for (offset, part) in table.iter().enumerate() {
            let error = VerifyError::BadField { entry: start + offset, what: "the parent" };
            let Some(slot) = self.slots.get(part.slot as usize) else { return Err(error) };
            let Some(parent) = slot.parent else { continue };
            let found = table
                .binary_search_by(|field| field.slot.cmp(&parent.0))
                .ok()
                .and_then(|index| table.get(index))
                .and_then(|field| FieldType::decode(field.ty));
            let fits = match (found, slot.kind) {
                (Some(ty), SlotKind::Entry) => ty.values() == FieldType::decode(part.ty),
                (Some(ty), SlotKind::Field) => ty == FieldType::Object,
                (None, _) => false,
            };
            if !fits {
                return Err(error);
            }
        }
        Ok(())
    }

    fn read_field(
        &self,
        parts: &Parts,
        seen: &mut SeenLists,
        entry: usize,
        part: &FieldPart,
        domain: Domain,
    ) -> Result<Field, VerifyError> {
        let misfit = |what| VerifyError::BadField { entry, what };
        bound("fields", entry, "slot", part.slot as u32, self.slots.len())?;
        let slot = self.slots.get(part.slot as usize).ok_or(misfit("the slot"))?;
        let ty = FieldType::decode(part.ty).ok_or(unknown("fields", entry, "type", part.ty))?;
        let kind_fits = match slot.kind {
            SlotKind::Field => true,
            SlotKind::Entry => ty.is_scalar(),
        };
        if !kind_fits || slot.domain != domain {
            return Err(misfit("the slot"));
        }
        let is_built_in = [self.action_type, self.actor_type].contains(&SlotId(part.slot));
        if is_built_in && ty != FieldType::String {
            return Err(misfit("the type of a built-in field"));
        }
        let required = flag("fields", entry, "required", part.required)?;
        if required && (slot.kind == SlotKind::Entry || part.default != NONE) {
            return Err(misfit("required"));
        }
        if let Some(constraint) = optional(part.constraint) {
            bound("fields", entry, "constraint", constraint, self.constraints.len())?;
            self.verify_constraint(parts, seen, entry, constraint, ty, slot)?;
        }
        let default = match optional(part.default) {
            None => None,
            Some(_) if domain != Domain::Action || slot.parent.is_some() => {
                return Err(misfit("the default"));
            }
            Some(value) => Some(self.default(entry, ty, value)?),
        };
        let constraint =
            optional(part.constraint).and_then(|index| self.constraints.get(index as usize));
        let allowed = match constraint.and_then(|constraint| constraint.allowed) {
            Some(list) if ty == FieldType::String => list_items(parts, list),
            _ => &[],
        };
        let may_be_missing = !(required && self.settings.checks_inputs);
        Ok(Field {
            slot: SlotId(part.slot),
            ty,
            required,
            symbolic: slot.symbolic,
            parent: slot.parent,
            default,
            constraint: optional(part.constraint),
            ordinary: Ordinary::of(self.settings, ty, may_be_missing, constraint, allowed),
        })
    }

    fn default(&self, entry: usize, ty: FieldType, value: u32) -> Result<Constant, VerifyError> {
        let misfit = VerifyError::BadField { entry, what: "the default" };
        let number = || {
            bound("fields", entry, "default", value, self.numbers.len())?;
            self.numbers.get(value as usize).copied().ok_or(misfit.clone())
        };
        match ty {
            FieldType::String => {
                bound("fields", entry, "default", value, self.strings.len())?;
                Ok(Constant::String(StringId(value)))
            }
            FieldType::Number => Ok(Constant::Number(number()?)),
            FieldType::Integer => match (number()?, self.settings.language) {
                (number @ Number::Integer(_), 2) | (number @ Number::Float(_), 1) => {
                    Ok(Constant::Number(number))
                }
                _ => Err(misfit),
            },
            FieldType::Boolean => match value {
                0 => Ok(Constant::Boolean(false)),
                1 => Ok(Constant::Boolean(true)),
                _ => Err(unknown("fields", entry, "default", value)),
            },
            FieldType::Timestamp => match number()? {
                Number::Integer(micros) => Ok(Constant::Instant(micros)),
                Number::Float(_) => Err(misfit),
            },
            _ => Err(misfit),
        }
    }

    fn verify_constraint(
        &self,
        parts: &Parts,
        seen: &mut SeenLists,
        entry: usize,
        constraint: u32,
        ty: FieldType,
        slot: &Slot,
    ) -> Result<(), VerifyError> {
        let Some(constraint) = self.constraints.get(constraint as usize) else { return Ok(()) };
        let misfit = |what| Err(VerifyError::BadField { entry, what });
        let item = ty.items().unwrap_or(ty);
        if let Some(allowed) = constraint.allowed {
            match item {
                FieldType::String if slot.symbolic => {
                    if seen.is_new(allowed, SeenLists::STRINGS) {
                        let count = self.strings.len();
                        ascending_ids("fields", entry, list_items(parts, allowed), count)?;
                    }
                }
                FieldType::Number | FieldType::Integer => {
                    if seen.is_new(allowed, SeenLists::NUMBERS) {
                        self.ascending_numbers("fields", entry, list_items(parts, allowed))?;
                    }
                }
                _ => return misfit("the allowed values"),
            }
        }
        if (constraint.min.is_some() || constraint.max.is_some()) && !item.is_numeric() {
            return misfit("a bound");
        }
        if constraint.max_length.is_some() && item != FieldType::String {
            return misfit("the length");
        }
        if (constraint.max_items.is_some() || constraint.unique) && ty.items().is_none() {
            return misfit("a list's constraint");
        }
        Ok(())
    }
}
