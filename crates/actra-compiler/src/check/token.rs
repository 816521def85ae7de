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
    /// `&&` or `||`, which nothing takes.
    Joint(&'t str),
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
        let token = one(rest, at, tokens.last())?;
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
fn one<'t>(rest: &'t str, at: usize, before: Option<&Token<'_>>) -> Result<Token<'t>, TokenError> {
    let length = rest.find(|c| !is_sign(c)).unwrap_or(rest.len());
    if let Some(sign) = rest.get(..length).filter(|sign| !sign.is_empty()) {
        return match SIGNS.iter().find(|(known, _)| *known == sign) {
            Some((_, operator)) => {
                Ok(Token { kind: TokenKind::Sign(*operator), start: at, end: at + length })
            }
            None => Err(strange_sign(sign, at)),
        };
    }
    let single = |kind| Ok(Token { kind, start: at, end: at + 1 });
    match rest.as_bytes().first() {
        Some(b'[') => return single(TokenKind::Open),
        Some(b']') => return single(TokenKind::Close),
        Some(b',') => return single(TokenKind::Comma),
        Some(b'\'' | b'"') => return quoted(rest, at),
        _ => {}
    }
    let length = rest.find(ends_word).unwrap_or(rest.len()).max(1);
    let Some(word) = rest.get(..length) else {
        return Err(TokenError::new(at, at + rest.len(), "the atom is not well-formed", None));
    };
    let kind = match word.as_bytes() {
        b"+" => TokenKind::Plus,
        b"-" => TokenKind::Minus,
        b"&&" | b"||" => TokenKind::Joint(word),
        [b'@', name @ ..] if is_word(name) && !name.contains(&b'.') => {
            TokenKind::List(word.get(1..).unwrap_or_default())
        }
        [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => TokenKind::Number(word),
        bytes if is_word(bytes) => TokenKind::Word(word),
        _ => return Err(strange(word, rest, at, before)),
    };
    Ok(Token { kind, start: at, end: at + length })
}

fn ends_word(c: char) -> bool {
    is_sign(c) || matches!(c, ' ' | '\t' | '\r' | '\n' | '[' | ']' | ',' | '\'' | '"')
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
            let help = format!(
                "write `{quote}` behind it; text that holds a `{quote}` stands in the other quotes"
            );
            Err(TokenError::new(at, at + rest.len(), message, Some(help)))
        }
    }
}

/// A run of signs that is no comparison.
fn strange_sign(sign: &str, at: usize) -> TokenError {
    let help = match sign {
        "!" => {
            let help = "write `not:` around the atom".to_owned();
            return TokenError::new(at, at + 1, "`!` is no operator", Some(help));
        }
        "=" => "equality is written `==`",
        "===" => "did you mean `==`?",
        "!==" | "<>" => "did you mean `!=`?",
        "=>" => "did you mean `>=`?",
        "=<" => "did you mean `<=`?",
        "~" | "=~" | "~=" | "==~" => "did you mean `matches`?",
        "!~" => "write `not:` around an atom with `matches`",
        _ => "comparisons are `==`, `!=`, `<`, `<=`, `>` and `>=`",
    };
    let message = format!("`{sign}` is no comparison");
    TokenError::new(at, at + sign.len(), message, Some(help.to_owned()))
}

const fn is_sign(c: char) -> bool {
    matches!(c, '=' | '!' | '<' | '>' | '~')
}

/// A word of signs that have no place in it: what was probably meant.
fn strange(word: &str, rest: &str, at: usize, before: Option<&Token<'_>>) -> TokenError {
    let first = before.is_none();
    let follows = |name| before.is_some_and(|token| token.kind == TokenKind::Word(name));
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let help = if let Some(text) = other_quotes(rest) {
        let help = format!("write straight quotes: `\"{}\"`", excerpt(text));
        let to = at + rest.find(text).unwrap_or(0) + text.len();
        let last = rest.get(to - at..).and_then(|rest| rest.chars().next());
        let to = to + last.map_or(0, char::len_utf8);
        let message = "these quotes are not those of a string";
        return TokenError::new(at, to, message, Some(help));
    } else if let Some((name, _)) = word.split_once('(').filter(|(name, _)| !name.is_empty()) {
        let help = match name.rsplit('.').next() {
            Some("len" | "length" | "size" | "count") => {
                "write `action.tags length_greater_than 3`: an operator stands between two sides"
            }
            Some("now" | "today" | "date" | "time" | "timestamp") => {
                "there is no clock: declare a timestamp that the host fills, such as `snapshot.now`"
            }
            _ => "an operator stands between two sides: `actor.role starts_with \"x\"`",
        };
        let message = "the short form has no functions";
        return TokenError::new(at, at + word.len(), message, Some(help.to_owned()));
    } else if word.starts_with('(') && !first {
        "a list stands in square brackets: `[a, b]`".to_owned()
    } else if word.contains(['(', ')']) {
        "there are no parentheses: write lists under `all:` and `any:`".to_owned()
    } else if word.starts_with('{') && !first {
        "a list stands in square brackets: `[a, b]`".to_owned()
    } else if let Some(name) = word.strip_prefix('@') {
        if name.is_empty() {
            "the name of a list follows: `@leads`".to_owned()
        } else {
            format!("quote it if it is text: `\"{}\"`; `@` names a list", excerpt(word))
        }
    } else if is_named_field(bare) && bare != word {
        format!("write fields as they are: `{}`", excerpt(bare))
    } else if let Some(sum) = sum(word) {
        sum
    } else if word == "*" || word == "/" || word == "%" {
        "there are sums only: let the host fill a field with the result".to_owned()
    } else if let Some(number) = word.strip_prefix(['$', '€', '£']).filter(|rest| is_digits(rest))
    {
        format!("write the number alone: `{number}`")
    } else if follows("matches") && word.len() > 2 && word.starts_with('/') && word.ends_with('/') {
        let pattern = word.get(1..word.len() - 1).unwrap_or_default();
        format!("quote the pattern, without slashes: `'{}'`", excerpt(pattern))
    } else if first {
        "an atom begins with a field: `action.amount > 1000`; names with other characters take the \
         long form"
            .to_owned()
    } else {
        format!("quote text: `\"{}\"`", excerpt(word))
    };
    let message = format!("`{}` is no word of the short form", excerpt(word));
    TokenError::new(at, at + word.len(), message, Some(help))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn is_named_field(word: &str) -> bool {
    let domain = word.split_once('.').map(|(domain, _)| domain);
    matches!(domain, Some("action" | "actor" | "snapshot"))
}

/// What stands between quotes that are none here.
fn other_quotes(rest: &str) -> Option<&str> {
    const PAIRS: [(char, &[char]); 6] = [
        ('\u{201c}', &['\u{201d}', '\u{201c}']),
        ('\u{201d}', &['\u{201d}']),
        ('\u{201e}', &['\u{201c}', '\u{201d}']),
        ('\u{2018}', &['\u{2019}', '\u{2018}']),
        ('\u{ab}', &['\u{bb}']),
        ('`', &['`']),
    ];
    let open = rest.chars().next()?;
    let (_, closing) = PAIRS.iter().find(|(quote, _)| *quote == open)?;
    let inner = rest.get(open.len_utf8()..)?;
    let end = inner.find(*closing).unwrap_or(inner.len());
    inner.get(..end).filter(|text| !text.is_empty())
}

/// A sum without the spaces around its sign.
fn sum(word: &str) -> Option<String> {
    if let Some(addend) = word.strip_prefix('+').filter(|rest| !rest.is_empty()) {
        return Some(format!("a space stands behind the sign of a sum: `+ {}`", excerpt(addend)));
    }
    let (field, addend) = word.split_once('+')?;
    let help = format!("spaces stand around the sign of a sum: `{field} + {}`", excerpt(addend));
    (is_named_field(field) && !addend.is_empty()).then_some(help)
}
