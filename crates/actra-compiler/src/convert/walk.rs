//! Finds the atoms of a document.

use super::DocumentKind;
use crate::yaml::{Document, Entry, Node, Scalar, Value};

/// An atom, and what holds it.
#[derive(Debug)]
pub(super) struct Found<'d> {
    pub(super) node: &'d Node,
    pub(super) holder: Holder<'d>,
    /// Whether it stands inside of `[ ]` or `{ }`.
    pub(super) flow: bool,
}

/// What an atom stands behind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder<'d> {
    /// The key of a mapping.
    Key(&'d Node),
    /// The dash, bracket or comma somewhere behind this byte.
    Item(usize),
}

/// The atoms, in document order. What stands behind an alias is found where its anchor is, if that
/// is a place for atoms.
pub(super) fn atoms<'d>(
    source: &str,
    document: &'d Document,
    kind: DocumentKind,
) -> Vec<Found<'d>> {
    let mut walker = Walker { source, document, found: Vec::new() };
    let root = &document.root;
    let flow = walker.is_flow(root);
    match kind {
        DocumentKind::Policy => {
            if let Some(rules) = walker.child(root, "rules") {
                walker.rules(&rules.value, "when", flow);
            }
            if let Some(define) = walker.child(root, "define")
                && let Some(conditions) = walker.child(&define.value, "conditions")
                && let Value::Mapping(entries) = &conditions.value.value
                && !walker.is_alias(&conditions.value)
            {
                let flow =
                    flow || walker.is_flow(&define.value) || walker.is_flow(&conditions.value);
                for entry in entries {
                    walker.condition(&entry.value, Holder::Key(&entry.key), flow);
                }
            }
        }
        DocumentKind::Governance => {
            if let Some(governance) = walker.child(root, "governance")
                && let Some(rules) = walker.child(&governance.value, "rules")
            {
                let flow = flow || walker.is_flow(&governance.value);
                walker.rules(&rules.value, "assume", flow);
            }
        }
    }
    walker.found
}

struct Walker<'s, 'd> {
    source: &'s str,
    document: &'d Document,
    found: Vec<Found<'d>>,
}

impl<'d> Walker<'_, 'd> {
    fn first_byte(&self, node: &Node) -> Option<u8> {
        self.source.as_bytes().get(self.document.span(node).start as usize).copied()
    }

    fn is_flow(&self, node: &Node) -> bool {
        matches!(node.value, Value::Sequence(_) | Value::Mapping(_))
            && matches!(self.first_byte(node), Some(b'{' | b'['))
    }

    /// No scalar and no collection but one with an alias as its first key begins with a `*`.
    fn is_alias(&self, node: &Node) -> bool {
        self.first_byte(node) == Some(b'*')
    }

    fn child(&self, node: &'d Node, key: &str) -> Option<&'d Entry> {
        let Value::Mapping(entries) = &node.value else { return None };
        if self.is_alias(node) {
            return None;
        }
        entries.iter().find(|entry| self.document.text(&entry.key) == Some(key))
    }

    fn rules(&mut self, node: &'d Node, key: &str, flow: bool) {
        let Value::Sequence(rules) = &node.value else { return };
        if self.is_alias(node) {
            return;
        }
        let flow = flow || self.is_flow(node);
        for rule in rules {
            if let Some(entry) = self.child(rule, key) {
                let flow = flow || self.is_flow(rule);
                self.condition(&entry.value, Holder::Key(&entry.key), flow);
            }
        }
    }

    fn condition(&mut self, node: &'d Node, holder: Holder<'d>, flow: bool) {
        if self.is_alias(node) {
            return;
        }
        let Value::Mapping(entries) = &node.value else {
            if let Value::Scalar(Scalar::String(_)) = node.value {
                self.found.push(Found { node, holder, flow });
            }
            return;
        };
        let key_of = |entry: &Entry| self.document.text(&entry.key).unwrap_or_default().to_owned();
        let structure = entries
            .iter()
            .find(|entry| matches!(key_of(entry).as_str(), "all" | "any" | "not" | "condition"));
        let Some(entry) = structure else {
            self.found.push(Found { node, holder, flow });
            return;
        };
        let flow = flow || self.is_flow(node);
        match key_of(entry).as_str() {
            "not" => self.condition(&entry.value, Holder::Key(&entry.key), flow),
            "all" | "any" => {
                let Value::Sequence(parts) = &entry.value.value else { return };
                if self.is_alias(&entry.value) {
                    return;
                }
                let flow = flow || self.is_flow(&entry.value);
                let mut before = self.document.span(&entry.value).start as usize;
                for part in parts {
                    self.condition(part, Holder::Item(before), flow);
                    before = self.document.span(part).end as usize;
                }
            }
            _ => {}
        }
    }
}
