//! Fields of atoms: looked up in the schema from where a rule stands.

use super::context::{Context, did_you_mean, excerpt, listing};
use super::raw::RawField;
use super::schema::{DraftAction, DraftSchema, Section, find};
use crate::diagnostic::{Code, Span, suggest};
use crate::limits::{MAX_FIELD_NAME_BYTES, MAX_OBJECT_DEPTH};
use crate::model::{Domain, Field, FieldRef, FieldType, Literal, ScalarKind, ScalarType};

/// Which fields of `action` may be read.
#[derive(Debug)]
pub(super) enum View<'s> {
    /// Those in `common`: a rule without an action scope.
    Common,
    /// Those that each of the actions declares with the same type.
    Actions(Vec<&'s DraftAction>),
    /// The scope is in error: nothing is said about fields of `action`.
    Unknown,
    /// Those of any action: a definition that no rule uses.
    Anywhere,
}

/// A field that can be an operand.
#[derive(Debug)]
pub(super) struct Resolved<'s> {
    pub(super) field: FieldRef,
    pub(super) shape: Shape,
    /// Its declarations: one, or one per action. None for values of maps.
    types: Types<'s>,
}

/// What a field holds, without constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar(ScalarKind),
    List(ScalarKind),
}

#[derive(Debug)]
enum Types<'s> {
    Unconstrained,
    One(&'s FieldType),
    Several(Vec<&'s FieldType>),
}

impl<'s> Resolved<'s> {
    /// Each `enum` that literals have to fit: the field's, or that of a list's items.
    pub(super) fn enums(&self) -> impl Iterator<Item = &'s [Literal]> + '_ {
        let types: &[&'s FieldType] = match &self.types {
            Types::Unconstrained => &[],
            Types::One(ty) => std::slice::from_ref(ty),
            Types::Several(types) => types,
        };
        types.iter().filter_map(|ty| match ty {
            FieldType::Scalar(ty) => ty.allowed.as_deref(),
            FieldType::List(list) => list.items.allowed.as_deref(),
            FieldType::Object(_) | FieldType::Map(_) => None,
        })
    }
}

impl Shape {
    /// `a list of strings`.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Scalar(ScalarKind::Integer) => "an integer".to_owned(),
            Self::Scalar(kind) => format!("a {kind}"),
            Self::List(kind) => format!("a list of {kind}s"),
        }
    }
}

fn describe_type(ty: &FieldType) -> String {
    match ty {
        FieldType::Scalar(ty) => Shape::Scalar(ty.kind).describe(),
        FieldType::List(list) => Shape::List(list.items.kind).describe(),
        FieldType::Object(_) => "an object".to_owned(),
        FieldType::Map(kind) => format!("a map of {kind}s"),
    }
}

static BUILT_IN_TYPE: FieldType = FieldType::Scalar(ScalarType::plain(ScalarKind::String));

/// What looking for a name has found.
enum Found<'s> {
    Field(Vec<String>, &'s FieldType),
    /// It may be there, in a part of the schema that is in error.
    InDoubt,
    /// It is not there. The deepest field that was on the way, and what was looked for in it.
    Absent(Option<(String, &'s FieldType, String)>),
}

/// Looks a field up. What is wrong is reported.
pub(super) fn resolve<'s>(
    cx: &mut Context<'_>,
    schema: &'s DraftSchema,
    view: &View<'s>,
    raw: &RawField<'_>,
) -> Option<Resolved<'s>> {
    if raw.name.len() > MAX_FIELD_NAME_BYTES * MAX_OBJECT_DEPTH {
        cx.error(Code::UndeclaredField, raw.name_span, "the name is longer than any field's");
        return None;
    }
    let (path, types) = match (raw.domain, view) {
        (Domain::Actor, _) => look_in(cx, schema, view, raw, &[&schema.actor], true)?,
        (Domain::Snapshot, _) => look_in(cx, schema, view, raw, &[&schema.snapshot], false)?,
        (Domain::Action, View::Common) => look_in(cx, schema, view, raw, &[&schema.common], true)?,
        (Domain::Action, View::Unknown) => return None,
        (Domain::Action, View::Actions(actions)) => match actions.as_slice() {
            [action] => look_in(cx, schema, view, raw, &[&schema.common, &action.section], true)?,
            actions => look_in_each(cx, schema, view, raw, actions)?,
        },
        (Domain::Action, View::Anywhere) => {
            look_anywhere(cx, schema, raw)?;
            return None;
        }
    };
    into_operand(cx, raw, path, types)
}

fn look_in<'s>(
    cx: &mut Context<'_>,
    schema: &'s DraftSchema,
    view: &View<'s>,
    raw: &RawField<'_>,
    sections: &[&'s Section],
    has_type: bool,
) -> Option<(Vec<String>, Types<'s>)> {
    match look(sections, raw.name, has_type) {
        Found::Field(path, ty) => Some((path, Types::One(ty))),
        Found::InDoubt => None,
        Found::Absent(stuck) => {
            undeclared(cx, schema, view, raw, sections, stuck);
            None
        }
    }
}

fn look_in_each<'s>(
    cx: &mut Context<'_>,
    schema: &'s DraftSchema,
    view: &View<'s>,
    raw: &RawField<'_>,
    actions: &[&'s DraftAction],
) -> Option<(Vec<String>, Types<'s>)> {
    let mut found: Vec<(&DraftAction, Vec<String>, &FieldType)> = Vec::new();
    let mut lacking = Vec::new();
    let mut stuck = None;
    let mut in_doubt = false;
    for action in actions {
        match look(&[&schema.common, &action.section], raw.name, true) {
            Found::Field(path, ty) => found.push((action, path, ty)),
            Found::InDoubt => in_doubt = true,
            Found::Absent(at) => {
                lacking.push(action.name.as_str());
                stuck = stuck.or(at);
            }
        }
    }
    if !lacking.is_empty() {
        if found.is_empty() && !in_doubt {
            let sections: Vec<&Section> = std::iter::once(&schema.common)
                .chain(actions.iter().map(|action| &action.section))
                .collect();
            undeclared(cx, schema, view, raw, &sections, stuck);
        } else {
            let verb = if lacking.len() == 1 { "does" } else { "do" };
            let message =
                format!("{} {verb} not declare `{}`", listing(lacking), excerpt(raw.name));
            cx.error_with_help(
                Code::UndeclaredField,
                raw.name_span,
                message,
                "every action in the rule's scope has to declare the fields that it reads",
            );
        }
        return None;
    }
    let mut rest = found.iter();
    let (first, path, ty) = rest.next()?;
    for (other, other_path, other_ty) in rest {
        if path != other_path || !same_type(ty, other_ty) {
            let message = format!(
                "`{}.{}` is {} for `{}` and {} for `{}`",
                raw.domain,
                excerpt(raw.name),
                describe_type(ty),
                excerpt(&first.name),
                describe_type(other_ty),
                excerpt(&other.name),
            );
            cx.error_with_help(
                Code::KindMismatch,
                raw.name_span,
                message,
                "declare it with one type, or write a rule for each action",
            );
            return None;
        }
    }
    if in_doubt {
        return None;
    }
    let path = path.clone();
    Some((path, Types::Several(found.into_iter().map(|(_, _, ty)| ty).collect())))
}

/// A definition that no rule uses is at least held against all actions at once.
fn look_anywhere(cx: &mut Context<'_>, schema: &DraftSchema, raw: &RawField<'_>) -> Option<()> {
    let known = schema.lacks_actions
        || !matches!(look(&[&schema.common], raw.name, true), Found::Absent(_))
        || schema
            .actions
            .iter()
            .any(|action| !matches!(look(&[&action.section], raw.name, false), Found::Absent(_)));
    if !known {
        let sections: Vec<&Section> = std::iter::once(&schema.common)
            .chain(schema.actions.iter().map(|action| &action.section))
            .collect();
        undeclared(cx, schema, &View::Anywhere, raw, &sections, None);
    }
    None
}

/// Constraints may differ, what is held may not.
fn same_type(left: &FieldType, right: &FieldType) -> bool {
    match (left, right) {
        (FieldType::Scalar(left), FieldType::Scalar(right)) => left.kind == right.kind,
        (FieldType::List(left), FieldType::List(right)) => left.items.kind == right.items.kind,
        (FieldType::Map(left), FieldType::Map(right)) => left == right,
        (FieldType::Object(_), FieldType::Object(_)) => true,
        _ => false,
    }
}

fn look<'s>(sections: &[&'s Section], name: &str, has_type: bool) -> Found<'s> {
    if has_type && name == "type" {
        let declared = sections.iter().find_map(|section| section.field(name));
        return Found::Field(vec![name.to_owned()], declared.map_or(&BUILT_IN_TYPE, |f| &f.ty));
    }
    let mut path = Vec::with_capacity(1);
    let mut stuck = None;
    // The longest declared name wins: in version 1 names may hold dots.
    for (head, rest) in splits(name) {
        for section in sections {
            if let Some(field) = section.field(head) {
                if let Some(ty) = descend(field, rest, &mut path, &mut stuck) {
                    return Found::Field(path, ty);
                }
            } else if section.may_declare(head) {
                return Found::InDoubt;
            }
        }
    }
    Found::Absent(stuck)
}

/// The type at the end of the path; the path is left as it was where there is none.
fn descend<'s>(
    field: &'s Field,
    rest: Option<&str>,
    path: &mut Vec<String>,
    stuck: &mut Option<(String, &'s FieldType, String)>,
) -> Option<&'s FieldType> {
    path.push(field.name.clone());
    let Some(rest) = rest else { return Some(&field.ty) };
    if let FieldType::Object(fields) = &field.ty {
        for (head, rest) in splits(rest) {
            if let Some(inner) = find(fields, head)
                && let Some(ty) = descend(inner, rest, path, stuck)
            {
                return Some(ty);
            }
        }
    }
    if stuck.is_none() {
        *stuck = Some((path.join("."), &field.ty, rest.to_owned()));
    }
    path.pop();
    None
}

/// The name as a whole, then its divisions at each dot from the last to the first.
fn splits(name: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let divided = name
        .rmatch_indices('.')
        .filter_map(move |(dot, _)| Some((name.get(..dot)?, Some(name.get(dot + 1..)?))));
    std::iter::once((name, None)).chain(divided)
}

fn undeclared<'s>(
    cx: &mut Context<'_>,
    schema: &DraftSchema,
    view: &View<'s>,
    raw: &RawField<'_>,
    sections: &[&'s Section],
    stuck: Option<(String, &'s FieldType, String)>,
) {
    let whole = format!("{}.{}", raw.domain, excerpt(raw.name));
    if cx.has_said_much() {
        let message = format!("the schema does not declare `{whole}` where the rule may read it");
        cx.error(Code::UndeclaredField, raw.name_span, message);
        return;
    }
    if let Some((outer, ty, rest)) = stuck {
        let outer_name = format!("{}.{outer}", raw.domain);
        let span = tail(raw, rest.len());
        match ty {
            FieldType::Object(fields) => {
                let names = || fields.iter().map(|field| field.name.as_str());
                let help = did_you_mean(&rest, names()).unwrap_or_else(|| {
                    format!("`{outer_name}` has the fields {}", listing(names()))
                });
                let message = format!("the schema does not declare `{whole}`");
                cx.error_with_help(Code::UndeclaredField, span, message, help);
            }
            FieldType::Map(_) => cx.error_with_help(
                Code::UndeclaredField,
                span,
                format!("`{outer_name}` is a map, not an object"),
                format!(
                    "write `{outer_name}[\"{}\"]`, in the long form `key: {}`",
                    excerpt(&rest),
                    excerpt(&rest)
                ),
            ),
            _ => cx.error(
                Code::UndeclaredField,
                span,
                format!("`{outer_name}` is {}: there are no fields in it", describe_type(ty)),
            ),
        }
        return;
    }
    if raw.domain == Domain::Action && !matches!(view, View::Anywhere) {
        let elsewhere: Vec<&str> = schema
            .actions
            .iter()
            .filter(|action| matches!(look(&[&action.section], raw.name, false), Found::Field(..)))
            .map(|action| action.name.as_str())
            .collect();
        if let Some(action) = elsewhere.first() {
            let (message, help) = if matches!(view, View::Common) {
                (
                    format!("a rule without an action scope cannot read `{whole}`"),
                    format!(
                        "write `scope: {{action: {}}}`, or declare the field in `common`",
                        excerpt(action)
                    ),
                )
            } else {
                let several = matches!(view, View::Actions(actions) if actions.len() > 1);
                let subject = if several { "rule's actions do" } else { "rule's action does" };
                (
                    format!("the {subject} not declare `{whole}`"),
                    format!("it is a field of {}", listing(elsewhere)),
                )
            };
            cx.error_with_help(Code::UndeclaredField, raw.name_span, message, help);
            return;
        }
    }
    let message = format!("the schema does not declare `{whole}`");
    let there = elsewhere(schema, view, raw.domain, raw.name, false);
    if let Some(there) = there {
        let help = format!("did you mean `{there}`?");
        cx.error_with_help(Code::UndeclaredField, raw.name_span, message, help);
        return;
    }
    let mut names: Vec<&str> = sections.iter().flat_map(|section| section.names()).collect();
    if raw.domain != Domain::Snapshot {
        names.push("type");
    }
    names.sort_unstable();
    names.dedup();
    let near = || elsewhere(schema, view, raw.domain, raw.name, true);
    let help = did_you_mean(raw.name, names.iter().copied())
        .or_else(|| near().map(|near| format!("did you mean `{near}`?")))
        .unwrap_or_else(|| {
            if names.is_empty() {
                format!("declare it under `{}`", raw.domain)
            } else {
                format!("there are {}", listing(names.iter().copied()))
            }
        });
    cx.error_with_help(Code::UndeclaredField, raw.name_span, message, help);
}

/// A field of that name (or of a near one) that the rule may read: in another domain, or inside an
/// object.
fn elsewhere(
    schema: &DraftSchema,
    view: &View<'_>,
    domain: Domain,
    name: &str,
    near: bool,
) -> Option<String> {
    let mut places: Vec<(Domain, &Section)> = Vec::new();
    if !matches!(view, View::Unknown) {
        places.push((Domain::Action, &schema.common));
    }
    if let View::Actions(actions) = view
        && let [action] = actions.as_slice()
    {
        places.push((Domain::Action, &action.section));
    }
    places.extend([(Domain::Actor, &schema.actor), (Domain::Snapshot, &schema.snapshot)]);
    let others = places.iter().filter(|(other, _)| *other != domain);
    if near {
        let full: Vec<String> = others
            .flat_map(|(other, section)| section.names().map(move |name| format!("{other}.{name}")))
            .collect();
        let names = full.iter().filter_map(|full| full.split_once('.').map(|(_, name)| name));
        let found = suggest(name, names)?;
        return full
            .iter()
            .find(|full| full.split_once('.').is_some_and(|(_, n)| n == found))
            .cloned();
    }
    let other = others.clone().find(|(_, section)| section.field(name).is_some());
    if let Some((other, _)) = other {
        return Some(format!("{other}.{name}"));
    }
    places.iter().find_map(|(domain, section)| {
        section.fields.iter().find_map(|field| match &field.ty {
            FieldType::Object(inner) if find(inner, name).is_some() => {
                Some(format!("{domain}.{}.{name}", field.name))
            }
            _ => None,
        })
    })
}

/// The last bytes of the name.
fn tail(raw: &RawField<'_>, length: usize) -> Span {
    let whole = raw.name.len();
    raw.name_origin.part(whole.saturating_sub(length), whole)
}

/// Objects and maps hold values and are not values.
fn into_operand<'s>(
    cx: &mut Context<'_>,
    raw: &RawField<'_>,
    path: Vec<String>,
    types: Types<'s>,
) -> Option<Resolved<'s>> {
    let ty = match &types {
        Types::Unconstrained => return None,
        Types::One(ty) => *ty,
        Types::Several(types) => *types.first()?,
    };
    let key = raw.key.map(|(key, _)| key.to_owned());
    let field = FieldRef { domain: raw.domain, path, key };
    let whole = excerpt(&format!("{}.{}", raw.domain, raw.name));
    let (shape, types) = match (ty, raw.key) {
        (FieldType::Map(kind), Some(_)) => (Shape::Scalar(*kind), Types::Unconstrained),
        (FieldType::Map(_), None) => {
            cx.error_with_help(
                Code::KindMismatch,
                raw.span,
                format!("`{whole}` is a map: its values are read by key"),
                format!("write `{whole}[\"...\"]`, in the long form `key:` beside `field:`"),
            );
            return None;
        }
        (ty, Some((_, at))) => {
            let message = format!("`{whole}` is {} and takes no key", describe_type(ty));
            cx.error(Code::KindMismatch, at, message);
            return None;
        }
        (FieldType::Object(fields), None) => {
            let help = fields
                .first()
                .map(|field| format!("read one of its fields: `{whole}.{}`", field.name));
            let message = format!("`{whole}` is an object: only its fields are values");
            cx.error_with_hint(Code::KindMismatch, raw.span, message, help);
            return None;
        }
        (FieldType::Scalar(ty), None) => (Shape::Scalar(ty.kind), types),
        (FieldType::List(list), None) => (Shape::List(list.items.kind), types),
    };
    Some(Resolved { field, shape, types })
}
