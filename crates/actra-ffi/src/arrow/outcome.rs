//! What was decided, as columns.

use super::batch::too_many;
use super::export::{Codes, Exported, Strings};
use super::fault::{Why, error_of};
use crate::constants::input_error;
use actra::columns::{NO_RULE, Outcomes};
use actra::{InputCode, InputError, Policy};
use std::collections::TryReserveError;
use std::sync::Arc;

/// What the codes of a policy's decisions stand for: the same in every batch.
pub(crate) struct Dictionaries {
    effects: Arc<Strings>,
    rules: Arc<Strings>,
    errors: Arc<Strings>,
    fields: Arc<Strings>,
}

impl Dictionaries {
    /// `None`: the policy's names are too long for it.
    pub(crate) fn new(policy: &Policy) -> Option<Self> {
        let program = policy.program();
        let rules = program.rules().iter().map(|rule| program.text(rule.id));
        let fields = program.slots().iter().map(|slot| program.text(slot.name));
        let errors = InputCode::ALL.iter().map(|code| code.as_str());
        let effects = [actra::Effect::Allow, actra::Effect::RequireApproval, actra::Effect::Block];
        Some(Self {
            effects: Strings::new(effects.iter().map(|effect| effect.as_str()))?,
            rules: Strings::new(rules)?,
            errors: Strings::new(errors)?,
            fields: Strings::new(fields)?,
        })
    }
}

/// Codes of rows, part by part.
pub(super) struct Decided {
    rows: usize,
    effects: Vec<i8>,
    rules: Vec<i32>,
    /// Row, error, and the number of the field.
    errors: Vec<(usize, i8, Option<i32>)>,
}

impl Decided {
    /// Room for so many rows.
    pub(super) fn with_room(rows: usize) -> Result<Self, InputError> {
        let mut decided = Self { rows, effects: Vec::new(), rules: Vec::new(), errors: Vec::new() };
        let room = decided.effects.try_reserve_exact(rows);
        match room.and_then(|()| decided.rules.try_reserve_exact(rows)) {
            Ok(()) => Ok(decided),
            Err(_) => Err(error_of("", too_many(rows))),
        }
    }

    /// Adds the rows that follow.
    pub(super) fn add(&mut self, outcomes: &Outcomes) {
        let start = self.effects.len();
        // Rows in error have no effect and no rule: what is written there is covered.
        self.effects.extend(outcomes.effects().iter().map(|effect| effect.saturating_sub(1) as i8));
        self.rules.extend(outcomes.rules().iter().map(|rule| *rule as i32));
        self.errors.extend(outcomes.errors().iter().map(|error| {
            let code = input_error(error.code).saturating_sub(1) as i8;
            (start + error.row, code, error.slot.map(|slot| i32::from(slot.0)))
        }));
    }

    /// The columns.
    pub(super) fn columns(
        mut self,
        dictionaries: &Dictionaries,
    ) -> Result<Vec<Exported>, InputError> {
        let rows = self.rows;
        let no_room = |_| error_of("", too_many(rows));
        let bytes = rows.div_ceil(8);
        let effect_bits = if self.errors.is_empty() {
            None
        } else {
            let mut valid = filled(bytes, u8::MAX).map_err(no_room)?;
            self.errors.iter().for_each(|(row, ..)| put(&mut valid, *row, false));
            Some(valid)
        };
        let mut rule_bits = filled(bytes, 0).map_err(no_room)?;
        let mut no_rules = 0;
        for (byte, rules) in rule_bits.iter_mut().zip(self.rules.chunks_mut(8)) {
            for (bit, rule) in rules.iter_mut().enumerate() {
                if *rule == NO_RULE as i32 {
                    *rule = 0;
                    no_rules += 1;
                } else {
                    *byte |= 1 << bit;
                }
            }
        }
        let mut error_bits = filled(bytes, 0).map_err(no_room)?;
        let mut field_bits = filled(bytes, 0).map_err(no_room)?;
        let mut errors: Vec<i8> = filled(rows, 0).map_err(no_room)?;
        let mut fields: Vec<i32> = filled(rows, 0).map_err(no_room)?;
        let mut with_field = 0;
        for (row, code, field) in &self.errors {
            put(&mut error_bits, *row, true);
            if let Some(error) = errors.get_mut(*row) {
                *error = *code;
            }
            if let (Some(field), Some(place)) = (field, fields.get_mut(*row)) {
                put(&mut field_bits, *row, true);
                *place = *field;
                with_field += 1;
            }
        }
        let failed = self.errors.len();
        let column = |name, valid, nulls, codes, strings: &Arc<Strings>| Exported {
            name,
            valid,
            nulls,
            codes,
            strings: Arc::clone(strings),
        };
        let Dictionaries {
            effects: of_effects,
            rules: of_rules,
            errors: of_errors,
            fields: of_fields,
        } = dictionaries;
        Ok(vec![
            column(c"effect", effect_bits, failed, Codes::Small(self.effects), of_effects),
            column(c"matched_rule", Some(rule_bits), no_rules, Codes::Large(self.rules), of_rules),
            column(c"error", Some(error_bits), rows - failed, Codes::Small(errors), of_errors),
            column(
                c"error_field",
                Some(field_bits),
                rows - with_field,
                Codes::Large(fields),
                of_fields,
            ),
        ])
    }
}

/// The same value, so many times.
fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>, TryReserveError> {
    let mut filled = Vec::new();
    filled.try_reserve_exact(len)?;
    filled.resize(len, value);
    Ok(filled)
}

fn put(bits: &mut [u8], row: usize, is_there: bool) {
    if let Some(byte) = bits.get_mut(row / 8) {
        let bit = 1 << (row % 8);
        *byte = if is_there { *byte | bit } else { *byte & !bit };
    }
}

/// What is wrong where names are too long for a dictionary.
pub(super) fn long_names() -> InputError {
    let what = "cannot be answered: the policy's names are too long together".to_owned();
    let why: Why = (InputCode::TooLarge, what);
    error_of("", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_errors_are_their_numbers_less_one() {
        for (at, code) in InputCode::ALL.iter().enumerate() {
            assert_eq!(input_error(*code) as usize, at + 1, "{code}");
        }
    }
}
