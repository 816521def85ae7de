//! Data for the host: `required_actions`, as canonical JSON text.

use super::context::{Context, describe, entries, excerpt, is_null, items_or_none, null_value};
use super::literal::{RawLiteral, RawValue, is_integer_spelling};
use crate::diagnostic::{Code, Diagnostic};
use crate::json;
use crate::yaml::{Document, Node, Value};
use std::collections::BTreeMap;

/// Reads `required_actions`: a list of mappings, each as JSON text with its keys sorted and
/// without white space.
pub(super) fn required_actions<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<Vec<String>> {
    let nodes = items_or_none(cx, document, node, "`required_actions`")?;
    let mut actions = Vec::with_capacity(nodes.len());
    for node in nodes {
        if is_null(node) || entries(cx, document, node, "a required action").is_none() {
            continue;
        }
        let mut text = String::new();
        if write(cx, document, node, &mut text).is_some() {
            actions.push(text);
        }
    }
    (actions.len() == nodes.len()).then_some(actions)
}

/// Writes a node as JSON. All of its mistakes are reported; `None` where there are any.
fn write<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    out: &mut String,
) -> Option<()> {
    match &node.value {
        Value::Scalar(_) => scalar(cx, document, node, out),
        Value::Sequence(items) => {
            let mut sound = true;
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if is_null(item) {
                    let message = "a required action holds a null";
                    cx.error(Code::NullValue, document.span(item), message);
                }
                sound &= write(cx, document, item, out).is_some();
            }
            out.push(']');
            sound.then_some(())
        }
        Value::Mapping(entries) => {
            let mut sound = true;
            let mut fields: BTreeMap<&str, (&Node, String)> = BTreeMap::new();
            for entry in entries {
                let span = document.span(&entry.key);
                if is_null(&entry.value) {
                    null_value(cx, document, entry);
                }
                let Some(key) = document.text(&entry.key) else {
                    let message = format!("a key is text, not {}", describe(document, &entry.key));
                    cx.error(Code::BadName, span, message);
                    sound = false;
                    continue;
                };
                let mut text = String::new();
                sound &= write(cx, document, &entry.value, &mut text).is_some();
                if let Some((first, _)) = fields.insert(key, (&entry.key, text)) {
                    let message = format!("the key `{}` stands twice", excerpt(key));
                    cx.push(
                        Diagnostic::error(Code::RepeatedKey, span, message)
                            .with_related(document.span(first), "first here"),
                    );
                    sound = false;
                }
            }
            out.push('{');
            for (index, (key, (_, text))) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json::write_string(out, key);
                out.push(':');
                out.push_str(text);
            }
            out.push('}');
            sound.then_some(())
        }
    }
}

fn scalar<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    out: &mut String,
) -> Option<()> {
    let literal = RawLiteral::read(cx, document, node)?;
    match literal.value {
        RawValue::Text(text) => json::write_string(out, text),
        RawValue::Boolean(value, _) => out.push_str(if value { "true" } else { "false" }),
        RawValue::Integer(value, _)
            if i64::try_from(value).is_ok() || u64::try_from(value).is_ok() =>
        {
            out.push_str(&value.to_string());
        }
        RawValue::Float(value, text) if value.is_finite() && !is_integer_spelling(text) => {
            let _ = write_float(out, value);
        }
        _ => {
            let message = format!("JSON readers do not agree on {}", literal.describe());
            let help = format!("quote it: `\"{}\"`", excerpt(literal.spelling()));
            cx.error_with_help(Code::LiteralOutOfRange, literal.span, message, help);
            return None;
        }
    }
    Some(())
}

/// Writes the shortest decimal that reads back as the same double, without an exponent and with a
/// point: one text for one double, whatever libraries think of exponents.
fn write_float(out: &mut String, value: f64) -> std::fmt::Result {
    use std::fmt::Write as _;
    let whole = if value.fract() == 0.0 { ".0" } else { "" };
    write!(out, "{value}{whole}")
}

#[cfg(test)]
mod tests {
    use super::write_float;

    #[test]
    fn floats_are_written_without_exponents_and_read_back() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e21, "1000000000000000000000.0"),
            (1.5e-7, "0.00000015"),
        ] {
            let mut out = String::new();
            write_float(&mut out, value).unwrap();
            assert_eq!(out, text);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
