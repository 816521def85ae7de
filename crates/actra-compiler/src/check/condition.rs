//! The structure of conditions: `all`, `any`, `not`, uses of definitions, and atoms.

use super::atom::{self, ATOM_KEYS};
use super::context::{Context, describe, excerpt, is_null, items, listing, null_value};
use super::define::{Lists, Names};
use super::habits::meant_key;
use super::notes::SinglePart;
use super::raw::{DefinitionId, RawCondition, RawOperand};
use super::short;
use crate::diagnostic::{Code, Span, suggest};
use crate::limits::MAX_CONDITION_DEPTH;
use crate::yaml::{Document, Entry, Node, Scalar, Value};

/// A condition that has been read, and what it takes to count it without expanding it.
#[derive(Debug)]
pub(super) struct ReadCondition<'d> {
    pub(super) condition: RawCondition<'d>,
    /// Its own size, definitions not counted.
    pub(super) own: Size,
    /// The definitions that it uses.
    pub(super) uses: Vec<UseAt>,
}

/// The use of a definition.
#[derive(Clone, Copy, Debug)]
pub(super) struct UseAt {
    pub(super) definition: DefinitionId,
    pub(super) span: Span,
    /// Levels of `all`, `any` and `not` around it.
    pub(super) level: usize,
}

/// How large a condition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Most levels of `all`, `any` and `not` around an atom.
    pub(super) depth: usize,
    pub(super) atoms: u64,
    /// Bytes of literals.
    pub(super) bytes: u64,
}

impl Size {
    /// Counts a condition that stands so many levels deep.
    pub(super) fn add(&mut self, level: usize, other: Self) {
        self.depth = self.depth.max(level + other.depth);
        self.atoms = self.atoms.saturating_add(other.atoms);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Reads a condition. Every part is read, however many are wrong.
pub(super) fn read<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    names: &Names<'d>,
    lists: &Lists<'d>,
) -> ReadCondition<'d> {
    let mut reader = Reader { cx, document, names, lists, own: Size::default(), uses: Vec::new() };
    let condition = reader.condition(node, 0);
    ReadCondition { condition, own: reader.own, uses: reader.uses }
}

struct Reader<'r, 'a, 'd> {
    cx: &'r mut Context<'a>,
    document: &'d Document,
    names: &'r Names<'d>,
    lists: &'r Lists<'d>,
    own: Size,
    uses: Vec<UseAt>,
}

const STRUCTURE_KEYS: [&str; 4] = ["all", "any", "not", "condition"];

impl<'d> Reader<'_, '_, 'd> {
    fn condition(&mut self, node: &'d Node, level: usize) -> RawCondition<'d> {
        match &node.value {
            Value::Mapping(entries) => self.mapping(node, entries, level),
            Value::Scalar(Scalar::String(text)) => self.short(node, text, level),
            // Reported by what holds it.
            Value::Scalar(Scalar::Null) => RawCondition::Broken,
            Value::Scalar(_) | Value::Sequence(_) => {
                let message = format!(
                    "a condition is a mapping or a short atom, not {}",
                    describe(self.document, node)
                );
                let help = match node.value {
                    Value::Sequence(_) => Some("put the list under `all:` or `any:`"),
                    Value::Scalar(Scalar::Boolean(true)) if level == 0 => {
                        Some("leave `when` out for a rule that always fires in its scope")
                    }
                    _ => None,
                };
                let help = help.map(str::to_owned);
                let span = self.document.span(node);
                self.cx.error_with_hint(Code::WrongShape, span, message, help);
                RawCondition::Broken
            }
        }
    }

    fn short(&mut self, node: &'d Node, text: &'d str, level: usize) -> RawCondition<'d> {
        let name = text.strip_prefix('@').unwrap_or(text);
        if self.names.find(name).is_some() {
            let span = self.document.span(node);
            let message = format!("`{}` is the name of a condition, not an atom", excerpt(text));
            let help = format!("write `{{condition: {}}}`", excerpt(name));
            self.cx.error_with_help(Code::BadAtom, span, message, help);
            return RawCondition::Broken;
        }
        let atom = short::read(self.cx, self.document, node, text);
        self.atom(atom, level)
    }

    fn atom(&mut self, atom: Option<super::raw::RawAtom<'d>>, level: usize) -> RawCondition<'d> {
        let Some(atom) = atom else { return RawCondition::Broken };
        let bytes = match &atom.operand {
            RawOperand::Literal(literal) => literal.spelling().len() as u64,
            RawOperand::List(literals, _) => weight(literals),
            RawOperand::Named(name, _) => {
                self.lists.using(name);
                self.lists.weight(name)
            }
            _ => 0,
        };
        self.own.add(level, Size { depth: 0, atoms: 1, bytes });
        self.cx.notes.atom(&atom);
        RawCondition::Atom(Box::new(atom))
    }

    fn mapping(&mut self, node: &'d Node, entries: &'d [Entry], level: usize) -> RawCondition<'d> {
        let document = self.document;
        let key_of = |entry: &'d Entry| document.text(&entry.key).unwrap_or("null");
        if entries.is_empty() {
            let help = "leave `when` out for a rule that always fires in its scope";
            let span = document.span(node);
            self.cx.error_with_help(Code::EmptyCondition, span, "the condition is empty", help);
            return RawCondition::Broken;
        }
        let structure = entries.iter().find(|entry| STRUCTURE_KEYS.contains(&key_of(entry)));
        let Some(structure) = structure else {
            if entries.iter().any(|entry| ATOM_KEYS.contains(&key_of(entry))) {
                let atom = atom::read(self.cx, document, node);
                return self.atom(atom, level);
            }
            for entry in entries {
                self.unknown_key(entry, key_of(entry));
            }
            return RawCondition::Broken;
        };
        let key = key_of(structure);
        let mut alone = true;
        for entry in entries.iter().filter(|entry| !std::ptr::eq(*entry, structure)) {
            alone = false;
            let other = key_of(entry);
            if STRUCTURE_KEYS.contains(&other) || ATOM_KEYS.contains(&other) {
                self.cx.error_with_help(
                    Code::ConflictingKeys,
                    document.span(&entry.key),
                    format!("`{other}` cannot stand beside `{key}`"),
                    "join the two in one list under `all:`",
                );
            } else {
                self.unknown_key(entry, other);
            }
        }
        if is_null(&structure.value) {
            null_value(self.cx, document, structure);
            return RawCondition::Broken;
        }
        let condition = self.structure(structure, key, level);
        if alone { condition } else { RawCondition::Broken }
    }

    fn unknown_key(&mut self, entry: &Entry, key: &str) {
        let keys = || STRUCTURE_KEYS.iter().chain(&ATOM_KEYS).copied();
        let all: Vec<&str> = keys().collect();
        let help = match meant_key(key, &all) {
            Some((_, help)) => help,
            None => suggest(key, keys()).map_or_else(
                || format!("the keys of a condition are {}", listing(keys())),
                |near| format!("did you mean `{near}`?"),
            ),
        };
        let message = format!("`{}` is no key of a condition", excerpt(key));
        self.cx.error_with_help(Code::UnknownKey, self.document.span(&entry.key), message, help);
    }

    fn structure(&mut self, entry: &'d Entry, key: &str, level: usize) -> RawCondition<'d> {
        if key == "condition" {
            return self.use_of(&entry.value, level);
        }
        if level == MAX_CONDITION_DEPTH {
            let message = format!("the condition is nested more than {MAX_CONDITION_DEPTH} deep");
            let span = self.document.span(&entry.key);
            self.cx.error(Code::ConditionTooDeep, span, message);
            return RawCondition::Broken;
        }
        if key == "not" {
            if let Value::Sequence(_) = entry.value.value {
                let span = self.document.span(&entry.value);
                let help = "write `not: {any: [..]}` or `not: {all: [..]}`";
                let message = "`not` takes one condition, not a list";
                self.cx.error_with_help(Code::WrongShape, span, message, help);
                return RawCondition::Broken;
            }
            return RawCondition::Not(Box::new(self.condition(&entry.value, level + 1)));
        }
        if matches!(&entry.value.value, Value::Sequence(parts) if parts.is_empty()) {
            let span = self.document.span(&entry.value);
            let message = format!("`{key}` has no parts");
            self.cx.error(Code::EmptyCondition, span, message);
            return RawCondition::Broken;
        }
        let parts = items(self.cx, self.document, &entry.value, &format!("`{key}`"));
        let Some(parts) = parts else { return RawCondition::Broken };
        if parts.len() == 1 {
            let span = self.document.span(&entry.key);
            let keyword = if key == "all" { "all" } else { "any" };
            self.cx.notes.single_parts.push(SinglePart { span, keyword });
        }
        let parts = parts.iter().map(|part| self.condition(part, level + 1)).collect();
        if key == "all" { RawCondition::All(parts) } else { RawCondition::Any(parts) }
    }

    fn use_of(&mut self, node: &'d Node, level: usize) -> RawCondition<'d> {
        let span = self.document.span(node);
        let Some(name) = self.document.text(node) else {
            if !is_null(node) {
                let message = "`condition` takes the name of a definition";
                self.cx.error(Code::WrongShape, span, message);
            }
            return RawCondition::Broken;
        };
        match self.names.find(name) {
            Some(definition) => {
                self.uses.push(UseAt { definition, span, level });
                RawCondition::Use(definition, span)
            }
            None => {
                self.names.unknown(self.cx, name, span);
                RawCondition::Broken
            }
        }
    }
}

/// Bytes that literals take.
pub(super) fn weight(literals: &[super::literal::RawLiteral<'_>]) -> u64 {
    literals.iter().map(|literal| 32 + literal.spelling().len() as u64).sum()
}
