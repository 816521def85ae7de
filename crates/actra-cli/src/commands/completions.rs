//! `actra completions`.

use crate::args::{Args, Completions, Format};
use crate::failure::Failure;
use crate::output;
use anstream::ColorChoice;
use clap::CommandFactory as _;

pub(super) fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "actra", &mut script);
    // A script is for a program, whatever standard output is.
    output::print(&String::from_utf8_lossy(&script), Format::Json, ColorChoice::Never)
}
