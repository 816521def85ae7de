//! Two texts of which one may begin or end with the other, hold it, or lie in it as in a directory:
//! pairs of every kind that the automata, and how the two stand to each other, tell apart.
//!
//! A way through an automaton with two tapes reads both texts. Where it ends tells how they stand to
//! each other, and each pair of texts has such a way, so trying all ways leaves no kind out.

#![expect(clippy::indexing_slicing, reason = "numbers are those of states, kinds and steps")]

use super::graph::Graph;
use super::machine::{Machine, Trie};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// How the first text is held against the second, besides for equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    Begins,
    Ends,
    Holds,
    /// As paths; not for equality of the texts, too.
    Within,
}

/// Texts of two fields.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// Of every kind, with every way to stand to each other.
    pub(crate) both: Vec<(String, String)>,
    /// Of every kind one text.
    pub(crate) alone: Vec<String>,
}

/// Where a way stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mode {
    /// Both texts are the same so far.
    Same,
    /// The second one has ended; or the first one.
    FirstOn,
    SecondOn,
    /// They differ: nothing more is known of them together.
    Apart,
    /// Something stands before what is read of both alike: in the first text, in the second, or in both,
    /// and there they differ.
    FirstLed,
    SecondLed,
    BothLed,
    /// Of paths: nothing has been read.
    Root,
    /// Both are behind a slash, after the same names.
    Slash,
    /// The first, the second, or both have a dot behind that.
    FirstDot,
    SecondDot,
    BothDot,
    /// In or behind a name that is the same so far.
    Name,
    /// One is behind the name and slashes, or a dot behind these, the other behind the name only.
    FirstSlash,
    FirstSlashDot,
    SecondSlash,
    SecondSlashDot,
    /// The second has ended, and the first goes on with a name more; or the other way round.
    Inside,
    Above,
}

/// What a way goes on with: a byte of the first text, of the second, or of both.
type Bytes = (Option<u8>, Option<u8>);

/// States of both texts, and how they stand to each other.
type Place = (u32, u32, Mode);

/// Where a way comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    Step(usize, Bytes),
    /// A beginning of each text: a state, and a byte behind it.
    Heads(Option<(u32, u8)>, Option<(u32, u8)>),
}

/// How two texts stand to each other in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ending {
    Same,
    /// The first one is held by the question, and is more than the second; or the other way round.
    More,
    Less,
    Apart,
}

/// Texts that may end in any way that their states allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Free {
    first: bool,
    second: bool,
}

struct Walk<'g> {
    graph: &'g Graph,
    held: Held,
    steps: Vec<(From, Place)>,
    known: HashSet<Place>,
    queue: VecDeque<usize>,
    /// Steps that are left.
    budget: usize,
    /// By kinds of both texts and how they stand to each other in the end.
    seen: HashSet<(u32, u32, Ending)>,
    /// By what can come of both texts.
    seen_free: HashSet<(u32, u32, Mode)>,
    found: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Pairs of texts of every kind; `None` where that takes more than `budget` steps, or pairs.
pub(super) fn pairs(
    machines: &mut [Machine<'_>],
    held: Held,
    budget: usize,
    most: usize,
) -> Option<Pairs> {
    let graph = Graph::new(machines, budget)?;
    let mut all = Vec::new();
    // Of paths the pairs of which one is no path, too.
    let ways = if held == Held::Within { vec![Held::Begins, held] } else { vec![held] };
    for held in ways {
        let mut walk = Walk {
            graph: &graph,
            held,
            steps: Vec::new(),
            known: HashSet::new(),
            queue: VecDeque::new(),
            budget: budget * 10,
            seen: HashSet::new(),
            seen_free: HashSet::new(),
            found: Vec::new(),
        };
        walk.begin()?;
        while let Some(number) = walk.queue.pop_front() {
            walk.go_on(number)?;
            if walk.found.len() > most {
                return None;
            }
        }
        if held == Held::Holds {
            walk.not_held()?;
        }
        all.append(&mut walk.found);
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let mut both = Vec::new();
    for (first, second) in all {
        both.push((text(first)?, text(second)?));
    }
    let of_kind = (0..graph.kinds()).map(|kind| text(graph.rest(0, kind)?));
    Some(Pairs { both, alone: of_kind.collect::<Option<_>>()? })
}

impl Walk<'_> {
    fn begin(&mut self) -> Option<()> {
        let none = From::Heads(None, None);
        match self.held {
            Held::Begins => self.add(none, (0, 0, Mode::Same)),
            Held::Within => self.add(none, (0, 0, Mode::Root)),
            Held::Ends | Held::Holds => {
                self.add(none, (0, 0, Mode::Same))?;
                let led = |at: u32| self.graph.before(at).first().copied();
                let led: Vec<(u32, (u32, u8))> =
                    (0..self.graph.size()).filter_map(|at| Some((at, led(at)?))).collect();
                for (at, way) in &led {
                    self.add(From::Heads(Some(*way), None), (*at, 0, Mode::FirstLed))?;
                }
                if self.held == Held::Holds {
                    return Some(());
                }
                for (at, way) in &led {
                    self.add(From::Heads(None, Some(*way)), (0, *at, Mode::SecondLed))?;
                }
                for (first, _) in &led {
                    for (second, _) in &led {
                        let mut ways = self.graph.before(*first).iter().flat_map(|one| {
                            self.graph.before(*second).iter().map(move |other| (*one, *other))
                        });
                        if let Some((one, other)) = ways.find(|(one, other)| one.1 != other.1) {
                            let heads = From::Heads(Some(one), Some(other));
                            self.add(heads, (*first, *second, Mode::BothLed))?;
                        }
                    }
                }
                Some(())
            }
        }
    }

    fn add(&mut self, from: From, place: Place) -> Option<()> {
        self.budget = self.budget.checked_sub(1)?;
        if self.known.insert(place) {
            self.steps.push((from, place));
            self.queue.push_back(self.steps.len() - 1);
        }
        Some(())
    }

    /// Notes what pairs may end where the way stands, and goes on.
    fn go_on(&mut self, number: usize) -> Option<()> {
        let (_, (_, _, mode)) = self.steps[number];
        self.end(number)?;
        if self.held == Held::Within {
            return self.go_on_in_path(number);
        }
        match mode {
            Mode::Same if self.held != Held::Ends => {
                self.both(number, Mode::Same, |_| true)?;
                self.one(number, Mode::FirstOn, |_| true)?;
                if self.held == Held::Begins {
                    self.other(number, Mode::SecondOn, |_| true)?;
                    self.differ(number, |_| true, |_| true)?;
                }
                Some(())
            }
            Mode::Same | Mode::FirstLed | Mode::SecondLed | Mode::BothLed => {
                self.both(number, mode, |_| true)
            }
            _ => Some(()),
        }
    }

    fn go_on_in_path(&mut self, number: usize) -> Option<()> {
        let is_name = |byte: u8| byte != b'/' && byte != 0;
        let is_first = |byte: u8| is_name(byte) && byte != b'.';
        let is_dot = |byte: u8| byte == b'.';
        let is_slash = |byte: u8| byte == b'/';
        match self.steps[number].1.2 {
            Mode::Root => self.both(number, Mode::Slash, is_slash),
            Mode::Slash => {
                self.one(number, Mode::Slash, is_slash)?;
                self.other(number, Mode::Slash, is_slash)?;
                self.one(number, Mode::FirstDot, is_dot)?;
                self.other(number, Mode::SecondDot, is_dot)?;
                self.both(number, Mode::BothDot, is_dot)?;
                self.both(number, Mode::Name, is_first)?;
                self.one(number, Mode::Inside, is_first)?;
                self.other(number, Mode::Above, is_first)?;
                self.differ(number, is_first, is_first)
            }
            Mode::FirstDot => {
                self.one(number, Mode::Slash, is_slash)?;
                self.other(number, Mode::FirstDot, is_slash)?;
                self.other(number, Mode::BothDot, is_dot)?;
                self.one(number, Mode::Inside, is_name)?;
                self.other(number, Mode::Above, is_first)?;
                // Names of which one begins with a dot.
                self.part(number, is_name, is_first)
            }
            Mode::SecondDot => {
                self.other(number, Mode::Slash, is_slash)?;
                self.one(number, Mode::SecondDot, is_slash)?;
                self.one(number, Mode::BothDot, is_dot)?;
                self.other(number, Mode::Above, is_name)?;
                self.one(number, Mode::Inside, is_first)?;
                self.part(number, is_first, is_name)
            }
            Mode::BothDot => {
                self.one(number, Mode::SecondDot, is_slash)?;
                self.other(number, Mode::FirstDot, is_slash)?;
                self.both(number, Mode::Name, is_name)?;
                self.one(number, Mode::Inside, is_name)?;
                self.other(number, Mode::Above, is_name)?;
                self.differ(number, is_name, is_name)
            }
            Mode::Name => {
                self.both(number, Mode::Name, is_name)?;
                self.both(number, Mode::Slash, is_slash)?;
                self.one(number, Mode::FirstSlash, is_slash)?;
                self.other(number, Mode::SecondSlash, is_slash)?;
                self.one(number, Mode::FirstOn, is_name)?;
                self.other(number, Mode::SecondOn, is_name)?;
                self.differ(number, is_name, is_name)?;
                self.part(number, is_name, is_slash)?;
                self.part(number, is_slash, is_name)
            }
            Mode::FirstSlash => {
                self.one(number, Mode::FirstSlash, is_slash)?;
                self.one(number, Mode::FirstSlashDot, is_dot)?;
                self.other(number, Mode::Slash, is_slash)?;
                self.one(number, Mode::Inside, is_first)
            }
            Mode::FirstSlashDot => {
                self.one(number, Mode::FirstSlash, is_slash)?;
                self.other(number, Mode::FirstDot, is_slash)?;
                self.one(number, Mode::Inside, is_name)
            }
            Mode::SecondSlash => {
                self.other(number, Mode::SecondSlash, is_slash)?;
                self.other(number, Mode::SecondSlashDot, is_dot)?;
                self.one(number, Mode::Slash, is_slash)?;
                self.other(number, Mode::Above, is_first)
            }
            Mode::SecondSlashDot => {
                self.other(number, Mode::SecondSlash, is_slash)?;
                self.one(number, Mode::SecondDot, is_slash)?;
                self.other(number, Mode::Above, is_name)
            }
            _ => Some(()),
        }
    }

    /// The same byte of both texts.
    fn both(&mut self, number: usize, mode: Mode, is: impl Fn(u8) -> bool) -> Option<()> {
        let (_, (first, second, _)) = self.steps[number];
        for (byte, next) in self.graph.next(first) {
            let other = self.graph.step(second, byte);
            if let Some(other) = other.filter(|_| is(byte)) {
                self.add(From::Step(number, (Some(byte), Some(byte))), (next, other, mode))?;
            }
        }
        Some(())
    }

    /// A byte of the first text only.
    fn one(&mut self, number: usize, mode: Mode, is: impl Fn(u8) -> bool) -> Option<()> {
        let (_, (first, second, _)) = self.steps[number];
        for (byte, next) in self.graph.next(first).filter(|(byte, _)| is(*byte)) {
            self.add(From::Step(number, (Some(byte), None)), (next, second, mode))?;
        }
        Some(())
    }

    /// A byte of the second text only.
    fn other(&mut self, number: usize, mode: Mode, is: impl Fn(u8) -> bool) -> Option<()> {
        let (_, (first, second, _)) = self.steps[number];
        for (byte, next) in self.graph.next(second).filter(|(byte, _)| is(*byte)) {
            self.add(From::Step(number, (None, Some(byte))), (first, next, mode))?;
        }
        Some(())
    }

    /// A byte of each text: they are apart.
    fn part(
        &mut self,
        number: usize,
        is_first: impl Fn(u8) -> bool,
        is_second: impl Fn(u8) -> bool,
    ) -> Option<()> {
        let (_, (first, second, _)) = self.steps[number];
        let of_first = self.after(first, is_first);
        let of_second = self.after(second, is_second);
        for (next, bytes) in &of_first {
            for (other, others) in &of_second {
                let bytes = (bytes.first().copied(), others.first().copied());
                self.add(From::Step(number, bytes), (*next, *other, Mode::Apart))?;
            }
        }
        Some(())
    }

    /// A byte of each text, which are not the same.
    fn differ(
        &mut self,
        number: usize,
        is_first: impl Fn(u8) -> bool,
        is_second: impl Fn(u8) -> bool,
    ) -> Option<()> {
        let (_, (first, second, _)) = self.steps[number];
        let of_first = self.after(first, is_first);
        let of_second = self.after(second, is_second);
        for (next, bytes) in &of_first {
            for (other, others) in &of_second {
                let mut pairs =
                    bytes.iter().flat_map(|byte| others.iter().map(move |other| (*byte, *other)));
                if let Some((byte, other_byte)) = pairs.find(|(byte, other)| byte != other) {
                    let bytes = (Some(byte), Some(other_byte));
                    self.add(From::Step(number, bytes), (*next, *other, Mode::Apart))?;
                }
            }
        }
        Some(())
    }

    /// States behind a state, with up to two bytes that lead there.
    fn after(&self, state: u32, is: impl Fn(u8) -> bool) -> BTreeMap<u32, Vec<u8>> {
        let mut all: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for (byte, next) in self.graph.next(state).filter(|(byte, _)| is(*byte)) {
            let bytes = all.entry(next).or_default();
            if bytes.len() < 2 {
                bytes.push(byte);
            }
        }
        all
    }

    /// What is still free where a way stands, and how the texts stand to each other.
    fn ending(&self, mode: Mode) -> (Free, Ending) {
        let free = |first, second| Free { first, second };
        match mode {
            Mode::FirstOn | Mode::SecondOn if self.held == Held::Within => {
                // Names of which one is a part of the other.
                (free(mode == Mode::FirstOn, mode == Mode::SecondOn), Ending::Apart)
            }
            Mode::FirstLed if self.held == Held::Holds => (free(true, false), Ending::More),
            Mode::FirstOn | Mode::Inside => (free(true, false), Ending::More),
            Mode::SecondOn | Mode::Above => (free(false, true), Ending::Less),
            Mode::Apart => (free(true, true), Ending::Apart),
            Mode::FirstLed => (free(false, false), Ending::More),
            Mode::SecondLed => (free(false, false), Ending::Less),
            Mode::BothLed => (free(false, false), Ending::Apart),
            _ => (free(false, false), Ending::Same),
        }
    }

    fn end(&mut self, number: usize) -> Option<()> {
        let (_, (first, second, mode)) = self.steps[number];
        let (free, ending) = self.ending(mode);
        let graph = self.graph;
        let kinds = |state: u32, is_free: bool| {
            if is_free { Some(graph.reach(state)) } else { graph.own_reach(state) }
        };
        let (of_first, of_second) = (kinds(first, free.first), kinds(second, free.second));
        let (Some(of_first), Some(of_second)) = (of_first, of_second) else { return Some(()) };
        if !self.seen_free.insert((of_first, of_second, mode)) {
            return Some(());
        }
        for one in graph.kinds_of(of_first) {
            for other in graph.kinds_of(of_second) {
                self.budget = self.budget.checked_sub(1)?;
                if self.seen.insert((*one, *other, ending)) {
                    let (mut text, mut other_text) = self.spelled(number);
                    if free.first {
                        text.extend(graph.rest(first, *one)?);
                    }
                    if free.second {
                        other_text.extend(graph.rest(second, *other)?);
                    }
                    self.found.push((text, other_text));
                }
            }
        }
        Some(())
    }

    /// What has been read of both texts.
    fn spelled(&self, mut number: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        loop {
            match self.steps[number].0 {
                From::Step(before, (byte, other)) => {
                    first.extend(byte);
                    second.extend(other);
                    number = before;
                }
                From::Heads(one, other) => {
                    for (text, head) in [(&mut first, one), (&mut second, other)] {
                        if let Some((state, byte)) = head {
                            text.push(byte);
                            text.extend(self.graph.way_to(state).into_iter().rev());
                        }
                        text.reverse();
                    }
                    return (first, second);
                }
            }
        }
    }

    /// Of every two kinds texts of which the first does not hold the second, if there are such.
    fn not_held(&mut self) -> Option<()> {
        let graph = self.graph;
        let mut known: HashMap<u32, Vec<Vec<u8>>> = HashMap::new();
        for one in 0..graph.kinds() {
            let text = graph.rest(0, one)?;
            // A text of so many bytes has no more parts than that.
            let most = text.len() * (text.len() + 1) / 2 + 2;
            for other in 0..graph.kinds() {
                let mut wanted = 4.min(most);
                let (found, all) = loop {
                    let parts = known.entry(other).or_default();
                    if parts.len() < wanted {
                        *parts = graph.texts(other, wanted, &mut self.budget)?;
                    }
                    let found = parts.iter().find(|part| !holds(&text, part));
                    if found.is_some() || parts.len() < wanted || wanted == most {
                        break (found.cloned(), parts.clone());
                    }
                    wanted = (wanted * 4).min(most);
                };
                if let Some(part) = found {
                    self.found.push((text.clone(), part));
                    continue;
                }
                // There are no others of this kind than those which that text holds.
                for part in all {
                    if let Some(text) = self.without(one, &part).ok()? {
                        self.found.push((text, part));
                        break;
                    }
                }
            }
        }
        Some(())
    }

    /// The shortest text of a kind that does not hold a part; `Err`: there is too much.
    fn without(&mut self, kind: u32, part: &[u8]) -> Result<Option<Vec<u8>>, ()> {
        let Ok(part) = std::str::from_utf8(part) else { return Ok(None) };
        if part.is_empty() {
            return Ok(None);
        }
        let trie = Trie::new(&[part.to_owned()]);
        let mut steps = vec![(usize::MAX, 0, (0, 0))];
        let mut known = HashSet::from([(0, 0)]);
        let mut at = 0;
        while let Some((_, _, (state, node))) = steps.get(at).copied() {
            if self.graph.kind(state) == Some(kind) {
                let mut text = Vec::new();
                while let Some((before, byte, _)) = steps.get(at).filter(|step| step.0 < at) {
                    text.push(*byte);
                    at = *before;
                }
                text.reverse();
                return Ok(Some(text));
            }
            for (byte, next) in self.graph.next(state) {
                self.budget = self.budget.checked_sub(1).ok_or(())?;
                let place = (next, trie.follow(node, byte));
                if trie.longest(place.1).is_none() && known.insert(place) {
                    steps.push((at, byte, place));
                }
            }
            at += 1;
        }
        Ok(None)
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classes::path::Paths;
    use actra_bytecode::dfa::Dfa;
    use actra_bytecode::format::path::{is_well_formed, is_within};
    use actra_compiler::pattern;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// All texts of these letters, up to a length.
    fn texts(letters: &str, most: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut at = 0;
        while let Some(text) = all.get(at).cloned() {
            if text.chars().count() < most {
                all.extend(letters.chars().map(|letter| format!("{text}{letter}")));
            }
            at += 1;
        }
        all
    }

    /// How two texts stand to each other, as the evaluator tells it.
    fn relation(held: Held, one: &str, other: &str) -> Vec<bool> {
        match held {
            Held::Begins => vec![one == other, one.starts_with(other), other.starts_with(one)],
            Held::Ends => vec![one == other, one.ends_with(other), other.ends_with(one)],
            Held::Holds => vec![one == other, one.contains(other)],
            Held::Within if is_well_formed(one) && is_well_formed(other) => {
                vec![is_within(one, other), is_within(other, one)]
            }
            Held::Within => vec![],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Each pair of short texts is like one of those that are found, to all tests.
        #[test]
        fn every_kind_of_pair(
            held in prop::sample::select(vec![Held::Begins, Held::Ends, Held::Holds]),
            equal in prop::collection::vec("[ab]{0,3}", 0..3),
            begins in prop::collection::vec("[aé]{0,2}", 0..2),
            ends in prop::collection::vec("[ab]{1,2}", 0..2),
            holds in prop::collection::vec("[aé]{1,2}", 0..2),
            patterns in prop::collection::vec(
                prop::sample::select(vec!["a+", "[a-b]{2}", ".b.", "(ab|ba)*", "é?", "aa"]), 0..3),
            length in 0..4_u32,
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
            let found = pairs(&mut machines, held, 1_000_000, 1_000_000).unwrap();
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
            let sign = |one: &str, other: &str| {
                (tests(one), tests(other), relation(held, one, other))
            };
            let known: HashSet<_> =
                found.both.iter().map(|(one, other)| sign(one, other)).collect();
            let alone: HashSet<_> = found.alone.iter().map(|text| tests(text)).collect();
            let all = texts("abé", 4);
            for one in &all {
                prop_assert!(alone.contains(&tests(one)), "{one:?}");
                for other in &all {
                    prop_assert!(known.contains(&sign(one, other)), "{one:?} {other:?}");
                }
            }
        }

        /// So of paths.
        #[test]
        fn every_kind_of_pair_of_paths(
            equal in prop::collection::vec("[/.a]{0,4}", 0..3),
            ends in prop::collection::vec("[/.a]{1,2}", 0..2),
            directories in prop::collection::vec("(/(\\.|\\.\\.a|a|b)){1,2}/?", 0..3),
        ) {
            let mut machines = vec![
                Machine::Equal(Trie::new(&equal)),
                Machine::Ends(Trie::new(&ends)),
                Machine::Paths(Paths::new(&directories)),
            ];
            let found = pairs(&mut machines, Held::Within, 1_000_000, 1_000_000).unwrap();
            let tests = |text: &str| -> Vec<bool> {
                equal.iter().map(|other| text == other)
                    .chain(ends.iter().map(|other| text.ends_with(other.as_str())))
                    .chain([is_well_formed(text)])
                    .chain(directories.iter().map(|other| {
                        is_well_formed(text) && is_within(text, other)
                    }))
                    .collect()
            };
            let sign = |one: &str, other: &str| {
                (tests(one), tests(other), relation(Held::Within, one, other))
            };
            let known: HashSet<_> =
                found.both.iter().map(|(one, other)| sign(one, other)).collect();
            let all = texts("/.a", 5);
            for one in &all {
                for other in &all {
                    prop_assert!(known.contains(&sign(one, other)), "{one:?} {other:?}");
                }
            }
        }
    }
}
