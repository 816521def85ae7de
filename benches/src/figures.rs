//! Figures that are counted rather than timed: memory, allocations, sizes of files.

use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt::Write;

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes of memory or of a file.
    Bytes,
    /// Allocations.
    Allocations,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was counted.
    pub what: String,
    /// How much of it.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
    /// The most that is wanted, where something is.
    pub at_most: Option<f64>,
    /// The command that says it again.
    pub command: String,
}

impl Figure {
    /// Whether it is what is wanted; `None` where nothing is.
    pub fn is_met(&self) -> Option<bool> {
        self.at_most.map(|most| self.value <= most)
    }

    /// The line that commands tell it by: what, how much, the unit, the most or `-`, separated by tabs.
    pub fn line(&self) -> String {
        let unit = match self.unit {
            Unit::Bytes => "bytes",
            Unit::Allocations => "allocations",
        };
        let most = self.at_most.map_or_else(|| "-".to_owned(), |most| most.to_string());
        format!("{}\t{}\t{unit}\t{most}\t{}", self.what, self.value, self.command)
    }
}

/// Figures from such lines.
pub fn read(text: &str) -> Result<Vec<Figure>, Box<dyn Error>> {
    let figure = |line: &str| -> Result<Figure, Box<dyn Error>> {
        let [what, value, unit, most, command] = *line.split('\t').collect::<Vec<_>>() else {
            return Err(format!("`{line}` is no figure").into());
        };
        let unit = match unit {
            "bytes" => Unit::Bytes,
            "allocations" => Unit::Allocations,
            _ => return Err(format!("`{line}` is of no unit that is known").into()),
        };
        let at_most = if most == "-" { None } else { Some(most.parse()?) };
        let (what, command) = (what.to_owned(), command.to_owned());
        Ok(Figure { what, value: value.parse()?, unit, at_most, command })
    };
    text.lines().map(figure).collect()
}

/// The figures as tables in Markdown, one for each unit.
pub fn sections(figures: &[Figure]) -> String {
    let mut text = String::new();
    for (unit, heading) in
        [(Unit::Bytes, "Memory and sizes"), (Unit::Allocations, "Allocations of an evaluation")]
    {
        let mut rows = figures.iter().filter(|figure| figure.unit == unit).peekable();
        if rows.peek().is_none() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "## {heading}\n\n| what | | goal | met | command |\n|---|---:|---|---|---|\n"
        );
        for figure in rows {
            let goal = figure.at_most.map(|most| format!("at most {}", amount(most, unit)));
            let met = figure.is_met().map_or("", |met| if met { "yes" } else { "**no**" });
            let _ = writeln!(
                text,
                "| {} | {} | {} | {met} | `{}` |",
                figure.what,
                amount(figure.value, unit),
                goal.unwrap_or_default(),
                figure.command
            );
        }
        text.push('\n');
    }
    text
}

fn amount(value: f64, unit: Unit) -> String {
    const KIB: f64 = 1024.0;
    match unit {
        Unit::Bytes if value < 10.0 * KIB => format!("{value:.0} bytes"),
        Unit::Bytes if value < KIB * KIB => format!("{:.0} KiB", value / KIB),
        Unit::Bytes => format!("{:.1} MiB", value / (KIB * KIB)),
        Unit::Allocations if value.fract() == 0.0 => format!("{value:.0}"),
        Unit::Allocations => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, unit: Unit, at_most: Option<f64>) -> Figure {
        Figure { what: "a".to_owned(), value, unit, at_most, command: "make a".to_owned() }
    }

    #[test]
    fn figures_are_read_as_they_were_told() {
        let figures = [
            figure(0.0, Unit::Allocations, Some(0.0)),
            figure(123_456.0, Unit::Bytes, None),
            figure(3.25, Unit::Allocations, None),
        ];
        let text: Vec<String> = figures.iter().map(Figure::line).collect();
        assert_eq!(text[0], "a\t0\tallocations\t0\tmake a");
        assert_eq!(read(&text.join("\n")).unwrap(), figures);
        for wrong in
            ["a\t0", "a\t0\tpounds\t-\tb", "a\tmany\tbytes\t-\tb", "a\t0\tbytes\tfew\tb", ""]
        {
            assert!(read(&format!("{wrong}\n")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn goals_are_limits() {
        assert_eq!(figure(0.0, Unit::Allocations, Some(0.0)).is_met(), Some(true));
        assert_eq!(figure(0.5, Unit::Allocations, Some(0.0)).is_met(), Some(false));
        assert_eq!(figure(0.5, Unit::Allocations, None).is_met(), None);
    }

    #[test]
    fn each_unit_has_a_table() {
        let text = sections(&[
            figure(2.5, Unit::Allocations, Some(0.0)),
            figure(2048.0 * 1024.0, Unit::Bytes, None),
        ]);
        assert!(text.contains("| a | 2.0 MiB |  |  | `make a` |"), "{text}");
        assert!(text.contains("| a | 2.5 | at most 0 | **no** | `make a` |"), "{text}");
        assert_eq!(text.matches("## ").count(), 2);
        assert_eq!(sections(&[]), "");
    }

    #[test]
    fn bytes_have_the_unit_that_fits() {
        let told = [2000.0, 20_480.0, 3e6].map(|bytes| amount(bytes, Unit::Bytes));
        assert_eq!(told, ["2000 bytes", "20 KiB", "2.9 MiB"]);
    }
}
