//! Constraints of declared fields: that they fit the field's type and each other.

use super::context::{Context, Slots, describe, excerpt, items, listing};
use super::literal::{Allowed, LiteralKey, Purpose, RawLiteral, as_integer, compare, read_list};
use super::schema::Home;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::limits::MAX_LIST_LITERALS;
use crate::model::{Literal, ScalarKind, ScalarType};
use crate::yaml::{Document, Node, Scalar, Value};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Every key that the long form of a field knows.
pub(super) const FIELD_KEYS: [&str; 12] = [
    "type",
    "required",
    "enum",
    "min",
    "max",
    "max_length",
    "unique",
    "default",
    "items",
    "fields",
    "values",
    "description",
];

/// Reports keys that a field of that type does not take.
pub(super) fn refuse<const N: usize>(
    cx: &mut Context<'_>,
    document: &Document,
    slots: &Slots<'_, N>,
    ty: &str,
    misplaced: &[&str],
) {
    for key in misplaced {
        let Some(entry) = slots.entry(key) else { continue };
        let article = if matches!(ty, "integer" | "object" | "item") { "an" } else { "a" };
        let code = if *key == "default" { Code::BadDefault } else { Code::BadConstraint };
        let help = match (*key, ty) {
            ("enum" | "min" | "max", "list") => "put it into `items`: `items: {type: .., ..}`",
            ("default", _) => "defaults are for single values that stand directly in an action",
            ("min" | "max", "string") => "the length of text is bounded with `max_length`",
            ("items" | "unique", _) => "it is for a `list`",
            ("fields", _) => "it is for an `object`",
            ("values", _) => "it is for a `map`",
            _ => "leave it out",
        };
        let message = format!("{article} `{ty}` takes no `{key}`");
        cx.error_with_help(code, document.span(&entry.key), message, help);
    }
}

/// A `max_length`.
pub(super) fn length(cx: &mut Context<'_>, document: &Document, node: &Node) -> Option<u64> {
    match &node.value {
        Value::Scalar(Scalar::Null) => None,
        Value::Scalar(Scalar::Integer(length)) if u64::try_from(*length).is_ok() => {
            u64::try_from(*length).ok()
        }
        _ => {
            let message =
                format!("`max_length` is a count from 0 on, not {}", describe(document, node));
            cx.error(Code::BadConstraint, document.span(node), message);
            None
        }
    }
}

/// The constraints of a scalar. `place` is the field's home, whether it is required and whether
/// it is named `type`; an item of a list has none.
pub(super) fn scalar<const N: usize>(
    cx: &mut Context<'_>,
    document: &Document,
    slots: &Slots<'_, N>,
    kind: ScalarKind,
    place: Option<(Home, bool, bool)>,
) -> ScalarType {
    let mut misplaced = Vec::new();
    if !kind.is_numeric() {
        misplaced.extend(["min", "max"]);
    }
    if kind != ScalarKind::String {
        misplaced.push("max_length");
    }
    if kind != ScalarKind::String && !kind.is_numeric() {
        misplaced.push("enum");
    }
    refuse(cx, document, slots, kind.as_str(), &misplaced);
    let takes = |key: &str| !misplaced.contains(&key);

    let mut ty = ScalarType::plain(kind);
    let bound = |cx: &mut Context<'_>, key: &str| {
        let node = slots.get(key).filter(|_| takes(key))?;
        number(cx, document, node, kind, key).map(|value| (value, document.span(node)))
    };
    let min = bound(cx, "min");
    let max = bound(cx, "max");
    if let (Some((low, low_at)), Some((high, high_at))) = (&min, &max)
        && compare(low, high) == Some(Ordering::Greater)
    {
        cx.push(
            Diagnostic::error(Code::BadConstraint, *high_at, "`max` is less than `min`")
                .with_related(*low_at, "`min`"),
        );
    } else {
        (ty.min, ty.max) = (min.map(|(value, _)| value), max.map(|(value, _)| value));
    }
    if let Some(node) = slots.get("max_length").filter(|_| takes("max_length")) {
        ty.max_length = length(cx, document, node);
    }
    if let Some(node) = slots.get("enum").filter(|_| takes("enum")) {
        ty.allowed = allowed(cx, document, node, &ty);
    }
    if let (Some(place), Some(node)) = (place, slots.get("default")) {
        let at = slots.entry("default").map_or(document.span(node), |e| document.span(&e.key));
        ty.default = default(cx, document, node, at, &ty, place);
    }
    ty
}

/// A bound or a value of an `enum`: finite, and an integer where the field is one.
fn number(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    kind: ScalarKind,
    key: &str,
) -> Option<Literal> {
    let literal = RawLiteral::read(cx, document, node)?;
    match fit(cx, &literal, kind) {
        Ok(value) => Some(value),
        Err(mut misfit) => {
            misfit.code = Code::BadConstraint;
            misfit.message = format!("`{key}` does not fit the field: {}", misfit.message);
            cx.push(*misfit);
            None
        }
    }
}

/// Fits a value of the schema: unlike literals of version 1 it has to be finite.
fn fit(
    cx: &Context<'_>,
    literal: &RawLiteral<'_>,
    kind: ScalarKind,
) -> Result<Literal, super::literal::Misfit> {
    let value = literal.fit(cx, kind, Purpose::Same)?;
    match value {
        Literal::Float(number) if !number.is_finite() => Err(literal.misfit(
            Code::BadConstraint,
            format!("{} is not finite", literal.describe()),
            None,
        )),
        // Where an integer is meant it has been tested; this keeps the reader from wondering.
        _ if kind == ScalarKind::Integer && as_integer(&value).is_none() => Err(literal.misfit(
            Code::BadConstraint,
            format!("{} is not an integer", literal.describe()),
            None,
        )),
        _ => Ok(value),
    }
}

/// The values of an `enum`; `None` where they are not to be relied on.
fn allowed(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    ty: &ScalarType,
) -> Option<Vec<Literal>> {
    let nodes = items(cx, document, node, "`enum`")?;
    if nodes.len() > MAX_LIST_LITERALS {
        let message = format!("`enum` has more than {MAX_LIST_LITERALS} values");
        cx.error(Code::TooManyLiterals, document.span(node), message);
        return None;
    }
    let raw = read_list(cx, document, nodes);
    let mut values: Vec<(Literal, Span)> = Vec::with_capacity(nodes.len());
    let mut sound = raw.is_some();
    for literal in raw.iter().flatten() {
        match fit(cx, literal, ty.kind) {
            Ok(value) => {
                if let Some(wrong) = outside(&value, ty, literal.spelling()) {
                    cx.error(Code::BadConstraint, literal.span, wrong);
                    sound = false;
                }
                values.push((value, literal.span));
            }
            Err(mut misfit) => {
                misfit.code = Code::BadConstraint;
                cx.push(*misfit);
                sound = false;
            }
        }
    }
    let mut first: HashMap<LiteralKey<'_>, Span> = HashMap::with_capacity(values.len());
    for (value, span) in &values {
        if let Some(earlier) = first.insert(LiteralKey::from(value), *span) {
            cx.push(
                Diagnostic::error(Code::BadConstraint, *span, "`enum` has the same value twice")
                    .with_related(earlier, "first here"),
            );
            sound = false;
        }
    }
    sound.then(|| values.into_iter().map(|(value, _)| value).collect())
}

/// What keeps the value from meeting `min`, `max` or `max_length`.
fn outside(value: &Literal, ty: &ScalarType, spelling: &str) -> Option<String> {
    let spelling = excerpt(spelling);
    let order = |bound: &Option<Literal>| bound.as_ref().and_then(|bound| compare(value, bound));
    if order(&ty.min) == Some(Ordering::Less) {
        return Some(format!("`{spelling}` is less than `min`"));
    }
    if order(&ty.max) == Some(Ordering::Greater) {
        return Some(format!("`{spelling}` is greater than `max`"));
    }
    match (value, ty.max_length) {
        (Literal::String(text), Some(most)) if text.chars().count() as u64 > most => {
            Some(format!("`{spelling}` is longer than `max_length`"))
        }
        _ => None,
    }
}

fn default(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
    key: Span,
    ty: &ScalarType,
    (home, required, is_type): (Home, bool, bool),
) -> Option<Literal> {
    let refused = match home {
        Home::State(domain) => Some((
            format!("a field of the {domain} takes no `default`"),
            "a default for state or identity would fail open; test the field with `exists`",
        )),
        Home::Object(_) => Some((
            "a field inside an object takes no `default`".to_owned(),
            "defaults are for fields that stand directly in an action or in `common`",
        )),
        Home::Operation if is_type => {
            Some(("the built-in field `type` takes no `default`".to_owned(), "leave it out"))
        }
        Home::Operation if required => Some((
            "a required field takes no `default`".to_owned(),
            "keep one of `required` and `default`",
        )),
        Home::Operation => None,
    };
    if let Some((message, help)) = refused {
        cx.error_with_help(Code::BadDefault, key, message, help);
    }
    let literal = RawLiteral::read(cx, document, node)?;
    let value = match fit(cx, &literal, ty.kind) {
        Ok(value) => value,
        Err(mut misfit) => {
            misfit.code = Code::BadDefault;
            cx.push(*misfit);
            return None;
        }
    };
    if let Some(wrong) = outside(&value, ty, literal.spelling()) {
        cx.error(Code::BadDefault, literal.span, wrong);
    }
    if let Some(allowed) = &ty.allowed
        && !Allowed::new(allowed, 1).contains(&value)
    {
        let words = allowed.iter().filter_map(|value| match value {
            Literal::String(text) => Some(text.as_str()),
            _ => None,
        });
        cx.error_with_hint(
            Code::BadDefault,
            literal.span,
            format!("`{}` is not in the field's `enum`", excerpt(literal.spelling())),
            (ty.kind == ScalarKind::String).then(|| format!("the enum has {}", listing(words))),
        );
    }
    Some(value)
}
