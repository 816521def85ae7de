//! Decides whether a formula over finitely many classes can hold.
//!
//! Conflict-driven clause learning (Marques-Silva and Sakallah, GRASP, 1999; Moskewicz et al.,
//! Chaff, 2001) over literals that either are Boolean, or say that a variable's class is among a
//! set of them. What such sets imply of each other is not written down as clauses: each variable
//! keeps the set of classes that are left, and propagates from it.
//!
//! Everything is deterministic, and counted: no clock is asked.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers of variables, clauses and levels are the solver's own"
)]

mod queue;
mod set;

pub(crate) use set::Set;

use queue::Queue;
use std::collections::HashMap;
use std::ops::{Not, Range};

/// A literal: a Boolean variable, or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lit(u32);

impl Lit {
    /// What always holds.
    pub(crate) const TRUE: Self = Self(0);
    /// What never holds.
    pub(crate) const FALSE: Self = Self(1);

    const fn of(variable: usize) -> Self {
        Self((variable as u32) << 1)
    }

    const fn variable(self) -> usize {
        (self.0 >> 1) as usize
    }

    const fn is_positive(self) -> bool {
        self.0 & 1 == 0
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Not for Lit {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// A variable over classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Var(usize);

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It can hold: for each variable over classes the classes that are left, each as good as any.
    Holds(Model),
    /// It cannot: these of the assumptions do not go together (with what was added).
    Contradicts(Vec<Lit>),
    /// The budget is used up.
    OutOfBudget,
}

/// A way for everything to hold: what was not asked about is as it follows from the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    classes: Vec<usize>,
    truths: Vec<bool>,
}

impl Model {
    /// The class of the variable.
    pub(crate) fn class(&self, var: Var) -> Option<usize> {
        self.classes.get(var.0).copied()
    }

    pub(crate) fn is_true(&self, literal: Lit) -> bool {
        self.truths.get(literal.variable()).is_some_and(|truth| *truth == literal.is_positive())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Decision,
    Clause(u32),
    /// The classes that are left of a variable.
    Classes,
}

/// A clause: where its literals stand.
#[derive(Clone, Copy, Debug)]
struct Clause {
    start: u32,
    length: u32,
    activity: f64,
    is_learnt: bool,
}

impl Clause {
    fn range(self) -> Range<usize> {
        self.start as usize..(self.start + self.length) as usize
    }
}

/// A clause that watches a literal, and another literal of it: while that one holds, the clause
/// need not be looked at.
#[derive(Clone, Copy, Debug)]
struct Watch {
    clause: u32,
    other: Lit,
    /// Whether these two are all of it.
    is_binary: bool,
}

/// What a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Nothing but itself.
    Free,
    /// That the class of a variable over classes is in a set, by its place there.
    Class { var: u32, member: u32 },
    /// That one of some literals holds: where they stand among the parts.
    Any { start: u32, end: u32 },
}

/// A variable over classes, and all literals about it.
#[derive(Clone, Debug)]
struct Classes {
    size: usize,
    /// Words of a set.
    words: usize,
    /// Those that are left.
    left: Vec<u64>,
    /// Variables that say that it is in a set.
    members: Vec<u32>,
    /// Their sets, one after the other.
    sets: Vec<u64>,
    by_set: HashMap<Set, usize>,
    /// Literals about it that have been propagated, in order.
    assigned: Vec<Lit>,
}

impl Classes {
    fn set(&self, member: u32) -> &[u64] {
        &self.sets[member as usize * self.words..][..self.words]
    }
}

/// What has been left before a literal was propagated.
#[derive(Clone, Copy, Debug)]
struct Before {
    at: usize,
    var: usize,
    /// Where the words begin.
    start: usize,
}

/// A set of clauses, and the search.
///
/// Most clauses define a literal by others, and are always met by what follows from the rest. So
/// only what a question is about is decided: its literals, what these are defined by, and clauses
/// that define nothing.
#[derive(Clone, Debug)]
pub(crate) struct Solver {
    truths: Vec<Option<bool>>,
    levels: Vec<u32>,
    reasons: Vec<Reason>,
    positions: Vec<usize>,
    phases: Vec<bool>,
    meanings: Vec<Meaning>,
    parts: Vec<Lit>,
    by_parts: HashMap<Box<[Lit]>, Lit>,
    /// Literals of clauses that define nothing.
    required: Vec<Lit>,
    /// By variable: the last question that it was part of.
    asked: Vec<u32>,
    question: u32,
    trail: Vec<Lit>,
    starts: Vec<usize>,
    head: usize,
    literals: Vec<Lit>,
    clauses: Vec<Clause>,
    /// Clauses by the literal that, once false, has them looked at.
    watches: Vec<Vec<Watch>>,
    order: Queue,
    clause_increment: f64,
    learnt: usize,
    classes: Vec<Classes>,
    before: Vec<Before>,
    before_words: Vec<u64>,
    seen: Vec<bool>,
    /// Whether the clauses alone contradict each other.
    is_broken: bool,
    /// Steps taken so far, of all searches.
    steps: u64,
}

impl Solver {
    pub(crate) fn new() -> Self {
        let mut solver = Self {
            truths: Vec::new(),
            levels: Vec::new(),
            reasons: Vec::new(),
            positions: Vec::new(),
            phases: Vec::new(),
            meanings: Vec::new(),
            parts: Vec::new(),
            by_parts: HashMap::new(),
            required: Vec::new(),
            asked: Vec::new(),
            question: 0,
            trail: Vec::new(),
            starts: Vec::new(),
            head: 0,
            literals: Vec::new(),
            clauses: Vec::new(),
            watches: Vec::new(),
            order: Queue::default(),
            clause_increment: 1.0,
            learnt: 0,
            classes: Vec::new(),
            before: Vec::new(),
            before_words: Vec::new(),
            seen: Vec::new(),
            is_broken: false,
            steps: 0,
        };
        let always = solver.boolean();
        solver.add(&[always]);
        solver
    }

    /// Steps taken so far: literals propagated, clauses and sets looked at.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// A new Boolean variable.
    pub(crate) fn boolean(&mut self) -> Lit {
        let variable = self.truths.len();
        self.truths.push(None);
        self.levels.push(0);
        self.reasons.push(Reason::Decision);
        self.positions.push(usize::MAX);
        self.phases.push(false);
        self.meanings.push(Meaning::Free);
        self.asked.push(0);
        self.watches.push(Vec::new());
        self.watches.push(Vec::new());
        self.seen.push(false);
        self.order.grow();
        Lit::of(variable)
    }

    /// A new variable over so many classes.
    pub(crate) fn variable(&mut self, size: usize) -> Var {
        self.is_broken |= size == 0;
        self.classes.push(Classes {
            size,
            words: size.div_ceil(64),
            left: Set::all(size).words().to_vec(),
            members: Vec::new(),
            sets: Vec::new(),
            by_set: HashMap::new(),
            assigned: Vec::new(),
        });
        Var(self.classes.len() - 1)
    }

    /// Says that the variable's class is in the set.
    pub(crate) fn is_in(&mut self, var: Var, set: &Set) -> Lit {
        let size = self.classes[var.0].size;
        if set.is_empty() {
            return Lit::FALSE;
        }
        if set.count() == size {
            return Lit::TRUE;
        }
        // A set and its complement are one variable: the one without class 0.
        let is_flipped = set.has(0);
        let set = if is_flipped { set.complement(size) } else { set.clone() };
        let known = self.classes[var.0].by_set.get(&set).copied();
        let variable = known.unwrap_or_else(|| {
            self.backtrack(0);
            let variable = self.boolean().variable();
            let classes = &mut self.classes[var.0];
            self.meanings[variable] =
                Meaning::Class { var: var.0 as u32, member: classes.members.len() as u32 };
            classes.by_set.insert(set.clone(), variable);
            classes.members.push(variable as u32);
            classes.sets.extend(set.words());
            // What is left at the root may settle it.
            let forced = implied(&classes.left, set.words());
            if let Some(truth) = forced {
                let literal = Lit::of(variable);
                self.enqueue(if truth { literal } else { !literal }, Reason::Classes);
            }
            variable
        });
        let literal = Lit::of(variable);
        if is_flipped { !literal } else { literal }
    }

    /// Adds a clause: one of the literals holds.
    pub(crate) fn add(&mut self, literals: &[Lit]) {
        self.required.extend(literals);
        self.clause(literals);
    }

    fn clause(&mut self, literals: &[Lit]) {
        self.backtrack(0);
        let mut clause = literals.to_vec();
        clause.sort_unstable();
        clause.dedup();
        let is_always = clause.windows(2).any(|pair| matches!(pair, [a, b] if *a == !*b))
            || clause.iter().any(|literal| self.truth(*literal) == Some(true));
        if is_always {
            return;
        }
        clause.retain(|literal| self.truth(*literal).is_none());
        match clause.as_slice() {
            [] => self.is_broken = true,
            [literal] => self.enqueue(*literal, Reason::Decision),
            _ => {
                self.attach(&clause, false);
            }
        }
    }

    /// Says that all of the literals hold, as one literal.
    pub(crate) fn all(&mut self, literals: &[Lit]) -> Lit {
        let negated: Vec<Lit> = literals.iter().map(|literal| !*literal).collect();
        !self.any(&negated)
    }

    /// Says that one of the literals holds, as one literal: of the same literals the same one.
    pub(crate) fn any(&mut self, literals: &[Lit]) -> Lit {
        self.backtrack(0);
        let mut parts = literals.to_vec();
        parts.sort_unstable();
        parts.dedup();
        parts.retain(|literal| self.truth(*literal) != Some(false));
        let is_always = parts.iter().any(|literal| self.truth(*literal) == Some(true))
            || parts.windows(2).any(|pair| matches!(pair, [a, b] if *a == !*b));
        if is_always {
            return Lit::TRUE;
        }
        match parts.as_slice() {
            [] => return Lit::FALSE,
            [literal] => return *literal,
            _ => {}
        }
        if let Some(known) = self.by_parts.get(parts.as_slice()) {
            return *known;
        }
        let any = self.boolean();
        let start = self.parts.len() as u32;
        self.parts.extend(&parts);
        let end = self.parts.len() as u32;
        self.meanings[any.variable()] = Meaning::Any { start, end };
        self.by_parts.insert(parts.clone().into_boxed_slice(), any);
        for part in &parts {
            self.clause(&[!*part, any]);
        }
        parts.push(!any);
        self.clause(&parts);
        any
    }

    fn truth(&self, literal: Lit) -> Option<bool> {
        self.truths[literal.variable()].map(|truth| truth == literal.is_positive())
    }

    fn attach(&mut self, literals: &[Lit], is_learnt: bool) -> usize {
        let number = self.clauses.len();
        let start = self.literals.len() as u32;
        self.literals.extend(literals);
        let clause = Clause {
            start,
            length: literals.len() as u32,
            activity: self.clause_increment,
            is_learnt,
        };
        self.clauses.push(clause);
        self.watch(number);
        self.learnt += usize::from(is_learnt);
        number
    }

    /// Has a clause looked at when one of its first two literals becomes false.
    fn watch(&mut self, number: usize) {
        let clause = self.clauses[number];
        let literals = &self.literals[clause.range()];
        let (first, second) = (literals[0], literals[1]);
        let is_binary = literals.len() == 2;
        let watch = |other| Watch { clause: number as u32, other, is_binary };
        self.watches[first.index()].push(watch(second));
        self.watches[second.index()].push(watch(first));
    }

    fn enqueue(&mut self, literal: Lit, reason: Reason) {
        let variable = literal.variable();
        match self.truth(literal) {
            Some(true) => return,
            Some(false) => {
                // Only at the root: elsewhere it is asked first.
                self.is_broken = true;
                return;
            }
            None => {}
        }
        self.truths[variable] = Some(literal.is_positive());
        self.levels[variable] = self.starts.len() as u32;
        self.reasons[variable] = reason;
        self.positions[variable] = self.trail.len();
        self.trail.push(literal);
    }

    fn backtrack(&mut self, level: usize) {
        let Some(start) = self.starts.get(level).copied() else { return };
        while let Some(before) = self.before.pop_if(|before| before.at >= start) {
            let words = &self.before_words[before.start..];
            self.classes[before.var].left.copy_from_slice(words);
            self.before_words.truncate(before.start);
        }
        for literal in self.trail.drain(start..).rev() {
            let variable = literal.variable();
            if let Meaning::Class { var, .. } = self.meanings[variable] {
                // Those that were not propagated yet are not there.
                self.classes[var as usize].assigned.pop_if(|last| *last == literal);
            }
            self.truths[variable] = None;
            self.phases[variable] = literal.is_positive();
            self.order.free(variable);
        }
        self.head = self.head.min(start);
        self.starts.truncate(level);
    }

    /// Propagates what is on the trail. What it ends with, if it contradicts itself, is a clause
    /// whose literals are all false.
    fn propagate(&mut self) -> Option<Vec<Lit>> {
        while let Some(literal) = self.trail.get(self.head).copied() {
            self.head += 1;
            self.steps += 1;
            if let Meaning::Class { var, member } = self.meanings[literal.variable()]
                && let Some(conflict) = self.narrow(literal, var as usize, member)
            {
                return Some(conflict);
            }
            if let Some(conflict) = self.visit_clauses(!literal) {
                return Some(self.literals[self.clauses[conflict].range()].to_vec());
            }
        }
        None
    }

    /// Visits the clauses that watch a literal that has become false.
    fn visit_clauses(&mut self, falsified: Lit) -> Option<usize> {
        let mut watching = std::mem::take(&mut self.watches[falsified.index()]);
        let mut conflict = None;
        let mut kept = 0;
        let mut at = 0;
        'clauses: while at < watching.len() {
            let watch = watching[at];
            at += 1;
            self.steps += 1;
            let other = self.truth(watch.other);
            if other == Some(true) {
                watching[kept] = watch;
                kept += 1;
                continue;
            }
            let number = watch.clause as usize;
            let range = self.clauses[number].range();
            if watch.is_binary {
                watching[kept] = watch;
                kept += 1;
                if other == Some(false) {
                    conflict = Some(number);
                    break;
                }
                self.enqueue(watch.other, Reason::Clause(watch.clause));
                continue;
            }
            let literals = &mut self.literals[range];
            if literals[0] == falsified {
                literals.swap(0, 1);
            }
            let first = literals[0];
            let truth_of = |literal: Lit| {
                self.truths[literal.variable()].map(|truth| truth == literal.is_positive())
            };
            let watch = Watch { other: first, ..watch };
            if truth_of(first) == Some(true) {
                watching[kept] = watch;
                kept += 1;
                continue;
            }
            for other in 2..literals.len() {
                if truth_of(literals[other]) != Some(false) {
                    literals.swap(1, other);
                    self.watches[literals[1].index()].push(watch);
                    continue 'clauses;
                }
            }
            watching[kept] = watch;
            kept += 1;
            if truth_of(first) == Some(false) {
                conflict = Some(number);
                break;
            }
            self.enqueue(first, Reason::Clause(watch.clause));
        }
        while at < watching.len() {
            watching[kept] = watching[at];
            kept += 1;
            at += 1;
        }
        watching.truncate(kept);
        // What was pushed meanwhile watches another literal.
        self.watches[falsified.index()] = watching;
        conflict
    }

    /// A literal about classes holds: what is left of the variable, and what follows from that.
    fn narrow(&mut self, literal: Lit, var: usize, member: u32) -> Option<Vec<Lit>> {
        let at = self.positions[literal.variable()];
        let Classes { words, left, members, sets, assigned, .. } = &mut self.classes[var];
        assigned.push(literal);
        let flip = if literal.is_positive() { 0 } else { u64::MAX };
        let set = &sets[member as usize * *words..][..*words];
        if left.iter().zip(set).all(|(left, set)| left & (set ^ flip) == *left) {
            return None;
        }
        self.before.push(Before { at, var, start: self.before_words.len() });
        self.before_words.extend(&*left);
        let mut is_empty = true;
        for (left, set) in left.iter_mut().zip(set) {
            *left &= set ^ flip;
            is_empty &= *left == 0;
        }
        if is_empty {
            let everything = Set::all(self.classes[var].size);
            return Some(self.ruled_out(var, &everything, usize::MAX));
        }
        self.steps += members.len() as u64 / 8;
        let level = self.starts.len() as u32;
        for (variable, set) in members.iter().zip(sets.chunks_exact(*words)) {
            let variable = *variable as usize;
            if self.truths[variable].is_some() {
                continue;
            }
            if let Some(truth) = implied(left, set) {
                self.truths[variable] = Some(truth);
                self.levels[variable] = level;
                self.reasons[variable] = Reason::Classes;
                self.positions[variable] = self.trail.len();
                let literal = Lit::of(variable);
                self.trail.push(if truth { literal } else { !literal });
            }
        }
        None
    }

    /// Negations of literals, of those before a place of the trail, that rule the classes out.
    fn ruled_out(&self, var: usize, classes: &Set, before: usize) -> Vec<Lit> {
        let known = &self.classes[var];
        let set_of = |literal: Lit| match self.meanings[literal.variable()] {
            Meaning::Class { member, .. } => known.set(member),
            Meaning::Free | Meaning::Any { .. } => &[],
        };
        let mut open = classes.clone();
        let mut found = Vec::new();
        while !open.is_empty() {
            let best = known
                .assigned
                .iter()
                .filter(|literal| self.positions[literal.variable()] < before)
                .map(|literal| {
                    // It keeps its set if it is positive: the others are ruled out.
                    (open.count_restricted(set_of(*literal), !literal.is_positive()), *literal)
                })
                // Of those that rule out most, the first on the trail.
                .max_by_key(|(count, literal)| {
                    (*count, std::cmp::Reverse(self.positions[literal.variable()]))
                });
            let Some((1.., literal)) = best else { break };
            open = open.restricted(set_of(literal), literal.is_positive());
            found.push(!literal);
        }
        found
    }

    /// The literals of the clause that made a literal hold, without it: all are false.
    fn reason(&self, literal: Lit) -> Vec<Lit> {
        let variable = literal.variable();
        match self.reasons[variable] {
            Reason::Decision => Vec::new(),
            Reason::Clause(number) => self.literals[self.clauses[number as usize].range()]
                .iter()
                .copied()
                .filter(|other| *other != literal)
                .collect(),
            Reason::Classes => {
                let Meaning::Class { var, member } = self.meanings[variable] else {
                    return Vec::new();
                };
                let classes = &self.classes[var as usize];
                let others =
                    Set::all(classes.size).restricted(classes.set(member), !literal.is_positive());
                self.ruled_out(var as usize, &others, self.positions[variable])
            }
        }
    }

    /// Learns from a clause whose literals are all false: a clause that is false now and has one
    /// literal of this level, and the level where that one would be propagated.
    fn learn(&mut self, conflict: Vec<Lit>) -> (Vec<Lit>, usize) {
        let level = self.starts.len() as u32;
        let mut learnt = vec![Lit::TRUE];
        let mut open = 0_usize;
        let mut literals = conflict;
        let mut at = self.trail.len();
        let mut marked = Vec::new();
        loop {
            for literal in literals {
                let variable = literal.variable();
                if self.seen[variable] || self.levels[variable] == 0 {
                    continue;
                }
                self.seen[variable] = true;
                marked.push(variable);
                if self.levels[variable] == level {
                    open += 1;
                } else {
                    learnt.push(literal);
                }
            }
            // The last literal of this level that was met.
            let literal = loop {
                at -= 1;
                let literal = self.trail[at];
                if self.seen[literal.variable()] {
                    break literal;
                }
            };
            open -= 1;
            if open == 0 {
                learnt[0] = !literal;
                break;
            }
            if let Reason::Clause(number) = self.reasons[literal.variable()] {
                self.bump_clause(number as usize);
            }
            literals = self.reason(literal);
        }
        // A literal that the others imply is not needed.
        let mut needed = vec![learnt[0]];
        for literal in &learnt[1..] {
            let is_implied = self.reasons[literal.variable()] != Reason::Decision
                && self.reason(!*literal).iter().all(|part| {
                    let variable = part.variable();
                    self.seen[variable] || self.levels[variable] == 0
                });
            if !is_implied {
                needed.push(*literal);
            }
        }
        for variable in &marked {
            self.seen[*variable] = false;
        }
        // In the order in which they stand.
        marked.sort_unstable_by_key(|variable| self.order.stamp(*variable));
        for variable in &marked {
            self.order.bump(*variable);
        }
        let mut back = 0;
        if needed.len() > 1 {
            let (place, _) = needed
                .iter()
                .enumerate()
                .skip(1)
                .max_by_key(|(_, literal)| self.levels[literal.variable()])
                .unwrap_or((1, &needed[1]));
            needed.swap(1, place);
            back = self.levels[needed[1].variable()] as usize;
        }
        self.clause_increment *= 1.0 / 0.999;
        (needed, back)
    }

    fn bump_clause(&mut self, number: usize) {
        let clause = &mut self.clauses[number];
        clause.activity += self.clause_increment;
        if clause.activity > 1e20 {
            for clause in &mut self.clauses {
                clause.activity *= 1e-20;
            }
            self.clause_increment *= 1e-20;
        }
    }

    /// Which assumptions made a literal false that is an assumption, too.
    fn blame(&mut self, failed: Lit) -> Vec<Lit> {
        let mut core = vec![failed];
        let mut marked = vec![failed.variable()];
        self.seen[failed.variable()] = true;
        for at in (0..self.trail.len()).rev() {
            let literal = self.trail[at];
            let variable = literal.variable();
            if !self.seen[variable] || self.levels[variable] == 0 {
                continue;
            }
            if self.reasons[variable] == Reason::Decision {
                // At these levels only assumptions are decided, a failed one's opposite included.
                core.push(literal);
                continue;
            }
            for part in self.reason(literal) {
                if !self.seen[part.variable()] {
                    self.seen[part.variable()] = true;
                    marked.push(part.variable());
                }
            }
        }
        for variable in marked {
            self.seen[variable] = false;
        }
        core.sort_unstable();
        core.dedup();
        core
    }

    /// Searches for a way in which the clauses and the assumptions hold, with so many steps.
    pub(crate) fn solve(&mut self, assumptions: &[Lit], budget: u64) -> Answer {
        self.backtrack(0);
        self.ask(assumptions);
        let end = self.steps.saturating_add(budget);
        let mut conflicts = 0_u64;
        let mut restarts = 0_u32;
        if self.is_broken {
            return Answer::Contradicts(Vec::new());
        }
        loop {
            if let Some(conflict) = self.propagate() {
                if self.starts.is_empty() {
                    self.is_broken = true;
                    return Answer::Contradicts(Vec::new());
                }
                // A conflict may stand below the present level: all of it was there before.
                let highest = conflict.iter().map(|literal| self.levels[literal.variable()]).max();
                match highest {
                    Some(0) | None => {
                        self.is_broken = true;
                        return Answer::Contradicts(Vec::new());
                    }
                    Some(level) => self.backtrack(level as usize),
                }
                conflicts += 1;
                let (clause, back) = self.learn(conflict);
                self.backtrack(back);
                let first = clause[0];
                if clause.len() == 1 {
                    self.enqueue(first, Reason::Decision);
                } else {
                    let number = self.attach(&clause, true);
                    self.enqueue(first, Reason::Clause(number as u32));
                }
                continue;
            }
            if self.steps >= end {
                self.backtrack(0);
                return Answer::OutOfBudget;
            }
            if conflicts >= 128 * u64::from(luby(restarts)) {
                conflicts = 0;
                restarts += 1;
                self.backtrack(0);
                if self.learnt > 20_000 {
                    self.forget();
                }
                continue;
            }
            match self.next(assumptions) {
                Next::Decide(literal) => {
                    self.starts.push(self.trail.len());
                    self.enqueue(literal, Reason::Decision);
                }
                Next::Skip => self.starts.push(self.trail.len()),
                Next::Fails(literal) => {
                    let core = self.blame(literal);
                    self.backtrack(0);
                    return Answer::Contradicts(core);
                }
                Next::Done => {
                    let model = self.model();
                    self.backtrack(0);
                    return Answer::Holds(model);
                }
            }
        }
    }

    fn next(&mut self, assumptions: &[Lit]) -> Next {
        if let Some(literal) = assumptions.get(self.starts.len()) {
            return match self.truth(*literal) {
                Some(true) => Next::Skip,
                Some(false) => Next::Fails(*literal),
                None => Next::Decide(*literal),
            };
        }
        let (truths, asked, question) = (&self.truths, &self.asked, self.question);
        let is_open = |variable: usize| truths[variable].is_none() && asked[variable] == question;
        match self.order.next(is_open) {
            None => Next::Done,
            Some(variable) => {
                let literal = Lit::of(variable);
                Next::Decide(if self.phases[variable] { literal } else { !literal })
            }
        }
    }

    /// Notes what a question is about.
    fn ask(&mut self, assumptions: &[Lit]) {
        self.question += 1;
        let mut open: Vec<usize> =
            assumptions.iter().chain(&self.required).map(|literal| literal.variable()).collect();
        while let Some(variable) = open.pop() {
            if std::mem::replace(&mut self.asked[variable], self.question) == self.question {
                continue;
            }
            if let Meaning::Any { start, end } = self.meanings[variable] {
                let parts = &self.parts[start as usize..end as usize];
                open.extend(parts.iter().map(|literal| literal.variable()));
            }
        }
        self.order.rewind();
    }

    /// What has been found, and what follows from it: of what is left of a variable any class will
    /// do.
    fn model(&self) -> Model {
        let classes: Vec<usize> =
            self.classes.iter().map(|known| set::first(&known.left).unwrap_or_default()).collect();
        let mut truths: Vec<bool> = Vec::with_capacity(self.truths.len());
        // What a variable is defined by has lower numbers.
        for (variable, meaning) in self.meanings.iter().enumerate() {
            let truth = match *meaning {
                Meaning::Free => self.truths[variable].unwrap_or(false),
                Meaning::Class { var, member } => {
                    let class = classes[var as usize];
                    let word = self.classes[var as usize].set(member)[class / 64];
                    word >> (class % 64) & 1 == 1
                }
                Meaning::Any { start, end } => self.parts[start as usize..end as usize]
                    .iter()
                    .any(|part| truths[part.variable()] == part.is_positive()),
            };
            debug_assert!(
                self.asked[variable] != self.question || self.truths[variable] == Some(truth),
                "what is asked about is decided"
            );
            truths.push(truth);
        }
        Model { classes, truths }
    }

    /// Drops half of the learnt clauses, those of least use. Only at the root.
    fn forget(&mut self) {
        let mut activities: Vec<f64> = self
            .clauses
            .iter()
            .filter(|clause| clause.is_learnt && clause.length > 2)
            .map(|clause| clause.activity)
            .collect();
        activities.sort_unstable_by(f64::total_cmp);
        let Some(median) = activities.get(activities.len() / 2).copied() else { return };
        self.clauses
            .retain(|clause| !clause.is_learnt || clause.length <= 2 || clause.activity >= median);
        self.learnt = self.clauses.iter().filter(|clause| clause.is_learnt).count();
        self.watches.iter_mut().for_each(Vec::clear);
        let old = std::mem::take(&mut self.literals);
        for number in 0..self.clauses.len() {
            let clause = &mut self.clauses[number];
            let range = clause.range();
            clause.start = self.literals.len() as u32;
            self.literals.extend(&old[range]);
            self.watch(number);
        }
        // At the root reasons are never asked for, and every clause may have become unit there.
        for variable in 0..self.reasons.len() {
            self.reasons[variable] = Reason::Decision;
        }
        self.head = 0;
        for known in &mut self.classes {
            known.assigned.clear();
        }
    }
}

/// Whether a variable is in a set, if what is left of its classes says so.
fn implied(left: &[u64], set: &[u64]) -> Option<bool> {
    let (mut inside, mut outside) = (0, 0);
    for (left, set) in left.iter().zip(set) {
        inside |= left & set;
        outside |= left & !set;
    }
    if outside == 0 {
        Some(true)
    } else if inside == 0 {
        Some(false)
    } else {
        None
    }
}

enum Next {
    Decide(Lit),
    Skip,
    Fails(Lit),
    Done,
}

/// The sequence of Luby, Sinclair and Zuckerman (1993): 1 1 2 1 1 2 4 ...
fn luby(mut index: u32) -> u32 {
    let mut size = 1_u32;
    while size < index + 1 {
        size = 2 * size + 1;
    }
    while size - 1 != index {
        size = (size - 1) / 2;
        index %= size;
    }
    size.div_ceil(2)
}

#[cfg(test)]
mod tests;
