//! Automata over bytes run side by side, as one graph: its states, and which kinds of texts end in them.

#![expect(clippy::indexing_slicing, reason = "numbers are those of states, kinds and bytes")]

use super::machine::{Machine, START, alphabet, utf8};
use super::numbered::Numbered;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// No state.
const NONE: u32 = u32::MAX;
/// States times kinds, at most.
const MAX_RESTS: usize = 1_000_000;

/// The graph.
#[derive(Debug)]
pub(super) struct Graph {
    alphabet: Vec<u8>,
    /// By state and byte of the alphabet.
    next: Vec<u32>,
    /// By state: the kind of the texts that end there, if texts can.
    kind: Vec<Option<u32>>,
    kinds: u32,
    /// By state but the first: the state before it on a shortest way, and the byte.
    way: Vec<(u32, u8)>,
    /// By state: states before it, and by which byte; of up to two bytes.
    before: Vec<Vec<(u32, u8)>>,
    /// By kind and state: the byte that leads nearer to a text of the kind, and where to.
    rests: Vec<(u8, u32)>,
    /// By state: the set of kinds of texts that can come of it.
    reach: Vec<u32>,
    sets: Numbered<Rc<[u32]>>,
    /// By kind: the set of it alone.
    own: Vec<u32>,
}

impl Graph {
    /// `None` beyond so many steps, or where there are too many kinds.
    pub(super) fn new(machines: &mut [Machine<'_>], budget: usize) -> Option<Self> {
        // Two bytes that nothing tells apart: one for each text.
        let alphabet = alphabet(machines, 2);
        let mut states: Numbered<Rc<[u32]>> = Numbered::default();
        states.number(vec![START; machines.len() + 1].into());
        let mut kinds: HashMap<Vec<u32>, u32> = HashMap::new();
        let (mut next, mut kind) = (Vec::new(), Vec::new());
        let mut way = vec![(NONE, 0)];
        let mut before: Vec<Vec<(u32, u8)>> = vec![Vec::new()];
        while kind.len() < states.all().len() {
            let number = kind.len() as u32;
            if next.len() > budget {
                return None;
            }
            let state = Rc::clone(states.get(number));
            let place = state.last().map_or(0, |place| *place as u8);
            kind.push((place == 0).then(|| {
                let signs = machines.iter_mut().zip(&*state);
                let signs = signs.map(|(machine, state)| machine.sign(*state)).collect();
                let new = kinds.len() as u32;
                *kinds.entry(signs).or_insert(new)
            }));
            for byte in &alphabet {
                let Some(after) = utf8(place, *byte) else {
                    next.push(NONE);
                    continue;
                };
                let ways = machines.iter_mut().zip(&*state);
                let mut to: Vec<u32> =
                    ways.map(|(machine, state)| machine.step(*state, *byte, place == 0)).collect();
                to.push(u32::from(after));
                let to = states.number(to.into());
                next.push(to);
                if to as usize == way.len() {
                    way.push((number, *byte));
                    before.push(Vec::new());
                }
                let before = &mut before[to as usize];
                if before.len() < 2 && before.iter().all(|(_, known)| known != byte) {
                    before.push((number, *byte));
                }
            }
        }
        let kinds = kinds.len() as u32;
        let (sets, own) = (Numbered::default(), Vec::new());
        let (rests, reach) = (Vec::new(), Vec::new());
        let mut graph = Self { alphabet, next, kind, kinds, way, before, rests, reach, sets, own };
        graph.note_rests()?;
        Some(graph)
    }

    /// How a text of each kind is had from each state.
    fn note_rests(&mut self) -> Option<()> {
        let size = self.kind.len();
        if size * self.kinds as usize > MAX_RESTS {
            return None;
        }
        let mut before: Vec<Vec<(u32, u8)>> = vec![Vec::new(); size];
        for state in 0..size as u32 {
            for (byte, next) in self.next(state) {
                before[next as usize].push((state, byte));
            }
        }
        self.rests = vec![(0, NONE); size * self.kinds as usize];
        let mut reach: Vec<Vec<u32>> = vec![Vec::new(); size];
        for kind in 0..self.kinds {
            let rests = &mut self.rests[kind as usize * size..][..size];
            let ends = (0..size as u32).filter(|state| self.kind[*state as usize] == Some(kind));
            let mut queue: VecDeque<u32> = ends.collect();
            // What ends there needs nothing more.
            for state in &queue {
                rests[*state as usize] = (0, *state);
            }
            while let Some(state) = queue.pop_front() {
                reach[state as usize].push(kind);
                for (from, byte) in &before[state as usize] {
                    if rests[*from as usize].1 == NONE {
                        rests[*from as usize] = (*byte, state);
                        queue.push_back(*from);
                    }
                }
            }
        }
        self.reach = reach.into_iter().map(|kinds| self.sets.number(kinds.into())).collect();
        self.own = (0..self.kinds).map(|kind| self.sets.number([kind].into())).collect();
        Some(())
    }

    pub(super) fn size(&self) -> u32 {
        self.kind.len() as u32
    }

    pub(super) fn kinds(&self) -> u32 {
        self.kinds
    }

    /// The kind of the texts that end in the state, if texts can.
    pub(super) fn kind(&self, state: u32) -> Option<u32> {
        self.kind[state as usize]
    }

    pub(super) fn next(&self, state: u32) -> impl Iterator<Item = (u8, u32)> + use<'_> {
        let row = &self.next[state as usize * self.alphabet.len()..];
        let all = self.alphabet.iter().copied().zip(row.iter().copied());
        all.filter(|(_, next)| *next != NONE)
    }

    /// The state behind a byte of the alphabet.
    pub(super) fn step(&self, state: u32, byte: u8) -> Option<u32> {
        self.next(state).find(|(known, _)| *known == byte).map(|(_, next)| next)
    }

    /// States before it, by up to two bytes.
    pub(super) fn before(&self, state: u32) -> &[(u32, u8)] {
        &self.before[state as usize]
    }

    /// The set of kinds of texts that can come of a state.
    pub(super) fn reach(&self, state: u32) -> u32 {
        self.reach[state as usize]
    }

    /// The set of the kind of the texts that end in it.
    pub(super) fn own_reach(&self, state: u32) -> Option<u32> {
        self.kind(state).map(|kind| self.own[kind as usize])
    }

    pub(super) fn kinds_of(&self, set: u32) -> &[u32] {
        self.sets.get(set)
    }

    /// A shortest text that ends in the state.
    pub(super) fn way_to(&self, mut state: u32) -> Vec<u8> {
        let mut text = Vec::new();
        while state != 0 {
            let (before, byte) = self.way[state as usize];
            text.push(byte);
            state = before;
        }
        text.reverse();
        text
    }

    /// What a state lacks to a text of the kind.
    pub(super) fn rest(&self, mut state: u32, kind: u32) -> Option<Vec<u8>> {
        let rests = &self.rests[kind as usize * self.kind.len()..];
        let mut text = Vec::new();
        loop {
            match rests[state as usize] {
                (_, NONE) => return None,
                (_, next) if next == state && self.kind(state) == Some(kind) => return Some(text),
                (byte, next) => {
                    text.push(byte);
                    state = next;
                }
            }
        }
    }

    /// So many texts of a kind, shortest first, or all that there are.
    pub(super) fn texts(&self, kind: u32, most: usize, budget: &mut usize) -> Option<Vec<Vec<u8>>> {
        let mut counts = vec![0_usize; self.kind.len()];
        let mut steps = vec![(usize::MAX, 0_u8, 0_u32)];
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((_, _, state)) = steps.get(at).copied() {
            if self.kind(state) == Some(kind) {
                let mut text = Vec::new();
                let mut from = at;
                while from != 0 {
                    let (before, byte, _) = steps[from];
                    text.push(byte);
                    from = before;
                }
                text.reverse();
                found.push(text);
                if found.len() == most {
                    break;
                }
            }
            for (byte, next) in self.next(state) {
                *budget = budget.checked_sub(1)?;
                let count = &mut counts[next as usize];
                // More ways to a state than texts are wanted do not count.
                if *count < most && self.reaches(next, kind) {
                    *count += 1;
                    steps.push((at, byte, next));
                }
            }
            at += 1;
        }
        Some(found)
    }

    fn reaches(&self, state: u32, kind: u32) -> bool {
        self.rests[kind as usize * self.kind.len() + state as usize].1 != NONE
    }
}
