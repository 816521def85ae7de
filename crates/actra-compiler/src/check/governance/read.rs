//! Reads governance documents.

use super::filter::{domain_of, filter};
use super::{
    AllowedField, AppliesTo, Demand, DemandKind, DraftPromise, Filter, Governance, GovernanceRule,
    Name,
};
use crate::check::context::{
    Context, Slots, boolean, describe, excerpt, head, is_null, items, items_or_none, keyword,
    mapping,
};
use crate::check::names::name;
use crate::check::policy::{Kind, check_version, peek_version};
use crate::check::rule::effect;
use crate::check::short::domain;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::limits::{MAX_GOVERNANCE_ERROR_BYTES, MAX_GOVERNANCE_RULES};
use crate::model::{LanguageVersion, PromiseKind};
use crate::yaml::{Document, Node, Scalar, Value};
use std::collections::HashMap;

const RULE_KEYS: [&str; 7] = ["id", "applies_to", "select", "must", "error", "assume", "inputs"];

/// In the order in which 0.7.8 looked for them.
const DEMAND_KEYS: [&str; 7] =
    ["exists", "min_count", "max_count", "forbid", "allowed_fields", "never", "always"];

/// What rules are read by.
struct Reader<'d> {
    document: &'d Document,
    /// `None`: in error, and then nothing is said that holds for one version only.
    version: Option<LanguageVersion>,
    ids: HashMap<&'d str, Span>,
}

/// Reads the document. What can be held is what could be read.
pub(in crate::check) fn read<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
) -> Option<Governance<'d>> {
    let what = "the governance document";
    let keys = ["version", "governance"];
    let slots = mapping(cx, document, &document.root, what, keys, &[])?;
    let help = "write `version: 2`, or `version: 1` for governance written for actra 0.7.8";
    if let Some(node) = slots.require(cx, "version", what, help) {
        check_version(cx, document, node, Kind::Governance);
    }
    let version = peek_version(document);
    let help = "write `governance: {rules: [..]}`";
    let node = slots.require(cx, "governance", what, help)?;
    let slots = mapping(cx, document, node, "`governance`", ["rules"], &["rules"])?;
    let node = slots.require(cx, "rules", "`governance`", "write `rules: []` if there are none")?;
    let mut reader = Reader { document, version, ids: HashMap::new() };
    let rules = reader.rules(cx, node)?;
    Some(Governance { version: version?, rules })
}

impl<'d> Reader<'d> {
    fn rules(&mut self, cx: &mut Context<'_>, node: &'d Node) -> Option<Vec<GovernanceRule<'d>>> {
        let nodes: &[Node] =
            if is_null(node) { &[] } else { items_or_none(cx, self.document, node, "`rules`")? };
        if nodes.is_empty() {
            let message = "the governance document has no rules: it asks for nothing";
            let span = self.document.span(node);
            cx.push(Diagnostic::warning(Code::NoGovernanceRules, span, message));
        }
        if let Some(first) = nodes.get(MAX_GOVERNANCE_RULES) {
            let message =
                format!("the governance document has more than {MAX_GOVERNANCE_RULES} rules");
            cx.error(Code::GovernanceTooLarge, head(self.document, first), message);
        }
        let nodes = nodes.iter().take(MAX_GOVERNANCE_RULES).filter(|node| !is_null(node));
        Some(nodes.filter_map(|node| self.rule(cx, node)).collect())
    }

    fn rule(&mut self, cx: &mut Context<'_>, node: &'d Node) -> Option<GovernanceRule<'d>> {
        let document = self.document;
        let slots = mapping(cx, document, node, "a governance rule", RULE_KEYS, &[])?;
        let help = "give it a name that no other governance rule has";
        let id =
            slots.require(cx, "id", "the governance rule", help).and_then(|node| self.id(cx, node));
        let of = id.map_or_else(
            || "the governance rule".to_owned(),
            |id| format!("governance rule `{}`", excerpt(id.text)),
        );
        let applies_to = match slots.get("applies_to") {
            None => Some(AppliesTo::EveryAction),
            Some(node) => self.applies_to(cx, node),
        };
        let must =
            slots.require(cx, "must", &of, "write `must: {exists: true}`, say").and_then(|node| {
                mapping(cx, document, node, "`must`", DEMAND_KEYS, &[]).map(|must| (node, must))
            });
        let promise = self.promise(cx, &slots, must.as_ref().map(|(_, must)| must));
        let promises = promise.is_some();
        let demands = must.and_then(|(node, must)| self.demands(cx, node, &must, promises));
        let is_only_promise = promises && demands.as_ref().is_none_or(Vec::is_empty);
        let filter = match slots.entry("select") {
            None if is_only_promise => Some(Filter::default()),
            None => {
                let help = "write `select: {where: {}}` for all rules, or say which under `where`";
                slots.require(cx, "select", &of, help);
                None
            }
            Some(entry) if is_only_promise => {
                let message =
                    "a promise is about decisions, whichever rules make them: it takes no `select`";
                let help = "leave it out; `applies_to` says which actions, `assume` which inputs";
                let span = document.span(&entry.key);
                cx.error_with_help(Code::ConflictingKeys, span, message, help);
                None
            }
            Some(entry) => self.select(cx, &entry.value),
        };
        let help = "write the text for people whose policy breaks the rule";
        let error =
            slots.require(cx, "error", &of, help).and_then(|node| error(cx, document, node));
        // A key that was misspelled says something else than a key that is left out.
        let id = id.filter(|_| !slots.has_strange())?;
        Some(GovernanceRule {
            id: id.text,
            span: id.span,
            applies_to: applies_to?,
            filter: filter?,
            demands: demands?,
            promise: match promise {
                None => None,
                Some(promise) => Some(promise?),
            },
            error: error?,
        })
    }

    fn id(&mut self, cx: &mut Context<'_>, node: &'d Node) -> Option<Name<'d>> {
        let text = name(cx, self.document, node, "the id of a governance rule")?;
        let span = self.document.span(node);
        if let Some(first) = self.ids.get(text) {
            let message = format!("two governance rules have the id `{}`", excerpt(text));
            cx.push(
                Diagnostic::error(Code::RepeatedGovernanceId, span, message)
                    .with_related(*first, "the first"),
            );
        } else {
            self.ids.insert(text, span);
        }
        Some(Name { text, span })
    }

    fn applies_to(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<AppliesTo<'d>> {
        const FORMS: &str = "write `{actions: [name]}`, or `{all: true}` for every action";
        let document = self.document;
        if let Value::Sequence(_) | Value::Scalar(Scalar::String(_)) = &node.value {
            let message = format!("`applies_to` is a mapping, not {}", describe(document, node));
            cx.error_with_help(Code::WrongShape, document.span(node), message, FORMS);
            return None;
        }
        let slots = mapping(cx, document, node, "`applies_to`", ["actions", "all"], &[])?;
        match (slots.entry("actions"), slots.entry("all")) {
            (Some(entry), Some(all)) => {
                let message = "`actions` and `all` exclude each other";
                cx.push(
                    Diagnostic::error(Code::ConflictingKeys, document.span(&all.key), message)
                        .with_related(document.span(&entry.key), "`actions`")
                        .with_help(FORMS),
                );
                self.actions(cx, &entry.value);
                None
            }
            (Some(entry), None) => {
                let actions = self.actions(cx, &entry.value);
                if slots.has_strange() { None } else { actions }
            }
            (None, Some(all)) => match boolean(cx, document, &all.value, "all") {
                Some(true) => Some(AppliesTo::EveryAction),
                Some(false) => {
                    let message = "a rule that applies to no action asks for nothing";
                    let span = document.span(&all.value);
                    cx.error_with_help(Code::GovernanceAsksNothing, span, message, FORMS);
                    None
                }
                None => None,
            },
            (None, None) => {
                if !slots.has_strange() {
                    let span = head(document, node);
                    cx.error_with_help(Code::MissingKey, span, "`applies_to` is empty", FORMS);
                }
                None
            }
        }
    }

    fn actions(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<AppliesTo<'d>> {
        let nodes = items(cx, self.document, node, "`actions`")?;
        let mut names: Vec<Name<'d>> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let text = name(cx, self.document, node, "the name of an action");
            names.extend(text.map(|text| Name { text, span: self.document.span(node) }));
        }
        (names.len() == nodes.len()).then_some(AppliesTo::Actions(names))
    }

    fn select(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<Filter<'d>> {
        let slots = mapping(cx, self.document, node, "`select`", ["where"], &[])?;
        let help = "write `where: {}` for all rules";
        let node = slots.require(cx, "where", "`select`", help)?;
        filter(cx, self.document, self.version, node)
    }

    /// What the rule promises. `None`: it is no promise; `Some(None)`: it is one, and in error.
    #[expect(clippy::option_option, reason = "no promise, or one that is in error")]
    fn promise<const N: usize, const M: usize>(
        &self,
        cx: &mut Context<'_>,
        rule: &Slots<'d, N>,
        must: Option<&Slots<'d, M>>,
    ) -> Option<Option<DraftPromise<'d>>> {
        let document = self.document;
        let in_must: Vec<_> = ["never", "always"]
            .iter()
            .filter_map(|key| Some((*key, must.and_then(|must| must.entry(key))?)))
            .collect();
        let in_rule = ["assume", "inputs"].iter().find_map(|key| Some((*key, rule.entry(key)?)));
        if let (Some(LanguageVersion::V1), Some((key, entry))) =
            (self.version, in_must.first().copied().or(in_rule))
        {
            cx.error_with_help(
                Code::GovernanceNotSupported,
                document.span(&entry.key),
                format!("`{key}` belongs to promises, which version 1 does not have"),
                "write `version: 2`",
            );
            return Some(None);
        }
        if let (true, Some((key, entry)), true) = (in_must.is_empty(), in_rule, must.is_some()) {
            cx.error_with_help(
                Code::MissingKey,
                document.span(&entry.key),
                format!("`{key}` belongs to promises, and `must` has none"),
                "write `must: {never: allow}` or `{always: block}`, or leave it out",
            );
            return Some(None);
        }
        if in_must.is_empty() {
            return None;
        }
        let mut kinds = Vec::new();
        for (key, entry) in &in_must {
            let effect = effect(cx, document, &entry.value);
            kinds.extend(effect.map(|effect| {
                let kind = match *key {
                    "never" => PromiseKind::Never(effect),
                    _ => PromiseKind::Always(effect),
                };
                (kind, document.span(&entry.key))
            }));
        }
        let is_complete = match rule.get("inputs") {
            None => Some(false),
            Some(node) => {
                let words = [("partial", false), ("complete", true)];
                keyword(cx, document, node, Code::WrongShape, "value of `inputs`", &words)
            }
        };
        let is_sound = kinds.len() == in_must.len();
        let promise = is_complete.filter(|_| is_sound).map(|is_complete| DraftPromise {
            kinds,
            assume: rule.get("assume"),
            is_complete,
        });
        Some(promise)
    }

    fn demands<const N: usize>(
        &self,
        cx: &mut Context<'_>,
        node: &'d Node,
        must: &Slots<'d, N>,
        promise: bool,
    ) -> Option<Vec<Demand<'d>>> {
        const FORMS: &str = "write `exists`, `min_count`, `max_count`, `forbid`, `allowed_fields`, `never` or `always`";
        let document = self.document;
        let written: Vec<_> =
            DEMAND_KEYS.iter().take(5).filter_map(|key| Some((*key, must.entry(key)?))).collect();
        if written.is_empty() && !promise && !must.has_strange() {
            let span = head(document, node);
            cx.error_with_help(Code::GovernanceAsksNothing, span, "`must` asks for nothing", FORMS);
        }
        let mut demands = Vec::with_capacity(written.len());
        for (key, entry) in &written {
            let span = document.span(&entry.key);
            demands.extend(self.demand(cx, key, &entry.value).map(|(written, kind)| Demand {
                written,
                span,
                kind,
            }));
        }
        // 0.7.8 took the first that it knew.
        if let (Some(LanguageVersion::V1), [(first, _), (second, entry), ..]) =
            (self.version, written.as_slice())
        {
            cx.error_with_help(
                Code::Version1Ignored,
                document.span(&entry.key),
                format!("version 1 used to ignore `{second}` beside `{first}`"),
                "write a governance rule for each, or `version: 2`",
            );
            return None;
        }
        let sound = (!written.is_empty() || promise) && demands.len() == written.len();
        (sound && !must.has_strange() && can_be_met(cx, &demands)).then_some(demands)
    }

    fn demand(
        &self,
        cx: &mut Context<'_>,
        key: &str,
        node: &'d Node,
    ) -> Option<(String, DemandKind<'d>)> {
        let document = self.document;
        let kind = match key {
            "exists" if boolean(cx, document, node, key)? => DemandKind::AtLeast(1),
            "exists" => DemandKind::AtMost(0),
            "min_count" => match count(cx, document, node, key)? {
                0 => {
                    self.vacuous(cx, node, "every policy has at least 0 rules");
                    return None;
                }
                least => DemandKind::AtLeast(least),
            },
            "max_count" => DemandKind::AtMost(count(cx, document, node, key)?),
            "forbid" if boolean(cx, document, node, key)? => DemandKind::AtMost(0),
            "forbid" => {
                self.vacuous(cx, node, "`forbid: false` forbids nothing");
                return None;
            }
            _ => DemandKind::OnlyRead(self.allowed_fields(cx, node)?),
        };
        let written = match document.text(node) {
            Some(value) => format!("{key}: {}", excerpt(value)),
            None => key.to_owned(),
        };
        Some((written, kind))
    }

    fn vacuous(&self, cx: &mut Context<'_>, node: &Node, message: &str) {
        let help = "leave it out, or the whole governance rule";
        cx.error_with_help(Code::GovernanceAsksNothing, self.document.span(node), message, help);
    }

    fn allowed_fields(
        &self,
        cx: &mut Context<'_>,
        node: &'d Node,
    ) -> Option<Vec<AllowedField<'d>>> {
        let document = self.document;
        if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
            cx.error_with_help(
                Code::EmptyList,
                document.span(node),
                "`allowed_fields` is empty",
                "name the fields that may be read; `forbid: true` forbids the rules altogether",
            );
            return None;
        }
        let nodes = items(cx, document, node, "`allowed_fields`")?;
        let fields: Vec<_> = nodes.iter().filter_map(|node| self.allowed_field(cx, node)).collect();
        (fields.len() == nodes.len()).then_some(fields)
    }

    fn allowed_field(&self, cx: &mut Context<'_>, node: &'d Node) -> Option<AllowedField<'d>> {
        let document = self.document;
        if is_null(node) {
            return None;
        }
        let span = document.span(node);
        let Some(text) = document.text(node) else {
            let message = format!("a field is text, not {}", describe(document, node));
            let help = "write `action.amount`, say";
            cx.error_with_help(Code::WrongShape, span, message, help);
            return None;
        };
        let Some((domain, rest)) = text.split_once('.').filter(|(_, rest)| !rest.is_empty()) else {
            let message = format!("`{}` does not name a field with its domain", excerpt(text));
            let name = text.trim_end_matches('.');
            let help = if domain(name).is_some() || text.contains(char::is_whitespace) {
                "write `action.amount`, say".to_owned()
            } else {
                format!("write `action.{}`, say", excerpt(name))
            };
            cx.error_with_help(Code::WrongShape, span, message, help);
            return None;
        };
        let domain = domain_of(cx, domain, document.part(node, 0, domain.len()))?;
        let (name, key) = match key_of(rest) {
            Some(_) if self.version == Some(LanguageVersion::V1) => {
                cx.error_with_help(
                    Code::Version1Ignored,
                    span,
                    "version 1 knows no keys of maps",
                    "name the map, which stands for all of its keys, or write `version: 2`",
                );
                return None;
            }
            Some((name, key)) => (name, Some(key)),
            None => (rest, None),
        };
        Some(AllowedField { domain, name, key, span })
    }
}

/// The name and the key in `labels["app/name"]`.
fn key_of(text: &str) -> Option<(&str, &str)> {
    ["\"", "'"].iter().find_map(|quote| {
        let (name, rest) = text.split_once(&format!("[{quote}"))?;
        let key = rest.strip_suffix(']')?.strip_suffix(quote)?;
        (!name.is_empty()).then_some((name, key))
    })
}

/// A lower bound above an upper one can be met by no policy.
fn can_be_met(cx: &mut Context<'_>, demands: &[Demand<'_>]) -> bool {
    for lower in demands {
        let DemandKind::AtLeast(least) = lower.kind else { continue };
        for upper in demands {
            if let DemandKind::AtMost(most) = upper.kind
                && most < least
            {
                let message =
                    format!("no policy can meet both `{}` and `{}`", lower.written, upper.written);
                cx.push(
                    Diagnostic::error(Code::ConflictingKeys, upper.span, message)
                        .with_related(lower.span, format!("`{}`", lower.written)),
                );
                return false;
            }
        }
    }
    true
}

fn count(cx: &mut Context<'_>, document: &Document, node: &Node, key: &str) -> Option<u64> {
    match &node.value {
        Value::Scalar(Scalar::Integer(value)) => {
            if let Ok(count) = u64::try_from(*value) {
                return Some(count);
            }
        }
        Value::Scalar(Scalar::Null) => return None,
        _ => {}
    }
    let message = format!("`{key}` is a number of rules, not {}", describe(document, node));
    cx.error(Code::WrongShape, document.span(node), message);
    None
}

fn error<'d>(cx: &mut Context<'_>, document: &'d Document, node: &'d Node) -> Option<&'d str> {
    let span = document.span(node);
    match &node.value {
        Value::Scalar(Scalar::Null) => None,
        Value::Scalar(Scalar::String(text)) if text.trim().is_empty() => {
            let help = "write the text for people whose policy breaks the rule";
            cx.error_with_help(Code::WrongShape, span, "`error` is empty", help);
            None
        }
        Value::Scalar(Scalar::String(text)) if text.len() > MAX_GOVERNANCE_ERROR_BYTES => {
            let message = format!("`error` is longer than {MAX_GOVERNANCE_ERROR_BYTES} bytes");
            cx.error(Code::GovernanceTooLarge, span, message);
            None
        }
        Value::Scalar(Scalar::String(text)) => Some(text),
        _ => {
            crate::check::context::prose(cx, document, node, "error");
            None
        }
    }
}
