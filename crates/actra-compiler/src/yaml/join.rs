//! Joins what a document says with where it stands, node by node. Where the two readers saw
//! different documents, nobody can say which one people had in mind.

use super::events::{Event, Events, Style, Text, What};
use super::exact::{self, Run};
use super::node::{NodePlace, Written};
use super::scalar::{agrees, core_schema};
use super::{Entry, Node, Scalar, Value};
use std::collections::HashMap;

/// Wrong keys that are reported. Nobody reads more, and a hostile document has millions.
const MAX_FAULTS: usize = 1_000;

/// Parts of strings of one document whose places are remembered. Beyond that, a string that does not
/// stand in the document as it is is pointed at as a whole.
const MAX_RUNS: usize = 1 << 20;

/// A place in the text that was read.
pub(super) type Range = (u32, u32);

/// What is wrong with a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeyFault {
    /// It stood before.
    Repeated { name: String, first: Range },
    /// It is plain `<<`.
    Merge,
    /// It is a sequence or a mapping.
    Complex,
}

/// The readers saw different things at this place.
#[derive(Debug)]
pub(super) struct Disagreement(pub(super) Range);

/// Joins a tree with its events.
#[derive(Debug)]
pub(super) struct Joiner<'t> {
    pub(super) document: &'t str,
    pub(super) events: &'t Events,
    /// Places by node number.
    pub(super) places: Vec<NodePlace>,
    /// Texts of plain scalars that are not strings, one after the other.
    pub(super) plain: String,
    /// Where the parts of strings come from that do not stand in the document as they are.
    pub(super) runs: Vec<Run>,
    /// Keys that are wrong, and have been dropped from the tree.
    pub(super) faults: Vec<(Range, KeyFault)>,
}

impl<'t> Joiner<'t> {
    /// Nothing joined yet.
    pub(super) fn new(document: &'t str, events: &'t Events) -> Self {
        Self {
            document,
            events,
            places: Vec::with_capacity(events.nodes.len()),
            plain: String::new(),
            runs: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Joins the whole tree.
    pub(super) fn join(&mut self, root: &mut Node) -> Result<(), Disagreement> {
        let mut at = 0;
        self.node(root, &mut at, Use::Itself)?;
        match self.events.nodes.get(at) {
            Some(event) => Err(Disagreement((event.start, event.end))),
            None => Ok(()),
        }
    }

    fn node(&mut self, node: &mut Node, at: &mut usize, used: Use) -> Result<(), Disagreement> {
        let event = self.event(*at)?;
        *at += 1;
        let range = match used {
            Use::Itself | Use::InsideAlias => (event.start, event.end),
            Use::Alias(range) => range,
        };
        let wrong = Err(Disagreement(range));
        if node.id as usize != self.places.len() {
            return wrong;
        }
        let index = self.places.len();
        self.places.push(NodePlace { start: range.0, end: range.1, written: Written::Otherwise });
        match (&mut node.value, &event.what) {
            (_, What::Alias { target }) => {
                self.places.pop();
                // An alias of an alias cannot be written, so this goes one step at most.
                let mut target = *target as usize;
                if target >= at.saturating_sub(1) {
                    return wrong;
                }
                let used = if used.is_copy() { Use::InsideAlias } else { Use::Alias(range) };
                return self.node(node, &mut target, used);
            }
            (Value::Scalar(scalar), What::Scalar { text, style }) => {
                let written = text.as_str(self.document);
                if !agrees(scalar, written, *style) {
                    return wrong;
                }
                if *style == Style::Plain
                    && let Some(core) = core_schema(scalar, written)
                {
                    *scalar = core;
                }
                let written = match (scalar, text) {
                    (
                        Scalar::String(_),
                        Text::Verbatim { start, .. } | Text::Line { start, .. },
                    ) => match used {
                        Use::Alias(_) => Written::Otherwise,
                        Use::Itself | Use::InsideAlias => Written::Verbatim(*start),
                    },
                    (Scalar::String(value), Text::Made(_, notation))
                        if !matches!(used, Use::Alias(_)) =>
                    {
                        let place = event.start as usize..event.end as usize;
                        self.remember(place, *notation, value)
                    }
                    (Scalar::String(_) | Scalar::Null, _) => Written::Otherwise,
                    _ => {
                        let start = self.plain.len() as u32;
                        self.plain.push_str(written);
                        Written::Plain { start, end: self.plain.len() as u32 }
                    }
                };
                if let Some(place) = self.places.get_mut(index) {
                    place.written = written;
                }
            }
            (Value::Sequence(nodes), What::Sequence { len }) if nodes.len() == *len as usize => {
                for node in nodes {
                    self.node(node, at, used.inside())?;
                }
            }
            (Value::Mapping(entries), What::Mapping { len }) if entries.len() == *len as usize => {
                let mut merges = false;
                for Entry { key, value } in entries.iter_mut() {
                    merges |= self.is_merge(*at);
                    let before = self.faults.len();
                    self.node(key, at, used.inside())?;
                    // A key that is no scalar is wrong as a whole.
                    self.faults.truncate(before);
                    self.node(value, at, used.inside())?;
                }
                self.check_keys(entries, used, merges);
            }
            _ => return wrong,
        }
        Ok(())
    }

    fn remember(
        &mut self,
        place: std::ops::Range<usize>,
        notation: exact::Notation,
        value: &str,
    ) -> Written {
        let most = MAX_RUNS.saturating_sub(self.runs.len());
        let Some(runs) = exact::map(self.document, place, notation, value, most) else {
            return Written::Otherwise;
        };
        let from = self.runs.len() as u32;
        self.runs.extend(runs);
        Written::Made { from, to: self.runs.len() as u32 }
    }

    fn event(&self, at: usize) -> Result<&'t Event, Disagreement> {
        self.events.nodes.get(at).ok_or_else(|| {
            let end = self.document.len() as u32;
            Disagreement((end, end))
        })
    }

    fn is_merge(&self, at: usize) -> bool {
        self.events.nodes.get(at).is_some_and(|event| match &event.what {
            What::Scalar { text, style: Style::Plain } => text.as_str(self.document) == "<<",
            _ => false,
        })
    }

    /// The name that a key stands for. Null is one, too, in order to be told from all others.
    fn name<'a>(&'a self, key: &'a Node) -> Option<&'a str> {
        match &key.value {
            Value::Scalar(Scalar::String(text)) => Some(text),
            Value::Scalar(Scalar::Null) => Some("~"),
            Value::Scalar(_) => match self.places.get(key.id as usize)?.written {
                Written::Plain { start, end } => self.plain.get(start as usize..end as usize),
                Written::Verbatim(_) | Written::Made { .. } | Written::Otherwise => None,
            },
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Drops entries with keys that are wrong, and notes them unless they are in a copy.
    fn check_keys(&mut self, entries: &mut Vec<Entry>, used: Use, merges: bool) {
        let mut wrong = Vec::new();
        if merges {
            for (index, entry) in entries.iter().enumerate() {
                // A quoted `<<` is a key like any other; its span has the quotes.
                let range = range(&self.places, &entry.key);
                if self.name(&entry.key) == Some("<<") && range.1 - range.0 == 2 {
                    wrong.push((index, KeyFault::Merge));
                }
            }
        }
        for (index, entry) in entries.iter().enumerate() {
            if self.name(&entry.key).is_none() {
                wrong.push((index, KeyFault::Complex));
            }
        }
        self.find_repeated(entries, &mut wrong);
        if wrong.is_empty() {
            return;
        }
        wrong.sort_by_key(|(index, _)| *index);
        wrong.dedup_by_key(|(index, _)| *index);
        let mut wrong = wrong.into_iter().peekable();
        let mut index = 0;
        let (places, faults) = (&self.places, &mut self.faults);
        entries.retain(|entry| {
            let here = wrong.next_if(|(at, _)| *at == index);
            index += 1;
            let Some((_, fault)) = here else { return true };
            if !used.is_copy() && faults.len() < MAX_FAULTS {
                faults.push((range(places, &entry.key), fault));
            }
            false
        });
    }

    fn find_repeated(&self, entries: &[Entry], wrong: &mut Vec<(usize, KeyFault)>) {
        /// Up to so many keys, comparing each with each is faster than hashing.
        const FEW: usize = 12;
        let mut repeated = |index: usize, first: &Node, name: &str| {
            let first = range(&self.places, first);
            wrong.push((index, KeyFault::Repeated { name: name.to_owned(), first }));
        };
        if entries.len() <= FEW {
            for (index, entry) in entries.iter().enumerate() {
                let Some(name) = self.name(&entry.key) else { continue };
                let before = entries.get(..index).unwrap_or_default();
                if let Some(first) = before.iter().find(|before| self.same(&before.key, &entry.key))
                {
                    repeated(index, &first.key, name);
                }
            }
            return;
        }
        // Keys of one mapping are mostly strings; those that are not are also compared by value.
        let mut names: HashMap<&str, &Node> = HashMap::with_capacity(entries.len());
        let mut values: HashMap<Identity, &Node> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let Some(name) = self.name(&entry.key) else { continue };
            let by_name = names.get(name).copied();
            let by_value = identity(&entry.key).and_then(|key| values.get(&key).copied());
            if let Some(first) = by_name.or(by_value) {
                repeated(index, first, name);
            } else {
                names.insert(name, &entry.key);
                if let Some(identity) = identity(&entry.key) {
                    values.insert(identity, &entry.key);
                }
            }
        }
    }

    /// Two keys are the same by name (`5` and `"5"`) or by value (`16` and `0x10`).
    fn same(&self, one: &Node, other: &Node) -> bool {
        self.name(one) == self.name(other)
            || matches!((identity(one), identity(other)), (Some(a), Some(b)) if a == b)
    }
}

fn range(places: &[NodePlace], node: &Node) -> Range {
    places.get(node.id as usize).map_or((0, 0), |place| (place.start, place.end))
}

/// How a node comes to stand where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It is written there.
    Itself,
    /// An alias at that place stands for it.
    Alias(Range),
    /// It is part of what an alias stands for.
    InsideAlias,
}

impl Use {
    const fn inside(self) -> Self {
        match self {
            Self::Itself => Self::Itself,
            Self::Alias(_) | Self::InsideAlias => Self::InsideAlias,
        }
    }

    const fn is_copy(self) -> bool {
        !matches!(self, Self::Itself)
    }
}

/// The value of a key that is not a string.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Boolean(bool),
    Integer(i128),
    Float(u64),
}

fn identity(key: &Node) -> Option<Identity> {
    match &key.value {
        Value::Scalar(Scalar::Boolean(value)) => Some(Identity::Boolean(*value)),
        Value::Scalar(Scalar::Integer(value)) => Some(Identity::Integer(*value)),
        Value::Scalar(Scalar::Float(value)) => Some(Identity::Float(value.to_bits())),
        _ => None,
    }
}
