//! The short form of an atom: `action.amount > 1000`.

use super::context::{Context, excerpt};
use super::literal::{RawLiteral, RawValue};
pub(super) use super::meant::unknown_operator;
use super::meant::{is_unit, meant_duration};
use super::raw::{Origin, RawAddend, RawAtom, RawField, RawOperand, RawSum};
use super::token::{Token, TokenKind, tokenize};
use crate::diagnostic::{Code, Span};
use crate::limits::MAX_LIST_LITERALS;
use crate::model::{Domain, Operator, OperatorShape, Quantifier, Sign};
use crate::yaml::{Document, Node};

/// Reads a short atom. What is wrong with it is reported, at the part that is.
pub(super) fn read<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    text: &'d str,
) -> Option<RawAtom<'d>> {
    let spans = Spans { document, node };
    let tokens = match tokenize(text) {
        Ok(tokens) => tokens,
        Err(error) => {
            let span = spans.part(error.from, error.to);
            cx.error_with_hint(Code::BadAtom, span, error.message, error.help);
            return None;
        }
    };
    let place = cx.place(document.span(node));
    let mut parser = Parser { cx, spans, text, tokens: &tokens, next: 0 };
    let (quantifier, subject) = parser.left()?;
    let (operator, operand) = parser.test()?;
    parser.end()?;
    Some(RawAtom {
        quantifier,
        subject: Some(subject),
        operator: Some(operator),
        operand,
        broken: false,
        place,
    })
}

/// Bytes of the atom's text to places in the document.
#[derive(Clone, Copy)]
pub(super) struct Spans<'d> {
    pub(super) document: &'d Document,
    pub(super) node: &'d Node,
}

impl<'d> Spans<'d> {
    fn origin(&self, at: usize) -> Origin<'d> {
        Origin { document: self.document, node: self.node, at }
    }

    pub(super) fn part(&self, from: usize, to: usize) -> Span {
        self.document.part(self.node, from, to)
    }

    pub(super) fn of(&self, token: &Token<'_>) -> Span {
        self.part(token.start, token.end)
    }
}

pub(super) struct Parser<'p, 'a, 'd> {
    pub(super) cx: &'p mut Context<'a>,
    pub(super) spans: Spans<'d>,
    pub(super) text: &'d str,
    pub(super) tokens: &'p [Token<'d>],
    pub(super) next: usize,
}

impl<'p, 'd> Parser<'p, '_, 'd> {
    fn peek(&self) -> Option<&'p Token<'d>> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<&'p Token<'d>> {
        let token = self.tokens.get(self.next)?;
        self.next += 1;
        Some(token)
    }

    /// Takes the token if it is that one.
    fn eat(&mut self, kind: &TokenKind<'_>) -> Option<&'p Token<'d>> {
        let token = self.peek()?;
        if token.kind == *kind { self.take() } else { None }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        self.cx.error_with_hint(Code::BadAtom, span, message, help);
    }

    /// Reports that something is missing after the last token.
    fn ends_early(&mut self, expected: &str) {
        let last = self.tokens.last().map_or(0, |token| token.end);
        let first = self.tokens.last().map_or(0, |token| token.start);
        let span = self.spans.part(first, last);
        let behind = self.cx.behind(self.spans.document.span(self.spans.node));
        let help = if behind.trim_start().starts_with('#') {
            Some("`#` begins a comment in YAML: put quotes around the whole atom".to_owned())
        } else if self.tokens.iter().any(|token| token.kind == TokenKind::Open) {
            Some("a list ends with `]`".to_owned())
        } else if let [Token { kind: TokenKind::Word(field), .. }] = self.tokens {
            let help = || format!("a boolean is tested with `{field} == true`");
            is_field(field).then(help)
        } else {
            None
        };
        self.error(span, format!("the atom ends where {expected} should follow"), help);
    }

    fn left(&mut self) -> Option<(Option<(Quantifier, Span)>, RawField<'d>)> {
        let Some(first) = self.peek() else {
            let span = self.spans.part(0, self.text.len());
            let help = "an atom is a field and a test: `action.amount > 1000`".to_owned();
            self.cx.error_with_help(Code::EmptyCondition, span, "the atom is empty", help);
            return None;
        };
        let quantifier = match first.kind {
            TokenKind::Word("every") => Some(Quantifier::Every),
            TokenKind::Word("some") => Some(Quantifier::Some),
            TokenKind::Word("not") => {
                let rest = self.text.get(first.end..).unwrap_or_default().trim();
                let help = format!("`not` stays YAML: write `not: {}`", excerpt(rest));
                let span = self.spans.of(first);
                self.error(span, "an atom does not begin with `not`", Some(help));
                return None;
            }
            _ => None,
        };
        let quantifier = quantifier.map(|quantifier| {
            self.next += 1;
            (quantifier, self.spans.of(first))
        });
        let Some(token) = self.take() else {
            self.ends_early("a field");
            return None;
        };
        let subject = self.field(token)?;
        Some((quantifier, subject))
    }

    fn test(&mut self) -> Option<((Operator, Span), RawOperand<'d>)> {
        let Some(token) = self.take() else {
            self.ends_early("a test, such as `== 5` or `exists`,");
            return None;
        };
        let span = self.spans.of(token);
        let operator = match token.kind {
            TokenKind::Sign(sign) => sign,
            TokenKind::Word("not") => {
                let Some(after) = self.eat(&TokenKind::Word("in")) else {
                    let other = match self.peek().map(|token| &token.kind) {
                        Some(TokenKind::Word(word)) => Operator::parse(&format!("not_{word}")),
                        _ => None,
                    };
                    let help = match other {
                        Some(operator) => format!("did you mean `{operator}`?"),
                        None => "`not in` is the only test with `not`; `not:` around the atom \
                                 negates it"
                            .to_owned(),
                    };
                    self.error(span, "`in` must follow `not`", Some(help));
                    return None;
                };
                let span = Span { end: self.spans.of(after).end, ..span };
                return Some(((Operator::NotIn, span), self.operand(Operator::NotIn)?));
            }
            TokenKind::Word("missing") => Operator::NotExists,
            TokenKind::Word(word) => match Operator::parse(word) {
                Some(operator) => operator,
                None => {
                    self.unknown_operator(word, token);
                    return None;
                }
            },
            TokenKind::Plus | TokenKind::Minus => {
                let help = "a sum stands on the right side and begins with a field: `action.amount > \
                            snapshot.limit - snapshot.used`";
                self.error(span, "a sum stands on the left side", Some(help.to_owned()));
                return None;
            }
            TokenKind::Open | TokenKind::Text(_) | TokenKind::Number(_) | TokenKind::List(_) => {
                let text = self.text.get(token.start..token.end).unwrap_or_default();
                let message = format!("an operator must stand before `{}`", excerpt(text));
                self.error(span, message, None);
                return None;
            }
            _ => {
                self.unexpected(token);
                return None;
            }
        };
        if operator.shape() == OperatorShape::Presence {
            return Some(((operator, span), RawOperand::Absent));
        }
        Some(((operator, span), self.operand(operator)?))
    }

    fn operand(&mut self, operator: Operator) -> Option<RawOperand<'d>> {
        let Some(token) = self.take() else {
            self.ends_early(&format!("the right side of `{operator}`"));
            return None;
        };
        match token.kind {
            TokenKind::Open => self.list(token),
            TokenKind::List(name) => Some(RawOperand::Named(name, self.spans.of(token))),
            TokenKind::Word(word) if is_field(word) => self.field_or_sum(token),
            _ => self.literal(token).map(RawOperand::Literal),
        }
    }

    fn list(&mut self, open: &Token<'d>) -> Option<RawOperand<'d>> {
        let mut literals = Vec::new();
        if let Some(close) = self.eat(&TokenKind::Close) {
            let span = self.spans.part(open.start, close.end);
            self.cx.error(Code::EmptyList, span, "the list is empty");
            return None;
        }
        loop {
            let Some(token) = self.take() else {
                self.ends_early("a literal");
                return None;
            };
            literals.push(self.literal(token)?);
            let Some(token) = self.take() else {
                self.ends_early("`,` or `]`");
                return None;
            };
            match token.kind {
                TokenKind::Comma => {}
                TokenKind::Close => {
                    let span = self.spans.part(open.start, token.end);
                    if literals.len() > MAX_LIST_LITERALS {
                        let message = format!("a list has more than {MAX_LIST_LITERALS} literals");
                        self.cx.error(Code::TooManyLiterals, span, message);
                        return None;
                    }
                    return Some(RawOperand::List(literals, span));
                }
                _ => {
                    let span = self.spans.of(token);
                    self.error(span, "`,` or `]` should stand here", None);
                    return None;
                }
            }
        }
    }

    fn literal(&mut self, token: &Token<'d>) -> Option<RawLiteral<'d>> {
        let span = self.spans.of(token);
        let value = match token.kind {
            TokenKind::Text(text) => RawValue::Text(text),
            TokenKind::Number(text) => match number(text) {
                Some(value) => value,
                None => {
                    self.bad_number(text, span);
                    return None;
                }
            },
            TokenKind::Word(word @ "true") => RawValue::Boolean(true, word),
            TokenKind::Word(word @ "false") => RawValue::Boolean(false, word),
            TokenKind::Word(word @ ("null" | "Null" | "NULL")) => {
                let negated = matches!(
                    self.tokens.get(self.next.wrapping_sub(2)).map(|token| &token.kind),
                    Some(TokenKind::Sign(Operator::NotEquals) | TokenKind::Word("not_equals"))
                );
                let test = if negated { "exists" } else { "missing" };
                let help = format!("test with `{test}`, or quote the word: `\"{word}\"`");
                let message = format!("`{word}` is not a value");
                self.cx.error_with_help(Code::NullValue, span, message, help);
                return None;
            }
            TokenKind::Word(word) if is_field(word) => {
                self.error(span, "a literal should stand here, not a field", None);
                return None;
            }
            TokenKind::Word(word) if word.contains('.') => {
                let help = word
                    .split_once('.')
                    .and_then(|(domain, rest)| {
                        let near = crate::diagnostic::suggest(domain, DOMAINS.iter().copied())?;
                        Some(format!("did you mean `{near}.{}`?", excerpt(rest)))
                    })
                    .unwrap_or_else(|| format!("quote it: `\"{}\"`", excerpt(word)));
                let message = format!("`{}` is neither a field nor a bare word", excerpt(word));
                self.error(span, message, Some(help));
                return None;
            }
            TokenKind::Word(word) => RawValue::Text(word),
            _ => {
                self.unexpected(token);
                return None;
            }
        };
        let quote = usize::from(matches!(token.kind, TokenKind::Text(_)));
        let literal =
            RawLiteral { value, span, origin: Some(self.spans.origin(token.start + quote)) };
        literal.within_limits(self.cx).then_some(literal)
    }

    fn bad_number(&mut self, text: &str, span: Span) {
        let shown = excerpt(text);
        if let Some(number) = text.strip_suffix('%').filter(|text| number(text).is_some()) {
            let help = format!("write the number alone: `{number}`");
            self.error(span, format!("`{shown}` is not a number"), Some(help));
        } else if is_duration(text) {
            let help = "a duration stands after `+` or `-`".to_owned();
            self.error(span, format!("`{shown}` is no literal"), Some(help));
        } else if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eExX_".contains(&byte))
            && text.bytes().filter(|byte| *byte == b'.').count() < 2
        {
            let help = format!("write it as JSON does, or quote text: `\"{shown}\"`");
            self.error(span, format!("`{shown}` is not a number"), Some(help));
        } else {
            let message = format!("`{shown}` is neither a number nor a bare word");
            self.error(span, message, Some(format!("quote it: `\"{shown}\"`")));
        }
    }

    fn field(&mut self, token: &Token<'d>) -> Option<RawField<'d>> {
        let TokenKind::Word(word) = token.kind else {
            let text = self.text.get(token.start..token.end).unwrap_or_default();
            let span = self.spans.of(token);
            let help = self.turned_around().unwrap_or_else(|| {
                "an atom is a field and a test: `action.amount > 1000`".to_owned()
            });
            let message = format!("a field should stand here, not `{}`", excerpt(text));
            self.error(span, message, Some(help));
            return None;
        };
        let (domain_name, name) = word.split_once('.').unwrap_or((word, ""));
        let domain_span = self.spans.part(token.start, token.start + domain_name.len());
        let Some(domain) = domain(domain_name) else {
            let help = self.meant_field(domain_name, name).unwrap_or_else(|| {
                "a field begins with `action.`, `actor.` or `snapshot.`".to_owned()
            });
            let message = format!("there is no domain `{}`", excerpt(domain_name));
            self.cx.error_with_help(Code::UndeclaredDomain, domain_span, message, help);
            return None;
        };
        let start = token.start + domain_name.len() + 1;
        if name.is_empty() {
            let span = self.spans.of(token);
            self.error(span, format!("`{domain_name}` is not a field"), {
                Some(format!("name a field of it: `{domain_name}.type`"))
            });
            return None;
        }
        let mut at = start;
        for part in name.split('.') {
            if !is_bare(part) {
                let span = if part.is_empty() {
                    self.spans.of(token)
                } else {
                    self.spans.part(at, at + part.len())
                };
                let message = if part.is_empty() {
                    "a name is missing at a dot".to_owned()
                } else {
                    format!("`{}` is no name of the short form", excerpt(part))
                };
                let help = "other names take the long form: `subject: {domain: .., field: ..}`";
                self.error(span, message, Some(help.to_owned()));
                return None;
            }
            at += part.len() + 1;
        }
        let name_span = self.spans.part(start, token.end);
        let (key, end) = self.key(token.end)?;
        let span = self.spans.part(token.start, end);
        let name_origin = self.spans.origin(start);
        Some(RawField { domain, name, key, span, name_span, name_origin })
    }

    /// `["app/name"]` after a field, if it is there.
    fn key(&mut self, field_end: usize) -> Option<(Option<(&'d str, Span)>, usize)> {
        if self.eat(&TokenKind::Open).is_none() {
            return Some((None, field_end));
        }
        let Some(token) = self.take() else {
            self.ends_early("a key");
            return None;
        };
        let span = self.spans.of(token);
        let TokenKind::Text(key) = token.kind else {
            let text = self.text.get(token.start..token.end).unwrap_or_default();
            let help = match token.kind {
                TokenKind::Number(_) => "items of a list have no numbers: `contains` looks for \
                                         one, `every` and `some` test each"
                    .to_owned(),
                _ => format!(
                    "quote it: `[\"{}\"]`; if a list is meant, an operator stands before it",
                    excerpt(text)
                ),
            };
            self.error(span, "a key is a quoted string", Some(help));
            return None;
        };
        let Some(close) = self.eat(&TokenKind::Close) else {
            self.error(span, "`]` is missing after the key", None);
            return None;
        };
        Some((Some((key, span)), close.end))
    }

    fn field_or_sum(&mut self, token: &Token<'d>) -> Option<RawOperand<'d>> {
        let field = self.field(token)?;
        let sign = match self.peek().map(|token| &token.kind) {
            Some(TokenKind::Plus) => Sign::Plus,
            Some(TokenKind::Minus) => Sign::Minus,
            _ => return Some(RawOperand::Field(field)),
        };
        let sign_span = self.take().map_or(field.span, |token| self.spans.of(token));
        let Some(token) = self.take() else {
            self.ends_early("an integer, a duration or a field");
            return None;
        };
        let span = self.spans.of(token);
        let (addend, end) = match token.kind {
            TokenKind::Word(word) if is_field(word) => {
                let addend = self.field(token)?;
                (RawAddend::Field(addend), addend.span.end)
            }
            TokenKind::Number(text) if is_duration(text) => {
                let literal = RawLiteral { value: RawValue::Text(text), span, origin: None };
                (RawAddend::Literal(literal), span.end)
            }
            TokenKind::Number(text) if text.ends_with(|c: char| c.is_ascii_alphabetic()) => {
                let message = format!("`{}` is no duration", excerpt(text));
                let help = meant_duration(text);
                self.cx.error_with_help(Code::BadDuration, span, message, help);
                return None;
            }
            TokenKind::Number(_) => (RawAddend::Literal(self.literal(token)?), span.end),
            _ => {
                let text = self.text.get(token.start..token.end).unwrap_or_default();
                let message = format!("`{}` cannot be added or taken away", excerpt(text));
                let help = "write an integer, a duration (`30d`) or a field".to_owned();
                self.error(span, message, Some(help));
                return None;
            }
        };
        let span = Span { end: end.max(field.span.end), ..field.span };
        Some(RawOperand::Sum(Box::new(RawSum {
            field: Some(field),
            sign,
            sign_span,
            addend,
            span,
        })))
    }

    fn end(&mut self) -> Option<()> {
        match self.take() {
            None => Some(()),
            Some(token) => {
                self.unexpected(token);
                None
            }
        }
    }

    fn next_is_number(&self) -> bool {
        matches!(self.peek().map(|token| &token.kind), Some(TokenKind::Number(_)))
    }

    /// Whether a field comes next, and something after it.
    fn another_test_follows(&self) -> bool {
        let rest = self.tokens.get(self.next..).unwrap_or_default();
        let is_field = rest.first().is_some_and(|token| match &token.kind {
            TokenKind::Word(word) => is_field(word),
            _ => false,
        });
        is_field && rest.len() > 1
    }

    fn unexpected(&mut self, token: &Token<'_>) {
        let text = self.text.get(token.start..token.end).unwrap_or_default();
        let before = self.next.checked_sub(2).and_then(|index| self.tokens.get(index));
        let before_text =
            before.and_then(|before| self.text.get(before.start..before.end)).unwrap_or_default();
        let help = match (text, &token.kind, before.map(|before| &before.kind)) {
            ("and" | "AND" | "&&", ..) => Some(self.two_atoms(token, "all")),
            ("or" | "OR" | "||", ..) => Some(self.two_atoms(token, "any")),
            // YAML reads an item that is indented too deep as more of the one above.
            ("-", ..) if self.another_test_follows() => {
                let help = "if this begins another item, indent its `-` like the one above";
                Some(help.to_owned())
            }
            ("+" | "-", ..) => {
                let help = "a sum begins with a field and has one `+` or `-`: `snapshot.limit + 1`";
                Some(help.to_owned())
            }
            (_, TokenKind::Comma, Some(TokenKind::Number(_))) if self.next_is_number() => {
                Some("a number has no separators: `1000`".to_owned())
            }
            (_, TokenKind::Comma, _) => {
                Some("a list stands in square brackets: `in [a, b]`".to_owned())
            }
            (_, TokenKind::Word(unit), Some(TokenKind::Number(_))) if is_unit(unit) => {
                Some(format!("a duration has no space in it: `{before_text}{unit}`"))
            }
            (_, TokenKind::Word(_), Some(TokenKind::Word(word)))
                if !is_field(word) && self.next > 3 =>
            {
                let both = format!("{before_text} {text}");
                Some(format!("quote text that holds a space: `\"{}\"`", excerpt(&both)))
            }
            _ => None,
        };
        let span = self.spans.of(token);
        let message = match text {
            "and" | "AND" | "&&" | "or" | "OR" | "||" => {
                format!("`{text}` cannot join two tests in one atom")
            }
            _ => format!("`{}` should not stand here", excerpt(text)),
        };
        self.error(span, message, help);
    }
}

/// The domains' names.
pub(super) const DOMAINS: [&str; 3] =
    [Domain::Action.as_str(), Domain::Actor.as_str(), Domain::Snapshot.as_str()];

/// The domain of that name.
pub(super) fn domain(name: &str) -> Option<Domain> {
    match name {
        "action" => Some(Domain::Action),
        "actor" => Some(Domain::Actor),
        "snapshot" => Some(Domain::Snapshot),
        _ => None,
    }
}

/// Whether a word names a field rather than being a bare string.
pub(super) fn is_field(word: &str) -> bool {
    word.split_once('.').is_some_and(|(head, _)| domain(head).is_some())
}

pub(super) fn is_bare(name: &str) -> bool {
    let rest = name.strip_prefix(|first: char| first.is_ascii_alphabetic() || first == '_');
    rest.is_some_and(|rest| {
        rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}

pub(super) fn is_duration(text: &str) -> bool {
    text.strip_suffix(['s', 'm', 'h', 'd', 'w']).is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A number in JSON's notation.
pub(super) fn number(text: &str) -> Option<RawValue<'_>> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
        return None;
    }
    let mut rest = unsigned.get(whole..)?;
    if rest.is_empty() {
        // Integers beyond 128 bits are integers still: they are told by their spelling.
        return Some(match text.parse::<i128>() {
            Ok(value) => RawValue::Integer(value, text),
            Err(_) => RawValue::Float(text.parse().ok()?, text),
        });
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        rest = fraction.get(count..).filter(|_| count > 0)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        rest = exponent.get(count..).filter(|_| count > 0)?;
    }
    if !rest.is_empty() {
        return None;
    }
    Some(RawValue::Float(text.parse().ok()?, text))
}
