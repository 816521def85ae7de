//! `analysis [--quick] FOLDER`: how long questions about policies take, as they grow in rules and in
//! fields, and where the search gives up. Writes `analysis.json`, `analysis-rules.svg` and
//! `analysis-fields.svg` into the folder, and a table to standard output.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use actra_analysis::{Case, DEFAULT_BUDGET, Kept, Question, diff, is_kept, prove, report};
use actra_benches::analysis::{Documents, changed, held, pigeons, promises, random, source};
use actra_benches::plot::{Line, Stroke, Tone, duration, lines};
use actra_benches::results::Machine;
use actra_compiler::diagnostic::Report;
use actra_compiler::model::{Effect, PromiseKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

type Fallible<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: analysis [--quick] FOLDER";
const SEED: u64 = 1;
/// Fields where rules grow, and rules where fields grow.
const FIELDS: usize = 30;
const RULES: usize = 300;
/// Literals that are tried until one changes decisions and one does not.
const MOST_LITERALS: usize = 20;
/// Samples are taken while they take less together, in nanoseconds; at least one.
const ENOUGH: f64 = 2e9;
const MOST_SAMPLES: usize = 9;
/// What takes less, in nanoseconds, is measured by the clock.
const TICKS: f64 = 4e7;

/// What was measured.
#[derive(Debug, Serialize)]
struct Figure {
    question: &'static str,
    rules: usize,
    fields: usize,
    /// The median of the samples, and the least and the most of them, in nanoseconds of the
    /// processor's time, where the system tells it.
    median: f64,
    least: f64,
    most: f64,
    samples: usize,
    /// Answers, by what they are.
    answers: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Serialize)]
struct Figures {
    machine: Machine,
    budget: u64,
    #[expect(clippy::struct_field_names, reason = "it is the name in the JSON")]
    figures: Vec<Figure>,
}

/// Nanoseconds that this thread has had a processor, which is what a shared machine does not change
/// much; where the system does not tell it, those of a clock.
fn busy(start: Instant) -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    told.and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| start.elapsed().as_nanos() as f64)
}

type Answers = BTreeMap<&'static str, usize>;

fn measure(
    question: &'static str,
    (rules, fields): (usize, usize),
    mut run: impl FnMut() -> Fallible<Answers>,
) -> Fallible<Figure> {
    let start = Instant::now();
    let mut times = Vec::new();
    let answers = loop {
        let (began, before) = (Instant::now(), busy(start));
        let answers = run()?;
        let (clock, processor) = (began.elapsed().as_nanos() as f64, busy(start) - before);
        // Processor's time is counted in ticks.
        times.push(if clock < TICKS { clock } else { processor });
        if times.iter().sum::<f64>() >= ENOUGH || times.len() >= MOST_SAMPLES {
            break answers;
        }
    };
    times.sort_by(f64::total_cmp);
    let at = |place: usize| times.get(place).copied().unwrap_or_default();
    let figure = Figure {
        question,
        rules,
        fields,
        median: at(times.len() / 2),
        least: at(0),
        most: at(times.len() - 1),
        samples: times.len(),
        answers,
    };
    eprintln!("{question}, {rules} rules, {fields} fields: {}", duration(figure.median));
    Ok(figure)
}

fn count(answers: &mut Answers, what: &'static str, many: usize) {
    if many > 0 {
        *answers.entry(what).or_default() += many;
    }
}

fn measure_report(rules: usize, fields: usize) -> Fallible<Figure> {
    let checked = random(SEED, rules, fields).check()?;
    measure("report", (rules, fields), || {
        let found = report(source(&checked), DEFAULT_BUDGET, &mut |_, _| {})?;
        let mut answers = Answers::new();
        for rule in &found.rules {
            let what = match (&rule.undecided, &rule.finding) {
                (Some(_), _) => "undecided",
                (None, Some(actra_analysis::RuleFinding::NeverFires)) => "never fires",
                (None, Some(actra_analysis::RuleFinding::Shadowed(_))) => "shadowed",
                (None, Some(actra_analysis::RuleFinding::Redundant)) => "redundant",
                (None, None) => "nothing found",
            };
            count(&mut answers, what, 1);
        }
        Ok(answers)
    })
}

/// Two policies that differ in one literal: `diff` where that changes decisions, `equality` where it
/// does not, since other rules decide before.
fn measure_diff(rules: usize, fields: usize) -> Fallible<Vec<Figure>> {
    let documents = random(SEED, rules, fields);
    let old = documents.check()?;
    let mut figures = Vec::new();
    let found = report(source(&old), DEFAULT_BUDGET, &mut |_, _| {})?;
    let is_effective =
        |rule: &usize| found.rules.get(*rule).is_some_and(|about| about.finding.is_none());
    let mut tried = 0;
    for (rule, new) in changed(&documents) {
        // Most change nothing where others decide before: what does is looked for in other rules.
        let has_equality = figures.iter().any(|figure: &Figure| figure.question == "equality");
        if has_equality && !is_effective(&rule) {
            continue;
        }
        tried += 1;
        if tried > MOST_LITERALS {
            break;
        }
        let new = new.check()?;
        let ask = || diff(source(&old), source(&new), DEFAULT_BUDGET, &mut |_, _| {});
        let question = if ask()?.changes.is_empty() { "equality" } else { "diff" };
        if figures.iter().any(|figure: &Figure| figure.question == question) {
            continue;
        }
        figures.push(measure(question, (rules, fields), || {
            let found = ask()?;
            let mut answers = Answers::new();
            count(&mut answers, "changes", found.changes.len());
            count(&mut answers, "undecided", found.undecided.len());
            Ok(answers)
        })?);
        if figures.len() == 2 {
            break;
        }
    }
    Ok(figures)
}

fn measure_promises(name: &'static str, documents: &Documents) -> Fallible<Figure> {
    let checked = documents.check()?;
    let schema = &checked.policy.schema;
    let groups = [&schema.common, &schema.actor, &schema.snapshot];
    let of_actions = schema.actions.iter().map(|action| &action.fields);
    let fields = groups.into_iter().chain(of_actions).map(Vec::len).sum();
    measure(name, (checked.policy.rules.len(), fields), || {
        let mut report = Report::default();
        prove(&checked, &mut report);
        let mut answers = Answers::new();
        count(&mut answers, "promises", checked.promises.len());
        count(&mut answers, "broken or undecided", report.errors());
        Ok(answers)
    })
}

fn measure_pigeons(number: usize) -> Fallible<Figure> {
    let checked = pigeons(number).check()?;
    let question = Question {
        promise: PromiseKind::Never(Effect::Allow),
        assume: None,
        complete: false,
        budget: DEFAULT_BUDGET,
    };
    measure("pigeons", (checked.policy.rules.len(), number), || {
        let kept = is_kept(source(&checked), &Case::Action("nest".to_owned()), &question);
        let what = match kept {
            Kept::Always => "kept",
            Kept::Undecided(_) => "undecided",
            Kept::Vacuously | Kept::Broken { .. } => return Err("pigeons do not fit".into()),
        };
        Ok(Answers::from([(what, 1)]))
    })
}

/// A line of one question, over what grows.
fn line(
    figures: &[Figure],
    label: &str,
    (tone, stroke): (Tone, Stroke),
    across: fn(&Figure) -> usize,
    is_in: impl Fn(&Figure) -> bool,
) -> Line {
    let points = figures.iter().filter(|figure| is_in(figure));
    Line {
        label: label.to_owned(),
        points: points.map(|figure| (across(figure) as f64, figure.median)).collect(),
        tone,
        stroke,
    }
}

fn plots(figures: &[Figure], folder: &Path) -> Fallible<()> {
    let rules = |figure: &Figure| figure.rules;
    let fields = |figure: &Figure| figure.fields;
    let is = |question: &'static str| {
        move |figure: &Figure| figure.question == question && figure.fields == FIELDS
    };
    let pigeons = |figure: &Figure| figure.question == "pigeons";
    let gives_up = figures
        .iter()
        .find(|figure| pigeons(figure) && figure.answers.contains_key("undecided"))
        .map_or(usize::MAX, |figure| figure.rules);
    let of_rules = [
        line(figures, "report", (Tone::Ours, Stroke::Solid), rules, is("report")),
        line(figures, "diff", (Tone::Other(0), Stroke::Solid), rules, is("diff")),
        line(figures, "diff, equal", (Tone::Other(0), Stroke::Dashed), rules, is("equality")),
        line(figures, "pigeons", (Tone::Other(1), Stroke::Solid), rules, |figure| {
            pigeons(figure) && figure.rules < gives_up
        }),
        line(figures, "pigeons, undecided", (Tone::Other(1), Stroke::Dashed), rules, |figure| {
            pigeons(figure) && figure.rules >= gives_up
        }),
    ];
    let title = "Analysis, by rules (over 30 fields; pigeons over their own)";
    fs::write(folder.join("analysis-rules.svg"), lines(title, "rules", &of_rules))?;
    let is = |question: &'static str| {
        move |figure: &Figure| figure.question == question && figure.rules == RULES
    };
    let of_fields = [
        line(figures, "report", (Tone::Ours, Stroke::Solid), fields, is("report")),
        line(figures, "diff", (Tone::Other(0), Stroke::Solid), fields, is("diff")),
        line(figures, "diff, equal", (Tone::Other(0), Stroke::Dashed), fields, is("equality")),
    ];
    let title = "Analysis, by fields (300 rules)";
    Ok(fs::write(folder.join("analysis-fields.svg"), lines(title, "fields", &of_fields))?)
}

fn main() -> Fallible<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let all = arguments.len();
    arguments.retain(|argument| argument != "--quick");
    let is_quick = arguments.len() < all;
    let [folder] = arguments.as_slice() else { return Err(USAGE.into()) };
    let folder = Path::new(folder);
    fs::create_dir_all(folder)?;

    let (rules, fields, most_pigeons): (&[usize], &[usize], usize) = if is_quick {
        (&[10, 100], &[10, 30], 6)
    } else {
        (&[10, 30, 100, 300, 1_000, 3_000], &[5, 10, 20, 30, 60, 100], 11)
    };
    let mut figures = Vec::new();
    for rules in rules {
        figures.push(measure_report(*rules, FIELDS)?);
        figures.extend(measure_diff(*rules, FIELDS)?);
    }
    // The one with so many rules and fields is there already.
    for fields in fields.iter().filter(|fields| **fields != FIELDS || !rules.contains(&RULES)) {
        figures.push(measure_report(RULES, *fields)?);
        figures.extend(measure_diff(RULES, *fields)?);
    }
    figures.push(measure_promises("promises", &promises())?);
    figures.push(measure_promises("promises about text and sums", &held())?);
    for number in 3..=most_pigeons {
        figures.push(measure_pigeons(number)?);
    }
    figures.sort_by_key(|figure| (figure.question, figure.fields, figure.rules));

    println!("| question | rules | fields | time | answers |\n|---|---:|---:|---:|---|");
    for figure in &figures {
        let Figure { question, rules, fields, median, answers, .. } = figure;
        let answers: Vec<String> =
            answers.iter().map(|(what, many)| format!("{many} {what}")).collect();
        println!(
            "| {question} | {rules} | {fields} | {} | {} |",
            duration(*median),
            answers.join(", ")
        );
    }
    plots(&figures, folder)?;
    let figures = Figures { machine: Machine::here(), budget: DEFAULT_BUDGET, figures };
    Ok(fs::write(folder.join("analysis.json"), serde_json::to_string_pretty(&figures)? + "\n")?)
}
