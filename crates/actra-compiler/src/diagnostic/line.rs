//! One line of a document as a terminal shows it: tabs spread out, characters that would not show
//! (or would lie) spelled out, and long lines cut around what is marked.

use std::fmt::Write as _;
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// Columns of a line that are shown.
const MAX_COLUMNS: usize = 120;

/// Columns that are shown before the mark where a line is cut.
const COLUMNS_BEFORE: usize = 40;

/// Columns of a tab.
const TAB: &str = "    ";

/// Stands where a line is cut.
const CUT: &str = "...";

/// A line to show, and the columns of it that are marked (counted from 0, never none).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) marked: Range<usize>,
}

/// Shows a line with some of its bytes marked.
pub(super) fn show(line: &str, marked: Range<usize>) -> Shown {
    let start = floor_boundary(line, marked.start);
    let end = floor_boundary(line, marked.end).max(start);
    let from = first_shown(line, start);
    let mut text = String::new();
    let mut columns = 0;
    if from > 0 {
        text.push_str(CUT);
        columns += CUT.len();
    }
    let mut marks = None::<Range<usize>>;
    let mut whole = true;
    for (at, char) in line.get(from..).unwrap_or_default().char_indices() {
        let at = from + at;
        if columns >= MAX_COLUMNS {
            whole = false;
            break;
        }
        let width = push(&mut text, char);
        if at >= start && at < end {
            marks = Some(marks.map_or(columns, |marks| marks.start)..columns + width);
        } else if at == start && marks.is_none() {
            marks = Some(columns..columns);
        }
        columns += width;
    }
    let mut marked = marks.unwrap_or(columns..columns);
    // A mark of no width (nothing is there, or a combining character) is one column wide.
    marked.end = marked.end.max(marked.start + 1);
    if !whole {
        text.push_str(CUT);
    }
    Shown { text: text.trim_end().to_owned(), marked }
}

/// The byte from which on a line is shown, so that the mark is in sight.
fn first_shown(line: &str, mark: usize) -> usize {
    if fits(line) {
        return 0;
    }
    let mut columns = 0;
    let before = line.get(..mark).unwrap_or_default();
    for (at, char) in before.char_indices().rev() {
        columns += width(char);
        if columns > COLUMNS_BEFORE {
            return at + char.len_utf8();
        }
    }
    0
}

/// Whether a line is shown as a whole. Cheap to decide for a line of any length.
pub(super) fn fits(line: &str) -> bool {
    let mut total = 0;
    line.chars().all(|char| {
        total += width(char);
        total <= MAX_COLUMNS
    })
}

/// Text that is safe to print: what does not show is spelled out, line breaks excepted.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for char in text.chars() {
        if char == '\n' {
            clean.push(char);
        } else {
            push(&mut clean, char);
        }
    }
    clean
}

/// Adds a character as it is shown; gives its width.
fn push(text: &mut String, char: char) -> usize {
    let before = text.len();
    match char {
        '\t' => text.push_str(TAB),
        _ if is_hidden(char) => {
            // Writing to a string does not fail.
            let _ = write!(text, "\\u{{{:x}}}", u32::from(char));
        }
        _ => {
            text.push(char);
            return char.width().unwrap_or(0);
        }
    }
    text.len() - before
}

fn width(char: char) -> usize {
    match char {
        '\t' => TAB.len(),
        _ if is_hidden(char) => {
            let digits = (32 - u32::from(char).leading_zeros()).div_ceil(4).max(1);
            "\\u{}".len() + digits as usize
        }
        _ => char.width().unwrap_or(0),
    }
}

/// Characters that a terminal obeys, swallows, or lets rearrange the text around them.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(line: &str, marked: &str) -> (String, String) {
        let start = line.find(marked).unwrap();
        let shown = show(line, start..start + marked.len());
        let marks = " ".repeat(shown.marked.start) + &"^".repeat(shown.marked.len());
        (shown.text, marks)
    }

    #[test]
    fn marks_stand_under_what_they_mark() {
        let cases = [
            ("a: b", "b", "a: b", "   ^"),
            ("\ta: b", "b", "    a: b", "       ^"),
            ("漢字: b", "b", "漢字: b", "      ^"),
            ("a: 漢字", "漢字", "a: 漢字", "   ^^^^"),
            ("e\u{301}: b", "b", "e\u{301}: b", "   ^"),
            ("a\u{1b}[31m: b", "b", "a\\u{1b}[31m: b", "             ^"),
            ("a\u{202e}: b", "\u{202e}", "a\\u{202e}: b", " ^^^^^^^^"),
            ("a:  ", "  ", "a:", "  ^^"),
        ];
        for (line, marked, text, marks) in cases {
            assert_eq!(drawn(line, marked), (text.to_owned(), marks.to_owned()), "{line:?}");
        }
    }

    #[test]
    fn a_mark_of_nothing_is_one_column_wide() {
        assert_eq!(show("ab", 1..1).marked, 1..2);
        assert_eq!(show("ab", 2..2).marked, 2..3);
        assert_eq!(show("", 0..0).marked, 0..1);
        assert_eq!(show("ab", 900..1000).marked, 2..3);
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let line = format!("{}needle{}", "x".repeat(5000), "y".repeat(5000));
        let (text, marks) = drawn(&line, "needle");
        assert_eq!(text, format!("...{}needle{}...", "x".repeat(40), "y".repeat(71)));
        assert_eq!(marks, format!("{}^^^^^^", " ".repeat(43)));
        let (text, marks) = drawn(&line, &line);
        assert_eq!(text, format!("{}...", "x".repeat(120)));
        assert_eq!(marks, "^".repeat(120));
    }

    proptest! {
        #[test]
        fn any_line_with_any_mark_is_shown_safely(
            line in "(\\PC|\t|[\u{1}-\u{1f}\u{202e}\u{301}漢]){0,300}",
            start in 0_usize..400,
            length in 0_usize..400,
        ) {
            let shown = show(&line, start..start + length);
            prop_assert!(!shown.text.chars().any(is_hidden));
            prop_assert!(!shown.marked.is_empty());
            prop_assert!(shown.marked.end <= MAX_COLUMNS + 12, "{:?}", shown);
        }

        #[test]
        fn widths_are_those_of_what_is_pushed(char in any::<char>()) {
            prop_assert_eq!(push(&mut String::new(), char), width(char));
        }
    }
}
