//! Tests of text as automata over bytes, run side by side.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers of nodes, states and steps are the automata's own"
)]

use super::cycles::{Edges, cycles};
use super::host::{Hosts, TOO_MANY};
use super::numbered::Numbered;
use super::path::Paths;
use actra_bytecode::dfa::Dfa;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;

/// A state of one automaton.
type State = u32;

/// Where each begins.
pub(super) const START: State = 0;

/// One automaton: reads bytes, and what its state stands for tells strings apart.
#[derive(Debug)]
pub(super) enum Machine<'p> {
    /// Which of some strings it is.
    Equal(Trie),
    /// With which of some strings it begins.
    Begins(Trie),
    /// With which of some strings it ends.
    Ends(Trie),
    /// Which of some strings are in it.
    Holds(Trie, Seen),
    /// Whether a pattern matches.
    Pattern(&'p Dfa),
    /// How many code points it has: the numbers of them from which on a test may say otherwise.
    Length(Vec<u32>),
    /// Whether it is a path, and in which directory.
    Paths(Paths),
    /// Which host it is, or has.
    Hosts(Box<Hosts>),
}

/// Strings as a tree.
#[derive(Debug, Default)]
pub(super) struct Trie {
    next: Vec<BTreeMap<u8, u32>>,
    /// The longest of the strings that ends here, or above here where beginnings are asked for.
    last: Vec<Option<u32>>,
    /// The node of the longest end of this one that begins a string.
    fallback: Vec<u32>,
    /// The nearest node along these that is a string.
    found: Vec<Option<u32>>,
}

/// Which strings have been seen: a place in the tree, and a set of strings.
type Seen = Numbered<(u32, Vec<u32>)>;

/// No string can come of it any more.
const DEAD: State = u32::MAX;
/// Marks a state outside of the tree; the rest is the string that it began with, plus one.
const OUTSIDE: State = 1 << 31;

impl Trie {
    pub(super) fn new(strings: &[String]) -> Self {
        let mut trie = Self::default();
        trie.push();
        for string in strings {
            let mut node = 0_u32;
            for byte in string.bytes() {
                node = if let Some(next) = trie.next[node as usize].get(&byte) {
                    *next
                } else {
                    let next = trie.push();
                    trie.next[node as usize].insert(byte, next);
                    next
                };
            }
            trie.last[node as usize] = Some(node);
        }
        // Aho and Corasick (1975).
        let mut queue = VecDeque::from([0_u32]);
        while let Some(node) = queue.pop_front() {
            let children: Vec<(u8, u32)> =
                trie.next[node as usize].iter().map(|(byte, next)| (*byte, *next)).collect();
            for (byte, child) in children {
                let fallback =
                    if node == 0 { 0 } else { trie.follow(trie.fallback[node as usize], byte) };
                trie.fallback[child as usize] = fallback;
                let own = trie.last[child as usize];
                trie.found[child as usize] = own.or(trie.found[fallback as usize]);
                queue.push_back(child);
            }
        }
        trie.found[0] = trie.last[0];
        trie
    }

    fn push(&mut self) -> u32 {
        self.next.push(BTreeMap::new());
        self.last.push(None);
        self.fallback.push(0);
        self.found.push(None);
        self.next.len() as u32 - 1
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        self.next[node as usize].get(&byte).copied()
    }

    /// The longest string that ends at a node.
    pub(super) fn longest(&self, node: u32) -> Option<u32> {
        self.found[node as usize]
    }

    /// The longest end of what was read that begins a string.
    pub(super) fn follow(&self, mut node: u32, byte: u8) -> u32 {
        loop {
            if let Some(next) = self.child(node, byte) {
                return next;
            }
            if node == 0 {
                return 0;
            }
            node = self.fallback[node as usize];
        }
    }

    /// All strings that end at a node, as nodes.
    fn all_found(&self, node: u32) -> Vec<u32> {
        let mut all = Vec::new();
        let mut at = self.found[node as usize];
        while let Some(string) = at {
            all.push(string);
            if string == 0 {
                break;
            }
            at = self.found[self.fallback[string as usize] as usize];
        }
        all
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        self.next.iter().flat_map(|children| children.keys().copied())
    }
}

impl Machine<'_> {
    pub(super) fn begins(strings: &[String]) -> Self {
        let mut trie = Trie::new(strings);
        // What a string began with stays, however it goes on. Parents come before children.
        for node in 0..trie.next.len() {
            let last = trie.last[node];
            for child in trie.next[node].values().copied().collect::<Vec<_>>() {
                let own = trie.last[child as usize];
                trie.last[child as usize] = own.or(last);
            }
        }
        Self::Begins(trie)
    }

    /// Tells these lengths from all others, shorter ones and longer ones.
    pub(super) fn length(lengths: impl Iterator<Item = u32>) -> Self {
        let mut steps: Vec<u32> = lengths.flat_map(|length| [length, length + 1]).collect();
        steps.sort_unstable();
        steps.dedup();
        Self::Length(steps)
    }

    pub(super) fn holds(strings: &[String]) -> Self {
        let trie = Trie::new(strings);
        let mut seen = Seen::default();
        // The empty string is in every string.
        let first = trie.all_found(0);
        seen.number((0, first));
        Self::Holds(trie, seen)
    }

    /// The next state.
    pub(super) fn step(&mut self, state: State, byte: u8, starts_character: bool) -> State {
        match self {
            Self::Equal(_) if state == DEAD => DEAD,
            Self::Equal(trie) => trie.child(state, byte).unwrap_or(DEAD),
            Self::Begins(_) if state & OUTSIDE != 0 => state,
            Self::Begins(trie) => trie.child(state, byte).unwrap_or_else(|| {
                OUTSIDE | trie.last[state as usize].map_or(0, |string| string + 1)
            }),
            Self::Ends(trie) => trie.follow(state, byte),
            Self::Holds(trie, seen) => {
                let (node, mut strings) = seen.get(state).clone();
                let node = trie.follow(node, byte);
                strings.extend(trie.all_found(node));
                strings.sort_unstable();
                strings.dedup();
                seen.number((node, strings))
            }
            Self::Pattern(dfa) => {
                let class = usize::from(dfa.classes()[usize::from(byte)]);
                u32::from(dfa.transitions()[state as usize * dfa.stride() + class])
            }
            Self::Length(steps) => {
                (state + u32::from(starts_character)).min(steps.last().copied().unwrap_or(0))
            }
            Self::Paths(paths) => paths.step(state, byte),
            Self::Hosts(hosts) => hosts.step(state, byte),
        }
    }

    /// What a string that ends in the state is to the tests.
    pub(super) fn sign(&mut self, state: State) -> u32 {
        match self {
            Self::Equal(_) if state == DEAD => 0,
            Self::Equal(trie) => trie.last[state as usize].map_or(0, |string| string + 1),
            Self::Begins(_) if state & OUTSIDE != 0 => state & !OUTSIDE,
            Self::Begins(trie) => trie.last[state as usize].map_or(0, |string| string + 1),
            Self::Ends(trie) => trie.longest(state).map_or(0, |string| string + 1),
            Self::Holds(_, seen) => {
                // The first state with that set stands for all.
                let strings = &seen.get(state).1;
                seen.all().iter().position(|(_, other)| other == strings).unwrap_or(0) as u32
            }
            Self::Pattern(dfa) => {
                let byte = dfa.accepting().get(state as usize / 8).copied().unwrap_or_default();
                u32::from(byte >> (state % 8) & 1)
            }
            Self::Length(steps) => steps.partition_point(|step| *step <= state) as u32,
            Self::Paths(paths) => paths.sign(state),
            Self::Hosts(hosts) => hosts.sign(state),
        }
    }

    /// What tells a byte from others, for this automaton.
    fn mark(&self, byte: u8, own: &[bool; 256]) -> u16 {
        match self {
            Self::Pattern(dfa) => u16::from(dfa.classes()[usize::from(byte)]),
            Self::Length(_) => 0,
            Self::Hosts(hosts) => hosts.mark(byte),
            _ if own[usize::from(byte)] => u16::from(byte) + 1,
            _ => 0,
        }
    }

    fn own_bytes(&self) -> [bool; 256] {
        let mut own = [false; 256];
        match self {
            Self::Equal(trie) | Self::Begins(trie) | Self::Ends(trie) | Self::Holds(trie, _) => {
                trie.bytes().for_each(|byte| own[usize::from(byte)] = true);
            }
            Self::Paths(paths) => paths.bytes().for_each(|byte| own[usize::from(byte)] = true),
            Self::Pattern(_) | Self::Length(_) | Self::Hosts(_) => {}
        }
        own
    }
}

/// Where a string stands between its characters, by RFC 3629.
pub(super) fn utf8(state: u8, byte: u8) -> Option<u8> {
    let next = match (state, byte) {
        (0, 0x00..=0x7f) => 0,
        (0, 0xc2..=0xdf) => 1,
        (0, 0xe0) => 4,
        (0, 0xed) => 5,
        (0, 0xe1..=0xef) => 2,
        (0, 0xf0) => 6,
        (0, 0xf4) => 7,
        (0, 0xf1..=0xf3) => 3,
        (1, 0x80..=0xbf) => 0,
        (2, 0x80..=0xbf) | (4, 0xa0..=0xbf) | (5, 0x80..=0x9f) => 1,
        (3, 0x80..=0xbf) | (6, 0x90..=0xbf) | (7, 0x80..=0x8f) => 2,
        _ => return None,
    };
    Some(next)
}

/// Bytes that no automaton tells apart are one; of each such class so many bytes, letters first.
pub(super) fn alphabet(machines: &[Machine<'_>], per_class: usize) -> Vec<u8> {
    let own: Vec<[bool; 256]> = machines.iter().map(Machine::own_bytes).collect();
    let mut counts: HashMap<Vec<u16>, usize> = HashMap::new();
    let rank = |byte: &u8| match byte {
        b'a'..=b'z' => (0, *byte),
        b'0'..=b'9' => (1, *byte),
        b'A'..=b'Z' => (2, *byte),
        0x21..=0x7e => (3, *byte),
        _ => (4, *byte),
    };
    let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
    bytes.sort_by_key(rank);
    bytes.retain(|byte| {
        let mut key: Vec<u16> =
            machines.iter().zip(&own).map(|(machine, own)| machine.mark(*byte, own)).collect();
        key.extend((0..8).map(|state| u16::from(utf8(state, *byte).map_or(9, |next| next))));
        let count = counts.entry(key).or_default();
        *count += 1;
        *count <= per_class
    });
    bytes
}

/// A way to a state of all automata.
#[derive(Debug)]
struct Step {
    from: usize,
    bytes: Bytes,
    state: usize,
    characters: u64,
    /// Bytes of the name of a host that is under way.
    name: usize,
    /// Whether it has a name that is too long for a host.
    is_long: bool,
}

#[derive(Clone, Debug)]
enum Bytes {
    One(u8),
    /// As often as it takes for a name that is too long.
    Long(Rc<[u8]>),
}

/// A state of all automata, with the place between characters as the last one.
#[derive(Debug, Default)]
struct Joint {
    states: Vec<Rc<[State]>>,
    numbers: HashMap<Rc<[State]>, usize>,
    /// Of each: how often it was gone on from, how many ways to it are noted, and how many
    /// characters the longest of them has.
    counts: Vec<(usize, usize, u64)>,
}

impl Joint {
    fn number(&mut self, state: &[State]) -> usize {
        if let Some(known) = self.numbers.get(state) {
            return *known;
        }
        let state: Rc<[State]> = state.into();
        self.states.push(Rc::clone(&state));
        self.numbers.insert(state, self.counts.len());
        self.counts.push((0, 0, 0));
        self.counts.len() - 1
    }
}

/// Strings of every kind that the automata tell apart.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) strings: Vec<String>,
    /// Whether there may be kinds of strings, with a name too long for a host, that are not among them.
    pub(super) lacks_long_names: bool,
}

/// Strings of every kind that the automata tell apart, up to `per_kind` of each, shortest first;
/// `None` where the search takes more than `budget` steps.
pub(super) fn strings(
    machines: &mut [Machine<'_>],
    max_characters: Option<u64>,
    per_kind: usize,
    budget: usize,
) -> Option<Found> {
    let mut search = Search::new(machines, max_characters, per_kind, budget);
    loop {
        search.run()?;
        if !search.lengthen()? {
            let Search { found, lacks_long_names, .. } = search;
            return Some(Found { strings: found, lacks_long_names });
        }
    }
}

struct Search<'s, 'p> {
    machines: &'s mut [Machine<'p>],
    max_characters: Option<u64>,
    per_kind: usize,
    budget: usize,
    alphabet: Vec<u8>,
    joint: Joint,
    steps: Vec<Step>,
    queue: VecDeque<usize>,
    kinds: HashMap<Vec<u32>, usize>,
    found: Vec<String>,
    /// Among states in which the name of a host is under way.
    names: Edges,
    lengthened: HashSet<usize>,
    lacks_long_names: bool,
}

impl<'s, 'p> Search<'s, 'p> {
    fn new(
        machines: &'s mut [Machine<'p>],
        max_characters: Option<u64>,
        per_kind: usize,
        budget: usize,
    ) -> Self {
        let alphabet = alphabet(machines, per_kind);
        let mut joint = Joint::default();
        let state = joint.number(&vec![START; machines.len() + 1]);
        let first = Step {
            from: usize::MAX,
            bytes: Bytes::One(0),
            state,
            characters: 0,
            name: 0,
            is_long: false,
        };
        Self {
            machines,
            max_characters,
            per_kind,
            budget,
            alphabet,
            joint,
            steps: vec![first],
            queue: VecDeque::from([0]),
            kinds: HashMap::new(),
            found: Vec::new(),
            names: Edges::new(),
            lengthened: HashSet::new(),
            lacks_long_names: false,
        }
    }

    /// The machine that reads hosts, and its state.
    fn hosts<'m>(
        machines: &'m mut [Machine<'p>],
        states: &'m mut [State],
    ) -> Option<(&'m mut Hosts, &'m mut State)> {
        machines.iter_mut().zip(states).find_map(|(machine, state)| {
            let Machine::Hosts(hosts) = machine else { return None };
            Some((&mut **hosts, state))
        })
    }

    fn is_name(&mut self, states: &mut [State]) -> bool {
        Self::hosts(self.machines, states).is_some_and(|(hosts, own)| hosts.is_name(*own))
    }

    /// The state behind a name that is too long, where a name is under way.
    fn beyond(&mut self, state: usize) -> Option<usize> {
        let mut states = self.joint.states[state].to_vec();
        let (hosts, own) = Self::hosts(self.machines, &mut states)?;
        *own = hosts.beyond(*own)?;
        (states.last() == Some(&0)).then(|| self.joint.number(&states))
    }

    /// Goes on from everything in the queue; `None`: beyond the budget.
    fn run(&mut self) -> Option<()> {
        let mut next: Vec<State> = Vec::new();
        while let Some(number) = self.queue.pop_front() {
            let Step { state, characters, name, is_long, .. } = self.steps[number];
            self.joint.counts[state].0 += 1;
            if self.joint.counts[state].0 > self.per_kind {
                continue;
            }
            let states = Rc::clone(&self.joint.states[state]);
            let place = states.last().map_or(0, |place| *place as u8);
            if place == 0 {
                let signs: Vec<u32> = self
                    .machines
                    .iter_mut()
                    .zip(&*states)
                    .map(|(machine, state)| machine.sign(*state))
                    .collect();
                let count = self.kinds.entry(signs).or_default();
                if *count < self.per_kind {
                    *count += 1;
                    self.found.push(spelled(&self.steps, number)?);
                }
            }
            let was_name = self.is_name(&mut states.to_vec());
            let is_first = self.joint.counts[state].0 == 1;
            let mut names = Vec::new();
            for at in 0..self.alphabet.len() {
                let byte = self.alphabet[at];
                let Some(next_place) = utf8(place, byte) else { continue };
                let starts = place == 0;
                if starts && self.max_characters.is_some_and(|most| characters >= most) {
                    self.lacks_long_names |= is_long;
                    continue;
                }
                if self.steps.len() >= self.budget {
                    return None;
                }
                next.clear();
                next.extend(
                    self.machines
                        .iter_mut()
                        .zip(&*states)
                        .map(|(machine, state)| machine.step(*state, byte, starts)),
                );
                next.push(u32::from(next_place));
                let (mut name, mut is_long) = (if was_name { name + 1 } else { 0 }, is_long);
                // The last dot does not count.
                if was_name
                    && name + usize::from(byte != b'.') > TOO_MANY
                    && self.is_name(&mut next)
                    && let Some((hosts, own)) = Self::hosts(self.machines, &mut next)
                    && let Some(beyond) = hosts.beyond(*own)
                {
                    // Shorter ones that lead here, too, may not have been gone on from.
                    *own = beyond;
                    (name, is_long, self.lacks_long_names) = (0, true, true);
                }
                let next = self.joint.number(&next);
                if was_name && is_first {
                    names.push((byte, next));
                }
                let characters = characters + u64::from(starts);
                let bytes = Bytes::One(byte);
                self.note(Step { from: number, bytes, state: next, characters, name, is_long });
            }
            if was_name && is_first {
                names.retain(|(_, next)| self.beyond(*next).is_some());
                self.names.insert(state, names);
            }
        }
        Some(())
    }

    /// Notes a way, unless ways that are noted already are as good: they are not where a limit of
    /// characters is nearer.
    fn note(&mut self, step: Step) {
        let (visited, count, longest) = &mut self.joint.counts[step.state];
        let is_longer = step.characters >= *longest;
        if *visited >= self.per_kind || (*count >= self.per_kind && is_longer) {
            return;
        }
        *count += 1;
        *longest = step.characters.max(*longest);
        // Characters are counted, not bytes.
        let is_character = step.characters > self.steps[step.from].characters;
        self.steps.push(step);
        if is_character {
            self.queue.push_back(self.steps.len() - 1);
        } else {
            self.queue.push_front(self.steps.len() - 1);
        }
    }

    /// Goes on with names that are too long for a host; whether there is anything new.
    fn lengthen(&mut self) -> Option<bool> {
        if self.max_characters.is_some_and(|most| most < TOO_MANY as u64) {
            return Some(false);
        }
        let (cycles, longest) = cycles(&self.names);
        self.lacks_long_names |= longest >= TOO_MANY;
        for (state, cycle) in cycles {
            if !self.lengthened.insert(state) {
                continue;
            }
            let Some(beyond) = self.beyond(state) else { continue };
            // Bytes of names are characters.
            let more = (TOO_MANY.div_ceil(cycle.len()) * cycle.len()) as u64;
            let bytes = Bytes::Long(cycle.into());
            for from in 0..self.steps.len() {
                let Step { state: own, characters, .. } = self.steps[from];
                let characters = characters + more;
                if own != state {
                    continue;
                }
                if self.max_characters.is_some_and(|most| characters > most) {
                    self.lacks_long_names = true;
                    continue;
                }
                if self.steps.len() >= self.budget {
                    return None;
                }
                let bytes = bytes.clone();
                self.note(Step { from, bytes, state: beyond, characters, name: 0, is_long: true });
            }
        }
        Some(!self.queue.is_empty())
    }
}

fn spelled(steps: &[Step], mut number: usize) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some(step) = steps.get(number).filter(|step| step.from != usize::MAX) {
        match &step.bytes {
            Bytes::One(byte) => bytes.push(*byte),
            Bytes::Long(cycle) => {
                let count = TOO_MANY.div_ceil(cycle.len());
                bytes.extend(cycle.repeat(count).into_iter().rev());
            }
        }
        number = step.from;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra_compiler::pattern;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn owned(strings: &[&str]) -> Vec<String> {
        strings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn shortest_strings_of_each_kind() {
        let words = owned(&["ab"]);
        let mut machines = [Machine::begins(&words), Machine::Ends(Trie::new(&words))];
        let mut found = strings(&mut machines, None, 1, 10_000).unwrap().strings;
        found.sort();
        assert_eq!(found, owned(&["", "aab", "ab", "aba"]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        /// Whatever string there is, one was found to which all tests say the same.
        #[test]
        fn every_string_has_one_like_it(
            equal in prop::collection::vec("[ab]{0,3}", 0..3),
            begins in prop::collection::vec("[abé]{0,2}", 0..3),
            ends in prop::collection::vec("[ab]{0,3}", 0..3),
            holds in prop::collection::vec("[abc]{0,2}", 0..3),
            patterns in prop::collection::vec(
                prop::sample::select(vec!["a+", "[a-c]{2}", ".b.", "(ab|ba)*", "\\w+", "[^a]*"]), 0..3),
            length in 0..5_u32,
            most in 0..6_u64,
            others in prop::collection::vec("[abcé∞ ]{0,6}", 1..20),
        ) {
            let dfas: Vec<Dfa> =
                patterns.iter().map(|text| pattern::compile(text).unwrap()).collect();
            let mut machines = vec![
                Machine::Equal(Trie::new(&equal)),
                Machine::begins(&begins),
                Machine::Ends(Trie::new(&ends)),
                Machine::holds(&holds),
                Machine::length(0..length),
            ];
            machines.extend(dfas.iter().map(Machine::Pattern));
            let found = strings(&mut machines, Some(most), 2, 400_000).unwrap().strings;
            let distinct: HashSet<&String> = found.iter().collect();
            prop_assert_eq!(distinct.len(), found.len());
            let tests = |text: &str| -> Vec<bool> {
                let characters = text.chars().count() as u32;
                equal.iter().map(|other| text == other)
                    .chain(begins.iter().map(|other| text.starts_with(other.as_str())))
                    .chain(ends.iter().map(|other| text.ends_with(other.as_str())))
                    .chain(holds.iter().map(|other| text.contains(other.as_str())))
                    .chain(dfas.iter().map(|dfa| dfa.matches(text.as_bytes())))
                    .chain((0..length).map(|limit| characters > limit))
                    .collect()
            };
            let mut like: HashMap<Vec<bool>, HashSet<&str>> = HashMap::new();
            for other in others.iter().filter(|other| other.chars().count() as u64 <= most) {
                like.entry(tests(other)).or_default().insert(other);
            }
            for (kind, others) in like {
                let count = found.iter().filter(|text| tests(text) == kind).count();
                prop_assert!(count >= others.len().min(2), "{kind:?} {others:?} {found:?}");
            }
            prop_assert!(found.iter().all(|text| text.chars().count() as u64 <= most));
        }
    }
}
