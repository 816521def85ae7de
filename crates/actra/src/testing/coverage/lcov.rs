//! Coverage as an LCOV tracefile, over the lines of the policies' documents.
//!
//! A rule is a function; a line with a rule's id or an atom is a line; an atom is two branches, true
//! and false. Where several stand on a line, the line was hit as often as the one that was hit
//! least. Atoms of a definition are counted for all rules that use it.

use super::{AtomCoverage, Coverage, RuleCoverage, SourcePlace};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The coverage as an LCOV tracefile. Policies from artifacts have no lines and are not in it.
pub fn to_lcov(coverage: &Coverage) -> String {
    let mut files: BTreeMap<&str, File<'_>> = BTreeMap::new();
    for policy in coverage.policies.iter().filter(|policy| !policy.is_artifact) {
        for rule in &policy.rules {
            if let Some(place) = &rule.place {
                files.entry(&place.file).or_default().rules.push((place, rule));
            }
            for atom in &rule.atoms {
                if let Some(place) = &atom.place {
                    files.entry(&place.file).or_default().add(place, atom);
                }
            }
        }
    }
    let mut text = String::new();
    for (name, file) in &mut files {
        file.write(name, &mut text);
    }
    text
}

/// A name without line breaks, which would begin another record, nor other control characters.
fn on_one_line(name: &str) -> String {
    let mut line = String::with_capacity(name.len());
    for char in name.chars() {
        if char.is_control() { line.extend(char.escape_default()) } else { line.push(char) }
    }
    line
}

#[derive(Default)]
struct File<'c> {
    rules: Vec<(&'c SourcePlace, &'c RuleCoverage)>,
    /// By line and column.
    atoms: BTreeMap<(u32, u32), Seen>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    yes: u64,
    no: u64,
    all: u64,
}

impl File<'_> {
    fn add(&mut self, place: &SourcePlace, atom: &AtomCoverage) {
        let seen = self.atoms.entry((place.line, place.column)).or_default();
        seen.yes += atom.seen_true;
        seen.no += atom.seen_false;
        seen.all += atom.seen_true + atom.seen_false + atom.seen_unknown;
    }

    fn write(&mut self, name: &str, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "TN:\nSF:{}", on_one_line(name));
        self.rules.sort_by_key(|(place, _)| (place.line, place.column));
        let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
        let mut hit = |line: u32, count: u64| {
            lines.entry(line).and_modify(|known| *known = count.min(*known)).or_insert(count);
        };
        for (place, rule) in &self.rules {
            let _ = writeln!(out, "FN:{},{}", place.line, on_one_line(&rule.id));
            hit(place.line, rule.fired);
        }
        for (_, rule) in &self.rules {
            let _ = writeln!(out, "FNDA:{},{}", rule.fired, on_one_line(&rule.id));
        }
        let fired = self.rules.iter().filter(|(_, rule)| rule.fired > 0).count();
        let _ = writeln!(out, "FNF:{}\nFNH:{fired}", self.rules.len());
        let mut branches_hit = 0;
        let (mut line_before, mut block) = (0, 0);
        for ((line, _), seen) in &self.atoms {
            block = if *line == line_before { block + 1 } else { 0 };
            line_before = *line;
            for (branch, count) in [seen.yes, seen.no].into_iter().enumerate() {
                let taken = if seen.all == 0 { "-".to_owned() } else { count.to_string() };
                let _ = writeln!(out, "BRDA:{line},{block},{branch},{taken}");
                branches_hit += usize::from(count > 0);
            }
            hit(*line, seen.all);
        }
        let _ = writeln!(out, "BRF:{}\nBRH:{branches_hit}", self.atoms.len() * 2);
        for (line, count) in &lines {
            let _ = writeln!(out, "DA:{line},{count}");
        }
        let lines_hit = lines.values().filter(|count| **count > 0).count();
        let _ = writeln!(out, "LF:{}\nLH:{lines_hit}\nend_of_record", lines.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_no_record() {
        assert_eq!(on_one_line("a\nDA:1,1\r\u{1b}ü"), "a\\nDA:1,1\\r\\u{1b}ü");
        let mut text = String::new();
        File::default().write("a\nend_of_record\nSF:b", &mut text);
        assert_eq!(text.lines().filter(|line| line.starts_with("SF:")).count(), 1, "{text}");
        assert_eq!(text.lines().filter(|line| *line == "end_of_record").count(), 1, "{text}");
    }
}
