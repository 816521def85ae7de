//! The policy document and those beside it.

use super::context::{Context, describe, excerpt, is_null, is_text, keyword, mapping, start_of};
use super::define::{self, Definitions};
use super::rule::{RuleChecker, effect};
use super::schema::DraftSchema;
use crate::diagnostic::{Code, Diagnostic, SourceId};
use crate::model::{Combine, InputMode, LanguageVersion, MissingMode, Rule, Settings};
use crate::yaml::{Document, Node, Scalar, Value};

/// What the policy documents say.
pub(super) struct CheckedRules {
    pub(super) settings: Settings,
    pub(super) rules: Vec<Rule>,
    pub(super) patterns: super::pattern::Patterns,
}

/// The `version:` of a policy document, without saying anything about it.
pub(super) fn peek_version(document: &Document) -> Option<LanguageVersion> {
    let Value::Mapping(entries) = &document.root.value else { return None };
    let entry = entries.iter().find(|entry| document.text(&entry.key) == Some("version"))?;
    match entry.value.value {
        Value::Scalar(Scalar::Integer(1)) => Some(LanguageVersion::V1),
        Value::Scalar(Scalar::Integer(2)) => Some(LanguageVersion::V2),
        _ => None,
    }
}

/// Checks the policy: the main document and those in `policies/`. Where the main one could not be
/// read, the others are looked at all the same.
pub(super) fn check(
    cx: &mut Context<'_>,
    schema: &DraftSchema,
    main: Option<(SourceId, &Document)>,
    more: &[(SourceId, Document)],
) -> CheckedRules {
    let Some((source, document)) = main else {
        let definitions = Definitions::unreadable();
        let mut checker = RuleChecker::new(schema, &definitions, false);
        for (_, document) in more {
            more_rules(cx, &mut checker, document);
        }
        let settings = Settings::defaults(cx.literal_version());
        return CheckedRules { settings, rules: checker.rules, patterns: checker.patterns };
    };
    let keys = ["version", "evaluation", "define", "rules"];
    let version = cx.literal_version();
    let nullable = ["define", "rules"];
    let slots = mapping(cx, document, &document.root, "the policy", keys, &nullable);
    let mut settings = Settings::defaults(version);
    let mut definitions = Definitions::default();
    let mut strict = cx.is_version_1();
    let mut rules = None;
    if let Some(slots) = &slots {
        let help = "write `version: 2`, or `version: 1` for a policy written for actra 0.7.8";
        if let Some(node) = slots.require(cx, "version", "the policy", help) {
            check_version(cx, document, node, Kind::Policy);
            cx.notes.version = Some(document.span(node));
        }
        if let Some(node) = slots.get("evaluation") {
            let some = !matches!(&node.value, Value::Mapping(entries) if entries.is_empty());
            strict &= !some;
            evaluation(cx, document, node, &mut settings);
        }
        if let Some(node) = slots.get("define") {
            definitions = define::read(cx, document, node);
        }
        let help = "write `rules: []` for a policy without any";
        rules = slots.require(cx, "rules", "the policy", help);
    }
    let mut checker = RuleChecker::new(schema, &definitions, strict);
    if let Some(node) = rules {
        checker.rules(cx, document, node);
    }
    let mut all_read =
        rules.is_some_and(|node| is_null(node) || matches!(node.value, Value::Sequence(_)));
    for (_, document) in more {
        all_read &= more_rules(cx, &mut checker, document);
    }
    if checker.count() == 0 && all_read {
        let span = rules.map_or(start_of(source), |node| document.span(node));
        let message = "the policy has no rules: its default decides everything";
        cx.push(Diagnostic::warning(Code::NoRules, span, message));
    }
    checker.unused_definitions(cx);
    CheckedRules { settings, rules: checker.rules, patterns: checker.patterns }
}

/// A document of `policies/`: `version` and `rules` only.
fn more_rules<'d>(
    cx: &mut Context<'_>,
    checker: &mut RuleChecker<'_, '_, 'd>,
    document: &'d Document,
) -> bool {
    let keys = ["version", "rules"];
    let what = "a document of further rules";
    let Some(slots) = mapping(cx, document, &document.root, what, keys, &["rules"]) else {
        return false;
    };
    let help = "write the same `version` as in `policy.yaml`";
    if let Some(node) = slots.require(cx, "version", "the document", help)
        && check_version(cx, document, node, Kind::Policy)
        && let (Some(own), Some(main)) = (peek_version(document), cx.version)
        && own != main
    {
        let message =
            format!("the version is {}, and that of the policy is {}", own.number(), main.number());
        cx.error_with_help(Code::VersionMismatch, document.span(node), message, help);
    }
    let help = "write `rules: []` if there are none";
    match slots.require(cx, "rules", "the document", help) {
        Some(node) => {
            checker.rules(cx, document, node);
            true
        }
        None => false,
    }
}

/// Documents that have a version of the policy language.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Policy,
    Governance,
}

/// Checks a `version:`.
pub(super) fn check_version(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    kind: Kind,
) -> bool {
    match &node.value {
        Value::Scalar(Scalar::Null) => false,
        Value::Scalar(Scalar::Integer(1 | 2)) => true,
        _ => {
            let (many, one) = match kind {
                Kind::Policy => ("policies", "a policy"),
                Kind::Governance => ("governance", "governance"),
            };
            let message = match document.text(node) {
                Some(text) if !is_text(node) => {
                    format!("there is no version `{}` of {many}", excerpt(text))
                }
                _ => format!("`version` is a number, not {}", describe(document, node)),
            };
            let help = match document.text(node) {
                Some(text @ ("1" | "2")) if is_text(node) => {
                    format!("write it without quotes: `version: {text}`")
                }
                _ => {
                    format!("write `version: 2`, or `version: 1` for {one} written for actra 0.7.8")
                }
            };
            cx.error_with_help(Code::UnknownVersion, document.span(node), message, help);
            false
        }
    }
}

fn evaluation(cx: &mut Context<'_>, document: &Document, node: &Node, settings: &mut Settings) {
    let keys = ["combine", "default", "missing", "inputs"];
    let Some(slots) = mapping(cx, document, node, "`evaluation`", keys, &[]) else { return };
    if let Some(node) = slots.get("combine") {
        let words =
            [("most_restrictive", Combine::MostRestrictive), ("first_match", Combine::FirstMatch)];
        let combine = keyword(cx, document, node, Code::WrongShape, "way to combine", &words);
        settings.combine = combine.unwrap_or(settings.combine);
    }
    if let Some(node) = slots.get("default") {
        cx.notes.default = Some(document.span(node));
        settings.default = effect(cx, document, node).unwrap_or(settings.default);
    }
    if let Some(node) = slots.get("missing") {
        let words = [("fail_closed", MissingMode::FailClosed), ("no_match", MissingMode::NoMatch)];
        let missing = keyword(cx, document, node, Code::WrongShape, "value of `missing`", &words);
        settings.missing = missing.unwrap_or(settings.missing);
    }
    if let Some(node) = slots.get("inputs") {
        let words = [("checked", InputMode::Checked), ("unchecked", InputMode::Unchecked)];
        let inputs = keyword(cx, document, node, Code::WrongShape, "value of `inputs`", &words);
        settings.inputs = inputs.unwrap_or(settings.inputs);
    }
}
