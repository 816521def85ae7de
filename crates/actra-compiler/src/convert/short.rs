//! Prints atoms in their short form.

use super::{Reason, scalar};
use crate::check::written::{
    WrittenAddend, WrittenAtom, WrittenField, WrittenLiteral, WrittenOperand, is_bare, is_duration,
    is_json_number,
};
use crate::model::{Operator, Sign};
use std::fmt::Write as _;

/// The atom, or why the short form cannot say it.
pub(super) fn print(atom: &WrittenAtom<'_>) -> Result<String, Reason> {
    let mut out = String::new();
    if let Some(quantifier) = atom.quantifier {
        out.extend([quantifier.as_str(), " "]);
    }
    field(&mut out, &atom.subject)?;
    out.extend([" ", operator(atom.operator)]);
    match &atom.operand {
        WrittenOperand::Absent => return Ok(out),
        operand => {
            out.push(' ');
            right(&mut out, operand)?;
        }
    }
    Ok(out)
}

const fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Equals => "==",
        Operator::NotEquals => "!=",
        Operator::GreaterThan => ">",
        Operator::GreaterThanOrEqual => ">=",
        Operator::LessThan => "<",
        Operator::LessThanOrEqual => "<=",
        Operator::NotIn => "not in",
        Operator::NotExists => "missing",
        other => other.as_str(),
    }
}

fn right(out: &mut String, operand: &WrittenOperand<'_>) -> Result<(), Reason> {
    match operand {
        WrittenOperand::Absent => Ok(()),
        WrittenOperand::Literal(value) => literal(out, value),
        WrittenOperand::List(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                literal(out, value)?;
            }
            out.push(']');
            Ok(())
        }
        WrittenOperand::Named(name) if is_bare(name) => {
            out.extend(["@", name]);
            Ok(())
        }
        WrittenOperand::Named(name) => Err(Reason::ListName((*name).to_owned())),
        WrittenOperand::Field(other) => field(out, other),
        WrittenOperand::Sum { field: base, sign, addend } => {
            field(out, base)?;
            out.push_str(match sign {
                Sign::Plus => " + ",
                Sign::Minus => " - ",
            });
            match addend {
                WrittenAddend::Literal(WrittenLiteral::Text(text)) if is_duration(text) => {
                    out.push_str(text);
                    Ok(())
                }
                WrittenAddend::Literal(value) => literal(out, value),
                WrittenAddend::Field(other) => field(out, other),
            }
        }
    }
}

fn field(out: &mut String, field: &WrittenField<'_>) -> Result<(), Reason> {
    if !field.name.split('.').all(is_bare) {
        return Err(Reason::FieldName(field.name.to_owned()));
    }
    out.extend([field.domain.as_str(), ".", field.name]);
    if let Some(key) = field.key {
        out.push('[');
        quoted(out, key)?;
        out.push(']');
    }
    Ok(())
}

fn literal(out: &mut String, literal: &WrittenLiteral<'_>) -> Result<(), Reason> {
    match literal {
        WrittenLiteral::Text(text) => {
            let is_other = matches!(*text, "true" | "false" | "null" | "Null" | "NULL");
            if !is_bare(text) || is_other {
                return quoted(out, text);
            }
            out.push_str(text);
        }
        WrittenLiteral::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        WrittenLiteral::Integer(_, text) | WrittenLiteral::Float(_, text)
            if is_json_number(text) =>
        {
            out.push_str(text);
        }
        WrittenLiteral::Integer(value, _) => out.push_str(&value.to_string()),
        // The shortest text that reads back as the same double is a number of JSON.
        WrittenLiteral::Float(value, _) if value.is_finite() => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{value:?}");
        }
        WrittenLiteral::Float(_, text) => return Err(Reason::Number((*text).to_owned())),
    }
    Ok(())
}

/// A raw string: there are no escapes.
fn quoted(out: &mut String, text: &str) -> Result<(), Reason> {
    if let Some(char) = scalar::needs_escapes(text) {
        return Err(Reason::Character(char));
    }
    let quote = match (text.contains('"'), text.contains('\'')) {
        (true, true) => return Err(Reason::BothQuotes(text.to_owned())),
        (true, false) => "'",
        (false, _) => "\"",
    };
    out.extend([quote, text, quote]);
    Ok(())
}
