//! Literals: read from a document, and fitted to the kind that they stand for.

use super::context::{Context, describe, excerpt, is_null, meant_boolean};
use super::raw::Origin;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::limits::MAX_STRING_LITERAL_BYTES;
use crate::model::{LanguageVersion, Literal, ScalarKind};
use crate::yaml::{Document, Node, Scalar, Value};
use actra_bytecode::format::timestamp;
use std::cmp::Ordering;
use std::collections::HashSet;

/// A literal as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawLiteral<'d> {
    pub(super) value: RawValue<'d>,
    pub(super) span: Span,
    /// Where its text comes from, if parts of it may be pointed at.
    pub(super) origin: Option<Origin<'d>>,
}

/// What a literal says. Everything but text keeps its spelling.
#[derive(Clone, Copy, Debug)]
pub(super) enum RawValue<'d> {
    Text(&'d str),
    Integer(i128, &'d str),
    Float(f64, &'d str),
    Boolean(bool, &'d str),
}

/// What a literal is held against, which decides how well it has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Equality and membership: a value that the field cannot have is a mistake.
    Same,
    /// Ordering: `1.5` is a fine bound for an integer.
    Bound,
}

/// Why a literal does not fit. Boxed: it is the rare case.
pub(super) type Misfit = Box<Diagnostic>;

impl<'d> RawLiteral<'d> {
    /// Reads a scalar node; anything else is reported.
    pub(super) fn read(
        cx: &mut Context<'_>,
        document: &'d Document,
        node: &'d Node,
    ) -> Option<Self> {
        let Value::Scalar(scalar) = &node.value else {
            let message = format!("a literal is a scalar, not {}", describe(document, node));
            cx.error(Code::WrongShape, document.span(node), message);
            return None;
        };
        let spelling = document.text(node).unwrap_or_default();
        let value = match scalar {
            Scalar::Null => return None,
            Scalar::Boolean(value) => RawValue::Boolean(*value, spelling),
            Scalar::Integer(value) => RawValue::Integer(*value, spelling),
            Scalar::Float(value) => RawValue::Float(*value, spelling),
            Scalar::String(text) => RawValue::Text(text),
        };
        let origin = Some(Origin { document, node, at: 0 });
        let literal = Self { value, span: document.span(node), origin };
        literal.within_limits(cx).then_some(literal)
    }

    /// Whether a text literal is inside its limit; reports where it is not.
    pub(super) fn within_limits(&self, cx: &mut Context<'_>) -> bool {
        match self.value {
            RawValue::Text(text) if text.len() > MAX_STRING_LITERAL_BYTES => {
                let message =
                    format!("a string literal is longer than {MAX_STRING_LITERAL_BYTES} bytes");
                cx.error(Code::LiteralTooLong, self.span, message);
                false
            }
            _ => true,
        }
    }

    /// As written, without quotes.
    pub(super) fn spelling(&self) -> &'d str {
        match self.value {
            RawValue::Text(text)
            | RawValue::Integer(_, text)
            | RawValue::Float(_, text)
            | RawValue::Boolean(_, text) => text,
        }
    }

    /// `the number 5`.
    pub(super) fn describe(&self) -> String {
        let kind = match self.value {
            RawValue::Text(_) => "text",
            RawValue::Integer(..) | RawValue::Float(..) => "number",
            RawValue::Boolean(..) => "boolean",
        };
        format!("the {kind} `{}`", excerpt(self.spelling()))
    }

    /// Where its text begins, if all of it stands in the document as it is.
    pub(super) fn text_at(&self) -> Option<u32> {
        self.origin?.same(self.spelling().len())
    }

    /// The span of some bytes of its text; of all of it where nobody can tell.
    pub(super) fn part(&self, from: usize, to: usize) -> Span {
        match self.origin {
            Some(origin) if from < to && to <= self.spelling().len() => origin.part(from, to),
            _ => self.span,
        }
    }

    /// Fits the literal to a kind.
    pub(super) fn fit(
        &self,
        cx: &Context<'_>,
        kind: ScalarKind,
        purpose: Purpose,
    ) -> Result<Literal, Misfit> {
        match (kind, self.value) {
            (ScalarKind::String, RawValue::Text(text)) => Ok(Literal::String(text.to_owned())),
            (ScalarKind::Boolean, RawValue::Boolean(value, _)) => Ok(Literal::Boolean(value)),
            (ScalarKind::Timestamp, RawValue::Text(text)) => match timestamp::parse(text) {
                Some(instant) => Ok(Literal::Timestamp(instant)),
                None => Err(self.misfit(
                    Code::BadTimestamp,
                    format!("`{}` is no timestamp", excerpt(text)),
                    Some(meant_timestamp(text)),
                )),
            },
            (ScalarKind::Number, RawValue::Integer(..) | RawValue::Float(..)) => self.number(cx),
            (ScalarKind::Integer, RawValue::Integer(..) | RawValue::Float(..)) => {
                let number = self.number(cx)?;
                if purpose == Purpose::Same && as_integer(&number).is_none() {
                    return Err(self.misfit(
                        Code::BadLiteral,
                        format!("`{}` is not an integer of 64 bits", excerpt(self.spelling())),
                        None,
                    ));
                }
                Ok(number)
            }
            _ => Err(self.wrong_kind(kind)),
        }
    }

    /// The literal as a number of the policy's version.
    pub(super) fn number(&self, cx: &Context<'_>) -> Result<Literal, Misfit> {
        let version = cx.literal_version();
        match self.value {
            RawValue::Integer(value, _) => match version {
                LanguageVersion::V1 => Ok(Literal::Float(value as f64)),
                LanguageVersion::V2 => {
                    i64::try_from(value).map(Literal::Integer).map_err(|_| self.too_wide())
                }
            },
            RawValue::Float(value, text) => {
                let is_word = !text.bytes().any(|byte| byte.is_ascii_digit());
                if is_integer_spelling(text) && version == LanguageVersion::V2 {
                    return Err(self.too_wide());
                }
                if value.is_infinite() && !is_word {
                    return Err(self.misfit(
                        Code::LiteralOutOfRange,
                        format!("`{}` is more than a number can hold", excerpt(text)),
                        None,
                    ));
                }
                if !value.is_finite() && version == LanguageVersion::V2 {
                    return Err(self.misfit(
                        Code::BadLiteral,
                        format!("`{}` is not a number that a field can have", excerpt(text)),
                        Some("numbers are finite".to_owned()),
                    ));
                }
                Ok(Literal::number(version, value))
            }
            RawValue::Text(_) | RawValue::Boolean(..) => Err(self.wrong_kind(ScalarKind::Number)),
        }
    }

    fn too_wide(&self) -> Misfit {
        self.misfit(
            Code::LiteralOutOfRange,
            format!("the integer `{}` does not fit 64 bits", excerpt(self.spelling())),
            None,
        )
    }

    fn wrong_kind(&self, kind: ScalarKind) -> Misfit {
        let article = if kind == ScalarKind::Integer { "an" } else { "a" };
        let spelling = excerpt(self.spelling());
        let help = match (kind, self.value) {
            (ScalarKind::String, _) => Some(format!("quote it: `\"{spelling}\"`")),
            (ScalarKind::Timestamp, _) => {
                Some("write RFC 3339 with an offset, quoted: `\"2030-01-31T12:00:00Z\"`".to_owned())
            }
            (ScalarKind::Boolean, RawValue::Text(text)) => Some(match meant_boolean(text) {
                Some(value) => format!("write `{value}`, without quotes"),
                None => "write `true` or `false`".to_owned(),
            }),
            (ScalarKind::Boolean, _) => Some("write `true` or `false`".to_owned()),
            (ScalarKind::Number | ScalarKind::Integer, RawValue::Text(text)) => {
                let plain = !text.is_empty() && text.parse::<f64>().is_ok_and(f64::is_finite);
                plain.then(|| {
                    format!("write it as a number, without quotes or leading zeros: `{}`", {
                        let bare = text.trim_start_matches('0');
                        if bare.starts_with(|c: char| c.is_ascii_digit()) { bare } else { text }
                    })
                })
            }
            _ => None,
        };
        let message = format!("{} is not {article} `{kind}`", self.describe());
        self.misfit(Code::BadLiteral, message, help)
    }

    pub(super) fn misfit(&self, code: Code, message: String, help: Option<String>) -> Misfit {
        Box::new(Diagnostic { help, ..Diagnostic::error(code, self.span, message) })
    }
}

/// What was probably meant by a text that is no timestamp.
fn meant_timestamp(text: &str) -> String {
    let upper = text.trim().to_uppercase().replacen(' ', "T", 1);
    let guesses = [upper.clone(), format!("{upper}Z"), format!("{upper}T00:00:00Z")];
    match guesses.iter().find(|guess| timestamp::parse(guess).is_some()) {
        Some(guess) => format!("did you mean `{guess}`? time and offset are never assumed"),
        None => "write RFC 3339 with an offset: `2030-01-31T12:00:00Z`".to_owned(),
    }
}

/// Reads the items of a literal list. `None` where some item is no literal; the rest have been
/// looked at by then.
pub(super) fn read_list<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    nodes: &'d [Node],
) -> Option<Vec<RawLiteral<'d>>> {
    let mut literals = Vec::with_capacity(nodes.len());
    for node in nodes.iter().filter(|node| !is_null(node)) {
        literals.extend(RawLiteral::read(cx, document, node));
    }
    (literals.len() == nodes.len()).then_some(literals)
}

/// Whether the text spells an integer (in any of the core schema's bases).
pub(super) fn is_integer_spelling(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match digits.get(..2) {
        Some("0x") => (digits.get(2..).unwrap_or_default(), 16),
        Some("0o") => (digits.get(2..).unwrap_or_default(), 8),
        _ => (digits, 10),
    };
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
}

/// The literal as a 64-bit integer, where it is one.
pub(crate) fn as_integer(literal: &Literal) -> Option<i64> {
    match literal {
        Literal::Integer(value) => Some(*value),
        Literal::Float(value) => match Literal::number(LanguageVersion::V2, *value) {
            Literal::Integer(value) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// Compares numbers by mathematical value.
pub(crate) fn compare(left: &Literal, right: &Literal) -> Option<Ordering> {
    match (left, right) {
        (Literal::Integer(left), Literal::Integer(right)) => Some(left.cmp(right)),
        (Literal::Float(left), Literal::Float(right)) => left.partial_cmp(right),
        (Literal::Integer(left), Literal::Float(right)) => compare_mixed(*left, *right),
        (Literal::Float(left), Literal::Integer(right)) => {
            compare_mixed(*right, *left).map(Ordering::reverse)
        }
        _ => None,
    }
}

fn compare_mixed(left: i64, right: f64) -> Option<Ordering> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if right.is_nan() {
        return None;
    }
    if right >= TWO_TO_63 {
        return Some(Ordering::Less);
    }
    if right < -TWO_TO_63 {
        return Some(Ordering::Greater);
    }
    let whole = right.trunc();
    // Inside the range the truncated double is an exact 64-bit integer.
    Some(
        left.cmp(&(whole as i64))
            .then_with(|| whole.partial_cmp(&right).unwrap_or(Ordering::Equal)),
    )
}

/// A literal as a key of hash tables: equal literals have equal keys.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum LiteralKey<'l> {
    Text(&'l str),
    Integer(i64),
    Float(u64),
    Boolean(bool),
    Timestamp(i64),
}

impl<'l> From<&'l Literal> for LiteralKey<'l> {
    fn from(literal: &'l Literal) -> Self {
        match literal {
            Literal::String(text) => Self::Text(text),
            Literal::Integer(value) => Self::Integer(*value),
            // Both zeros are one number.
            Literal::Float(value) => Self::Float((value + 0.0).to_bits()),
            Literal::Boolean(value) => Self::Boolean(*value),
            Literal::Timestamp(instant) => Self::Timestamp(*instant),
        }
    }
}

/// The values of an `enum`, quick to look up however many there are.
pub(super) enum Allowed<'l> {
    Few(&'l [Literal]),
    Many(HashSet<LiteralKey<'l>>),
}

impl<'l> Allowed<'l> {
    /// Prepares for so many look-ups.
    pub(super) fn new(values: &'l [Literal], lookups: usize) -> Self {
        if values.len() > 16 && lookups > 16 {
            Self::Many(values.iter().map(LiteralKey::from).collect())
        } else {
            Self::Few(values)
        }
    }

    pub(super) fn contains(&self, literal: &Literal) -> bool {
        match self {
            Self::Few(values) => values.contains(literal),
            Self::Many(values) => values.contains(&LiteralKey::from(literal)),
        }
    }
}
