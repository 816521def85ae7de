//! Rules.

use super::condition::{self, ReadCondition, Size};
use super::context::{
    Context, boolean, did_you_mean, excerpt, head, is_null, items_or_none, keyword, listing,
    mapping, prose,
};
use super::data::required_actions;
use super::define::{Definition, Definitions, too_deep};
use super::habits::meant_effect;
use super::literal::Allowed;
use super::names::name;
use super::notes::{RuleNote, Unused};
use super::pattern::Patterns;
use super::raw::{RawAddend, RawCondition, RawField, RawOperand};
use super::resolve::View;
use super::schema::{DraftAction, DraftSchema};
use super::typing::{Stand, Typer};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::limits::{MAX_ATOMS, MAX_CONDITION_DEPTH, MAX_EXPANDED_LITERAL_BYTES, MAX_RULES};
use crate::model::{Domain, Effect, FieldType, Literal, Mode, Rule, Scope};
use crate::yaml::{Document, Entry, Node, Value};
use std::collections::{HashMap, HashSet};

/// What rules are checked against, and what is counted over all of them.
pub(super) struct RuleChecker<'t, 's, 'd> {
    pub(super) schema: &'s DraftSchema,
    pub(super) definitions: &'t Definitions<'d>,
    pub(super) patterns: Patterns,
    /// Which definitions some rule uses.
    pub(super) reached: Vec<bool>,
    /// Version 1 without an `evaluation:` section: what 0.7.8 ignored is an error.
    pub(super) strict: bool,
    pub(super) rules: Vec<Rule>,
    ids: HashMap<&'d str, Span>,
    /// Patterns of definitions that no rule uses: not those of the policy.
    unused_patterns: Patterns,
    /// How often a definition that no rule uses was held against an action.
    tries: usize,
    count: usize,
    total: Size,
}

/// A scope that has been read.
struct ReadScope<'s> {
    scope: Option<Scope>,
    view: View<'s>,
}

const RULE_KEYS: [&str; 9] =
    ["id", "description", "scope", "when", "effect", "message", "required_actions", "mode", "tags"];

const EFFECTS: [(&str, Effect); 4] = [
    ("allow", Effect::Allow),
    ("block", Effect::Block),
    ("require_approval", Effect::RequireApproval),
    ("requires_approval", Effect::RequireApproval),
];

/// Reads an effect; the second spelling of `require_approval` is warned of.
pub(super) fn effect(cx: &mut Context<'_>, document: &Document, node: &Node) -> Option<Effect> {
    let text = document.text(node);
    if text == Some("requires_approval") {
        let message = "`requires_approval` is accepted for `require_approval`";
        cx.push(
            Diagnostic::warning(Code::RequiresApprovalSpelling, document.span(node), message)
                .with_help("write `require_approval`"),
        );
        return Some(Effect::RequireApproval);
    }
    let help = match text {
        Some("warn" | "log" | "audit" | "monitor") => Some(
            "a rule that only reports has the effect it would have, and `mode: shadow`".to_owned(),
        ),
        Some(text) => meant_effect(text).map(|effect| format!("did you mean `{effect}`?")),
        None => None,
    };
    if let (Some(text), Some(help)) = (text, help) {
        let message = format!("`{text}` is no effect");
        cx.error_with_help(Code::UnknownEffect, document.span(node), message, help);
        return None;
    }
    let spellings = EFFECTS.get(..3).unwrap_or_default();
    keyword(cx, document, node, Code::UnknownEffect, "effect", spellings)
}

impl<'t, 's, 'd> RuleChecker<'t, 's, 'd> {
    pub(super) fn new(
        schema: &'s DraftSchema,
        definitions: &'t Definitions<'d>,
        strict: bool,
    ) -> Self {
        Self {
            schema,
            definitions,
            patterns: Patterns::default(),
            reached: vec![false; definitions.conditions.len()],
            strict,
            rules: Vec::new(),
            ids: HashMap::new(),
            unused_patterns: Patterns::default(),
            tries: 0,
            count: 0,
            total: Size::default(),
        }
    }

    /// Rules of one document.
    pub(super) fn rules(&mut self, cx: &mut Context<'_>, document: &'d Document, node: &'d Node) {
        if is_null(node) {
            return;
        }
        let Some(nodes) = items_or_none(cx, document, node, "`rules`") else { return };
        self.rules.reserve(nodes.len().min(MAX_RULES));
        for node in nodes.iter().filter(|node| !is_null(node)) {
            self.count += 1;
            if self.count == MAX_RULES + 1 {
                let message = format!("the policy has more than {MAX_RULES} rules");
                cx.error(Code::TooManyRules, head(document, node), message);
            }
            if self.count > MAX_RULES {
                return;
            }
            if let Some((rule, note)) = self.rule(cx, document, node) {
                self.rules.push(rule);
                cx.notes.rules.push(note);
            }
        }
    }

    /// How many rules were written, sound or not.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn rule(
        &mut self,
        cx: &mut Context<'_>,
        document: &'d Document,
        node: &'d Node,
    ) -> Option<(Rule, RuleNote)> {
        let slots = mapping(cx, document, node, "a rule", RULE_KEYS, &[])?;
        let id = slots
            .require(cx, "id", "the rule", "give it a name that no other rule has")
            .and_then(|node| self.id(cx, document, node));
        let user = id.map_or_else(|| "a rule".to_owned(), |id| format!("rule `{}`", excerpt(id)));
        let of = if id.is_some() { user.as_str() } else { "the rule" };
        let scope_help = "write `scope: {action: name}`, `{actor: name}` or `{global: true}`";
        let scope = match slots.require(cx, "scope", of, scope_help) {
            Some(node) => self.scope(cx, document, node),
            None => ReadScope { scope: None, view: View::Unknown },
        };
        let when = slots.get("when");
        let condition = when.map(|node| self.when(cx, document, node, &scope.view, &user));
        let effect_help = "write `effect: block`, `require_approval` or `allow`";
        let effect = slots
            .require(cx, "effect", of, effect_help)
            .and_then(|node| effect(cx, document, node));
        let mut text = |key| slots.get(key).and_then(|node| prose(cx, document, node, key));
        let (description, message) = (text("description"), text("message"));
        let required_actions =
            slots.get("required_actions").map(|node| required_actions(cx, document, node));
        let mode = slots.entry("mode").map(|entry| self.mode(cx, document, entry));
        let tags = slots.get("tags").map(|node| tags(cx, document, node));
        let note = RuleNote {
            id: document.span(slots.get("id")?),
            required_actions: slots
                .entry("required_actions")
                .map(|entry| document.span(&entry.key)),
        };
        let rule = Rule {
            id: id?.to_owned(),
            scope: scope.scope?,
            condition: condition.map_or(Some(None), |condition| condition.map(Some))?,
            effect: effect?,
            message,
            required_actions: required_actions.unwrap_or(Some(Vec::new()))?,
            mode: mode.unwrap_or(Some(Mode::Enforce))?,
            tags: tags.unwrap_or_default(),
            description,
            place: cx.place(document.span(node)),
        };
        Some((rule, note))
    }

    fn id(
        &mut self,
        cx: &mut Context<'_>,
        document: &'d Document,
        node: &'d Node,
    ) -> Option<&'d str> {
        let id = name(cx, document, node, "the id of a rule")?;
        let span = document.span(node);
        if let Some(first) = self.ids.get(id) {
            let message = format!("two rules have the id `{}`", excerpt(id));
            cx.push(
                Diagnostic::error(Code::RepeatedRuleId, span, message)
                    .with_related(*first, "the first"),
            );
            return Some(id);
        }
        self.ids.insert(id, span);
        Some(id)
    }

    fn mode(&self, cx: &mut Context<'_>, document: &Document, entry: &Entry) -> Option<Mode> {
        if self.strict {
            cx.error_with_help(
                Code::Version1Ignored,
                document.span(&entry.key),
                "version 1 used to ignore `mode`",
                "leave it out, or write an `evaluation:` section, which turns it on",
            );
            return None;
        }
        let words = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow)];
        keyword(cx, document, &entry.value, Code::WrongShape, "mode", &words)
    }

    fn scope(&self, cx: &mut Context<'_>, document: &'d Document, node: &'d Node) -> ReadScope<'s> {
        const FORMS: &str = "write `{action: name}`, `{actor: name}`, both, or `{global: true}`";
        let broken = || ReadScope { scope: None, view: View::Unknown };
        if let Some(text) = document.text(node) {
            let help = match text {
                "global" => "write `scope: {global: true}`".to_owned(),
                _ => format!("write `scope: {{action: {}}}`", excerpt(text)),
            };
            let message = format!("a scope is a mapping, not the text `{}`", excerpt(text));
            cx.error_with_help(Code::WrongShape, document.span(node), message, help);
            return broken();
        }
        let keys = ["action", "actor", "global"];
        let Some(slots) = mapping(cx, document, node, "a scope", keys, &[]) else {
            return broken();
        };
        if let Some(entry) = slots.entry("global") {
            return global_scope(cx, document, entry, &slots);
        }
        let actions = slots.get("action").map(|node| self.actions(cx, document, node));
        let actors = slots.entry("actor").map(|entry| self.actors(cx, document, entry));
        if actions.is_none() && actors.is_none() {
            if !slots.has_strange() {
                let span = head(document, node);
                cx.error_with_help(Code::MissingKey, span, "the scope is empty", FORMS);
            }
            return broken();
        }
        let view = match &actions {
            None => View::Common,
            Some(Some((_, actions))) => View::Actions(actions.clone()),
            Some(None) => View::Unknown,
        };
        let scope = (|| {
            Some(Scope {
                actions: match actions {
                    None => None,
                    Some(actions) => Some(actions?.0),
                },
                actors: match actors {
                    None => None,
                    Some(actors) => Some(actors?),
                },
            })
        })();
        // Where a key was misspelled, half of the scope is unknown.
        if slots.has_strange() {
            return broken();
        }
        ReadScope { scope, view }
    }

    fn actions(
        &self,
        cx: &mut Context<'_>,
        document: &'d Document,
        node: &'d Node,
    ) -> Option<(Vec<String>, Vec<&'s DraftAction>)> {
        let written = one_or_more(cx, document, node, "the name of an action")?;
        cx.notes.repeated_names(&written);
        let mut names = Vec::with_capacity(written.len());
        let mut actions = Vec::with_capacity(written.len());
        let mut seen = HashSet::new();
        let mut sound = true;
        for (name, span) in written {
            if !seen.insert(name) {
                continue;
            }
            match self.schema.action(name) {
                Some(action) => {
                    names.push(name.to_owned());
                    actions.push(action);
                }
                None => {
                    sound = false;
                    if !self.schema.lacks_actions {
                        self.undeclared_action(cx, name, span);
                    }
                }
            }
        }
        sound.then_some((names, actions))
    }

    fn undeclared_action(&self, cx: &mut Context<'_>, name: &str, span: Span) {
        let message = format!("the schema does not declare the action `{}`", excerpt(name));
        if cx.has_said_much() {
            cx.error(Code::UndeclaredAction, span, message);
            return;
        }
        let known = || self.schema.actions.iter().map(|action| action.name.as_str());
        let help = did_you_mean(name, known()).unwrap_or_else(|| {
            if matches!(name, "*" | "all" | "any") {
                "a scope for every action is `{global: true}`".to_owned()
            } else if self.schema.actions.is_empty() {
                "declare it under `actions` in the schema".to_owned()
            } else {
                format!("the schema has {}", listing(known()))
            }
        });
        cx.error_with_help(Code::UndeclaredAction, span, message, help);
    }

    fn actors(
        &self,
        cx: &mut Context<'_>,
        document: &'d Document,
        entry: &'d Entry,
    ) -> Option<Vec<String>> {
        if self.strict {
            cx.error_with_help(
                Code::Version1Ignored,
                document.span(&entry.key),
                "version 1 used to ignore an actor scope: the rule never fired for it",
                "test `actor.type` under `when`, or write an `evaluation:` section, which turns \
                 actor scopes on",
            );
        }
        let written = one_or_more(cx, document, &entry.value, "the kind of an actor")?;
        cx.notes.repeated_names(&written);
        let declared = self.schema.actor.field("type");
        let allowed = match declared.map(|field| &field.ty) {
            Some(FieldType::Scalar(ty)) => ty.allowed.as_deref(),
            _ => None,
        };
        let allowed = allowed.map(|values| (values, Allowed::new(values, written.len())));
        let mut kinds = Vec::with_capacity(written.len());
        let mut seen = HashSet::new();
        let mut sound = !self.strict;
        for (kind, span) in written {
            if let Some((values, allowed)) = &allowed
                && !allowed.contains(&Literal::String(kind.to_owned()))
            {
                let words = || {
                    values.iter().filter_map(|value| match value {
                        Literal::String(text) => Some(text.as_str()),
                        _ => None,
                    })
                };
                let message = format!("`{}` is not in the `enum` of `actor.type`", excerpt(kind));
                let help = (!cx.has_said_much()).then(|| {
                    did_you_mean(kind, words())
                        .unwrap_or_else(|| format!("the enum has {}", listing(words())))
                });
                cx.error_with_hint(Code::LiteralNotInEnum, span, message, help);
                sound = false;
            }
            if seen.insert(kind) {
                kinds.push(kind.to_owned());
            }
        }
        sound.then_some(kinds)
    }

    /// What a promise about some actions assumes.
    pub(super) fn assumption(
        &mut self,
        cx: &mut Context<'_>,
        document: &'d Document,
        node: &'d Node,
        actions: Vec<&'s DraftAction>,
        user: &str,
    ) -> Option<crate::model::Condition> {
        let view = if actions.is_empty() { View::Common } else { View::Actions(actions) };
        self.when(cx, document, node, &view, user)
    }

    fn when(
        &mut self,
        cx: &mut Context<'_>,
        document: &'d Document,
        node: &'d Node,
        view: &View<'s>,
        user: &str,
    ) -> Option<crate::model::Condition> {
        if is_null(node) {
            return None;
        }
        let (names, lists) = (&self.definitions.names, &self.definitions.lists);
        let read = condition::read(cx, document, node, names, lists);
        let expand = self.fits(cx, &read, head(document, node));
        let mut typer = Typer {
            schema: self.schema,
            definitions: self.definitions,
            patterns: &mut self.patterns,
            reached: &mut self.reached,
        };
        typer.condition(cx, &Stand { view, user, expand }, &read.condition)
    }

    /// Counts the condition with its definitions expanded, before any is.
    fn fits(&mut self, cx: &mut Context<'_>, read: &ReadCondition<'d>, span: Span) -> bool {
        let mut size = read.own;
        for used in &read.uses {
            let definition = self.definitions.conditions.get(used.definition.0);
            let Some(inner) = definition.and_then(|definition| definition.size) else { continue };
            size.add(used.level, inner);
            if used.level + inner.depth > MAX_CONDITION_DEPTH {
                too_deep(cx, used.level + inner.depth, used.span);
                return false;
            }
        }
        let within =
            |size: &Size| size.atoms <= MAX_ATOMS && size.bytes <= MAX_EXPANDED_LITERAL_BYTES;
        let before = within(&self.total);
        self.total.add(0, size);
        let fits = within(&self.total);
        if before && !fits {
            let message = format!(
                "with its definitions expanded the policy has more than {MAX_ATOMS} atoms, or \
                 more than {} MiB of literals",
                MAX_EXPANDED_LITERAL_BYTES >> 20
            );
            cx.error(Code::ConditionTooLarge, span, message);
        }
        fits
    }

    /// Definitions that no rule uses are still looked at: one that no rule could use is in error.
    pub(super) fn unused_definitions(&mut self, cx: &mut Context<'_>) {
        let definitions = self.definitions;
        for (name, span) in &definitions.lists.names {
            if !definitions.lists.is_used(name) {
                let unused = Unused { name: (*name).to_owned(), span: *span, what: "list" };
                cx.notes.unused.push(unused);
            }
        }
        for (index, definition) in definitions.conditions.iter().enumerate() {
            if self.reached.get(index).copied().unwrap_or(false) {
                continue;
            }
            let name = definition.name.to_owned();
            cx.notes.unused.push(Unused { name, span: definition.span, what: "condition" });
            let before = cx.said();
            self.try_definition(cx, definition, &View::Anywhere);
            if cx.said() == before {
                self.under_some_action(cx, definition);
            }
        }
    }

    /// What is wrong with a definition from where some rule might stand.
    fn try_definition(
        &mut self,
        cx: &mut Context<'_>,
        definition: &Definition<'d>,
        view: &View<'s>,
    ) {
        let mut typer = Typer {
            schema: self.schema,
            definitions: self.definitions,
            patterns: &mut self.unused_patterns,
            reached: &mut self.reached,
        };
        let stand = Stand { view, user: "no rule", expand: false };
        typer.condition(cx, &stand, &definition.read.condition);
    }

    /// A definition that reads fields of an action must make sense under one. Where it does under
    /// none, what is said is what is wrong where the least is.
    fn under_some_action(&mut self, cx: &mut Context<'_>, definition: &Definition<'d>) {
        if self.schema.lacks_actions || !reads_action(&definition.read.condition) {
            return;
        }
        let mut least: Option<Vec<Diagnostic>> = None;
        for action in &self.schema.actions {
            self.tries += 1;
            if self.tries > MAX_TRIES {
                return;
            }
            let view = View::Actions(vec![action]);
            let said = cx.aside(|cx| self.try_definition(cx, definition, &view));
            if said.is_empty() {
                return;
            }
            if least.as_ref().is_none_or(|least| said.len() < least.len()) {
                least = Some(said);
            }
        }
        let what = "no rule uses this definition, and under no action could one";
        for diagnostic in least.unwrap_or_default() {
            cx.push(diagnostic.with_related(definition.span, what));
        }
    }
}

/// How often definitions that no rule uses are held against an action. They are few, and nothing
/// is compiled from them.
const MAX_TRIES: usize = 10_000;

/// Whether a condition reads a field of the action, those that it names by definition not counted.
fn reads_action(condition: &RawCondition<'_>) -> bool {
    let is_action = |field: &RawField<'_>| field.domain == Domain::Action;
    match condition {
        RawCondition::All(parts) | RawCondition::Any(parts) => parts.iter().any(reads_action),
        RawCondition::Not(part) => reads_action(part),
        RawCondition::Use(..) | RawCondition::Broken => false,
        RawCondition::Atom(atom) => {
            let right = match &atom.operand {
                RawOperand::Field(field) => is_action(field),
                RawOperand::Sum(sum) => {
                    sum.field.as_ref().is_some_and(is_action)
                        || matches!(&sum.addend, RawAddend::Field(field) if is_action(field))
                }
                _ => false,
            };
            right || atom.subject.as_ref().is_some_and(is_action)
        }
    }
}

/// `global: true`, alone.
fn global_scope<'s, const N: usize>(
    cx: &mut Context<'_>,
    document: &Document,
    entry: &Entry,
    slots: &super::context::Slots<'_, N>,
) -> ReadScope<'s> {
    let broken = ReadScope { scope: None, view: View::Unknown };
    let others = ["action", "actor"];
    if let Some((key, other)) = others.iter().find_map(|key| Some((key, slots.entry(key)?))) {
        let message = format!("`global` and `{key}` exclude each other");
        cx.push(
            Diagnostic::error(Code::ScopeConflict, document.span(&entry.key), message)
                .with_related(document.span(&other.key), format!("`{key}`")),
        );
        return broken;
    }
    match boolean(cx, document, &entry.value, "global") {
        Some(true) => ReadScope { scope: Some(Scope::default()), view: View::Common },
        Some(false) => {
            cx.error_with_help(
                Code::ScopeConflict,
                document.span(&entry.value),
                "a scope that is not global must say what it is",
                "write `{action: name}`, `{actor: name}` or `{global: true}`",
            );
            broken
        }
        None => broken,
    }
}

/// A name, or a list of names that has some.
fn one_or_more<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
) -> Option<Vec<(&'d str, Span)>> {
    let Value::Sequence(nodes) = &node.value else {
        return name(cx, document, node, what).map(|name| vec![(name, document.span(node))]);
    };
    if nodes.is_empty() {
        cx.error(Code::EmptyList, document.span(node), "the list in a scope is empty");
        return None;
    }
    let mut names = Vec::with_capacity(nodes.len());
    for node in nodes {
        if is_null(node) {
            let message = format!("{what} is null");
            cx.error(Code::NullValue, document.span(node), message);
        }
        names.extend(name(cx, document, node, what).map(|name| (name, document.span(node))));
    }
    (names.len() == nodes.len()).then_some(names)
}

fn tags(cx: &mut Context<'_>, document: &Document, node: &Node) -> Vec<String> {
    let nodes = items_or_none(cx, document, node, "`tags`").unwrap_or_default();
    let tags = nodes.iter().filter_map(|node| name(cx, document, node, "a tag"));
    tags.map(str::to_owned).collect()
}
