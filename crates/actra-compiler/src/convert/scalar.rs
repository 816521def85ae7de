//! Scalars of YAML for texts.

use crate::yaml::forbidden;
use std::fmt::Write as _;

/// A short atom as a scalar: plain where that is safe, else in single quotes. It is one line, and
/// begins with a word.
pub(super) fn atom(text: &str, flow: bool) -> String {
    let ends = [": ", " #", ":\t", "\t#"].iter().any(|pair| text.contains(pair));
    let splits = flow && text.contains([',', '[', ']', '{', '}', ':']);
    if ends || splits || text.ends_with(':') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

/// A text as a scalar that may stand inside of braces.
pub(super) fn text(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if needs_escapes(text).is_none() {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double_quoted(text)
    }
}

/// The first character that stands in no line of YAML as it is.
pub(super) fn needs_escapes(text: &str) -> Option<char> {
    let control = text.chars().find(|char| char.is_control() || *char == '\u{feff}');
    control.or_else(|| forbidden(text).next().map(|(_, char)| char))
}

/// Words, paths and names with dots, but for those that some reader takes for another value.
fn is_plain(text: &str) -> bool {
    const OTHER: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
        && !OTHER.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        let mut buffer = [0; 4];
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if needs_escapes(char.encode_utf8(&mut buffer)).is_none() => out.push(char),
            _ => {
                // Writing to a string cannot fail.
                let _ = match u32::from(char) {
                    code @ ..=0xff => write!(out, "\\x{code:02X}"),
                    code @ ..=0xffff => write!(out, "\\u{code:04X}"),
                    code => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_atoms_are_plain_where_that_is_safe() {
        for plain in ["action.amount > 1000", "actor.role in [a, \"b c\"]", "actor.x == \"a:b\""] {
            assert_eq!(atom(plain, false), plain);
        }
        assert_eq!(atom("actor.x == \"a: b\"", false), "'actor.x == \"a: b\"'");
        assert_eq!(atom("actor.x == \"a #b\"", false), "'actor.x == \"a #b\"'");
        assert_eq!(atom("actor.x == 'a: b\"'", false), "'actor.x == ''a: b\"'''");
        assert_eq!(atom("actor.role in [a]", true), "'actor.role in [a]'");
        assert_eq!(atom("action.amount > 1000", true), "action.amount > 1000");
    }

    #[test]
    fn texts_read_back_as_the_strings_that_they_were() {
        for (value, written) in [
            ("lead", "lead"),
            ("a/b.c-d", "a/b.c-d"),
            ("yes", "'yes'"),
            ("5", "'5'"),
            ("", "''"),
            ("it's", "'it''s'"),
            ("a, b", "'a, b'"),
            ("größe", "'größe'"),
            ("a\tb\n\"\\", r#""a\tb\n\"\\""#),
            ("\u{85}\u{2028}", r#""\x85\u2028""#),
        ] {
            assert_eq!(text(value), written);
            assert_eq!(serde_yaml::from_str::<String>(written).unwrap(), value);
        }
    }
}
