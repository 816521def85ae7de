//! Results as a table.

use crate::measure::Pair;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What a ratio is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Ours takes at most so many times theirs.
    AtMost(f64),
    /// Theirs takes at least so many times ours.
    Faster(f64),
    /// Ours takes less than so many milliseconds.
    UnderMs(f64),
    /// It is only looked at.
    None,
}

/// A row of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// What is measured.
    pub workload: String,
    /// How it is asked for.
    pub door: String,
    /// What it is held against.
    pub against: String,
    /// What was measured.
    #[serde(flatten)]
    pub pair: Pair,
    /// What is wanted.
    pub goal: Goal,
}

impl Row {
    /// Whether the goal is met; `None` where there is none.
    pub fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::AtMost(most) => Some(self.pair.ratio <= most),
            Goal::Faster(times) => Some(self.pair.ratio * times <= 1.0),
            Goal::UnderMs(most) => Some(self.pair.ours < most * 1e6),
            Goal::None => None,
        }
    }
}

/// The rows as tables in Markdown, one under a heading for each workload: all sizes of W2 in one.
pub fn sections(rows: &[Row]) -> String {
    let mut sections: Vec<(&str, Vec<Row>)> = Vec::new();
    for row in rows {
        let heading = heading(&row.workload);
        match sections.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, rows)) => rows.push(row.clone()),
            None => sections.push((heading, vec![row.clone()])),
        }
    }
    let section =
        |(heading, rows): &(&str, Vec<Row>)| format!("## {heading}\n\n{}", markdown(rows));
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

fn heading(workload: &str) -> &str {
    match workload.split(' ').next() {
        Some("W1") => "W1: guard",
        Some("W2") => "W2: roles",
        Some("W3") => "W3: tenants",
        Some("W4") => "W4: thresholds",
        Some("W5") => "W5: strings",
        Some("W6") => "W6: history",
        Some("import") => "Importing",
        Some("start,") => "Starting",
        _ => "Compiling and loading",
    }
}

/// The rows as a table in Markdown, ratios first.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = "\
| ratio | spread | workload | door | median | against | median | goal | met |
|---:|---:|---|---|---:|---|---:|---|---|
"
    .to_owned();
    for row in rows {
        let Pair { ours, theirs, ratio, spread: (low, high) } = row.pair;
        let goal = match row.goal {
            Goal::AtMost(most) => format!("at most {most}x"),
            Goal::Faster(times) => format!("{times}x faster"),
            Goal::UnderMs(most) => format!("under {most} ms"),
            Goal::None => String::new(),
        };
        let met = row.is_met().map_or("", |met| if met { "yes" } else { "**no**" });
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} .. {} | {} | {} | {} | {} | {} | {goal} | {met} |",
            times(ratio),
            times(low),
            times(high),
            row.workload,
            row.door,
            duration(ours),
            row.against,
            duration(theirs),
        );
    }
    text
}

/// A ratio; small ones the other way around.
pub(crate) fn times(ratio: f64) -> String {
    if ratio < 0.1 { format!("1/{:.0}", 1.0 / ratio) } else { format!("{ratio:.2}") }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.1} ns"),
        ..1e6 => format!("{:.1} us", nanoseconds / 1e3),
        _ => format!("{:.1} ms", nanoseconds / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ratio: f64, goal: Goal) -> Row {
        let pair = Pair { ours: 1500.0, theirs: 2e6, ratio, spread: (ratio, ratio) };
        Row { workload: "W1".to_owned(), door: "a".to_owned(), against: "b".to_owned(), pair, goal }
    }

    #[test]
    fn goals_say_which_way_they_point() {
        assert_eq!(row(2.9, Goal::AtMost(3.0)).is_met(), Some(true));
        assert_eq!(row(3.1, Goal::AtMost(3.0)).is_met(), Some(false));
        assert_eq!(row(0.01, Goal::Faster(50.0)).is_met(), Some(true));
        assert_eq!(row(0.03, Goal::Faster(50.0)).is_met(), Some(false));
        // The row's own time is 1.5 us.
        assert_eq!(row(9.0, Goal::UnderMs(0.002)).is_met(), Some(true));
        assert_eq!(row(0.1, Goal::UnderMs(0.0015)).is_met(), Some(false));
        assert_eq!(row(9.0, Goal::None).is_met(), None);
    }

    #[test]
    fn each_workload_has_a_table() {
        let row = |workload: &str| Row { workload: workload.to_owned(), ..row(1.0, Goal::None) };
        let text =
            sections(&[row("W1 guard"), row("W2 roles-3"), row("1,000 rules"), row("W2 roles-10")]);
        let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(headings, ["## W1: guard", "## W2: roles", "## Compiling and loading"]);
        assert_eq!(text.lines().filter(|line| line.contains("roles-")).count(), 2);
    }

    #[test]
    fn rows_show_ratios_first() {
        let text = markdown(&[row(0.01, Goal::Faster(50.0))]);
        let last = text.lines().last().unwrap();
        assert_eq!(
            last,
            "| 1/100 | 1/100 .. 1/100 | W1 | a | 1.5 us | b | 2.0 ms | 50x faster | yes |"
        );
    }
}
