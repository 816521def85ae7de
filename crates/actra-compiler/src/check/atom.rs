//! The long form of an atom: `subject`, `operator`, `value`.

use super::context::{
    Context, Slots, describe, did_you_mean, excerpt, head, is_null, items, keyword, listing,
    mapping,
};
use super::literal::{RawLiteral, read_list};
use super::raw::{Origin, RawAddend, RawAtom, RawField, RawOperand, RawSum};
use super::short::{DOMAINS, domain, unknown_operator};
use crate::diagnostic::{Code, Span};
use crate::limits::MAX_LIST_LITERALS;
use crate::model::{Operator, OperatorShape, Quantifier, Sign};
use crate::yaml::{Document, Node, Value};

/// The keys of an atom.
pub(super) const ATOM_KEYS: [&str; 3] = ["subject", "operator", "value"];

/// Reads a long atom, part by part: a mistake in one does not hide those in others.
pub(super) fn read<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<RawAtom<'d>> {
    let slots = mapping(cx, document, node, "an atom", ATOM_KEYS, &[])?;
    let example = "write `subject: {domain: action, field: amount}`, say";
    let (quantifier, subject) = match slots.require(cx, "subject", "the atom", example) {
        Some(node) => read_subject(cx, document, node),
        None => (None, None),
    };
    let operator = slots
        .require(cx, "operator", "the atom", "write `operator: equals`, say")
        .and_then(|node| read_operator(cx, document, node));
    let operand = match slots.get("value") {
        Some(value) => read_value(cx, document, value),
        None => match operator {
            Some((operator, _)) if operator.shape() != OperatorShape::Presence => {
                let help =
                    format!("write what `{operator}` compares with: `value: {{literal: ..}}`");
                slots.require(cx, "value", "the atom", &help);
                RawOperand::Broken
            }
            _ => RawOperand::Absent,
        },
    };
    let at = document.span(node);
    Some(RawAtom {
        quantifier: quantifier.flatten(),
        broken: quantifier == Some(None),
        subject,
        operator,
        operand,
        place: cx.place(at),
    })
}

fn read_operator(
    cx: &mut Context<'_>,
    document: &Document,
    node: &Node,
) -> Option<(Operator, Span)> {
    let span = document.span(node);
    let Some(text) = document.text(node) else {
        if !is_null(node) {
            let message = format!("an operator is a name, not {}", describe(document, node));
            cx.error(Code::WrongShape, span, message);
        }
        return None;
    };
    let Some(operator) = Operator::parse(text) else {
        let sign = match text {
            "==" | "=" => Some(Operator::Equals),
            "!=" => Some(Operator::NotEquals),
            ">" => Some(Operator::GreaterThan),
            ">=" => Some(Operator::GreaterThanOrEqual),
            "<" => Some(Operator::LessThan),
            "<=" => Some(Operator::LessThanOrEqual),
            _ => None,
        };
        match sign {
            Some(operator) => cx.error_with_help(
                Code::UnknownOperator,
                span,
                format!("`{text}` is an operator of the short form only"),
                format!("write `{operator}`"),
            ),
            None => unknown_operator(cx, text, span, &[]),
        }
        return None;
    };
    Some((operator, span))
}

/// A quantifier: absent, in error, or there.
type ReadQuantifier = Option<Option<(Quantifier, Span)>>;

fn read_subject<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> (ReadQuantifier, Option<RawField<'d>>) {
    let keys = ["domain", "field", "key", "items"];
    let Some(slots) = subject_slots(cx, document, node, keys) else { return (None, None) };
    let quantifier = slots.get("items").map(|node| {
        let words = [("every", Quantifier::Every), ("some", Quantifier::Some)];
        keyword(cx, document, node, Code::QuantifierMisuse, "quantifier", &words)
            .map(|quantifier| (quantifier, document.span(node)))
    });
    (quantifier, read_field(cx, document, node, &slots))
}

fn subject_slots<'d, const N: usize>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    keys: [&'static str; N],
) -> Option<Slots<'d, N>> {
    if let Some(text) = document.text(node) {
        let (domain, field) = text.split_once('.').unwrap_or(("action", text));
        cx.error_with_help(
            Code::WrongShape,
            document.span(node),
            format!("a subject is a mapping, not the text `{}`", excerpt(text)),
            format!("write `{{domain: {}, field: {}}}`", excerpt(domain), excerpt(field)),
        );
        return None;
    }
    mapping(cx, document, node, "a subject", keys, &[])
}

fn read_field<'d, const N: usize>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    slots: &Slots<'d, N>,
) -> Option<RawField<'d>> {
    let domain_node = slots.require(cx, "domain", "the subject", "write `domain: action`, say");
    let domain = domain_node.and_then(|node| {
        let span = document.span(node);
        match document.text(node) {
            Some(text) => {
                let known = domain(text);
                if known.is_none() {
                    let message = format!("there is no domain `{}`", excerpt(text));
                    let help = did_you_mean(text, DOMAINS)
                        .unwrap_or_else(|| format!("domains are {}", listing(DOMAINS)));
                    cx.error_with_help(Code::UndeclaredDomain, span, message, help);
                }
                known
            }
            None => {
                wrong_text(cx, document, node, "a domain");
                None
            }
        }
    });
    let field = slots.require(cx, "field", "the subject", "write `field: amount`, say");
    let name = field.and_then(|node| text(cx, document, node, "a field"));
    let key = match slots.get("key") {
        None => None,
        Some(node) => Some((text(cx, document, node, "a key")?, document.span(node))),
    };
    let name_span = field.map_or_else(
        || document.span(node),
        |field| document.part(field, 0, name.map_or(0, str::len)),
    );
    let name_origin = Origin { document, node: field?, at: 0 };
    Some(RawField { domain: domain?, name: name?, key, span: name_span, name_span, name_origin })
}

fn text<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    what: &str,
) -> Option<&'d str> {
    let text = document.text(node);
    if text.is_none() {
        wrong_text(cx, document, node, what);
    }
    text
}

fn wrong_text(cx: &mut Context<'_>, document: &Document, node: &Node, what: &str) {
    if !is_null(node) {
        let message = format!("{what} is a name, not {}", describe(document, node));
        cx.error(Code::WrongShape, document.span(node), message);
    }
}

fn read_value<'d>(cx: &mut Context<'_>, document: &'d Document, node: &'d Node) -> RawOperand<'d> {
    match &node.value {
        Value::Mapping(_) => read_value_mapping(cx, document, node).unwrap_or(RawOperand::Broken),
        Value::Sequence(_) => {
            let message = "a value is a mapping, not a list";
            let help = "write `value: {literal: [..]}`";
            cx.error_with_help(Code::WrongShape, document.span(node), message, help);
            RawOperand::Broken
        }
        Value::Scalar(_) => {
            if let Some(text) = document.text(node) {
                cx.error_with_help(
                    Code::WrongShape,
                    document.span(node),
                    format!("a value is a mapping, not {}", describe(document, node)),
                    format!("write `value: {{literal: {}}}`", excerpt(text)),
                );
            }
            RawOperand::Broken
        }
    }
}

fn read_value_mapping<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<RawOperand<'d>> {
    let keys = ["literal", "list", "subject", "plus", "minus"];
    let slots = mapping(cx, document, node, "a value", keys, &[])?;
    let main = ["literal", "list", "subject"];
    let mut present = main.iter().filter_map(|key| slots.entry(key));
    let Some(entry) = present.next() else {
        if !slots.has_strange() {
            let message = "the value has none of `literal`, `list` and `subject`";
            let help = "write `value: {literal: 5}`, say";
            cx.error_with_help(Code::MissingKey, head(document, node), message, help);
        }
        return None;
    };
    if let Some(other) = present.next() {
        let message = "a value has one of `literal`, `list` and `subject`";
        cx.error(Code::ConflictingKeys, document.span(&other.key), message);
        return None;
    }
    let sign = match (slots.entry("plus"), slots.entry("minus")) {
        (Some(_), Some(minus)) => {
            let message = "a value has one of `plus` and `minus`";
            cx.error(Code::ConflictingKeys, document.span(&minus.key), message);
            return None;
        }
        (Some(plus), None) => Some((Sign::Plus, plus)),
        (None, Some(minus)) => Some((Sign::Minus, minus)),
        (None, None) => None,
    };
    let is_field = document.text(&entry.key) == Some("subject");
    if let (Some((_, sign)), false) = (sign, is_field) {
        cx.error_with_help(
            Code::SumMisuse,
            document.span(&sign.key),
            "a sum begins with a field",
            "write `value: {subject: {..}, plus: ..}`",
        );
        return None;
    }
    if document.text(&entry.key) == Some("literal") {
        return read_literal(cx, document, &entry.value);
    }
    if !is_field {
        let name = text(cx, document, &entry.value, "the name of a list")?;
        return Some(RawOperand::Named(name, document.span(&entry.value)));
    }
    let field = read_right_field(cx, document, &entry.value);
    let Some((sign, sign_entry)) = sign else { return field.map(RawOperand::Field) };
    let addend = read_addend(cx, document, &sign_entry.value);
    Some(RawOperand::Sum(Box::new(RawSum {
        field,
        sign,
        sign_span: document.span(&sign_entry.key),
        addend,
        span: field.map_or_else(|| document.span(&sign_entry.key), |field| field.span),
    })))
}

fn read_literal<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<RawOperand<'d>> {
    if !matches!(node.value, Value::Sequence(_)) {
        return RawLiteral::read(cx, document, node).map(RawOperand::Literal);
    }
    let nodes = items(cx, document, node, "the list of literals")?;
    if nodes.len() > MAX_LIST_LITERALS {
        let message = format!("a list has more than {MAX_LIST_LITERALS} literals");
        cx.error(Code::TooManyLiterals, document.span(node), message);
        return None;
    }
    Some(RawOperand::List(read_list(cx, document, nodes)?, document.span(node)))
}

fn read_right_field<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<RawField<'d>> {
    if let Value::Mapping(entries) = &node.value
        && let Some(entry) = entries.iter().find(|e| document.text(&e.key) == Some("items"))
    {
        cx.error_with_help(
            Code::QuantifierMisuse,
            document.span(&entry.key),
            "a quantifier stands on the left side only",
            "put `items:` into the atom's own `subject`",
        );
        return None;
    }
    let slots = subject_slots(cx, document, node, ["domain", "field", "key"])?;
    read_field(cx, document, node, &slots)
}

fn read_addend<'d>(cx: &mut Context<'_>, document: &'d Document, node: &'d Node) -> RawAddend<'d> {
    if !matches!(node.value, Value::Mapping(_)) {
        return RawLiteral::read(cx, document, node).map_or(RawAddend::Broken, RawAddend::Literal);
    }
    mapping(cx, document, node, "what is added", ["subject"], &[])
        .and_then(|slots| {
            let help = "write an integer, a duration (`30d`) or `{subject: {..}}`";
            slots.require(cx, "subject", "what is added", help)
        })
        .and_then(|node| read_right_field(cx, document, node))
        .map_or(RawAddend::Broken, RawAddend::Field)
}
