//! Expectations as documents write them. One that nothing can ever meet is an error.

use super::expect::{Expectation, Expected};
use super::path::Path;
use super::shape::{Keys, Reader, excerpt, is_null, listing};
use super::value::Value;
use crate::Policy;
use crate::decision::Effect;
use crate::error::InputCode;
use actra_bytecode::program::Rule;
use actra_compiler::diagnostic::{Code, Diagnostic, Span, suggest};
use actra_compiler::yaml::{Node, Value as YamlValue};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

const DECISION_KEYS: [&str; 7] =
    ["effect", "matched_rule", "matched_rules", "message", "required_actions", "missing", "shadow"];
const ERROR_KEYS: [&str; 2] = ["error", "field"];
const EFFECTS: [Effect; 3] = [Effect::Allow, Effect::RequireApproval, Effect::Block];

/// Codes of input errors that no test document can bring about: it is UTF-8, has no key twice, and
/// its domains are mappings.
const OUT_OF_REACH: [InputCode; 3] =
    [InputCode::NotUtf8, InputCode::DuplicateKey, InputCode::Malformed];

/// What a rule has to be to stand where it is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It decides with this effect, if one is expected.
    Decides(Option<Effect>),
    /// It is one of several approvals.
    Approves,
    /// It would decide with this effect, if one is expected.
    Shadows(Option<Effect>),
}

/// A policy's rules, for as many looks at them as a document takes.
pub(super) fn rules_by_id(policy: &Policy) -> HashMap<&str, &Rule> {
    let program = policy.program();
    program.rules().iter().map(|rule| (program.text(rule.id), rule)).collect()
}

/// Reads what stands behind `expect`.
pub(super) fn expectation<'d>(
    reader: &mut Reader<'d, '_>,
    node: &'d Node,
    policy: Option<&Policy>,
    rules: &HashMap<&str, &Rule>,
) -> Option<Expectation> {
    if is_null(node) {
        return None;
    }
    if !matches!(node.value, YamlValue::Mapping(_)) {
        return effect(reader, node).map(Expectation::of_effect);
    }
    let known: Vec<&'static str> = DECISION_KEYS.into_iter().chain(ERROR_KEYS).collect();
    let nullable = ["matched_rule", "message", "shadow", "field"];
    let keys = reader.keys(node, "an expectation", &known, &nullable)?;
    if keys.is_empty() {
        let help = "name a field of the decision: `{effect: allow}`";
        let message = "the expectation expects nothing";
        reader.error_with_help(Code::BadExpectation, node, message, help);
        return None;
    }
    let mut reading = Reading { reader, policy, rules };
    if keys.has("error") || keys.has("field") {
        reading.error(&keys)
    } else {
        reading.decision(&keys)
    }
}

struct Reading<'a, 'd, 'r> {
    reader: &'a mut Reader<'d, 'r>,
    policy: Option<&'a Policy>,
    rules: &'a HashMap<&'a str, &'a Rule>,
}

impl<'d> Reading<'_, 'd, '_> {
    fn error(&mut self, keys: &Keys<'d>) -> Option<Expectation> {
        for key in DECISION_KEYS {
            if let Some(entry) = keys.entry(key) {
                let message = format!("an input error is no decision, so it has no `{key}`");
                self.reader.error(Code::ConflictingKeys, &entry.key, message);
            }
        }
        let help = "name the code of an input error: `{error: wrong_type}`";
        let node = self.reader.require(keys, "error", "the expectation of an input error", help)?;
        let code = self.code(node)?;
        let mut fields = vec![Expected { field: "error", value: code.as_str().into() }];
        if let Some(node) = keys.get("field") {
            let value = if is_null(node) { Json::Null } else { self.field(node, code)?.into() };
            fields.push(Expected { field: "field", value });
        }
        Some(Expectation::new(fields))
    }

    fn code(&mut self, node: &'d Node) -> Option<InputCode> {
        let text = self.reader.text(node, "the code of an input error")?;
        let names = InputCode::ALL.iter().map(|code| code.as_str());
        let Some(code) = InputCode::ALL.iter().copied().find(|code| code.as_str() == text) else {
            let help = suggest(text, names.clone()).map_or_else(
                || format!("the codes are {}", listing(names)),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("`{}` is no code of an input error", excerpt(text));
            self.reader.error_with_help(Code::BadExpectation, node, message, help);
            return None;
        };
        if OUT_OF_REACH.contains(&code) {
            let message = format!("no input of a test document is `{code}`");
            let help = "it is an error of texts, which `actra eval` can be given";
            self.reader.error_with_help(Code::BadExpectation, node, message, help);
            return None;
        }
        Some(code)
    }

    /// The field that an input error is about.
    fn field(&mut self, node: &'d Node, code: InputCode) -> Option<&'d str> {
        let text = self.reader.text(node, "a field")?;
        let near = self.reader.near_paths();
        let checked = Path::parse(text).and_then(|path| match self.policy {
            Some(policy) if code != InputCode::UnknownField => path.check(policy, near),
            _ => Ok(()),
        });
        match checked {
            Ok(()) => Some(text),
            Err(fault) => {
                let span = self.part(node, fault.place);
                let diagnostic = Diagnostic::error(Code::UndeclaredField, span, fault.message);
                self.reader.push(Diagnostic { help: fault.help, ..diagnostic });
                None
            }
        }
    }

    fn part(&self, node: &Node, (from, to): (usize, usize)) -> Span {
        self.reader.document.part(node, from, to)
    }

    fn decision(&mut self, keys: &Keys<'d>) -> Option<Expectation> {
        let mut fields = Vec::new();
        let mut sound = true;
        let mut push = |field, value: Option<Json>| match value {
            Some(value) => fields.push(Expected { field, value }),
            None => sound = false,
        };
        let mut expected = None;
        if let Some(node) = keys.get("effect") {
            expected = effect(self.reader, node);
            push("effect", expected.map(|effect| effect.as_str().into()));
        }
        if let Some(node) = keys.get("matched_rule") {
            push("matched_rule", self.rule_or_null(node, Role::Decides(expected)));
        }
        if let Some(node) = keys.get("matched_rules") {
            push("matched_rules", self.matched_rules(node, expected));
        }
        if let Some(node) = keys.get("message") {
            let text = if is_null(node) {
                Some(Json::Null)
            } else {
                self.reader.text(node, "`message`").map(Json::from)
            };
            push("message", text);
        }
        if let Some(node) = keys.get("required_actions") {
            push("required_actions", self.required_actions(node));
        }
        if let Some(node) = keys.get("missing") {
            push("missing", self.missing(node));
        }
        if let Some(node) = keys.get("shadow") {
            push("shadow", self.shadow(node));
        }
        (sound && !fields.is_empty()).then(|| Expectation::new(fields))
    }

    fn rule_or_null(&mut self, node: &'d Node, role: Role) -> Option<Json> {
        if is_null(node) {
            return Some(Json::Null);
        }
        self.rule(node, role).map(Json::from)
    }

    /// A rule's id. The policy must have the rule, and the rule be able to do what is expected.
    fn rule(&mut self, node: &'d Node, role: Role) -> Option<&'d str> {
        let id = self.reader.text(node, "the id of a rule")?;
        let Some(policy) = self.policy else { return Some(id) };
        let Some(rule) = self.rules.get(id) else {
            let program = policy.program();
            let message = format!("the policy has no rule `{}`", excerpt(id));
            let span = self.reader.document.span(node);
            let diagnostic = Diagnostic::error(Code::UnknownRule, span, message);
            let ids = program.rules().iter().map(|rule| program.text(rule.id));
            self.reader.push(self.reader.near(diagnostic, id, ids));
            return None;
        };
        if let Some((why, help)) = unable(id, rule, role) {
            self.reader.error_with_help(Code::BadExpectation, node, why, help);
            return None;
        }
        Some(id)
    }

    fn matched_rules(&mut self, node: &'d Node, expected: Option<Effect>) -> Option<Json> {
        let items = self.reader.items(node, "`matched_rules`")?;
        self.reader.refuse_nulls(items, "`matched_rules`");
        let ids: Vec<&str> =
            items.iter().filter_map(|item| self.rule(item, Role::Approves)).collect();
        if ids.len() < items.len() {
            return None;
        }
        if ids.len() == 1 {
            let message = "a decision has `matched_rules` only where several approval rules fired";
            let help = "write `matched_rule` alone, or `matched_rules: []`";
            self.reader.error_with_help(Code::BadExpectation, node, message, help);
            return None;
        }
        if let Some(effect) = expected.filter(|effect| *effect != Effect::RequireApproval)
            && !ids.is_empty()
        {
            let message = format!("a decision to {} has no `matched_rules`", effect.as_str());
            self.reader.error(Code::BadExpectation, node, message);
            return None;
        }
        Some(ids.into())
    }

    fn required_actions(&mut self, node: &'d Node) -> Option<Json> {
        let items = self.reader.items(node, "`required_actions`")?;
        let mut actions = Vec::with_capacity(items.len());
        for item in items {
            self.reader.entries(item, "a required action");
            match Value::read(self.reader.document, item).as_ref().and_then(to_json) {
                Some(json @ Json::Object(_)) => actions.push(json),
                Some(_) if !is_null(item) => {}
                _ => {
                    let message = "no policy has a required action like this";
                    self.reader.error(Code::BadExpectation, item, message);
                }
            }
        }
        (actions.len() == items.len()).then(|| actions.into())
    }

    /// The decision has the fields sorted; a test may name them in any order.
    fn missing(&mut self, node: &'d Node) -> Option<Json> {
        let items = self.reader.items(node, "`missing`")?;
        self.reader.refuse_nulls(items, "`missing`");
        let mut names: Vec<&str> = Vec::with_capacity(items.len());
        for item in items {
            let Some(name) = self.reader.text(item, "a field") else { continue };
            if let Some(policy) = self.policy
                && policy.slot(name).is_none()
            {
                let program = policy.program();
                let all = program.slots().iter().map(|slot| program.text(slot.name));
                let message = format!("the policy has no field `{}`", excerpt(name));
                let span = self.reader.document.span(item);
                let diagnostic = Diagnostic::error(Code::UndeclaredField, span, message);
                self.reader.push(self.reader.near(diagnostic, name, all));
                continue;
            }
            names.push(name);
        }
        let sound = names.len() == items.len();
        names.sort_unstable();
        if sound && names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            let message = "a decision names each missing field once";
            self.reader.error(Code::BadExpectation, node, message);
            return None;
        }
        sound.then(|| names.into())
    }

    fn shadow(&mut self, node: &'d Node) -> Option<Json> {
        if is_null(node) {
            return Some(Json::Null);
        }
        let known = ["effect", "matched_rule"];
        let keys = self.reader.keys(node, "`shadow`", &known, &[])?;
        let mut shadow = Map::new();
        let mut expected = None;
        if let Some(node) = keys.get("effect") {
            let found = effect(self.reader, node)?;
            expected = Some(found);
            shadow.insert("effect".to_owned(), found.as_str().into());
        }
        if let Some(node) = keys.get("matched_rule") {
            let id = self.rule(node, Role::Shadows(expected))?;
            shadow.insert("matched_rule".to_owned(), id.into());
        }
        if keys.is_empty() {
            let message = "`shadow` expects nothing";
            let help = "write `shadow: null` where there is to be none";
            self.reader.error_with_help(Code::BadExpectation, node, message, help);
            return None;
        }
        Some(shadow.into())
    }
}

/// Why a rule can never do what is expected of it, and what to write instead.
fn unable(id: &str, rule: &Rule, role: Role) -> Option<(String, String)> {
    let id = excerpt(id);
    let effect = rule.effect.as_str();
    match role {
        Role::Decides(_) | Role::Approves if rule.shadow => Some((
            format!("`{id}` is in shadow mode and never decides"),
            format!("expect it in `shadow: {{matched_rule: {id}}}`"),
        )),
        Role::Shadows(_) if !rule.shadow => Some((
            format!("`{id}` is enforced and never in `shadow`"),
            format!("expect it as `matched_rule: {id}`"),
        )),
        Role::Decides(Some(wanted)) | Role::Shadows(Some(wanted)) if wanted != rule.effect => {
            Some((
                format!("`{id}` never decides to {}", wanted.as_str()),
                format!("its effect is `{effect}`"),
            ))
        }
        Role::Approves if rule.effect != Effect::RequireApproval => Some((
            format!("`{id}` is no approval rule, so it is never in `matched_rules`"),
            format!("its effect is `{effect}`"),
        )),
        Role::Decides(_) | Role::Approves | Role::Shadows(_) => None,
    }
}

/// An effect by its keyword.
fn effect<'d>(reader: &mut Reader<'d, '_>, node: &'d Node) -> Option<Effect> {
    if !matches!(node.value, YamlValue::Scalar(_)) {
        let message = format!("an effect is text, not {}", reader.describe(node));
        reader.error(Code::WrongShape, node, message);
        return None;
    }
    let text = reader.text(node, "an effect")?;
    if text == "requires_approval" {
        let span = reader.document.span(node);
        let message = "`requires_approval` is accepted for `require_approval`";
        reader.push(
            Diagnostic::warning(Code::RequiresApprovalSpelling, span, message)
                .with_help("write `require_approval`"),
        );
        return Some(Effect::RequireApproval);
    }
    if let Some(effect) = EFFECTS.into_iter().find(|effect| effect.as_str() == text) {
        return Some(effect);
    }
    let names = EFFECTS.map(Effect::as_str);
    // Words of other policy languages, which no counting of letters finds.
    let synonym = match text {
        "deny" | "denied" | "reject" | "forbid" => Some("block"),
        "permit" | "permitted" | "accept" => Some("allow"),
        "approve" | "approval" => Some("require_approval"),
        _ => None,
    };
    let help = synonym.or_else(|| suggest(text, names)).map_or_else(
        || format!("the effects are {}", listing(names)),
        |near| format!("did you mean `{near}`?"),
    );
    reader.error_with_help(
        Code::UnknownEffect,
        node,
        format!("`{}` is no effect", excerpt(text)),
        help,
    );
    None
}

/// As required actions are told: what JSON readers would not agree on is never among them.
fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Integer(digits) => match (digits.parse::<i64>(), digits.parse::<u64>()) {
            (Ok(value), _) => value.into(),
            (_, Ok(value)) => value.into(),
            _ => return None,
        },
        Value::Float(value) => serde_json::Number::from_f64(*value)?.into(),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(to_json).collect::<Option<Vec<_>>>()?.into(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((key.clone(), to_json(value)?)));
            entries.collect::<Option<Map<_, _>>>()?.into()
        }
    })
}
