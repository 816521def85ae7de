//! How the rows of one action are decided over columns: which tests say that they are in order, and
//! which tests lead each rule to its verdict.

use super::atom::{Atom, FloatTest, Group, Narrowed, Test, keys};
use super::column::Column;
use super::source::{Kind, Source, absent_cell, cell_of};
use super::verdict::Verdicts;
use crate::frame::Frame;
use crate::run::{Unknowns, unknown_holds};
use crate::test::holds;
use crate::value::{Cell, Value};
use actra_bytecode::format::timestamp::INSTANTS;
use actra_bytecode::ids::{ActionId, NumberId, RuleId, SlotId};
use actra_bytecode::op::{Comparison, Flags, Op, OpCode};
use actra_bytecode::program::{Addend, Candidates, Effect, Field, FieldType};
use actra_bytecode::{Number, Program};
use alloc::vec::Vec;

/// Actions with more candidates are decided row by row: there, an index finds the few that matter.
const MOST_RULES: usize = 64;

/// An action, planned.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Atoms that hold for rows whose values are in order.
    pub(super) checks: Vec<usize>,
    pub(super) rules: Vec<PlannedRule>,
}

/// A rule, planned.
#[derive(Debug)]
pub(super) struct PlannedRule {
    pub(super) effect: Effect,
    /// Its number among the verdicts.
    pub(super) verdict: u16,
    pub(super) steps: Vec<Step>,
}

/// An op, planned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// The rule fires.
    Fire,
    /// It does not.
    Skip,
    /// Goes on at `target` among the rule's steps where the atom comes out so.
    Test { atom: usize, jump_if_holds: bool, target: usize },
}

/// What an op reads in a slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand<'a> {
    /// The same in every row.
    Constant(Cell<'a>),
    /// What the source has.
    Source(usize),
}

/// Operands by slot: of left and right side, and what a sum adds.
pub(super) type Operands<'a> = Vec<(SlotId, Operand<'a>)>;

/// What an atom that asks row by row asks.
#[derive(Debug)]
pub(super) enum Question<'a> {
    /// Nothing.
    None,
    /// Whether the source's value is in order.
    Check(usize),
    /// What the op says.
    Op(Op, Operands<'a>),
}

/// Everything that plans of several actions share.
#[derive(Debug)]
pub(super) struct Plans<'p, 'a> {
    pub(super) program: &'p Program,
    /// A frame in which single values and tests are tried.
    pub(super) bench: Frame<'p, 'a>,
    pub(super) columns: &'a [(SlotId, Column<'a>)],
    /// By slot: its column.
    pub(super) column_of: Vec<Option<usize>>,
    pub(super) sources: Vec<Source<'a>>,
    pub(super) groups: Vec<Group<'a>>,
    pub(super) narrowed: Vec<Narrowed<'a>>,
    pub(super) atoms: Vec<Atom<'a>>,
    /// By atom.
    pub(super) questions: Vec<Question<'a>>,
    /// By source and op: atoms that are there.
    known: Vec<(Op, Option<usize>, usize)>,
    /// By source: the atom that says whether its values are in order.
    checks: Vec<usize>,
    /// Whether columns hold what version 1 refuses under every action.
    holds_odd_values: bool,
}

impl<'p, 'a> Plans<'p, 'a> {
    pub(super) fn new(
        program: &'p Program,
        columns: &'a [(SlotId, Column<'a>)],
        column_of: Vec<Option<usize>>,
        holds_odd_values: bool,
    ) -> Self {
        Self {
            program,
            bench: Frame::new(program),
            columns,
            column_of,
            sources: Vec::new(),
            groups: Vec::new(),
            narrowed: Vec::new(),
            atoms: Vec::new(),
            questions: Vec::new(),
            known: Vec::new(),
            checks: Vec::new(),
            holds_odd_values,
        }
    }

    fn column(&self, slot: SlotId) -> Option<&'a Column<'a>> {
        let at = self.column_of.get(slot.index()).copied().flatten()?;
        self.columns.get(at).map(|(_, column)| column)
    }

    /// Plans an action; `None`: its rows are decided one by one.
    pub(super) fn plan(&mut self, action: ActionId, verdicts: &mut Verdicts) -> Option<Plan> {
        let program = self.program;
        if program.settings().numbers_are_doubles() && self.holds_odd_values {
            return None;
        }
        let rules = candidates(program, action)?;
        if !self.shapes_agree(action) {
            return None;
        }
        let mut plan = Plan::default();
        for (_, fields) in tables(program, action) {
            for field in fields {
                self.check(field, action, &mut plan.checks)?;
            }
        }
        for id in rules {
            let rule = program.rule(id)?;
            if rule.shadow {
                continue;
            }
            let ops = program.ops().get(rule.entry as usize..rule.end as usize)?;
            let mut steps = Vec::with_capacity(ops.len());
            for op in ops {
                steps.push(match op.code {
                    OpCode::Fire => Step::Fire,
                    OpCode::Skip => Step::Skip,
                    _ => Step::Test {
                        atom: self.atom(op, action)?,
                        jump_if_holds: op.flags.has(Flags::JUMP_IF_HOLDS),
                        target: op.target.checked_sub(rule.entry)? as usize,
                    },
                });
            }
            let verdict = verdicts.number(rule.effect, id)?;
            plan.rules.push(PlannedRule { effect: rule.effect, verdict, steps });
        }
        Some(plan)
    }

    /// Whether what columns hold inside objects stands, under this action, in objects: inside
    /// anything else its being there is a fault, which rows are looked at closely for.
    fn shapes_agree(&self, action: ActionId) -> bool {
        let program = self.program;
        let field_of = |slot| find(program, action, slot).map(|(_, field)| field);
        self.columns.iter().all(|(slot, _)| {
            let mut next = program.slot(*slot).and_then(|slot| slot.parent);
            while let Some(outer) = next {
                if field_of(outer)
                    .is_some_and(|field| field.ty != FieldType::Object || field.required)
                {
                    return false;
                }
                next = program.slot(outer).and_then(|slot| slot.parent);
            }
            true
        })
    }

    /// Adds the atom that says whether a field's values are in order, where they may not be; `None`:
    /// no row's can be said to be.
    fn check(&mut self, field: &Field, action: ActionId, checks: &mut Vec<usize>) -> Option<()> {
        let program = self.program;
        if field.slot == program.action_type_slot() {
            // It is declared again, with constraints: for all rows of an action they say the same.
            let name = program.actions().get(action.index())?.name;
            cell_of(&mut Frame::new(program), field, Value::String(program.text(name)))?;
        } else if let Operand::Source(source) = self.operand(field.slot, action)? {
            let check = *self.checks.get(source)?;
            if !checks.contains(&check) {
                checks.push(check);
            }
        }
        Some(())
    }

    /// What ops read in a slot.
    fn operand(&mut self, slot: SlotId, action: ActionId) -> Option<Operand<'a>> {
        let program = self.program;
        if slot == program.action_type_slot() {
            let name = program.actions().get(action.index())?.name;
            return Some(Operand::Constant(Cell::Constant(name)));
        }
        let (table, field) = find(program, action, slot)?;
        let Some(column) = self.column(slot) else {
            if field.required && field.parent.is_some() {
                // Objects that rows have would need it: [`Plans::shapes_agree`] says that none
                // does whose columns are here.
                let has_siblings = self.columns.iter().any(|(other, _)| {
                    let outer = |slot: &SlotId| program.slot(*slot).and_then(|slot| slot.parent);
                    core::iter::successors(Some(*other), outer).any(|at| Some(at) == field.parent)
                });
                return (!has_siblings).then_some(Operand::Constant(Cell::Missing));
            }
            return absent_cell(&mut self.bench, field).map(Operand::Constant);
        };
        if field.ty == FieldType::Object {
            // Its cell is never there; a value that is no object is looked at closely.
            let is_object = matches!(column.values, super::column::Values::Object(_));
            return (is_object && !field.required).then_some(Operand::Constant(Cell::Missing));
        }
        let known = |source: &Source<'_>| source.field == table && source.slot == slot;
        if let Some(at) = self.sources.iter().position(known) {
            return Some(Operand::Source(at));
        }
        self.sources.push(Source::new(&mut self.bench, (table, field), column));
        let at = self.sources.len() - 1;
        let check = self.add_check(at)?;
        self.checks.push(check);
        Some(Operand::Source(at))
    }

    /// The number of a column's integers in 32 bits.
    fn narrow_of(&mut self, values: &'a [i64]) -> usize {
        let known = self.narrowed.iter().position(|known| core::ptr::eq(known.values, values));
        known.unwrap_or_else(|| {
            self.narrowed.push(Narrowed::new(values));
            self.narrowed.len() - 1
        })
    }

    fn add(&mut self, test: Test<'a>, question: Question<'a>) -> usize {
        self.atoms.push(Atom::new(test));
        self.questions.push(question);
        self.atoms.len() - 1
    }

    fn add_check(&mut self, at: usize) -> Option<usize> {
        let source = self.sources.get(at)?;
        let (valid, on_null) = (source.column.valid, source.absent.is_some());
        let everywhere = Test::Constant(true);
        let test = match &source.kind {
            Kind::Coded { cells, .. } => {
                let said: Vec<bool> = cells.iter().map(Option::is_some).collect();
                self.coded(at, &said, on_null)?
            }
            Kind::Boolean([of_false, of_true]) => {
                boolean(source.column, of_false.is_some(), of_true.is_some(), on_null)?
            }
            Kind::Integer(_, (i64::MIN, i64::MAX)) if on_null || valid.is_none() => everywhere,
            Kind::Integer(values, within) => {
                let (values, within): (&'a [i64], _) = (values, *within);
                let narrow = self.narrow_of(values);
                Test::Integer { values, valid, within, negate: false, on_null, narrow }
            }
            Kind::Instant(values) => {
                let (values, within): (&'a [i64], _) = (values, INSTANTS);
                let narrow = self.narrow_of(values);
                Test::Integer { values, valid, within, negate: false, on_null, narrow }
            }
            Kind::Float(values, (low, high)) => {
                let test = FloatTest::Within(*low, *high);
                Test::Float { values, valid, test, negate: false, on_null }
            }
            Kind::Each(_) => return Some(self.add(Test::Each, Question::Check(at))),
            Kind::Nothing => match valid {
                None => Test::Constant(false),
                Some(valid) => Test::Boolean {
                    values: valid,
                    valid: None,
                    on_false: on_null,
                    on_true: false,
                    on_null,
                },
            },
        };
        Some(self.add(test, Question::None))
    }

    /// The atom of an op.
    fn atom(&mut self, op: &Op, action: ActionId) -> Option<usize> {
        let mut operands: Operands<'a> = Vec::with_capacity(1);
        for slot in slots_of(self.program, op).into_iter().flatten() {
            if operands.iter().all(|(known, _)| *known != slot) {
                operands.push((slot, self.operand(slot, action)?));
            }
        }
        let mut sources = operands.iter().filter_map(|(_, operand)| match operand {
            Operand::Source(source) => Some(*source),
            Operand::Constant(_) => None,
        });
        let (first, several) = (sources.next(), sources.next().is_some());
        // Where it jumps is no part of what it tests.
        let tested = Op { target: 0, flags: Flags(op.flags.0 & !Flags::JUMP_IF_HOLDS), ..*op };
        let is_shared = operands.len() == 1;
        if is_shared
            && let Some((.., atom)) =
                self.known.iter().find(|(op, source, _)| *op == tested && *source == first)
            && first.is_some()
        {
            return Some(*atom);
        }
        let test = match first {
            None => Some(Test::Constant(self.try_op(&tested, &operands, None))),
            Some(source) if !several => self.test_of(&tested, &operands, source),
            Some(_) => None,
        };
        let atom = match test {
            Some(test) => self.add(test, Question::None),
            None => self.add(Test::Each, Question::Op(tested, operands)),
        };
        if is_shared {
            self.known.push((tested, first, atom));
        }
        Some(atom)
    }

    /// Whether the op holds for its constant operands and one more cell.
    fn try_op(
        &mut self,
        op: &Op,
        operands: &[(SlotId, Operand<'a>)],
        of_source: Option<Cell<'a>>,
    ) -> bool {
        for (slot, operand) in operands {
            let cell = match (operand, of_source) {
                (Operand::Constant(cell), _) => *cell,
                (Operand::Source(_), cell) => cell.unwrap_or_default(),
            };
            self.bench.put_cell(*slot, cell);
        }
        op_holds(&self.bench, op)
    }

    /// A test of one source's values; `None`: each row has to be asked.
    fn test_of(
        &mut self,
        op: &Op,
        operands: &[(SlotId, Operand<'a>)],
        at: usize,
    ) -> Option<Test<'a>> {
        let source = self.sources.get(at)?;
        let (column, absent) = (source.column, source.absent);
        let valid = column.valid;
        let negate = op.flags.has(Flags::NEGATE);
        match &source.kind {
            Kind::Coded { cells, .. } => {
                let cells = cells.clone();
                let said: Vec<bool> =
                    cells.iter().map(|cell| self.try_op(op, operands, *cell)).collect();
                let on_null = self.try_op(op, operands, absent);
                self.coded(at, &said, on_null)
            }
            Kind::Boolean([of_false, of_true]) => {
                let [on_false, on_true, on_null] =
                    [*of_false, *of_true, absent].map(|cell| self.try_op(op, operands, cell));
                boolean(column, on_false, on_true, on_null)
            }
            Kind::Nothing => Some(Test::Constant(self.try_op(op, operands, absent))),
            Kind::Integer(values, _) | Kind::Instant(values) => {
                let values: &'a [i64] = values;
                let on_null = self.try_op(op, operands, absent);
                let narrow = self.narrow_of(values);
                self.integers(op).map(|within| {
                    // Where nothing is between, whatever the value, only missing ones may differ.
                    let negate = negate != within.is_none();
                    let within = within.unwrap_or((i64::MIN, i64::MAX));
                    Test::Integer { values, valid, within, negate, on_null, narrow }
                })
            }
            Kind::Float(values, _) => {
                let values: &'a [f64] = values;
                let on_null = self.try_op(op, operands, absent);
                self.floats(op).map(|test| Test::Float { values, valid, test, negate, on_null })
            }
            Kind::Each(_) => None,
        }
    }

    /// The integers for which a comparison is true, both bounds included; the inner `None`: none.
    #[expect(clippy::option_option, reason = "there is no such test, or nothing meets it")]
    fn integers(&self, op: &Op) -> Option<Option<(i64, i64)>> {
        let is_plain = matches!(op.code, OpCode::NumberCompare | OpCode::InstantCompare)
            && !op.flags.is_quantified();
        if op.code == OpCode::Exists {
            return Some(Some((i64::MIN, i64::MAX)));
        }
        let Number::Integer(constant) = self.program.number(NumberId(op.operand)) else {
            return None;
        };
        is_plain.then_some(match op.comparison() {
            Comparison::LESS => constant.checked_sub(1).map(|high| (i64::MIN, high)),
            Comparison::LESS_OR_EQUAL => Some((i64::MIN, constant)),
            Comparison::EQUAL => Some((constant, constant)),
            Comparison::GREATER => constant.checked_add(1).map(|low| (low, i64::MAX)),
            _ => Some((constant, i64::MAX)),
        })
    }

    /// A comparison of doubles; `None` where its constant is none.
    fn floats(&self, op: &Op) -> Option<FloatTest> {
        const EXACT: i64 = 1 << 53;
        if op.code == OpCode::Exists {
            return Some(FloatTest::Within(f64::NEG_INFINITY, f64::INFINITY));
        }
        if op.code != OpCode::NumberCompare || op.flags.is_quantified() {
            return None;
        }
        let constant = match self.program.number(NumberId(op.operand)) {
            Number::Float(value) => value,
            Number::Integer(value) if (-EXACT..=EXACT).contains(&value) => value as f64,
            Number::Integer(_) => return None,
        };
        Some(match op.comparison() {
            Comparison::LESS => FloatTest::Less(constant),
            Comparison::LESS_OR_EQUAL => FloatTest::LessOrEqual(constant),
            Comparison::EQUAL => FloatTest::Equal(constant),
            Comparison::GREATER => FloatTest::Greater(constant),
            _ => FloatTest::GreaterOrEqual(constant),
        })
    }

    /// A test of a dictionary's values, given what it says of each: a bit of their codes.
    fn coded(&mut self, at: usize, said: &[bool], on_null: bool) -> Option<Test<'a>> {
        let source = self.sources.get_mut(at)?;
        let Kind::Coded { groups, .. } = &mut source.kind else { return None };
        let has_room = |group: &usize| self.groups.get(*group).is_some_and(|group| group.tests < 8);
        let number = if let Some(last) = groups.last().copied().filter(has_room) {
            last
        } else {
            let (keys, values) = keys(source.column)?;
            self.groups.push(Group::new(source.column, keys, values.len()));
            groups.push(self.groups.len() - 1);
            self.groups.len() - 1
        };
        let group = self.groups.get_mut(number)?;
        let bit = group.tests;
        group.tests += 1;
        for (code, holds) in group.table.iter_mut().zip(said) {
            *code |= u8::from(*holds) << bit;
        }
        group.null |= u8::from(on_null) << bit;
        group.forget();
        Some(Test::Coded { group: number, bit })
    }
}

fn boolean<'a>(
    column: &'a Column<'a>,
    on_false: bool,
    on_true: bool,
    on_null: bool,
) -> Option<Test<'a>> {
    let super::column::Values::Boolean(values) = column.values else { return None };
    Some(Test::Boolean { values, valid: column.valid, on_false, on_true, on_null })
}

/// Whether an op holds for the frame's cells, unknown or not.
#[inline]
pub(super) fn op_holds(frame: &Frame<'_, '_>, op: &Op) -> bool {
    holds(frame, op, |unknown| unknown_holds(frame.program, op, unknown, Unknowns::AsCompiled))
}

/// The slots that an op reads.
fn slots_of(program: &Program, op: &Op) -> [Option<SlotId>; 3] {
    let right = op.code.has_right_slot().then(|| op.right_slot());
    let addend = match program.sum(op.sum()).map(|sum| sum.addend) {
        Some(Addend::Slot(slot)) if op.code == OpCode::SumCompare => Some(slot),
        _ => None,
    };
    [Some(op.slot), right, addend]
}

/// The tables of an action, each with a number that no other has.
fn tables(program: &Program, action: ActionId) -> [(usize, &[Field]); 3] {
    [
        (0, program.common_fields()),
        (2 + action.index(), program.action_fields(action)),
        (1, program.state_fields()),
    ]
}

/// Whether an action has a field in a slot.
pub(super) fn has_field(program: &Program, action: ActionId, slot: SlotId) -> bool {
    slot == program.action_type_slot() || find(program, action, slot).is_some()
}

/// A slot's field under an action, and the number of its table.
fn find(program: &Program, action: ActionId, slot: SlotId) -> Option<(usize, &Field)> {
    tables(program, action).into_iter().find_map(|(table, fields)| {
        let at = fields.binary_search_by(|field| field.slot.cmp(&slot)).ok()?;
        fields.get(at).map(|field| (table, field))
    })
}

/// The candidates of an action, ascending; `None` where they are many. An index leaves out only
/// what would not fire: here, all of its rules are visited.
fn candidates(program: &Program, action: ActionId) -> Option<Vec<RuleId>> {
    let mut rules: Vec<u32> = Vec::new();
    if let Candidates::Rules(all) = program.candidates(action) {
        rules.extend_from_slice(all);
    } else {
        let groups = [program.unscoped_group(), program.action_group(action)];
        for group in groups.into_iter().flatten() {
            rules.extend_from_slice(program.always(group));
            for index in program.indexes(group) {
                rules.extend_from_slice(program.postings_of_missing(index));
                for (_, postings) in program.keys(index) {
                    rules.extend_from_slice(postings);
                    if rules.len() > MOST_RULES * 16 {
                        return None;
                    }
                }
            }
        }
        rules.sort_unstable();
        rules.dedup();
    }
    (rules.len() <= MOST_RULES).then(|| rules.into_iter().map(RuleId).collect())
}
