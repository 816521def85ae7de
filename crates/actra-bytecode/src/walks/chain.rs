//! Chains: the rules of an action as one run of steps, each with all that it needs at hand and
//! with the steps that come next.
//!
//! A chain says what the rules' code says, and is derived from it. What a step cannot answer at
//! one look it leaves to the op that it stands for.

use super::switch::{Case, Cuts, Positions, Switch};
use crate::ids::{NumberId, RuleId, SlotId};
use crate::number::Number;
use crate::op::{Comparison, Flags, Op, OpCode};
use crate::ordinary::SymbolSet;
use crate::program::Rule;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// What a step asks of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Nothing: no rule is left, so that the default decides.
    End,
    /// Nothing: the rule [`Step::rule`] fires. Where it is only watched, `no` is next.
    Fire,
    /// What the op asks.
    Op,
    /// Whether a string's symbol is [`Step::symbol`].
    StringEquals,
    /// Whether a string's symbol is in [`Step::symbols`].
    StringIn,
    /// How a number compares with [`Step::integer`], which is a double, too.
    IntegerCompare,
    /// How a number compares with [`Step::float`].
    FloatCompare,
    /// Whether a boolean is in [`Step::mask`].
    BooleanIn,
    /// Which of the rules that follow concerns a number first: [`Step::switch`]. For what is not a
    /// double `no` is next.
    Switch,
}

/// A step of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The right side.
    bits: u64,
    /// More of the right side.
    first: u32,
    /// The op that it stands for.
    pub op: u32,
    /// The next step if so.
    pub yes: u32,
    /// The next step if not.
    pub no: u32,
    /// Of which slot it asks.
    pub slot: SlotId,
    /// What it asks.
    pub kind: StepKind,
    /// How a comparison has to come out.
    pub comparison: Comparison,
    /// Whether the op holds where the step says no.
    pub negated: bool,
}

impl Step {
    const END: Self = Self {
        bits: 0,
        first: 0,
        op: 0,
        yes: 0,
        no: 0,
        slot: SlotId(0),
        kind: StepKind::End,
        comparison: Comparison::EQUAL,
        negated: false,
    };

    /// The rule that fires.
    #[inline]
    pub const fn rule(&self) -> RuleId {
        RuleId(self.bits as u32)
    }

    /// The string's symbol.
    #[inline]
    pub const fn symbol(&self) -> u32 {
        self.bits as u32
    }

    /// The strings' symbols.
    #[inline]
    pub const fn symbols(&self) -> SymbolSet {
        SymbolSet::from_parts(self.first, self.bits)
    }

    /// The integer.
    #[inline]
    pub const fn integer(&self) -> i64 {
        self.bits as i64
    }

    /// The double, which is not NaN.
    #[inline]
    pub const fn float(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// The constant that numbers are compared with, if that is what the step asks.
    const fn constant(&self) -> Option<f64> {
        match self.kind {
            StepKind::IntegerCompare => Some(self.integer() as f64),
            StepKind::FloatCompare => Some(self.float()),
            _ => None,
        }
    }

    /// The booleans: 1 false, 2 true, 3 both.
    #[inline]
    pub const fn mask(&self) -> u32 {
        self.bits as u32
    }

    /// The switch's number.
    #[inline]
    pub const fn switch(&self) -> usize {
        self.bits as usize
    }
}

/// What chains are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'p> {
    pub(crate) rules: &'p [Rule],
    pub(crate) ops: &'p [Op],
    pub(crate) numbers: &'p [Number],
    pub(crate) small_sets: &'p [Option<SymbolSet>],
}

/// The chains of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chains {
    pub(crate) steps: Vec<Step>,
    pub(crate) switches: Vec<Switch>,
}

/// Integers up to this are doubles, too.
const EXACT: i64 = 1 << 53;

/// The integer as a double, where that is the same number.
#[inline]
pub fn exact_double(value: i64) -> Option<f64> {
    (-EXACT..=EXACT).contains(&value).then_some(value as f64)
}

/// Fewest rules that a switch is for: a few comparisons are as good as a bisection.
const FEWEST: usize = 8;

/// Most comparisons of a rule that a switch answers.
const MOST_ANSWERED: usize = 8;

impl Chains {
    /// Adds the chain of those rules. The number of its first step; `None` for code that was not
    /// verified.
    pub(super) fn add(&mut self, rules: &[u32], code: Source<'_>) -> Option<u32> {
        let (steps, switches) = (self.steps.len(), self.switches.len());
        if self.add_rules(rules, code).is_none() {
            self.steps.truncate(steps);
            self.switches.truncate(switches);
            return None;
        }
        Some(steps as u32)
    }

    fn add_rules(&mut self, mut rules: &[u32], code: Source<'_>) -> Option<()> {
        let (mut starts, mut places) = (Vec::new(), Vec::new());
        while let Some(first) = rules.first() {
            let run = match switched_slot(*first, code) {
                Some(slot) => {
                    let alike = |rule: &&u32| switched_slot(**rule, code) == Some(slot);
                    rules.iter().take_while(alike).count()
                }
                None => 1,
            };
            let (now, later) = rules.split_at_checked(run)?;
            let switch = (run >= FEWEST).then_some(self.steps.len());
            if switch.is_some() {
                self.steps.push(Step::END);
            }
            starts.clear();
            for rule in now {
                starts.push(self.steps.len());
                self.add_rule(*rule, code, &mut places)?;
            }
            starts.push(self.steps.len());
            if let Some(at) = switch {
                self.add_switch(at, &starts)?;
            }
            rules = later;
        }
        self.steps.push(Step::END);
        Some(())
    }

    fn add_rule(&mut self, id: u32, code: Source<'_>, places: &mut Vec<u32>) -> Option<()> {
        let rule = code.rules.get(id as usize)?;
        let ops = code.ops.get(rule.entry as usize..rule.end as usize)?;
        // Ops that skip have no step: the next rule's first is where they lead.
        let kept = ops.iter().filter(|op| op.code != OpCode::Skip).count();
        let start = self.steps.len() as u32;
        let next_rule = start + kept as u32;
        let mut place = start;
        places.clear();
        places.extend(ops.iter().map(|op| {
            if op.code == OpCode::Skip {
                return next_rule;
            }
            place += 1;
            place - 1
        }));
        let step_of = |at: usize| places.get(at).copied();
        for (at, op) in ops.iter().enumerate() {
            let step = Step { slot: op.slot, op: rule.entry + at as u32, ..Step::END };
            match op.code {
                OpCode::Skip => {}
                OpCode::Fire => self.steps.push(Step {
                    kind: StepKind::Fire,
                    no: next_rule,
                    bits: id as u64,
                    ..step
                }),
                _ => {
                    let target = step_of((op.target as usize).checked_sub(rule.entry as usize)?)?;
                    let next = step_of(at + 1)?;
                    let jumps_if_so = op.flags.has(Flags::JUMP_IF_HOLDS);
                    let (yes, no) = if jumps_if_so { (target, next) } else { (next, target) };
                    self.steps.push(Step { yes, no, ..step }.asking(op, code));
                }
            }
        }
        Some(())
    }

    /// Makes a switch of the step at that place. The rules start there; the last start is where
    /// they end.
    fn add_switch(&mut self, at: usize, starts: &[usize]) -> Option<()> {
        let (first, behind) = (*starts.first()?, *starts.last()?);
        let slot = self.steps.get(first)?.slot;
        let steps = self.steps.get(first..behind)?;
        let constants = steps.iter().filter(|step| step.slot == slot);
        let cuts = Cuts::new(constants.filter_map(Step::constant).collect());
        let mut cases = Vec::with_capacity(starts.len());
        for pair in starts.windows(2) {
            let [start, next] = *pair else { continue };
            self.add_cases(start..next, slot, &cuts, &mut cases);
        }
        *self.steps.get_mut(at)? = Step {
            kind: StepKind::Switch,
            slot,
            no: at as u32 + 1,
            bits: self.switches.len() as u64,
            ..Step::END
        };
        self.switches.push(Switch::new(&cuts, &cases, behind as u32));
        Some(())
    }

    /// Where a rule's comparisons of the slot lead: to another rule, or to what else it asks.
    fn add_cases(&self, rule: Range<usize>, slot: SlotId, cuts: &Cuts, cases: &mut Vec<Case>) {
        let mut answered = 0;
        let mut open: Vec<(u32, Positions)> = vec![(rule.start as u32, cuts.all())];
        while let Some((target, positions)) = open.pop() {
            if positions.is_empty() || target as usize == rule.end {
                continue;
            }
            let step = self.steps.get(target as usize);
            let step = step.filter(|step| step.slot == slot && answered < MOST_ANSWERED);
            match step.and_then(|step| Some((step, step.constant()?))) {
                Some((step, constant)) => {
                    answered += 1;
                    let (so, others) = cuts.split(&positions, step.comparison, constant);
                    open.extend([(step.yes, so), (step.no, others)]);
                }
                None => cases.push(Case { positions, target }),
            }
        }
    }
}

/// The slot of which the rule first asks how a number compares.
fn switched_slot(rule: u32, code: Source<'_>) -> Option<SlotId> {
    let op = code.ops.get(code.rules.get(rule as usize)?.entry as usize)?;
    let step = Step { slot: op.slot, ..Step::END }.asking(op, code);
    step.constant().map(|_| step.slot)
}

impl Step {
    /// The step with what the op asks: at one look, where that can be.
    fn asking(mut self, op: &Op, code: Source<'_>) -> Self {
        self.kind = StepKind::Op;
        let number = || code.numbers.get(NumberId(op.operand).index()).copied();
        let (kind, bits) = match op.code {
            _ if op.flags.is_quantified() => return self,
            OpCode::StringEquals => (StepKind::StringEquals, op.operand as u64),
            OpCode::StringIn => {
                let Some(Some(set)) = code.small_sets.get(op.operand as usize) else { return self };
                let (first, members) = set.parts();
                self.first = first;
                (StepKind::StringIn, members)
            }
            OpCode::BooleanIn => (StepKind::BooleanIn, op.operand as u64),
            OpCode::NumberCompare => match number() {
                Some(Number::Integer(value)) if exact_double(value).is_some() => {
                    (StepKind::IntegerCompare, value as u64)
                }
                Some(Number::Float(value)) if !value.is_nan() => {
                    (StepKind::FloatCompare, value.to_bits())
                }
                _ => return self,
            },
            _ => return self,
        };
        (self.kind, self.bits) = (kind, bits);
        if self.constant().is_some() {
            self.comparison = op.comparison();
        }
        if op.flags.has(Flags::NEGATE) {
            (self.yes, self.no, self.negated) = (self.no, self.yes, true);
        }
        self
    }
}
