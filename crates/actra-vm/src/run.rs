//! Visiting rules: candidates from the indexes, merged in decision order; the first that fires
//! decides.

use crate::check::check;
use crate::error::InputError;
use crate::frame::Frame;
use crate::operands::collect_missing;
use crate::test::{Truth, test};
use crate::value::{Cell, NO_SYMBOL};
use actra_bytecode::Program;
use actra_bytecode::ids::{ActionId, RuleId};
use actra_bytecode::limits::MAX_INDEXES_PER_GROUP;
use actra_bytecode::op::{Flags, OpCode};
use actra_bytecode::program::{Effect, Group, Index, IndexKind, Rule};

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
    frame.matched.clear();
    frame.missing.clear();
    let action = check(frame)?;
    let program = frame.program;
    let mut candidates = Candidates::collect(frame, program, action);
    let mut shadow = None;
    while let Some((id, is_indexed)) = candidates.next() {
        let Some(rule) = program.rule(id) else { continue };
        if !fires(frame, program, rule, is_indexed) {
            continue;
        }
        if rule.shadow {
            shadow = shadow.or(Some(Shadow { effect: rule.effect, rule: id }));
            continue;
        }
        if rule.effect == Effect::RequireApproval && program.settings().collects_approvals {
            collect_approvals(frame, program, id, &mut candidates);
        }
        let is_unknown = rule.effect != Effect::Allow && is_unknown(frame, program, rule);
        if is_unknown {
            collect_missing(frame, rule);
        }
        return Ok(Outcome { effect: rule.effect, rule: Some(id), is_unknown, shadow });
    }
    Ok(Outcome { effect: program.settings().default, rule: None, is_unknown: false, shadow })
}

/// Goes on through the approval rules: nobody's approval gets lost behind another's.
fn collect_approvals(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    first: RuleId,
    candidates: &mut Candidates<'_>,
) {
    frame.matched.push(first);
    while let Some((id, is_indexed)) = candidates.next() {
        let Some(rule) = program.rule(id) else { continue };
        if rule.effect != Effect::RequireApproval {
            break;
        }
        if !rule.shadow && fires(frame, program, rule, is_indexed) {
            frame.matched.push(id);
        }
    }
}

/// How unknown tests count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknowns {
    /// As the op's flags say: the rule fires if it may hold.
    AsCompiled,
    /// As false: the rule fires only if it does hold.
    AsFalse,
}

/// Whether the rule fires. An index has already seen to the first test.
#[inline]
fn fires(frame: &Frame<'_, '_>, program: &Program, rule: &Rule, is_indexed: bool) -> bool {
    runs_to_fire(frame, program, rule, rule.entry + u32::from(is_indexed), Unknowns::AsCompiled)
}

/// A rule that fired is unknown if it would not have, had its unknown tests been false.
fn is_unknown(frame: &Frame<'_, '_>, program: &Program, rule: &Rule) -> bool {
    !runs_to_fire(frame, program, rule, rule.entry, Unknowns::AsFalse)
}

#[inline]
fn runs_to_fire(
    frame: &Frame<'_, '_>,
    program: &Program,
    rule: &Rule,
    start: u32,
    unknowns: Unknowns,
) -> bool {
    let ops = program.ops().get(..rule.end as usize).unwrap_or(&[]);
    let mut at = start as usize;
    // Jumps lead forward: every turn of the loop moves on, and the rule's end is near.
    while let Some(op) = ops.get(at) {
        if op.code.is_verdict() {
            return op.code == OpCode::Fire;
        }
        let holds = match test(frame, op) {
            Truth::True => true,
            Truth::False => false,
            Truth::Missing => {
                let is_constant =
                    unknowns == Unknowns::AsCompiled || !program.settings().missing_is_unknown;
                is_constant && op.flags.has(Flags::MISSING_HOLDS)
            }
            Truth::Malformed => {
                unknowns == Unknowns::AsCompiled && op.flags.has(Flags::MALFORMED_HOLDS)
            }
        };
        at = if holds == op.flags.has(Flags::JUMP_IF_HOLDS) { op.target as usize } else { at + 1 };
    }
    // No verified program comes here. What cannot be decided fires whatever restricts.
    rule.effect != Effect::Allow
}

/// Streams of one group: those always visited, and one for each index.
const STREAMS: usize = 2 * (1 + MAX_INDEXES_PER_GROUP);

/// The candidates of an input: ascending streams of rules, merged.
struct Candidates<'p> {
    streams: [Stream<'p>; STREAMS],
    count: usize,
}

#[derive(Clone, Copy, Default)]
struct Stream<'p> {
    rules: &'p [u32],
    is_indexed: bool,
}

impl<'p> Candidates<'p> {
    #[inline]
    fn collect(frame: &Frame<'_, '_>, program: &'p Program, action: Option<ActionId>) -> Self {
        let mut candidates = Self { streams: [Stream::default(); STREAMS], count: 0 };
        let groups = [program.unscoped_group(), action.and_then(|id| program.action_group(id))];
        for group in groups.into_iter().flatten() {
            candidates.add_group(frame, program, group);
        }
        candidates
    }

    #[inline]
    fn add_group(&mut self, frame: &Frame<'_, '_>, program: &'p Program, group: &'p Group) {
        self.add(program.always(group), false);
        for index in program.indexes(group) {
            self.add(postings(frame, program, index), true);
        }
    }

    #[inline]
    fn add(&mut self, rules: &'p [u32], is_indexed: bool) {
        if rules.is_empty() {
            return;
        }
        if let Some(stream) = self.streams.get_mut(self.count) {
            *stream = Stream { rules, is_indexed };
            self.count += 1;
        }
    }

    /// The next candidate in decision order, and whether an index chose it.
    #[inline]
    fn next(&mut self) -> Option<(RuleId, bool)> {
        let streams = self.streams.get_mut(..self.count)?;
        let mut first: Option<&mut Stream<'p>> = None;
        let mut smallest = u32::MAX;
        for stream in streams {
            match stream.rules.first() {
                Some(rule) if *rule < smallest => {
                    smallest = *rule;
                    first = Some(stream);
                }
                _ => {}
            }
        }
        let stream = first?;
        let (rule, rest) = stream.rules.split_first()?;
        stream.rules = rest;
        Some((RuleId(*rule), stream.is_indexed))
    }
}

/// The rules of an index that the frame's value can concern.
#[inline]
fn postings<'p>(frame: &Frame<'_, '_>, program: &'p Program, index: &'p Index) -> &'p [u32] {
    let cell = frame.cell(index.slot);
    let key = match index.kind {
        IndexKind::String => cell.symbol(),
        IndexKind::Boolean => match *cell {
            Cell::Boolean(value) => Some(u32::from(value)),
            _ => None,
        },
        IndexKind::Number => {
            return match cell.number() {
                Some(number) => program.postings_of_number(index, number),
                None => program.postings_of_missing(index),
            };
        }
        IndexKind::Instant => {
            return match *cell {
                Cell::Instant(micros) => {
                    program.postings_of_number(index, actra_bytecode::Number::Integer(micros))
                }
                _ => program.postings_of_missing(index),
            };
        }
    };
    match key {
        // A string that no rule names is no key.
        Some(NO_SYMBOL) => &[],
        Some(key) => program.postings_of_key(index, key),
        None => program.postings_of_missing(index),
    }
}
