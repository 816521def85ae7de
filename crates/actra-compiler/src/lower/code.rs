//! Conditions to ops: short-circuit code with forward jumps only, `not` pushed to the atoms.
//!
//! A formula without `not` is at least unknown exactly when it is true with its unknown atoms set
//! true, and true exactly when it is true with them set false. So once `not` stands only in the
//! atoms, a rule's effect settles each atom's outcome for unknowns, and no third value is left.

use super::schema::{Slots, text};
use super::tables::Tables;
use crate::model::{
    Addend, Atom, Condition, Literal, Operand, Operator, Quantifier, ScalarKind, Sign,
};
use actra_bytecode::Number;
use actra_bytecode::ids::SlotId;
use actra_bytecode::op::{Comparison, Flags, Op, OpCode};
use actra_bytecode::parts::SumPart;

/// What an unknown atom counts as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unknowns {
    /// The rule fires when its condition is unknown.
    pub(super) fires: bool,
    /// A missing field makes an atom unknown; otherwise false.
    pub(super) missing_is_unknown: bool,
}

/// A part of a conjunction, and whether it stands under an odd number of `not`s.
#[derive(Clone, Copy)]
pub(super) struct Part<'c> {
    pub(super) condition: &'c Condition,
    pub(super) negated: bool,
}

/// The parts that must all hold for the condition to hold.
pub(super) fn conjuncts<'c>(condition: &'c Condition, negated: bool, into: &mut Vec<Part<'c>>) {
    match (condition, negated) {
        (Condition::All(parts), false) | (Condition::Any(parts), true) => {
            for part in parts {
                conjuncts(part, negated, into);
            }
        }
        (Condition::Not(part), _) => conjuncts(part, !negated, into),
        _ => into.push(Part { condition, negated }),
    }
}

/// What a slot holds under the actions that a rule is a candidate for, as far as ops care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Scalar(ScalarKind),
    List(ScalarKind),
}

impl Holds {
    const fn item(self) -> ScalarKind {
        match self {
            Self::Scalar(kind) | Self::List(kind) => kind,
        }
    }
}

/// Where a jump leads before places are known.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Label(usize);

/// Writes the code of one rule.
pub(super) struct Coder<'a, 'p> {
    pub(super) tables: &'a mut Tables<'p>,
    pub(super) slots: &'a mut Slots,
    pub(super) unknowns: Unknowns,
    pub(super) holds: &'a dyn Fn(&crate::model::FieldRef) -> Holds,
    labels: Vec<u32>,
    /// Ops whose target is still a label.
    jumps: Vec<(usize, Label)>,
}

impl<'a, 'p> Coder<'a, 'p> {
    pub(super) fn new(
        tables: &'a mut Tables<'p>,
        slots: &'a mut Slots,
        unknowns: Unknowns,
        holds: &'a dyn Fn(&crate::model::FieldRef) -> Holds,
    ) -> Self {
        Self { tables, slots, unknowns, holds, labels: Vec::new(), jumps: Vec::new() }
    }

    /// Writes a rule that fires when all of the parts hold.
    pub(super) fn rule(mut self, parts: &[Part<'_>]) {
        let (fire, skip) = (self.label(), self.label());
        self.all(parts, fire, skip, fire);
        self.place(fire);
        self.tables.ops.push(Op::FIRE);
        if self.jumps.iter().any(|(_, label)| *label == skip) {
            self.place(skip);
            self.tables.ops.push(Op::SKIP);
        }
        for (op, label) in &self.jumps {
            if let (Some(op), Some(target)) =
                (self.tables.ops.get_mut(*op), self.labels.get(label.0))
            {
                op.target = *target;
            }
        }
    }

    fn label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        Label(self.labels.len() - 1)
    }

    fn place(&mut self, label: Label) {
        if let Some(place) = self.labels.get_mut(label.0) {
            *place = self.tables.ops.len() as u32;
        }
    }

    /// Code that goes to `on_true` if all parts hold and to `on_false` otherwise. `next` is the
    /// one of the two that follows the code.
    fn all(&mut self, parts: &[Part<'_>], on_true: Label, on_false: Label, next: Label) {
        let Some((last, rest)) = parts.split_last() else { return };
        for part in rest {
            let holds = self.label();
            self.part(*part, holds, on_false, holds);
            self.place(holds);
        }
        self.part(*last, on_true, on_false, next);
    }

    fn any(&mut self, parts: &[Part<'_>], on_true: Label, on_false: Label, next: Label) {
        let Some((last, rest)) = parts.split_last() else { return };
        for part in rest {
            let fails = self.label();
            self.part(*part, on_true, fails, fails);
            self.place(fails);
        }
        self.part(*last, on_true, on_false, next);
    }

    fn part(&mut self, part: Part<'_>, on_true: Label, on_false: Label, next: Label) {
        let negated = part.negated;
        match part.condition {
            Condition::Not(inner) => {
                self.part(Part { condition: inner, negated: !negated }, on_true, on_false, next);
            }
            Condition::All(conditions) | Condition::Any(conditions) => {
                let parts: Vec<Part<'_>> =
                    conditions.iter().map(|condition| Part { condition, negated }).collect();
                if matches!(part.condition, Condition::All(_)) == negated {
                    self.any(&parts, on_true, on_false, next);
                } else {
                    self.all(&parts, on_true, on_false, next);
                }
            }
            Condition::Atom(atom) => {
                let mut op = self.atom(atom, negated);
                let jump = if next == on_true {
                    on_false
                } else {
                    op.flags.0 |= Flags::JUMP_IF_HOLDS;
                    on_true
                };
                self.jumps.push((self.tables.ops.len(), jump));
                self.tables.origins.push(self.tables.ops.len(), atom);
                self.tables.ops.push(op);
            }
        }
    }

    /// The op of an atom, its jump aside.
    fn atom(&mut self, atom: &Atom, negated: bool) -> Op {
        let slot = self.slots.of(&atom.subject);
        let holds = (self.holds)(&atom.subject);
        let (code, operand, extra) = self.operation(atom, holds);
        let is_negative = matches!(
            atom.operator,
            Operator::NotEquals | Operator::NotIn | Operator::NotContains | Operator::NotExists
        );
        let mut flags = match atom.quantifier {
            None => flag(is_negative != negated, Flags::NEGATE),
            Some(quantifier) => {
                flag(negated, Flags::NEGATE)
                    | flag(is_negative, Flags::NEGATE_ITEM)
                    | match quantifier {
                        Quantifier::Every => Flags::EVERY,
                        Quantifier::Some => Flags::SOME,
                    }
            }
        };
        if code != OpCode::Exists {
            let missing_holds = if self.unknowns.missing_is_unknown {
                self.unknowns.fires
            } else {
                // The atom is false, and `not` of it true.
                negated
            };
            flags |= flag(missing_holds, Flags::MISSING_HOLDS);
            flags |= flag(self.unknowns.fires, Flags::MALFORMED_HOLDS);
        }
        if code.reads_symbols() {
            self.slots.symbolic.insert(slot);
        }
        Op { code, flags: Flags(flags), slot, operand, extra, target: u32::MAX }
    }

    /// Op, operand and extra.
    fn operation(&mut self, atom: &Atom, holds: Holds) -> (OpCode, u32, u32) {
        let is_list = matches!(holds, Holds::List(_)) && atom.quantifier.is_none();
        match (&atom.operand, atom.operator) {
            (Operand::None, _) => (OpCode::Exists, 0, 0),
            (Operand::Literal(literal), operator) if is_list => {
                self.list_with_literal(literal, operator)
            }
            (Operand::Literal(literal), operator) => self.with_literal(literal, operator, holds),
            (Operand::Literals(literals), operator) if is_list => {
                let is_string = holds.item() == ScalarKind::String;
                let code = match (operator, is_string) {
                    (Operator::ContainsAll, true) => OpCode::ListHasAllStrings,
                    (Operator::ContainsAll, false) => OpCode::ListHasAllNumbers,
                    (_, true) => OpCode::ListHasAnyString,
                    (_, false) => OpCode::ListHasAnyNumber,
                };
                (code, self.set(literals, is_string), 0)
            }
            (Operand::Literals(literals), operator) => {
                self.with_literals(literals, operator, holds.item())
            }
            (Operand::Field(field), operator) => {
                let right = self.slots.of(field);
                with_field(operator, right)
            }
            (Operand::Sum { field, sign, addend }, operator) => {
                let right = self.slots.of(field);
                let (kind, value) = match addend {
                    Addend::Integer(value) => (1, *value as u64),
                    Addend::Duration(micros) => (2, *micros as u64),
                    Addend::Field(field) => (3, u64::from(self.slots.of(field).0)),
                };
                let sign = match sign {
                    Sign::Plus => 1,
                    Sign::Minus => 2,
                };
                let sum = self.tables.sum(SumPart { sign, kind, value });
                let comparison = comparison(operator).encode();
                (OpCode::SumCompare, u32::from(right.0), comparison | (sum << 3))
            }
        }
    }

    fn set(&mut self, literals: &[Literal], is_string: bool) -> u32 {
        if is_string {
            self.tables.string_set(literals.iter().filter_map(text))
        } else {
            self.tables.number_set(literals)
        }
    }

    fn list_with_literal(&mut self, literal: &Literal, operator: Operator) -> (OpCode, u32, u32) {
        match (operator, literal) {
            (Operator::LengthGreaterThan | Operator::LengthLessThan, _) => {
                self.length(literal, operator)
            }
            (Operator::Contains, Literal::String(text)) => {
                (OpCode::ContainsString, self.tables.string(text), 0)
            }
            (_, Literal::String(text)) => (OpCode::ListHasString, self.tables.string(text), 0),
            _ => (OpCode::ListHasNumber, self.tables.numeric_literal(literal), 0),
        }
    }

    /// Lengths are integers in both versions.
    fn length(&mut self, literal: &Literal, operator: Operator) -> (OpCode, u32, u32) {
        let comparison = match operator {
            Operator::LengthLessThan => Comparison::LESS,
            _ => Comparison::GREATER,
        };
        let length = match *literal {
            Literal::Integer(value) => value,
            Literal::Float(value) => value as i64,
            _ => 0,
        };
        let number = self.tables.number(Number::Integer(length));
        (OpCode::LengthCompare, number, comparison.encode())
    }

    fn with_literal(
        &mut self,
        literal: &Literal,
        operator: Operator,
        holds: Holds,
    ) -> (OpCode, u32, u32) {
        let one = std::slice::from_ref(literal);
        match (operator, literal) {
            (Operator::LengthGreaterThan | Operator::LengthLessThan, _) => {
                self.length(literal, operator)
            }
            (Operator::Matches, Literal::String(pattern)) => {
                (OpCode::StringMatches, self.tables.dfa(pattern), 0)
            }
            (Operator::Contains, Literal::String(text)) => {
                (OpCode::ContainsString, self.tables.string(text), 0)
            }
            (Operator::StartsWith | Operator::EndsWith, _) => {
                self.with_literals(one, operator, holds.item())
            }
            (_, Literal::String(text)) => (OpCode::StringEquals, self.tables.string(text), 0),
            (_, Literal::Boolean(value)) => (OpCode::BooleanIn, if *value { 2 } else { 1 }, 0),
            (_, Literal::Timestamp(_)) => {
                let number = self.tables.numeric_literal(literal);
                (OpCode::InstantCompare, number, comparison(operator).encode())
            }
            (_, Literal::Integer(_) | Literal::Float(_)) => {
                let number = self.tables.numeric_literal(literal);
                (OpCode::NumberCompare, number, comparison(operator).encode())
            }
        }
    }

    fn with_literals(
        &mut self,
        literals: &[Literal],
        operator: Operator,
        kind: ScalarKind,
    ) -> (OpCode, u32, u32) {
        let code = match operator {
            Operator::StartsWith => OpCode::StringStartsWith,
            Operator::EndsWith => OpCode::StringEndsWith,
            Operator::Contains => OpCode::StringContains,
            Operator::WithinPath => OpCode::WithinPath,
            Operator::InNetwork => {
                return (OpCode::InNetwork, self.tables.networks(literals), 0);
            }
            Operator::InDomain => {
                // Case is folded, and a final dot means nothing.
                let domains: Vec<String> = literals
                    .iter()
                    .filter_map(text)
                    .map(|text| text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase())
                    .collect();
                let list = self.tables.string_set(domains.iter().map(String::as_str));
                return (OpCode::InDomain, list, 0);
            }
            _ => return self.membership(literals, kind),
        };
        (code, self.tables.string_set(literals.iter().filter_map(text)), 0)
    }

    fn membership(&mut self, literals: &[Literal], kind: ScalarKind) -> (OpCode, u32, u32) {
        match kind {
            ScalarKind::String => (OpCode::StringIn, self.set(literals, true), 0),
            ScalarKind::Timestamp => (OpCode::InstantIn, self.set(literals, false), 0),
            ScalarKind::Number | ScalarKind::Integer => {
                (OpCode::NumberIn, self.set(literals, false), 0)
            }
            ScalarKind::Boolean => {
                let mask = literals.iter().fold(0, |mask, literal| match literal {
                    Literal::Boolean(true) => mask | 2,
                    Literal::Boolean(false) => mask | 1,
                    _ => mask,
                });
                (OpCode::BooleanIn, mask, 0)
            }
        }
    }
}

const fn flag(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

/// The comparison of an equality or ordering operator; the negative of one is a flag.
const fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::GreaterThan => Comparison::GREATER,
        Operator::GreaterThanOrEqual => Comparison::GREATER_OR_EQUAL,
        Operator::LessThan => Comparison::LESS,
        Operator::LessThanOrEqual => Comparison::LESS_OR_EQUAL,
        _ => Comparison::EQUAL,
    }
}

fn with_field(operator: Operator, right: SlotId) -> (OpCode, u32, u32) {
    let slot = u32::from(right.0);
    let code = match operator {
        Operator::Equals | Operator::NotEquals => OpCode::FieldEquals,
        Operator::In | Operator::NotIn => OpCode::FieldIn,
        Operator::Contains => OpCode::FieldContains,
        Operator::NotContains => OpCode::ListHasField,
        Operator::ContainsAny => OpCode::ListHasAnyOfField,
        Operator::ContainsAll => OpCode::ListHasAllOfField,
        Operator::StartsWith => OpCode::FieldStartsWith,
        Operator::EndsWith => OpCode::FieldEndsWith,
        Operator::InDomain => OpCode::FieldInDomain,
        Operator::WithinPath => OpCode::FieldWithinPath,
        _ => return (OpCode::FieldCompare, slot, comparison(operator).encode()),
    };
    (code, slot, 0)
}
