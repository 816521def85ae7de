//! What an op says of a frame: true, false, or unknown and why.

use crate::check::contains_number;
use crate::frame::Frame;
use crate::value::{Cell, ItemKind, NO_SYMBOL, Range, SORTED_ABOVE};
use actra_bytecode::format::{host, network, path};
use actra_bytecode::ids::{DfaId, ListId, NetworkListId, NumberId, StringId};
use actra_bytecode::op::{Flags, Op, OpCode};
use actra_bytecode::program::{Addend, NetworkEntry};
use actra_bytecode::{Number, Program};
use core::cmp::Ordering;

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It holds.
    True,
    /// Unknown: a field is missing, or its value is as good as missing.
    Missing,
    /// Unknown: a value is malformed.
    Malformed,
}

impl Truth {
    #[inline]
    pub(crate) const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    #[inline]
    const fn negated_if(self, negate: bool) -> Self {
        match self {
            Self::True if negate => Self::False,
            Self::False if negate => Self::True,
            truth => truth,
        }
    }
}

/// Whether the op's test of its left side, or of each of its items, holds. What rules ask most is
/// answered on the spot; for an unknown test `unknown` says what it counts as.
#[expect(clippy::inline_always, reason = "every op of every candidate comes here")]
#[inline(always)]
pub(crate) fn holds(frame: &Frame<'_, '_>, op: &Op, unknown: impl FnOnce(Truth) -> bool) -> bool {
    let left = frame.cell(op.slot);
    let holds = match (op.code, left) {
        (OpCode::StringEquals, Cell::String(_, symbol)) if !op.flags.is_quantified() => {
            symbol == op.operand
        }
        (OpCode::StringIn, Cell::String(_, symbol)) if !op.flags.is_quantified() => {
            frame.program.list_has_string(ListId(op.operand), StringId(symbol))
        }
        (OpCode::NumberCompare, Cell::Integer(value)) if !op.flags.is_quantified() => {
            let constant = frame.program.number(NumberId(op.operand));
            op.comparison().admits(Number::Integer(value).compare(constant))
        }
        (OpCode::BooleanIn, Cell::Boolean(value)) => op.operand & (1 << u32::from(value)) != 0,
        _ => {
            return match test(frame, op) {
                Truth::True => true,
                Truth::False => false,
                truth => unknown(truth),
            };
        }
    };
    holds != op.flags.has(Flags::NEGATE)
}

/// Tests the op's left side, or each of its items, against its right side.
#[inline(never)]
pub(crate) fn test(frame: &Frame<'_, '_>, op: &Op) -> Truth {
    let left = &frame.cell(op.slot);
    let truth = if op.flags.is_quantified() {
        quantified(frame, op, left)
    } else if op.code.has_right_slot() {
        with_field(frame, op, left)
    } else {
        with_literal(frame, op, left)
    };
    truth.negated_if(op.flags.has(Flags::NEGATE))
}

/// `every` and `some`: items combine as the parts of `all` and `any` would.
fn quantified(frame: &Frame<'_, '_>, op: &Op, left: &Cell<'_>) -> Truth {
    let Cell::List(kind, range) = *left else { return Truth::Missing };
    let haystack = if op.code == OpCode::FieldIn {
        match frame.cell(op.right_slot()) {
            Cell::List(items, haystack) if goes_with(kind, items) => Some(haystack),
            _ => return Truth::Missing,
        }
    } else if takes_items(op.code, kind) {
        None
    } else {
        return Truth::Missing;
    };
    let negate = op.flags.has(Flags::NEGATE_ITEM);
    // What one item decides for all of them.
    let decisive = Truth::of(!op.flags.has(Flags::EVERY));
    let mut combined = Truth::of(op.flags.has(Flags::EVERY));
    for item in frame.item_cells(range) {
        let truth = match haystack {
            Some(haystack) => Truth::of(has_item(frame, haystack, item)),
            None => with_literal(frame, op, item),
        };
        match truth.negated_if(negate) {
            truth if truth == decisive => return decisive,
            truth @ (Truth::Missing | Truth::Malformed) => combined = truth,
            _ => {}
        }
    }
    combined
}

/// Whether a quantified op takes items of that kind.
pub(crate) fn takes_items(code: OpCode, kind: ItemKind) -> bool {
    match code {
        OpCode::NumberCompare | OpCode::NumberIn => {
            matches!(kind, ItemKind::Empty | ItemKind::Number)
        }
        _ => matches!(kind, ItemKind::Empty | ItemKind::String),
    }
}

/// Whether items of the two kinds compare.
pub(crate) fn goes_with(a: ItemKind, b: ItemKind) -> bool {
    a == b || a == ItemKind::Empty || b == ItemKind::Empty
}

/// One value against a literal.
#[inline]
fn with_literal(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> Truth {
    let program = frame.program;
    match op.code {
        OpCode::StringEquals => match cell.symbol() {
            Some(symbol) => Truth::of(symbol == op.operand),
            None => Truth::Missing,
        },
        OpCode::StringIn => match cell.symbol() {
            Some(symbol) => {
                Truth::of(program.list_has_string(ListId(op.operand), StringId(symbol)))
            }
            None => Truth::Missing,
        },
        OpCode::NumberCompare => match cell.number() {
            Some(number) => {
                let constant = program.number(NumberId(op.operand));
                Truth::of(op.comparison().admits(number.compare(constant)))
            }
            None => Truth::Missing,
        },
        OpCode::BooleanIn => match *cell {
            Cell::Boolean(value) => Truth::of(op.operand & (1 << u32::from(value)) != 0),
            _ => Truth::Missing,
        },
        OpCode::NumberIn => match cell.number() {
            Some(number) => {
                Truth::of(contains_number(program, program.list(ListId(op.operand)), number))
            }
            None => Truth::Missing,
        },
        OpCode::InstantCompare => match *cell {
            Cell::Instant(micros) => {
                let constant = program.number(NumberId(op.operand));
                Truth::of(op.comparison().admits(Number::Integer(micros).compare(constant)))
            }
            _ => Truth::Missing,
        },
        OpCode::InstantIn => match *cell {
            Cell::Instant(micros) => {
                let list = program.list(ListId(op.operand));
                Truth::of(contains_number(program, list, Number::Integer(micros)))
            }
            _ => Truth::Missing,
        },
        OpCode::Exists => Truth::of(!matches!(cell, Cell::Missing)),
        OpCode::LengthCompare => length(frame, op, cell),
        OpCode::ContainsString => contains_string(frame, op, cell),
        OpCode::ListHasString
        | OpCode::ListHasNumber
        | OpCode::ListHasAnyString
        | OpCode::ListHasAnyNumber
        | OpCode::ListHasAllStrings
        | OpCode::ListHasAllNumbers => list_with_literal(frame, op, cell),
        _ => match frame.cell_text(cell) {
            Some(text) => text_with_literal(program, op, text),
            None => Truth::Missing,
        },
    }
}

/// `contains` with one string: of a string its substring, of a list its item.
fn contains_string(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> Truth {
    let literal = StringId(op.operand);
    match *cell {
        Cell::List(kind, range) if goes_with(kind, ItemKind::String) => {
            Truth::of(has_item(frame, range, &Cell::Constant(literal)))
        }
        _ => match frame.cell_text(cell) {
            Some(text) => Truth::of(text.contains(frame.program.text(literal))),
            None => Truth::Missing,
        },
    }
}

fn length(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> Truth {
    let length = match *cell {
        Cell::List(_, range) => range.len as i64,
        _ => match frame.cell_text(cell) {
            Some(text) => text.chars().count() as i64,
            None => return Truth::Missing,
        },
    };
    let constant = frame.program.number(NumberId(op.operand));
    Truth::of(op.comparison().admits(Number::Integer(length).compare(constant)))
}

/// The operators that read the text itself.
fn text_with_literal(program: &Program, op: &Op, text: &str) -> Truth {
    let any = |holds: fn(&str, &str) -> bool| {
        Truth::of(program.list_strings(ListId(op.operand)).any(|literal| holds(text, literal)))
    };
    match op.code {
        OpCode::StringStartsWith => any(|text, literal| text.starts_with(literal)),
        OpCode::StringEndsWith => any(|text, literal| text.ends_with(literal)),
        OpCode::StringContains => any(|text, literal| text.contains(literal)),
        OpCode::StringMatches => match program.dfa(DfaId(op.operand)) {
            Some(dfa) => Truth::of(dfa.matches(text.as_bytes())),
            None => Truth::Malformed,
        },
        OpCode::InDomain => match host::parse(text) {
            Ok(host::Host::Name(name)) => Truth::of(
                program
                    .list_strings(ListId(op.operand))
                    .any(|domain| host::is_in_domain(name, domain)),
            ),
            Ok(host::Host::Address(_)) => Truth::False,
            Err(_) => Truth::Malformed,
        },
        OpCode::InNetwork => match host::parse(text) {
            Ok(host::Host::Address(address)) => {
                Truth::of(program.network_list(NetworkListId(op.operand)).iter().any(|entry| {
                    match entry {
                        NetworkEntry::Private => network::is_private(address),
                        NetworkEntry::Network(network) => network.contains(address),
                    }
                }))
            }
            Ok(host::Host::Name(_)) => Truth::False,
            Err(_) => Truth::Malformed,
        },
        OpCode::WithinPath if !path::is_well_formed(text) => Truth::Malformed,
        OpCode::WithinPath => any(path::is_within),
        // The verifier lets no other op come here; were one to, it would not decide.
        _ => Truth::Malformed,
    }
}

fn list_with_literal(frame: &Frame<'_, '_>, op: &Op, cell: &Cell<'_>) -> Truth {
    let Cell::List(kind, range) = *cell else { return Truth::Missing };
    let program = frame.program;
    let wanted = match op.code {
        OpCode::ListHasNumber | OpCode::ListHasAnyNumber | OpCode::ListHasAllNumbers => {
            ItemKind::Number
        }
        _ => ItemKind::String,
    };
    if !goes_with(kind, wanted) {
        return Truth::Missing;
    }
    let list = || program.list(ListId(op.operand));
    let items = || frame.item_cells(range).iter();
    Truth::of(match op.code {
        OpCode::ListHasString => has_item(frame, range, &Cell::Constant(StringId(op.operand))),
        OpCode::ListHasNumber => {
            has_item(frame, range, &number_cell(program.number(NumberId(op.operand))))
        }
        OpCode::ListHasAnyString => {
            let list = ListId(op.operand);
            let has = |symbol| program.list_has_string(list, StringId(symbol));
            items().any(|item| item.symbol().is_some_and(has))
        }
        OpCode::ListHasAnyNumber => items().any(|item| {
            item.number().is_some_and(|number| contains_number(program, list(), number))
        }),
        OpCode::ListHasAllStrings => {
            list().iter().all(|string| has_item(frame, range, &Cell::Constant(StringId(*string))))
        }
        OpCode::ListHasAllNumbers => list()
            .iter()
            .all(|id| has_item(frame, range, &number_cell(program.number(NumberId(*id))))),
        _ => return Truth::Malformed,
    })
}

fn number_cell<'v>(number: Number) -> Cell<'v> {
    match number {
        Number::Integer(value) => Cell::Integer(value),
        Number::Float(value) => Cell::Float(value),
    }
}

/// Whether two scalar cells are equal; `None` where they are of different kinds.
#[inline]
fn equal(frame: &Frame<'_, '_>, a: &Cell<'_>, b: &Cell<'_>) -> Option<bool> {
    if let (Some(a), Some(b)) = (a.number(), b.number()) {
        return Some(a.compare(b) == Some(Ordering::Equal));
    }
    match (a, b) {
        (Cell::Boolean(a), Cell::Boolean(b)) => Some(a == b),
        (Cell::Instant(a), Cell::Instant(b)) => Some(a == b),
        _ => {
            let (Some(first), Some(second)) = (a.symbol(), b.symbol()) else { return None };
            if first != NO_SYMBOL && first == second {
                return Some(true);
            }
            Some(frame.cell_text(a) == frame.cell_text(b))
        }
    }
}

/// Whether a list has an item equal to the cell. Long lists are sorted, so this is a bisection.
fn has_item(frame: &Frame<'_, '_>, range: Range, wanted: &Cell<'_>) -> bool {
    let items = frame.item_cells(range);
    if items.len() <= SORTED_ABOVE {
        return items.iter().any(|item| equal(frame, item, wanted) == Some(true));
    }
    let found = if let Some(wanted) = wanted.number() {
        items.binary_search_by(|item| {
            // NaN items sort last, and a NaN wanted equals nothing.
            let item = item.number().unwrap_or(Number::Float(f64::NAN));
            item.compare(wanted).unwrap_or(Ordering::Greater)
        })
    } else if let Some(wanted) = frame.cell_text(wanted) {
        items.binary_search_by(|item| frame.cell_text(item).unwrap_or("").cmp(wanted))
    } else {
        return items.iter().any(|item| equal(frame, item, wanted) == Some(true));
    };
    found.is_ok()
}

/// One value against a field.
fn with_field(frame: &Frame<'_, '_>, op: &Op, left: &Cell<'_>) -> Truth {
    let right = &frame.cell(op.right_slot());
    match op.code {
        OpCode::FieldEquals => equal(frame, left, right).map_or(Truth::Missing, Truth::of),
        OpCode::FieldCompare => match (left, right) {
            (Cell::Instant(a), Cell::Instant(b)) => {
                Truth::of(op.comparison().admits(Some(a.cmp(b))))
            }
            _ => match (left.number(), right.number()) {
                (Some(a), Some(b)) => Truth::of(op.comparison().admits(a.compare(b))),
                _ => Truth::Missing,
            },
        },
        OpCode::SumCompare => sum(frame, op, left, right),
        OpCode::FieldIn => match *right {
            Cell::List(kind, range) if scalar_goes_with(left, kind) => {
                Truth::of(has_item(frame, range, left))
            }
            _ => Truth::Missing,
        },
        OpCode::ListHasField | OpCode::FieldContains => match *left {
            Cell::List(kind, range) if scalar_goes_with(right, kind) => {
                Truth::of(has_item(frame, range, right))
            }
            _ if op.code == OpCode::FieldContains => text_with_field(frame, op, left, right),
            _ => Truth::Missing,
        },
        OpCode::ListHasAnyOfField | OpCode::ListHasAllOfField => match (*left, *right) {
            (Cell::List(a, left), Cell::List(b, right)) if goes_with(a, b) => {
                let mut right = frame.item_cells(right).iter();
                Truth::of(if op.code == OpCode::ListHasAnyOfField {
                    right.any(|item| has_item(frame, left, item))
                } else {
                    right.all(|item| has_item(frame, left, item))
                })
            }
            _ => Truth::Missing,
        },
        _ => text_with_field(frame, op, left, right),
    }
}

/// Whether a scalar may be an item of a list of that kind.
pub(crate) fn scalar_goes_with(cell: &Cell<'_>, kind: ItemKind) -> bool {
    match *cell {
        Cell::Missing | Cell::List(..) => false,
        Cell::Boolean(_) => goes_with(ItemKind::Boolean, kind),
        Cell::Integer(_) | Cell::Float(_) => goes_with(ItemKind::Number, kind),
        Cell::String(..) | Cell::Text(..) | Cell::Constant(_) => goes_with(ItemKind::String, kind),
        Cell::Instant(_) => kind == ItemKind::Empty,
    }
}

fn text_with_field(frame: &Frame<'_, '_>, op: &Op, left: &Cell<'_>, right: &Cell<'_>) -> Truth {
    let left = frame.cell_text(left);
    match op.code {
        OpCode::FieldStartsWith | OpCode::FieldEndsWith | OpCode::FieldContains => {
            let (Some(text), Some(part)) = (left, frame.cell_text(right)) else {
                return Truth::Missing;
            };
            Truth::of(match op.code {
                OpCode::FieldStartsWith => text.starts_with(part),
                OpCode::FieldEndsWith => text.ends_with(part),
                _ => text.contains(part),
            })
        }
        OpCode::FieldInDomain => in_domain_of_field(left, strings_of(frame, right)),
        OpCode::FieldWithinPath => {
            let single = frame.cell_text(right);
            let list = strings_of(frame, right);
            let right_is_missing = single.is_none() && list.is_none();
            within_path_of_field(
                left,
                single.into_iter().chain(list.into_iter().flatten()),
                right_is_missing,
            )
        }
        _ => Truth::Malformed,
    }
}

/// The texts of a list of strings; `None` where the cell is none.
fn strings_of<'a>(
    frame: &'a Frame<'_, '_>,
    cell: &Cell<'_>,
) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
    match *cell {
        Cell::List(ItemKind::String | ItemKind::Empty, range) => {
            Some(frame.item_cells(range).iter().filter_map(|item| frame.cell_text(item)))
        }
        _ => None,
    }
}

/// Every operand is looked at: a malformed one counts before a missing one, and one malformed
/// entry of the list whatever the others say.
fn in_domain_of_field<'a>(
    left: Option<&str>,
    right: Option<impl Iterator<Item = &'a str>>,
) -> Truth {
    let left_host = left.map(host::parse);
    let is_missing = left.is_none() || right.is_none();
    let mut malformed = matches!(left_host, Some(Err(_)));
    let mut holds = false;
    for entry in right.into_iter().flatten() {
        match (host::parse_domain(entry), &left_host) {
            (Ok(domain), Some(Ok(host::Host::Name(name)))) => {
                holds |= host::is_in_domain(name, domain);
            }
            (Ok(_), _) => {}
            (Err(_), _) => malformed = true,
        }
    }
    resolve(malformed, is_missing, holds)
}

fn within_path_of_field<'a>(
    left: Option<&str>,
    right: impl Iterator<Item = &'a str>,
    right_is_missing: bool,
) -> Truth {
    let mut malformed = left.is_some_and(|text| !path::is_well_formed(text));
    let mut holds = false;
    for directory in right {
        if !path::is_well_formed(directory) {
            malformed = true;
        } else if let (Some(text), false) = (left, malformed) {
            holds |= path::is_within(text, directory);
        }
    }
    resolve(malformed, left.is_none() || right_is_missing, holds)
}

const fn resolve(malformed: bool, missing: bool, holds: bool) -> Truth {
    match (malformed, missing) {
        (true, _) => Truth::Malformed,
        (false, true) => Truth::Missing,
        (false, false) => Truth::of(holds),
    }
}

/// An operand of a sum: an integer inside 64 bits.
pub(crate) fn sum_operand(cell: &Cell<'_>) -> Option<i128> {
    match *cell {
        Cell::Integer(value) => Some(value as i128),
        Cell::Float(value) => {
            let integer = value as i64;
            let is_exact =
                Number::Float(value).compare(Number::Integer(integer)) == Some(Ordering::Equal);
            is_exact.then_some(integer as i128)
        }
        _ => None,
    }
}

/// A comparison with a sum, exact: it is made in 128 bits, which two 64-bit operands cannot leave.
fn sum(frame: &Frame<'_, '_>, op: &Op, left: &Cell<'_>, base: &Cell<'_>) -> Truth {
    let Some(sum) = frame.program.sum(op.sum()) else { return Truth::Malformed };
    let (base, addend) = match sum.addend {
        Addend::Duration(micros) => {
            let Cell::Instant(base) = *base else { return Truth::Missing };
            (base as i128, micros as i128)
        }
        Addend::Integer(value) => match sum_operand(base) {
            Some(base) => (base, value as i128),
            None => return Truth::Missing,
        },
        Addend::Slot(slot) => match (sum_operand(base), sum_operand(&frame.cell(slot))) {
            (Some(base), Some(addend)) => (base, addend),
            _ => return Truth::Missing,
        },
    };
    let total = if sum.minus { base - addend } else { base + addend };
    let ordering = match (*left, sum.addend) {
        (Cell::Instant(micros), Addend::Duration(_)) => Some((micros as i128).cmp(&total)),
        (Cell::Integer(value), Addend::Integer(_) | Addend::Slot(_)) => {
            Some((value as i128).cmp(&total))
        }
        (Cell::Float(value), Addend::Integer(_) | Addend::Slot(_)) => {
            compare_float_with_wide(value, total)
        }
        _ => return Truth::Missing,
    };
    Truth::of(op.comparison().admits(ordering))
}

/// A double against an integer of at most 65 bits, exactly.
fn compare_float_with_wide(value: f64, wide: i128) -> Option<Ordering> {
    const LIMIT: f64 = 1.0e30;
    if value.is_nan() {
        return None;
    }
    if value >= LIMIT {
        return Some(Ordering::Greater);
    }
    if value <= -LIMIT {
        return Some(Ordering::Less);
    }
    let truncated = value as i128;
    Some(truncated.cmp(&wide).then_with(|| {
        let cut = value - truncated as f64;
        cut.partial_cmp(&0.0).unwrap_or(Ordering::Equal)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_compare_with_wide_integers_exactly() {
        let cases = [
            (0.5, 0, Ordering::Greater),
            (-0.5, 0, Ordering::Less),
            (1e300, i64::MAX as i128 * 2, Ordering::Greater),
            (-1e300, 0, Ordering::Less),
            (9_223_372_036_854_775_808.0, i64::MAX as i128, Ordering::Greater),
            (9_223_372_036_854_775_808.0, i64::MAX as i128 + 1, Ordering::Equal),
            (18_446_744_073_709_551_616.0, u64::MAX as i128, Ordering::Greater),
        ];
        for (float, wide, expected) in cases {
            assert_eq!(compare_float_with_wide(float, wide), Some(expected), "{float} {wide}");
        }
        assert_eq!(compare_float_with_wide(f64::NAN, 0), None);
    }
}
