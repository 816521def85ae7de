//! Prints atoms in their long form.

use super::scalar;
use crate::check::written::{
    WrittenAddend, WrittenAtom, WrittenField, WrittenLiteral, WrittenOperand, is_duration,
};
use crate::model::{Quantifier, Sign};

/// The entries of the mapping: `subject: ..`, `operator: ..` and, where there is one, `value: ..`.
pub(super) fn print(atom: &WrittenAtom<'_>) -> Vec<String> {
    let mut entries = vec![
        format!("subject: {}", subject(&atom.subject, atom.quantifier)),
        format!("operator: {}", atom.operator),
    ];
    let value = match &atom.operand {
        WrittenOperand::Absent => return entries,
        WrittenOperand::Literal(value) => format!("literal: {}", literal(value)),
        WrittenOperand::List(values) => {
            let values: Vec<String> = values.iter().map(literal).collect();
            format!("literal: [{}]", values.join(", "))
        }
        WrittenOperand::Named(name) => format!("list: {}", scalar::text(name)),
        WrittenOperand::Field(other) => format!("subject: {}", subject(other, None)),
        WrittenOperand::Sum { field, sign, addend } => {
            let sign = match sign {
                Sign::Plus => "plus",
                Sign::Minus => "minus",
            };
            let addend = match addend {
                WrittenAddend::Literal(WrittenLiteral::Text(text)) if is_duration(text) => {
                    (*text).to_owned()
                }
                WrittenAddend::Literal(value) => literal(value),
                WrittenAddend::Field(other) => format!("{{subject: {}}}", subject(other, None)),
            };
            format!("subject: {}, {sign}: {addend}", subject(field, None))
        }
    };
    entries.push(format!("value: {{{value}}}"));
    entries
}

fn subject(field: &WrittenField<'_>, quantifier: Option<Quantifier>) -> String {
    let mut out =
        format!("{{domain: {}, field: {}", field.domain.as_str(), scalar::text(field.name));
    if let Some(key) = field.key {
        out.push_str(", key: ");
        out.push_str(&scalar::text(key));
    }
    if let Some(quantifier) = quantifier {
        out.push_str(", items: ");
        out.push_str(quantifier.as_str());
    }
    out.push('}');
    out
}

/// Numbers keep their spelling: those of JSON are YAML's, too.
fn literal(literal: &WrittenLiteral<'_>) -> String {
    match literal {
        WrittenLiteral::Text(text) => scalar::text(text),
        WrittenLiteral::Boolean(value) => value.to_string(),
        WrittenLiteral::Integer(_, text) | WrittenLiteral::Float(_, text) => (*text).to_owned(),
    }
}
