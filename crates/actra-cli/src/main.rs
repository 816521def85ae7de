//! The `actra` command. `docs/cli.md` is its manual.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail loudly"
    )
)]

mod args;
mod commands;
mod failure;
mod input;
mod keys;
mod output;

use clap::Parser as _;
use failure::PROBLEM;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(message) => {
            // Help that nobody reads any more is no problem.
            let _ = message.print();
            // The usual 2 for wrong usage would mean `block` here.
            return if message.use_stderr() { PROBLEM.into() } else { ExitCode::SUCCESS };
        }
    };
    let (format, color) = (args.command.format(), args.color.into());
    match commands::run(&args.command, color) {
        Ok(status) => status.into(),
        Err(failure) => {
            failure.report(format, color);
            failure.status().into()
        }
    }
}
