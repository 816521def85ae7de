//! The commands. Each gives the status to exit with, or why it stopped.

mod analyze;
mod ask;
mod check;
mod compile;
mod completions;
mod convert;
mod diff;
mod eval;
mod explain;
mod explain_error;
mod hash;
mod init;
mod inputs;
mod inspect;
mod keygen;
mod log;
mod progress;
mod replay;
mod schema;
mod sign;
mod target;
mod test;
mod verify;

use crate::args::{Command, Format, Lints, Trust};
use crate::failure::{Failure, Problem, learn_more, of_load};
use crate::output::{self, Paint, clean};
use actra::analysis::{AnalysisError, Reason, ReasonPlace, Witness};
use actra::diagnostic::Style;
use actra::{LevelError, LintLevels, LoadError, Policy, UnknownFields};
use anstream::ColorChoice;
use std::fmt::Write as _;
use std::path::Path;

pub(crate) fn run(command: &Command, color: ColorChoice) -> Result<u8, Failure> {
    match command {
        Command::Check(args) => check::run(args, color),
        Command::Analyze(args) => analyze::run(args, color),
        Command::Ask(args) => ask::run(args, color),
        Command::Diff(args) => diff::run(args, color),
        Command::Compile(args) => compile::run(args, color).map(|()| 0),
        Command::Inspect(args) => inspect::run(args, color).map(|()| 0),
        Command::Hash(args) => hash::run(args, color).map(|()| 0),
        Command::Keygen(args) => keygen::run(args, color).map(|()| 0),
        Command::Sign(args) => sign::run(args, color).map(|()| 0),
        Command::Verify(args) => verify::run(args, color).map(|()| 0),
        Command::Eval(args) => eval::run(args, color),
        Command::ExplainError(args) => explain_error::run(args, color).map(|()| 0),
        Command::Explain(args) => explain::run(args, color),
        Command::Replay(args) => replay::run(args, color),
        Command::Log(args) => log::run(args, color).map(|()| 0),
        Command::Test(args) => test::run(args, color),
        Command::Init(args) => init::run(args, color).map(|()| 0),
        Command::Convert(args) => convert::run(args, color),
        Command::Schema(args) => schema::run(args, color).map(|()| 0),
        Command::Completions(args) => completions::run(args, color).map(|()| 0),
    }
}

fn unknown_fields(refuse: bool) -> UnknownFields {
    if refuse { UnknownFields::Refuse } else { UnknownFields::Ignore }
}

/// A policy from a directory or an artifact, with warnings as the command line wants them.
fn load_with_lints(path: &Path, lints: &Lints, trust: &Trust) -> Result<Policy, Failure> {
    // Wrong usage is said before anything is read.
    let levels = levels(lints)?;
    match Policy::from_path_with(path, &trust.options()?) {
        Ok(policy) => policy.with_lint_levels(&levels).map_err(Failure::Documents),
        Err(LoadError::Compile(error)) => Err(Failure::Documents(error.with_lint_levels(&levels))),
        Err(error) => Err(of_load(path, error)),
    }
}

fn levels(lints: &Lints) -> Result<LintLevels, Failure> {
    let mut levels = LintLevels::new();
    let usage = |error: LevelError| Failure::new("usage", error.message).with_help(error.help);
    for name in &lints.deny {
        levels = levels.deny(name).map_err(usage)?;
    }
    for name in &lints.allow {
        levels = levels.allow(name).map_err(usage)?;
    }
    Ok(levels)
}

/// The warnings about a policy's documents as text, with how to learn more and a blank line after
/// them.
fn warnings(policy: &Policy) -> String {
    let mut text = actra::render_all(policy.warnings(), policy.sources(), Style::Coloured);
    if !text.is_empty() {
        text.push('\n');
        text.push_str(&learn_more(policy.warnings()));
        text.push('\n');
    }
    text
}

/// Why a question has no answer.
fn no_answer(path: &Path, error: AnalysisError, format: Format, color: ColorChoice) -> Failure {
    let shown = path.display();
    match error {
        AnalysisError::Documents(ref found) => {
            Failure::new(error.code(), format!("`{shown}` cannot be asked: {found}"))
                .with_help(found.help())
        }
        AnalysisError::Assumption(found) => {
            let message = "what is assumed is no condition over the policy's schema";
            if format == Format::Json {
                let diagnostics = found.to_json();
                return Failure::Problem(Problem {
                    code: "bad_assumption",
                    message: message.to_owned(),
                    help: None,
                    diagnostics,
                });
            }
            output::note(&format!("{}\n", found.render(Style::Coloured)), color);
            Failure::new("bad_assumption", message)
        }
        AnalysisError::Question(_) | AnalysisError::TooLarge(_) => {
            Failure::new(error.code(), error.to_string())
        }
    }
}

/// `rule `a``, or what else decides.
fn decided_by(witness: &Witness) -> String {
    match (&witness.effect, &witness.matched_rule, &witness.error) {
        (Some(effect), Some(rule), _) => {
            format!("{} by rule `{}`", Paint::of_effect(*effect).of(effect.as_str()), clean(rule))
        }
        (Some(effect), None, _) => {
            format!("{} by default", Paint::of_effect(*effect).of(effect.as_str()))
        }
        (None, _, error) => {
            let error = error.as_deref().unwrap_or_default();
            Paint::Error.of(&format!("input error[{error}]"))
        }
    }
}

/// Why something is undecided, as text.
fn reason(reason: &Reason) -> String {
    let mut text = format!("{}: {}\n", Paint::Help.of("help"), clean(&reason.help));
    for place in &reason.conditions {
        let ReasonPlace { file, line, column, reason } = place;
        let _ = writeln!(text, "  --> {}:{line}:{column}: {reason}", clean(file));
    }
    text
}
