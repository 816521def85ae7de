//! What lints need to know of the documents besides the checked policy: where parts of rules and
//! atoms stand, what is defined and not used, and what is written twice.
//!
//! The checker takes these notes as it reads, each once, so that nothing is parsed again.

use super::literal::{RawLiteral, RawValue};
use super::raw::{RawAtom, RawOperand};
use crate::diagnostic::Span;
use crate::lint::Silences;
use crate::model::{Domain, Place};
use crate::yaml::{Document, Entry, Node, Value};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// What the documents say beyond the policy.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// The policy's `version:`.
    pub version: Option<Span>,
    /// `evaluation.default`, where it is written.
    pub default: Option<Span>,
    /// One for each of the policy's rules, in the same order.
    pub rules: Vec<RuleNote>,
    /// Atoms, sorted by place.
    pub(crate) atoms: Vec<AtomNote>,
    /// `all` and `any` with one part.
    pub single_parts: Vec<SinglePart>,
    /// Definitions that nothing uses.
    pub unused: Vec<Unused>,
    /// What stands a second time in a list where once would do.
    pub repeats: Vec<Repeat>,
    /// Names of declared fields, objects' own included.
    pub fields: Vec<FieldNote>,
    /// Names of declared actions.
    pub actions: Vec<(String, Span)>,
    /// Comments that silence warnings.
    pub silences: Silences,
}

/// Where the parts of a rule stand.
#[derive(Clone, Copy, Debug)]
pub struct RuleNote {
    /// The value of `id:`.
    pub id: Span,
    /// The key `required_actions`, where it is written.
    pub required_actions: Option<Span>,
}

/// Where the parts of an atom stand.
#[derive(Clone, Debug)]
pub struct AtomNote {
    key: (u32, u32),
    /// `every` or `some`.
    pub quantifier: Option<Span>,
    /// The field on the left.
    pub subject: Option<Span>,
    /// The operator.
    pub operator: Option<Span>,
    /// The right side.
    pub operand: Option<Span>,
    /// The literals on the right, if they stand there and not in `define:`.
    pub literals: Vec<LiteralNote>,
}

/// Where a literal stands.
#[derive(Clone, Copy, Debug)]
pub struct LiteralNote {
    /// All of it, quotes included.
    pub span: Span,
    /// Where its text begins, if it stands in the document as it is.
    text_at: Option<u32>,
}

impl LiteralNote {
    /// The span of some bytes of its text; of all of it where the text is not in the document.
    pub fn part(&self, from: usize, to: usize) -> Span {
        match self.text_at {
            Some(at) if from < to => {
                let end = (at + to as u32).min(self.span.end);
                Span { start: (at + from as u32).min(end), end, ..self.span }
            }
            _ => self.span,
        }
    }
}

/// An `all` or `any` with one part.
#[derive(Clone, Copy, Debug)]
pub struct SinglePart {
    /// The key.
    pub span: Span,
    /// `all` or `any`.
    pub keyword: &'static str,
}

/// A definition that nothing uses.
#[derive(Clone, Debug)]
pub struct Unused {
    /// Its name.
    pub name: String,
    /// Where that stands.
    pub span: Span,
    /// `list` or `condition`.
    pub what: &'static str,
}

/// Something that stands twice.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// As written.
    pub text: String,
    /// The second one.
    pub span: Span,
    /// The first one.
    pub first: Span,
    /// What it stands in.
    pub within: &'static str,
}

/// A declared field.
#[derive(Clone, Debug)]
pub struct FieldNote {
    /// Whose it is.
    pub domain: Domain,
    /// The action that declares it; `None` for the actor, the snapshot and `common`.
    pub action: Option<String>,
    /// Names from the domain down.
    pub path: Vec<String>,
    /// Its name in the schema.
    pub span: Span,
}

/// Repeats that are noted. Nobody reads more.
const MAX_REPEATS: usize = 1_000;

impl Notes {
    /// Notes an atom as it is read.
    pub(super) fn atom(&mut self, atom: &RawAtom<'_>) {
        let note = |literal: &RawLiteral<'_>| LiteralNote {
            span: literal.span,
            text_at: literal.text_at(),
        };
        let literals = match &atom.operand {
            RawOperand::Literal(literal) => vec![note(literal)],
            RawOperand::List(literals, _) => {
                self.repeated_literals(literals);
                literals.iter().map(note).collect()
            }
            _ => Vec::new(),
        };
        self.atoms.push(AtomNote {
            key: (atom.place.source, atom.place.start),
            quantifier: atom.quantifier.map(|(_, span)| span),
            subject: atom.subject.map(|field| field.span),
            operator: atom.operator.map(|(_, span)| span),
            operand: atom.operand.span(),
            literals,
        });
    }

    /// Notes literals that stand in a list twice.
    pub(super) fn repeated_literals(&mut self, literals: &[RawLiteral<'_>]) {
        self.repeated(literals, "the list", |literal| {
            (key(&literal.value), literal.spelling(), literal.span)
        });
    }

    /// Notes names that stand in a scope twice.
    pub(super) fn repeated_names(&mut self, names: &[(&str, Span)]) {
        self.repeated(names, "the scope", |(name, span)| (Key::Text(name), name, *span));
    }

    fn repeated<'d, T>(
        &mut self,
        items: &[T],
        within: &'static str,
        of: impl Fn(&T) -> (Key<'d>, &'d str, Span),
    ) {
        if items.len() < 2 {
            return;
        }
        let mut first: HashMap<Key<'_>, Span> = HashMap::with_capacity(items.len());
        for item in items {
            let (key, text, span) = of(item);
            if let Some(first) = first.get(&key) {
                if self.repeats.len() < MAX_REPEATS {
                    let text = text.to_owned();
                    self.repeats.push(Repeat { text, span, first: *first, within });
                }
            } else {
                first.insert(key, span);
            }
        }
    }

    /// Brings the notes in order once everything has been read and is sound.
    pub(super) fn finish(&mut self, schema: Option<&Document>) {
        if let Some(document) = schema {
            self.declarations(document);
        }
        self.atoms.sort_by_key(|atom| atom.key);
        // What stands behind an alias is read where it is used, too.
        self.atoms.dedup_by_key(|atom| atom.key);
        unique_by(&mut self.repeats, |repeat| repeat.span);
        unique_by(&mut self.single_parts, |part| part.span);
    }

    fn declarations(&mut self, document: &Document) {
        let root = entries(&document.root);
        let section = |name: &str| entry(document, root, name);
        for (name, domain) in
            [("common", Domain::Action), ("actor", Domain::Actor), ("snapshot", Domain::Snapshot)]
        {
            self.fields(document, section(name), domain, None, &[]);
        }
        for action in section("actions").map(entries).unwrap_or_default() {
            let Some(name) = document.text(&action.key) else { continue };
            self.actions.push((name.to_owned(), document.span(&action.key)));
            self.fields(document, Some(&action.value), Domain::Action, Some(name), &[]);
        }
    }

    /// Notes the fields that a section or an object declares.
    fn fields(
        &mut self,
        document: &Document,
        node: Option<&Node>,
        domain: Domain,
        action: Option<&str>,
        outer: &[String],
    ) {
        let fields = node.and_then(|node| entry(document, entries(node), "fields"));
        for field in fields.map(entries).unwrap_or_default() {
            let Some(name) = document.text(&field.key) else { continue };
            let mut path = outer.to_vec();
            path.push(name.to_owned());
            self.fields(document, Some(&field.value), domain, action, &path);
            let span = document.span(&field.key);
            self.fields.push(FieldNote { domain, action: action.map(str::to_owned), path, span });
        }
    }

    /// Where the parts of the atom at a place stand.
    pub fn atom_at(&self, place: Place) -> Option<&AtomNote> {
        let key = (place.source, place.start);
        let index = self.atoms.binary_search_by_key(&key, |atom| atom.key).ok()?;
        self.atoms.get(index)
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}

fn entry<'d>(document: &Document, entries: &'d [Entry], key: &str) -> Option<&'d Node> {
    let found = entries.iter().find(|entry| document.text(&entry.key) == Some(key));
    found.map(|entry| &entry.value)
}

fn unique_by<T, K: Eq + Hash>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = HashSet::with_capacity(items.len());
    items.retain(|item| seen.insert(key(item)));
}

/// A literal as a key: equal literals have equal keys.
#[derive(PartialEq, Eq, Hash)]
enum Key<'d> {
    Text(&'d str),
    Integer(i128),
    Float(u64),
    Boolean(bool),
}

fn key<'d>(value: &RawValue<'d>) -> Key<'d> {
    match *value {
        RawValue::Text(text) => Key::Text(text),
        RawValue::Boolean(value, _) => Key::Boolean(value),
        RawValue::Integer(value, _) => Key::Integer(value),
        // `1000.0` is `1000`. Inside 53 bits every integral double is that integer.
        RawValue::Float(value, _) if value.fract() == 0.0 && value.abs() < 9e15 => {
            Key::Integer(value as i128)
        }
        RawValue::Float(value, _) => Key::Float(value.to_bits()),
    }
}
