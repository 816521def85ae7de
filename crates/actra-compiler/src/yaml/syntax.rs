//! Syntax errors in words that help: what libyaml says, where people should look, and what to do.

use super::join::Range;

/// A syntax error in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// What is wrong.
    pub(super) message: String,
    /// Where.
    pub(super) range: Range,
    /// Where it begins.
    pub(super) related: Option<(Range, String)>,
    /// What to do.
    pub(super) help: Option<String>,
}

/// Puts an error into words. `at` is where libyaml stopped, and `context` what it was reading and
/// where that begins.
pub(super) fn explain(text: &str, at: usize, said: &str, context: Option<(u32, &str)>) -> Words {
    let range = character(text, at);
    let begins = |what: &str| {
        let (from, _) = context?;
        Some((character(text, from as usize), what.to_owned()))
    };
    let words = |message: &str, range, related, help: &str| Words {
        message: message.to_owned(),
        range,
        related,
        help: Some(help.to_owned()),
    };
    if text.as_bytes().get(at) == Some(&b'\t') {
        let message = "a tab stands in the indentation";
        return words(message, range, None, "indent with spaces, not with tabs");
    }
    if said.starts_with("found character that cannot start any token") {
        let sign = text.get(range.0 as usize..range.1 as usize).unwrap_or_default();
        let message = format!("a value without quotes cannot begin with `{sign}`");
        let help = "quote it if text is meant; in the long form, a list is named without `@`";
        let help = if sign == "@" { help } else { "put quotes around the value" };
        return words(&message, range, None, help);
    }
    if said.starts_with("found unexpected end of stream") && said.contains("quoted scalar") {
        let (from, _) = context.unwrap_or((range.0, ""));
        let range = character(text, from as usize);
        return words("this quote is not closed", range, None, "close it where the text ends");
    }
    if said.starts_with("found unknown escape character") {
        return words(
            "a backslash in double quotes begins an escape, and YAML has no such escape",
            range,
            begins("the text begins here"),
            "put patterns and paths in single quotes, or write each backslash twice",
        );
    }
    if said.starts_with("mapping values are not allowed") {
        return Words {
            message: "a key cannot stand here".to_owned(),
            range,
            related: None,
            help: Some(misplaced_key(text, at)),
        };
    }
    if said.starts_with("block sequence entries are not allowed") {
        return words(
            "a list item cannot stand here",
            range,
            None,
            "begin the list on the next line, or write `[a, b]`",
        );
    }
    if said.starts_with("could not find expected ':'") {
        let (from, _) = context.unwrap_or((range.0, ""));
        let rest = text.get(from as usize..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default().trim_end();
        return words(
            "a `:` should follow here: this is no key with a value",
            (from, from + line.len() as u32),
            None,
            "write `key: value`; a text that goes on over several lines is indented further than \
             its key",
        );
    }
    if said.starts_with("did not find expected node content") {
        let ends = text.get(at..).unwrap_or_default().trim().is_empty();
        return if ends {
            words("the document ends inside brackets", range, None, "close every `[` and `{`")
        } else {
            words("a value should stand here", range, None, "write one, or close the bracket")
        };
    }
    let flow = [("flow sequence", "`,` or `]`", "list"), ("flow mapping", "`,` or `}`", "mapping")];
    if let Some((_, signs, what)) = flow.iter().find(|(kind, ..)| said.ends_with(kind)) {
        let next = text.as_bytes().get(at);
        let help = if matches!(next, Some(b'[' | b'{')) {
            "inside `[ ]` and `{ }`, text that holds brackets or commas stands in quotes"
        } else {
            "close the bracket, or put quotes around text that holds brackets, commas or `: `"
        };
        return words(
            &format!("{signs} should stand here"),
            range,
            begins(&format!("the {what} begins here")),
            help,
        );
    }
    if said.starts_with("did not find expected '-' indicator") {
        return words(
            "a list item should begin here, with a `-`",
            range,
            begins("the list begins here"),
            "indent the line like the other lines of its item",
        );
    }
    if said.starts_with("did not find expected key") {
        let before = line_before(text, at).trim_end();
        let help = if before.ends_with(['\'', '"']) {
            "a value that begins with a quote ends with it: put the whole value in the other kind \
             of quotes"
        } else {
            "check indentation and quotes, here and on the line before"
        };
        let message = "the mapping does not go on here as it began";
        return words(message, range, begins("the mapping begins here"), help);
    }
    let related = context.map(|(from, what)| (character(text, from as usize), what.to_owned()));
    Words { message: said.to_owned(), range, related, help: None }
}

/// Why a key has a place where none can be.
fn misplaced_key(text: &str, at: usize) -> String {
    let line = line_before(text, at);
    // `description: note: text`
    if let Some((key, value)) = line.trim_start().split_once(": ") {
        let key = key.trim_start_matches("- ");
        let rest = text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
        let whole = format!("{value}{rest}").replace('"', "'");
        if whole.chars().count() <= 60 {
            return format!("quote text that holds a colon and a space: `{key}: \"{whole}\"`");
        }
        return "quote text that holds a colon and a space".to_owned();
    }
    // `id:a` on the line before
    let start = at - line.len();
    let before = text.get(..start).unwrap_or_default().trim_end();
    let before = before.rsplit(['\n', '\r']).next().unwrap_or_default();
    let before = before.trim_start().trim_start_matches("- ");
    if let Some((key, value)) = before.split_once(':')
        && !value.is_empty()
        && !value.starts_with(' ')
        && !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return format!("a space stands behind the colon: `{key}: {value}`");
    }
    "begin the line in the same column as the other keys of its mapping".to_owned()
}

/// The line up to a byte.
fn line_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    before.rsplit(['\n', '\r']).next().unwrap_or_default()
}

/// The character that begins at a byte; nothing at the end of a line.
fn character(text: &str, at: usize) -> Range {
    let char = text.get(at..).and_then(|rest| rest.chars().next());
    let width = char.filter(|char| !matches!(char, '\n' | '\r')).map_or(0, char::len_utf8);
    (at as u32, (at + width) as u32)
}
