//! Reads `select.where`.

use super::{FieldFilter, Filter, Name};
use crate::check::context::{
    Context, boolean, did_you_mean, excerpt, head, is_null, items, listing, mapping,
};
use crate::check::names::name;
use crate::check::rule::effect;
use crate::check::short::{DOMAINS, domain};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::{Domain, Effect, LanguageVersion};
use crate::yaml::{Document, Entry, Node};

/// What filters are read by.
struct Reader<'d> {
    document: &'d Document,
    version: Option<LanguageVersion>,
}

/// Reads a filter. `None`: in error.
pub(super) fn filter<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    version: Option<LanguageVersion>,
    node: &'d Node,
) -> Option<Filter<'d>> {
    Reader { document, version }.filter(cx, node)
}

/// The domain of that name. What is none is reported.
pub(super) fn domain_of(cx: &mut Context<'_>, text: &str, span: Span) -> Option<Domain> {
    let known = domain(text);
    if known.is_none() {
        let message = format!("there is no domain `{}`", excerpt(text));
        let help = did_you_mean(text, DOMAINS)
            .unwrap_or_else(|| format!("domains are {}", listing(DOMAINS)));
        cx.error_with_help(Code::UndeclaredDomain, span, message, help);
    }
    known
}

impl<'d> Reader<'d> {
    fn filter(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<Filter<'d>> {
        let document = self.document;
        let keys = ["id", "effect", "scope", "when", "tags"];
        let slots = mapping(cx, document, node, "`where`", keys, &[])?;
        let mut filter = Filter::default();
        let mut sound = !slots.has_strange();
        if let Some(node) = slots.get("id") {
            filter.id = name(cx, document, node, "the id of a rule");
            sound &= filter.id.is_some();
        }
        if let Some(node) = slots.get("effect") {
            filter.effect = self.effect(cx, node);
            sound &= filter.effect.is_some();
        }
        if let Some(node) = slots.get("scope") {
            sound &= self.scope(cx, node, &mut filter).is_some();
        }
        if let Some(node) = slots.get("when") {
            filter.reads = self.when(cx, node);
            sound &= filter.reads.is_some();
        }
        if let Some(entry) = slots.entry("tags") {
            filter.tags = self.tags(cx, entry).unwrap_or_default();
            sound &= !filter.tags.is_empty();
        }
        sound.then_some(filter)
    }

    fn effect(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<Effect> {
        if self.version == Some(LanguageVersion::V1)
            && self.document.text(node) == Some("requires_approval")
        {
            cx.error_with_help(
                Code::Version1Ignored,
                self.document.span(node),
                "version 1 used to find no rules by `requires_approval`",
                "write `require_approval`",
            );
            return None;
        }
        effect(cx, self.document, node)
    }

    fn scope(&self, cx: &mut Context<'_>, node: &'d Node, filter: &mut Filter<'d>) -> Option<()> {
        const FORMS: &str = "write `{action: name}`, `{actor: name}` or `{global: true}`";
        let document = self.document;
        if let Some(text) = document.text(node) {
            let message =
                format!("a filter by scope is a mapping, not the text `{}`", excerpt(text));
            cx.error_with_help(Code::WrongShape, document.span(node), message, FORMS);
            return None;
        }
        let keys = ["action", "actor", "global"];
        let slots = mapping(cx, document, node, "a filter by scope", keys, &[])?;
        let mut sound = !slots.has_strange();
        let mut named = |cx: &mut Context<'_>, key: &str, what: &str| {
            let node = slots.get(key)?;
            let text = name(cx, document, node, what);
            sound &= text.is_some();
            text.map(|text| Name { text, span: document.span(node) })
        };
        filter.action = named(cx, "action", "the name of an action");
        filter.actor = named(cx, "actor", "the kind of an actor");
        if let Some(entry) = slots.entry("actor") {
            sound &= self.is_not_ignored(cx, entry, "`actor` in a filter by scope");
        }
        if let Some(entry) = slots.entry("global") {
            filter.global = boolean(cx, document, &entry.value, "global");
            sound &= filter.global.is_some();
            let other = slots.entry("action").or(slots.entry("actor"));
            if let (Some(true), Some(other)) = (filter.global, other) {
                let key = document.text(&other.key).unwrap_or_default();
                let message = format!("`global: true` and `{key}` exclude each other");
                cx.push(
                    Diagnostic::error(Code::ScopeConflict, document.span(&entry.key), message)
                        .with_related(document.span(&other.key), format!("`{key}`")),
                );
                return None;
            }
        }
        let is_empty = keys.iter().all(|key| slots.entry(key).is_none());
        if is_empty && !slots.has_strange() {
            let span = head(document, node);
            cx.error_with_help(Code::MissingKey, span, "the filter by scope is empty", FORMS);
        }
        (sound && !is_empty).then_some(())
    }

    fn when(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<FieldFilter<'d>> {
        const FORMS: &str = "write `{subject: {domain: action, field: amount}}`; `domain` or \
                             `field` alone will do";
        let document = self.document;
        if let Some(text) = document.text(node) {
            let message = format!(
                "a filter by field is a mapping, not the text `{}`: it names a field, not a \
                 condition",
                excerpt(text)
            );
            cx.error_with_help(Code::WrongShape, document.span(node), message, FORMS);
            return None;
        }
        let slots = mapping(cx, document, node, "a filter by field", ["subject"], &[])?;
        let node = slots.require(cx, "subject", "the filter by field", FORMS)?;
        if let Some(text) = document.text(node) {
            let message = format!("a subject is a mapping, not the text `{}`", excerpt(text));
            cx.error_with_help(Code::WrongShape, document.span(node), message, FORMS);
            return None;
        }
        let slots = mapping(cx, document, node, "a subject", ["domain", "field", "key"], &[])?;
        let mut sound = !slots.has_strange();
        let mut text = |cx: &mut Context<'_>, key: &str, what: &str| {
            let text = slots.get(key).map(|node| name(cx, document, node, what));
            sound &= text != Some(None);
            text.flatten()
        };
        let domain = text(cx, "domain", "a domain");
        let field = text(cx, "field", "the name of a field");
        let key = text(cx, "key", "a key");
        let domain = match (domain, slots.get("domain")) {
            (Some(text), Some(node)) => {
                let domain = domain_of(cx, text, document.span(node));
                sound &= domain.is_some();
                domain
            }
            _ => None,
        };
        if let Some(entry) = slots.entry("key") {
            sound &= self.is_not_ignored(cx, entry, "`key` in a filter by field");
            if slots.entry("field").is_none() && !slots.has_strange() {
                let help = "write the map's name: `field: labels`, say";
                slots.require(cx, "field", "the subject", help);
                sound = false;
            }
        } else if slots.entry("field").is_none()
            && slots.entry("domain").is_none()
            && !slots.has_strange()
        {
            let span = head(document, node);
            cx.error_with_help(Code::MissingKey, span, "the subject is empty", FORMS);
            sound = false;
        }
        let span = document.span(slots.get("field").or(slots.get("domain")).unwrap_or(node));
        sound.then_some(FieldFilter { domain, name: field, key, span })
    }

    fn tags(&self, cx: &mut Context<'_>, entry: &'d Entry) -> Option<Vec<&'d str>> {
        let heard = self.is_not_ignored(cx, entry, "`tags` in a filter");
        if is_null(&entry.value) {
            return None;
        }
        let nodes = items(cx, self.document, &entry.value, "`tags`")?;
        let mut tags: Vec<&str> =
            nodes.iter().filter_map(|node| name(cx, self.document, node, "a tag")).collect();
        let sound = tags.len() == nodes.len();
        tags.sort_unstable();
        tags.dedup();
        (sound && heard).then_some(tags)
    }

    /// Version 1 passed over keys that it did not know, and so selected more than was meant.
    fn is_not_ignored(&self, cx: &mut Context<'_>, entry: &Entry, what: &str) -> bool {
        if self.version != Some(LanguageVersion::V1) {
            return true;
        }
        cx.error_with_help(
            Code::Version1Ignored,
            self.document.span(&entry.key),
            format!("version 1 used to ignore {what}"),
            "leave it out, or write `version: 2`",
        );
        false
    }
}
