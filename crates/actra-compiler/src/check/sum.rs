//! Sums on the right side of an atom: that what is added adds up.

use super::context::excerpt;
use super::duration;
use super::literal::{Purpose, RawLiteral, RawValue, as_integer};
use super::operand::Takes;
use super::raw::{RawAddend, RawSum};
use super::resolve::{Resolved, Shape};
use super::typing::OneAtom;
use crate::diagnostic::{Code, Span};
use crate::model::{Addend, Operand, Operator, ScalarKind};

impl<'s, 'd> OneAtom<'_, '_, 's, 'd> {
    /// The sum, checked.
    pub(super) fn sum(
        &mut self,
        operator: Operator,
        left: Option<Shape>,
        takes: &Takes<'_>,
        sum: &RawSum<'d>,
    ) -> Option<Operand> {
        let field = sum.field.as_ref().and_then(|field| self.resolve(field));
        let other = match &sum.addend {
            RawAddend::Field(field) => self.resolve(field),
            _ => None,
        };
        let misuse = if self.cx.is_version_1() {
            let message = "sums need `version: 2`";
            let help =
                "write `version: 2`, whose defaults are stricter: what no rule allows is blocked";
            self.cx.error_with_help(Code::NeedsVersion2, sum.sign_span, message, help);
            true
        } else if !takes.sum {
            let message = format!("`{operator}` takes no sum: only ordering and equality do");
            self.cx.error(Code::SumMisuse, sum.sign_span, message);
            true
        } else if let Some((quantifier, _)) = self.raw.quantifier {
            let message = format!("`{}` compares with literals only", quantifier.as_str());
            self.cx.error(Code::QuantifierMisuse, sum.sign_span, message);
            true
        } else {
            false
        };
        let field = field.filter(|_| !misuse)?;
        let addend = match field.shape {
            Shape::Scalar(ScalarKind::Integer) => self.integer_addend(sum, other),
            Shape::Scalar(ScalarKind::Timestamp) => self.duration_addend(sum),
            shape => {
                self.not_summable(&field, shape, sum.field.map_or(sum.span, |field| field.span));
                None
            }
        }?;
        match left? {
            Shape::Scalar(kind) if kind.compares_with(scalar_of(field.shape)) => {}
            shape => {
                let message = format!(
                    "{} is {} and the sum is {}: `{operator}` cannot compare them",
                    self.name(),
                    shape.describe(),
                    field.shape.describe()
                );
                self.cx.error(Code::KindMismatch, sum.span, message);
                return None;
            }
        }
        Some(Operand::Sum { field: field.field, sign: sum.sign, addend })
    }

    fn not_summable(&mut self, field: &Resolved<'_>, shape: Shape, span: Span) {
        let help = match shape {
            Shape::Scalar(ScalarKind::Number) => Some("declare it `integer`: sums are exact"),
            _ => None,
        };
        let message = format!(
            "sums are for integers and timestamps, and `{}` is {}",
            excerpt(&field.field.to_string()),
            shape.describe()
        );
        self.cx.error_with_hint(Code::SumMisuse, span, message, help.map(str::to_owned));
    }

    fn integer_addend(&mut self, sum: &RawSum<'d>, other: Option<Resolved<'s>>) -> Option<Addend> {
        match &sum.addend {
            RawAddend::Broken => None,
            RawAddend::Field(raw) => {
                let other = other?;
                if other.shape == Shape::Scalar(ScalarKind::Integer) {
                    return Some(Addend::Field(other.field));
                }
                if other.shape == Shape::Scalar(ScalarKind::Timestamp) {
                    let message = "a timestamp cannot be added or taken away".to_owned();
                    self.cx.error(Code::SumMisuse, raw.span, message);
                } else {
                    self.not_summable(&other, other.shape, raw.span);
                }
                None
            }
            RawAddend::Literal(literal) => {
                if matches!(literal.value, RawValue::Text(_) | RawValue::Boolean(..)) {
                    let message = format!("{} cannot be added to an integer", literal.describe());
                    self.cx.error(Code::SumMisuse, literal.span, message);
                    return None;
                }
                match literal.fit(self.cx, ScalarKind::Integer, Purpose::Same) {
                    Ok(value) => as_integer(&value).map(Addend::Integer),
                    Err(misfit) => {
                        self.cx.push(*misfit);
                        None
                    }
                }
            }
        }
    }

    fn duration_addend(&mut self, sum: &RawSum<'d>) -> Option<Addend> {
        let help = "write a duration, such as `30d`; units are s, m, h, d and w";
        match &sum.addend {
            RawAddend::Broken => None,
            RawAddend::Literal(RawLiteral { value: RawValue::Text(text), span, .. }) => {
                match duration::parse(text) {
                    Ok(micros) => Some(Addend::Duration(micros)),
                    Err(wrong) => {
                        let message = format!("`{}` {wrong}", excerpt(text));
                        self.cx.error_with_help(Code::BadDuration, *span, message, help);
                        None
                    }
                }
            }
            RawAddend::Literal(literal) => {
                let message = format!("{} is not a duration", literal.describe());
                self.cx.error_with_help(Code::SumMisuse, literal.span, message, help);
                None
            }
            RawAddend::Field(field) => {
                let message = "a field cannot be added to a timestamp";
                self.cx.error_with_help(Code::SumMisuse, field.span, message, help);
                None
            }
        }
    }
}

const fn scalar_of(shape: Shape) -> ScalarKind {
    match shape {
        Shape::Scalar(kind) | Shape::List(kind) => kind,
    }
}
