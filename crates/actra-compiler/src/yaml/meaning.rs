//! What a document says: `serde_yaml`, visited so that nothing is lost on the way (duplicate keys
//! arrive, tags are seen, integers keep 128 bits) and nothing grows past the limits.

use super::{Entry, Node, Scalar, Value};
use crate::limits::{MAX_DOCUMENT_NODES, MAX_DOCUMENT_TEXT_BYTES};
use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;
use std::fmt;

/// Why a document has no tree.
#[derive(Debug)]
pub(super) enum Fault {
    /// It says nothing at all.
    Empty,
    /// Another document follows it.
    Several,
    /// With its aliases expanded it is over a limit.
    TooLarge,
    /// `serde_yaml` refuses it.
    Refused(serde_yaml::Error),
}

/// A tree, and whether some node bore a tag that is not YAML's own.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) root: Node,
    pub(super) foreign_tags: bool,
}

/// Reads the tree of a document.
pub(super) fn read(text: &str) -> Result<Meaning, Fault> {
    let state = State::default();
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let first = documents.next().ok_or(Fault::Empty)?;
    let root = match first.deserialize_any(Reader(&state)) {
        Ok(root) => root,
        Err(_) if state.over_limit.get() => return Err(Fault::TooLarge),
        Err(error) => return Err(Fault::Refused(error)),
    };
    if let Some(second) = documents.next() {
        // What follows may be no document at all, which is the better thing to say.
        return Err(match IgnoredAny::deserialize(second) {
            Ok(IgnoredAny) => Fault::Several,
            Err(error) => Fault::Refused(error),
        });
    }
    if state.void.get() {
        return Err(Fault::Empty);
    }
    Ok(Meaning { root, foreign_tags: state.foreign_tags.get() })
}

/// Hears of a document's nodes in their order.
pub(super) trait Hearer {
    /// Of a string. Whether to go on.
    fn string(&self, value: &str) -> bool;
    /// Of another scalar. Whether to go on.
    fn other(&self, scalar: &Scalar) -> bool;
    /// Of a sequence, which must have so many items.
    fn sequence(&self) -> Option<u32>;
    /// Of a mapping, which must have so many entries.
    fn mapping(&self) -> Option<u32>;
}

/// Tells what a document says without making a tree of it. Whether the hearer has been told of all
/// of it, and it is one document without tags of somebody's own.
pub(super) fn tell(text: &str, hearer: &impl Hearer) -> bool {
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(first) = documents.next() else { return false };
    first.deserialize_any(Teller(hearer)).is_ok() && documents.next().is_none()
}

struct Teller<'h, H>(&'h H);

impl<H: Hearer> Teller<'_, H> {
    fn other<E: Error>(&self, scalar: &Scalar) -> Result<(), E> {
        go_on(self.0.other(scalar))
    }
}

fn go_on<E: Error>(is_fine: bool) -> Result<(), E> {
    if is_fine { Ok(()) } else { Err(E::custom("this is not what was seen")) }
}

impl<'de, H: Hearer> DeserializeSeed<'de> for Teller<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What is not visited here (tags, nothing at all) is an error.
impl<'de, H: Hearer> Visitor<'de> for Teller<'_, H> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was seen")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.other(&Scalar::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.other(&Scalar::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.other(&Scalar::Integer(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<(), E> {
        self.other(&Scalar::Integer(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<(), E> {
        self.other(&unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.other(&Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        go_on(self.0.string(value))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.other(&Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let len = self.0.sequence();
        let mut count = 0;
        while let Some(()) = items.next_element_seed(Self(self.0))? {
            count += 1;
        }
        go_on(len == Some(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let len = self.0.mapping();
        let mut count = 0;
        while let Some(()) = items.next_key_seed(Self(self.0))? {
            items.next_value_seed(Self(self.0))?;
            count += 1;
        }
        go_on(len == Some(count))
    }
}

/// An integer that may be beyond what we call integers.
fn unsigned(value: u128) -> Scalar {
    i128::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Integer)
}

#[derive(Debug, Default)]
struct State {
    nodes: Cell<u32>,
    text_bytes: Cell<usize>,
    over_limit: Cell<bool>,
    foreign_tags: Cell<bool>,
    void: Cell<bool>,
}

impl State {
    /// The next node's number.
    fn number<E: Error>(&self) -> Result<u32, E> {
        let id = self.nodes.get();
        if id >= MAX_DOCUMENT_NODES {
            return Err(self.stop());
        }
        self.nodes.set(id + 1);
        Ok(id)
    }

    /// Aliases can repeat a long text as well as many nodes.
    fn count_text<E: Error>(&self, text: &str) -> Result<(), E> {
        let bytes = self.text_bytes.get().saturating_add(text.len());
        self.text_bytes.set(bytes);
        if bytes > MAX_DOCUMENT_TEXT_BYTES { Err(self.stop()) } else { Ok(()) }
    }

    fn stop<E: Error>(&self) -> E {
        self.over_limit.set(true);
        E::custom("the document is over a limit")
    }
}

#[derive(Clone, Copy)]
struct Reader<'s>(&'s State);

impl Reader<'_> {
    fn scalar<E: Error>(self, scalar: Scalar) -> Result<Node, E> {
        Ok(Node { id: self.0.number()?, value: Value::Scalar(scalar) })
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.scalar(Scalar::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.scalar(Scalar::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.scalar(Scalar::Integer(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.scalar(Scalar::Integer(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.scalar(unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.scalar(Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.0.count_text(value)?;
        self.scalar(Scalar::String(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.scalar(Scalar::Null)
    }

    /// Only for a stream without any document.
    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.0.void.set(true);
        self.scalar(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let id = self.0.number()?;
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element_seed(self)? {
            nodes.push(node);
        }
        Ok(Node { id, value: Value::Sequence(nodes) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let id = self.0.number()?;
        let mut entries = Vec::new();
        while let Some(key) = items.next_key_seed(self)? {
            entries.push(Entry { key, value: items.next_value_seed(self)? });
        }
        Ok(Node { id, value: Value::Mapping(entries) })
    }

    /// A tag of somebody's own. The other reader says where; the content is read all the same.
    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Node, A::Error> {
        self.0.foreign_tags.set(true);
        let (IgnoredAny, content) = data.variant()?;
        content.newtype_variant_seed(self)
    }
}
