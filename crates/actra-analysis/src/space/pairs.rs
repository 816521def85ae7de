//! Two numbers that are compared with each other, with something added or not.

use super::sample::MAX_JOINT;
use super::{Known, Space};
use crate::classes::Declared;
use crate::input::Value;
use actra_compiler::model::{
    Addend, Atom, InputMode, LanguageVersion, Literal, Operand, ScalarKind, ScalarType, Sign,
};
use std::collections::BTreeSet;

impl Space<'_> {
    /// Two integers, or two instants, that are compared with each other and with constants, with
    /// something added or not: for each place of the one all places of the other.
    pub(super) fn pairs(
        &self,
        known: &[&Known],
        atoms: &[&Atom],
        is_complete: bool,
    ) -> Option<Vec<Vec<Option<Value>>>> {
        let [first, second] = known else { return None };
        let kind = |known: &Known| {
            let mut kinds = known.declared.iter().zip(&self.sources).map(|(declared, source)| {
                let is_plain = source.policy.version == LanguageVersion::V2
                    && source.policy.settings.inputs == InputMode::Checked;
                match declared {
                    Some(Declared::Scalar(ScalarType { kind, .. })) if is_plain => Some(*kind),
                    _ => None,
                }
            });
            let first = kinds.next()??;
            kinds.all(|kind| kind == Some(first)).then_some(first)
        };
        let (kind, other) = (kind(first)?, kind(second)?);
        let limits = match kind {
            ScalarKind::Integer => (i64::MIN, i64::MAX),
            ScalarKind::Timestamp => actra_bytecode::format::timestamp::INSTANTS,
            _ => return None,
        };
        if kind != other {
            return None;
        }
        // The first is held against the second and so much more.
        let mut offsets: BTreeSet<i128> = BTreeSet::new();
        let mut points: BTreeSet<(usize, i128)> = BTreeSet::new();
        let mut constant = |literal: &Literal, side: usize| {
            let value = match literal {
                Literal::Integer(value) | Literal::Timestamp(value) => i128::from(*value),
                // Between two integers: both of them are points.
                Literal::Float(value) => {
                    let floor = value.floor().clamp(-1e30, 1e30) as i128;
                    points.insert((side, floor + 1));
                    floor
                }
                _ => return,
            };
            points.insert((side, value));
        };
        for (side, known) in known.iter().enumerate() {
            for declared in known.declared.iter().flatten() {
                if let Declared::Scalar(ty) = declared {
                    let bounds = ty.min.iter().chain(&ty.max).chain(&ty.default);
                    for literal in ty.allowed.iter().flatten().chain(bounds) {
                        constant(literal, side);
                    }
                }
            }
        }
        for atom in atoms {
            let side = usize::from(atom.subject == second.field);
            if atom.quantifier.is_some() {
                return None;
            }
            match &atom.operand {
                Operand::None => {}
                Operand::Literal(literal) => constant(literal, side),
                Operand::Literals(literals) => {
                    for literal in literals {
                        constant(literal, side);
                    }
                }
                Operand::Field(field) | Operand::Sum { field, .. } => {
                    let added = match &atom.operand {
                        Operand::Sum { addend: Addend::Field(_), .. } => return None,
                        Operand::Sum {
                            sign,
                            addend: Addend::Integer(value) | Addend::Duration(value),
                            ..
                        } => match sign {
                            Sign::Plus => i128::from(*value),
                            Sign::Minus => -i128::from(*value),
                        },
                        _ => 0,
                    };
                    if *field != atom.subject {
                        offsets.insert(if side == 0 { added } else { -added });
                    }
                }
            }
        }
        let of = |wanted: usize| -> BTreeSet<i128> {
            points.iter().filter(|(side, _)| *side == wanted).map(|(_, value)| *value).collect()
        };
        let (own, others) = (of(0), of(1));
        let limits = (i128::from(limits.0), i128::from(limits.1));
        let mut places = others;
        for offset in &offsets {
            places.extend(own.iter().map(|point| point - offset));
            places.extend([limits.0 - offset, limits.1 - offset]);
        }
        let value = |number: i128| {
            let number = number as i64;
            match kind {
                ScalarKind::Timestamp => Value::Instant(number),
                _ => Value::Integer(number),
            }
        };
        let mut found = Vec::new();
        let may_be_missing = |known: &Known| !is_complete || known.is_entry;
        let seconds = around(&places, limits, 3);
        for second_value in &seconds {
            let mut points = own.clone();
            points.extend(offsets.iter().map(|offset| second_value + offset));
            for first_value in around(&points, limits, 1) {
                found.push(vec![Some(value(first_value)), Some(value(*second_value))]);
            }
            if may_be_missing(first) {
                found.push(vec![None, Some(value(*second_value))]);
            }
            if found.len() > 4 * MAX_JOINT {
                return None;
            }
        }
        if may_be_missing(second) {
            let alone = around(&own, limits, 1);
            found.extend(alone.into_iter().map(|first| vec![Some(value(first)), None]));
            if may_be_missing(first) {
                found.push(vec![None, None]);
            }
        }
        Some(found)
    }
}

/// The points within limits, and of each gap between them so many numbers from either end.
fn around(points: &BTreeSet<i128>, limits: (i128, i128), per_end: i128) -> BTreeSet<i128> {
    let mut found = BTreeSet::new();
    let mut low = limits.0 - 1;
    let inside = points.iter().copied().filter(|point| *point >= limits.0 && *point <= limits.1);
    for high in inside.chain([limits.1 + 1]) {
        for step in 1..=per_end {
            if low + step < high {
                found.insert(low + step);
            }
            if high - step > low {
                found.insert(high - step);
            }
        }
        if high <= limits.1 {
            found.insert(high);
        }
        low = high;
    }
    found
}
