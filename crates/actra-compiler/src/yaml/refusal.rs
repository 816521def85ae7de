//! Places in what `serde_yaml` says of a document that it refuses.

use super::join::Range;

/// The run of characters other than white space that begins at a byte.
pub(super) fn word(text: &str, at: usize) -> Range {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|char: char| char.is_whitespace() || matches!(char, ',' | ']' | '}'));
    (at as u32, (at + end.unwrap_or(rest.len())) as u32)
}

/// The byte at a line and a column in characters, both from 1, as libyaml counts them.
pub(super) fn offset(text: &str, line: usize, column: usize) -> Option<u32> {
    let mut start = 0;
    for _ in 1..line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let (at, _) = text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    Some((start + at) as u32)
}

/// What libyaml says: `problem at line 3 column 1, context at line 2 column 5`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) context: Option<(usize, usize, String)>,
}

impl Refusal {
    pub(super) fn parse(said: &str) -> Self {
        let (problem, context) = match said.split_once(", while ") {
            Some((problem, context)) => (problem, Some(context)),
            None => (said, None),
        };
        let (problem, _) = without_place(problem);
        let Some((what, place)) = context.map(without_place) else {
            return Self { message: problem.to_owned(), context: None };
        };
        Self {
            message: format!("{problem} while {what}"),
            context: place.map(|(line, column)| (line, column, format!("{what} from here on"))),
        }
    }
}

/// Takes ` at line L column C` off the end of a message.
fn without_place(said: &str) -> (&str, Option<(usize, usize)>) {
    let Some((before, place)) = said.rsplit_once(" at line ") else {
        return (said, None);
    };
    let numbers = place
        .split_once(" column ")
        .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
    match numbers {
        Some(numbers) => (before, Some(numbers)),
        None => (said, None),
    }
}
