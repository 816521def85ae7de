//! Unified diffs of edits.

use super::{Edit, apply};
use std::fmt::Write as _;

/// Lines around a change.
const CONTEXT: usize = 3;

/// Lines `from..to`, and what stands in their place.
struct Change {
    from: usize,
    to: usize,
    text: String,
}

/// The edits as a unified diff; empty where nothing changes.
pub(super) fn unified(before: &str, edits: &[Edit], name: &str) -> String {
    let lines: Vec<&str> = before.split_inclusive('\n').collect();
    let changes = changes(before, &lines, edits);
    if changes.is_empty() {
        return String::new();
    }
    // As version control writes them, but for paths from the root.
    let (old, new) = if name.starts_with('/') { ("", "") } else { ("a/", "b/") };
    let mut out = format!("--- {old}{name}\n+++ {new}{name}\n");
    // How many lines there are more in the new text so far.
    let mut shift = 0_isize;
    let mut rest = changes.as_slice();
    while let Some(first) = rest.first() {
        let mut count = 1;
        let mut last = first;
        while let Some(next) = rest.get(count).filter(|next| next.from <= last.to + 2 * CONTEXT) {
            last = next;
            count += 1;
        }
        let (group, others) = rest.split_at(count);
        hunk(&mut out, &lines, group, &mut shift);
        rest = others;
    }
    out
}

/// The lines that change: edits on one line, or on neighbours, are one change.
fn changes(before: &str, lines: &[&str], edits: &[Edit]) -> Vec<Change> {
    let mut starts = Vec::with_capacity(lines.len() + 1);
    let mut at = 0;
    for line in lines {
        starts.push(at);
        at += line.len();
    }
    let line_of = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1);
    let start_of = |line: usize| starts.get(line).copied().unwrap_or(before.len());
    let mut changes: Vec<Change> = Vec::new();
    let mut rest = edits;
    while let Some(first) = rest.first() {
        let from = line_of(first.start);
        let mut to = line_of(first.end.saturating_sub(1).max(first.start)) + 1;
        let mut count = 1;
        while let Some(next) = rest.get(count).filter(|next| line_of(next.start) <= to) {
            to = to.max(line_of(next.end.saturating_sub(1).max(next.start)) + 1);
            count += 1;
        }
        let (group, others) = rest.split_at(count);
        let (start, end) = (start_of(from), start_of(to));
        let moved: Vec<Edit> = group
            .iter()
            .map(|edit| Edit {
                start: edit.start - start,
                end: edit.end - start,
                text: edit.text.clone(),
            })
            .collect();
        let text = apply(before.get(start..end).unwrap_or_default(), &moved);
        changes.push(Change { from, to, text });
        rest = others;
    }
    changes
}

fn hunk(out: &mut String, lines: &[&str], group: &[Change], shift: &mut isize) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let from = first.from.saturating_sub(CONTEXT);
    let to = (last.to + CONTEXT).min(lines.len());
    let mut body = String::new();
    let (mut at, mut new) = (from, 0);
    for change in group {
        new += change.from - at;
        put(&mut body, ' ', lines.get(at..change.from).unwrap_or_default());
        put(&mut body, '-', lines.get(change.from..change.to).unwrap_or_default());
        let added: Vec<&str> = change.text.split_inclusive('\n').collect();
        new += added.len();
        put(&mut body, '+', &added);
        at = change.to;
    }
    new += to - at;
    put(&mut body, ' ', lines.get(at..to).unwrap_or_default());
    let old = to - from;
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "@@ -{},{old} +{},{new} @@",
        from + 1,
        (from + 1).saturating_add_signed(*shift)
    );
    out.push_str(&body);
    *shift += new as isize - old as isize;
}

fn put(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, edits: &[(usize, usize, &str)]) -> String {
        let edits: Vec<Edit> = edits
            .iter()
            .map(|(start, end, text)| Edit { start: *start, end: *end, text: (*text).to_owned() })
            .collect();
        unified(before, &edits, "x")
    }

    #[test]
    fn nothing_changed_is_no_diff() {
        assert_eq!(diff("a\nb\n", &[]), "");
    }

    #[test]
    fn far_changes_are_hunks_of_their_own_and_near_ones_share_one() {
        let text = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n";
        assert_eq!(
            diff(text, &[(0, 1, "zero"), (18, 19, "nine\nmore")]),
            "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-0\n+zero\n 1\n 2\n 3\n\
             @@ -7,6 +7,7 @@\n 6\n 7\n 8\n-9\n+nine\n+more\n 10\n 11\n"
        );
        assert_eq!(
            diff(text, &[(2, 3, "one"), (8, 11, "four")]),
            "--- a/x\n+++ b/x\n@@ -1,9 +1,8 @@\n 0\n-1\n+one\n 2\n 3\n-4\n-5\n+four\n 6\n 7\n 8\n"
        );
    }

    #[test]
    fn a_missing_line_break_at_the_end_is_said() {
        assert_eq!(
            diff("a\nb", &[(2, 3, "c")]),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\
             \\ No newline at end of file\n"
        );
    }
}
