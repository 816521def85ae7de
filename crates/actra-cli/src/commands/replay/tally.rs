//! Counts of what came out, with the first rows of each kind. What is kept does not grow with the
//! number of rows.

use super::outcome::{Answer, Outcome};
use actra::RuleId;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// Most pairs of an old and a new deciding rule that are counted by themselves.
const MAX_PAIRS: usize = 65_536;

/// Most names of rules that are taken from a log,
const MAX_RECORDED_RULES: usize = 1024;

/// and most bytes of each.
const MAX_RULE_BYTES: usize = 256;

/// Most characters that are kept of a row to show it,
const MAX_SAMPLE_CHARS: usize = 1000;

/// and the bytes that they may take, at most.
pub(super) const MAX_SAMPLE_BYTES: usize = MAX_SAMPLE_CHARS * 4;

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rule {
    /// None: the default did, or it is an error, or nobody recorded it.
    None,
    /// A policy's.
    Of(RuleId),
    /// One that the log names: a number in [`Names`].
    Recorded(u32),
    /// Any of those that are counted together.
    Other,
}

/// What came out on one side, and who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) rule: Rule,
}

impl Verdict {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer {
            Ok((effect, rule)) => {
                Self { outcome: Outcome::Decided(*effect), rule: rule.map_or(Rule::None, Rule::Of) }
            }
            Err(error) => Self { outcome: Outcome::Error(error.code), rule: Rule::None },
        }
    }

    pub(super) const fn without_rule(outcome: Outcome) -> Self {
        Self { outcome, rule: Rule::None }
    }
}

/// Names of rules that a log has.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    /// The rule of that name; past the limit it is one of the others.
    pub(super) fn rule(&mut self, name: &str) -> Rule {
        if let Some(number) = self.numbers.get(name) {
            return Rule::Recorded(*number);
        }
        if self.names.len() >= MAX_RECORDED_RULES || name.len() > MAX_RULE_BYTES {
            return Rule::Other;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Rule::Recorded(number)
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }
}

/// A row to look at.
#[derive(Debug)]
pub(super) struct Sample {
    /// Which of the logs, counting from 0,
    pub(super) file: usize,
    /// and where in it: a line, or a row of a file without lines.
    pub(super) line: u64,
    pub(super) old: Verdict,
    pub(super) new: Verdict,
    /// What is wrong with the row, where it cannot be decided.
    pub(super) error: Option<String>,
    pub(super) row: String,
    /// Whether there is more of the row.
    pub(super) is_cut: bool,
}

/// A row as a sample shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) row: String,
    pub(super) is_cut: bool,
}

impl Shown {
    pub(super) fn of(row: &[u8]) -> Self {
        // More bytes than so many characters can take are not looked at.
        let head = row.get(..MAX_SAMPLE_BYTES).unwrap_or(row);
        let text = String::from_utf8_lossy(head);
        let row_text: String = text.chars().take(MAX_SAMPLE_CHARS).collect();
        let is_cut = row_text.len() < text.len() || head.len() < row.len();
        Self { row: row_text, is_cut }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Most samples of a kind.
    most_samples: usize,
    pub(super) pairs: HashMap<(Verdict, Verdict), u64>,
    pub(super) samples: BTreeMap<(Outcome, Outcome), Vec<Sample>>,
    pub(super) names: Names,
}

impl Tally {
    pub(super) fn new(most_samples: usize) -> Self {
        Self { most_samples, ..Self::default() }
    }

    pub(super) const fn most_samples(&self) -> usize {
        self.most_samples
    }

    /// Counts a row; `show` tells which it is, if it is worth showing.
    pub(super) fn add(
        &mut self,
        old: Verdict,
        new: Verdict,
        show: impl FnOnce() -> (usize, u64, Option<String>, Shown),
    ) {
        self.count(old, new, 1);
        let kind = (old.outcome, new.outcome);
        let is_worth_it = old.outcome != new.outcome || matches!(new.outcome, Outcome::Error(_));
        if !is_worth_it || self.most_samples == 0 {
            return;
        }
        let samples = self.samples.entry(kind).or_default();
        if samples.len() < self.most_samples {
            let (file, line, error, Shown { row, is_cut }) = show();
            samples.push(Sample { file, line, old, new, error, row, is_cut });
        }
    }

    fn count(&mut self, old: Verdict, new: Verdict, rows: u64) {
        let is_full = self.pairs.len() >= MAX_PAIRS;
        match self.pairs.entry((old, new)) {
            Entry::Occupied(mut entry) => *entry.get_mut() += rows,
            Entry::Vacant(entry) if !is_full => drop(entry.insert(rows)),
            Entry::Vacant(_) => {
                let other = |verdict: Verdict| Verdict { rule: Rule::Other, ..verdict };
                *self.pairs.entry((other(old), other(new))).or_default() += rows;
            }
        }
    }

    /// Adds what was counted of later rows.
    pub(super) fn merge(&mut self, later: Self) {
        let mut pairs: Vec<_> = later.pairs.into_iter().collect();
        // So that which pairs are counted by themselves does not hang on the order of a table.
        pairs.sort_unstable();
        // Names get their numbers in the order of the log.
        let rules: Vec<Rule> = later.names.names.iter().map(|name| self.names.rule(name)).collect();
        let renumber = |verdict: Verdict| match verdict.rule {
            Rule::Recorded(number) => Verdict {
                rule: rules.get(number as usize).copied().unwrap_or(Rule::Other),
                ..verdict
            },
            _ => verdict,
        };
        for ((old, new), rows) in pairs {
            self.count(renumber(old), renumber(new), rows);
        }
        for (kind, samples) in later.samples {
            let kept = self.samples.entry(kind).or_default();
            let room = self.most_samples.saturating_sub(kept.len());
            kept.extend(samples.into_iter().take(room).map(|sample| Sample {
                old: renumber(sample.old),
                new: renumber(sample.new),
                ..sample
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra::Effect;

    fn recorded(names: &mut Names, name: &str) -> Verdict {
        Verdict { outcome: Outcome::Decided(Effect::Block), rule: names.rule(name) }
    }

    fn shown() -> (usize, u64, Option<String>, Shown) {
        (0, 1, None, Shown::of(b"{}"))
    }

    #[test]
    fn a_log_with_endless_names_of_rules_takes_bounded_room() {
        let allow = Verdict::without_rule(Outcome::Decided(Effect::Allow));
        let mut all = Tally::new(2);
        let mut rows = 0;
        for batch in 0..20 {
            let mut tally = Tally::new(2);
            for number in 0..500 {
                let old = recorded(&mut tally.names, &format!("rule {batch} {number}"));
                tally.add(old, allow, shown);
                rows += 1;
            }
            let long = recorded(&mut tally.names, &"x".repeat(100_000));
            assert_eq!(long.rule, Rule::Other);
            all.merge(tally);
        }
        assert_eq!(all.names.names.len(), MAX_RECORDED_RULES);
        assert!(all.pairs.len() <= MAX_RECORDED_RULES + 1);
        assert_eq!(all.pairs.values().sum::<u64>(), rows);
        assert_eq!(all.samples.values().map(Vec::len).sum::<usize>(), 2);
    }

    #[test]
    fn names_keep_their_counts_when_they_are_numbered_anew() {
        let allow = Verdict::without_rule(Outcome::Decided(Effect::Allow));
        let mut all = Tally::new(0);
        for names in [["a", "b"], ["b", "c"]] {
            let mut tally = Tally::new(0);
            for name in names {
                let old = recorded(&mut tally.names, name);
                tally.add(old, allow, shown);
            }
            all.merge(tally);
        }
        for (name, rows) in [("a", 1), ("b", 2), ("c", 1)] {
            let old = recorded(&mut all.names, name);
            assert_eq!(all.pairs.get(&(old, allow)), Some(&rows), "{name}");
        }
    }

    #[test]
    fn long_rows_are_cut_and_what_is_no_text_is_shown_as_far_as_it_can_be() {
        let shown = Shown::of("ä".repeat(MAX_SAMPLE_CHARS + 1).as_bytes());
        assert_eq!((shown.row.chars().count(), shown.is_cut), (MAX_SAMPLE_CHARS, true));
        assert_eq!(Shown::of(b"a\xff"), Shown { row: "a\u{fffd}".to_owned(), is_cut: false });
    }
}
