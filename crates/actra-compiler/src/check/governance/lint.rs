//! What in a governance document selects nothing, and what can be evaded.

use super::{AllowedField, Demand, DemandKind, FieldFilter, GovernanceRule};
use crate::check::context::{Context, did_you_mean, excerpt, listing};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::{Domain, Field, FieldType, Literal, Schema};
use std::collections::{HashMap, HashSet};

/// Warns of names that the schema lacks.
pub(super) fn names(cx: &mut Context<'_>, known: &Names<'_>, rule: &GovernanceRule<'_>) {
    let (id, schema) = (excerpt(rule.id), known.schema);
    for action in rule.applies_to.names() {
        if schema.action(action.text).is_none() {
            let message = format!(
                "the schema has no action `{}`, so governance rule `{id}` is not held for it",
                excerpt(action.text)
            );
            say(cx, action.span, message, || action_help(schema, action.text));
        }
    }
    if let Some(action) = rule.filter.action.filter(|name| schema.action(name.text).is_none()) {
        let message = format!(
            "the schema has no action `{}`, so governance rule `{id}` selects nothing",
            excerpt(action.text)
        );
        say(cx, action.span, message, || action_help(schema, action.text));
    }
    if let (Some(actor), Some(kinds)) = (rule.filter.actor, &known.actors)
        && !kinds.contains(actor.text)
    {
        let message = format!(
            "`{}` is not in the `enum` of `actor.type`, so governance rule `{id}` selects nothing",
            excerpt(actor.text)
        );
        say(cx, actor.span, message, || actor_help(schema, actor.text));
    }
    if let Some(field) = rule.filter.reads {
        filter_field(cx, known, field, rule);
    }
    for demand in &rule.demands {
        if let DemandKind::OnlyRead(allowed) = &demand.kind {
            for field in allowed {
                allowed_field(cx, known, field);
            }
        }
    }
}

fn filter_field(
    cx: &mut Context<'_>,
    known: &Names<'_>,
    field: FieldFilter<'_>,
    rule: &GovernanceRule<'_>,
) {
    let Some(name) = field.name else { return };
    let found = known.find(field.domain, name);
    let whole = whole(field.domain, name);
    let id = excerpt(rule.id);
    if found.is_empty() {
        let message =
            format!("the schema has no field `{whole}`, so governance rule `{id}` selects nothing");
        say(cx, field.span, message, || field_help(known.schema, field.domain, name));
    } else if field.key.is_some() && !found.iter().any(|found| matches!(found, Found::Map)) {
        let message =
            format!("`{whole}` is no map, so governance rule `{id}` selects nothing by its key");
        say(cx, field.span, message, || Some("leave `key` out".to_owned()));
    } else if let Some(inner) = only_object(found)
        && rule.demands.iter().any(|demand| matches!(demand.kind, DemandKind::AtLeast(_)))
    {
        let message = format!(
            "`{whole}` is an object, so no rule counts for governance rule `{id}`: rules read the \
             fields in it"
        );
        say(cx, field.span, message, || inner_help(&whole, inner));
    }
}

fn allowed_field(cx: &mut Context<'_>, known: &Names<'_>, field: &AllowedField<'_>) {
    let found = known.find(Some(field.domain), field.name);
    let whole = whole(Some(field.domain), field.name);
    if found.is_empty() {
        let message = format!("the schema has no field `{whole}`, so it allows nothing");
        say(cx, field.span, message, || field_help(known.schema, Some(field.domain), field.name));
    } else if field.key.is_some() && !found.iter().any(|found| matches!(found, Found::Map)) {
        let message = format!("`{whole}` is no map, so its key allows nothing");
        say(cx, field.span, message, || Some("leave the key out".to_owned()));
    } else if let Some(inner) = only_object(found) {
        let message = format!("`{whole}` is an object, so it allows nothing: name its fields");
        say(cx, field.span, message, || inner_help(&whole, inner));
    }
}

/// Warns of what version 1 does not see.
pub(super) fn evasion(cx: &mut Context<'_>, rule: &GovernanceRule<'_>) {
    const HELP: &str = "write `version: 2`";
    let id = excerpt(rule.id);
    if let Some(first) = rule.applies_to.names().first() {
        let is_lower = |demand: &Demand<'_>| matches!(demand.kind, DemandKind::AtLeast(_));
        let or = if rule.demands.iter().any(is_lower) && rule.filter.action.is_none() {
            ", and so does a rule for other actions"
        } else {
            ""
        };
        let message = format!(
            "governance rule `{id}` is skipped when no policy rule names its actions: deleting \
             those rules evades it{or}"
        );
        warn(cx, first.span, message, HELP);
    }
    let is_upper = |kind: &DemandKind<'_>| !matches!(kind, DemandKind::AtLeast(_));
    let upper = rule.demands.iter().find(|demand| is_upper(&demand.kind));
    let span = match (upper, rule.filter.reads) {
        (Some(_), Some(field)) => Some(field.span),
        (Some(demand), None) if matches!(demand.kind, DemandKind::OnlyRead(_)) => Some(demand.span),
        _ => None,
    };
    if let Some(span) = span {
        let message = format!(
            "governance rule `{id}` does not see fields on the right side of an atom: putting a \
             field there evades it"
        );
        warn(cx, span, message, HELP);
    }
}

fn warn(cx: &mut Context<'_>, span: Span, message: String, help: &str) {
    cx.push(Diagnostic::warning(Code::GovernanceCanBeEvaded, span, message).with_help(help));
}

/// Looking for help takes time, so it is looked for as long as little has been said.
fn say(cx: &mut Context<'_>, span: Span, message: String, help: impl FnOnce() -> Option<String>) {
    let help = if cx.has_said_much() { None } else { help() };
    let warning = Diagnostic::warning(Code::GovernanceNamesNothing, span, message);
    cx.push(Diagnostic { help, ..warning });
}

fn action_help(schema: &Schema, name: &str) -> Option<String> {
    let names: Vec<&str> = schema.actions.iter().map(|action| action.name.as_str()).collect();
    near_or_all(name, &names)
}

fn field_help(schema: &Schema, domain: Option<Domain>, name: &str) -> Option<String> {
    let mut names: Vec<&str> = sections(schema)
        .filter(|(of, _)| domain.is_none_or(|domain| domain == *of))
        .flat_map(|(_, fields)| fields.iter().map(|field| field.name.as_str()))
        .collect();
    if domain != Some(Domain::Snapshot) {
        names.push("type");
    }
    names.sort_unstable();
    names.dedup();
    near_or_all(name, &names)
}

fn near_or_all(name: &str, names: &[&str]) -> Option<String> {
    did_you_mean(name, names.iter().copied()).or_else(|| {
        (!names.is_empty()).then(|| format!("the schema has {}", listing(names.iter().copied())))
    })
}

fn inner_help(whole: &str, inner: &[Field]) -> Option<String> {
    let first = inner.first()?;
    Some(format!("name one of its fields: `{whole}.{}`", excerpt(&first.name)))
}

fn whole(domain: Option<Domain>, name: &str) -> String {
    match domain {
        Some(domain) => format!("{domain}.{}", excerpt(name)),
        None => excerpt(name),
    }
}

/// What a name stands for somewhere in the schema.
#[derive(Clone, Copy)]
enum Found<'s> {
    Value,
    Map,
    Object(&'s [Field]),
}

/// The fields of an object, where the name stands for nothing but objects.
fn only_object<'s>(found: &[Found<'s>]) -> Option<&'s [Field]> {
    let mut inner = None;
    for found in found {
        match found {
            Found::Object(fields) => inner = Some(*fields),
            Found::Value | Found::Map => return None,
        }
    }
    inner
}

fn sections(schema: &Schema) -> impl Iterator<Item = (Domain, &[Field])> {
    let actions = schema.actions.iter().map(|action| (Domain::Action, action.fields.as_slice()));
    [
        (Domain::Action, schema.common.as_slice()),
        (Domain::Actor, schema.actor.as_slice()),
        (Domain::Snapshot, schema.snapshot.as_slice()),
    ]
    .into_iter()
    .chain(actions)
}

/// What the schema's names stand for, looked up once for all rules.
pub(super) struct Names<'s> {
    schema: &'s Schema,
    /// By name with its domain, and by name alone.
    fields: HashMap<(Option<Domain>, String), Vec<Found<'s>>>,
    /// The kinds of actors, where the schema lists them.
    actors: Option<HashSet<&'s str>>,
}

impl<'s> Names<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        let actors = actor_kinds(schema).map(|kinds| kinds.into_iter().collect());
        let mut names = Self { schema, fields: HashMap::new(), actors };
        for (domain, fields) in sections(schema) {
            names.add(domain, "", fields);
        }
        for domain in [Domain::Action, Domain::Actor] {
            names.insert(domain, "type", Found::Value);
        }
        names
    }

    fn add(&mut self, domain: Domain, before: &str, fields: &'s [Field]) {
        for field in fields {
            let name = format!("{before}{}", field.name);
            let found = match &field.ty {
                FieldType::Object(inner) => {
                    self.add(domain, &format!("{name}."), inner);
                    Found::Object(inner)
                }
                FieldType::Map(_) => Found::Map,
                FieldType::Scalar(_) | FieldType::List(_) => Found::Value,
            };
            self.insert(domain, &name, found);
        }
    }

    fn insert(&mut self, domain: Domain, name: &str, found: Found<'s>) {
        for domain in [Some(domain), None] {
            self.fields.entry((domain, name.to_owned())).or_default().push(found);
        }
    }

    /// Everything that the name stands for, in any action.
    fn find(&self, domain: Option<Domain>, name: &str) -> &[Found<'s>] {
        self.fields.get(&(domain, name.to_owned())).map_or(&[], Vec::as_slice)
    }
}

fn actor_kinds(schema: &Schema) -> Option<Vec<&str>> {
    let field = schema.actor.iter().find(|field| field.name == "type")?;
    let FieldType::Scalar(ty) = &field.ty else { return None };
    let kinds = ty.allowed.as_ref()?.iter().filter_map(|value| match value {
        Literal::String(text) => Some(text.as_str()),
        _ => None,
    });
    Some(kinds.collect())
}

fn actor_help(schema: &Schema, name: &str) -> Option<String> {
    near_or_all(name, &actor_kinds(schema)?)
}
