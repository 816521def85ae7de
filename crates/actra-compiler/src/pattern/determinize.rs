//! The deterministic automaton of an NFA, by the subset construction.
//!
//! It is written here, and not left to the engine that made the NFA, for two reasons: it counts
//! its steps, so that whether a pattern is refused depends on the pattern and on no clock; and
//! whole strings need no order of preference between matches, which keeps the sets few.

use super::minimize::Table;
use regex_automata::nfa::thompson::{NFA, State, Transition};
use regex_automata::util::primitives::StateID;
use std::collections::HashMap;

/// Visits of NFA states and transitions that one pattern may cost.
const MAX_STEPS: u32 = 4_000_000;

/// Transitions that the automaton may have before it is minimised.
const MAX_TRANSITIONS: usize = 512 * 1024;

/// States that the automaton may have before it is minimised.
const MAX_STATES: usize = 80_000;

/// One byte of each sort that look-around assertions tell apart: line feed, carriage return,
/// word, and all others. Each stands for its sort wherever assertions are asked.
const SORTS: [u8; 4] = [b'\n', b'\r', b'a', b' '];

/// Bounds were exceeded.
#[derive(Debug)]
pub(super) struct TooMuch;

/// Builds the automaton of the whole strings on which the NFA ends in a match.
///
/// `budget` is what the patterns of a policy may cost together; what this one costs is taken off.
pub(super) fn determinize(nfa: &NFA, budget: &mut u64) -> Result<Table, TooMuch> {
    let mut classes = [0; 256];
    let mut sorts = Vec::new();
    for (byte, class) in (0..=u8::MAX).zip(&mut classes) {
        *class = nfa.byte_classes().get(byte);
        // Classes are ranges of bytes, numbered upwards, and never mix sorts that assertions of
        // this NFA tell apart.
        if usize::from(*class) == sorts.len() {
            sorts.push(sort(byte));
        }
    }
    let walk = Walk { nfa, budget, steps: 0, seen: vec![0; nfa.states().len()], round: 0 };
    Builder { walk, classes, sorts, numbers: HashMap::new(), sets: Vec::new() }.build()
}

fn sort(byte: u8) -> u8 {
    match byte {
        b'\n' | b'\r' => byte,
        b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => b'a',
        _ => b' ',
    }
}

/// Where the NFA may be between two bytes, assertions not yet decided: they also need to know the
/// byte after.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Set {
    /// The sort of the byte before, if an assertion is waiting and it is not the start.
    before: Option<u8>,
    /// States that read a byte, assert or match; sorted, each once.
    states: Vec<StateID>,
}

struct Builder<'a> {
    walk: Walk<'a>,
    classes: [u8; 256],
    /// The sort of the bytes of each class.
    sorts: Vec<u8>,
    numbers: HashMap<Set, u32>,
    sets: Vec<Set>,
}

impl Builder<'_> {
    fn build(mut self) -> Result<Table, TooMuch> {
        let stride = self.sorts.len();
        let (mut next, mut accepting) = (Vec::new(), Vec::new());
        self.number(vec![self.walk.nfa.start_anchored()], None)?;
        while let Some(set) = self.sets.get(accepting.len()).cloned() {
            if self.sets.len() > MAX_STATES || next.len() + stride > MAX_TRANSITIONS {
                return Err(TooMuch);
            }
            accepting.push(self.accepts(&set)?);
            let targets = self.targets(&set)?;
            let mut previous: Option<(Vec<StateID>, u8, u32)> = None;
            for (targets, sort) in targets.into_iter().zip(self.sorts.clone()) {
                let number = match &previous {
                    Some((same, of, number)) if *same == targets && *of == sort => *number,
                    _ => self.number(targets.clone(), Some(sort))?,
                };
                next.push(number);
                previous = Some((targets, sort, number));
            }
        }
        Ok(Table { classes: self.classes, stride, next, accepting })
    }

    /// The number of the set that is reached by going to the targets over a byte.
    fn number(&mut self, targets: Vec<StateID>, before: Option<u8>) -> Result<u32, TooMuch> {
        let states = self.walk.reachable(targets, |_| false)?;
        let asserts = states.iter().any(|state| self.walk.look(*state).is_some());
        let set = Set { before: before.filter(|_| asserts), states };
        let sets = &mut self.sets;
        Ok(*self.numbers.entry(set).or_insert_with_key(|set| {
            sets.push(set.clone());
            sets.len() as u32 - 1
        }))
    }

    /// Whether a string may end here.
    fn accepts(&mut self, set: &Set) -> Result<bool, TooMuch> {
        let states = self.walk.decided(set, None)?;
        let nfa = self.walk.nfa;
        Ok(states.iter().any(|state| matches!(nfa.state(*state), State::Match { .. })))
    }

    /// Where each class of bytes leads.
    fn targets(&mut self, set: &Set) -> Result<Vec<Vec<StateID>>, TooMuch> {
        let mut targets = vec![Vec::new(); self.sorts.len()];
        let asserts = set.states.iter().any(|state| self.walk.look(*state).is_some());
        if !asserts {
            self.read(&set.states, None, &mut targets)?;
            return Ok(targets);
        }
        for after in SORTS {
            let states = self.walk.decided(set, Some(after))?;
            self.read(&states, Some(after), &mut targets)?;
        }
        Ok(targets)
    }

    /// Adds what the states read, of bytes of one sort if one is given, to the targets by class.
    fn read(
        &mut self,
        states: &[StateID],
        only: Option<u8>,
        targets: &mut [Vec<StateID>],
    ) -> Result<(), TooMuch> {
        for state in states {
            match self.walk.nfa.state(*state) {
                State::ByteRange { trans } => self.read_range(*trans, only, targets)?,
                State::Sparse(sparse) => {
                    for range in &sparse.transitions {
                        self.read_range(*range, only, targets)?;
                    }
                }
                State::Dense(dense) => {
                    for (byte, next) in (0..=u8::MAX).zip(&dense.transitions) {
                        // Zero is the state that fails.
                        if *next != StateID::ZERO {
                            let one = Transition { start: byte, end: byte, next: *next };
                            self.read_range(one, only, targets)?;
                        }
                    }
                }
                State::Look { .. }
                | State::Union { .. }
                | State::BinaryUnion { .. }
                | State::Capture { .. }
                | State::Fail
                | State::Match { .. } => {}
            }
        }
        Ok(())
    }

    fn read_range(
        &mut self,
        range: Transition,
        only: Option<u8>,
        targets: &mut [Vec<StateID>],
    ) -> Result<(), TooMuch> {
        let class = |byte: u8| self.walk.nfa.byte_classes().get(byte);
        for class in usize::from(class(range.start))..=usize::from(class(range.end)) {
            self.walk.step()?;
            let of_sort = only.is_none() || self.sorts.get(class).copied() == only;
            if let Some(targets) = targets.get_mut(class).filter(|_| of_sort) {
                targets.push(range.next);
            }
        }
        Ok(())
    }
}

/// Walks through an NFA without reading, counting the steps.
struct Walk<'a> {
    nfa: &'a NFA,
    budget: &'a mut u64,
    steps: u32,
    /// The last round in which each state was seen.
    seen: Vec<u32>,
    round: u32,
}

impl Walk<'_> {
    fn step(&mut self) -> Result<(), TooMuch> {
        self.steps += 1;
        *self.budget = self.budget.checked_sub(1).ok_or(TooMuch)?;
        if self.steps > MAX_STEPS { Err(TooMuch) } else { Ok(()) }
    }

    fn look(&self, state: StateID) -> Option<regex_automata::util::look::Look> {
        match self.nfa.state(state) {
            State::Look { look, .. } => Some(*look),
            _ => None,
        }
    }

    /// The states of a set and those behind its assertions that hold before a byte of a sort, or
    /// at the end.
    fn decided(&mut self, set: &Set, after: Option<u8>) -> Result<Vec<StateID>, TooMuch> {
        // Assertions that are left see no further than one byte to either side.
        let (text, at) = match (set.before, after) {
            (None, None) => (&[][..], 0),
            (None, Some(after)) => (&[after][..], 0),
            (Some(before), None) => (&[before][..], 1),
            (Some(before), Some(after)) => (&[before, after][..], 1),
        };
        let matcher = self.nfa.look_matcher();
        self.reachable(set.states.clone(), |look| matcher.matches(look, text, at))
    }

    /// The states that read, assert or match and are reached from some by going through splits,
    /// and through assertions that hold.
    fn reachable(
        &mut self,
        mut from: Vec<StateID>,
        holds: impl Fn(regex_automata::util::look::Look) -> bool,
    ) -> Result<Vec<StateID>, TooMuch> {
        self.round += 1;
        let mut reached = Vec::new();
        while let Some(id) = from.pop() {
            self.step()?;
            match self.seen.get_mut(id.as_usize()) {
                Some(seen) if *seen != self.round => *seen = self.round,
                _ => continue,
            }
            match self.nfa.state(id) {
                State::ByteRange { .. }
                | State::Sparse(_)
                | State::Dense(_)
                | State::Match { .. } => reached.push(id),
                State::Look { look, next } => {
                    reached.push(id);
                    if holds(*look) {
                        from.push(*next);
                    }
                }
                State::Union { alternates } => from.extend(alternates.iter()),
                State::BinaryUnion { alt1, alt2 } => from.extend([*alt1, *alt2]),
                State::Capture { next, .. } => from.push(*next),
                State::Fail => {}
            }
        }
        reached.sort_unstable();
        Ok(reached)
    }
}
