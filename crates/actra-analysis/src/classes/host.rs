//! Hosts as an automaton over bytes: which host a string is, or that of which URL, and in which of
//! some domains and networks it lies.

use super::address::{Four, Networks, Six};
use super::machine::Trie;
use super::numbered::Numbered;
use actra_bytecode::format::host::{MAX_HOST_BYTES, parse_domain};
use std::collections::BTreeSet;

/// What a string names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Host {
    /// A name, and the longest of the domains that it lies in.
    Name(Option<u32>),
    /// An address, and its class.
    Address(u32),
}

/// The label of a name that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Label {
    Empty,
    Zero,
    Digits,
    /// `0x` and hexadecimal digits.
    Hexadecimal,
    Other,
}

impl Label {
    fn step(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Empty, b'0') => Self::Zero,
            (Self::Empty | Self::Zero | Self::Digits, b'0'..=b'9') => Self::Digits,
            (Self::Zero, b'x' | b'X') => Self::Hexadecimal,
            (Self::Hexadecimal, byte) if byte.is_ascii_hexdigit() => Self::Hexadecimal,
            _ => Self::Other,
        }
    }
}

/// A name under way, or an address of IPv4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name {
    /// In the tree of domains.
    node: u32,
    label: Label,
    four: Option<Four>,
    /// What it would be without its last byte, a dot.
    before: Option<Host>,
}

/// A port under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Port {
    digits: u8,
    /// Whether five digits that begin so are too many: they are as the largest port is so far, or
    /// not.
    order: std::cmp::Ordering,
}

impl Port {
    fn step(self, byte: u8) -> Option<Self> {
        let largest = b"65535".get(usize::from(self.digits))?;
        let is_digit = byte.is_ascii_digit() && (byte != b'0' || self.digits > 0);
        let next = Self { digits: self.digits + 1, order: self.order.then(byte.cmp(largest)) };
        (is_digit && (next.digits < 5 || next.order.is_le())).then_some(next)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    /// No host, whatever follows.
    Malformed,
    /// A name, a scheme, or an address of IPv6: what may be each.
    Text {
        name: Option<Name>,
        is_scheme: bool,
        is_empty: bool,
        six: Option<Six>,
    },
    /// Behind the colon of what may be a scheme.
    Colon {
        six: Option<Six>,
    },
    Slash,
    /// Behind `://`.
    Authority {
        name: Name,
        is_empty: bool,
    },
    Bracketed(Six),
    Bracket(Host),
    Port(Host, Port),
    /// Behind the host and the port.
    Rest(Host),
}

/// Domains and networks that are asked for.
#[derive(Debug)]
pub(super) struct Hosts {
    /// In lower case, a dot before each.
    domains: Trie,
    networks: Networks,
    states: Numbered<State>,
    signs: Numbered<Option<Host>>,
    /// Those that mean something in a host, or are in a domain.
    bytes: BTreeSet<u8>,
}

impl Hosts {
    pub(super) fn new(domains: &[String], networks: &[String]) -> Self {
        let domains: Vec<String> = domains
            .iter()
            .filter_map(|text| parse_domain(text).ok())
            .map(|name| format!(".{}", name.to_ascii_lowercase()))
            .collect();
        let special = b"0123456789abcdefx.:/?#[]+-_".iter().copied();
        let bytes = domains.iter().flat_map(|text| text.bytes()).chain(special).collect();
        let mut hosts = Self {
            domains: Trie::new(&domains),
            networks: Networks::new(networks),
            states: Numbered::default(),
            signs: Numbered::default(),
            bytes,
        };
        hosts.signs.number(None);
        let start = State::Text {
            name: Some(hosts.name()),
            is_scheme: true,
            is_empty: true,
            six: Some(Six::Start),
        };
        hosts.states.number(start);
        hosts
    }

    /// Before a name.
    fn name(&mut self) -> Name {
        let node = self.domains.follow(0, b'.');
        Name { node, label: Label::Empty, four: Some(self.networks.four()), before: None }
    }

    fn step_name(&mut self, name: &Name, byte: u8) -> Option<Name> {
        let node = self.domains.follow(name.node, byte.to_ascii_lowercase());
        let four = name.four.and_then(|four| self.networks.step_four(four, byte));
        match byte {
            b'.' if name.label == Label::Empty => None,
            b'.' => {
                let before = self.host(name);
                Some(Name { node, label: Label::Empty, four, before })
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => {
                Some(Name { node, label: name.label.step(byte), four, before: None })
            }
            _ => None,
        }
    }

    /// The host that a name is.
    fn host(&mut self, name: &Name) -> Option<Host> {
        match name.label {
            Label::Empty => name.before,
            Label::Other => Some(Host::Name(self.domains.longest(name.node))),
            Label::Zero | Label::Digits | Label::Hexadecimal => {
                let class = self.networks.class_of_four(name.four?)?;
                Some(Host::Address(class))
            }
        }
    }

    /// What follows a host in a URL.
    fn behind(host: Host, byte: u8) -> State {
        match byte {
            b':' => State::Port(host, Port { digits: 0, order: std::cmp::Ordering::Equal }),
            b'/' | b'?' | b'#' => State::Rest(host),
            _ => State::Malformed,
        }
    }

    fn next(&mut self, state: &State, byte: u8) -> State {
        match state {
            State::Malformed => State::Malformed,
            State::Text { name, is_scheme, is_empty, six } => {
                let six = six.as_ref().and_then(|six| self.networks.step_six(six, byte));
                if byte == b':' {
                    return match six {
                        _ if *is_scheme && !is_empty => State::Colon { six },
                        None => State::Malformed,
                        six => Self::address_only(six),
                    };
                }
                let name = name.as_ref().and_then(|name| self.step_name(name, byte));
                let is_scheme = *is_scheme
                    && (byte.is_ascii_alphabetic()
                        || (!is_empty && (byte.is_ascii_digit() || b"+-.".contains(&byte))));
                match (&name, is_scheme, &six) {
                    (None, false, None) => State::Malformed,
                    _ => State::Text { name, is_scheme, is_empty: false, six },
                }
            }
            State::Colon { .. } if byte == b'/' => State::Slash,
            State::Colon { six } => {
                let six = six.as_ref().and_then(|six| self.networks.step_six(six, byte));
                Self::address_only(six)
            }
            State::Slash if byte == b'/' => State::Authority { name: self.name(), is_empty: true },
            State::Slash => State::Malformed,
            State::Authority { is_empty: true, .. } if byte == b'[' => State::Bracketed(Six::Start),
            State::Authority { name, .. } => match self.step_name(name, byte) {
                Some(name) => State::Authority { name, is_empty: false },
                None => self.host(name).map_or(State::Malformed, |host| Self::behind(host, byte)),
            },
            State::Bracketed(six) if byte == b']' => {
                let class = self.networks.class_of_six(six);
                class.map_or(State::Malformed, |class| State::Bracket(Host::Address(class)))
            }
            State::Bracketed(six) => {
                self.networks.step_six(six, byte).map_or(State::Malformed, State::Bracketed)
            }
            State::Bracket(host) => Self::behind(*host, byte),
            State::Port(host, port) if byte.is_ascii_digit() => {
                port.step(byte).map_or(State::Malformed, |port| State::Port(*host, port))
            }
            State::Port(host, port) if port.digits > 0 && byte != b':' => Self::behind(*host, byte),
            State::Port(..) => State::Malformed,
            State::Rest(host) => State::Rest(*host),
        }
    }

    fn address_only(six: Option<Six>) -> State {
        match six {
            None => State::Malformed,
            six => State::Text { name: None, is_scheme: false, is_empty: false, six },
        }
    }

    /// The next state.
    pub(super) fn step(&mut self, state: u32, byte: u8) -> u32 {
        let state = self.states.get(state).clone();
        let next = self.next(&state, byte);
        self.states.number(next)
    }

    /// Whether a name is under way.
    pub(super) fn is_name(&self, state: u32) -> bool {
        matches!(
            self.states.get(state),
            State::Text { name: Some(_), .. } | State::Authority { .. }
        )
    }

    /// The state behind more bytes of a name than hosts have, where a name is under way.
    pub(super) fn beyond(&mut self, state: u32) -> Option<u32> {
        let beyond = match self.states.get(state) {
            State::Text { name: Some(_), is_scheme: true, .. } => {
                State::Text { name: None, is_scheme: true, is_empty: false, six: None }
            }
            State::Text { name: Some(_), .. } | State::Authority { .. } => State::Malformed,
            _ => return None,
        };
        Some(self.states.number(beyond))
    }

    /// What a string that ends in the state is: no host, or which.
    pub(super) fn sign(&mut self, state: u32) -> u32 {
        let host = match self.states.get(state).clone() {
            State::Text { name, six, .. } => {
                let host = name.and_then(|name| self.host(&name));
                host.or_else(|| self.networks.class_of_six(&six?).map(Host::Address))
            }
            State::Authority { name, .. } => self.host(&name),
            State::Bracket(host) | State::Rest(host) => Some(host),
            State::Port(host, port) => (port.digits > 0).then_some(host),
            State::Colon { six } => {
                six.and_then(|six| self.networks.class_of_six(&six)).map(Host::Address)
            }
            State::Malformed | State::Slash | State::Bracketed(_) => None,
        };
        self.signs.number(host)
    }

    /// What tells a byte from others.
    pub(super) fn mark(&self, byte: u8) -> u16 {
        // Case does not count anywhere.
        let byte = byte.to_ascii_lowercase();
        u16::from(if self.bytes.contains(&byte) {
            byte
        } else if byte.is_ascii_alphabetic() {
            u8::MAX
        } else {
            b'@'
        })
    }
}

/// More bytes than a name of a host has.
pub(super) const TOO_MANY: usize = MAX_HOST_BYTES + 1;

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, strings};
    use super::*;
    use crate::test_seeds::first_seed;
    use actra_bytecode::dfa::Dfa;
    use actra_bytecode::format::host::{self, is_in_domain};
    use actra_bytecode::format::network::{is_private, parse_network};
    use actra_compiler::pattern;
    use std::collections::{HashMap, HashSet};

    /// A generator of small numbers.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % end as u64) as usize
        }

        fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
            items[self.below(items.len())]
        }
    }

    const DOMAINS: [&str; 7] =
        ["example.com", "B.example.com", "com", "org.", "a", "1a.co", "x-n--a.example.com"];
    const NETWORKS: [&str; 12] = [
        "10.0.0.0/8",
        "private",
        "0.0.0.0/0",
        "::/0",
        "192.168.1.128/25",
        "2001:db8::/32",
        "::ffff:10.0.0.0/104",
        "::1/128",
        "fe80::/10",
        "1.2.3.4/32",
        "2001:db8:0:0:8::/77",
        "::/3",
    ];
    const PARTS: [&str; 62] = [
        "a",
        "b",
        "com",
        ".com",
        "example",
        ".example.com",
        "example.com",
        "B.Example.Com",
        "org",
        "1a.co",
        ".",
        "..",
        "-",
        "_",
        "0",
        "00",
        "1",
        "25",
        "255",
        "256",
        "10.",
        "192.168.1.",
        "1.2.3.4",
        "127.0.0.1",
        "0x7f",
        "0xg",
        "0x",
        "http://",
        "https://",
        "a+b://",
        "1://",
        "://",
        ":",
        "::",
        ":0",
        ":80",
        ":65535",
        ":65536",
        ":080",
        "/",
        "/x",
        "?",
        "#",
        "[",
        "]",
        "[::1]",
        "::1",
        "fe80",
        "FEBF",
        "fec0",
        "ffff",
        "::ffff:",
        "2001:db8",
        ":db8:",
        "2001",
        "a00:",
        "7f00:1",
        "12345",
        " ",
        "é",
        "@",
        "%",
    ];

    fn text(random: &mut Random) -> String {
        if random.below(3) > 0 {
            return (0..=random.below(6)).map(|_| random.pick(&PARTS)).collect();
        }
        // An address of IPv6, or something like it.
        let mut text = String::new();
        let in_url = random.below(2) == 0;
        text += if in_url { "h://[" } else { "" };
        let groups = [
            "0", "1", "8", "ffff", "2001", "db8", "FE80", "fc00", "a", "12", "0000", "00001", "64",
        ];
        for number in 0..=random.below(9) {
            let colon = if number > 0 && random.below(20) > 0 { ":" } else { "" };
            text += colon;
            text += if random.below(5) == 0 { ":" } else { random.pick(&groups) };
        }
        if random.below(4) == 0 {
            text += [":1.2.3.4", ":10.0.0.1", "::255.255.255.255", ":1.2.3", ":01.2.3.4"]
                [random.below(5)];
        }
        text += if in_url { ["]", "]:1", "]/", "]x"][random.below(4)] } else { "" };
        text
    }

    /// What the evaluator says of a text: nothing, a name in which domains, or an address in which
    /// networks.
    fn said(text: &str, domains: &[String], networks: &[String]) -> Option<(bool, Vec<bool>)> {
        match host::parse(text).ok()? {
            host::Host::Name(name) => Some((
                true,
                domains
                    .iter()
                    .map(|domain| is_in_domain(name, parse_domain(domain).unwrap()))
                    .collect(),
            )),
            host::Host::Address(address) => Some((
                false,
                networks
                    .iter()
                    .map(|network| match parse_network(network) {
                        Ok(network) => network.contains(address),
                        Err(_) => network == "private" && is_private(address),
                    })
                    .collect(),
            )),
        }
    }

    #[test]
    fn it_says_of_texts_what_the_evaluator_says() {
        let mut hosts_seen = 0;
        for seed in first_seed()..first_seed() + 60 {
            let mut random = Random(seed);
            let mut some = |all: &[&str]| -> Vec<String> {
                all.iter().filter(|_| random.below(3) == 0).map(ToString::to_string).collect()
            };
            let (domains, networks) = (some(&DOMAINS), some(&NETWORKS));
            let mut hosts = Hosts::new(&domains, &networks);
            let mut signs = HashMap::new();
            for _ in 0..4_000 {
                let text = text(&mut random);
                let state = text.bytes().fold(0, |state, byte| hosts.step(state, byte));
                let said = said(&text, &domains, &networks);
                let sign = hosts.sign(state);
                assert_eq!(sign == 0, said.is_none(), "{text:?}");
                hosts_seen += usize::from(sign > 0);
                let known = signs.entry(sign).or_insert_with(|| said.clone());
                assert_eq!(*known, said, "seed {seed}: {text:?}");
            }
        }
        assert!(hosts_seen > 20_000, "{hosts_seen}");
    }

    #[test]
    fn names_may_be_too_long() {
        let mut hosts = Hosts::new(&["com".to_owned()], &[]);
        for (start, rest) in
            [("", ""), ("", "://a.com"), ("h://", ""), ("h://", "/x"), ("h://", "://a")]
        {
            for end in ["a", "a.", "com", ".com"] {
                let name = "a.".repeat(120);
                for count in [12, 13, 14, 15, 30] {
                    let text = format!("{start}{name}{}{end}", "b".repeat(count));
                    let mut state = text.bytes().fold(0, |state, byte| hosts.step(state, byte));
                    let is_long =
                        name.len() + count + end.trim_end_matches('.').len() > MAX_HOST_BYTES;
                    if is_long {
                        state = hosts.beyond(state).unwrap();
                    }
                    let state = rest.bytes().fold(state, |state, byte| hosts.step(state, byte));
                    let said = said(&format!("{text}{rest}"), &["com".to_owned()], &[]);
                    assert_eq!(hosts.sign(state) == 0, said.is_none(), "{text}{rest}");
                }
            }
        }
    }

    const PATTERNS: [&str; 6] = [
        // Only too long a name is no host here.
        "^h://(ab)+(/x)?$",
        "https?://[a-z]+\\.com/.*",
        "[a-z.]+",
        "^(ab|ba)*(://.*)?$",
        "[^/]{3}.*",
        ".*[.:]1",
    ];

    /// Beside other tests of the text: whatever string there is, one was found to which all tests say
    /// the same.
    #[test]
    fn every_text_has_one_like_it() {
        let mut compared = 0;
        for seed in first_seed()..first_seed() + 40 {
            let mut random = Random(seed);
            let mut some = |all: &[&str], share: usize| -> Vec<String> {
                all.iter().filter(|_| random.below(share) == 0).map(ToString::to_string).collect()
            };
            let (domains, networks) = (some(&DOMAINS, 4), some(&NETWORKS, 12));
            let begins = some(&["http", "https://", "h://", "a", "10.", "::", "é"], 4);
            let ends = some(&["com", "/", "a", ".", "1", "]"], 4);
            let holds = some(&["a", "..", "://", "@", "bb", "1."], 5);
            let patterns = some(&PATTERNS, 5);
            let length = random.below(3) as u32 * 4;
            let most = [None, Some(9), Some(300)][random.below(3)];
            let dfas: Vec<Dfa> =
                patterns.iter().map(|text| pattern::compile(text).unwrap()).collect();
            let mut machines = vec![
                Machine::begins(&begins),
                Machine::Ends(Trie::new(&ends)),
                Machine::holds(&holds),
                Machine::length(0..length),
                Machine::Hosts(Box::new(Hosts::new(&domains, &networks))),
            ];
            machines.extend(dfas.iter().map(Machine::Pattern));
            let Some(found) = strings(&mut machines, most, 1, 300_000) else { continue };
            assert!(!found.lacks_long_names, "seed {seed}");
            let tests = |text: &str| {
                let told: Vec<bool> = begins
                    .iter()
                    .map(|other| text.starts_with(other.as_str()))
                    .chain(ends.iter().map(|other| text.ends_with(other.as_str())))
                    .chain(holds.iter().map(|other| text.contains(other.as_str())))
                    .chain(dfas.iter().map(|dfa| dfa.matches(text.as_bytes())))
                    .chain((0..length).map(|limit| text.chars().count() as u32 > limit))
                    .collect();
                (told, said(text, &domains, &networks))
            };
            let kinds: HashSet<_> = found.strings.iter().map(|text| tests(text)).collect();
            assert_eq!(kinds.len(), found.strings.len(), "seed {seed}: one of each kind");
            let mut texts: Vec<String> = (0..600).map(|_| text(&mut random)).collect();
            // Names that are too long for a host.
            for start in ["", "h://", "http://"] {
                for name in ["ab", "a", "com.", "1"] {
                    let ends = ["", ".com", "/x", "://b.com", "@"];
                    texts.extend(ends.map(|end| format!("{start}{}{end}", name.repeat(254))));
                }
            }
            texts.retain(|text| most.is_none_or(|most| text.chars().count() as u64 <= most));
            for text in &texts {
                assert!(kinds.contains(&tests(text)), "seed {seed}: {text:?}");
            }
            compared += texts.len();
        }
        assert!(compared > 10_000, "{compared}");
    }
}
