//! Visiting rules: candidates from the indexes, merged in decision order; the first that fires
//! decides.

use crate::chain::follow;
use crate::check::{Checked, check};
use crate::error::InputError;
use crate::frame::Frame;
use crate::operands::collect_missing;
use crate::test::{Truth, holds};
use crate::trace::Trace;
use crate::value::{Cell, NO_SYMBOL};
use actra_bytecode::ids::{ActionId, RuleId};
use actra_bytecode::limits::MAX_INDEXES_PER_GROUP;
use actra_bytecode::op::{Flags, Op, OpCode};
use actra_bytecode::program::{Candidates, Effect, Index, IndexKind, Rule};
use actra_bytecode::walks::NO_CHAIN;
use actra_bytecode::{Number, Program};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The effect.
    pub effect: Effect,
    /// The rule that decided; `None`: the default did.
    pub rule: Option<RuleId>,
    /// Whether the deciding rule's condition is unknown, so that it fired to be safe:
    /// [`Frame::missing`] has the fields.
    pub is_unknown: bool,
    /// What shadow rules would have changed.
    pub shadow: Option<Shadow>,
}

/// What would have been decided with shadow rules enforced, where it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// The effect.
    pub effect: Effect,
    /// The shadow rule that would have decided.
    pub rule: RuleId,
}

/// Decides the frame's input.
pub fn evaluate(frame: &mut Frame<'_, '_>) -> Result<Outcome, InputError> {
    evaluate_traced(frame, &mut ())
}

/// Decides the frame's input as [`evaluate`] does, and tells which candidates were visited.
#[expect(clippy::inline_always, reason = "called, the outcome would be copied")]
#[inline(always)]
pub fn evaluate_traced(
    frame: &mut Frame<'_, '_>,
    trace: &mut impl Trace,
) -> Result<Outcome, InputError> {
    let program = frame.program;
    let Checked { action, way } = check(frame, trace.listens())?;
    if let (Some(action), Some(way)) = (action, way)
        && way.chain != NO_CHAIN
    {
        return follow(frame, program, action, way.chain);
    }
    let (rules, chosen) = match action.map(|action| program.candidates(action)) {
        Some(Candidates::Rules(rules)) => (rules, Chosen::Always),
        Some(Candidates::Index(index)) => postings(frame, program, index),
        Some(Candidates::Mixed) | None => return merge_and_decide(frame, program, action, trace),
    };
    decide(frame, program, Stream { rules, chosen }, trace)
}

#[inline(never)]
fn merge_and_decide(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    action: Option<ActionId>,
    trace: &mut impl Trace,
) -> Result<Outcome, InputError> {
    let mut merged = Merged::default();
    let groups = [program.unscoped_group(), action.and_then(|id| program.action_group(id))];
    for group in groups.into_iter().flatten() {
        merged.add(program.always(group), Chosen::Always);
        for index in program.indexes(group) {
            let (rules, chosen) = postings(frame, program, index);
            merged.add(rules, chosen);
        }
    }
    decide(frame, program, merged, trace)
}

/// Visits the candidates until one fires. No candidate makes an error; the type is that of
/// [`evaluate`], which hands it on as it is.
#[expect(clippy::unnecessary_wraps, reason = "unwrapped, the outcome would be copied")]
#[inline]
fn decide(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    mut candidates: impl Iterator<Item = (RuleId, Chosen)>,
    trace: &mut impl Trace,
) -> Result<Outcome, InputError> {
    let mut shadow = None;
    while let Some((id, chosen)) = candidates.next() {
        let Some(rule) = program.rule(id) else { continue };
        let certainty = fires(frame, program, rule, chosen);
        trace.visited(id, certainty.is_some());
        let Some(certainty) = certainty else { continue };
        if rule.shadow {
            shadow = shadow.or(Some(Shadow { effect: rule.effect, rule: id }));
            continue;
        }
        if rule.effect == Effect::RequireApproval && program.settings().collects_approvals {
            collect_approvals(frame, program, id, &mut candidates, trace);
        }
        let is_unknown = certainty == Certainty::Doubtful
            && rule.effect != Effect::Allow
            && is_unknown(frame, program, rule);
        if is_unknown {
            collect_missing(frame, rule);
        }
        return Ok(Outcome { effect: rule.effect, rule: Some(id), is_unknown, shadow });
    }
    Ok(Outcome { effect: program.settings().default, rule: None, is_unknown: false, shadow })
}

/// Goes on through the approval rules that stand behind the first of a chain's.
#[inline(never)]
pub(crate) fn collect_approvals_behind(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    first: RuleId,
    action: ActionId,
) {
    let Candidates::Rules(rules) = program.candidates(action) else { return };
    let behind = rules.partition_point(|rule| *rule <= first.0);
    let rules = rules.get(behind..).unwrap_or(&[]);
    let mut candidates = Stream { rules, chosen: Chosen::Always };
    collect_approvals(frame, program, first, &mut candidates, &mut ());
}

/// Goes on through the approval rules: nobody's approval gets lost behind another's.
#[inline(never)]
fn collect_approvals(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    first: RuleId,
    candidates: &mut impl Iterator<Item = (RuleId, Chosen)>,
    trace: &mut impl Trace,
) {
    frame.matched.push(first);
    for (id, chosen) in candidates {
        let Some(rule) = program.rule(id) else { continue };
        if rule.effect != Effect::RequireApproval {
            break;
        }
        if rule.shadow {
            continue;
        }
        let fires = fires(frame, program, rule, chosen).is_some();
        trace.visited(id, fires);
        if fires {
            frame.matched.push(id);
        }
    }
}

/// How unknown tests count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknowns {
    /// As the op's flags say: the rule fires if it may hold.
    AsCompiled,
    /// As false: the rule fires only if it does hold.
    AsFalse,
}

/// Whether anything unknown was met on the way to a verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// Every test was true or false: counting unknown ones otherwise would change nothing.
    Certain,
    /// Some test was unknown.
    Doubtful,
}

/// Whether the rule fires, and how surely. An index has already seen to the first test.
#[expect(clippy::inline_always, reason = "every candidate comes here")]
#[inline(always)]
fn fires(
    frame: &Frame<'_, '_>,
    program: &Program,
    rule: &Rule,
    chosen: Chosen,
) -> Option<Certainty> {
    let start = rule.entry + u32::from(chosen != Chosen::Always);
    let certainty = match chosen {
        Chosen::ByMissing => Certainty::Doubtful,
        Chosen::Always | Chosen::ByKey => Certainty::Certain,
    };
    run(frame, program, rule, start, Unknowns::AsCompiled, certainty)
}

/// A rule that fired is unknown if it would not have, had its unknown tests been false.
#[inline(never)]
pub(crate) fn is_unknown(frame: &Frame<'_, '_>, program: &Program, rule: &Rule) -> bool {
    run(frame, program, rule, rule.entry, Unknowns::AsFalse, Certainty::Doubtful).is_none()
}

#[expect(clippy::inline_always, reason = "every candidate comes here")]
#[inline(always)]
fn run(
    frame: &Frame<'_, '_>,
    program: &Program,
    rule: &Rule,
    start: u32,
    unknowns: Unknowns,
    mut certainty: Certainty,
) -> Option<Certainty> {
    let ops = program.ops().get(..rule.end as usize).unwrap_or(&[]);
    let mut at = start as usize;
    // Jumps lead forward: every turn of the loop moves on, and the rule's end is near.
    while let Some(op) = ops.get(at) {
        if op.code.is_verdict() {
            return (op.code == OpCode::Fire).then_some(certainty);
        }
        let holds = holds(frame, op, |unknown| {
            certainty = Certainty::Doubtful;
            unknown_holds(program, op, unknown, unknowns)
        });
        at = if holds == op.flags.has(Flags::JUMP_IF_HOLDS) { op.target as usize } else { at + 1 };
    }
    // No verified program comes here. What cannot be decided fires whatever restricts.
    (rule.effect != Effect::Allow).then_some(Certainty::Doubtful)
}

/// What an unknown test counts as.
pub(crate) fn unknown_holds(program: &Program, op: &Op, truth: Truth, unknowns: Unknowns) -> bool {
    if truth == Truth::Missing {
        let is_constant =
            unknowns == Unknowns::AsCompiled || !program.settings().missing_is_unknown;
        is_constant && op.flags.has(Flags::MISSING_HOLDS)
    } else {
        unknowns == Unknowns::AsCompiled && op.flags.has(Flags::MALFORMED_HOLDS)
    }
}

/// Why a rule is a candidate.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Chosen {
    /// It always is.
    #[default]
    Always,
    /// An index has the field's value for it, so its first test is true.
    ByKey,
    /// An index has it for a missing value, so its first test is unknown and holds.
    ByMissing,
}

/// Candidates that were all chosen alike, in decision order.
#[derive(Default)]
struct Stream<'p> {
    rules: &'p [u32],
    chosen: Chosen,
}

impl Iterator for Stream<'_> {
    type Item = (RuleId, Chosen);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (rule, rest) = self.rules.split_first()?;
        self.rules = rest;
        Some((RuleId(*rule), self.chosen))
    }
}

/// Most streams of two groups: the rules always visited, and those of each index.
const STREAMS: usize = 2 * (1 + MAX_INDEXES_PER_GROUP);

/// Several streams, merged.
#[derive(Default)]
struct Merged<'p> {
    streams: [Stream<'p>; STREAMS],
    count: usize,
}

impl<'p> Merged<'p> {
    #[inline]
    fn add(&mut self, rules: &'p [u32], chosen: Chosen) {
        if rules.is_empty() {
            return;
        }
        if let Some(stream) = self.streams.get_mut(self.count) {
            *stream = Stream { rules, chosen };
            self.count += 1;
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = (RuleId, Chosen);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let streams = self.streams.get_mut(..self.count)?;
        let first = |stream: &&mut Stream<'_>| stream.rules.first().copied().unwrap_or(u32::MAX);
        streams.iter_mut().min_by_key(first)?.next()
    }
}

/// The rules of an index that the frame's value can concern.
#[inline]
fn postings<'p>(
    frame: &Frame<'_, '_>,
    program: &'p Program,
    index: &'p Index,
) -> (&'p [u32], Chosen) {
    let cell = frame.cell(index.slot);
    let rules = match (index.kind, cell) {
        (IndexKind::String, Cell::String(_, symbol) | Cell::Text(_, symbol)) => {
            // A string that no rule names is no key.
            if symbol == NO_SYMBOL { &[] } else { program.postings_of_key(index, symbol) }
        }
        (IndexKind::String, Cell::Constant(string)) => program.postings_of_key(index, string.0),
        (IndexKind::Boolean, Cell::Boolean(value)) => {
            program.postings_of_key(index, u32::from(value))
        }
        (IndexKind::Number, Cell::Integer(value)) => {
            program.postings_of_number(index, Number::Integer(value))
        }
        (IndexKind::Number, Cell::Float(value)) => {
            program.postings_of_number(index, Number::Float(value))
        }
        (IndexKind::Instant, Cell::Instant(micros)) => {
            program.postings_of_number(index, Number::Integer(micros))
        }
        _ => return (program.postings_of_missing(index), Chosen::ByMissing),
    };
    (rules, Chosen::ByKey)
}
