//! Listings: a program as text for people and for tests. What a listing looks like is no promise.

use crate::format::timestamp;
use crate::ids::{ActionId, DfaId, ListId, NetworkListId, NumberId, RuleId, SlotId, StringId};
use crate::number::Number;
use crate::op::{Flags, Op, OpCode, Right};
use crate::program::{
    Addend, Constant, Field, FieldType, IndexKind, NetworkEntry, Program, Rule, Settings,
};
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt::{self, Display, Write as _};

/// Most items of a list that are listed.
const SHOWN_ITEMS: usize = 8;
/// Most characters of a string that are listed.
const SHOWN_CHARACTERS: usize = 60;

/// A program's listing. See [`Program::disassemble`].
#[derive(Clone, Copy, Debug)]
pub struct Disassembly<'p>(&'p Program);

impl Program {
    /// The program as text: settings, input tables, and each rule with its code.
    ///
    /// A line of code is the op's name, its test, where it goes on when the test does not hold
    /// (`else`) or holds (`then`), and which unknown outcomes count as holding.
    pub fn disassemble(&self) -> Disassembly<'_> {
        Disassembly(self)
    }
}

impl Display for Disassembly<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.0;
        settings(f, *program.settings())?;
        counts(f, program)?;
        tables(f, program)?;
        let candidates = candidates(program);
        for (index, (rule, candidates)) in program.rules().iter().zip(&candidates).enumerate() {
            f.write_char('\n')?;
            rule_head(f, program, RuleId(index as u32), rule)?;
            candidate_lines(f, program, candidates)?;
            let code = rule.entry as usize..rule.end as usize;
            for (op, at) in program.ops().get(code).unwrap_or(&[]).iter().zip(rule.entry..) {
                writeln!(f, "  {at:04}  {}", OpLine(program, op))?;
            }
        }
        Ok(())
    }
}

fn settings(f: &mut fmt::Formatter<'_>, settings: Settings) -> fmt::Result {
    writeln!(
        f,
        "language {}, combine {}, default {}, missing {}, inputs {}",
        settings.language,
        if settings.collects_approvals { "most_restrictive" } else { "first_match" },
        settings.default.as_str(),
        if settings.missing_is_unknown { "fail_closed" } else { "no_match" },
        if settings.checks_inputs { "checked" } else { "unchecked" },
    )
}

fn counts(f: &mut fmt::Formatter<'_>, program: &Program) -> fmt::Result {
    writeln!(
        f,
        "{} rules, {} ops, {} slots, {} strings, {} numbers, {} patterns",
        program.rules().len(),
        program.ops().len(),
        program.slots().len(),
        program.strings().len(),
        program.numbers().len(),
        program.dfa_count(),
    )
}

fn tables(f: &mut fmt::Formatter<'_>, program: &Program) -> fmt::Result {
    table(f, program, "common", program.common_fields())?;
    for (index, action) in program.actions().iter().enumerate() {
        writeln!(f, "\naction {}", Text(program.text(action.name)))?;
        fields(f, program, program.action_fields(ActionId(index as u32)))?;
    }
    table(f, program, "actor and snapshot", program.state_fields())
}

fn table(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    name: &str,
    table: &[Field],
) -> fmt::Result {
    if table.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{name}")?;
    fields(f, program, table)
}

fn fields(f: &mut fmt::Formatter<'_>, program: &Program, fields: &[Field]) -> fmt::Result {
    for field in fields {
        write!(f, "  {:<24} {}", Name(program, field.slot).to_string(), field.ty.as_str())?;
        if field.symbolic {
            f.write_str(", by symbol")?;
        }
        if field.required {
            f.write_str(", required")?;
        }
        if let Some(default) = field.default {
            write!(f, ", default {}", ConstantText(program, default))?;
        }
        constraint(f, program, field)?;
        f.write_char('\n')?;
    }
    Ok(())
}

fn constraint(f: &mut fmt::Formatter<'_>, program: &Program, field: &Field) -> fmt::Result {
    let Some(constraint) = field.constraint.and_then(|index| program.constraint(index)) else {
        return Ok(());
    };
    if let Some(allowed) = constraint.allowed {
        let is_string = matches!(field.ty, FieldType::String | FieldType::StringList);
        let items = if is_string { Items::Strings } else { Items::Numbers };
        write!(f, ", in {}", List(program, allowed, items))?;
    }
    if let Some(min) = constraint.min {
        write!(f, ", min {}", NumberText(min))?;
    }
    if let Some(max) = constraint.max {
        write!(f, ", max {}", NumberText(max))?;
    }
    if let Some(length) = constraint.max_length {
        write!(f, ", at most {length} characters")?;
    }
    if let Some(items) = constraint.max_items {
        write!(f, ", at most {items} items")?;
    }
    if constraint.unique { f.write_str(", unique") } else { Ok(()) }
}

fn rule_head(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    id: RuleId,
    rule: &Rule,
) -> fmt::Result {
    write!(f, "rule {} {}: {}", id.0, Text(program.text(rule.id)), rule.effect.as_str())?;
    if rule.shadow {
        f.write_str(", shadow")?;
    }
    writeln!(f, " (position {} in the documents)", rule.position)?;
    if let Some(message) = rule.message {
        writeln!(f, "  message {}", Text(program.text(message)))?;
    }
    for action in rule.required_actions.iter().flat_map(|list| program.list_strings(*list)) {
        writeln!(f, "  required action {}", Text(action))?;
    }
    Ok(())
}

/// How a rule is found: in which group, and by which keys of which index.
struct Candidate<'p> {
    group: usize,
    index: Option<IndexUse<'p>>,
}

struct IndexUse<'p> {
    /// Which one of the program's indexes.
    number: usize,
    index: &'p crate::program::Index,
    keys: Vec<u32>,
    missing: bool,
}

/// How each rule is found.
fn candidates(program: &Program) -> Vec<Vec<Candidate<'_>>> {
    let mut all: Vec<Vec<Candidate<'_>>> = Vec::new();
    all.resize_with(program.rules().len(), Vec::new);
    let actions = (0..program.actions().len()).map(|index| ActionId(index as u32));
    let groups = program
        .unscoped_group()
        .into_iter()
        .chain(actions.filter_map(|id| program.action_group(id)));
    let mut number = 0;
    for (group, of_group) in groups.enumerate() {
        for rule in program.always(of_group) {
            if let Some(found) = all.get_mut(*rule as usize) {
                found.push(Candidate { group, index: None });
            }
        }
        for index in program.indexes(of_group) {
            number += 1;
            let mut note = |rule: u32, key: Option<u32>| {
                let Some(found) = all.get_mut(rule as usize) else { return };
                let is_new = found
                    .last()
                    .and_then(|candidate| candidate.index.as_ref())
                    .is_none_or(|known| known.number != number);
                if is_new {
                    let index = IndexUse { number, index, keys: Vec::new(), missing: false };
                    found.push(Candidate { group, index: Some(index) });
                }
                if let Some(known) = found.last_mut().and_then(|known| known.index.as_mut()) {
                    known.missing |= key.is_none();
                    known.keys.extend(key);
                }
            };
            for rule in program.postings_of_missing(index) {
                note(*rule, None);
            }
            for (key, rules) in program.keys(index) {
                for rule in rules {
                    note(*rule, Some(key));
                }
            }
        }
    }
    all
}

fn candidate_lines(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    candidates: &[Candidate<'_>],
) -> fmt::Result {
    for candidate in candidates {
        f.write_str("  candidate for ")?;
        match candidate.group.checked_sub(1).and_then(|action| program.actions().get(action)) {
            Some(action) => write!(f, "{}", Text(program.text(action.name)))?,
            None => f.write_str("any action")?,
        }
        if let Some(IndexUse { index, keys, missing, .. }) = &candidate.index {
            let items = match index.kind {
                IndexKind::String => Items::Strings,
                IndexKind::Number => Items::Numbers,
                IndexKind::Boolean => Items::Booleans,
                IndexKind::Instant => Items::Instants,
            };
            let keys = Ids(program, keys, items);
            write!(f, " by index, {} in {keys}", Name(program, index.slot))?;
            if *missing {
                f.write_str(" or missing")?;
            }
        }
        f.write_char('\n')?;
    }
    Ok(())
}

/// An op without its address.
struct OpLine<'p>(&'p Program, &'p Op);

impl Display for OpLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(program, op) = *self;
        if op.code.is_verdict() {
            return f.write_str(op.code.name());
        }
        let word = if op.flags.has(Flags::JUMP_IF_HOLDS) { "then" } else { "else" };
        let test = Test(program, op).to_string();
        write!(f, "{:<15} {test:<44} {word} -> {:04}", op.code.name(), op.target)?;
        for (flag, text) in [
            (Flags::MISSING_HOLDS, " ?missing=holds"),
            (Flags::MALFORMED_HOLDS, " ?malformed=holds"),
        ] {
            if op.flags.has(flag) {
                f.write_str(text)?;
            }
        }
        Ok(())
    }
}

/// An op's test, nearly as the short form writes it.
struct Test<'p>(&'p Program, &'p Op);

impl Display for Test<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(program, op) = *self;
        for (flag, word) in
            [(Flags::NEGATE, "not "), (Flags::EVERY, "every "), (Flags::SOME, "some ")]
        {
            if op.flags.has(flag) {
                f.write_str(word)?;
            }
        }
        write!(f, "{} ", Name(program, op.slot))?;
        if op.flags.has(Flags::NEGATE_ITEM) {
            f.write_str("not ")?;
        }
        f.write_str(operator(op))?;
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
        NumberCompare | InstantCompare | FieldCompare | SumCompare => op.comparison().sign(),
        LengthCompare => match op.comparison().sign() {
            "<" => "length <",
            "<=" => "length <=",
            "==" => "length ==",
            ">=" => "length >=",
            _ => "length >",
        },
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

impl Test<'_> {
    fn right(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(program, op) = *self;
        let id = op.operand;
        let list = |items| List(program, ListId(id), items);
        match op.code.right() {
            Right::Nothing => Ok(()),
            Right::String => write!(f, " {}", Text(program.text(StringId(id)))),
            Right::StringSet | Right::StringList | Right::DomainList | Right::PathList => {
                write!(f, " {}", list(Items::Strings))
            }
            Right::BooleanMask => f.write_str(match id {
                1 => " [false]",
                2 => " [true]",
                _ => " [false, true]",
            }),
            Right::Number | Right::Length => {
                write!(f, " {}", NumberText(program.number(NumberId(id))))
            }
            Right::NumberSet => write!(f, " {}", list(Items::Numbers)),
            Right::Instant => write!(f, " {}", Instant(program.number(NumberId(id)))),
            Right::InstantSet => write!(f, " {}", list(Items::Instants)),
            Right::Dfa => {
                let states = program.dfa(DfaId(id)).map_or(0, crate::dfa::Dfa::states);
                write!(f, " dfa#{id} ({states} states)")
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
            | Right::ContainedSlot => write!(f, " {}", Name(program, op.right_slot())),
        }
    }

    fn sum(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(program, op) = *self;
        let Some(sum) = program.sum(op.sum()) else { return Ok(()) };
        f.write_str(if sum.minus { " - " } else { " + " })?;
        match sum.addend {
            Addend::Integer(value) => write!(f, "{value}"),
            Addend::Duration(micros) => duration(f, micros),
            Addend::Slot(slot) => write!(f, "{}", Name(program, slot)),
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

/// A slot's name.
struct Name<'p>(&'p Program, SlotId);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.slot_name(self.1))
    }
}

/// A string in quotes, cut where it is long.
struct Text<'p>(&'p str);

impl Display for Text<'_> {
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
struct NumberText(Number);

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

struct ConstantText<'p>(&'p Program, Constant);

impl Display for ConstantText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Constant::String(id) => Text(self.0.text(id)).fmt(f),
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
            NetworkEntry::Network(network) => write!(f, "{network}"),
        }
    }
}

/// What the ids in a list are of.
#[derive(Clone, Copy)]
enum Items {
    Strings,
    Numbers,
    Instants,
    Booleans,
}

/// A list of the program's.
struct List<'p>(&'p Program, ListId, Items);

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ids(self.0, self.0.list(self.1), self.2).fmt(f)
    }
}

struct Ids<'p>(&'p Program, &'p [u32], Items);

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
            Items::Strings => Text(program.text(StringId(id))).fmt(f),
            Items::Numbers => NumberText(program.number(NumberId(id))).fmt(f),
            Items::Instants => Instant(program.number(NumberId(id))).fmt(f),
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
