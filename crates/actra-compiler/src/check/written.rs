//! Atoms as somebody wrote them, for those who write them anew: both forms end as the same thing.

use super::context::Context;
use super::literal::{RawLiteral, RawValue};
use super::raw::{RawAddend, RawAtom, RawField, RawOperand, RawSum};
use super::{atom, short};
use crate::diagnostic::{Report, Sources};
use crate::model::{Domain, Operator, Quantifier, Sign};
use crate::yaml::{Document, Node, Scalar, Value};

/// An atom as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenAtom<'d> {
    pub(crate) quantifier: Option<Quantifier>,
    pub(crate) subject: WrittenField<'d>,
    pub(crate) operator: Operator,
    pub(crate) operand: WrittenOperand<'d>,
}

/// A field as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenField<'d> {
    pub(crate) domain: Domain,
    /// Everything after the domain: `customer.tier`.
    pub(crate) name: &'d str,
    pub(crate) key: Option<&'d str>,
}

/// The right side as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenOperand<'d> {
    Absent,
    Literal(WrittenLiteral<'d>),
    List(Vec<WrittenLiteral<'d>>),
    /// A list of `define:`.
    Named(&'d str),
    Field(WrittenField<'d>),
    Sum {
        field: WrittenField<'d>,
        sign: Sign,
        addend: WrittenAddend<'d>,
    },
}

/// What is added or taken away: durations are text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WrittenAddend<'d> {
    Literal(WrittenLiteral<'d>),
    Field(WrittenField<'d>),
}

/// A literal; numbers keep their spelling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WrittenLiteral<'d> {
    Text(&'d str),
    Boolean(bool),
    Integer(i128, &'d str),
    Float(f64, &'d str),
}

/// Reads atoms of documents.
pub(crate) struct AtomReader<'a> {
    cx: Context<'a>,
}

impl<'a> AtomReader<'a> {
    /// What is wrong with an atom is put into the report.
    pub(crate) fn new(sources: &'a Sources, report: &'a mut Report) -> Self {
        Self { cx: Context::new(sources, report) }
    }

    /// The atom in either form; `None` where the node is none that can be read.
    pub(crate) fn read<'d>(
        &mut self,
        document: &'d Document,
        node: &'d Node,
    ) -> Option<WrittenAtom<'d>> {
        let raw = match &node.value {
            Value::Scalar(Scalar::String(text)) => short::read(&mut self.cx, document, node, text)?,
            Value::Mapping(_) => atom::read(&mut self.cx, document, node)?,
            _ => return None,
        };
        written(&raw)
    }
}

fn written<'d>(raw: &RawAtom<'d>) -> Option<WrittenAtom<'d>> {
    let operand = match &raw.operand {
        RawOperand::Absent => WrittenOperand::Absent,
        RawOperand::Broken => return None,
        RawOperand::Literal(value) => WrittenOperand::Literal(literal(value)),
        RawOperand::List(values, _) => WrittenOperand::List(values.iter().map(literal).collect()),
        RawOperand::Named(name, _) => WrittenOperand::Named(name),
        RawOperand::Field(other) => WrittenOperand::Field(field(other)),
        RawOperand::Sum(sum) => written_sum(sum)?,
    };
    if raw.broken {
        return None;
    }
    Some(WrittenAtom {
        quantifier: raw.quantifier.map(|(quantifier, _)| quantifier),
        subject: field(raw.subject.as_ref()?),
        operator: raw.operator?.0,
        operand,
    })
}

fn written_sum<'d>(sum: &RawSum<'d>) -> Option<WrittenOperand<'d>> {
    let addend = match &sum.addend {
        RawAddend::Broken => return None,
        RawAddend::Literal(value) => WrittenAddend::Literal(literal(value)),
        RawAddend::Field(other) => WrittenAddend::Field(field(other)),
    };
    Some(WrittenOperand::Sum { field: field(sum.field.as_ref()?), sign: sum.sign, addend })
}

fn field<'d>(raw: &RawField<'d>) -> WrittenField<'d> {
    WrittenField { domain: raw.domain, name: raw.name, key: raw.key.map(|(key, _)| key) }
}

fn literal<'d>(raw: &RawLiteral<'d>) -> WrittenLiteral<'d> {
    match raw.value {
        RawValue::Text(text) => WrittenLiteral::Text(text),
        RawValue::Boolean(value, _) => WrittenLiteral::Boolean(value),
        RawValue::Integer(value, spelling) => WrittenLiteral::Integer(value, spelling),
        RawValue::Float(value, spelling) => WrittenLiteral::Float(value, spelling),
    }
}

/// Whether the short form has the word bare, and takes it in names.
pub(crate) fn is_bare(name: &str) -> bool {
    short::is_bare(name)
}

/// Whether the text is a duration, as the short form has them.
pub(crate) fn is_duration(text: &str) -> bool {
    short::is_duration(text)
}

/// Whether the text is a number as the short form has them.
pub(crate) fn is_json_number(text: &str) -> bool {
    short::number(text).is_some()
}
