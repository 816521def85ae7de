//! Runs plans over chunks.

use super::atom::{Atom, Chunk, Density, look_up};
use super::column::{Column, Keys, Values};
use super::mask::{Mask, ROWS, each_bit, word_of};
use super::plan::{Operand, Plan, PlannedRule, Plans, Question, Step, has_field, op_holds};
use super::rows::{Spoilt, fill};
use super::source::{Kind, cell_of};
use super::verdict::Verdicts;
use super::{ColumnsError, Outcomes, RowError};
use crate::error::InputCode;
use crate::frame::Frame;
use crate::run::evaluate;
use crate::value::Value;
use actra_bytecode::Program;
use actra_bytecode::ids::{ActionId, SlotId, StringId};
use actra_bytecode::program::{Effect, Field};
use alloc::vec;
use alloc::vec::Vec;

/// With fewer rows of an action than this in a chunk, they are decided one by one.
const FEW_ROWS: usize = 24;
/// Actions that are told apart. The rows of further ones are decided one by one.
const MOST_ACTIONS: usize = 255;
/// So many actions are looked for in each word; with more, each row looks for its action.
const FEW_ACTIONS: usize = 12;

/// Decides as many inputs as there are rows: in each row, what the columns have there. A value that
/// is not there is missing. Columns are of different slots and equally long; a slot without one is
/// missing everywhere.
///
/// Each row is decided as [`crate::evaluate`] decides a frame with the same values, with fields that
/// the schema does not name ignored.
pub fn decide_columns<'a>(
    program: &Program,
    rows: usize,
    columns: &'a [(SlotId, Column<'a>)],
) -> Result<Outcomes, ColumnsError> {
    let mut column_of = vec![None; program.slots().len()];
    for (at, (slot, column)) in columns.iter().enumerate() {
        let place = column_of.get_mut(slot.index()).ok_or(ColumnsError::NoSlot { slot: *slot })?;
        if place.replace(at).is_some() {
            return Err(ColumnsError::Twice { slot: *slot });
        }
        if column.len() != rows {
            return Err(ColumnsError::Length { slot: *slot, found: column.len(), rows });
        }
    }
    let mut outcomes = Outcomes::with_room(rows).ok_or(ColumnsError::TooManyRows { rows })?;
    let mut machine = Machine::new(program, columns, column_of);
    for (number, start) in (0..rows).step_by(ROWS).enumerate() {
        machine.decide(Chunk { number, start, rows: ROWS.min(rows - start) }, &mut outcomes);
    }
    Ok(outcomes)
}

/// What is known of how an action's rows are decided.
#[derive(Default)]
enum Planned {
    /// Nothing yet.
    #[default]
    Not,
    /// One by one.
    Rows,
    /// Together.
    Masks(Plan),
}

struct Machine<'p, 'a> {
    plans: Plans<'p, 'a>,
    /// For rows that are decided one by one.
    frame: Frame<'p, 'a>,
    actions: Actions<'a>,
    /// By action as [`Actions`] numbers them: its plan, once it was needed.
    planned: Vec<Planned>,
    /// Columns whose rows are looked at closely wherever they hold anything.
    odd: Vec<&'a Column<'a>>,
    /// Columns of strings, which may break limits under any action.
    texts: Vec<&'a Column<'a>>,
    /// Columns with dictionaries, whose keys may lead nowhere under any action.
    keyed: Vec<(SlotId, &'a Column<'a>)>,
    /// Room for the masks of a rule's steps.
    pending: Vec<Mask>,
    verdicts: Verdicts,
}

impl<'p, 'a> Machine<'p, 'a> {
    fn new(
        program: &'p Program,
        columns: &'a [(SlotId, Column<'a>)],
        column_of: Vec<Option<usize>>,
    ) -> Self {
        let holds_odd_values = columns.iter().any(|(slot, column)| {
            program.slot(*slot).is_some_and(|slot| slot.parent.is_some()) || may_be_odd(column)
        });
        let named = |slot: SlotId| columns.iter().find(|(other, _)| *other == slot);
        let names = named(program.action_type_slot()).map(|(_, column)| column);
        let texts = |column: &&Column<'_>| matches!(column.values, Values::Text(_));
        let all = || columns.iter().map(|(_, column)| column);
        Self {
            frame: Frame::new(program),
            actions: Actions::new(program, names),
            planned: Vec::new(),
            odd: all().filter(|column| is_odd(column)).collect(),
            texts: all().filter(texts).collect(),
            keyed: columns
                .iter()
                .filter(|(_, column)| matches!(column.values, Values::Dictionary(..)))
                .map(|(slot, column)| (*slot, column))
                .collect(),
            pending: Vec::new(),
            verdicts: Verdicts::new(program.settings().default),
            plans: Plans::new(program, columns, column_of, holds_odd_values),
        }
    }

    fn decide(&mut self, chunk: Chunk, outcomes: &mut Outcomes) {
        self.actions.sort(self.plans.program, chunk);
        self.verdicts.forget();
        // Chunk by chunk, what is written first is still in the cache when it is written again.
        outcomes.grow(chunk.start + chunk.rows);
        let mut closely = self.odd_rows(chunk);
        if let Some(unnamed) = self.actions.masks.first() {
            closely.add(unnamed);
        }
        for action in 1..self.actions.masks.len() {
            let Some(rows) = self.actions.masks.get(action).copied() else { continue };
            let rows = rows.without(&closely);
            if rows.is_empty() {
                continue;
            }
            let stray = self.stray_keys(action, chunk, &rows);
            closely.add(&stray);
            let rows = rows.without(&stray);
            if rows.count() < FEW_ROWS {
                closely.add(&rows);
                continue;
            }
            self.decide_action(action, chunk, &rows, &mut closely);
        }
        let rows = chunk.start..chunk.start + chunk.rows;
        if let (Some(effects), Some(rules)) =
            (outcomes.effects.get_mut(rows.clone()), outcomes.rules.get_mut(rows))
        {
            self.verdicts.write(effects, rules);
        }
        closely = closely.and(&Mask::first(chunk.rows));
        outcomes.one_by_one += closely.count();
        closely.each(|within| self.decide_row(chunk.start + within, outcomes));
    }

    /// Rows that hold what masks say nothing about.
    fn odd_rows(&self, chunk: Chunk) -> Mask {
        let mut odd = Mask::NONE;
        for column in &self.odd {
            for (at, word) in odd.0.iter_mut().enumerate() {
                *word |= column.valid_word(chunk.start + at * 64);
            }
        }
        for column in &self.texts {
            for within in 0..chunk.rows {
                let value = column.scalar(chunk.start + within);
                if !matches!(value, Some(Value::String(_) | Value::Missing)) {
                    odd.insert(within);
                }
            }
        }
        odd
    }

    /// Rows whose key leads nowhere in a column that the action has no field for: of its own fields
    /// the checks say so.
    fn stray_keys(&self, action: usize, chunk: Chunk, rows: &Mask) -> Mask {
        let mut stray = Mask::NONE;
        let Some(action) = self.actions.id(action) else { return stray };
        for (slot, column) in &self.keyed {
            if has_field(self.plans.program, action, *slot) {
                continue;
            }
            for (at, word) in rows.0.iter().enumerate().filter(|(_, word)| **word != 0) {
                let there = word & column.valid_word(chunk.start + at * 64);
                each_bit(there, |bit| {
                    if column.scalar(chunk.start + at * 64 + bit).is_none() {
                        stray.insert(at * 64 + bit);
                    }
                });
            }
        }
        stray
    }

    fn decide_row(&mut self, row: usize, outcomes: &mut Outcomes) {
        let error = match fill(&mut self.frame, self.plans.columns, row) {
            Ok(()) => match evaluate(&mut self.frame) {
                Ok(outcome) => {
                    outcomes.decide(row, outcome.effect, outcome.rule.map(|rule| rule.0));
                    return;
                }
                Err(error) => RowError { row, code: error.code, slot: error.slot() },
            },
            Err(Spoilt(slot)) => RowError { row, code: InputCode::Malformed, slot: Some(slot) },
        };
        outcomes.errors.push(error);
    }

    fn decide_action(&mut self, action: usize, chunk: Chunk, rows: &Mask, closely: &mut Mask) {
        if self.planned.len() <= action {
            self.planned.resize_with(action + 1, Planned::default);
        }
        let Some(place) = self.planned.get_mut(action) else { return };
        let planned = match core::mem::take(place) {
            Planned::Not => {
                let plan = self
                    .actions
                    .id(action)
                    .and_then(|action| self.plans.plan(action, &mut self.verdicts));
                plan.map_or(Planned::Rows, Planned::Masks)
            }
            planned => planned,
        };
        match &planned {
            Planned::Masks(plan) => self.follow(plan, chunk, rows, closely),
            Planned::Not | Planned::Rows => closely.add(rows),
        }
        if let Some(place) = self.planned.get_mut(action) {
            *place = planned;
        }
    }

    fn follow(&mut self, plan: &Plan, chunk: Chunk, rows: &Mask, closely: &mut Mask) {
        let density = Density::of(rows, chunk);
        let mut left = *rows;
        for check in &plan.checks {
            let good = self.holds(*check, chunk, density, &left);
            left = left.and(&good);
        }
        closely.add(&rows.without(&left));
        for rule in &plan.rules {
            if left.is_empty() {
                return;
            }
            let fired = self.fires(rule, chunk, density, &left);
            self.verdicts.decide(&fired, rule.verdict);
            left = left.without(&fired);
        }
        self.verdicts.decide(&left, Verdicts::DEFAULT);
    }

    /// The rows for which a rule fires.
    fn fires(&mut self, rule: &PlannedRule, chunk: Chunk, density: Density, rows: &Mask) -> Mask {
        let mut fired = Mask::NONE;
        let mut pending = core::mem::take(&mut self.pending);
        pending.clear();
        // One more than there are steps: no verified rule comes there, and what cannot be decided
        // fires whatever restricts.
        pending.resize(rule.steps.len() + 1, Mask::NONE);
        if let Some(first) = pending.first_mut() {
            *first = *rows;
        }
        for (at, step) in rule.steps.iter().enumerate() {
            let Some(here) = pending.get(at).copied().filter(|here| !here.is_empty()) else {
                continue;
            };
            match *step {
                Step::Fire => fired.add(&here),
                Step::Skip => {}
                Step::Test { atom, jump_if_holds, target } => {
                    let holds = self.holds(atom, chunk, density, &here);
                    let (hold, others) = (here.and(&holds), here.without(&holds));
                    let (jump, stay) = if jump_if_holds { (hold, others) } else { (others, hold) };
                    if let Some(place) = pending.get_mut(target.max(at + 1).min(rule.steps.len())) {
                        place.add(&jump);
                    }
                    if let Some(place) = pending.get_mut(at + 1) {
                        place.add(&stay);
                    }
                }
            }
        }
        if rule.effect != Effect::Allow
            && let Some(lost) = pending.last()
        {
            fired.add(lost);
        }
        self.pending = pending;
        fired
    }

    /// The rows for which an atom holds.
    #[inline]
    fn holds(&mut self, atom: usize, chunk: Chunk, density: Density, rows: &Mask) -> Mask {
        let Plans {
            atoms, groups, narrowed, questions, sources, bench, columns: _, program, ..
        } = &mut self.plans;
        let Some(state) = atoms.get_mut(atom) else { return Mask::NONE };
        let question = questions.get(atom).unwrap_or(&Question::None);
        let ask = |within: usize| match question {
            Question::None => false,
            Question::Check(source) => {
                let Some(source) = sources.get_mut(*source) else { return false };
                let row = chunk.start + within;
                if !source.column.has(row) {
                    return source.absent.is_some();
                }
                let fields = table(program, source.field);
                let field = fields.binary_search_by(|field| field.slot.cmp(&source.slot)).ok();
                let cell = field
                    .and_then(|at| fields.get(at))
                    .zip(source.column.scalar(row))
                    .and_then(|(field, value)| match value {
                        Value::Missing => source.absent,
                        value => cell_of(bench, field, value),
                    });
                let Kind::Each(cells) = &mut source.kind else { return false };
                match cells.get_mut(within) {
                    Some(place) => *place = cell,
                    None => return false,
                }
                cell.is_some()
            }
            Question::Op(op, operands) => {
                for (slot, operand) in operands {
                    let cell = match operand {
                        Operand::Constant(cell) => *cell,
                        Operand::Source(source) => match sources.get(*source) {
                            Some(source) => source.cell(chunk.start + within, within),
                            None => return false,
                        },
                    };
                    bench.put_cell(*slot, cell);
                }
                op_holds(bench, op)
            }
        };
        Atom::holds(state, groups, narrowed, (chunk, density), rows, ask)
    }
}

impl Outcomes {
    #[inline]
    fn decide(&mut self, row: usize, effect: Effect, rule: Option<u32>) {
        if let (Some(of_effect), Some(of_rule)) =
            (self.effects.get_mut(row), self.rules.get_mut(row))
        {
            *of_effect = effect as u8;
            *of_rule = rule.unwrap_or(super::NO_RULE);
        }
    }
}

/// The fields of a table, by the number that plans give it.
fn table(program: &Program, number: usize) -> &[Field] {
    match number {
        0 => program.common_fields(),
        1 => program.state_fields(),
        number => program.action_fields(ActionId((number - 2) as u32)),
    }
}

/// Whether rows that the column has a value in are always looked at closely.
fn is_odd(column: &Column<'_>) -> bool {
    match &column.values {
        Values::List(..) => true,
        Values::Scalars(values) => values.iter().any(|value| !is_plain(value)),
        Values::Dictionary(_, values) => {
            (0..values.len()).any(|at| values.scalar(at).is_none_or(|value| !is_plain(&value)))
        }
        _ => false,
    }
}

/// Whether the column may hold what version 1 refuses in every field that it knows.
fn may_be_odd(column: &Column<'_>) -> bool {
    match &column.values {
        Values::List(..) | Values::Object(_) => true,
        Values::Dictionary(..) | Values::Scalars(_) => is_odd(column),
        _ => false,
    }
}

/// Whether the value breaks no limit and is no kind that is refused somewhere for being there.
const fn is_plain(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Missing
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Instant(_)
    )
}

/// Which rows are of which action.
struct Actions<'a> {
    column: Option<&'a Column<'a>>,
    /// Of a dictionary of names: by place, the action's number here; 0: it has none.
    by_key: Option<Vec<u8>>,
    /// The actions met so far: number 1 is the first one.
    met: Vec<ActionId>,
    /// By number: the chunk's rows. Those of number 0 are decided one by one.
    masks: Vec<Mask>,
}

impl<'a> Actions<'a> {
    fn new(program: &Program, column: Option<&'a Column<'a>>) -> Self {
        let mut actions = Self { column, by_key: None, met: Vec::new(), masks: vec![Mask::NONE] };
        if let Some(Values::Dictionary(_, values)) = column.map(|column| &column.values) {
            let number = |at| actions.number(program, values.scalar(at));
            actions.by_key = Some((0..values.len()).map(number).collect());
        }
        actions
    }

    fn id(&self, number: usize) -> Option<ActionId> {
        self.met.get(number.checked_sub(1)?).copied()
    }

    /// The number of a name's action.
    fn number(&mut self, program: &Program, name: Option<Value<'_>>) -> u8 {
        let Some(Value::String(name)) = name else { return 0 };
        let action = program
            .symbol(name)
            .and_then(|StringId(symbol)| program.action_of_symbol(StringId(symbol)));
        let Some(action) = action else { return 0 };
        if let Some(at) = self.met.iter().position(|met| *met == action) {
            return at as u8 + 1;
        }
        if self.met.len() >= MOST_ACTIONS {
            return 0;
        }
        self.met.push(action);
        self.masks.push(Mask::NONE);
        self.met.len() as u8
    }

    /// Sorts a chunk's rows by their actions.
    fn sort(&mut self, program: &Program, chunk: Chunk) {
        self.masks.fill(Mask::NONE);
        let mut numbers = [0_u8; ROWS];
        if let Some(column) = self.column {
            self.number_rows(program, chunk, column, &mut numbers);
        }
        if self.masks.len() > FEW_ACTIONS {
            for (row, number) in numbers.iter().enumerate().take(chunk.rows) {
                if let Some(mask) = self.masks.get_mut(usize::from(*number)) {
                    mask.insert(row);
                }
            }
            return;
        }
        let rows = Mask::first(chunk.rows);
        for (number, mask) in self.masks.iter_mut().enumerate() {
            let (words, _) = numbers.as_chunks::<64>();
            for (word, numbers) in mask.0.iter_mut().zip(words) {
                *word = word_of(numbers, |at| usize::from(at) == number);
            }
            *mask = mask.and(&rows);
        }
    }

    fn number_rows(
        &mut self,
        program: &Program,
        chunk: Chunk,
        column: &Column<'a>,
        numbers: &mut [u8; ROWS],
    ) {
        let rows = chunk.start..chunk.start + chunk.rows;
        let (Some(by_key), Values::Dictionary(keys, _)) = (&self.by_key, &column.values) else {
            for (number, row) in numbers.iter_mut().zip(rows) {
                *number = self.number(program, column.scalar(row));
            }
            return;
        };
        match keys {
            Keys::U8(keys) => look_up(keys.get(rows), by_key, numbers),
            Keys::U16(keys) => look_up(keys.get(rows), by_key, numbers),
            Keys::U32(keys) => look_up(keys.get(rows), by_key, numbers),
            Keys::U64(keys) => look_up(keys.get(rows), by_key, numbers),
        };
        if column.valid.is_some() {
            for (at, numbers) in numbers.chunks_mut(64).enumerate() {
                each_bit(!column.valid_word(chunk.start + at * 64), |bit| {
                    if let Some(number) = numbers.get_mut(bit) {
                        *number = 0;
                    }
                });
            }
        }
    }
}
