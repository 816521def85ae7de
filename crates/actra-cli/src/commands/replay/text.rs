//! A replay as text for people.

use super::outcome::{Direction, Outcome};
use super::report::{Pair, Report, Shown};
use crate::output::{Paint, clean, count};
use actra::Effect;
use std::fmt::Write as _;

/// Pairs of rules that are listed of one kind.
const MAX_PAIRS_SHOWN: usize = 10;

/// Rules that are listed.
const MAX_RULES_SHOWN: usize = 40;

/// Characters of a row that are shown.
const MAX_ROW_CHARS: usize = 160;

/// Characters of a rule's id that are shown.
const MAX_ID_CHARS: usize = 60;

/// Columns of a number.
const NUMBER: usize = 9;

// Writing to a string cannot fail, here and below.

pub(super) fn text(report: &Report) -> String {
    let mut text = head(report);
    if report.rows == 0 {
        text.push_str("no rows: nothing was decided\n");
        return text;
    }
    if report.compared_with.is_some() {
        changes(&mut text, report);
        unchanged(&mut text, report);
        not_compared(&mut text, report);
    } else {
        let _ = writeln!(text, "\n{}", Paint::Strong.of("decisions"));
        for count in &report.outcomes {
            row(&mut text, count.rows, &painted(count.outcome), &share(count.rows, report.rows));
        }
    }
    errors(&mut text, report);
    rules(&mut text, report);
    text
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn head(report: &Report) -> String {
    let mut text = String::new();
    let policy = clean(&report.policy.path);
    let with = match (&report.against, report.compared_with) {
        (Some(old), _) => format!(", compared with {}", Paint::Strong.of(&clean(&old.path))),
        (None, Some(_)) => ", compared with the recorded decisions".to_owned(),
        (None, None) => ": the log has no decisions to compare with".to_owned(),
    };
    let _ = writeln!(text, "{} by {}{with}", rows(report.rows), Paint::Strong.of(&policy));
    for file in &report.files {
        let path = clean(&file.path);
        let _ = write!(text, "  {path}: {}, {}", rows(file.rows), file.format);
        if file.log_lines > 0 {
            let _ =
                write!(text, ", {} about the log itself", count(file.log_lines as usize, "line"));
        }
        text.push('\n');
        if !file.ignored_columns.is_empty() {
            let names: Vec<String> = file.ignored_columns.iter().map(|name| clean(name)).collect();
            let _ = writeln!(
                text,
                "    {}: no schema names these columns: {}",
                Paint::Approval.of("ignored"),
                names.join(", ")
            );
        }
    }
    text
}

fn changes(text: &mut String, report: &Report) {
    let neither = report.changed - report.weaker - report.stricter;
    let title = Paint::Strong.of("changed");
    let _ = writeln!(
        text,
        "\n{title}: {} of {} compared{}",
        report.changed,
        report.compared,
        match report.changed {
            0 => String::new(),
            _ => format!(
                " ({}), {} weaker, {} stricter, {neither} as strict",
                share(report.changed, report.compared).trim(),
                report.weaker,
                report.stricter
            ),
        }
    );
    for transition in &report.transitions {
        let paint = match transition.direction {
            Direction::Weaker => Paint::Block,
            Direction::Stricter => Paint::Approval,
            Direction::Sideways => Paint::Label,
        };
        let _ = writeln!(
            text,
            "\n{}: {} -> {}: {}",
            paint.of(transition.direction.as_str()),
            painted(transition.old),
            painted(transition.new),
            rows(transition.rows)
        );
        pairs(text, &transition.by_rule);
        samples(text, &transition.samples);
    }
}

fn pairs(text: &mut String, pairs: &[Pair]) {
    // Between errors there are no rules to tell of.
    if pairs.iter().all(|pair| pair.old_rule.is_none() && pair.new_rule.is_none()) {
        return;
    }
    for pair in pairs.iter().take(MAX_PAIRS_SHOWN) {
        let what =
            format!("{} -> {}", name(pair.old_rule.as_deref()), name(pair.new_rule.as_deref()));
        row(text, pair.rows, &what, "");
    }
    if let Some(more) = pairs.get(MAX_PAIRS_SHOWN..).filter(|more| !more.is_empty()) {
        let what = format!("by {} more pairs of rules", more.len());
        row(text, more.iter().map(|pair| pair.rows).sum(), &what, "");
    }
}

fn name(rule: Option<&str>) -> String {
    rule.map_or_else(|| "no rule".to_owned(), |rule| cut(&clean(rule), MAX_ID_CHARS))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain("...".chars()).collect()
}

fn row(text: &mut String, count: u64, what: &str, tail: &str) {
    let _ = writeln!(text, "  {count:>NUMBER$}  {what}{tail}");
}

fn samples(text: &mut String, samples: &[Shown]) {
    for sample in samples {
        let place = format!("{}:{}", clean(&sample.file), sample.line);
        if let Some(error) = &sample.error {
            let _ = writeln!(text, "    {}  {}", Paint::Label.of(&place), clean(error));
            let _ = writeln!(text, "      {}", shown_row(sample));
        } else {
            let _ = writeln!(text, "    {}  {}", Paint::Label.of(&place), shown_row(sample));
        }
    }
}

fn shown_row(sample: &Shown) -> String {
    let text = cut(&clean(&sample.row), MAX_ROW_CHARS);
    if sample.cut && !text.ends_with("...") { text + "..." } else { text }
}

fn painted(outcome: Outcome) -> String {
    let paint = match outcome {
        Outcome::Decided(Effect::Allow) => Paint::Allow,
        Outcome::Decided(Effect::RequireApproval) => Paint::Approval,
        _ => Paint::Block,
    };
    paint.of(&outcome.to_string())
}

/// A share of a hundred, never rounded to none or to all.
fn share(part: u64, all: u64) -> String {
    let percent = part as f64 * 100.0 / (all.max(1)) as f64;
    match percent {
        _ if part == 0 => "  0 %".to_owned(),
        _ if percent < 0.01 => "  under 0.01 %".to_owned(),
        _ if part < all && percent > 99.99 => "  over 99.99 %".to_owned(),
        _ => {
            let digits = format!("{percent:.2}");
            format!("  {} %", digits.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

fn unchanged(text: &mut String, report: &Report) {
    let same: u64 = report.unchanged.iter().map(|unchanged| unchanged.rows).sum();
    let _ = writeln!(text, "\n{}: {}", Paint::Strong.of("unchanged"), rows(same));
    for unchanged in &report.unchanged {
        let moved = match unchanged.moved {
            0 => String::new(),
            moved => format!(", {moved} of them by another rule"),
        };
        row(text, unchanged.rows, &painted(unchanged.outcome), &moved);
    }
    for unchanged in report.unchanged.iter().filter(|unchanged| unchanged.moved > 0) {
        let _ = writeln!(
            text,
            "\n{}: {}: {}",
            Paint::Label.of("by another rule"),
            painted(unchanged.outcome),
            rows(unchanged.moved)
        );
        pairs(text, &unchanged.moved_by_rule);
    }
}

fn not_compared(text: &mut String, report: &Report) {
    for part in &report.not_compared {
        let why = match part.reason {
            "no_effect" => "what is recorded is no effect",
            _ => "no decision is recorded",
        };
        let title = Paint::Approval.of("not compared");
        let _ = writeln!(text, "\n{title}: {}: {why}", rows(part.rows));
        samples(text, &part.samples);
    }
}

fn errors(text: &mut String, report: &Report) {
    let all: u64 = report.errors.iter().map(|error| error.rows).sum();
    if all == 0 {
        return;
    }
    let title = Paint::Error.of("errors");
    let _ =
        writeln!(text, "\n{title}: {} that cannot be decided, which is never an allow", rows(all));
    for error in &report.errors {
        row(text, error.rows, &painted(error.outcome), "");
        samples(text, &error.samples);
    }
}

fn rules(text: &mut String, report: &Report) {
    let is_compared = report.compared_with.is_some();
    let heading = if is_compared {
        format!("  {:>NUMBER$}  {:>NUMBER$}  {:>NUMBER$}", "before", "after", "change")
    } else {
        format!("  {:>NUMBER$}", "rows")
    };
    let _ = writeln!(text, "\n{}\n{}", Paint::Strong.of("by rule"), Paint::Label.of(&heading));
    for rule in report.rules.iter().take(MAX_RULES_SHOWN) {
        let name = rule
            .rule
            .as_deref()
            .map_or_else(|| Paint::Label.of("(no rule)"), |rule| cut(&clean(rule), MAX_ID_CHARS));
        let new = rule.new_rows;
        let _ = match rule.old_rows {
            None => writeln!(text, "  {new:>NUMBER$}  {name}"),
            Some(old) => {
                let change = match i128::from(new) - i128::from(old) {
                    0 => String::new(),
                    change => format!("{change:+}"),
                };
                writeln!(text, "  {old:>NUMBER$}  {new:>NUMBER$}  {change:>NUMBER$}  {name}")
            }
        };
    }
    if let Some(more) = report.rules.get(MAX_RULES_SHOWN..).filter(|more| !more.is_empty()) {
        let _ = writeln!(text, "  and {} more: `--format json` has them all", more.len());
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_never_rounded_to_none_or_to_all() {
        for (part, all, text) in [
            (0, 0, "0 %"),
            (1, 2, "50 %"),
            (1, 8, "12.5 %"),
            (1, 3, "33.33 %"),
            (100, 100, "100 %"),
            (1, 1_000_000, "under 0.01 %"),
            (999_999, 1_000_000, "over 99.99 %"),
        ] {
            assert_eq!(share(part, all).trim(), text);
        }
    }
}
