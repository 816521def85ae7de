//! `actra completions`.

use crate::args::{Args, Completions, Format};
use crate::failure::Failure;
use crate::output;
use anstream::ColorChoice;
use clap::CommandFactory as _;

pub(super) fn run(args: &Completions, color: ColorChoice) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "actra", &mut script);
    // As JSON is: nothing may be taken out of a script.
    output::print(&String::from_utf8_lossy(&script), Format::Json, color)
}
