//! What was probably meant by a short atom that is not well-formed.

use super::context::{Context, excerpt};
use super::habits::{meant_domain, meant_operator};
use super::short::{DOMAINS, Parser, is_field};
use super::token::{Token, TokenKind};
use crate::diagnostic::{Code, Span, suggest};
use crate::model::Operator;

impl Parser<'_, '_, '_> {
    /// What a name under no domain was probably meant for.
    pub(super) fn meant_field(&self, domain: &str, name: &str) -> Option<String> {
        if name.is_empty()
            && let Some(whole) = self.cx.fields_named(domain).first()
        {
            return Some(format!("did you mean `{}`?", excerpt(whole)));
        }
        let first = name.split('.').next().unwrap_or_default();
        let known = self.cx.fields_named(first);
        let whole = |domain: &str| {
            let field = format!("{domain}.{first}");
            match known.iter().find(|known| **known == field).or(known.first()) {
                Some(known) => {
                    let (domain, _) = known.split_once('.').unwrap_or_default();
                    format!("did you mean `{domain}.{}`?", excerpt(name))
                }
                None => format!("did you mean `{domain}`?"),
            }
        };
        let near = suggest(domain, DOMAINS.iter().copied());
        near.map(whole).or_else(|| Some(whole(meant_domain(domain)?.as_str())))
    }

    /// The comparison with its sides the other way round, if it begins with a literal.
    pub(super) fn turned_around(&self) -> Option<String> {
        let [literal, sign, field] = self.tokens else { return None };
        let (TokenKind::Sign(operator), TokenKind::Word(word)) = (&sign.kind, &field.kind) else {
            return None;
        };
        let sign = match operator {
            Operator::Equals => "==",
            Operator::NotEquals => "!=",
            Operator::GreaterThan => "<",
            Operator::GreaterThanOrEqual => "<=",
            Operator::LessThan => ">",
            Operator::LessThanOrEqual => ">=",
            _ => return None,
        };
        let literal = self.text.get(literal.start..literal.end)?;
        let help = || format!("the field stands first: `{word} {sign} {}`", excerpt(literal));
        is_field(word).then(help)
    }

    /// How the two sides of a conjunction or disjunction are written.
    pub(super) fn two_atoms(&self, joint: &Token<'_>, key: &str) -> String {
        let side = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default().trim();
        let (left, right) = (side(0, joint.start), side(joint.end, self.text.len()));
        let words = |text: &str| {
            let mut words = text.split_whitespace();
            words.any(|word| matches!(word, "and" | "or" | "AND" | "OR" | "&&" | "||"))
        };
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 40
                && !words(text)
                && !text.contains(['[', ']', '{', '}', ',', '#', ':', '\'', '"', '\n'])
        };
        if plain(left) && plain(right) {
            format!("write a list: `{key}: [{left}, {right}]`")
        } else {
            format!("write a list of atoms under `{key}:`")
        }
    }

    /// Reports a word that is no operator, together with those that follow it.
    pub(super) fn unknown_operator(&mut self, word: &str, token: &Token<'_>) {
        let span = self.spans.of(token);
        let rest: Vec<(&str, usize)> = self
            .tokens
            .get(self.next..)
            .unwrap_or_default()
            .iter()
            .map_while(|token| match token.kind {
                TokenKind::Word(word) => Some((word, token.end)),
                _ => None,
            })
            .take(5)
            .collect();
        // Words that together are an operator: `starts with`.
        let mut joined = word.to_owned();
        let mut meant = None;
        for (next, end) in &rest {
            joined = format!("{joined}_{next}");
            if let Some(operator) = operator_of_words(&joined) {
                meant = Some((operator, *end));
            }
        }
        if let Some((operator, end)) = meant {
            let span = self.spans.part(token.start, end);
            let written = self.text.get(token.start..end).unwrap_or_default();
            let message = format!("unknown operator `{}`", excerpt(written));
            let help = format!("did you mean `{operator}`?");
            self.cx.error_with_help(Code::UnknownOperator, span, message, help);
            return;
        }
        if word.eq_ignore_ascii_case("between") {
            let message = format!("unknown operator `{}`", excerpt(word));
            let help = "write two atoms under `all:`, with `>=` and `<=`";
            self.cx.error_with_help(Code::UnknownOperator, span, message, help);
            return;
        }
        unknown_operator(self.cx, word, span, &["not in", "missing"]);
    }
}

/// The units of durations.
pub(super) fn is_unit(word: &str) -> bool {
    matches!(word, "s" | "m" | "h" | "d" | "w")
}

/// What a duration in other words was probably meant for.
pub(super) fn meant_duration(text: &str) -> String {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default().to_lowercase();
    // A month is no minute: `1M` names nothing that could be meant.
    let is_month = text.ends_with('M');
    let meant = match unit.trim_end_matches('s') {
        _ if is_month => None,
        "sec" | "second" => Some("s"),
        "min" | "minute" => Some("m"),
        "hr" | "hour" => Some("h"),
        "day" => Some("d"),
        "week" | "wk" => Some("w"),
        unit if is_unit(unit) => Some(unit),
        _ => None,
    };
    match meant {
        Some(unit) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("did you mean `{digits}{unit}`?")
        }
        _ => "write digits and one unit: s, m, h, d or w".to_owned(),
    }
}

/// The operator that several words, joined by `_`, are.
fn operator_of_words(words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    match words.as_str() {
        "is_null" | "is_none" | "is_missing" | "is_absent" | "is_empty" | "is_nil" => {
            return Some("missing");
        }
        "is_not_null" | "is_not_none" | "is_not_missing" | "is_present" | "is_set" | "is_there" => {
            return Some("exists");
        }
        "is_in" => return Some("in"),
        _ => {}
    }
    let words = words.strip_prefix("is_").unwrap_or(&words);
    let words = words
        .strip_suffix("_than_or_equal_to")
        .map_or_else(|| words.to_owned(), |words| format!("{words}_than_or_equal"));
    match words.as_str() {
        "not" => Some("not_equals"),
        "equal_to" => Some("equals"),
        "not_equal_to" | "not_equal" => Some("not_equals"),
        "begins_with" => Some("starts_with"),
        words => Operator::parse(words).map(Operator::as_str),
    }
}

/// Reports an operator that is not one.
pub(super) fn unknown_operator(cx: &mut Context<'_>, word: &str, span: Span, more: &[&str]) {
    let synonym = match word {
        "and" | "or" => None,
        _ => meant_operator(word).or_else(|| {
            let names = Operator::ALL.iter().map(|operator| operator.as_str());
            suggest(word, names.chain(more.iter().copied()))
        }),
    };
    let help = synonym.map_or_else(
        || {
            let names = Operator::ALL.iter().map(|operator| format!("`{operator}`"));
            format!("operators are {}", names.collect::<Vec<_>>().join(", "))
        },
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("unknown operator `{}`", excerpt(word));
    cx.error_with_help(Code::UnknownOperator, span, message, help);
}
