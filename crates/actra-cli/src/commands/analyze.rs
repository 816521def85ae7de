//! `actra analyze`.

use super::progress::Questions;
use super::target::{Replaces, Target};
use super::{levels, no_answer};
use crate::args::{AnalysisFormat, Analyze, Format};
use crate::failure::{Failure, PROBLEM, learn_more};
use crate::output::{self, Paint, clean, count};
use actra::analysis::{
    ActionAnalysis, Analysis, FieldAnalysis, Influence, RuleAnalysis, RuleVerdict,
    TEST_DOCUMENT_MARK, test_document,
};
use actra::diagnostic::{Severity, Style, to_sarif};
use anstream::ColorChoice;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

pub(super) fn run(args: &Analyze, color: ColorChoice) -> Result<u8, Failure> {
    // Wrong usage is said before anything is read.
    let levels = levels(&args.lints)?;
    let target = args.cases.as_deref().map(|path| Target::new(path, args.force, &MADE));
    let target = target.transpose()?;
    let policy = args.trust.load(&args.policy)?;
    let mut bar = Questions::new("questions");
    let mut progress = |done, total| bar.show(done, total);
    let (budget, mut cases) = (args.budget.steps, Vec::new());
    let analysed = if target.is_some() {
        policy.analyze_with_cases(budget, &mut progress).map(|(analysis, found)| {
            cases = found;
            analysis
        })
    } else {
        policy.analyze_with(budget, &mut progress)
    };
    bar.clear();
    let mut analysis = analysed
        .map_err(|error| no_answer(&args.policy, error, args.format.of_problems(), color))?;
    if let Some(path) = args.cases.as_deref().filter(|_| cases.is_empty()) {
        let shown = path.display();
        output::note(&format!("no rule can fire: `{shown}` is not written\n"), color);
    } else if let (Some(target), Some(path)) = (&target, &args.cases) {
        let policy = from_beside(path, &args.policy);
        target.replace(test_document(&policy, &cases).as_bytes())?;
        let shown = path.display();
        let written = count(cases.len().min(MAX_TESTS), "test");
        output::note(&format!("{written} written to `{shown}`\n"), color);
    }
    analysis.diagnostics = levels.apply(std::mem::take(&mut analysis.diagnostics));
    let is_denied = analysis.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let (text, format) = match args.format {
        AnalysisFormat::Text => (text(&analysis), Format::Text),
        AnalysisFormat::Json => (output::pretty_json(&analysis), Format::Json),
        AnalysisFormat::Sarif => {
            let sources = analysis.sources();
            let log = to_sarif(&analysis.diagnostics, sources, env!("CARGO_PKG_VERSION"));
            (output::pretty_json(&log), Format::Json)
        }
    };
    output::print(&text, format, color)?;
    Ok(if is_denied { PROBLEM } else { 0 })
}

/// Tests of a document.
const MAX_TESTS: usize = 10_000;

/// A file of an earlier call.
const MADE: Replaces = Replaces {
    is_one: |path| {
        let mut start = [0; TEST_DOCUMENT_MARK.len()];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start == *TEST_DOCUMENT_MARK.as_bytes()
    },
    code: "not_made_here",
    what: "not made by `actra analyze`",
    example: "boundaries_test.yaml",
};

/// The policy's path as a document has to name it.
fn from_beside(document: &Path, policy: &Path) -> String {
    let directory = match document.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("."),
    };
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (directory, policy) = (canonical(directory), canonical(policy));
    if directory == policy {
        return ".".to_owned();
    }
    policy.strip_prefix(&directory).unwrap_or(&policy).display().to_string()
}

fn text(analysis: &Analysis) -> String {
    let mut text = analysis.render(Style::Coloured);
    if !text.is_empty() {
        let _ = write!(text, "\n{}\n", learn_more(&analysis.diagnostics));
    }
    table(&analysis.actions, &mut text);
    text.push('\n');
    fields(&analysis.actions, &mut text);
    let is_fine = |verdict| verdict == RuleVerdict::Effective;
    let fine = analysis.rules.iter().filter(|rule| is_fine(rule.verdict)).count();
    let is_open = |rule: &&RuleAnalysis| rule.verdict == RuleVerdict::Undecided;
    let undecided = match analysis.rules.iter().filter(is_open).count() {
        0 => String::new(),
        many => format!(", {many} undecided"),
    };
    let rules = count(analysis.rules.len(), "rule");
    let rules = match (fine, analysis.rules.len()) {
        (_, 0) => "no rules".to_owned(),
        (1, 1) => "the rule takes part in decisions".to_owned(),
        (fine, all) if fine == all => format!("all of {rules} take part in decisions"),
        (1, _) => format!("1 of {rules} takes part in decisions"),
        (fine, _) => format!("{fine} of {rules} take part in decisions"),
    };
    let _ = write!(
        text,
        "\n{rules}{undecided}; {}, {}\n",
        count(analysis.diagnostics.len(), "finding"),
        count(usize::try_from(analysis.steps).unwrap_or(usize::MAX), "step"),
    );
    text
}

/// Names of actions, and how wide their column is.
fn names(actions: &[ActionAnalysis]) -> (Vec<String>, usize) {
    let name = |action: &ActionAnalysis| {
        action.action.as_deref().map_or_else(|| "(any other)".to_owned(), clean)
    };
    let names: Vec<String> = actions.iter().map(name).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    (names, width)
}

/// Columns that lists of fields take.
const WIDTH: usize = 100;

/// Which fields can matter for each action.
fn fields(actions: &[ActionAnalysis], text: &mut String) {
    let (names, width) = names(actions);
    let _ = writeln!(text, "{:width$}  depends on", "action");
    for (action, name) in actions.iter().zip(&names) {
        let of = |influence: Option<Influence>| -> Vec<&str> {
            let is_so = |field: &&FieldAnalysis| field.influence == influence && field.is_read;
            let found: Vec<&str> =
                action.fields.iter().filter(is_so).map(|field| field.field.as_str()).collect();
            // An object is told by what is in it, where something is.
            let is_within = |field: &str, other: &str| {
                other.strip_prefix(field).is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            let is_told = |field: &&str| !found.iter().any(|other| is_within(field, other));
            found.iter().copied().filter(is_told).collect()
        };
        let groups = [
            ("", of(Some(Influence::Effect))),
            ("only which rule: ", of(Some(Influence::Rule))),
            ("undecided: ", of(None)),
            ("read, but without influence: ", of(Some(Influence::Nothing))),
        ];
        let mut first = format!("{name:width$}");
        // What is undecided may be something.
        let is_nothing = groups.iter().take(3).all(|(_, found)| found.is_empty());
        for (word, found) in groups {
            if found.is_empty() && !(word.is_empty() && is_nothing) {
                continue;
            }
            let mut line = format!("{first}  {word}");
            first = " ".repeat(width);
            let found = if found.is_empty() { vec!["nothing"] } else { found };
            for (number, field) in found.iter().enumerate() {
                let comma = if number == 0 { "" } else { ", " };
                let field = clean(field);
                if number > 0 && line.chars().count() + field.chars().count() + 2 > WIDTH {
                    let _ = writeln!(text, "{line},");
                    line = format!("{first}  {field}");
                } else {
                    let _ = write!(line, "{comma}{field}");
                }
            }
            let _ = writeln!(text, "{line}");
        }
    }
}

/// Which effects each action can get.
fn table(actions: &[ActionAnalysis], text: &mut String) {
    let (names, width) = names(actions);
    let _ = writeln!(text, "{:width$}  allow      require_approval  block", "action");
    for (action, name) in actions.iter().zip(&names) {
        let _ = write!(text, "{name:width$}");
        let mut gap = 0;
        let only = action.effects.iter().filter(|effect| effect.possible != Some(false)).count();
        for (effect, column) in action.effects.iter().zip([9, 16, 9]) {
            text.extend(std::iter::repeat_n(' ', gap));
            let (word, paint) = match effect.possible {
                Some(true) if only == 1 => ("always", Some(Paint::of_effect(effect.effect))),
                Some(true) => ("possible", Some(Paint::of_effect(effect.effect))),
                Some(false) => ("never", None),
                None => ("undecided", Some(Paint::Error)),
            };
            let _ =
                write!(text, "  {}", paint.map_or_else(|| word.to_owned(), |paint| paint.of(word)));
            gap = column - word.len();
        }
        text.push('\n');
    }
}
