//! Paths as an automaton over bytes: whether a string is one, and in which of some directories it lies.

#![expect(clippy::indexing_slicing, reason = "numbers of nodes and states are the automaton's own")]

use super::numbered::Numbered;
use std::collections::BTreeMap;

/// A directory, or one above it.
#[derive(Debug, Default)]
struct Node {
    /// By name.
    children: BTreeMap<Vec<u8>, u32>,
    /// The nearest of the directories that are asked for: this one, or one that it lies in.
    nearest: Option<u32>,
}

/// What has been read of the segment under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Segment {
    Empty,
    /// The beginning of a name of the tree, or dots.
    Begun(Vec<u8>),
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Start,
    Malformed,
    /// In a directory of the tree, or somewhere below it.
    At {
        node: u32,
        is_below: bool,
        segment: Segment,
    },
}

/// Directories that are asked for.
#[derive(Debug)]
pub(super) struct Paths {
    nodes: Vec<Node>,
    states: Numbered<State>,
}

impl Paths {
    pub(super) fn new(directories: &[String]) -> Self {
        let mut paths = Self { nodes: vec![Node::default()], states: Numbered::default() };
        for directory in directories {
            let mut node = 0;
            let names = directory.split('/').filter(|name| !name.is_empty() && *name != ".");
            for name in names {
                let next = paths.nodes.len() as u32;
                let known = &mut paths.nodes[node as usize].children;
                let child = *known.entry(name.as_bytes().to_vec()).or_insert(next);
                if child == next {
                    paths.nodes.push(Node::default());
                }
                node = child;
            }
            paths.nodes[node as usize].nearest = Some(node);
        }
        // Children come after those that they are in.
        for node in 0..paths.nodes.len() {
            let nearest = paths.nodes[node].nearest;
            for child in paths.nodes[node].children.values().copied().collect::<Vec<_>>() {
                let own = &mut paths.nodes[child as usize].nearest;
                *own = own.or(nearest);
            }
        }
        paths.states.number(State::Start);
        paths
    }

    /// Behind the segment under way: the directory of the tree, and whether below it; `None`: `..`.
    fn behind(&self, node: u32, is_below: bool, segment: &Segment) -> Option<(u32, bool)> {
        match segment {
            Segment::Begun(name) if name == b".." => None,
            Segment::Begun(name) if name == b"." => Some((node, is_below)),
            Segment::Empty => Some((node, is_below)),
            Segment::Begun(name) if !is_below => {
                let child = self.nodes[node as usize].children.get(name);
                Some(child.map_or((node, true), |child| (*child, false)))
            }
            Segment::Begun(_) | Segment::Other => Some((node, true)),
        }
    }

    /// The next state.
    pub(super) fn step(&mut self, state: u32, byte: u8) -> u32 {
        let next = match self.states.get(state).clone() {
            State::Start if byte == b'/' => {
                State::At { node: 0, is_below: false, segment: Segment::Empty }
            }
            State::Start | State::Malformed => State::Malformed,
            State::At { .. } if byte == 0 => State::Malformed,
            State::At { node, is_below, segment } if byte == b'/' => {
                match self.behind(node, is_below, &segment) {
                    Some((node, is_below)) => State::At { node, is_below, segment: Segment::Empty },
                    None => State::Malformed,
                }
            }
            State::At { node, is_below, segment } => {
                let begun = match segment {
                    Segment::Empty => Some(vec![byte]),
                    Segment::Begun(mut name) => {
                        name.push(byte);
                        Some(name)
                    }
                    Segment::Other => None,
                };
                let names = &self.nodes[node as usize].children;
                let is_known = |begun: &Vec<u8>| {
                    b"..".starts_with(begun)
                        || (!is_below && names.keys().any(|name| name.starts_with(begun)))
                };
                let segment = begun.filter(is_known).map_or(Segment::Other, Segment::Begun);
                State::At { node, is_below, segment }
            }
        };
        self.states.number(next)
    }

    /// What a string that ends in the state is: no path, or the nearest directory that it lies in.
    pub(super) fn sign(&self, state: u32) -> u32 {
        let State::At { node, is_below, segment } = self.states.get(state) else { return 0 };
        match self.behind(*node, *is_below, segment) {
            Some((node, _)) => self.nodes[node as usize].nearest.map_or(1, |node| node + 2),
            None => 0,
        }
    }

    /// The bytes that it tells from others.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let names = self.nodes.iter().flat_map(|node| node.children.keys().flatten().copied());
        names.chain([b'/', b'.', 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra_bytecode::format::path::{is_well_formed, is_within};
    use std::collections::HashMap;

    #[test]
    fn it_says_of_every_short_text_what_the_evaluator_says() {
        let directories = ["/a", "/a/b/", "//a/./bb", "/", "/.a", "/a/..b"].map(str::to_owned);
        for count in 0..=directories.len() {
            let directories = &directories[..count];
            let mut paths = Paths::new(directories);
            let mut texts = vec![String::new()];
            let mut signs: HashMap<u32, Vec<Option<bool>>> = HashMap::new();
            for at in 0.. {
                let Some(text) = texts.get(at).cloned() else { break };
                if text.len() < 7 {
                    texts.extend(["/", ".", "a", "b", "\0"].map(|end| format!("{text}{end}")));
                }
                let state = text.bytes().fold(0, |state, byte| paths.step(state, byte));
                let said: Vec<Option<bool>> = directories
                    .iter()
                    .map(|directory| is_well_formed(&text).then(|| is_within(&text, directory)))
                    .collect();
                assert_eq!(paths.sign(state) == 0, !is_well_formed(&text), "{text}");
                let known = signs.entry(paths.sign(state)).or_insert_with(|| said.clone());
                assert_eq!(*known, said, "{text:?} in {directories:?}");
            }
        }
    }
}
