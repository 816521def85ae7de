//! `actra analyze`.

use super::progress::Questions;
use super::{levels, no_answer};
use crate::args::{Analyze, CheckFormat, Format};
use crate::failure::{Failure, PROBLEM, learn_more};
use crate::output::{self, Paint, clean, count};
use actra::analysis::{ActionAnalysis, Analysis, RuleVerdict};
use actra::diagnostic::{Severity, Style, to_sarif};
use anstream::ColorChoice;
use std::fmt::Write as _;

pub(super) fn run(args: &Analyze, color: ColorChoice) -> Result<u8, Failure> {
    // Wrong usage is said before anything is read.
    let levels = levels(&args.lints)?;
    let policy = args.trust.load(&args.policy)?;
    let mut bar = Questions::new("questions");
    let analysed = policy.analyze_with(args.budget.steps, &mut |done, total| bar.show(done, total));
    bar.clear();
    let mut analysis = analysed
        .map_err(|error| no_answer(&args.policy, error, args.format.of_problems(), color))?;
    analysis.diagnostics = levels.apply(std::mem::take(&mut analysis.diagnostics));
    let is_denied = analysis.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let (text, format) = match args.format {
        CheckFormat::Text => (text(&analysis), Format::Text),
        CheckFormat::Json => (output::pretty_json(&analysis), Format::Json),
        CheckFormat::Sarif => {
            let sources = analysis.sources();
            let log = to_sarif(&analysis.diagnostics, sources, env!("CARGO_PKG_VERSION"));
            (output::pretty_json(&log), Format::Json)
        }
    };
    output::print(&text, format, color)?;
    Ok(if is_denied { PROBLEM } else { 0 })
}

fn text(analysis: &Analysis) -> String {
    let mut text = analysis.render(Style::Coloured);
    if !text.is_empty() {
        let _ = write!(text, "\n{}\n", learn_more(&analysis.diagnostics));
    }
    table(&analysis.actions, &mut text);
    let is_fine = |verdict| verdict == RuleVerdict::Effective;
    let fine = analysis.rules.iter().filter(|rule| is_fine(rule.verdict)).count();
    let _ = write!(
        text,
        "\n{} of {} take part in decisions; {}, {}\n",
        if fine == analysis.rules.len() { "all".to_owned() } else { fine.to_string() },
        count(analysis.rules.len(), "rule"),
        count(analysis.diagnostics.len(), "finding"),
        count(usize::try_from(analysis.steps).unwrap_or(usize::MAX), "step"),
    );
    text
}

/// Which effects each action can get.
fn table(actions: &[ActionAnalysis], text: &mut String) {
    let name = |action: &ActionAnalysis| {
        action.action.as_deref().map_or_else(|| "(any other)".to_owned(), clean)
    };
    let names: Vec<String> = actions.iter().map(name).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    let _ = writeln!(text, "{:width$}  allow      require_approval  block", "action");
    for (action, name) in actions.iter().zip(&names) {
        let _ = write!(text, "{name:width$}");
        let only = action.effects.iter().filter(|effect| effect.possible != Some(false)).count();
        for (effect, column) in action.effects.iter().zip([9, 16, 9]) {
            let (word, paint) = match effect.possible {
                Some(true) if only == 1 => ("always", Some(Paint::of_effect(effect.effect))),
                Some(true) => ("possible", Some(Paint::of_effect(effect.effect))),
                Some(false) => ("never", None),
                None => ("undecided", Some(Paint::Error)),
            };
            let padded = format!("{word:column$}");
            let shown = paint.map_or_else(|| padded.clone(), |paint| paint.of(&padded));
            let _ = write!(text, "  {shown}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}
