//! The few rows that the README shows, from the results.

use crate::report::{Row, times};
use std::fmt::Write;

/// Where they stand in the README.
const BEGIN: &str = "<!-- speed: `make bench` writes this from benches/results.json -->\n";
const END: &str = "<!-- /speed -->\n";

const HEAD: &str = "\
| | Actra takes | of the time of |
|---|---:|---|
";

/// A line: how it is called, the workload, the door, and what it is held against, with what that is
/// called.
type Line = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const LINES: &[Line] = &[
    (
        "Rust, five operations and twelve rules, slots filled and decided",
        "W1 guard",
        "frame filled + evaluate",
        &[("hand-written", "`if`s written by hand, with the same checks")],
    ),
    (
        "Rust, the same",
        "W1 guard",
        "Rust: frame filled + evaluate",
        &[
            ("cedar-policy", "cedar-policy"),
            ("regorus", "regorus"),
            ("casbin", "casbin"),
            ("zen-engine", "zen-engine"),
            ("cel", "cel"),
        ],
    ),
    (
        "Rust, 10,000 rules that a role tells apart",
        "W2 roles-10000",
        "frame filled + evaluate",
        &[("hand-written index", "a hash table written by hand")],
    ),
    (
        "Go, five operations and twelve rules",
        "W1 guard",
        "Go: builder filled + evaluate",
        &[
            ("Go: cedar", "cedar-go"),
            ("Go: rego", "OPA"),
            ("Go: casbin", "casbin"),
            ("Go: cel", "cel-go"),
        ],
    ),
    (
        "Python, the same",
        "W1 guard",
        "Python: evaluate(dict)",
        &[
            ("Python: cedarpy", "cedarpy"),
            ("Python: cel-python", "cel-python"),
            ("Python: pycasbin", "pycasbin"),
        ],
    ),
    (
        "Python, the same, as far as 0.7.8 can say it",
        "W1 for 0.7.8",
        "Python: evaluate(dict)",
        &[("Python: actra 0.7.8, evaluate(dict)", "`actra` 0.7.8")],
    ),
    (
        "ten million rows as columns",
        "W6 history, 10 million rows",
        "columns",
        &[("a hand-written loop over the columns", "a loop over them written by hand")],
    ),
];

/// The table. What was not measured is left out.
pub fn table(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    for (title, workload, door, others) in LINES {
        let measured = others.iter().filter_map(|(against, name)| {
            let is_it = |row: &&Row| {
                row.workload == *workload && row.door == *door && row.against == *against
            };
            rows.iter().find(is_it).map(|row| (ratio(row.pair.ratio), *name))
        });
        let (ratios, names): (Vec<String>, Vec<&str>) = measured.unzip();
        if !names.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {title} | {} | {} |", ratios.join(", "), names.join(", "));
        }
    }
    text
}

/// With one digit where it is above 1.
fn ratio(ratio: f64) -> String {
    if ratio < 1.0 { times(ratio) } else { format!("{ratio:.1}x") }
}

/// The README with the table of those rows in its place; `None` where it has no place for one.
pub fn with_table(readme: &str, rows: &[Row]) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", table(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Pair;
    use crate::report::Goal;

    fn row(workload: &str, door: &str, against: &str, ratio: f64) -> Row {
        let pair = Pair { ours: 1.0, theirs: 1.0, ratio, spread: (ratio, ratio) };
        let [workload, door, against] = [workload, door, against].map(str::to_owned);
        Row { workload, door, against, pair, goal: Goal::None }
    }

    #[test]
    fn a_line_has_what_was_measured_and_no_line_has_nothing() {
        let text = table(&[
            row("W1 guard", "Go: builder filled + evaluate", "Go: cel", 0.731),
            row("W1 guard", "Go: builder filled + evaluate", "Go: cedar", 0.09),
            row("W1 guard", "Go: map to decision", "Go: rego", 3.0),
            row("W1 guard", "frame filled + evaluate", "hand-written", 5.72),
        ]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("| 5.7x | `if`s"), "{text}");
        assert!(lines[1].ends_with("| 1/11, 0.73 | cedar-go, cel-go |"), "{text}");
    }

    #[test]
    fn the_table_is_replaced_and_nothing_else() {
        let readme = format!("a\n{BEGIN}\nold\n{END}b\n");
        let written = with_table(&readme, &[]).unwrap();
        assert_eq!(written, format!("a\n{BEGIN}\n{HEAD}\n{END}b\n"));
        assert_eq!(with_table(&written, &[]).unwrap(), written);
        assert_eq!(with_table("a\nb\n", &[]), None);
        assert_eq!(with_table(BEGIN, &[]), None);
    }
}
