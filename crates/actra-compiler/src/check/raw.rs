//! Conditions as written: read and well-formed, but names not yet looked up and types not yet
//! compared. The long and the short form of an atom meet here.

use super::literal::RawLiteral;
use crate::diagnostic::Span;
use crate::model::{Domain, Operator, Place, Quantifier, Sign};
use crate::yaml::{Document, Node};
use std::fmt;

/// Where a text comes from: so many bytes into a scalar.
#[derive(Clone, Copy)]
pub(super) struct Origin<'d> {
    pub(super) document: &'d Document,
    pub(super) node: &'d Node,
    pub(super) at: usize,
}

impl Origin<'_> {
    /// Where the bytes `from..to` of the text stand.
    pub(super) fn part(self, from: usize, to: usize) -> Span {
        self.document.part(self.node, self.at + from, self.at + to)
    }

    /// Where the text of that length begins, if all of it stands in the document as it is.
    pub(super) fn same(self, length: usize) -> Option<u32> {
        self.document.same(self.node, self.at, self.at + length)
    }
}

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({:?}, {})", self.document.span(self.node), self.at)
    }
}

/// A condition as written.
#[derive(Debug)]
pub(super) enum RawCondition<'d> {
    All(Vec<RawCondition<'d>>),
    Any(Vec<RawCondition<'d>>),
    Not(Box<RawCondition<'d>>),
    Atom(Box<RawAtom<'d>>),
    /// `{condition: name}`.
    Use(DefinitionId, Span),
    /// Could not be read; reported.
    Broken,
}

/// Index of a condition in `define.conditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DefinitionId(pub(super) usize);

/// An atom as written. What is `None` or `Broken` has been reported.
#[derive(Debug)]
pub(super) struct RawAtom<'d> {
    pub(super) quantifier: Option<(Quantifier, Span)>,
    pub(super) subject: Option<RawField<'d>>,
    pub(super) operator: Option<(Operator, Span)>,
    pub(super) operand: RawOperand<'d>,
    /// Set where some part has been reported that leaves no other trace.
    pub(super) broken: bool,
    pub(super) place: Place,
}

/// A field as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawField<'d> {
    pub(super) domain: Domain,
    /// Everything after the domain: `customer.tier`.
    pub(super) name: &'d str,
    pub(super) key: Option<(&'d str, Span)>,
    /// All of it.
    pub(super) span: Span,
    /// The name alone.
    pub(super) name_span: Span,
    /// Where the name comes from.
    pub(super) name_origin: Origin<'d>,
}

/// The right side as written.
#[derive(Debug)]
pub(super) enum RawOperand<'d> {
    Absent,
    Broken,
    Literal(RawLiteral<'d>),
    List(Vec<RawLiteral<'d>>, Span),
    /// `@name`, `{list: name}`.
    Named(&'d str, Span),
    Field(RawField<'d>),
    Sum(Box<RawSum<'d>>),
}

/// A field and something.
#[derive(Debug)]
pub(super) struct RawSum<'d> {
    pub(super) field: Option<RawField<'d>>,
    pub(super) sign: Sign,
    pub(super) sign_span: Span,
    pub(super) addend: RawAddend<'d>,
    pub(super) span: Span,
}

/// What is added or taken away: durations are text literals here.
#[derive(Debug)]
pub(super) enum RawAddend<'d> {
    Broken,
    Literal(RawLiteral<'d>),
    Field(RawField<'d>),
}

impl RawOperand<'_> {
    /// Where the right side stands.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Self::Absent | Self::Broken => None,
            Self::Literal(literal) => Some(literal.span),
            Self::List(_, span) | Self::Named(_, span) => Some(*span),
            Self::Field(field) => Some(field.span),
            Self::Sum(sum) => Some(sum.span),
        }
    }
}
