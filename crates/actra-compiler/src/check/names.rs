//! Names: of actions, rules, kinds of actors, tags, definitions and fields.

use super::context::{Context, describe, excerpt, is_null};
use crate::diagnostic::Code;
use crate::limits::{MAX_FIELD_NAME_BYTES, MAX_NAME_BYTES};
use crate::yaml::{Document, Node};

/// Reads a name. A plain scalar keeps its text (`5`, `true`); null is not a name.
pub(super) fn name<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
) -> Option<&'d str> {
    bounded_name(cx, document, node, what, MAX_NAME_BYTES)
}

/// Reads the name of a field that is being declared.
pub(super) fn field_name<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<&'d str> {
    let name = bounded_name(cx, document, node, "the name of a field", MAX_FIELD_NAME_BYTES)?;
    if cx.is_version_2() && name.contains('.') {
        cx.error_with_help(
            Code::BadName,
            document.span(node),
            format!("the name of a field holds a dot: `{}`", excerpt(name)),
            "declare an `object` and put the field inside it",
        );
        return None;
    }
    Some(name)
}

fn bounded_name<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
    most: usize,
) -> Option<&'d str> {
    let Some(name) = document.text(node) else {
        if !is_null(node) {
            let message = format!("{what} is text, not {}", describe(document, node));
            cx.error(Code::WrongShape, document.span(node), message);
        }
        return None;
    };
    let wrong = if name.is_empty() {
        "is empty".to_owned()
    } else if name.len() > most {
        format!("is longer than {most} bytes")
    } else if name.chars().any(char::is_control) {
        "holds a control character".to_owned()
    } else {
        return Some(name);
    };
    cx.error(Code::BadName, document.span(node), format!("{what} {wrong}"));
    None
}

/// Reads a key of a mapping that is a name. A null key is an error of its own.
pub(super) fn key_name<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    key: &'d Node,
    what: &str,
) -> Option<&'d str> {
    if is_null(key) {
        null_name(cx, document, key, what);
    }
    name(cx, document, key, what)
}

/// Reports null where a name stands.
pub(super) fn null_name(cx: &mut Context<'_>, document: &Document, key: &Node, what: &str) {
    cx.error_with_help(
        Code::BadName,
        document.span(key),
        format!("{what} is null"),
        "quote it where the word itself is meant: `\"null\"`",
    );
}
