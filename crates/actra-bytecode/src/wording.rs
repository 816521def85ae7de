//! Tests in the words of the language: an op as the short form of an atom. Long lists and strings
//! are cut, so it is for people to read and not to be read back.

use crate::format::timestamp;
use crate::ids::{DfaId, ListId, NetworkListId, NumberId, StringId};
use crate::number::Number;
use crate::op::{Flags, Op, OpCode, Right};
use crate::program::{Addend, Constant, NetworkEntry, Program};
use core::fmt::{self, Display, Write as _};

/// Most items of a list that are shown.
const SHOWN_ITEMS: usize = 8;
/// Most characters of a string that are shown.
const SHOWN_CHARACTERS: usize = 60;

/// How text for people is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// An op's test in words. See [`Program::wording`].
#[derive(Clone, Copy, Debug)]
pub struct Wording<'p> {
    program: &'p Program,
    op: &'p Op,
    pattern: Option<&'p str>,
}

impl Program {
    /// The op's test as the short form writes it, and nothing for the ends of rules. `not` before
    /// it stands for itself around the atom.
    pub fn wording<'p>(&'p self, op: &'p Op) -> Wording<'p> {
        Wording { program: self, op, pattern: None }
    }
}

impl<'p> Wording<'p> {
    /// The same with the text of its pattern, which programs do not keep.
    #[must_use]
    pub fn with_pattern(self, pattern: Option<&'p str>) -> Self {
        Self { pattern, ..self }
    }
}

impl Display for Wording<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, op, .. } = *self;
        if op.code.is_verdict() {
            return Ok(());
        }
        let negation = negation(op);
        let is_negative = op.flags.has(Flags::NEGATE);
        // Where missing fields make atoms false, `x != a` and `not x == a` differ: only the second
        // holds of a missing field. Elsewhere they mean the same, and the shorter one is written.
        let missing_tells = !program.settings().missing_is_unknown && op.code != OpCode::Exists;
        let (is_around, is_inside) = if op.flags.is_quantified() {
            (is_negative, op.flags.has(Flags::NEGATE_ITEM))
        } else if missing_tells {
            let is_around = op.flags.has(Flags::MISSING_HOLDS);
            (is_around, is_negative != is_around)
        } else {
            (is_negative && negation.is_none(), is_negative)
        };
        if is_around {
            f.write_str("not ")?;
        }
        for (flag, word) in [(Flags::EVERY, "every "), (Flags::SOME, "some ")] {
            if op.flags.has(flag) {
                f.write_str(word)?;
            }
        }
        let operator = negation.filter(|_| is_inside).unwrap_or_else(|| operator(op));
        write!(f, "{} {operator}", program.slot_name(op.slot))?;
        self.right(f)?;
        if op.code == OpCode::SumCompare { self.sum(f) } else { Ok(()) }
    }
}

/// The operator's word or sign.
fn operator(op: &Op) -> &'static str {
    use OpCode::*;
    match op.code {
        Fire | Skip => "",
        Exists => "exists",
        StringEquals | FieldEquals => "==",
        BooleanIn if op.operand != 3 => "==",
        NumberCompare | InstantCompare | FieldCompare | SumCompare => op.comparison().sign(),
        LengthCompare if op.comparison().sign() == "<" => "length_less_than",
        LengthCompare => "length_greater_than",
        StringIn | NumberIn | BooleanIn | InstantIn | FieldIn => "in",
        StringStartsWith | FieldStartsWith => "starts_with",
        StringEndsWith | FieldEndsWith => "ends_with",
        StringContains | ContainsString | FieldContains | ListHasString | ListHasNumber
        | ListHasField => "contains",
        StringMatches => "matches",
        InDomain | FieldInDomain => "in_domain",
        InNetwork => "in_network",
        WithinPath | FieldWithinPath => "within_path",
        ListHasAnyString | ListHasAnyNumber | ListHasAnyOfField => "contains_any",
        ListHasAllStrings | ListHasAllNumbers | ListHasAllOfField => "contains_all",
    }
}

/// The operator that says the opposite, where the language has one.
fn negation(op: &Op) -> Option<&'static str> {
    match operator(op) {
        "==" => Some("!="),
        "in" => Some("not in"),
        "exists" => Some("missing"),
        "contains" if !matches!(op.code, OpCode::StringContains | OpCode::ContainsString) => {
            Some("not_contains")
        }
        _ => None,
    }
}

impl Wording<'_> {
    fn right(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, op, .. } = *self;
        let id = op.operand;
        let list = |items| List(program, ListId(id), items);
        match op.code.right() {
            Right::Nothing => Ok(()),
            Right::String => write!(f, " {}", StringText(program.text(StringId(id)))),
            Right::StringSet | Right::StringList | Right::DomainList | Right::PathList => {
                write!(f, " {}", list(Items::Strings))
            }
            Right::BooleanMask => f.write_str(match id {
                1 => " false",
                2 => " true",
                _ => " [false, true]",
            }),
            Right::Number | Right::Length => {
                write!(f, " {}", NumberText(program.number(NumberId(id))))
            }
            Right::NumberSet => write!(f, " {}", list(Items::Numbers)),
            Right::Instant => write!(f, " '{}'", Instant(program.number(NumberId(id)))),
            Right::InstantSet => write!(f, " {}", list(Items::Instants)),
            Right::Dfa => {
                if let Some(pattern) = self.pattern {
                    return write!(f, " {}", StringText(pattern));
                }
                let states = program.dfa(DfaId(id)).map_or(0, crate::dfa::Dfa::states);
                write!(f, " pattern {id} ({states} states)")
            }
            Right::NetworkList => {
                write!(f, " {}", Cut(program.network_list(NetworkListId(id)).iter().map(Entry)))
            }
            Right::SameKindSlot
            | Right::ListOfSameKindSlot
            | Right::StringSlot
            | Right::StringListSlot
            | Right::StringOrListSlot
            | Right::ItemKindSlot
            | Right::SameListSlot
            | Right::ContainedSlot => write!(f, " {}", program.slot_name(op.right_slot())),
        }
    }

    fn sum(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, op, .. } = *self;
        let Some(sum) = program.sum(op.sum()) else { return Ok(()) };
        f.write_str(if sum.minus { " - " } else { " + " })?;
        match sum.addend {
            Addend::Integer(value) => write!(f, "{value}"),
            Addend::Duration(micros) => duration(f, micros),
            Addend::Slot(slot) => f.write_str(program.slot_name(slot)),
        }
    }
}

/// A duration in the largest unit that it is a whole number of.
fn duration(f: &mut fmt::Formatter<'_>, micros: i64) -> fmt::Result {
    const UNITS: [(i64, &str); 5] = [
        (604_800_000_000, "w"),
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "m"),
        (1_000_000, "s"),
    ];
    match UNITS.into_iter().find(|(unit, _)| micros % unit == 0 && micros != 0) {
        Some((unit, name)) => write!(f, "{}{name}", micros / unit),
        None => write!(f, "{micros}us"),
    }
}

/// A string as the short form writes it: bare where it can be, else in quotes; cut where it is
/// long.
#[derive(Clone, Copy, Debug)]
pub struct StringText<'p>(pub &'p str);

impl Display for StringText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let is_bare = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && !matches!(text, "true" | "false");
        let is_raw = !text.contains(|c: char| c.is_control() || c == '\'');
        if text.chars().nth(SHOWN_CHARACTERS).is_some() || !is_raw {
            Quoted(text).fmt(f)
        } else if is_bare {
            f.write_str(text)
        } else {
            write!(f, "'{text}'")
        }
    }
}

/// A string in double quotes, escaped; cut where it is long.
pub(crate) struct Quoted<'p>(pub(crate) &'p str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN_CHARACTERS) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => {
                write!(f, "{:?}... ({} bytes)", self.0.get(..end).unwrap_or(""), self.0.len())
            }
        }
    }
}

/// A number; floats show that they are.
pub(crate) struct NumberText(pub(crate) Number);

impl Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::Integer(value) => write!(f, "{value}"),
            Number::Float(value) => write!(f, "{value:?}"),
        }
    }
}

/// A number as an instant.
struct Instant(Number);

impl Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::Integer(micros) => timestamp::format(micros, f),
            Number::Float(_) => NumberText(self.0).fmt(f),
        }
    }
}

pub(crate) struct ConstantText<'p>(pub(crate) &'p Program, pub(crate) Constant);

impl Display for ConstantText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Constant::String(id) => StringText(self.0.text(id)).fmt(f),
            Constant::Number(value) => NumberText(value).fmt(f),
            Constant::Boolean(value) => write!(f, "{value}"),
            Constant::Instant(micros) => timestamp::format(micros, f),
        }
    }
}

struct Entry<'p>(&'p NetworkEntry);

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NetworkEntry::Private => f.write_str("private"),
            NetworkEntry::Network(network) => write!(f, "'{network}'"),
        }
    }
}

/// What the ids in a list are of.
#[derive(Clone, Copy)]
pub(crate) enum Items {
    Strings,
    Numbers,
    Instants,
    Booleans,
}

/// A list of the program's.
pub(crate) struct List<'p>(pub(crate) &'p Program, pub(crate) ListId, pub(crate) Items);

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ids(self.0, self.0.list(self.1), self.2).fmt(f)
    }
}

pub(crate) struct Ids<'p>(pub(crate) &'p Program, pub(crate) &'p [u32], pub(crate) Items);

impl Display for Ids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Cut(self.1.iter().map(|id| Item(self.0, *id, self.2))).fmt(f)
    }
}

struct Item<'p>(&'p Program, u32, Items);

impl Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(program, id, items) = *self;
        match items {
            Items::Strings => StringText(program.text(StringId(id))).fmt(f),
            Items::Numbers => NumberText(program.number(NumberId(id))).fmt(f),
            Items::Instants => write!(f, "'{}'", Instant(program.number(NumberId(id)))),
            Items::Booleans => write!(f, "{}", id != 0),
        }
    }
}

/// Items in brackets, the first few and how many more.
struct Cut<I>(I);

impl<I: ExactSizeIterator<Item: Display> + Clone> Display for Cut<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (index, item) in self.0.clone().take(SHOWN_ITEMS).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{item}")?;
        }
        match self.0.len().checked_sub(SHOWN_ITEMS) {
            None | Some(0) => f.write_char(']'),
            Some(more) => write!(f, ", and {more} more]"),
        }
    }
}
