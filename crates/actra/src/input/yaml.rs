//! YAML text into a frame: the same reader as for documents.

use super::filler::{Fault, Filler};
use actra_compiler::diagnostic::{Code, Report, Sources};
use actra_compiler::yaml::{self, Document, Node, Scalar};
use actra_vm::{InputCode, Value};

/// Reads one YAML document.
pub(crate) fn read(text: &str, filler: &mut Filler<'_, '_, '_>) -> Result<(), Fault> {
    let mut sources = Sources::default();
    let id = sources.add("input", text);
    let mut report = Report::default();
    let document = yaml::read(&sources, id, &mut report);
    if report.has_errors() || document.is_none() {
        return Err(fault(report, &sources));
    }
    match document {
        Some(document) => value(&document, &document.root, filler),
        None => Ok(()),
    }
}

/// The first complaint of the reader, as an input error.
fn fault(report: Report, sources: &Sources) -> Fault {
    let first = report.into_sorted().into_iter().next();
    let (code, message) = match first {
        Some(diagnostic) => {
            let code = match diagnostic.code {
                Code::RepeatedKey => InputCode::DuplicateKey,
                Code::NestingTooDeep => InputCode::TooDeep,
                Code::DocumentTooLarge => InputCode::TooLarge,
                _ => InputCode::Malformed,
            };
            let place = diagnostic.span.map(|span| sources.place(span));
            let at = place.map_or(String::new(), |place| {
                format!(" at line {} column {}", place.line, place.column)
            });
            (code, format!("{}{at}", diagnostic.message))
        }
        None => (InputCode::Malformed, "the input is empty".to_owned()),
    };
    Fault { code, field: None, message }
}

/// Recursion is bounded: the filler refuses to nest deeper than 64 levels.
fn value(document: &Document, node: &Node, filler: &mut Filler<'_, '_, '_>) -> Result<(), Fault> {
    match &node.value {
        yaml::Value::Scalar(scalar) => {
            let value = match scalar {
                Scalar::Null => Value::Null,
                Scalar::Boolean(value) => Value::Boolean(*value),
                Scalar::Integer(value) => match i64::try_from(*value) {
                    Ok(value) => Value::Integer(value),
                    Err(_) => Value::BigInteger(*value as f64),
                },
                Scalar::Float(value) if is_big_integer(document, node) => Value::BigInteger(*value),
                Scalar::Float(value) => Value::Float(*value),
                Scalar::String(text) => Value::Text(filler.push_text(text)),
            };
            filler.scalar(value)
        }
        yaml::Value::Sequence(items) => {
            filler.begin_list()?;
            for item in items {
                value(document, item, filler)?;
            }
            filler.end_list()
        }
        yaml::Value::Mapping(entries) => {
            filler.begin_object()?;
            for entry in entries {
                let Some(key) = document.text(&entry.key) else {
                    return Err(Fault {
                        code: InputCode::Malformed,
                        field: None,
                        message: "a key is no name".to_owned(),
                    });
                };
                filler.key(key)?;
                value(document, &entry.value, filler)?;
            }
            filler.end_object()
        }
    }
}

/// Integers outside 128 bits come as floats; their text tells.
fn is_big_integer(document: &Document, node: &Node) -> bool {
    let text = document.text(node).unwrap_or("");
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
