//! The commands. Each gives the status to exit with, or why it stopped.

mod check;
mod compile;
mod completions;
mod convert;
mod eval;
mod explain;
mod explain_error;
mod hash;
mod init;
mod inputs;
mod inspect;
mod replay;
mod schema;
mod target;
mod test;

use crate::args::{Command, Lints};
use crate::failure::{Failure, learn_more, of_load};
use actra::diagnostic::Style;
use actra::{LevelError, LintLevels, LoadError, Policy, UnknownFields};
use anstream::ColorChoice;
use std::path::Path;

pub(crate) fn run(command: &Command, color: ColorChoice) -> Result<u8, Failure> {
    match command {
        Command::Check(args) => check::run(args, color),
        Command::Compile(args) => compile::run(args, color).map(|()| 0),
        Command::Inspect(args) => inspect::run(args, color).map(|()| 0),
        Command::Hash(args) => hash::run(args, color).map(|()| 0),
        Command::Eval(args) => eval::run(args, color),
        Command::ExplainError(args) => explain_error::run(args, color).map(|()| 0),
        Command::Explain(args) => explain::run(args, color),
        Command::Replay(args) => replay::run(args, color),
        Command::Test(args) => test::run(args, color),
        Command::Init(args) => init::run(args, color).map(|()| 0),
        Command::Convert(args) => convert::run(args, color),
        Command::Schema(args) => schema::run(args, color).map(|()| 0),
        Command::Completions(args) => completions::run(args, color).map(|()| 0),
    }
}

/// A policy from a directory or an artifact.
fn load(path: &Path) -> Result<Policy, Failure> {
    Policy::from_path(path).map_err(|error| of_load(path, error))
}

fn unknown_fields(refuse: bool) -> UnknownFields {
    if refuse { UnknownFields::Refuse } else { UnknownFields::Ignore }
}

/// The same with warnings as the command line wants them.
fn load_with_lints(path: &Path, lints: &Lints) -> Result<Policy, Failure> {
    // Wrong usage is said before anything is read.
    let levels = levels(lints)?;
    match Policy::from_path(path) {
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
