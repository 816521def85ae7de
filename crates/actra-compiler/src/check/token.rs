//! Tokens of the short form.

use super::context::excerpt;
use crate::model::Operator;

/// A token and its bytes in the atom's text.
#[derive(Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a token is.
#[derive(Debug, PartialEq)]
pub(super) enum TokenKind<'t> {
    /// A comparison sign.
    Sign(Operator),
    /// `[`
    Open,
    /// `]`
    Close,
    /// `,`
    Comma,
    /// `+` alone.
    Plus,
    /// `-` alone.
    Minus,
    /// `@name`, without the `@`.
    List(&'t str),
    /// A quoted string, without the quotes.
    Text(&'t str),
    /// Something that begins as numbers do.
    Number(&'t str),
    /// A word: a field, an operator, a bare string.
    Word(&'t str),
}

impl TokenKind<'_> {
    /// Whether no space need stand beside it.
    const fn is_free(&self) -> bool {
        matches!(self, Self::Sign(_) | Self::Open | Self::Close | Self::Comma)
    }
}

/// What is wrong with the text, and where.
#[derive(Debug, PartialEq)]
pub(super) struct TokenError {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl TokenError {
    fn new(from: usize, to: usize, message: impl Into<String>, help: Option<String>) -> Self {
        Self { from, to, message: message.into(), help }
    }
}

const SIGNS: [(&str, Operator); 6] = [
    ("==", Operator::Equals),
    ("!=", Operator::NotEquals),
    (">=", Operator::GreaterThanOrEqual),
    ("<=", Operator::LessThanOrEqual),
    (">", Operator::GreaterThan),
    ("<", Operator::LessThan),
];

/// Divides the text into tokens, and sees to it that spaces stand where they must.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token<'_>>, TokenError> {
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(4);
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && !rest.is_empty()
    {
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let token = one(rest, at)?;
        if let Some(before) = tokens.last()
            && before.end == token.start
            && !before.kind.is_free()
            && !token.kind.is_free()
        {
            let message = "a space must stand between these two";
            return Err(TokenError::new(before.start, token.end, message, None));
        }
        at = token.end;
        tokens.push(token);
    }
    Ok(tokens)
}

/// The token that the text begins with. It is not empty and does not begin with a space.
fn one(rest: &str, at: usize) -> Result<Token<'_>, TokenError> {
    for (sign, operator) in SIGNS {
        if rest.starts_with(sign) {
            return Ok(Token { kind: TokenKind::Sign(operator), start: at, end: at + sign.len() });
        }
    }
    let single = |kind| Ok(Token { kind, start: at, end: at + 1 });
    match rest.as_bytes().first() {
        Some(b'[') => return single(TokenKind::Open),
        Some(b']') => return single(TokenKind::Close),
        Some(b',') => return single(TokenKind::Comma),
        Some(b'\'' | b'"') => return quoted(rest, at),
        Some(b'=') => {
            let help = "equality is written `==`".to_owned();
            return Err(TokenError::new(at, at + 1, "`=` is no comparison", Some(help)));
        }
        Some(b'!') => {
            let help = "write `not:` around the atom".to_owned();
            return Err(TokenError::new(at, at + 1, "`!` is no operator", Some(help)));
        }
        _ => {}
    }
    let length = rest.find(ends_word).unwrap_or(rest.len()).max(1);
    let Some(word) = rest.get(..length) else {
        return Err(TokenError::new(at, at + rest.len(), "the atom is not well-formed", None));
    };
    let kind = match word.as_bytes() {
        b"+" => TokenKind::Plus,
        b"-" => TokenKind::Minus,
        [b'@', name @ ..] if is_word(name) && !name.contains(&b'.') => {
            TokenKind::List(word.get(1..).unwrap_or_default())
        }
        [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => TokenKind::Number(word),
        bytes if is_word(bytes) => TokenKind::Word(word),
        _ => return Err(strange(word, at)),
    };
    Ok(Token { kind, start: at, end: at + length })
}

fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '[' | ']' | ',' | '\'' | '"' | '=' | '!' | '<' | '>')
}

fn is_word(bytes: &[u8]) -> bool {
    let begins = bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_');
    begins && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

fn quoted(rest: &str, at: usize) -> Result<Token<'_>, TokenError> {
    let quote = if rest.starts_with('"') { '"' } else { '\'' };
    let inner = rest.get(1..).unwrap_or_default();
    match inner.split_once(quote) {
        Some((text, _)) => {
            Ok(Token { kind: TokenKind::Text(text), start: at, end: at + text.len() + 2 })
        }
        None => {
            let message = format!("the string has no closing `{quote}`");
            Err(TokenError::new(at, at + rest.len(), message, None))
        }
    }
}

fn strange(word: &str, at: usize) -> TokenError {
    let help = match word {
        "&&" => "an atom holds one test: write a list under `all:`".to_owned(),
        "||" => "an atom holds one test: write a list under `any:`".to_owned(),
        _ if word.contains(['(', ')']) => {
            "there are no parentheses: write lists under `all:` and `any:`".to_owned()
        }
        _ if word.starts_with('@') => {
            "the name of a list is made of ASCII letters, digits, `_` and `-`".to_owned()
        }
        _ => format!("quote text: `\"{}\"`; other field names take the long form", excerpt(word)),
    };
    let message = format!("`{}` is no word of the short form", excerpt(word));
    TokenError::new(at, at + word.len(), message, Some(help))
}
