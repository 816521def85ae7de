//! `actra ask`.

use super::progress::Questions;
use super::{decided_by, no_answer, reason};
use crate::args::{Ask, Format};
use crate::failure::Failure;
use crate::output::{self, Paint, clean};
use actra::analysis::{Answer, Question};
use anstream::ColorChoice;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// Exit status where it is not so.
const NO: u8 = 5;

/// Exit status where it is undecided.
const UNDECIDED: u8 = 6;

/// Bytes of an assumption.
const MAX_ASSUMPTION: u64 = 1 << 20;

pub(super) fn run(args: &Ask, color: ColorChoice) -> Result<u8, Failure> {
    let format = Format::from(args.format);
    let question = Question::parse(&args.question)
        .map_err(|error| Failure::new("bad_question", error.to_string()))?;
    let mut question = question.with_budget(args.budget.steps);
    if !args.actions.is_empty() {
        question = question.about(args.actions.iter().map(String::as_str));
    }
    let assumed = match (&args.assume, &args.assume_that) {
        (Some(path), _) => Some(read(path)?),
        (None, text) => text.clone(),
    };
    if let Some(condition) = assumed {
        question = question.assuming(condition);
    }
    if args.complete {
        question = question.complete();
    }
    let policy = args.trust.load(&args.policy)?;
    let mut bar = Questions::new("actions");
    let answer = policy.ask_with(&question, &mut |done, total| bar.show(done, total));
    bar.clear();
    let answer = answer.map_err(|error| no_answer(&args.policy, error, format, color))?;
    let text = match format {
        Format::Text => text(&answer),
        Format::Json => output::pretty_json(&answer),
    };
    output::print(&text, format, color)?;
    Ok(match answer.holds {
        Some(true) => 0,
        Some(false) => NO,
        None => UNDECIDED,
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_ASSUMPTION + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_ASSUMPTION + 1).read_to_string(&mut text))
    };
    let read = read.map_err(|error| Failure::unreadable(path, &error))?;
    if read as u64 > MAX_ASSUMPTION {
        let message = format!("`{}` has more than {MAX_ASSUMPTION} bytes", path.display());
        return Err(Failure::new("document_too_large", message));
    }
    Ok(text)
}

fn text(answer: &Answer) -> String {
    let mut text = String::new();
    for about in &answer.actions {
        let action = clean(&about.action);
        let asked = &answer.question;
        match (about.holds, &about.counterexample, &about.undecided) {
            (Some(true), _, _) if about.vacuous => {
                let _ = writeln!(
                    text,
                    "{}: `{action}`: {asked}: no input meets what is assumed",
                    Paint::Approval.of("nothing")
                );
            }
            (Some(true), _, _) => {
                let _ = writeln!(text, "{}: `{action}`: {asked}", Paint::Allow.of("proved"));
            }
            (_, Some(witness), _) => {
                let _ = writeln!(
                    text,
                    "{}: `{action}`: {asked}: {} for\n{}",
                    Paint::Block.of("not so"),
                    decided_by(witness),
                    clean(&witness.input),
                );
            }
            (_, None, why) => {
                let _ = writeln!(text, "{}: `{action}`: {asked}", Paint::Approval.of("undecided"));
                if let Some(why) = why {
                    text.push_str(&reason(why));
                }
            }
        }
    }
    if answer.actions.is_empty() {
        text.push_str("the schema has no actions: there is nothing to ask about\n");
    }
    text
}
