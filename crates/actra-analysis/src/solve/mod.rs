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

mod heap;
mod set;

pub(crate) use set::Set;

use heap::Heap;
use std::collections::HashMap;
use std::ops::Not;

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

/// A way for everything to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    classes: Vec<Set>,
    truths: Vec<bool>,
}

impl Model {
    /// The least class that the variable can have.
    pub(crate) fn class(&self, var: Var) -> Option<usize> {
        self.classes.get(var.0).and_then(Set::first)
    }

    pub(crate) fn is_true(&self, literal: Lit) -> bool {
        self.truths.get(literal.variable()).is_some_and(|truth| *truth == literal.is_positive())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Decision,
    Clause(usize),
    /// The classes that are left of a variable.
    Classes,
}

#[derive(Clone, Debug)]
struct Clause {
    literals: Vec<Lit>,
    activity: f64,
    is_learnt: bool,
}

/// A variable over classes, and all literals about it.
#[derive(Clone, Debug)]
struct Classes {
    size: usize,
    /// Those that are left.
    left: Set,
    members: Vec<(usize, Set)>,
    by_set: HashMap<Set, usize>,
    /// Literals about it that have been propagated, in order.
    assigned: Vec<Lit>,
}

/// What has been left before a literal was propagated.
#[derive(Clone, Debug)]
struct Before {
    at: usize,
    var: usize,
    left: Set,
}

/// A set of clauses, and the search.
#[derive(Clone, Debug)]
pub(crate) struct Solver {
    truths: Vec<Option<bool>>,
    levels: Vec<usize>,
    reasons: Vec<Reason>,
    positions: Vec<usize>,
    phases: Vec<bool>,
    /// The variable over classes that a Boolean variable is about, and its place there.
    about: Vec<Option<(usize, usize)>>,
    trail: Vec<Lit>,
    starts: Vec<usize>,
    head: usize,
    clauses: Vec<Clause>,
    /// Clauses by the literal that, once false, has them looked at.
    watches: Vec<Vec<usize>>,
    order: Heap,
    increment: f64,
    clause_increment: f64,
    learnt: usize,
    classes: Vec<Classes>,
    before: Vec<Before>,
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
            about: Vec::new(),
            trail: Vec::new(),
            starts: Vec::new(),
            head: 0,
            clauses: Vec::new(),
            watches: Vec::new(),
            order: Heap::default(),
            increment: 1.0,
            clause_increment: 1.0,
            learnt: 0,
            classes: Vec::new(),
            before: Vec::new(),
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
        self.about.push(None);
        self.watches.push(Vec::new());
        self.watches.push(Vec::new());
        self.seen.push(false);
        self.order.grow();
        self.order.insert(variable);
        Lit::of(variable)
    }

    /// A new variable over so many classes.
    pub(crate) fn variable(&mut self, size: usize) -> Var {
        self.is_broken |= size == 0;
        self.classes.push(Classes {
            size,
            left: Set::all(size),
            members: Vec::new(),
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
            self.about[variable] = Some((var.0, classes.members.len()));
            classes.by_set.insert(set.clone(), variable);
            let left = classes.left.clone();
            classes.members.push((variable, set.clone()));
            // What is left at the root may settle it.
            let forced = if left.is_within(&set) {
                Some(true)
            } else if left.meets(&set) {
                None
            } else {
                Some(false)
            };
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
                self.attach(clause, false);
            }
        }
    }

    /// Says that all of the literals hold, as one literal.
    pub(crate) fn all(&mut self, literals: &[Lit]) -> Lit {
        let negated: Vec<Lit> = literals.iter().map(|literal| !*literal).collect();
        !self.any(&negated)
    }

    /// Says that one of the literals holds, as one literal.
    pub(crate) fn any(&mut self, literals: &[Lit]) -> Lit {
        let mut parts = literals.to_vec();
        parts.sort_unstable();
        parts.dedup();
        parts.retain(|literal| *literal != Lit::FALSE);
        let is_always = parts.contains(&Lit::TRUE)
            || parts.windows(2).any(|pair| matches!(pair, [a, b] if *a == !*b));
        if is_always {
            return Lit::TRUE;
        }
        match parts.as_slice() {
            [] => Lit::FALSE,
            [literal] => *literal,
            _ => {
                let any = self.boolean();
                for part in &parts {
                    self.add(&[!*part, any]);
                }
                parts.push(!any);
                self.add(&parts);
                any
            }
        }
    }

    fn truth(&self, literal: Lit) -> Option<bool> {
        self.truths[literal.variable()].map(|truth| truth == literal.is_positive())
    }

    fn attach(&mut self, literals: Vec<Lit>, is_learnt: bool) -> usize {
        let number = self.clauses.len();
        self.watches[literals[0].index()].push(number);
        self.watches[literals[1].index()].push(number);
        self.clauses.push(Clause { literals, activity: self.clause_increment, is_learnt });
        self.learnt += usize::from(is_learnt);
        number
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
        self.levels[variable] = self.starts.len();
        self.reasons[variable] = reason;
        self.positions[variable] = self.trail.len();
        self.trail.push(literal);
    }

    fn backtrack(&mut self, level: usize) {
        let Some(start) = self.starts.get(level).copied() else { return };
        while self.before.last().is_some_and(|before| before.at >= start) {
            if let Some(before) = self.before.pop() {
                self.classes[before.var].left = before.left;
            }
        }
        for literal in self.trail.drain(start..).rev() {
            let variable = literal.variable();
            if let Some((var, _)) = self.about[variable] {
                // Those that were not propagated yet are not there.
                self.classes[var].assigned.pop_if(|last| *last == literal);
            }
            self.truths[variable] = None;
            self.phases[variable] = literal.is_positive();
            self.order.insert(variable);
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
            if let Some((var, member)) = self.about[literal.variable()]
                && let Some(conflict) = self.narrow(literal, var, member)
            {
                return Some(conflict);
            }
            if let Some(conflict) = self.visit_clauses(!literal) {
                return Some(self.clauses[conflict].literals.clone());
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
            let number = watching[at];
            at += 1;
            self.steps += 1;
            let literals = &mut self.clauses[number].literals;
            if literals[0] == falsified {
                literals.swap(0, 1);
            }
            let first = literals[0];
            let truth_of = |truths: &[Option<bool>], literal: Lit| {
                truths[literal.variable()].map(|truth| truth == literal.is_positive())
            };
            if truth_of(&self.truths, first) == Some(true) {
                watching[kept] = number;
                kept += 1;
                continue;
            }
            for other in 2..literals.len() {
                if truth_of(&self.truths, literals[other]) != Some(false) {
                    literals.swap(1, other);
                    let watched = literals[1];
                    self.watches[watched.index()].push(number);
                    continue 'clauses;
                }
            }
            watching[kept] = number;
            kept += 1;
            if truth_of(&self.truths, first) == Some(false) {
                conflict = Some(number);
                break;
            }
            self.enqueue(first, Reason::Clause(number));
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
    fn narrow(&mut self, literal: Lit, var: usize, member: usize) -> Option<Vec<Lit>> {
        let classes = &mut self.classes[var];
        classes.assigned.push(literal);
        let (_, set) = &classes.members[member];
        let left = classes.left.restricted(set, literal.is_positive());
        if left == classes.left {
            return None;
        }
        let at = self.positions[literal.variable()];
        let old = std::mem::replace(&mut classes.left, left);
        self.before.push(Before { at, var, left: old });
        let classes = &self.classes[var];
        if classes.left.is_empty() {
            let everything = Set::all(classes.size);
            return Some(self.ruled_out(var, &everything, usize::MAX));
        }
        self.steps += classes.members.len() as u64 / 8;
        let mut implied = Vec::new();
        for (variable, set) in &classes.members {
            if self.truths[*variable].is_some() {
                continue;
            }
            if classes.left.is_within(set) {
                implied.push(Lit::of(*variable));
            } else if !classes.left.meets(set) {
                implied.push(!Lit::of(*variable));
            }
        }
        for literal in implied {
            self.enqueue(literal, Reason::Classes);
        }
        None
    }

    /// Negations of literals, of those before a place of the trail, that rule the classes out.
    fn ruled_out(&self, var: usize, classes: &Set, before: usize) -> Vec<Lit> {
        let known = &self.classes[var];
        let set_of = |literal: Lit| {
            let (_, member) = self.about[literal.variable()].unwrap_or_default();
            &known.members[member].1
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
            Reason::Clause(number) => self.clauses[number]
                .literals
                .iter()
                .copied()
                .filter(|other| *other != literal)
                .collect(),
            Reason::Classes => {
                let Some((var, member)) = self.about[variable] else { return Vec::new() };
                let classes = &self.classes[var];
                let (_, set) = &classes.members[member];
                let others = Set::all(classes.size).restricted(set, !literal.is_positive());
                self.ruled_out(var, &others, self.positions[variable])
            }
        }
    }

    /// Learns from a clause whose literals are all false: a clause that is false now and has one
    /// literal of this level, and the level where that one would be propagated.
    fn learn(&mut self, conflict: Vec<Lit>) -> (Vec<Lit>, usize) {
        let level = self.starts.len();
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
                self.bump(variable);
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
                self.bump_clause(number);
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
        for variable in marked {
            self.seen[variable] = false;
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
            back = self.levels[needed[1].variable()];
        }
        self.increment *= 1.0 / 0.95;
        self.clause_increment *= 1.0 / 0.999;
        (needed, back)
    }

    fn bump(&mut self, variable: usize) {
        if self.order.bump(variable, self.increment) > 1e100 {
            self.order.rescale(1e-100);
            self.increment *= 1e-100;
        }
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
                    Some(level) => self.backtrack(level),
                }
                conflicts += 1;
                let (clause, back) = self.learn(conflict);
                self.backtrack(back);
                let first = clause[0];
                if clause.len() == 1 {
                    self.enqueue(first, Reason::Decision);
                } else {
                    let number = self.attach(clause, true);
                    self.enqueue(first, Reason::Clause(number));
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
                    let model = Model {
                        classes: self.classes.iter().map(|known| known.left.clone()).collect(),
                        truths: self.truths.iter().map(|truth| *truth == Some(true)).collect(),
                    };
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
        while let Some(variable) = self.order.pop() {
            if self.truths[variable].is_none() {
                let literal = Lit::of(variable);
                return Next::Decide(if self.phases[variable] { literal } else { !literal });
            }
        }
        Next::Done
    }

    /// Drops half of the learnt clauses, those of least use. Only at the root.
    fn forget(&mut self) {
        let mut activities: Vec<f64> = self
            .clauses
            .iter()
            .filter(|clause| clause.is_learnt && clause.literals.len() > 2)
            .map(|clause| clause.activity)
            .collect();
        activities.sort_unstable_by(f64::total_cmp);
        let Some(median) = activities.get(activities.len() / 2).copied() else { return };
        self.clauses.retain(|clause| {
            !clause.is_learnt || clause.literals.len() <= 2 || clause.activity >= median
        });
        self.learnt = self.clauses.iter().filter(|clause| clause.is_learnt).count();
        for watches in &mut self.watches {
            watches.clear();
        }
        for (number, clause) in self.clauses.iter().enumerate() {
            for literal in clause.literals.iter().take(2) {
                self.watches[literal.index()].push(number);
            }
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
