//! YAML text into a frame: the same reader as for documents.

use super::filler::{Fault, Filler};
use actra_bytecode::limits::MAX_INPUT_STRING_BYTES;
use actra_compiler::diagnostic::{Code, Report, Sources, Span};
use actra_compiler::yaml::{self, Document, Node, Scalar};
use actra_vm::{InputCode, Value};

/// Reads one YAML document.
pub(crate) fn read(text: &str, filler: &mut Filler<'_, '_, '_>) -> Result<(), Fault> {
    let mut sources = Sources::default();
    let id = sources.add("input", text);
    let mut report = Report::default();
    let document = yaml::read(&sources, id, &mut report);
    let is_sound = !report.has_errors();
    match document {
        Some(document) if is_sound => {
            value(&document, &document.root, filler)?;
            filler.finish()
        }
        Some(document) => {
            let complaint = fault(report, &sources, Some(&document));
            // Limits come before keys that stand twice.
            if complaint.code == InputCode::DuplicateKey {
                value(&document, &document.root, filler)?;
            }
            Err(complaint)
        }
        None => Err(fault(report, &sources, None)),
    }
}

/// The first complaint of the reader, as an input error; keys that stand twice come last.
fn fault(report: Report, sources: &Sources, document: Option<&Document>) -> Fault {
    let (twice, others): (Vec<_>, Vec<_>) = report
        .into_sorted()
        .into_iter()
        .partition(|diagnostic| diagnostic.code == Code::RepeatedKey);
    let Some(diagnostic) = others.into_iter().chain(twice).next() else {
        let message = "the input is empty".to_owned();
        return Fault { code: InputCode::Malformed, field: None, message };
    };
    let code = match diagnostic.code {
        Code::RepeatedKey => InputCode::DuplicateKey,
        Code::NestingTooDeep => InputCode::TooDeep,
        Code::DocumentTooLarge => InputCode::TooLarge,
        _ => InputCode::Malformed,
    };
    let at = diagnostic.span.map_or(String::new(), |span| {
        let place = sources.place(span);
        format!(" at line {} column {}", place.line, place.column)
    });
    let field = match (code, document, diagnostic.span) {
        (InputCode::DuplicateKey, Some(document), Some(span)) => path_of(document, sources, span),
        _ => None,
    };
    Fault { code, field, message: format!("{}{at}", diagnostic.message) }
}

/// The names that lead to a key, and the key.
fn path_of(document: &Document, sources: &Sources, span: Span) -> Option<String> {
    let text = &sources.source(span.source)?.text;
    let key = text.get(span.start as usize..span.end as usize)?;
    let mut path = String::new();
    let mut node = &document.root;
    loop {
        let holds = |node: &Node| {
            let outer = document.span(node);
            outer.start <= span.start && span.end <= outer.end
        };
        let inner = match &node.value {
            yaml::Value::Mapping(entries) => {
                entries.iter().find(|entry| holds(&entry.value)).map(|entry| {
                    path.push_str(document.text(&entry.key).unwrap_or(""));
                    path.push('.');
                    &entry.value
                })
            }
            yaml::Value::Sequence(items) => items.iter().find(|item| holds(item)),
            yaml::Value::Scalar(_) => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return Some(path + key.trim_matches(['"', '\''])),
        }
    }
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
                Scalar::String(string) if string.len() > MAX_INPUT_STRING_BYTES => Value::TooLarge,
                Scalar::String(string) => Value::Text(filler.push_text(string)),
            };
            filler.scalar(value);
        }
        yaml::Value::Sequence(items) => {
            filler.begin_list()?;
            for item in items {
                value(document, item, filler)?;
            }
            filler.end_list();
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
            filler.end_object();
        }
    }
    Ok(())
}

/// Integers outside 128 bits come as floats; their text tells. (`!!float 6` is a float.)
fn is_big_integer(document: &Document, node: &Node) -> bool {
    const LEAST: f64 = 9_223_372_036_854_775_808.0;
    if matches!(node.value, yaml::Value::Scalar(Scalar::Float(value)) if value.abs() < LEAST) {
        return false;
    }
    let text = document.text(node).unwrap_or("");
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
