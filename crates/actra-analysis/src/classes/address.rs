//! Addresses as an automaton: how they are written (RFC 4291, section 2.2, as the evaluator reads
//! it), and in which of some networks they lie.

#![expect(clippy::indexing_slicing, reason = "numbers of nodes and states are the automaton's own")]

use super::numbered::Numbered;
use actra_bytecode::format::network::{Network, PRIVATE, PRIVATE_EXCEPTIONS, parse_network};
use std::collections::HashMap;
use std::net::IpAddr;

/// Groups of an IPv6 address.
const GROUPS: usize = 8;
/// Where the address begins that an IPv4-mapped one has inside, in bytes.
const MAPPED_BYTES: u32 = 12;

/// A network among all addresses of IPv6, in which those of IPv4 are mapped.
#[derive(Debug)]
struct Prefix {
    bits: u128,
    length: u32,
}

impl Prefix {
    fn new(network: Network) -> Self {
        let length = u32::from(network.prefix());
        match network.address() {
            IpAddr::V4(address) => Self {
                bits: u128::from(address.to_ipv6_mapped()),
                length: length + 8 * MAPPED_BYTES,
            },
            IpAddr::V6(address) => Self { bits: address.into(), length },
        }
    }

    /// The bits that count from a bit on, as a number of so many bits, and how many they are.
    fn part(&self, from: u32, width: u32) -> (u32, u32) {
        let part = self.bits << from >> (128 - width);
        (part as u32, self.length.saturating_sub(from).min(width))
    }
}

/// What the bytes of an address so far say of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lies {
    Inside,
    Outside,
    Open,
}

/// The beginning of an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    /// Bytes; 0 where nothing is open any more.
    depth: u32,
    lies: Vec<Lies>,
}

/// A number under way; of those that go on alike, the first that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digits {
    value: u32,
    count: u32,
}

impl Digits {
    /// A number from 0 to 255 as IPv4 writes it, one digit further.
    fn decimal(self, byte: u8) -> Option<Self> {
        let digit = char::from(byte).to_digit(10)?;
        let value = self.value * 10 + digit;
        let has_leading_zero = self.count > 0 && self.value == 0;
        (value < 256 && !has_leading_zero).then_some(Self { value, count: self.count + 1 })
    }

    /// Up to four hexadecimal digits, one further.
    fn hexadecimal(self, byte: u8) -> Option<Self> {
        let digit = char::from(byte).to_digit(16)?;
        let value = self.value << 4 | digit;
        (self.count < 4).then_some(Self { value, count: self.count + 1 })
    }

    const NONE: Self = Self { value: 0, count: 0 };
}

/// What the digits of a number can still come to, behind which nodes: by how many digits more and by
/// which, the nodes that each leads to.
type Future = (Vec<u32>, Vec<(u32, u32, Vec<u32>)>);
/// Stands behind the nodes of a group, which no node is.
const HEXADECIMAL: u32 = u32::MAX;

/// An IPv4 address under way, after the octets before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Four {
    node: u32,
    octet: u32,
    digits: Digits,
}

/// An IPv6 address under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Six {
    /// Nothing has been read.
    Start,
    /// A colon has, which needs another one.
    Colon,
    /// Groups before `::`: how many are complete, and whether a colon was the last.
    Head { groups: usize, node: u32, digits: Digits, decimal: Option<Digits> },
    /// Behind `::`, after nothing or after groups and colons. Of each number of groups that may
    /// follow: the node, if it is so many.
    Tail { nodes: Vec<u32>, digits: Digits, decimal: Option<Digits>, is_first: bool },
    /// The end is written as IPv4.
    Four(Four),
}

/// Networks that are asked for.
#[derive(Debug)]
pub(super) struct Networks {
    prefixes: Vec<Prefix>,
    /// Of each network that is asked for, the prefixes inside, and those that are left out of them.
    asked: Vec<(Vec<usize>, Vec<usize>)>,
    /// Of IPv6 only what is no mapped address.
    mapped: usize,
    nodes: Numbered<Node>,
    steps: HashMap<(u32, u8), u32>,
    futures: HashMap<Future, Digits>,
    known: HashMap<(Vec<u32>, Digits), Digits>,
    classes: Numbered<Vec<bool>>,
}

impl Networks {
    pub(super) fn new(networks: &[String]) -> Self {
        let mapped = Prefix { bits: 0xffff << 32, length: 8 * MAPPED_BYTES };
        let mut prefixes = vec![mapped];
        let mut add = |networks: &[Network]| {
            let first = prefixes.len();
            prefixes.extend(networks.iter().copied().map(Prefix::new));
            (first..prefixes.len()).collect::<Vec<usize>>()
        };
        let mut names: Vec<&String> = networks.iter().collect();
        names.sort();
        names.dedup();
        let asked: Vec<_> = names
            .into_iter()
            .map(|name| match parse_network(name) {
                Ok(network) => (add(&[network]), Vec::new()),
                Err(_) if name == "private" => (add(PRIVATE), add(PRIVATE_EXCEPTIONS)),
                Err(_) => (Vec::new(), Vec::new()),
            })
            .collect();
        if asked.is_empty() {
            // Then it does not count which addresses are mapped.
            prefixes.clear();
        }
        let mut new = Self {
            prefixes,
            asked,
            mapped: 0,
            nodes: Numbered::default(),
            steps: HashMap::new(),
            futures: HashMap::new(),
            known: HashMap::new(),
            classes: Numbered::default(),
        };
        new.node(0, vec![Lies::Open; new.prefixes.len()]);
        new
    }

    fn node(&mut self, depth: u32, mut lies: Vec<Lies>) -> u32 {
        for (lies, prefix) in lies.iter_mut().zip(&self.prefixes) {
            if *lies == Lies::Open && prefix.length <= 8 * depth {
                *lies = Lies::Inside;
            }
        }
        let is_open = lies.contains(&Lies::Open);
        self.nodes.number(Node { depth: if is_open { depth } else { 0 }, lies })
    }

    fn step(&mut self, node: u32, byte: u8) -> u32 {
        if let Some(known) = self.steps.get(&(node, byte)) {
            return *known;
        }
        let Node { depth, mut lies } = self.nodes.get(node).clone();
        if !lies.contains(&Lies::Open) {
            return node;
        }
        for (lies, prefix) in lies.iter_mut().zip(&self.prefixes) {
            let (part, bits) = prefix.part(8 * depth, 8);
            if *lies == Lies::Open && (u32::from(byte) ^ part) >> (8 - bits) != 0 {
                *lies = Lies::Outside;
            }
        }
        let next = self.node(depth + 1, lies);
        self.steps.insert((node, byte), next);
        next
    }

    fn group(&mut self, node: u32, group: u32) -> u32 {
        let [high, low] = (group as u16).to_be_bytes();
        let node = self.step(node, high);
        self.step(node, low)
    }

    /// The class of an address that ends in a node: in which of the networks it lies.
    fn class(&mut self, node: u32) -> u32 {
        let lies = &self.nodes.get(node).lies;
        let is_mapped = lies.get(self.mapped) == Some(&Lies::Inside);
        let is_inside = |prefix: &usize| {
            let own = self.prefixes[*prefix].length >= 8 * MAPPED_BYTES
                && self.prefixes[*prefix].bits >> 32 == 0xffff;
            lies[*prefix] == Lies::Inside && own == is_mapped
        };
        let inside: Vec<bool> = self
            .asked
            .iter()
            .map(|(prefixes, but)| prefixes.iter().any(is_inside) && !but.iter().any(is_inside))
            .collect();
        self.classes.number(inside)
    }

    /// Digits of a group that go on as these do to all of the nodes: the first that were met of those.
    fn alike(&mut self, nodes: &[u32], digits: Digits) -> Digits {
        let key = ([nodes, &[HEXADECIMAL]].concat(), digits);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let mut future = Vec::new();
        for more in 0..=4 - digits.count {
            let first = digits.value << (4 * more);
            let end = first + (1 << (4 * more));
            let mut last = None;
            for start in self.breaks(nodes, first, end) {
                let ends: Vec<u32> = nodes.iter().map(|node| self.group(*node, start)).collect();
                if last.as_ref() != Some(&ends) {
                    future.push((more, start - first, ends.clone()));
                    last = Some(ends);
                }
            }
        }
        let alike = *self.futures.entry((key.0.clone(), future)).or_insert(digits);
        self.known.insert(key, alike);
        alike
    }

    /// The same for digits of an octet.
    fn alike_decimal(&mut self, node: u32, digits: Digits) -> Digits {
        let key = (vec![node], digits);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let mut future = Vec::new();
        let mut all = vec![(digits, 0)];
        let mut at = 0;
        while let Some((digits, path)) = all.get(at).copied() {
            future.push((at as u32, path, vec![self.step(node, digits.value as u8)]));
            for byte in b'0'..=b'9' {
                let further = digits.decimal(byte);
                all.extend(further.map(|further| (further, path * 11 + u32::from(byte - b'/'))));
            }
            at += 1;
        }
        let alike = *self.futures.entry((key.0.clone(), future)).or_insert(digits);
        self.known.insert(key, alike);
        alike
    }

    /// The starts of parts of some groups in which all lead to the same nodes.
    fn breaks(&self, nodes: &[u32], first: u32, end: u32) -> Vec<u32> {
        let mut starts = vec![first];
        for node in nodes {
            let Node { depth, lies } = self.nodes.get(*node);
            for (lies, prefix) in lies.iter().zip(&self.prefixes) {
                if *lies == Lies::Open {
                    let (part, bits) = prefix.part(8 * depth, 16);
                    let start = part >> (16 - bits) << (16 - bits);
                    starts.extend([start, start + (1 << (16 - bits))]);
                }
            }
        }
        starts.retain(|start| (first..end).contains(start));
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Before an IPv4 address.
    pub(super) fn four(&mut self) -> Four {
        let mut node = 0;
        for byte in [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] {
            node = self.step(node, byte);
        }
        Four { node, octet: 0, digits: Digits::NONE }
    }

    pub(super) fn step_four(&mut self, four: Four, byte: u8) -> Option<Four> {
        if byte == b'.' {
            let is_complete = four.digits.count > 0 && four.octet < 3;
            return is_complete.then(|| Four {
                node: self.step(four.node, four.digits.value as u8),
                octet: four.octet + 1,
                digits: Digits::NONE,
            });
        }
        let digits = four.digits.decimal(byte)?;
        Some(Four { digits: self.alike_decimal(four.node, digits), ..four })
    }

    /// The class of the address, if it is one.
    pub(super) fn class_of_four(&mut self, four: Four) -> Option<u32> {
        (four.octet == 3 && four.digits.count > 0).then(|| {
            let node = self.step(four.node, four.digits.value as u8);
            self.class(node)
        })
    }

    fn zeros(&mut self, node: u32, groups: usize) -> u32 {
        (0..groups).fold(node, |node, _| self.group(node, 0))
    }

    /// Behind `::` that so many groups stand before.
    fn tail(&mut self, groups: usize, node: u32) -> Six {
        let most = GROUPS - groups - 1;
        let nodes = (0..=most).map(|after| self.zeros(node, GROUPS - groups - after)).collect();
        let digits = Digits::NONE;
        Six::Tail { nodes, digits, decimal: Some(digits), is_first: true }
    }

    pub(super) fn step_six(&mut self, six: &Six, byte: u8) -> Option<Six> {
        match (six, byte) {
            (Six::Start, b':') => Some(Six::Colon),
            (Six::Colon, b':') => Some(self.tail(0, 0)),
            (Six::Colon, _) => None,
            (Six::Start, _) => {
                let head = Six::Head {
                    groups: 0,
                    node: 0,
                    digits: Digits::NONE,
                    decimal: Some(Digits::NONE),
                };
                self.step_six(&head, byte)
            }
            (Six::Head { groups, node, digits: Digits::NONE, .. }, b':') => {
                Some(self.tail(*groups, *node))
            }
            (Six::Head { groups, node, digits, .. }, b':') if groups + 1 < GROUPS => {
                let node = self.group(*node, digits.value);
                let digits = Digits::NONE;
                Some(Six::Head { groups: groups + 1, node, digits, decimal: Some(digits) })
            }
            (Six::Head { groups, node, decimal: Some(decimal), .. }, b'.') => {
                let is_place = *groups == GROUPS - 2;
                is_place.then_some(*decimal).and_then(|digits| self.second_octet(*node, digits))
            }
            (Six::Head { groups, node, digits, decimal }, _) => {
                let digits = digits.hexadecimal(byte)?;
                let decimal = decimal.and_then(|decimal| decimal.decimal(byte));
                let octets = (*groups == GROUPS - 2).then_some(*node);
                let digits = self.alike(&[*node], digits);
                let decimal = self.octet(octets, decimal);
                Some(Six::Head { groups: *groups, node: *node, digits, decimal })
            }
            (Six::Tail { digits: Digits::NONE, .. }, b':') => None,
            (Six::Tail { nodes, digits, .. }, b':') => {
                let next = nodes.iter().skip(1).map(|node| self.group(*node, digits.value));
                let nodes: Vec<u32> = next.collect();
                let digits = Digits::NONE;
                // A group has to follow.
                (nodes.len() > 1).then_some(Six::Tail {
                    nodes,
                    digits,
                    decimal: Some(digits),
                    is_first: false,
                })
            }
            (Six::Tail { nodes, decimal: Some(decimal), .. }, b'.') => {
                nodes.get(2).and_then(|node| self.second_octet(*node, *decimal))
            }
            (Six::Tail { nodes, digits, decimal, .. }, _) => {
                let following = nodes.get(1..).filter(|following| !following.is_empty())?;
                let digits = digits.hexadecimal(byte)?;
                let decimal = decimal.and_then(|decimal| decimal.decimal(byte));
                let digits = self.alike(following, digits);
                let decimal = self.octet(nodes.get(2).copied(), decimal);
                Some(Six::Tail { nodes: nodes.clone(), digits, decimal, is_first: false })
            }
            (Six::Four(four), _) => self.step_four(*four, byte).map(Six::Four),
        }
    }

    /// Digits that may be those of an octet, where one may stand.
    fn octet(&mut self, node: Option<u32>, digits: Option<Digits>) -> Option<Digits> {
        Some(self.alike_decimal(node?, digits?))
    }

    fn second_octet(&mut self, node: u32, digits: Digits) -> Option<Six> {
        let first = Four { node, octet: 0, digits };
        self.step_four(first, b'.').map(Six::Four)
    }

    /// The class of the address, if it is one.
    pub(super) fn class_of_six(&mut self, six: &Six) -> Option<u32> {
        let node = match six {
            Six::Head { groups, node, digits, .. } if *groups + 1 == GROUPS => {
                (digits.count > 0).then(|| self.group(*node, digits.value))?
            }
            Six::Tail { nodes, digits: Digits::NONE, is_first: true, .. } => nodes[0],
            Six::Tail { nodes, digits, .. } if digits.count > 0 => {
                self.group(*nodes.get(1)?, digits.value)
            }
            Six::Four(four) => return self.class_of_four(*four),
            Six::Start | Six::Colon | Six::Head { .. } | Six::Tail { .. } => return None,
        };
        Some(self.class(node))
    }
}
