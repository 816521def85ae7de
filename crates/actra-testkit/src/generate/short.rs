//! Atoms in their short form.

use super::render::{duration_text, instant_text, number_text};
use super::rng::Rng;
use super::yaml::{is_identifier, is_word_of_yaml};
use crate::value::quoted;
use actra_compiler::model::{Addend, Atom, FieldRef, Literal, Operand, Operator, Sign};

/// The atom as a quoted YAML string; `None` where the short form cannot say it.
pub(super) fn short_atom(rng: &mut Rng, atom: &Atom, list: Option<&str>) -> Option<String> {
    let mut out = String::new();
    if let Some(quantifier) = atom.quantifier {
        out.push_str(quantifier.as_str());
        out.push(' ');
    }
    out.push_str(&field(&atom.subject)?);
    let sign = match atom.operator {
        Operator::Equals => Some("=="),
        Operator::NotEquals => Some("!="),
        Operator::LessThan => Some("<"),
        Operator::LessThanOrEqual => Some("<="),
        Operator::GreaterThan => Some(">"),
        Operator::GreaterThanOrEqual => Some(">="),
        _ => None,
    };
    match (atom.operator, sign) {
        (Operator::Exists, _) => out.push_str(" exists"),
        (Operator::NotExists, _) => out.push_str(rng.pick::<&str>(&[" missing", " not_exists"])),
        // "Spaces are free around comparison signs."
        (_, Some(sign)) if rng.percent(80) => {
            let space = if rng.percent(70) { " " } else { "" };
            out.extend([space, sign, space]);
        }
        (Operator::NotIn, _) => out.push_str(rng.pick::<&str>(&[" not in ", " not_in "])),
        (operator, _) => out.extend([" ", operator.as_str(), " "]),
    }
    match (list, &atom.operand) {
        (Some(name), _) => {
            out.push('@');
            out.push_str(name);
        }
        (None, Operand::None) => {}
        (None, Operand::Literal(value)) => out.push_str(&literal(rng, value)?),
        (None, Operand::Literals(values)) => {
            let items =
                values.iter().map(|value| literal(rng, value)).collect::<Option<Vec<_>>>()?;
            let comma = *rng.pick(&[", ", ",", " , "]);
            out.extend(["[", &items.join(comma), "]"]);
        }
        (None, Operand::Field(other)) => out.push_str(&field(other)?),
        (None, Operand::Sum { field: base, sign, addend }) => {
            out.push_str(&field(base)?);
            out.push_str(match sign {
                Sign::Plus => " + ",
                Sign::Minus => " - ",
            });
            match addend {
                Addend::Integer(value) if *value < 0 => return None,
                Addend::Integer(value) => out.push_str(&value.to_string()),
                Addend::Duration(micros) => out.push_str(&duration_text(rng, *micros)),
                Addend::Field(other) => out.push_str(&field(other)?),
            }
        }
    }
    Some(if rng.percent(50) { format!("'{}'", out.replace('\'', "''")) } else { quoted(&out) })
}

fn field(field: &FieldRef) -> Option<String> {
    if !field.path.iter().all(|name| is_identifier(name)) {
        return None;
    }
    let mut out = field.domain.as_str().to_owned();
    for name in &field.path {
        out.push('.');
        out.push_str(name);
    }
    if let Some(key) = &field.key {
        out.extend(["[", &raw_string(key)?, "]"]);
    }
    Some(out)
}

/// "Strings are raw between `'` or `\"`."
fn raw_string(text: &str) -> Option<String> {
    let quote = ['"', '\''].into_iter().find(|quote| !text.contains(*quote))?;
    (!text.chars().any(char::is_control)).then(|| format!("{quote}{text}{quote}"))
}

fn literal(rng: &mut Rng, literal: &Literal) -> Option<String> {
    match literal {
        Literal::String(text)
            if is_identifier(text) && !is_word_of_yaml(text) && rng.percent(50) =>
        {
            Some(text.clone())
        }
        Literal::String(text) => raw_string(text),
        Literal::Boolean(value) => Some(value.to_string()),
        Literal::Timestamp(instant) => Some(format!("\"{}\"", instant_text(rng, *instant))),
        Literal::Float(value) if !value.is_finite() => None,
        Literal::Integer(_) | Literal::Float(_) => Some(number_text(rng, literal)),
    }
}
