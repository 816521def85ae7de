//! The commands. Each gives the status to exit with, or why it stopped.

mod check;
mod compile;
mod completions;
mod eval;
mod explain;
mod hash;
mod init;
mod inputs;
mod inspect;
mod schema;
mod target;
mod test;

use crate::args::Command;
use crate::failure::{Failure, of_load};
use actra::diagnostic::Style;
use actra::{Policy, UnknownFields};
use anstream::ColorChoice;
use std::path::Path;

pub(crate) fn run(command: &Command, color: ColorChoice) -> Result<u8, Failure> {
    match command {
        Command::Check(args) => check::run(args, color),
        Command::Compile(args) => compile::run(args, color).map(|()| 0),
        Command::Inspect(args) => inspect::run(args, color).map(|()| 0),
        Command::Hash(args) => hash::run(args, color).map(|()| 0),
        Command::Eval(args) => eval::run(args, color),
        Command::Explain(args) => explain::run(args, color),
        Command::Test(args) => test::run(args, color),
        Command::Init(args) => init::run(args, color).map(|()| 0),
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

/// The warnings about a policy's documents as text, with a blank line after them.
fn warnings(policy: &Policy) -> String {
    let mut text = actra::render_all(policy.warnings(), policy.sources(), Style::Coloured);
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
